//! Two places of one document that cannot both be right.

use super::hazard::within;
use super::{Facts, push};
use crate::document::BlockKind;
use crate::fold::key;
use crate::grammar::duration;
use crate::grammar::severity;
use crate::meaning::severities::same;
use crate::model::{Cadence, Executor, Finding, Level, Line};
use std::collections::BTreeMap;

pub fn find(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    response_times(facts, found);
    order(facts, found);
    limits(facts, found);
    cadences(facts, found);
    ports(facts, found);
    paths(facts, found);
    forbidden(facts, found);
}

/// "Never run X", and X among the steps: the prohibition outranks the step.
fn forbidden(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    // By their words, so that each rule is compared with few.
    let mut by_word: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let words: Vec<Vec<&str>> = match facts.prohibitions {
        [] => return,
        _ => facts.commands.iter().map(|k| k.found.text.split_whitespace().collect()).collect(),
    };
    for (at, words) in words.iter().enumerate() {
        for word in words {
            let list = by_word.entry(word).or_default();
            if list.last() != Some(&at) {
                list.push(at);
            }
        }
    }
    for rule in facts.prohibitions {
        let shape: Vec<&str> = rule.text.split_whitespace().collect();
        if shape.len() < 2 {
            continue;
        }
        for at in by_word.get(shape[0]).into_iter().flatten() {
            let known = &facts.commands[*at];
            if words[*at].windows(shape.len()).any(|w| w == shape.as_slice()) {
                push(
                    found,
                    "forbidden-here",
                    Level::Error,
                    vec![known.found.line, rule.line],
                    format!(
                        "Line {} forbids `{}`, and here it is a step. Firebell will not run it; take one of the two out.",
                        rule.line, rule.text
                    ),
                );
            }
        }
    }
}

/// A severity's response time said again, otherwise, in a sentence that names it.
fn response_times(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let severities = &facts.runbook.severities;
    let defined: Vec<Line> = severities.iter().map(|s| s.line).collect();
    for block in &facts.reading.document.blocks {
        let texts = match &block.kind {
            BlockKind::Paragraph(lines) => lines,
            BlockKind::Item(item) => &item.text,
            _ => continue,
        };
        for inline in texts.iter().filter(|l| !defined.contains(&l.line)) {
            let lower = inline.plain.to_lowercase();
            if ![
                "response time",
                "respond within",
                "reaktionszeit",
                "temps de réponse",
                "tiempo de respuesta",
                "tempo de resposta",
                "tempo di risposta",
            ]
            .iter()
            .any(|w| lower.contains(w))
            {
                continue;
            }
            let mentioned = severity::mentions(&inline.plain);
            let [level] = mentioned.as_slice() else { continue };
            let Some(defined) = severities.iter().find(|s| same(&s.level, level)) else { continue };
            let times = duration::find(&inline.plain);
            let [(_, time)] = times.as_slice() else { continue };
            if let (Some(said), Some(known)) = (time.upper_s(), defined.response_time_s)
                && said != known
            {
                push(
                    found,
                    "response-time-differs",
                    Level::Warning,
                    vec![inline.line, defined.line],
                    format!(
                        "{} is answered within {} here and within {} on line {}. Firebell uses the definition (line {}).",
                        defined.level,
                        words(said),
                        words(known),
                        defined.line,
                        defined.line
                    ),
                );
            }
        }
    }
}

fn words(seconds: u64) -> String {
    let (number, unit) = match seconds {
        s if s > 0 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s > 0 && s % 3600 == 0 => (s / 3600, "hour"),
        s if s > 0 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// "P1 - Low, P4 - Critical": either the names or the order is wrong.
fn order(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let weight = |name: &str| match key(name).as_str() {
        "critical" | "kritisch" | "critique" | "critico" => Some(1),
        "high" | "major" | "hoch" | "eleve" | "majeur" | "alto" | "alta" | "grave" => Some(2),
        "medium" | "moderate" | "mittel" | "moyen" | "medio" | "media" => Some(3),
        "low" | "minor" | "niedrig" | "gering" | "faible" | "mineur" | "bajo" | "baja" | "baixo" | "baixa"
        | "basso" => Some(4),
        _ => None,
    };
    let named: Vec<(u32, u32, Line)> =
        facts.runbook.severities.iter().filter_map(|s| Some((s.rank, weight(s.name.as_deref()?)?, s.line))).collect();
    for pair in named.windows(2) {
        if pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1 + 1 {
            push(found, "severity-order", Level::Warning, vec![pair[0].2, pair[1].2], "By their order the first of these is worse, by their names the second. Firebell goes by the order; set `rank` in the overlay if the names are right.".into());
            return;
        }
    }
}

/// The same metric with the same unit and two limits of one level.
fn limits(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    type Limit = (f64, Line);
    let mut seen: BTreeMap<(String, Option<String>, &str, String), Limit> = BTreeMap::new();
    for threshold in &facts.runbook.thresholds {
        for (level, bound) in [("warning", &threshold.warning), ("critical", &threshold.critical)] {
            let Some(bound) = bound else { continue };
            let id = (key(&threshold.metric), threshold.unit.clone(), level, bound.op.chars().take(1).collect());
            match seen.get(&id) {
                Some((value, line)) if *value != bound.value && *line != threshold.line && level == "critical" => {
                    let unit = threshold.unit.as_deref().unwrap_or("");
                    push(
                        found,
                        "threshold-differs",
                        Level::Warning,
                        vec![threshold.line, *line],
                        format!(
                            "{}: {level} at {}{unit} here and at {value}{unit} on line {line}. Decide for one.",
                            threshold.metric, bound.value
                        ),
                    );
                }
                Some(_) => {}
                None => {
                    seen.insert(id, (bound.value, threshold.line));
                }
            }
        }
    }
}

/// The same task, word for word, weekly here and monthly there; and upkeep of a database, by its verb.
fn cadences(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let mut seen: BTreeMap<String, (Cadence, Line)> = BTreeMap::new();
    let mut said: Vec<(Line, Line)> = Vec::new();
    let mut differ =
        |task: &str, folded: String, cadence: Cadence, line: Line, found: &mut Vec<Finding>| match seen.get(&folded) {
            Some((other, first)) if *other != cadence && *first != line && !said.contains(&(line, *first)) => {
                said.push((line, *first));
                let message = format!(
                    "\"{}\" is {} here and {} under line {first}. Decide for one.",
                    task.trim(),
                    name(cadence),
                    name(*other)
                );
                push(found, "cadence-differs", Level::Warning, vec![line, *first], message);
            }
            Some(_) => {}
            None => {
                seen.insert(folded, (cadence, line));
            }
        };
    for schedule in &facts.runbook.schedules {
        let Some(cadence) = schedule.cadence else { continue };
        for task in schedule.tasks.iter().chain(std::iter::once(&schedule.name)) {
            let folded = stem(task);
            if folded.split(' ').count() >= 2 {
                differ(task, folded, cadence, schedule.line, found);
            }
            let task_key = key(task);
            for verb in UPKEEP.iter().filter(|v| task_key.contains(**v)) {
                differ(verb, format!("{verb} of the database"), cadence, schedule.line, found);
            }
        }
        // Statements right below the comment that says how often.
        let below = within(facts.commands, schedule.line, schedule.line + 4).iter();
        for known in below.filter(|k| k.judged.executor == Executor::Postgres) {
            let text_key = key(&known.found.text);
            for verb in UPKEEP.iter().filter(|v| text_key.contains(**v)) {
                differ(verb, format!("{verb} of the database"), cadence, known.found.line, found);
            }
        }
    }
}

/// Upkeep that is done at one rhythm, whatever it is called around it.
const UPKEEP: [&str; 2] = ["vacuum", "reindex"];

/// Without the words that say how often, and without articles.
fn stem(task: &str) -> String {
    let drop = [
        "daily",
        "weekly",
        "monthly",
        "quarterly",
        "yearly",
        "the",
        "a",
        "all",
        "full",
        "run",
        "taglich",
        "wochentlich",
        "monatlich",
    ];
    key(task).split_whitespace().filter(|w| !drop.contains(w)).collect::<Vec<_>>().join(" ")
}

fn name(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Hourly => "hourly",
        Cadence::Daily => "daily",
        Cadence::Weekly => "weekly",
        Cadence::Biweekly => "every two weeks",
        Cadence::Monthly => "monthly",
        Cadence::Quarterly => "quarterly",
        Cadence::Yearly => "yearly",
    }
}

/// A list gives "health" the port 3001, and a command asks port 3000 for /health.
fn ports(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let listed: Vec<(&str, &str, Line)> = facts
        .runbook
        .endpoints
        .iter()
        .filter(|e| e.url.bytes().all(|b| b.is_ascii_digit()))
        .filter_map(|e| Some((e.url.as_str(), e.what.as_deref()?, e.line)))
        .collect();
    if listed.len() < 2 {
        return;
    }
    let mut said: Vec<(String, Vec<Line>, &str, Line, &str)> = Vec::new();
    for known in facts.commands {
        let text = &known.found.text;
        for host in ["localhost:", "127.0.0.1:"] {
            let Some((_, rest)) = text.split_once(host) else { continue };
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let path: String =
                rest[port.len()..].trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphabetic()).collect();
            if path.len() < 5 || !listed.iter().any(|(p, ..)| *p == port) {
                continue;
            }
            let meant = listed.iter().find(|(p, what, _)| {
                *p != port && what.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|w| w == path)
            });
            let own = listed.iter().any(|(p, what, _)| *p == port && what.to_lowercase().contains(&path));
            if let Some((meant, what, line)) = meant.filter(|_| !own) {
                match said.iter_mut().find(|(p, ..)| *p == port) {
                    Some((_, lines, ..)) => lines.push(known.found.line),
                    None => said.push((port.clone(), vec![known.found.line], meant, *line, what)),
                }
            }
        }
    }
    for (port, mut lines, meant, line, what) in said {
        lines.push(line);
        push(
            found,
            "port-differs",
            Level::Warning,
            lines,
            format!(
                "Line {line} gives \"{what}\" the port {meant}; these commands ask port {port} for it. Check which one answers."
            ),
        );
    }
}

/// One file name under two absolute folders, both inside commands that read or write it.
fn paths(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let mut seen: BTreeMap<String, (String, Line)> = BTreeMap::new();
    for known in facts.commands {
        for word in
            known.found.text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '(' | ')' | ';'))
        {
            let Some((folder, file)) = word.rsplit_once('/').filter(|(f, _)| f.starts_with('/')) else { continue };
            let distinct = file.len() >= 8
                && file.contains('.')
                && !file.contains(['*', '$', '<', '{'])
                && ![
                    "config",
                    "docker-compose",
                    "index",
                    "access",
                    "error",
                    "default",
                    "nginx",
                    "settings",
                    "values",
                    "main",
                ]
                .iter()
                .any(|g| file.starts_with(g));
            if !distinct {
                continue;
            }
            match seen.get(file) {
                Some((other, line))
                    if other != folder && *line != known.found.line && !in_container(&known.found.text) =>
                {
                    push(
                        found,
                        "path-differs",
                        Level::Note,
                        vec![known.found.line, *line],
                        format!(
                            "{file} is in {folder} here and in {other} on line {line}. If it is one file, one of the two is wrong."
                        ),
                    );
                }
                Some(_) => {}
                None => {
                    seen.insert(file.to_owned(), (folder.to_owned(), known.found.line));
                }
            }
        }
    }
}

/// Inside a container, or as the target of a copy, another folder is to be expected.
fn in_container(text: &str) -> bool {
    ["docker exec", "docker cp", "kubectl exec", "kubectl cp", " cp ", "cp ", "scp ", "mv ", "rsync "]
        .iter()
        .any(|w| text.contains(w))
}

//! What was understood of a runbook, as text for people: every item with its line, and at the end what nothing was made
//! of. The same for machines is the JSON of the runbook itself.

use super::{Decision, Imported, Proposal, Source};
use firebell_domain::text::line_of_machine;
use firebell_domain::time::span;
use firebell_runbook::model::{Bound, Command, Executor, FindingKind, Level, Mode, Risk, Runbook};
use std::collections::BTreeMap;

/// Characters of one item's text; the file has the rest.
const TEXT_CHARS_MAX: usize = 160;
/// Characters of a hash that are printed: enough to tell the proposals of one file apart.
pub const HASH_CHARS: usize = 12;

/// A section of the listing; nothing where it has no item.
fn part(out: &mut String, heading: &str, items: Vec<(u32, String)>) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("\n{heading} ({})\n", items.len()));
    for (line, text) in items {
        out.push_str(&format!("  line {line:<5} {}\n", one(&text)));
    }
}

/// One line of somebody's text, nothing invisible in it.
fn one(text: &str) -> String {
    line_of_machine(text, TEXT_CHARS_MAX)
}

fn time(seconds: Option<u64>) -> Option<String> {
    seconds.map(|s| if s == 0 { "at once".to_string() } else { span(i64::try_from(s).unwrap_or(i64::MAX)) })
}

fn list(facts: impl IntoIterator<Item = Option<String>>) -> String {
    facts.into_iter().flatten().filter(|f| !f.is_empty()).collect::<Vec<_>>().join(", ")
}

pub fn text(file: &str, import: &Imported) -> String {
    let book = &import.runbook;
    let title = book.title.as_deref().map_or("a runbook without a title".to_string(), one);
    let facts = list([
        book.system.as_deref().map(|s| format!("system {}", one(s))),
        book.version.as_deref().map(|v| format!("version {}", one(v))),
    ]);
    let facts = if facts.is_empty() { facts } else { format!(" ({facts})") };
    let mut out = format!("{file}: {title}{facts}\n");
    responding(book, &mut out);
    working(book, &mut out);
    keeping(book, &mut out);
    findings(book, &mut out);
    if !import.proposals.is_empty() {
        let n = import.proposals.len();
        let are = if n == 1 { "1 reading is" } else { &format!("{n} readings are") };
        out.push_str(&format!("\n{are} only proposed and not in force: firebell runbook review {file}\n"));
    }
    out.push('\n');
    out.push_str(&used(import));
    out
}

fn responding(book: &Runbook, out: &mut String) {
    let severities = book.severities.iter().map(|s| {
        let business = if s.business_time { " (business time)" } else { "" };
        let facts = list([
            s.name.clone().filter(|n| *n != s.level),
            Some(format!("rank {}", s.rank)),
            time(s.response_time_s).map(|t| format!("response {t}")).or(Some("no response time".to_string())),
            time(s.resolution_time_s).map(|t| format!("resolution {t}")),
        ]);
        let what = s.description.as_ref().map_or(String::new(), |d| format!(": {d}"));
        (s.line, format!("{}, {facts}{business}{what}", s.level))
    });
    part(out, "Severities", severities.collect());
    let phases = book.phases.iter().map(|p| {
        let window = p.window.map(|[from, to]| format!("from {} to {}", from_start(from), from_start(to)));
        let deadline = p.window.is_none().then(|| time(p.deadline_s).map(|t| format!("within {t}"))).flatten();
        let facts = list([
            p.severity.clone(),
            window,
            deadline,
            counted(p.actions.len(), "action"),
            counted(p.command_lines.len(), "command"),
        ]);
        (p.line, if facts.is_empty() { p.name.clone() } else { format!("{} — {facts}", p.name) })
    });
    part(out, "Phases", phases.collect());
    let escalation = book.escalation.iter().map(|e| {
        let scope = e.scope.as_ref().map_or(String::new(), |s| format!("{s}, "));
        let after =
            time(e.after_s).map_or("no time".to_string(), |t| if t == "at once" { t } else { format!("after {t}") });
        let facts = list([
            Some(after),
            time(e.response_time_s)
                .map(|t| if t == "at once" { format!("answers {t}") } else { format!("answers within {t}") }),
            (!e.authority.is_empty()).then(|| format!("may {}", e.authority.join(", "))),
        ]);
        (e.line, format!("{scope}{}. {} {} — {facts}", e.order, json_word(&e.action), e.target))
    });
    part(out, "Escalation", escalation.collect());
    let contacts = book
        .contacts
        .iter()
        .map(|c| (c.line, list([c.role.clone(), c.name.clone(), c.phone.clone(), c.email.clone(), c.channel.clone()])));
    part(out, "Contacts", contacts.collect());
}

fn from_start(seconds: u64) -> String {
    if seconds == 0 { "the start".to_string() } else { span(i64::try_from(seconds).unwrap_or(i64::MAX)) }
}

fn counted(n: usize, what: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{n} {what}s")),
    }
}

/// A word as the JSON has it.
fn json_word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}

fn working(book: &Runbook, out: &mut String) {
    let count = |risk| book.commands.iter().filter(|c| c.risk == risk).count();
    let heading = format!(
        "Commands: {} read, {} mutate, {} destroy",
        count(Risk::Read),
        count(Risk::Mutate),
        count(Risk::Destroy)
    );
    part(out, &heading, book.commands.iter().map(|c| (c.line, command(c))).collect());
    let playbooks = book.playbooks.iter().map(|p| {
        let facts = list([
            counted(p.symptoms.len(), "symptom"),
            counted(p.investigation.len(), "check"),
            counted(p.conditions.len(), "condition"),
            counted(p.resolution.len(), "fix").map(|f| f.replace("fixs", "fixes")),
            counted(p.verification.len(), "verification"),
        ]);
        (p.line, if facts.is_empty() { p.name.clone() } else { format!("{} — {facts}", p.name) })
    });
    part(out, "Playbooks", playbooks.collect());
    let quick = book
        .quick_reference
        .iter()
        .map(|q| (q.line, list([Some(q.issue.clone()), q.fix.clone(), q.command.as_ref().map(|c| format!("`{c}`"))])));
    part(out, "Quick reference", quick.collect());
    part(out, "Rules", book.rules.iter().map(|r| (r.line, format!("{} → {}", r.condition, r.action))).collect());
}

fn command(c: &Command) -> String {
    let mode = if c.mode == Mode::Oneshot { None } else { Some(json_word(&c.mode)) };
    let fill = (!c.placeholders.is_empty()).then(|| format!("fill in {}", c.placeholders.join(" ")));
    let secrets = (!c.secrets.is_empty()).then(|| format!("secrets {}", c.secrets.join(" ")));
    let problem = c.problem.as_ref().map(|p| format!("cannot work: {p}"));
    let facts = list([mode, fill, secrets, problem]);
    let facts = if facts.is_empty() { facts } else { format!("   [{facts}]") };
    let client = if c.executor == Executor::Interactive { "by hand".to_string() } else { json_word(&c.executor) };
    format!("{}, {client}: {}{facts}", json_word(&c.risk), c.text)
}

fn keeping(book: &Runbook, out: &mut String) {
    let bound = |word: &str, b: &Option<Bound>| b.as_ref().map(|b| format!("{word} {} {}", b.op, b.value));
    let thresholds = book.thresholds.iter().map(|t| {
        let unit = t.unit.as_ref().map_or(String::new(), |u| format!(" ({u})"));
        (
            t.line,
            format!("{}{unit}: {}", t.metric, list([bound("warning", &t.warning), bound("critical", &t.critical)])),
        )
    });
    part(out, "Thresholds", thresholds.collect());
    let schedules = book.schedules.iter().map(|s| {
        let facts = list([
            s.cadence.as_ref().map(json_word),
            s.when.clone(),
            s.cron.as_ref().map(|c| format!("cron {c}")),
            counted(s.tasks.len(), "task"),
            counted(s.command_lines.len(), "command"),
        ]);
        (s.line, format!("{} — {facts}", s.name))
    });
    part(out, "Schedules", schedules.collect());
    let lists = book.checklists.iter().map(|c| (c.line, list([Some(c.name.clone()), counted(c.items.len(), "item")])));
    part(out, "Checklists", lists.collect());
    let endpoints = book.endpoints.iter().map(|e| (e.line, list([Some(e.url.clone()), e.what.clone()])));
    part(out, "Endpoints", endpoints.collect());
}

fn findings(book: &Runbook, out: &mut String) {
    let kind = |k: FindingKind| json_word(&k);
    let items = book.findings.iter().map(|f| {
        let level = match f.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        (f.lines.first().copied().unwrap_or_default(), format!("{level}, {} ({}): {}", kind(f.kind), f.rule, f.message))
    });
    part(out, "Findings", items.collect());
}

/// The share of lines that something was made of, and the headings that nothing was.
fn used(import: &Imported) -> String {
    let l = &import.lines;
    let percent = (l.used * 100).checked_div(l.said).unwrap_or(100);
    let mut out = format!("Something was made of {} of {} lines that say something ({percent} %).\n", l.used, l.said);
    if !l.unused_headings.is_empty() {
        out.push_str("Nothing was made of what stands under these headings:\n");
        for (line, heading) in &l.unused_headings {
            out.push_str(&format!("  line {line:<5} {}\n", one(heading)));
        }
    }
    out
}

/// The proposals of a runbook in groups, with what was decided, and how to decide.
pub fn review(source: &Source) -> String {
    let all = &source.import.proposals;
    if all.is_empty() {
        return format!("{}: everything that was understood is certain, nothing is to be confirmed.\n", source.file);
    }
    let open = source.undecided().count();
    let mut out = format!("{}: {} proposed, {open} of them undecided and not in force.\n", source.file, all.len());
    let mut groups: BTreeMap<&str, Vec<&Proposal>> = BTreeMap::new();
    for proposal in all {
        groups.entry(&proposal.group).or_default().push(proposal);
    }
    for (group, proposals) in &groups {
        out.push_str(&format!("\n{group} ({})\n", proposals.len()));
        for p in proposals {
            let hash: String = p.hash.chars().take(HASH_CHARS).collect();
            let state = source.decision(p).map_or("open", Decision::as_str);
            let lines =
                if p.last > p.line { format!("lines {}-{}", p.line, p.last) } else { format!("line {}", p.line) };
            out.push_str(&format!("  {hash}  {state:<9}  {lines}: {}\n", one(&p.what)));
            out.push_str(&format!("  {:width$}  {:<9}  because {}\n", "", "", one(&p.reason), width = HASH_CHARS));
        }
    }
    if open > 0 {
        let group = source.undecided().next().map_or("", |p| p.group.as_str());
        out.push_str(&format!(
            "\nPut a group or one of them in force:  firebell runbook review {} --confirm {group}\n\
             Keep it out for good:                 firebell runbook review {} --reject HASH\n",
            source.file, source.file
        ));
    }
    out
}

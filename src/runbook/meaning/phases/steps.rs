//! Plain numbered steps with windows: "1. Acknowledge the page (0-5 min)", "2. 5-15 min: find the failing zone".
//!
//! A lone range in parentheses may be an estimate. Windows that follow each other from zero are the clock of an
//! incident, wherever the list stands; under a routine they are its plan.

use super::{Time, scope};
use crate::document::{BlockKind, Item};
use crate::grammar::duration::{self, Dur};
use crate::lexicon::Role;
use crate::meaning::Reading;
use crate::model::{Line, Phase};

struct Step<'a> {
    name: &'a str,
    window: [u64; 2],
    line: Line,
    section: usize,
}

/// The steps of each list whose windows begin with the incident and follow each other, two at least.
pub fn in_lists(reading: &Reading<'_>) -> Vec<Phase> {
    let mut found = Vec::new();
    let mut list: Option<u32> = None;
    let mut chain: Vec<Step<'_>> = Vec::new();
    for block in &reading.document.blocks {
        let BlockKind::Item(item) = &block.kind else { continue };
        if list != Some(item.list) {
            close(reading, &mut chain, &mut found);
            list = Some(item.list);
        }
        let Some((window, name)) = step(item) else { continue };
        let follows = chain.last().map_or(window[0] == 0, |last| last.window[1] == window[0]);
        if !follows {
            close(reading, &mut chain, &mut found);
        }
        if follows || window[0] == 0 {
            chain.push(Step { name, window, line: block.first, section: block.section });
        }
    }
    close(reading, &mut chain, &mut found);
    found
}

fn close(reading: &Reading<'_>, chain: &mut Vec<Step<'_>>, found: &mut Vec<Phase>) {
    const ROUTINE: [Role; 3] = [Role::Schedule, Role::Deploy, Role::Escalation];
    let steps = std::mem::take(chain);
    if steps.len() < 2 {
        return;
    }
    for step in steps {
        let routine = reading.nearest(step.section, 0, &ROUTINE).is_some();
        if routine || reading.sets_nothing_but_postmortem(step.section) {
            continue;
        }
        let time = Time { window: Some(step.window), deadline: Some(step.window[1]), guessed: false };
        found.push(Phase {
            severity: scope(reading, step.section),
            name: step.name.to_owned(),
            window: time.window,
            deadline_s: time.deadline,
            actions: Vec::new(),
            command_lines: Vec::new(),
            line: step.line,
        });
    }
}

/// The window that a numbered item without bold words ends with in parentheses, or begins with, and the rest.
fn step(item: &Item) -> Option<([u64; 2], &str)> {
    let first = item.text.first().filter(|_| item.number.is_some())?;
    if first.lead().is_some() {
        return None;
    }
    let plain = first.plain.trim().trim_end_matches(['.', '。', ':', '：']).trim_end();
    let behind = || {
        let (name, inside) = plain.strip_suffix([')', '）', ']'])?.rsplit_once(['(', '（', '['])?;
        Some((window(inside)?, name.trim_end()))
    };
    let before = || {
        let (said, name) = [": ", "：", " - ", " – ", " — "].iter().find_map(|m| plain.split_once(m))?;
        Some((window(said.trim_matches(['(', ')', '[', ']', ' ']))?, name.trim()))
    };
    behind().or_else(before).filter(|(_, name)| name.chars().any(char::is_alphabetic))
}

/// A range and nothing else.
fn window(text: &str) -> Option<[u64; 2]> {
    match duration::duration(text)? {
        Dur::Range(from, to) if from < to && duration::only_duration(text) => Some([from, to]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::document::Document;
    use crate::meaning::{Reading, phases};
    use crate::source::Source;

    /// One line for each phase: line, name, window.
    fn read(text: &str) -> Vec<String> {
        let source = Source::read(text.as_bytes()).unwrap();
        let document = Document::read(&source);
        let found = phases::phases(&Reading::new(&source, &document), &mut Vec::new());
        let shown = |w: Option<[u64; 2]>| w.map_or("-".to_owned(), |[from, to]| format!("{from}-{to}"));
        found.iter().map(|p| format!("{} {} {}", p.line, p.name, shown(p.window))).collect()
    }

    #[test]
    fn plain_steps_whose_windows_follow_each_other_are_phases() {
        for (text, expected) in [
            (
                "# Response\n\n1. Acknowledge the page (0-5 min)\n2. Find the failing zone (5-15 min)\n",
                &["3 Acknowledge the page 0-300", "4 Find the failing zone 300-900"][..],
            ),
            (
                "# Wenn es brennt\n\n1. 0-10 Min.: Meldung bestätigen\n2. 10-30 Min.: Kunden informieren\n",
                &["3 Meldung bestätigen 0-600", "4 Kunden informieren 600-1800"],
            ),
            ("# 障害対応\n\n1. 受付（0〜5分）\n2. 切り分け（5〜30分）\n", &["3 受付 0-300", "4 切り分け 300-1800"]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn estimates_and_the_plan_of_a_routine_are_none() {
        for text in [
            "# Rebuild\n\n1. Copy the image (5-10 minutes)\n2. Start it (1-2 minutes)\n",
            "# Response\n\n1. Copy the logs (1-2 minutes)\n2. Read them\n",
            "# Weekly maintenance\n\n1. Drain (0-5 min)\n2. Patch (5-30 min)\n",
            "# Response\n\n- Seats in row (0-5)\n- Seats behind (5-15)\n",
        ] {
            assert_eq!(read(text), [""; 0], "{text}");
        }
    }
}

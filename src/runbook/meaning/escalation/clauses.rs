//! Sentences whose clauses each say when and whom.

use crate::grammar::escalation::{Step, timed_step};

pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['。', '；']).flat_map(|s| s.split(". ")).map(str::trim).filter(|s| !s.is_empty())
}

/// The steps of a sentence whose clauses each say when and whom: "if …, page bo; after 1 hour the lead is informed".
pub fn timed(sentence: &str) -> Vec<Step> {
    let several = several(sentence);
    if several.is_empty() { clause(sentence).into_iter().collect() } else { several }
}

/// The same, if there are two or more.
pub fn several(sentence: &str) -> Vec<Step> {
    const MARKS: [&[char]; 3] = [&[';', '；'], &['，', ';', '；'], &[',', ';']];
    let mut tried: Vec<&str> = Vec::new();
    for marks in MARKS.into_iter().filter(|marks| sentence.contains(*marks)) {
        let pieces: Vec<&str> = sentence.split(marks).collect();
        if pieces == tried {
            continue;
        }
        let steps: Vec<Step> = pieces.iter().filter_map(|p| clause(p)).collect();
        if steps.len() >= 2 {
            return steps;
        }
        tried = pieces;
    }
    Vec::new()
}

fn clause(text: &str) -> Option<Step> {
    const PASSIVE: [(&str, &str); 8] = [
        (" is paged", "page "),
        (" gets paged", "page "),
        (" is called", "call "),
        (" is informed", "inform "),
        (" is notified", "notify "),
        (" is alerted", "notify "),
        (" is contacted", "contact "),
        (" are informed", "inform "),
    ];
    let active = PASSIVE.iter().find(|(said, _)| text.contains(said)).map(|(said, verb)| {
        let text = text.replacen(said, "", 1);
        format!("{verb}{}", text.trim_start())
    });
    timed_step(active.as_deref().unwrap_or(text))
}

//! Runbooks in many styles (`data/*.md`), and beside each the commands and prohibitions that a reader would mark in it.
//! `UPDATE_EXPECT=1` rewrites the lists, which then have to be read.

use super::commands;
use std::fmt::Write;
use std::path::Path;

/// One line for each command: lines, text, and what of the rest is not usual.
fn list(text: &str) -> String {
    let found = commands(text);
    let mut list = String::new();
    for f in &found.found {
        let _ = write!(list, "{}", f.line);
        if f.line_end != f.line {
            let _ = write!(list, "-{}", f.line_end);
        }
        let _ = write!(list, " {}", f.text.replace('\n', "⏎"));
        if f.tongue != Default::default() {
            let _ = write!(list, "  «{:?}»", f.tongue);
        }
        if let Some(session) = &f.session {
            let _ = write!(list, "  «in {}»", session.target);
        }
        if let Some(group) = f.alternative {
            let _ = write!(list, "  «or {group}»");
        }
        if let Some(option) = &f.option {
            let _ = write!(list, "  «option {option}»");
        }
        if let Some(result) = &f.expectation {
            let _ = write!(list, "  «expect {result}»");
        }
        if f.unit.is_some() {
            list.push_str("  «script»");
        }
        if f.problem.is_some() {
            list.push_str("  «problem»");
        }
        list.push('\n');
    }
    for p in &found.prohibitions {
        let _ = writeln!(list, "never {} {}", p.line, p.text);
    }
    list
}

#[track_caller]
fn holds(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("commands/tests/data");
    let text = std::fs::read_to_string(folder.join(format!("{name}.md"))).expect("the document is in the tree");
    let path = folder.join(format!("{name}.commands"));
    let found = list(&text);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &found).expect("the tree can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let missed: Vec<&str> = expected.lines().filter(|l| !found.lines().any(|f| f == *l)).collect();
    let invented: Vec<&str> = found.lines().filter(|l| !expected.lines().any(|e| e == *l)).collect();
    assert!(expected == found, "{name}\nmissed:\n  {}\ninvented:\n  {}\n", missed.join("\n  "), invented.join("\n  "));
}

macro_rules! documents {
    ($($test:ident $name:literal)*) => { $(#[test] fn $test() { holds($name); })* };
}

documents! {
    what_was_typed_at_prompts_is_found_and_what_was_printed_is_not "console"
    a_german_document_is_read "german"
    a_french_document_is_read "french"
    a_japanese_document_is_read "japanese"
    a_chinese_document_is_read "chinese"
    documents_in_five_more_languages_are_read "languages"
    windows_is_read "windows"
    nested_bullets_with_code_spans_are_read "notion"
    statements_of_databases_are_read "sql"
    structures_quotes_and_what_only_looks_like_shell_are_told_apart "shell"
    sessions_choices_and_prohibitions_are_seen "sessions"
    html_blocks_and_tables_without_frames_are_read "export"
    a_cluster_runbook_is_read "cluster"
    a_platform_runbook_without_labels_is_read "platform"
    mentions_are_no_commands "mentions"
    mixed_habits_in_one_document_are_read "mixed"
}

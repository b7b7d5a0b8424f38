//! docs/metrics.md lists what there is: the table of the code, in both directions, and what the system knows.

use super::file;
use firebell::measure::TABLE;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = "docs/metrics.md";

fn table() -> String {
    let mut text = String::from("| metric | kind | labels | what |\n|---|---|---|---|\n");
    for row in TABLE {
        let labels = row.labels.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "| `{}` | {} | {labels} | {} |", row.name, row.kind.as_str(), row.help);
    }
    text
}

#[test]
fn the_page_lists_every_metric_and_no_other() {
    let page = file(PAGE);
    let (before, rest) = page.split_once("<!-- metrics -->\n").expect("a place for the table");
    let (listed, after) = rest.split_once("<!-- /metrics -->").expect("its end");
    let table = table();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let updated = format!("{before}<!-- metrics -->\n{table}<!-- /metrics -->{after}");
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), updated).expect("the page is written");
        return;
    }
    assert_eq!(listed, table, "run UPDATE_EXPECT=1 ./test watched::");
}

/// What a running Firebell exposes of its process, and what the page says.
pub fn process_metrics_are_listed(exposed: &BTreeSet<String>) {
    let page = file(PAGE);
    let rows = page.lines().filter_map(|l| l.strip_prefix("| `process_"));
    let listed: BTreeSet<String> =
        rows.filter_map(|l| l.split_once('`')).map(|(name, _)| format!("process_{name}")).collect();
    assert_eq!(&listed, exposed, "{PAGE} and /metrics");
}

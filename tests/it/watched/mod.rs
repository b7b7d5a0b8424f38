//! How Firebell itself is watched: what `/metrics` says while the real program runs, the rules that alert on it, the
//! dashboard that shows it, and the pages that explain all three.

mod cost;
mod dashboard;
mod document;
mod exposition;
mod once;
mod prometheus;
mod rules;
mod scraped;

use exposition::Exposition;
use firebell::measure::{Kind, TABLE};
use std::collections::BTreeSet;
use std::path::Path;

pub const RULES: &str = "config/prometheus/firebell.rules.yml";
pub const DASHBOARD: &str = "config/grafana/firebell.json";

pub fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The metrics that an expression asks for; of a histogram the histogram itself.
pub fn metrics_of(expression: &str) -> BTreeSet<String> {
    let outside_strings = expression.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let names = outside_strings.split(word).filter(|w| w.starts_with("firebell_") || w.starts_with("process_"));
    names.map(family).collect()
}

/// `…_seconds_bucket` is a part of `…_seconds`.
pub fn family(name: &str) -> String {
    let is_histogram = |n: &str| TABLE.iter().any(|r| r.name == n && matches!(r.kind, Kind::Histogram(_)));
    let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|end| name.strip_suffix(end));
    parts.into_iter().find(|n| is_histogram(n)).unwrap_or(name).to_string()
}

#[test]
fn the_metrics_of_an_expression_are_found_and_no_label_of_it() {
    let found = metrics_of(
        r#"histogram_quantile(0.9, sum by (le) (rate(firebell_alert_to_page_seconds_bucket{a="firebell_x"}[5m]))) > on () process_open_fds"#,
    );
    let wanted = ["firebell_alert_to_page_seconds", "process_open_fds"].map(str::to_string);
    assert_eq!(found, wanted.into());
    assert_eq!(family("firebell_none_count"), "firebell_none_count");
}

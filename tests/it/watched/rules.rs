//! The alerts on Firebell itself, as far as promtool and the eye can tell: valid, each with a night in which it fires,
//! each with a section that says what to do. tests/it/watched/prometheus.rs runs them against a running Firebell.

use super::{RULES, file};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const NIGHTS: &str = "tests/data/prometheus/firebell.rules.test.yml";

fn promtool(arguments: &[&str]) {
    let mut promtool = Command::new("promtool");
    let output = promtool.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).output();
    let output = output.expect("promtool comes with prometheus: run ./test --install");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}:\n{said}{errors}");
}

/// What follows a key, line by line.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let lines = text.lines().map(|l| l.trim().trim_start_matches("- "));
    lines.filter_map(|l| l.strip_prefix(key)).map(|v| v.trim().trim_matches('"')).collect()
}

#[test]
fn prometheus_takes_the_rules_and_they_fire_in_the_nights_that_they_are_for() {
    promtool(&["check", "rules", RULES]);
    promtool(&["test", "rules", NIGHTS]);
}

#[test]
fn every_alert_has_a_night_in_which_it_fires() {
    let nights = file(NIGHTS);
    let alerts = values(&file(RULES), "alert:").into_iter().map(str::to_string).collect::<Vec<_>>();
    assert!(alerts.len() > 15, "{alerts:?}");
    let fires = |alert: &str| {
        let sample = format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"");
        // By its texts: a case that expects none is written in one line.
        nights.contains(&sample) || nights.contains(&format!("- alertname: {alert}\n"))
    };
    let never: Vec<_> = alerts.iter().filter(|a| !fires(a)).collect();
    assert!(never.is_empty(), "{NIGHTS} has no night for {never:?}");
}

#[test]
fn every_alert_leads_to_a_section_that_says_what_to_do_and_every_section_belongs_to_one() {
    let (rules, page) = (file(RULES), file("docs/alerts.md"));
    let alerts: BTreeSet<&str> = values(&rules, "alert:").into_iter().collect();
    let sections: BTreeSet<&str> = page.lines().filter_map(|l| l.strip_prefix("## ")).collect();
    assert_eq!(alerts, sections, "alerts, and sections of docs/alerts.md");
    let links: BTreeSet<&str> = values(&rules, "runbook_url:").into_iter().collect();
    let wanted: Vec<String> = alerts.iter().map(|a| format!("docs/alerts.md#{}", a.to_lowercase())).collect();
    assert_eq!(links, wanted.iter().map(String::as_str).collect());
}

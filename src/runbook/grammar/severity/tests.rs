//! References to levels, and what only looks like one.

use super::*;

#[test]
fn a_lead_or_cell_begins_with_a_level() {
    for (text, label, name, number, rest) in [
        ("P0", "P0", None, Some(0), ""),
        ("**P0 - Critical**", "P0", Some("Critical"), Some(0), ""),
        ("P1 – Major: Key service degraded", "P1", Some("Major"), Some(1), "Key service degraded"),
        ("P-1: Outage", "P-1", Some("Outage"), Some(1), ""),
        ("SEV-1 (Critical)", "SEV-1", Some("Critical"), Some(1), ""),
        ("Sev 2", "Sev 2", None, Some(2), ""),
        ("sev3: cosmetic", "sev3", Some("cosmetic"), Some(3), ""),
        ("🔴 S1 | Total loss", "S1", Some("Total loss"), Some(1), ""),
        ("Priority 1 - Urgent", "Priority 1", Some("Urgent"), Some(1), ""),
        ("P1 - Critical (15 minutes)", "P1", Some("Critical"), Some(1), "(15 minutes)"),
        ("Critical (P1)", "P1", Some("Critical"), Some(1), ""),
        ("Critical", "Critical", None, None, ""),
        ("High: partial outage", "High", None, None, "partial outage"),
        ("Low priority", "Low", None, None, ""),
        ("Sev-A: jobs are lost", "Sev-A", Some("jobs are lost"), Some(1), ""),
        ("Priority B", "Priority B", None, Some(2), ""),
        ("Level III - Lead", "Level III", Some("Lead"), Some(3), ""),
        ("Schweregrad 1 – Kritisch", "Schweregrad 1", Some("Kritisch"), Some(1), ""),
        ("Priorität 2: hoch", "Priorität 2", Some("hoch"), Some(2), ""),
        ("Niveau 1 : critique", "Niveau 1", Some("critique"), Some(1), ""),
        ("Severidad 1 (crítica)", "Severidad 1", Some("crítica"), Some(1), ""),
        ("Prioridade 3 - Média", "Prioridade 3", Some("Média"), Some(3), ""),
        ("Gravità 1", "Gravità 1", None, Some(1), ""),
        ("Приоритет 1 — критический", "Приоритет 1", Some("критический"), Some(1), ""),
        ("严重级别1：系统不可用", "严重级别1", Some("系统不可用"), Some(1), ""),
        ("一级（紧急）", "一级", Some("紧急"), Some(1), ""),
        ("P1级", "P1", Some("级"), Some(1), ""),
        ("重大度1（緊急）", "重大度1", Some("緊急"), Some(1), ""),
        ("심각도 2 (높음)", "심각도 2", Some("높음"), Some(2), ""),
        ("1등급: 긴급", "1등급", Some("긴급"), Some(1), ""),
        ("高", "高", None, None, ""),
    ] {
        let found = reference(text).unwrap_or_else(|| panic!("{text}"));
        let got = (found.label.as_str(), found.name.as_deref(), found.number, found.rest.as_str());
        assert_eq!(got, (label, name, number, rest), "{text}");
    }
}

#[test]
fn a_pair_is_one_level_with_an_alias() {
    let found = reference("Level 2 (S2): Degraded").unwrap();
    assert_eq!((found.label.as_str(), found.alias.as_deref()), ("Level 2", Some("S2")));
    assert_eq!((found.name.as_deref(), found.rest.as_str()), (Some("Degraded"), ""));
}

#[test]
fn what_only_looks_like_a_level_is_none() {
    for text in [
        "P95 latency",
        "High CPU usage",
        "Critical errors in the log",
        "P1/P2 incidents",
        "P1-P4",
        "P1 and P2",
        "S3://bucket",
        "Server 1",
        "p1.example.com",
        "s1a",
        "Low disk space",
        "",
    ] {
        assert_eq!(reference(text), None, "{text}");
    }
}

#[test]
fn mentions_are_labels_as_printed() {
    for (text, expected) in [
        ("Assign severity (P1-P4)", vec!["P1", "P2", "P3", "P4"]),
        ("P1/P2 severity incident", vec!["P1", "P2"]),
        ("SEV-1 to SEV-3", vec!["SEV-1", "SEV-2", "SEV-3"]),
        ("bei Schweregrad 1 sofort", vec!["Schweregrad 1"]),
        ("upload to S3", vec![]),
        ("S1 and S3", vec!["S1", "S3"]),
        ("latency P95 > 2s, tier 1", vec![]),
        ("P1 and again P1", vec!["P1"]),
        ("P0、P1故障", vec!["P0", "P1"]),
    ] {
        assert_eq!(mentions(text), expected, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "(\\PC|P|S|sev|[0-9]|级|-|\\(|\\)|:| ){0,40}") {
        reference(&text);
        mentions(&text);
    }
}

//! Sentences of escalation, in ten languages.

use super::*;
use Action::*;

#[test]
fn sentences_are_read_in_ten_languages() {
    let mut wrong = Vec::new();
    for (text, action, target, after_s) in [
        ("Page the on-call engineer immediately", Some(Page), "on-call engineer", Some(0)),
        ("Page bo after 15 minutes", Some(Page), "bo", Some(900)),
        ("Call the CTO after 30 minutes if unresolved", Some(Page), "CTO", Some(1800)),
        ("Notify engineering manager via Slack", Some(Notify), "engineering manager", None),
        ("Send alert to emergency channel", Some(Notify), "emergency channel", None),
        ("Contact on-call engineer", Some(Notify), "on-call engineer", None),
        ("Open a bridge call", Some(Bridge), "bridge call", None),
        ("Create a ticket in the tracker", Some(Ticket), "tracker", None),
        ("Create ticket", Some(Ticket), "ticket", None),
        ("Assign to the storage team", Some(Assign), "storage team", None),
        ("Schedule review meeting", Some(Schedule), "review meeting", None),
        ("Hand over to the day shift", Some(Handoff), "day shift", None),
        ("If not acknowledged within 10 minutes, escalate to the team lead", Some(Escalate), "team lead", Some(600)),
        ("If unresolved after 1 hour: notify cy", Some(Notify), "cy", Some(3600)),
        ("Not resolved in 2 h → page director", Some(Page), "director", Some(7200)),
        ("15 min: Team lead", None, "Team lead", Some(900)),
        ("T+30 min: Engineering manager", None, "Engineering manager", Some(1800)),
        ("0-15 minutes: On-call engineer", None, "On-call engineer", Some(0)),
        ("After 1 hour – Head of Operations", None, "Head of Operations", Some(3600)),
        ("Team lead (after 30 minutes)", None, "Team lead", Some(1800)),
        ("On-Call Engineer", None, "On-Call Engineer", None),
        ("Nach 15 Minuten den Teamleiter informieren", Some(Notify), "Teamleiter", Some(900)),
        ("Bereitschaft sofort alarmieren", Some(Page), "Bereitschaft", Some(0)),
        ("Appeler le responsable après 30 minutes", Some(Page), "responsable", Some(1800)),
        ("Si non résolu sous 1 heure, prévenir la direction", Some(Notify), "direction", Some(3600)),
        ("Notificar al gerente después de 20 minutos", Some(Notify), "gerente", Some(1200)),
        ("Ligar para o gerente após 15 minutos", Some(Page), "gerente", Some(900)),
        ("Avvisare il responsabile dopo 30 minuti", Some(Notify), "responsabile", Some(1800)),
        ("Через 15 минут позвонить руководителю", Some(Page), "руководителю", Some(900)),
        ("15分钟后通知运维经理", Some(Notify), "运维经理", Some(900)),
        ("30分钟内未解决，升级至技术总监", Some(Escalate), "技术总监", Some(1800)),
        ("15分後に部長へ連絡", Some(Notify), "部長", Some(900)),
        ("30分以内に復旧しない場合は部長へエスカレーション", Some(Escalate), "部長", Some(1800)),
        ("30분 후 팀장에게 보고", Some(Notify), "팀장", Some(1800)),
    ] {
        match step(text) {
            Some(s) if (s.action, s.target.as_str(), s.after_s) == (action, target, after_s) => {}
            other => wrong.push(format!("{text}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn by_when_is_no_delay() {
    let found = step("Notify the manager within 1 hour").unwrap();
    assert_eq!((found.target.as_str(), found.after_s, found.within_s), ("manager", None, Some(3600)));
}

#[test]
fn targets_of_service_are_no_steps() {
    for text in ["Target resolution: 1 business day", "Response time: 15 minutes", "", "15 minutes"] {
        assert_eq!(step(text), None, "{text}");
    }
    assert!(step("Fix it in the next sprint").is_none_or(|s| s.action.is_none()));
    assert!(step("Page ana, the team lead").unwrap().reaches_people());
    assert!(step("Check the queue").is_none_or(|s| !s.reaches_people()));
}

#[test]
fn a_cell_may_hold_a_rule_for_each_severity() {
    let labels: Vec<_> = per_severity("High: 20 min, Medium: 2 h").into_iter().map(|(l, d)| (l, d.upper_s())).collect();
    assert_eq!(labels, [("High".to_string(), Some(1200)), ("Medium".to_string(), Some(7200))]);
    assert!(per_severity("Notify bo, then cy").is_empty());
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "(\\PC|notify |if |場合|15 min|に|, |the |\\(|\\)){0,30}") {
        step(&text);
        per_severity(&text);
    }
}

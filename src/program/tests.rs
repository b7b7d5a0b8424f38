//! What runbooks put in force, on runbooks that were written down as their importer would hand them over.

use super::*;
use firebell_domain::directory::Target;
use firebell_domain::hours::WorkingHours;
use firebell_domain::playbook::{Part, Risk};
use firebell_domain::run::authority::RunRules;
use serde_json::{Value, json};

fn import(book: Value) -> Imported {
    let mut whole = json!({
        "title": "Shop", "system": "Shop", "version": null, "severities": [], "phases": [], "escalation": [], "contacts": [],
        "commands": [], "thresholds": [], "playbooks": [], "quick_reference": [], "rules": [], "schedules": [],
        "checklists": [], "endpoints": [], "findings": []
    });
    whole.as_object_mut().expect("an object").extend(book.as_object().expect("an object").clone());
    let runbook = serde_json::from_value(whole).expect("a runbook");
    Imported { runbook, sha256: "5f2a9c01d4".into(), ..Imported::default() }
}

pub fn source(book: Value) -> Source {
    Source {
        system: "shop".into(),
        file: "shop.md".into(),
        overlay_file: "shop.overlay.toml".into(),
        room: None,
        import: import(book),
        overlay: Overlay::default(),
    }
}

fn severity(level: &str, rank: u32, response_s: Option<u64>, line: u32) -> Value {
    json!({ "level": level, "name": level, "rank": rank, "description": null, "response_time_s": response_s,
            "resolution_time_s": null, "business_time": false, "line": line })
}

fn phase(of: Option<&str>, name: &str, window: Option<[u64; 2]>, line: u32) -> Value {
    json!({ "severity": of, "name": name, "window": window, "deadline_s": window.map(|w| w[1]), "actions": [],
            "command_lines": [], "line": line })
}

fn step(scope: Option<&str>, target: &str, after_s: Option<u64>, action: &str, line: u32) -> Value {
    // Lists of these tests count by their lines, ten to a list.
    json!({ "scope": scope, "order": line % 10 + 1, "target": target, "after_s": after_s, "action": action, "response_time_s": null,
            "authority": [], "line": line })
}

pub fn command(line: u32, text: &str, risk: &str, executor: &str) -> Value {
    json!({ "line": line, "line_end": line, "text": text, "lang": "bash", "section": [], "comment": null, "risk": risk,
            "executor": executor, "mode": "oneshot", "placeholders": [], "secrets": [], "problem": null })
}

fn person(name: &str) -> Target {
    Target::Person(name.into())
}

fn kinds(in_force: &InForce) -> Vec<(&str, Option<u32>)> {
    in_force.notes.iter().map(|n| (n.kind, n.line)).collect()
}

#[test]
fn phases_give_the_clocks_that_they_mean_and_no_others() {
    let s = source(json!({
        "severities": [severity("P0", 1, Some(900), 10), severity("P3", 2, Some(86_400), 11)],
        "phases": [
            phase(Some("P0"), "Step 1: Immediate Assessment", Some([0, 120]), 20),
            phase(Some("P0"), "Root Cause Investigation", Some([120, 1_800]), 21),
            phase(Some("P0"), "Customer communication", Some([0, 600]), 22),
            phase(None, "Mitigation", Some([0, 3_600]), 23),
            phase(None, "Recovery", None, 24),
            phase(None, "Post-incident review", Some([0, 172_800]), 25),
        ]
    }));
    let scale = s.in_force(&[]).system.severities;
    let (p0, p3) = (&scale[0], &scale[1]);
    assert_eq!((p0.level.as_str(), p0.response_s, p0.system.as_deref()), ("P0", Some(900), Some("shop")));
    let c = p0.clocks;
    assert_eq!(
        (c.diagnose_s, c.mitigate_s, c.resolve_s, c.postmortem_s),
        (Some(1_800), Some(3_600), None, Some(172_800))
    );
    assert_eq!(p3.clocks.mitigate_s, None, "an hour is before the response that P3 promises");
    assert_eq!(p3.clocks.postmortem_s, Some(172_800));
}

#[test]
fn business_time_counts_in_working_hours_or_not_at_all() {
    let mut p4 = severity("P4", 4, Some(86_400), 12);
    p4["business_time"] = json!(true);
    let mut s = source(json!({ "severities": [p4] }));
    let without = s.in_force(&[]);
    assert_eq!((without.system.severities[0].response_s, &without.system.severities[0].hours), (None, &None));
    assert_eq!(kinds(&without), [("hours", Some(12))]);
    let days = vec![chrono::Weekday::Mon];
    let hours = WorkingHours { zone: chrono_tz::Europe::Madrid, days, from_min: 540, to_min: 1_020 };
    s.overlay.hours = Some(hours.clone());
    let with = s.in_force(&[]);
    assert_eq!((with.system.severities[0].response_s, &with.system.severities[0].hours), (Some(86_400), &Some(hours)));
    assert_eq!(kinds(&with), []);
}

#[test]
fn the_configuration_wins_key_by_key_and_it_is_said() {
    let s = source(json!({ "severities": [severity("P1", 1, Some(900), 10), severity("P2", 2, Some(3_600), 11)] }));
    let p1 = Severity { response_s: Some(300), ..Severity::new("p-1", "P1", 1) };
    let p9 = Severity::new("P9", "Wish", 9);
    let said = |severity| Configured { severity, name_given: false, rank_given: false };
    let in_force = s.in_force(&[said(p1), said(p9)]);
    let found: Vec<_> = in_force.system.severities.iter().map(|s| (s.level.as_str(), s.response_s)).collect();
    assert_eq!(
        found,
        [("P1", Some(300)), ("P2", Some(3_600)), ("P9", None)],
        "a level of the configuration alone stays"
    );
    assert_eq!(in_force.notes[0].what, "the configuration's P1 wins: response 5 min over 15 min");
    assert_eq!(in_force.notes[0].line, Some(10));
}

#[test]
fn an_escalation_is_in_force_once_every_step_has_somebody() {
    let steps = json!([
        step(None, "On-Call Engineer", Some(0), "page", 40),
        step(None, "Engineering manager and CTO", Some(900), "page", 41),
        step(None, "ticket queue", None, "ticket", 42),
    ]);
    let mut s = source(json!({ "escalation": steps }));
    let nobody = s.in_force(&[]);
    assert!(nobody.system.chains.is_empty());
    let said: Vec<(&str, Option<u32>)> = nobody.notes.iter().map(|n| (n.name.as_str(), n.line)).collect();
    assert_eq!(said, [("on call engineer", Some(40)), ("engineering manager", Some(41)), ("cto", Some(41))]);
    s.overlay.roles.insert(role("on call engineer"), vec![Target::Schedule("primary".into())]);
    s.overlay.roles.insert(role("Manager"), vec![person("bo")]);
    assert!(s.in_force(&[]).system.chains.is_empty(), "half of a chain is none");
    s.overlay.roles.insert(role("CTO"), Vec::new());
    let whole = s.in_force(&[]);
    let chain = &whole.system.chains[&None];
    let levels: Vec<_> = chain.steps.iter().map(|s| (s.targets.clone(), s.delay_s)).collect();
    assert_eq!(levels, [(vec![Target::Schedule("primary".into())], 900), (vec![person("bo")], 300)]);
    assert_eq!((chain.name.as_str(), chain.repeat_max), ("runbook:shop", None));
    assert_eq!(kinds(&whole), []);
}

#[test]
fn a_level_has_the_steps_that_stand_under_it_and_the_others_have_the_rest() {
    let mut s = source(json!({
        "severities": [severity("P1", 1, None, 1), severity("P2", 2, None, 2), severity("P3", 3, None, 3)],
        "escalation": [
            step(Some("P1-P2"), "lead", Some(0), "page", 40),
            step(Some("Level 1"), "support", None, "notify", 50),
            step(Some("Level 2"), "lead", Some(1_800), "escalate", 51),
            step(Some("Level 3"), "lead", None, "escalate", 52),
        ]
    }));
    s.overlay.roles.insert(role("lead"), vec![person("ana")]);
    s.overlay.roles.insert(role("support"), vec![person("bo")]);
    let chains = s.in_force(&[]).system.chains;
    let levels: Vec<Option<&str>> = chains.keys().map(|k| k.as_deref()).collect();
    assert_eq!(levels, [None, Some("P1"), Some("P2")]);
    let delays = |k: Option<&str>| chains[&k.map(str::to_string)].steps.iter().map(|s| s.delay_s).collect::<Vec<_>>();
    assert_eq!(delays(Some("P2")), [300]);
    assert_eq!(delays(None), [1_800, 300, 300], "what says no time waits as levels do");
}

#[test]
fn what_belongs_to_one_kind_of_trouble_is_not_the_escalation_of_all() {
    let mut s = source(json!({
        "severities": [severity("P0", 1, None, 1), severity("P1", 2, None, 2)],
        "escalation": [
            step(None, "stakeholders", None, "notify", 30),
            step(None, "queue", None, "ticket", 31),
            step(Some("P0"), "emergency channel", Some(120), "notify", 40),
            step(None, "on-call", None, "escalate", 50),
            step(None, "press office", None, "notify", 51),
            step(None, "lead", None, "escalate", 52),
        ]
    }));
    for (role_, who) in [("on-call", "ana"), ("lead", "bo")] {
        s.overlay.roles.insert(role(role_), vec![person(who)]);
    }
    let in_force = s.in_force(&[]);
    assert_eq!(kinds(&in_force), [], "nobody has to say who the others are");
    let chains: Vec<_> = in_force.system.chains.iter().map(|(scope, c)| (scope.clone(), c.steps.len())).collect();
    assert_eq!(chains, [(None, 2)]);
}

#[test]
fn an_escalation_that_begins_late_pages_at_once_or_whom_the_overlay_says() {
    let mut s = source(json!({ "escalation": [
        step(None, "lead", Some(900), "page", 40),
        step(None, "boss", Some(1_800), "page", 41),
    ] }));
    s.overlay.roles.insert(role("lead"), vec![person("ana")]);
    s.overlay.roles.insert(role("boss"), vec![person("bo")]);
    let late = s.in_force(&[]);
    let delays = |i: &InForce| i.system.chains[&None].steps.iter().map(|s| s.delay_s).collect::<Vec<_>>();
    assert_eq!((delays(&late), kinds(&late)), (vec![1_800, 300], vec![("policy", Some(40))]));
    s.overlay.first = vec![person("cy")];
    let first = s.in_force(&[]);
    assert_eq!((delays(&first), kinds(&first)), (vec![900, 900, 300], vec![]));
}

#[test]
fn what_is_only_proposed_is_not_in_force_until_it_is_confirmed() {
    let mut s = source(json!({
        "severities": [severity("P1", 1, Some(900), 10), severity("P2", 2, Some(1_800), 11)],
    }));
    let proposal = |hash: &str, line, group: &str| Proposal {
        what: "P2".into(),
        reason: "the level stands in prose".into(),
        line,
        last: line,
        group: group.into(),
        hash: hash.into(),
    };
    s.import.proposals = vec![proposal("aa", 11, "severities"), proposal("bb", 10, "thresholds")];
    let levels = |s: &Source| s.in_force(&[]).system.severities.iter().map(|s| s.level.clone()).collect::<Vec<_>>();
    assert_eq!(levels(&s), ["P1"]);
    assert_eq!(kinds(&s.in_force(&[])), [("proposal", Some(10)), ("proposal", Some(11))]);
    s.overlay.decisions.insert("aa".into(), Decision::Confirmed);
    assert_eq!(levels(&s), ["P1", "P2"]);
    assert_eq!(s.undecided().map(|p| p.hash.as_str()).collect::<Vec<_>>(), ["bb"]);
    s.overlay.decisions.insert("aa".into(), Decision::Rejected);
    assert_eq!(levels(&s), ["P1"], "a rejected one is decided, and stays out");
}

#[test]
fn what_nobody_has_placed_or_filled_in_is_listed_once_with_its_first_line() {
    let mut db = command(70, "psql -h db.example.com -c 'select 1'", "read", "postgres");
    db["placeholders"] = json!(["db.example.com"]);
    let mut pod = command(71, "kubectl logs <pod>", "read", "kubernetes");
    pod["placeholders"] = json!(["<pod>"]);
    let mut s = source(json!({ "commands": [db, pod, command(72, "curl http://localhost/health", "read", "http")] }));
    let found: Vec<(&str, String)> = s.in_force(&[]).notes.iter().map(|n| (n.kind, n.name.clone())).collect();
    assert_eq!(
        found,
        [("value", "db.example.com".into()), ("target", "postgres".into()), ("target", "kubernetes".into())]
    );
    s.overlay.values.insert("db.example.com".into(), "db1".into());
    for client in ["postgres", "kubernetes"] {
        s.overlay.targets.insert(client.into(), overlay::Place { target: "lab".into(), inside: None });
    }
    assert_eq!(kinds(&s.in_force(&[])), []);
}

pub fn playbooks() -> Value {
    let mut scale = command(96, "kubectl scale deploy/orders --replicas=<count>", "mutate", "kubernetes");
    scale["placeholders"] = json!(["<count>"]);
    let mut health = command(91, "curl https://your-domain/health", "read", "http");
    health["placeholders"] = json!(["your-domain"]);
    let mut logs = command(92, "docker logs -f orders", "read", "docker");
    logs["mode"] = json!("stream");
    json!({
        "escalation": [{ "scope": null, "order": 1, "target": "Operations", "after_s": null, "action": "escalate",
            "response_time_s": null, "authority": ["restart services", "scale workers"], "line": 150 }],
        "commands": [health, logs, command(94, "rabbitmqctl purge_queue orders", "destroy", "app-cli"), scale,
                     command(97, "./scripts/check.sh", "mutate", "script"), command(98, "./scripts/check.sh; rm x", "destroy", "script")],
        "playbooks": [
            { "name": "Database is down", "symptoms": ["connection refused", "errors on checkout"], "conditions": [],
              "investigation": [91], "resolution": [], "verification": [], "line": 60 },
            { "name": "Queue is full", "symptoms": ["orders wait", "queue depth above 10,000"],
              "conditions": [{ "text": "If one consumer is stuck", "line": 93, "commands": [94] }],
              "investigation": [91, 92], "resolution": [94, 96], "verification": [97, 98], "line": 90 },
        ],
    })
}

fn followed(overlay: Overlay) -> firebell_domain::playbook::Playbook {
    let s = Source { overlay, ..source(playbooks()) };
    playbooks::followed(&s, playbooks::Book::Playbook(&s.book().playbooks[1]), &RunRules::default())
}

#[test]
fn a_playbook_is_followed_in_its_order_and_each_command_stands_in_it_once() {
    let p = followed(Overlay::default());
    let steps: Vec<(Part, u32, Option<u32>, Option<Risk>)> =
        p.steps.iter().map(|s| (s.part, s.line, s.under, s.risk)).collect();
    assert_eq!(
        steps,
        [
            (Part::Investigate, 91, None, Some(Risk::Read)),
            (Part::Investigate, 92, None, Some(Risk::Read)),
            (Part::Condition, 93, None, None),
            (Part::Resolve, 94, Some(3), Some(Risk::Destroy)),
            (Part::Resolve, 96, None, Some(Risk::Mutate)),
            (Part::Verify, 97, None, Some(Risk::Mutate)),
            (Part::Verify, 98, None, Some(Risk::Destroy)),
        ]
    );
    assert_eq!((p.steps[0].fill.as_slice(), &p.steps[0].written), (&["your-domain".to_string()][..], &None));
    assert_eq!(p.steps[1].caution.as_deref(), Some("never ends by itself: stop it with Ctrl-C"));
    assert_eq!((p.revision.as_str(), p.file.as_str()), ("5f2a9c01", "shop.md"));
}

#[test]
fn values_are_filled_in_and_marks_lower_what_is_alone_on_its_line_only() {
    let mut overlay = Overlay { reads: vec!["./scripts/check.sh".into()], ..Overlay::default() };
    overlay.values.insert("your-domain".into(), "shop.example.org".into());
    let p = followed(overlay);
    assert_eq!(p.steps[0].text, "curl https://shop.example.org/health");
    assert_eq!(p.steps[0].written.as_deref(), Some("curl https://your-domain/health"));
    assert!(p.steps[0].fill.is_empty());
    assert_eq!(p.steps[4].fill, ["<count>"]);
    let risks: Vec<Option<Risk>> = p.steps[5..].iter().map(|s| s.risk).collect();
    assert_eq!(risks, [Some(Risk::Read), Some(Risk::Destroy)]);
}

#[test]
fn the_playbooks_that_fit_come_first_and_the_others_in_their_order() {
    let program = Program::new(vec![source(playbooks())]);
    let names = |said: &[&str]| -> Vec<(String, bool)> {
        program.playbooks(None, said).iter().map(|c| (c.book.name().to_string(), c.score > 0)).collect()
    };
    let (db, queue) = ("Database is down".to_string(), "Queue is full".to_string());
    assert_eq!(names(&["the order queue grows"]), [(queue.clone(), true), (db.clone(), false)]);
    assert_eq!(names(&["OrdersQueueDepth"]), [(queue.clone(), true), (db.clone(), false)]);
    assert_eq!(names(&["it is on the"]), [(db.clone(), false), (queue.clone(), false)]);
    assert_eq!(names(&["checkout", "connection refused by the database"]), [(db, true), (queue, false)]);
    assert!(program.playbooks(Some("bank"), &["queue"]).is_empty());
}

#[test]
fn a_playbook_is_found_by_number_by_name_and_by_what_only_its_name_holds() {
    let program = Program::new(vec![source(playbooks())]);
    let choices = program.playbooks(None, &[]);
    let name = |said: &str| playbooks::find(&choices, said).map(|c| c.book.name());
    assert_eq!(name("2"), Some("Queue is full"));
    assert_eq!(name("queue IS full"), Some("Queue is full"));
    assert_eq!(name("database"), Some("Database is down"));
    for said in ["is", "0", "3", "", "…", "mail"] {
        assert_eq!(name(said), None, "{said}");
    }
}

#[test]
fn a_playbook_without_end_says_where_the_rest_is() {
    let lines: Vec<u32> = (1..=150).collect();
    let commands: Vec<Value> = lines.iter().map(|l| command(*l, &format!("ls {l}"), "read", "host")).collect();
    let playbook = json!({ "name": "Everything", "symptoms": [], "conditions": [], "investigation": lines, "resolution": [],
                           "verification": [], "line": 1 });
    let s = source(json!({ "commands": commands, "playbooks": [playbook] }));
    let p = playbooks::followed(&s, playbooks::Book::Playbook(&s.book().playbooks[0]), &RunRules::default());
    assert_eq!(p.steps.len(), firebell_domain::limits::PLAYBOOK_STEPS_MAX);
    assert_eq!(p.steps.last().map(|s| s.text.as_str()), Some("The rest stands in shop.md from line 100 on"));
}

fn schedule(name: &str, cadence: Option<&str>, when: Option<&str>, cron: Option<&str>, lines: &[u32]) -> Value {
    json!({ "name": name, "cadence": cadence, "when": when, "cron": cron, "tasks": [format!("do {name}")],
            "command_lines": lines, "line": 200 })
}

#[test]
fn reminders_are_off_and_say_why_until_zone_and_places_are_known() {
    let mut s = source(json!({
        "commands": [command(50, "psql -c vacuum", "mutate", "postgres")],
        "schedules": [
            schedule("Morning check", Some("daily"), Some("9:00 AM"), None, &[]),
            schedule("Vacuum", Some("weekly"), Some("Sunday 2:00 AM"), Some("0 2 * * 0"), &[50]),
            schedule("Patch day", Some("monthly"), Some("first Monday"), None, &[]),
            schedule("Review", Some("weekly"), None, None, &[]),
            schedule("Ping", Some("hourly"), None, Some("0 * * * *"), &[]),
        ]
    }));
    let state = |s: &Source| {
        let (on, notes) = reminders::of(s);
        let on: Vec<String> = on.into_iter().map(|r| r.name).collect();
        (on, notes.into_iter().map(|n| n.what).collect::<Vec<_>>())
    };
    let (on, off) = state(&s);
    assert!(on.is_empty() && off == ["all 5 schedules are off: nobody knows the team's time zone"]);
    s.overlay.zone = Some(chrono_tz::Europe::Madrid);
    let (on, off) = state(&s);
    assert_eq!(on, ["Morning check", "Patch day"]);
    assert_eq!(
        off,
        [
            "\"Vacuum\" is off: nobody knows where \"postgres\" is",
            "\"Review\" is off: it does not say on which weekday",
            "\"Ping\" is off: it is too often to remind people of",
        ]
    );
    s.overlay.targets.insert("postgres".into(), overlay::Place { target: "db".into(), inside: None });
    s.overlay.times.push(overlay::Time {
        schedule: "review".into(),
        when: Some("Friday 16:00".into()),
        going: overlay::Going::default(),
    });
    assert_eq!(state(&s).0, ["Morning check", "Vacuum", "Patch day", "Review"]);
    let next = |name: &str| {
        let (on, _) = reminders::of(&s);
        let at: chrono::DateTime<chrono::Utc> = "2026-11-22T00:00:00Z".parse().expect("a time");
        on.iter().find(|r| r.name == name).and_then(|r| r.rhythm.next_after(at.into())).map(|t| t.to_string())
    };
    assert_eq!(next("Morning check").as_deref(), Some("2026-11-22 08:00 UTC"));
    assert_eq!(next("Vacuum").as_deref(), Some("2026-11-22 01:00 UTC"));
    assert_eq!(next("Patch day").as_deref(), Some("2026-12-07 08:00 UTC"), "nine o'clock where nothing is said");
    assert_eq!(next("Review").as_deref(), Some("2026-11-27 15:00 UTC"));
    s.overlay.reminders = Some(false);
    assert_eq!(state(&s), (vec![], vec![]));
}

#[test]
fn every_label_of_several_systems_has_its_worst_rank() {
    let of =
        |system: &str, level: &str, rank| Severity { system: Some(system.into()), ..Severity::new(level, level, rank) };
    let scale = |all: Vec<Severity>| System { severities: all, ..System::default() };
    let systems = BTreeMap::from([
        ("bank".to_string(), scale(vec![of("bank", "P0", 1), of("bank", "P1", 2)])),
        ("shop".to_string(), scale(vec![of("shop", "P1", 1), of("shop", "P2", 2)])),
    ]);
    let all = of_all_systems(&[], &systems);
    let found: Vec<_> = all.iter().map(|s| (s.level.as_str(), s.rank, s.system.as_deref())).collect();
    assert_eq!(found, [("P0", 1, Some("bank")), ("P1", 1, None), ("P2", 2, Some("shop"))]);
    let all = of_all_systems(&[Severity::new("p1", "Ours", 7)], &systems);
    let found: Vec<_> = all.iter().map(|s| (s.level.as_str(), s.rank)).collect();
    assert_eq!(found, [("P0", 1), ("P2", 2), ("p1", 7)], "what the configuration says stands as it is");
}

#[test]
fn what_was_understood_reads_as_its_golden_and_so_does_the_review() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli/runbook-show.txt");
    let mut s = source(playbooks());
    let book = json!({
        "severities": [severity("P1", 1, Some(900), 10), severity("P2", 2, None, 11)],
        "phases": [phase(Some("P1"), "Triage", Some([0, 300]), 20), phase(None, "Review", None, 21)],
        "escalation": [step(None, "Operations", Some(0), "page", 30), step(Some("P1"), "CTO", Some(1_800), "escalate", 31)],
        "schedules": [schedule("Morning check", Some("daily"), Some("9:00 AM"), Some("0 9 * * *"), &[91])],
        "checklists": [{ "name": "Before a release", "items": ["tests pass", "backup made"], "line": 300 }],
        "endpoints": [{ "url": "http://localhost:3000/health", "what": "the application", "line": 310 }],
        "thresholds": [{ "metric": "Queue depth", "warning": { "op": ">", "value": 100.0 },
            "critical": { "op": ">", "value": 500.0 }, "unit": "jobs", "line": 320 }],
        "quick_reference": [{ "issue": "Cache is stale", "fix": null, "command": "redis-cli FLUSHDB", "line": 330 }],
        "rules": [{ "condition": "queue > 500", "action": "scale workers", "line": 340 }],
        "contacts": [{ "role": "Lead", "name": "Ana", "phone": null, "email": "ana@example.org", "channel": "#ops", "line": 350 }],
        "findings": [{ "kind": "placeholder", "rule": "open-placeholder", "level": "note", "lines": [91], "message": "fill it in" }],
    });
    let first = std::mem::take(&mut s.import.runbook);
    s.import.runbook = import(book).runbook;
    (s.import.runbook.commands, s.import.runbook.playbooks) = (first.commands, first.playbooks);
    s.import.lines =
        imported::Lines { all: 400, used: 120, said: 300, unused_headings: vec![(2, "Architecture".into())] };
    let proposal = |hash: &str, what: &str, group: &str| Proposal {
        what: what.into(),
        reason: "a bare duration: a deadline or an estimate".into(),
        line: 20,
        last: 21,
        group: group.into(),
        hash: hash.repeat(8),
    };
    s.import.proposals =
        vec![proposal("5f2a9c01", "phase Triage", "phases"), proposal("0b1c2d3e", "severity S1", "severities")];
    s.overlay.decisions.insert("0b1c2d3e".repeat(8), Decision::Rejected);
    let found = format!("{}\n# review\n{}", show::text("shop.md", &s.import), show::review(&s));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &found).expect("a golden written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), found, "UPDATE_EXPECT=1 rewrites it");
}

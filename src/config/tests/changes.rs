//! What two readings of a configuration say of each other, and of stand-ins from chat.

use super::{good, good_with};
use crate::config::Loaded;
use firebell_domain::schedule::Override;
use firebell_domain::time::Timestamp;

fn at(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

fn changes(old: &Loaded, new: &Loaded) -> Vec<String> {
    old.tables.changes(&new.tables).iter().map(ToString::to_string).collect()
}

const TEAM: &str = r#"
[people.ana]
[people.bo]
name = "Bo"
[paging.webhook.ops]
url = "https://hooks.example.org/ops"
secret = "0123456789abcdef-ops"
[policies.default]
levels = [{ page = ["@ana"] }, { page = ["@bo"], delay = "90s" }]
"#;

#[test]
fn what_changed_is_said_by_name_and_never_by_value() {
    let old = good(TEAM);
    assert_eq!(changes(&old, &good(TEAM)), Vec::<String>::new());
    // Blanks, comments and another order say the same.
    let reordered = TEAM.replace("[people.ana]\n", "# first\n").replace("[paging", "[people.ana]\n\n[paging");
    assert_eq!(changes(&old, &good(&reordered)), Vec::<String>::new());
    let new = TEAM
        .replace("[people.ana]", "[people.ana]\n[people.cy]\n[incidents]\nquiet_resolve = \"9m\"")
        .replace("\"Bo\"", "\"Bo Diddley\"")
        .replace("0123456789abcdef-ops", "another secret of ops")
        .replace("{ page = [\"@ana\"] }, ", "");
    let expected = [
        "incidents.quiet_resolve added",
        "paging.webhook.ops changed",
        "people.bo changed",
        "people.cy added",
        "policies.default changed",
    ];
    assert_eq!(changes(&old, &good(&new)), expected);
    let back: Vec<String> = expected.iter().map(|c| c.replace("added", "removed")).collect();
    assert_eq!(changes(&good(&new), &old), back);
    assert!(!format!("{:?}", good(&new).tables).contains("secret of ops"));
}

#[test]
fn the_content_of_a_secrets_file_counts_not_its_name() {
    let token = |text: &str| good(&format!("[api.tokens.ana]\n{text}\n"));
    let folder = std::env::temp_dir().join(format!("firebell-changes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (one, two) = (folder.join("one"), folder.join("two"));
    std::fs::write(&one, "0123456789abcdef\n").unwrap();
    std::fs::write(&two, "0123456789abcdef").unwrap();
    let by = |file: &std::path::Path| token(&format!("token_file = {:?}", file.display().to_string()));
    let before = by(&one);
    assert_eq!(changes(&before, &by(&two)), Vec::<String>::new());
    assert_eq!(changes(&before, &token("token = \"0123456789abcdef\"")), Vec::<String>::new());
    std::fs::write(&one, "fedcba9876543210\n").unwrap();
    assert_eq!(changes(&before, &by(&one)), ["api.tokens.ana changed"]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_a_running_bot_stands_on_waits_for_a_start() {
    let old = good("");
    let new = good_with(
        "listen = \"127.0.0.1:1\"\ndata_dir = \"/srv\"\npublic_url = \"https://firebell.example.org\"\n\
         [log]\nformat = \"json\"\nfilter = \"debug\"\n[audit]\n\
         key = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
        &[("FIREBELL_DATABASE_URL", "postgres://firebell@db/firebell")],
    );
    let all = old.tables.changes(&new.tables);
    let (waiting, now): (Vec<_>, Vec<_>) = all.iter().partition(|c| c.waits_for_a_start());
    let paths = |all: Vec<&crate::config::Change>| all.iter().map(|c| c.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(waiting), ["audit.key", "data_dir", "database_url", "listen", "log.format"]);
    assert_eq!(paths(now), ["log.filter", "public_url"]);
}

#[test]
fn all_of_slack_waits_for_a_start() {
    let slack = "[slack]\napp_token = \"xapp-1-0123456789\"\nclient_id = \"1.2\"\nclient_secret = \"0123456789abcdef\"\n\
                 token_key = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n";
    let more = "administrators = [\"S0614TZR7\"]\nannounce = \"#incidents\"\n[[slack.invite]]\nseverity = \"P1\"\n\
                groups = [\"S0614TZR7\"]\n[slack.workspace.T0BETA1]\nannounce = \"#incidents\"\n";
    let all = good(slack).tables.changes(&good(&format!("{slack}{more}")).tables);
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(all.iter().all(crate::config::Change::waits_for_a_start), "{all:?}");
}

#[test]
fn a_stand_in_from_chat_that_hides_one_of_the_file_is_named_with_its_line() {
    let loaded = good(
        "[people.ana]\n[people.bo]\n[people.cy]\n[schedules.primary]\npeople = [\"ana\", \"bo\"]\n\
         [[schedules.primary.overrides]]\nperson = \"bo\"\nfrom = 2026-12-24T09:00:00Z\nto = 2026-12-27T09:00:00Z\n",
    );
    let hidden = |schedule: &str, person: &str, from: &str, to: &str, now: &str| {
        let from_chat = [(schedule.to_string(), Override { person: person.into(), from: at(from), to: at(to) })];
        let warnings = loaded.stand_ins.hidden_by(&from_chat, at(now));
        warnings.iter().map(|w| format!("{w}\n")).collect::<String>()
    };
    let (christmas, early) = (("2026-12-25T00:00:00Z", "2026-12-26T00:00:00Z"), "2026-12-01T00:00:00Z");
    assert_eq!(
        hidden("primary", "cy", christmas.0, christmas.1, early),
        "firebell.toml:6: warning: schedules.primary.overrides[0]: @cy from 2026-12-25 00:00 UTC to 2026-12-26 00:00 UTC \
         was put on call by /oncall override and counts instead of @bo while both last. If @bo is meant, say so in chat: \
         /oncall primary override @bo FROM TO.\n"
    );
    for (schedule, person, from, to, now) in [
        ("secondary", "cy", christmas.0, christmas.1, early),
        ("primary", "bo", christmas.0, christmas.1, early),
        ("primary", "cy", "2026-12-27T09:00:00Z", "2026-12-28T09:00:00Z", early),
        ("primary", "cy", christmas.0, "2026-12-29T00:00:00Z", "2026-12-28T00:00:00Z"),
    ] {
        assert_eq!(hidden(schedule, person, from, to, now), "", "{schedule} {person} {from} {to} at {now}");
    }
}

//! What a configuration means once it is valid: values, files of secrets, variables, and what must never be shown.

use super::super::node::{Tree, Value, parse_file};
use super::super::problem::Problems;
use super::super::schema::{Key, Kind, ROOT, find};
use super::super::{IngestKind, Level, MailTls, Pager, load, load_text, report_json, report_text};
use super::{bad, good, good_with, lines, load_with};
use firebell_domain::directory::Target;
use firebell_domain::hours::When;
use firebell_domain::id::{ChannelId, PersonId, PolicyId, ScheduleId, ServiceId};
use firebell_domain::schedule::instant_of;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use std::path::Path;

const TEAM: &str = r#"
[paging.webhook.ops]
url = "https://hooks.example.org/ops"
secret = "0123456789abcdef-ops"
notices = true

[paging.pagerduty]
routing_key = "0123456789abcdef0123456789abcdef"

[paging.webhook.archive]
url = "https://hooks.example.org/archive"
secret = "0123456789abcdef-archive"

[people.ana]
name = "Ana Ruiz"
time_zone = "Europe/Madrid"
contact = [{ via = "webhook.ops" }, { via = "pagerduty", routing_key = "fedcba9876543210fedcba9876543210" }]

[people.bo]
contact = [{ via = "pagerduty" }]

[services.checkout]
system = "shop"
policy = "loud"
owners = ["@ana", "bo"]

[schedules.primary]
people = ["ana", "bo"]
handoff = "Wed 10:30"
zone = "Europe/Madrid"
start = 2026-01-05
overrides = [{ person = "bo", from = 2026-07-01T09:00:00, to = "2026-07-01T12:00:00+02:00" }]

[policies.loud]
repeat = 2
levels = [{ page = ["schedule:primary", "@bo"], delay = "90s" }, { page = ["owners"] }]

[ingest.alertmanager]
kind = "alertmanager"
token = "0123456789abcdef-am"
severity = "sev2"
service = "checkout"
"#;

#[test]
fn a_team_becomes_a_directory() {
    let loaded = good(TEAM);
    assert_eq!(loaded.warnings, []);
    let d = loaded.config.directory();
    let channels: Vec<&str> = d.pagers.iter().map(ChannelId::as_str).collect();
    assert_eq!(channels, ["webhook.ops", "pagerduty", "webhook.archive"], "in the order of the file");
    assert_eq!(d.notice_channels, [ChannelId::from("webhook.ops")]);
    let ana = &d.people[&PersonId::from("ana")];
    assert_eq!((ana.name.as_str(), ana.time_zone), ("Ana Ruiz", chrono_tz::Europe::Madrid));
    assert_eq!(ana.contact_methods, [ChannelId::from("webhook.ops"), ChannelId::from("pagerduty")]);
    assert_eq!(d.people[&PersonId::from("bo")].name, "bo");
    let checkout = &d.services[&ServiceId::from("checkout")];
    assert_eq!(checkout.owners, [PersonId::from("ana"), PersonId::from("bo")]);
    let loud = &d.policies[&PolicyId::from("loud")];
    assert_eq!(loud.repeat_max, Some(2));
    assert_eq!(
        loud.steps[0].targets,
        [Target::Schedule(ScheduleId::from("primary")), Target::Person(PersonId::from("bo"))]
    );
    assert_eq!(loud.steps.iter().map(|s| s.delay_s).collect::<Vec<_>>(), [90, 300]);
}

#[test]
fn a_policy_goes_by_the_hour_waits_for_words_and_goes_on_in_another() {
    let text = TEAM
        .replace(
            "[policies.loud]\nrepeat = 2\n",
            "[policies.loud]\nrepeat = 2\nack_timeout = \"30m\"\n\
        working_hours = { zone = \"Europe/Madrid\", days = [\"Sat\", \"Mon-Tue\"], from = \"22:00\", to = \"24:00\" }\n\
        then = \"managers\"\n",
        )
        .replace("delay = \"90s\" }", "delay = \"90s\", when = \"off-hours\" }")
        + "[policies.managers]\nlevels = [{ page = [\"@bo\"], delay = \"1h\" }]\n";
    let policies = good(&text).config.directory().policies;
    let loud = &policies[&PolicyId::from("loud")];
    assert_eq!(loud.ack_timeout_s, Some(1_800));
    let hours = loud.hours.as_ref().unwrap();
    assert_eq!((hours.from_min, hours.to_min), (22 * 60, 24 * 60));
    assert_eq!(hours.days, [chrono::Weekday::Mon, chrono::Weekday::Tue, chrono::Weekday::Sat]);
    let levels: Vec<_> = loud.steps.iter().map(|s| (s.when, s.delay_s)).collect();
    assert_eq!(levels, [(When::OffHours, 90), (When::Always, 300), (When::Always, 3_600)]);
    assert_eq!(policies[&PolicyId::from("managers")].steps.len(), 1, "the other one stays as it was");
    assert_eq!(loud.repeat_max, Some(2));
}

#[test]
fn a_schedule_begins_on_its_weekday_and_overrides_follow_its_zone() {
    let config = good(TEAM).config;
    let schedule = &config.schedules[&ScheduleId::from("primary")];
    // 2026-01-05 is a Monday; the first Wednesday after it is the 7th.
    assert_eq!(schedule.rotation.first_handoff.to_string(), "2026-01-07 10:30:00");
    let madrid = |text: &str| instant_of(chrono_tz::Europe::Madrid, text.parse().unwrap());
    let at = |text| schedule.on_call_at(madrid(text)).map(|p| p.to_string());
    assert_eq!(at("2026-01-07T10:30:00").as_deref(), Some("ana"));
    assert_eq!(at("2026-01-14T10:30:00").as_deref(), Some("bo"));
    let before = at("2026-07-01T08:59:59");
    assert_eq!(at("2026-07-01T09:00:00").as_deref(), Some("bo"));
    assert_eq!(at("2026-07-01T11:59:59").as_deref(), Some("bo"));
    assert_eq!((before.as_deref(), at("2026-07-01T12:00:00").as_deref()), (Some("ana"), Some("bo")));
}

#[test]
fn hand_offs_and_starts_are_read_in_every_form_that_says_one_thing() {
    let first = |keys: &str| {
        let text = format!("[people.ana]\n[schedules.s]\npeople = [\"ana\"]\n{keys}\n");
        good(&text).config.schedules[&ScheduleId::from("s")].rotation.first_handoff.to_string()
    };
    for handoff in ["\"Tue 09:00\"", "\"tuesday 9:00\"", "\"TUE 09:00\""] {
        assert_eq!(first(&format!("handoff = {handoff}\nstart = 2026-01-06")), "2026-01-06 09:00:00", "{handoff}");
    }
    assert_eq!(first("handoff = 08:15:00\nstart = \"2026-01-08\""), "2026-01-08 08:15:00");
    assert_eq!(first("handoff = \"Mon 00:00\"\nstart = 2026-01-06"), "2026-01-12 00:00:00");
}

#[test]
fn adapters_get_their_own_secrets() {
    let config = good(TEAM).config;
    let Some(Pager::PagerDuty(pagerduty)) = config.pagers.get(1) else { panic!("pagerduty is second") };
    assert_eq!(pagerduty.routing_key.expose_secret(), "0123456789abcdef0123456789abcdef");
    assert_eq!(pagerduty.api_url.base(), "https://events.pagerduty.com");
    assert_eq!(
        pagerduty.routing_keys.get(&PersonId::from("ana")).unwrap().expose_secret(),
        "fedcba9876543210fedcba9876543210"
    );
    assert!(!pagerduty.routing_keys.contains_key(&PersonId::from("bo")), "bo uses the pager's own");
    let source = &config.ingest["alertmanager"];
    assert_eq!((source.kind.clone(), source.severity.as_str()), (IngestKind::Alertmanager, "P2"));
    let silent = good("[ingest.x]\nkind = \"generic\"\ntoken = \"0123456789abcdef\"").config;
    assert_eq!(silent.ingest["x"].severity, "P1", "the worst there is");
}

#[test]
fn every_pager_can_be_the_target_of_a_level_and_the_way_to_a_person() {
    let text = r#"
        [paging.smtp]
        host = "mail.example.org"
        tls = "tls"
        login = false
        from = "Firebell <firebell@example.org>"
        to = ["oncall@example.org"]
        [paging.pagerduty]
        api_url = "https://events.eu.pagerduty.com"
        [paging.pagerduty.services.checkout]
        routing_key = "0123456789abcdef0123456789abcdef"
        [paging.pagerduty.services.payments]
        routing_key = "fedcba9876543210fedcba9876543210"
        [paging.webhook.ops]
        url = "https://hooks.example.org/ops"
        secret = "0123456789abcdef-ops"
        [people.ana]
        email = "ana@example.org"
        contact = [{ via = "pagerduty.payments" }, { via = "smtp" }]
        [people.bo]
        email = "bo@example.org"
        contact = [{ via = "smtp", address = "bo@phone.example.org" }]
        [policies.default]
        levels = [{ page = ["pagerduty.checkout", "webhook.ops"] }, { page = ["smtp", "@ana"] }]
    "#;
    let loaded = good(text);
    assert_eq!(loaded.warnings, []);
    let d = loaded.config.directory();
    let channels: Vec<&str> = d.pagers.iter().map(ChannelId::as_str).collect();
    assert_eq!(channels, ["smtp", "pagerduty.checkout", "pagerduty.payments", "webhook.ops"], "no \"pagerduty\" alone");
    let targets: Vec<_> = d.policies[&PolicyId::from("default")].steps.iter().map(|s| s.targets.clone()).collect();
    let pager = |name: &str| Target::Pager(ChannelId::from(name));
    assert_eq!(targets[0], [pager("pagerduty.checkout"), pager("webhook.ops")]);
    assert_eq!(targets[1], [pager("smtp"), Target::Person(PersonId::from("ana"))]);
    let Some(Pager::Smtp(smtp)) = loaded.config.pagers.first() else { panic!("smtp is first") };
    assert_eq!((smtp.port, smtp.tls, smtp.login.is_none()), (465, MailTls::Tls, true));
    let addresses: Vec<String> = smtp.addresses.values().map(|a| a.to_string()).collect();
    assert_eq!(addresses, ["ana@example.org", "bo@phone.example.org"]);
    let Some(Pager::PagerDuty(payments)) = loaded.config.pagers.get(2) else { panic!("payments is third") };
    assert_eq!(payments.routing_key.expose_secret(), "fedcba9876543210fedcba9876543210");
    assert_eq!(payments.api_url.base(), "https://events.eu.pagerduty.com");
}

#[test]
fn data_lives_beside_the_database() {
    let dir = |text: &str| good(text).config.data_dir.display().to_string();
    assert_eq!(dir(""), ".");
    assert_eq!(dir("database_url = \"sqlite:///var/lib/firebell/firebell.db\""), "/var/lib/firebell");
    assert_eq!(dir("database_url = \"sqlite:data/a b.db\""), "data");
    assert_eq!(dir("database_url = \"postgres://firebell@db/firebell\""), ".");
    assert_eq!(dir("data_dir = \"/srv\"\ndatabase_url = \"sqlite:///var/lib/firebell.db\""), "/srv");
    let spaced = good("database_url = \"sqlite:data/a b.db\"").config;
    assert_eq!(spaced.sqlite_path().as_deref(), Some(Path::new("data/a b.db")));
}

#[test]
fn links_use_what_is_configured_else_what_was_bound() {
    let bound = "127.0.0.1:40123".parse().unwrap();
    assert_eq!(good("listen = \"127.0.0.1:0\"").config.public_url(bound), "http://127.0.0.1:40123");
    let set = good("public_url = \"https://firebell.example.org/\"").config;
    assert_eq!(set.public_url(bound), "https://firebell.example.org");
}

#[test]
fn variables_lie_over_the_file_and_may_add_to_it() {
    let env = [
        ("FIREBELL_LISTEN", "0.0.0.0:80"),
        ("FIREBELL_PUBLIC_URL", "https://firebell.example.org"),
        ("FIREBELL_INCIDENTS__QUIET_RESOLVE", "10m"),
        ("FIREBELL_PEOPLE__ANA__EMAIL", "ana@example.org"),
        ("FIREBELL_PEOPLE__CY__CONTACT__0__VIA", "webhook.ops"),
        ("FIREBELL_PAGING__WEBHOOK__ARCHIVE__NOTICES", "true"),
        ("FIREBELL_PAGING__PAGERDUTY__ROUTING_KEY", "abcdef0123456789abcdef0123456789"),
        ("FIREBELL_SERVICES__CHECKOUT__OWNERS", "bo, cy"),
        ("FIREBELL_POLICIES__LOUD__REPEAT", "5"),
        ("FIREBELL_POLICIES__LOUD__LEVELS__1__DELAY", "1h"),
        ("FIREBELL_POLICIES__LOUD__LEVELS__2__PAGE", "[\"@cy\"]"),
        ("FIREBELL_SCHEDULES__PRIMARY__START", "2026-02-02"),
        ("FIREBELL_SEVERITIES", "[{ level = \"S1\" }, { level = \"S2\" }]"),
        ("FIREBELL_SEVERITIES__1__NAME", "Minor"),
        ("FIREBELL_DATA_DIR", ""),
        ("FIREBELL_CONFIG", "elsewhere.toml"),
        ("FIREBELL_SERVICE_HOST", "10.0.0.1"),
        ("FIREBELLS", "not ours"),
        ("HOME", "/root"),
    ];
    let config = good_with(TEAM, &env).config;
    let d = config.directory();
    assert_eq!(config.listen.to_string(), "0.0.0.0:80");
    assert_eq!(d.settings.quiet_resolve_s, 600);
    assert_eq!(config.people[&PersonId::from("ana")].email.as_deref(), Some("ana@example.org"));
    assert_eq!(d.people[&PersonId::from("cy")].contact_methods, [ChannelId::from("webhook.ops")]);
    assert_eq!(d.notice_channels.len(), 2);
    assert_eq!(d.services[&ServiceId::from("checkout")].owners, [PersonId::from("bo"), PersonId::from("cy")]);
    let loud = &d.policies[&PolicyId::from("loud")];
    assert_eq!(loud.repeat_max, Some(5));
    assert_eq!(loud.steps.iter().map(|s| s.delay_s).collect::<Vec<_>>(), [90, 3_600, 300]);
    assert_eq!(loud.steps[2].targets, [Target::Person(PersonId::from("cy"))]);
    let levels: Vec<_> = d.severities.iter().map(|s| (s.level.as_str(), s.name.as_str(), s.rank)).collect();
    assert_eq!(levels, [("S1", "S1", 1), ("S2", "Minor", 2)]);
    assert_eq!(config.data_dir, Path::new("."));
}

#[test]
fn a_variable_beats_the_files_way_of_giving_a_secret() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/config");
    let file = folder.join("team.toml");
    let token = |text: &str, env: &[(&str, &str)]| {
        let text = format!("[api.tokens.ana]\n{text}");
        let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        let loaded = load_text(Some((&file, &text)), env).map_err(|p| lines(&p)).unwrap();
        loaded.config.api_tokens["ana"].expose_secret().to_string()
    };
    let direct = [("FIREBELL_API__TOKENS__ANA__TOKEN", "from-the-environment")];
    let by_file = [("FIREBELL_API__TOKENS__ANA__TOKEN_FILE", "secrets/long")];
    assert_eq!(token("token_file = \"secrets/long\"", &[]), "from-a-file-with-a-newline");
    assert_eq!(token("token_file = \"secrets/missing\"", &direct), "from-the-environment");
    assert_eq!(token("token = \"from-the-configuration\"", &direct), "from-the-environment");
    assert_eq!(token("token = \"from-the-configuration\"", &by_file), "from-a-file-with-a-newline");
}

/// A variable for every key there is, `ANA` for every chosen name and the first row of every list.
fn variables(keys: &'static [Key], before: &str, out: &mut Vec<(String, Kind)>) {
    for key in keys {
        let name = format!("{before}{}", key.name.to_uppercase());
        out.push((name.clone(), key.kind));
        match key.kind {
            Kind::Table(inner) => variables(inner, &format!("{name}__"), out),
            Kind::Named(inner) => variables(inner, &format!("{name}__ANA__"), out),
            Kind::Rows(inner) => variables(inner, &format!("{name}__0__"), out),
            Kind::Secret => out.push((format!("{name}_FILE"), Kind::Text)),
            _ => {}
        }
    }
}

#[test]
fn every_key_can_be_set_by_a_variable_and_complaints_name_it() {
    let mut all = Vec::new();
    variables(ROOT, "FIREBELL_", &mut all);
    assert!(all.len() > 80, "{}", all.len());
    for (variable, _) in all {
        // No key takes a control character: a variable that reached its key is complained about by its own name.
        let complaints = bad("", &[(&variable, "\u{1}")]);
        let own = complaints.lines().filter(|l| l.starts_with(&format!("{variable}: error: "))).collect::<Vec<_>>();
        assert!(!own.is_empty(), "{variable} reached no key:\n{complaints}");
        assert!(own.iter().all(|l| !l.contains("names no key")), "{own:?}");
    }
}

/// The values of all secrets of a tree.
fn secrets_of(tree: &Tree, keys: &'static [Key], out: &mut Vec<String>) {
    for (name, node) in tree {
        match (find(keys, name).map(|(k, _)| k.kind), &node.value) {
            (Some(Kind::Secret), Value::Text(text)) => out.push(text.clone()),
            (Some(Kind::Table(inner)), Value::Table(t)) => secrets_of(t, inner, out),
            (Some(Kind::Named(inner) | Kind::Rows(inner)), Value::Table(t)) => {
                for node in t.values() {
                    if let Value::Table(t) = &node.value {
                        secrets_of(t, inner, out);
                    }
                }
            }
            (Some(Kind::Rows(inner)), Value::List(rows)) => {
                for node in rows {
                    if let Value::Table(t) = &node.value {
                        secrets_of(t, inner, out);
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn a_valid_configuration_prints_none_of_its_secrets() {
    let text = super::sample::uncommented(false);
    let tree = parse_file(&text, &mut Problems::new(None)).unwrap();
    let mut secrets = Vec::new();
    secrets_of(&tree, ROOT, &mut secrets);
    assert_eq!(secrets.len(), 22, "{secrets:?}");
    let result = load_with(&text, &[]);
    let printed = format!("{result:#?}\n{}\n{}", report_text(&result), report_json(&result));
    for secret in secrets.iter().filter(|s| *s != "sqlite://firebell.db") {
        assert!(!printed.contains(secret.as_str()), "{secret} is printed");
    }
    let postgres = good("database_url = \"postgres://firebell:hunter2@db/firebell\"");
    assert!(!format!("{postgres:?}").contains("hunter2"));
}

#[test]
fn no_complaint_repeats_a_secret() {
    let mut all = Vec::new();
    variables(ROOT, "FIREBELL_", &mut all);
    let secrets: Vec<String> = all.into_iter().filter(|(_, k)| matches!(k, Kind::Secret)).map(|(v, _)| v).collect();
    assert!(secrets.len() >= 9, "{secrets:?}");
    let forms =
        ["hunter2", " hunter2-hunter2-hunter2", "hunter2-hunter2\u{7}hunter2", "https://u:hunter2@[", "x:hunter2"];
    for variable in &secrets {
        for form in forms {
            let result = load_with("", &[(variable, form)]);
            let printed = format!("{result:?}{}{}", report_text(&result), report_json(&result));
            assert!(!printed.contains("hunter2"), "{variable}={form:?}: {printed}");
        }
    }
    for written in
        ["7777777777", "[\"7777777777\"]", "{ v = \"7777777777\" }", "\"7777777777", "7777777777x", "\"\"7777777777"]
    {
        let complaints = bad(&format!("[api.tokens.ana]\ntoken = {written}\n"), &[]);
        assert!(!complaints.contains("7777777777"), "{complaints}");
    }
}

#[test]
fn a_file_that_was_named_must_exist() {
    let complaints = |name: &str| lines(&load(Some(Path::new(name)), std::iter::empty()).unwrap_err());
    assert_eq!(
        complaints("config/nowhere.toml"),
        "config/nowhere.toml: error: cannot read the configuration: there is no such file. \
         Name a file that exists with --config, or leave it out for the built-in defaults.\n"
    );
    assert!(complaints("config").contains("it is a folder"));
    assert!(complaints("/dev/zero").contains("larger than 4 MB"));
}

#[test]
fn why_a_file_cannot_be_read_is_said_in_words() {
    use std::io::{Error, ErrorKind};
    let said = |kind: ErrorKind| super::super::shape::plain(&Error::from(kind));
    assert_eq!(said(ErrorKind::PermissionDenied), "this user may not read it");
    assert_eq!(said(ErrorKind::NotADirectory), "a part of its path is a file");
}

#[test]
fn a_file_in_windows_clothes_is_read_and_counts_its_lines_right() {
    let problems =
        load_with("\u{feff}listen = \"127.0.0.1:7911\"\r\n\r\n[log]\r\nformt = \"text\"\r\n", &[]).unwrap_err();
    assert_eq!(problems.iter().map(|p| (p.line, p.key.as_str())).collect::<Vec<_>>(), [(Some(4), "log.formt")]);
}

#[test]
fn the_report_for_machines_has_every_part() {
    let json = report_json(&load_with("listn = 1", &[]));
    assert_eq!(json["ok"], false);
    assert_eq!(json["problems"][0]["level"], "error");
    assert_eq!(json["problems"][0]["file"], "firebell.toml");
    assert_eq!(json["problems"][0]["line"], 1);
    assert_eq!(json["problems"][0]["key"], "listn");
    assert_eq!(json["problems"][0]["variable"], serde_json::Value::Null);
    let json = report_json(&load_with("[people.ana]\n[services.checkout]", &[]));
    assert_eq!((&json["ok"], &json["file"]), (&true.into(), &"firebell.toml".into()));
    let kinds: Vec<_> = json["unmapped"].as_array().unwrap().iter().map(|n| n["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["pager", "person", "service"]);
    assert_eq!((&json["unmapped"][1]["line"], &json["unmapped"][1]["key"]), (&1.into(), &"people.ana".into()));
    assert_eq!(json["unmapped"][1]["level"], "note");
    let warned = load_with("listen = \"0.0.0.0:7911\"", &[]).unwrap().warnings;
    assert_eq!(warned.iter().map(|w| w.level).collect::<Vec<_>>(), [Level::Warning]);
}

proptest! {
    #[test]
    fn a_damaged_file_is_refused_or_read_but_never_a_panic(
        cuts in proptest::collection::vec((0usize..20_000, 0usize..40, "[a-z=\\[\\]\".{}0-9\n ]{0,6}"), 1..12),
    ) {
        let mut text = super::sample::uncommented(false);
        for (at, length, instead) in cuts {
            let start = at % text.len().max(1);
            let end = (start + length).min(text.len());
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &instead);
            }
        }
        let count = text.lines().count() + 1;
        for problem in load_with(&text, &[]).map_or_else(|problems| problems, |loaded| loaded.warnings) {
            prop_assert!(problem.line.is_none_or(|l| (1..=count).contains(&l)), "{problem}");
            prop_assert!(!problem.to_string().chars().any(char::is_control), "{problem}");
        }
    }
}

#[test]
fn each_webhook_of_pagerduty_may_have_a_secret_of_its_own() {
    let secrets = |more: &str| {
        let key = "routing_key = \"0123456789abcdef0123456789abcdef\"";
        let config = good(&format!("[paging.pagerduty]\n{key}\n{more}\n[people.ana]\npagerduty = \"PXPGF42\"")).config;
        assert_eq!(config.people[&PersonId::from("ana")].pagerduty.as_deref(), Some("PXPGF42"));
        config.pagerduty_webhooks.iter().map(|s| s.expose_secret().to_string()).collect::<Vec<_>>()
    };
    assert!(secrets("").is_empty());
    assert_eq!(secrets("webhook_secret = \"0123456789abcdef\""), ["0123456789abcdef"]);
    let two = secrets("webhook_secret = \"0123456789+/abcdef=  fedcba9876543210\"");
    assert_eq!(two, ["0123456789+/abcdef=", "fedcba9876543210"]);
}

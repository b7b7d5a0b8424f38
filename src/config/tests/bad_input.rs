//! What people get wrong most dangerously, one mistake each: the whole answer stands in `tests/golden/bad_input.txt`.
//! UPDATE_EXPECT=1 writes it; read the difference.

use super::super::{load_text, report_text};
use std::fmt::Write;
use std::path::Path;

const PEOPLE: &str = "[people.ana]\n[people.bo]\n";
const OPS: &str = "[paging.webhook.ops]\nurl = \"https://hooks.example.org/ops\"\n";
const SCHEDULE: &str = "[schedules.primary]\npeople = [\"ana\", \"bo\"]\n";

/// Name, and the parts of the file.
type Case = (&'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    ("a policy without a level", &["[policies.default]"]),
    ("a level that pages nobody", &[PEOPLE, "[policies.default]\nlevels = [{ page = [] }, { page = [\"@ana\"] }]"]),
    (
        "a policy whose people have no contact method",
        &[PEOPLE, OPS, "secret = \"0123456789abcdef\"\n[policies.default]\nlevels = [{ page = [\"@ana\", \"@bo\"] }]"],
    ),
    ("a policy without any pager", &[PEOPLE, "[policies.default]\nlevels = [{ page = [\"@ana\"] }]"]),
    (
        "a policy of owners that no service has",
        &[
            OPS,
            "secret = \"0123456789abcdef\"\n[services.shop]\n[policies.default]\nlevels = [{ page = [\"owners\"] }]",
        ],
    ),
    (
        "a service whose owners cannot be reached",
        &[
            OPS,
            "secret = \"0123456789abcdef\"\n[people.ana]\ncontact = [{ via = \"webhook.ops\" }]\n[people.bo]\n\
             [services.shop]\nowners = [\"ana\"]\n[services.search]\nowners = [\"bo\"]\n[services.mail]\n\
             [policies.default]\nlevels = [{ page = [\"owners\"] }]",
        ],
    ),
    (
        "policies that go round in a circle",
        &[
            PEOPLE,
            "[policies.first]\nthen = \"second\"\nlevels = [{ page = [\"@ana\"] }]\n[policies.second]\nthen = \"first\"\n\
             levels = [{ page = [\"@bo\"] }]\n[policies.self]\nthen = \"self\"\nlevels = [{ page = [\"@bo\"] }]",
        ],
    ),
    (
        "a policy that goes on in one that is not there",
        &[
            PEOPLE,
            "[policies.first]\nthen = \"secnd\"\nlevels = [{ page = [\"@ana\"] }]\n[policies.second]\nlevels = [{ page = [\"@bo\"] }]",
        ],
    ),
    (
        "working hours in a zone that does not exist",
        &[
            PEOPLE,
            "[policies.default]\nworking_hours = { zone = \"Europe/Berln\", days = [\"Mon-Fri\"], from = \"09:00\", to = \"17:00\" }\n\
             levels = [{ page = [\"@ana\"], when = \"working-hours\" }, { page = [\"@bo\"] }]",
        ],
    ),
    (
        "a policy that reaches nobody at night",
        &[
            OPS,
            "secret = \"0123456789abcdef\"\n[people.ana]\ncontact = [{ via = \"webhook.ops\" }]\n[policies.default]\n\
             working_hours = { zone = \"Europe/Berlin\", days = [\"Mon-Fri\"], from = \"09:00\", to = \"17:00\" }\n\
             levels = [{ page = [\"@ana\"], when = \"working-hours\" }]",
        ],
    ),
    ("an unknown person in a policy", &[PEOPLE, "[policies.default]\nlevels = [{ page = [\"@anna\"] }]"]),
    ("an unknown owner", &[PEOPLE, "[services.shop]\nowners = [\"ana\", \"dora\"]"]),
    ("an unknown person on a schedule", &["[people.ana]\n[schedules.primary]\npeople = [\"ana\", \"an\"]"]),
    (
        "an unknown person who stands in",
        &[
            PEOPLE,
            SCHEDULE,
            "overrides = [{ person = \"cy\", from = 2026-12-24T09:00:00Z, to = 2026-12-25T09:00:00Z }]",
        ],
    ),
    (
        "two who stand in at once",
        &[
            PEOPLE,
            SCHEDULE,
            "[[schedules.primary.overrides]]\nperson = \"ana\"\nfrom = 2026-12-24T09:00:00Z\nto = 2026-12-26T09:00:00Z\n\
             [[schedules.primary.overrides]]\nperson = \"bo\"\nfrom = 2026-12-25T09:00:00Z\nto = 2026-12-27T09:00:00Z",
        ],
    ),
    ("a zone that does not exist", &["[people.ana]\ntime_zone = \"Europe/Berln\""]),
    ("a zone by its city", &["[people.ana]\n[schedules.primary]\npeople = [\"ana\"]\nzone = \"New York\""]),
    ("a pager without credentials", &["[paging.pagerduty]\n[paging.webhook.ops]"]),
    ("a pager with an empty credential", &[OPS, "secret = \"\""]),
    ("a pager whose secret's file is missing", &["[paging.pagerduty]\nrouting_key_file = \"secrets/missing\""]),
    ("a pager whose secret's file is empty", &["[paging.pagerduty]\nrouting_key_file = \"secrets/empty\""]),
    ("a pager whose secret's file is a folder", &["[paging.pagerduty]\nrouting_key_file = \"secrets\""]),
    ("a pager with too short a secret", &[OPS, "secret = \"hunter2\""]),
    ("a pager with a placeholder", &["[paging.pagerduty]\nrouting_key = \"CHANGEME\""]),
    ("a pager with the sample's own value", &[OPS, "secret = \"write-24-random-bytes-as-hex-here\""]),
    ("a pager with a template that nobody filled in", &["[paging.pagerduty]\nrouting_key = \"${ROUTING_KEY}\""]),
    (
        "a pager whose secret's file holds a placeholder",
        &["[paging.pagerduty]\nrouting_key_file = \"secrets/placeholder\""],
    ),
    (
        "a person with a placeholder",
        &["[paging.pagerduty]\nrouting_key = \"0123456789abcdef0123456789abcdef\"\n[people.ana]\n\
             contact = [{ via = \"pagerduty\", routing_key = \"<key of ana>\" }]"],
    ),
    (
        "an alert source with a token that everybody knows",
        &["[ingest.monitor]\nkind = \"generic\"\ntoken = \"another-24-random-bytes-as-hex\""],
    ),
    ("names that differ only by case", &["[people.ana]\n[people.Ana]\n[services.shop]\n[services.SHOP]"]),
    (
        "a contact through a pager that is not there",
        &[
            OPS,
            "secret = \"0123456789abcdef\"\n[people.ana]\ncontact = [{ via = \"pagerduty\" }, { via = \"webhook.opps\" }]",
        ],
    ),
    (
        "a service with a policy that is not there",
        &[
            PEOPLE,
            "[services.shop]\npolicy = \"dflt\"\n[services.search]\npolicy = \"loud\"\n[policies.default]\nlevels = [{ page = [\"@ana\"] }]",
        ],
    ),
    ("a schedule that nobody is on", &["[schedules.primary]\n[schedules.secondary]\npeople = []"]),
    (
        "a level that pages a schedule that is not there",
        &[PEOPLE, SCHEDULE, "[policies.default]\nlevels = [{ page = [\"schedule:primry\"] }]"],
    ),
    ("hosts that are no names", &["hosts = [\"https://bell.internal:7911/\", \"*.example.org\", \"bell.internal.\"]"]),
    ("a file that is not TOML", &["[people.ana\n"]),
];

fn told() -> String {
    let mut out = String::new();
    for (name, parts) in CASES {
        let text = parts.concat();
        // A relative name, so that no path of a machine gets into the golden; tests run in the package's folder.
        let report =
            report_text(&load_text(Some((Path::new("tests/golden/config/firebell.toml"), &text)), [].into_iter()));
        let report = report.replace("tests/golden/config/", "");
        let _ = writeln!(out, "== {name}");
        for (n, line) in text.lines().enumerate() {
            let _ = writeln!(out, "{:>2} | {line}", n + 1);
        }
        let _ = writeln!(out, "{report}");
    }
    out
}

#[test]
fn every_dangerous_mistake_is_named_with_its_line_and_what_to_write_instead() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bad_input.txt");
    let found = told();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == found, "expected\n{written}\nfound\n{found}");
}

#[test]
fn each_of_them_is_an_error_or_a_warning_with_a_line_and_something_to_do() {
    for (name, parts) in CASES {
        let text = parts.concat();
        let problems = match load_text(Some((Path::new("tests/golden/config/firebell.toml"), &text)), [].into_iter()) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        assert!(!problems.is_empty(), "{name} is not named");
        for p in problems {
            assert!(p.line.is_some() && !p.fix.is_empty() && !p.what.is_empty(), "{name}: {p}");
        }
    }
}

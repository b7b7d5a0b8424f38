//! `config/firebell.toml` is the manual of the configuration: it must be true and complete.

use super::super::node::{Tree, Value, parse_file};
use super::super::placeholder;
use super::super::problem::Problems;
use super::super::schema::{self, Key, Kind, ROOT};
use super::super::shape::Shape;
use super::super::{DEFAULT_FILE, load, load_text};
use super::good;
use std::collections::BTreeSet;
use std::path::Path;

fn sample() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(DEFAULT_FILE)).unwrap()
}

/// The sample with its examples un-commented: `#key = …` is one, `# text` is not, `#or key = …` is one of two ways
/// to say the same.
pub fn uncommented(alternatives: bool) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with("or ") => {
            if alternatives {
                rest[3..].to_string()
            } else {
                String::new()
            }
        }
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => String::new(),
        Some(rest) => rest.to_string(),
        None => line.to_string(),
    };
    let all: String = sample().lines().map(|l| line(l) + "\n").enumerate().map(|(n, l)| filled_in(&l, n)).collect();
    // The files and the folder that must be there.
    all.replace("secrets/mail-ca.pem", "tests/golden/config/secrets/mail-ca.pem")
        .replace("runbooks/shop.", "tests/data/runbooks/shop.")
        .replace("templates = \"postmortem\"", "templates = \"config/postmortem\"")
}

/// A line whose placeholder somebody has replaced by a secret of their own.
fn filled_in(line: &str, no: usize) -> String {
    match line.split('"').nth(1).filter(|value| placeholder::is_one(value)) {
        Some(value) if value.contains("-your-token") => {
            line.replace(value, &value.replace("your-token", &format!("fedcba98{no:024}")))
        }
        Some(value) if value.contains("hexadecimal") => line.replace(value, &format!("fedcba98{no:056}")),
        Some(value) => line.replace(value, &format!("fedcba98{no:024}")),
        None => line.to_string(),
    }
}

#[test]
fn no_secret_of_the_sample_is_taken_for_one() {
    // Both ways to say it, and nothing filled in: every example of a secret is named.
    let examples: Vec<String> = sample()
        .lines()
        .filter_map(|l| l.strip_prefix('#').filter(|l| !l.starts_with(' ')))
        .map(str::to_string)
        .collect();
    let given = |key: &str| {
        let of = |l: &&String| l.starts_with(&format!("{key} = "));
        examples.iter().filter(of).filter_map(|l| l.split('"').nth(1)).collect::<Vec<_>>()
    };
    let secrets = [given("routing_key"), given("secret"), given("token"), given("key")].concat();
    assert_eq!(secrets.len(), 10, "{secrets:?}");
    for secret in secrets {
        let token = format!("[api.tokens.ana]\ntoken = \"{secret}\"\n");
        assert!(super::bad(&token, &[]).contains("is a placeholder, not a secret"), "{secret}");
    }
}

#[test]
fn the_sample_says_what_the_built_in_defaults_are() {
    let built_in = load_text(None, std::iter::empty()).unwrap();
    let shipped = load_text(Some((Path::new(DEFAULT_FILE), &sample())), std::iter::empty()).unwrap();
    assert_eq!(format!("{:#?}", shipped.config), format!("{:#?}", built_in.config));
    assert!(shipped.warnings.is_empty() && built_in.warnings.is_empty());
    // Debug hides it, so it is compared by itself.
    assert_eq!(shipped.config.sqlite_path(), Some("firebell.db".into()));
    assert_eq!(built_in.config.sqlite_path(), Some("firebell.db".into()));
}

#[test]
fn the_sample_is_read_when_no_file_is_named() {
    // Tests run in the folder of the package, where the sample is.
    let loaded = load(None, std::iter::empty()).unwrap();
    assert_eq!(loaded.file.as_deref(), Some(Path::new(DEFAULT_FILE)));
}

#[test]
fn every_example_in_the_sample_is_valid_without_a_warning() {
    let loaded = good(&uncommented(false));
    assert_eq!(loaded.warnings, []);
    let directory = loaded.config.directory();
    assert_eq!(directory.people.len(), 2);
    assert_eq!(directory.pagers.len(), 4);
    assert_eq!(directory.policies.len(), 2);
    assert_eq!(loaded.config.ingest.len(), 2);
    assert!(loaded.config.audit_key.is_some() && loaded.config.heartbeat.is_some());
}

#[test]
fn the_defaults_that_the_sample_states_in_comments_are_the_real_ones() {
    let stated = good(&uncommented(false)).config;
    let Some(super::super::Ingest { kind: super::super::IngestKind::Generic(mapping), .. }) =
        stated.ingest.get("monitor")
    else {
        panic!("the sample has a generic source named monitor")
    };
    assert_eq!(**mapping, super::super::Mapping { alerts: Some("alerts".into()), ..Default::default() });
    let source = &stated.ingest["alertmanager"];
    assert_eq!((source.severity_label.as_str(), source.service_label.as_str()), ("severity", "service"));
    let rules: Vec<(usize, bool)> = source.rules.iter().map(|r| (r.conditions.len(), r.incident)).collect();
    assert_eq!(rules, [(3, true), (1, false)]);
    // A schedule and a level that say nothing are what the comments say.
    let silent = good(
        "[people.ana]\n[schedules.primary]\npeople = [\"ana\"]\n[policies.default]\nlevels = [{ page = [\"@ana\"] }]",
    );
    let rotation = silent.config.schedules.values().next().unwrap().rotation.clone();
    assert_eq!((rotation.shift_s, rotation.zone), (604_800, chrono_tz::Tz::UTC));
    assert_eq!(rotation.first_handoff.to_string(), "2024-01-01 09:00:00");
    let policy = silent.config.policies.values().next().unwrap();
    assert_eq!((policy.steps[0].delay_s, policy.repeat_max), (300, None));
}

#[test]
fn every_known_key_is_in_the_sample_and_every_key_of_the_sample_is_known() {
    // Twice the same key is an error of TOML, so the two ways are read line by line into one set of paths.
    let mut documented = BTreeSet::new();
    for alternatives in [false, true] {
        let text = uncommented(alternatives);
        let mut problems = Problems::new(None);
        // Duplicate keys are what the second reading has on purpose; everything else must parse.
        let mut tree = parse_file(&text, &mut problems).expect("the sample un-commented is TOML");
        let syntax = problems.finish();
        assert!(syntax.iter().all(|p| alternatives && p.what.ends_with("is given twice")), "{syntax:?}");
        collect(&tree, ROOT, "", &mut documented);
        let mut problems = Problems::new(None);
        Shape { folder: Path::new(""), problems: &mut problems }.table(&mut tree, ROOT, "");
        let unknown: Vec<_> = problems.finish().into_iter().filter(|p| p.what == "unknown key").collect();
        assert_eq!(unknown, [], "the sample shows keys that the loader does not know");
    }
    let mut known = BTreeSet::new();
    all_keys(ROOT, "", &mut known);
    let missing: Vec<_> = known.difference(&documented).collect();
    assert!(missing.is_empty(), "config/firebell.toml does not show: {missing:?}");
    let strange: Vec<_> = documented.difference(&known).collect();
    assert!(strange.is_empty(), "config/firebell.toml shows what is unknown: {strange:?}");
}

/// Paths of a tree, with `*` for the names that people choose.
fn collect(tree: &Tree, keys: &'static [Key], path: &str, out: &mut BTreeSet<String>) {
    for (name, node) in tree {
        let here = format!("{path}{name}");
        let kind = schema::find(keys, name).map(|(key, _)| key.kind);
        match (kind, &node.value) {
            (Some(Kind::Table(inner)), Value::Table(t)) => collect(t, inner, &format!("{here}."), out),
            (Some(Kind::Named(inner)), Value::Table(t)) => {
                for node in t.values() {
                    let Value::Table(t) = &node.value else { panic!("{here} holds tables") };
                    collect(t, inner, &format!("{here}.*."), out);
                }
            }
            (Some(Kind::Rows(inner)), Value::List(rows)) => {
                for node in rows {
                    let Value::Table(t) = &node.value else { panic!("{here} holds tables") };
                    collect(t, inner, &format!("{here}[]."), out);
                }
            }
            _ => {
                out.insert(here);
            }
        }
    }
}

fn all_keys(keys: &'static [Key], path: &str, out: &mut BTreeSet<String>) {
    for key in keys {
        let here = format!("{path}{}", key.name);
        match key.kind {
            Kind::Table(inner) => all_keys(inner, &format!("{here}."), out),
            Kind::Named(inner) => all_keys(inner, &format!("{here}.*."), out),
            Kind::Rows(inner) => all_keys(inner, &format!("{here}[]."), out),
            Kind::Secret => out.extend([format!("{here}_file"), here]),
            _ => {
                out.insert(here);
            }
        }
    }
}

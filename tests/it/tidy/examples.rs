//! The examples of how to deploy say what the program is: variables that it knows, one port, one folder, addresses that
//! answer, a user that the image has. Which of them was started for real stands in docs/deploy.md.

use super::source::{files, root, text};
use super::{none, planted};
use firebell::config::{self, Loaded};
use std::collections::{BTreeMap, BTreeSet};

const UNIT: &str = "config/systemd/firebell.service";
const COMPOSE: &str = "config/compose/compose.yml";
const POSTGRES: &str = "config/compose/compose.postgres.yml";
const KUBERNETES: &str = "config/kubernetes/firebell.yaml";
const DATA: &str = "/var/lib/firebell";

/// With `${NAME:-default}` as its default and `${NAME:?…}` as somebody's word.
fn expanded(line: &str) -> String {
    let mut parts = line.split("${");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (inside, after) = part.split_once('}').expect("closed");
        out.push_str(inside.split_once(":-").map_or("sesame", |(_, default)| default));
        out.push_str(after);
    }
    out
}

/// What an example gives to the program: `NAME=VALUE`, `NAME: VALUE` or `name: NAME, value: VALUE`, comments left out.
/// Secrets that stand elsewhere get a value of their kind.
fn variables(example: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in example.lines().filter(|l| !l.trim_start().starts_with('#')).map(expanded) {
        let Some(at) = line.find("FIREBELL_") else { continue };
        let end = line[at..].find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
        let (name, rest) = line[at..].split_at(end.unwrap_or(line.len() - at));
        let rest = rest.trim_start_matches([',', ':', '=', ' ']);
        let rest = rest.strip_prefix("value:").unwrap_or(rest).trim().trim_end_matches('}').trim().trim_matches('"');
        let value = match name {
            _ if !rest.is_empty() => rest.to_string(),
            "FIREBELL_DATABASE_URL" => "postgres://firebell:sesame@db/firebell".to_string(),
            _ => "0123456789abcdef".repeat(4),
        };
        found.insert(name.to_string(), value);
    }
    found
}

/// As the program reads it, over the configuration that the examples bring.
fn loaded(examples: &[&str]) -> (Loaded, BTreeMap<String, String>) {
    let mut env = BTreeMap::new();
    examples.iter().for_each(|e| env.extend(variables(&text(e))));
    let read = config::load(Some(&root().join("config/firebell.toml")), env.clone().into_iter());
    let read = read.unwrap_or_else(|problems| {
        panic!("{examples:?}: {}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    (read, env)
}

#[test]
fn the_examples_give_variables_that_the_program_knows_and_keep_its_data_in_one_folder() {
    for examples in [&[UNIT][..], &[COMPOSE], &[COMPOSE, POSTGRES], &[KUBERNETES]] {
        let (read, env) = loaded(examples);
        assert!(env.len() >= 2, "{examples:?}: {env:?}");
        assert_eq!(env["FIREBELL_CONFIG"], "/etc/firebell/firebell.toml");
        assert_eq!(read.config.data_dir.to_str(), Some(DATA), "{examples:?}");
        let all: String = examples.iter().map(|e| text(e)).collect();
        let kept = [format!(":{DATA}"), format!("mountPath: {DATA}"), "StateDirectory=firebell\n".to_string()];
        assert!(kept.iter().any(|k| all.contains(k)), "{examples:?} keeps nothing");
        assert_eq!(read.config.listen.port(), 7911);
        // In a container it listens to everybody: what is published decides who reaches it.
        assert_eq!(read.config.listen.ip().is_loopback(), examples == [UNIT], "{examples:?}");
    }
    let nonsense = "    FIREBELL_DATABASE_UR: sqlite:///x.db\n".to_string();
    let wrong = config::load(None, variables(&nonsense).into_iter());
    planted(1, usize::from(wrong.is_err()));
}

#[test]
fn the_examples_agree_on_the_port_the_user_and_the_addresses_that_are_asked() {
    let dockerfile = text("Dockerfile");
    assert!(dockerfile.contains("EXPOSE 7911\n") && dockerfile.contains("--uid 7911 "));
    assert!(dockerfile.contains(&format!("VOLUME {DATA}\n")) && text("config/firebell.toml").contains(":7911\""));
    let compose = text(COMPOSE);
    assert!(compose.contains("\"127.0.0.1:7911:7911\""), "published to this machine only");
    assert!(!text(POSTGRES).contains("ports:"), "the database is published");
    let kubernetes = text(KUBERNETES);
    for line in ["containerPort: 7911", "port: 7911, targetPort: http", "runAsUser: 7911", "fsGroup: 7911"] {
        assert!(kubernetes.contains(line), "{line}");
    }
    let addresses = text("src/web/assets/openapi.json");
    let probes: BTreeSet<&str> =
        kubernetes.split("path: /").skip(1).filter_map(|p| p.split([',', ' ']).next()).collect();
    assert_eq!(probes.iter().copied().collect::<Vec<_>>(), ["health", "ready"]);
    let unknown = probes.iter().filter(|p| !addresses.contains(&format!("\"/{p}\": {{")));
    none("There is nothing at a probe's address", unknown.map(ToString::to_string).collect());
    // Stopping waits for what is being sent.
    let patient = [
        (UNIT, "TimeoutStopSec=30"),
        (COMPOSE, "stop_grace_period: 30s"),
        (KUBERNETES, "terminationGracePeriodSeconds: 30"),
    ];
    for (example, line) in patient {
        assert!(text(example).contains(line), "{example}: {line}");
    }
}

#[test]
fn several_replicas_have_one_postgres_one_key_and_are_never_all_away() {
    let kubernetes = text(KUBERNETES);
    let code: String =
        kubernetes.lines().filter(|l| !l.trim_start().starts_with('#')).map(|l| format!("{l}\n")).collect();
    assert!(code.contains("replicas: 2\n") && !code.contains("sqlite"), "SQLite is one process's");
    assert!(code.contains("kind: PodDisruptionBudget") && code.contains("minAvailable: 1\n"));
    let (read, env) = loaded(&[KUBERNETES]);
    assert!(read.config.sqlite_path().is_none() && read.config.audit_key.is_some() && env.len() > 5);
    // The secret that is asked for is the one that the manual line makes.
    for key in ["database-url", "audit-key"] {
        assert!(code.contains(&format!("secretKeyRef: {{ name: firebell, key: {key} }}")), "{key}");
        assert!(kubernetes.contains(&format!("#     --from-literal={key}=")), "{key}");
    }
}

#[test]
fn every_example_is_in_the_manual_with_how_it_was_tried() {
    let manual = text("docs/deploy.md");
    let examples = ["config/systemd/", "config/compose/", "config/kubernetes/"];
    let missing = files().into_iter().filter(|f| examples.iter().any(|e| f.starts_with(e)));
    none("docs/deploy.md says nothing of it", missing.filter(|f| !manual.contains(&format!("](../{f})"))).collect());
    assert!(manual.contains("**Started**") && manual.contains("**Not started**"));
}

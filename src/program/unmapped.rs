//! What of a runbook leads nowhere because nobody has said what it means here, by its line.

use super::{Note, Source, reminders};
use firebell_runbook::model::Executor;
use std::collections::BTreeMap;

pub fn notes(source: &Source, notes: &mut Vec<Note>) {
    values(source, notes);
    targets(source, notes);
    super::authority::notes(source, notes);
    proposals(source, notes);
    notes.extend(reminders::of(source).1);
}

/// Placeholders that stand for something of this installation and not of one incident: `your-domain`, `example.com`.
/// The others (a pod, an id) are asked for when their command is.
pub fn is_of_the_installation(placeholder: &str) -> bool {
    let bare = placeholder.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace('_', "-");
    bare.starts_with("your-")
        || bare.starts_with("my-")
        || bare.split('.').any(|part| part.starts_with("example"))
        || bare.starts_with("your ")
}

fn values(source: &Source, notes: &mut Vec<Note>) {
    let mut open: BTreeMap<&str, (u32, usize)> = BTreeMap::new();
    for command in &source.book().commands {
        for placeholder in command.placeholders.iter().filter(|p| is_of_the_installation(p)) {
            if !source.overlay.values.contains_key(placeholder) {
                let seen = open.entry(placeholder).or_insert((command.line, 0));
                seen.1 += 1;
            }
        }
    }
    for (placeholder, (line, times)) in open {
        let commands = if times == 1 { "1 command".to_string() } else { format!("{times} commands") };
        notes.push(Note {
            kind: "value",
            name: placeholder.to_string(),
            line: Some(line),
            what: format!("\"{placeholder}\" has no value, and {commands} cannot be used without it"),
            fix: format!("Add [[values]] placeholder = \"{placeholder}\", value = \"…\" to {}", source.overlay_file),
        });
    }
}

/// What a client needs to be told where it works; `None` for what says so itself, or never runs by itself.
pub fn client(executor: Executor) -> Option<&'static str> {
    Some(match executor {
        Executor::Docker | Executor::Compose => "docker",
        Executor::Postgres => "postgres",
        Executor::Mysql => "mysql",
        Executor::Redis => "redis",
        Executor::Kubernetes => "kubernetes",
        Executor::Ssh => "ssh",
        Executor::Host | Executor::Git | Executor::Script | Executor::Package | Executor::AppCli => "host",
        Executor::Http | Executor::Prometheus | Executor::Tls | Executor::Cloud | Executor::Interactive => return None,
    })
}

fn targets(source: &Source, notes: &mut Vec<Note>) {
    let mut open: BTreeMap<&str, (u32, usize)> = BTreeMap::new();
    for command in &source.book().commands {
        if let Some(client) = client(command.executor).filter(|c| !source.overlay.targets.contains_key(*c)) {
            let seen = open.entry(client).or_insert((command.line, 0));
            seen.1 += 1;
        }
    }
    for (client, (line, times)) in open {
        let need = if times == 1 { "1 command needs".to_string() } else { format!("{times} commands need") };
        notes.push(Note {
            kind: "target",
            name: client.to_string(),
            line: Some(line),
            what: format!("nobody knows where \"{client}\" is, which {need}"),
            fix: format!("Add [[targets]] name = \"{client}\", target = \"…\" to {}", source.overlay_file),
        });
    }
}

fn proposals(source: &Source, notes: &mut Vec<Note>) {
    let mut groups: BTreeMap<&str, (u32, usize)> = BTreeMap::new();
    for proposal in source.undecided() {
        let seen = groups.entry(&proposal.group).or_insert((proposal.line, 0));
        seen.1 += 1;
    }
    for (group, (line, count)) in groups {
        let are = if count == 1 { "1 reading is".to_string() } else { format!("{count} readings are") };
        notes.push(Note {
            kind: "proposal",
            name: group.to_string(),
            line: Some(line),
            what: format!("{are} only proposed ({group}) and not in force"),
            fix: format!("Read them: firebell runbook review {}", source.file),
        });
    }
}

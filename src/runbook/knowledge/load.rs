//! Reads the knowledge base and checks it: what is not whole is not loaded, and named. Judges no command.

use std::collections::BTreeMap;

use super::Knowledge;
use super::condition::Condition;
use super::entry::{Harmless, RawFile, RawTool, RawUse, Tool, Use, Words};
use crate::model::Mode;

/// The knowledge and everything that is wrong with its source; an entry with a fault is left out.
pub fn load(files: &[(&str, &str)]) -> (Knowledge, Vec<String>) {
    let mut faults = Vec::new();
    let mut knowledge = Knowledge::default();
    for (name, text) in files {
        match toml::from_str::<RawFile>(text) {
            Ok(file) => file.tool.into_iter().for_each(|raw| add(&mut knowledge, raw, name, &mut faults)),
            Err(error) => faults.push(format!("{name}: {error}")),
        }
    }
    (knowledge, faults)
}

/// A tool that two files describe is one tool: entries of the later file follow those of the first.
fn add(knowledge: &mut Knowledge, raw: RawTool, file: &str, faults: &mut Vec<String>) {
    let Some(name) = raw.names.first().cloned() else {
        faults.push(format!("{file}: a tool without a name"));
        return;
    };
    let mut uses = Vec::new();
    for entry in raw.uses {
        let path = entry.path.join(", ");
        match read_use(entry) {
            Ok(entry) => uses.push(entry),
            Err(fault) => faults.push(format!("{file}: {name} [{path}]: {fault}")),
        }
    }
    if uses.is_empty() {
        faults.push(format!("{file}: {name} has no entry"));
        return;
    }
    if let Some(&known) = knowledge.by_name.get(&name) {
        let tool = &mut knowledge.tools[known];
        if tool.names != raw.names || tool.executor != raw.executor {
            faults.push(format!("{file}: {name} is described elsewhere with other names or another executor"));
            return;
        }
        tool.before.extend(raw.before.list());
        tool.values.extend(raw.values.list());
        tool.uses.extend(uses);
        return;
    }
    let place = knowledge.tools.len();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for alias in &raw.names {
        if knowledge.by_name.contains_key(alias) || by_name.insert(alias.clone(), place).is_some() {
            faults.push(format!("{file}: the name {alias} is taken twice"));
        }
    }
    knowledge.by_name.append(&mut by_name);
    knowledge.tools.push(Tool {
        names: raw.names,
        executor: raw.executor,
        filter: raw.filter,
        neutral: raw.neutral,
        before: raw.before.list(),
        values: raw.values.list(),
        attached: raw.attached.list(),
        long_dash: raw.long_dash,
        uses,
    });
}

fn read_use(raw: RawUse) -> Result<Use, String> {
    if raw.examples.positive() == 0 {
        return Err("no example".to_owned());
    }
    if raw.examples.not_this.is_empty() {
        return Err("no counter-example".to_owned());
    }
    let mut paths: Vec<Vec<String>> =
        raw.path.iter().map(|p| p.split_whitespace().map(str::to_owned).collect()).collect();
    if paths.is_empty() {
        paths.push(Vec::new());
    }
    let flags = match &raw.flags {
        Some(Words::Text(text)) if text == "any" => Harmless::Any,
        Some(words) => Harmless::Only(words.list()),
        None => Harmless::Only(Vec::new()),
    };
    Ok(Use {
        paths,
        risk: raw.risk,
        executor: raw.executor,
        mode: raw.mode.unwrap_or(Mode::Oneshot),
        flags,
        values: raw.values.list(),
        switches: raw.switches.list(),
        writes: raw.writes.list(),
        destroy_if: conditions(&raw.destroy_if)?,
        mutate_if: conditions(&raw.mutate_if)?,
        milder_if: conditions(&raw.milder_if)?,
        read_if: conditions(&raw.read_if)?,
        dry_if: conditions(&raw.dry_if)?,
        stream_if: conditions(&raw.stream_if)?,
        wait_if: conditions(&raw.wait_if)?,
        tty_if: conditions(&raw.tty_if)?,
        oneshot_if: conditions(&raw.oneshot_if)?,
        secret_if: conditions(&raw.secret_if)?,
        broken_if: raw
            .broken_if
            .iter()
            .map(|(condition, why)| Ok((Condition::read(condition)?, why.clone())))
            .collect::<Result<_, String>>()?,
        worst: raw.worst,
        affects_availability: raw.affects_availability,
        expensive: raw.expensive,
        secret: raw.secret,
        unknown: raw.unknown,
        client: raw.client,
        inner: raw.inner,
        examples: raw.examples,
    })
}

fn conditions(words: &Words) -> Result<Vec<Condition>, String> {
    words.list().iter().map(|w| Condition::read(w)).collect()
}

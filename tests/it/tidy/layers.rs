//! Who may know whom. The table in ARCHITECTURE.md ("The map") is the rule, the code is held to it: a part that names
//! another without being listed there fails, and so does a permission that nobody uses any more.

use super::source::{Source, paths, shipped, text};
use super::{none, planted};
use std::collections::{BTreeMap, BTreeSet};

/// A row of the map: what a part may name besides itself and the domain.
type Map = BTreeMap<String, BTreeSet<String>>;

/// Rows look like ``| `src/app/` | use cases | `store` `clock` |``.
fn map_of(document: &str) -> Map {
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>();
    let rows = document.lines().filter(|l| l.starts_with("| `src/") || l.starts_with("| `commands/"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 3, "a row of the map has three cells: {row}");
        let part = names(cells[0]).concat();
        let part = part.trim_start_matches("src/").trim_end_matches(".rs").trim_matches('/').replace('/', "::");
        (part, names(cells[2]).into_iter().collect())
    })
    .collect()
}

/// The part that a module belongs to: its folder, or a file that has a row of its own.
fn part_of(module: &[&str], map: &Map) -> Option<String> {
    let own = (module.len() >= 2).then(|| module[..2].join("::")).filter(|part| map.contains_key(part));
    own.or_else(|| module.first().map(|m| m.to_string()))
}

/// The parts that a file names, with one place for each.
fn named(source: &Source, map: &Map) -> Vec<(usize, String)> {
    let module = source.module();
    let mut found = Vec::new();
    for (at, path) in paths(&source.code) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let supers = path.iter().take_while(|p| **p == "super").count();
        let target: Vec<&str> = match path[0] {
            "crate" | "firebell" => path[1..].to_vec(),
            "super" if supers <= module.len() => [&module[..module.len() - supers], &path[supers..]].concat(),
            "firebell_domain" => vec!["domain"],
            _ => continue,
        };
        let (from, to) = (part_of(&module, map), part_of(&target, map));
        if let Some(to) = to.filter(|to| from.as_ref() != Some(to) && to != "*") {
            found.push((at, to));
        }
    }
    found
}

fn strangers(sources: &[Source], map: &Map) -> (Vec<String>, BTreeSet<(String, String)>) {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    // The pure packages cannot name the root package: Cargo sees to that.
    let pure = |s: &&Source| ["src/domain/", "src/runbook/"].iter().any(|folder| s.path.starts_with(folder));
    for source in sources.iter().filter(|s| !pure(s) && s.path != "src/lib.rs") {
        let Some(from) = part_of(&source.module(), map) else { continue };
        let Some(may) = map.get(&from) else {
            wrong.push(format!("{}: `{from}` has no row in ARCHITECTURE.md's map", source.path));
            continue;
        };
        for (at, to) in named(source, map) {
            used.insert((from.clone(), to.clone()));
            if to != "domain" && !may.contains(&to) && !may.contains("everything") {
                wrong.push(format!("{}: `{from}` must not know `{to}`", source.at(at)));
            }
        }
    }
    (wrong, used)
}

#[test]
fn parts_know_only_whom_the_map_lets_them_know() {
    let map = map_of(&text("ARCHITECTURE.md"));
    let (mut wrong, used) = strangers(&shipped(), &map);
    for (from, may) in map.iter().filter(|(_, may)| !may.contains("everything")) {
        for to in may.iter().filter(|to| !used.contains(&(from.clone(), to.to_string()))) {
            wrong.push(format!("ARCHITECTURE.md lets `{from}` use `{to}`, and it does not: take it out"));
        }
    }
    none("The map of ARCHITECTURE.md and the code differ", wrong);
}

#[test]
fn the_map_has_a_row_for_every_folder_and_file_of_src() {
    let map = map_of(&text("ARCHITECTURE.md"));
    let mut wrong = Vec::new();
    let parts: BTreeSet<String> = super::source::files()
        .iter()
        .filter_map(|path| path.strip_prefix("src/"))
        .map(|path| path.split('/').next().unwrap_or(path).trim_end_matches(".rs").to_string())
        .collect();
    for part in parts.iter().filter(|part| !map.contains_key(*part)) {
        wrong.push(format!("src/{part} has no row in ARCHITECTURE.md"));
    }
    for part in map.keys().filter(|part| !part.contains("::") && *part != "commands" && !parts.contains(*part)) {
        wrong.push(format!("ARCHITECTURE.md speaks of src/{part}, which is not there"));
    }
    none("The map is not complete", wrong);
}

#[test]
fn a_stranger_is_found_however_it_is_named() {
    let map = map_of(
        "| `src/app/` | x | |\n| `src/engine/` | x | `app` |\n| `src/engine/ports.rs` | x | |\n| `src/store/` | x | |\n",
    );
    let found = |path: &str, code: &str| strangers(&[Source::new(path, code)], &map).0.len();
    planted(1, found("src/app/a.rs", "use crate::store::Store;"));
    planted(1, found("src/app/deep/a.rs", "use super::super::super::{store, app};"));
    planted(1, found("src/app/mod.rs", "fn f() { crate::engine::ports::send() }"));
    planted(1, found("src/engine/ports.rs", "use crate::{\n    store::{self},\n};"));
    planted(1, found("src/engine/mod.rs", "use super::store;"));
    planted(1, found("src/new/mod.rs", ""));
    assert_eq!(found("src/engine/tick.rs", "use crate::app; use super::super::app::App; use super::tick;"), 0);
}

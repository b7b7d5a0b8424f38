//! Whether a function that a query calls has effects. Names only; an unknown one may do anything.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Risk;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    destroy: String,
    mutate: String,
    availability: String,
    read: String,
}

#[derive(Default)]
struct Table {
    exact: BTreeMap<String, Risk>,
    /// Beginnings, longest first.
    beginnings: Vec<(String, Risk)>,
    availability: Vec<String>,
}

/// Verbs in the name of a function that nobody knows; `read` is no guess that is ever made.
const ENDS_THINGS: &[&str] =
    &["drop", "delete", "truncate", "purge", "unlink", "wipe", "erase", "flush", "remove", "prune", "clear"];

pub(super) fn known(name: &str) -> Option<Risk> {
    let table = table();
    let found = table.exact.get(name).copied();
    found.or_else(|| table.beginnings.iter().find(|(b, _)| name.starts_with(b.as_str())).map(|(_, r)| *r))
}

/// `name`: the last part, in lower case; `own`: it stands in a schema that is not the system's.
pub(super) fn risk(name: &str, own: bool) -> Risk {
    if let Some(risk) = known(name).filter(|r| !own || *r > Risk::Read) {
        return risk;
    }
    let ends = name.split('_').any(|part| ENDS_THINGS.contains(&part));
    if ends { Risk::Destroy } else { Risk::Mutate }
}

pub(super) fn affects_availability(name: &str) -> bool {
    table().availability.iter().any(|a| a == name)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| load(include_str!("../../knowledge/verbs/functions.toml")).unwrap_or_default())
}

fn load(text: &str) -> Result<Table, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut table =
        Table { availability: file.availability.split_whitespace().map(str::to_owned).collect(), ..Table::default() };
    // The worse list first: it wins where a name stands in two.
    for (list, risk) in [(&file.destroy, Risk::Destroy), (&file.mutate, Risk::Mutate), (&file.read, Risk::Read)] {
        for name in list.split_whitespace() {
            match name.strip_suffix('*') {
                Some(beginning) => table.beginnings.push((beginning.to_owned(), risk)),
                None => drop(table.exact.entry(name.to_owned()).or_insert(risk)),
            }
        }
    }
    table.beginnings.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.cmp(b)));
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::{load, risk};
    use crate::model::Risk;

    #[test]
    fn the_table_of_functions_can_be_read() {
        let table = load(include_str!("../../knowledge/verbs/functions.toml")).unwrap();
        assert!(table.exact.len() > 300);
    }

    #[test]
    fn a_function_that_nobody_knows_is_never_a_read() {
        assert_eq!(risk("count", false), Risk::Read);
        assert_eq!(risk("pg_size_pretty", false), Risk::Read);
        assert_eq!(risk("pg_terminate_backend", false), Risk::Mutate);
        assert_eq!(risk("pg_create_restore_point", false), Risk::Mutate);
        assert_eq!(risk("lo_unlink", false), Risk::Destroy);
        assert_eq!(risk("rebuild_totals", false), Risk::Mutate);
        assert_eq!(risk("purge_old_sessions", false), Risk::Destroy);
        assert_eq!(risk("count", true), Risk::Mutate, "a schema's own `count`");
    }
}

//! Lays environment variables over the file: `FIREBELL_` and the path in upper case, `__` between tables
//! (`FIREBELL_PAGING__PAGERDUTY__ROUTING_KEY`). The environment is handed in: nothing here reads it.

use super::node::{Node, Tree, Value, parse_value};
use super::problem::{Origin, Problems, Spot, nearest, quoted};
use super::schema::{self, Key, Kind, ROOT};
use std::rc::Rc;

const PREFIX: &str = "FIREBELL_";

/// Variables with our prefix that are not configuration: the command line's own, the kill harness's (`stop.rs`), those of
/// the project's own tests and CI, and what Kubernetes sets in every container of a namespace that has a Service called `firebell`.
fn is_not_ours(name: &str) -> bool {
    const COMMAND_LINE: &[&str] =
        &["FIREBELL_CONFIG", "FIREBELL_STOP_AT", "FIREBELL_SEED_RUNBOOKS", "FIREBELL_CI_TARGET"];
    let kubernetes = ["FIREBELL_SERVICE_HOST", "FIREBELL_PORT"].contains(&name)
        || name.starts_with("FIREBELL_SERVICE_PORT")
        || name.starts_with("FIREBELL_PORT_");
    COMMAND_LINE.contains(&name) || kubernetes
}

pub fn overlay(tree: &mut Tree, env: impl Iterator<Item = (String, String)>, problems: &mut Problems) {
    // An empty variable is how compose files and shells say "not set": no key of ours may be empty.
    let mut ours: Vec<(String, String)> =
        env.filter(|(name, value)| name.starts_with(PREFIX) && !is_not_ours(name) && !value.is_empty()).collect();
    // Rows come in the order of their numbers (10 after 2), a whole list before changes to its parts.
    ours.sort_by_key(|(name, _)| {
        let segment = |s: &str| (s.parse::<usize>().unwrap_or(usize::MAX), s.to_string());
        name.split("__").map(segment).collect::<Vec<_>>()
    });
    for (name, value) in ours {
        let path: Vec<&str> = name[PREFIX.len()..].split("__").collect();
        let variable: Rc<str> = Rc::from(name.as_str());
        let spot = Spot::new(&Origin::Variable(variable.clone()), "");
        if let Err((what, fix)) = into_table(tree, ROOT, &path, PREFIX, &value, &variable) {
            problems.error(&spot, what, fix);
        }
    }
}

type Complaint = (String, String);

fn into_table(
    tree: &mut Tree,
    keys: &'static [Key],
    path: &[&str],
    before: &str,
    value: &str,
    variable: &Rc<str>,
) -> Result<(), Complaint> {
    let (segment, rest) = path.split_first().map_or(("", path), |(s, r)| (*s, r));
    let name = segment.to_lowercase();
    let Some((key, is_file)) = schema::find(keys, &name) else {
        return Err(unknown(segment, keys, before, rest));
    };
    let after = format!("{before}{}__", name.to_uppercase());
    if rest.is_empty() {
        let kind = if is_file { Kind::Text } else { key.kind };
        tree.insert(name, leaf(kind, key, value, variable)?);
        return Ok(());
    }
    match key.kind {
        Kind::Table(inner) => match table_in(tree, &name, variable) {
            Some(table) => into_table(table, inner, rest, &after, value, variable),
            None => Ok(()),
        },
        Kind::Named(inner) => {
            let Some(named) = table_in(tree, &name, variable) else { return Ok(()) };
            let (entry, rest) = rest.split_first().map_or(("", rest), |(s, r)| (*s, r));
            let chosen = choose_name(named, entry)?;
            if rest.is_empty() {
                named.insert(chosen, whole(key, value, variable)?);
                return Ok(());
            }
            let after = format!("{after}{entry}__");
            match table_in(named, &chosen, variable) {
                Some(table) => into_table(table, inner, rest, &after, value, variable),
                None => Ok(()),
            }
        }
        Kind::Rows(inner) => into_row(tree, key, inner, rest, &after, value, variable),
        _ => {
            let fix = format!("Write {}", after.trim_end_matches("__"));
            Err((format!("{name} has no keys of its own"), fix))
        }
    }
}

fn into_row(
    tree: &mut Tree,
    key: &Key,
    keys: &'static [Key],
    rest: &[&str],
    after: &str,
    value: &str,
    variable: &Rc<str>,
) -> Result<(), Complaint> {
    let none = || Node::of_variable(Value::List(Vec::new()), variable);
    let node = tree.entry(key.name.to_string()).or_insert_with(none);
    let Value::List(rows) = &mut node.value else { return Ok(()) };
    let (index, rest) = rest.split_first().map_or(("", rest), |(s, r)| (*s, r));
    let wanted = index.parse::<usize>().ok().filter(|n| *n <= rows.len()).ok_or_else(|| {
        let what = format!("{} is not a row of {}, which has {}", quoted(index), key.name, rows.len());
        (what, format!("Count from 0: {after}0__… is the first, {after}{}__… adds one", rows.len()))
    })?;
    if wanted == rows.len() {
        rows.push(Node::of_variable(Value::Table(Tree::new()), variable));
    }
    let Some(row) = rows.get_mut(wanted) else { return Ok(()) };
    if rest.is_empty() {
        *row = whole(key, value, variable)?;
        return Ok(());
    }
    match &mut row.value {
        Value::Table(row) => into_table(row, keys, rest, &format!("{after}{wanted}__"), value, variable),
        _ => Ok(()), // The file's mistake, which is reported where it stands.
    }
}

/// The table of a key, made when it is not there; `None` where the file has something else, which is reported
/// where it stands.
fn table_in<'a>(tree: &'a mut Tree, name: &str, variable: &Rc<str>) -> Option<&'a mut Tree> {
    let fresh = || Node::of_variable(Value::Table(Tree::new()), variable);
    match &mut tree.entry(name.to_string()).or_insert_with(fresh).value {
        Value::Table(inner) => Some(inner),
        _ => None,
    }
}

/// The entry that a segment means: one of the file's in any case, with `_` for what a variable cannot spell.
fn choose_name(named: &Tree, segment: &str) -> Result<String, Complaint> {
    let spelt = |name: &str| -> String {
        name.chars().map(|c| if c.is_alphanumeric() { c.to_uppercase().to_string() } else { "_".into() }).collect()
    };
    let fits: Vec<&String> = named.keys().filter(|k| spelt(k) == segment.to_uppercase()).collect();
    match fits.as_slice() {
        [] if segment.is_empty() => Err((
            "a name is missing".into(),
            "Write FIREBELL_TABLE__NAME__KEY, as in FIREBELL_PEOPLE__ANA__EMAIL".into(),
        )),
        [] => Ok(segment.to_lowercase()),
        [one] => Ok((*one).clone()),
        [one, two, ..] => {
            let what = format!("{segment} could mean {} or {}", quoted(one), quoted(two));
            Err((what, "Rename one of them, or set the key in the file".into()))
        }
    }
}

fn leaf(kind: Kind, key: &Key, value: &str, variable: &Rc<str>) -> Result<Node, Complaint> {
    let text = || Value::Text(value.to_string());
    let value = match kind {
        Kind::Number => value.trim().parse().map(Value::Integer).unwrap_or_else(|_| text()),
        Kind::Flag => match value.trim() {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            _ => text(),
        },
        Kind::Texts if !value.trim_start().starts_with('[') => Value::List(
            value.split(',').map(|part| Node::of_variable(Value::Text(part.trim().to_string()), variable)).collect(),
        ),
        Kind::Texts | Kind::Table(_) | Kind::Named(_) | Kind::Rows(_) => return whole(key, value, variable),
        Kind::Text | Kind::Secret | Kind::Path | Kind::Span | Kind::Moment | Kind::Choice(_) => text(),
    };
    Ok(Node::of_variable(value, variable))
}

fn whole(key: &Key, value: &str, variable: &Rc<str>) -> Result<Node, Complaint> {
    parse_value(value, variable).ok_or_else(|| {
        let fix = match key.kind {
            Kind::Texts => format!("Write {}, or the names with commas between them", key.wants),
            Kind::Rows(_) => {
                format!("Write [{{ key = \"value\" }}] as in TOML, or set one value by {variable}__0__KEY")
            }
            _ => format!("Write {{ key = \"value\" }} as in TOML, or set one value by {variable}__KEY"),
        };
        (format!("cannot be read as the value of {}", key.name), fix)
    })
}

fn unknown(segment: &str, keys: &'static [Key], before: &str, rest: &[&str]) -> Complaint {
    let names: Vec<String> = schema::names(keys).iter().map(|n| n.to_uppercase()).collect();
    let tail: String = rest.iter().map(|r| format!("__{r}")).collect();
    let what = "names no key of the configuration".to_string();
    let collapsed = static_paths(keys, "").into_iter().find(|p| p.replace("__", "_") == segment);
    let fix = if let Some(path) = collapsed {
        format!("Did you mean {before}{path}? Tables are separated by two underscores")
    } else if let Some(meant) = nearest(segment, names.iter().map(String::as_str)) {
        format!("Did you mean {before}{meant}{tail}?")
    } else {
        "Remove it, or write FIREBELL_ and the path of a key with two underscores between tables, \
         as in FIREBELL_INCIDENTS__QUIET_RESOLVE"
            .to_string()
    };
    (what, fix)
}

/// Paths without chosen names below a table, in the spelling of variables.
fn static_paths(keys: &'static [Key], before: &str) -> Vec<String> {
    let mut out = Vec::new();
    for key in keys {
        let name = format!("{before}{}", key.name.to_uppercase());
        match key.kind {
            Kind::Table(inner) => out.extend(static_paths(inner, &format!("{name}__"))),
            Kind::Secret => out.extend([format!("{name}_FILE"), name]),
            _ => out.push(name),
        }
    }
    out
}

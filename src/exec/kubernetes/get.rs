//! `kubectl get`: the API writes the rows, so they are those that kubectl shows. What a secret holds is never printed.

use super::client::{Ask, Failed};
use super::jsonpath::{Path, plain};
use super::kinds::{Kind, SECRETS};
use super::op::{Get, Output, Selectors, Which};
use super::place::{Here, name_of};
use super::table::aligned;
use super::units::{age, now_s, quantity};
use super::yaml::yaml;
use super::{failed, hidden};
use crate::exec::docker::said::Said;
use serde_json::{Value, json};
use std::cmp::Ordering;

const TABLE: &str =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

pub async fn get(here: &Here<'_>, get: &Get, said: &mut Said) -> Result<(), Failed> {
    for (kind, which) in &get.wanted {
        if let Which::Named(names) = which {
            names.iter().try_for_each(|name| here.admits(kind, name, false))?;
        }
    }
    match get.output {
        Output::Table { wide } => tables(here, get, wide, said).await?,
        _ => objects(here, get, said).await?,
    }
    if get.watch {
        said.err(b"[the state now: changes are not waited for, run it again for the next look]\n");
    }
    Ok(())
}

/// One request for a list, one for each name.
fn asks(here: &Here<'_>, get: &Get, kind: &'static Kind, which: &Which) -> Vec<(Ask, Option<String>)> {
    match which {
        Which::All => vec![(here.selecting(kind, &get.selectors), None)],
        Which::Named(names) => {
            names.iter().map(|name| (Ask::get(kind, here.namespace(), name), Some(name.clone()))).collect()
        }
    }
}

/// The answers of one kind. A name that is not there is said, and the others go on.
async fn answers(
    here: &Here<'_>,
    get: &Get,
    of: (&'static Kind, &Which),
    shape: (&'static str, &str),
    said: &mut Said,
) -> Result<Vec<Value>, Failed> {
    let ((kind, which), (accept, key)) = (of, shape);
    let mut out = Vec::new();
    for (mut ask, name) in asks(here, get, kind, which) {
        ask.accept = accept;
        if accept == TABLE && get.sort_by.is_some() && *kind != SECRETS {
            ask = ask.with("includeObject", "Object");
        }
        let answer = match name {
            None => here.pages(&ask, key).await,
            Some(_) => here.json(&ask).await,
        };
        match (answer, name) {
            (Ok(answer), _) => out.push(answer),
            (Err(absent), Some(_)) if absent.is_absent() && get.may_lack => {}
            (Err(absent), Some(name)) if absent.is_absent() => {
                failed(said, &here.with_near(absent, kind, &name).await);
            }
            (Err(other), _) => return Err(other),
        }
    }
    Ok(out)
}

async fn tables(here: &Here<'_>, get: &Get, wide: bool, said: &mut Said) -> Result<(), Failed> {
    let mut printed = 0;
    for (kind, which) in &get.wanted {
        let mut rows: Vec<Row> = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for answer in answers(here, get, (kind, which), (TABLE, "rows"), said).await? {
            let (of, more) = read_table(&answer, here.namespace.is_none() && kind.namespaced);
            columns = of;
            rows.extend(more);
        }
        if rows.is_empty() {
            continue;
        }
        if let Some(path) = &get.sort_by {
            rows.sort_by(|a, b| compare(path, &a.object, &b.object));
        }
        if printed > 0 {
            said.print("\n");
        }
        printed += 1;
        rows.iter().for_each(|row| readings(kind, &columns, row, said));
        said.reading(kind.plural.to_string(), rows.len() as f64, "");
        said.print(&write(&columns, &rows, get, wide, (get.wanted.len() > 1).then(|| kind.full())));
    }
    if printed == 0 && !get.wanted.iter().any(|(_, which)| matches!(which, Which::Named(_))) {
        let kind = get.wanted.first().map(|(kind, _)| *kind);
        let place = kind.map_or(String::new(), |kind| here.said(kind));
        said.err(format!("No resources found{place}.\n").as_bytes());
        if let Some(kind) = kind {
            said.reading(kind.plural.to_string(), 0.0, "");
        }
    }
    Ok(())
}

struct Column {
    name: String,
    /// Only with `-o wide`.
    wide: bool,
}

struct Row {
    cells: Vec<String>,
    object: Value,
}

/// The API's own table; a list of objects where it has none for them.
fn read_table(answer: &Value, every_namespace: bool) -> (Vec<Column>, Vec<Row>) {
    let column = |name: &str, wide| Column { name: name.to_string(), wide };
    let (mut columns, mut rows) = (Vec::new(), Vec::new());
    if answer["kind"] == "Table" {
        for one in answer["columnDefinitions"].as_array().into_iter().flatten() {
            columns.push(column(one["name"].as_str().unwrap_or_default(), one["priority"].as_i64() > Some(0)));
        }
        for row in answer["rows"].as_array().into_iter().flatten() {
            let cells = row["cells"].as_array().into_iter().flatten().map(cell).collect();
            rows.push(Row { cells, object: row["object"].clone() });
        }
    } else {
        columns.extend([column("Name", false), column("Age", false)]);
        let now = now_s();
        let one = std::slice::from_ref(answer);
        for object in answer["items"].as_array().map_or(one, Vec::as_slice) {
            let old = age(object["metadata"]["creationTimestamp"].as_str(), now);
            rows.push(Row { cells: vec![name_of(object).to_string(), old], object: object.clone() });
        }
    }
    if every_namespace {
        columns.insert(0, column("Namespace", false));
        for row in &mut rows {
            row.cells.insert(0, plain(&row.object["metadata"]["namespace"]));
        }
    }
    (columns, rows)
}

fn cell(value: &Value) -> String {
    let text = plain(value);
    match text.split_once('\n') {
        Some((first, _)) => format!("{first}..."),
        None => text,
    }
}

fn write(columns: &[Column], rows: &[Row], get: &Get, wide: bool, prefix: Option<String>) -> String {
    let shown: Vec<usize> = (0..columns.len()).filter(|at| wide || !columns[*at].wide).collect();
    let name = columns.iter().position(|c| c.name.eq_ignore_ascii_case("name"));
    let mut lines = Vec::new();
    if get.headings {
        let mut line: Vec<String> = shown.iter().map(|at| columns[*at].name.to_uppercase()).collect();
        line.extend(get.labels.then(|| "LABELS".to_string()));
        lines.push(line);
    }
    for row in rows {
        let text = |at: &usize| {
            let cell = row.cells.get(*at).cloned().unwrap_or_default();
            match &prefix {
                Some(kind) if name == Some(*at) => format!("{kind}/{cell}"),
                _ => cell,
            }
        };
        let mut line: Vec<String> = shown.iter().map(text).collect();
        line.extend(get.labels.then(|| labels(&row.object["metadata"]["labels"])));
        lines.push(line);
    }
    aligned(&lines)
}

pub fn labels(labels: &Value) -> String {
    let pairs: Vec<String> =
        labels.as_object().into_iter().flatten().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    if pairs.is_empty() { "<none>".to_string() } else { pairs.join(",") }
}

/// Values of a row by the names of its columns: restarts, and how many of how many are ready.
fn readings(kind: &Kind, columns: &[Column], row: &Row, said: &mut Said) {
    let value = |name: &str| {
        let at = columns.iter().position(|c| c.name.eq_ignore_ascii_case(name))?;
        row.cells.get(at).map(String::as_str)
    };
    let Some(name) = value("name") else { return };
    let ratio = |text: &str| {
        let (ready, of) = text.split_once('/')?;
        Some((ready.parse::<f64>().ok()?, of.parse::<f64>().ok()?))
    };
    match (kind.plural, value("ready").and_then(ratio)) {
        ("pods", Some((ready, of))) => {
            // A job that is done is not ready, and nothing is wrong with it.
            let well = (ready >= of && of > 0.0) || value("status") == Some("Completed");
            said.reading(format!("ready of {name}"), f64::from(well), "");
            // `3 (5m ago)`
            let restarts = value("restarts").and_then(|r| r.split(' ').next()?.parse().ok());
            if let Some(restarts) = restarts {
                said.reading(format!("restarts of {name}"), restarts, "");
            }
        }
        (_, Some((ready, of))) => {
            said.reading(format!("ready replicas of {name}"), ready, "");
            said.reading(format!("replicas of {name}"), of, "");
        }
        ("nodes", None) => {
            let ready = value("status").is_some_and(|s| s.split(',').any(|word| word == "Ready"));
            said.reading(format!("ready of {name}"), f64::from(ready), "");
        }
        _ => {}
    }
}

fn compare(path: &Path, a: &Value, b: &Value) -> Ordering {
    let text = |object: &Value| path.values(object).first().map(|v| plain(v)).unwrap_or_default();
    let (a, b) = (text(a), text(b));
    match (quantity(&a), quantity(&b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}

async fn objects(here: &Here<'_>, get: &Get, said: &mut Said) -> Result<(), Failed> {
    let mut found: Vec<(&Kind, Value)> = Vec::new();
    let one = matches!(&get.wanted[..], [(_, Which::Named(names))] if names.len() == 1);
    for (kind, which) in &get.wanted {
        for mut answer in answers(here, get, (kind, which), ("application/json", "items"), said).await? {
            match answer.get_mut("items").and_then(Value::as_array_mut) {
                Some(items) => found.extend(items.drain(..).map(|item| (*kind, item))),
                None => found.push((*kind, answer)),
            }
        }
    }
    if let Some(path) = &get.sort_by {
        found.sort_by(|(_, a), (_, b)| compare(path, a, b));
    }
    if let Output::Name = get.output {
        found.iter().for_each(|(kind, object)| said.line(&format!("{}/{}", kind.full(), name_of(object))));
        return Ok(());
    }
    let mut items: Vec<Value> = found.into_iter().map(|(kind, object)| hidden(kind, object)).collect();
    if let Output::Columns(columns) = &get.output {
        let mut rows: Vec<Vec<String>> = Vec::new();
        rows.extend(get.headings.then(|| columns.iter().map(|(heading, _)| heading.clone()).collect()));
        let shown = |item: &Value, path: &Path| {
            Some(path.write(item)).filter(|t| !t.is_empty()).unwrap_or("<none>".to_string())
        };
        rows.extend(items.iter().map(|item| columns.iter().map(|(_, path)| shown(item, path)).collect()));
        said.print(&aligned(&rows));
        return Ok(());
    }
    let whole = match one {
        true => match items.pop() {
            Some(object) => object,
            None => return Ok(()),
        },
        false => json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}),
    };
    match &get.output {
        Output::Yaml => said.print(&yaml(&whole)),
        Output::JsonPath(path) => said.print(&path.write(&whole)),
        _ => said.print(&(pretty(&whole) + "\n")),
    }
    Ok(())
}

/// With four spaces, as kubectl has it.
fn pretty(value: &Value) -> String {
    use serde::Serialize;
    let mut out = Vec::new();
    let form = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, form)).ok();
    String::from_utf8(out).unwrap_or_default()
}

pub fn native(here: &Here<'_>, get: &Get) -> String {
    let asks = get.wanted.iter().flat_map(|(kind, which)| asks(here, get, kind, which));
    asks.map(|(ask, _)| ask.shown()).collect::<Vec<_>>().join("; ")
}

/// Of everything that a selector leaves.
pub fn labelled(label: Option<&String>) -> Selectors {
    Selectors { label: label.cloned(), field: None }
}

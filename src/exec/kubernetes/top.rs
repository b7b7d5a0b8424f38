//! `kubectl top`: what the metrics server measured last. Against limits where a container has them: an amount alone
//! says little about how near the end is.

use super::client::{Ask, Failed};
use super::get::labelled;
use super::kinds::{Kind, NODES, PODS, kind};
use super::op::Top;
use super::place::{Here, name_of};
use super::table::aligned;
use super::units::{mebibytes, millicores, quantity};
use crate::exec::docker::said::Said;
use serde_json::Value;
use std::collections::BTreeMap;

const METRICS: (&str, &str) = ("metrics.k8s.io", "v1beta1");
static POD_METRICS: Kind = kind(("pods", "pod", "PodMetrics"), &[], METRICS);
static NODE_METRICS: Kind = Kind { namespaced: false, ..kind(("nodes", "node", "NodeMetrics"), &[], METRICS) };

/// Processors and bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    cpu: f64,
    memory: f64,
}

impl Use {
    fn of(usage: &Value) -> Use {
        let read = |name: &str| usage[name].as_str().and_then(quantity).unwrap_or_default();
        Use { cpu: read("cpu"), memory: read("memory") }
    }

    fn and(self, other: Use) -> Use {
        Use { cpu: self.cpu + other.cpu, memory: self.memory + other.memory }
    }
}

struct Line {
    /// Namespace (if all are looked at), pod, container (if each is shown).
    words: Vec<String>,
    /// What its values are called: the pod, `pod/container` or the node.
    name: String,
    used: Use,
}

pub fn ask(here: &Here<'_>, top: &Top) -> Ask {
    let of = if top.nodes { &NODE_METRICS } else { &POD_METRICS };
    match &top.name {
        Some(name) => Ask::get(of, here.namespace(), name),
        None => here.selecting(of, &labelled(top.label.as_ref())),
    }
}

pub async fn top(here: &Here<'_>, top: &Top, said: &mut Said) -> Result<(), Failed> {
    let kind = if top.nodes { &NODES } else { &PODS };
    if let Some(name) = &top.name {
        here.admits(kind, name, false)?;
    }
    let answer = match here.json(&ask(here, top)).await {
        Err(failed) if failed.is_absent() || unserved(&failed) => return Err(no_metrics(here, top, kind, failed).await),
        other => other?,
    };
    let one = std::slice::from_ref(&answer);
    let items = answer["items"].as_array().map_or(one, Vec::as_slice);
    if items.is_empty() {
        said.err(format!("No resources found{}.\n", here.said(kind)).as_bytes());
        return Ok(());
    }
    // What they may use is another question: without a right to ask it, amounts are shown alone.
    let limits = limits(here, top).await.unwrap_or_default();
    let mut lines: Vec<Line> = items.iter().flat_map(|item| lines_of(item, top, here.namespace.is_none())).collect();
    match top.sort_by.as_deref() {
        Some("cpu") => lines.sort_by(|a, b| b.used.cpu.total_cmp(&a.used.cpu)),
        Some(_) => lines.sort_by(|a, b| b.used.memory.total_cmp(&a.used.memory)),
        None => {}
    }
    for line in &lines {
        let name = &line.name;
        let limit = limits.get(name).copied().unwrap_or_default();
        for (what, used, limit) in [("cpu", line.used.cpu, limit.cpu), ("memory", line.used.memory, limit.memory)] {
            if limit > 0.0 {
                said.reading(format!("{what} of {name}"), used / limit * 100.0, "%");
            }
        }
        said.reading(format!("memory used by {name}"), line.used.memory / 1e6, "MB");
        said.reading(format!("cpu used by {name}"), line.used.cpu * 1000.0, "m");
    }
    said.print(&write(top, &lines, &limits, here.namespace.is_none()));
    Ok(())
}

fn unserved(failed: &Failed) -> bool {
    matches!(failed, Failed::Said { code: 503, .. })
}

/// A pod that nobody measured yet, or nothing that measures.
async fn no_metrics(here: &Here<'_>, top: &Top, kind: &'static Kind, failed: Failed) -> Failed {
    let Failed::Said { code, ref message, .. } = failed else { return failed };
    if let (404, Some(name), true) = (code, &top.name, message.contains("not found")) {
        return match here.object(kind, name).await {
            Ok(_) => Failed::Ours(format!(
                "{} {name} is there and was not measured yet: ask again in a minute",
                kind.singular
            )),
            Err(other) => other,
        };
    }
    Failed::Ours(match code {
        404 => "This cluster has no metrics server, so nobody measures cpu and memory there: install metrics-server, or look at them in your monitoring".to_string(),
        _ => "The metrics server of this cluster does not answer: kubectl get pods -n kube-system -l k8s-app=metrics-server shows how it is".to_string(),
    })
}

fn lines_of(item: &Value, top: &Top, every_namespace: bool) -> Vec<Line> {
    let mut words = Vec::new();
    if every_namespace && !top.nodes {
        words.push(item["metadata"]["namespace"].as_str().unwrap_or_default().to_string());
    }
    let name = name_of(item).to_string();
    words.push(name.clone());
    if top.nodes {
        return vec![Line { words, name, used: Use::of(&item["usage"]) }];
    }
    let containers = item["containers"].as_array().map_or(&[][..], Vec::as_slice);
    if top.containers {
        let each = |c: &Value| {
            let own = c["name"].as_str().unwrap_or_default();
            let words = words.iter().cloned().chain([own.to_string()]).collect();
            Line { words, name: format!("{name}/{own}"), used: Use::of(&c["usage"]) }
        };
        return containers.iter().map(each).collect();
    }
    vec![Line { words, name, used: containers.iter().map(|c| Use::of(&c["usage"])).fold(Use::default(), Use::and) }]
}

/// By the name of the line. Where one container of a pod has no limit, the pod has none.
async fn limits(here: &Here<'_>, top: &Top) -> Result<BTreeMap<String, Use>, Failed> {
    let kind = if top.nodes { &NODES } else { &PODS };
    let objects = match &top.name {
        Some(name) => vec![here.object(kind, name).await?],
        None => here.items(kind, &labelled(top.label.as_ref())).await?,
    };
    let mut out = BTreeMap::new();
    for object in &objects {
        if top.nodes {
            out.insert(name_of(object).to_string(), Use::of(&object["status"]["allocatable"]));
            continue;
        }
        let containers = object["spec"]["containers"].as_array().map_or(&[][..], Vec::as_slice);
        let each: Vec<Use> = containers.iter().map(|c| Use::of(&c["resources"]["limits"])).collect();
        if top.containers {
            let named = containers.iter().zip(&each);
            let pod = name_of(object);
            out.extend(named.filter_map(|(c, limit)| Some((format!("{pod}/{}", c["name"].as_str()?), *limit))));
            continue;
        }
        let sum = each.iter().copied().fold(Use::default(), Use::and);
        let whole = |get: fn(&Use) -> f64, sum: f64| if each.iter().all(|l| get(l) > 0.0) { sum } else { 0.0 };
        let limit = Use { cpu: whole(|l| l.cpu, sum.cpu), memory: whole(|l| l.memory, sum.memory) };
        out.insert(name_of(object).to_string(), limit);
    }
    Ok(out)
}

fn write(top: &Top, lines: &[Line], limits: &BTreeMap<String, Use>, every_namespace: bool) -> String {
    let headings: Vec<&str> = match (top.nodes, top.containers) {
        (true, _) => vec!["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"],
        (_, true) => vec!["POD", "NAME", "CPU(cores)", "MEMORY(bytes)"],
        _ => vec!["NAME", "CPU(cores)", "MEMORY(bytes)"],
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    if top.headings {
        let first = (every_namespace && !top.nodes).then_some("NAMESPACE");
        rows.push(first.into_iter().chain(headings).map(str::to_string).collect());
    }
    for line in lines {
        let mut row = line.words.clone();
        let limit = limits.get(&line.name).copied().unwrap_or_default();
        let percent = |used: f64, of: f64| match of > 0.0 {
            true => format!("{}%", (used / of * 100.0) as i64),
            false => "<unknown>".to_string(),
        };
        row.push(millicores(line.used.cpu));
        row.extend(top.nodes.then(|| percent(line.used.cpu, limit.cpu)));
        row.push(mebibytes(line.used.memory));
        row.extend(top.nodes.then(|| percent(line.used.memory, limit.memory)));
        rows.push(row);
    }
    aligned(&rows)
}

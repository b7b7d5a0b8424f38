//! Lists as tables, with the columns that the API prints of each kind.

use super::objects::At;
use serde_json::{Value, json};

type Cell = fn(&Value) -> Value;

fn columns(plural: &str) -> Vec<(&'static str, i64, Cell)> {
    let mut columns: Vec<(&'static str, i64, Cell)> = vec![("Name", 0, |o| o["metadata"]["name"].clone())];
    match plural {
        "pods" => columns.extend::<[(&str, i64, Cell); 5]>([
            ("Ready", 0, |o| {
                let all = o["spec"]["containers"].as_array().map_or(0, Vec::len);
                json!(format!("{}/{all}", statuses(o).iter().filter(|s| s["ready"] == true).count()))
            }),
            ("Status", 0, |o| {
                let waiting =
                    statuses(o).iter().find_map(|s| s["state"]["waiting"]["reason"].as_str().map(str::to_string));
                waiting.map_or(o["status"]["phase"].clone(), Value::String)
            }),
            ("Restarts", 0, |o| {
                let restarts: i64 = statuses(o).iter().filter_map(|s| s["restartCount"].as_i64()).sum();
                if restarts > 0 { json!(format!("{restarts} (5m ago)")) } else { json!("0") }
            }),
            ("Age", 0, |_| json!("5d3h")),
            ("Node", 1, |o| o["spec"]["nodeName"].clone()),
        ]),
        "deployments" => columns.extend::<[(&str, i64, Cell); 4]>([
            ("Ready", 0, ready),
            ("Up-to-date", 0, |o| o["status"]["updatedReplicas"].clone()),
            ("Available", 0, |o| o["status"]["availableReplicas"].clone()),
            ("Age", 0, |_| json!("5d3h")),
        ]),
        "statefulsets" => {
            columns.extend::<[(&str, i64, Cell); 2]>([("Ready", 0, ready), ("Age", 0, |_| json!("5d3h"))])
        }
        "nodes" => columns.extend::<[(&str, i64, Cell); 3]>([
            ("Status", 0, |o| {
                let ready = if o["status"]["conditions"][0]["status"] == "True" { "Ready" } else { "NotReady" };
                let off = o["spec"]["unschedulable"] == true;
                json!(if off { format!("{ready},SchedulingDisabled") } else { ready.to_string() })
            }),
            ("Age", 0, |_| json!("5d3h")),
            ("Version", 0, |o| o["status"]["nodeInfo"]["kubeletVersion"].clone()),
        ]),
        "secrets" | "configmaps" => columns.extend::<[(&str, i64, Cell); 1]>([("Data", 0, |o| {
            json!(o["data"].as_object().map_or(0, serde_json::Map::len))
        })]),
        "events" => columns.extend::<[(&str, i64, Cell); 2]>([
            ("Reason", 0, |o| o["reason"].clone()),
            ("Message", 0, |o| o["message"].clone()),
        ]),
        _ => columns.push(("Age", 0, |_| json!("5d3h"))),
    }
    columns
}

fn statuses(pod: &Value) -> Vec<Value> {
    pod["status"]["containerStatuses"].as_array().cloned().unwrap_or_default()
}

fn ready(object: &Value) -> Value {
    let ready = object["status"]["readyReplicas"].as_i64().unwrap_or_default();
    json!(format!("{ready}/{}", object["spec"]["replicas"].as_i64().unwrap_or(1)))
}

pub fn table(at: &At, objects: &[Value], metadata: Value, whole: bool) -> Value {
    let columns = columns(&at.plural);
    let definitions: Vec<Value> = columns
        .iter()
        .map(|(name, priority, _)| json!({"name": name, "priority": priority, "type": "string"}))
        .collect();
    let row = |object: &Value| {
        let cells: Vec<Value> = columns.iter().map(|(_, _, cell)| cell(object)).collect();
        let object = if whole {
            at.typed(object.clone())
        } else {
            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
        };
        json!({"cells": cells, "object": object})
    };
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions,
        "rows": objects.iter().map(row).collect::<Vec<_>>()})
}

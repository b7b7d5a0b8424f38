//! `openapi.json` and the router say the same.

use super::*;
use std::collections::BTreeSet;

/// Described here, made elsewhere: merged into the router by whoever composes it.
const MERGED: [(&str, &str); 1] = [("post", "/hooks/{name}")];

fn described() -> Value {
    serde_json::from_str(super::super::api::OPENAPI).unwrap()
}

#[test]
fn every_route_for_programs_is_described_and_every_described_one_exists() {
    let doc = described();
    let mut written = BTreeSet::new();
    for (path, methods) in doc["paths"].as_object().unwrap() {
        written.extend(methods.as_object().unwrap().keys().map(|m| (m.clone(), path.clone())));
    }
    let routes = super::super::routes::all();
    let made = routes.iter().filter(|r| r.described).map(|r| (r.method.to_string(), r.path.to_string()));
    let made: BTreeSet<_> = made.chain(MERGED.map(|(m, p)| (m.to_string(), p.to_string()))).collect();
    assert_eq!(written, made);
    for route in routes.iter().filter(|r| r.path.starts_with("/api")) {
        assert!(route.described, "{} is for programs and not described", route.path);
    }
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    fn walk(value: &Value, doc: &Value, found: &mut usize) {
        match value {
            Value::Object(map) => {
                if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                    assert!(doc.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                    *found += 1;
                }
                map.values().for_each(|v| walk(v, doc, found));
            }
            Value::Array(all) => all.iter().for_each(|v| walk(v, doc, found)),
            _ => {}
        }
    }
    let doc = described();
    let mut found = 0;
    walk(&doc, &doc, &mut found);
    assert!(found > 50, "{found}");
}

#[tokio::test]
async fn the_running_router_answers_at_every_described_address() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    assert_eq!(answer(w.get("/api/openapi.json")).await.1, described());
    for (path, methods) in described()["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if MERGED.contains(&(method, path)) {
                continue;
            }
            let path = path.replace("{id}", "1");
            let request = match method.as_str() {
                "get" => w.get(&path),
                _ => w.post(&path).json(&json!({})),
            };
            let response = request.bearer_auth(LOCAL).send().await.unwrap();
            let status = response.status();
            let text = response.text().await.unwrap();
            assert!(!text.contains("no_such_route") && status != 405, "{method} {path}: {status} {text}");
        }
    }
}

/// The keys that an answer must have, by its schema, are there; and none is there that the schema does not know.
#[tokio::test]
async fn answers_have_the_keys_that_are_described() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    let doc = described();
    let schema = |name: &str| doc["components"]["schemas"][name].clone();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let (_, one) = w.read("/api/v1/incidents/1").await;
    assert_eq!(keys(&one["incident"]), keys(&schema("Incident")["properties"]));
    let (_, list) = w.read("/api/v1/incidents").await;
    assert_eq!(keys(&list), keys(&schema("Incidents")["properties"]));
    assert_eq!(keys(&list["incidents"][0]), keys(&schema("IncidentRow")["properties"]));
    let (_, events) = w.read("/api/v1/incidents/1/events").await;
    assert_eq!(keys(&events), keys(&schema("Events")["properties"]));
    let (_, oncall) = w.read("/api/v1/oncall").await;
    assert_eq!(
        keys(&oncall["schedules"][0]),
        keys(&schema("Oncall")["properties"]["schedules"]["items"]["properties"])
    );
    let (_, figures) = w.read("/api/v1/figures").await;
    assert_eq!(keys(&figures), keys(&schema("Figures")["properties"]));
    assert_eq!(keys(&figures["months"][0]), keys(&schema("FiguresGroup")["properties"]));
    let (_, digest) = w.read("/api/v1/digest").await;
    assert_eq!(keys(&digest["digest"][0]), keys(&schema("Digest")["properties"]["digest"]["items"]["properties"]));
    let acked: Value = w.write("/api/v1/incidents/1/ack", json!({})).await.json().await.unwrap();
    assert_eq!(keys(&acked), keys(&schema("Changed")["properties"]));
    let (_, components) = w.read("/health/components").await;
    assert_eq!(keys(&components), keys(&schema("Components")["properties"]));
}

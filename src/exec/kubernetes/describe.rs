//! `kubectl describe` of pods, deployments and nodes: what they are, how they are, and the last events about them.

use super::client::Failed;
use super::get::labels;
use super::jsonpath::plain;
use super::kinds::{DEPLOYMENTS, EVENTS, Kind, PODS};
use super::op::Selectors;
use super::place::{Here, name_of};
use super::rollout::readings;
use super::table::aligned;
use super::units::{age, now_s};
use super::{HIDDEN, is_secret_name, strings};
use crate::exec::docker::said::Said;
use serde_json::Value;

/// Of one object: the last of them say what is wrong.
const EVENTS_MAX: usize = 25;

/// Lines of `name: value`, indented by what they belong to.
struct Page(String);

impl Page {
    fn field(&mut self, depth: usize, name: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        if value.is_empty() {
            return;
        }
        let label = format!("{}{name}:", "  ".repeat(depth));
        self.0.push_str(&format!("{label:<18} {value}\n"));
    }

    fn text(&mut self, depth: usize, name: &str, value: &Value) {
        self.field(depth, name, plain(value));
    }

    fn heading(&mut self, depth: usize, name: &str) {
        self.0.push_str(&format!("{}{name}:\n", "  ".repeat(depth)));
    }

    fn table(&mut self, depth: usize, rows: &[Vec<String>]) {
        for line in aligned(rows).lines() {
            self.0.push_str(&format!("{}{line}\n", "  ".repeat(depth)));
        }
    }
}

pub async fn describe(here: &Here<'_>, kind: &'static Kind, objects: &[Value], said: &mut Said) -> Result<(), Failed> {
    for (no, object) in objects.iter().enumerate() {
        let mut page = Page(String::new());
        let metadata = &object["metadata"];
        page.text(0, "Name", &metadata["name"]);
        page.text(0, "Namespace", &metadata["namespace"]);
        page.field(0, "Labels", labels(&metadata["labels"]));
        page.text(0, "CreationTimestamp", &metadata["creationTimestamp"]);
        page.text(0, "Being deleted", &metadata["deletionTimestamp"]);
        match kind {
            kind if *kind == PODS => pod(&mut page, object, said),
            kind if *kind == DEPLOYMENTS => deployment(&mut page, object, said),
            _ => node(&mut page, object, said),
        }
        // An object without a right to its events is worth showing.
        match events(here, object).await {
            Ok(rows) if rows.is_empty() => page.field(0, "Events", "<none>"),
            Ok(rows) => {
                page.heading(0, "Events");
                page.table(1, &rows);
            }
            Err(failed) => page.field(0, "Events", failed.sentence()),
        }
        if no > 0 {
            said.print("\n\n");
        }
        said.print(&page.0);
    }
    Ok(())
}

async fn events(here: &Here<'_>, object: &Value) -> Result<Vec<Vec<String>>, Failed> {
    let field = format!("involvedObject.name={}", name_of(object));
    let mut field = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{field},involvedObject.namespace={namespace}"),
        None => format!("{field},involvedObject.kind=Node"),
    };
    if let (Some(uid), false) = (object["metadata"]["uid"].as_str(), object["metadata"]["namespace"].is_null()) {
        field = format!("{field},involvedObject.uid={uid}");
    }
    // Those about nodes stand in another namespace.
    let here = Here { host: here.host, namespace: object["metadata"]["namespace"].as_str().map(str::to_string) };
    let mut events = here.items(&EVENTS, &Selectors { label: None, field: Some(field) }).await?;
    let last = |e: &Value| plain(if e["lastTimestamp"].is_null() { &e["eventTime"] } else { &e["lastTimestamp"] });
    events.sort_by_key(last);
    let now = now_s();
    let mut rows = Vec::new();
    for event in events.iter().rev().take(EVENTS_MAX).rev() {
        let count = event["count"].as_i64().filter(|c| *c > 1).map_or(String::new(), |c| format!(" (x{c})"));
        let from = plain(&event["source"]["component"]);
        let message = plain(&event["message"]).trim().replace('\n', " ");
        let when = age(Some(&last(event)), now) + &count;
        rows.push(vec![plain(&event["type"]), plain(&event["reason"]), when, from, message]);
    }
    if !rows.is_empty() {
        rows.insert(0, ["Type", "Reason", "Age", "From", "Message"].map(str::to_string).to_vec());
    }
    Ok(rows)
}

fn pod(page: &mut Page, pod: &Value, said: &mut Said) {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    page.text(0, "Node", &spec["nodeName"]);
    page.text(0, "Status", &status["phase"]);
    page.text(0, "Reason", &status["reason"]);
    page.text(0, "Message", &status["message"]);
    page.text(0, "IP", &status["podIP"]);
    let owner = &pod["metadata"]["ownerReferences"][0];
    if let (Some(kind), Some(name)) = (owner["kind"].as_str(), owner["name"].as_str()) {
        page.field(0, "Controlled By", format!("{kind}/{name}"));
    }
    for (heading, list, statuses) in [
        ("Init Containers", &spec["initContainers"], &status["initContainerStatuses"]),
        ("Containers", &spec["containers"], &status["containerStatuses"]),
    ] {
        let Some(list) = list.as_array().filter(|l| !l.is_empty()) else { continue };
        page.heading(0, heading);
        for one in list {
            let statuses = statuses.as_array().into_iter().flatten();
            let is = statuses.clone().find(|s| s["name"] == one["name"]).cloned().unwrap_or_default();
            container(page, one, Some(&is));
            if heading == "Containers" {
                let name = format!("{} {}", name_of(pod), plain(&one["name"]));
                let restarts = is["restartCount"].as_i64().unwrap_or_default();
                said.reading(format!("restarts of {name}"), restarts as f64, "");
                let ready = is["ready"].as_bool().unwrap_or_default();
                said.reading(format!("ready of {name}"), f64::from(ready), "");
                let killed = [&is["state"], &is["lastState"]].iter().any(|s| s["terminated"]["reason"] == "OOMKilled");
                said.reading(format!("OOM kill of {name}"), f64::from(killed), "");
            }
        }
    }
    conditions(page, &status["conditions"], &["type", "status"]);
    page.text(0, "QoS Class", &status["qosClass"]);
    page.field(0, "Node-Selectors", labels(&spec["nodeSelector"]));
}

fn container(page: &mut Page, container: &Value, status: Option<&Value>) {
    page.heading(1, &plain(&container["name"]));
    page.text(2, "Image", &container["image"]);
    let ports = container["ports"].as_array().into_iter().flatten();
    let ports: Vec<String> =
        ports.map(|p| format!("{}/{}", p["containerPort"], p["protocol"].as_str().unwrap_or("TCP"))).collect();
    page.field(2, "Ports", ports.join(", "));
    page.field(2, "Command", [strings(&container["command"]), strings(&container["args"])].concat().join(" "));
    if let Some(status) = status {
        for (name, state) in [("State", &status["state"]), ("Last State", &status["lastState"])] {
            let Some((kind, about)) = state.as_object().and_then(|s| s.iter().next()) else { continue };
            page.field(2, name, kind[..1].to_uppercase() + &kind[1..]);
            for (key, label) in [
                ("reason", "Reason"),
                ("message", "Message"),
                ("exitCode", "Exit Code"),
                ("startedAt", "Started"),
                ("finishedAt", "Finished"),
            ] {
                page.text(3, label, &about[key]);
            }
        }
        page.field(2, "Ready", if status["ready"] == true { "True" } else { "False" });
        page.field(2, "Restart Count", plain(&status["restartCount"]));
    }
    for (key, label) in [("limits", "Limits"), ("requests", "Requests")] {
        if let Some(amounts) = container["resources"][key].as_object().filter(|a| !a.is_empty()) {
            let amounts: Vec<String> =
                amounts.iter().map(|(name, amount)| format!("{name} {}", plain(amount))).collect();
            page.field(2, label, amounts.join(", "));
        }
    }
    for (key, label) in [("livenessProbe", "Liveness"), ("readinessProbe", "Readiness"), ("startupProbe", "Startup")] {
        page.field(2, label, probe(&container[key]));
    }
    let env = container["env"].as_array().map_or(&[][..], Vec::as_slice);
    if !env.is_empty() || container["envFrom"].is_array() {
        page.heading(2, "Environment");
    }
    for one in container["envFrom"].as_array().into_iter().flatten() {
        for (key, what) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
            if let Some(name) = one[key]["name"].as_str() {
                page.field(3, "all of", format!("{what} {name}"));
            }
        }
    }
    for one in env {
        let name = plain(&one["name"]);
        let from = &one["valueFrom"];
        let value = match (from["secretKeyRef"]["name"].as_str(), from["configMapKeyRef"]["name"].as_str()) {
            (Some(secret), _) => format!("<key {} of secret {secret}>", plain(&from["secretKeyRef"]["key"])),
            (_, Some(map)) => format!("<key {} of config map {map}>", plain(&from["configMapKeyRef"]["key"])),
            _ if from["fieldRef"].is_object() => format!("<{}>", plain(&from["fieldRef"]["fieldPath"])),
            _ if is_secret_name(&name) => HIDDEN.to_string(),
            _ => plain(&one["value"]),
        };
        page.field(3, &name, value);
    }
}

fn probe(probe: &Value) -> String {
    let how = match () {
        () if probe["httpGet"].is_object() => {
            let get = &probe["httpGet"];
            format!("http-get {}:{}{}", plain(&get["host"]), plain(&get["port"]), plain(&get["path"]))
        }
        () if probe["exec"].is_object() => format!("exec {}", strings(&probe["exec"]["command"]).join(" ")),
        () if probe["tcpSocket"].is_object() => format!("tcp-socket :{}", plain(&probe["tcpSocket"]["port"])),
        () if probe["grpc"].is_object() => format!("grpc :{}", plain(&probe["grpc"]["port"])),
        () => return String::new(),
    };
    let seconds = |key: &str, default: i64| probe[key].as_i64().unwrap_or(default);
    format!(
        "{how} delay={}s timeout={}s period={}s #failure={}",
        seconds("initialDelaySeconds", 0),
        seconds("timeoutSeconds", 1),
        seconds("periodSeconds", 10),
        seconds("failureThreshold", 3)
    )
}

fn conditions(page: &mut Page, conditions: &Value, keys: &[&str]) {
    let Some(list) = conditions.as_array().filter(|l| !l.is_empty()) else { return };
    page.heading(0, "Conditions");
    let heading = |key: &&str| key[..1].to_uppercase() + &key[1..];
    let mut rows = vec![keys.iter().map(heading).collect::<Vec<_>>()];
    rows.extend(list.iter().map(|c| keys.iter().map(|key| plain(&c[*key])).collect()));
    page.table(1, &rows);
}

fn deployment(page: &mut Page, deployment: &Value, said: &mut Said) {
    let (spec, status) = (&deployment["spec"], &deployment["status"]);
    let count = |key: &str| status[key].as_i64().unwrap_or_default();
    page.field(0, "Selector", labels(&spec["selector"]["matchLabels"]));
    let (wanted, updated, total) =
        (spec["replicas"].as_i64().unwrap_or(1), count("updatedReplicas"), count("replicas"));
    let (available, unavailable) = (count("availableReplicas"), count("unavailableReplicas"));
    let replicas = format!(
        "{wanted} desired | {updated} updated | {total} total | {available} available | {unavailable} unavailable"
    );
    page.field(0, "Replicas", replicas);
    page.text(0, "StrategyType", &spec["strategy"]["type"]);
    page.field(0, "Paused", if spec["paused"] == true { "true" } else { "" });
    page.field(0, "Revision", plain(&deployment["metadata"]["annotations"][super::rollout::REVISION]));
    page.heading(0, "Pod Template");
    page.field(1, "Labels", labels(&spec["template"]["metadata"]["labels"]));
    for one in spec["template"]["spec"]["containers"].as_array().into_iter().flatten() {
        container(page, one, None);
    }
    conditions(page, &status["conditions"], &["type", "status", "reason", "message"]);
    readings(deployment, said);
}

fn node(page: &mut Page, node: &Value, said: &mut Said) {
    let (spec, status) = (&node["spec"], &node["status"]);
    let taints = spec["taints"].as_array().into_iter().flatten();
    let taints: Vec<String> =
        taints.map(|t| format!("{}={}:{}", plain(&t["key"]), plain(&t["value"]), plain(&t["effect"]))).collect();
    page.field(0, "Taints", if taints.is_empty() { "<none>".to_string() } else { taints.join(", ") });
    page.field(0, "Unschedulable", if spec["unschedulable"] == true { "true" } else { "false" });
    conditions(page, &status["conditions"], &["type", "status", "reason", "message"]);
    for one in status["conditions"].as_array().into_iter().flatten() {
        let (kind, holds) = (plain(&one["type"]), one["status"] == "True");
        let name = if kind == "Ready" { "ready".to_string() } else { kind };
        said.reading(format!("{name} of {}", name_of(node)), f64::from(holds), "");
    }
    for (key, label) in [("capacity", "Capacity"), ("allocatable", "Allocatable")] {
        page.heading(0, label);
        for (name, amount) in status[key].as_object().into_iter().flatten() {
            page.text(1, name, amount);
        }
    }
    let info = &status["nodeInfo"];
    for (key, label) in
        [("kubeletVersion", "Kubelet Version"), ("containerRuntimeVersion", "Runtime"), ("osImage", "OS Image")]
    {
        page.text(0, label, &info[key]);
    }
}

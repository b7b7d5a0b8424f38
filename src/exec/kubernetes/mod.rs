//! Kubernetes: what `kubectl …` in a runbook says, through the cluster's own API, with no program and no shell. A command
//! is read whole into an operation (`read.rs`, `op.rs`) or refused; the target says which namespaces and names it may
//! reach (`place.rs`); a change is one request whose loss is looked into (`act.rs`). Prints what kubectl prints, except
//! what a secret holds.

mod act;
mod client;
mod describe;
mod exec;
mod get;
mod jsonpath;
mod kinds;
mod logs;
mod op;
mod place;
mod read;
mod rollout;
mod table;
mod top;
mod units;
mod yaml;

pub use client::{Address, Cluster};
pub use place::Host;

use super::docker::said::Said;
use super::ran::{Waited, not_started, within};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, Plan, Ran, Watch};
use client::{Ask, Failed, JSON, Right};
use kinds::{Kind, SECRETS};
use op::Op;
use place::Here;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[derive(Clone)]
pub struct Kubernetes(Arc<BTreeMap<String, Host>>);

/// The change that was asked for and not answered yet, and how to find out about it.
#[derive(Default)]
pub struct Asked(Mutex<Option<String>>);

impl Asked {
    fn set(&self, what: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    fn clear(&self) {
        self.take();
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Kubernetes {
    pub fn new(hosts: BTreeMap<String, Host>) -> Kubernetes {
        Kubernetes(Arc::new(hosts))
    }

    /// The cluster that a call is for, where in it, and what it says to do.
    fn read(&self, call: &Call) -> Result<(Here<'_>, Op), String> {
        let host = self.0.get(&call.target).ok_or(format!("{} is not set up as a Kubernetes target", call.target))?;
        if call.env.contains_key("KUBECONFIG") {
            return Err("KUBECONFIG chooses another cluster than the target is".to_string());
        }
        let (program, words) = call.argv.split_first().ok_or("there is no command")?;
        match program.rsplit('/').next().unwrap_or_default() {
            "kubectl" => {}
            "helm" => return Err("helm works on charts and its own releases, which is not done from here".to_string()),
            _ => return Err("this is no kubectl command".to_string()),
        }
        let command = read::read(words)?;
        if let Op::Exec(inside) = &command.op {
            exec::refuse_keyboard(inside, call.input.is_some())?;
        }
        let namespace = host.enter(command.namespace.as_deref())?;
        Ok((Here { host, namespace }, command.op))
    }
}

/// `kubectl exec … POD -- CLIENT …`: the words up to its `--` without those of a terminal, the client's, and whether it is
/// fed. Anything else is a sentence for people.
pub fn inside(argv: &[String]) -> Result<(Vec<String>, Vec<String>, bool), String> {
    let Op::Exec(inside) = read::read(argv.get(1..).unwrap_or_default())?.op else {
        return Err("This kubectl command is none of a database's client in a pod".to_string());
    };
    let end = argv.iter().position(|word| word == "--").ok_or("Without -- in front of it kubectl takes no command")?;
    let terminal = ["-i", "-t", "-it", "-ti", "--stdin", "--tty"];
    let lead = argv[..end].iter().filter(|word| !terminal.contains(&word.as_str())).cloned().collect();
    Ok((lead, inside.argv, inside.input))
}

impl Execute for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (here, op) = self.read(call).map_err(Cannot)?;
            let looked = tokio::time::timeout(call.bounds.time, plan(&here, &op)).await;
            let silent = Failed::Lost("it took too long".to_string());
            let (does, finds) = looked.unwrap_or(Err(silent)).map_err(|failed| Cannot(failed.sentence()))?;
            let finds = finds.iter().map(|line| here.host.secrets.hide(line)).collect();
            Ok(Plan { does: here.host.secrets.hide(&does), native: true, finds })
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let began = clock::instant();
            let (here, op) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            let mut said = Said::new(call.bounds.output_bytes, here.host.secrets.clone(), watch.progress.clone());
            let (asked, time) = (Asked::default(), call.bounds.time);
            let waited = within(time, watch, carry_out(&here, &op, call, &mut said, &asked)).await;
            let end = match waited {
                Waited::Done(Ok(())) => said.end.take().unwrap_or(End::Exited(said.code)),
                Waited::Done(Err(failed @ Failed::Unreached(_))) => End::NotStarted(failed.sentence()),
                // Before anything was changed: what was changed without an answer has an end of its own.
                Waited::Done(Err(failed @ Failed::Lost(_))) if op.changes() => End::NotStarted(failed.sentence()),
                Waited::Done(Err(other)) => {
                    failed(&mut said, &other);
                    End::Exited(1)
                }
                Waited::TimedOut => unanswered(&asked, "in time").unwrap_or(End::TimedOut),
                Waited::Stopped => unanswered(&asked, "before it was stopped").unwrap_or(End::Stopped),
            };
            if let (Op::Exec(_), End::TimedOut | End::Stopped) = (&op, &end) {
                said.err(b"[nobody waits for the command any more; it may run on in its pod]\n");
            }
            let mut ran = said.into_ran(end);
            ran.took = began.elapsed();
            ran
        })
    }
}

fn unanswered(asked: &Asked, when: &str) -> Option<End> {
    asked.take().map(|what| End::Unknown(format!("The cluster did not answer {when} to {what}")))
}

/// `Err` with `Unreached` or `Lost` only where nothing can have been changed.
async fn carry_out(here: &Here<'_>, op: &Op, call: &Call, said: &mut Said, asked: &Asked) -> Result<(), Failed> {
    let time = call.bounds.time;
    match op {
        Op::Get(get) => get::get(here, get, said).await,
        Op::Describe { kind, which, label } => {
            let objects = logs::found(here, kind, which, label.as_ref(), said).await?;
            describe::describe(here, kind, &objects, said).await
        }
        Op::Logs(logs) => logs::logs(here, logs, time, said).await,
        Op::Top(top) => top::top(here, top, said).await,
        Op::Status { kind, name, time_s, watch } => {
            let wanted = time_s.map(Duration::from_secs);
            let early = rollout::status(here, kind, name, (*watch, wanted.unwrap_or(time).min(time)), said).await?;
            shortened(early && wanted.is_none_or(|w| w > time), time, said);
            Ok(())
        }
        Op::History { name } => rollout::history(here, name, said).await,
        Op::Each { act, kind, which, label } => {
            let names = here.names(kind, which, label.as_ref(), true).await?;
            if names.is_empty() {
                said.err(format!("No resources found{}.\n", here.said(kind)).as_bytes());
            }
            act::each(here, act, kind, &names, said, asked).await
        }
        Op::Exec(inside) => exec::exec(here, inside, call.input.as_deref(), said).await,
        Op::Wait { kind, which, label, until, time_s } => {
            let wanted = Duration::from_secs(*time_s);
            let early = rollout::wait(here, (kind, which, label.as_ref()), until, wanted.min(time), said).await?;
            shortened(early && wanted > time, time, said);
            Ok(())
        }
        Op::Version => {
            let version = here.json(&version()).await?;
            said.line(&format!("Server Version: {}", version["gitVersion"].as_str().unwrap_or("unknown")));
            Ok(())
        }
    }
}

/// It was not waited for as long as the command says.
fn shortened(early: bool, time: Duration, said: &mut Said) {
    if early {
        said.err(format!("[a run may take {} s: run it again to wait on]\n", time.as_secs()).as_bytes());
    }
}

/// The requests, and what they would act on as it is now.
async fn plan(here: &Here<'_>, op: &Op) -> Result<(String, Vec<String>), Failed> {
    let list = |kind: &Kind, label: Option<&String>| here.selecting(kind, &get::labelled(label)).shown();
    Ok(match op {
        Op::Get(get) => {
            here.json(&version()).await?;
            (get::native(here, get), Vec::new())
        }
        Op::Describe { kind, which, label } => {
            (list(kind, label.as_ref()), rollout::waited(here, kind, which, label.as_ref()).await?)
        }
        Op::Logs(logs) => (logs::native(here, logs), logs::described(&logs::pods(here, &logs.of, None).await?)),
        Op::Top(top) => {
            here.json(&version()).await?;
            (top::ask(here, top).shown(), Vec::new())
        }
        Op::Status { kind, name, .. } => {
            (Ask::get(kind, here.namespace(), name).shown(), vec![rollout::found(here, kind, name).await?])
        }
        Op::History { name } => {
            let found = rollout::found(here, &kinds::DEPLOYMENTS, name).await?;
            (list(&kinds::REPLICASETS, None), vec![found])
        }
        Op::Each { act, kind, which, label } => {
            let names = here.names(kind, which, label.as_ref(), true).await?;
            act::plan(here, act, kind, &names).await?
        }
        Op::Exec(inside) => {
            let found = logs::pods(here, &inside.pod, None).await?;
            let pod = found.first().map_or("POD", place::name_of);
            let ask = exec::ask(here, inside, pod, inside.container.as_deref(), inside.input);
            (ask.shown(), logs::described(&found))
        }
        Op::Wait { kind, which, label, .. } => {
            (list(kind, label.as_ref()), rollout::waited(here, kind, which, label.as_ref()).await?)
        }
        Op::Version => {
            here.json(&version()).await?;
            (version().shown(), Vec::new())
        }
    })
}

fn version() -> Ask {
    let right = Right { verb: "get", resource: "version".to_string(), ..Right::default() };
    Ask {
        method: axum::http::Method::GET,
        path: "/version".to_string(),
        query: Vec::new(),
        body: None,
        accept: JSON,
        right,
    }
}

/// Something went wrong, and the rest may go on.
fn failed(said: &mut Said, failed: &Failed) {
    said.err(format!("{}\n", failed.sentence()).as_bytes());
    said.code = 1;
}

/// The texts of a list.
fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}

const HIDDEN: &str = "[hidden]";

/// An object as it may be printed: without what a secret holds, and without the API's own book-keeping.
fn hidden(kind: &Kind, mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.entry("apiVersion").or_insert_with(|| json!(kind.api_version()));
        fields.entry("kind").or_insert_with(|| json!(kind.kind));
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    if *kind == SECRETS || object["kind"] == "Secret" {
        for part in ["data", "stringData"] {
            for (_, value) in object[part].as_object_mut().into_iter().flatten() {
                *value = json!(HIDDEN);
            }
        }
        // The object as it was applied, values and all.
        if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    hide_env(&mut object);
    object
}

/// `{"name": "DB_PASSWORD", "value": "…"}`, wherever it stands.
fn hide_env(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_env),
        Value::Object(fields) => {
            let secret = fields.get("name").and_then(Value::as_str).is_some_and(is_secret_name);
            if let (true, Some(value @ Value::String(_))) = (secret, fields.get_mut("value")) {
                *value = json!(HIDDEN);
            }
            fields.values_mut().for_each(hide_env);
        }
        _ => {}
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL"]
        .iter()
        .any(|word| name.contains(word))
}

//! How far a rollout is, what it came from, and waiting for a state: by looking again, for no longer than is left.

use super::client::Failed;
use super::kinds::{DAEMONSETS, DEPLOYMENTS, Kind, REPLICASETS};
use super::logs::selector;
use super::op::{Selectors, Until, Which};
use super::place::{Here, name_of};
use super::table::parted;
use super::{failed, get};
use crate::clock;
use crate::exec::docker::said::Said;
use serde_json::Value;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Below what bounds the command itself, so that its own last word is heard.
const MARGIN: f64 = 0.9;

/// What a look at a rollout says.
enum Stage {
    /// Not there yet, and why.
    Under(String),
    Done(String),
    Stuck(String),
}

/// True where it was not waited for to the end.
pub async fn status(
    here: &Here<'_>,
    kind: &'static Kind,
    name: &str,
    (watch, time): (bool, Duration),
    said: &mut Said,
) -> Result<bool, Failed> {
    here.admits(kind, name, false)?;
    let began = clock::instant();
    let mut last = String::new();
    loop {
        let object = here.object(kind, name).await?;
        let left = time.mul_f64(MARGIN).saturating_sub(began.elapsed());
        let over = left.is_zero();
        match stage(kind, &object) {
            Stage::Under(why) => {
                if why != last {
                    said.line(&why);
                }
                if !watch || over {
                    readings(&object, said);
                    if watch {
                        said.err(b"error: timed out waiting for the condition\n");
                        said.code = 1;
                    }
                    return Ok(watch);
                }
                last = why;
            }
            Stage::Done(what) => {
                readings(&object, said);
                said.line(&what);
                return Ok(false);
            }
            Stage::Stuck(why) => {
                readings(&object, said);
                said.err(format!("error: {why}\n").as_bytes());
                said.code = 1;
                return Ok(false);
            }
        }
        tokio::time::sleep(LOOK_EVERY.min(left)).await;
    }
}

fn stage(kind: &Kind, object: &Value) -> Stage {
    let (name, status, spec) = (name_of(object), &object["status"], &object["spec"]);
    let count = |key: &str| status[key].as_i64().unwrap_or_default();
    let observed = object["metadata"]["generation"].as_i64().unwrap_or_default() <= count("observedGeneration");
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    if *kind == DEPLOYMENTS {
        let conditions = status["conditions"].as_array().into_iter().flatten();
        let stuck =
            conditions.filter(|c| c["type"] == "Progressing").any(|c| c["reason"] == "ProgressDeadlineExceeded");
        let (updated, all, available) = (count("updatedReplicas"), count("replicas"), count("availableReplicas"));
        let finish =
            |what: String| Stage::Under(format!("Waiting for deployment \"{name}\" rollout to finish: {what}..."));
        return match () {
            () if !observed => Stage::Under("Waiting for deployment spec update to be observed...".to_string()),
            () if stuck => Stage::Stuck(format!("deployment \"{name}\" exceeded its progress deadline")),
            () if updated < wanted => finish(format!("{updated} out of {wanted} new replicas have been updated")),
            () if all > updated => finish(format!("{} old replicas are pending termination", all - updated)),
            () if available < updated => finish(format!("{available} of {updated} updated replicas are available")),
            () => Stage::Done(format!("deployment \"{name}\" successfully rolled out")),
        };
    }
    let by_hand = spec["updateStrategy"]["type"] == "OnDelete";
    if by_hand {
        return Stage::Stuck(format!(
            "rollout status is only available for the RollingUpdate strategy type, and {name} has OnDelete"
        ));
    }
    if *kind == DAEMONSETS {
        let (updated, wanted, available) =
            (count("updatedNumberScheduled"), count("desiredNumberScheduled"), count("numberAvailable"));
        let finish =
            |what: String| Stage::Under(format!("Waiting for daemon set \"{name}\" rollout to finish: {what}..."));
        return match () {
            () if !observed => Stage::Under("Waiting for daemon set spec update to be observed...".to_string()),
            () if updated < wanted => finish(format!("{updated} out of {wanted} new pods have been updated")),
            () if available < wanted => finish(format!("{available} of {wanted} updated pods are available")),
            () => Stage::Done(format!("daemon set \"{name}\" successfully rolled out")),
        };
    }
    let (ready, updated) = (count("readyReplicas"), count("updatedReplicas"));
    let revision = status["updateRevision"].as_str().unwrap_or_default();
    match () {
        () if !observed => Stage::Under("Waiting for statefulset spec update to be observed...".to_string()),
        () if ready < wanted => Stage::Under(format!("Waiting for {} pods to be ready...", wanted - ready)),
        () if status["currentRevision"] != status["updateRevision"] && updated < wanted => Stage::Under(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {revision}..."
        )),
        () => Stage::Done(format!("statefulset rolling update complete {wanted} pods at revision {revision}...")),
    }
}

/// Replicas wanted and ready, of anything that has them.
pub fn readings(object: &Value, said: &mut Said) {
    let name = name_of(object);
    let (spec, status) = (&object["spec"], &object["status"]);
    let daemons = status["desiredNumberScheduled"].as_i64();
    if spec["replicas"].is_null() && daemons.is_none() {
        return;
    }
    let ready = status["readyReplicas"].as_i64().or(status["numberReady"].as_i64()).unwrap_or_default();
    said.reading(format!("replicas of {name}"), spec["replicas"].as_i64().or(daemons).unwrap_or_default() as f64, "");
    said.reading(format!("ready replicas of {name}"), ready as f64, "");
}

/// A revision that a deployment had: its number, its template and why it came.
pub struct Revision {
    pub number: i64,
    pub template: Value,
    pub cause: Option<String>,
    pub annotations: Value,
}

pub const REVISION: &str = "deployment.kubernetes.io/revision";
const CAUSE: &str = "kubernetes.io/change-cause";

pub fn revision_of(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|r| r.parse().ok()).unwrap_or_default()
}

/// The revisions that are still there, oldest first.
pub async fn revisions(here: &Here<'_>, deployment: &Value) -> Result<Vec<Revision>, Failed> {
    let label = selector(&deployment["spec"]["selector"]);
    let sets = here.items(&REPLICASETS, &Selectors { label, field: None }).await?;
    let own = |set: &&Value| {
        let owners = set["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        owners.filter(|o| o["controller"] == true).any(|o| o["uid"] == deployment["metadata"]["uid"])
    };
    let read = |set: &Value| {
        let mut template = set["spec"]["template"].clone();
        if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
            labels.remove("pod-template-hash");
        }
        let annotations = set["metadata"]["annotations"].clone();
        let cause = annotations[CAUSE].as_str().map(str::to_string);
        Revision { number: revision_of(set), template, cause, annotations }
    };
    let mut revisions: Vec<Revision> = sets.iter().filter(own).map(read).collect();
    revisions.sort_by_key(|r| r.number);
    Ok(revisions)
}

pub async fn history(here: &Here<'_>, name: &str, said: &mut Said) -> Result<(), Failed> {
    here.admits(&DEPLOYMENTS, name, false)?;
    let deployment = here.object(&DEPLOYMENTS, name).await?;
    let revisions = revisions(here, &deployment).await?;
    let mut rows = vec![vec!["REVISION".to_string(), "CHANGE-CAUSE".to_string()]];
    let row = |r: &Revision| vec![r.number.to_string(), r.cause.clone().unwrap_or("<none>".to_string())];
    rows.extend(revisions.iter().map(row));
    said.print(&format!("deployment.apps/{name} \n{}\n", parted(&rows, 2)));
    said.reading(format!("revisions of {name}"), revisions.len() as f64, "");
    Ok(())
}

pub fn images(template: &Value) -> String {
    let containers = template["spec"]["containers"].as_array().into_iter().flatten();
    containers.filter_map(|c| c["image"].as_str()).collect::<Vec<_>>().join(", ")
}

/// Until every one of them is as wanted. What is found at the first look is what is waited for. True where it was not
/// waited for to the end.
pub async fn wait(
    here: &Here<'_>,
    (kind, which, label): (&'static Kind, &Which, Option<&String>),
    until: &Until,
    time: Duration,
    said: &mut Said,
) -> Result<bool, Failed> {
    let names = here.names(kind, which, label, false).await?;
    if names.is_empty() {
        return match until {
            Until::Deleted => Ok(false),
            Until::Condition(..) => Err(Failed::Ours("error: no matching resources found".to_string())),
        };
    }
    let began = clock::instant();
    let mut left = names;
    loop {
        let mut still = Vec::new();
        for name in left {
            match (here.json(&super::client::Ask::get(kind, here.namespace(), &name)).await, until) {
                (Err(absent), Until::Deleted) if absent.is_absent() => {
                    said.line(&format!("{}/{name} condition met", kind.full()))
                }
                (Err(absent), _) if absent.is_absent() => failed(said, &absent),
                (Err(other), _) => return Err(other),
                (Ok(object), Until::Condition(wanted, value)) if holds(&object, wanted, value) => {
                    said.line(&format!("{}/{name} condition met", kind.full()));
                }
                (Ok(_), _) => still.push(name),
            }
        }
        left = still;
        if left.is_empty() {
            return Ok(false);
        }
        let time_left = time.mul_f64(MARGIN).saturating_sub(began.elapsed());
        if time_left.is_zero() {
            for name in &left {
                said.err(format!("error: timed out waiting for the condition on {}/{name}\n", kind.plural).as_bytes());
            }
            said.code = 1;
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY.min(time_left)).await;
    }
}

fn holds(object: &Value, wanted: &str, value: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let text = |c: &Value, key: &str| c[key].as_str().unwrap_or_default().to_string();
    conditions
        .filter(|c| text(c, "type").eq_ignore_ascii_case(wanted))
        .any(|c| text(c, "status").eq_ignore_ascii_case(value))
}

/// For a plan.
pub async fn found(here: &Here<'_>, kind: &'static Kind, name: &str) -> Result<String, Failed> {
    Ok(describe(kind, &here.object(kind, name).await?))
}

pub fn describe(kind: &Kind, object: &Value) -> String {
    let (spec, status) = (&object["spec"], &object["status"]);
    let wanted = spec["replicas"].as_i64().or(status["desiredNumberScheduled"].as_i64());
    let ready = status["readyReplicas"].as_i64().or(status["numberReady"].as_i64()).unwrap_or_default();
    let replicas = wanted.map_or(String::new(), |wanted| format!(": {wanted} replicas, {ready} ready"));
    let image = match images(&spec["template"]) {
        none if none.is_empty() => String::new(),
        images => format!(", image {images}"),
    };
    format!("{} {}{replicas}{image}", kind.singular, name_of(object))
}

/// All that a list says of itself, for a plan of what is waited for.
pub async fn waited(
    here: &Here<'_>,
    kind: &'static Kind,
    which: &Which,
    label: Option<&String>,
) -> Result<Vec<String>, Failed> {
    let selectors = get::labelled(label);
    match which {
        Which::Named(names) => Ok(names.iter().map(|n| format!("{} {n}", kind.singular)).collect()),
        Which::All => {
            let items = here.items(kind, &selectors).await?;
            Ok(items.iter().map(|o| format!("{} {}", kind.singular, name_of(o))).collect())
        }
    }
}

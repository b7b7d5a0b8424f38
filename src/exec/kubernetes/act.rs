//! What changes an object. Each is looked at before, changed by one request, and looked at afterwards where the answer
//! to that request was lost: a request is never repeated to find out what became of it.

use super::client::{Ask, Failed};
use super::kinds::{DEPLOYMENTS, Kind};
use super::logs;
use super::op::Act;
use super::place::{Here, name_of};
use super::rollout::{self, REVISION, Revision, describe, images, revision_of};
use super::{Asked, failed, units};
use crate::engine::ports::execute::End;
use crate::exec::docker::said::Said;
use serde_json::{Value, json};
use std::time::Duration;

const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";
/// Looks at an object whose state is in doubt, or that goes away, and the time between them.
const LOOKS: usize = 20;
const LOOK_EVERY: Duration = Duration::from_millis(250);
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const PATCH: &str = "application/json-patch+json";
/// Annotations that belong to a deployment itself and are not taken over from a revision.
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// The one request of a change, what kubectl says when it is done, and how it is known that it was.
pub struct Change {
    pub ask: Ask,
    done: String,
    took: Took,
}

/// Looks at an object as it was and as it is.
type Took = Box<dyn Fn(&Value, &Value) -> bool + Send + Sync>;

/// What is asked for, made from how the object is now. `Err` says in kubectl's words why nothing is done.
pub async fn change(here: &Here<'_>, act: &Act, kind: &'static Kind, before: &Value) -> Result<Change, Failed> {
    let (name, namespace) = (name_of(before), here.namespace());
    let full = format!("{}/{name}", kind.full());
    let patch = |content_type, body| Ask::patch(kind, namespace, name, content_type, body);
    let template = |path: &'static str, value: Value| -> Took {
        Box::new(move |_, after| after["spec"]["template"].pointer(path) == Some(&value))
    };
    Ok(match act {
        Act::Scale { replicas, current } => {
            let (is, wanted) = (before["spec"]["replicas"].as_i64().unwrap_or(1), *replicas);
            if let Some(expected) = current.filter(|c| *c != is) {
                return Err(Failed::Ours(format!("error: Expected replicas to be {expected}, was {is}")));
            }
            let ask = patch(MERGE, json!({"spec": {"replicas": wanted}})).sub("scale");
            let took: Took = Box::new(move |_, after| after["spec"]["replicas"].as_i64() == Some(wanted));
            Change { ask, done: format!("{full} scaled"), took }
        }
        Act::Restart => {
            if before["spec"]["paused"] == true {
                return Err(Failed::Ours(format!(
                    "error: {full} is paused: kubectl rollout resume goes before a restart"
                )));
            }
            let now = units::now();
            let body = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}});
            let at = "/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
            Change { ask: patch(STRATEGIC, body), done: format!("{full} restarted"), took: template(at, json!(now)) }
        }
        Act::Undo { revision } => return undo(here, *revision, before, full).await,
        Act::Pause | Act::Resume => {
            let pause = *act == Act::Pause;
            if before["spec"]["paused"].as_bool().unwrap_or_default() == pause {
                return Err(Failed::Ours(format!(
                    "error: {full} is {} already",
                    if pause { "paused" } else { "not paused" }
                )));
            }
            let took: Took = Box::new(move |_, after| after["spec"]["paused"].as_bool().unwrap_or_default() == pause);
            let done = format!("{full} {}", if pause { "paused" } else { "resumed" });
            Change { ask: patch(STRATEGIC, json!({"spec": {"paused": pause}})), done, took }
        }
        Act::SetImage(images) => {
            let known = logs::container_names(&before["spec"]["template"]);
            let mut containers = Vec::new();
            for (container, image) in images {
                let named: Vec<&String> = known.iter().filter(|k| container == "*" || *k == container).collect();
                if named.is_empty() {
                    let all = known.join(", ");
                    return Err(Failed::Ours(format!(
                        "error: unable to find container named {container:?} in {full}: it has {all}"
                    )));
                }
                containers.extend(named.into_iter().map(|name| json!({"name": name, "image": image})));
            }
            let wanted = containers.clone();
            let took: Took = Box::new(move |_, after| {
                let is = after["spec"]["template"]["spec"]["containers"].as_array().map_or(&[][..], Vec::as_slice);
                let has = |w: &Value| is.iter().any(|c| c["name"] == w["name"] && c["image"] == w["image"]);
                wanted.iter().all(has)
            });
            let body = json!({"spec": {"template": {"spec": {"containers": containers}}}});
            Change { ask: patch(STRATEGIC, body), done: format!("{full} image updated"), took }
        }
        Act::Patch { content_type, body } => {
            // What a patch of somebody's own makes of an object is seen only in that it is another one.
            let took: Took = Box::new(|before, after| {
                let generation = |o: &Value| o["metadata"]["generation"].as_i64();
                generation(after).is_some() && generation(before) < generation(after)
            });
            Change { ask: patch(content_type, body.clone()), done: format!("{full} patched"), took }
        }
        Act::Cordon(on) => {
            let (on, word) = (*on, if *on { "cordoned" } else { "uncordoned" });
            if before["spec"]["unschedulable"].as_bool().unwrap_or_default() == on {
                return Err(Failed::Ours(format!("{full} already {word}")));
            }
            let took: Took =
                Box::new(move |_, after| after["spec"]["unschedulable"].as_bool().unwrap_or_default() == on);
            let body = json!({"spec": {"unschedulable": if on { json!(true) } else { Value::Null }}});
            Change { ask: patch(STRATEGIC, body), done: format!("{full} {word}"), took }
        }
        Act::Delete { grace_s, .. } => {
            // Only this very pod: another of its name may have come meanwhile.
            let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                "preconditions": {"uid": before["metadata"]["uid"]}});
            if let Some(seconds) = grace_s {
                body["gracePeriodSeconds"] = json!(seconds);
            }
            let took: Took = Box::new(|before, after| {
                !after["metadata"]["deletionTimestamp"].is_null()
                    || after["metadata"]["uid"] != before["metadata"]["uid"]
            });
            let forced = if *grace_s == Some(0) { "force deleted" } else { "deleted" };
            Change {
                ask: Ask::delete(kind, namespace, name, body),
                done: format!("{} \"{name}\" {forced}", kind.singular),
                took,
            }
        }
    })
}

async fn undo(here: &Here<'_>, revision: Option<i64>, before: &Value, full: String) -> Result<Change, Failed> {
    if before["spec"]["paused"] == true {
        return Err(Failed::Ours(format!(
            "error: you cannot rollback a paused deployment; {full} goes on with kubectl rollout resume"
        )));
    }
    let to = earlier(here, revision, before).await?;
    if to.template == before["spec"]["template"] {
        let same = format!("{full} skipped rollback (current template already matches revision {})", to.number);
        return Err(Failed::Ours(same));
    }
    let mut annotations = json!({});
    for (from, own) in [(&before["metadata"]["annotations"], true), (&to.annotations, false)] {
        for (key, value) in from.as_object().into_iter().flatten().filter(|(key, _)| OWN.contains(&key.as_str()) == own)
        {
            annotations[key] = value.clone();
        }
    }
    // Of the template that was looked at: one that somebody changed meanwhile is refused by the API.
    let body = json!([
        {"op": "test", "path": "/metadata/generation", "value": before["metadata"]["generation"]},
        {"op": "replace", "path": "/spec/template", "value": to.template},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]);
    let wanted = to.template;
    let took: Took = Box::new(move |_, after| after["spec"]["template"] == wanted);
    let ask = Ask::patch(&DEPLOYMENTS, here.namespace(), name_of(before), PATCH, body);
    Ok(Change { ask, done: format!("{full} rolled back"), took })
}

/// The revision that a rollback leads to.
async fn earlier(here: &Here<'_>, revision: Option<i64>, deployment: &Value) -> Result<Revision, Failed> {
    let mut revisions = rollout::revisions(here, deployment).await?;
    let current = revision_of(deployment);
    let at = match revision {
        Some(wanted) => revisions.iter().position(|r| r.number == wanted),
        None => revisions.iter().rposition(|r| r.number < current),
    };
    let there: Vec<String> = revisions.iter().map(|r| r.number.to_string()).collect();
    match (at, revision) {
        (Some(at), _) => Ok(revisions.swap_remove(at)),
        (None, Some(wanted)) => {
            let there = there.join(", ");
            Err(Failed::Ours(format!("error: unable to find revision {wanted}: there are {there}")))
        }
        (None, None) => {
            Err(Failed::Ours(format!("error: no rollout history found for deployment \"{}\"", name_of(deployment))))
        }
    }
}

pub async fn each(
    here: &Here<'_>,
    act: &Act,
    kind: &'static Kind,
    names: &[String],
    said: &mut Said,
    asked: &Asked,
) -> Result<(), Failed> {
    for (no, name) in names.iter().enumerate() {
        let before = match here.object(kind, name).await {
            Ok(before) => before,
            // Nothing was changed so far.
            Err(failed @ (Failed::Unreached(_) | Failed::Lost(_))) if no == 0 => return Err(failed),
            Err(other) => {
                failed(said, &other);
                continue;
            }
        };
        one(here, act, kind, &before, said, asked).await;
        if said.end.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

async fn one(here: &Here<'_>, act: &Act, kind: &'static Kind, before: &Value, said: &mut Said, asked: &Asked) {
    let name = name_of(before);
    let change = match change(here, act, kind, before).await {
        Ok(change) => change,
        // Already so is well, to kubectl too.
        Err(Failed::Ours(why)) if why.contains(" already ") => return said.line(&why),
        Err(other) => return failed(said, &other),
    };
    asked.set(format!("{}: {}", change.ask.shown(), how(here, kind, name)));
    match here.json(&change.ask).await {
        Ok(_) => said.line(&change.done),
        Err(doubt) if doubt.is_doubtful() => settle(here, kind, before, (&change, &doubt), said).await,
        Err(other) => failed(said, &other),
    }
    asked.clear();
    if said.code == 0 && said.end.is_none() {
        if let Act::Delete { wait: true, .. } = act {
            gone(here, kind, before).await;
        } else if let Ok(after) = here.object(kind, name).await {
            rollout::readings(&after, said);
        }
    }
}

/// How one finds out by hand.
fn how(here: &Here<'_>, kind: &Kind, name: &str) -> String {
    let place = here.namespace().filter(|_| kind.namespaced).map_or(String::new(), |n| format!(" -n {n}"));
    format!("kubectl get {}/{name}{place} -o yaml shows whether it took effect", kind.singular)
}

/// No answer, or one that the API's own trouble made: what it did is seen in the object.
async fn settle(
    here: &Here<'_>,
    kind: &'static Kind,
    before: &Value,
    (change, doubt): (&Change, &Failed),
    said: &mut Said,
) {
    let name = name_of(before);
    for _ in 0..LOOKS {
        let after = here.json(&Ask::get(kind, here.namespace(), name)).await;
        let took = match &after {
            Ok(after) => (change.took)(before, after) && !(change.took)(before, before),
            Err(gone) => gone.is_absent(),
        };
        if took {
            said.line(&change.done);
            said.err(format!("[{}; it took effect all the same]\n", doubt.sentence()).as_bytes());
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let why =
        format!("{}, after {} {}: {}", doubt.sentence(), change.ask.method, change.ask.target(), how(here, kind, name));
    said.end = Some(End::Unknown(why));
}

/// As long as it takes; the call's own bound ends it.
async fn gone(here: &Here<'_>, kind: &'static Kind, before: &Value) {
    loop {
        match here.json(&Ask::get(kind, here.namespace(), name_of(before))).await {
            Ok(after) if after["metadata"]["uid"] == before["metadata"]["uid"] => tokio::time::sleep(LOOK_EVERY).await,
            _ => return,
        }
    }
}

/// For a plan: what each is now and what becomes of it, and the requests.
pub async fn plan(
    here: &Here<'_>,
    act: &Act,
    kind: &'static Kind,
    names: &[String],
) -> Result<(String, Vec<String>), Failed> {
    let (mut requests, mut finds) = (Vec::new(), Vec::new());
    for name in names {
        let before = match here.object(kind, name).await {
            Ok(before) => before,
            Err(absent) if absent.is_absent() => {
                finds.push(absent.sentence());
                continue;
            }
            Err(other) => return Err(other),
        };
        let is = match act {
            Act::Delete { .. } => logs::describe(&before),
            _ => describe(kind, &before),
        };
        match change(here, act, kind, &before).await {
            Ok(change) => {
                requests.push(change.ask.shown());
                finds.push(is + &becomes(act, &before, &change));
            }
            Err(Failed::Ours(why)) => finds.push(format!("{is} → {why}")),
            Err(other) => return Err(other),
        }
    }
    if names.is_empty() {
        finds.push(format!("no {} matched: nothing would be done", kind.plural));
    }
    let does = if requests.is_empty() { "no request: nothing would change".to_string() } else { requests.join("; ") };
    Ok((does, finds))
}

fn becomes(act: &Act, before: &Value, change: &Change) -> String {
    match act {
        Act::Scale { replicas, .. } => format!(" → {replicas} replicas"),
        Act::Restart => " → its pods are replaced one after the other".to_string(),
        Act::Undo { .. } => {
            let template = change.ask.body.as_ref().map(|(_, body)| &body[1]["value"]);
            format!(", revision {} → image {}", revision_of(before), template.map_or(String::new(), images))
        }
        Act::SetImage(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(container, image)| format!("{container}={image}")).collect();
            format!(" → {}", pairs.join(", "))
        }
        Act::Delete { .. } => {
            let owner = &before["metadata"]["ownerReferences"][0];
            match (owner["kind"].as_str(), owner["name"].as_str()) {
                (Some(kind), Some(name)) => format!(" → deleted, and {kind} {name} makes another"),
                _ => " → deleted, and nothing makes another".to_string(),
            }
        }
        _ => String::new(),
    }
}

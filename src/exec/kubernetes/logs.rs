//! `kubectl logs`: of a pod, of one pod of a deployment, of those that a selector finds. What never ends is followed for
//! a while.

use super::client::{Ask, Failed, cause};
use super::get::labelled;
use super::kinds::{Kind, PODS};
use super::op::{Logs, Selectors, Source, Which};
use super::place::{Here, name_of};
use super::{failed, strings};
use crate::exec::docker::said::Said;
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;

/// What `-f` is followed for: long enough to see whether something is still going wrong.
const FOLLOW: Duration = Duration::from_secs(10);
/// Streams that one command reads, one after the other: as many as kubectl would read at once.
const STREAMS_MAX: usize = 5;

pub async fn logs(here: &Here<'_>, logs: &Logs, time: Duration, said: &mut Said) -> Result<(), Failed> {
    let mut streams = Vec::new();
    for pod in pods(here, &logs.of, Some(said)).await? {
        for container in containers(&pod, logs, said)? {
            streams.push((name_of(&pod).to_string(), container));
        }
    }
    if streams.is_empty() {
        said.err(format!("No resources found{}.\n", here.said(&PODS)).as_bytes());
        return Ok(());
    }
    if streams.len() > STREAMS_MAX {
        said.err(format!("[the first {STREAMS_MAX} of {} logs: name a pod for another]\n", streams.len()).as_bytes());
        streams.truncate(STREAMS_MAX);
    }
    let window = FOLLOW.min(time * 9 / 10) / streams.len() as u32;
    for (pod, container) in streams {
        let ask = ask(here, logs, &pod, container.as_deref());
        let prefix = logs.prefix.then(|| format!("[pod/{pod}/{}] ", container.as_deref().unwrap_or_default()));
        match logs.follow {
            false => copy(here, &ask, prefix.as_deref(), said).await?,
            true => match tokio::time::timeout(window, copy(here, &ask, prefix.as_deref(), said)).await {
                Ok(done) => done?,
                Err(_) => said.err(format!("[followed for {} s]\n", window.as_secs()).as_bytes()),
            },
        }
    }
    Ok(())
}

fn ask(here: &Here<'_>, logs: &Logs, pod: &str, container: Option<&str>) -> Ask {
    Ask::get(&PODS, here.namespace(), pod)
        .sub("log")
        .maybe("container", container)
        .maybe("tailLines", logs.tail)
        .maybe("sinceSeconds", logs.since_s)
        .maybe("sinceTime", logs.since_time.as_ref())
        .maybe("limitBytes", logs.limit_bytes)
        .maybe("previous", logs.previous.then_some(true))
        .maybe("timestamps", logs.timestamps.then_some(true))
        .maybe("follow", logs.follow.then_some(true))
}

async fn copy(here: &Here<'_>, ask: &Ask, prefix: Option<&str>, said: &mut Said) -> Result<(), Failed> {
    let mut ask = ask.clone();
    ask.accept = "*/*";
    let mut stream = match here.host.cluster.stream(&ask).await {
        Ok(stream) => stream,
        // Of several, one that never started or has no earlier run does not keep the others back.
        Err(refused @ Failed::Said { code: 400 | 404, .. }) => {
            failed(said, &refused);
            return Ok(());
        }
        Err(other) => return Err(other),
    };
    let mut starts = true;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|e| Failed::Lost(cause(&e)))?;
        let Some(prefix) = prefix else {
            said.out(&piece);
            continue;
        };
        for line in piece.split_inclusive(|b| *b == b'\n') {
            if starts {
                said.out(prefix.as_bytes());
            }
            said.out(line);
            starts = line.ends_with(b"\n");
        }
    }
    Ok(())
}

/// The pods that are meant. Of a deployment it is one, as with kubectl, and which one is said.
pub async fn pods(here: &Here<'_>, source: &Source, said: Option<&mut Said>) -> Result<Vec<Value>, Failed> {
    match source {
        Source::Pod(name) => {
            here.admits(&PODS, name, false)?;
            Ok(vec![here.object(&PODS, name).await?])
        }
        Source::Selected(label) => {
            let pods = here.items(&PODS, &labelled(Some(label))).await?;
            pods.iter().try_for_each(|pod| here.admits(&PODS, name_of(pod), false))?;
            Ok(pods)
        }
        Source::Of(kind, name) => {
            here.admits(kind, name, false)?;
            let mut pods = of(here, kind, name).await?;
            let count = pods.len();
            let best = pods.into_iter().max_by_key(|pod| (is_ready(pod), is_running(pod), started(pod)));
            pods = best.into_iter().collect();
            if let (Some(pod), true, Some(said)) = (pods.first(), count > 1, said) {
                said.err(format!("Found {count} pods, using pod/{}\n", name_of(pod)).as_bytes());
            }
            match pods.is_empty() {
                true => Err(Failed::Ours(format!("{}/{name} has no pods", kind.full()))),
                false => Ok(pods),
            }
        }
    }
}

/// All pods of a deployment or the like, by its own selector.
pub async fn of(here: &Here<'_>, kind: &'static Kind, name: &str) -> Result<Vec<Value>, Failed> {
    let object = here.object(kind, name).await?;
    let Some(label) = selector(&object["spec"]["selector"]) else {
        return Err(Failed::Ours(format!("{}/{name} says not which pods are its own", kind.full())));
    };
    here.items(&PODS, &Selectors { label: Some(label), field: None }).await
}

/// `app=shop,tier in (web,api)`, of an object's selector.
pub fn selector(selector: &Value) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        parts.push(format!("{name}={}", value.as_str()?));
    }
    for one in selector["matchExpressions"].as_array().into_iter().flatten() {
        let (key, values) = (one["key"].as_str()?, strings(&one["values"]).join(","));
        parts.push(match one["operator"].as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_string(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

fn containers(pod: &Value, logs: &Logs, said: &mut Said) -> Result<Vec<Option<String>>, Failed> {
    let names = container_names(pod);
    if logs.every_container {
        return Ok(names.into_iter().map(Some).collect());
    }
    if let Some(wanted) = &logs.container {
        let init = pod["spec"]["initContainers"].as_array().into_iter().flatten();
        let known = names.iter().any(|n| n == wanted) || init.clone().any(|c| c["name"] == wanted.as_str());
        return match known {
            true => Ok(vec![Some(wanted.clone())]),
            false => {
                let all = names.join(", ");
                Err(Failed::Ours(format!("container {wanted} is not in pod {}: it has {all}", name_of(pod))))
            }
        };
    }
    Ok(vec![default_container(pod, said)])
}

pub fn container_names(pod: &Value) -> Vec<String> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.filter_map(|c| c["name"].as_str()).map(str::to_string).collect()
}

/// Of several the one that the pod names, or the first, and it is said.
pub fn default_container(pod: &Value, said: &mut Said) -> Option<String> {
    let names = container_names(pod);
    if names.len() < 2 {
        return names.into_iter().next();
    }
    let named = pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str();
    if let Some(named) = named.filter(|n| names.iter().any(|c| c == n)) {
        return Some(named.to_string());
    }
    said.err(format!("Defaulted container \"{}\" out of: {}\n", names[0], names.join(", ")).as_bytes());
    names.into_iter().next()
}

pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.filter(|c| c["type"] == "Ready").any(|c| c["status"] == "True")
}

fn is_running(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
}

fn started(pod: &Value) -> String {
    pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_string()
}

pub fn native(here: &Here<'_>, logs: &Logs) -> String {
    let pod = match &logs.of {
        Source::Pod(name) => name.clone(),
        _ => "POD".to_string(),
    };
    ask(here, logs, &pod, logs.container.as_deref()).shown()
}

/// For a plan: the pods and how they are.
pub fn described(pods: &[Value]) -> Vec<String> {
    pods.iter().map(describe).collect()
}

pub fn describe(pod: &Value) -> String {
    let statuses = pod["status"]["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
    let ready = statuses.iter().filter(|s| s["ready"] == true).count();
    let restarts: i64 = statuses.iter().filter_map(|s| s["restartCount"].as_i64()).sum();
    let waiting = statuses.iter().find_map(|s| s["state"]["waiting"]["reason"].as_str());
    let phase = pod["status"]["phase"].as_str().unwrap_or("of unknown state");
    let node = pod["spec"]["nodeName"].as_str().map_or(String::new(), |n| format!(" on {n}"));
    let phase = waiting.unwrap_or(phase);
    let of = container_names(pod).len();
    format!("pod {}: {phase}{node}, {ready} of {of} containers ready, {restarts} restarts", name_of(pod))
}

/// Everything that a selector or a list of names finds.
pub async fn found(
    here: &Here<'_>,
    kind: &'static Kind,
    which: &Which,
    label: Option<&String>,
    said: &mut Said,
) -> Result<Vec<Value>, Failed> {
    match which {
        Which::All => here.items(kind, &labelled(label)).await,
        Which::Named(names) => {
            let mut out = Vec::new();
            for name in names {
                here.admits(kind, name, false)?;
                match here.object(kind, name).await {
                    Ok(object) => out.push(object),
                    Err(absent) if absent.is_absent() => failed(said, &absent),
                    Err(other) => return Err(other),
                }
            }
            Ok(out)
        }
    }
}

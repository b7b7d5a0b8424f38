//! What changes something. Each container is looked at before and, where the daemon's answer is doubtful, afterwards: a
//! request is never repeated to find out what became of it.

use super::Host;
use super::address::Failed;
use super::inspect::readings;
use super::op::{Act, Inside, Op, Prune, Update};
use super::said::Said;
use crate::engine::ports::execute::End;
use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerUpdateBody, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{
    CreateImageOptions, InspectContainerOptions, KillContainerOptions, RemoveContainerOptions, RemoveImageOptions,
    RemoveVolumeOptions, RestartContainerOptions, StartContainerOptions, StopContainerOptions, TagImageOptions,
};
use futures_util::StreamExt;
use std::time::Duration;

/// Seconds that Docker waits by itself between TERM and KILL.
const STOP_S: i32 = 10;
/// Seconds beyond it for the request itself: starting a container on a busy disk.
const MARGIN_S: u64 = 60;
/// Looks at a container whose state is in doubt, and the time between them.
const LOOKS: usize = 25;
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub async fn each(host: &Host, act: &Act, names: &[String], said: &mut Said) -> Result<(), Failed> {
    let seconds = match act {
        Act::Stop { seconds, .. } | Act::Restart { seconds, .. } => seconds.unwrap_or(STOP_S),
        _ => 0,
    };
    // -1 is "as long as it takes": then only the call's own bound ends it.
    let patience = u64::try_from(seconds).unwrap_or(24 * 3600);
    let client = host.client.patient(patience + MARGIN_S)?;
    for (no, name) in names.iter().enumerate() {
        let before = match look(&client, name).await {
            Ok(before) => before,
            Err(failed @ (Failed::Unreached(_) | Failed::Silent)) if no == 0 => return Err(failed),
            Err(failed) => {
                said.failed(&failed);
                continue;
            }
        };
        match once(&client, act, name).await {
            Ok(()) => said.line(name),
            Err(failed) if failed.is_doubtful() => settle(&client, act, name, &before, &failed, said).await,
            Err(failed) => said.failed(&failed),
        }
        if let Ok(after) = look(&client, name).await {
            readings(&after, said);
        }
    }
    Ok(())
}

/// One request. Never two.
async fn once(client: &Docker, act: &Act, name: &str) -> Result<(), Failed> {
    match act {
        Act::Start => client.start_container(name, None::<StartContainerOptions>).await?,
        Act::Stop { seconds, signal } => {
            let options = StopContainerOptions { signal: signal.clone(), t: Some(seconds.unwrap_or(STOP_S)) };
            client.stop_container(name, Some(options)).await?;
        }
        Act::Restart { seconds, signal } => {
            let options = RestartContainerOptions { signal: signal.clone(), t: Some(seconds.unwrap_or(STOP_S)) };
            client.restart_container(name, Some(options)).await?;
        }
        Act::Kill { signal } => {
            let options = KillContainerOptions { signal: signal.clone().unwrap_or("KILL".to_string()) };
            client.kill_container(name, Some(options)).await?;
        }
        Act::Pause => client.pause_container(name).await?,
        Act::Unpause => client.unpause_container(name).await?,
        Act::Remove { force, volumes } => {
            let options = RemoveContainerOptions { v: *volumes, force: *force, link: false };
            client.remove_container(name, Some(options)).await?;
        }
        Act::Update(update) => client.update_container(name, body(update)?).await?,
    }
    Ok(())
}

fn body(update: &Update) -> Result<ContainerUpdateBody, Failed> {
    let restart_policy = match &update.restart {
        None => None,
        Some((name, count)) => {
            let name = name.parse::<RestartPolicyNameEnum>();
            let name = name.map_err(|_| Failed::Ours("The restart policy is not one that Docker knows".to_string()))?;
            Some(RestartPolicy { name: Some(name), maximum_retry_count: Some(*count) })
        }
    };
    Ok(ContainerUpdateBody {
        nano_cpus: update.nano_cpus,
        memory: update.memory,
        memory_swap: update.memory_swap,
        memory_reservation: update.memory_reservation,
        cpu_shares: update.cpu_shares,
        pids_limit: update.pids_limit,
        restart_policy,
        ..Default::default()
    })
}

/// No answer, or one that the daemon's own trouble made: what it did is seen in the container.
async fn settle(
    client: &Docker,
    act: &Act,
    name: &str,
    before: &ContainerInspectResponse,
    failed: &Failed,
    said: &mut Said,
) {
    for _ in 0..LOOKS {
        match look(client, name).await {
            Ok(after) if took_effect(act, before, &after) => {
                said.line(name);
                said.err(format!("[{}; it took effect all the same]\n", failed.sentence()).as_bytes());
                return;
            }
            // Some daemons stop a container for a restart and then refuse to start it because it is stopped. Starting
            // is the rest of what was asked for, and does nothing to one that runs.
            Ok(after)
                if matches!(act, Act::Restart { .. })
                    && matches!(failed, Failed::Said { .. })
                    && is_stopped(&after) =>
            {
                match once(client, &Act::Start, name).await {
                    Ok(()) => {
                        said.line(name);
                        said.err(format!("[{}; it was stopped, and then started]\n", failed.sentence()).as_bytes());
                    }
                    Err(again) => said.failed(&again),
                }
                return;
            }
            Err(gone) if gone.is_absent() && matches!(act, Act::Remove { .. }) => return said.line(name),
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
    match failed {
        Failed::Said { .. } => said.failed(failed),
        _ => {
            let verb = act.verb();
            let why = format!(
                "{} after it was told to {verb} {name}: docker inspect {name} shows what became of it",
                failed.sentence()
            );
            said.end = Some(End::Unknown(why));
        }
    }
}

fn is_stopped(container: &ContainerInspectResponse) -> bool {
    container.state.as_ref().is_some_and(|s| s.running == Some(false) && s.restarting != Some(true))
}

fn took_effect(act: &Act, before: &ContainerInspectResponse, after: &ContainerInspectResponse) -> bool {
    let (Some(was), Some(is)) = (&before.state, &after.state) else { return false };
    match act {
        Act::Start => is.running == Some(true),
        Act::Stop { .. } => is_stopped(after),
        Act::Restart { .. } => is.running == Some(true) && is.started_at != was.started_at,
        Act::Kill { .. } => is_stopped(after) || is.started_at != was.started_at,
        Act::Pause => is.paused == Some(true),
        Act::Unpause => is.paused == Some(false),
        // Known by its absence, or not at all.
        Act::Remove { .. } | Act::Update(_) => false,
    }
}

pub async fn look(client: &Docker, name: &str) -> Result<ContainerInspectResponse, Failed> {
    Ok(client.inspect_container(name, None::<InspectContainerOptions>).await?)
}

/// What became of containers whose act was not waited for to its end.
pub async fn state_now(client: &Docker, names: &[String], said: &mut Said) {
    for name in names {
        let state = match look(client, name).await {
            Ok(container) => describe(name, &container),
            Err(failed) => format!("{name}: {}", failed.sentence()),
        };
        said.err(format!("[now: {state}]\n").as_bytes());
    }
}

pub async fn finds(client: &Docker, act: &Act, names: &[String]) -> Result<Vec<String>, Failed> {
    let mut out = Vec::new();
    for name in names {
        out.push(match look(client, name).await {
            Ok(container) => describe(name, &container) + &becomes(act, &container),
            Err(failed) if failed.is_absent() => format!("{name}: there is no such container"),
            Err(failed) => return Err(failed),
        });
    }
    Ok(out)
}

pub async fn finds_inside(client: &Docker, inside: &Inside) -> Result<Vec<String>, Failed> {
    finds(client, &Act::Start, std::slice::from_ref(&inside.container)).await
}

fn describe(name: &str, container: &ContainerInspectResponse) -> String {
    let state = container.state.clone().unwrap_or_default();
    let status = state.status.map_or("in an unknown state".to_string(), |s| s.to_string());
    let since = match state.running {
        Some(true) => state.started_at.map(|at| format!(" since {}", second(&at))),
        _ => Some(format!(" with exit code {}", state.exit_code.unwrap_or_default())),
    };
    let oom = if state.oom_killed == Some(true) { ", killed for its memory" } else { "" };
    let health = state.health.and_then(|h| h.status).map(|h| h.to_string()).filter(|h| !h.is_empty() && h != "none");
    let health = health.map_or(String::new(), |h| format!(", {h}"));
    let restarts = match container.restart_count {
        Some(count @ 1..) => format!(", restarted {count} times by its policy"),
        _ => String::new(),
    };
    let image =
        container.config.as_ref().and_then(|c| c.image.clone()).map_or(String::new(), |i| format!(", image {i}"));
    format!("{name}: {status}{}{oom}{health}{restarts}{image}", since.unwrap_or_default())
}

/// What the act does to one that is as it is, where that is not plain.
fn becomes(act: &Act, container: &ContainerInspectResponse) -> String {
    let running = container.state.as_ref().is_some_and(|s| s.running == Some(true));
    match act {
        Act::Start if running => " → runs already".to_string(),
        Act::Stop { .. } | Act::Kill { .. } if !running => " → does not run".to_string(),
        Act::Restart { .. } if !running => " → is started".to_string(),
        Act::Remove { force: false, .. } if running => " → is refused while it runs".to_string(),
        Act::Remove { .. } => " → is removed with everything in it that is in no volume".to_string(),
        _ => String::new(),
    }
}

fn second(time: &str) -> String {
    time.split('.').next().unwrap_or_default().to_string() + "Z"
}

/// Images, volumes and networks. The daemon is asked first whether it is there at all.
pub async fn others(host: &Host, op: &Op, said: &mut Said) -> Result<(), Failed> {
    let client = host.client.patient(600)?;
    client.ping().await?;
    match op {
        Op::RemoveImages { names, force } => {
            for name in names {
                let options = RemoveImageOptions { force: *force, ..Default::default() };
                match client.remove_image(name, Some(options), None).await.map_err(Failed::from) {
                    Ok(removed) => {
                        for one in removed {
                            one.untagged.iter().for_each(|name| said.line(&format!("Untagged: {name}")));
                            one.deleted.iter().for_each(|id| said.line(&format!("Deleted: {id}")));
                        }
                    }
                    Err(failed) => doubt(&failed, &format!("docker images shows whether {name} is there"), said),
                }
            }
        }
        Op::RemoveVolumes { names, force } => {
            for name in names {
                let done =
                    client.remove_volume(name, Some(RemoveVolumeOptions { force: *force })).await.map_err(Failed::from);
                match done {
                    Ok(()) => said.line(name),
                    Err(failed) => doubt(&failed, &format!("docker volume ls shows whether {name} is there"), said),
                }
            }
        }
        Op::RemoveNetworks { names } => {
            for name in names {
                match client.remove_network(name).await.map_err(Failed::from) {
                    Ok(()) => said.line(name),
                    Err(failed) => doubt(&failed, &format!("docker network ls shows whether {name} is there"), said),
                }
            }
        }
        Op::Tag { from, to } => {
            let (repo, tag) = split_tag(to);
            let options = TagImageOptions { repo: Some(repo), tag: Some(tag) };
            if let Err(failed) = client.tag_image(from, Some(options)).await.map_err(Failed::from) {
                doubt(&failed, &format!("docker images shows whether {to} is there"), said);
            }
        }
        Op::Pull { reference } => pull(&client, reference, said).await,
        _ => {}
    }
    Ok(())
}

async fn pull(client: &Docker, reference: &str, said: &mut Said) {
    // What is named by its digest has no tag.
    let (image, tag) = match reference.contains('@') {
        true => (reference.to_string(), None),
        false => {
            let (image, tag) = split_tag(reference);
            (image, Some(tag))
        }
    };
    let options = CreateImageOptions { from_image: Some(image), tag, ..Default::default() };
    let mut steps = std::pin::pin!(client.create_image(Some(options), None, None));
    while let Some(step) = steps.next().await {
        match step.map_err(Failed::from) {
            Ok(step) => {
                if let Some(error) = step.error_detail.and_then(|e| e.message) {
                    return said.failed(&Failed::Ours(error));
                }
                // Progress in numbers would be thousands of lines.
                if let Some(status) = step.status.filter(|s| step.progress_detail.is_none() || s.contains("complete")) {
                    said.line(&step.id.map_or(status.clone(), |id| format!("{id}: {status}")));
                }
            }
            Err(failed) => return doubt(&failed, &format!("docker images shows whether {reference} is there"), said),
        }
    }
}

fn split_tag(reference: &str) -> (String, String) {
    match reference.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((image, tag)) => (image.to_string(), tag.to_string()),
        None => (reference.to_string(), "latest".to_string()),
    }
}

/// A refusal is a failure; silence is not known to be one.
pub fn doubt(failed: &Failed, how: &str, said: &mut Said) {
    match failed {
        Failed::Unreached(_) | Failed::Silent => said.end = Some(End::Unknown(format!("{}: {how}", failed.sentence()))),
        _ => said.failed(failed),
    }
}

/// The requests that an operation is made of, for a plan.
pub fn native(op: &Op) -> String {
    let list = |names: &[String], request: &dyn Fn(&String) -> String| {
        names.iter().map(request).collect::<Vec<_>>().join("; ")
    };
    match op {
        Op::Ps(_) => "GET /containers/json".to_string(),
        Op::Images(_) => "GET /images/json".to_string(),
        Op::Networks(_) => "GET /networks".to_string(),
        Op::Volumes(_) => "GET /volumes".to_string(),
        Op::Inspect { names, .. } => list(names, &|n| format!("GET /containers/{n}/json")),
        Op::Stats { .. } => "GET /containers/ID/stats of each".to_string(),
        Op::Logs(logs) => format!("GET /containers/{}/logs", logs.name),
        Op::Top { name, .. } => format!("GET /containers/{name}/top"),
        Op::Events { .. } => "GET /events".to_string(),
        Op::Df { .. } => "GET /system/df".to_string(),
        Op::Version { .. } => "GET /version".to_string(),
        Op::Info { .. } => "GET /info".to_string(),
        Op::Port { name } => format!("GET /containers/{name}/json"),
        Op::Each { act, names } => list(names, &|n| request(act, n)),
        Op::Exec(inside) => {
            format!("POST /containers/{}/exec {}", inside.container, crate::exec::process::shown(&inside.argv))
        }
        Op::Prune { what, .. } => {
            what.iter().map(|one| format!("POST /{}/prune", part(*one))).collect::<Vec<_>>().join("; ")
        }
        Op::RemoveImages { names, force } => list(names, &|n| format!("DELETE /images/{n}?force={force}")),
        Op::RemoveVolumes { names, force } => list(names, &|n| format!("DELETE /volumes/{n}?force={force}")),
        Op::RemoveNetworks { names } => list(names, &|n| format!("DELETE /networks/{n}")),
        Op::Pull { reference } => format!("POST /images/create?fromImage={reference}"),
        Op::Tag { from, to } => format!("POST /images/{from}/tag?repo={to}"),
    }
}

fn request(act: &Act, name: &str) -> String {
    match act {
        Act::Stop { seconds, signal } | Act::Restart { seconds, signal } => {
            let signal = signal.as_ref().map_or(String::new(), |s| format!("&signal={s}"));
            format!("POST /containers/{name}/{}?t={}{signal}", act.verb(), seconds.unwrap_or(STOP_S))
        }
        Act::Kill { signal } => format!("POST /containers/{name}/kill?signal={}", signal.as_deref().unwrap_or("KILL")),
        Act::Remove { force, volumes } => format!("DELETE /containers/{name}?force={force}&v={volumes}"),
        _ => format!("POST /containers/{name}/{}", act.verb()),
    }
}

pub fn part(prune: Prune) -> &'static str {
    match prune {
        Prune::Containers => "containers",
        Prune::Networks => "networks",
        Prune::Volumes { .. } => "volumes",
        Prune::Images { .. } => "images",
        Prune::BuildCache { .. } => "build",
    }
}

//! Docker: what `docker …` in a runbook says, through the daemon's own interface. A command is read whole into an
//! operation (`read.rs`, `op.rs`) or refused; nothing is tried twice, and what may have happened without an answer is
//! looked at afterwards (`act.rs`). Prints what the command line prints, so that what a runbook filters out of it is there.

mod act;
mod address;
mod allow;
mod inspect;
mod list;
mod op;
mod prune;
mod read;
pub(super) mod said;
mod sampled;
mod show;
mod stats;
mod stream;
mod template;
mod units;
mod usage;

pub use address::{Address, Failed};
pub use op::Inside;
pub use read::inside;

use super::clean::Secrets;
use super::ran::{Waited, not_started, within};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, Plan, Ran, Watch};
use address::Client;
use op::Op;
use said::Said;
use sampled::{Sampled, Samples};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// For looking at what became of containers that were not waited for to the end.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// One daemon: a target.
pub struct Host {
    client: Arc<Client>,
    samples: Samples,
    secrets: Secrets,
    /// Names that may be acted on, with `*`; empty: all.
    allow: Vec<String>,
}

impl Host {
    pub fn new(address: Address, secrets: Secrets) -> Host {
        let (client, samples) = (Arc::new(Client::new(address)), Samples::default());
        Host { client, samples, secrets, allow: Vec::new() }
    }

    pub fn allowing(self, allow: Vec<String>) -> Host {
        Host { allow, ..self }
    }
}

/// Shared: Compose and the clients of databases go through the same daemons.
#[derive(Clone)]
pub struct Docker(Arc<BTreeMap<String, Host>>);

impl Docker {
    pub fn new(hosts: BTreeMap<String, Host>) -> Docker {
        Docker(Arc::new(hosts))
    }

    /// Names and labels of all containers that pass the filters (`--filter`, `label=…`), stopped ones too.
    pub async fn labelled(
        &self,
        target: &str,
        filters: &[String],
        time: Duration,
    ) -> Result<Vec<(String, HashMap<String, String>)>, String> {
        let host = self.0.get(target).ok_or(format!("{target} is not set up as a Docker target"))?;
        let words = ["ps".to_string(), "--all".to_string()].into_iter().chain(filters.iter().cloned());
        let Op::Ps(listing) = read::read(&words.collect::<Vec<_>>())? else { return Ok(Vec::new()) };
        let found = async { list::found(&host.client.open().await?, &listing).await };
        let found = tokio::time::timeout(time, found).await.unwrap_or(Err(Failed::Silent));
        let found = found.map_err(|failed| failed.sentence())?;
        Ok(found.into_iter().map(|c| (list::name_of(&c), c.labels.unwrap_or_default())).collect())
    }

    /// Whether all of a project may be acted on by a program, which asks nobody container by container.
    pub fn allows_project(&self, target: &str, project: &str) -> Result<(), String> {
        match self.0.get(target).and_then(|host| allow::project(project, target, &host.allow)) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Makes the daemon reachable for programs that are told its address.
    pub async fn open(&self, target: &str, time: Duration) -> Result<(), String> {
        let host = self.0.get(target).ok_or(format!("{target} is not set up as a Docker target"))?;
        let opened = tokio::time::timeout(time, host.client.open()).await.unwrap_or(Err(Failed::Silent));
        opened.map(|_| ()).map_err(|failed| failed.sentence())
    }

    /// The daemon that a call is for, and what it says to do.
    fn read(&self, call: &Call) -> Result<(&Host, Op), String> {
        let host = self.0.get(&call.target).ok_or(format!("{} is not set up as a Docker target", call.target))?;
        let words = call.argv.strip_prefix(&["docker".to_string()]).ok_or("This is no docker command")?;
        let op = read::read(words)?;
        if let Some(why) = allow::refused(&op, &call.target, &host.allow) {
            return Err(why);
        }
        if let Op::Exec(inside) = &op {
            refuse_keyboard(inside, call)?;
        }
        Ok((host, op))
    }
}

/// A shell that waits for somebody to type.
fn refuse_keyboard(inside: &Inside, call: &Call) -> Result<(), String> {
    let program = inside.argv[0].rsplit('/').next().unwrap_or_default();
    let waits = inside.argv.len() == 1 && ["sh", "bash", "ash", "dash", "zsh"].contains(&program);
    match waits && call.input.is_none() {
        true => Err(format!("This opens a shell in {} that waits for a keyboard", inside.container)),
        false => Ok(()),
    }
}

impl Execute for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (host, op) = self.read(call).map_err(Cannot)?;
            let looked = tokio::time::timeout(call.bounds.time, finds(host, &op)).await;
            let finds = looked.unwrap_or(Err(Failed::Silent)).map_err(|failed| Cannot(failed.sentence()))?;
            Ok(Plan { does: host.secrets.hide(&act::native(&op)), native: true, finds })
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let began = clock::instant();
            let (host, op) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            let mut said = Said::new(call.bounds.output_bytes, host.secrets.clone(), watch.progress.clone());
            let time = call.bounds.time;
            let waited = within(time, watch, carry_out(host, &op, call, time, &mut said)).await;
            let end = match waited {
                Waited::Done(Ok(())) => said.end.take().unwrap_or(End::Exited(said.code)),
                Waited::Done(Err(failed @ (Failed::Unreached(_) | Failed::Silent))) => {
                    End::NotStarted(failed.sentence())
                }
                Waited::Done(Err(failed)) => {
                    said.failed(&failed);
                    End::Exited(1)
                }
                Waited::TimedOut => End::TimedOut,
                Waited::Stopped => End::Stopped,
            };
            if let (Op::Each { names, .. }, End::TimedOut | End::Stopped) = (&op, &end) {
                // The daemon carries on with what it was told.
                let look = async {
                    act::state_now(&host.client.open().await?, names, &mut said).await;
                    Ok::<_, Failed>(())
                };
                tokio::time::timeout(LAST_LOOK, look).await.ok();
            }
            let mut ran = said.into_ran(end);
            ran.took = began.elapsed();
            ran
        })
    }

    /// Statistics alone: they take the daemon seconds, everything else milliseconds.
    fn keep_warm(&self, looks: &[Call], lease: Duration) {
        for (target, host) in self.0.iter() {
            let mut wanted = Sampled::default();
            for look in looks.iter().filter(|look| look.target == *target) {
                if let Ok((_, Op::Stats { names, .. })) = self.read(look) {
                    wanted.all |= names.is_empty();
                    wanted.names.extend(names);
                }
            }
            host.samples.keep(&host.client, wanted, lease);
        }
    }

    fn changed(&self) {
        self.0.values().for_each(|host| host.samples.changed());
    }
}

/// Reads what the operation would act on.
async fn finds(host: &Host, op: &Op) -> Result<Vec<String>, Failed> {
    let client = host.client.open().await?;
    match op {
        Op::Each { act, names } => act::finds(&client, act, names).await,
        Op::Prune { what, filters } => prune::finds(&client, what, filters).await,
        Op::Exec(inside) => act::finds_inside(&client, inside).await,
        _ => client.ping().await.map(|_| Vec::new()).map_err(Failed::from),
    }
}

/// `Err` with `Unreached` or `Silent` only where nothing can have been changed.
async fn carry_out(host: &Host, op: &Op, call: &Call, time: Duration, said: &mut Said) -> Result<(), Failed> {
    let client = host.client.open().await?;
    match op {
        Op::Ps(listing) => list::containers(&client, listing, said).await,
        Op::Images(listing) => list::images(&client, listing, said).await,
        Op::Networks(listing) => list::networks(&client, listing, said).await,
        Op::Volumes(listing) => list::volumes(&client, listing, said).await,
        Op::Inspect { kind, names, format, size } => {
            inspect::inspect(&client, *kind, names, format.as_deref(), *size, said).await
        }
        Op::Stats { names, all, format, no_trunc } => {
            stats::stats(&client, &host.samples, names, *all, format.as_deref(), *no_trunc, said).await
        }
        Op::Logs(logs) => stream::logs(&client, logs, time, said).await,
        Op::Events { since, until, filters, format } => {
            stream::events(&client, since.as_deref(), until.as_deref(), filters, format.as_deref(), time, said).await
        }
        Op::Top { name, arguments } => inspect::top(&client, name, arguments.as_deref(), said).await,
        Op::Port { name } => inspect::port(&client, name, said).await,
        Op::Version { format } => inspect::version(&client, format.as_deref(), said).await,
        Op::Info { format } => inspect::info(&client, format.as_deref(), said).await,
        Op::Df { format } => usage::df(host, &client, format.as_deref(), said).await,
        Op::Each { act, names } => act::each(host, act, names, said).await,
        Op::Exec(inside) => stream::exec(&client, inside, call.input.as_deref(), said).await,
        Op::Prune { what, filters } => prune::prune(host, what, filters, said).await,
        Op::RemoveImages { .. }
        | Op::RemoveVolumes { .. }
        | Op::RemoveNetworks { .. }
        | Op::Pull { .. }
        | Op::Tag { .. } => act::others(host, op, said).await,
    }
}

//! Begins runs that may begin, and carries them out beside the loop. A run begins by a committed claim that one worker
//! gets once; whatever happens to that worker afterwards, nobody begins it again. Decides nothing: who may run what was
//! decided before, and what the outcome means is decided by what is reported here.

use super::ports::BoxFuture;
use super::ports::execute::{Bounds, Carried, CarryOut, End, File, Ran, Watch};
use super::tick::Engine;
use crate::app::{ActError, App, Moved};
use crate::fault::Fault;
use crate::store::{KeptFile, RunOutput};
use firebell_domain::chain::hex;
use firebell_domain::decide::Input;
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{Lane, What};
use firebell_domain::limits;
use firebell_domain::refusal::Refusal;
use firebell_domain::run::decide::RunOutcome;
use firebell_domain::run::{
    self, CommandEnd, Order, Ordered, Output, Reading, RunEnd, RunFile, RunKind, RunNo, RunResult, RunState,
};
use firebell_domain::time::Timestamp;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

/// Runs under way at once: a storm of diagnoses must not take the machine down that people work from.
const SLOTS: usize = 16;
/// Runs that wait and are looked at in one pass; those behind a busy target keep their place.
const LOOKED_AT: i64 = 64;
/// Commands of one look under way at once.
pub(super) const SIDE_BY_SIDE: usize = 32;
/// Bytes of each stream that are kept of one command.
const OUTPUT_BYTES: usize = 256 * 1024;
/// Seconds after which it is looked again whether a change has helped: most things take a moment to come up.
const LOOK_AGAIN_S: [u64; 5] = [0, 2, 4, 8, 16];
/// How often what is back of a look is told while other commands are under way.
const TOLD_EVERY: Duration = Duration::from_millis(700);
/// How long the end of the process waits for what runs. What is not over then is of unknown outcome.
const LEAVE: Duration = Duration::from_secs(20);

pub struct Runs {
    app: App,
    tasks: JoinSet<()>,
}

impl Runs {
    pub fn new(app: App) -> Runs {
        Runs { app, tasks: JoinSet::new() }
    }

    pub async fn one_finished(&mut self) {
        match self.tasks.join_next().await {
            Some(_) => {}
            None => std::future::pending().await,
        }
    }

    pub async fn all_finished(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// At the end of the process.
    pub async fn leave(&mut self) {
        if tokio::time::timeout(LEAVE, self.all_finished()).await.is_err() {
            tracing::warn!("{} left running: their outcome is marked unknown at the next start", self.tasks.len());
        }
    }
}

impl Engine {
    /// Claims what may begin, one by one: each claim decides by what the one before did to its target.
    pub(super) async fn begin_runs(&mut self, poisoned: &mut Option<Fault>) -> Result<(), Fault> {
        let Some(carrier) = self.outlets.now().carrier.clone() else { return Ok(()) };
        while self.runs.tasks.try_join_next().is_some() {}
        let channel = ChannelId::from(run::CHANNEL);
        let due = self.app.store().due_intents(Lane::Card, &channel, self.app.clock().now(), LOOKED_AT, &[]).await?;
        for d in due {
            if self.runs.tasks.len() >= SLOTS {
                return Ok(());
            }
            let Some(loaded) = self.app.store().incident(d.incident).await? else { continue };
            let Some((no, target)) = waiting(&loaded.incident, d.no) else { continue };
            // Subscribed before it begins: a stop that is asked for at once is heard.
            let moved = self.app.moved();
            let begun = Input::StartRun { no, worker: self.worker.clone(), target };
            match self.app.act_engine(d.incident, begun).await {
                Ok(changed) => {
                    if let Some(begun) = Begun::of(&changed.after, no) {
                        let (app, carrier) = (self.runs.app.clone(), carrier.clone());
                        self.runs.tasks.spawn(async move { begun.carry_out(app, carrier, moved).await });
                    }
                }
                Err(ActError::Refused(Refusal::TargetBusy { .. } | Refusal::RunCooling { .. } | Refusal::Stale)) => {}
                Err(ActError::Refused(refusal)) => tracing::debug!("a run did not begin: {refusal}"),
                Err(ActError::Fault(f)) if f.passes() => return Err(f),
                Err(ActError::Fault(f)) => *poisoned = Some(f),
            }
        }
        Ok(())
    }
}

fn waiting(incident: &Incident, intent: u32) -> Option<(RunNo, String)> {
    let What::Run { run } = incident.live.get(&intent)?.intent.what else { return None };
    let order = &incident.runs.get(&run)?.order;
    Some((run, if order.changes() { order.target.clone() } else { String::new() }))
}

/// A run under a claim of ours.
struct Begun {
    incident: IncidentId,
    no: RunNo,
    order: Order,
    claim_seq: i64,
    until: Timestamp,
}

impl Begun {
    fn of(incident: &Incident, no: RunNo) -> Option<Begun> {
        let run = incident.runs.get(&no)?;
        let RunState::Running { claim_seq, until, .. } = run.state else { return None };
        Some(Begun { incident: incident.id, no, order: run.order.clone(), claim_seq, until })
    }

    async fn carry_out(self, app: App, carrier: Arc<dyn CarryOut>, moved: broadcast::Receiver<Moved>) {
        let (stop, stopped) = watch::channel(false);
        let hears = tokio::spawn(hear_stop(app.clone(), self.incident, self.no, moved, stop));
        let mut outputs = Vec::new();
        let outcome = match self.order.kind {
            RunKind::Diagnose | RunKind::Verify => self.look(&app, &carrier, &stopped, &mut outputs).await,
            RunKind::Remediate | RunKind::Rollback => self.change(&app, &carrier, &stopped, &mut outputs).await,
        };
        hears.abort();
        if let Err(f) = app.store().keep_outputs(self.incident, self.no, app.clock().now(), &outputs).await {
            tracing::warn!(incident.id = %self.incident, "what run {} said could not be kept: {f}", self.no);
        }
        self.report(&app, outcome).await;
    }

    /// Everything side by side, each with its own time: one that hangs delays no other.
    async fn look(
        &self,
        app: &App,
        carrier: &Arc<dyn CarryOut>,
        stopped: &watch::Receiver<bool>,
        outputs: &mut Vec<RunOutput>,
    ) -> RunOutcome {
        let (back, told) = mpsc::unbounded_channel();
        // Beside them: a database that takes its time holds up no command, and whoever is through waits for no telling.
        let done = tokio::select! {
            done = look_at(carrier, &self.order, stopped, Some(back)) => done,
            never = self.tell(app, told) => match never {},
        };
        let (results, said): (Vec<RunResult>, Vec<Option<RunOutput>>) = done.into_iter().unzip();
        outputs.extend(said.into_iter().flatten());
        let end = match *stopped.borrow() {
            true => RunEnd::Stopped,
            false => RunEnd::Done,
        };
        RunOutcome::Finished { end, results, verified: None }
    }

    /// One after the other, up to the first that does not end well; then the look whether it helped.
    async fn change(
        &self,
        app: &App,
        carrier: &Arc<dyn CarryOut>,
        stopped: &watch::Receiver<bool>,
        outputs: &mut Vec<RunOutput>,
    ) -> RunOutcome {
        let mut results: Vec<RunResult> = Vec::new();
        for (at, command) in (0_u32..).zip(&self.order.commands) {
            // Whoever was held up for so long that the target may be another's by now leaves it alone.
            let left = self.until.plus_s(-limits::RUN_GRACE_S).seconds_since(app.clock().now());
            if left <= 0 {
                let why = "its time was over before it began".to_string();
                results.push(not_begun(at, why));
                break;
            }
            let time = Duration::from_secs(left as u64);
            let (result, said) = one(carrier.as_ref(), &self.order, command, at, false, time, stopped.clone()).await;
            outputs.extend(said);
            let ok = result.end.ok();
            results.push(result.clone());
            if !ok {
                break;
            }
            if at as usize + 1 < self.order.commands.len() || !self.order.verify.is_empty() {
                self.progress(app, vec![result], outputs).await;
            }
        }
        let unknown = results.iter().find_map(|r| match &r.end {
            CommandEnd::Unknown { why } => Some(why.clone()),
            _ => None,
        });
        if let Some(why) = unknown {
            return RunOutcome::Unknown { why, results };
        }
        let end = end_of(&results);
        let verified = match (end, self.order.verify.is_empty()) {
            (RunEnd::Done, false) => self.verify(carrier, stopped, &mut results, outputs).await,
            _ => None,
        };
        RunOutcome::Finished { end, results, verified }
    }

    async fn verify(
        &self,
        carrier: &Arc<dyn CarryOut>,
        stopped: &watch::Receiver<bool>,
        results: &mut Vec<RunResult>,
        outputs: &mut Vec<RunOutput>,
    ) -> Option<bool> {
        let mut last: Vec<Back> = Vec::new();
        for wait_s in LOOK_AGAIN_S {
            tokio::time::sleep(Duration::from_secs(wait_s)).await;
            let time = Duration::from_secs(20);
            let mut all: Vec<BoxFuture<'_, Back>> = Vec::new();
            for (at, look) in (0_u32..).zip(&self.order.verify) {
                all.push(Box::pin(one(carrier.as_ref(), &self.order, look, at, true, time, stopped.clone())));
            }
            last = futures_util::future::join_all(all).await;
            if last.iter().all(|(r, _)| r.well() || !looked(r)) || *stopped.borrow() {
                break;
            }
        }
        let seen: Vec<&RunResult> = last.iter().map(|(r, _)| r).filter(|r| looked(r)).collect();
        let helped = (!seen.is_empty()).then(|| seen.iter().all(|r| r.well()));
        for (result, said) in last {
            results.push(result);
            outputs.extend(said);
        }
        helped
    }

    /// What is back of a look, every `TOLD_EVERY`: a table that fills in, at a price that no number of commands raises.
    async fn tell(&self, app: &App, mut told: mpsc::UnboundedReceiver<Back>) -> std::convert::Infallible {
        let (mut results, mut outputs) = (Vec::new(), Vec::new());
        let mut tell = tokio::time::interval(TOLD_EVERY);
        tell.reset();
        tell.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some((result, said)) = told.recv() => {
                    results.push(result);
                    outputs.extend(said);
                }
                _ = tell.tick() => if !results.is_empty() {
                    self.progress(app, std::mem::take(&mut results), &std::mem::take(&mut outputs)).await;
                },
            }
        }
    }

    /// What is back so far, for whoever waits. Tried once: the end says all of it again.
    async fn progress(&self, app: &App, results: Vec<RunResult>, outputs: &[RunOutput]) {
        let said = app.store().keep_outputs(self.incident, self.no, app.clock().now(), outputs).await;
        let (no, claim_seq, outcome) = (self.no, self.claim_seq, RunOutcome::Progress { results });
        let told = app.act_engine(self.incident, Input::RunReported { no, claim_seq, outcome }).await;
        if let (Err(f), _) | (_, Err(ActError::Fault(f))) = (said, told) {
            tracing::debug!(incident.id = %self.incident, "how far run {no} is could not be recorded: {f}");
        }
    }

    /// Until the database has it, or the claim counts as lost.
    async fn report(&self, app: &App, outcome: RunOutcome) {
        for wait_s in [1, 2, 4, 8, 0] {
            let (no, claim_seq, outcome) = (self.no, self.claim_seq, outcome.clone());
            match app.act_engine(self.incident, Input::RunReported { no, claim_seq, outcome }).await {
                Ok(_) | Err(ActError::Refused(_)) => return,
                Err(ActError::Fault(f)) if f.passes() && wait_s > 0 => {
                    tokio::time::sleep(Duration::from_secs(wait_s)).await;
                }
                Err(ActError::Fault(f)) => {
                    tracing::warn!(incident.id = %self.incident, "the outcome of run {no} could not be recorded: {f}");
                    return;
                }
            }
        }
    }
}

/// Whether it was looked at all: what only a person can look at says nothing about the change.
fn looked(r: &RunResult) -> bool {
    !matches!(r.end, CommandEnd::Manual { .. })
}

/// What came of one command, and what it said.
type Back = (RunResult, Option<RunOutput>);

/// Every command of an order that only looks, side by side and each with its own time, in the order of the commands. Each
/// is given to `back` as soon as it is there.
pub(super) async fn look_at(
    carrier: &Arc<dyn CarryOut>,
    order: &Order,
    stopped: &watch::Receiver<bool>,
    back: Option<mpsc::UnboundedSender<Back>>,
) -> Vec<Back> {
    let each = Duration::from_secs(order.limit_s.clamp(1, limits::RUN_MAX_S) as u64);
    let mut all: Vec<BoxFuture<'_, Back>> = Vec::new();
    for (at, command) in (0_u32..).zip(&order.commands) {
        all.push(Box::pin(one(carrier.as_ref(), order, command, at, false, each, stopped.clone())));
    }
    let coming = futures_util::stream::iter(all).buffer_unordered(SIDE_BY_SIDE);
    let given = coming.inspect(|one| {
        if let Some(back) = &back {
            // Nobody may be listening: what is told here is told again at the end.
            back.send(one.clone()).ok();
        }
    });
    let mut done: Vec<Back> = given.collect().await;
    done.sort_by_key(|(r, _)| r.at);
    done
}

fn end_of(results: &[RunResult]) -> RunEnd {
    let begun = |r: &RunResult| !matches!(r.end, CommandEnd::NotStarted { .. } | CommandEnd::Manual { .. });
    match results.last().map(|r| &r.end) {
        Some(CommandEnd::Exited { status: 0 }) => RunEnd::Done,
        Some(CommandEnd::TimedOut) => RunEnd::TimedOut,
        Some(CommandEnd::Stopped) => RunEnd::Stopped,
        _ if !results.iter().any(begun) => RunEnd::NotStarted,
        _ => RunEnd::Failed,
    }
}

fn not_begun(at: u32, why: String) -> RunResult {
    RunResult {
        at,
        verifies: false,
        end: CommandEnd::NotStarted { why },
        output: None,
        took_ms: 0,
        native: false,
        sampled_ms: None,
        says: String::new(),
        readings: Vec::new(),
        files: Vec::new(),
    }
}

/// One command, within its time.
async fn one(
    carrier: &dyn CarryOut,
    order: &Order,
    command: &Ordered,
    at: u32,
    verifies: bool,
    time: Duration,
    stop: watch::Receiver<bool>,
) -> Back {
    if *stop.borrow() {
        return (RunResult { end: CommandEnd::Stopped, ..not_begun(at, String::new()) }, None);
    }
    let (progress, mut lines) = mpsc::channel(64);
    // Nobody watches it line by line yet; it must not wait for anybody either.
    let drained = tokio::spawn(async move { while lines.recv().await.is_some() {} });
    let mut watch = Watch { stop, progress };
    let bounds = Bounds { time, output_bytes: OUTPUT_BYTES };
    // The executor keeps its time; whoever does not is left behind.
    let bound = time + Duration::from_secs(10);
    let carried = tokio::time::timeout(bound, carrier.run(order, command, bounds, &mut watch)).await;
    drained.abort();
    match carried {
        Ok(Carried::Manual(why)) => {
            (RunResult { end: CommandEnd::Manual { why }, verifies, ..not_begun(at, String::new()) }, None)
        }
        Ok(Carried::Ran(ran)) => told(*ran, command, at, verifies),
        Err(_) => (RunResult { end: CommandEnd::TimedOut, verifies, ..not_begun(at, String::new()) }, None),
    }
}

fn told(ran: Ran, command: &Ordered, at: u32, verifies: bool) -> Back {
    let end = match ran.end {
        End::Exited(status) => CommandEnd::Exited { status },
        End::TimedOut => CommandEnd::TimedOut,
        End::Stopped => CommandEnd::Stopped,
        End::NotStarted(why) => CommandEnd::NotStarted { why },
        End::Unknown(why) => CommandEnd::Unknown { why },
    };
    let mut text = ran.stdout;
    if !ran.stderr.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&ran.stderr);
    }
    let says = telling(&text, end.ok());
    let mut readings: Vec<Reading> =
        ran.readings.iter().map(|r| judged(r.metric.clone(), r.value, &r.unit, command)).collect();
    if readings.is_empty() && end.ok() {
        readings.extend(run::read(command, &text));
    }
    let digest = hex(&Sha256::digest(text.as_bytes()));
    let output =
        (!text.is_empty()).then(|| Output { digest: digest.clone(), bytes: text.len() as u64, left_out: ran.left_out });
    let made = made(ran.files);
    let files: Vec<RunFile> = made.iter().map(named).collect();
    let place = run::place(at, verifies);
    let kept = (output.is_some() || !made.is_empty()).then_some(RunOutput { place, digest, output: text, files: made });
    let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let (took_ms, sampled_ms) = (ms(ran.took), ran.sampled.map(ms));
    (RunResult { at, verifies, end, output, took_ms, native: ran.native, sampled_ms, says, readings, files }, kept)
}

/// The files that are kept of a command, each by a name of its own.
fn made(files: Vec<File>) -> Vec<KeptFile> {
    let mut kept: Vec<KeptFile> = Vec::new();
    for file in files.into_iter().filter(|f| f.bytes.len() <= limits::RUN_FILE_BYTES_MAX).take(limits::RUN_FILES_MAX) {
        let plain: String =
            file.name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
        let n = kept.len() + 1;
        let name = if kept.iter().any(|k| k.name == plain) { format!("{n}-{plain}") } else { plain };
        let digest = hex(&Sha256::digest(&file.bytes));
        kept.push(KeptFile { name, media_type: file.media_type, digest, content: file.bytes });
    }
    kept
}

fn named(file: &KeptFile) -> RunFile {
    RunFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        digest: file.digest.clone(),
        bytes: file.content.len() as u64,
    }
}

/// The line that says most: of what did not go well the last, else the last that a log marks as an error, else the first.
fn telling(text: &str, ok: bool) -> String {
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let line = match ok {
        true => lines.clone().rfind(|l| run::marks_an_error(l)).or_else(|| first_said(&mut lines)),
        false => lines.next_back(),
    };
    line.unwrap_or_default().to_string()
}

/// The names of columns say nothing: `NAME  READY  STATUS` is passed over where a row follows.
fn first_said<'t>(lines: &mut impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let first = lines.next()?;
    let names = first.split_whitespace().count() > 1 && !first.chars().any(|c| c.is_lowercase() || c.is_numeric());
    names.then(|| lines.next()).flatten().or(Some(first))
}

fn judged(metric: String, value: f64, unit: &str, command: &Ordered) -> Reading {
    let (judged, bound) = run::judge(&command.bounds, &metric, unit, value);
    Reading { metric, value: run::units::shown(value), unit: unit.to_string(), judged, bound }
}

/// Says so when somebody asks this run to stop, here or at another replica.
async fn hear_stop(
    app: App,
    incident: IncidentId,
    no: RunNo,
    mut moved: broadcast::Receiver<Moved>,
    stop: watch::Sender<bool>,
) {
    loop {
        match moved.recv().await {
            Ok(m) if m.incident != incident => continue,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
        if let Ok(Some(loaded)) = app.store().incident(incident).await
            && let Some(RunState::Running { stop_asked: true, .. }) = loaded.incident.runs.get(&no).map(|r| &r.state)
        {
            let _ = stop.send(true);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_most_is_no_row_of_names() {
        assert_eq!(telling("NAME  READY\nweb-1  1/1\n", true), "web-1  1/1");
        assert_eq!(telling("NAME  READY\n", true), "NAME  READY", "where nothing follows it");
        assert_eq!(telling("PONG\n3\n", true), "PONG");
        assert_eq!(telling("up since 9:00\nERROR disk\nok\n", true), "ERROR disk");
        assert_eq!(telling("begun\n\nno such container\n", false), "no such container");
    }
}

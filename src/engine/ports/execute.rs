//! What the engine needs of an executor: to say what a command would do, and to do it on one target within bounds.
//! An executor decides nothing: whether something may run was decided, approved and committed before it is called.

use super::BoxFuture;
use firebell_domain::playbook::Risk;
use firebell_domain::run::{Order, Ordered};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// One simple command to be carried out. Never a line of shell: pipelines were taken apart before, and what only a
/// shell can do is a call of the script executor with the runbook's own text.
#[derive(Clone, Debug)]
pub struct Call {
    /// For people: the command as the runbook has it, with its parameters filled in.
    pub shown: String,
    /// The program and its words, quotes resolved. Values that came from chat are whole words here and nothing else.
    pub argv: Vec<String>,
    /// What is fed to it, at most `limits::EXEC_INPUT_BYTES_MAX`.
    pub input: Option<Vec<u8>>,
    pub env: BTreeMap<String, String>,
    pub risk: Risk,
    /// `[targets.NAME]` that it acts on.
    pub target: String,
    pub bounds: Bounds,
}

#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub time: Duration,
    /// Of each of the two streams; the middle of what is longer is left out, and that is said.
    pub output_bytes: usize,
}

/// What would be done, without doing it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The exact native call, or the argument vector of the program.
    pub does: String,
    pub native: bool,
    /// What it would act on, as it is now: containers matched, replicas before and after, rows.
    pub finds: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    pub end: End,
    /// Cleaned of control characters and secrets.
    pub stdout: String,
    pub stderr: String,
    /// Bytes that were left out of either.
    pub left_out: u64,
    /// Values that were read, for thresholds and tables.
    pub readings: Vec<Reading>,
    pub files: Vec<File>,
    pub took: Duration,
    pub native: bool,
    /// The age of the oldest reading in it that was taken before anybody asked.
    pub sampled: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// With the program's own exit status; native calls give 0 or 1.
    Exited(i32),
    /// Stopped at its time limit. A changing call may have taken effect.
    TimedOut,
    /// Somebody stopped it.
    Stopped,
    /// It never began: nothing was changed. One sentence.
    NotStarted(String),
    /// Whether it took effect is not known. One sentence, with how to find out.
    Unknown(String),
}

impl Ran {
    pub fn ok(&self) -> bool {
        self.end == End::Exited(0)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// `memory of n8n`, `status`, `connections`.
    pub metric: String,
    pub value: f64,
    /// As in thresholds: `%`, `ms`, `MB`, or empty for a count.
    pub unit: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// Why an executor does not take a call: shown to people beside the exact command to copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Cannot(pub String);

/// Output while it is under way, at most a line at a time; and whether it is to stop.
pub struct Watch {
    pub stop: watch::Receiver<bool>,
    pub progress: tokio::sync::mpsc::Sender<String>,
}

/// One kind of thing that can be acted on. One file (or folder) each in `src/exec/`.
pub trait Execute: Send + Sync {
    /// As in a runbook's JSON: `docker`, `http`, `postgres`.
    fn name(&self) -> &'static str;

    /// Reads what there is and changes nothing. `Err`: this call is none of its native ones.
    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>>;

    /// Within `call.bounds`, whatever the target does.
    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran>;

    /// All the looks that may be asked for soon. What is slow to read is read beforehand, until the lease is over or other
    /// looks are named. Returns at once.
    fn keep_warm(&self, _looks: &[Call], _lease: Duration) {}

    /// Something was changed, by whichever executor: what was read before answers no more.
    fn changed(&self) {}
}

/// What came of one command of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Carried {
    Ran(Box<Ran>),
    /// Nothing here can carry it out: why, as half a sentence. Nothing was changed.
    Manual(String),
}

/// Carries out the commands of orders, whatever executors that takes. Decides nothing: it is called with what was
/// asked for, approved and claimed, and makes of that the calls that it stands for.
pub trait CarryOut: Send + Sync {
    /// What one command would do. Changes nothing.
    fn plan<'a>(&'a self, order: &'a Order, command: &'a Ordered) -> BoxFuture<'a, Result<Plan, Cannot>>;

    /// Within its bounds, whatever the target does.
    fn run<'a>(
        &'a self,
        order: &'a Order,
        command: &'a Ordered,
        bounds: Bounds,
        watch: &'a mut Watch,
    ) -> BoxFuture<'a, Carried>;

    /// All the looks that may be asked for soon: what is slow of them is kept ready, until the lease is over or others
    /// are named. Returns at once.
    fn keep_warm(&self, _looks: &[Order], _lease: Duration) {}
}

//! Executors against the real thing, each with an effect that is seen from outside; and with the tool itself broken.

mod compose;
mod docker;
mod encrypted;
mod host;
mod http;
mod inside;
mod kubernetes;
mod mysql;
mod postgres;
mod process;
mod prometheus;
mod redis;
mod sampled;
mod ssh;
mod systemd;
mod tls;

use firebell::engine::ports::execute::{Bounds, Call, Execute, Ran, Watch};
use firebell_domain::playbook::Risk;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// The one target of these tests.
const TARGET: &str = "lab";

/// Generous, for a busy machine: what is expected to end by itself.
const TIME: Duration = Duration::from_secs(60);

fn call(argv: &[&str]) -> Call {
    Call {
        shown: argv.join(" "),
        argv: argv.iter().map(|word| word.to_string()).collect(),
        input: None,
        env: BTreeMap::new(),
        risk: Risk::Read,
        target: TARGET.to_string(),
        bounds: Bounds { time: TIME, output_bytes: 64 * 1024 },
    }
}

fn within(time: Duration, mut call: Call) -> Call {
    call.bounds.time = time;
    call
}

/// Nobody watches, nobody stops it.
fn unwatched() -> (watch::Sender<bool>, mpsc::Receiver<String>, Watch) {
    let (stopper, stop) = watch::channel(false);
    let (progress, lines) = mpsc::channel(1_000);
    (stopper, lines, Watch { stop, progress })
}

async fn run(executor: &dyn Execute, call: &Call) -> Ran {
    let (_stopper, _lines, mut watch) = unwatched();
    executor.run(call, &mut watch).await
}

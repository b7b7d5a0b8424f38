//! What is looked up when somebody scrapes. What is not known, because the database does not answer, is NaN: a figure
//! that stood still would look like one.

use super::table::*;
use metrics::gauge;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Everything that has a value now and not only when something happens.
pub struct Scrape {
    pub ready: bool,
    /// What waits for the writer, by queue.
    pub queues: [(&'static str, usize); 2],
    pub engine_lag_s: Option<f64>,
    pub engine_failing: bool,
    pub checkpoint_age_s: Option<f64>,
    pub checkpoint_failing: bool,
    pub severity_ranks: Vec<u32>,
    pub channels: Vec<String>,
    /// `None` while the database does not answer.
    pub database: Option<Database>,
}

/// What only the database knows.
#[derive(Debug, Default)]
pub struct Database {
    /// Rank, how many are open, how many of them are acknowledged.
    pub open: Vec<(u32, i64, i64)>,
    /// Lane, channel, how many wait, and since when the oldest does.
    pub waiting: Vec<(String, String, i64, f64)>,
    pub claimed: i64,
    pub timer_overdue_s: f64,
}

/// Values of a metric's labels, in the order of its row in the table.
type Labels = Vec<String>;

/// What was ever shown: what is no longer there is 0, not what it was last.
static SHOWN: Mutex<BTreeMap<&'static str, BTreeSet<Labels>>> = Mutex::new(BTreeMap::new());

static PROCESS: LazyLock<metrics_process::Collector> = LazyLock::new(metrics_process::Collector::default);

pub(super) fn describe_process() {
    PROCESS.describe();
}

/// Sets every gauge to what it is now.
pub fn scraped(now: Scrape) {
    PROCESS.collect();
    let yes_no = |yes: bool| if yes { 1.0 } else { 0.0 };
    gauge!(READY).set(yes_no(now.ready));
    gauge!(DATABASE_UP).set(yes_no(now.database.is_some()));
    gauge!(ENGINE_FAILING).set(yes_no(now.engine_failing));
    gauge!(CHECKPOINT_FAILING).set(yes_no(now.checkpoint_failing));
    gauge!(ENGINE_LAG).set(now.engine_lag_s.unwrap_or(f64::NAN));
    gauge!(CHECKPOINT_AGE).set(now.checkpoint_age_s.unwrap_or(f64::NAN));
    gauge!(super::STREAM_SUBSCRIBERS).increment(0.0);
    for (queue, waiting) in now.queues {
        gauge!(QUEUE_WAITING, "queue" => queue).set(waiting as f64);
    }
    let known = now.database.as_ref();
    gauge!(OUTBOX_CLAIMED).set(known.map_or(f64::NAN, |d| d.claimed as f64));
    gauge!(TIMER_OVERDUE).set(known.map_or(f64::NAN, |d| d.timer_overdue_s));

    let ranks = now.severity_ranks.iter();
    let mut open: BTreeMap<Labels, f64> = ranks.flat_map(|rank| both(*rank, 0, 0)).collect();
    open.extend(known.iter().flat_map(|d| &d.open).flat_map(|(rank, all, taken)| both(*rank, *all, *taken)));
    set(INCIDENTS_OPEN, ["severity_rank", "acknowledged"], open, known.is_some());

    let page = firebell_domain::intent::Lane::Page.as_str().to_string();
    let none = now.channels.iter().map(|channel| (vec![page.clone(), channel.clone()], 0.0));
    let (mut waiting, mut oldest): (BTreeMap<Labels, f64>, BTreeMap<Labels, f64>) =
        (none.clone().collect(), none.collect());
    for (lane, channel, count, age_s) in known.iter().flat_map(|d| &d.waiting) {
        waiting.insert(vec![lane.clone(), channel.clone()], *count as f64);
        oldest.insert(vec![lane.clone(), channel.clone()], *age_s);
    }
    set(OUTBOX_WAITING, ["lane", "channel"], waiting, known.is_some());
    set(OUTBOX_OLDEST_AGE, ["lane", "channel"], oldest, known.is_some());
}

fn both(rank: u32, all: i64, taken: i64) -> [(Labels, f64); 2] {
    let labels = |word: &str| vec![rank.to_string(), word.to_string()];
    [(labels("yes"), taken as f64), (labels("no"), (all - taken) as f64)]
}

fn set<const N: usize>(name: &'static str, labels: [&'static str; N], values: BTreeMap<Labels, f64>, known: bool) {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let shown = shown.entry(name).or_default();
    shown.extend(values.keys().cloned());
    for of in shown.iter() {
        let value = if known { values.get(of).copied().unwrap_or(0.0) } else { f64::NAN };
        let labels: Vec<(&'static str, String)> = labels.into_iter().zip(of.iter().cloned()).collect();
        gauge!(name, &labels).set(value);
    }
}

//! Into which moment of the path a kill fell: seen from outside, by what the dead process left in the database and
//! what the receivers had got by then.

use super::super::world::{World, sqlite};
use super::load::{Ledger, What};
use crate::harness::serve::Serve;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A command was asked and is not in the database.
    BeforeCommit,
    /// A page is committed and its receiver has not got it.
    BetweenCommitAndSend,
    /// A receiver has got a page and its receipt is not committed.
    BetweenSendAndReceipt,
    /// None of the three: starting, committed but not answered yet, or idle.
    Elsewhere,
}

impl Moment {
    pub const ALL: [Moment; 4] =
        [Moment::BeforeCommit, Moment::BetweenCommitAndSend, Moment::BetweenSendAndReceipt, Moment::Elsewhere];

    pub fn name(self) -> &'static str {
        match self {
            Moment::BeforeCommit => "before commit",
            Moment::BetweenCommitAndSend => "between commit and send",
            Moment::BetweenSendAndReceipt => "between send and receipt",
            Moment::Elsewhere => "elsewhere",
        }
    }
}

/// How a process was made to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Random,
    BeforeCommit,
    AfterCommit,
    BeforeSend,
    AfterSend,
}

impl Way {
    pub const ALL: [Way; 5] = [Way::Random, Way::BeforeCommit, Way::AfterCommit, Way::BeforeSend, Way::AfterSend];

    /// The stop point's name, as in `FIREBELL_STOP_AT`.
    pub fn stop(self) -> Option<&'static str> {
        match self {
            Way::Random => None,
            Way::BeforeCommit => Some("before_commit"),
            Way::AfterCommit => Some("after_commit"),
            Way::BeforeSend => Some("before_send"),
            Way::AfterSend => Some("after_send"),
        }
    }
}

/// What a dead process left behind.
#[derive(Debug, Default)]
pub struct Left {
    pub uncommitted: usize,
    pub unsent: usize,
    pub unreceipted: usize,
}

/// One moment per kill. A named stop lies where its name says; a random kill often cuts several things at once, and
/// then counts for the latest moment of a page's path, which is the shortest. After a commit there may be no page in
/// it: then, too, what was left behind decides.
pub fn moment(way: Way, left: &Left) -> Moment {
    match way {
        Way::BeforeCommit => Moment::BeforeCommit,
        Way::BeforeSend => Moment::BetweenCommitAndSend,
        Way::AfterSend => Moment::BetweenSendAndReceipt,
        Way::AfterCommit if left.unsent > 0 => Moment::BetweenCommitAndSend,
        Way::AfterCommit => Moment::Elsewhere,
        Way::Random if left.unreceipted > 0 => Moment::BetweenSendAndReceipt,
        Way::Random if left.unsent > 0 => Moment::BetweenCommitAndSend,
        Way::Random if left.uncommitted > 0 => Moment::BeforeCommit,
        Way::Random => Moment::Elsewhere,
    }
}

/// Looks at what is there while nobody runs.
pub fn left_behind(database: &Path, world: &World, ledger: &Ledger) -> Left {
    let mut left = Left::default();
    let arrived = arrived(world);
    let waiting = sqlite(
        database,
        "SELECT 'firebell-' || install || '-INC-' || incident_id || '-' || intent_no AS key, status, claim_seq \
         FROM outbox, organisation WHERE status IN ('queued', 'claimed') AND lane = 'page' \
         AND json_extract(intent, '$.what.what') = 'page'",
    );
    for page in waiting {
        let key = page["key"].as_str().unwrap_or_default().to_owned();
        match page["claim_seq"].as_i64() {
            Some(claim) if page["status"] == "claimed" && arrived.contains(&(key, claim)) => left.unreceipted += 1,
            _ => left.unsent += 1,
        }
    }
    let asked = ledger.in_flight.iter().map(|index| &ledger.asked[*index]);
    left.uncommitted = asked.filter(|asked| !is_recorded(database, &asked.what)).count();
    left
}

/// Every page that some receiver has got, by its key and its claim.
fn arrived(world: &World) -> BTreeSet<(String, i64)> {
    let claim = |body: &serde_json::Value| body["claim_seq"].as_i64().unwrap_or_default();
    let mut all: BTreeSet<(String, i64)> = world
        .webhook
        .see(|inbox| inbox.deliveries.iter().map(|d| (d.idempotency_key().to_owned(), claim(&d.body))).collect());
    world.pagerduty.see(|vendor| {
        let triggers = vendor.requests.iter().filter(|r| r.action() == "trigger");
        all.extend(triggers.map(|r| (r.dedup_key().to_owned(), claim(&r.event["payload"]["custom_details"]))));
    });
    all
}

fn is_recorded(database: &Path, what: &What) -> bool {
    let statement = match what {
        What::Declare { title, .. } => format!("SELECT 1 FROM incident WHERE title = '{title}'"),
        What::Acknowledge { incident } => {
            format!("SELECT 1 FROM event WHERE incident_id = {incident} AND kind = 'acknowledged'")
        }
        What::Note { incident, text } => format!(
            "SELECT 1 FROM event WHERE incident_id = {incident} AND kind = 'noted' \
             AND json_extract(body, '$.text') = '{text}'"
        ),
    };
    !sqlite(database, &statement).is_empty()
}

/// The file of an installation with the embedded database.
pub fn database_of(serve: &Serve) -> std::path::PathBuf {
    serve.folder().join("firebell.db")
}

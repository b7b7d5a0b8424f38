//! Tamper evidence: every second the heads of all incidents that moved are chained into a checkpoint, keyed with a key
//! that is not in the database, and its MAC is written to a log outside it. `verify` reads everything again and names
//! the first event that does not fit. What lies after the last checkpoint is reported as not yet covered.

use super::App;
use super::ack_link::AckLinks;
use crate::fault::Fault;
use crate::store::{Checkpoint, Head, Store};
use firebell_domain::chain::{self, Hash, checkpoint_text, hex};
use firebell_domain::id::IncidentId;
use firebell_domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Heads in one checkpoint: above it the writer would be held up for longer than a command may wait.
const HEADS_MAX: i64 = 200;
/// Checkpoints in one sweep; under a storm the sweep falls behind and catches up afterwards.
const CHECKPOINTS_PER_SWEEP: usize = 40;

/// The key of the checkpoints, 32 bytes.
#[derive(Clone)]
pub struct AuditKey(pub [u8; 32]);

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

impl AuditKey {
    fn mac(&self, no: i64, at: Timestamp, previous: &str, heads: &str) -> String {
        let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(checkpoint_text(no, at, previous, heads).as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

/// Makes the checkpoints.
pub struct Sweeper {
    key: AuditKey,
    /// The log outside the database, one line per checkpoint.
    log: PathBuf,
}

/// What a sweep came to.
#[derive(Debug, PartialEq)]
pub struct Swept {
    /// Every head is in a checkpoint, and every checkpoint is in the log outside the database.
    pub complete: bool,
    /// What is wrong with the log outside the database.
    pub problem: Option<String>,
}

impl Sweeper {
    pub fn new(key: AuditKey, log: PathBuf) -> Sweeper {
        Sweeper { key, log }
    }

    /// The links of this installation's pages: their key follows from this one.
    pub fn ack_links(&self, install: &str) -> AckLinks {
        AckLinks::new(&self.key, install)
    }

    /// One sweep.
    pub async fn sweep(&self, app: &App) -> Result<Swept, Fault> {
        let mut problem = None;
        let mut to_the_end = false;
        for _ in 0..CHECKPOINTS_PER_SWEEP {
            let now = app.clock().now();
            let made = app.store().checkpoint(HEADS_MAX, |last, heads| self.next(last, &heads, now)).await?;
            let Some(checkpoint) = made else {
                to_the_end = true;
                break;
            };
            if let Err(e) = append(&self.log, &checkpoint) {
                problem = Some(format!("{}: {e}", self.log.display()));
            }
            let heads = checkpoint.heads.matches('[').count().saturating_sub(1);
            if (heads as i64) < HEADS_MAX {
                to_the_end = true;
                break;
            }
        }
        Ok(Swept { complete: to_the_end && problem.is_none(), problem })
    }

    fn next(&self, last: Option<&Checkpoint>, heads: &[Head], at: Timestamp) -> Checkpoint {
        let no = last.map_or(1, |c| c.no + 1);
        let previous = last.map_or(String::new(), |c| c.mac.clone());
        let list: Vec<(i64, i64, String)> = heads.iter().map(|h| (h.incident.0, h.seq, hex(&h.hash))).collect();
        let heads = serde_json::to_string(&list).unwrap_or_default();
        let mac = self.key.mac(no, at, &previous, &heads);
        Checkpoint { no, at, previous, heads, mac }
    }
}

fn append(log: &Path, c: &Checkpoint) -> std::io::Result<()> {
    let mut file = std::fs::File::options().create(true).read(true).append(true).open(log)?;
    // One write, so that a kill cannot cut a line; a full disk can, and then the next line begins on its own.
    let mut line = format!("{} {} {}\n", c.no, c.at.rfc3339(), c.mac);
    if file.seek(SeekFrom::End(-1)).is_ok() {
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            line.insert(0, '\n');
        }
    }
    file.write_all(line.as_bytes())
}

/// What a verification found.
#[derive(Debug, Default, PartialEq)]
pub struct Report {
    pub incidents: usize,
    pub events: i64,
    pub checkpoints: i64,
    pub last_mac: Option<String>,
    /// Events after the last checkpoint: intact as a chain, but not yet covered by the key.
    pub uncovered: i64,
    /// What does not fit, in order of discovery; empty when all is well.
    pub problems: Vec<String>,
}

/// Reads the whole log and every checkpoint. `expected` is a checkpoint's MAC from outside (the log file, a note):
/// it must be in the chain.
pub async fn verify(
    store: &Store,
    key: &AuditKey,
    log: Option<&Path>,
    expected: Option<&str>,
) -> Result<Report, Fault> {
    let mut report = Report::default();
    let mut covered: BTreeMap<IncidentId, (i64, String)> = BTreeMap::new();
    let mut macs: Vec<(i64, String)> = Vec::new();
    loop {
        let after = macs.last().map_or(0, |m| m.0);
        let page = store.checkpoints(after, 500).await?;
        if page.is_empty() {
            break;
        }
        for c in page {
            let before = macs.last().map_or("", |m| m.1.as_str());
            if c.no != macs.last().map_or(0, |m| m.0) + 1 || c.previous != before {
                report.problems.push(format!("checkpoint {} does not follow the one before: one is missing", c.no));
            }
            if key.mac(c.no, c.at, &c.previous, &c.heads) != c.mac {
                report.problems.push(format!("checkpoint {} was not made with this key, or was edited", c.no));
            }
            let heads: Vec<(i64, i64, String)> = serde_json::from_str(&c.heads).unwrap_or_default();
            for (incident, seq, hash) in heads {
                covered.insert(IncidentId(incident), (seq, hash));
            }
            macs.push((c.no, c.mac));
        }
    }
    report.checkpoints = macs.len() as i64;
    report.last_mac = macs.last().map(|m| m.1.clone());
    if let Some(path) = log {
        compare_log(path, &macs, &mut report.problems);
    }
    if let Some(hash) = expected
        && !macs.iter().any(|m| m.1 == hash)
    {
        report.problems.push(format!("checkpoint {hash} is not in the database: the log was cut off or replaced"));
    }
    chain_of_events(store, &mut report, covered).await?;
    Ok(report)
}

async fn chain_of_events(
    store: &Store,
    report: &mut Report,
    mut covered: BTreeMap<IncidentId, (i64, String)>,
) -> Result<(), Fault> {
    let mut place = (IncidentId(-1), 0);
    let mut head: (IncidentId, i64, Hash) = (IncidentId(-1), 0, chain::GENESIS);
    // Once a chain is broken, what follows in the same incident is not reported again.
    let mut broken = false;
    loop {
        let page = store.raw_events(place, 1_000).await?;
        let last_page = page.len() < 1_000;
        for e in page {
            place = (e.incident, e.seq);
            if e.incident != head.0 {
                end_of_incident(report, &mut covered, head.0, head.1);
                head = (e.incident, 0, chain::GENESIS);
                broken = false;
                report.incidents += usize::from(e.incident != IncidentId::ORG);
            }
            report.events += 1;
            let (id, seq) = (shown(e.incident), e.seq);
            if !broken && e.seq != head.1 + 1 {
                report.problems.push(format!("{id}: event {} is missing", head.1 + 1));
                broken = true;
            }
            let hash = chain::link(&head.2, e.incident, e.seq, e.at, &e.actor, &e.body);
            let kind = serde_json::from_str::<serde_json::Value>(&e.body)
                .ok()
                .and_then(|v| v.get("kind").and_then(|k| k.as_str()).map(str::to_string));
            if !broken && hash.as_slice() != e.hash {
                report.problems.push(format!("{id}: event {seq} ({}) was edited or moved", e.kind));
                broken = true;
            } else if !broken && kind.as_deref() != Some(e.kind.as_str()) {
                report.problems.push(format!("{id}: event {seq} is called {} but is none", e.kind));
                broken = true;
            }
            if let Some((at_seq, expected)) = covered.get(&e.incident) {
                if *at_seq == e.seq && *expected != hex(&e.hash) && !broken {
                    report.problems.push(format!("{id}: event {seq} is not the one that its checkpoint saw"));
                    broken = true;
                }
                if e.seq > *at_seq {
                    report.uncovered += 1;
                }
            } else {
                report.uncovered += 1;
            }
            let stored: Hash = e.hash.as_slice().try_into().unwrap_or(hash);
            head = (e.incident, e.seq, stored);
        }
        if last_page {
            break;
        }
    }
    end_of_incident(report, &mut covered, head.0, head.1);
    for (id, (seq, _)) in covered {
        report.problems.push(format!("{}: all {seq} events are missing", shown(id)));
    }
    Ok(())
}

fn end_of_incident(
    report: &mut Report,
    covered: &mut BTreeMap<IncidentId, (i64, String)>,
    id: IncidentId,
    last_seq: i64,
) {
    if let Some((seq, _)) = covered.remove(&id)
        && last_seq < seq
    {
        report.problems.push(format!("{}: events {} to {seq} are missing", shown(id), last_seq + 1));
    }
}

fn shown(id: IncidentId) -> String {
    if id == IncidentId::ORG { "organisation".to_string() } else { id.to_string() }
}

/// The log outside the database must agree with the checkpoints inside, line by line.
fn compare_log(path: &Path, macs: &[(i64, String)], problems: &mut Vec<String>) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let inside: BTreeMap<i64, &str> = macs.iter().map(|(no, mac)| (*no, mac.as_str())).collect();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(Ok(no)), Some(_), Some(mac)) = (words.next().map(str::parse::<i64>), words.next(), words.next())
        else {
            continue; // a line that a full disk cut short
        };
        match inside.get(&no) {
            Some(have) if *have == mac => {}
            // Cut short by a full disk: says nothing, and nothing against it.
            Some(have) if mac.len() < have.len() && have.starts_with(mac) => {}
            Some(_) => problems.push(format!("checkpoint {no} differs from the one in {}", path.display())),
            None => problems.push(format!("checkpoint {no} of {} is not in the database", path.display())),
        }
        if problems.len() > 100 {
            return;
        }
    }
}

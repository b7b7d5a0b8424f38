//! The log is the truth: computes from it what every other table should say, names what differs and, if told, writes
//! what the log says. Sign-ins and kept answers are not part of the log and stay as they are.

use super::belongs::{Key, keys_of};
use crate::fault::{Fault, FaultKind};
use crate::store::{Loaded, RawEvent, Store, Written};
use firebell_domain::chain::GENESIS;
use firebell_domain::event::{Actor, Event, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::outbox;
use firebell_domain::run::target::{self, Change, Held};
use firebell_domain::time::Timestamp;
use firebell_domain::timer;
use std::collections::BTreeMap;

/// Which incident a group went to last, and when it went there. Of one instant a merge comes last: it takes what the
/// other one had.
type Groups = BTreeMap<Key, (Timestamp, bool, IncidentId)>;

/// What happened to targets, by when and in whose log.
type Targets = Vec<((Timestamp, IncidentId, i64), String, Change)>;

/// Returns one line per difference.
pub async fn run(store: &Store, write: bool) -> Result<Vec<String>, Fault> {
    let mut differences = Vec::new();
    let mut groups = Groups::new();
    let mut targets = Targets::new();
    let mut place = (IncidentId::ORG, i64::MAX);
    let mut one: Vec<RawEvent> = Vec::new();
    let mut last = 0;
    loop {
        let page = store.raw_events(place, 1_000).await?;
        let end = page.len() < 1_000;
        for e in page {
            place = (e.incident, e.seq);
            if one.first().is_some_and(|f| f.incident != e.incident) {
                incident(store, &std::mem::take(&mut one), (&mut groups, &mut targets), write, &mut differences)
                    .await?;
            }
            last = e.incident.0;
            one.push(e);
        }
        if end {
            break;
        }
    }
    if !one.is_empty() {
        incident(store, &one, (&mut groups, &mut targets), write, &mut differences).await?;
    }
    for id in store.incidents_without_events().await? {
        differences.push(format!("{id}: is listed, but has no event (not removed: restore the log first)"));
    }
    let stored = store.all_groups().await?;
    let computed: BTreeMap<(String, String), IncidentId> = groups.into_iter().map(|(k, (_, _, id))| (k, id)).collect();
    let mut wrong = Written::default();
    for (key, id) in &computed {
        if stored.get(key) != Some(id) {
            let name = key.1.replace(char::is_control, "");
            differences.push(format!("alert group {name} of {}: should lead to {id}", key.0));
            wrong.groups.insert(key.clone(), *id);
        }
    }
    targets.sort_by_key(|(when, ..)| *when);
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    for (_, name, change) in &targets {
        held.entry(name.clone()).or_default().take(change);
    }
    let stored = store.all_targets().await?;
    for (name, held) in held {
        if stored.get(&name) != Some(&held) {
            differences.push(format!("target {name}: what is stored of it differs from the log"));
            wrong.targets.insert(name, held);
        }
    }
    let mut batch = store.batch().await?;
    let declared = batch.incidents_declared().await?;
    if declared < last {
        differences.push(format!("the last number given is {declared}, but {} exists", IncidentId(last)));
    }
    if write {
        batch.write(&wrong).await?;
        batch.set_incidents_declared(declared, declared.max(last)).await?;
        batch.commit().await?;
    }
    Ok(differences)
}

async fn incident(
    store: &Store,
    raw: &[RawEvent],
    (groups, targets): (&mut Groups, &mut Targets),
    write: bool,
    differences: &mut Vec<String>,
) -> Result<(), Fault> {
    let events = raw.iter().map(parse).collect::<Result<Vec<IncidentEvent>, Fault>>()?;
    let id = raw.first().map_or(IncidentId::ORG, |e| e.incident);
    for e in &events {
        for key in keys_of(&e.body) {
            let went = (e.at, matches!(e.body, Event::MergedFrom { .. }), id);
            let slot = groups.entry(key).or_insert(went);
            *slot = went.max(*slot);
        }
    }
    let replayed = Incident::replay(&events)
        .map_err(|illegal| Fault::new(FaultKind::Damaged, format!("{id}: {illegal}")))?
        .ok_or_else(|| Fault::bug("no events"))?;
    for e in &events {
        let changes = target::changes(std::slice::from_ref(e), &replayed);
        targets.extend(changes.into_iter().map(|(name, change)| ((e.at, id, e.seq), name, change)));
    }
    let head = raw.last().and_then(|e| e.hash.as_slice().try_into().ok()).unwrap_or(GENESIS);
    let before = differences.len();
    match store.incident(id).await {
        Ok(Some(l)) if l.incident == replayed && l.head == head => {}
        Ok(Some(_)) => differences.push(format!("{id}: its stored state differs from its log")),
        Ok(None) => differences.push(format!("{id}: is not listed")),
        Err(f) if f.kind == FaultKind::Damaged => differences.push(format!("{id}: {}", f.chain)),
        Err(f) => return Err(f),
    }
    if !store.summary_agrees(&replayed).await? {
        differences.push(format!("{id}: its line in the list differs from its log"));
    }
    let next = timer::next(&replayed);
    if store.timer_of(id).await? != next {
        differences.push(format!("{id}: its next timer differs from its log"));
    }
    let rows = outbox::rows(None, &events);
    let stored_rows = store.outbox_of(id).await?;
    for (no, row) in &rows {
        match stored_rows.get(no) {
            Some(have) if have == row => {}
            Some(_) => differences.push(format!("{id}: intent {no} in the outbox differs from its log")),
            // Delivered ones may have been tidied away.
            None if row.status == outbox::OutboxStatus::Done || row.status == outbox::OutboxStatus::Cancelled => {}
            None => differences.push(format!("{id}: intent {no} is missing in the outbox")),
        }
    }
    for no in stored_rows.keys().filter(|no| !rows.contains_key(no)) {
        differences.push(format!("{id}: intent {no} in the outbox is in no event"));
    }
    if write && differences.len() > before {
        let mut written = Written::default();
        written.timers.insert(id, next);
        written.outbox.extend(rows.into_iter().map(|(no, row)| ((id, no), row)));
        written.incidents.insert(id, Loaded { incident: replayed, head });
        let mut batch = store.batch().await?;
        batch.forget(id).await?;
        batch.write(&written).await?;
        batch.commit().await?;
    }
    Ok(())
}

fn parse(raw: &RawEvent) -> Result<IncidentEvent, Fault> {
    let damaged =
        |e: serde_json::Error| Fault::new(FaultKind::Damaged, format!("{} event {}: {e}", raw.incident, raw.seq));
    Ok(IncidentEvent {
        incident: raw.incident,
        seq: raw.seq,
        at: raw.at,
        actor: serde_json::from_str::<Actor>(&raw.actor).map_err(damaged)?,
        body: serde_json::from_str::<Event>(&raw.body).map_err(damaged)?,
    })
}

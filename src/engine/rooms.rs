//! What brings chats up to date: tasks are claimed as the platform has room for them, worded from the incident as it
//! stands at the claim, and done once. Names no platform and decides nothing; a platform that is down costs a try now
//! and then, and nothing else waits for it.

use super::deliver::{Claimed, Done, note_channel, record};
use super::ports::Outcome;
use super::ports::chat::{Chat, ChatAct, ChatContent, ChatFile, ChatJob, ChatKind, RunTable};
use super::tick::Engine;
use crate::app::App;
use crate::fault::Fault;
use crate::{clock, measure, notice, stop};
use firebell_domain::chat::RoomTask;
use firebell_domain::decide::Input;
use firebell_domain::event::{Event, IncidentEvent};
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{Lane, What};
use firebell_domain::limits;
use firebell_domain::run::table::{Row, table};
use firebell_domain::run::{self, RunNo};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Tasks of one kind under way at once in one chat: platforms count by kind, and what is claimed beyond their budget
/// would only wait with its lease running.
pub const KIND_SLOTS: usize = 4;
/// Failures in a row after which a platform counts as down, and is asked one thing at a time.
const DOWN_AFTER: u32 = 3;
const PROBE_EVERY_MAX: Duration = Duration::from_secs(30);
/// A platform may take its time, its adapter a pause before (one message a second and channel): less than a lease.
const PERFORM_TIMEOUT: Duration = Duration::from_secs(limits::SEND_TIMEOUT_S + 10);

const KINDS: [(ChatKind, &str); 12] = [
    (ChatKind::Announce, "announce"),
    (ChatKind::AnnounceEdit, "announce_edit"),
    (ChatKind::Open, "open"),
    (ChatKind::Card, "card"),
    (ChatKind::CardEdit, "card_edit"),
    (ChatKind::Pin, "pin"),
    (ChatKind::Topic, "topic"),
    (ChatKind::Links, "links"),
    (ChatKind::Invite, "invite"),
    (ChatKind::Table, "table"),
    (ChatKind::TableEdit, "table_edit"),
    (ChatKind::Lines, "lines"),
];

/// How a platform has been lately.
#[derive(Default)]
pub struct Weather {
    failures: u32,
    /// While it is down: when it is asked again.
    probe_at: Option<std::time::Instant>,
}

impl Weather {
    pub fn note(&mut self, failed: bool) {
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        self.probe_at = (self.failures >= DOWN_AFTER).then(|| {
            let wait = Duration::from_secs(1 << (self.failures - DOWN_AFTER).min(5)).min(PROBE_EVERY_MAX);
            clock::instant() + wait
        });
    }

    /// How many things may be asked of it now, of `free`; and when to look again if that is none.
    pub(super) fn allows(&self, free: usize, under_way: usize) -> Result<usize, Duration> {
        match self.probe_at {
            None => Ok(free),
            Some(at) => match at.checked_duration_since(clock::instant()) {
                Some(wait) if !wait.is_zero() => Err(wait),
                _ if under_way > 0 => Ok(0),
                _ => Ok(free.min(1)),
            },
        }
    }
}

impl Engine {
    /// Sends what waits in one lane of one chat.
    pub(super) async fn send_to_chat(
        &mut self,
        chat: &Arc<dyn Chat>,
        lane: Lane,
        poisoned: &mut Option<Fault>,
    ) -> Result<(), Fault> {
        let channel = chat.channel().clone();
        let free = self.deliveries.free(&channel, lane);
        let under_way = self.deliveries.under_way(&channel);
        let free = match self.deliveries.weather(&channel).allows(free, under_way) {
            Ok(free) => free,
            Err(wait) => {
                self.look_again_in(wait);
                0
            }
        };
        if free == 0 {
            return Ok(());
        }
        let mut without: Vec<String> = Vec::new();
        let mut slots = BTreeMap::new();
        for (kind, word) in KINDS {
            match self.slots_of(chat, kind, word) {
                0 => without.push(word.to_string()),
                n => drop(slots.insert(word.to_string(), n)),
            }
        }
        let limit = free.min(slots.values().sum()) as i64;
        if limit == 0 {
            return Ok(());
        }
        let due = self.app.store().due_intents(lane, &channel, self.app.clock().now(), limit, &without).await?;
        for d in due {
            let word = d.recipient.clone().unwrap_or_default();
            match slots.get_mut(&word).and_then(|n| n.checked_sub(1).map(|left| *n = left)) {
                Some(()) => {}
                None => continue,
            }
            let claim = Input::Claim { no: d.no, worker: self.worker.clone() };
            let mut failed = None;
            let claimed = self.app.act_engine(d.incident, claim).await;
            if let Some(changed) = super::claims::won(claimed, &mut failed, poisoned)
                && let Some(claimed) = Claimed::of(d.no, changed)
            {
                self.deliveries.start_in_chat(chat.clone(), word, claimed);
            }
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }
}

impl Engine {
    /// How many of a kind may be begun now.
    pub(super) fn slots_of(&mut self, chat: &Arc<dyn Chat>, kind: ChatKind, word: &str) -> usize {
        match chat.takes(kind, None) {
            // Those under way have not all been counted by the platform yet.
            Ok(n) => n.min(KIND_SLOTS).saturating_sub(self.deliveries.under_way_of(chat.channel(), word)),
            Err(wait) => {
                self.look_again_in(wait);
                0
            }
        }
    }
}

/// Does one claimed task and records what came of it.
pub(super) async fn perform(
    app: App,
    state: Arc<super::EngineState>,
    chat: Arc<dyn Chat>,
    word: String,
    claimed: Claimed,
) -> Done {
    let channel = chat.channel().clone();
    let lane = claimed.live.intent.lane;
    let outcome = match act(&app, &channel, &claimed).await {
        Ok(None) => Outcome::Done { receipt: None },
        Ok(Some(act)) => {
            stop::point(stop::Place::BeforeSend);
            let outcome = performed(chat.as_ref(), &act, lane).await;
            stop::point(stop::Place::AfterSend);
            outcome
        }
        Err(fault) => Outcome::Retry { after_s: None, why: fault.shown(), maybe_arrived: false },
    };
    note_channel(&state, &app, &channel, &outcome);
    if let Outcome::Never { why } = &outcome {
        let (incident, task) = (claimed.incident.id, &word);
        tracing::warn!(incident.id = %incident, chat = %channel, "given up in {channel}: {incident} {task}: {why}");
    }
    // A platform that says when to come back is not down.
    let failed = matches!(outcome, Outcome::Retry { after_s: None, .. });
    record(&app, &claimed, outcome).await;
    Done { channel, kind: Some(word), failed }
}

/// One act, within a bound.
pub(super) async fn performed(chat: &dyn Chat, act: &ChatAct, lane: Lane) -> Outcome {
    let began = clock::instant();
    let outcome = match tokio::time::timeout(PERFORM_TIMEOUT, chat.perform(act)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Retry {
            after_s: None,
            why: format!("no answer within {} s", PERFORM_TIMEOUT.as_secs()),
            maybe_arrived: true,
        },
    };
    measure::sent(lane, chat.channel().as_str(), super::deliver::word(&outcome), began.elapsed());
    outcome
}

/// The task in words; `None` where nothing is left to do.
async fn act(app: &App, chat: &ChannelId, claimed: &Claimed) -> Result<Option<ChatAct>, Fault> {
    let (incident, live) = (&claimed.incident, &claimed.live);
    let What::Room { task, .. } = &live.intent.what else { return Err(Fault::bug("a task in a chat that is none")) };
    let room = incident.rooms.get(chat).cloned().unwrap_or_default();
    let url: &str = &app.public_url();
    let card = || notice::card::card(incident, &app.directory(), url);
    let job = match (task, room.place) {
        (RoomTask::Announce, _) => {
            let place = incident.place_in(chat).map(str::to_string);
            let directory = app.directory();
            let rule = directory.chats.iter().find(|r| r.channel == *chat);
            let own = rule.and_then(|r| r.room_of(&directory, incident)).map(str::to_string);
            Some(ChatJob::Announce { room: own, card: card(), message: room.announced, place })
        }
        (RoomTask::Open, _) => {
            let (name, topic) = (notice::card::place_name(incident), notice::card::topic(incident));
            Some(ChatJob::Open { name, topic })
        }
        // Everything else is done in its place.
        (_, None) => None,
        (RoomTask::Card, Some(place)) => Some(ChatJob::Card { place, card: card(), message: room.card }),
        (RoomTask::Pin, Some(place)) => room.card.map(|message| ChatJob::Pin { place, message }),
        (RoomTask::Topic, Some(place)) => Some(ChatJob::Topic { place, text: notice::card::topic(incident) }),
        (RoomTask::Links, Some(place)) => {
            let board = format!("{}/board", url.trim_end_matches('/'));
            let links = vec![
                ("Incident in the room".to_string(), notice::link(url, incident.id)),
                ("Board".to_string(), board),
            ];
            Some(ChatJob::Links { place, links })
        }
        (RoomTask::Invite { from, to }, Some(place)) => {
            let people = incident.responders.get(*from..(*to).min(incident.responders.len()));
            let people = people.unwrap_or_default().to_vec();
            Some(ChatJob::Invite { place, people, severity_rank: incident.severity.rank })
        }
        (RoomTask::Table { run }, Some(place)) => {
            let log = app.store().log(incident.id).await?;
            let message = room.tables.get(run).and_then(|t| t.message.clone());
            table(&log, *run).map(|t| {
                let mut lines = notice::runs::table(incident.id, &t);
                let head = lines.remove(0);
                let link = format!("{}/runs/{run}", notice::link(url, incident.id));
                ChatJob::Table { place, table: RunTable { head, rows: lines, link }, message }
            })
        }
        (RoomTask::Lines { after, to }, Some(place)) => {
            let mut events = app.store().events(incident.id, *after, (to - after).max(0)).await?;
            // What a run was to do stands in the event that asked for it: the state forgets it when the run is over.
            if events.iter().any(|e| matches!(e.body, Event::RunFinished { .. } | Event::RunOutcomeUnknown { .. })) {
                events = app.store().events(incident.id, 0, *to).await?;
            }
            let lines = notice::card::lines(incident, &events, *after, chat);
            let files = files(app, incident, &events, *after).await;
            (!lines.is_empty()).then_some(ChatJob::Lines { place, lines, files })
        }
    };
    Ok(job.map(|job| ChatAct {
        incident: Some(incident.id),
        key: app.thread(incident.id, live.intent.no),
        attempt: live.attempt,
        maybe_repeated: live.maybe_sent,
        queued_at: live.queued_at,
        now: app.clock().now(),
        private: incident.private,
        job,
    }))
}

/// What the runs printed and drew that were over after a number, one file of text each. They are kept beside the log for a while only:
/// without them the lines are said all the same.
async fn files(app: &App, incident: &Incident, events: &[IncidentEvent], after: i64) -> Vec<ChatFile> {
    let mut all = Vec::new();
    for event in events.iter().filter(|e| e.seq > after) {
        let Event::RunFinished { run: no, results, .. } = &event.body else { continue };
        let order = events.iter().find_map(|e| match &e.body {
            Event::RunAsked { run: asked, order, .. } if asked == no => Some(order),
            _ => None,
        });
        let outputs = match app.store().outputs(incident.id, *no).await {
            Ok(outputs) => outputs.into_iter().map(|o| (o.place, o.output)).collect(),
            Err(fault) => {
                fault.logged();
                continue;
            }
        };
        if let (Some(order), Some(shown)) = (order, table(events, *no)) {
            let text = notice::runs::report(incident.id, &shown, order, results, &outputs);
            all.push(ChatFile {
                name: format!("inc-{}-run-{no}.txt", incident.id.0),
                content: ChatContent::Text(text),
            });
            for row in &shown.rows {
                all.extend(pictures(app, incident.id, *no, row).await);
            }
        }
    }
    all
}

async fn pictures(app: &App, id: IncidentId, no: RunNo, row: &Row) -> Vec<ChatFile> {
    let mut all = Vec::new();
    for file in row.files.iter().filter(|f| f.media_type.starts_with("image/")) {
        let place = run::place(row.at, row.verifies);
        match app.store().run_file(id, no, place, &file.name).await {
            Ok(Some(kept)) => {
                let shows = format!("Graph: {}", row.what);
                let content = ChatContent::Image { media_type: kept.media_type, bytes: kept.content, shows };
                all.push(ChatFile { name: format!("inc-{}-run-{no}-{}", id.0, kept.name), content });
            }
            Ok(None) => {}
            Err(fault) => {
                fault.logged();
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_that_is_queued_is_of_a_kind_that_the_platform_is_asked_about() {
        let tasks = [
            (RoomTask::Announce, false, ChatKind::Announce),
            (RoomTask::Announce, true, ChatKind::AnnounceEdit),
            (RoomTask::Open, false, ChatKind::Open),
            (RoomTask::Card, false, ChatKind::Card),
            (RoomTask::Card, true, ChatKind::CardEdit),
            (RoomTask::Pin, false, ChatKind::Pin),
            (RoomTask::Topic, false, ChatKind::Topic),
            (RoomTask::Links, false, ChatKind::Links),
            (RoomTask::Invite { from: 0, to: 1 }, false, ChatKind::Invite),
            (RoomTask::Table { run: 1 }, false, ChatKind::Table),
            (RoomTask::Table { run: 1 }, true, ChatKind::TableEdit),
            (RoomTask::Lines { after: 0, to: 1 }, false, ChatKind::Lines),
        ];
        // What is queued under another word than it is asked about by would go at no pace at all.
        assert_eq!(tasks.map(|(task, edits, kind)| (kind, task.kind(edits))), KINDS);
    }

    #[test]
    fn a_platform_that_is_down_is_asked_one_thing_now_and_then() {
        let mut weather = Weather::default();
        for _ in 0..DOWN_AFTER - 1 {
            weather.note(true);
        }
        assert_eq!(weather.allows(9, 3), Ok(9));
        weather.note(true);
        assert!(weather.allows(9, 0).is_err_and(|wait| wait <= Duration::from_secs(1)));
        for _ in 0..100 {
            weather.note(true);
        }
        assert!(weather.allows(9, 0).is_err_and(|wait| wait > Duration::from_secs(20) && wait <= PROBE_EVERY_MAX));
        weather.probe_at = Some(clock::instant());
        assert_eq!((weather.allows(9, 0), weather.allows(9, 1)), (Ok(1), Ok(0)));
        weather.note(false);
        assert_eq!(weather.allows(9, 3), Ok(9));
    }
}

//! Where an incident is open in chats, and what is still to be done there. A chat is a projection of the log: what it
//! shows lags behind, and is brought up to date by tasks that are queued as intents, one of each kind at a time, so
//! that the latest state wins however slowly the platform takes them. Declaring, acknowledging and paging wait for
//! none of it.

use crate::decide::Decider;
use crate::directory::Directory;
use crate::event::{Actor, Event, IncidentEvent};
use crate::id::ChannelId;
use crate::incident::Incident;
use crate::intent::{Intent, Lane, Live, What};
use crate::limits;
use crate::run::RunNo;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a configured chat is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRule {
    pub channel: ChannelId,
    /// Each incident gets a place of its own.
    pub opens: bool,
    /// Each incident that is not private has a line in the channel where all are announced.
    pub announces: bool,
    /// Of those only the ones that were declared in this very chat: what one workspace works on is nobody else's.
    pub own_only: bool,
    /// Systems whose incidents are announced in a place of their own instead, as the platform calls it.
    pub rooms: BTreeMap<String, String>,
}

impl ChatRule {
    /// Where an incident is announced that does not go where all go.
    pub fn room_of(&self, directory: &Directory, incident: &Incident) -> Option<&str> {
        let system = incident.severity.system.as_deref().or_else(|| directory.system_of(incident.service.as_ref()));
        self.room_of_system(system?)
    }

    /// The same of what is about a system and no incident.
    pub fn room_of_system(&self, system: &str) -> Option<&str> {
        self.rooms.get(system).map(String::as_str)
    }

    /// Whether an incident is announced here: a private one nowhere.
    pub fn tells_of(&self, directory: &Directory, incident: &Incident) -> bool {
        let somewhere = self.announces || self.room_of(directory, incident).is_some();
        somewhere && !incident.private && (!self.own_only || incident.declared_in(&self.channel))
    }
}

/// One thing to do in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum RoomTask {
    /// The line where all incidents are announced, posted or edited.
    Announce,
    /// Makes the incident's own place.
    Open,
    /// The headline, posted or edited.
    Card,
    Pin,
    Topic,
    /// What leads out of the chat.
    Links,
    /// Responders by their place in the incident's list: [from, to).
    Invite {
        from: usize,
        to: usize,
    },
    /// A run as a table, posted or edited while it fills in.
    Table {
        run: RunNo,
    },
    /// What was said and done, of the events in (after, to].
    Lines {
        after: i64,
        to: i64,
    },
}

impl RoomTask {
    /// As the outbox has it, so that one kind can wait while others go: what edits a message never holds up what is not
    /// there yet.
    pub fn kind(&self, edits: bool) -> &'static str {
        match self {
            RoomTask::Announce if edits => "announce_edit",
            RoomTask::Card if edits => "card_edit",
            RoomTask::Table { .. } if edits => "table_edit",
            _ => self.word(),
        }
    }

    /// One task of each is under way at once.
    pub fn word(&self) -> &'static str {
        match self {
            RoomTask::Announce => "announce",
            RoomTask::Open => "open",
            RoomTask::Card => "card",
            RoomTask::Pin => "pin",
            RoomTask::Topic => "topic",
            RoomTask::Links => "links",
            RoomTask::Invite { .. } => "invite",
            RoomTask::Table { .. } => "table",
            RoomTask::Lines { .. } => "lines",
        }
    }

    /// As a sentence about what is missing has it: "not done in slack: the topic".
    pub fn missing(&self) -> &'static str {
        match self {
            RoomTask::Announce => "the announcement",
            RoomTask::Open => "the channel",
            RoomTask::Card => "the headline",
            RoomTask::Pin => "the pin",
            RoomTask::Topic => "the topic",
            RoomTask::Links => "the links",
            RoomTask::Invite { .. } => "invitations",
            RoomTask::Table { .. } => "the table of a run",
            RoomTask::Lines { .. } => "some messages",
        }
    }

    /// What people act on goes first, furniture last.
    fn lane(&self, room: &Room) -> Lane {
        match self {
            RoomTask::Card => Lane::Card,
            RoomTask::Announce if room.announced.is_none() => Lane::Card,
            RoomTask::Open | RoomTask::Lines { .. } | RoomTask::Table { .. } => Lane::Update,
            _ => Lane::Digest,
        }
    }
}

/// The table of a run in a chat: its message, and the event up to which it was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub seq: i64,
}

/// How far one chat is. Ids are the platform's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The message with the headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<String>,
    /// Numbers of the events up to which each has been shown.
    #[serde(default)]
    pub card_seq: i64,
    #[serde(default)]
    pub announced_seq: i64,
    #[serde(default)]
    pub topic_seq: i64,
    #[serde(default)]
    pub said_seq: i64,
    /// The last event that is to be said here.
    #[serde(default)]
    pub word_seq: i64,
    #[serde(default)]
    pub pinned: bool,
    #[serde(default)]
    pub linked: bool,
    /// So many of the responders were invited.
    #[serde(default)]
    pub invited: usize,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<RunNo, ShownTable>,
    /// Of what ran before this event no table is posted any more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tables_after: i64,
    /// What was given up, in words, until it succeeds later.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missing: BTreeSet<String>,
    /// No place is made: it could not be, until somebody opens one or the incident is reopened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Room {
    /// The first run whose table shows less than there is.
    fn table_behind(&self, i: &Incident) -> Option<RunNo> {
        let shown = |no: &RunNo| self.tables.get(no).map_or(self.tables_after, |t| t.seq);
        i.runs.values().find(|r| r.table_seq > shown(&r.no)).map(|r| r.no)
    }

    /// The message that a task posts, once it is there: doing it edits that one.
    pub(crate) fn message_of(&self, task: &RoomTask) -> Option<&str> {
        match task {
            RoomTask::Announce => self.announced.as_deref(),
            RoomTask::Card => self.card.as_deref(),
            RoomTask::Table { run } => self.tables.get(run)?.message.as_deref(),
            _ => None,
        }
    }

    /// Whether a task makes no message of its own, or edits the one that is there.
    pub(crate) fn has(&self, task: &RoomTask) -> bool {
        let makes = matches!(task, RoomTask::Announce | RoomTask::Card | RoomTask::Table { .. });
        !makes || self.message_of(task).is_some()
    }

    /// What came of a task; `seq` is that of the state that it showed, if that is known.
    pub(crate) fn finished(&mut self, task: &RoomTask, seq: Option<i64>, receipt: Option<&str>, done: bool) {
        let shown = |before: i64| seq.unwrap_or(before);
        match (task, done) {
            (RoomTask::Announce, _) => self.announced_seq = shown(self.announced_seq),
            (RoomTask::Open, done) => self.closed = self.place.is_none() && !(done && receipt.is_some()),
            (RoomTask::Card, _) => self.card_seq = shown(self.card_seq),
            (RoomTask::Topic, _) => self.topic_seq = shown(self.topic_seq),
            (RoomTask::Pin, _) => self.pinned = true,
            (RoomTask::Links, _) => self.linked = true,
            (RoomTask::Invite { to, .. }, _) => self.invited = *to,
            (RoomTask::Table { run }, _) => {
                let table = self.tables.entry(*run).or_default();
                table.seq = shown(table.seq);
            }
            (RoomTask::Lines { to, .. }, _) => self.said_seq = *to,
        }
        let made = receipt.filter(|_| done).map(str::to_string);
        match task {
            RoomTask::Announce => self.announced = made.or(self.announced.take()),
            RoomTask::Card => self.card = made.or(self.card.take()),
            RoomTask::Table { run } => {
                let shown = self.tables.entry(*run).or_default();
                shown.message = made.or(shown.message.take());
                // As many as the incident knows runs.
                while self.tables.len() > limits::RUNS_KEPT_MAX {
                    self.tables.pop_first();
                }
            }
            _ => {}
        }
        // What some messages said is gone for good; everything else shows the present.
        match (done, task) {
            (false, _) => drop(self.missing.insert(task.missing().to_string())),
            (true, RoomTask::Lines { .. }) => {}
            (true, _) => drop(self.missing.remove(task.missing())),
        }
    }
}

/// Whether an event is to be said in a chat, where `chat` is where it is said. Pages and their receipts are told by the
/// card; what somebody wrote in that very chat is there already.
pub fn says(event: &IncidentEvent, chat: &ChannelId) -> bool {
    // The platform, or one of its workspaces: its name stands behind a space.
    let here = |via: &str| via.strip_prefix(chat.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let from_here = matches!(&event.actor, Actor::Person { via, .. } if here(via));
    match &event.body {
        Event::Declared { .. }
        | Event::IntentsQueued { .. }
        | Event::IntentsCancelled { .. }
        | Event::IntentClaimed { .. }
        | Event::IntentDone { .. }
        | Event::IntentRetried { .. }
        | Event::IntentFailed { .. }
        | Event::IntentAbandoned { .. }
        | Event::RoomOpened { .. }
        | Event::StillWorking
        | Event::PostmortemEdited { .. }
        | Event::StepSkipped { .. }
        | Event::RunProgressed { .. } => false,
        Event::Noted { .. } => !from_here,
        _ => true,
    }
}

/// Whether an event changes what a headline shows.
pub(crate) fn changes_card(event: &Event) -> bool {
    !matches!(
        event,
        Event::IntentsQueued { .. }
            | Event::IntentsCancelled { .. }
            | Event::IntentClaimed { .. }
            | Event::IntentDone { .. }
            | Event::IntentRetried { .. }
            | Event::IntentFailed { .. }
            | Event::IntentAbandoned { .. }
            | Event::Noted { .. }
            | Event::PostmortemEdited { .. }
            | Event::RunProgressed { .. }
    )
}

/// Whether an event changes a channel's topic.
pub(crate) fn changes_topic(event: &Event) -> bool {
    matches!(
        event,
        Event::Declared { .. }
            | Event::SeverityChanged { .. }
            | Event::StatusChanged { .. }
            | Event::LeadAssigned { .. }
            | Event::Resolved { .. }
            | Event::Reopened { .. }
            | Event::MergedInto { .. }
            | Event::Cancelled { .. }
    )
}

impl Incident {
    /// A task in a chat that nobody needs any more: no place is made for what has ended.
    pub(crate) fn needless_task(&self, chat: &ChannelId, task: &RoomTask) -> bool {
        let room = self.rooms.get(chat);
        *task == RoomTask::Open && (!self.status.open() || room.is_some_and(|r| r.place.is_some()))
    }

    /// What came of an intent, where it was a task in a chat. It showed the state at its claim; but of a post that was
    /// tried before, the first try may be what is there, because the same post sent twice is one message and keeps its
    /// words: it counts as showing what the first one did, and is edited if that is over. The same holds for a receipt
    /// that comes after its claim was lost.
    pub(crate) fn room_task_over(&mut self, live: &Live, receipt: Option<&str>, done: bool) {
        if let What::Room { task, .. } = &live.intent.what
            && let Some(room) = self.rooms.get_mut(&live.intent.channel)
        {
            let claimed = live.claim.as_ref().map(|c| c.seq);
            let shown = match done {
                true => claimed.filter(|_| !live.maybe_sent || room.has(task)).or(live.first_claim),
                false => Some(claimed.unwrap_or(self.seq)),
            };
            room.finished(task, shown, receipt, done);
        }
    }

    /// Takes note of what an event means for every room.
    pub(crate) fn follow_rooms(&mut self, event: &IncidentEvent) {
        if changes_card(&event.body) {
            self.card_seq = event.seq;
        }
        if changes_topic(&event.body) {
            self.topic_seq = event.seq;
        }
        for (chat, room) in &mut self.rooms {
            if says(event, chat) {
                room.word_seq = event.seq;
            }
            if matches!(event.body, Event::Reopened { .. }) {
                room.closed = false;
            }
        }
    }

    /// Whether somebody declared it in this chat: of a platform with several workspaces, in this one.
    pub fn declared_in(&self, chat: &ChannelId) -> bool {
        matches!(&self.declared_by, Actor::Person { via, .. } if via == chat.as_str())
    }

    /// Where people work on it in a chat: its place there, else the one that the platform itself has, whose workspace the
    /// chat is.
    pub fn place_in(&self, chat: &ChannelId) -> Option<&str> {
        let place = |chat: &ChannelId| self.rooms.get(chat)?.place.as_deref();
        place(chat).or_else(|| place(&chat.platform()))
    }

    /// What the rooms lack, in words: `slack: the topic, the links`.
    pub fn missing_in_rooms(&self) -> Vec<String> {
        let lacks = self.rooms.iter().filter(|(_, r)| !r.missing.is_empty());
        lacks.map(|(chat, r)| format!("{chat}: {}", r.missing.iter().cloned().collect::<Vec<_>>().join(", "))).collect()
    }
}

/// Queues what brings every chat up to date with the incident as it stands.
pub(crate) fn follow(d: &mut Decider) {
    let mut wanted: Vec<(ChannelId, RoomTask)> = Vec::new();
    let none = Room::default();
    for rule in &d.directory.chats {
        let i = &d.incident;
        let room = i.rooms.get(&rule.channel).unwrap_or(&none);
        let mut want = |task: RoomTask| {
            let same = |w: &What| matches!(w, What::Room { task: t, .. } if t.word() == task.word());
            if !i.live.values().any(|l| l.intent.channel == rule.channel && same(&l.intent.what)) {
                wanted.push((rule.channel.clone(), task));
            }
        };
        if rule.tells_of(d.directory, i) && room.announced_seq < i.card_seq {
            want(RoomTask::Announce);
        }
        if room.place.is_none() {
            if rule.opens && i.status.open() && !room.closed {
                want(RoomTask::Open);
            }
            continue;
        }
        if room.card_seq < i.card_seq {
            want(RoomTask::Card);
        }
        if room.said_seq < room.word_seq {
            want(RoomTask::Lines { after: room.said_seq, to: i.seq });
        }
        if let Some(run) = room.table_behind(i) {
            want(RoomTask::Table { run });
        }
        if room.topic_seq < i.topic_seq {
            want(RoomTask::Topic);
        }
        if !room.linked {
            want(RoomTask::Links);
        }
        if room.invited < i.responders.len() {
            want(RoomTask::Invite { from: room.invited, to: i.responders.len() });
        }
        if room.card.is_some() && !room.pinned {
            want(RoomTask::Pin);
        }
    }
    queue(d, wanted);
}

fn queue(d: &mut Decider, wanted: Vec<(ChannelId, RoomTask)>) {
    let have = d.incident.live.values().filter(|l| l.intent.lane != Lane::Page).count();
    let free = limits::INTENTS_LIVE_MAX.saturating_sub(have);
    let none = Room::default();
    let intents: Vec<Intent> = (d.incident.intents + 1..)
        .zip(wanted.into_iter().take(free))
        .map(|(no, (channel, task))| {
            let room = d.incident.rooms.get(&channel).unwrap_or(&none);
            let (lane, edits) = (task.lane(room), room.message_of(&task).is_some());
            Intent { no, lane, channel, what: What::Room { task, edits } }
        })
        .collect();
    if !intents.is_empty() {
        d.emit(Event::IntentsQueued { intents });
    }
}

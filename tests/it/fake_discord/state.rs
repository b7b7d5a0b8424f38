//! What the stand-in remembers: a server with its people, roles, channels, threads and messages, the
//! application with its commands, and what is under way. Never talks to anybody; `wire_json` writes it out.

use super::buckets::Buckets;
use super::faults::Faults;
use super::interactions::Interaction;
use super::session::Sessions;
use super::time::Time;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub type Id = u64;

pub const TEXT: u8 = 0;
pub const DIRECT: u8 = 1;
pub const VOICE: u8 = 2;
pub const CATEGORY: u8 = 4;
pub const ANNOUNCEMENT: u8 = 5;
pub const ANNOUNCEMENT_THREAD: u8 = 10;
pub const PUBLIC_THREAD: u8 = 11;
pub const PRIVATE_THREAD: u8 = 12;
pub const FORUM: u8 = 15;

/// Message flags.
pub const SUPPRESS_EMBEDS: u64 = 1 << 2;
pub const EPHEMERAL: u64 = 1 << 6;
pub const LOADING: u64 = 1 << 7;
pub const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
pub const COMPONENTS_V2: u64 = 1 << 15;

#[derive(Debug, Clone)]
pub struct User {
    pub id: Id,
    pub name: String,
    pub bot: bool,
    /// Whether a bot may write to them directly.
    pub takes_messages: bool,
    pub locale: String,
}

#[derive(Debug, Clone)]
pub struct Role {
    pub id: Id,
    pub name: String,
    pub permissions: u64,
    pub position: u64,
    pub mentionable: bool,
}

#[derive(Debug, Clone)]
pub struct Member {
    pub roles: Vec<Id>,
    pub nick: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Guild {
    pub id: Id,
    pub name: String,
    pub owner: Id,
    pub roles: BTreeMap<Id, Role>,
    pub members: BTreeMap<Id, Member>,
    /// An outage: the gateway says `unavailable`.
    pub unavailable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overwrite {
    pub id: Id,
    /// 0 a role, 1 a member.
    pub kind: u8,
    pub allow: u64,
    pub deny: u64,
}

#[derive(Debug, Clone)]
pub struct Tag {
    pub id: Id,
    pub name: String,
    pub moderated: bool,
    pub emoji: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Thread {
    pub archived: bool,
    pub locked: bool,
    pub invitable: bool,
    pub auto_archive_minutes: u64,
    pub changed_ms: i64,
    pub members: BTreeSet<Id>,
    pub tags: Vec<Id>,
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: Id,
    pub guild: Option<Id>,
    pub kind: u8,
    pub name: String,
    pub topic: Option<String>,
    pub parent: Option<Id>,
    pub position: u64,
    pub overwrites: Vec<Overwrite>,
    pub tags: Vec<Tag>,
    /// Posts of this forum must have a tag.
    pub needs_tag: bool,
    pub thread: Option<Thread>,
    pub owner: Option<Id>,
    pub last_message: Option<Id>,
    pub last_pin_ms: Option<i64>,
    pub recipients: Vec<Id>,
}

impl Channel {
    /// A bare one; the caller fills in what its kind has.
    pub fn new(id: Id, kind: u8, name: &str) -> Channel {
        Channel {
            id,
            guild: None,
            kind,
            name: name.to_string(),
            topic: None,
            parent: None,
            position: 0,
            overwrites: Vec::new(),
            tags: Vec::new(),
            needs_tag: false,
            thread: None,
            owner: None,
            last_message: None,
            last_pin_ms: None,
            recipients: Vec::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: Id,
    pub filename: String,
    pub description: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Reaction {
    pub emoji: String,
    pub users: Vec<Id>,
}

/// Who was called by a message, after its allowed mentions and the author's permissions had their say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pings {
    pub everyone: bool,
    pub users: Vec<Id>,
    pub roles: Vec<Id>,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: Id,
    pub channel: Id,
    pub author: Id,
    pub kind: u8,
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Attachment>,
    pub flags: u64,
    pub pinned_ms: Option<i64>,
    pub reactions: Vec<Reaction>,
    pub nonce: Option<Value>,
    pub reply_to: Option<Id>,
    pub pings: Pings,
    pub edited_ms: Option<i64>,
    pub sent_ms: i64,
    /// Only this person sees it.
    pub only_for: Option<Id>,
    /// The interaction it answers.
    pub interaction: Option<Id>,
    pub tts: bool,
}

impl Message {
    /// An empty one, of a kind that Discord itself writes or that is still to be filled.
    pub fn system(id: Id, channel: Id, author: Id, kind: u8, sent_ms: i64, reply_to: Option<Id>) -> Message {
        Message {
            id,
            channel,
            author,
            kind,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            flags: 0,
            pinned_ms: None,
            reactions: Vec::new(),
            nonce: None,
            reply_to,
            pings: Pings::default(),
            edited_ms: None,
            sent_ms,
            only_for: None,
            interaction: None,
            tts: false,
        }
    }

    pub fn is_v2(&self) -> bool {
        self.flags & COMPONENTS_V2 != 0
    }
}

#[derive(Debug, Clone)]
pub struct Application {
    pub id: Id,
    pub bot: Id,
    pub name: String,
    pub token: String,
    /// Message Content, Guild Members and Presences: which of the privileged intents were granted.
    pub granted_intents: u64,
    pub public_key: String,
    pub interactions_url: Option<String>,
}

/// A request as the application made it.
#[derive(Debug, Clone)]
pub struct Made {
    pub method: String,
    pub path: String,
    /// The template, `None` for what Discord does not have.
    pub route: Option<String>,
    pub body: Value,
    pub status: u16,
    pub at_ms: i64,
    /// `X-Audit-Log-Reason`, decoded.
    pub reason: Option<String>,
}

pub struct State {
    pub time: Time,
    pub url: String,
    pub app: Application,
    pub users: BTreeMap<Id, User>,
    pub guilds: BTreeMap<Id, Guild>,
    pub channels: BTreeMap<Id, Channel>,
    /// By channel, then by id: ids grow with time.
    pub messages: BTreeMap<Id, BTreeMap<Id, Message>>,
    /// Global ones under `None`.
    pub commands: BTreeMap<Option<Id>, Vec<Value>>,
    pub interactions: BTreeMap<Id, Interaction>,
    pub sessions: Sessions,
    pub buckets: Buckets,
    pub faults: Faults,
    pub made: Vec<Made>,
    /// What the application did that it must not do; `finish` fails with it.
    pub problems: Vec<String>,
    /// (author, channel, nonce) of the last minutes.
    pub nonces: Vec<(i64, Id, Id, String, Id)>,
    /// When messages older than an hour were edited, by channel.
    pub old_edits: BTreeMap<Id, Vec<i64>>,
    /// So many of them an hour; Discord does not say how many.
    pub old_edits_max: usize,
    last_id: Id,
}

/// The first millisecond of 2015, where snowflakes begin.
pub const EPOCH_MS: i64 = 1_420_070_400_000;

impl State {
    pub fn new(time: Time, url: &str, app: Application) -> State {
        let buckets = Buckets::default();
        State {
            time,
            url: url.to_string(),
            app,
            users: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            commands: BTreeMap::new(),
            interactions: BTreeMap::new(),
            sessions: Sessions::default(),
            buckets,
            faults: Faults::default(),
            made: Vec::new(),
            problems: Vec::new(),
            nonces: Vec::new(),
            old_edits: BTreeMap::new(),
            old_edits_max: usize::MAX,
            last_id: 0,
        }
    }

    pub fn now_ms(&self) -> i64 {
        self.time.now_ms()
    }

    /// A new snowflake: later ones are always greater, also while time stands still.
    pub fn new_id(&mut self) -> Id {
        let from_time = u64::try_from(self.now_ms() - EPOCH_MS).unwrap_or(0) << 22;
        self.last_id = from_time.max(self.last_id + 1);
        self.last_id
    }

    pub fn message(&self, channel: Id, message: Id) -> Option<&Message> {
        self.messages.get(&channel)?.get(&message)
    }

    pub fn message_mut(&mut self, channel: Id, message: Id) -> Option<&mut Message> {
        self.messages.get_mut(&channel)?.get_mut(&message)
    }

    /// Something the application did wrong.
    pub fn problem(&mut self, what: impl Into<String>) {
        self.problems.push(what.into());
    }
}

//! Gateway sessions: what each has been sent, in which order, and what it would miss after a disconnect.
//! Decides who hears an event (intents, shards, visible channels); never touches a socket.

use super::state::{Channel, Id, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc::UnboundedSender;

pub const GUILDS: u64 = 1;
pub const GUILD_MEMBERS: u64 = 1 << 1;
pub const GUILD_PRESENCES: u64 = 1 << 8;
pub const GUILD_MESSAGES: u64 = 1 << 9;
pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
pub const DIRECT_MESSAGES: u64 = 1 << 12;
pub const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
pub const MESSAGE_CONTENT: u64 = 1 << 15;
pub const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;
pub const KNOWN_INTENTS: u64 = 0x1_FFFF | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

/// What is sent to a connection.
#[derive(Debug)]
pub enum Out {
    Frame(Value),
    /// With or without a code.
    Close(Option<(u16, &'static str)>),
    /// The connection ends without a closing frame.
    Cut,
}

#[derive(Debug)]
pub struct Session {
    pub id: String,
    pub intents: u64,
    pub shard: (u64, u64),
    pub seq: u64,
    /// For a RESUME, by sequence number.
    pub sent: Vec<(u64, Value)>,
    /// The connection it is on, if any.
    pub link: Option<u64>,
}

#[derive(Debug)]
pub struct Link {
    pub out: UnboundedSender<Out>,
    pub session: Option<String>,
    pub heartbeats: u64,
}

#[derive(Debug)]
pub struct Sessions {
    pub by_id: BTreeMap<String, Session>,
    pub links: BTreeMap<u64, Link>,
    /// Connections ever made, identifications, resumes: what a test counts.
    pub connected: u64,
    pub identified: u64,
    pub resumed: u64,
    /// Nothing is answered or sent any more; connections stay open.
    pub silent: bool,
    /// New connections are turned away with 503.
    pub closed: bool,
    /// As `/gateway/bot` recommends; above 1 it is required.
    pub shards: u64,
    pub heartbeat_ms: u64,
    pub starts_total: u64,
    pub starts_left: u64,
    /// Two identifications of one shard within this are one too many (Discord: 5,000).
    pub identify_every_ms: i64,
    pub last_identified_ms: BTreeMap<u64, i64>,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions {
            by_id: BTreeMap::new(),
            links: BTreeMap::new(),
            connected: 0,
            identified: 0,
            resumed: 0,
            silent: false,
            closed: false,
            shards: 1,
            heartbeat_ms: 41_250,
            starts_total: 1_000,
            starts_left: 1_000,
            identify_every_ms: 0,
            last_identified_ms: BTreeMap::new(),
        }
    }
}

impl Sessions {
    /// Which shards have a connection at this moment.
    pub fn shards_connected(&self) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = self.by_id.values().filter(|s| s.link.is_some()).map(|s| s.shard).collect();
        all.sort_unstable();
        all
    }
}

/// Who hears an event.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// One of these intents; 0 for what everybody hears.
    pub intents: u64,
    pub guild: Option<Id>,
    /// Only if the bot sees this channel.
    pub channel: Option<&'a Channel>,
}

impl State {
    /// Sends an event to every session that hears it; those without a connection find it on RESUME.
    pub fn dispatch(&mut self, event: &str, data: Value, audience: Audience<'_>) {
        if let Some(channel) = audience.channel
            && self.permissions(self.app.bot, channel) == 0
        {
            return;
        }
        let heard: Vec<String> = self
            .sessions
            .by_id
            .values()
            .filter(|s| audience.intents == 0 || s.intents & audience.intents != 0)
            .filter(|s| audience.guild.map_or(s.shard.0 == 0, |guild| (guild >> 22) % s.shard.1.max(1) == s.shard.0))
            .map(|session| session.id.clone())
            .collect();
        for session in heard {
            let intents = self.sessions.by_id[&session].intents;
            let data = self.without_content(data.clone(), intents);
            self.send_event(&session, event, data);
        }
    }

    /// One event to one session.
    pub fn send_event(&mut self, session: &str, event: &str, data: Value) {
        let silent = self.sessions.silent;
        let Some(session) = self.sessions.by_id.get_mut(session) else { return };
        session.seq += 1;
        let frame = json!({"op": 0, "t": event, "s": session.seq, "d": data});
        session.sent.push((session.seq, frame.clone()));
        let link = session.link.and_then(|link| self.sessions.links.get(&link));
        if let (Some(link), false) = (link, silent) {
            link.out.send(Out::Frame(frame)).ok(); // a connection that has just ended will resume
        }
    }

    /// Messages as an application without the Message Content intent gets them: its own, those that mention
    /// it and direct ones are whole, the others lack what people wrote.
    pub fn without_content(&self, mut data: Value, intents: u64) -> Value {
        if intents & MESSAGE_CONTENT != 0 || data.get("content").is_none() || data.get("author").is_none() {
            return data;
        }
        let bot = self.app.bot.to_string();
        let is_bot = |user: &Value| user["id"] == json!(bot);
        let mentioned = data["mentions"].as_array().is_some_and(|users| users.iter().any(is_bot));
        let channel =
            data["channel_id"].as_str().and_then(|id| id.parse().ok()).and_then(|id: Id| self.channels.get(&id));
        if is_bot(&data["author"]) || mentioned || channel.is_some_and(|channel| channel.guild.is_none()) {
            return data;
        }
        data["content"] = json!("");
        for list in ["embeds", "attachments", "components"] {
            data[list] = json!([]);
        }
        data
    }

    pub fn guild_event(&mut self, event: &str, data: Value, guild: Id) {
        self.dispatch(event, data, Audience { intents: GUILDS, guild: Some(guild), channel: None });
    }

    /// An event about a channel, with the intent that its kind asks for.
    pub fn channel_event(&mut self, event: &str, data: Value, channel: Id, in_guild: u64, direct: u64) {
        let Some(channel) = self.channels.get(&channel).cloned() else { return };
        let intents = if channel.guild.is_some() { in_guild } else { direct };
        self.dispatch(event, data, Audience { intents, guild: channel.guild, channel: Some(&channel) });
    }
}

impl Sessions {
    /// To every open connection.
    pub fn tell_all(&self, out: impl Fn() -> Out) {
        for link in self.links.values() {
            link.out.send(out()).ok(); // it ended by itself
        }
    }
}

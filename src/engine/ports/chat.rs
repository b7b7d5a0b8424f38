//! What the engine needs of a chat platform, without naming one. An adapter renders what is here into its platform's
//! own elements, does one thing once, says what came of it, and never retries by itself: the outbox does, durably.
//!
//! A chat is a projection of the incident's log. Whatever is done there was committed first as an intent of the
//! incident, is claimed by a committed event, and is answered by another, whose receipt is what the platform calls it
//! by (a channel's id, a message's). So a place or a message is made once, and edited from then on.

use super::{BoxFuture, Outcome};
use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use firebell_domain::time::Timestamp;
use std::time::Duration;

/// A chat platform that is connected, by the name of its channel: `slack`, `discord`.
pub trait Chat: Send + Sync {
    fn channel(&self) -> &ChannelId;

    /// How many things of this kind the platform would take now, as far as is known, else how long until the next; asked
    /// before a claim, so that what has to wait waits in the outbox, where what is more urgent overtakes it, and costs no
    /// try. Those that are under way may be among them.
    fn takes(&self, kind: ChatKind, place: Option<&str>) -> Result<usize, Duration>;

    /// `Done`'s receipt is the id of what was made: of the place for `Open`, of the message for a card or an
    /// announcement (what an edit must name), else nothing that anybody reads.
    fn perform<'a>(&'a self, act: &'a ChatAct) -> BoxFuture<'a, Outcome>;

    /// How its connection is, for whoever watches.
    fn standing(&self, now: Timestamp) -> ChatStanding;
}

/// A platform in whose workspaces people install Firebell by their consent there (OAuth). What a browser brings back is
/// checked by whoever sent it; what is asked for and what comes of it is the adapter's.
pub trait Install: Send + Sync {
    fn channel(&self) -> &ChannelId;

    /// Where a browser is sent to be asked, and comes back from with `state`.
    fn asks_at(&self, back_to: &str, state: &str) -> String;

    /// Turns the code that came back into an installation and keeps it; else a sentence for who installs.
    fn install<'a>(
        &'a self,
        back_to: &'a str,
        code: &'a str,
        by: &'a PersonId,
    ) -> BoxFuture<'a, Result<Installed, String>>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// As the platform has it.
    pub workspace: String,
    pub name: String,
    /// What Firebell asked for and was not given.
    pub lacks: Vec<String>,
}

/// How a connection is. Read without a token by probes, so without secrets and words of incidents.
#[derive(Clone, Debug)]
pub struct ChatStanding {
    /// Commands are heard.
    pub hears: bool,
    /// What is sent is taken, as far as is known.
    pub sends: bool,
    /// One sentence.
    pub message: String,
    /// Figures by name.
    pub figures: Vec<(&'static str, i64)>,
}

/// One thing to do, worded.
#[derive(Clone, Debug)]
pub struct ChatAct {
    /// `None` where it is about none, as a look at a schedule's time is.
    pub incident: Option<IncidentId>,
    /// Stable over retries and restarts; to be sent along as the platform allows (metadata, nonce), so that what was
    /// posted before a crash is found again.
    pub key: String,
    /// 1 for the first try.
    pub attempt: u32,
    /// An earlier try may have arrived: look before posting again, and if that cannot be decided say "possibly repeated".
    pub maybe_repeated: bool,
    /// When it was queued: nothing of it is on the platform from before.
    pub queued_at: Timestamp,
    pub now: Timestamp,
    pub private: bool,
    pub job: ChatJob,
}

#[derive(Clone, Debug)]
pub enum ChatJob {
    /// The line about the incident in the channel where all incidents are announced, or in that of its system. Never of
    /// a private one.
    Announce {
        /// The channel of its system, as it is configured.
        room: Option<String>,
        card: Card,
        message: Option<String>,
        place: Option<String>,
    },
    /// Makes the incident's own place: a channel, a forum post, a thread.
    Open {
        name: String,
        topic: String,
    },
    Topic {
        place: String,
        text: String,
    },
    /// What leads out of the chat: the runbook, the room, a bridge.
    Links {
        place: String,
        links: Vec<(String, String)>,
    },
    /// People by their names here; the adapter knows them on its platform, and says whom it does not.
    Invite {
        place: String,
        people: Vec<PersonId>,
        severity_rank: u32,
    },
    /// The headline, posted or edited.
    Card {
        place: String,
        card: Card,
        message: Option<String>,
    },
    Pin {
        place: String,
        message: String,
    },
    /// A run, posted or edited while it fills in.
    Table {
        place: String,
        table: RunTable,
        message: Option<String>,
    },
    /// What happened since the last one, oldest first, in one message.
    Lines {
        place: String,
        lines: Vec<Line>,
        /// What belongs to them, where a platform takes files: what a run's commands printed and drew.
        files: Vec<ChatFile>,
    },
    /// What a look at a schedule's time found, posted or edited where incidents of its system are announced.
    Look {
        /// The channel of its system, as it is configured.
        room: Option<String>,
        look: LookCard,
        message: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChatKind {
    Announce,
    AnnounceEdit,
    Open,
    Topic,
    Links,
    Invite,
    Card,
    CardEdit,
    Pin,
    Table,
    TableEdit,
    Lines,
}

impl ChatAct {
    /// What it is about, for logs and for whoever reads a message back.
    pub fn about(&self) -> String {
        self.incident.map_or_else(|| "a scheduled look".to_string(), |id| id.to_string())
    }
}

impl ChatJob {
    pub fn kind(&self) -> ChatKind {
        match self {
            // Both go to where all is announced, at its pace.
            ChatJob::Announce { message: None, .. } | ChatJob::Look { message: None, .. } => ChatKind::Announce,
            ChatJob::Announce { .. } | ChatJob::Look { .. } => ChatKind::AnnounceEdit,
            ChatJob::Open { .. } => ChatKind::Open,
            ChatJob::Topic { .. } => ChatKind::Topic,
            ChatJob::Links { .. } => ChatKind::Links,
            ChatJob::Invite { .. } => ChatKind::Invite,
            ChatJob::Card { message: None, .. } => ChatKind::Card,
            ChatJob::Card { .. } => ChatKind::CardEdit,
            ChatJob::Pin { .. } => ChatKind::Pin,
            ChatJob::Table { message: None, .. } => ChatKind::Table,
            ChatJob::Table { .. } => ChatKind::TableEdit,
            ChatJob::Lines { .. } => ChatKind::Lines,
        }
    }
}

/// One message about one thing that happened. Words of people are in it as they wrote them: the adapter escapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Of the event, so that a timeline can name it.
    pub seq: i64,
    pub at: Timestamp,
    pub who: String,
    pub text: String,
}

/// A run: what it is and how it stands, a line for each of its commands, and where all of it can be read. What commands
/// said is in it as they said it: the adapter escapes.
#[derive(Clone, Debug, PartialEq)]
pub struct RunTable {
    pub head: String,
    pub rows: Vec<String>,
    pub link: String,
}

/// What a scheduled look found: one line where all is well, else with what is not, and what can be done about it. What
/// commands said is in it as they said it: the adapter escapes.
#[derive(Clone, Debug, PartialEq)]
pub struct LookCard {
    pub mark: LookMark,
    /// `Morning check of shop`
    pub name: String,
    /// `critical at 09:00 CET`; never told by the mark alone.
    pub says: String,
    /// What was found, a line each.
    pub rows: Vec<String>,
    /// What somebody should know or do, as paragraphs.
    pub text: Vec<String>,
    /// A button that declares it.
    pub offer: Option<LookOffer>,
    /// Label and address.
    pub link: Option<(String, String)>,
}

/// Beside its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookMark {
    Well,
    /// Somebody has to do it.
    Due,
    /// Nobody knows.
    Unclear,
    Warning,
    Critical,
}

impl LookMark {
    /// The same sign in every chat.
    pub fn sign(self) -> &'static str {
        match self {
            LookMark::Well => "✅",
            LookMark::Due => "⏰",
            LookMark::Unclear => "⚪",
            LookMark::Warning => "🟡",
            LookMark::Critical => "🔴",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct LookOffer {
    /// What comes back with the press: at most 60 characters, letters, digits and `-`.
    pub id: String,
    pub label: String,
}

/// What cannot be said in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatFile {
    pub name: String,
    pub content: ChatContent,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ChatContent {
    /// Too long to be said; where a platform takes less, its beginning is enough.
    Text(String),
    /// A picture, with what it shows in words.
    Image { media_type: String, bytes: Vec<u8>, shows: String },
}

/// The state of one incident for people who look at it in a chat.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub incident: IncidentId,
    /// The whole card as one sentence: what a notification and a screen reader say.
    pub plain: String,
    pub title: String,
    pub severity_level: String,
    /// 1 is worst.
    pub severity_rank: u32,
    /// As words: `investigating, acknowledged by Ana Ruiz`. Never told by colour alone.
    pub status: String,
    pub facts: Vec<(String, CardValue)>,
    /// What somebody should know or do next, as paragraphs.
    pub text: Vec<String>,
    /// The most useful first: at most three are shown, the others go into a menu.
    pub actions: Vec<CardAction>,
    /// The incident in the room.
    pub link: String,
    pub ended: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CardValue {
    Text(String),
    /// Shown as the platform shows people where it knows this one, else by the name.
    Person {
        id: PersonId,
        name: String,
    },
    /// Drawn by the client in the reader's own time zone, and as a clock that goes by itself where the platform can.
    Time {
        at: Timestamp,
        relative: bool,
    },
}

/// A button, or an entry of a menu.
#[derive(Clone, Debug, PartialEq)]
pub struct CardAction {
    /// Of the grammar: `ack`, `status`, `page`. Pressing it says `/incident INC-42 VERB`, with what the form asks for.
    pub verb: String,
    pub label: String,
    pub style: ActionStyle,
    /// Asks for more before anything is done.
    pub form: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionStyle {
    Plain,
    Primary,
    Danger,
}

/// A form that a person fills in: a modal of the platform. What comes of it is one line of the grammar.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Names it on its way through the platform and back: `declare`, `update`, `resolve`, `page`, `lead`, `severity`.
    pub name: String,
    pub incident: Option<IncidentId>,
    /// At most 24 characters: Slack's limit for a title, Discord's is wider.
    pub title: String,
    pub submit: String,
    pub intro: Option<String>,
    /// At most 5: Discord's limit.
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub kind: FieldKind,
    pub required: bool,
    pub value: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// At most so many characters.
    Line(usize),
    Text(usize),
    /// Value, label and what the choice means.
    Choice(Vec<(String, String, Option<String>)>),
    Person,
    Flag,
}

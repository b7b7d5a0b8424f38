//! What the test's Slack knows: workspaces with their people, channels, messages and views; the app and its tokens.
//!
//! Messages, bookmarks, files and views are kept as the JSON that Slack answers, since that is what they are to an app.
//! It never speaks: what an app has to be told of is put into `parcels`.

use super::limits::Limits;
use super::socket::Sockets;
use super::time::{SECOND, Time, ts_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub struct World {
    pub time: Time,
    pub base_url: String,
    pub app: App,
    pub teams: BTreeMap<String, Team>,
    pub tokens: BTreeMap<String, Token>,
    pub limits: Limits,
    pub faults: super::faults::Faults,
    pub sockets: Sockets,
    pub http: super::http::Addresses,
    pub triggers: BTreeMap<String, Trigger>,
    pub hooks: BTreeMap<String, Hook>,
    pub codes: BTreeMap<String, Code>,
    /// What whoever is asked at Slack's site does.
    pub consent: Consent,
    pub uploads: BTreeMap<String, Value>,
    /// For how long a message can be edited, where the workspace limits it.
    pub edit_window_s: Option<i64>,
    /// Every call of the Web API, in order.
    pub calls: Vec<CallRecord>,
    /// What no real Slack would have let pass in silence; `finish` fails on them.
    pub complaints: Vec<String>,
    /// What the app has to be told, in order.
    pub parcels: VecDeque<super::parcel::Parcel>,
    last_ts: i64,
    serial: u64,
}

pub struct App {
    pub id: String,
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    pub signing_secret: String,
    pub verification_token: String,
    pub commands: Vec<String>,
    /// Callback ids of the shortcuts in the manifest; empty means that any is known.
    pub shortcuts: Vec<String>,
    /// Bot events of the manifest.
    pub events: BTreeSet<String>,
    /// Whose links are unfurled.
    pub domains: Vec<String>,
    /// What an installation grants.
    pub scopes: BTreeSet<String>,
    pub rotates_tokens: bool,
    /// How long a token lives that expires.
    pub token_life_s: i64,
    /// Where browsers may be sent back to.
    pub redirect_urls: Vec<String>,
}

/// What an installation's page hands to the redirect address.
#[derive(Clone, Debug)]
pub struct Code {
    pub team: String,
    /// As the authorization named it; the exchange must name the same.
    pub redirect_uri: Option<String>,
    pub scopes: Option<BTreeSet<String>>,
    pub at: i64,
}

/// What somebody does who is asked whether the app may come in.
#[derive(Clone, Debug, Default)]
pub enum Consent {
    #[default]
    Denied,
    /// Into this workspace.
    Given(String),
    /// Into the whole organisation.
    WholeOrganisation,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub team: String,
    pub kind: TokenKind,
    pub user: String,
    pub scopes: BTreeSet<String>,
    pub revoked: bool,
    pub expires_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Bot,
    App,
    Refresh,
}

#[derive(Default)]
pub struct Team {
    pub id: String,
    pub name: String,
    pub domain: String,
    pub bot_user: String,
    pub bot_id: String,
    pub users: BTreeMap<String, User>,
    pub channels: BTreeMap<String, Channel>,
    pub groups: BTreeMap<String, UserGroup>,
    pub files: BTreeMap<String, Value>,
    pub views: BTreeMap<String, View>,
    /// Modals that are open, the one on top last; by user.
    pub modals: BTreeMap<String, Vec<String>>,
    pub homes: BTreeMap<String, String>,
    pub ephemerals: Vec<Ephemeral>,
}

#[derive(Clone, Debug, Default)]
pub struct User {
    pub id: String,
    pub name: String,
    pub real_name: String,
    pub email: Option<String>,
    pub tz: String,
    pub is_bot: bool,
    pub deleted: bool,
    pub is_admin: bool,
}

#[derive(Clone, Debug, Default)]
pub struct UserGroup {
    pub id: String,
    pub handle: String,
    pub name: String,
    pub users: Vec<String>,
    pub disabled: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Public,
    Private,
    Im,
    Mpim,
}

#[derive(Clone, Debug, Default)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    pub creator: String,
    pub created: i64,
    pub topic: Noted,
    pub purpose: Noted,
    pub archived: bool,
    pub members: BTreeSet<String>,
    pub previous_names: Vec<String>,
    pub messages: BTreeMap<String, Message>,
    /// `ts` and when it was pinned, oldest first.
    pub pins: Vec<(String, i64, String)>,
    pub bookmarks: Vec<Value>,
}

#[derive(Clone, Debug, Default)]
pub struct Noted {
    pub value: String,
    pub creator: String,
    pub last_set: i64,
}

#[derive(Clone, Debug)]
pub struct Message {
    /// As Slack shows it now.
    pub body: Value,
    /// As it was before each edit, oldest first.
    pub before: Vec<Value>,
    pub deleted: bool,
}

#[derive(Clone, Debug)]
pub struct Ephemeral {
    pub channel: String,
    pub user: String,
    pub body: Value,
}

#[derive(Clone, Debug)]
pub struct View {
    pub user: String,
    pub body: Value,
    pub closed: bool,
}

#[derive(Clone, Debug)]
pub struct Trigger {
    pub team: String,
    pub user: String,
    pub at: i64,
    pub used: bool,
    /// The modal it came out of, for `views.push`.
    pub view: Option<String>,
}

/// A `response_url`.
#[derive(Clone, Debug)]
pub struct Hook {
    pub team: String,
    pub channel: String,
    pub user: String,
    pub at: i64,
    pub used: u32,
    /// The message it may replace.
    pub message: Option<String>,
    pub ephemeral: bool,
}

#[derive(Clone, Debug)]
pub struct CallRecord {
    pub method: String,
    pub team: String,
    pub args: serde_json::Map<String, Value>,
    /// `ok`, or Slack's word for why not.
    pub outcome: String,
    pub at: i64,
}

impl World {
    pub fn new(time: Time, app: App) -> World {
        World {
            time,
            base_url: String::new(),
            app,
            teams: BTreeMap::new(),
            tokens: BTreeMap::new(),
            limits: Limits::default(),
            faults: Default::default(),
            sockets: Default::default(),
            http: Default::default(),
            triggers: BTreeMap::new(),
            hooks: BTreeMap::new(),
            codes: BTreeMap::new(),
            consent: Consent::default(),
            uploads: BTreeMap::new(),
            edit_window_s: None,
            calls: Vec::new(),
            complaints: Vec::new(),
            parcels: VecDeque::new(),
            last_ts: 0,
            serial: 0,
        }
    }

    pub fn now(&self) -> i64 {
        self.time.now()
    }

    /// A `ts` that no other message has, and later than all of them.
    pub fn next_ts(&mut self) -> String {
        self.last_ts = self.now().max(self.last_ts + 1);
        ts_of(self.last_ts)
    }

    /// A number that was not given before: ids are made of it, so that they are the same in each run.
    pub fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// `C0000000A1`
    pub fn id(&mut self, letter: &str) -> String {
        format!("{letter}0FB{:06X}", self.next())
    }

    pub fn seconds(&self) -> i64 {
        self.now() / SECOND
    }

    pub fn team(&self, id: &str) -> &Team {
        self.teams.get(id).unwrap_or_else(|| panic!("there is no workspace {id}"))
    }

    pub fn team_mut(&mut self, id: &str) -> &mut Team {
        self.teams.get_mut(id).unwrap_or_else(|| panic!("there is no workspace {id}"))
    }
}

impl Team {
    /// A channel by id, by `#name` or by name.
    pub fn find_channel(&self, what: &str) -> Option<&Channel> {
        let name = what.trim_start_matches('#');
        let named = || self.channels.values().find(|channel| channel.name == name && !name.is_empty());
        self.channels.get(what).or_else(named)
    }

    pub fn channel_named(&mut self, what: &str) -> &mut Channel {
        let id = self.find_channel(what).map(|channel| channel.id.clone());
        let id = id.unwrap_or_else(|| panic!("there is no channel {what}"));
        self.channels.get_mut(&id).expect("found just now")
    }

    /// A person by id or name.
    pub fn find_user(&self, what: &str) -> Option<&User> {
        self.users.get(what).or_else(|| self.users.values().find(|user| user.name == what))
    }
}

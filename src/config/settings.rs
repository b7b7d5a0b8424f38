//! What a configuration says, typed: the settings of the adapters, and the `Directory` for decisions. Every value is
//! valid and every reference resolves. `Debug` prints no secret and of an address only its host.

use super::matcher::Matcher;
use super::runs::{Runs, Target};
use crate::program::{Note, Program};
use firebell_domain::chat::ChatRule;
use firebell_domain::directory::{Directory, EscalationPolicy, Person, Service, Settings, System};
use firebell_domain::id::{ChannelId, PersonId, PolicyId, ScheduleId, ServiceId};
use firebell_domain::schedule::Schedule;
use firebell_domain::severity::Severity;
use lettre::message::Mailbox;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// As configured; links use [`Config::public_url`], which falls back to the address that was bound.
    pub public_url: Option<Address>,
    /// Further names that the listener answers to, in lower case and without a port.
    pub hosts: Vec<String>,
    /// May hold a password.
    pub database_url: SecretString,
    /// Where the local token, the generated audit key and the checkpoint log live.
    pub data_dir: PathBuf,
    /// Sorted by rank, worst first.
    pub severities: Vec<Severity>,
    pub people: BTreeMap<PersonId, PersonSettings>,
    pub services: BTreeMap<ServiceId, ServiceSettings>,
    pub policies: BTreeMap<PolicyId, EscalationPolicy>,
    pub schedules: BTreeMap<ScheduleId, Schedule>,
    /// In the order of the configuration.
    pub pagers: Vec<Pager>,
    /// Alert sources by name, which is also the end of their address: `/hooks/NAME`.
    /// What PagerDuty signs its own words with, one for each of its webhook subscriptions; none: it is not heard.
    pub pagerduty_webhooks: Vec<SecretString>,
    pub ingest: BTreeMap<String, Ingest>,
    /// `None`: Firebell is not in Slack.
    pub slack: Option<Slack>,
    /// `None`: Discord is not used.
    pub discord: Option<Discord>,
    /// Bearer tokens of the API, by name of who has them.
    pub api_tokens: BTreeMap<String, SecretString>,
    /// 32 bytes; `None` means the generated one in the data folder.
    pub audit_key: Option<SecretSlice<u8>>,
    pub incidents: Settings,
    /// The team's own, for post-mortems.
    pub templates: Vec<Template>,
    pub heartbeat: Option<Address>,
    /// What commands act on, by name.
    pub targets: BTreeMap<String, Target>,
    pub runs: Runs,
    pub log: Log,
    /// The runbooks as they were read.
    pub program: Program,
    /// What a declaration without a service is about.
    pub default_system: Option<String>,
    /// What each runbook puts in force.
    pub systems: BTreeMap<String, System>,
    /// What is to be said about each.
    pub in_force: BTreeMap<String, Vec<Note>>,
}

/// A template for post-mortems: a file of the configured folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The file's name without its end; one in Markdown and one in HTML may share it.
    pub name: String,
    pub file: PathBuf,
    /// Writes HTML, else Markdown.
    pub html: bool,
    pub source: String,
}

#[derive(Clone, Debug)]
pub struct PersonSettings {
    pub person: Person,
    pub email: Option<String>,
    /// Member id in Slack.
    pub slack: Option<String>,
    /// User id in Discord.
    pub discord: Option<String>,
    /// User id in PagerDuty.
    pub pagerduty: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ServiceSettings {
    pub service: Service,
    /// Names of what its runbook's commands act on.
    pub targets: Vec<String>,
}

#[derive(Debug)]
pub enum Pager {
    PagerDuty(PagerDuty),
    Smtp(Smtp),
    Webhook(Webhook),
}

#[derive(Debug)]
pub struct PagerDuty {
    /// One of the named services; `None` is the default one.
    pub service: Option<String>,
    /// Where pages go that are for no one person.
    pub routing_key: SecretString,
    /// `https://events.pagerduty.com`, without a path.
    pub api_url: Address,
    /// Routing keys of people who have their own.
    pub routing_keys: BTreeMap<PersonId, SecretString>,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    StartTls,
    Tls,
    None,
}

#[derive(Debug)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    /// `None`: the server asks for none.
    pub login: Option<(String, SecretString)>,
    pub from: Mailbox,
    /// Who gets pages that are for no one person; never empty.
    pub to: Vec<Mailbox>,
    /// Of the people whose contact methods name it.
    pub addresses: BTreeMap<PersonId, Mailbox>,
    /// Certificates to trust besides the system's.
    pub ca_pem: Option<String>,
    /// Also gets cards and updates, not only pages.
    pub notices: bool,
}

/// How Discord is spoken to, and where incidents get their own place there.
#[derive(Clone, Debug)]
pub struct Discord {
    /// Without `Bot `. `None`: only what comes over HTTP is answered, nothing is posted.
    pub token: Option<SecretString>,
    pub application_id: String,
    /// What Discord signs HTTP interactions with; `None`: the address does not listen.
    pub public_key: Option<[u8; 32]>,
    pub guild_id: String,
    /// `https://discord.com/api/v10`, without a slash at its end.
    pub api_url: Address,
    /// Whether this replica keeps a connection of its own.
    pub gateway: bool,
    pub open: DiscordPlace,
    /// The category of channels, the channel of threads or the forum of posts.
    pub parent: Option<String>,
    /// The channel in which every incident that is not private is announced.
    pub announce: Option<String>,
    /// Roles that see the places of private incidents, besides the people in them.
    pub private_roles: Vec<String>,
    /// The privileged intent is switched on for the bot: reactions may keep what a message says.
    pub message_content: bool,
}

impl Discord {
    /// What it is used for; `None` where nothing is posted.
    pub fn rule(&self, program: &Program) -> Option<ChatRule> {
        self.token.as_ref()?;
        let opens = self.open != DiscordPlace::None;
        let announces = self.announce.is_some();
        let rooms = program.rooms(is_discord_place);
        let used = opens || announces || !rooms.is_empty();
        used.then(|| ChatRule { channel: ChannelId::from("discord"), opens, announces, own_only: false, rooms })
    }
}

/// A channel's name or id, as Slack has them.
pub fn is_slack_place(text: &str) -> bool {
    let id = text.starts_with(['C', 'G']) && text.len() > 6 && text.chars().all(|c| c.is_ascii_alphanumeric());
    id || text.strip_prefix('#').is_some_and(|n| !n.is_empty() && !n.contains(char::is_whitespace))
}

/// A channel's id, as Discord has them: there names are not unique.
pub fn is_discord_place(text: &str) -> bool {
    (17..=20).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

/// What an incident gets of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscordPlace {
    Channel,
    Thread,
    Forum,
    None,
}

#[derive(Debug)]
pub struct Webhook {
    pub name: String,
    pub url: Address,
    /// Signs every body.
    pub secret: SecretString,
    /// Also gets cards and updates, not only pages.
    pub notices: bool,
}

/// How Firebell is in Slack.
#[derive(Clone, Debug)]
pub struct Slack {
    /// Socket Mode; `None` means that Slack calls us over HTTP.
    pub app_token: Option<SecretString>,
    /// Of the workspace that is home; `None` where only installed ones are.
    pub bot_token: Option<SecretString>,
    /// What Slack signs its requests with; without it no HTTP is heard.
    pub signing_secret: Option<SecretString>,
    /// Installing by a browser.
    pub oauth: Option<SlackOauth>,
    pub api_url: Address,
    /// With its slash.
    pub command: String,
    /// Whether an incident gets a channel of its own.
    pub open_channels: bool,
    pub home: SlackWorkspace,
    /// What holds in other workspaces than home, by their ids.
    pub elsewhere: BTreeMap<String, SlackWorkspace>,
}

/// What names channels and groups of one workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlackWorkspace {
    /// Where incidents are announced: a channel's name or id.
    pub announce: Option<String>,
    /// Those too that were not declared there; at home always.
    pub announce_all: bool,
    pub invite: Vec<SlackInvite>,
    /// User groups whose members are administrators when they speak there.
    pub administrators: Vec<String>,
}

impl Slack {
    /// Its home, and each workspace in which something is announced, as the engine knows them.
    fn rules(&self, program: &Program) -> Vec<ChatRule> {
        let home = ChatRule {
            channel: ChannelId::from("slack"),
            // Without channels of their own, incidents live in threads of the announcements.
            opens: self.open_channels || self.home.announce.is_some(),
            announces: self.home.announce.is_some(),
            own_only: false,
            rooms: program.rooms(is_slack_place),
        };
        let others = self.elsewhere.iter().filter(|(_, there)| there.announce.is_some());
        let others = others.map(|(team, there)| ChatRule {
            channel: ChannelId::new(format!("slack {team}")),
            opens: false,
            announces: true,
            own_only: !there.announce_all,
            rooms: BTreeMap::new(),
        });
        [home].into_iter().chain(others).collect()
    }
}

/// By which people install the app in workspaces, and how the tokens that come of it are kept.
#[derive(Clone, Debug)]
pub struct SlackOauth {
    pub client_id: String,
    pub client_secret: SecretString,
    /// Seals the tokens in the database.
    pub token_key: SecretSlice<u8>,
    /// Of before: still opens what it sealed.
    pub previous_token_key: Option<SecretSlice<u8>>,
    /// Where people are asked.
    pub site_url: Address,
    /// Where it may be installed; empty: wherever an administrator installs it. The first one is home.
    pub workspaces: Vec<String>,
}

/// User groups that are invited into incidents of one severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackInvite {
    pub rank: u32,
    /// Their ids.
    pub groups: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Ingest {
    pub kind: IngestKind,
    pub token: SecretString,
    /// Level of an alert whose labels name none: as configured, else the worst there is.
    pub severity: String,
    /// Service of an alert whose labels name none.
    pub service: Option<ServiceId>,
    pub severity_label: String,
    pub service_label: String,
    /// In order; the first that matches an alert decides, alone.
    pub rules: Vec<Rule>,
}

/// What becomes of the alerts that fit all its conditions.
#[derive(Clone, Debug)]
pub struct Rule {
    /// None fits every alert.
    pub conditions: Vec<Matcher>,
    /// Level instead of what the labels say.
    pub severity: Option<String>,
    /// Service instead of what the labels say.
    pub service: Option<ServiceId>,
    /// Whether they make an incident.
    pub incident: bool,
    /// Where it was written: `line 140`, or a variable.
    pub place: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum IngestKind {
    Alertmanager,
    Generic(Box<Mapping>),
}

/// Where a generic body has what, as dotted paths (`alert.labels.team`, `items.0.id`).
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The list of alerts, when one body carries several; the other paths then start inside its elements.
    pub alerts: Option<String>,
    pub group: String,
    pub title: String,
    pub text: String,
    pub status: String,
    /// Compared without case; what is in neither list counts as firing.
    pub firing_values: Vec<String>,
    pub resolved_values: Vec<String>,
    pub fingerprint: String,
    pub severity: String,
    pub service: String,
    pub link: String,
}

impl Default for Mapping {
    fn default() -> Self {
        let texts = |all: &[&str]| all.iter().map(|t| t.to_string()).collect();
        Mapping {
            alerts: None,
            group: "group".into(),
            title: "title".into(),
            text: "text".into(),
            status: "status".into(),
            firing_values: texts(&["firing", "triggered", "alerting", "open"]),
            resolved_values: texts(&["resolved", "ok", "closed", "inactive"]),
            fingerprint: "fingerprint".into(),
            severity: "severity".into(),
            service: "service".into(),
            link: "link".into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    /// As `tracing` reads it: `info`, `info,firebell=debug`.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// An address of http or https. Its path may be a capability, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    pub(crate) fn new(url: Url) -> Self {
        Address(url)
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Without a slash at its end, to put a path behind it.
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        match self.0.port() {
            Some(port) => write!(f, ":{port}/…"),
            None => f.write_str("/…"),
        }
    }
}

impl Pager {
    pub fn channel(&self) -> ChannelId {
        match self {
            Pager::PagerDuty(PagerDuty { service: None, .. }) => ChannelId::from("pagerduty"),
            Pager::PagerDuty(PagerDuty { service: Some(name), .. }) => ChannelId::new(format!("pagerduty.{name}")),
            Pager::Smtp(_) => ChannelId::from("smtp"),
            Pager::Webhook(w) => ChannelId::new(format!("webhook.{}", w.name)),
        }
    }
}

impl Config {
    /// What decisions may look up: no address and no secret in it.
    pub fn directory(&self) -> Directory {
        let notices = |p: &&Pager| match p {
            Pager::Webhook(w) => w.notices,
            Pager::Smtp(s) => s.notices,
            Pager::PagerDuty(_) => false,
        };
        Directory {
            severities: self.severities.clone(),
            people: self.people.iter().map(|(id, p)| (id.clone(), p.person.clone())).collect(),
            services: self.services.iter().map(|(id, s)| (id.clone(), s.service.clone())).collect(),
            policies: self.policies.clone(),
            schedules: self.schedules.clone(),
            pagers: self.pagers.iter().map(Pager::channel).collect(),
            notice_channels: self.pagers.iter().filter(notices).map(Pager::channel).collect(),
            chats: self.chats(),
            settings: self.incidents.clone(),
            systems: self.systems.clone(),
            default_system: self.default_system.clone(),
            runs: super::runs::rules(self),
        }
    }

    /// What each configured chat is used for.
    fn chats(&self) -> Vec<ChatRule> {
        let slack = self.slack.iter().flat_map(|s| s.rules(&self.program));
        slack.chain(self.discord.iter().filter_map(|d| d.rule(&self.program))).collect()
    }

    /// Where the incidents of systems are announced in Slack, by the systems' names.
    pub fn slack_rooms(&self) -> BTreeMap<String, String> {
        self.program.rooms(is_slack_place)
    }

    /// What links start with, without a slash at the end: as configured, else the address that was bound (which
    /// differs from `listen` when its port is 0).
    pub fn public_url(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(address) => address.base().to_string(),
            None => format!("http://{bound}"),
        }
    }

    /// The file of the embedded database; `None` with Postgres.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        super::server::sqlite_path(self.database_url.expose_secret())
    }

    /// A file of the data folder.
    pub fn data_file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.data_dir.join(name)
    }
}

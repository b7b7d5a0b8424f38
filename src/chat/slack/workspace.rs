//! The workspaces that Firebell is in. One is home: that of the configured bot token, else the first of [slack] workspaces,
//! else the first that was installed. Places at home are called as Slack calls them; those elsewhere have their workspace
//! in front (`T0BETA:C024BE7LH`), so that one channel id in two workspaces is two places. Each workspace has a token, a
//! pace and people of its own. Decides nothing about incidents.

use super::client::Client;
use super::identity::{Identity, Mapped};
use super::pace::Pace;
use super::vault::Vault;
use super::wire::Inbound;
use super::{CHANNEL, House, Me, Slack};
use crate::chat::hear::Ear;
use crate::clock;
use crate::config::{self, SlackWorkspace};
use crate::engine::ports::chat::ChatKind;
use crate::fault::Fault;
use crate::store;
use firebell_domain::id::IncidentId;
use firebell_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a row says that its token is taken no more, and that it can no longer be renewed.
pub const CONNECTED: &str = "connected";
pub const REVOKED: &str = "revoked";
pub const UNRENEWABLE: &str = "unrenewable";

const ASK_HOME_EVERY: Duration = Duration::from_secs(30);

/// One workspace.
pub struct Workspace {
    /// Without one it is home.
    pub prefix: Option<String>,
    /// The channels and groups that are configured of it.
    pub settings: SlackWorkspace,
    pub ear: Ear,
    pub client: Client,
    pub identity: Identity,
    pub pace: Pace,
    pub me: Mutex<Option<Me>>,
    /// Of the channels of announcements that are configured by name.
    pub announce_ids: Mutex<BTreeMap<String, String>>,
    /// What is stored of it; `None` where its token is configured, or while nobody has installed the app.
    pub row: Mutex<Option<store::Workspace>>,
    /// What is wrong with its token, in words for the operator.
    pub problem: Mutex<Option<String>>,
    /// Slack has refused its token, or said that it is revoked; looked into by whoever keeps the tokens.
    pub suspect: Mutex<Option<String>>,
}

impl Workspace {
    pub fn new(
        prefix: Option<&str>,
        ear: &Ear,
        client: Client,
        mapped: &Mapped,
        settings: SlackWorkspace,
    ) -> Workspace {
        let ear = match prefix {
            Some(team) => ear.heard_in(team),
            None => ear.clone(),
        };
        let groups = settings.administrators.clone();
        let identity = Identity::new(CHANNEL.into(), client.clone(), mapped.of(prefix), groups, prefix);
        Workspace {
            prefix: prefix.map(str::to_string),
            settings,
            ear,
            client,
            identity,
            pace: Pace::default(),
            me: Mutex::default(),
            announce_ids: Mutex::default(),
            row: Mutex::default(),
            problem: Mutex::default(),
            suspect: Mutex::default(),
        }
    }

    /// See [`Chat::takes`](crate::engine::ports::chat::Chat::takes). All announcements share one channel's pace.
    pub fn takes(&self, kind: ChatKind, place: Option<&str>) -> Result<usize, Duration> {
        let announces = || self.settings.announce.as_deref().filter(|_| kind == ChatKind::Announce);
        self.pace.takes(kind, place.or_else(announces), clock::instant())
    }

    /// As people know it.
    pub fn called(&self) -> Option<String> {
        lock(&self.row).as_ref().map(called)
    }
}

/// Which workspace is home where no token is configured: the first that is wanted, else the first that is there.
pub fn home_of(settings: &config::Slack, rows: &[store::Workspace]) -> Option<String> {
    let first = settings.oauth.as_ref().and_then(|o| o.workspaces.first().cloned());
    first.or_else(|| rows.first().map(|row| row.team.clone()))
}

pub fn called(row: &store::Workspace) -> String {
    format!("{} ({})", firebell_domain::text::line_of_machine(&row.name, 60), row.team)
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place's workspace, and what Slack calls it there.
pub fn split(place: &str) -> (Option<&str>, &str) {
    match place.split_once(':') {
        Some((team, rest)) if !team.starts_with('#') => (Some(team), rest),
        _ => (None, place),
    }
}

impl House {
    /// Those that are there, home first.
    pub fn all(&self) -> Vec<Arc<Workspace>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        [self.home.clone()].into_iter().chain(others.values().cloned()).collect()
    }

    pub fn other(&self, team: &str) -> Option<Arc<Workspace>> {
        self.others.read().unwrap_or_else(PoisonError::into_inner).get(team).cloned()
    }

    /// Whether its home has a token that is configured.
    pub fn is_configured(&self) -> bool {
        self.settings.bot_token.is_some()
    }
}

impl Slack {
    pub(super) fn within(&self, at: Arc<Workspace>) -> Slack {
        Slack { house: self.house.clone(), at }
    }

    /// A place of this workspace, as the rest of Firebell calls it.
    pub(super) fn place(&self, raw: &str) -> String {
        match &self.at.prefix {
            Some(team) => format!("{team}:{raw}"),
            None => raw.to_string(),
        }
    }

    /// The incident of a place of this workspace.
    pub(super) async fn room(&self, raw: &str) -> Option<IncidentId> {
        self.at.ear.room(&self.place(raw)).await
    }

    /// The workspace that something has arrived from; `None` where Firebell is not installed.
    pub(super) async fn of(&self, inbound: &Inbound) -> Option<Slack> {
        let teams = inbound.teams();
        if self.house.settings.oauth.is_none() || teams.is_empty() {
            return Some(self.clone());
        }
        if let Some(found) = self.known(&teams).await {
            return Some(found);
        }
        // Another replica may just have installed it.
        self.look().await;
        self.known(&teams).await
    }

    async fn known(&self, teams: &[&str]) -> Option<Slack> {
        if let Some(other) = teams.iter().find_map(|team| self.house.other(team)) {
            return Some(self.within(other));
        }
        let home = match self.house.is_configured() {
            // Whose the configured token is, Slack says; while it does not, that is home.
            true => match self.me().await {
                Some(me) => me.team,
                None => return Some(self.clone()),
            },
            false => lock(&self.house.home.row).as_ref().map(|row| row.team.clone())?,
        };
        teams.contains(&home.as_str()).then(|| self.clone())
    }

    /// Takes over what is stored of the workspaces: those that are new, and tokens that were renewed elsewhere.
    pub(super) async fn look(&self) {
        let Some(vault) = &self.house.vault else { return };
        let rows = match self.app().store().workspaces(CHANNEL).await {
            Ok(rows) => rows,
            Err(fault) => return drop(fault.logged()),
        };
        if rows.is_empty() {
            return;
        }
        let home = match self.house.is_configured() {
            true => self.home_of_token().await,
            false => home_of(&self.house.settings, &rows),
        };
        for row in rows {
            let at = match home.as_deref() == Some(row.team.as_str()) {
                // The configured token is its token.
                true if self.house.is_configured() => {
                    self.house.others.write().unwrap_or_else(PoisonError::into_inner).remove(&row.team);
                    continue;
                }
                true => self.house.home.clone(),
                false => self.made(&row.team),
            };
            self.take(vault, &at, row).await;
        }
    }

    /// Whose the configured token is, asked now and then: while Slack does not say, the others are served all the same.
    pub(super) async fn home_of_token(&self) -> Option<String> {
        let known = lock(&self.house.home.me).as_ref().map(|me| me.team.clone());
        if known.is_some() {
            return known;
        }
        let now = clock::instant();
        if lock(&self.house.asked_home).replace(now).is_some_and(|at| now.duration_since(at) < ASK_HOME_EVERY) {
            return None;
        }
        self.within(self.house.home.clone()).me().await.map(|me| me.team)
    }

    fn made(&self, team: &str) -> Arc<Workspace> {
        let mut others = self.house.others.write().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let mapped = lock(&self.house.mapped).clone();
            let client = self.house.home.client.for_workspace();
            let settings = self.house.settings.elsewhere.get(team).cloned().unwrap_or_default();
            Arc::new(Workspace::new(Some(team), &self.house.home.ear, client, &mapped, settings))
        };
        others.entry(team.to_string()).or_insert_with(make).clone()
    }

    async fn take(&self, vault: &Vault, at: &Workspace, mut row: store::Workspace) {
        if lock(&at.row).as_ref().is_some_and(|known| known.version >= row.version) {
            return;
        }
        let opened = vault.open(&row.team, &row.sealed);
        let problem = match &opened {
            Err(shut) => Some(shut.why().to_string()),
            Ok(_) => self.standing_of(&row),
        };
        if let Some(why) = &problem {
            tracing::error!("Slack workspace {}: {why}", called(&row));
        }
        at.client.put_token(opened.as_ref().ok().map(|t| &t.bot));
        if let Ok(tokens) = &opened
            && !vault.is_current(&row.sealed)
        {
            match vault.seal(&row.team, tokens) {
                Ok(sealed) => row = self.sealed_anew(row, sealed).await,
                Err(why) => tracing::error!("Slack workspace {}: {why}", called(&row)),
            }
        }
        *lock(&at.problem) = problem;
        *lock(&at.suspect) = None;
        *lock(&at.row) = Some(row);
    }

    /// So that the key of before is needed no more.
    async fn sealed_anew(&self, row: store::Workspace, sealed: String) -> store::Workspace {
        let anew = store::Workspace { sealed, ..row.clone() };
        match self.app().store().change_workspace(CHANNEL, &anew).await {
            Ok(true) => {
                tracing::info!("the tokens of {} are sealed with the new token_key now", called(&row));
                store::Workspace { version: anew.version + 1, ..anew }
            }
            // Another replica was first: the next look sees what it made.
            Ok(false) => row,
            Err(fault) => {
                fault.logged();
                row
            }
        }
    }

    fn standing_of(&self, row: &store::Workspace) -> Option<String> {
        let again = self.install_again();
        match row.standing.as_str() {
            REVOKED => {
                Some(format!("Slack takes its token no more, the app was removed or its token revoked: {again}"))
            }
            UNRENEWABLE => Some(format!(
                "its token can no longer be renewed and works until {}: {again}",
                Timestamp(row.expires_at)
            )),
            _ => None,
        }
    }

    pub(super) fn install_again(&self) -> String {
        format!("install the app there again at {}/slack/install", self.app().public_url().trim_end_matches('/'))
    }

    pub(super) fn nobody_yet(&self) -> String {
        let url = self.app().public_url();
        format!("nobody has installed the app yet: open {}/slack/install", url.trim_end_matches('/'))
    }

    /// The workspace in which an incident was declared, where that is another one than home.
    pub(super) async fn declared_in(&self, incident: IncidentId) -> Result<Option<Slack>, Fault> {
        if self.house.others.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(None);
        }
        let first = self.app().store().events(incident, 0, 1).await?;
        let via = first.first().and_then(|e| match &e.actor {
            firebell_domain::event::Actor::Person { via, .. } => via.strip_prefix(CHANNEL)?.strip_prefix(' '),
            _ => None,
        });
        Ok(via.and_then(|team| self.house.other(team)).map(|at| self.within(at)))
    }
}

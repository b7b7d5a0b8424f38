//! Keeps the tokens of installations: renews what expires, at three quarters of its life and by one replica, and finds out
//! whether one that Slack refuses is gone for good. Slack takes a renewal's token once: the new pair is used and recorded
//! before the old one is forgotten, and a renewal that was cut off between the two is told as what it is. Nothing here
//! holds up a command.

use super::client::{Trouble, is_invalid};
use super::vault::Tokens;
use super::workspace::{CONNECTED, REVOKED, UNRENEWABLE, Workspace, called, lock};
use super::{CHANNEL, Slack};
use crate::clock;
use crate::fault::Fault;
use crate::stop;
use crate::store;
use firebell_domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it is looked whether a token is due, or another replica has renewed one.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After a renewal that Slack did not answer: between two tries.
const AGAIN: Duration = Duration::from_secs(5);
/// Between two tries to record what Slack gave.
const RECORD_AGAIN: Duration = Duration::from_millis(500);
const LEASE: &str = "slack.tokens";
/// Longer than a renewal takes: one call, and its record.
const LEASE_S: i64 = 60;

/// What Slack answers of a token, as far as it is kept.
pub struct Given {
    pub tokens: Tokens,
    pub expires_at: i64,
    pub scopes: String,
}

impl Given {
    /// `None` where there is no bot's token in it.
    pub fn read(answer: &Value, now: Timestamp) -> Option<Given> {
        let text = |key: &str| answer.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
        let refresh = text("refresh_token").map(SecretString::from);
        let life = answer.get("expires_in").and_then(Value::as_i64).filter(|s| *s > 0 && refresh.is_some());
        Some(Given {
            tokens: Tokens { bot: text("access_token")?.into(), refresh },
            expires_at: life.map_or(0, |s| now.plus_s(s).0),
            scopes: text("scope").unwrap_or_default().to_string(),
        })
    }
}

/// When a token is to be renewed; `None` where it does not expire or cannot be renewed.
pub fn due(row: &store::Workspace) -> Option<Timestamp> {
    let life = row.expires_at - row.obtained_at;
    (row.standing == CONNECTED && row.expires_at > 0 && life > 0).then(|| Timestamp(row.obtained_at + life / 4 * 3))
}

impl Slack {
    /// Slack has refused this workspace's token: whoever keeps the tokens finds out why.
    pub(super) fn suspect(&self, why: &str) {
        let fresh = lock(&self.at.suspect).replace(why.to_string()).is_none();
        if fresh && lock(&self.at.row).is_some() {
            self.house.nudged.notify_one();
        }
    }

    /// Keeps the tokens until it is told to stop. Ends at once where nobody may install the app.
    pub async fn keep_tokens(self, mut stop: watch::Receiver<bool>) {
        if self.house.vault.is_none() {
            return;
        }
        let holder = format!("{}-{:x}", std::process::id(), self.app().clock().now().0);
        if self.house.is_configured() {
            // Before the first command from elsewhere asks whose it is.
            self.home_of_token().await;
        }
        let mut again: HashMap<String, Instant> = HashMap::new();
        while !*stop.borrow() {
            self.look().await;
            let now = self.app().clock().now();
            let waits = |row: &store::Workspace| again.get(&row.team).is_none_or(|at| *at <= clock::instant());
            let work: Vec<(Arc<Workspace>, store::Workspace)> = self
                .house
                .all()
                .into_iter()
                .filter_map(|at| {
                    let row = lock(&at.row).clone()?;
                    Some((at, row))
                })
                .filter(|(at, row)| due(row).is_some_and(|d| d <= now) || lock(&at.suspect).is_some())
                .filter(|(_, row)| row.standing == CONNECTED && waits(row))
                .collect();
            if !work.is_empty() && self.is_mine(&holder).await {
                for (at, row) in work {
                    let team = row.team.clone();
                    let well = self.within(at).looked_after(row, now).await;
                    match well {
                        true => drop(again.remove(&team)),
                        false => drop(again.insert(team, clock::instant() + AGAIN)),
                    }
                }
                self.look().await;
            }
            tokio::select! {
                () = tokio::time::sleep(self.until_look()) => {}
                () = self.house.nudged.notified() => {}
                _ = stop.wait_for(|s| *s) => return,
            }
        }
    }

    /// Until it is looked again: sooner where a token is due before.
    fn until_look(&self) -> Duration {
        let now = self.app().clock().now();
        let ahead = |at: Arc<Workspace>| {
            let left_us = due(lock(&at.row).as_ref()?)?.0 - now.0;
            u64::try_from(left_us).ok().filter(|us| *us > 0).map(Duration::from_micros)
        };
        self.house.all().into_iter().filter_map(ahead).fold(LOOK_EVERY, Duration::min)
    }

    /// Of several replicas one renews: Slack takes a renewal's token once.
    async fn is_mine(&self, holder: &str) -> bool {
        let store = self.app().store();
        if !store.is_postgres() {
            return true;
        }
        let now = self.app().clock().now();
        store.hold_lease(LEASE, holder, now, now.plus_s(LEASE_S)).await.unwrap_or_else(|fault| {
            fault.logged();
            false
        })
    }

    /// Renews what is due, else asks whether a suspected token is still taken. False: to be tried again.
    async fn looked_after(&self, row: store::Workspace, now: Timestamp) -> bool {
        if due(&row).is_some_and(|d| d <= now) {
            return self.renewed(row, now).await;
        }
        match self.at.client.call("auth.test", &json!({})).await {
            Ok(_) => {
                *lock(&self.at.suspect) = None;
                true
            }
            Err(Trouble::Gone(_)) => self.settled(row, REVOKED).await,
            Err(Trouble::Api { code }) if is_invalid(&code) => self.settled(row, REVOKED).await,
            Err(_) => false,
        }
    }

    /// Records that a token is of no more use, or soon of none.
    async fn settled(&self, row: store::Workspace, standing: &str) -> bool {
        let settled = store::Workspace { standing: standing.to_string(), ..row };
        match self.app().store().change_workspace(CHANNEL, &settled).await {
            // Changed by somebody else meanwhile: the next look says to what.
            Ok(_) => true,
            Err(fault) => {
                fault.logged();
                false
            }
        }
    }

    async fn renewed(&self, mut row: store::Workspace, now: Timestamp) -> bool {
        let (Some(vault), Some(oauth)) = (&self.house.vault, &self.house.settings.oauth) else { return true };
        let name = called(&row);
        let Ok(Tokens { refresh: Some(refresh), .. }) = vault.open(&row.team, &row.sealed) else { return false };
        let cut_off = row.renewing_since;
        // That it was begun is recorded first: should it be cut off, that is known.
        row.renewing_since = now.0;
        match self.app().store().change_workspace(CHANNEL, &row).await {
            Ok(true) => row.version += 1,
            Ok(false) => return true,
            Err(fault) => {
                fault.logged();
                return false;
            }
        }
        let given = [
            ("client_id", oauth.client_id.as_str()),
            ("client_secret", oauth.client_secret.expose_secret()),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ];
        let answer = self.at.client.exchange(&given).await;
        stop::point(stop::Place::AfterExchange);
        match answer.as_ref().map(|answer| Given::read(answer, self.app().clock().now())) {
            Ok(Some(given)) => self.recorded(row, given, &name).await,
            Ok(None) => {
                tracing::error!("Slack's answer to the renewal of {name}'s token holds no token: it is tried again");
                false
            }
            Err(Trouble::Api { code }) if is_used_up(code) => {
                let before = match cut_off {
                    0 => String::new(),
                    at => format!(" A renewal that began at {} was cut off before it was recorded.", Timestamp(at)),
                };
                tracing::error!(
                    "Slack says {code} to the renewal of {name}'s token.{before} It works until it expires"
                );
                self.settled(row, UNRENEWABLE).await
            }
            Err(trouble) => {
                tracing::warn!("the token of {name} is not renewed yet, it is tried again: {}", trouble.why());
                *lock(&self.at.row) = Some(row);
                false
            }
        }
    }

    /// Used at once, and recorded however long the database takes: nobody else has the new pair.
    async fn recorded(&self, row: store::Workspace, given: Given, name: &str) -> bool {
        let Some(vault) = &self.house.vault else { return false };
        self.at.client.put_token(Some(&given.tokens.bot));
        let sealed = match vault.seal(&row.team, &given.tokens) {
            Ok(sealed) => sealed,
            Err(why) => {
                tracing::error!("the renewed token of {name} is not recorded: {why}");
                return false;
            }
        };
        let before = row.obtained_at;
        let mut renewed = store::Workspace {
            sealed,
            standing: CONNECTED.to_string(),
            expires_at: given.expires_at,
            obtained_at: self.app().clock().now().0,
            renewing_since: 0,
            scopes: if given.scopes.is_empty() { row.scopes.clone() } else { given.scopes },
            ..row
        };
        loop {
            match self.app().store().change_workspace(CHANNEL, &renewed).await {
                Ok(true) => {
                    tracing::info!("the token of {name} is renewed");
                    return true;
                }
                // Installed again meanwhile, or this very change arrived and its answer was lost: then that holds. What
                // another replica has done with the old pair meanwhile (noted that it cannot be renewed, sealed it anew)
                // does not. It is the old one while it was obtained when that was: how it is sealed says nothing.
                Ok(false) => match self.stored(&renewed.team).await {
                    Ok(Some(now)) if now.obtained_at == before => renewed.version = now.version,
                    Ok(_) => return true,
                    Err(fault) => {
                        fault.logged();
                        tokio::time::sleep(RECORD_AGAIN).await;
                    }
                },
                Err(fault) => {
                    tracing::error!("the renewed token of {name} is not recorded yet ({})", fault.logged().id);
                    tokio::time::sleep(RECORD_AGAIN).await;
                }
            }
        }
    }
}

impl Slack {
    async fn stored(&self, team: &str) -> Result<Option<store::Workspace>, Fault> {
        Ok(self.app().store().workspaces(CHANNEL).await?.into_iter().find(|row| row.team == team))
    }
}

/// Codes by which Slack says that a renewal's token is of no use any more; everything else may pass.
fn is_used_up(code: &str) -> bool {
    ["invalid_refresh_token", "invalid_grant", "token_revoked", "authorization_not_found"].contains(&code)
        || (is_invalid(code) && code != "token_expired")
}

#[cfg(test)]
mod tests;

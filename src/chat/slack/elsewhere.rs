//! A workspace beside home in which incidents are announced: to the engine a chat of its own, so that one that limps
//! holds up neither home nor the others. Only the announcements: an incident's own channel there is a place of Slack, and
//! everything in it is done as such.

use super::workspace::{called, lock, split};
use super::{CHANNEL, Slack};
use crate::engine::ports::chat::{Chat, ChatAct, ChatJob, ChatKind, ChatStanding};
use crate::engine::ports::{BoxFuture, Outcome};
use firebell_domain::id::ChannelId;
use firebell_domain::time::Timestamp;
use std::time::Duration;

/// Between two tries where the app is not installed: somebody may do it meanwhile.
const NOT_THERE_S: i64 = 60;

pub struct Elsewhere {
    slack: Slack,
    team: String,
    channel: ChannelId,
}

impl Elsewhere {
    pub fn new(slack: Slack, team: &str) -> Elsewhere {
        Elsewhere { slack, team: team.to_string(), channel: ChannelId::new(format!("{CHANNEL} {team}")) }
    }

    fn known(&self) -> Option<Slack> {
        self.slack.house.other(&self.team).map(|at| self.slack.within(at))
    }

    fn is_home(&self) -> bool {
        let home = &self.slack.house.home;
        let of_token = lock(&home.me).as_ref().is_some_and(|me| me.team == self.team);
        of_token || lock(&home.row).as_ref().is_some_and(|row| row.team == self.team)
    }

    /// Why nothing can be announced there, and whether that may pass.
    fn lacking(&self) -> (String, bool) {
        match self.is_home() {
            true => (home_has_its_own_keys(&self.team), false),
            false => (format!("workspace {}: {}", self.team, self.slack.nobody_yet()), true),
        }
    }

    async fn announced(&self, act: &ChatAct) -> Outcome {
        if self.known().is_none() {
            // Another replica may just have installed it.
            self.slack.look().await;
        }
        let Some(there) = self.known() else {
            return match self.lacking() {
                (why, true) => Outcome::Retry { after_s: Some(NOT_THERE_S), why, maybe_arrived: false },
                (why, false) => Outcome::Never { why },
            };
        };
        let mut here = act.clone();
        match &mut here.job {
            // A channel in another workspace cannot be named here.
            ChatJob::Announce { place, .. } => {
                *place = place.take().and_then(|place| match split(&place) {
                    (Some(team), raw) if team == self.team => Some(raw.to_string()),
                    _ => None,
                });
            }
            ChatJob::Look { .. } => {}
            _ => return Outcome::Never { why: "only announcements are made in this workspace".to_string() },
        }
        match there.done(&here).await {
            Ok(receipt) => Outcome::Done { receipt },
            Err(outcome) => outcome,
        }
    }
}

/// Of a table `[slack.workspace.ID]` of home.
pub fn home_has_its_own_keys(team: &str) -> String {
    format!("workspace {team} is home: write the keys of [slack.workspace.{team}] in [slack] itself")
}

impl Chat for Elsewhere {
    fn channel(&self) -> &ChannelId {
        &self.channel
    }

    fn takes(&self, kind: ChatKind, place: Option<&str>) -> Result<usize, Duration> {
        // Where nobody is known yet, the try says so.
        self.known().map_or(Ok(usize::MAX), |there| there.at.takes(kind, place))
    }

    fn perform<'a>(&'a self, act: &'a ChatAct) -> BoxFuture<'a, Outcome> {
        Box::pin(self.announced(act))
    }

    /// Slack's own entry says how the sockets are.
    fn standing(&self, _: Timestamp) -> ChatStanding {
        let wrong = match self.known() {
            Some(there) => lock(&there.at.problem).clone(),
            None => Some(self.lacking().0),
        };
        let row = self.known().and_then(|there| lock(&there.at.row).clone());
        let name = row.as_ref().map_or_else(|| self.team.clone(), called);
        let message = match &wrong {
            Some(why) => format!("Nothing is announced in {name}: {why}."),
            None => format!("Incidents are announced in {name}."),
        };
        ChatStanding { hears: true, sends: wrong.is_none(), message, figures: Vec::new() }
    }
}

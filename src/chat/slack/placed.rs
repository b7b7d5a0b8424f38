//! Which workspace something is done in: that of its place, or, for a place that is still to be made, the one in which the
//! incident was declared; and which workspaces are in trouble. Does nothing there itself.

use super::Slack;
use super::workspace::{Workspace, lock, split};
use crate::engine::ports::Outcome;
use crate::engine::ports::chat::{ChatAct, ChatJob};
use std::borrow::Cow;
use std::sync::Arc;

impl Slack {
    /// Workspaces whose token is in trouble, by their names, with what to do.
    pub(super) fn troubled(&self) -> Vec<(String, String)> {
        let of = |at: &Arc<Workspace>| {
            let none = self.house.settings.oauth.is_some() && at.prefix.is_none() && !self.house.is_configured();
            match (lock(&at.problem).clone(), at.called()) {
                (Some(why), name) => Some((name.unwrap_or_else(|| "of [slack]".to_string()), why)),
                (None, None) if none => Some(("of [slack]".to_string(), self.nobody_yet())),
                (None, _) => None,
            }
        };
        self.house.all().iter().filter_map(of).collect()
    }

    /// The workspace in which something is to be done, and the task with places as they are called there.
    pub(super) async fn workspace_of<'a>(&self, act: &'a ChatAct) -> Result<(Slack, Cow<'a, ChatAct>), Outcome> {
        let at = |raw: &str, team: &str| match self.house.other(team) {
            Some(at) => Ok((self.within(at), raw.to_string())),
            None => Err(Outcome::Retry {
                after_s: Some(60),
                why: format!("the workspace {team} is not known here: {}", self.install_again()),
                maybe_arrived: false,
            }),
        };
        let mut here = Cow::Borrowed(act);
        let elsewhere = match &act.job {
            // These announcements are home's; a channel elsewhere cannot be named there.
            ChatJob::Announce { place: Some(place), .. } if split(place).0.is_some() => {
                if let ChatJob::Announce { place, .. } = &mut here.to_mut().job {
                    *place = None;
                }
                None
            }
            ChatJob::Announce { .. } | ChatJob::Look { .. } => None,
            ChatJob::Open { .. } => {
                let Some(incident) = act.incident else { return Ok((self.clone(), here)) };
                let declared = self.declared_in(incident).await.map_err(|fault| Outcome::Retry {
                    after_s: None,
                    why: fault.logged().shown(),
                    maybe_arrived: false,
                })?;
                // Without channels of their own incidents live in threads: where there are announcements to hang them on.
                let fits = |there: &Slack| self.house.settings.open_channels || there.at.settings.announce.is_some();
                return Ok((declared.filter(fits).unwrap_or_else(|| self.clone()), here));
            }
            ChatJob::Topic { place, .. }
            | ChatJob::Links { place, .. }
            | ChatJob::Invite { place, .. }
            | ChatJob::Card { place, .. }
            | ChatJob::Pin { place, .. }
            | ChatJob::Table { place, .. }
            | ChatJob::Lines { place, .. } => match split(place) {
                (Some(team), raw) => Some(at(raw, team)?),
                (None, _) => None,
            },
        };
        let Some((slack, raw)) = elsewhere else { return Ok((self.clone(), here)) };
        match &mut here.to_mut().job {
            ChatJob::Topic { place, .. }
            | ChatJob::Links { place, .. }
            | ChatJob::Invite { place, .. }
            | ChatJob::Card { place, .. }
            | ChatJob::Pin { place, .. }
            | ChatJob::Table { place, .. }
            | ChatJob::Lines { place, .. } => *place = raw,
            ChatJob::Announce { .. } | ChatJob::Open { .. } | ChatJob::Look { .. } => {}
        }
        Ok((slack, here))
    }
}

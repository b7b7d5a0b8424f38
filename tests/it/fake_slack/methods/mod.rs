//! Every method of the Web API that the test's Slack knows: what it wants, how often it may be called, what it does.
//!
//! A method that is not here answers `unknown_method` and fails the test.

mod apps;
mod auth;
mod bookmarks;
mod chat;
mod conversations;
mod files;
mod history;
mod membership;
mod message;
mod pins;
mod reactions;
mod usergroups;
mod users;
mod views;

use super::args::{Answer, Args, Refused};
use super::limits::Tier;
use super::state::{Channel, Kind, Token, World};
use super::web::lacking;
use axum::http::HeaderMap;

pub use files::upload;
pub use message::{check_content, deliver_message};
pub use views::{close_modals, open_view, update_view};

pub struct Method {
    pub name: &'static str,
    pub tier: Tier,
    /// One of them is needed; none are listed where any token will do.
    pub scopes: &'static [&'static str],
    pub wants: Wants,
    /// Whether it takes JSON, or only forms.
    pub json: bool,
    pub run: fn(&mut World, &Call) -> Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Bot,
    App,
    Any,
    Nothing,
}

/// One call, by whom.
pub struct Call<'a> {
    pub method: &'static str,
    pub team: String,
    /// The bot.
    pub user: String,
    pub token: Option<Token>,
    pub headers: &'a HeaderMap,
    pub args: &'a Args,
}

pub fn find(name: &str) -> Option<&'static Method> {
    all().find(|method| method.name == name)
}

pub fn all() -> impl Iterator<Item = &'static Method> {
    [
        apps::METHODS,
        auth::METHODS,
        bookmarks::METHODS,
        chat::METHODS,
        conversations::METHODS,
        files::METHODS,
        history::METHODS,
        membership::METHODS,
        pins::METHODS,
        reactions::METHODS,
        usergroups::METHODS,
        users::METHODS,
        views::METHODS,
    ]
    .into_iter()
    .flatten()
}

const fn bot(
    name: &'static str,
    tier: Tier,
    scopes: &'static [&'static str],
    run: fn(&mut World, &Call) -> Answer,
) -> Method {
    Method { name, tier, scopes, wants: Wants::Bot, json: true, run }
}

/// A method that reads its arguments from a form or a query, never from JSON.
const fn form(
    name: &'static str,
    tier: Tier,
    scopes: &'static [&'static str],
    run: fn(&mut World, &Call) -> Answer,
) -> Method {
    Method { name, tier, scopes, wants: Wants::Bot, json: false, run }
}

impl Call<'_> {
    pub fn has(&self, scope: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.scopes.contains(scope))
    }

    pub fn lacks(&self, needed: &str) -> Refused {
        self.token.as_ref().map_or_else(|| Refused::from("not_authed"), |token| lacking(needed, token))
    }

    /// The scope for this kind of conversation: `what` of `channels:what`, `groups:what`, `im:what`, `mpim:what`.
    pub fn scope_for(&self, kind: Kind, public: &str, private: &str, direct: &str) -> Result<(), Refused> {
        let needed = match kind {
            Kind::Public => format!("channels:{public}"),
            Kind::Private => format!("groups:{private}"),
            Kind::Im => format!("im:{direct}"),
            Kind::Mpim => format!("mpim:{direct}"),
        };
        if self.has(&needed) { Ok(()) } else { Err(self.lacks(&needed)) }
    }

    /// The conversation that the call names, as far as the bot may know of it.
    pub fn channel<'w>(&self, world: &'w World) -> Result<&'w Channel, Refused> {
        let id = self.args.need("channel")?;
        let team = world.team(&self.team);
        let channel = team.channels.get(id).ok_or("channel_not_found")?;
        let hidden = channel.kind != Kind::Public && !channel.members.contains(&self.user);
        if hidden { Err("channel_not_found".into()) } else { Ok(channel) }
    }

    /// The same, of which the bot is a member and which is not archived.
    pub fn own_channel<'w>(&self, world: &'w mut World) -> Result<&'w mut Channel, Refused> {
        let channel = self.channel(world)?;
        if !channel.members.contains(&self.user) {
            return Err("not_in_channel".into());
        }
        if channel.archived {
            return Err("is_archived".into());
        }
        let id = channel.id.clone();
        Ok(world.team_mut(&self.team).channels.get_mut(&id).expect("found just now"))
    }
}

//! Every route that the stand-in has. The table is the report of what is covered; nothing else is answered.

use super::{
    Call, Reply, applications, call, channels, commands, guilds, messages, pins, reactions, threads, webhooks,
};
use crate::fake_discord::refused::Refused;
use crate::fake_discord::state::State;
use std::collections::BTreeMap;

pub type Handler = fn(&mut State, &Call) -> Result<Reply, Refused>;

#[derive(Clone, Copy, PartialEq)]
pub enum Auth {
    Nobody,
    Bot,
    /// The token stands in the path.
    Interaction,
}

pub struct Route {
    pub method: &'static str,
    pub template: &'static str,
    pub auth: Auth,
    pub handler: Handler,
}

const fn bot(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route { method, template, auth: Auth::Bot, handler }
}

const fn by_token(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route { method, template, auth: Auth::Interaction, handler }
}

/// The first that fits is taken: words stand before names.
const ROUTES: &[Route] = &[
    Route { method: "GET", template: "/gateway", auth: Auth::Nobody, handler: applications::gateway },
    bot("GET", "/gateway/bot", applications::gateway_bot),
    bot("GET", "/oauth2/applications/@me", applications::me),
    bot("GET", "/applications/@me", applications::me),
    bot("PATCH", "/applications/@me", applications::edit_me),
    bot("GET", "/users/@me", applications::current_user),
    bot("GET", "/users/@me/guilds", applications::my_guilds),
    bot("POST", "/users/@me/channels", applications::direct_channel),
    bot("GET", "/users/{user}", applications::user),
    bot("GET", "/applications/{application}/commands", commands::list),
    bot("PUT", "/applications/{application}/commands", commands::overwrite),
    bot("POST", "/applications/{application}/commands", commands::create),
    bot("GET", "/applications/{application}/commands/{command}", commands::get),
    bot("PATCH", "/applications/{application}/commands/{command}", commands::edit),
    bot("DELETE", "/applications/{application}/commands/{command}", commands::delete),
    bot("GET", "/applications/{application}/guilds/{guild}/commands", commands::list),
    bot("PUT", "/applications/{application}/guilds/{guild}/commands", commands::overwrite),
    bot("POST", "/applications/{application}/guilds/{guild}/commands", commands::create),
    bot("GET", "/applications/{application}/guilds/{guild}/commands/{command}", commands::get),
    bot("PATCH", "/applications/{application}/guilds/{guild}/commands/{command}", commands::edit),
    bot("DELETE", "/applications/{application}/guilds/{guild}/commands/{command}", commands::delete),
    by_token("POST", "/interactions/{interaction}/{token}/callback", webhooks::callback),
    by_token("POST", "/webhooks/{webhook}/{token}", webhooks::follow_up),
    by_token("GET", "/webhooks/{webhook}/{token}/messages/{message}", webhooks::get),
    by_token("PATCH", "/webhooks/{webhook}/{token}/messages/{message}", webhooks::edit),
    by_token("DELETE", "/webhooks/{webhook}/{token}/messages/{message}", webhooks::delete),
    bot("GET", "/channels/{channel}", channels::get),
    bot("PATCH", "/channels/{channel}", channels::edit),
    bot("DELETE", "/channels/{channel}", channels::delete),
    bot("PUT", "/channels/{channel}/permissions/{overwrite}", channels::set_overwrite),
    bot("DELETE", "/channels/{channel}/permissions/{overwrite}", channels::remove_overwrite),
    bot("POST", "/channels/{channel}/typing", channels::typing),
    bot("GET", "/channels/{channel}/messages", messages::list),
    bot("POST", "/channels/{channel}/messages", messages::create),
    bot("GET", "/channels/{channel}/messages/pins", pins::list),
    bot("PUT", "/channels/{channel}/messages/pins/{message}", pins::add),
    bot("DELETE", "/channels/{channel}/messages/pins/{message}", pins::remove),
    bot("GET", "/channels/{channel}/pins", pins::list_old),
    bot("PUT", "/channels/{channel}/pins/{message}", pins::add),
    bot("DELETE", "/channels/{channel}/pins/{message}", pins::remove),
    bot("GET", "/channels/{channel}/messages/{message}", messages::get),
    bot("PATCH", "/channels/{channel}/messages/{message}", messages::edit),
    bot("DELETE", "/channels/{channel}/messages/{message}", messages::delete),
    bot("PUT", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", reactions::add),
    bot("DELETE", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", reactions::remove),
    bot("GET", "/channels/{channel}/messages/{message}/reactions/{emoji}", reactions::list),
    bot("POST", "/channels/{channel}/messages/{message}/threads", threads::from_message),
    bot("POST", "/channels/{channel}/threads", threads::create),
    bot("PUT", "/channels/{channel}/thread-members/@me", threads::join),
    bot("PUT", "/channels/{channel}/thread-members/{user}", threads::add_member),
    bot("DELETE", "/channels/{channel}/thread-members/{user}", threads::remove_member),
    bot("GET", "/channels/{channel}/thread-members", threads::members),
    bot("GET", "/channels/{channel}/threads/archived/public", threads::archived),
    bot("GET", "/guilds/{guild}", guilds::get),
    bot("GET", "/guilds/{guild}/channels", guilds::channels),
    bot("POST", "/guilds/{guild}/channels", guilds::create_channel),
    bot("GET", "/guilds/{guild}/roles", guilds::roles),
    bot("GET", "/guilds/{guild}/members", guilds::members),
    bot("GET", "/guilds/{guild}/members/search", guilds::search_members),
    bot("GET", "/guilds/{guild}/members/{user}", guilds::member),
    bot("GET", "/guilds/{guild}/threads/active", threads::active),
];

/// Every route, for the report of what is covered.
pub fn covered() -> impl Iterator<Item = String> {
    ROUTES.iter().map(|route| format!("{} {}", route.method, route.template))
}

/// The names of a template and what stands there in the path, if it fits.
fn fits(template: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let (mut names, mut parts) = (BTreeMap::new(), path.split('/'));
    for word in template.split('/') {
        let part = parts.next()?;
        match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                names.insert(name, call::percent_decoded(part));
            }
            None if word != part => return None,
            None => {}
        }
    }
    parts.next().is_none().then_some(names)
}

/// The route of a request, and what its names stand for.
pub fn find(method: &str, path: &str) -> Option<(&'static Route, BTreeMap<&'static str, String>)> {
    let mut found = ROUTES.iter().filter(|route| route.method == method);
    found.find_map(|route| Some((route, fits(route.template, path)?)))
}

//! What the test does to the app's connections and accounts: sockets that end, envelopes that come twice or in another
//! order, triggers that are too old, tokens that are taken away, accounts that are closed.

use super::FakeSlack;
use super::http::signature;
use super::parcel::Sort;
use super::socket::Frame;
use super::state::{TokenKind, World};
use super::time::SECOND;
use crate::harness::Answer;
use serde_json::{Value, json};

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a close frame.
    CloseFrame,
    /// The connection is closed without one.
    Closed,
    /// The connection is reset.
    Reset,
}

impl FakeSlack {
    /// Says that the sockets will be renewed soon; they stay.
    pub fn warns_sockets(&self) {
        self.with(|world| world.say_to_sockets("warning", false));
    }

    /// Renews the sockets as Slack does every few hours: each is told so and closed.
    pub fn renews_sockets(&self) {
        self.with(|world| world.say_to_sockets("refresh_requested", true));
    }

    /// Socket Mode was switched off in the app's settings: each socket is told so and closed.
    pub fn disables_sockets(&self) {
        self.with(|world| world.say_to_sockets("link_disabled", true));
    }

    /// Ends every socket without a word.
    pub fn ends_sockets(&self, how: End) {
        self.with(|world| {
            for socket in &mut world.sockets.connections {
                socket.leaving = true;
                match how {
                    End::CloseFrame => {
                        socket.out.send(Frame::Close).ok();
                    }
                    End::Closed => socket.line.close(),
                    End::Reset => socket.line.reset(),
                }
            }
        });
    }

    /// How many sockets are open and take envelopes.
    pub fn sockets(&self) -> usize {
        self.see(|world| world.sockets.connections.iter().filter(|socket| !socket.leaving).count())
    }

    /// The next `count` envelopes or requests come twice, on different sockets if there are several.
    pub fn repeats(&self, count: usize) {
        self.with(|world| {
            world.sockets.twice = count;
            world.http.twice = count;
        });
    }

    /// Holds envelopes back until `lets_go`.
    pub fn holds(&self) {
        self.with(|world| world.sockets.held = Some(Vec::new()));
    }

    /// Sends what was held back, the last one first if `reversed`.
    pub fn lets_go(&self, reversed: bool) {
        self.with(|world| {
            let mut held = world.sockets.held.take().unwrap_or_default();
            if reversed {
                held.reverse();
            }
            world.parcels.extend(held);
        });
    }

    /// Every trigger that was given until now is too old.
    pub fn expires_triggers(&self) {
        self.with(|world| world.triggers.values_mut().for_each(|trigger| trigger.at -= 10 * SECOND));
    }

    /// Every `response_url` that was given until now is too old.
    pub fn expires_response_urls(&self) {
        self.with(|world| world.hooks.values_mut().for_each(|hook| hook.at -= 3_600 * SECOND));
    }

    /// Takes the bot's tokens away; the app is told, if it can be.
    pub fn revokes_tokens(&self) {
        self.with(|world| {
            let (team, bot) = (world.home().to_owned(), world.team(world.home()).bot_user.clone());
            world.happened(&team, None, "tokens_revoked", json!({"tokens": {"oauth": [], "bot": [bot]}}));
            world
                .tokens
                .values_mut()
                .filter(|token| token.kind == TokenKind::Bot)
                .for_each(|token| token.revoked = true);
        });
    }

    pub fn revokes_app_token(&self) {
        let token = self.app_token();
        self.with(|world| world.tokens.get_mut(&token).expect("there is an app token").revoked = true);
    }

    /// What the bot may do, from now on.
    pub fn grants(&self, scopes: &str) {
        let token = self.bot_token();
        let scopes = scopes.split_whitespace().map(str::to_owned).collect();
        self.with(|world| world.tokens.get_mut(&token).expect("there is a bot token").scopes = scopes);
    }

    /// Closes somebody's account.
    pub fn deactivates(&self, name: &str) {
        self.with(|world| {
            let (team, id) = (world.home().to_owned(), world.user_id(world.home(), name));
            let user = world.team_mut(&team).users.get_mut(&id).expect("found just now");
            user.deleted = true;
            let user = user.clone();
            for channel in world.team_mut(&team).channels.values_mut() {
                channel.members.remove(&id);
            }
            let there = world.team(&team);
            let event = json!({"user": there.user_json(&user, true)});
            world.happened(&team, None, "user_change", event);
        });
    }

    /// Archives a channel behind the app's back, as an admin does.
    pub fn archives(&self, channel: &str) {
        self.with(|world| {
            let team = world.home().to_owned();
            let place = world.team_mut(&team).channel_named(channel);
            place.archived = true;
            let (id, by) = (place.id.clone(), place.creator.clone());
            world.happened(&team, Some(&id), "channel_archive", json!({"channel": id, "user": by}));
        });
    }

    /// What Slack asks an address of events before it uses it: the app's answer.
    pub async fn verifies_the_address(&self) -> Answer {
        let (url, secret, token, seconds) = self.see(|world| {
            let app = &world.app;
            (world.http.events.clone(), app.signing_secret.clone(), app.verification_token.clone(), world.seconds())
        });
        let challenge = json!({"token": token, "challenge": "3eZbrw1aB10", "type": "url_verification"}).to_string();
        let request = crate::harness::http_client()
            .post(url)
            .header("content-type", "application/json")
            .header("x-slack-request-timestamp", seconds.to_string())
            .header("x-slack-signature", signature(&secret, seconds, &challenge))
            .body(challenge);
        Answer::to(request).await.expect("the app answers")
    }

    /// Every payload of this sort that was sent over sockets.
    pub fn sent(&self, sort: &str) -> Vec<Value> {
        self.see(|world| {
            let all = world.sockets.sent.iter().map(|(_, payload)| payload);
            all.filter(|payload| payload["type"] == sort || payload["event"]["type"] == sort).cloned().collect()
        })
    }
}

impl World {
    fn say_to_sockets(&mut self, reason: &str, and_close: bool) {
        let words = json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-test"}}).to_string();
        for socket in &mut self.sockets.connections {
            socket.out.send(Frame::Text(words.clone())).ok();
            if and_close {
                socket.leaving = true;
                socket.out.send(Frame::Close).ok();
            }
        }
    }

    /// Whether anything is still on its way to the app.
    pub fn busy(&self) -> bool {
        let waiting = |parcel: &super::parcel::Parcel| parcel.sort != Sort::Event || parcel.attempt == 0;
        self.sockets.is_busy() || self.parcels.iter().any(waiting)
    }
}

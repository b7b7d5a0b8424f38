//! What can go wrong with the gateway, switched on by the test: it closes, falls silent, forgets, asks to
//! reconnect, turns away; and servers that vanish for a while. Never happens by itself.

use super::Discord;
use super::session::{GUILDS, Out};
use serde_json::json;
use std::time::Duration;

impl Discord {
    /// Every connection is closed, with this code or with none at all.
    pub fn gateway_closes(&self, code: Option<(u16, &'static str)>) {
        self.change(|state| state.sessions.tell_all(|| Out::Close(code)));
    }

    /// Every connection ends without a word.
    pub fn gateway_cuts(&self) {
        self.change(|state| state.sessions.tell_all(|| Out::Cut));
    }

    /// Connections stay open, but nothing is acknowledged or sent any more.
    pub fn gateway_falls_silent(&self) {
        self.change(|state| state.sessions.silent = true);
    }

    /// Opcode 7: please reconnect and resume.
    pub fn gateway_asks_to_reconnect(&self) {
        self.change(|state| state.sessions.tell_all(|| Out::Frame(json!({"op": 7, "s": null, "t": null, "d": null}))));
    }

    /// Opcode 9: the session is over, or can be resumed.
    pub fn gateway_invalidates(&self, resumable: bool) {
        self.change(|state| {
            let frame = json!({"op": 9, "s": null, "t": null, "d": resumable});
            state.sessions.tell_all(|| Out::Frame(frame.clone()));
            state.sessions.links.values_mut().for_each(|link| link.session = None);
            state.sessions.by_id.values_mut().for_each(|session| session.link = None);
            if !resumable {
                state.sessions.by_id.clear();
            }
        });
    }

    /// All sessions are forgotten, as after an outage: a RESUME is answered with opcode 9.
    pub fn gateway_forgets(&self) {
        self.change(|state| state.sessions.by_id.clear());
    }

    /// Turns new connections away.
    pub fn gateway_turns_away(&self) {
        self.change(|state| state.sessions.closed = true);
    }

    /// The gateway is well again.
    pub fn gateway_recovers(&self) {
        self.change(|state| (state.sessions.silent, state.sessions.closed) = (false, false));
    }

    /// What hello asks for from the next connection on.
    pub fn heartbeat_every(&self, every: Duration) {
        self.change(|state| state.sessions.heartbeat_ms = u64::try_from(every.as_millis()).expect("fits"));
    }

    /// Identifying without this many shards is refused from now on.
    pub fn needs_shards(&self, shards: u64) {
        self.change(|state| state.sessions.shards = shards);
    }

    /// Sessions that are connected at this moment.
    pub fn connected(&self) -> usize {
        self.read(|state| state.sessions.by_id.values().filter(|session| session.link.is_some()).count())
    }

    /// The server vanishes, and comes back.
    pub fn server_is_down(&self, down: bool) {
        let id = self.guild_id();
        self.change(|state| {
            let guild = state.guilds.get_mut(&id).expect("it is there");
            guild.unavailable = down;
            let guild = guild.clone();
            let (event, data) = match down {
                true => ("GUILD_DELETE", json!({"id": id.to_string(), "unavailable": true})),
                false => ("GUILD_CREATE", state.guild_create_json(&guild)),
            };
            let audience = super::session::Audience { intents: GUILDS, guild: Some(id), channel: None };
            state.dispatch(event, data, audience);
        });
    }

    /// Jumps ahead, and fails what was not answered by then.
    pub fn passes(&self, by: Duration) {
        self.time().advance(by);
        self.change(super::State::expire);
    }
}

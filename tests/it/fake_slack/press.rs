//! What people press, pick, fill in and call up: buttons, menus, modals, shortcuts, as Slack's own client sends them on.
//!
//! It never checks what the app makes of it: what came of it is in the `Reply`.

use super::form;
use super::methods::close_modals;
use super::parcel::{Reply, Sort};
use super::person::{Person, Waiting, send, told};
use super::reading::Seen;
use super::state::{Hook, World};
use super::time::ts_of;
use serde_json::{Map, Value, json};

impl Person<'_> {
    /// Presses what is called so in a message, a modal or a home: a button, or an entry of a menu.
    pub async fn clicks(&self, seen: &Seen, what: &str) -> Reply {
        self.starts_clicking(seen, what).reply().await
    }

    pub fn starts_clicking(&self, seen: &Seen, what: &str) -> Waiting {
        let control = seen.control(what);
        let mut action = json!({"action_id": control.action_id(), "block_id": control.block_id,
            "type": control.element["type"]});
        match &control.option {
            Some(option) => action["selected_option"] = option.clone(),
            None => {
                action["text"] = control.element["text"].clone();
                if let Some(value) = control.element["value"].as_str() {
                    action["value"] = json!(value);
                }
            }
        }
        self.acts(seen, action)
    }

    /// Picks something in a menu: an option by its text or value, a person or a channel by name, a date as written.
    pub async fn picks(&self, seen: &Seen, what: &str, choice: &str) -> Reply {
        let control = seen.control(what);
        let picked = self.slack.see(|world| form::value_of(world, &self.team, &control, choice));
        let mut action = json!({"action_id": control.action_id(), "block_id": control.block_id});
        if let (Some(action), Some(picked)) = (action.as_object_mut(), picked.as_object()) {
            action.extend(picked.clone());
        }
        self.acts(seen, action).reply().await
    }

    /// Sends an action of one's own making: what a stale client or a forger would press.
    pub fn acts(&self, seen: &Seen, mut action: Value) -> Waiting {
        self.slack.with(|world| {
            action["action_ts"] = json!(ts_of(world.now()));
            let mut payload = world.envelope_of(&self.team, &self.id);
            payload.insert("type".into(), json!("block_actions"));
            payload.insert("actions".into(), json!([action]));
            let mut view = None;
            if seen.channel.is_empty() {
                view = Some(seen.view_id().to_owned());
                payload.insert("container".into(), json!({"type": "view", "view_id": seen.view_id()}));
                payload.insert("view".into(), seen.body.clone());
            } else {
                let hook = Hook::of(&self.team, &seen.channel, &self.id, Some(&seen.ts), seen.ephemeral);
                let mut container = json!({"type": "message", "message_ts": seen.ts, "channel_id": seen.channel,
                    "is_ephemeral": seen.ephemeral});
                if let Some(thread) = seen.thread() {
                    container["thread_ts"] = json!(thread);
                }
                payload.insert("container".into(), container);
                payload.insert("channel".into(), self.named(world, &seen.channel));
                payload.insert("response_url".into(), json!(world.hook("actions", hook)));
                payload.insert("state".into(), json!({"values": {}}));
                if !seen.ephemeral {
                    payload.insert("message".into(), seen.body.clone());
                }
            }
            payload.insert("trigger_id".into(), json!(world.trigger(&self.team, &self.id, view.as_deref())));
            let parcel = world.parcel(Sort::Interactive, payload.into(), &self.team, &seen.channel, &self.id);
            send(world, parcel)
        })
    }

    /// Fills in the modal on top by the labels of its fields (or their ids) and submits it.
    pub async fn submits(&self, view: &Seen, fields: &[(&str, &str)]) -> Reply {
        self.starts_submitting(view, fields).reply().await
    }

    pub fn starts_submitting(&self, view: &Seen, fields: &[(&str, &str)]) -> Waiting {
        self.slack.with(|world| {
            let values = form::filled(world, &self.team, view, fields);
            let mut body = view.body.clone();
            body["state"] = json!({"values": values});
            if let Some(known) = world.team_mut(&self.team).views.get_mut(view.view_id()) {
                known.body["state"] = body["state"].clone();
            }
            let mut payload = world.envelope_of(&self.team, &self.id);
            payload.insert("type".into(), json!("view_submission"));
            payload.insert("view".into(), body);
            payload.insert("response_urls".into(), json!([]));
            payload.insert("trigger_id".into(), json!(world.trigger(&self.team, &self.id, Some(view.view_id()))));
            let mut parcel = world.parcel(Sort::Interactive, payload.into(), &self.team, "", &self.id);
            parcel.view = Some(view.view_id().to_owned());
            send(world, parcel)
        })
    }

    /// Closes the modal on top; the app hears of it if it wanted to.
    pub async fn closes(&self, view: &Seen) -> Reply {
        let waiting = self.slack.with(|world| {
            close_modals(world, &self.team, &self.id, false);
            if view.body["notify_on_close"] != true {
                return told(Reply::default());
            }
            let mut payload = world.envelope_of(&self.team, &self.id);
            payload.insert("type".into(), json!("view_closed"));
            payload.insert("view".into(), view.body.clone());
            payload.insert("is_cleared".into(), json!(false));
            let parcel = world.parcel(Sort::Interactive, payload.into(), &self.team, "", &self.id);
            send(world, parcel)
        });
        waiting.reply().await
    }

    /// A global shortcut.
    pub async fn shortcut(&self, callback_id: &str) -> Reply {
        let waiting = self.slack.with(|world| {
            let mut payload = self.shortcut_of(world, "shortcut", callback_id);
            payload.insert("trigger_id".into(), json!(world.trigger(&self.team, &self.id, None)));
            let parcel = world.parcel(Sort::Interactive, payload.into(), &self.team, "", &self.id);
            send(world, parcel)
        });
        waiting.reply().await
    }

    /// A shortcut on a message.
    pub async fn message_shortcut(&self, on: &Seen, callback_id: &str) -> Reply {
        let waiting = self.slack.with(|world| {
            let mut payload = self.shortcut_of(world, "message_action", callback_id);
            let hook = Hook::of(&self.team, &on.channel, &self.id, Some(&on.ts), false);
            payload.insert("response_url".into(), json!(world.hook("app", hook)));
            payload.insert("trigger_id".into(), json!(world.trigger(&self.team, &self.id, None)));
            payload.insert("channel".into(), self.named(world, &on.channel));
            payload.insert("message_ts".into(), json!(on.ts));
            payload.insert("message".into(), on.body.clone());
            let parcel = world.parcel(Sort::Interactive, payload.into(), &self.team, &on.channel, &self.id);
            send(world, parcel)
        });
        waiting.reply().await
    }

    fn shortcut_of(&self, world: &World, kind: &str, callback_id: &str) -> Map<String, Value> {
        let mut payload = world.envelope_of(&self.team, &self.id);
        payload.insert("type".into(), json!(kind));
        payload.insert("callback_id".into(), json!(callback_id));
        payload.insert("action_ts".into(), json!(ts_of(world.now())));
        payload
    }
}

//! The people: what somebody says, presses, fills in and reacts with, as Slack's own client would send it on.
//!
//! It never waits longer than Slack does: what came of it is in the `Reply`.

use super::FakeSlack;
use super::args::Refused;
use super::methods::{close_modals, deliver_message};
use super::parcel::{Parcel, Reply, Sort};
use super::reading::Seen;
use super::state::{Hook, World};
use super::time::ts_of;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

/// One person of one workspace.
pub struct Person<'s> {
    slack: &'s FakeSlack,
    pub team: String,
    pub id: String,
}

impl FakeSlack {
    pub fn ana(&self) -> Person<'_> {
        self.person("ana")
    }

    pub fn bo(&self) -> Person<'_> {
        self.person("bo")
    }

    pub fn cy(&self) -> Person<'_> {
        self.person("cy")
    }

    pub fn person(&self, name: &str) -> Person<'_> {
        let team = self.see(|world| world.home().to_owned());
        self.person_of(&team, name)
    }

    pub fn person_of(&self, team: &str, name: &str) -> Person<'_> {
        let id = self.see(|world| world.user_id(team, name));
        Person { slack: self, team: team.to_owned(), id }
    }
}

/// What the person hears once the app has answered.
pub struct Waiting(oneshot::Receiver<Reply>);

impl Waiting {
    pub async fn reply(self) -> Reply {
        let came = tokio::time::timeout(super::BOUND, self.0).await;
        came.expect("Slack answers or gives up within its time").expect("Slack is still there")
    }
}

impl Person<'_> {
    /// Says something in a channel: a message, or a slash command of the app.
    pub async fn says(&self, channel: &str, text: &str) -> Reply {
        self.starts_saying(channel, text).reply().await
    }

    /// The same, without waiting for what the app answers.
    pub fn starts_saying(&self, channel: &str, text: &str) -> Waiting {
        let (command, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        self.slack.with(|world| {
            if !text.starts_with('/') {
                let ts = self.say(world, channel, text, None, Vec::new());
                return told(Reply { ts: Some(ts), ..Reply::default() });
            }
            if !world.app.commands.iter().any(|known| known == command) {
                return told(Reply { error: Some("unknown_command".into()), ..Reply::default() });
            }
            let place = self.place(world, channel);
            let parcel = world.command(&self.team, &place, &self.id, command, rest.trim());
            send(world, parcel)
        })
    }

    /// Answers in the thread of a message. A slash command is only words there, as in Slack.
    pub fn replies(&self, to: &Seen, text: &str) -> String {
        let root = to.body["thread_ts"].as_str().unwrap_or(&to.ts).to_owned();
        self.slack.with(|world| self.say(world, &to.channel, text, Some(&root), Vec::new()))
    }

    /// Says something to the app alone.
    pub fn writes_to_the_app(&self, text: &str) -> String {
        self.slack.with(|world| {
            let place = world.direct(&self.team, &self.id);
            self.say(world, &place, text, None, Vec::new())
        })
    }

    /// Says something with files, by name and content.
    pub fn sends_files(&self, channel: &str, text: &str, files: &[(&str, &str)]) -> String {
        self.slack.with(|world| {
            let place = self.place(world, channel);
            let user = &self.id;
            let kept = files.iter().map(|(name, content)| {
                let file = json!({"name": name, "title": name, "content": content, "user": user});
                world.keep_file(&self.team, file, Some(&place))
            });
            let kept = kept.collect();
            self.say(world, &place, text, None, kept)
        })
    }

    /// `@firebell` becomes what Slack's client makes of it, `@ana` too.
    fn say(&self, world: &mut World, channel: &str, text: &str, thread: Option<&str>, files: Vec<Value>) -> String {
        let place = self.place(world, channel);
        let team = world.team(&self.team);
        let mut said = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        for user in team.users.values() {
            said = said.replace(&format!("@{}", user.name), &format!("<@{}>", user.id));
        }
        let mut body = Map::new();
        body.insert("user".into(), json!(self.id));
        body.insert("client_msg_id".into(), json!(format!("{:032x}", world.next())));
        if let Some(thread) = thread {
            body.insert("thread_ts".into(), json!(thread));
        }
        if !files.is_empty() {
            body.insert("subtype".into(), json!("file_share"));
            body.insert("files".into(), json!(files));
        }
        body.insert(
            "blocks".into(),
            json!([{"type": "rich_text", "block_id": "r000", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]}]),
        );
        body.insert("text".into(), json!(said));
        let links: Vec<String> = linked(&world.app.domains, text);
        let ts = deliver_message(world, &self.team, &place, body);
        if !links.is_empty() {
            let links: Vec<Value> = links.iter().map(|url| json!({"url": url, "domain": domain_of(url)})).collect();
            let event = json!({"channel": place, "user": self.id, "message_ts": ts, "links": links,
                "is_bot_user_member": true, "unfurl_id": format!("C1.{ts}"), "source": "conversations_history"});
            world.happened(&self.team, Some(&place), "link_shared", event);
        }
        ts
    }

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
        let picked = self.slack.see(|world| super::form::value_of(world, &self.team, &control, choice));
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
            let values = super::form::filled(world, &self.team, view, fields);
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

    pub fn reacts(&self, to: &Seen, name: &str) {
        self.may(self.slack.with(|world| world.react(&self.team, &to.channel, &to.ts, &self.id, name, true)));
    }

    pub fn takes_back_reaction(&self, to: &Seen, name: &str) {
        self.may(self.slack.with(|world| world.react(&self.team, &to.channel, &to.ts, &self.id, name, false)));
    }

    pub fn pins(&self, what: &Seen) {
        self.may(self.slack.with(|world| world.pin(&self.team, &what.channel, &what.ts, &self.id)));
    }

    pub fn unpins(&self, what: &Seen) {
        self.may(self.slack.with(|world| world.unpin(&self.team, &what.channel, &what.ts, &self.id)));
    }

    pub fn edits(&self, what: &Seen, text: &str) {
        self.slack.with(|world| {
            let new = [("text".to_owned(), json!(text))].into_iter().collect();
            world.edit(&self.team, &what.channel, &what.ts, &self.id, new);
        });
    }

    pub fn deletes(&self, what: &Seen) {
        self.slack.with(|world| world.erase(&self.team, &what.channel, &what.ts));
    }

    pub fn joins(&self, channel: &str) {
        self.slack.with(|world| {
            let place = self.place(world, channel);
            world.enter(&self.team, &place, &self.id, None);
        });
    }

    pub fn leaves(&self, channel: &str) {
        self.slack.with(|world| {
            let place = self.place(world, channel);
            world.depart(&self.team, &place, &self.id);
        });
    }

    /// Brings the app into a channel.
    pub fn invites_the_app(&self, channel: &str) {
        self.slack.with(|world| {
            let (place, bot) = (self.place(world, channel), world.team(&self.team).bot_user.clone());
            world.enter(&self.team, &place, &bot, Some(&self.id));
        });
    }

    pub fn makes_channel(&self, name: &str, kind: super::Kind) -> String {
        self.slack.with(|world| world.new_channel(&self.team, name, kind, &self.id))
    }

    pub fn opens_home(&self) {
        self.slack.with(|world| {
            let place = world.direct(&self.team, &self.id);
            let view = world.home_of(&self.team, &self.id).map(|home| home.body);
            let mut event = json!({"user": self.id, "channel": place, "tab": "home"});
            if let Some(view) = view {
                event["view"] = view;
            }
            world.happened(&self.team, Some(&place), "app_home_opened", event);
        });
    }

    fn may(&self, result: Result<(), Refused>) {
        if let Err(refused) = result {
            panic!("Slack's own client could not do that: {}", refused.error);
        }
    }

    fn place(&self, world: &World, channel: &str) -> String {
        let place = world.place(&self.team, channel);
        place.unwrap_or_else(|| panic!("there is no channel {channel}")).id.clone()
    }

    fn named(&self, world: &World, channel: &str) -> Value {
        let name = world.place(&self.team, channel).map(|place| place.name.clone()).unwrap_or_default();
        json!({"id": channel, "name": name})
    }
}

fn send(world: &mut World, mut parcel: Parcel) -> Waiting {
    let (heard, reply) = oneshot::channel();
    parcel.reply = Some(heard);
    world.parcels.push_back(parcel);
    Waiting(reply)
}

fn told(reply: Reply) -> Waiting {
    let (heard, waiting) = oneshot::channel();
    heard.send(reply).ok();
    Waiting(waiting)
}

fn linked(domains: &[String], text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| word.starts_with("http"));
    words.filter(|word| domains.iter().any(|domain| domain_of(word) == *domain)).map(str::to_owned).collect()
}

fn domain_of(link: &str) -> String {
    url::Url::parse(link).ok().and_then(|link| link.host_str().map(str::to_owned)).unwrap_or_default()
}

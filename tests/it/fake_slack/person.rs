//! The people: what somebody says, and how messages and channels are handled, as Slack's own client would send it on.
//! What they press and fill in is in `press`.
//!
//! It never waits longer than Slack does: what came of it is in the `Reply`.

use super::FakeSlack;
use super::args::Refused;
use super::methods::deliver_message;
use super::parcel::{Parcel, Reply};
use super::reading::Seen;
use super::state::World;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

/// One person of one workspace.
pub struct Person<'s> {
    pub(super) slack: &'s FakeSlack,
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

    pub(super) fn named(&self, world: &World, channel: &str) -> Value {
        let name = world.place(&self.team, channel).map(|place| place.name.clone()).unwrap_or_default();
        json!({"id": channel, "name": name})
    }
}

pub(super) fn send(world: &mut World, mut parcel: Parcel) -> Waiting {
    let (heard, reply) = oneshot::channel();
    parcel.reply = Some(heard);
    world.parcels.push_back(parcel);
    Waiting(reply)
}

pub(super) fn told(reply: Reply) -> Waiting {
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

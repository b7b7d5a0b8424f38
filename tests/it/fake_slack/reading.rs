//! What there is to see: messages, what only one person sees, modals and homes, pins, bookmarks, topics.
//!
//! It never changes anything.

use super::FakeSlack;
use super::plain::{self, Control};
use super::state::{CallRecord, Channel, World};
use serde_json::Value;

/// One message, modal or home, as it was when somebody looked.
#[derive(Clone, Debug)]
pub struct Seen {
    pub team: String,
    /// Empty for a view.
    pub channel: String,
    /// Of a message.
    pub ts: String,
    pub ephemeral: bool,
    pub body: Value,
}

impl Seen {
    /// What a person reads: the blocks, not the fallback.
    pub fn plain(&self) -> String {
        plain::of(&self.body)
    }

    /// What a notification and a screen reader say.
    pub fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }

    /// Whom it calls by name or all at once, so that their devices ring.
    pub fn calls(&self) -> Vec<String> {
        plain::called(&self.body)
    }

    pub fn blocks(&self) -> &Value {
        &self.body["blocks"]
    }

    pub fn thread(&self) -> Option<&str> {
        self.body["thread_ts"].as_str().filter(|root| *root != self.ts)
    }

    pub fn view_id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    pub fn controls(&self) -> Vec<Control> {
        plain::controls(&self.body)
    }

    /// The names of everything that can be pressed.
    pub fn buttons(&self) -> Vec<String> {
        self.controls().iter().map(|control| control.name().to_owned()).collect()
    }

    pub fn says(&self, part: &str) -> bool {
        self.plain().contains(part) || self.text().contains(part)
    }

    pub(super) fn control(&self, what: &str) -> Control {
        let all = self.controls();
        let found = all.iter().find(|control| control.is(what)).cloned();
        found.unwrap_or_else(|| panic!("there is no {what:?} here, only {:?}, in:\n{}", self.buttons(), self.plain()))
    }
}

impl World {
    /// The first workspace, in which most tests live.
    pub fn home(&self) -> &str {
        self.teams.keys().next().expect("there is a workspace")
    }

    pub fn place(&self, team: &str, channel: &str) -> Option<&Channel> {
        self.team(team).find_channel(channel)
    }

    /// The messages of a channel, in order; replies are among them.
    pub fn messages_in(&self, team: &str, channel: &str) -> Vec<Seen> {
        let Some(place) = self.place(team, channel) else { return Vec::new() };
        let live = place.messages.iter().filter(|(_, message)| !message.deleted);
        live.map(|(ts, message)| Seen {
            team: team.to_owned(),
            channel: place.id.clone(),
            ts: ts.clone(),
            ephemeral: false,
            body: message.body.clone(),
        })
        .collect()
    }

    /// What only this person sees, oldest first.
    pub fn ephemerals_of(&self, team: &str, user: &str) -> Vec<Seen> {
        let there = self.team(team);
        let id = there.find_user(user).map(|user| user.id.as_str()).unwrap_or_default();
        let own = there.ephemerals.iter().filter(|one| one.user == id);
        own.map(|one| Seen {
            team: team.to_owned(),
            channel: one.channel.clone(),
            ts: one.body["ts"].as_str().unwrap_or_default().to_owned(),
            ephemeral: true,
            body: one.body.clone(),
        })
        .collect()
    }

    /// The modals that lie open before this person, the one on top last.
    pub fn modals_of(&self, team: &str, user: &str) -> Vec<Seen> {
        let there = self.team(team);
        let id = there.find_user(user).map(|user| user.id.clone()).unwrap_or_default();
        let ids = there.modals.get(&id).into_iter().flatten();
        ids.map(|view| self.seen_view(team, view)).collect()
    }

    pub fn home_of(&self, team: &str, user: &str) -> Option<Seen> {
        let there = self.team(team);
        let id = there.find_user(user)?.id.clone();
        there.homes.get(&id).map(|view| self.seen_view(team, view))
    }

    fn seen_view(&self, team: &str, id: &str) -> Seen {
        let body = self.team(team).views[id].body.clone();
        Seen { team: team.to_owned(), channel: String::new(), ts: String::new(), ephemeral: false, body }
    }

    pub fn calls_of<'w>(&'w self, method: &'w str) -> impl Iterator<Item = &'w CallRecord> {
        self.calls.iter().filter(move |call| call.method == method)
    }

    /// How often a method was called and did what was asked.
    pub fn done(&self, method: &str) -> usize {
        self.calls_of(method).filter(|call| call.outcome == "ok").count()
    }
}

/// The first workspace, from outside.
impl FakeSlack {
    pub fn messages(&self, channel: &str) -> Vec<Seen> {
        self.see(|world| world.messages_in(world.home(), channel))
    }

    /// The replies to a message, without it.
    pub fn replies(&self, to: &Seen) -> Vec<Seen> {
        let all = self.see(|world| world.messages_in(&to.team, &to.channel));
        all.into_iter().filter(|message| message.thread() == Some(to.ts.as_str())).collect()
    }

    /// The newest message of the channel that says this; waits for it.
    pub async fn message(&self, channel: &str, part: &str) -> Seen {
        let find = || self.messages(channel).into_iter().rev().find(|message| message.says(part));
        self.eventually_there(&format!("{channel} has a message that says {part:?}"), find, || {
            self.messages(channel).iter().map(Seen::plain).collect::<Vec<_>>().join("\n--\n")
        })
        .await
    }

    /// The newest thing that only this person sees and that says this; waits for it.
    pub async fn ephemeral(&self, user: &str, part: &str) -> Seen {
        let all = || self.see(|world| world.ephemerals_of(world.home(), user));
        let find = || all().into_iter().rev().find(|message| message.says(part));
        self.eventually_there(&format!("{user} alone sees {part:?}"), find, || {
            all().iter().map(Seen::plain).collect::<Vec<_>>().join("\n--\n")
        })
        .await
    }

    /// The modal on top, once there is one with this in it.
    pub async fn modal(&self, user: &str, part: &str) -> Seen {
        let all = || self.see(|world| world.modals_of(world.home(), user));
        let find = || all().pop().filter(|view| view.says(part));
        self.eventually_there(&format!("a modal with {part:?} lies before {user}"), find, || {
            all().iter().map(Seen::plain).collect::<Vec<_>>().join("\n--\n")
        })
        .await
    }

    pub async fn home(&self, user: &str, part: &str) -> Seen {
        let look = || self.see(|world| world.home_of(world.home(), user));
        let find = || look().filter(|view| view.says(part));
        self.eventually_there(&format!("the home of {user} says {part:?}"), find, || {
            look().map(|view| view.plain()).unwrap_or_default()
        })
        .await
    }

    /// The name of the first channel whose name begins so; waits for it.
    pub async fn channel(&self, start: &str) -> String {
        let find = || {
            self.see(|world| {
                let all = &world.team(world.home()).channels;
                all.values()
                    .find(|channel| !channel.name.is_empty() && channel.name.starts_with(start))
                    .map(|channel| channel.name.clone())
            })
        };
        self.eventually_there(&format!("there is a channel {start}…"), find, String::new).await
    }

    pub fn topic(&self, channel: &str) -> String {
        self.see(|world| world.place(world.home(), channel).map(|place| place.topic.value.clone()).unwrap_or_default())
    }

    /// The `ts` of what is pinned, oldest first.
    pub fn pins(&self, channel: &str) -> Vec<String> {
        self.see(|world| {
            let place = world.place(world.home(), channel);
            place.map(|place| place.pins.iter().map(|(ts, ..)| ts.clone()).collect()).unwrap_or_default()
        })
    }

    /// Title and link of each bookmark.
    pub fn bookmarks(&self, channel: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.see(|world| {
            let all = world.place(world.home(), channel).map(|place| place.bookmarks.clone()).unwrap_or_default();
            all.iter().map(|one| (text(&one["title"]), text(&one["link"]))).collect()
        })
    }

    /// The names of those who are in the channel, in alphabetical order; the app is `firebell`.
    pub fn members(&self, channel: &str) -> Vec<String> {
        self.see(|world| {
            let team = world.team(world.home());
            let ids = team.find_channel(channel).map(|place| place.members.clone()).unwrap_or_default();
            let mut names: Vec<String> =
                ids.iter().filter_map(|id| team.users.get(id)).map(|user| user.name.clone()).collect();
            names.sort();
            names
        })
    }

    async fn eventually_there<T>(&self, what: &str, find: impl Fn() -> Option<T>, report: impl Fn() -> String) -> T {
        let mut changes = self.desk.changes();
        let wait = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = find() {
                    return found;
                }
                if changes.changed().await.is_err() {
                    panic!("this Slack ended before {what}");
                }
            }
        };
        match tokio::time::timeout(super::BOUND, wait).await {
            Ok(found) => found,
            Err(_) => panic!("waited {:?} in vain until {what}. There is:\n{}", super::BOUND, report()),
        }
    }
}

//! Writes down what each place shows whenever it is looked at: what is new and what has changed since the last look, place
//! by place. Times, ids and addresses become words, so that two runs that showed the same read the same. Judges nothing.

use super::stage::Stage;
use crate::fake_discord::Message;
use regex::Regex;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Default)]
pub struct Recorder {
    /// By place and message: how it read at the last look.
    shown: BTreeMap<(String, String), String>,
    out: String,
    acts: usize,
}

/// One message of one place. Cards come first, then what stands around them, then what is said, in order: how many
/// messages the last came in is a question of timing, and no part of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Card,
    Around,
    Said,
}

struct Shown {
    place: String,
    id: String,
    sort: Sort,
    text: String,
}

impl Recorder {
    /// Somebody does something, and hears this.
    pub fn act(&mut self, who: &str, what: &str, answer: &str) {
        self.acts += 1;
        let _ = write!(self.out, "\n{}. {who}: {what}\n", self.acts);
        if !answer.is_empty() {
            self.say("the answer", answer);
        }
    }

    pub fn happens(&mut self, what: &str) {
        let _ = write!(self.out, "\n*** {what}\n");
    }

    /// A file, without what only two runs of a container tell apart.
    pub fn keeps(&mut self, name: &str, text: &str) {
        let inspected = Regex::new(r"(?s)\n\[\n.*?\n\]\n").expect("a pattern");
        self.say(name, &inspected.replace_all(text, "\n[ … ]\n"));
    }

    fn say(&mut self, place: &str, text: &str) {
        let _ = writeln!(self.out, "   {place}:");
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(self.out, "      {}", line.trim_end());
        }
    }

    /// What is new or has changed.
    pub fn look(&mut self, stage: &Stage) {
        let all = stage.in_slack().into_iter().chain(stage.in_discord()).chain(stage.paged());
        let fresh: Vec<Shown> = all
            .map(|s| Shown { text: stage.normal(&s.text), ..s })
            .filter(|s| {
                let before = self.shown.insert((s.place.clone(), s.id.clone()), s.text.clone());
                before.as_ref() != Some(&s.text)
            })
            .collect();
        let mut places: Vec<&str> = Vec::new();
        for one in &fresh {
            if !places.contains(&one.place.as_str()) {
                places.push(&one.place);
            }
        }
        for place in places {
            let of = |sort| fresh.iter().filter(move |s| s.place == place && s.sort == sort).map(|s| s.text.clone());
            let mut around: Vec<String> = of(Sort::Around).collect();
            around.sort();
            let texts: Vec<String> = of(Sort::Card).chain(around).chain(of(Sort::Said)).collect();
            self.say(place, &texts.join("\n"));
        }
    }

    pub fn written(&self, stage: &Stage) -> String {
        stage.normal(&self.out).trim_start().to_string()
    }
}

impl Stage {
    fn in_slack(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        for channel in ["general".to_string(), "incidents".to_string(), self.slack_room()] {
            let place = format!("Slack, #{channel}");
            for message in self.slack.messages(&channel) {
                // The table of a run is edited while it fills in, beside what is said.
                let beside = message.body["subtype"].is_string() || message.says("What each of them said");
                let sort = match (message.buttons().is_empty(), beside) {
                    (false, _) => Sort::Card,
                    (true, true) => Sort::Around,
                    (true, false) => Sort::Said,
                };
                all.push(Shown { place: place.clone(), id: message.ts.clone(), sort, text: message.plain() });
            }
            let links: Vec<String> = self.slack.bookmarks(&channel).into_iter().map(|(title, _)| title).collect();
            let members = self.slack.members(&channel);
            if channel.starts_with("inc-") && !members.is_empty() {
                let around = [
                    ("topic", self.slack.topic(&channel)),
                    ("links", links.join(", ")),
                    ("members", members.join(", ")),
                    ("pinned", self.slack.pins(&channel).len().to_string()),
                ];
                all.extend(around.into_iter().map(|(id, text)| Shown {
                    place: place.clone(),
                    id: id.to_string(),
                    sort: Sort::Around,
                    text: format!("({id}: {text})"),
                }));
            }
        }
        for user in ["ana", "bo"] {
            let own = self.slack.see(|w| w.ephemerals_of(w.home(), user));
            all.extend(own.into_iter().map(|m| Shown {
                place: format!("Slack, {user} alone"),
                id: m.ts.clone(),
                sort: Sort::Said,
                text: m.plain(),
            }));
        }
        all
    }

    fn in_discord(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        let room = self.discord.find_channel("inc-1-checkout-answers-502").map(|c| c.id);
        for id in [Some(self.discord.channel("incidents").id), room].into_iter().flatten() {
            let channel = self.discord.read(|s| s.channels[&id].clone());
            let place = format!("Discord, #{}", channel.name);
            for message in self.discord.messages_at(id) {
                let text = self.discord.plain(&message);
                all.push(Shown { place: place.clone(), id: message.id.to_string(), sort: sort(&message, &text), text });
            }
            let pinned = self.discord.pins(&channel.name).len();
            let around = [("topic", channel.topic.unwrap_or_default()), ("pinned", pinned.to_string())];
            let around = around.into_iter().filter(|_| room == Some(id)).map(|(id, text)| Shown {
                place: place.clone(),
                id: id.to_string(),
                sort: Sort::Around,
                text: format!("({id}: {text})"),
            });
            all.extend(around);
        }
        all
    }

    fn paged(&self) -> Vec<Shown> {
        let word = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_string();
        self.pager.see(|inbox| {
            let acted = inbox.acted().map(|d| Shown {
                place: "bo's pager".to_string(),
                id: d.idempotency_key().to_string(),
                sort: Sort::Said,
                text: format!("{} {}", word(&d.body["kind"]), word(&d.body["text"])).trim().to_string(),
            });
            acted.collect()
        })
    }

    /// Times, ids and addresses as words.
    fn normal(&self, text: &str) -> String {
        let mut text = text.replace(&self.bot.url(), "http://firebell").replace(&self.shop.url(), "http://shop");
        let shop = self.shop.address();
        text = text.replace(&shop, "shop");
        let users = self.discord.read(|s| s.users.values().map(|u| (u.id, u.name.clone())).collect::<Vec<_>>());
        for (id, name) in users {
            text = text.replace(&format!("<@{id}>"), &format!("@{name}"));
        }
        let channels = self.discord.read(|s| s.channels.values().map(|c| (c.id, c.name.clone())).collect::<Vec<_>>());
        for (id, name) in channels {
            text = text.replace(&format!("<#{id}>"), &format!("#{name}"));
        }
        let channels = self.slack.see(|w| {
            let all = w.team(w.home()).channels.values();
            all.map(|c| (c.id.clone(), c.name.clone())).collect::<Vec<_>>()
        });
        for (id, name) in channels {
            text = text.replace(&format!("#{id}"), &format!("#{name}"));
        }
        for (pattern, word) in [
            (r"(?m)^-# ref [0-9a-f]+$", ""),
            (r" · ref [0-9a-f]{10}", ""),
            (r"<t:\d+(:[a-zA-Z])?>", "TIME"),
            (r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?( UTC|Z)?", "TIME"),
            (r"\b\d{4}-\d{2}-\d{2}\b", "DATE"),
            (r"\b\d{2}:\d{2}(:\d{2})?( UTC)?\b", "TIME"),
            (r"(?m)^( *)TIME (\S)", "$1$2"),
            (r"\b[0-9a-f]{12,64}\b", "ID"),
            (r"(file \S+), \d+ bytes", "$1"),
            (r"\bUp SPAN|Up (Less than a|\d+) \w+", "Up SPAN"),
            (r"(Less than a|About a|\d+) (second|minute)s? ago", "SPAN ago"),
            (r"(\S) {2,}", "$1  "),
            (r"(?m) +$", ""),
            (r"\b\d+(\.\d+)? ?(ms|s|seconds?|minutes?)\b", "SPAN"),
            (r"worker [^,)]+", "worker W"),
            // In which order two platforms took what they were sent is no part of the story.
            (r"(?s)(## Appendix: every event)\n.*?(\n\n\d+\. )", "$1\n      …$2"),
            (r"(?m)^.*Has a channel in (slack|discord) now\n", ""),
            (r"the \d+ events of", "the events of"),
            (r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b", "WEEKDAY"),
        ] {
            text = Regex::new(pattern).expect("a pattern").replace_all(&text, word).into_owned();
        }
        text
    }
}

/// A card has buttons that act; links and calls for people stand around it, and so does what Discord itself writes.
fn sort(message: &Message, text: &str) -> Sort {
    let acts = !crate::fake_discord::reading::custom_ids(message).is_empty();
    let calls = !message.pings.users.is_empty() || text.contains(" → http");
    match (acts, calls || ![0, 19, 20].contains(&message.kind)) {
        (true, _) => Sort::Card,
        (false, true) => Sort::Around,
        (false, false) => Sort::Said,
    }
}

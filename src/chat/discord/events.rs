//! What somebody does in Discord, heard and answered: commands, menus, buttons, forms, completion. Each becomes one
//! line of the grammar; nothing is decided here. Every interaction gets an answer for whoever made it, also where it is
//! none that we know.

use super::Discord;
use super::client::Request;
use super::complete::Typing;
use super::forms;
use super::render::{self, Press};
use super::wire::{Interaction, Kind, Message, Reply, User};
use crate::app::ActError;
use crate::chat::hear::{self, Answer, Saying};
use crate::commands::filled::{self, Filled};
use crate::commands::{ArgKind, Speaker, Spec, arguments, discord_paths, may_see};
use crate::{clock, notice};
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::origin::Origin;
use firebell_domain::refusal::Refusal;
use firebell_domain::text;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long each line after a form's first is waited for: with the first one the three seconds must not be over.
const THEN_WITHIN: Duration = Duration::from_millis(400);
/// Characters of a message that are kept in the timeline: what a note takes, with room for who said it and where.
const KEPT_CHARS: usize = 3_500;
/// Stands between the name of a form and the interaction that opened it.
const OPENED_BY: char = '@';
const STALE: &str =
    "This is from another version of Firebell, so nothing was done. /incident menu shows what can be done now.";

impl Discord {
    /// Hears an interaction and says what to answer at once. What follows later goes by itself.
    pub async fn interaction(self: &Arc<Self>, i: Interaction) -> Reply {
        if i.kind == Kind::Ping {
            return Reply::Pong;
        }
        if i.guild.as_deref().is_some_and(|g| g != self.settings.guild_id) {
            return say("Firebell serves another server: use its commands there.");
        }
        let me = self.person(&i.user);
        match &i.kind {
            Kind::Command { path, options } => self.command(&i, &me, path, options).await,
            Kind::Complete { path, options, focused } => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let typing = Typing {
                    verb: discord_paths::verb(&path),
                    option: focused,
                    given: options,
                    incident: options.get(super::commands::INCIDENT).and_then(|v| IncidentId::parse(v)),
                    place: i.channel.as_deref(),
                };
                Reply::Choices(self.offers(&typing, &me).await)
            }
            Kind::Pressed { custom_id, values } => self.pressed(&i, &me, custom_id, values).await,
            Kind::Submitted { custom_id, fields } => self.submitted(&i, &me, custom_id, fields).await,
            Kind::OnMessage { name, message } => self.on_message(&i, &me, name, message).await,
            Kind::OnUser { name, user } => self.on_user(&i, &me, name, user).await,
            Kind::Ping => Reply::Pong,
            Kind::Unknown(kind) => {
                tracing::warn!(discord.interaction = %i.id, "an interaction of kind {kind}, which is not known");
                say(STALE)
            }
        }
    }

    /// Who it is here.
    pub fn person(&self, user: &User) -> PersonId {
        let directory = self.app().directory();
        hear::person(&directory, &self.channel, self.identities().person(&user.id), &user.name)
    }

    async fn command(
        self: &Arc<Self>,
        i: &Interaction,
        me: &PersonId,
        path: &[String],
        options: &BTreeMap<String, String>,
    ) -> Reply {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let who = self.identities();
        let mut options: Filled = options.iter().map(|(k, v)| (k.clone(), who.unmentioned(v))).collect();
        let incident = match options.remove(super::commands::INCIDENT).filter(|v| !v.trim().is_empty()) {
            None => None,
            Some(named) => match IncidentId::parse(named.trim()) {
                Some(id) => Some(id),
                None => {
                    let named = text::line_of_machine(&named, 60);
                    return say(&format!("\"{named}\" is no incident: choose one of the list, or write its number."));
                }
            },
        };
        let Some(verb) = discord_paths::verb(&path) else {
            let text = incident.map_or("/incident".to_string(), |id| format!("/incident {id}"));
            return self.say_line(i, me, text).await;
        };
        self.say_filled(i, me, verb, incident, &options).await
    }

    async fn say_filled(
        self: &Arc<Self>,
        i: &Interaction,
        me: &PersonId,
        verb: &str,
        incident: Option<IncidentId>,
        options: &Filled,
    ) -> Reply {
        let Some(spec) = filled::spec_of(verb) else {
            tracing::warn!(discord.interaction = %i.id, "a command that is not known: {}", text::line_of_machine(verb, 60));
            return say(STALE);
        };
        match filled::line(spec, incident, options, &self.app().directory()) {
            Ok(line) => match self.arguments(i, me, spec, &line).await {
                Some(form) => form,
                None => self.say_line(i, me, line).await,
            },
            Err(refusal) => say(&ActError::from(refusal).shown()),
        }
    }

    /// The form for what a remediation leaves open. It knows the interaction that opened it, so that it is heard once
    /// however often it is sent.
    async fn arguments(&self, i: &Interaction, me: &PersonId, spec: &Spec, line: &str) -> Option<Reply> {
        if !spec.args.iter().any(|a| a.kind == ArgKind::Remediation) {
            return None;
        }
        let room = match &i.channel {
            Some(channel) => self.ear.room(channel).await,
            None => None,
        };
        let mut form = arguments::form(self.app(), &self.speaker(i, me), room, line).await?;
        form.name = format!("{}{OPENED_BY}{}", form.name, i.id);
        Some(Reply::Form(forms::modal(&form)))
    }

    /// Values for what a remediation leaves open: it is asked for as if it had been typed with them.
    async fn argued(
        self: &Arc<Self>,
        i: &Interaction,
        me: &PersonId,
        id: IncidentId,
        name: &str,
        fields: &BTreeMap<String, String>,
    ) -> Reply {
        let (name, opened_by) = name.split_once(OPENED_BY).unwrap_or((name, &i.id));
        let form = match arguments::again(self.app(), &self.speaker(i, me), id, name).await {
            Ok(form) => form,
            Err(no) => return say(&no.shown()),
        };
        let filled = match forms::filled(&form, fields, &self.identities()) {
            Ok(filled) => filled,
            Err(sentence) => return say(&sentence),
        };
        match arguments::line(&form, &filled) {
            Ok(line) => {
                let line = format!("/incident {id} {line}");
                self.say_once(i, me, format!("form:{opened_by}"), line, Vec::new()).await
            }
            Err(no) => say(&format!("Nothing was asked for. {}", no.why)),
        }
    }

    fn speaker(&self, i: &Interaction, me: &PersonId) -> Speaker {
        Speaker {
            person: me.clone(),
            via: self.channel.to_string(),
            admin: false,
            place: i.channel.clone().map(|place| (self.channel.clone(), place)),
        }
    }

    async fn say_line(self: &Arc<Self>, i: &Interaction, me: &PersonId, line: String) -> Reply {
        self.say_lines(i, me, line, Vec::new()).await
    }

    /// Says a line of the grammar and answers in time; what comes of it later follows. Then those that are about the
    /// incident which the first one made.
    async fn say_lines(self: &Arc<Self>, i: &Interaction, me: &PersonId, line: String, then: Vec<String>) -> Reply {
        self.say_once(i, me, i.id.clone(), line, then).await
    }

    /// The same, once for every `key`.
    async fn say_once(
        self: &Arc<Self>,
        i: &Interaction,
        me: &PersonId,
        key: String,
        line: String,
        then: Vec<String>,
    ) -> Reply {
        let began = clock::instant();
        let place = i.channel.clone();
        let (person, within) = (me.clone(), hear::WITHIN);
        let saying = Saying { person, admin: false, place, text: line, key, within, origin: None, offer: None };
        self.say_to_its_end(i, me, saying, then, began).await
    }

    async fn say_to_its_end(
        self: &Arc<Self>,
        i: &Interaction,
        me: &PersonId,
        saying: Saying,
        then: Vec<String>,
        began: Instant,
    ) -> Reply {
        let heard = self.ear.hear(saying).await;
        let (discord, about, me) = (self.clone(), i.clone(), me.clone());
        match heard.later {
            Some(later) => {
                tokio::spawn(async move {
                    let answer = discord.then(&about, &me, later.outcome().await, then).await;
                    discord.follow(&about, answer, began).await;
                });
                Reply::Say(self.answered(&heard.answer))
            }
            None => Reply::Say(self.answered(&self.then(i, &me, heard.answer, then).await)),
        }
    }

    /// The lines after the first, once that is done; what of them did not work is said with it.
    async fn then(&self, i: &Interaction, me: &PersonId, mut answer: Answer, lines: Vec<String>) -> Answer {
        let Some(id) = answer.incident.filter(|_| answer.done()) else { return answer };
        for (n, line) in lines.into_iter().enumerate() {
            let saying = Saying {
                person: me.clone(),
                admin: false,
                place: None,
                text: format!("/incident {id} {line}"),
                key: format!("{}+{n}", i.id),
                within: THEN_WITHIN,
                origin: None,
                offer: None,
            };
            let heard = self.ear.hear(saying).await;
            if !heard.answer.done() {
                answer.text.push('\n');
                answer.text.push_str(&heard.answer.text);
            }
        }
        answer
    }

    fn answered(&self, answer: &Answer) -> Value {
        let room = answer.incident.map(|id| self.room_url(id));
        render::private(&answer.text, room.as_deref().map(|url| ("Open in the room", url)))
    }

    /// The outcome of what was not known in time: into the first answer while Discord lets us, afterwards as a message.
    async fn follow(&self, i: &Interaction, answer: Answer, began: Instant) {
        let mut message = self.answered(&answer);
        let request = match (began.elapsed() < self.watch.token, &i.channel) {
            (true, _) => {
                let app = &self.settings.application_id;
                let path = format!("/webhooks/{app}/{}/messages/@original", i.token);
                Request::new(Method::PATCH, "/webhooks/{}/{}/messages/@original", &i.token, path).by_token()
            }
            (false, Some(channel)) => {
                let said = message["content"].as_str().unwrap_or_default();
                let cut: String = said.chars().take(render::CONTENT_MAX - 50).collect();
                message["content"] = json!(format!("<@{}> {cut}", i.user.id));
                message["allowed_mentions"] = render::mentions(std::slice::from_ref(&i.user.id));
                message["flags"] = json!(0);
                Request::new(Method::POST, "/channels/{}/messages", channel, format!("/channels/{channel}/messages"))
            }
            (false, None) => return,
        };
        if let Err(no) = self.client.ask(request.with(message)).await {
            tracing::warn!(discord.interaction = %i.id, "an outcome could not be told: {}", no.why());
        }
    }

    async fn pressed(self: &Arc<Self>, i: &Interaction, me: &PersonId, custom_id: &str, values: &[String]) -> Reply {
        let press = match Press::read(custom_id) {
            Some(Press::Menu) => values.first().and_then(|v| Press::read(v)),
            other => other,
        };
        match press {
            Some(Press::Say(id, verb)) if filled::spec_of(&verb).is_some() => {
                self.say_filled(i, me, &verb, Some(id), &Filled::new()).await
            }
            Some(Press::Ask(id, verb)) => self.ask(me, Some(id), &verb, &[]).await,
            Some(Press::Offer(offer)) => self.declare_look(i, me, offer).await,
            _ => self.unknown(i, custom_id),
        }
    }

    /// What a scheduled look found, declared by whoever pressed.
    async fn declare_look(self: &Arc<Self>, i: &Interaction, me: &PersonId, offer: String) -> Reply {
        let saying = Saying {
            person: me.clone(),
            admin: false,
            place: i.channel.clone(),
            text: String::new(),
            key: i.id.clone(),
            within: hear::WITHIN,
            origin: None,
            offer: Some(offer),
        };
        self.say_to_its_end(i, me, saying, Vec::new(), clock::instant()).await
    }

    /// The form of a verb, with what is known filled in; a verb that needs none is said at once by its own button.
    async fn ask(&self, me: &PersonId, incident: Option<IncidentId>, verb: &str, known: &[(&str, String)]) -> Reply {
        let about = match incident {
            Some(id) => match self.seen(me, id).await {
                Ok(found) => Some(found),
                Err(no) => return say(&no.shown()),
            },
            None => None,
        };
        let Some(mut form) = notice::form::form(verb, about.as_ref(), &self.app().directory()) else {
            return say(STALE);
        };
        for field in &mut form.fields {
            if let Some((_, value)) = known.iter().find(|(name, _)| *name == field.name) {
                field.value = Some(value.clone());
            }
        }
        Reply::Form(forms::modal(&form))
    }

    /// An incident that this person may know of.
    async fn seen(&self, me: &PersonId, id: IncidentId) -> Result<Incident, ActError> {
        let found = self.app().store().incident(id).await?.map(|l| l.incident);
        found.filter(|i| may_see(i, me, false)).ok_or_else(|| Refusal::NoSuchIncident { id }.into())
    }

    async fn submitted(
        self: &Arc<Self>,
        i: &Interaction,
        me: &PersonId,
        custom_id: &str,
        fields: &BTreeMap<String, String>,
    ) -> Reply {
        let Some(Press::Form(id, verb)) = Press::read(custom_id) else { return self.unknown(i, custom_id) };
        if let Some(id) = id.filter(|_| arguments::is_one(&verb)) {
            return self.argued(i, me, id, &verb, fields).await;
        }
        let about = match id {
            Some(id) => match self.seen(me, id).await {
                Ok(found) => Some(found),
                Err(no) => return say(&no.shown()),
            },
            None => None,
        };
        let Some(form) = notice::form::form(&verb, about.as_ref(), &self.app().directory()) else {
            return self.unknown(i, custom_id);
        };
        let values = match forms::filled(&form, fields, &self.identities()) {
            Ok(values) => values,
            Err(sentence) => return say(&sentence),
        };
        let mut lines = notice::form::said(&verb, &values).into_iter();
        let Some(first) = lines.next() else { return say(STALE) };
        let first = id.map_or(format!("/incident {first}"), |id| format!("/incident {id} {first}"));
        self.say_lines(i, me, first, lines.collect()).await
    }

    fn unknown(&self, i: &Interaction, custom_id: &str) -> Reply {
        let shown = text::line_of_machine(custom_id, 100);
        tracing::warn!(discord.interaction = %i.id, "a button or form that is not known: {shown}");
        say(STALE)
    }

    async fn on_message(self: &Arc<Self>, i: &Interaction, me: &PersonId, name: &str, message: &Message) -> Reply {
        match name {
            super::commands::DECLARE => {
                let title = self.identities().unmentioned(&message.text);
                let title = text::line_of_machine(&title, firebell_domain::limits::TITLE_CHARS_MAX);
                self.ask(me, None, "declare", &[("title", title)]).await
            }
            super::commands::TO_TIMELINE => match self.kept(message) {
                Some((note, origin)) => self.quote(i, me, note, origin).await,
                None => say("There are no words in that message to keep. /incident note says it in yours."),
            },
            _ => say(STALE),
        }
    }

    async fn quote(self: &Arc<Self>, i: &Interaction, me: &PersonId, note: String, origin: Origin) -> Reply {
        let began = clock::instant();
        let options = Filled::from([("text".to_string(), note)]);
        let Some(spec) = filled::spec_of("note") else { return say(STALE) };
        let text = match filled::line(spec, None, &options, &self.app().directory()) {
            Ok(text) => text,
            Err(refusal) => return say(&ActError::from(refusal).shown()),
        };
        let saying = Saying {
            person: me.clone(),
            admin: false,
            place: i.channel.clone(),
            text,
            key: i.id.clone(),
            within: hear::WITHIN,
            origin: Some(Box::new(origin)),
            offer: None,
        };
        self.say_to_its_end(i, me, saying, Vec::new(), began).await
    }

    /// A message as a note: who said what, and where.
    pub fn kept(&self, message: &Message) -> Option<(String, Origin)> {
        let said = self.identities().unmentioned(message.text.trim());
        if said.is_empty() {
            return None;
        }
        let author = self.person(&message.author);
        let guild = &self.settings.guild_id;
        let origin = Origin {
            chat: self.channel.clone(),
            place: message.channel.clone(),
            message: message.id.clone(),
            author: Some(message.author.id.clone()),
            link: Some(format!("https://discord.com/channels/{guild}/{}/{}", message.channel, message.id)),
        };
        Some((format!("@{author} in Discord: {}", text::cut(&said, KEPT_CHARS)), origin))
    }

    async fn on_user(&self, i: &Interaction, me: &PersonId, name: &str, user: &User) -> Reply {
        if name != super::commands::PAGE {
            return say(STALE);
        }
        let who = self.identities();
        let Some(person) = who.person(&user.id) else {
            let handle = text::line_of_machine(&user.name, 60);
            return say(&format!(
                "{handle} is not known to Firebell: add their user id {} to the configuration ([people.NAME] discord).",
                user.id
            ));
        };
        let incident = match &i.channel {
            Some(channel) => self.ear.room(channel).await,
            None => None,
        };
        // Outside any place the only open one is meant; the answer names them where there are several.
        let incident = match incident {
            Some(id) => Some(id),
            None => self.index.only_open(me),
        };
        match incident {
            Some(id) => self.ask(me, Some(id), "page", &[("person", format!("@{person}"))]).await,
            None => say("Which incident? /incident page with the option incident pages for one of several."),
        }
    }

    /// Keeps a message in the timeline of its place's incident, for a reaction or a pin; `key` keeps it once.
    pub async fn keep(self: &Arc<Self>, message: &Message, by: &PersonId, key: String) -> Option<Answer> {
        let incident = self.ear.room(&message.channel).await?;
        let (note, origin) = self.kept(message)?;
        let spec = filled::spec_of("note")?;
        let options = Filled::from([("text".to_string(), note)]);
        let text = filled::line(spec, Some(incident), &options, &self.app().directory()).ok()?;
        let place = Some(message.channel.clone());
        let origin = Some(Box::new(origin));
        let saying =
            Saying { person: by.clone(), admin: false, place, text, key, within: hear::WITHIN, origin, offer: None };
        let heard = self.ear.hear(saying).await;
        match heard.later {
            Some(later) => Some(later.outcome().await),
            None => Some(heard.answer),
        }
    }

    /// Answers an interaction that came by the gateway.
    pub async fn answer_by_request(self: &Arc<Self>, i: Interaction) {
        let (id, token) = (i.id.clone(), i.token.clone());
        let reply = self.interaction(i).await;
        let path = format!("/interactions/{id}/{token}/callback");
        let request = Request::new(Method::POST, "/interactions/{}/{}/callback", &id, path).by_token();
        if let Err(no) = self.client.ask(request.with(reply.json())).await {
            tracing::warn!(discord.interaction = %id, "an answer did not arrive: {}", no.why());
        }
    }
}

fn say(text: &str) -> Reply {
    Reply::Say(render::private(text, None))
}

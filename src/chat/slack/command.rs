//! The slash command: a line of the grammar, or none at all, which opens a form. The answer goes back in the same breath
//! and only its speaker sees it; what everybody should know is said by the incident's own lines.

use super::forms::{Carried, view};
use super::{Reply, Slack, Words, render, wire};
use crate::chat::hear::{Kind, WITHIN, WITHIN_TRIGGER};
use crate::commands::{self, Speaker};
use crate::engine::ports::chat::Form;
use crate::notice;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a room is looked up before a form: what is left of the trigger opens it.
const LOOK_UP: Duration = Duration::from_millis(800);

impl Slack {
    pub(super) async fn command(&self, command: wire::Command, key: String, began: Instant) -> Reply {
        let line = command.text.trim();
        let ours = command.command == self.house.settings.command;
        if let Some(verb) = asks_for_form(line).filter(|_| ours) {
            let room = tokio::time::timeout(LOOK_UP, self.room(&command.channel_id)).await.ok().flatten();
            // In an incident's room the bare command says what can be done there.
            if (line.is_empty() && room.is_none()) || (!line.is_empty() && (verb == "declare" || room.is_some())) {
                let incident = room.filter(|_| verb != "declare");
                let opened = self.open(&command.trigger_id, verb, incident, &command.user_id, &command.channel_id);
                match opened.await {
                    Ok(()) => return Reply::Empty,
                    Err(why) => {
                        let usage = format!("{why} Type it in one line instead: {}", usage(verb));
                        return said(&usage);
                    }
                }
            }
        }
        if let Some((form, carried)) = self.arguments(&command, line).await.filter(|_| ours) {
            match self.open_form(&command.trigger_id, &form, &carried).await {
                Ok(()) => return Reply::Empty,
                // The line itself says what it lacks.
                Err(why) => tracing::info!("a form for what is open goes by words instead: {why}"),
            }
        }
        let words = Words {
            user: command.user_id.clone(),
            handle: command.user_name,
            place: Some(command.channel_id),
            text: in_front(&command.command, line),
            key,
            origin: None,
            offer: None,
        };
        let heard = self.hear(words, began, WITHIN).await;
        self.say_later(heard.later, command.response_url, command.user_id);
        if heard.answer.kind == Kind::Fault {
            tracing::warn!("a command from Slack was not done: {}", heard.answer.text);
        }
        said(&heard.answer.text)
    }

    /// The form for what a remediation leaves open.
    async fn arguments(&self, command: &wire::Command, line: &str) -> Option<(Form, Carried)> {
        let place = command.channel_id.as_str();
        let asked = async {
            let speaker = self.speaker(&command.user_id, &command.user_name, place).await;
            let room = self.room(place).await;
            commands::arguments::form(self.app(), &speaker, room, line).await
        };
        // Most lines ask for nothing of the kind, and are not to wait for it.
        let verb = |word: &str| ["run", "exec"].contains(&word.to_lowercase().as_str());
        if !line.split_whitespace().take(3).any(verb) {
            return None;
        }
        let form = tokio::time::timeout(LOOK_UP, asked).await.ok().flatten()?;
        let carried = Carried {
            form: form.name.clone(),
            incident: form.incident.map(|i| i.0),
            channel: Some(place.to_string()).filter(|c| !c.is_empty()),
            note: None,
            origin: None,
        };
        Some((form, carried))
    }

    /// Who speaks where, as the commands know it.
    pub(super) async fn speaker(&self, user: &str, handle: &str, place: &str) -> Speaker {
        let who = self.at.identity.who(&self.app().directory(), user, handle).await;
        let chat = self.house.channel.clone();
        Speaker {
            person: who.person,
            via: self.at.ear.via().to_string(),
            admin: self.at.identity.administers(user).await,
            place: Some((chat, self.place(place))).filter(|_| !place.is_empty()),
        }
    }

    /// Opens a form by a trigger, which Slack honours for three seconds.
    pub(super) async fn open(
        &self,
        trigger: &str,
        verb: &str,
        incident: Option<IncidentId>,
        user: &str,
        channel: &str,
    ) -> Result<(), String> {
        let carried = Carried {
            form: verb.to_string(),
            incident: incident.map(|i| i.0),
            channel: Some(channel.to_string()).filter(|c| !c.is_empty()),
            note: None,
            origin: None,
        };
        self.open_with(trigger, user, carried, &[]).await
    }

    /// The same with what the form already knows.
    pub(super) async fn open_with(
        &self,
        trigger: &str,
        user: &str,
        carried: Carried,
        known: &[(&str, String)],
    ) -> Result<(), String> {
        let directory = self.app().directory();
        let incident = match carried.incident() {
            None => None,
            Some(id) => Some(self.seen_by(id, user).await?),
        };
        let form = notice::form::form(&carried.form, incident.as_ref(), &directory);
        let Some(mut form) = form else { return Err("There is no form for that.".to_string()) };
        for (name, value) in known {
            if let Some(field) = form.fields.iter_mut().find(|f| f.name == *name) {
                field.value = Some(value.clone());
            }
        }
        self.open_form(trigger, &form, &carried).await
    }

    async fn open_form(&self, trigger: &str, form: &Form, carried: &Carried) -> Result<(), String> {
        let request = json!({ "trigger_id": trigger, "view": view(form, carried) });
        match self.at.client.reply("views.open", &request).await {
            Ok(_) => Ok(()),
            Err(trouble) if trouble.code() == Some("expired_trigger_id") => {
                Err("That took too long and Slack gave up waiting: nothing was done; press it again.".to_string())
            }
            Err(trouble) => Err(format!("The form could not be opened: {}.", trouble.why())),
        }
    }

    /// An incident as this user may see it.
    async fn seen_by(&self, id: IncidentId, user: &str) -> Result<Incident, String> {
        let none = || firebell_domain::refusal::Refusal::NoSuchIncident { id }.to_string();
        let found = tokio::time::timeout(WITHIN_TRIGGER, self.app().store().incident(id)).await;
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(fault)) => return Err(fault.logged().shown()),
            Err(_) => return Err("The database does not answer in time: nothing was done; try again.".to_string()),
        };
        let incident = found.map(|l| l.incident).ok_or_else(none)?;
        let who = self.at.identity.who(&self.app().directory(), user, "").await;
        if commands::may_see(&incident, &who.person, false) { Ok(incident) } else { Err(none()) }
    }
}

/// `/oncall` and others that are registered beside it keep their name in front: the grammar knows them.
fn in_front(command: &str, line: &str) -> String {
    match command {
        "/oncall" => format!("/oncall {line}"),
        _ => line.to_string(),
    }
}

/// Verbs that were said without what they need, or nothing at all: a form asks for it.
fn asks_for_form(line: &str) -> Option<&'static str> {
    match line.to_lowercase().as_str() {
        "" | "declare" | "new" => Some("declare"),
        "update" => Some("update"),
        "page" => Some("page"),
        "note" => Some("note"),
        "lead" => Some("lead"),
        "severity" => Some("severity"),
        "status" => Some("status"),
        "action" => Some("action"),
        _ => None,
    }
}

fn usage(verb: &str) -> String {
    let spec = commands::COMMANDS.iter().map(|c| c.spec).find(|s| s.verb == verb);
    spec.map_or_else(|| "/incident help".to_string(), |s| s.usage.to_string())
}

/// Only its speaker sees it.
pub(super) fn said(text: &str) -> Reply {
    Reply::Body(render::answer(text).request(json!({ "response_type": "ephemeral" })))
}

/// A form's page instead of its fields.
pub(super) fn page(view: Value) -> Reply {
    Reply::Body(json!({ "response_action": "update", "view": view }))
}

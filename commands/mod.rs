//! What people can say: one file per command, one table, one way in (`say`). Every platform hands its text here and
//! shows what comes back. The table below is the only list of commands; help, completion and the registrations on
//! platforms are printed from it. Nothing here decides: that is the domain's, behind `App::act`.

mod access;
mod read;
mod spec;
#[cfg(test)]
mod tests;
mod when;
mod words;

mod ack;
mod action;
mod cancel;
mod declare;
mod done;
mod escalate;
mod help;
mod lead;
mod list;
mod menu;
mod merge;
mod note;
mod oncall;
mod r#override;
mod page;
mod postmortem;
mod reopen;
mod resolve;
mod role;
mod severity;
mod show;
mod snooze;
mod status;
mod timeline;
mod unack;
mod update;

pub use access::may_see;
pub use spec::{Arg, ArgKind, Group, Spec};

use crate::app::{ActError, App, Changed};
use crate::notice;
use firebell_domain::decide::Input;
use firebell_domain::directory::Directory;
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::refusal::Refusal;
use firebell_domain::time::Timestamp;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use words::{Words, closest, shown};

/// A row of the table: what a command says about itself, whether its arguments can be read, and what it does.
pub struct Command {
    pub spec: &'static Spec,
    #[cfg_attr(not(test), expect(dead_code, reason = "only the tests read arguments without running anything"))]
    check: fn(&str, &Ground) -> Result<(), Refusal>,
    run: for<'a> fn(&'a Call<'a>) -> Ran<'a>,
}

type Ran<'a> = Pin<Box<dyn Future<Output = Result<Said, ActError>> + Send + 'a>>;

macro_rules! table {
    ($($command:ident)*) => {
        &[$(Command {
            spec: &$command::SPEC,
            check: |rest, ground| $command::parse(&mut Words::new(rest), ground).map(|_| ()),
            run: |call| Box::pin(async move {
                let args = $command::parse(&mut Words::new(&call.rest), &call.ground)?;
                $command::run(call, args).await
            }),
        }),*]
    };
}

/// Every command, in the order in which help shows them.
pub static COMMANDS: &[Command] = table! {
    declare
    ack unack snooze page escalate
    severity status update note
    lead role
    action done
    resolve reopen merge cancel postmortem
    show timeline list help
    oncall r#override
};

/// Who speaks, and by which way it came: "room", "slack", "the local token".
#[derive(Clone, Debug)]
pub struct Speaker {
    pub person: PersonId,
    pub via: String,
    pub admin: bool,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// For people.
    pub text: String,
    pub incident: Option<IncidentId>,
    /// For programs.
    pub data: Value,
}

/// What a command may look up while its arguments are read.
pub struct Ground {
    pub speaker: Speaker,
    pub directory: Arc<Directory>,
    pub now: Timestamp,
    /// The incident it is about; always there for a command that needs one.
    pub incident: Option<Incident>,
}

/// A command being carried out.
pub struct Call<'a> {
    pub app: &'a App,
    pub ground: Ground,
    pub rest: String,
}

impl Call<'_> {
    fn actor(&self) -> Actor {
        Actor::person(self.ground.speaker.person.as_str(), &self.ground.speaker.via)
    }

    /// The incident it is about, as it stood when it was looked up.
    fn incident(&self) -> Result<&Incident, ActError> {
        let missing = || Refusal::NoOpenIncident { verb: "do that to".to_string() };
        self.ground.incident.as_ref().ok_or_else(|| missing().into())
    }

    /// Does something to the incident and answers with what came of it.
    async fn act(&self, input: Input) -> Result<Said, ActError> {
        let id = self.incident()?.id;
        let changed = self.app.act_on(id, input, &self.actor()).await?;
        Ok(answer(&changed, self.ground.now))
    }
}

/// What is said once a change is durable.
fn answer(changed: &Changed, asked_at: Timestamp) -> Said {
    let now = changed.events.last().map_or(asked_at, |e| e.at);
    let text = notice::reply::after(changed.before.as_ref(), &changed.events, &changed.after, now);
    Said { text, incident: Some(changed.after.id), data: facts(&changed.after) }
}

/// An incident as programs read it.
fn facts(i: &Incident) -> Value {
    json!({
        "incident": i.id.to_string(),
        "title": i.title,
        "severity": i.severity.level,
        "severity_rank": i.severity.rank,
        "status": i.status,
        "open": i.status.open(),
        "service": i.service,
        "private": i.private,
        "lead": i.lead,
        "acknowledged_by": i.acknowledged.as_ref().map(|a| a.by.shown()),
        "acknowledged_at": i.acknowledged.as_ref().map(|a| a.at.rfc3339()),
        "snoozed_until": i.snoozed_until.map(Timestamp::rfc3339),
        "declared_at": i.declared_at.rfc3339(),
        "ended_at": i.ended_at.map(Timestamp::rfc3339),
        "merged_into": i.merged_into.map(|id| id.to_string()),
        "seq": i.seq,
    })
}

/// Hears what somebody says, in an incident's room or outside any, and answers once it is done.
pub async fn say(app: &App, speaker: &Speaker, room: Option<IncidentId>, text: &str) -> Result<Said, ActError> {
    let (command, mut line) = route(text)?;
    line.incident = line.incident.or(room);
    let mut ground =
        Ground { speaker: speaker.clone(), directory: app.directory(), now: app.clock().now(), incident: None };
    let Some(command) = command else { return menu::run(app, &ground, &line).await };
    if command.spec.needs_incident {
        ground.incident = Some(access::which(app, speaker, command.spec, &line).await?);
    } else if let Some(id) = line.incident {
        ground.incident = Some(access::one(app, speaker, id).await?);
    }
    (command.run)(&Call { app, ground, rest: line.rest }).await
}

/// A line taken apart: which incident it names and what follows the verb.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub incident: Option<IncidentId>,
    pub rest: String,
}

/// Finds the command of a line; none is the bare form, which asks what can be done.
fn route(text: &str) -> Result<(Option<&'static Command>, Line), Refusal> {
    if text.len() > limits::COMMAND_BYTES_MAX {
        let (chars, chars_max) = (text.chars().count(), limits::TEXT_CHARS_MAX);
        return Err(Refusal::TooLong { what: "command", chars, chars_max });
    }
    let mut words = Words::new(text);
    let mut line = Line::default();
    let mut oncall = false;
    while let Some(word) = words.peek().filter(|w| !w.quoted) {
        match word.text.to_lowercase().trim_end_matches([',', ':']) {
            "/incident" | "incident" | "@firebell" | "/firebell" | "firebell" => words.skip(1),
            "/oncall" => {
                oncall = true;
                words.skip(1);
                break;
            }
            _ => break,
        }
    }
    if let Some(id) = words.peek().filter(|w| !w.quoted).and_then(|w| IncidentId::parse(&w.text)) {
        line.incident = Some(id);
        words.skip(1);
    }
    let command = if oncall {
        find("oncall")
    } else {
        let Some(word) = words.take() else { return Ok((None, line)) };
        let said = shown(&word.text);
        match find(said.trim_end_matches([',', ':'])) {
            Some(command) => Some(command),
            None => return Err(unknown(&said)),
        }
    };
    let Some(command) = command else { return Ok((None, line)) };
    line.rest = words.rest().to_string();
    let left = words.left();
    // `/oncall primary override …`: the schedule stands before the word that says what to do.
    if command.spec.verb == "oncall" {
        let at = left.iter().take(2).position(|w| find(&w.text).is_some_and(|c| c.spec.verb == "override"));
        if let Some(at) = at {
            let schedule = left.get(..at).map(|w| words.text(w)).unwrap_or_default();
            words.skip(at + 1);
            line.rest = format!("{schedule} {}", words.rest()).trim().to_string();
            return Ok((find("override"), line));
        }
    }
    let asks = |w: &str| w == "--help" || (!command.spec.verbatim && matches!(w, "help" | "-h" | "?"));
    if let [only] = left {
        if asks(&only.text) {
            line.rest = command.spec.verb.to_string();
            return Ok((find("help"), line));
        }
    }
    // `ack INC-42` is said as often as `INC-42 ack`, and must not do it to another incident.
    if command.spec.needs_incident && !command.spec.verbatim && line.incident.is_none() {
        let named = words.peek().filter(|w| !w.quoted && w.text.len() > 3).and_then(|w| {
            let text = w.text.trim_end_matches([',', ':']);
            text.to_lowercase().starts_with("inc").then(|| IncidentId::parse(text)).flatten()
        });
        if let Some(id) = named {
            words.skip(1);
            line.incident = Some(id);
            line.rest = words.rest().to_string();
        }
    }
    Ok((Some(command), line))
}

/// A command by its verb or another name for it, with or without a slash.
fn find(word: &str) -> Option<&'static Command> {
    let word = word.strip_prefix('/').unwrap_or(word).to_lowercase();
    COMMANDS.iter().find(|c| c.spec.verb == word || c.spec.aliases.contains(&word.as_str()))
}

fn unknown(word: &str) -> Refusal {
    let bare = word.strip_prefix('/').unwrap_or(word);
    let names = COMMANDS.iter().flat_map(|c| std::iter::once(c.spec.verb).chain(c.spec.aliases.iter().copied()));
    Refusal::UnknownWord {
        word: word.to_string(),
        did_you_mean: closest(bare, names),
        help: "/incident help".to_string(),
    }
}

/// The table for whoever completes what is being typed.
pub fn completion() -> Value {
    json!({ "commands": COMMANDS.iter().map(|c| c.spec).collect::<Vec<_>>() })
}

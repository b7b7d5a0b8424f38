//! What people can say: one file per command, one table, one way in (`say`). Every platform hands its text here and
//! shows what comes back. The table below is the only list of commands; help, completion and the registrations on
//! platforms are printed from it. Nothing here decides: that is the domain's, behind `App::act`.

mod access;
pub mod arguments;
pub mod discord_paths;
pub mod filled;
mod read;
mod route;
mod spec;
#[cfg(test)]
mod tests;
mod when;
mod words;

mod ack;
mod action;
mod approve;
mod cancel;
mod declare;
mod deny;
mod diagnose;
mod done;
mod escalate;
mod help;
mod lead;
mod list;
pub mod look;
mod menu;
mod merge;
mod note;
pub mod offered;
mod oncall;
mod r#override;
mod page;
mod postmortem;
mod reopen;
mod resolve;
mod role;
mod run;
mod runbook;
mod severity;
mod show;
mod snooze;
mod status;
mod step;
mod stop;
mod timeline;
mod unack;
mod update;
mod use_channel;

pub use access::may_see;
pub use spec::{Arg, ArgKind, Group, Spec};

use crate::app::{ActError, App, Changed};
use crate::program::Program;
use crate::{measure, notice};
use firebell_domain::decide::Input;
use firebell_domain::directory::Directory;
use firebell_domain::event::Actor;
use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::origin::Origin;
use firebell_domain::refusal::Refusal;
use firebell_domain::time::Timestamp;
use route::{Line, find, route, unknown};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use words::Words;

/// A row of the table: what a command says about itself, whether its arguments can be read, and what it does.
pub struct Command {
    pub spec: &'static Spec,
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
    lead role use_channel
    runbook step
    diagnose run approve deny stop
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
    /// In a chat: which one, and the place as it calls it.
    pub place: Option<(ChannelId, String)>,
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
    /// The runbooks in force.
    pub program: Arc<Program>,
    pub now: Timestamp,
    /// The incident it is about; always there for a command that needs one.
    pub incident: Option<Incident>,
}

/// A command being carried out.
pub struct Call<'a> {
    pub app: &'a App,
    pub ground: Ground,
    pub rest: String,
    /// The message of a chat that is quoted.
    pub origin: Option<Box<Origin>>,
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
    say_quoting(app, speaker, room, text, None).await
}

/// The same of a line that puts a message of a chat on the timeline.
pub async fn say_quoting(
    app: &App,
    speaker: &Speaker,
    room: Option<IncidentId>,
    text: &str,
    origin: Option<Box<Origin>>,
) -> Result<Said, ActError> {
    let routed = route(text);
    let verb = match &routed {
        Ok((Some(command), _)) => command.spec.verb,
        Ok((None, _)) => "menu",
        Err(_) => "unknown",
    };
    let said = match routed {
        Ok((command, line)) => heard(app, speaker, room, command, line, origin).await,
        Err(refusal) => Err(refusal.into()),
    };
    measure::command(verb, said.as_ref().map_or_else(ActError::outcome, |_| "done"));
    said
}

async fn heard(
    app: &App,
    speaker: &Speaker,
    room: Option<IncidentId>,
    command: Option<&'static Command>,
    mut line: Line,
    origin: Option<Box<Origin>>,
) -> Result<Said, ActError> {
    line.incident = line.incident.or(room);
    // One configuration from the beginning of a command to its end.
    let pinned = app.pinned();
    let app = &pinned;
    let mut ground = Ground {
        speaker: speaker.clone(),
        directory: app.directory(),
        program: app.program(),
        now: app.clock().now(),
        incident: None,
    };
    let Some(command) = command else { return menu::run(app, &ground, &line).await };
    if command.spec.needs_incident {
        ground.incident = Some(access::which(app, speaker, command.spec, &line).await?);
    } else if let Some(id) = line.incident {
        ground.incident = Some(access::one(app, speaker, id).await?);
    }
    (command.run)(&Call { app, ground, rest: line.rest, origin }).await
}

/// Reads a line and its arguments without doing anything: which command it is, or why it is none.
pub fn read(text: &str, ground: &Ground) -> Result<Option<&'static Spec>, Refusal> {
    let (Some(command), line) = route(text)? else { return Ok(None) };
    (command.check)(&line.rest, ground).map(|()| Some(command.spec))
}

/// The table for whoever completes what is being typed.
pub fn completion() -> Value {
    json!({ "commands": COMMANDS.iter().map(|c| c.spec).collect::<Vec<_>>() })
}

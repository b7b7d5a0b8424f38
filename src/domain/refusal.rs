//! A *refusal*: "no" to a person, in a sentence that says what to do next. Shown verbatim everywhere; faults
//! (our own errors) are another type and never end up here.

use crate::id::{IncidentId, PersonId};
use crate::run::RunNo;
use crate::status::IncidentStatus;
use crate::time::{Timestamp, span};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoSuchIncident {
        id: IncidentId,
    },
    Ended {
        id: IncidentId,
        status: IncidentStatus,
        merged_into: Option<IncidentId>,
    },
    AlreadyAcknowledged {
        id: IncidentId,
        by: String,
        at: Timestamp,
    },
    /// Nothing reminds of updates at that severity.
    /// Not said in a chat, so there is no channel that could be meant.
    NoChannelHere,
    /// That channel is another open incident's.
    ChannelTaken {
        by: IncidentId,
    },
    NoReminder {
        id: IncidentId,
        level: String,
    },
    NotAcknowledged {
        id: IncidentId,
    },
    /// An incident that has not been resolved has no post-mortem to move on.
    NoPostmortem {
        id: IncidentId,
        status: IncidentStatus,
    },
    /// What is published is read by others: it is opened before it is changed.
    PostmortemPublished {
        id: IncidentId,
    },
    PostmortemUnchanged {
        id: IncidentId,
        version: u32,
    },
    /// Somebody saved since the version that this was written over.
    PostmortemMoved {
        id: IncidentId,
        base: u32,
        version: u32,
        by: String,
        at: Option<Timestamp>,
    },
    NotResolved {
        id: IncidentId,
        status: IncidentStatus,
    },
    AlreadyThere {
        id: IncidentId,
        what: &'static str,
        value: String,
    },
    UnknownSeverity {
        word: String,
        known: Vec<String>,
    },
    UnknownStatus {
        word: String,
    },
    UnknownPerson {
        name: String,
        did_you_mean: Option<String>,
    },
    UnknownService {
        name: String,
        did_you_mean: Option<String>,
        known: usize,
    },
    UnknownSchedule {
        name: String,
        did_you_mean: Option<String>,
        known: Vec<String>,
    },
    UnknownTarget {
        name: String,
        did_you_mean: Option<String>,
    },
    UnknownActionItem {
        id: IncidentId,
        no: String,
        open: usize,
    },
    ActionItemDone {
        id: IncidentId,
        no: u32,
    },
    /// No playbook is being followed, so there is no step to tick.
    NoPlaybook {
        id: IncidentId,
    },
    /// Every step of the playbook has had its turn.
    PlaybookOver {
        id: IncidentId,
        name: String,
    },
    EmptyPlaybook {
        name: String,
        file: String,
    },
    UnknownPlaybook {
        id: Option<IncidentId>,
        name: String,
        did_you_mean: Option<String>,
        known: usize,
    },
    /// No runbook is loaded, or none for the incident's system.
    NoRunbook {
        system: Option<String>,
    },
    /// Several systems have runbooks, and nothing says which of them an incident is about.
    WhichRunbook {
        known: Vec<String>,
    },
    UnknownSystem {
        name: String,
        known: Vec<String>,
    },
    IntoItself {
        id: IncidentId,
    },
    Unreachable {
        who: String,
        why: &'static str,
    },
    NoPolicyLevels {
        id: IncidentId,
    },
    SpanOutOfRange {
        what: &'static str,
        seconds: i64,
        min_s: i64,
        max_s: i64,
    },
    TimeInThePast {
        what: &'static str,
        said: String,
    },
    Backwards {
        from: String,
        to: String,
    },
    Empty {
        what: &'static str,
    },
    TooLong {
        what: &'static str,
        chars: usize,
        chars_max: usize,
    },
    TooMany {
        what: &'static str,
        max: usize,
    },
    /// Usage: what was said and how it is said.
    Usage {
        problem: String,
        usage: String,
    },
    UnknownWord {
        word: String,
        did_you_mean: Option<String>,
        help: String,
    },
    WhichIncident {
        open: Vec<(IncidentId, String)>,
        verb: String,
    },
    NoOpenIncident {
        verb: String,
    },
    NotPermitted {
        what: String,
    },
    /// A button on what a schedule found: it is over, or there is no such schedule (`None`) any more.
    NothingToDeclare(Option<String>),
    /// Nothing says where it is to run.
    NoTarget {
        name: String,
    },
    RunbookChanged {
        name: String,
        file: String,
    },
    /// A policy's own words are the reason.
    RunForbidden {
        name: String,
        why: String,
    },
    RunAskedAlready {
        id: IncidentId,
        no: RunNo,
        standing: &'static str,
    },
    /// The same was done to the same target a moment ago.
    RunCooling {
        target: String,
        until: Timestamp,
    },
    NoSuchRun {
        id: IncidentId,
        no: RunNo,
        asked: RunNo,
    },
    RunNotWaiting {
        id: IncidentId,
        no: RunNo,
        standing: &'static str,
    },
    RunOver {
        id: IncidentId,
        no: RunNo,
        standing: &'static str,
    },
    /// Whoever approves has no right to; these have.
    NotEntitled {
        id: IncidentId,
        no: RunNo,
        who: Vec<PersonId>,
    },
    NeedsSecondPerson {
        id: IncidentId,
        no: RunNo,
        /// Whether it is the one who asked.
        same: bool,
        break_glass: bool,
    },
    TypeTarget {
        id: IncidentId,
        no: RunNo,
        target: String,
    },
    BreakGlassOff {
        id: IncidentId,
        no: RunNo,
    },
    BreakGlassNeedless {
        id: IncidentId,
        no: RunNo,
    },
    /// Another run has the target. Never shown to people: the run waits.
    TargetBusy {
        target: String,
        by: IncidentId,
        run: RunNo,
    },
    /// The wish has been overtaken: a timer that was moved, a claim that somebody else has. Never shown to people.
    Stale,
}

impl Refusal {
    /// A stable word for programs (the API's `code`, metric labels).
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NoSuchIncident { .. } => "no_such_incident",
            Refusal::Ended { .. } => "ended",
            Refusal::AlreadyAcknowledged { .. } => "already_acknowledged",
            Refusal::NotAcknowledged { .. } => "not_acknowledged",
            Refusal::NoChannelHere => "no_channel_here",
            Refusal::ChannelTaken { .. } => "channel_taken",
            Refusal::NoReminder { .. } => "no_reminder",
            Refusal::NoPostmortem { .. } => "no_postmortem",
            Refusal::PostmortemPublished { .. } => "postmortem_published",
            Refusal::PostmortemUnchanged { .. } => "postmortem_unchanged",
            Refusal::PostmortemMoved { .. } => "postmortem_moved",
            Refusal::NotResolved { .. } => "not_resolved",
            Refusal::AlreadyThere { .. } => "already_there",
            Refusal::UnknownSeverity { .. } => "unknown_severity",
            Refusal::UnknownStatus { .. } => "unknown_status",
            Refusal::UnknownPerson { .. } => "unknown_person",
            Refusal::UnknownService { .. } => "unknown_service",
            Refusal::UnknownSchedule { .. } => "unknown_schedule",
            Refusal::UnknownTarget { .. } => "unknown_target",
            Refusal::UnknownActionItem { .. } => "unknown_action_item",
            Refusal::ActionItemDone { .. } => "action_item_done",
            Refusal::NoPlaybook { .. } => "no_playbook",
            Refusal::PlaybookOver { .. } => "playbook_over",
            Refusal::EmptyPlaybook { .. } => "empty_playbook",
            Refusal::UnknownPlaybook { .. } => "unknown_playbook",
            Refusal::NoRunbook { .. } => "no_runbook",
            Refusal::WhichRunbook { .. } => "which_runbook",
            Refusal::UnknownSystem { .. } => "unknown_system",
            Refusal::IntoItself { .. } => "into_itself",
            Refusal::Unreachable { .. } => "unreachable",
            Refusal::NoPolicyLevels { .. } => "no_policy_levels",
            Refusal::SpanOutOfRange { .. } => "span_out_of_range",
            Refusal::TimeInThePast { .. } => "time_in_the_past",
            Refusal::Backwards { .. } => "backwards",
            Refusal::Empty { .. } => "empty",
            Refusal::TooLong { .. } => "too_long",
            Refusal::TooMany { .. } => "too_many",
            Refusal::Usage { .. } => "usage",
            Refusal::UnknownWord { .. } => "unknown_word",
            Refusal::WhichIncident { .. } => "which_incident",
            Refusal::NoOpenIncident { .. } => "no_open_incident",
            Refusal::NotPermitted { .. } => "not_permitted",
            Refusal::NothingToDeclare(_) => "nothing_to_declare",
            Refusal::NoTarget { .. } => "no_target",
            Refusal::RunbookChanged { .. } => "runbook_changed",
            Refusal::RunForbidden { .. } => "run_forbidden",
            Refusal::RunAskedAlready { .. } => "run_asked_already",
            Refusal::RunCooling { .. } => "run_cooling",
            Refusal::NoSuchRun { .. } => "no_such_run",
            Refusal::RunNotWaiting { .. } => "run_not_waiting",
            Refusal::RunOver { .. } => "run_over",
            Refusal::NotEntitled { .. } => "not_entitled",
            Refusal::NeedsSecondPerson { .. } => "needs_second_person",
            Refusal::TypeTarget { .. } => "type_target",
            Refusal::BreakGlassOff { .. } => "break_glass_off",
            Refusal::BreakGlassNeedless { .. } => "break_glass_needless",
            Refusal::TargetBusy { .. } => "target_busy",
            Refusal::Stale => "stale",
        }
    }
}

fn hint(did_you_mean: &Option<String>) -> String {
    did_you_mean.as_ref().map_or(String::new(), |w| format!(" Did you mean \"{w}\"?"))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Refusal::*;
        match self {
            NoSuchIncident { id } => write!(f, "There is no {id}. \"/incident list\" shows the open ones."),
            Ended { id, merged_into: Some(into), .. } => {
                write!(f, "{id} was merged into {into}. Say it there: \"/incident {into} …\".")
            }
            Ended { id, status: IncidentStatus::Resolved, .. } => {
                write!(f, "{id} is resolved. \"/incident {id} reopen REASON\" opens it again.")
            }
            Ended { id, status, .. } => {
                write!(f, "{id} is {status} and stays so. \"/incident declare …\" begins a new one.")
            }
            AlreadyAcknowledged { id, by, at } => {
                write!(f, "{by} has {id} since {at}. To take over, say \"/incident {id} lead\".")
            }
            NotAcknowledged { id } => write!(f, "Nobody has acknowledged {id}. \"/incident {id} ack\" takes it."),
            NoChannelHere => {
                f.write_str("There is no channel here. Say \"/incident INC-42 use-channel\" in the chat channel that is to be used.")
            }
            ChannelTaken { by } => write!(
                f,
                "This is the channel of {by}, which is still open. Use another one, or say \"/incident merge {by}\"."
            ),
            NoReminder { id, level } => {
                write!(
                    f,
                    "Nothing reminds of updates of {id}: {level} has no update_every. \"/incident {id} snooze 30m\" puts the pages off."
                )
            }
            NoPostmortem { id, status } => {
                write!(
                    f,
                    "{id} is {status}: its post-mortem moves on once it is resolved. \"/incident {id} postmortem\" shows what is known so far."
                )
            }
            PostmortemPublished { id } => {
                write!(
                    f,
                    "The post-mortem of {id} is published. \"/incident {id} postmortem review\" opens it again for changes."
                )
            }
            PostmortemUnchanged { id, version: 0 } => {
                write!(f, "Nothing is written in the post-mortem of {id} yet, so there is nothing to save.")
            }
            PostmortemUnchanged { id, version } => {
                write!(f, "The post-mortem of {id} says just that already, in version {version}.")
            }
            PostmortemMoved { id, base, version, .. } if base > version => {
                write!(
                    f,
                    "The post-mortem of {id} has no version {base}, the last is {version}. Read it and save over that."
                )
            }
            PostmortemMoved { id, base, version, by, at } => {
                let at = at.map_or(String::new(), |t| format!(" at {t}"));
                write!(
                    f,
                    "Not saved: {by} saved version {version} of the post-mortem of {id}{at}, and yours was written over \
                     version {base}. Put what is yours into version {version} and save again."
                )
            }
            NotResolved { id, status } => write!(f, "{id} is {status}: only a resolved incident is reopened."),
            AlreadyThere { id, what, value } => write!(f, "The {what} of {id} is {value} already."),
            UnknownSeverity { word, known } => {
                write!(f, "There is no severity \"{word}\". Known: {}.", known.join(", "))
            }
            UnknownStatus { word } => {
                write!(f, "There is no status \"{word}\". Use investigating, identified, monitoring or resolved.")
            }
            UnknownPerson { name, did_you_mean } => {
                write!(
                    f,
                    "Nobody is called @{name} here.{} People are listed under [people] in the configuration.",
                    hint(did_you_mean)
                )
            }
            UnknownService { name, known: 0, .. } => {
                write!(
                    f,
                    "There is no service \"{name}\": none are configured. Leave out \"service:\", or add [services.{name}]."
                )
            }
            UnknownService { name, did_you_mean, .. } => {
                write!(
                    f,
                    "There is no service \"{name}\".{} Services are listed under [services] in the configuration.",
                    hint(did_you_mean)
                )
            }
            UnknownSchedule { name, known, .. } if known.is_empty() => {
                write!(
                    f,
                    "There is no schedule \"{name}\": none are configured. Add [schedules.{name}] to the configuration."
                )
            }
            UnknownSchedule { name, did_you_mean, known } => {
                write!(f, "There is no schedule \"{name}\".{} Known: {}.", hint(did_you_mean), known.join(", "))
            }
            UnknownTarget { name, did_you_mean } => {
                write!(
                    f,
                    "\"{name}\" is neither a person nor a schedule.{} Say @person or schedule:name.",
                    hint(did_you_mean)
                )
            }
            UnknownActionItem { id, no, open: 0 } => write!(f, "{id} has no action item {no}, and none is open."),
            UnknownActionItem { id, no, .. } => {
                write!(f, "{id} has no action item {no}. \"/incident {id} show\" lists them.")
            }
            ActionItemDone { id, no } => write!(f, "Action item {no} of {id} is done already."),
            NoPlaybook { id } => {
                write!(f, "No playbook is followed in {id}, so there is no step to tick. \"/incident {id} runbook\" suggests one.")
            }
            PlaybookOver { id, name } => {
                write!(
                    f,
                    "Every step of \"{name}\" has had its turn. \"/incident {id} runbook\" suggests another playbook, \"/incident {id} resolve\" ends the incident."
                )
            }
            EmptyPlaybook { name, file } => {
                write!(f, "\"{name}\" has no step that could be followed. Read it in {file}.")
            }
            UnknownPlaybook { id, name, did_you_mean, known } => {
                write!(
                    f,
                    "There is no playbook \"{name}\".{} \"/incident {}runbook\" lists the {known} there are.",
                    hint(did_you_mean),
                    id.map_or(String::new(), |id| format!("{id} "))
                )
            }
            NoRunbook { system: Some(system) } => {
                write!(f, "There is no playbook for {system}: no runbook of that system is loaded. Add it as [[runbooks]] to the configuration.")
            }
            NoRunbook { system: None } => {
                f.write_str("No runbook is loaded. Put its Markdown into the folder runbooks beside the configuration, or name it under [[runbooks]].")
            }
            WhichRunbook { known } => write!(
                f,
                "There are runbooks of {}, and nothing says which of them this incident is about. Say it with its level: \"/incident severity LEVEL system:NAME\".",
                known.join(", ")
            ),
            UnknownSystem { name, known } if known.is_empty() => {
                write!(f, "There is no system \"{name}\": no runbook is loaded. Leave out \"system:\".")
            }
            UnknownSystem { name, known } => write!(f, "There is no system \"{name}\". Known: {}.", known.join(", ")),
            IntoItself { id } => write!(f, "{id} cannot be merged into itself. Name the incident that stays."),
            Unreachable { who, why } => write!(f, "{who} cannot be paged: {why}."),
            NoPolicyLevels { id } => {
                write!(
                    f,
                    "{id} has no escalation policy to go on in. \"/incident {id} page @person\" pages somebody directly."
                )
            }
            SpanOutOfRange { what, seconds, min_s, max_s } => {
                write!(f, "A {what} of {} is out of range: from {} to {}.", span(*seconds), span(*min_s), span(*max_s))
            }
            TimeInThePast { what, said } => write!(f, "{said} is in the past. Give a later {what}."),
            Backwards { from, to } => write!(f, "It would end ({to}) before it begins ({from}). Swap the two times."),
            Empty { what } => write!(f, "The {what} is empty. Say it in a few words."),
            TooLong { what, chars, chars_max } => {
                write!(
                    f,
                    "That {what} has {chars} characters; {chars_max} is the limit. Keep the first line and put the rest in a note or a linked document."
                )
            }
            TooMany { what, max } => write!(f, "There are {max} {what} already, which is the limit."),
            Usage { problem, usage } => write!(f, "{problem} Say: {usage}"),
            UnknownWord { word, did_you_mean, help } => {
                write!(f, "I do not know \"{word}\".{} \"{help}\" lists what I know.", hint(did_you_mean))
            }
            WhichIncident { open, verb } => {
                write!(f, "Nothing was done: {} incidents are open. Say which one:", open.len())?;
                for (id, title) in open.iter().take(10) {
                    write!(f, "\n  /incident {id} {verb}   ({title})")?;
                }
                if open.len() > 10 {
                    write!(f, "\n  … and {} more: /incident list", open.len() - 10)?;
                }
                Ok(())
            }
            NoOpenIncident { verb } => {
                write!(
                    f,
                    "No incident is open, so there is nothing to {verb}. \"/incident declare P1 what is broken\" begins one."
                )
            }
            NotPermitted { what } => write!(f, "{what}"),
            NothingToDeclare(name) => f.write_str(&crate::operation::nothing_to_declare(name.as_deref())),
            NoTarget { name } => {
                write!(
                    f,
                    "Nothing says where \"{name}\" is to run. Map its target in the runbook's overlay ([[targets]]) to a \
                     [targets.NAME] of the configuration; until then it is typed by hand."
                )
            }
            RunbookChanged { name, file } => {
                write!(f, "{file} has changed since \"{name}\" was read. Ask for it again to see what it says now.")
            }
            RunForbidden { name, why } if why.is_empty() => {
                write!(f, "\"{name}\" is forbidden here now, by [[runs.policies]] in the configuration.")
            }
            RunForbidden { name, why } => write!(f, "\"{name}\" is forbidden here now: {why}"),
            RunAskedAlready { id, no, standing } => {
                write!(f, "That is run {no} of {id} already ({standing}).")
            }
            RunCooling { target, until } => {
                write!(
                    f,
                    "The same was done to {target} a moment ago. Look whether it helped; it can be asked for again at {until}."
                )
            }
            NoSuchRun { id, no, asked: 0 } => {
                write!(f, "{id} has no run {no}: nothing was run in it yet. \"/incident {id} run\" shows what can be.")
            }
            NoSuchRun { id, no, asked } => {
                write!(f, "{id} has no run {no} any more, or never had. The last one is {asked}; the timeline has them all.")
            }
            RunNotWaiting { id, no, standing } => {
                write!(f, "Run {no} of {id} waits for nobody's word ({standing}).")
            }
            RunOver { id, no, standing } => write!(f, "Run {no} of {id} cannot be stopped ({standing})."),
            NotEntitled { id, no, who } => {
                write!(f, "You have no authority to approve run {no} of {id}. ")?;
                match who.as_slice() {
                    [] => write!(f, "Ask an administrator, or have [[authority]] in the runbook's overlay name people for it."),
                    who => {
                        let all: Vec<String> = who.iter().take(5).map(|p| format!("@{p}")).collect();
                        write!(f, "Ask {} or an administrator: \"/incident {id} page {}\".", all.join(", "), all[0])
                    }
                }
            }
            NeedsSecondPerson { id, no, same, break_glass } => {
                let why = match same {
                    true => "it takes somebody else than the one who asked",
                    false => "what comes with a token shows nobody's identity",
                };
                write!(f, "Run {no} of {id} loses data or cuts service: {why}. Have a second person approve it in a chat or the room")?;
                match break_glass {
                    true => write!(f, ", or, with nobody to reach, say \"/incident {id} approve {no} break-glass REASON\"."),
                    false => f.write_str("."),
                }
            }
            TypeTarget { id, no, target } => {
                write!(
                    f,
                    "Run {no} of {id} loses data or cuts service on {target}. Read what it runs, then type the target's name: \
                     \"/incident {id} approve {no} {target}\"."
                )
            }
            BreakGlassOff { id, no } => {
                write!(
                    f,
                    "Nobody may approve run {no} of {id} alone: break_glass is off in [runs]. \"/incident {id} escalate\" pages the next level."
                )
            }
            BreakGlassNeedless { id, no } => {
                write!(f, "Run {no} of {id} needs no second person. Say \"/incident {id} approve {no}\".")
            }
            TargetBusy { target, by, run } => write!(f, "{target} is kept by run {run} of {by}."),
            Stale => f.write_str("That has been overtaken by something newer."),
        }
    }
}

//! What a command says about itself. Help, the room's completion and each platform's registration are printed from
//! this; nothing here runs anything.

use serde::Serialize;

/// One command. `usage` and `examples` stand as they are typed.
#[derive(Debug, Serialize)]
pub struct Spec {
    pub verb: &'static str,
    pub aliases: &'static [&'static str],
    /// One line, at most 100 characters: Discord's limit for a description.
    pub summary: &'static str,
    pub usage: &'static str,
    /// What the summary leaves out, in whole sentences.
    pub details: &'static str,
    pub examples: &'static [&'static str],
    pub args: &'static [Arg],
    pub group: Group,
    /// Acts on one incident: the named one, the room's, else the only open one.
    pub needs_incident: bool,
    /// What it does, as in "there is nothing to …".
    pub doing: &'static str,
    /// Makes sense for an incident that has ended, so that the last ended one is offered where none is open.
    pub after_end: bool,
    /// What follows the verb is kept as it is, even if it begins with an incident's number.
    pub verbatim: bool,
}

impl Spec {
    /// Where most commands agree.
    pub const BASE: Spec = Spec {
        verb: "",
        aliases: &[],
        summary: "",
        usage: "",
        details: "",
        examples: &[],
        args: &[],
        group: Group::Look,
        needs_incident: true,
        doing: "",
        after_end: false,
        verbatim: false,
    };
}

#[derive(Debug, Serialize)]
pub struct Arg {
    /// As platforms want an option's name: lower case, no spaces.
    pub name: &'static str,
    pub kind: ArgKind,
    pub required: bool,
    pub summary: &'static str,
}

impl Arg {
    pub const fn needed(name: &'static str, kind: ArgKind, summary: &'static str) -> Arg {
        Arg { name, kind, required: true, summary }
    }
    pub const fn optional(name: &'static str, kind: ArgKind, summary: &'static str) -> Arg {
        Arg { name, kind, required: false, summary }
    }
}

/// What an argument is, and so what completes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgKind {
    Text,
    Severity,
    Status,
    Service,
    Person,
    /// A person, a schedule or the service's owners.
    Target,
    Role,
    Schedule,
    Incident,
    ActionItem,
    Playbook,
    /// What the runbook says how to look at: words, or lines of it.
    Check,
    /// What the runbook says how to change: a line of it, a step or a quick fix.
    Remediation,
    /// A run of the incident, by its number.
    Run,
    Span,
    Time,
    Date,
    /// One of a command's own words.
    Word,
    Verb,
}

/// The parts of the help, in the order in which an incident needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Begin,
    Answer,
    Tell,
    People,
    Runbook,
    Fix,
    FollowUp,
    End,
    Look,
    OnCall,
}

impl Group {
    pub const ALL: [Group; 10] = [
        Group::Begin,
        Group::Answer,
        Group::Tell,
        Group::People,
        Group::Runbook,
        Group::Fix,
        Group::FollowUp,
        Group::End,
        Group::Look,
        Group::OnCall,
    ];

    pub fn heading(self) -> &'static str {
        match self {
            Group::Begin => "Begin",
            Group::Answer => "Take it, pass it on",
            Group::Tell => "Say how it stands",
            Group::People => "Who does what",
            Group::Runbook => "Follow the runbook",
            Group::Fix => "Look and repair",
            Group::FollowUp => "Follow up",
            Group::End => "End",
            Group::Look => "Look",
            Group::OnCall => "On call",
        }
    }
}

//! What stakeholders read of an incident: that it began, what people wrote for them, how bad it is, that it is over. Not
//! what responders do among themselves. Never of a private incident: whoever asks hands in public ones only.

use crate::event::{Event, IncidentEvent, ReopenCause, ResolveCause};
use crate::status::IncidentStatus;
use crate::text;
use crate::timeline::words::one;

/// The kinds of events that are told, as the log's column has them.
pub const KINDS: [&str; 8] = [
    "declared",
    "severity_changed",
    "status_changed",
    "update_posted",
    "resolved",
    "reopened",
    "merged_into",
    "cancelled",
];

/// What happened, in Firebell's words and in theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub what: String,
    /// Empty where nobody wrote anything.
    pub text: String,
    /// The status that it brought, where it did.
    pub status: Option<IncidentStatus>,
}

pub fn told(event: &IncidentEvent) -> Option<Told> {
    use IncidentStatus::{Cancelled, Investigating, Merged, Resolved};
    let (what, text, status) = match &event.body {
        Event::Declared { severity, .. } => (format!("declared as {}", one(&severity.level)), "", Some(Investigating)),
        Event::SeverityChanged { from, to, reason } => {
            (format!("severity {} now, it was {}", one(&to.level), one(&from.level)), reason.as_str(), None)
        }
        Event::StatusChanged { to, text, .. } => (to.to_string(), text.as_str(), Some(*to)),
        Event::UpdatePosted { text } => ("update".to_string(), text.as_str(), None),
        Event::Resolved { cause: ResolveCause::Quiet, .. } => {
            ("resolved by itself: every alert stayed resolved".to_string(), "", Some(Resolved))
        }
        Event::Resolved { text, .. } => ("resolved".to_string(), text.as_str(), Some(Resolved)),
        Event::Reopened { cause: ReopenCause::AlertsFiring, .. } => {
            ("reopened: its alerts fire again".to_string(), "", Some(Investigating))
        }
        Event::Reopened { reason, .. } => ("reopened".to_string(), reason.as_str(), Some(Investigating)),
        Event::MergedInto { into } => (format!("merged into {into}: it goes on there"), "", Some(Merged)),
        Event::Cancelled { reason } => ("cancelled, it was no incident".to_string(), reason.as_str(), Some(Cancelled)),
        _ => return None,
    };
    // With its lines: it is a message of its own.
    let text = text::strip(text).trim().to_string();
    Some(Told { what, text, status })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story;
    use std::fmt::Write;

    #[test]
    fn a_kind_is_listed_if_and_only_if_it_is_told() {
        let mut seen = std::collections::BTreeSet::new();
        for event in story::all().iter().flat_map(|s| s.events()) {
            let kind = event.body.kind();
            assert_eq!(told(&event).is_some(), KINDS.contains(&kind), "{kind}");
            seen.insert(kind);
        }
        assert!(KINDS.iter().all(|k| seen.contains(k)), "no story has one of {KINDS:?}");
    }

    #[test]
    fn what_stakeholders_read_is_its_golden() {
        let mut out = String::new();
        for story in story::all() {
            let _ = writeln!(out, "# {}", story.name);
            for told in story.events().iter().filter_map(told) {
                let _ = writeln!(out, "{}{}", told.what, if told.text.is_empty() { "" } else { ":" });
                let _ = out.write_str(&told.text.lines().map(|l| format!("    {l}\n")).collect::<String>());
            }
            out.push('\n');
        }
        story::golden(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."), "digest.txt", &out);
    }
}

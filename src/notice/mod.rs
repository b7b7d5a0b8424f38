//! What the bot says: the pure functions that make the neutral `Message` of a page, a notice and a follow-up. The
//! sentences are in `text`, the answers to commands in `reply`, the overviews in `show`, scheduled looks in `look`, post-mortems in a layout of one's own in `template`, playbooks in `walk`. Knows no vendor and no
//! platform's markup, sends nothing, decides nothing; a message's thread is set by the engine, which names intents.

pub mod card;
pub mod form;
pub mod look;
pub mod reply;
pub mod runs;
pub mod show;
pub mod template;
mod text;
pub mod walk;

#[cfg(test)]
#[path = "../domain/story.rs"]
mod story;
#[cfg(test)]
mod tests;

use crate::engine::ports::Message;
use firebell_domain::event::IncidentEvent;
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{NoticeKind, Page, PageReason};
use firebell_domain::timeline::words::{fit, one};

/// Characters of a message's first line: what a lock screen, a pager and a channel topic show.
pub const SUMMARY_CHARS_MAX: usize = 250;

/// A demand for attention: who, what, why, which level, and what to do now. The incident is the one in which the
/// page was just claimed.
pub fn page_message(incident: &Incident, page: &Page, maybe_repeated: bool, public_url: &str) -> Message {
    let question = if page.reason == PageReason::StillWorking { " — still working on it?" } else { "" };
    let repeat = if maybe_repeated { " (may be a repeat)" } else { "" };
    let title = text::page_title(incident, page);
    let summary = fit(&text::head(incident), title, &format!("{question}{repeat}"), SUMMARY_CHARS_MAX);
    let text = text::page(incident, page, &link(public_url, incident.id));
    Message { summary, text, ..base(incident, public_url) }
}

/// Many pages to one person in one message: how many, the worst first, and where the rest is.
pub fn summary_message(pages: &[&Message], maybe_repeated: bool, public_url: &str) -> Message {
    const NAMED_MAX: usize = 20;
    let mut worst_first: Vec<&Message> = pages.to_vec();
    worst_first.sort_by_key(|m| m.severity_rank);
    let Some(worst) = worst_first.first() else { return Message::default() };
    let repeat = if maybe_repeated { " (may be a repeat)" } else { "" };
    let head = format!("{} pages at once, the worst: ", pages.len());
    let summary = fit(&head, &worst.summary, repeat, SUMMARY_CHARS_MAX);
    let mut lines = vec!["So many that they come together, not one by one:".to_string()];
    lines.extend(worst_first.iter().take(NAMED_MAX).map(|m| format!("- {}", m.summary)));
    let left = pages.len().saturating_sub(NAMED_MAX);
    if left > 0 {
        lines.push(format!("and {left} more."));
    }
    let all = public_url.trim_end_matches('/');
    lines.push(format!("All of them: {all}"));
    Message {
        summary,
        text: lines.join("\n"),
        severity_level: worst.severity_level.clone(),
        severity_rank: worst.severity_rank,
        service: None,
        status: worst.status.clone(),
        link: Some(all.to_string()),
        // The first page's: its press acknowledges all that went with it.
        ack_link: pages.first().and_then(|m| m.ack_link.clone()),
        thread: String::new(),
    }
}

/// Information about one event, for channels that only follow.
pub fn notice_message(incident: &Incident, about: &IncidentEvent, kind: NoticeKind, public_url: &str) -> Message {
    let (what, text) = text::notice(incident, about, kind, &link(public_url, incident.id));
    let summary = fit(&text::head(incident), &incident.title, &format!(" — {what}"), SUMMARY_CHARS_MAX);
    Message { summary, text, ..base(incident, public_url) }
}

/// What becomes of an earlier page: somebody has it, or it is over.
pub fn follow_message(incident: &Incident, over: bool, public_url: &str) -> Message {
    let what = text::follow(incident, over);
    let title = title(incident, false);
    let summary = fit(&text::head(incident), title, &format!(" — {what}"), SUMMARY_CHARS_MAX);
    Message { summary, ..base(incident, public_url) }
}

/// A marked test page: whom it is for, through what, and that nothing is wrong.
pub fn test_page_message(name: &str, channel: &ChannelId, public_url: &str) -> Message {
    let channel = one(channel.as_str());
    Message {
        summary: fit("TEST page for ", name, ": nothing is wrong", SUMMARY_CHARS_MAX),
        text: format!(
            "This tests whether pages reach {} through {channel}. They do.\nNothing to acknowledge: close it.",
            one(name)
        ),
        severity_level: "TEST".to_string(),
        // A test reaches people the way the worst page does, or it tests something else.
        severity_rank: 1,
        link: Some(public_url.trim_end_matches('/').to_string()),
        ..Message::default()
    }
}

/// The title as it may be shown: to somebody that the incident is for, or to whoever reads a channel.
pub fn title(incident: &Incident, for_somebody: bool) -> &str {
    if incident.private && !for_somebody { text::PRIVATE } else { &incident.title }
}

/// Where an incident is looked at and acted on.
pub fn link(public_url: &str, id: IncidentId) -> String {
    format!("{}/incidents/{}", public_url.trim_end_matches('/'), id.0)
}

fn base(incident: &Incident, public_url: &str) -> Message {
    Message {
        severity_level: one(&incident.severity.level),
        severity_rank: incident.severity.rank,
        service: incident.service.as_ref().map(|s| one(s.as_str())),
        status: incident.status.to_string(),
        link: Some(link(public_url, incident.id)),
        ..Message::default()
    }
}

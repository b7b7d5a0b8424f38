//! What the bot says to pagers and rooms.

use crate::engine::ports::Message;
use firebell_domain::event::IncidentEvent;
use firebell_domain::incident::Incident;
use firebell_domain::intent::{NoticeKind, Page};

fn message(incident: &Incident, url: &str) -> Message {
    Message {
        summary: format!("[{}] {} {}", incident.severity.level, incident.id, incident.title),
        severity_level: incident.severity.level.clone(),
        severity_rank: incident.severity.rank,
        service: incident.service.as_ref().map(|s| s.to_string()),
        status: incident.status.to_string(),
        link: Some(format!("{url}/incidents/{}", incident.id.0)),
        ..Message::default()
    }
}

pub fn page_message(incident: &Incident, _page: &Page, _maybe_repeated: bool, url: &str) -> Message {
    message(incident, url)
}

pub fn follow_message(incident: &Incident, _over: bool, url: &str) -> Message {
    message(incident, url)
}

pub fn notice_message(incident: &Incident, _about: &IncidentEvent, _kind: NoticeKind, url: &str) -> Message {
    message(incident, url)
}

pub fn test_page_message(name: &str, url: &str) -> Message {
    Message { summary: format!("TEST for {name}"), link: Some(url.to_string()), ..Message::default() }
}

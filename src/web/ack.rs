//! The page behind a page's signed link: what it is, who has it, and one button that acknowledges. Opening it changes
//! nothing: chats, mail scanners and browsers that read ahead open links too. Whoever holds the link need not sign in,
//! and gets nothing else by it.

use super::WebState;
use super::error::{No, read_failed};
use super::{pages, together};
use crate::app::ack_link::{AckLink, Unfit, Whose};
use crate::app::{ActError, Changed};
use crate::measure;
use crate::notice;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use firebell_domain::decide::Input;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::refusal::Refusal;
use firebell_domain::time::{Timestamp, span};
use firebell_domain::timeline;
use firebell_domain::timeline::words::{clock, one, person, sentence, who};
use minijinja::context;

/// As events and timelines say it.
const VIA: &str = "signed link";
/// Others of one message that the page names.
const OTHERS_NAMED_MAX: usize = 20;
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

type Token = Result<Path<String>, PathRejection>;

pub async fn page(State(state): State<WebState>, token: Token) -> Response {
    unlisted(look(&state, token).await)
}

pub async fn press(State(state): State<WebState>, token: Token) -> Response {
    unlisted(pressed(&state, token).await)
}

/// No search engine keeps what somebody pasted somewhere.
fn unlisted(answer: Result<Response, No>) -> Response {
    let mut response = answer.unwrap_or_else(pages::problem);
    response.headers_mut().insert(ROBOTS, HeaderValue::from_static("noindex, nofollow"));
    response
}

async fn look(state: &WebState, token: Token) -> Result<Response, No> {
    let (link, token) = read(state, token)?;
    let incident = load(state, &link).await?;
    let others = together::waiting(state, link.incident, link.page).await?;
    Ok(shown(&incident, &others, &link, &token, state.app().clock().now(), StatusCode::OK))
}

async fn pressed(state: &WebState, token: Token) -> Result<Response, No> {
    let (link, token) = read(state, token)?;
    let actor = Actor::Person { name: link.whose.name(), via: VIA.to_string() };
    // Read before: what is taken now waits no longer.
    let others = together::waiting(state, link.incident, link.page).await?;
    let acted = state.app().act_on(link.incident, Input::Acknowledge, &actor).await;
    let also = match &acted {
        Err(ActError::Fault(_)) => Vec::new(),
        _ => together::acknowledge(state, &others, &actor).await?,
    };
    measure::command(
        "ack",
        match &acted {
            Ok(_) => "done",
            Err(ActError::Refused(_)) => "refused",
            Err(ActError::Fault(_)) => "fault",
        },
    );
    match acted {
        Ok(changed) => Ok(done(&changed, &also, &link, &token)),
        // Pressed twice, or somebody was quicker: how it stands now is the answer.
        Err(ActError::Refused(Refusal::AlreadyAcknowledged { .. } | Refusal::Ended { .. })) => {
            let incident = load(state, &link).await?;
            if !also.is_empty() {
                let said = format!("{}.", sentence(&also_taken(&also)));
                let lines =
                    vec![format!("{}: {}.", link.incident, timeline::standing(&incident, state.app().clock().now()))];
                return Ok(render(
                    &incident,
                    &link,
                    &token,
                    Words { status: StatusCode::OK, said, lines, button: None },
                ));
            }
            Ok(shown(&incident, &[], &link, &token, state.app().clock().now(), StatusCode::CONFLICT))
        }
        Err(ActError::Refused(Refusal::NoSuchIncident { .. })) => Err(unknown()),
        Err(no) => {
            let no = No::from(no);
            let message = format!("{} Open the link again to see how it stands.", no.message);
            Err(No { message, ..no })
        }
    }
}

fn read(state: &WebState, token: Token) -> Result<(AckLink, String), No> {
    let Ok(Path(token)) = token else { return Err(unknown()) };
    // What phones take for a part of an address that ends a sentence.
    let token = token.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '>', '"']);
    match state.ack_links().read(token, state.app().clock().now()) {
        Ok(link) => Ok((link, token.to_string())),
        Err(Unfit::Unknown) => {
            measure::turned_away("ack_link");
            Err(unknown())
        }
        Err(Unfit::Expired(link)) => {
            let message = format!(
                "This link has expired: the link of a page holds for {}. Nothing was acknowledged. If {id} is still \
                 open, take it in the room: /incident {id} ack",
                span(limits::ACK_LINK_S),
                id = link.incident,
            );
            Err(No::new(StatusCode::GONE, "link_expired", message))
        }
    }
}

/// Cut off, forged, of another Firebell, or of an incident that a restored database does not have.
fn unknown() -> No {
    let message = "This link is not complete, or it is not one of this Firebell's. Nothing was acknowledged. Open the \
                   whole link from your page again, or take the incident in the room: /incident ack";
    No::new(StatusCode::NOT_FOUND, "link_unknown", message)
}

async fn load(state: &WebState, link: &AckLink) -> Result<Incident, No> {
    let loaded = state.app().store().incident(link.incident).await.map_err(read_failed)?;
    loaded.map(|l| l.incident).ok_or_else(unknown)
}

/// What the page says below the title.
struct Words {
    status: StatusCode,
    said: String,
    lines: Vec<String>,
    /// What the button says, where there is something to press.
    button: Option<String>,
}

/// How it stands; `taken` is the status where somebody else has it.
fn shown(
    i: &Incident,
    others: &[Incident],
    link: &AckLink,
    token: &str,
    now: Timestamp,
    taken: StatusCode,
) -> Response {
    let id = i.id;
    let since = |at: Timestamp| match now.seconds_since(at) {
        s if s < 1 => "since just now".to_string(),
        s => format!("since {}, for {}", clock(at, now), span(s)),
    };
    let words = |status: StatusCode, said: String, line: String, button: Option<String>| {
        let mut words = Words { status, said, lines: vec![line], button };
        if !others.is_empty() {
            let ids: Vec<String> = others.iter().take(OTHERS_NAMED_MAX).map(|o| o.id.to_string()).collect();
            let more = others.len().saturating_sub(OTHERS_NAMED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let all = others.len() + usize::from(i.unanswered());
            words
                .lines
                .insert(0, format!("It came in one message with {}{more}, which nobody has yet.", ids.join(", ")));
            words.button = Some(format!("Acknowledge all {all}"));
            words.status = StatusCode::OK;
        }
        render(i, link, token, words)
    };
    match &i.acknowledged {
        _ if !i.status.open() => {
            let next = match i.merged_into {
                Some(into) => format!("It goes on in {into}, which has pages of its own."),
                None => "There is nothing to acknowledge any more.".to_string(),
            };
            words(StatusCode::GONE, format!("{id} is over: {}.", timeline::standing(i, now)), next, None)
        }
        None => {
            let said = format!("{}.", sentence(&timeline::standing(i, now)));
            words(StatusCode::OK, said, counts_as(&link.whose), Some(format!("Acknowledge {id}")))
        }
        Some(a) if a.by.as_person() != Some(&link.whose.name()) => {
            let said = format!("{} has {id}, {}.", who(&a.by), since(a.at));
            words(taken, said, "Nothing is left for you to do here, unless you can help.".to_string(), None)
        }
        Some(a) if i.course.asked_at.is_some() => {
            let said = format!("You have {id}, {}. Still working on it?", since(a.at));
            let button = Some(format!("I am still working on {id}"));
            words(StatusCode::OK, said, "Without a word paging begins again.".to_string(), button)
        }
        Some(a) => {
            let said = format!("You have {id} already, {}.", since(a.at));
            words(StatusCode::OK, said, timeline::next_step(i, now), None)
        }
    }
}

/// "also acknowledged: INC-43, INC-44".
fn also_taken(also: &[IncidentId]) -> String {
    let ids: Vec<String> = also.iter().map(ToString::to_string).collect();
    format!("acknowledged with it: {}", ids.join(", "))
}

fn done(changed: &Changed, also: &[IncidentId], link: &AckLink, token: &str) -> Response {
    let i = &changed.after;
    let has_it = changed.before.as_ref().is_some_and(|b| b.acknowledged.is_some());
    let said = match &link.whose {
        _ if has_it => format!("Noted: {} is being worked on. Nobody is paged by itself.", i.id),
        Whose::Person(_) => format!("You have {} now. Nobody else is paged by itself.", i.id),
        Whose::Channel(_) => {
            format!("{} is acknowledged. Nobody else is paged by itself: say in the room who has it.", i.id)
        }
    };
    let mut lines = notice::reply::pages(changed.before.as_ref(), &changed.events, i, i.updated_at);
    if !also.is_empty() {
        lines.insert(0, format!("{}.", sentence(&also_taken(also))));
    }
    render(i, link, token, Words { status: StatusCode::OK, said, lines, button: None })
}

fn counts_as(whose: &Whose) -> String {
    match whose {
        Whose::Person(p) => format!("One press, and {} has it: nobody else is paged by itself.", person(p)),
        Whose::Channel(c) => format!("This page went to {}, for whoever reads it.", one(c.as_str())),
    }
}

fn render(i: &Incident, link: &AckLink, token: &str, words: Words) -> Response {
    let title = notice::title(i, matches!(link.whose, Whose::Person(_)));
    // Where it goes on, if it does.
    let look_at = i.merged_into.unwrap_or(i.id);
    let Words { status, said, lines, button } = words;
    let mut response = pages::page(
        "ack.html",
        context! {
            person => "", id => i.id.to_string(), number => look_at.0, look_at => look_at.to_string(),
            title => one(title), severity_level => one(&i.severity.level), severity_name => one(&i.severity.name),
            rank => i.severity.rank, service => i.service.as_ref().map(|s| one(s.as_str())), said, lines, button, token,
        },
    );
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

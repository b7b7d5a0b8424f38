//! What chats show of an operation: one message for each look in the room of its system, posted once and edited while the
//! look's result changes (somebody declares it). Nothing is queued: what a chat lacks is the difference between what is
//! known and what its message shows, so the latest result wins however slowly a platform takes it, and what was never
//! posted is superseded by what is newer. One chat waits for no other. Sends nothing, words nothing.

#[cfg(test)]
mod tests;

use super::{Became, State, Verdict};
use crate::id::{ChannelId, IncidentId};
use crate::intent::{backoff_s, jitter_us};
use crate::limits;
use crate::text;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds for which a result is news: a working day's half. What no chat has taken by then is in the room only.
pub const FRESH_S: i64 = 12 * 3_600;

/// One chat's message about an operation, and what is being done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// What was brought there last, or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Face>,
    /// The message that shows it, as the platform calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What is being brought there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// Claims so far: a number that no two have.
    #[serde(default)]
    pub claims: u32,
    /// Why what is shown was given up, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What a message says, as far as it can become another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// The time that the message began with. What is looked at often keeps one while it finds the same.
    pub run: Timestamp,
    /// The time whose result it shows.
    pub due: Timestamp,
    pub word: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// It can be declared: what is critical since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Timestamp>,
    /// It tells that all is well again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub face: Face,
    pub queued_at: Timestamp,
    /// Tries so far, claims that came to nothing included.
    pub attempt: u32,
    pub not_before: Timestamp,
    /// An earlier try may have arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

/// The right to post, held by one worker until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub no: u32,
    pub worker: String,
    pub until: Timestamp,
}

/// Who claims.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    pub now: Timestamp,
    pub worker: &'a str,
    /// Another worker's claim is nobody's, because there can be no other worker.
    pub alone: bool,
}

/// What a claim is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub no: u32,
    pub face: Face,
    /// The message to edit; otherwise there is none yet.
    pub message: Option<String>,
    pub queued_at: Timestamp,
    pub attempt: u32,
    pub maybe_repeated: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    Done { message: Option<String> },
    Retry { after_s: Option<i64>, why: String, maybe_sent: bool },
    Never { why: String },
}

/// What a chat's message is to show now; `None`: nothing, or what it shows already. `often`: each result would be noise, so
/// only what is not well is shown, in one message while it stays so, and that it is over.
pub fn wanted(state: &State, chat: &ChannelId, often: bool) -> Option<Face> {
    let turn = state.turn.as_ref()?;
    let word = turn.became.word()?;
    let critical = matches!(&turn.became, Became::Ended { verdict: Verdict::Critical, .. });
    let well = matches!(&turn.became, Became::Ended { verdict: Verdict::Healthy, .. });
    let post = state.posts.get(chat);
    let (shown, pending) = (post.and_then(|p| p.shown.as_ref()), post.and_then(|p| p.pending.as_ref()));
    let run = match pending.map(|p| &p.face).or(shown) {
        Some(begun) if often && begun.word == word => begun.run,
        _ => turn.due,
    };
    if often {
        // Firebell was not there for a moment: the next look is soon.
        let away = matches!(&turn.became, Became::Missed { .. } | Became::Interrupted { .. });
        // What is not well and may have been said is followed by its end, also where that is not certain.
        let begun = pending.is_some_and(|p| p.face.word == word || p.maybe_sent || p.claim.is_some());
        if away || (well && !begun && shown.is_none_or(|s| s.word == word)) {
            return None;
        }
    }
    let streak = state.streak.as_ref().filter(|_| critical);
    let telling = state.owes.as_ref().is_some_and(|w| w.critical);
    let before = shown.map_or(state.last_word.as_deref(), |s| Some(&s.word));
    let told = shown.is_some_and(|s| s.run == run && s.again);
    let face = Face {
        run,
        due: turn.due,
        word: word.to_string(),
        incident: streak.and_then(|s| s.incident),
        offers: streak.filter(|s| s.incident.is_none() && !telling).map(|s| s.since),
        again: told || (well && before == Some(Verdict::Critical.as_word())),
    };
    (shown != Some(&face)).then_some(face)
}

/// The right to bring a chat up to date, if there is something to do now.
pub fn claim(state: &State, chat: &ChannelId, often: bool, by: By) -> Option<(State, Task)> {
    let face = wanted(state, chat, often)?;
    let post = state.posts.get(chat).cloned().unwrap_or_default();
    let pending = post.pending.as_ref();
    let lost = match pending.and_then(|p| p.claim.as_ref()) {
        Some(claim) if claim.until > by.now && (!by.alone || claim.worker == by.worker) => return None,
        claim => claim.is_some(),
    };
    let message = post.message.clone().filter(|_| post.shown.as_ref().is_some_and(|s| s.run == face.run));
    let at = state.turn.as_ref().and_then(|t| t.since())?;
    if message.is_none() && by.now.seconds_since(at) > FRESH_S {
        return None;
    }
    // What is about another run is not waited for, and begins anew.
    let same = pending.filter(|p| p.face.run == face.run);
    if same.is_some_and(|p| (!lost && p.not_before > by.now) || p.attempt >= limits::POST_ATTEMPTS_MAX) {
        return None;
    }
    let (queued_at, attempt) = same.map_or((by.now, 0), |p| (p.queued_at, p.attempt));
    let maybe_sent = same.is_some_and(|p| p.maybe_sent || lost);
    let mut next = state.clone();
    let kept = next.posts.entry(chat.clone()).or_default();
    kept.claims = kept.claims.wrapping_add(1);
    let (no, attempt) = (kept.claims, attempt + 1);
    let claim = Claim { no, worker: by.worker.to_string(), until: by.now.plus_s(limits::LEASE_S) };
    let not_before = by.now;
    kept.pending = Some(Pending { face: face.clone(), queued_at, attempt, not_before, maybe_sent, claim: Some(claim) });
    Some((next, Task { no, face, message, queued_at, attempt, maybe_repeated: maybe_sent }))
}

/// What came of a claim. `None`: it is somebody else's by now, and this counts no longer.
pub fn came(state: &State, chat: &ChannelId, no: u32, came: &Came, now: Timestamp) -> Option<State> {
    let mut next = state.clone();
    let post = next.posts.get_mut(chat)?;
    let mut pending = post.pending.take().filter(|p| p.claim.as_ref().is_some_and(|c| c.no == no))?;
    let same_message = post.shown.as_ref().is_some_and(|s| s.run == pending.face.run);
    let before = post.message.take().filter(|_| same_message);
    match came {
        Came::Done { message } => {
            // What an earlier try has left there may show how things stood then: it is drawn again.
            let unsure = pending.maybe_sent && before.is_none();
            let due = if unsure { Timestamp::default() } else { pending.face.due };
            post.message = message.clone().or(before);
            (post.shown, post.failed) = (Some(Face { due, ..pending.face }), None);
        }
        Came::Retry { after_s, maybe_sent, .. } if pending.attempt < limits::POST_ATTEMPTS_MAX => {
            let wait_s = backoff_s(pending.attempt, *after_s);
            let jitter = jitter_us(wait_s, pending.face.run.0, no, pending.attempt);
            pending.not_before = now.plus_s(wait_s).plus_us(jitter);
            pending.maybe_sent |= maybe_sent;
            pending.claim = None;
            // Until it arrives the message shows what it showed.
            post.message = state.posts.get(chat).and_then(|p| p.message.clone());
            post.pending = Some(pending);
        }
        Came::Retry { why, .. } | Came::Never { why } => {
            post.message = before;
            post.failed = Some(text::line_of_machine(why, limits::WHY_CHARS_MAX));
            post.shown = Some(pending.face);
        }
    }
    Some(next)
}

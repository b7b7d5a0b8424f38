//! When Slack would take the next call: its published limits per method and its one message a second per channel, kept
//! a little below. What has to wait waits in the outbox, where what is more urgent overtakes it; nothing sleeps here.

use crate::engine::ports::chat::ChatKind;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Channels and cards whose last call is remembered; the oldest second is long over when there are more.
const PLACES_MAX: usize = 10_000;
/// Between two messages in one channel, and between two edits of one card.
const PLACE_SPACING: Duration = Duration::from_millis(1_050);

/// What Slack counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Post,
    Update,
    Create,
    Topic,
    Bookmark,
    Invite,
    Pin,
    File,
}

impl Method {
    /// Calls in any minute, one below what Slack publishes.
    fn per_minute(self) -> usize {
        match self {
            // "Several hundred messages per minute" and workspace.
            Method::Post => 240,
            // Tier 4: 100.
            Method::File => 99,
            // Tier 3: 50.
            Method::Update | Method::Invite => 49,
            // Tier 2: 20.
            Method::Create | Method::Topic | Method::Bookmark | Method::Pin => 19,
        }
    }
}

const WINDOW: Duration = Duration::from_millis(60_100);

#[derive(Default)]
pub struct Pace {
    now: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the calls of the last minute were made, oldest first; some of them in the near future.
    made: HashMap<Method, VecDeque<Instant>>,
    blocked_until: HashMap<Method, Instant>,
    places: HashMap<String, Instant>,
}

impl State {
    /// The calls that count against the next one.
    fn within(&self, method: Method, now: Instant) -> Vec<&Instant> {
        self.made.get(&method).into_iter().flatten().filter(|at| **at + WINDOW > now).collect()
    }

    fn wait(&self, method: Method, place: Option<&str>, reserve: usize, now: Instant) -> Duration {
        let allowed = method.per_minute().saturating_sub(reserve).max(1);
        let within = self.within(method, now);
        let over = within.len().checked_sub(allowed).and_then(|n| within.get(n));
        let budget = over.map_or(Duration::ZERO, |at| (**at + WINDOW).saturating_duration_since(now));
        let blocked = self.blocked_until.get(&method).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let last = place.and_then(|p| self.places.get(p));
        let place = last.map_or(Duration::ZERO, |last| (*last + PLACE_SPACING).saturating_duration_since(now));
        budget.max(blocked).max(place)
    }
}

impl Pace {
    /// Until a call would be taken. `reserve`: so many of a minute's are left to what is more urgent.
    pub fn wait(&self, method: Method, place: Option<&str>, reserve: usize, now: Instant) -> Option<Duration> {
        let wait = self.state().wait(method, place, reserve, now);
        (!wait.is_zero()).then_some(wait)
    }

    /// How many tasks of a kind would find their turn now, else how long until one does.
    pub fn takes(&self, kind: ChatKind, place: Option<&str>, now: Instant) -> Result<usize, Duration> {
        let (method, reserve) = method(kind);
        let (state, calls) = (self.state(), calls(kind));
        let wait = state.wait(method, place, reserve + calls - 1, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let free = method.per_minute().saturating_sub(reserve).saturating_sub(state.within(method, now).len());
        Ok(free / calls)
    }

    /// Takes a call's turn: how long to wait before it is made.
    pub fn take(&self, method: Method, place: Option<&str>, now: Instant) -> Duration {
        let mut state = self.state();
        let wait = state.wait(method, place, 0, now);
        let at = now + wait;
        let made = state.made.entry(method).or_default();
        while made.front().is_some_and(|first| *first + WINDOW <= now) {
            made.pop_front();
        }
        let after = made.iter().rposition(|m| *m <= at).map_or(0, |n| n + 1);
        made.insert(after, at);
        if let Some(place) = place {
            if state.places.len() >= PLACES_MAX {
                state.places.retain(|_, last| *last + PLACE_SPACING > now);
            }
            state.places.insert(place.to_string(), at);
        }
        wait
    }

    /// Slack has said when it takes the next one.
    pub fn blocked(&self, method: Method, after: Duration, now: Instant) {
        self.state().blocked_until.insert(method, now + after);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The method that a kind of task needs, and how much of its budget others go before it with. Edits of headlines come
/// before those of announcements: who acknowledged is read in the incident's own channel.
pub fn method(kind: ChatKind) -> (Method, usize) {
    match kind {
        ChatKind::Card => (Method::Post, 0),
        ChatKind::Announce => (Method::Post, 20),
        ChatKind::Table => (Method::Post, 40),
        ChatKind::Lines => (Method::Post, 60),
        ChatKind::CardEdit => (Method::Update, 0),
        ChatKind::AnnounceEdit => (Method::Update, 15),
        ChatKind::TableEdit => (Method::Update, 30),
        ChatKind::Open => (Method::Create, 0),
        ChatKind::Topic => (Method::Topic, 0),
        ChatKind::Links => (Method::Bookmark, 0),
        ChatKind::Invite => (Method::Invite, 0),
        ChatKind::Pin => (Method::Pin, 0),
    }
}

/// How many calls of its method a task makes.
fn calls(kind: ChatKind) -> usize {
    match kind {
        // The incident and the board.
        ChatKind::Links => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn in_any_minute_no_more_calls_go_out_than_slack_allows() {
        for (method, tier) in [(Method::Create, 20), (Method::Update, 50), (Method::Post, 300)] {
            let (pace, start) = (Pace::default(), clock::instant());
            let mut now = start;
            let mut made = Vec::new();
            while made.len() < 200 {
                now += pace.take(method, None, now);
                made.push(now);
            }
            let most =
                made.iter().map(|t| made.iter().filter(|u| **u >= *t && **u < *t + Duration::from_secs(60)).count());
            assert!(most.max().unwrap_or(0) <= tier, "{method:?}");
        }
    }

    #[test]
    fn one_channel_gets_one_message_a_second_and_others_do_not_wait_for_it() {
        let (pace, now) = (Pace::default(), clock::instant());
        assert_eq!(pace.take(Method::Post, Some("C1"), now), Duration::ZERO);
        assert!(pace.take(Method::Post, Some("C1"), now) >= Duration::from_secs(1));
        assert_eq!(pace.take(Method::Post, Some("C2"), now), Duration::ZERO);
    }

    #[test]
    fn what_slack_asks_for_is_waited_for() {
        let (pace, now) = (Pace::default(), clock::instant());
        pace.blocked(Method::Update, Duration::from_secs(7), now);
        assert_eq!(pace.wait(Method::Update, None, 0, now), Some(Duration::from_secs(7)));
        assert_eq!(pace.wait(Method::Post, None, 0, now), None);
    }

    #[test]
    fn the_last_of_a_budget_is_left_to_what_is_more_urgent() {
        let (pace, now) = (Pace::default(), clock::instant());
        while pace.wait(Method::Update, None, 15, now).is_none() {
            pace.take(Method::Update, None, now);
        }
        assert_eq!(pace.wait(Method::Update, None, 0, now), None);
    }

    #[test]
    fn a_post_does_not_wait_for_edits_however_many_there_are() {
        let (pace, now) = (Pace::default(), clock::instant());
        while pace.takes(ChatKind::CardEdit, None, now).is_ok() {
            pace.take(Method::Update, None, now);
        }
        for (post, edit) in [
            (ChatKind::Card, ChatKind::CardEdit),
            (ChatKind::Announce, ChatKind::AnnounceEdit),
            (ChatKind::Table, ChatKind::TableEdit),
        ] {
            let takes = |kind| pace.takes(kind, None, now);
            assert!(takes(post).is_ok() && takes(edit).is_err(), "{post:?}");
        }
    }

    #[test]
    fn whatever_is_begun_finds_its_turn_at_once() {
        for (kind, method, calls) in [
            (ChatKind::Links, Method::Bookmark, 2),
            (ChatKind::Open, Method::Create, 1),
            (ChatKind::Invite, Method::Invite, 1),
        ] {
            let (pace, now) = (Pace::default(), clock::instant());
            let mut begun = 0;
            while let Ok(free) = pace.takes(kind, None, now) {
                assert!(free > 0, "{kind:?}");
                for _ in 0..free.min(4) {
                    begun += 1;
                    for _ in 0..calls {
                        assert_eq!(pace.take(method, None, now), Duration::ZERO, "{kind:?} no. {begun}");
                    }
                }
            }
            assert_eq!(begun, method.per_minute() / calls, "and none is left over");
        }
    }
}

//! What Discord has said about how much it takes, and what follows from it: buckets by the name it gives them, the limit
//! over all, and how many refused requests are left before it bans an address. Knows no number of Discord's except that
//! last one. Reads no clock.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Refused requests (401, 403, 429) within [`WINDOW`] after which we stop by ourselves: a fifth of the 10,000 at which
/// Discord bans an address, because others may send from it too.
pub const INVALID_MAX: usize = 2_000;
pub const WINDOW: Duration = Duration::from_secs(600);
/// How long nothing is asked after the token was refused: each further try would count against the address.
pub const TOKEN_PAUSE: Duration = Duration::from_secs(60);
/// Buckets that are remembered; beyond it those that are full again are forgotten.
const BUCKETS_MAX: usize = 4_096;

#[derive(Default)]
pub struct Limits {
    /// What Discord calls the bucket of a route.
    names: HashMap<String, String>,
    /// By bucket and major parameter.
    buckets: HashMap<(String, String), Bucket>,
    all_until: Option<Instant>,
    invalid: VecDeque<Instant>,
    token_until: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Bucket {
    remaining: u32,
    full_at: Instant,
}

/// Why not now, and how long not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spent {
    Bucket(Duration),
    Global(Duration),
    Invalid(Duration),
    Token(Duration),
}

impl Limits {
    /// Takes a place, or says how long there is none.
    pub fn take(&mut self, route: &str, major: &str, by_token: bool, now: Instant) -> Result<(), Spent> {
        if let Some(spent) = self.spent(route, major, by_token, now) {
            return Err(spent);
        }
        let id = self.id(route, major);
        if let Some(bucket) = self.buckets.get_mut(&id).filter(|b| b.full_at > now) {
            bucket.remaining = bucket.remaining.saturating_sub(1);
        }
        Ok(())
    }

    pub fn wait(&self, route: &str, major: &str, by_token: bool, now: Instant) -> Option<Duration> {
        self.spent(route, major, by_token, now).map(|spent| match spent {
            Spent::Bucket(d) | Spent::Global(d) | Spent::Invalid(d) | Spent::Token(d) => d,
        })
    }

    /// How many requests with our token would be taken now, else how long until the next. A bucket that nothing is known of
    /// is full.
    pub fn takes(&self, route: &str, major: &str, now: Instant) -> Result<usize, Duration> {
        if let Some(wait) = self.wait(route, major, false, now) {
            return Err(wait);
        }
        let known = self.buckets.get(&self.id(route, major)).filter(|b| b.full_at > now);
        Ok(known.map_or(usize::MAX, |b| b.remaining as usize))
    }

    fn spent(&self, route: &str, major: &str, by_token: bool, now: Instant) -> Option<Spent> {
        let left = |until: Option<Instant>| until.and_then(|u| u.checked_duration_since(now)).filter(|d| !d.is_zero());
        let counted = self.invalid.iter().filter(|at| now.saturating_duration_since(**at) < WINDOW);
        if counted.count() >= INVALID_MAX
            && let Some(first) = self.invalid.iter().find(|at| now.saturating_duration_since(**at) < WINDOW)
        {
            return left(Some(*first + WINDOW)).map(Spent::Invalid);
        }
        if !by_token {
            if let Some(d) = left(self.token_until) {
                return Some(Spent::Token(d));
            }
            if let Some(d) = left(self.all_until) {
                return Some(Spent::Global(d));
            }
        }
        let bucket = self.buckets.get(&self.id(route, major)).filter(|b| b.remaining == 0)?;
        left(Some(bucket.full_at)).map(Spent::Bucket)
    }

    /// What the headers of an answer say.
    pub fn learn(&mut self, route: &str, major: &str, name: Option<&str>, left: u32, full_at: Instant, now: Instant) {
        if let Some(name) = name {
            self.names.insert(route.to_string(), name.to_string());
        }
        if self.buckets.len() >= BUCKETS_MAX {
            self.buckets.retain(|_, b| b.full_at > now);
        }
        let id = self.id(route, major);
        // Answers overtake each other: within one window the smaller number is the newer one.
        let known = self.buckets.get(&id).copied();
        let remaining = match known {
            Some(b)
                if b.full_at.saturating_duration_since(full_at) < Duration::from_millis(500)
                    && full_at.saturating_duration_since(b.full_at) < Duration::from_millis(500) =>
            {
                left.min(b.remaining)
            }
            _ => left,
        };
        self.buckets.insert(id, Bucket { remaining, full_at });
    }

    pub fn all_wait(&mut self, until: Instant) {
        self.all_until = self.all_until.max(Some(until));
    }

    pub fn invalid(&mut self, now: Instant) {
        while self.invalid.front().is_some_and(|at| now.saturating_duration_since(*at) >= WINDOW) {
            self.invalid.pop_front();
        }
        if self.invalid.len() < 2 * INVALID_MAX {
            self.invalid.push_back(now);
        }
    }

    pub fn token_refused(&mut self, now: Instant) {
        self.token_until = Some(now + TOKEN_PAUSE);
    }

    fn id(&self, route: &str, major: &str) -> (String, String) {
        (self.names.get(route).map_or(route, String::as_str).to_string(), major.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "POST /channels/{}/messages";
    const EDIT: &str = "PATCH /channels/{}/messages/{}";

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_bucket_is_learnt_and_counts_down_until_it_is_full_again() {
        let (mut l, t) = (Limits::default(), crate::clock::instant());
        // Nothing is known: nothing is held back.
        assert_eq!(l.take(POST, "1", false, t), Ok(()));
        l.learn(POST, "1", Some("abc"), 1, t + s(5), t);
        assert_eq!(l.take(POST, "1", false, t), Ok(()));
        assert_eq!(l.take(POST, "1", false, t), Err(Spent::Bucket(s(5))));
        assert_eq!(l.wait(POST, "1", false, t + s(2)), Some(s(3)));
        assert_eq!(l.take(POST, "1", false, t + s(5)), Ok(()), "full again");
        // Another channel has its own.
        assert_eq!(l.take(POST, "2", false, t), Ok(()));
    }

    #[test]
    fn two_routes_with_one_bucket_share_it() {
        let (mut l, t) = (Limits::default(), crate::clock::instant());
        l.learn(POST, "1", Some("abc"), 3, t + s(5), t);
        l.learn(EDIT, "1", Some("abc"), 0, t + s(5), t);
        assert_eq!(l.take(POST, "1", false, t), Err(Spent::Bucket(s(5))));
    }

    #[test]
    fn the_global_limit_holds_for_all_but_interactions() {
        let (mut l, t) = (Limits::default(), crate::clock::instant());
        l.all_wait(t + s(2));
        assert_eq!(l.take(POST, "1", false, t), Err(Spent::Global(s(2))));
        assert_eq!(l.take("POST /interactions/{}/{}/callback", "9", true, t), Ok(()));
        assert_eq!(l.take(POST, "1", false, t + s(3)), Ok(()));
    }

    #[test]
    fn refused_requests_stop_everything_long_before_discord_bans_us() {
        let (mut l, t) = (Limits::default(), crate::clock::instant());
        for _ in 0..INVALID_MAX {
            assert_eq!(l.take(POST, "1", false, t), Ok(()));
            l.invalid(t);
        }
        assert_eq!(l.take(POST, "1", false, t + s(1)), Err(Spent::Invalid(s(599))));
        assert_eq!(l.take(POST, "1", false, t + WINDOW), Ok(()), "they are ten minutes old");
    }

    #[test]
    fn a_refused_token_is_not_tried_again_for_a_minute() {
        let (mut l, t) = (Limits::default(), crate::clock::instant());
        l.token_refused(t);
        assert_eq!(l.wait(POST, "1", false, t + s(10)), Some(s(50)));
        assert_eq!(l.wait(POST, "1", false, t + TOKEN_PAUSE), None);
    }

    #[test]
    fn an_answer_that_was_overtaken_gives_no_places_back() {
        let (mut l, t) = (Limits::default(), crate::clock::instant());
        l.learn(POST, "1", Some("abc"), 0, t + s(5), t);
        l.learn(POST, "1", Some("abc"), 2, t + s(5), t);
        assert_eq!(l.take(POST, "1", false, t), Err(Spent::Bucket(s(5))));
    }
}

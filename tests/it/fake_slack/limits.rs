//! Slack's rate limits: the published tier of each method, per workspace; one message a second into a channel; and
//! the reading of histories by apps that are not on the Marketplace.
//!
//! It never waits: it says how long a caller has to. A tier is "so many calls within a minute"; a channel is a bucket that
//! fills by one message a second and holds a few, so that a short burst passes, as Slack describes it.

use super::time::SECOND;
use std::collections::{HashMap, VecDeque};

const MINUTE: i64 = 60 * SECOND;

/// Several messages may follow each other at once if the channel was quiet; the average is one a second.
/// Slack says "short bursts" and gives no number.
const POST_BURST: i64 = 3;

/// "Several hundred messages a minute" over all channels of a workspace.
const POSTS_PER_MINUTE: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    One,
    Two,
    Three,
    Four,
    /// One a second and channel, and some hundred a minute for the workspace.
    Posting,
    /// Histories: tier three, or one call a minute and 15 messages.
    History,
    /// Hundreds a minute.
    Special,
    /// No limit is published.
    None,
}

impl Tier {
    fn per_minute(self) -> Option<usize> {
        match self {
            Tier::One => Some(1),
            Tier::Two => Some(20),
            Tier::Three | Tier::History => Some(50),
            Tier::Four => Some(100),
            Tier::Posting => Some(POSTS_PER_MINUTE),
            Tier::Special => Some(600),
            Tier::None => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Limits {
    pub enforced: bool,
    /// How many times faster than the app's clock the windows pass: 60 makes a minute of Slack's a second of the app's.
    pub faster: f64,
    /// Apps outside the Marketplace read one page of 15 messages a minute.
    pub histories_slowly: bool,
    windows: HashMap<String, VecDeque<i64>>,
    /// By channel: until when its messages are used up at one a second.
    posts: HashMap<String, i64>,
    refused: HashMap<String, usize>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            enforced: true,
            faster: 1.0,
            histories_slowly: false,
            windows: HashMap::new(),
            posts: HashMap::new(),
            refused: HashMap::new(),
        }
    }
}

impl Limits {
    /// Counts the call, or says for how many seconds the caller has to wait.
    pub fn ask(&mut self, team: &str, method: &str, tier: Tier, channel: Option<&str>, now: i64) -> Result<(), i64> {
        if !self.enforced {
            return Ok(());
        }
        let scaled = |span: i64| (span as f64 / self.faster) as i64;
        let (minute, second) = (scaled(MINUTE), scaled(SECOND));
        let mut wait_us = 0;
        let window = format!("{team} {method}");
        if let Some(most) = tier.per_minute() {
            let most = if tier == Tier::History && self.histories_slowly { 1 } else { most };
            let taken = self.windows.entry(window.clone()).or_default();
            while taken.front().is_some_and(|at| *at + minute <= now) {
                taken.pop_front();
            }
            if taken.len() >= most {
                wait_us = taken[taken.len() - most] + minute - now;
            }
        }
        let place = format!("{team} {}", channel.unwrap_or_default());
        let used_until = self.posts.get(&place).copied().unwrap_or(now).max(now);
        if tier == Tier::Posting && channel.is_some() {
            wait_us = wait_us.max(used_until - (POST_BURST - 1) * second - now);
        }
        if wait_us > 0 {
            *self.refused.entry(method.to_owned()).or_default() += 1;
            return Err((wait_us + SECOND - 1) / SECOND);
        }
        self.windows.entry(window).or_default().push_back(now);
        if tier == Tier::Posting {
            self.posts.insert(place, used_until + second);
        }
        Ok(())
    }

    /// How often a method was refused.
    pub fn refused(&self, method: &str) -> usize {
        self.refused.get(method).copied().unwrap_or_default()
    }

    /// How many messages a page of history holds at most.
    pub fn page_max(&self) -> usize {
        if self.enforced && self.histories_slowly { 15 } else { 999 }
    }
}

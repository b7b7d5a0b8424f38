//! Pagers, one file each: they turn a neutral `Sending` into one vendor's request, send it once and say what came
//! of it. Never a policy (whom to page, when to try again, which channel is next), never a second try.
//!
//! What a crash between the request and the receipt can do, per channel:
//!
//! | channel | guarantee | because |
//! |---|---|---|
//! | `pagerduty` | effectively once | a repeated trigger carries the same `dedup_key` and joins the open alert |
//! | `smtp` | at least once, labelled | the mail says that it may be a repeat, and its `Message-ID` is that of the first |
//! | `webhook.NAME` | at least once, labelled | `maybe_repeated` is true, and `Idempotency-Key` is that of the first |
//!
//! A new pager is a file with an `impl Notify`, a variant of `Pager` with its two lines here, a row above and a
//! line in the conformance table of `tests.rs`.

pub mod heartbeat;
pub mod http;
pub mod pagerduty;
pub mod smtp;
pub mod webhook;
pub mod words;

use crate::engine::ports::Notify;
use firebell_domain::id::ChannelId;
use firebell_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where an adapter takes the time from: signatures carry it, and a `Retry-After` may be a date.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The table: every kind of pager that there is, with its settings.
pub enum Pager {
    PagerDuty(pagerduty::Settings),
    Smtp(smtp::Settings),
    Webhook(webhook::Settings),
}

/// The configured pagers, by channel.
#[derive(Clone, Default)]
pub struct Pagers(BTreeMap<ChannelId, Arc<dyn Notify>>);

impl Pagers {
    pub fn new(settings: Vec<Pager>, client: &reqwest::Client, now: &Now) -> Result<Self, BadSettings> {
        let mut pagers = BTreeMap::new();
        for one in settings {
            let pager: Arc<dyn Notify> = match one {
                Pager::PagerDuty(s) => Arc::new(pagerduty::PagerDuty::new(s, client.clone(), now.clone())?),
                Pager::Smtp(s) => Arc::new(smtp::Smtp::new(s, now.clone())?),
                Pager::Webhook(s) => Arc::new(webhook::Webhook::new(s, client.clone(), now.clone())?),
            };
            let channel = pager.channel().clone();
            if pagers.insert(channel.clone(), pager).is_some() {
                return Err(BadSettings(format!("{channel} is configured twice: give one of them another name")));
            }
        }
        Ok(Pagers(pagers))
    }

    pub fn get(&self, channel: &ChannelId) -> Option<&Arc<dyn Notify>> {
        self.0.get(channel)
    }

    /// In the order of their channels' names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Notify>> {
        self.0.values()
    }
}

/// Settings that no send could ever work with: one sentence for the operator, without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSettings(pub String);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadSettings {}

#[cfg(test)]
mod tests;

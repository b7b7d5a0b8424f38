//! Reads where pages go and who may talk to us: pagers and API tokens. Holds secrets, prints none.

use super::problem::{Problems, quoted};
use super::read::Table;
use super::server::{address, is_local};
use super::settings::{Address, Pager, PagerDuty, Webhook};
use firebell_domain::id::ChannelId;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};

pub const PAGERDUTY_URL: &str = "https://events.pagerduty.com";
/// Characters below which a token is refused: shorter ones can be guessed over the network in weeks.
const TOKEN_CHARS_MIN: usize = 16;
/// Characters of a PagerDuty integration key.
const ROUTING_KEY_CHARS: usize = 32;
const ADVICE: &str = "Write a random one, as \"openssl rand -hex 24\" prints";

/// The pagers that have a table, whether or not it is right: a reference to one is no mistake of its own.
pub fn declared_pagers(root: &Table<'_>) -> BTreeSet<ChannelId> {
    let paging = root.table("paging");
    let mut all: BTreeSet<ChannelId> =
        paging.named("webhook").into_iter().map(|(name, _)| ChannelId::new(format!("webhook.{name}"))).collect();
    if paging.given("pagerduty") {
        all.insert(ChannelId::from("pagerduty"));
    }
    all
}

pub fn pagers(
    root: &Table<'_>,
    routing_keys: BTreeMap<firebell_domain::id::PersonId, SecretString>,
    problems: &mut Problems,
) -> Vec<Pager> {
    let paging = root.table("paging");
    let mut found: Vec<(usize, Pager)> = Vec::new();
    let table = paging.table("pagerduty");
    if paging.given("pagerduty")
        && let Some(pager) = pagerduty(&table, routing_keys, problems)
    {
        found.push((table.order, Pager::PagerDuty(pager)));
    }
    for (name, table) in paging.named("webhook") {
        if let Some(webhook) = webhook(name, &table, problems) {
            found.push((table.order, Pager::Webhook(webhook)));
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, pager)| pager).collect()
}

fn pagerduty(
    table: &Table<'_>,
    routing_keys: BTreeMap<firebell_domain::id::PersonId, SecretString>,
    problems: &mut Problems,
) -> Option<PagerDuty> {
    if let Some(key) = table.required("routing_key", problems)
        && !(key.chars().count() == ROUTING_KEY_CHARS && key.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        let what = "does not look like a PagerDuty integration key (32 letters and digits)";
        let fix = "Copy the Integration Key of an \"Events API v2\" integration";
        problems.warn(&table.spot("routing_key"), what, fix);
    }
    let given = address(table, "api_url", problems);
    if let Some(a) = given.as_ref().filter(|a| a.url().scheme() == "http" && !is_local(a)) {
        let what = format!("routing keys would go to {} unencrypted", a.url().host_str().unwrap_or_default());
        problems.warn(&table.spot("api_url"), what, "Write https://");
    }
    let api_url = match given {
        Some(a) => a,
        None => Address::new(Url::parse(PAGERDUTY_URL).ok()?),
    };
    Some(PagerDuty { routing_key: table.secret("routing_key")?, api_url, routing_keys })
}

fn webhook(name: &str, table: &Table<'_>, problems: &mut Problems) -> Option<Webhook> {
    table.required("url", problems);
    let url = address(table, "url", problems);
    let secret = token(table, "secret", problems);
    let notices = table.flag("notices").unwrap_or(false);
    Some(Webhook { name: name.to_string(), url: url?, secret: secret?, notices })
}

/// A secret that others present or sign with: required, and too long to be guessed.
pub(super) fn token(table: &Table<'_>, key: &str, problems: &mut Problems) -> Option<SecretString> {
    let text = table.required(key, problems)?;
    let length = text.chars().count();
    if length < TOKEN_CHARS_MIN {
        let what = format!("has {length} characters, fewer than {TOKEN_CHARS_MIN}");
        problems.error(&table.spot(key), what, ADVICE);
        return None;
    }
    Some(SecretString::from(text))
}

pub fn api_tokens(root: &Table<'_>, problems: &mut Problems) -> BTreeMap<String, SecretString> {
    let mut all: BTreeMap<String, SecretString> = BTreeMap::new();
    for (name, table) in root.table("api").named("tokens") {
        let Some(token) = token(&table, "token", problems) else { continue };
        if let Some((other, _)) = all.iter().find(|(_, t)| t.expose_secret() == token.expose_secret()) {
            let what = format!("is the same as that of {}", quoted(other));
            problems.error(&table.spot("token"), what, "Give each its own: the log says who called by it");
        }
        all.insert(name.to_string(), token);
    }
    all
}

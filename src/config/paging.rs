//! Reads where pages go and who may talk to us: pagers and API tokens. Holds secrets, prints none.

use super::mail;
use super::people::Ways;
use super::problem::{Problems, nearest, quoted, some_of};
use super::read::Table;
use super::server::{address, is_local};
use super::settings::{Address, Pager, PagerDuty, Webhook};
use firebell_domain::id::{ChannelId, PersonId};
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
/// `pagerduty` alone is not one where only its services have routing keys.
pub fn declared_pagers(root: &Table<'_>) -> BTreeSet<ChannelId> {
    let paging = root.table("paging");
    let mut all = BTreeSet::new();
    for (kind, tables) in [("webhook", paging.named("webhook")), ("pagerduty", services(&paging.table("pagerduty")))] {
        all.extend(tables.into_iter().map(|(name, _)| ChannelId::new(format!("{kind}.{name}"))));
    }
    if paging.given("pagerduty") && has_default(&paging.table("pagerduty")) {
        all.insert(ChannelId::from("pagerduty"));
    }
    if paging.given("smtp") {
        all.insert(ChannelId::from("smtp"));
    }
    all
}

/// What to say of a pager that is not configured.
pub fn unknown(name: &str, pagers: &BTreeSet<ChannelId>) -> (String, String) {
    let known = || pagers.iter().map(ChannelId::as_str);
    let bare = |c: &&str| c.split_once('.').is_some_and(|(_, own)| own == name);
    let services: Vec<&str> = known().filter(|c| c.starts_with("pagerduty.")).collect();
    let fix = if name == "pagerduty" && !services.is_empty() {
        format!("Write one of {}, or add routing_key to [paging.pagerduty]", some_of(services))
    } else if let Some(meant) = known().find(bare).or_else(|| nearest(name, known())) {
        format!("Did you mean {}?", quoted(meant))
    } else if let Some(service) = name.strip_prefix("pagerduty.") {
        format!("Add a table [paging.pagerduty.services.{service}], or remove it here")
    } else if is_pager(name) {
        format!("Add a table [paging.{name}], or remove it here")
    } else if pagers.is_empty() {
        "Add [paging.pagerduty], [paging.smtp] or [paging.webhook.NAME], and write \"pagerduty\", \"smtp\" or \
         \"webhook.NAME\""
            .to_string()
    } else {
        format!("Write one of {}", some_of(known()))
    };
    (format!("{} is not a configured pager", quoted(name)), fix)
}

/// Whether a word can only mean a pager.
pub fn is_pager(word: &str) -> bool {
    matches!(word, "pagerduty" | "smtp") || word.starts_with("pagerduty.") || word.starts_with("webhook.")
}

pub fn pagers(root: &Table<'_>, ways: Ways, problems: &mut Problems) -> Vec<Pager> {
    let paging = root.table("paging");
    let mut found: Vec<(usize, Pager)> = Vec::new();
    if paging.given("pagerduty") {
        let all = pagerduty(&paging.table("pagerduty"), ways.routing_keys, problems);
        found.extend(all.into_iter().map(|(order, p)| (order, Pager::PagerDuty(p))));
    }
    let table = paging.table("smtp");
    if paging.given("smtp")
        && let Some(smtp) = mail::smtp(&table, ways.addresses, problems)
    {
        found.push((table.order, Pager::Smtp(smtp)));
    }
    for (name, table) in paging.named("webhook") {
        if let Some(webhook) = webhook(name, &table, problems) {
            found.push((table.order, Pager::Webhook(webhook)));
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, pager)| pager).collect()
}

fn services<'a>(pagerduty: &Table<'a>) -> Vec<(&'a str, Table<'a>)> {
    pagerduty.named("services")
}

/// The routing key that people without their own use, and pages to nobody in particular. Where every use names a
/// service it may be left out.
fn has_default(pagerduty: &Table<'_>) -> bool {
    pagerduty.given("routing_key") || services(pagerduty).is_empty()
}

/// The default service and the named ones, each with its place in the configuration.
fn pagerduty(
    table: &Table<'_>,
    routing_keys: BTreeMap<PersonId, SecretString>,
    problems: &mut Problems,
) -> Vec<(usize, PagerDuty)> {
    let given = address(table, "api_url", problems);
    if let Some(a) = given.as_ref().filter(|a| a.url().scheme() == "http" && !is_local(a)) {
        let what = format!("routing keys would go to {} unencrypted", a.url().host_str().unwrap_or_default());
        problems.warn(&table.spot("api_url"), what, "Write https://");
    }
    let api_url = given.or_else(|| Some(Address::new(Url::parse(PAGERDUTY_URL).ok()?)));
    let mut found = Vec::new();
    if has_default(table) {
        found.push((table.order, None, routing_key(table, problems), routing_keys));
    }
    for (name, table) in services(table) {
        found.push((table.order, Some(name.to_string()), routing_key(&table, problems), BTreeMap::new()));
    }
    let made = |(order, service, key, routing_keys): (usize, Option<String>, Option<SecretString>, _)| {
        Some((order, PagerDuty { service, routing_key: key?, api_url: api_url.clone()?, routing_keys }))
    };
    found.into_iter().filter_map(made).collect()
}

fn routing_key(table: &Table<'_>, problems: &mut Problems) -> Option<SecretString> {
    let key = table.required("routing_key", problems)?;
    if !(key.chars().count() == ROUTING_KEY_CHARS && key.chars().all(|c| c.is_ascii_alphanumeric())) {
        let what = "does not look like a PagerDuty integration key (32 letters and digits)";
        let fix = "Copy the Integration Key of an \"Events API v2\" integration";
        problems.warn(&table.spot("routing_key"), what, fix);
    }
    table.secret("routing_key")
}

/// Each subscription there has a secret of its own, and one that is being replaced has two.
pub fn pagerduty_webhooks(root: &Table<'_>, problems: &mut Problems) -> Vec<SecretString> {
    let table = root.table("paging").table("pagerduty");
    let secrets: Vec<&str> = table.text("webhook_secret").unwrap_or_default().split_whitespace().collect();
    if let Some(short) = secrets.iter().map(|s| s.chars().count()).find(|n| *n < TOKEN_CHARS_MIN) {
        let what = format!("holds a secret of {short} characters, fewer than {TOKEN_CHARS_MIN}");
        let fix = "Copy what PagerDuty shows when the webhook is made; several have blanks between them";
        problems.error(&table.spot("webhook_secret"), what, fix);
        return Vec::new();
    }
    secrets.into_iter().map(SecretString::from).collect()
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

//! Reads where pages go and who may talk to us: pagers, alert sources, API tokens. Holds secrets, prints none.

use super::problem::{Problems, did_you_mean, quoted, some_of};
use super::read::{Table, declared};
use super::server::{address, is_local};
use super::settings::{Address, Ingest, IngestKind, Mapping, Pager, PagerDuty, Webhook};
use firebell_domain::id::{ChannelId, ServiceId};
use firebell_domain::severity::{self, Severity};
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
    let webhook_secrets = webhook_secrets(table, problems);
    let given = address(table, "api_url", problems);
    if let Some(a) = given.as_ref().filter(|a| a.url().scheme() == "http" && !is_local(a)) {
        let what = format!("routing keys would go to {} unencrypted", a.url().host_str().unwrap_or_default());
        problems.warn(&table.spot("api_url"), what, "Write https://");
    }
    let api_url = match given {
        Some(a) => a,
        None => Address::new(Url::parse(PAGERDUTY_URL).ok()?),
    };
    Some(PagerDuty { routing_key: table.secret("routing_key")?, api_url, routing_keys, webhook_secrets })
}

/// Each subscription there has a secret of its own, and one that is being replaced has two.
fn webhook_secrets(table: &Table<'_>, problems: &mut Problems) -> Vec<SecretString> {
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
fn token(table: &Table<'_>, key: &str, problems: &mut Problems) -> Option<SecretString> {
    let text = table.required(key, problems)?;
    let length = text.chars().count();
    if length < TOKEN_CHARS_MIN {
        let what = format!("has {length} characters, fewer than {TOKEN_CHARS_MIN}");
        problems.error(&table.spot(key), what, ADVICE);
        return None;
    }
    Some(SecretString::from(text))
}

pub fn ingest(root: &Table<'_>, severities: &[Severity], problems: &mut Problems) -> BTreeMap<String, Ingest> {
    let services = declared(root, "services");
    let mut all = BTreeMap::new();
    for (name, table) in root.named("ingest") {
        let kind = table.required("kind", problems).map(str::to_string);
        let token = token(&table, "token", problems);
        let severity = table.text("severity").and_then(|word| {
            let found = severity::find(severities, word).map(|s| s.level.clone());
            if found.is_none() && !severities.is_empty() {
                let fix = format!("Write one of {}", some_of(severities.iter().map(|s| s.level.as_str())));
                problems.error(&table.spot("severity"), format!("there is no severity {}", quoted(word)), fix);
            }
            found
        });
        let service = table.text("service");
        if let Some(s) = service.filter(|s| !services.contains(s)) {
            let fix = did_you_mean(s, services.iter().copied(), || format!("Add a table [services.{s}]"));
            problems.error(&table.spot("service"), format!("there is no service {}", quoted(s)), fix);
        }
        if kind.as_deref() == Some("alertmanager") && table.given("mapping") {
            let fix = "Remove it, or write kind = \"generic\"";
            problems.error(&table.spot("mapping"), "an Alertmanager's body needs no mapping", fix);
        }
        let mapping = mapping(&table.table("mapping"), problems);
        let text = |key: &str, default: &str| table.text(key).unwrap_or(default).to_string();
        let kind = kind
            .map(|k| if k == "generic" { IngestKind::Generic(Box::new(mapping)) } else { IngestKind::Alertmanager });
        let (severity_label, service_label) = (text("severity_label", "severity"), text("service_label", "service"));
        if let (Some(kind), Some(token)) = (kind, token) {
            let service = service.map(ServiceId::from);
            let worst = || severities.first().map(|s| s.level.clone()).unwrap_or_default();
            let severity = severity.unwrap_or_else(worst);
            all.insert(name.to_string(), Ingest { kind, token, severity, service, severity_label, service_label });
        }
    }
    all
}

fn mapping(table: &Table<'_>, problems: &mut Problems) -> Mapping {
    let mut path = |key: &str| {
        let text = table.text(key)?;
        if text.split('.').any(|part| part.is_empty() || part.chars().any(char::is_whitespace)) {
            let what = format!("{} is not a dotted path", quoted(text));
            problems.error(&table.spot(key), what, "Write names with dots between them, such as \"alert.labels.team\"");
        }
        Some(text.to_string())
    };
    let default = Mapping::default();
    let mut mapping = Mapping {
        alerts: path("alerts"),
        group: path("group").unwrap_or(default.group),
        title: path("title").unwrap_or(default.title),
        text: path("text").unwrap_or(default.text),
        status: path("status").unwrap_or(default.status),
        fingerprint: path("fingerprint").unwrap_or(default.fingerprint),
        severity: path("severity").unwrap_or(default.severity),
        service: path("service").unwrap_or(default.service),
        link: path("link").unwrap_or(default.link),
        firing_values: default.firing_values,
        resolved_values: default.resolved_values,
    };
    for (key, values) in
        [("firing_values", &mut mapping.firing_values), ("resolved_values", &mut mapping.resolved_values)]
    {
        if table.given(key) {
            *values = table.texts(key).into_iter().map(|(t, _)| t.to_string()).collect();
        }
    }
    let both = mapping.firing_values.iter().find(|f| mapping.resolved_values.iter().any(|r| r.eq_ignore_ascii_case(f)));
    if let Some(both) = both {
        let key = if table.given("resolved_values") { "resolved_values" } else { "firing_values" };
        let what = format!("{} means both firing and resolved", quoted(both));
        problems.error(&table.spot(key), what, "Keep it in firing_values or in resolved_values");
    }
    mapping
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

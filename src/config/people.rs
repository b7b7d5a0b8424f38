//! Reads severities, people and services. Knows the pagers by name only: keys and addresses go to their adapters.

use super::problem::{Problems, did_you_mean, nearest, quoted, some_of};
use super::read::{Table, declared};
use super::settings::{PersonSettings, ServiceSettings};
use super::{mail, paging};
use crate::program::Configured;
use chrono_tz::Tz;
use firebell_domain::directory::{Person, Service};
use firebell_domain::id::{ChannelId, PersonId, PolicyId, ServiceId};
use firebell_domain::limits;
use firebell_domain::severity::{Clocks, Severity};
use lettre::message::Mailbox;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};

/// Nobody tells a thousand severities apart; a rank beyond it is a typing mistake.
const RANK_MAX: i64 = 1_000;
/// Seconds (365 days) above which a response deadline is none.
const RESPONSE_MAX_S: i64 = 365 * 86_400;

pub fn default_severities() -> Vec<Severity> {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 86_400;
    let clocks = |diagnose_s, mitigate_s, resolve_s, update_every_s, lead_within_s| Clocks {
        diagnose_s: Some(diagnose_s),
        mitigate_s: Some(mitigate_s),
        resolve_s: Some(resolve_s),
        postmortem_s: Some(5 * DAY),
        update_every_s: Some(update_every_s),
        lead_within_s: Some(lead_within_s),
    };
    let urgent = clocks(HOUR / 2, HOUR, 4 * HOUR, HOUR / 2, 600);
    let high = clocks(HOUR, 4 * HOUR, DAY, HOUR, 1_800);
    let none = Clocks::default();
    [
        ("P1", "Critical", 1, 300, urgent),
        ("P2", "High", 2, 900, high),
        ("P3", "Medium", 3, 4 * HOUR, none),
        ("P4", "Low", 4, DAY, none),
    ]
    .map(|(level, name, rank, s, clocks)| Severity { response_s: Some(s), clocks, ..Severity::new(level, name, rank) })
    .to_vec()
}

/// What the configuration says of severities; nothing where it leaves them to the runbooks or the defaults.
pub fn severities(root: &Table<'_>, problems: &mut Problems) -> Vec<Configured> {
    if !root.given("severities") {
        return Vec::new();
    }
    let rows = root.rows("severities");
    if root.lists_nothing("severities") {
        let fix = "Add a [[severities]] table, or remove the key to have P1 to P4";
        problems.error(&root.spot("severities"), "there is no severity, so nothing could be declared", fix);
    }
    let mut found: Vec<(Configured, usize)> = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let Some(level) = row.required("level", problems) else { continue };
        if spelling(level).is_empty() || level.chars().any(char::is_whitespace) {
            let what = format!("{} cannot be typed as one word", quoted(level));
            problems.error(&row.spot("level"), what, "Write a label such as \"P1\" or \"SEV-1\"");
            continue;
        }
        let rank = row.number("rank").unwrap_or(n as i64 + 1);
        if !(1..=RANK_MAX).contains(&rank) {
            let what = format!("{rank} is not a rank");
            problems.error(&row.spot("rank"), what, format!("Write a number from 1 (worst) to {RANK_MAX}"));
        }
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        if let Some((other, _)) = found.iter().find(|(c, _)| spelling(&c.severity.level) == spelling(level)) {
            let what = format!("{} reads like {}", quoted(level), quoted(&other.severity.level));
            problems.error(&row.spot("level"), what, "Keep one of the two: \"P1\", \"p-1\" and \"P 1\" are one");
        }
        if let Some((other, _)) = found.iter().find(|(c, _)| c.severity.rank == rank) {
            let what = format!("rank {rank} is already that of {}", quoted(&other.severity.level));
            problems.error(&row.spot("rank"), what, "Give every severity its own rank, 1 being worst");
        }
        let bounds = (1, RESPONSE_MAX_S);
        let mut span = |key, bounds| row.seconds(key).map(|default| row.span_within(key, bounds, default, problems));
        let response_s = span("response", bounds);
        let clocks = Clocks {
            diagnose_s: span("diagnose", bounds),
            mitigate_s: span("mitigate", bounds),
            resolve_s: span("resolve", bounds),
            postmortem_s: span("postmortem", bounds),
            update_every_s: span("update_every", (limits::REMINDER_MIN_S, RESPONSE_MAX_S)),
            lead_within_s: span("lead_within", (limits::REMINDER_MIN_S, RESPONSE_MAX_S)),
        };
        let name = row.text("name").unwrap_or(level);
        let severity = Severity { response_s, clocks, ..Severity::new(level, name, rank) };
        let (name_given, rank_given) = (row.given("name"), row.given("rank"));
        found.push((Configured { severity, name_given, rank_given }, n));
    }
    found.sort_by_key(|(c, n)| (c.severity.rank, *n));
    found.into_iter().map(|(c, _)| c).collect()
}

/// As severities are compared when they are said: lower case, letters and digits only.
fn spelling(level: &str) -> String {
    level.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The rank of a level, in whatever spelling.
pub fn known_severity(said: &str, severities: &[Severity]) -> Option<u32> {
    severities.iter().find(|s| spelling(&s.level) == spelling(said)).map(|s| s.rank)
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(l, d)| !l.is_empty() && !d.is_empty() && !text.contains(' '))
}

/// What the pagers' adapters must know of people.
#[derive(Default)]
pub struct Ways {
    /// Of those who have their own at PagerDuty.
    pub routing_keys: BTreeMap<PersonId, SecretString>,
    /// Of those who are reached by mail.
    pub addresses: BTreeMap<PersonId, Mailbox>,
}

/// Everybody, and how those pagers reach them that need to be told.
pub fn people(
    root: &Table<'_>,
    pagers: &BTreeSet<ChannelId>,
    problems: &mut Problems,
) -> (BTreeMap<PersonId, PersonSettings>, Ways) {
    let (mut all, mut ways) = (BTreeMap::new(), Ways::default());
    let mut taken: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for (id, table) in root.named("people") {
        for (what, folded) in ["email", "slack", "discord", "pagerduty"]
            .iter()
            .filter_map(|k| table.text(k).map(|v| (*k, v.to_lowercase())))
            .collect::<Vec<_>>()
        {
            if let Some(other) = taken.insert((what, folded), id) {
                let fix = "Give each person their own: it tells who speaks";
                problems.error(&table.spot(what), format!("is also that of {}", quoted(other)), fix);
            }
        }
        if let Some(email) = table.text("email")
            && !is_email(email)
        {
            let what = format!("{} is not an e-mail address", quoted(email));
            problems.error(&table.spot("email"), what, "Write an address such as \"ana@example.org\"");
        }
        if let Some(user) = table.text("discord").filter(|u| u.parse::<u64>().is_err()) {
            let what = format!("{} is not a Discord user id", quoted(user));
            let fix = "Write the number that \"Copy User ID\" gives (Developer Mode), such as \"80351110224678912\"";
            problems.error(&table.spot("discord"), what, fix);
        }
        if let Some(user) = table.text("pagerduty").filter(|u| !u.chars().all(|c| c.is_ascii_alphanumeric())) {
            let what = format!("{} is not a PagerDuty user id", quoted(user));
            let fix = "Write the id at the end of the address of their profile there, such as \"PXPGF42\"";
            problems.error(&table.spot("pagerduty"), what, fix);
        }
        let person = PersonId::from(id);
        let contact_methods = contacts(&table, &person, pagers, &mut ways, problems);
        let text = |key: &str| table.text(key).map(str::to_string);
        let settings = PersonSettings {
            person: Person {
                name: text("name").unwrap_or_else(|| id.to_string()),
                time_zone: zone(&table, "time_zone", problems),
                contact_methods,
            },
            email: text("email"),
            slack: text("slack"),
            discord: text("discord"),
            pagerduty: text("pagerduty"),
        };
        all.insert(person, settings);
    }
    (all, ways)
}

fn contacts(
    table: &Table<'_>,
    person: &PersonId,
    pagers: &BTreeSet<ChannelId>,
    ways: &mut Ways,
    problems: &mut Problems,
) -> Vec<ChannelId> {
    let mut methods: Vec<ChannelId> = Vec::new();
    for row in table.rows("contact") {
        let Some(via) = row.required("via", problems) else { continue };
        let spot = row.spot("via");
        let channel = ChannelId::from(via);
        if !pagers.contains(&channel) {
            let (what, fix) = paging::unknown(via, pagers);
            problems.error(&spot, what, fix);
            continue;
        }
        if methods.contains(&channel) {
            let fix = "Keep one of the two: a person is reached once by each pager";
            problems.error(&spot, format!("{} is given twice for {person}", quoted(via)), fix);
            continue;
        }
        match row.secret("routing_key") {
            Some(key) if via == "pagerduty" => {
                ways.routing_keys.insert(person.clone(), key);
            }
            Some(_) => {
                let has =
                    if via.starts_with("pagerduty.") { "has a routing key of its own" } else { "has no routing key" };
                let what = format!("{} {has}", quoted(via));
                problems.error(&row.spot("routing_key"), what, "Remove it: here only \"pagerduty\" takes one");
            }
            None => {}
        }
        if via == "smtp" {
            ways.addresses.extend(address(table, &row, problems).map(|a| (person.clone(), a)));
        } else if row.given("address") {
            let what = format!("{} has no address", quoted(via));
            problems.error(&row.spot("address"), what, "Remove it: only \"smtp\" has one");
        }
        methods.push(channel);
    }
    methods
}

/// Where a person's mail goes: the contact's own address, else the person's.
fn address(person: &Table<'_>, contact: &Table<'_>, problems: &mut Problems) -> Option<Mailbox> {
    if let Some(text) = contact.text("address") {
        return mail::mailbox(contact, "address", text, problems);
    }
    let Some(text) = person.text("email") else {
        // An address that was given and is unreadable has been complained about.
        if !contact.given("address") && !person.given("email") {
            let fix = format!("Write email = \"…\" in [{}], or address = \"…\" in this contact", person.path);
            problems.error(&contact.spot("via"), "there is no address to send mail to", fix);
        }
        return None;
    };
    // What is no address at all has been complained about.
    if is_email(text) { mail::mailbox(person, "email", text, problems) } else { None }
}

pub fn services(root: &Table<'_>, problems: &mut Problems) -> BTreeMap<ServiceId, ServiceSettings> {
    let (people, policies) = (declared(root, "people"), declared(root, "policies"));
    let mut all = BTreeMap::new();
    for (id, table) in root.named("services") {
        let policy = table.text("policy");
        if let Some(name) = policy.filter(|p| !policies.contains(p)) {
            let fix = did_you_mean(name, policies.iter().copied(), || match policies.is_empty() {
                true => format!("Add a table [policies.{name}]"),
                false => {
                    format!("Write one of {}, or add a table [policies.{name}]", some_of(policies.iter().copied()))
                }
            });
            problems.error(&table.spot("policy"), format!("there is no policy {}", quoted(name)), fix);
        }
        let owners = person_list(&table, "owners", &people, problems);
        let service =
            Service { system: table.text("system").map(str::to_string), policy: policy.map(PolicyId::from), owners };
        let targets = table.texts("targets").into_iter().map(|(t, _)| t.to_string()).collect();
        all.insert(ServiceId::from(id), ServiceSettings { service, targets });
    }
    all
}

/// A list of people, with or without the `@`.
pub fn person_list(table: &Table<'_>, key: &str, people: &BTreeSet<&str>, problems: &mut Problems) -> Vec<PersonId> {
    let mut list = Vec::new();
    for (text, spot) in table.texts(key) {
        match known_person(text, people) {
            Ok(id) => list.push(id),
            Err((what, fix)) => problems.error(&spot, what, fix),
        }
    }
    list
}

pub fn known_person(text: &str, people: &BTreeSet<&str>) -> Result<PersonId, (String, String)> {
    let name = text.strip_prefix('@').unwrap_or(text);
    if people.contains(name) {
        return Ok(PersonId::from(name));
    }
    let fix = did_you_mean(name, people.iter().copied(), || format!("Add a table [people.{name}]"));
    Err((format!("there is no person {}", quoted(name)), fix))
}

/// A zone by its name in the time zone database; UTC when none is given.
pub fn zone(table: &Table<'_>, key: &str, problems: &mut Problems) -> Tz {
    let Some(name) = table.text(key) else { return Tz::UTC };
    if let Ok(zone) = name.parse() {
        return zone;
    }
    let all = || chrono_tz::TZ_VARIANTS.iter().map(|z| z.name());
    let city = name.replace(' ', "_").to_lowercase();
    let same_city = |z: &&str| z.rsplit('/').next().is_some_and(|c| c.to_lowercase() == city);
    let meant =
        all().find(|z| z.to_lowercase() == city).or_else(|| all().find(same_city)).or_else(|| nearest(name, all()));
    let fix = match meant {
        Some(zone) => format!("Did you mean {}?", quoted(zone)),
        None => "Write a zone such as \"Europe/Madrid\" or \"UTC\"".to_string(),
    };
    problems.error(&table.spot(key), format!("{} is not a time zone", quoted(name)), fix);
    Tz::UTC
}

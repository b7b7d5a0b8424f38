//! Reads alert sources: their tokens, the mapping of generic bodies, and the rules that sort their alerts. Holds
//! secrets, prints none.

use super::matcher::Matcher;
use super::paging::token;
use super::problem::{Origin, Problems, did_you_mean, quoted, some_of};
use super::read::{Table, declared};
use super::settings::{Ingest, IngestKind, Mapping, Rule};
use firebell_domain::id::ServiceId;
use firebell_domain::severity::{self, Severity};
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, BTreeSet};

/// Rules of one source: each alert is held against them in turn.
const RULES_MAX: usize = 200;
/// Conditions of one rule.
const CONDITIONS_MAX: usize = 20;

/// What a source may refer to.
struct Known<'a> {
    severities: &'a [Severity],
    services: BTreeSet<&'a str>,
}

pub fn ingest(root: &Table<'_>, severities: &[Severity], problems: &mut Problems) -> BTreeMap<String, Ingest> {
    let known = Known { severities, services: declared(root, "services") };
    let mut all: BTreeMap<String, Ingest> = BTreeMap::new();
    for (name, table) in root.named("ingest") {
        let Some(source) = source(&table, &known, problems) else { continue };
        let same = |other: &Ingest| other.token.expose_secret() == source.token.expose_secret();
        if let Some((other, _)) = all.iter().find(|(_, other)| same(other)) {
            let what = format!("is the same as that of {}", quoted(other));
            problems.error(&table.spot("token"), what, "Give each source its own: who has one speaks for one source");
        }
        all.insert(name.to_string(), source);
    }
    all
}

fn source(table: &Table<'_>, known: &Known<'_>, problems: &mut Problems) -> Option<Ingest> {
    let kind = table.required("kind", problems).map(str::to_string);
    let token = token(table, "token", problems);
    let severity = known.severity(table, problems);
    let service = known.service(table, problems);
    if kind.as_deref() == Some("alertmanager") && table.given("mapping") {
        let fix = "Remove it, or write kind = \"generic\"";
        problems.error(&table.spot("mapping"), "an Alertmanager's body needs no mapping", fix);
    }
    let mapping = mapping(&table.table("mapping"), problems);
    let rules = rules(table, known, problems);
    let text = |key: &str, default: &str| table.text(key).unwrap_or(default).to_string();
    let kind =
        kind.map(|k| if k == "generic" { IngestKind::Generic(Box::new(mapping)) } else { IngestKind::Alertmanager });
    let worst = || known.severities.first().map(|s| s.level.clone()).unwrap_or_default();
    Some(Ingest {
        kind: kind?,
        token: token?,
        severity: severity.unwrap_or_else(worst),
        service,
        severity_label: text("severity_label", "severity"),
        service_label: text("service_label", "service"),
        rules,
    })
}

impl Known<'_> {
    /// The level that a table's `severity` means.
    fn severity(&self, table: &Table<'_>, problems: &mut Problems) -> Option<String> {
        let word = table.text("severity")?;
        let found = severity::find(self.severities, word).map(|s| s.level.clone());
        if found.is_none() && !self.severities.is_empty() {
            let fix = format!("Write one of {}", some_of(self.severities.iter().map(|s| s.level.as_str())));
            problems.error(&table.spot("severity"), format!("there is no severity {}", quoted(word)), fix);
        }
        found
    }

    fn service(&self, table: &Table<'_>, problems: &mut Problems) -> Option<ServiceId> {
        let name = table.text("service")?;
        if !self.services.contains(name) {
            let fix = did_you_mean(name, self.services.iter().copied(), || format!("Add a table [services.{name}]"));
            problems.error(&table.spot("service"), format!("there is no service {}", quoted(name)), fix);
        }
        Some(ServiceId::from(name))
    }
}

fn rules(source: &Table<'_>, known: &Known<'_>, problems: &mut Problems) -> Vec<Rule> {
    let rows = source.rows("rules");
    if rows.len() > RULES_MAX {
        let what = format!("there are {} rules, more than {RULES_MAX}", rows.len());
        problems.error(&source.spot("rules"), what, "Join some by regular expressions (=~), or split the source");
    }
    let mut takes_all: Option<String> = None;
    let mut rules = Vec::new();
    for table in &rows {
        if let Some(before) = takes_all.take() {
            let what = format!("no alert comes this far: the rule of {before} takes every one");
            problems.warn(&table.here(), what, "Move it above that rule, or give that one a match");
        }
        let rule = rule(table, known, problems);
        if rule.conditions.is_empty() && table.lists_nothing("match") {
            takes_all = Some(rule.place.clone());
        }
        rules.push(rule);
    }
    rules
}

fn rule(table: &Table<'_>, known: &Known<'_>, problems: &mut Problems) -> Rule {
    let written = table.texts("match");
    if written.len() > CONDITIONS_MAX {
        let what = format!("has {} conditions, more than {CONDITIONS_MAX}", written.len());
        problems.error(&table.spot("match"), what, "Join some by a regular expression (=~), or split the rule");
    }
    let mut conditions = Vec::new();
    for (text, spot) in written {
        match Matcher::parse(text) {
            Ok(matcher) => conditions.push(matcher),
            Err((what, fix)) => problems.error(&spot, what, fix),
        }
    }
    let (severity, service) = (known.severity(table, problems), known.service(table, problems));
    let incident = table.flag("incident");
    let idle: Vec<&str> = ["service", "severity"].into_iter().filter(|key| table.given(key)).collect();
    match (incident, table.given("incident"), &idle[..]) {
        (Some(false), _, [_, ..]) => {
            for key in idle {
                let what = "has no effect beside incident = false: nothing is declared";
                problems.error(&table.spot(key), what, "Remove one of the two");
            }
        }
        (None, false, []) => {
            let fix = "Write service, severity or incident = false (incident = true lets its alerts pass as they are)";
            problems.error(&table.here(), "the rule does nothing", fix);
        }
        _ => {}
    }
    let place = match &table.at {
        Origin::Line(n) => format!("line {n}"),
        Origin::Variable(name) => name.to_string(),
    };
    Rule { conditions, severity, service, incident: incident.unwrap_or(true), place }
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

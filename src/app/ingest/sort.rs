//! What the configuration makes of alerts: which rule fits, which severity and service they have, whether they make an
//! incident. The same for every kind of source; knows no vendor's field names. Decides nothing that needs to know what
//! is open: that is the domain's.

use super::{Reading, group_key};
use crate::config::{Ingest, Rule};
use firebell_domain::alert::{Alert, AlertStatus, Delivery};
use firebell_domain::decide::Declaration;
use firebell_domain::directory::Directory;
use firebell_domain::id::ServiceId;
use firebell_domain::limits;
use firebell_domain::severity::{self, Severity};
use std::borrow::Cow;

/// Bytes of a label that conditions look at. What is longer is text, and a body of 32 MB may be one label.
const LOOKED_AT_BYTES_MAX: usize = 4_096;

/// One alert, and what the rules made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted {
    pub alert: Alert,
    /// The rule that decided, 0-based.
    pub rule: Option<usize>,
    pub severity: Severity,
    /// As a rule or a label names it; the source's own holds where none of a group's alerts names one.
    pub service: Option<ServiceId>,
    /// False: a rule says that it makes no incident.
    pub incident: bool,
}

impl Sorted {
    fn fires(&self) -> bool {
        self.alert.status == AlertStatus::Firing
    }

    /// Fires, and is not heard. A resolution always is: it may end what was declared before the rule was written.
    pub fn muted(&self) -> bool {
        self.fires() && !self.incident
    }
}

/// What both kinds of source need to make sense of labels.
pub(super) struct Reader<'a> {
    pub source: &'a str,
    pub settings: &'a Ingest,
    pub directory: &'a Directory,
}

impl Reader<'_> {
    /// Holds an alert against the rules. `said` gives what it says under a label's name.
    pub fn sort<'b>(
        &self,
        alert: Alert,
        said: impl Fn(&str) -> Option<Cow<'b, str>>,
        severity: Option<&str>,
        service: Option<&str>,
    ) -> Sorted {
        let rule = self.settings.rules.iter().position(|rule| fits(rule, &said));
        let decided = rule.and_then(|n| self.settings.rules.get(n));
        let service = decided.and_then(|r| r.service.clone()).or_else(|| self.named_service(service));
        let about = service.as_ref().or(self.settings.service.as_ref());
        let by_rule = decided.and_then(|r| severity::find(self.scale(about), r.severity.as_deref()?)).cloned();
        Sorted {
            alert,
            rule,
            severity: by_rule.unwrap_or_else(|| self.severity(severity, about)),
            service,
            incident: decided.is_none_or(|r| r.incident),
        }
    }

    /// The reading of one group. An incident gets the worst severity of what fires and is not muted, and that alert's
    /// service; alerts that the source left out are taken to be like those that it lists.
    pub fn reading(
        &self,
        group: &str,
        group_status: AlertStatus,
        truncated: u32,
        title: String,
        sorted: Vec<Sorted>,
    ) -> Reading {
        let mut makers: Vec<&Sorted> = sorted.iter().filter(|s| s.fires() && s.incident).collect();
        makers.sort_by_key(|s| s.severity.rank);
        let all_muted = makers.is_empty() && sorted.iter().any(Sorted::muted);
        let severity = makers.first().copied().or(sorted.first()).map(|s| s.severity.clone());
        let service = makers.iter().find_map(|s| s.service.clone());
        let service = service.or_else(|| sorted.iter().find_map(|s| s.service.clone()).filter(|_| makers.is_empty()));
        let delivery = Delivery {
            source: self.source.to_string(),
            group: group_key(group),
            // The source's own word also where all that fires is muted: it is not over.
            group_status,
            truncated: if all_muted { 0 } else { truncated },
            alerts: sorted.iter().filter(|s| !s.muted()).map(|s| s.alert.clone()).collect(),
        };
        let declaration = Declaration {
            title,
            severity: severity.unwrap_or_else(|| self.severity(None, self.settings.service.as_ref())),
            service: service.or_else(|| self.settings.service.clone()),
            private: false,
            because: None,
        };
        Reading { delivery, declaration, sorted }
    }

    /// The severity that a label means: as the scale names it, else by what monitoring usually means by the word,
    /// else the source's default.
    pub fn severity(&self, word: Option<&str>, about: Option<&ServiceId>) -> Severity {
        let scale = self.scale(about);
        let named = word.and_then(|w| severity::find(scale, w)).or_else(|| {
            let nth = match word?.trim().to_ascii_lowercase().as_str() {
                "critical" | "crit" | "page" | "emergency" | "disaster" | "fatal" | "alert" => 0,
                "error" | "err" | "high" | "major" => 1,
                "warning" | "warn" | "average" | "medium" | "minor" => 2,
                "info" | "information" | "informational" | "low" | "notice" | "none" | "debug" => usize::MAX,
                _ => return None,
            };
            scale.get(nth.min(scale.len().saturating_sub(1)))
        });
        named
            .or_else(|| severity::find(scale, &self.settings.severity))
            .or_else(|| scale.first())
            .cloned()
            .unwrap_or(Severity::new("P1", "Critical", 1))
    }

    /// The severities of the system that a service is part of.
    fn scale(&self, about: Option<&ServiceId>) -> &[Severity] {
        self.directory.scale(self.directory.system_of(about))
    }

    /// The service that a label names, if it is configured.
    fn named_service(&self, word: Option<&str>) -> Option<ServiceId> {
        word.map(ServiceId::from).filter(|s| self.directory.services.contains_key(s))
    }
}

fn fits<'b>(rule: &Rule, said: &impl Fn(&str) -> Option<Cow<'b, str>>) -> bool {
    rule.conditions.iter().all(|condition| {
        let value = said(&condition.name).unwrap_or_default();
        let end = value.floor_char_boundary(LOOKED_AT_BYTES_MAX);
        condition.fits(value.get(..end).unwrap_or_default())
    })
}

/// An address of http or https that may be shown: whole, without a password in it, and not longer than people's tools
/// take. Anything else is left out.
pub(super) fn link(raw: &str) -> Option<String> {
    let url = url::Url::parse(raw.trim()).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let shown = String::from(url);
    (plain && shown.len() <= limits::LINK_CHARS_MAX).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_addresses_of_http_and_https_are_links() {
        let long = format!("https://example.org/{}", "x".repeat(limits::LINK_CHARS_MAX));
        for raw in [
            "",
            "graph",
            "/graph?g0.expr=up",
            "javascript:alert(1)",
            "data:text/html,<script>",
            "file:///etc/passwd",
            "ftp://example.org/",
            "https://ana:secret@example.org/",
            "https://ana@example.org/",
            "http://",
            "https://[",
            &long,
        ] {
            assert_eq!(link(raw), None, "{raw}");
        }
        let shown = |raw: &str| link(raw).expect(raw);
        assert_eq!(shown(" HTTPS://Example.org/a?b=c#d "), "https://example.org/a?b=c#d");
        assert_eq!(shown("http://vm:9090/graph?g0.expr=up+%3D%3D+0"), "http://vm:9090/graph?g0.expr=up+%3D%3D+0");
        // What could forge a line, a mention or a tag is written in percent.
        let odd = shown("https://example.org/\"<script>\u{202e}\u{200b} x?a=<!here>\n\t'");
        assert!(odd.chars().all(|c| c.is_ascii_graphic() && !"<>\"".contains(c)), "{odd}");
    }
}

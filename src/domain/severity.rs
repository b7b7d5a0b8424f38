//! Severities: a label as its team prints it, a rank that policies use (1 is worst), read generously.

use crate::hours::WorkingHours;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds of a day: a span of whole days is said in working days where working hours count.
const DAY_S: i64 = 86_400;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// As printed: `P1`, `SEV1`, `critical`.
    pub level: String,
    /// In words: `Critical`.
    pub name: String,
    /// 1 is worst. Two teams' `P1` may have different ranks.
    pub rank: u32,
    /// Seconds within which somebody should have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_s: Option<i64>,
    #[serde(default, skip_serializing_if = "Clocks::none")]
    pub clocks: Clocks,
    /// Whose scale it is, where a system has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Its response and its resolution are promised in working days or working hours: these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<WorkingHours>,
}

/// What else a severity promises, in seconds; `None` promises nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// From the declaration to knowing the cause (status identified).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnose_s: Option<i64>,
    /// From the declaration to the end of the harm (status monitoring).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigate_s: Option<i64>,
    /// From the declaration to the end of the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_s: Option<i64>,
    /// From the end of the incident to the published post-mortem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postmortem_s: Option<i64>,
    /// Between two status updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_every_s: Option<i64>,
    /// From the acknowledgement to somebody leading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_within_s: Option<i64>,
}

impl Clocks {
    /// So that what promises nothing takes no room in the log.
    pub fn none(&self) -> bool {
        *self == Clocks::default()
    }
}

impl Severity {
    /// Without any promise of time.
    pub fn new(level: impl Into<String>, name: impl Into<String>, rank: u32) -> Self {
        Severity {
            level: level.into(),
            name: name.into(),
            rank,
            response_s: None,
            clocks: Clocks::default(),
            system: None,
            hours: None,
        }
    }

    /// The end of what it promises for response or resolution. Where working hours count, whole days are working days;
    /// a span of hours is working time only where neither promise is said in days, because then it was one of these two
    /// that was meant.
    pub fn due(&self, from: Timestamp, span_s: i64) -> Timestamp {
        let whole = |s: i64| s % DAY_S == 0;
        let in_days = self.response_s.is_some_and(whole) || self.clocks.resolve_s.is_some_and(whole);
        match &self.hours {
            Some(hours) if whole(span_s) => hours.after_days(from, span_s / DAY_S),
            Some(hours) if !in_days => hours.after(from, span_s),
            _ => from.plus_s(span_s),
        }
    }
}

/// Finds the severity that `word` means: its label in any spelling (`p1`, `P-1`, `sev 1`, `SEV-1`), its name
/// (`critical`), or, where labels differ only by prefix (`SEV1` said to a team that says `P1`), its number.
pub fn find<'a>(severities: &'a [Severity], word: &str) -> Option<&'a Severity> {
    let wanted = normal(word);
    if wanted.is_empty() {
        return None;
    }
    severities
        .iter()
        .find(|s| normal(&s.level) == wanted)
        .or_else(|| severities.iter().find(|s| normal(&s.name) == wanted))
        .or_else(|| {
            let number = number_of(&wanted)?;
            severities.iter().find(|s| number_of(&normal(&s.level)) == Some(number))
        })
}

/// Lower case, letters and digits only: `SEV-1`, `sev 1` and `Sev1` are one.
pub fn normal(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The number of a label with a prefix that means "severity" to somebody.
fn number_of(normal: &str) -> Option<u32> {
    let digits = ["severity", "priority", "prio", "sev", "p", "s"].iter().find_map(|p| normal.strip_prefix(p))?;
    digits.parse().ok()
}

/// Whether a word can only have been meant as a severity (`p9`, `sev7`), so that an unknown one is refused
/// instead of becoming the first word of a title.
pub fn looks_like_severity(word: &str) -> bool {
    number_of(&normal(word)).is_some_and(|n| n < 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn p_scale() -> Vec<Severity> {
        [("P1", "Critical", 1), ("P2", "High", 2), ("P3", "Medium", 3), ("P4", "Low", 4)]
            .map(|(level, name, rank)| Severity::new(level, name, rank))
            .to_vec()
    }

    #[test]
    fn severities_are_read_generously() {
        let scale = p_scale();
        for word in ["P1", "p1", "P-1", "sev1", "SEV-1", "Sev 1", "critical", "CRITICAL", "s1", "severity1"] {
            assert_eq!(find(&scale, word).map(|s| s.level.as_str()), Some("P1"), "{word}");
        }
        for word in ["", "P9", "p0", "P", "1", "checkout", "P1x", "--"] {
            assert_eq!(find(&scale, word), None, "{word}");
        }
    }

    #[test]
    fn a_word_that_can_only_be_a_severity_is_known_as_one() {
        for word in ["P9", "sev-0", "S7", "prio 5"] {
            assert!(looks_like_severity(word), "{word}");
        }
        for word in ["payments", "s3-bucket", "checkout", "p", "sev", "P2P", "s2024"] {
            assert!(!looks_like_severity(word), "{word}");
        }
    }
}

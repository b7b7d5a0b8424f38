//! Identifiers, each its own type, printed as people say them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// `INC-42`. Number 0 is no incident but the organisation's own log (overrides, invitations, reloads).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub i64);

impl IncidentId {
    /// The stream of events that belong to no incident.
    pub const ORG: IncidentId = IncidentId(0);

    /// Reads `INC-42`, `inc42`, `#42` and `42`.
    pub fn parse(text: &str) -> Option<Self> {
        let t = text.trim();
        let digits = if t.len() >= 3 && t.is_char_boundary(3) && t[..3].eq_ignore_ascii_case("inc") {
            t[3..].strip_prefix('-').unwrap_or(&t[3..])
        } else {
            t.strip_prefix('#').unwrap_or(t)
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok().filter(|n| *n > 0).map(IncidentId)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INC-{}", self.0)
    }
}
impl fmt::Debug for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                $name(text.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_string())
            }
        }
    };
}

name_type!(
    /// A person as `[people.NAME]` spells them, without the `@`.
    PersonId
);
name_type!(ServiceId);
name_type!(PolicyId);
name_type!(ScheduleId);
name_type!(
    /// Where something is delivered: `pagerduty`, `webhook.ops`, `smtp`.
    ChannelId
);

impl ChannelId {
    /// The platform, where this is one of its workspaces: `slack` of `slack T0BETA`, whose name stands behind a space.
    pub fn platform(&self) -> ChannelId {
        ChannelId::from(self.0.split(' ').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incident_ids_are_read_generously_and_printed_one_way() {
        for text in ["INC-42", "inc-42", "inc42", "#42", "42", " INC-42 "] {
            assert_eq!(IncidentId::parse(text).map(|i| i.to_string()).as_deref(), Some("INC-42"), "{text}");
        }
        for text in ["", "INC-", "INC-0", "INC-x", "-3", "99999999999999999999", "é42", "INC-４２"] {
            assert_eq!(IncidentId::parse(text), None, "{text}");
        }
    }
}

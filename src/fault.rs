//! A *fault*: our own error. The person gets a short id and what it means for them, the operator gets the chain in
//! the log under the same id. Refusals ("no" to a person) are `firebell_domain::refusal::Refusal`, never this.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The database cannot be reached or does not answer: nothing was recorded.
    Unavailable,
    /// The disk (or the database's quota) is full: nothing was recorded.
    Full,
    /// The commit may or may not have happened.
    Unknown,
    /// More is waiting than we promise to handle: nothing was recorded.
    Overloaded,
    /// The log does not add up.
    Damaged,
    /// Anything else that should not happen.
    Bug,
}

impl FaultKind {
    /// As a metric's label has it.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultKind::Unavailable => "unavailable",
            FaultKind::Full => "full",
            FaultKind::Unknown => "unknown",
            FaultKind::Overloaded => "overloaded",
            FaultKind::Damaged => "damaged",
            FaultKind::Bug => "bug",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Fault {
    pub id: String,
    pub kind: FaultKind,
    pub chain: String,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Fault {
    pub fn new(kind: FaultKind, chain: impl Into<String>) -> Fault {
        let id = format!("F{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Fault { id, kind, chain: chain.into() }
    }

    pub fn bug(chain: impl fmt::Display) -> Fault {
        Fault::new(FaultKind::Bug, chain.to_string())
    }

    /// Logs it once, where it was met; whoever hands it on does not log it again.
    pub fn logged(self) -> Fault {
        tracing::error!(fault.id = %self.id, fault.kind = ?self.kind, "{}", self.chain);
        self
    }

    /// What a person is told.
    pub fn shown(&self) -> String {
        let id = &self.id;
        match self.kind {
            FaultKind::Unavailable => {
                format!("Not recorded: the database cannot be reached. Nothing was done; try again in a moment. ({id})")
            }
            FaultKind::Full => format!(
                "Not recorded: the disk of the database is full. Nothing was done; free some space and try again. ({id})"
            ),
            FaultKind::Unknown => format!(
                "Not recorded yet, do not rely on it: the database did not answer in time. \"/incident list\" shows whether it arrived. ({id})"
            ),
            FaultKind::Overloaded => {
                format!("Not recorded: too much is waiting. Nothing was done; try again in a few seconds. ({id})")
            }
            FaultKind::Damaged => format!(
                "Not recorded: this incident's log does not add up. Run \"firebell audit verify\" and tell your operator {id}."
            ),
            FaultKind::Bug => {
                format!(
                    "Not recorded: something went wrong inside Firebell. Tell your operator {id}; the log has the rest."
                )
            }
        }
    }

    /// Whether trying the same again later may help.
    pub fn passes(&self) -> bool {
        !matches!(self.kind, FaultKind::Damaged | FaultKind::Bug)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}): {}", self.id, self.kind, self.chain)
    }
}

impl std::error::Error for Fault {}

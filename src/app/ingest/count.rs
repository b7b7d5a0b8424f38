//! What is counted of each alert source, so that a source that falls silent, a rule that mutes too much and a token that
//! is wrong are seen on a dashboard. Counted once it is durable; a repeat counts again. Labels are configured names,
//! never what a body says.

use super::{Reading, Taken};
use firebell_domain::alert::AlertStatus;

const RECEIVED: &str = "firebell_alerts_received_total";
const MUTED: &str = "firebell_alerts_muted_total";
const DECLARED: &str = "firebell_alerts_declared_total";
const JOINED: &str = "firebell_alerts_joined_total";
const REOPENED: &str = "firebell_alerts_reopened_total";
const UNREADABLE: &str = "firebell_alerts_unreadable_total";
const UNAUTHORIZED: &str = "firebell_alerts_unauthorized_total";

/// Begins every count of a source at zero: what never happened is a figure too.
pub fn begin(source: &str) {
    metrics::describe_counter!(RECEIVED, "Alerts received, repeats too, by source and status");
    metrics::describe_counter!(MUTED, "Firing alerts that a rule kept from making an incident, by source");
    metrics::describe_counter!(DECLARED, "Incidents that alert groups declared, by source");
    metrics::describe_counter!(JOINED, "Deliveries of a group that were news to its open incident, by source");
    metrics::describe_counter!(REOPENED, "Incidents that alert groups reopened, by source");
    metrics::describe_counter!(UNREADABLE, "Requests that could not be read, by source");
    metrics::describe_counter!(UNAUTHORIZED, "Requests without the source's token, by source");
    for status in ["firing", "resolved"] {
        metrics::counter!(RECEIVED, "source" => source.to_string(), "status" => status).increment(0);
    }
    for name in [MUTED, DECLARED, JOINED, REOPENED, UNREADABLE, UNAUTHORIZED] {
        metrics::counter!(name, "source" => source.to_string()).increment(0);
    }
}

pub fn unauthorized(source: &str) {
    metrics::counter!(UNAUTHORIZED, "source" => source.to_string()).increment(1);
}

/// What a request held, once it was read.
pub(super) struct Held {
    firing: u64,
    resolved: u64,
    muted: u64,
}

impl Held {
    pub fn of(readings: &[Reading]) -> Held {
        let all = || readings.iter().flat_map(|r| &r.sorted);
        let count = |status| all().filter(|s| s.alert.status == status).count() as u64;
        Held {
            firing: count(AlertStatus::Firing),
            resolved: count(AlertStatus::Resolved),
            muted: all().filter(|s| s.muted()).count() as u64,
        }
    }

    pub fn count(&self, source: &str) {
        for (status, n) in [("firing", self.firing), ("resolved", self.resolved)] {
            metrics::counter!(RECEIVED, "source" => source.to_string(), "status" => status).increment(n);
        }
        metrics::counter!(MUTED, "source" => source.to_string()).increment(self.muted);
    }
}

pub(super) fn taken(source: &str, taken: &Taken) {
    let Taken::Deliveries(done) = taken else {
        return metrics::counter!(UNREADABLE, "source" => source.to_string()).increment(1);
    };
    for (_, what) in done {
        let name = match *what {
            super::DECLARED => DECLARED,
            super::JOINED => JOINED,
            super::REOPENED => REOPENED,
            _ => continue,
        };
        metrics::counter!(name, "source" => source.to_string()).increment(1);
    }
}

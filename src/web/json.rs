//! The API's shapes. Made of the log and of nothing that changes by itself, so that an answer can be given again.

use crate::app::Changed;
use crate::notice;
use crate::store::IncidentRow;
use firebell_domain::event::{Actor, IncidentEvent};
use firebell_domain::incident::Incident;
use firebell_domain::time::Timestamp;
use serde_json::{Value, json};

pub fn incident(i: &Incident, url: &str) -> Value {
    let time = |t: Option<Timestamp>| t.map(Timestamp::rfc3339);
    json!({
        "id": i.id.to_string(),
        "number": i.id.0,
        "url": format!("{url}/incidents/{}", i.id.0),
        "title": i.title,
        "severity": { "level": i.severity.level, "name": i.severity.name, "rank": i.severity.rank },
        "service": i.service,
        "private": i.private,
        "status": i.status,
        "declared_at": i.declared_at.rfc3339(),
        "declared_by": actor(&i.declared_by),
        "acknowledged_at": i.acknowledged.as_ref().map(|a| a.at.rfc3339()),
        "acknowledged_by": i.acknowledged.as_ref().map(|a| actor(&a.by)),
        "snoozed_until": time(i.snoozed_until),
        "lead": i.lead,
        "roles": i.roles,
        "responders": i.responders,
        "next_escalation_at": time(i.escalation.next_at),
        "actions": i.actions.iter().map(|a| json!({
            "no": a.no, "text": a.text, "owner": a.owner, "due": a.due, "done_at": time(a.done_at),
        })).collect::<Vec<_>>(),
        "ended_at": time(i.ended_at),
        "merged_into": i.merged_into.map(|m| m.to_string()),
        "updated_at": i.updated_at.rfc3339(),
        "seq": i.seq,
    })
}

pub fn row(r: &IncidentRow, url: &str) -> Value {
    json!({
        "id": r.id.to_string(),
        "number": r.id.0,
        "url": format!("{url}/incidents/{}", r.id.0),
        "title": r.title,
        "severity": { "level": r.severity, "rank": r.severity_rank },
        "service": r.service,
        "private": r.private,
        "status": r.status,
        "lead": r.lead,
        "acknowledged_by": r.acknowledged_by,
        "declared_at": r.declared_at.rfc3339(),
        "ended_at": r.ended_at.map(Timestamp::rfc3339),
        "updated_at": r.updated_at.rfc3339(),
        "seq": r.seq,
    })
}

pub fn actor(actor: &Actor) -> Value {
    match actor {
        Actor::Person { name, via } => json!({ "by": "person", "name": name, "via": via }),
        Actor::Source { name } => json!({ "by": "source", "name": name }),
        Actor::Engine => json!({ "by": "engine" }),
    }
}

/// An event with its own keys beside `seq`, `at` and `actor`.
pub fn event(e: &IncidentEvent) -> Value {
    let mut value = serde_json::to_value(&e.body).unwrap_or(Value::Null);
    readable_times(&mut value);
    if let Value::Object(map) = &mut value {
        map.insert("seq".to_string(), json!(e.seq));
        map.insert("at".to_string(), json!(e.at.rfc3339()));
        map.insert("actor".to_string(), actor(&e.actor));
    }
    value
}

/// The log keeps microseconds; programs read RFC 3339.
fn readable_times(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner.as_i64() {
                    Some(micros) if key.ends_with("_at") || key.ends_with("until") => {
                        *inner = json!(Timestamp(micros).rfc3339());
                    }
                    _ => readable_times(inner),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(readable_times),
        _ => {}
    }
}

/// The answer to a command: what people would be told, the incident as it is now, and the numbers of what happened.
pub fn changed(c: &Changed, url: &str) -> String {
    let events: Vec<_> = c.events.iter().map(|e| json!({ "seq": e.seq, "kind": e.body.kind() })).collect();
    let text = notice::reply::after(c.before.as_ref(), &c.events, &c.after, c.after.updated_at);
    json!({ "text": text, "incident": incident(&c.after, url), "events": events }).to_string()
}

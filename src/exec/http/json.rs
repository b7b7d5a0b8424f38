//! What of a JSON answer is a value: numbers, flags and the words that services have for well and ill. Bounded.

use crate::engine::ports::execute::Reading;
use crate::exec::ran::reading;
use serde_json::Value;

const READINGS_MAX: usize = 200;
const DEPTH_MAX: usize = 8;

const WELL: [&str; 12] =
    ["ok", "okay", "healthy", "up", "pass", "passing", "passed", "ready", "connected", "alive", "green", "operational"];
const ILL: [&str; 14] = [
    "unhealthy",
    "down",
    "fail",
    "failed",
    "failing",
    "error",
    "critical",
    "disconnected",
    "degraded",
    "dead",
    "red",
    "unavailable",
    "not ready",
    "timeout",
];

/// By their paths: `checks.database.latency_ms`; of words `health of checks.database`, 1 or 0.
pub fn readings(body: &Value) -> Vec<Reading> {
    let mut out = Vec::new();
    collect(body, "", 0, &mut out);
    out
}

fn collect(value: &Value, path: &str, depth: usize, out: &mut Vec<Reading>) {
    if out.len() >= READINGS_MAX || depth > DEPTH_MAX {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(value, &below(key), depth + 1, out)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(no, value)| collect(value, &below(&no.to_string()), depth + 1, out))
        }
        Value::Number(number) => out.extend(number.as_f64().map(|n| reading(path, n, ""))),
        Value::Bool(flag) => out.push(reading(path, f64::from(u8::from(*flag)), "")),
        Value::String(text) => {
            let word = text.trim().to_lowercase();
            let health =
                if WELL.contains(&word.as_str()) { Some(1.0) } else { ILL.contains(&word.as_str()).then_some(0.0) };
            let path = path.strip_suffix("status").map_or(path, |p| p.trim_end_matches('.'));
            let metric = if path.is_empty() { "health".to_string() } else { format!("health of {path}") };
            out.extend(health.map(|value| reading(metric, value, "")));
        }
        Value::Null => {}
    }
}

/// The first field that is not as it has to be.
pub fn lacks(body: &Value, fields: &[(String, String)]) -> Option<String> {
    fields.iter().find_map(|(path, expected)| {
        let found = path.split('.').filter(|key| !key.is_empty()).try_fold(body, |value, key| match value {
            Value::Array(list) => list.get(key.parse::<usize>().ok()?),
            other => other.get(key),
        });
        let found = found.map(|value| value.as_str().map_or(value.to_string(), str::to_string));
        match found {
            Some(found) if found == *expected => None,
            Some(found) => Some(format!("{path} is {found} and not {expected}")),
            None => Some(format!("{path} is not in the answer")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_by_their_paths() {
        let body = json!({"status": "ok", "checks": {"db": {"status": "unhealthy", "latency_ms": 12.5}, "queue": "UP"}, "ready": true, "version": "2.1"});
        let shown: Vec<String> = readings(&body).into_iter().map(|r| format!("{}={}", r.metric, r.value)).collect();
        let expected =
            ["checks.db.latency_ms=12.5", "health of checks.db=0", "health of checks.queue=1", "ready=1", "health=1"]
                .map(str::to_string);
        assert_eq!(shown, expected);
        assert_eq!(readings(&Value::Array(vec![json!(1); 10_000])).len(), READINGS_MAX);
    }

    #[test]
    fn a_field_that_is_otherwise_is_named() {
        let body = json!({"checks": [{"name": "db", "up": true}]});
        let field = |path: &str, text: &str| lacks(&body, &[(path.to_string(), text.to_string())]);
        assert_eq!(field("checks.0.up", "true"), None);
        assert_eq!(field("checks.0.name", "cache").as_deref(), Some("checks.0.name is db and not cache"));
        assert_eq!(field("checks.1.name", "db").as_deref(), Some("checks.1.name is not in the answer"));
    }
}

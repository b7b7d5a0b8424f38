//! What Prometheus answers, as values: series with their labels and samples, alerts, or why it does not answer. Reads
//! whatever comes: a field that is missing or of another kind makes it shorter, never a panic.

use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Series(Vec<Series>),
    /// Of `alerts`: firing, pending, each with its labels.
    Alerts(Vec<Alert>),
    /// Anything else that went well.
    Other,
    Failed(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub labels: BTreeMap<String, String>,
    /// Seconds since 1970 and the value, in the order of time.
    pub samples: Vec<(f64, f64)>,
    /// What it is where it is no number.
    pub text: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub labels: BTreeMap<String, String>,
    pub state: String,
}

pub fn read(status: u16, body: &[u8]) -> Answer {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Answer::Failed(format!("The server answered {status} and nothing that Prometheus would say"));
    };
    match value.get("status").and_then(Value::as_str) {
        Some("success") => {}
        Some("error") => return Answer::Failed(failed(&value)),
        _ => return Answer::Failed(format!("The server answered {status} and nothing that Prometheus would say")),
    }
    let data = value.get("data").unwrap_or(&Value::Null);
    if let Some(alerts) = data.get("alerts").and_then(Value::as_array) {
        let alert = |a: &Value| Alert { labels: labels(a.get("labels")), state: text(a.get("state")) };
        return Answer::Alerts(alerts.iter().map(alert).collect());
    }
    let result = data.get("result").unwrap_or(&Value::Null);
    match data.get("resultType").and_then(Value::as_str) {
        Some("vector" | "matrix") => Answer::Series(result.as_array().into_iter().flatten().map(series).collect()),
        Some("scalar") => Answer::Series(vec![Series {
            labels: BTreeMap::new(),
            samples: sample(result).into_iter().collect(),
            text: None,
        }]),
        Some("string") => {
            let said = text(result.get(1));
            Answer::Series(vec![Series { labels: BTreeMap::new(), samples: Vec::new(), text: Some(said) }])
        }
        _ => Answer::Other,
    }
}

/// Its sentence, without what only its own client needs.
fn failed(value: &Value) -> String {
    let said = text(value.get("error"));
    let said = said.strip_prefix("invalid parameter \"query\": ").unwrap_or(&said);
    match text(value.get("errorType")).as_str() {
        "bad_data" => format!("Prometheus does not understand this: {said}"),
        "timeout" | "canceled" => {
            format!("Prometheus gave the question up: {said}. Ask for less or for a shorter span")
        }
        "execution" => format!("Prometheus cannot compute this: {said}"),
        "not_found" => format!("Prometheus does not have this: {said}"),
        _ => format!("Prometheus failed: {said}"),
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_string()
}

fn labels(value: Option<&Value>) -> BTreeMap<String, String> {
    let pairs = value.and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string()))).collect()
}

fn series(value: &Value) -> Series {
    let many = value.get("values").and_then(Value::as_array);
    let samples = match (value.get("value"), many) {
        (Some(one), _) => sample(one).into_iter().collect(),
        (None, Some(many)) => many.iter().filter_map(sample).collect(),
        (None, None) => Vec::new(),
    };
    Series { labels: labels(value.get("metric")), samples, text: None }
}

/// `[1763800000.123, "0.25"]`; the value is text because of `NaN` and `+Inf`.
fn sample(value: &Value) -> Option<(f64, f64)> {
    let at = value.get(0)?.as_f64()?;
    Some((at, value.get(1)?.as_str()?.parse().ok()?))
}

impl Series {
    /// `up{instance="db", job="node"}`, as Prometheus writes it.
    pub fn name(&self) -> String {
        let own = self.labels.get("__name__").cloned().unwrap_or_default();
        let others = self.labels.iter().filter(|(n, _)| *n != "__name__");
        let others: Vec<String> = others.map(|(n, v)| format!("{n}={v:?}")).collect();
        match (own.is_empty(), others.is_empty()) {
            (false, true) => own,
            (_, false) => format!("{own}{{{}}}", others.join(", ")),
            (true, true) => "{}".to_string(),
        }
    }
}

/// What the name of a metric says of its unit, by Prometheus's own rules for names.
pub fn unit(name: &str) -> &'static str {
    const UNITS: [(&str, &str); 6] = [
        ("_seconds", "s"),
        ("_milliseconds", "ms"),
        ("_ms", "ms"),
        ("_bytes", "B"),
        ("_percent", "%"),
        ("_celsius", "°C"),
    ];
    let name = name.strip_suffix("_total").unwrap_or(name);
    UNITS.iter().find(|(suffix, _)| name.ends_with(suffix)).map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: &Value) -> Answer {
        read(200, value.to_string().as_bytes())
    }

    #[test]
    fn answers_are_series_with_names_and_values() {
        let vector = json!({"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {"__name__": "up", "job": "node", "instance": "a\"b"}, "value": [1.5, "1"]},
            {"metric": {}, "value": [1.5, "NaN"]},
        ]}});
        let Answer::Series(series) = of(&vector) else { panic!("{:?}", of(&vector)) };
        let names: Vec<String> = series.iter().map(Series::name).collect();
        assert_eq!(names, [r#"up{instance="a\"b", job="node"}"#, "{}"]);
        assert_eq!(series[0].samples, [(1.5, 1.0)]);
        assert!(series[1].samples[0].1.is_nan());
        let matrix = json!({"status": "success", "data": {"resultType": "matrix", "result": [
            {"metric": {"__name__": "up"}, "values": [[1, "0"], [2, "+Inf"], "broken"]}]}});
        let Answer::Series(series) = of(&matrix) else { panic!("{:?}", of(&matrix)) };
        assert_eq!(
            (series[0].name().as_str(), &series[0].samples[..]),
            ("up", &[(1.0, 0.0), (2.0, f64::INFINITY)][..])
        );
        let scalar = json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}});
        assert!(matches!(of(&scalar), Answer::Series(s) if s[0].samples == [(1.0, 2.0)]));
    }

    #[test]
    fn what_went_wrong_is_a_sentence() {
        let error = json!({"status": "error", "errorType": "bad_data",
            "error": "invalid parameter \"query\": 1:5: parse error: unexpected end of input"});
        let sentence = "Prometheus does not understand this: 1:5: parse error: unexpected end of input";
        assert_eq!(of(&error), Answer::Failed(sentence.to_string()));
        for body in ["", "<html>", "null", "[]", r#"{"status": 5}"#] {
            assert!(matches!(read(502, body.as_bytes()), Answer::Failed(why) if why.contains("502")), "{body}");
        }
        for body in [r#"{"status":"success"}"#, r#"{"status":"success","data":{"resultType":"vector","result":7}}"#] {
            assert!(!matches!(read(200, body.as_bytes()), Answer::Failed(_)), "{body}");
        }
    }

    #[test]
    fn the_name_of_a_metric_says_its_unit() {
        for (name, expected) in [
            ("process_cpu_seconds_total", "s"),
            ("task_duration_ms", "ms"),
            ("process_resident_memory_bytes", "B"),
            ("disk_used_percent", "%"),
            ("shop_errors_total", ""),
        ] {
            assert_eq!(unit(name), expected, "{name}");
        }
    }
}

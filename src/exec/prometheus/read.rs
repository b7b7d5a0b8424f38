//! Reads what a runbook asks of Prometheus: `curl` and `wget` at its API, `promtool query`, and `promql EXPRESSION`. Takes
//! only what reads; whatever host stands in an address, the target is asked and nobody else.

use crate::exec::http::curl;
use crate::exec::words::{Flag, Mixed, Words, value, yes};
use reqwest::Method;

/// One request to the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Behind `/api/v1/`.
    pub path: String,
    pub params: Vec<(String, String)>,
    pub print: Print,
    /// The address that stands in the command, for people.
    pub written: Option<String>,
    /// How far back, where only the expression says what; and how far apart.
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub start: Moment,
    pub end: Moment,
    pub step: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// As Prometheus reads it: seconds since 1970 or RFC 3339.
    At(String),
    /// Seconds before now.
    Ago(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// What the server answered.
    Body,
    Nothing,
    /// A line for each series, as `promtool` prints it.
    Lines,
}

impl Ask {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn expression(&self) -> Option<&str> {
        self.param("query").filter(|_| self.path == "query" || self.path == "query_range")
    }

    fn of(path: &str, expression: &str) -> Ask {
        let params = vec![("query".to_string(), expression.to_string())];
        Ask { path: path.to_string(), params, print: Print::Lines, written: None, span: None }
    }
}

pub fn read(argv: &[String]) -> Result<Ask, String> {
    match argv.first().map(String::as_str) {
        Some("curl" | "wget") => address(argv),
        Some("promtool") => promtool(&argv[1..]),
        Some("promql") => promql(&argv[1..]),
        _ => Err("This asks nothing of Prometheus".to_string()),
    }
}

/// What of the API only reads, with the methods that it takes there.
const READS: [&str; 11] = [
    "query",
    "query_range",
    "query_exemplars",
    "series",
    "labels",
    "alerts",
    "rules",
    "targets",
    "metadata",
    "alertmanagers",
    "status/",
];

fn address(argv: &[String]) -> Result<Ask, String> {
    let request = curl::read(argv)?;
    let (_, path) = request.url.path().split_once("/api/v1/").ok_or("This is no address of Prometheus's API")?;
    let path = path.trim_end_matches('/').to_string();
    let label = path.starts_with("label/") && path.ends_with("/values");
    let known = READS.iter().any(|r| path == *r || (r.ends_with('/') && path.starts_with(r)));
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "_-/".contains(c));
    if !(known || label) || !plain {
        return Err(format!("{path} is nothing that only reads in Prometheus"));
    }
    let mut params: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    match (&request.method, &request.body) {
        (&Method::GET | &Method::HEAD, _) => {}
        (&Method::POST, body) if path.starts_with("query") => {
            params.extend(url::form_urlencoded::parse(body.as_deref().unwrap_or_default()).into_owned());
        }
        (method, _) => return Err(format!("{method} is not what {path} of Prometheus is asked with")),
    }
    let print = if request.print.body { Print::Body } else { Print::Nothing };
    let mut shown = request.url.clone();
    shown.set_query(None);
    Ok(Ask { path, params, print, written: Some(shown.to_string()), span: None })
}

const TIMES: [Flag; 6] = [
    value("time", ' '),
    value("start", ' '),
    value("end", ' '),
    value("step", ' '),
    value("format", 'o'),
    value("header", ' '),
];

fn promtool(argv: &[String]) -> Result<Ask, String> {
    let [query, kind, rest @ ..] = argv else { return Err("promtool lacks what to do".to_string()) };
    if query != "query" {
        return Err(format!("promtool {query} works on files: it is no question to a server"));
    }
    let words = Words::read(rest, &TIMES, Mixed::Yes)?;
    if words.get("header").is_some() {
        return Err("Headers are not sent along natively".to_string());
    }
    let [server, expression] = &words.words[..] else {
        return Err(format!("promtool query {kind} takes a server and an expression"));
    };
    let print = match words.get("format") {
        None | Some("promql") => Print::Lines,
        Some("json") => Print::Body,
        Some(other) => return Err(format!("The format {other} is not known")),
    };
    let mut ask = match kind.as_str() {
        "instant" => instant(expression, &words),
        "range" => range(expression, &words, Moment::Ago(300)),
        _ => return Err(format!("promtool query {kind} is not done natively")),
    };
    (ask.print, ask.written) = (print, Some(server.clone()));
    Ok(ask)
}

/// `promql [--range 1h | --start … --end …] [--step 15s] EXPRESSION`: what configuration and ready-made checks ask.
fn promql(argv: &[String]) -> Result<Ask, String> {
    let flags: Vec<Flag> = TIMES.into_iter().chain([value("range", ' '), yes("json", ' ')]).collect();
    let words = Words::read(argv, &flags, Mixed::Yes)?;
    let [expression] = &words.words[..] else { return Err("promql takes one expression".to_string()) };
    let back = words.get("range").map(seconds).transpose()?;
    let mut ask = match back {
        Some(back) => range(expression, &words, Moment::Ago(back)),
        None if words.get("start").is_some() => range(expression, &words, Moment::Ago(3600)),
        None => instant(expression, &words),
    };
    if words.has("json") {
        ask.print = Print::Body;
    }
    Ok(ask)
}

fn instant(expression: &str, words: &Words) -> Ask {
    let mut ask = Ask::of("query", expression);
    ask.params.extend(words.text("time").map(|t| ("time".to_string(), t)));
    ask
}

fn range(expression: &str, words: &Words, from: Moment) -> Ask {
    let start = words.text("start").map_or(from, Moment::At);
    let end = words.text("end").map_or(Moment::Ago(0), Moment::At);
    let span = Some(Span { start, end, step: words.text("step") });
    Ask { span, ..Ask::of("query_range", expression) }
}

/// `90s`, `5m`, `1h30m`, `2d`, as Prometheus writes spans.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text} is no span such as 30m or 2h");
    let (mut total, mut number) = (0u64, String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(wrong()),
        };
        let count = std::mem::take(&mut number).parse::<u64>().map_err(|_| wrong())?;
        total = count.checked_mul(unit).and_then(|s| total.checked_add(s)).ok_or_else(wrong)?;
    }
    match (total, number.is_empty()) {
        (1..=31_536_000, true) => Ok(total),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(argv: &[&str]) -> Result<String, String> {
        let ask = read(&argv.iter().map(|w| w.to_string()).collect::<Vec<_>>())?;
        let params: Vec<String> = ask.params.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let span = ask.span.map_or(String::new(), |s| format!(" {:?}..{:?}", s.start, s.end));
        Ok(format!("{} {}{span}", ask.path, params.join("&")))
    }

    #[test]
    fn what_runbooks_write_is_the_same_question() {
        let rate = "rate(shop_errors_total[5m])";
        for (argv, expected) in [
            (vec!["curl", "-s", "http://localhost:9090/api/v1/query?query=rate(shop_errors_total[5m])"], rate),
            (
                vec!["curl", "-fsS", "-g", "http://p/prometheus/api/v1/query?query=rate(shop_errors_total%5B5m%5D)"],
                rate,
            ),
            (
                vec!["curl", "-G", "http://p/api/v1/query", "--data-urlencode", "query=rate(shop_errors_total[5m])"],
                rate,
            ),
            (
                vec!["curl", "http://p/api/v1/query", "--data-urlencode", "query=sum(a) + 1 > bool 2 & x"],
                "sum(a) + 1 > bool 2 & x",
            ),
            (vec!["wget", "-qO-", "http://p/api/v1/query?query=up"], "up"),
            (vec!["promtool", "query", "instant", "http://p:9090", rate], rate),
            (vec!["promql", rate], rate),
        ] {
            assert_eq!(asked(&argv), Ok(format!("query query={expected}")), "{argv:?}");
        }
        for (argv, expected) in [
            (&["promtool", "query", "range", "http://p", "up"][..], "query_range query=up Ago(300)..Ago(0)"),
            (&["promql", "--range", "1h30m", "up"], "query_range query=up Ago(5400)..Ago(0)"),
            (
                &["promtool", "query", "range", "--start=1", "--end=2", "http://p", "up"],
                "query_range query=up At(\"1\")..At(\"2\")",
            ),
            (&["curl", "http://p:9090/api/v1/alerts"], "alerts "),
            (&["curl", "http://p:9090/api/v1/status/tsdb"], "status/tsdb "),
        ] {
            assert_eq!(asked(argv).as_deref(), Ok(expected), "{argv:?}");
        }
    }

    #[test]
    fn what_changes_something_or_is_no_question_is_refused() {
        for argv in [
            &["curl", "-X", "POST", "http://p:9090/api/v1/admin/tsdb/delete_series?match[]=up"][..],
            &["curl", "-X", "POST", "http://p:9090/-/reload"],
            &["curl", "-X", "DELETE", "http://p:9090/api/v1/query?query=up"],
            &["curl", "http://p:9090/api/v1/status/../admin/tsdb/snapshot"],
            &["curl", "http://p:9090/api/v1/status/..%2fadmin"],
            &["promtool", "check", "rules", "r.yml"],
            &["promtool", "query", "instant", "http://p"],
            &["promql"],
            &["promql", "--range", "soon", "up"],
            &["promql", "--range", "99999w", "up"],
        ] {
            assert!(asked(argv).is_err(), "{argv:?}");
        }
    }
}

//! Prometheus: instant and range queries and alerts, through its HTTP API, to the configured server only, whatever host a
//! runbook names. Prints what the runbook's own command would print, reads the values, and draws what they were over
//! time. Asks only what reads; a question that Prometheus does not understand is a failure, with its reason.

mod answer;
mod canvas;
mod client;
mod graph;
mod read;

pub use client::Place;

use super::clean::Kept;
use super::ran::{self, Waited, not_started, reading, within};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, File, Plan, Ran, Reading, Watch};
use answer::{Answer, Series};
use client::{Client, Said};
use read::{Ask, Moment, Print, Span};
use std::collections::BTreeMap;
use std::time::Duration;

/// Of one query: more say nothing in a table.
const READINGS_MAX: usize = 50;
/// What is drawn beside the value of this moment.
const BEFORE_S: u64 = 3_600;
/// The graph beside a value has this long at most: the value is what was asked for.
const GRAPH_TIME: Duration = Duration::from_secs(5);
/// Points of a line: about as many as the graph has pixels for.
const POINTS: f64 = 240.0;

pub struct Prometheus(BTreeMap<String, Client>);

impl Prometheus {
    /// `Err` says which target cannot be used as it is configured, and why.
    pub fn new(places: BTreeMap<String, Place>) -> Result<Prometheus, String> {
        let client = |(name, place): (String, Place)| match Client::new(place) {
            Ok(client) => Ok((name, client)),
            Err(why) => Err(format!("targets.{name}: {why}")),
        };
        Ok(Prometheus(places.into_iter().map(client).collect::<Result<_, _>>()?))
    }

    fn read(&self, call: &Call) -> Result<(&Client, Ask), String> {
        let client = self.0.get(&call.target).ok_or(format!("{} is not set up as a Prometheus target", call.target))?;
        Ok((client, read::read(&call.argv)?))
    }
}

impl Execute for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (client, ask) = self.read(call).map_err(Cannot)?;
            let of = ask.expression().map_or(String::new(), |e| format!(" of {e}"));
            let does = client.place.secrets.hide(&format!("GET {}{of}", client.shown(&ask.path)));
            let elsewhere = ask.written.filter(|w| !w.starts_with(client.place.address.as_str()));
            let finds = elsewhere.map(|w| format!("the command says {w}, and the configured server is asked"));
            Ok(Plan { does, native: true, finds: finds.into_iter().collect() })
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let (client, ask) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            let began = clock::instant();
            let mut whole = Whole { ask: &ask, said: None, graph: None };
            let now = clock::system_now().0 / 1_000_000;
            let waited = within(call.bounds.time, watch, whole.fill(client, now)).await;
            let end = match waited {
                Waited::Done(Ok(())) => End::Exited(0),
                Waited::Done(Err(why)) => return refused(&why, client, began.elapsed()),
                // What was asked for is there: only the graph is not.
                _ if whole.said.is_some() => End::Exited(0),
                Waited::TimedOut => End::TimedOut,
                Waited::Stopped => End::Stopped,
            };
            let mut ran = whole.into_ran(end, call, client);
            ran.took = began.elapsed();
            ran
        })
    }
}

/// There was no answer. Nothing that is asked here changes anything.
fn refused(why: &str, client: &Client, took: Duration) -> Ran {
    let mut ran = ran::ended(End::Exited(7), true);
    ran.stderr = client.place.secrets.text(format!("{why}\n").as_bytes());
    ran.took = took;
    ran
}

/// What has come so far.
struct Whole<'a> {
    ask: &'a Ask,
    said: Option<Said>,
    graph: Option<File>,
}

impl Whole<'_> {
    /// `Err`: there was no answer at all.
    async fn fill(&mut self, client: &Client, now: i64) -> Result<(), String> {
        let mut params = self.ask.params.clone();
        if let Some(span) = &self.ask.span {
            params.extend(spanned(span, now));
        }
        let said = client.ask(&self.ask.path, &params).await?;
        let answer = said.answer.clone();
        self.said = Some(said);
        let (Some(expression), Answer::Series(series)) = (self.ask.expression(), answer) else { return Ok(()) };
        let series = match self.ask.path.as_str() {
            "query_range" => series,
            _ if series.iter().any(|s| s.samples.len() == 1) => match before(client, expression, self.ask, now).await {
                Some(series) => series,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let title = client.place.secrets.hide(expression);
        // Some thousands of lines are work for a while.
        let drawn = tokio::task::spawn_blocking({
            let title = title.clone();
            move || graph::png(&title, &series)
        });
        let bytes = drawn.await.ok().flatten();
        self.graph = bytes.map(|bytes| File { name: file_name(&title), media_type: "image/png".to_string(), bytes });
        Ok(())
    }

    fn into_ran(self, end: End, call: &Call, client: &Client) -> Ran {
        let mut ran = ran::ended(end, true);
        let Some(said) = self.said else { return ran };
        let mut out = Kept::new(call.bounds.output_bytes);
        match self.ask.print {
            Print::Nothing => {}
            Print::Body => out.push(&said.body),
            Print::Lines => out.push(lines(&said.answer).as_bytes()),
        }
        ran.left_out = out.left_out();
        ran.stdout = client.place.secrets.text(&out.into_bytes());
        let expression = client.place.secrets.hide(self.ask.expression().unwrap_or_default());
        match &said.answer {
            Answer::Failed(why) => {
                ran.end = End::Exited(1);
                ran.stderr = client.place.secrets.text(format!("{why}\n").as_bytes());
            }
            Answer::Series(series) if series.is_empty() => {
                ran.stderr = format!("[Prometheus has nothing for {expression}]\n");
            }
            Answer::Series(series) => ran.readings = readings(&expression, series),
            Answer::Alerts(alerts) => {
                for state in ["firing", "pending"] {
                    let count = alerts.iter().filter(|a| a.state == state).count();
                    ran.readings.push(reading(format!("alerts {state}"), count as f64, ""));
                }
            }
            Answer::Other => {}
        }
        ran.files.extend(self.graph);
        ran
    }
}

/// What it was before the moment that is asked for; a graph is worth one more question, not a failure.
async fn before(client: &Client, expression: &str, ask: &Ask, now: i64) -> Option<Vec<Series>> {
    if ask.param("time").is_some() {
        return None;
    }
    let span = Span { start: Moment::Ago(BEFORE_S), end: Moment::Ago(0), step: None };
    let mut params = vec![("query".to_string(), expression.to_string())];
    params.extend(spanned(&span, now));
    let said = tokio::time::timeout(GRAPH_TIME, client.ask("query_range", &params)).await.ok()?.ok()?;
    match said.answer {
        Answer::Series(series) => Some(series),
        _ => None,
    }
}

fn spanned(span: &Span, now: i64) -> [(String, String); 3] {
    let at = |moment: &Moment| match moment {
        Moment::At(text) => text.clone(),
        Moment::Ago(seconds) => (now - i64::try_from(*seconds).unwrap_or(0)).to_string(),
    };
    let (start, end) = (at(&span.start), at(&span.end));
    let seconds = |text: &str| {
        let written = || chrono::DateTime::parse_from_rfc3339(text).ok().map(|t| t.timestamp() as f64);
        text.parse::<f64>().ok().or_else(written)
    };
    let length = seconds(&end).zip(seconds(&start)).map_or(3_600.0, |(end, start)| end - start);
    let step = span.step.clone().unwrap_or_else(|| format!("{}", (length / POINTS).ceil().max(1.0)));
    [("start".to_string(), start), ("end".to_string(), end), ("step".to_string(), step)]
}

/// The last value of each series. A metric has the words of the expression, by which thresholds find it.
fn readings(expression: &str, series: &[Series]) -> Vec<Reading> {
    let one = |s: &Series| {
        let value = s.samples.last().map(|(_, v)| *v).filter(|v| v.is_finite())?;
        let own = s.labels.get("__name__").map_or("", String::as_str);
        let metric = match (own.is_empty(), series.len()) {
            (_, 1) => expression.to_string(),
            (false, _) => s.name(),
            (true, _) => format!("{expression} {}", s.name()),
        };
        Some(reading(metric, value, answer::unit(own)))
    };
    series.iter().filter_map(one).take(READINGS_MAX).collect()
}

/// As `promtool` prints it.
fn lines(answer: &Answer) -> String {
    let Answer::Series(series) = answer else { return String::new() };
    let mut out = String::new();
    for one in series {
        match (&one.text, &one.samples[..]) {
            (Some(text), _) => out.push_str(&format!("{text}\n")),
            (None, [(at, value)]) => out.push_str(&format!("{} => {} @[{at}]\n", one.name(), number(*value))),
            (None, samples) => {
                out.push_str(&format!("{} =>\n", one.name()));
                samples.iter().for_each(|(at, v)| out.push_str(&format!("{} @[{at}]\n", number(*v))));
            }
        }
    }
    out
}

fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_string(),
        f64::INFINITY => "+Inf".to_string(),
        f64::NEG_INFINITY => "-Inf".to_string(),
        v => v.to_string(),
    }
}

/// `rate-shop_errors_total-5m.png`
fn file_name(expression: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { ' ' };
    let words: String = expression.chars().map(plain).collect();
    let name: String = words.split_whitespace().collect::<Vec<_>>().join("-").chars().take(60).collect();
    format!("{}.png", if name.is_empty() { "graph" } else { &name })
}

//! What decisions count for, made by the domain itself, and that the table can be relied on.

use super::*;
use firebell_domain::decide::{Decision, Declaration, Input, SendOutcome, decide, declare};
use firebell_domain::directory::{Directory, EscalationPolicy, Person};
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::severity::Severity;
use firebell_domain::timer::timers;
use serde_json::json;

const START: Timestamp = Timestamp(1_795_000_000_000_000);

struct Night {
    directory: Directory,
    now: Timestamp,
    incident: Incident,
    counted: Vec<Figure>,
}

impl Night {
    /// Ana by webhook, then Bo by PagerDuty, then used up. The alert had waited for half a second.
    fn declared(private: bool) -> Night {
        // As they are stored: what they gain later has a default.
        let severity: Severity = read(json!({ "level": "P2", "name": "High", "rank": 2 }));
        let policy: EscalationPolicy = read(json!({
            "name": "default",
            "steps": [
                { "targets": [{ "person": "ana" }], "delay_s": 60 },
                { "targets": [{ "person": "bo" }], "delay_s": 60 },
            ],
            "repeat_max": 0,
        }));
        let mut d = Directory { severities: vec![severity.clone()], ..Directory::default() };
        for (name, channel) in [("ana", "webhook.ops"), ("bo", "pagerduty")] {
            d.pagers.push(channel.into());
            let person = Person { name: name.into(), time_zone: chrono_tz::UTC, contact_methods: vec![channel.into()] };
            d.people.insert(name.into(), person);
        }
        d.policies.insert(policy.name.clone(), policy);
        let declaration =
            Declaration { title: "checkout is down".into(), severity, service: None, private, because: None };
        let source = Actor::Source { name: "prometheus".into() };
        let decision = declare(IncidentId(1), &declaration, &source, &d, START).expect("declared");
        let decision = decision.waited_since(START.plus_us(-SECOND / 2));
        let counted = figures(None, &decision.events, &decision.incident);
        Night { directory: d, now: START, incident: decision.incident, counted }
    }

    fn input(&mut self, actor: Actor, input: Input) -> Vec<Figure> {
        let decided = decide(&self.incident, &input, &actor, &self.directory, self.now);
        let Decision { events, incident } = decided.unwrap_or_else(|no| panic!("{input:?}: {no:?}"));
        let figures = figures(Some(&self.incident), &events, &incident);
        self.incident = incident;
        self.counted.extend(figures.iter().cloned());
        figures
    }

    fn says(&mut self, input: Input) -> Vec<Figure> {
        self.input(Actor::person("ana", "room"), input)
    }

    /// Claims, waits a second, and hears this from the vendor.
    fn sent(&mut self, no: u32, outcome: SendOutcome) -> Vec<Figure> {
        self.input(Actor::Engine, Input::Claim { no, worker: "w".into() });
        let claim_seq = self.incident.seq;
        self.now = self.now.plus_s(1);
        self.input(Actor::Engine, Input::Delivered { no, claim_seq, outcome })
    }

    fn fires(&mut self) -> Vec<Figure> {
        let timer = timers(&self.incident).next().expect("a timer");
        self.now = timer.due_at;
        self.input(Actor::Engine, Input::TimerDue(timer))
    }
}

fn read<T: serde::de::DeserializeOwned>(stored: serde_json::Value) -> T {
    serde_json::from_value(stored).expect("it reads")
}

fn done() -> SendOutcome {
    SendOutcome::Done { receipt: None }
}

fn finished(channel: &str, outcome: &'static str) -> Figure {
    Figure::Finished { lane: "page", channel: channel.into(), outcome }
}

#[test]
fn from_the_alerts_arrival_to_the_first_page_and_from_there_to_the_acknowledgement_each_once() {
    let mut night = Night::declared(false);
    assert_eq!(night.counted, [Figure::Declared { rank: 2, by: "source" }, Figure::Escalated("declared")]);
    let retry = SendOutcome::Retry { after_s: None, why: "429".into(), maybe_sent: false };
    assert_eq!(night.sent(1, retry), [], "a try that failed is nobody's page");
    night.now = night.now.plus_s(2);
    let alert_to_page = Figure::AlertToPage { channel_kind: "webhook".into(), seconds: 4.5 };
    assert_eq!(night.sent(1, done()), [finished("webhook.ops", "done"), alert_to_page]);
    let paged_at = night.now;
    assert_eq!(night.fires(), [Figure::Escalated("not_acknowledged")]);
    assert_eq!(night.sent(2, done()), [finished("pagerduty", "done")], "the second page is not the first");
    night.now = paged_at.plus_s(90);
    let took = Figure::PageToAcknowledge { rank: 2, seconds: 90.0 };
    assert_eq!(night.says(Input::Acknowledge), [Figure::Acknowledged { rank: 2, paged: true }, took]);
    assert_eq!(
        night.says(Input::Unacknowledge { reason: String::new() }),
        [Figure::Lapsed("by_hand"), Figure::Escalated("resumed")]
    );
    assert_eq!(night.says(Input::Resolve { text: String::new() })[0], Figure::Ended("resolved"));
    let again = night.says(Input::Reopen { reason: "it is back".into() });
    assert_eq!(again, [Figure::Reopened("by_hand"), Figure::Escalated("resumed")]);
    let page = *night.incident.live.iter().find(|(_, l)| l.intent.lane == Lane::Page).expect("a page").0;
    let second = Figure::AlertToPage { channel_kind: "webhook".into(), seconds: 1.0 };
    assert_eq!(night.sent(page, done()), [finished("webhook.ops", "done"), second]);
}

#[test]
fn an_acknowledgement_before_any_page_has_arrived_is_told_from_one_after() {
    let mut night = Night::declared(false);
    let figures = night.says(Input::Acknowledge);
    assert_eq!(figures, [Figure::Acknowledged { rank: 2, paged: false }, finished("webhook.ops", "cancelled")]);
}

#[test]
fn a_night_in_which_nobody_answers_counts_what_an_operator_must_know() {
    let mut night = Night::declared(false);
    let never = SendOutcome::Never { why: "404".into() };
    let failed = night.sent(1, never.clone());
    assert_eq!(failed, [finished("webhook.ops", "failed"), Figure::Escalated("pages_failed")]);
    assert_eq!(night.sent(2, never), [finished("pagerduty", "failed"), Figure::NobodyReached]);
    night.sent(3, done());
    night.fires();
    let page = *night.incident.live.iter().rfind(|(_, l)| l.intent.lane == Lane::Page).expect("a page").0;
    night.sent(page, done());
    let mut last = Vec::new();
    while timers(&night.incident).next().is_some() && !last.contains(&Figure::PolicyUsedUp) {
        last = night.fires();
    }
    assert!(last.contains(&Figure::PolicyUsedUp), "{:?}", night.counted);
    assert_eq!(night.counted.iter().filter(|f| matches!(f, Figure::AlertToPage { .. })).count(), 1);
}

#[test]
fn a_private_incident_counts_only_as_what_the_machine_did() {
    let (mut private, mut public) = (Night::declared(true), Night::declared(false));
    for night in [&mut private, &mut public] {
        night.sent(1, done());
        night.says(Input::Acknowledge);
        night.says(Input::Resolve { text: "a laptop".into() });
    }
    let sent = |f: &Figure| matches!(f, Figure::Finished { .. });
    assert!(private.counted.iter().all(sent), "{:?}", private.counted);
    let of_both = public.counted.iter().filter(|f| sent(f)).cloned().collect::<Vec<_>>();
    assert_eq!(private.counted, of_both, "whether its pages go out is seen like everybody's");
    assert!(!of_both.is_empty() && public.counted.len() > of_both.len() + 3, "{:?}", public.counted);
}

#[test]
fn how_late_a_timer_fired_is_counted_and_never_less_than_nothing() {
    let timer = timers(&Night::declared(false).incident).next().expect("a timer");
    let late = |s: i64| timer_fired(&timer, timer.due_at.plus_s(s));
    assert_eq!(late(3), Figure::TimerFired { kind: "escalate", seconds: 3.0 });
    assert_eq!(late(-3), Figure::TimerFired { kind: "escalate", seconds: 0.0 });
}

#[test]
fn names_follow_prometheus_and_labels_name_nobody() {
    let mut names: Vec<&str> = TABLE.iter().map(|r| r.name).collect();
    for row in TABLE {
        assert!(row.name.starts_with("firebell_"), "{}", row.name);
        assert_eq!(row.name.ends_with("_total"), row.kind == Kind::Counter, "{}", row.name);
        if let Kind::Histogram(buckets) = row.kind {
            assert!(row.name.ends_with("_seconds"), "{}: histograms are of seconds", row.name);
            assert!(buckets.is_sorted() && buckets.len() > 10, "{}", row.name);
        }
        assert!(!row.help.is_empty() && !row.help.ends_with('.'), "{}: one phrase", row.name);
        let bounded = [
            "acknowledged",
            "by",
            "cause",
            "channel",
            "channel_kind",
            "database",
            "gate",
            "kind",
            "lane",
            "method",
            "milestone",
            "outcome",
            "paged",
            "queue",
            "reason",
            "route",
            "severity_rank",
            "source",
            "status",
            "verb",
            "version",
        ];
        let strange: Vec<_> = row.labels.iter().filter(|l| !bounded.contains(l)).collect();
        assert!(strange.is_empty(), "{}: has {strange:?} few values? Then add it here", row.name);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TABLE.len(), "each name once");
}

fn scrape(database: Option<Database>) -> Scrape {
    Scrape {
        ready: database.is_some(),
        queues: [("commands", 3), ("engine", 0)],
        engine_lag_s: Some(0.5),
        engine_failing: false,
        checkpoint_age_s: None,
        checkpoint_failing: false,
        severity_ranks: vec![1, 2],
        channels: vec!["pagerduty".into()],
        database,
    }
}

#[test]
fn what_is_gone_is_nothing_and_what_cannot_be_known_is_no_number() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let (handle, has) = (recorder.handle(), |text: &str, line: &str| text.lines().any(|l| l == line));
    metrics::with_local_recorder(&recorder, || {
        scraped(scrape(Some(Database {
            open: vec![(2, 5, 3)],
            waiting: vec![("card".into(), "webhook.ops".into(), 7, 61.5)],
            claimed: 4,
            timer_overdue_s: 0.0,
        })));
        let text = handle.render();
        for line in [
            "firebell_incidents_open{severity_rank=\"1\",acknowledged=\"no\"} 0",
            "firebell_incidents_open{severity_rank=\"2\",acknowledged=\"no\"} 2",
            "firebell_incidents_open{severity_rank=\"2\",acknowledged=\"yes\"} 3",
            "firebell_outbox_waiting{lane=\"card\",channel=\"webhook.ops\"} 7",
            "firebell_outbox_oldest_age_seconds{lane=\"card\",channel=\"webhook.ops\"} 61.5",
            "firebell_outbox_oldest_age_seconds{lane=\"page\",channel=\"pagerduty\"} 0",
            "firebell_queue_waiting{queue=\"commands\"} 3",
            "firebell_checkpoint_age_seconds NaN",
            "firebell_database_up 1",
            "firebell_ready 1",
        ] {
            assert!(has(&text, line), "{line} in\n{text}");
        }
        scraped(scrape(Some(Database::default())));
        let text = handle.render();
        for line in [
            "firebell_incidents_open{severity_rank=\"2\",acknowledged=\"yes\"} 0",
            "firebell_outbox_waiting{lane=\"card\",channel=\"webhook.ops\"} 0",
            "firebell_outbox_claimed 0",
        ] {
            assert!(has(&text, line), "{line} in\n{text}");
        }
        scraped(scrape(None));
        let text = handle.render();
        for line in [
            "firebell_incidents_open{severity_rank=\"2\",acknowledged=\"yes\"} NaN",
            "firebell_outbox_waiting{lane=\"page\",channel=\"pagerduty\"} NaN",
            "firebell_timer_overdue_seconds NaN",
            "firebell_database_up 0",
            "firebell_ready 0",
        ] {
            assert!(has(&text, line), "{line} in\n{text}");
        }
    });
}

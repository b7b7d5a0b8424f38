//! One Firebell in this process, on a clock that moves only when told, with pagers that speak the real wire. What is
//! said and what is paged is written down in order; `finish` audits the exit. It never sleeps to let time pass.

use crate::harness::eventually;
use crate::harness::fake_pagerduty::{FakePagerduty, ROUTING_KEY};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::files::{TempDir, temp_dir};
use crate::harness::{BOUND, http_client};
use firebell::app::audit::{self, AuditKey, Sweeper};
use firebell::app::{Act, Acted, App, On, rebuild};
use firebell::clock::Clock;
use firebell::compose;
use firebell::config::{self, Config};
use firebell::engine::{Engine, EngineState};
use firebell::store::{self, Mode, Store};
use firebell_domain::decide::{Declaration, Input};
use firebell_domain::event::{Actor, Event, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::time::{SECOND, Timestamp};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A Monday night: 2026-03-02 03:00:00 UTC.
pub const START: Timestamp = Timestamp(1_772_420_400_000_000);
/// Ana's own routing key; Bo is paged by webhook, Cy by nothing.
pub const ANA_KEY: &str = "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0";
const SECRET: &str = "between firebell and ops";
const AUDIT_KEY: AuditKey = AuditKey([7; 32]);
/// Passes that a world may need to come to rest: a page, its failure, the next channel, cards; far below this.
const PASSES_MAX: usize = 1_000;

/// Two pagers, three people, a policy of two levels.
pub const USUAL: &str = r#"
    [paging.pagerduty]
    routing_key = "ROUTING_KEY"
    api_url = "PAGERDUTY"
    [paging.webhook.ops]
    url = "OPS"
    secret = "between firebell and ops"

    [people.ana]
    contact = [{ via = "pagerduty", routing_key = "ANA_KEY" }]
    [people.bo]
    contact = [{ via = "webhook.ops" }]
    [people.cy]

    [services.checkout]
    owners = ["ana"]

    [policies.default]
    repeat = 1
    [[policies.default.levels]]
    page = ["@ana"]
    delay = "5m"
    [[policies.default.levels]]
    page = ["@bo"]
    delay = "10m"
"#;

pub struct World {
    pub app: App,
    pub store: Store,
    pub clock: Clock,
    pub engine: Engine,
    pub state: Arc<EngineState>,
    pub pagerduty: FakePagerduty,
    pub ops: FakeWebhook,
    /// What was said and paged, with the time since the start.
    pub transcript: String,
    /// What arrived at pagers and nobody has looked at.
    unread: Vec<String>,
    read: (usize, usize),
    /// Requests that the test meant to be refused.
    pub refusals_meant: bool,
    finished: bool,
    pub folder: TempDir,
    _lock: store::Lock,
}

impl World {
    pub async fn usual() -> World {
        World::with(USUAL).await
    }

    pub async fn with(config: &str) -> World {
        // The pagers' client asks for it, as `main` does.
        drop(http_client());
        let folder = temp_dir();
        let clock = Clock::set_to(START);
        let ticking = clock.clone();
        let now_s = move || u64::try_from(ticking.now().0 / SECOND).unwrap_or_default();
        let (pagerduty, ops) = (FakePagerduty::start(), FakeWebhook::start_with_clock(SECRET, now_s));
        let url = format!("sqlite://{}", folder.join("firebell.db").display());
        let (store, lock) = store::open(&url, Mode::Serve).await.expect("the database opens");
        let config = configured(&folder, config, &pagerduty, &ops);
        let public_url = "http://127.0.0.1:7911".to_string();
        let app = App::start(store.clone(), clock.clone(), config.directory(), public_url, "test");
        let app = app.await.expect("the application starts");
        let state = Arc::new(EngineState::default());
        let engine = engine(&app, &config, &folder, &state, "first");
        World {
            app,
            store,
            clock,
            engine,
            state,
            pagerduty,
            ops,
            transcript: String::new(),
            unread: Vec::new(),
            read: (0, 0),
            refusals_meant: false,
            finished: false,
            folder,
            _lock: lock,
        }
    }

    /// Another configuration and a new engine, as after a restart.
    pub fn restart_with(&mut self, config: &str) {
        let config = configured(&self.folder, config, &self.pagerduty, &self.ops);
        self.app.reload(config.directory(), self.app.public_url().to_string());
        self.engine = engine(&self.app, &config, &self.folder, &self.state, "second");
    }

    /// The engine, to run by itself; the world has another one from here on.
    pub fn take_engine(&mut self) -> Engine {
        let sweeper = Sweeper::new(AUDIT_KEY, self.folder.join("checkpoints"));
        let without_pagers = Engine::new(self.app.clone(), "idle".into(), Vec::new(), sweeper, self.state.clone());
        std::mem::replace(&mut self.engine, without_pagers)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn set_clock(&self, to: Timestamp) {
        let Clock::Set(at) = &self.clock else { unreachable!("the world's clock is set") };
        at.store(to.0, Ordering::SeqCst);
    }

    /// Does what is due at this instant, until nothing more is.
    pub async fn settle(&mut self) {
        for _ in 0..PASSES_MAX {
            self.engine.tick(true).await;
            self.engine.all_sent().await;
            assert_eq!(self.state.read().failing, None, "the engine's pass failed");
            if self.next_due().await.is_none_or(|due| due > self.now()) {
                self.write_down_pages();
                return;
            }
        }
        panic!("the world does not come to rest at {}\n{}", self.now().rfc3339(), self.transcript);
    }

    /// One pass of the engine and the end of what it sends: what has to wait is left waiting.
    pub async fn pass(&mut self) {
        self.engine.tick(true).await;
        self.engine.all_sent().await;
        self.write_down_pages();
    }

    /// Moves the clock and does nothing.
    pub fn jump(&self, seconds: i64) {
        self.set_clock(self.now().plus_s(seconds));
    }

    /// Lets time pass: stops at each moment at which something is due, and does it there.
    pub async fn advance(&mut self, seconds: i64) {
        let until = self.now().plus_s(seconds);
        self.settle().await;
        while let Some(due) = self.next_due().await.filter(|due| *due <= until) {
            self.set_clock(due);
            self.settle().await;
        }
        self.set_clock(until);
        self.settle().await;
    }

    /// Moves to this instant, with nothing due before it.
    pub async fn advance_to(&mut self, instant: Timestamp) {
        assert!(instant >= self.now(), "time goes one way");
        self.set_clock(instant);
        self.settle().await;
    }

    /// When the next timer or retry is due.
    pub async fn next_due(&self) -> Option<Timestamp> {
        let timer = self.store.next_timer().await.expect("timers can be read");
        let depth = self.store.outbox_depth().await.expect("the outbox can be read");
        depth.queued.into_iter().map(|(_, _, _, due)| due).chain(timer).min()
    }

    fn since_start(&self) -> String {
        let s = self.now().seconds_since(START);
        format!("t+{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    }

    pub fn write_down(&mut self, line: &str) {
        let at = self.since_start();
        for (i, part) in line.lines().enumerate() {
            let margin = if i == 0 { at.as_str() } else { "           " };
            writeln!(self.transcript, "{}", format!("{margin}  {part}").trim_end()).expect("a string takes text");
        }
    }

    /// What arrived at the pagers since the last look, in one order: the two of them race.
    fn write_down_pages(&mut self) {
        let mut lines: Vec<String> = self.pagerduty.see(|vendor| {
            let new = &vendor.requests[self.read.0..];
            self.read.0 = vendor.requests.len();
            new.iter()
                .filter(|r| r.acted)
                .map(|r| {
                    let whose = if r.event["routing_key"] == ANA_KEY { "ana" } else { "everybody" };
                    format!("pagerduty {} {whose}: {}", r.action(), text(&r.event["payload"]["summary"]))
                })
                .collect()
        });
        lines.extend(self.ops.see(|inbox| {
            let new = &inbox.deliveries[self.read.1..];
            self.read.1 = inbox.deliveries.len();
            let line = |d: &crate::harness::fake_webhook::Delivery| {
                let whose = d.body["person"].as_str().unwrap_or("everybody");
                format!("ops {} {whose}: {}", text(&d.body["kind"]), text(&d.body["summary"]))
            };
            new.iter().filter(|d| d.acted).map(line).collect::<Vec<_>>()
        }));
        lines.sort();
        for line in lines {
            self.write_down(&format!("→ {}", visible(&line)));
            self.unread.push(line);
        }
    }

    /// Exactly these arrived at the pagers since the last look, in the alphabet's order within one instant.
    #[track_caller]
    pub fn expect_pages(&mut self, expected: &[&str]) {
        let arrived = std::mem::take(&mut self.unread);
        assert_eq!(arrived, expected, "\n{}", self.transcript);
    }

    /// What arrived since the last look, whatever it was.
    pub fn take_pages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unread)
    }

    pub async fn incident(&self, no: i64) -> Incident {
        let loaded = self.store.incident(IncidentId(no)).await.expect("the database answers");
        loaded.unwrap_or_else(|| panic!("there is no INC-{no}\n{}", self.transcript)).incident
    }

    pub async fn events(&self, no: i64) -> Vec<IncidentEvent> {
        self.store.events(IncidentId(no), 0, 100_000).await.expect("the log can be read")
    }

    pub async fn kinds(&self, no: i64) -> Vec<&'static str> {
        self.events(no).await.iter().map(|e| e.body.kind()).collect()
    }

    /// The sentences of an incident's timeline.
    pub async fn timeline(&self, no: i64) -> String {
        let entries = firebell_domain::timeline::entries(&self.events(no).await);
        entries.iter().map(|e| format!("{}\n", e.text)).collect()
    }

    /// Declares without the chat, for tests of what comes after.
    pub async fn declare(&self, title: &str, service: Option<&str>) -> IncidentId {
        let declaration = Declaration {
            title: title.to_string(),
            severity: self.app.directory().severities[0].clone(),
            service: service.map(Into::into),
            private: false,
            because: None,
        };
        let act = Act { on: On::Declare(declaration), actor: Actor::person("cy", "room"), once: None };
        match self.app.act(act).await.expect("it is declared") {
            Acted::Changed(changed) => changed.after.id,
            other => panic!("a declaration came to {other:?}"),
        }
    }

    pub async fn act(&self, id: IncidentId, who: &str, input: Input) {
        self.app.act_on(id, input, &Actor::person(who, "room")).await.expect("it is done");
    }

    /// Ticks without waiting for what is being sent.
    pub async fn tick(&mut self) {
        self.engine.tick(true).await;
    }

    /// Ticks until `check` holds, however long what is being sent hangs.
    pub async fn tick_until(&mut self, what: &str, mut check: impl FnMut(&World) -> bool) {
        let began = firebell::clock::instant();
        while !check(self) {
            assert!(began.elapsed() < BOUND, "waited in vain until {what}\n{}", self.ops.report());
            self.tick().await;
            tokio::task::yield_now().await;
        }
    }

    /// Audits the exit: nothing due is undone, nothing is on its way, the log adds up and says what the tables say,
    /// no request was refused, and no page went unread.
    pub async fn finish(mut self) {
        self.finished = true;
        self.settle().await;
        assert!(self.unread.is_empty(), "pages that nobody expected: {:#?}\n{}", self.unread, self.transcript);
        let due = self.store.due_timers(self.now(), 10).await.expect("timers can be read");
        assert!(due.is_empty(), "timers are due and not fired: {due:?}");
        let depth = self.store.outbox_depth().await.expect("the outbox can be read");
        assert_eq!(depth.claimed, 0, "claims without an outcome");
        assert!(depth.queued.iter().all(|(_, _, _, due)| *due > self.now()), "due and not sent: {:?}", depth.queued);
        let differences = rebuild::run(&self.store, false).await.expect("the log can be read");
        assert!(differences.is_empty(), "the tables do not say what the log says:\n{}", differences.join("\n"));
        let log = self.folder.join("checkpoints");
        let report = audit::verify(&self.store, &AUDIT_KEY, Some(&log), None).await.expect("the log can be read");
        assert!(report.problems.is_empty() && report.uncovered == 0, "{report:?}");
        self.pagerduty.see(|v| {
            let refused = v.refused().count();
            assert!(self.refusals_meant || refused == 0, "PagerDuty refused:\n{}", self.pagerduty.report());
            assert!(v.strays.is_empty(), "{:?}", v.strays);
        });
        self.ops.see(|inbox| {
            let refused = inbox.refused().count();
            assert!(self.refusals_meant || refused == 0, "ops refused:\n{}", self.ops.report());
        });
        self.no_page_is_claimed_after_an_acknowledgement().await;
    }

    /// DESIGN, rule 5, over the whole log of every incident.
    async fn no_page_is_claimed_after_an_acknowledgement(&self) {
        let rows = self.store.recent_incidents(Timestamp(i64::MAX), 10_000).await.expect("the database answers");
        for row in rows {
            let (mut queued, mut acknowledged) = (std::collections::BTreeMap::new(), None);
            for e in self.events(row.id.0).await {
                match &e.body {
                    Event::IntentsQueued { intents } => queued.extend(intents.iter().map(|i| (i.no, e.seq))),
                    Event::Acknowledged => acknowledged = Some(e.seq),
                    Event::Unacknowledged { .. } | Event::Reopened { .. } => acknowledged = None,
                    Event::IntentClaimed { no, .. } => {
                        let row = self.store.outbox_of(row.id).await.expect("the outbox can be read");
                        let page = row[no].intent.lane == firebell_domain::intent::Lane::Page;
                        assert!(
                            !page || acknowledged.is_none_or(|ack| queued[no] > ack),
                            "{}: page {no} claimed after the acknowledgement",
                            e.incident
                        );
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "a world was dropped without finish()");
    }
}

fn configured(folder: &TempDir, text: &str, pagerduty: &FakePagerduty, ops: &FakeWebhook) -> Config {
    let text = text
        .replace("ROUTING_KEY", ROUTING_KEY)
        .replace("PAGERDUTY", &pagerduty.url())
        .replace("OPS", &ops.url())
        .replace("ANA_KEY", ANA_KEY);
    let path = folder.join("firebell.toml");
    fs::write(&path, &text).expect("the test's folder can be written");
    // Worlds page one person many times in no time; those of the storm rule say so.
    let often = ("FIREBELL_PAGING__RINGS_PER_MINUTE".to_string(), "10000".to_string());
    let often = (!text.contains("rings_per_minute")).then_some(often);
    let loaded = config::load(Some(&path), often.into_iter());
    loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).config
}

fn engine(app: &App, config: &Config, folder: &TempDir, state: &Arc<EngineState>, worker: &str) -> Engine {
    let clock = app.clock().clone();
    let pagers = compose::pagers_by(config, &app.public_url(), Arc::new(move || clock.now()));
    let pagers = pagers.expect("the pagers can be made").iter().cloned().collect();
    let sweeper = Sweeper::new(AUDIT_KEY, folder.join("checkpoints"));
    Engine::new(app.clone(), worker.to_string(), pagers, sweeper, state.clone())
}

/// What cannot be seen, as its number: a golden file is read by people.
pub fn visible(text: &str) -> String {
    let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
    text.chars().map(|c| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

pub fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Compares with `tests/golden/NAME`; `UPDATE_EXPECT=1` writes it.
#[track_caller]
pub fn expect_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{name} differs (UPDATE_EXPECT=1 accepts it). Now:\n{text}\nBefore:\n{expected}");
}

/// Waits until the world outside has seen something.
pub async fn until(what: &str, mut check: impl FnMut() -> bool) {
    eventually(what, BOUND, async || check()).await;
}

//! The store's contract, on SQLite and on a real Postgres: the same commands give the same answers, the same rows, the
//! same log; what the log says can be computed again; what was tampered with is named.

use crate::harness::files::temp_dir;
use crate::harness::postgres;
use firebell::app::audit::{self, AuditKey, Sweeper};
use firebell::app::{Act, ActError, Acted, App, Changed, On, Once, rebuild};
use firebell::clock::Clock;
use firebell::store::{self, Mode, Store};
use firebell_domain::alert::{Alert, AlertStatus, Delivery};
use firebell_domain::clocks::Milestone;
use firebell_domain::decide::{Declaration, Input, SendOutcome};
use firebell_domain::directory::{Directory, EscalationPolicy, Person, Step, Target};
use firebell_domain::event::Actor;
use firebell_domain::figures::{self, Mark, Ring};
use firebell_domain::id::IncidentId;
use firebell_domain::intent::Lane;
use firebell_domain::org::OrgEvent;
use firebell_domain::refusal::Refusal;
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use firebell_domain::timer::{Timer, TimerKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

pub(super) const START: Timestamp = Timestamp(1_790_000_000_000_000);

fn severity() -> Severity {
    Severity::new("P1", "Critical", 1)
}

fn directory() -> Directory {
    let person = |name: &str| Person {
        name: name.to_string(),
        time_zone: chrono_tz::UTC,
        contact_methods: vec!["webhook.ops".into()],
    };
    let policy = EscalationPolicy::new(
        "default".into(),
        vec![Step::new(vec![Target::Person("ana".into())], 300), Step::new(vec![Target::Person("bo".into())], 300)],
        None,
    );
    Directory {
        severities: vec![severity()],
        people: [("ana".into(), person("Ana")), ("bo".into(), person("Bo"))].into(),
        policies: [("default".into(), policy)].into(),
        pagers: vec!["webhook.ops".into()],
        ..Directory::default()
    }
}

/// A store of one kind with an application over it.
pub(super) struct Bench {
    pub app: App,
    pub store: Store,
    pub clock: Clock,
    pub url: String,
    folder: crate::harness::files::TempDir,
    _lock: store::Lock,
}

impl Bench {
    async fn open(url: String, folder: crate::harness::files::TempDir) -> Bench {
        let (store, lock) = store::open(&url, Mode::Serve).await.expect("the database opens");
        let clock = Clock::set_to(START);
        let app = App::start(store.clone(), clock.clone(), directory(), "http://127.0.0.1:1".into(), "test")
            .await
            .expect("the application starts");
        Bench { app, store, clock, url, folder, _lock: lock }
    }

    pub async fn lite() -> Bench {
        let folder = temp_dir();
        Bench::open(format!("sqlite://{}", folder.join("contract.db").display()), folder).await
    }

    /// Stopped, and started again by this program over the same database.
    pub async fn started_again(self) -> Bench {
        let Bench { app, store, url, folder, _lock, .. } = self;
        drop(app);
        store.close().await;
        drop(_lock);
        Bench::open(url, folder).await
    }

    pub async fn pg() -> Bench {
        let url = tokio::task::spawn_blocking(postgres::fresh_database).await.expect("a database");
        Bench::open(url, temp_dir()).await
    }

    async fn declare(&self, title: &str) -> Changed {
        changed(self.app.act(act(declaration(title))).await)
    }

    async fn say(&self, id: IncidentId, input: Input) -> Result<Changed, ActError> {
        self.app.act_on(id, input, &ana()).await
    }

    fn log(&self) -> PathBuf {
        self.folder.join("checkpoints")
    }

    pub fn sweeper(&self) -> Sweeper {
        Sweeper::new(key(), self.log())
    }

    /// Edits the database behind Firebell's back.
    pub async fn tamper(&self, sql: &'static str) {
        match &self.store {
            Store::Lite { write, .. } => sqlx::query(sql).execute(write).await.map(|_| ()),
            Store::Pg(pool) => sqlx::query(sql).execute(pool).await.map(|_| ()),
        }
        .expect("the edit works");
    }

    async fn verify(&self) -> audit::Report {
        audit::verify(&self.store, &key(), Some(&self.log()), None).await.expect("the log can be read")
    }
}

pub(super) fn key() -> AuditKey {
    AuditKey([7; 32])
}

pub(super) fn ana() -> Actor {
    Actor::person("ana", "test")
}

fn declaration(title: &str) -> On {
    On::Declare(Declaration { title: title.into(), severity: severity(), service: None, private: false, because: None })
}

pub(super) fn act(on: On) -> Act {
    Act { on, actor: ana(), once: None }
}

pub(super) fn changed(acted: Result<Acted, ActError>) -> Changed {
    match acted.expect("it is done") {
        Acted::Changed(c) => *c,
        other => panic!("expected a change, got {other:?}"),
    }
}

fn delivery(group: &str, fingerprint: &str, status: AlertStatus, starts_at: Timestamp) -> On {
    let alert = Alert { fingerprint: fingerprint.into(), status, starts_at, summary: "it is down".into(), link: None };
    let delivery = Delivery {
        source: "monitoring".into(),
        group: group.into(),
        group_status: status,
        truncated: 0,
        alerts: vec![alert],
    };
    let On::Declare(declaration) = declaration("it is down") else { unreachable!() };
    On::Alerts(delivery, declaration)
}

macro_rules! on_both {
    ($(async fn $name:ident($b:ident: Bench) $body:block)*) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(Bench::lite().await).await; })*
        }
        mod postgres_real {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(Bench::pg().await).await; })*
        }
        $(async fn $name($b: Bench) $body)*
    };
}
pub(super) use on_both;

on_both! {
    async fn what_was_done_is_read_back_as_it_was(b: Bench) {
        let declared = b.declare("checkout is down").await;
        let id = declared.after.id;
        assert_eq!(id.to_string(), "INC-1");
        let acked = b.say(id, Input::Acknowledge).await.expect("acknowledged");
        let stored = b.store.incident(id).await.unwrap().expect("it is stored");
        assert_eq!(stored.incident, acked.after);
        let events = b.store.events(id, 0, 100).await.unwrap();
        let all: Vec<_> = declared.events.into_iter().chain(acked.events).collect();
        assert_eq!(events, all);
        let open = b.store.open_incidents(10).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].acknowledged_by.as_deref(), Some("ana"));
        assert_eq!(b.store.recent_incidents(START.plus_s(1), 10).await.unwrap(), open);
    }

    async fn a_refused_command_leaves_nothing_behind(b: Bench) {
        let id = b.declare("checkout is down").await.after.id;
        b.say(id, Input::Acknowledge).await.expect("acknowledged");
        let before = b.store.events(id, 0, 100).await.unwrap().len();
        let again = b.say(id, Input::Acknowledge).await;
        assert!(matches!(again, Err(ActError::Refused(Refusal::AlreadyAcknowledged { .. }))), "{again:?}");
        assert_eq!(b.store.events(id, 0, 100).await.unwrap().len(), before);
        let nobody = b.say(IncidentId(99), Input::Acknowledge).await;
        assert!(matches!(nobody, Err(ActError::Refused(Refusal::NoSuchIncident { .. }))), "{nobody:?}");
    }

    async fn timers_and_intents_are_due_when_they_say(b: Bench) {
        let id = b.declare("checkout is down").await.after.id;
        let now = b.clock.now();
        assert_eq!(b.store.next_timer().await.unwrap(), Some(START.plus_s(300)));
        assert!(b.store.due_timers(now, 10).await.unwrap().is_empty());
        let due = b.store.due_timers(START.plus_s(300), 10).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].0, due[0].1.kind), (id, TimerKind::Escalate));
        let intents = b.store.due_intents(Lane::Page, &"webhook.ops".into(), now, 10, &[]).await.unwrap();
        assert_eq!(intents.len(), 1);
        b.say(id, Input::Acknowledge).await.expect("acknowledged");
        assert!(b.store.due_intents(Lane::Page, &"webhook.ops".into(), now, 10, &[]).await.unwrap().is_empty());
        assert_eq!(b.store.next_timer().await.unwrap(), None);
    }

    async fn an_alert_that_comes_under_another_group_is_known_until_its_incident_has_ended(b: Bench) {
        let told = async |group: &str, name: &str, status| {
            match b.app.act(act(delivery(group, name, status, START))).await.expect("it is taken") {
                Acted::Changed(c) => Some((c.after.id, c.before.is_none())),
                _ => None,
            }
        };
        let (one, two) = (IncidentId(1), IncidentId(2));
        assert_eq!(told("g", "a", AlertStatus::Firing).await, Some((one, true)));
        assert_eq!(told("other", "a", AlertStatus::Firing).await, None, "the same firing under another group");
        assert_eq!(told("other", "b", AlertStatus::Firing).await, Some((two, true)), "another alert");
        // Merged, its alerts are known in the one that it went into; the index follows from the log.
        b.say(two, Input::Merge { into: one }).await.expect("merged");
        assert_eq!(told("third", "b", AlertStatus::Firing).await, None);
        assert!(rebuild::run(&b.store, false).await.expect("it is read").is_empty());
        assert_eq!(told("third", "a", AlertStatus::Resolved).await, Some((one, false)));
        assert_eq!(told("fourth", "b", AlertStatus::Resolved).await, Some((one, false)));
        assert!(!b.store.incident(one).await.unwrap().expect("stored").incident.firing_alerts());
        b.say(one, Input::Resolve { text: String::new() }).await.expect("resolved");
        let keys = [("monitoring".to_string(), "\u{1}alert a".to_string())];
        assert!(b.store.open_followers(&keys).await.unwrap().is_empty(), "it has ended");
        assert_eq!(b.store.last_incident_of("monitoring", "g").await.unwrap(), Some(one));
        assert_eq!(told("fifth", "a", AlertStatus::Firing).await, Some((IncidentId(3), true)));
        assert!(rebuild::run(&b.store, false).await.expect("it is read").is_empty());
    }

    async fn one_of_two_claims_of_a_page_wins(b: Bench) {
        let id = b.declare("checkout is down").await.after.id;
        let claims = (0..8).map(|n| {
            b.app.act_engine(id, Input::Claim { no: 1, worker: format!("worker{n}") })
        });
        let results = futures_util::future::join_all(claims).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        let claim_seq = results.into_iter().find_map(Result::ok).and_then(|c| c.events.last().map(|e| e.seq)).unwrap();
        let lost = b.store.lost_claims(b.clock.now(), Some("another"), 10).await.unwrap();
        assert_eq!(lost, [(id, 1, claim_seq)]);
        assert!(b.store.lost_claims(b.clock.now(), None, 10).await.unwrap().is_empty(), "the lease holds");
        assert_eq!(b.store.lost_claims(b.clock.now().plus_s(60), None, 10).await.unwrap().len(), 1);
        let outcome = SendOutcome::Done { receipt: Some("r1".into()) };
        b.app.act_engine(id, Input::Delivered { no: 1, claim_seq, outcome }).await.expect("recorded");
        assert_eq!(b.store.outbox_depth().await.unwrap(), store::OutboxDepth::default());
    }

    async fn what_goes_from_waiting_to_being_sent_is_always_counted_in_one_of_them(b: Bench) {
        for n in 0..20 {
            b.declare(&format!("number {n}")).await;
        }
        let over = AtomicBool::new(false);
        let count = async {
            let mut looks = 0;
            while !over.load(Relaxed) {
                let depth = b.store.outbox_depth().await.unwrap();
                let in_all = depth.claimed + depth.queued.iter().map(|(_, _, n, _)| n).sum::<i64>();
                assert_eq!(in_all, 20, "{depth:?} after {looks} looks");
                looks += 1;
            }
        };
        let go_back_and_forth = async {
            for id in (1..=20).map(IncidentId) {
                for _ in 0..5 {
                    let claim = b.app.act_engine(id, Input::Claim { no: 1, worker: "worker".into() }).await.expect("claimed");
                    let claim_seq = claim.events.last().expect("an event").seq;
                    b.app.act_engine(id, Input::ClaimLost { no: 1, claim_seq }).await.expect("waits again");
                }
            }
            over.store(true, Relaxed);
        };
        futures_util::join!(count, go_back_and_forth);
    }

    async fn many_at_once_get_numbers_without_gaps_and_a_whole_chain(b: Bench) {
        let titles: Vec<String> = (0..100).map(|n| format!("number {n}")).collect();
        let all = futures_util::future::join_all(titles.iter().map(|t| b.declare(t))).await;
        let mut ids: Vec<i64> = all.iter().map(|c| c.after.id.0).collect();
        ids.sort_unstable();
        assert_eq!(ids, (1..=100).collect::<Vec<i64>>());
        let notes = all.iter().flat_map(|c| (0..5).map(move |n| (c.after.id, n)));
        let done = futures_util::future::join_all(
            notes.map(|(id, n)| b.say(id, Input::Note { text: format!("note {n}") })),
        ).await;
        assert!(done.iter().all(Result::is_ok));
        assert_eq!(b.verify().await.problems, Vec::<String>::new());
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new());
    }

    async fn under_one_key_the_first_answer_is_given_again(b: Bench) {
        let once = |answer: &'static str| Some(Once {
            key: "key-1".into(),
            answer: Box::new(move |c: &Changed| format!("{answer} {}", c.after.id)),
        });
        let first = b.app.act(Act { on: declaration("one"), actor: ana(), once: once("first") }).await;
        assert!(matches!(first, Ok(Acted::Changed(_))), "{first:?}");
        let again = b.app.act(Act { on: declaration("two"), actor: ana(), once: once("second") }).await;
        assert!(matches!(&again, Ok(Acted::Again(a)) if a == "first INC-1"), "{again:?}");
        assert_eq!(b.store.open_incidents(10).await.unwrap().len(), 1);
    }

    async fn a_group_of_alerts_declares_once_and_finds_its_incident_again(b: Bench) {
        let firing = || delivery("{}:{a=\"b\"}", "f1", AlertStatus::Firing, START);
        let results = futures_util::future::join_all((0..16).map(|_| b.app.act(act(firing())))).await;
        let declared = results.iter().filter(|r| matches!(r, Ok(Acted::Changed(_)))).count();
        assert_eq!(declared, 1, "{results:?}");
        let resolved = changed(b.app.act(act(delivery("{}:{a=\"b\"}", "f1", AlertStatus::Resolved, START))).await);
        assert!(resolved.after.quiet_resolves_at.is_some());
        let other = changed(b.app.act(act(delivery("{}:{a=\"c\"}", "f1", AlertStatus::Firing, START))).await);
        assert_ne!(other.after.id, resolved.after.id);
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new());
    }

    async fn merging_ends_one_into_the_other_in_one_step(b: Bench) {
        let alerts = changed(b.app.act(act(delivery("g", "f1", AlertStatus::Firing, START))).await);
        let into = b.declare("the real one").await.after.id;
        let merged = b.say(alerts.after.id, Input::Merge { into }).await.expect("merged");
        assert_eq!(merged.after.merged_into, Some(into));
        // What its alerts say from now on goes to the one that stays.
        let more = changed(b.app.act(act(delivery("g", "f2", AlertStatus::Firing, START))).await);
        assert_eq!(more.after.id, into);
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new());
    }

    async fn figures_are_made_of_what_the_logs_say_and_of_what_rang(b: Bench) {
        let mut urgent = declaration("checkout is down");
        if let On::Declare(d) = &mut urgent {
            d.severity.response_s = Some(60);
        }
        let late = changed(b.app.act(act(urgent)).await).after.id;
        let claimed = b.app.act_engine(late, Input::Claim { no: 1, worker: "w".into() }).await.expect("claimed");
        let delivered = Input::Delivered {
            no: 1,
            claim_seq: claimed.after.seq,
            outcome: SendOutcome::Done { receipt: None },
        };
        b.app.act_engine(late, delivered).await.expect("delivered");
        b.clock.advance_s(90);
        let due = Timer { kind: TimerKind::Milestone, due_at: START.plus_s(45) };
        b.app.act_engine(late, Input::TimerDue(due)).await.expect("its time is over");
        b.say(late, Input::Acknowledge).await.expect("acknowledged");
        let unseen = b.declare("mail is slow").await.after.id;
        for id in [late, unseen] {
            b.clock.advance_s(10);
            b.say(id, Input::Resolve { text: String::new() }).await.expect("resolved");
        }
        b.clock.advance_s(1);
        b.say(late, Input::Reopen { reason: "again".into() }).await.expect("reopened");
        b.clock.advance_s(5);
        let quiet = b.declare("a later one").await.after.id;

        let facts = b.store.facts(START, b.clock.now(), 100).await.expect("facts");
        assert_eq!(facts.iter().map(|f| f.id).collect::<Vec<_>>(), [late, unseen], "and not {quiet}");
        for f in &facts {
            let log = b.store.events(f.id, 0, 100).await.unwrap();
            let marks = log.iter().filter_map(|e| Some((Mark::of(&e.body)?, e.at)));
            assert_eq!((f.rounds.clone(), f.breached.clone()), figures::rounds(f.declared_at, marks), "{}", f.id);
        }
        assert_eq!(facts[0].breached, [Milestone::Acknowledge]);
        assert_eq!((facts[0].rounds.len(), facts[1].rounds[0].acknowledge_s()), (2, Some(20)));
        let ring = Ring { who: "@ana".into(), at: START, message: (late, 1) };
        assert_eq!((&facts[0].rings, &facts[1].rings), (&vec![ring], &vec![]));
        assert_eq!(b.store.facts(START, b.clock.now(), 1).await.expect("facts").len(), 1);
        let digest: Vec<_> =
            b.store.digest(3).await.unwrap().iter().map(|t| (t.event.incident, t.event.body.kind())).collect();
        assert_eq!(digest, [(quiet, "declared"), (late, "reopened"), (unseen, "resolved")], "the newest first");
        // A planner that has so few rows reads them all where it may; SQLite's says what it would do with many.
        if !b.store.is_postgres() {
            let plans = b.store.plans_of_facts().await.expect("plans");
            for (plan, index) in plans.iter().zip(["COVERING INDEX event_mark", "COVERING INDEX outbox_ring"]) {
                assert!(plan.contains(index), "not from {index}:\n{plan}");
            }
            assert_eq!(plans.len(), 2);
            let plan = b.store.plan_of_digest().await.expect("a plan");
            assert!(plan.contains("event_told") && !plan.contains("TEMP B-TREE"), "it sorts:\n{plan}");
        }
    }

    async fn reminders_of_what_is_left_are_timers_like_the_others(b: Bench) {
        let mut promised = declaration("checkout is down");
        if let On::Declare(d) = &mut promised {
            d.severity.clocks.postmortem_s = Some(60);
        }
        let id = changed(b.app.act(act(promised)).await).after.id;
        b.say(id, Input::Acknowledge).await.expect("acknowledged");
        let due = START.utc().date_naive().checked_add_days(chrono::Days::new(9));
        let item = Input::AddAction { text: "write a test".into(), owner: Some("bo".into()), due };
        b.say(id, item).await.expect("written down");
        b.say(id, Input::Resolve { text: String::new() }).await.expect("resolved");
        // Every timer of every kind in its turn, as the engine does it, for as long as there is one.
        let mut fired = Vec::new();
        while let Some(at) = b.store.next_timer().await.expect("the next") {
            b.clock.advance_s(at.seconds_since(b.clock.now()).max(0) + 1);
            let all = b.store.due_timers(b.clock.now(), 10).await.expect("due");
            let (id, timer) = all.into_iter().min_by_key(|(_, t)| (t.due_at, t.kind)).expect("one is due");
            b.app.act_engine(id, Input::TimerDue(timer)).await.expect("it takes effect");
            fired.push(timer.kind);
        }
        let of = |kind| fired.iter().filter(|k| **k == kind).count();
        assert_eq!((of(TimerKind::DraftReminder), of(TimerKind::ActionReminder)), (5, 4), "{fired:?}");
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new());
    }

    async fn stand_ins_are_in_the_organisations_log(b: Bench) {
        let stand_in = OrgEvent::OverrideAdded {
            schedule: "primary".into(), person: "bo".into(), from: START, to: START.plus_s(3_600),
        };
        let done = b.app.act(act(On::Organisation(stand_in))).await;
        assert!(matches!(done, Ok(Acted::Recorded)), "{done:?}");
        assert_eq!(b.store.overrides(START).await.unwrap().len(), 1);
        assert!(b.store.overrides(START.plus_s(3_600)).await.unwrap().is_empty());
        b.sweeper().sweep(&b.app).await.expect("checkpointed");
        let report = b.verify().await;
        assert_eq!((report.problems, report.uncovered, report.events), (vec![], 0, 1));
    }

    async fn an_edited_deleted_or_moved_event_is_named(b: Bench) {
        let id = b.declare("one").await.after.id;
        b.declare("two").await;
        b.say(id, Input::Note { text: "the truth".into() }).await.unwrap();
        b.sweeper().sweep(&b.app).await.expect("checkpointed");
        b.say(id, Input::Note { text: "after it".into() }).await.unwrap();
        let well = b.verify().await;
        assert_eq!((well.problems, well.uncovered), (vec![], 1));
        for (edit, undo, says) in [
            ("UPDATE event SET body = replace(body, 'the truth', 'a lie') WHERE incident_id = 1",
             "UPDATE event SET body = replace(body, 'a lie', 'the truth') WHERE incident_id = 1",
             "INC-1: event 4 (noted) was edited or moved"),
            ("UPDATE event SET at = at + 1 WHERE incident_id = 2 AND seq = 1",
             "UPDATE event SET at = at - 1 WHERE incident_id = 2 AND seq = 1",
             "INC-2: event 1 (declared) was edited or moved"),
            ("UPDATE event SET seq = seq + 100 WHERE incident_id = 1 AND seq = 2",
             "UPDATE event SET seq = seq - 100 WHERE incident_id = 1 AND seq = 102",
             "INC-1: event 2 is missing"),
            ("UPDATE event SET incident_id = 77 WHERE incident_id = 2",
             "UPDATE event SET incident_id = 2 WHERE incident_id = 77",
             "INC-2: all 3 events are missing"),
            ("UPDATE checkpoint SET at = at + 1", "UPDATE checkpoint SET at = at - 1",
             "checkpoint 1 was not made with this key, or was edited"),
        ] {
            b.tamper(edit).await;
            let found = b.verify().await.problems;
            assert!(found.iter().any(|p| p == says), "{edit}: {found:?}");
            b.tamper(undo).await;
            assert_eq!(b.verify().await.problems, Vec::<String>::new(), "{undo}");
        }
        // The last events before the checkpoint cut off: the chain that is left is whole, the checkpoint knows more.
        b.tamper("DELETE FROM event WHERE incident_id = 1 AND seq >= 4").await;
        let found = b.verify().await.problems;
        assert_eq!(found, ["INC-1: events 4 to 4 are missing"]);
        // Everything cut off together with its checkpoint: the log outside the database knows.
        b.tamper("DELETE FROM checkpoint").await;
        let found = b.verify().await.problems;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("is not in the database"), "{found:?}");
    }

    async fn what_the_log_implies_can_be_computed_again(b: Bench) {
        let id = b.declare("one").await.after.id;
        b.declare("two").await;
        changed(b.app.act(act(delivery("g", "f1", AlertStatus::Firing, START))).await);
        let claimed = b.app.act_engine(id, Input::Claim { no: 1, worker: "w".into() }).await.unwrap();
        let claim_seq = claimed.events.last().unwrap().seq;
        let outcome = SendOutcome::Retry { after_s: None, why: "busy".into(), maybe_sent: true };
        b.app.act_engine(id, Input::Delivered { no: 1, claim_seq, outcome }).await.unwrap();
        b.clock.advance_s(10);
        b.app.act_engine(id, Input::Claim { no: 1, worker: "w".into() }).await.unwrap();
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new());
        for spoil in [
            "DELETE FROM timer", "DELETE FROM outbox", "DELETE FROM alert_group",
            "UPDATE incident SET title = 'forged'", "UPDATE organisation SET incidents = 0",
            "UPDATE outbox SET status = 'done'", "UPDATE timer SET due_at = due_at + 1", "DELETE FROM incident",
        ] {
            b.tamper(spoil).await;
            assert!(!rebuild::run(&b.store, true).await.unwrap().is_empty(), "{spoil} was not noticed");
            assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new(), "after {spoil}");
        }
    }

    async fn what_a_person_wrote_comes_back_letter_by_letter(b: Bench) {
        let id = b.declare("שרת 数据库 🔥 \"quoted\" <b>&amp; @everyone <!channel>").await.after.id;
        let text = "tab\tnew line\nquote ' \" \\ % _ $1 🔥\u{10ffff}".to_string();
        b.say(id, Input::Note { text: text.clone() }).await.expect("noted");
        let events = b.store.events(id, 0, 100).await.unwrap();
        let json = serde_json::to_value(&events.last().unwrap().body).unwrap();
        assert_eq!(json["text"], text);
        assert_eq!(b.verify().await.problems, Vec::<String>::new());
    }

    async fn a_database_newer_than_the_program_is_refused(b: Bench) {
        b.tamper("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                  SELECT 9999, 'from the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1").await;
        b.store.close().await;
        let url = b.url.clone();
        drop(b._lock);
        let refused = store::open(&url, Mode::Serve).await.expect_err("it is refused").to_string();
        assert!(refused.contains("has migration 9999") && refused.contains("newer version"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_database_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let b = Bench::lite().await;
    b.declare("one").await;
    for name in ["contract.db", "contract.db-wal"] {
        let mode = std::fs::metadata(b.folder.join(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |kind: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind);
        let mut all: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

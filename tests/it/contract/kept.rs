//! What is kept of the figures' facts is what the database says, after whatever happened to it and whoever did it; and
//! what has not changed is not read again.

use super::store::{Bench, START, act, ana, changed, key, on_both};
use firebell::app::{On, audit, rebuild};
use firebell::store::{FactsKept, Store};
use firebell_domain::alert::{Alert, AlertStatus, Delivery};
use firebell_domain::decide::{Declaration, Input, SendOutcome};
use firebell_domain::event::Actor;
use firebell_domain::figures::Facts;
use firebell_domain::id::IncidentId;
use firebell_domain::intent::IntentNo;
use firebell_domain::org::OrgEvent;
use firebell_domain::severity::Severity;
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::Timestamp;
use std::sync::Arc;

const DAY: i64 = 86_400;
/// More than any test declares.
const MANY: i64 = 1_000;

fn days(n: i64) -> Timestamp {
    START.plus_s(n * DAY)
}

impl Bench {
    async fn anew(&self, from: Timestamp, to: Timestamp) -> Vec<Arc<Facts>> {
        self.store.facts(from, to, MANY).await.expect("facts")
    }

    /// Compares over several periods, the widest last; returns that one.
    async fn same(&self, kept: &FactsKept, when: &str) -> Vec<Arc<Facts>> {
        let mut last = Vec::new();
        for (from, to) in [(3, 5), (1, 2), (0, 1), (-30, 400), (5, 3)] {
            let (from, to) = (days(from), days(to));
            let have = kept.facts(&self.store, from, to, MANY).await.expect("facts");
            assert_eq!(have, self.anew(from, to).await, "{when}: from {from:?} to {to:?}");
            last = if have.is_empty() { last } else { have };
        }
        last
    }

    async fn begin(&self, title: &str, private: bool) -> IncidentId {
        let severity = Severity::new("P1", "Critical", 1);
        let d = Declaration { title: title.into(), severity, service: None, private, because: None };
        changed(self.app.act(act(On::Declare(d))).await).after.id
    }

    /// Something that may be refused, and then is nothing.
    async fn try_to(&self, id: IncidentId, input: Input) {
        self.app.act_on(id, input, &ana()).await.ok();
    }

    /// Page `no` rings, if it waits.
    async fn ring(&self, id: IncidentId, no: IntentNo) {
        let Ok(claimed) = self.app.act_engine(id, Input::Claim { no, worker: "w".into() }).await else { return };
        let outcome = SendOutcome::Done { receipt: None };
        self.app.act_engine(id, Input::Delivered { no, claim_seq: claimed.after.seq, outcome }).await.ok();
    }

    async fn sweep(&self) {
        self.sweeper().sweep(&self.app).await.expect("a checkpoint");
    }

    async fn tamper_by(&self, sql: String) {
        let sql = sqlx::AssertSqlSafe(sql);
        match &self.store {
            Store::Lite { write, .. } => sqlx::query(sql).execute(write).await.map(|_| ()),
            Store::Pg(pool) => sqlx::query(sql).execute(pool).await.map(|_| ()),
        }
        .expect("the edit works");
    }

    async fn fire(&self) {
        for (id, timer) in self.store.due_timers(self.clock.now(), 10).await.expect("due") {
            self.app.act_engine(id, Input::TimerDue(timer)).await.ok();
        }
    }

    async fn alerts(&self, status: AlertStatus) {
        let (fingerprint, summary) = ("f1".to_string(), "it is down".to_string());
        let alerts = vec![Alert { fingerprint, status, starts_at: START, summary, link: None }];
        let (source, group) = ("monitoring".to_string(), "g".to_string());
        let delivery = Delivery { source, group, group_status: status, truncated: 0, alerts };
        let severity = Severity::new("P2", "High", 2);
        let d = Declaration { title: "it is down".into(), severity, service: None, private: false, because: None };
        self.app.act(act(On::Alerts(delivery, d))).await.ok();
    }
}

fn text(text: &str) -> String {
    text.to_string()
}

/// The same numbers at every run, as if drawn.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn severity(rank: u32) -> Severity {
    Severity::new(format!("P{rank}"), "some", rank)
}

/// One of everything that people, alerts, pagers and time do to incidents.
async fn anything(b: &Bench, drawn: &mut Drawn, declared: i64) {
    let id = IncidentId(1 + drawn.below(declared as u64) as i64);
    let other = IncidentId(1 + drawn.below(declared as u64) as i64);
    match drawn.below(20) {
        0 => b.try_to(id, Input::Acknowledge).await,
        1 => b.try_to(id, Input::Unacknowledge { reason: text("asleep") }).await,
        2 => b.try_to(id, Input::SetSeverity { severity: severity(2), reason: text("less") }).await,
        3 => b.try_to(id, Input::SetSeverity { severity: severity(1), reason: text("more") }).await,
        4 => b.try_to(id, Input::SetStatus { status: IncidentStatus::Monitoring, text: String::new() }).await,
        5 => b.try_to(id, Input::Note { text: text("looked") }).await,
        6 | 7 => b.try_to(id, Input::Resolve { text: String::new() }).await,
        8 | 9 => b.try_to(id, Input::Reopen { reason: text("again") }).await,
        10 => b.try_to(id, Input::Cancel { reason: text("none") }).await,
        11 => b.try_to(id, Input::Merge { into: other }).await,
        12 => b.try_to(id, Input::AssignRole { role: text("scribe"), person: "bo".into() }).await,
        13 => b.try_to(id, Input::Escalate).await,
        14 => b.try_to(id, Input::PostUpdate { text: text("on it") }).await,
        15 | 16 => {
            for no in 1..4 {
                b.ring(id, no).await;
            }
        }
        17 => b.fire().await,
        18 => b.alerts(AlertStatus::Firing).await,
        _ => b.alerts(AlertStatus::Resolved).await,
    }
}

on_both! {
    async fn kept_facts_are_those_that_are_read_anew_whatever_happens(b: Bench) {
        // Two replicas that look at different times, and one that has no room for all.
        let (one, two, small) = (FactsKept::default(), FactsKept::default(), FactsKept::new(2_500));
        assert!(b.same(&one, "nothing yet").await.is_empty());
        let (mut drawn, mut crowded) = (Drawn(11), 0);
        for step in 0..96_i64 {
            b.clock.advance_s(3_600);
            if step % 8 == 0 {
                b.begin(&format!("number {step}"), step % 24 == 0).await;
            }
            let declared = step / 8 + 1;
            anything(&b, &mut drawn, declared).await;
            // What chance may leave out.
            if step == 50 {
                let (none, part, whole) =
                    (b.begin("none", false).await, b.begin("part", false).await, b.begin("whole", false).await);
                b.try_to(none, Input::Cancel { reason: text("none") }).await;
                b.try_to(part, Input::Merge { into: whole }).await;
            }
            let have = one.facts(&b.store, days(-30), days(400), MANY).await.expect("facts");
            assert_eq!(have, b.anew(days(-30), days(400)).await, "step {step}");
            if drawn.below(4) == 0 {
                b.sweep().await;
            }
            if drawn.below(7) == 0 {
                b.same(&two, &format!("step {step}, seldom")).await;
            }
            if drawn.below(7) == 0 {
                b.same(&small, &format!("step {step}, small")).await;
                let (incidents, bytes) = small.size().await;
                assert!(bytes <= 2_500, "{bytes}");
                crowded += usize::from((incidents as i64) < declared);
            }
        }
        let all = b.same(&one, "at the end").await;
        assert_eq!((all.len(), one.size().await.0), (all.len().max(12), all.len()));
        assert!(crowded > 3, "it never ran out of room");
        let has = |of: fn(&Facts) -> bool| all.iter().any(|f| of(f));
        assert!(has(|f| f.rounds.len() > 1) && has(|f| !f.rings.is_empty()) && has(|f| f.involved.len() > 1));
        assert!(has(|f| f.status == IncidentStatus::Merged) && has(|f| f.status == IncidentStatus::Cancelled));
    }

    async fn what_has_not_changed_is_not_read_again(b: Bench) {
        let kept = FactsKept::default();
        let (one, two) = (b.begin("one", false).await, b.begin("two", true).await);
        b.sweep().await;
        let before = b.same(&kept, "first").await;
        let bo = Input::AssignRole { role: text("scribe"), person: "bo".into() };
        b.app.act_on(two, bo, &Actor::person("ana", "test")).await.expect("assigned");
        let after = b.same(&kept, "second").await;
        assert_eq!(after.iter().map(|f| f.id).collect::<Vec<_>>(), [one, two]);
        assert!(Arc::ptr_eq(&before[0], &after[0]) && !Arc::ptr_eq(&before[1], &after[1]));
        assert_eq!(after[1].involved, ["ana".into(), "bo".into()]);
        assert_eq!(after[0].involved, []);
        b.sweep().await;
        let swept = b.same(&kept, "third").await;
        let again = b.same(&kept, "fourth").await;
        assert!(Arc::ptr_eq(&before[0], &again[0]) && Arc::ptr_eq(&swept[1], &again[1]));
        // Only the writes of the organisation itself: nothing of an incident.
        let stand_in = OrgEvent::OverrideAdded { schedule: "primary".into(), person: "bo".into(), from: START, to: days(1) };
        b.app.act(act(On::Organisation(stand_in))).await.expect("recorded");
        b.sweep().await;
        let again = b.same(&kept, "fifth").await;
        assert!(swept.iter().zip(&again).skip(1).all(|(a, b)| Arc::ptr_eq(a, b)));
    }

    async fn what_a_rebuild_has_put_right_is_read_again(b: Bench) {
        let kept = FactsKept::default();
        let id = b.begin("one", false).await;
        b.begin("two", false).await;
        b.ring(id, 1).await;
        for swept in [false, true] {
            for spoil in [
                "UPDATE incident SET title = 'forged'", "UPDATE incident SET severity = 'P9', severity_rank = 9",
                "UPDATE outbox SET rang_at = NULL", "DELETE FROM incident",
            ] {
                b.sweep().await;
                b.tamper(spoil).await;
                // Whatever was looked at while it was wrong.
                kept.facts(&b.store, days(-30), days(400), MANY).await.expect("facts");
                rebuild::run(&b.store, true).await.expect("rebuilt");
                if swept {
                    b.sweep().await;
                }
                let all = b.same(&kept, &format!("rebuilt after {spoil}")).await;
                assert_eq!((all[0].title.as_str(), all[0].rank, all[0].rings.len()), ("one", 1, 1), "{spoil}");
            }
        }
        assert_eq!(audit::verify(&b.store, &key(), None, None).await.expect("verified").problems, [""; 0]);
    }

    async fn a_database_that_was_put_back_is_read_from_the_beginning(b: Bench) {
        const TABLES: [&str; 5] = ["incident", "event", "outbox", "timer", "checkpoint"];
        let id = b.begin("one", false).await;
        b.begin("two", false).await;
        // As it was left, with and without a checkpoint over it; and with more that came after it was put back.
        for (swept_before, swept_after, goes_on) in
            [(true, true, false), (true, false, false), (false, true, true), (true, true, true), (false, false, true)]
        {
            let kept = FactsKept::default();
            if swept_before {
                b.sweep().await;
            }
            for t in TABLES {
                b.tamper_by(format!("CREATE TABLE dump_{t} AS SELECT * FROM {t}")).await;
            }
            b.clock.advance_s(60);
            b.try_to(id, Input::SetSeverity { severity: severity(3), reason: text("lost") }).await;
            b.try_to(IncidentId(2), Input::AssignLead { person: "bo".into() }).await;
            if swept_after {
                b.sweep().await;
            }
            assert_eq!(b.same(&kept, "before").await[0].rank, 3);
            for t in TABLES {
                b.tamper_by(format!("DELETE FROM {t}")).await;
                b.tamper_by(format!("INSERT INTO {t} SELECT * FROM dump_{t}")).await;
                b.tamper_by(format!("DROP TABLE dump_{t}")).await;
            }
            if goes_on {
                for n in 0..4 {
                    b.clock.advance_s(60);
                    b.try_to(IncidentId(2), Input::Note { text: format!("after it, {n}") }).await;
                    b.sweep().await;
                }
            }
            let when = format!("put back {swept_before} {swept_after} {goes_on}");
            assert_eq!(b.same(&kept, &when).await[0].rank, 1, "{when}");
        }
    }

    async fn a_limit_is_one_of_what_is_kept_too(b: Bench) {
        let kept = FactsKept::default();
        for title in ["one", "two", "three"] {
            b.begin(title, false).await;
        }
        for _ in 0..2 {
            for limit in [2, 3, 4] {
                let have = kept.facts(&b.store, days(0), days(1), limit).await.expect("facts");
                assert_eq!(have, b.store.facts(days(0), days(1), limit).await.expect("facts"), "{limit}");
            }
        }
    }
}

/// Transactions commit in another order than they began. One that is open while a checkpoint is made must not be taken
/// for seen when it is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_commits_late_is_not_missed() {
    let b = Bench::pg().await;
    let Store::Pg(pool) = &b.store else { panic!("not Postgres") };
    let kept = FactsKept::default();
    let (slow, quick) = (b.begin("slow", false).await, b.begin("quick", false).await);
    b.sweep().await;
    let mut late = pool.begin().await.expect("a transaction");
    const SQL: &str = "UPDATE incident SET title = 'came late', head_seq = head_seq + 1 WHERE incident_id = $1";
    sqlx::query(SQL).bind(slow.0).execute(&mut *late).await.expect("it is written");
    b.try_to(quick, Input::Acknowledge).await;
    b.sweep().await;
    for _ in 0..2 {
        let all = b.same(&kept, "while it is open").await;
        assert_eq!((all[0].title.as_str(), all[1].rounds[0].acknowledge_s()), ("slow", Some(0)));
    }
    late.commit().await.expect("committed");
    assert_eq!(b.same(&kept, "when it is over").await[0].title, "came late");
    b.sweep().await;
    assert_eq!(b.same(&kept, "when it has a checkpoint").await[0].title, "came late");
}

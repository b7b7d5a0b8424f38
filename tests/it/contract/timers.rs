//! An incident's next timer is the one that is kept: one row, whatever else is armed. And a database from before that
//! was so, with a row for each, goes on where it was.

use super::store::{Bench, START, act, ana, changed, on_both};
use firebell::app::{On, rebuild};
use firebell::store::Store;
use firebell_domain::decide::{Declaration, Input};
use firebell_domain::event::Event;
use firebell_domain::id::IncidentId;
use firebell_domain::severity::{Clocks, Severity};
use firebell_domain::timer::{self, Timer, TimerKind};

/// A severity that promises a time for everything.
fn promising() -> Severity {
    let clocks = Clocks {
        diagnose_s: Some(1_800),
        mitigate_s: Some(3_600),
        resolve_s: Some(14_400),
        postmortem_s: None,
        update_every_s: Some(900),
        lead_within_s: Some(600),
    };
    Severity { response_s: Some(900), clocks, ..Severity::new("P1", "Critical", 1) }
}

impl Bench {
    async fn declare_promising(&self) -> IncidentId {
        let title = "checkout is down".to_string();
        let declaration = Declaration { title, severity: promising(), service: None, private: false, because: None };
        changed(self.app.act(act(On::Declare(declaration))).await).after.id
    }

    async fn timers_armed(&self, id: IncidentId) -> Vec<Timer> {
        timer::timers(&self.store.incident(id).await.unwrap().expect("it is stored").incident).collect()
    }

    async fn rows(&self) -> i64 {
        const SQL: &str = "SELECT COUNT(*) FROM timer";
        match &self.store {
            Store::Lite { read, .. } => sqlx::query_scalar(SQL).fetch_one(read).await.unwrap(),
            Store::Pg(pool) => sqlx::query_scalar(SQL).fetch_one(pool).await.unwrap(),
        }
    }

    /// The database as the version before left it: a row for every timer.
    async fn as_before_next_timers(&self, all: &[(IncidentId, Timer)]) {
        match self.store.is_postgres() {
            true => {
                self.tamper("ALTER TABLE timer DROP CONSTRAINT timer_pkey").await;
                self.tamper("ALTER TABLE timer ADD PRIMARY KEY (incident_id, kind)").await;
            }
            false => {
                self.tamper("DROP TABLE timer").await;
                self.tamper("CREATE TABLE timer (incident_id INTEGER NOT NULL, kind TEXT NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (incident_id, kind)) STRICT, WITHOUT ROWID").await;
                self.tamper("CREATE INDEX timer_due ON timer (due_at)").await;
            }
        }
        self.tamper("DELETE FROM timer").await;
        for (id, t) in all {
            const SQL: &str = "INSERT INTO timer (incident_id, kind, due_at) VALUES ($1, $2, $3)";
            let (kind, due_at) = (t.kind.as_str(), t.due_at.0);
            match &self.store {
                Store::Lite { write, .. } => {
                    sqlx::query(SQL).bind(id.0).bind(kind).bind(due_at).execute(write).await.map(|_| ())
                }
                Store::Pg(pool) => sqlx::query(SQL).bind(id.0).bind(kind).bind(due_at).execute(pool).await.map(|_| ()),
            }
            .expect("it is written");
        }
        self.tamper("DROP INDEX outbox_rang").await;
        self.tamper("CREATE INDEX outbox_rang ON outbox (recipient, rang_at) WHERE rang_at IS NOT NULL").await;
        self.tamper("DELETE FROM _sqlx_migrations WHERE version = 3").await;
    }
}

on_both! {
    async fn an_incident_with_many_timers_has_one_row_and_it_is_the_next(b: Bench) {
        let id = b.declare_promising().await;
        let next = |kind, s| Some(Timer { kind, due_at: START.plus_s(s) });
        assert_eq!(b.timers_armed(id).await.len(), 2, "the next level, and the milestone");
        assert_eq!(b.store.timer_of(id).await.unwrap(), next(TimerKind::Escalate, 300));
        b.app.act_on(id, Input::Acknowledge, &ana()).await.expect("acknowledged");
        assert_eq!(b.timers_armed(id).await.len(), 3, "milestone, update, lead");
        assert_eq!((b.rows().await, b.store.timer_of(id).await.unwrap()), (1, next(TimerKind::LeadReminder, 600)));
        // What it does arms what follows; all of them come, each at its time.
        let mut came = Vec::new();
        while let Some(t) = b.store.timer_of(id).await.unwrap().filter(|t| t.due_at <= START.plus_s(1_350)) {
            b.clock.advance_s(t.due_at.seconds_since(b.clock.now()));
            assert_eq!(b.store.due_timers(b.clock.now(), 10).await.unwrap(), [(id, t)]);
            b.app.act_engine(id, Input::TimerDue(t)).await.expect("it fires");
            came.push((t.kind, t.due_at.seconds_since(START)));
        }
        let expected = [(TimerKind::LeadReminder, 600), (TimerKind::UpdateReminder, 900),
            (TimerKind::LeadReminder, 1_200), (TimerKind::Milestone, 1_350)];
        assert_eq!(came, expected);
        assert_eq!(b.rows().await, 1);
        b.app.act_on(id, Input::Resolve { text: String::new() }, &ana()).await.expect("resolved");
        assert_eq!((b.rows().await, b.store.next_timer().await.unwrap()), (0, None));
    }

    async fn a_database_with_a_row_for_every_timer_goes_on_with_the_next_of_each(b: Bench) {
        let (one, two) = (b.declare_promising().await, b.declare_promising().await);
        b.app.act_on(two, Input::Acknowledge, &ana()).await.expect("acknowledged");
        let mut all = Vec::new();
        for id in [one, two] {
            all.extend(b.timers_armed(id).await.into_iter().map(|t| (id, t)));
        }
        assert_eq!(all.len(), 5);
        b.as_before_next_timers(&all).await;
        assert_eq!(b.rows().await, 5);
        let b = b.started_again().await;
        assert_eq!(b.rows().await, 2);
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new(), "each is the one that its log says");
        b.clock.advance_s(300);
        let due = b.store.due_timers(b.clock.now(), 10).await.unwrap();
        assert_eq!(due.len(), 1);
        let fired = b.app.act_engine(due[0].0, Input::TimerDue(due[0].1)).await.expect("it fires");
        assert!(fired.events.iter().any(|e| matches!(e.body, Event::Escalated { .. })), "{:?}", fired.events);
        assert_eq!(b.rows().await, 2);
    }

    async fn of_timers_at_one_instant_the_old_rows_keep_the_one_that_takes_effect_first(b: Bench) {
        let id = b.declare_promising().await;
        let at = |kind| (id, Timer { kind, due_at: START.plus_s(300) });
        b.as_before_next_timers(&[at(TimerKind::Milestone), at(TimerKind::Escalate), at(TimerKind::LeadReminder)]).await;
        let b = b.started_again().await;
        assert_eq!(b.store.timer_of(id).await.unwrap(), Some(at(TimerKind::Escalate).1));
        assert_eq!(rebuild::run(&b.store, false).await.unwrap(), Vec::<String>::new());
    }
}

//! Schedules of a runbook that Firebell looks at by itself, on a clock that moves only when told: at their times, once,
//! through a crash and beside replicas; what they find is in the room and, where the team wants it, an incident.

use crate::conversation::world::{START, World};
use firebell::app::App;
use firebell::config;
use firebell::engine::Engine;
use firebell::engine::ports::BoxFuture;
use firebell::engine::ports::execute::{Bounds, Cannot, Carried, CarryOut, End, Plan, Ran, Reading, Watch};
use firebell_domain::id::IncidentId;
use firebell_domain::operation::{Became, State, Verdict};
use firebell_domain::run::{Order, Ordered};
use firebell_domain::status::IncidentStatus;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SHOP: &str = "\
# Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| S1 | Critical | 15 minutes |
| S2 | Slow | 1 hour |

## Thresholds

| Metric | Warning | Critical |
|---|---|---|
| Queue depth | > 100 | > 500 |

## Schedules

### Daily: 09:00 Morning check

```bash
redis-cli llen queue  # queue depth
```

### Daily: 05:00 Restart

```bash
docker restart orders
```
";

const OVERLAY: &str = "\
zone = \"Europe/Madrid\"
[[targets]]
name = \"redis\"
target = \"cache\"
[[targets]]
name = \"docker\"
target = \"cache\"
";

const TARGETS: &str = "\n[targets.cache]\nkind = \"docker\"\n";

/// Madrid is an hour ahead in March: the first morning check after the start.
const FIRST_S: i64 = 5 * 3_600;
const DAY_S: i64 = 86_400;

/// What answers instead of a target: how often each command was run, and what it says now.
#[derive(Default)]
struct Targets {
    runs: Mutex<BTreeMap<String, u32>>,
    depth: Mutex<f64>,
    /// Whoever runs something never hears the end of it.
    hangs: Mutex<bool>,
}

impl Targets {
    fn runs(&self) -> Vec<(String, u32)> {
        self.runs.lock().expect("runs").iter().map(|(text, n)| (text.clone(), *n)).collect()
    }

    fn say(&self, depth: f64) {
        *self.depth.lock().expect("depth") = depth;
    }
}

impl CarryOut for Targets {
    fn plan<'a>(&'a self, _: &'a Order, _: &'a Ordered) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async { Err(Cannot("nothing is planned here".into())) })
    }

    fn run<'a>(&'a self, _: &'a Order, command: &'a Ordered, _: Bounds, _: &'a mut Watch) -> BoxFuture<'a, Carried> {
        Box::pin(async move {
            *self.runs.lock().expect("runs").entry(command.text.clone()).or_default() += 1;
            if *self.hangs.lock().expect("hangs") {
                std::future::pending::<()>().await;
            }
            let value = *self.depth.lock().expect("depth");
            let reading = Reading { metric: "queue depth".into(), value, unit: String::new() };
            Carried::Ran(Box::new(Ran {
                end: End::Exited(0),
                stdout: format!("{value}\n"),
                stderr: String::new(),
                left_out: 0,
                readings: vec![reading],
                files: Vec::new(),
                took: Duration::from_millis(5),
                native: true,
                sampled: None,
            }))
        })
    }
}

/// A world with the shop's runbook in force.
async fn shop(overlay: &str) -> (World, Arc<Targets>) {
    let w = World::usual().await;
    fs::create_dir_all(w.folder.join("runbooks")).expect("a folder");
    fs::write(w.folder.join("runbooks/shop.md"), SHOP).expect("written");
    fs::write(w.folder.join("runbooks/shop.overlay.toml"), overlay).expect("written");
    let path = w.folder.join("firebell.toml");
    let text = fs::read_to_string(&path).expect("the configuration");
    fs::write(&path, format!("{text}{TARGETS}")).expect("written");
    put_in_force(&w.app, &path);
    let targets = Arc::new(Targets::default());
    w.engine.outlets().put_carrier(Some(targets.clone()));
    (w, targets)
}

fn put_in_force(app: &App, path: &std::path::Path) {
    let often = [("FIREBELL_PAGING__RINGS_PER_MINUTE".to_string(), "10000".to_string())];
    let loaded = config::load(Some(path), often.into_iter()).unwrap_or_else(|p| panic!("{p:#?}"));
    let config = loaded.config;
    app.reload_all(config.directory(), app.public_url().to_string(), Arc::new(config.program));
}

async fn morning(w: &World) -> State {
    let all = w.store.operations().await.expect("the database answers");
    let (_, state) = all.into_iter().find(|((_, name), _)| name.contains("Morning")).expect("the check is known");
    state
}

fn verdict(state: &State) -> Option<Verdict> {
    match &state.turn.as_ref()?.became {
        Became::Ended { verdict, .. } => Some(*verdict),
        other => panic!("it has not ended: {other:?}"),
    }
}

#[tokio::test]
async fn a_check_runs_at_nine_in_the_teams_zone_once_and_nothing_that_changes_runs_at_all() {
    let (mut w, targets) = shop(OVERLAY).await;
    targets.say(7.0);
    w.settle().await;
    w.advance_to(START.plus_s(FIRST_S - 1)).await;
    assert_eq!(targets.runs(), []);
    w.advance_to(START.plus_s(FIRST_S)).await;
    w.advance_to(START.plus_s(FIRST_S + 600)).await;
    assert_eq!(targets.runs(), [("redis-cli llen queue".to_string(), 1)]);
    assert_eq!(verdict(&morning(&w).await), Some(Verdict::Healthy));
    // The clocks change on 2026-03-29: nine o'clock is an hour earlier then, and still once a day.
    w.advance_to(START.plus_s(FIRST_S + 26 * DAY_S + 1)).await;
    let before = targets.runs()[0].1;
    w.advance_to(START.plus_s(FIRST_S + 27 * DAY_S - 3_600)).await;
    assert_eq!(targets.runs()[0].1, before + 1, "at 07:00 UTC");
    w.advance_to(START.plus_s(FIRST_S + 27 * DAY_S + 1)).await;
    assert_eq!(targets.runs(), [("redis-cli llen queue".to_string(), before + 1)]);
    w.finish().await;
}

#[tokio::test]
async fn a_crash_in_the_middle_is_said_and_the_check_is_not_begun_again_until_its_next_time() {
    let (mut w, targets) = shop(OVERLAY).await;
    w.settle().await;
    *targets.hangs.lock().expect("hangs") = true;
    w.jump(FIRST_S);
    w.tick().await;
    crate::conversation::world::until("it runs", || targets.runs().len() == 1).await;
    assert!(matches!(morning(&w).await.turn.expect("a turn").became, Became::Running { .. }));
    // The process dies: another engine, and what the first had under way is gone.
    *targets.hangs.lock().expect("hangs") = false;
    let path = w.folder.join("firebell.toml");
    w.restart_with(&fs::read_to_string(&path).expect("the configuration"));
    put_in_force(&w.app, &path);
    w.engine.outlets().put_carrier(Some(targets.clone()));
    w.jump(2);
    w.settle().await;
    w.jump(300);
    w.settle().await;
    assert_eq!(targets.runs()[0].1, 1);
    assert!(matches!(morning(&w).await.turn.expect("a turn").became, Became::Interrupted { .. }));
    w.advance_to(START.plus_s(FIRST_S + DAY_S)).await;
    assert_eq!(targets.runs()[0].1, 2);
    w.finish().await;
}

#[tokio::test]
async fn what_was_due_while_nobody_ran_is_made_up_for_within_the_hour_and_else_missed() {
    let (mut w, targets) = shop(OVERLAY).await;
    w.settle().await;
    w.jump(FIRST_S + 3_000);
    w.settle().await;
    assert_eq!(targets.runs()[0].1, 1, "fifty minutes late is made up for");
    w.jump(DAY_S + 3_600);
    w.settle().await;
    assert_eq!(targets.runs()[0].1, 1, "two hours late is not");
    assert!(matches!(morning(&w).await.turn.expect("a turn").became, Became::Missed { .. }));
    w.finish().await;
}

#[tokio::test]
async fn of_two_replicas_one_looks() {
    let (mut w, targets) = shop(OVERLAY).await;
    w.settle().await;
    let mut other: Engine = w.take_engine();
    w.engine.outlets().put_carrier(Some(targets.clone()));
    w.jump(FIRST_S);
    tokio::join!(other.tick(true), w.engine.tick(true));
    other.all_sent().await;
    w.settle().await;
    other.tick(true).await;
    other.all_sent().await;
    assert_eq!(targets.runs(), [("redis-cli llen queue".to_string(), 1)]);
    w.finish().await;
}

#[tokio::test]
async fn a_critical_check_only_offers_unless_the_team_wants_it_declared() {
    let (mut w, targets) = shop(OVERLAY).await;
    targets.say(512.0);
    w.settle().await;
    w.advance_to(START.plus_s(FIRST_S)).await;
    let state = morning(&w).await;
    assert_eq!((verdict(&state), state.incident()), (Some(Verdict::Critical), None));
    assert!(w.store.incident(IncidentId(1)).await.expect("the database answers").is_none());
    w.finish().await;
}

#[tokio::test]
async fn a_declared_check_makes_one_incident_and_ends_it_when_all_is_well() {
    let (mut w, targets) = shop(&format!("{OVERLAY}\n[schedules]\ndeclare = true\n")).await;
    targets.say(512.0);
    w.settle().await;
    w.advance_to(START.plus_s(FIRST_S)).await;
    let one = w.incident(1).await;
    assert_eq!(one.title, "Daily: 09:00 Morning check of shop: queue depth: 512, critical (> 500)");
    assert_eq!((one.severity.level.as_str(), one.severity.system.as_deref()), ("S1", Some("shop")));
    assert_eq!(one.declared_by.shown(), "source runbook schedule: Daily: 09:00 Morning check of shop");
    assert_eq!(morning(&w).await.incident(), Some(one.id));
    // Critical still the next morning: the same incident.
    w.advance_to(START.plus_s(FIRST_S + DAY_S)).await;
    assert!(w.store.incident(IncidentId(2)).await.expect("the database answers").is_none());
    assert_eq!(w.incident(1).await.status, IncidentStatus::Investigating);
    targets.say(3.0);
    w.advance_to(START.plus_s(FIRST_S + 2 * DAY_S)).await;
    assert_eq!(morning(&w).await.incident(), None);
    w.advance(3_600).await;
    let over = w.incident(1).await;
    assert_eq!(over.status, IncidentStatus::Resolved, "nobody had it, and nothing is wrong any more");
    assert!(w.timeline(1).await.contains("nothing is too much and nothing failed"), "{}", w.timeline(1).await);
    drop(w.take_pages());
    w.finish().await;
}

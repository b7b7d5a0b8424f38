//! The clock jumps while the bot runs: the real program under Debian's libfaketime, whose offset the test moves.
//! Only the wall clock is moved: a machine's monotonic clock does not jump.

use super::world::{DELAY_S, SECRET, World, is_about, sqlite};
use crate::harness::fake_pagerduty::Vendor;
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::moved_clock::MovedClock;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The bot's clock; its receivers live by the same.
struct Jumping(MovedClock);

impl Jumping {
    fn start() -> (Jumping, World) {
        let clock = MovedClock::start();
        let mut world = World::start();
        world.webhook = FakeWebhook::start_with_clock(SECRET, clock.seconds());
        (Jumping(clock), world)
    }

    fn serve(&self, world: &World) -> Serve {
        self.0.rules(Serve::configured(&world.config()))
    }

    fn to(&self, offset_s: i64) {
        self.0.to(offset_s);
    }
}

/// Seconds between the bot's clock, as its newest event has it, and the machine's.
fn ahead_s(serve: &Serve) -> i64 {
    let rows = sqlite(&serve.folder().join("firebell.db"), "SELECT MAX(updated_at) / 1000000 AS s FROM incident");
    let machine = SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970").as_secs();
    rows[0]["s"].as_i64().expect("a time") - i64::try_from(machine).expect("not that late")
}

#[tokio::test]
async fn an_hour_forward_makes_what_is_due_happen_once_and_no_storm() {
    let (clock, world) = Jumping::start();
    let mut serve = clock.serve(&world);
    serve.start_again().await;
    let incident = serve.declare("checkout is down").await;
    world.ana_is_paged(&incident).await;

    clock.to(3_600);
    world.bo_is_paged(&incident).await;
    let later = serve.declare("search is slow").await;
    world.ana_is_paged(&later).await;
    assert!((3_590..=3_610).contains(&ahead_s(&serve)), "the bot's clock has jumped: {} s", ahead_s(&serve));
    // After bo's level its policy is used up: once more, not six levels per missed minute.
    let database = serve.folder().join("firebell.db");
    let used_up = "SELECT 1 FROM event WHERE incident_id = 1 AND kind = 'policy_used_up'";
    eventually("its policy comes to its end", BOUND * 2, async || sqlite(&database, used_up).len() == 1).await;
    assert_eq!((world.pages_of_ana(&incident), world.pages_of_bo(&incident)), (1, 1), "{}", world.webhook.report());
    assert_eq!(serve.get("/ready").await.status, 200);
    serve.terminate().await;
    serve.assert_log_is_whole().await;
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
}

#[tokio::test]
async fn an_hour_backward_loses_nothing_and_escalation_goes_on() {
    let (clock, world) = Jumping::start();
    let mut serve = clock.serve(&world);
    serve.start_again().await;
    let incident = serve.declare("checkout is down").await;
    world.ana_is_paged(&incident).await;

    clock.to(-3_600);
    let later = serve.declare("search is slow").await;
    world.ana_is_paged(&later).await;
    // Nobody waits an hour for their turn: the bot goes on from where it was, at half speed until the machine's clock
    // has caught up, so ten seconds are twenty.
    let bound = Duration::from_secs(2 * DELAY_S) + BOUND;
    for incident in [&incident, &later] {
        let what = format!("bo is paged about {incident}");
        let paged = |vendor: &Vendor| vendor.acted("trigger").any(|r| is_about(r.dedup_key(), incident));
        world.pagerduty.wait_until_within(bound, &what, paged).await;
    }
    let database = serve.folder().join("firebell.db");
    let backwards =
        "SELECT 1 FROM event a JOIN event b ON b.incident_id = a.incident_id AND b.seq = a.seq + 1 WHERE b.at < a.at";
    assert!(sqlite(&database, backwards).is_empty(), "the log is in the order in which things happened");
    assert!(ahead_s(&serve) > -60, "{} s", ahead_s(&serve));
    assert_eq!((world.pages_of_ana(&incident), world.pages_of_bo(&incident)), (1, 1), "{}", world.webhook.report());
    assert_eq!(serve.get("/ready").await.status, 200);
    serve.acknowledge(&incident).await;
    serve.terminate().await;
    serve.assert_log_is_whole().await;
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
}

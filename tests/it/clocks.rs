//! The clocks of an incident through a stop of Firebell: each takes effect once, in the order in which they were due.

use crate::conversation::world::World;
use firebell_domain::decide::Input;
use firebell_domain::event::Event;

const TEAM: &str = r#"
    [[severities]]
    level = "P1"
    response = "5m"
    diagnose = "20m"
    mitigate = "1h"
    update_every = "30m"
    lead_within = "10m"
    [paging.webhook.ops]
    url = "OPS"
    secret = "between firebell and ops"
    [people.ana]
    contact = [{ via = "webhook.ops" }]
    [people.bo]
    contact = [{ via = "webhook.ops" }]
    [policies.default]
    ack_timeout = "45m"
    [[policies.default.levels]]
    page = ["@bo"]
    delay = "30m"
"#;

#[tokio::test]
async fn what_was_due_while_firebell_was_stopped_happens_once_and_in_order() {
    let mut world = World::with(TEAM).await;
    let id = world.declare("checkout is down", None).await;
    world.settle().await;
    world.act(id, "ana", Input::Acknowledge).await;
    world.settle().await;
    drop(world.take_engine());
    world.jump(70 * 60);
    world.restart_with(TEAM);
    world.settle().await;
    let events = world.events(id.0).await;
    let clocks: Vec<&str> = events
        .iter()
        .filter(|e| {
            matches!(
                e.body,
                Event::MilestoneWarned { .. }
                    | Event::MilestoneBreached { .. }
                    | Event::UpdateReminded
                    | Event::LeadReminded
                    | Event::StillWorkingAsked { .. }
            )
        })
        .map(|e| e.body.kind())
        .collect();
    // Nobody leads (10 min), the cause is not known (warned at 15 min, so missed), no update (30 min), not mitigated
    // (warned at 45 min, so missed) and not a word (45 min).
    let expected =
        ["lead_reminded", "milestone_breached", "update_reminded", "milestone_breached", "still_working_asked"];
    assert_eq!(clocks, expected, "{}", world.timeline(id.0).await);
    world.jump(5 * 60);
    world.settle().await;
    assert!(world.incident(id.0).await.acknowledged.is_none(), "ana did not answer");
    let pages = world.take_pages();
    assert!(pages.iter().any(|p| p == "ops page ana: [P1] INC-1 checkout is down — still working on it?"), "{pages:?}");
    assert_eq!(pages.iter().filter(|p| p.starts_with("ops page bo")).count(), 2, "{pages:?}");
    world.finish().await;
}

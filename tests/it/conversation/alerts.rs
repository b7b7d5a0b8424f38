//! What monitoring says over a night, and what becomes of the incident.

use super::world::World;
use firebell_domain::status::IncidentStatus;

const MINUTE: i64 = 60;

#[tokio::test]
async fn an_alert_that_recovers_before_anybody_answers_resolves_itself_after_five_quiet_minutes() {
    let mut w = World::usual().await;
    assert_eq!(w.alert("firing", 0).await, "declared");
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 Checkout is down"]);
    w.advance(2 * MINUTE).await;
    w.alert("resolved", 0).await;
    w.advance(5 * MINUTE - 1).await;
    w.expect_pages(&[]);
    assert_eq!(w.incident(1).await.status, IncidentStatus::Investigating);
    w.advance(1).await;
    assert_eq!(w.incident(1).await.status, IncidentStatus::Resolved);
    w.expect_pages(&["pagerduty resolve ana: [P1] INC-1 Checkout is down — resolved, nothing to do any more"]);
    w.finish_as("quiet_resolve").await;
}

#[tokio::test]
async fn firing_again_within_the_quiet_minutes_takes_the_escalation_up_again() {
    let mut w = World::usual().await;
    w.alert("firing", 0).await;
    w.take_pages();
    for n in 1..=3 {
        w.advance(MINUTE).await;
        w.alert("resolved", (n - 1) * 120).await;
        w.expect_pages(&[]);
        w.advance(MINUTE).await;
        assert_eq!(w.alert("firing", n * 120).await, "joined");
        w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 Checkout is down"]);
    }
    w.advance(5 * MINUTE).await;
    w.expect_pages(&["ops page bo: [P1] INC-1 Checkout is down"]);
    w.says("bo", "/incident ack").await;
    w.finish_as("flapping").await;
}

#[tokio::test]
async fn firing_again_within_half_an_hour_reopens_and_later_declares_anew() {
    let mut w = World::usual().await;
    w.alert("firing", 0).await;
    w.alert("resolved", 0).await;
    w.advance(5 * MINUTE).await;
    w.take_pages();
    w.advance(30 * MINUTE).await;
    assert_eq!(w.alert("firing", 35 * MINUTE).await, "reopened");
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 Checkout is down"]);
    w.says("ana", "/incident ack").await;
    w.says("ana", "/incident resolve Restarted.").await;
    w.take_pages();
    w.alert("resolved", 35 * MINUTE).await;
    w.advance(30 * MINUTE + 1).await;
    assert_eq!(w.alert("firing", 65 * MINUTE).await, "declared");
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-2 Checkout is down"]);
    w.says("ana", "/incident ack").await;
    w.finish_as("reopened_by_alert").await;
}

#[tokio::test]
async fn an_acknowledged_incident_whose_alerts_recover_is_monitored_until_somebody_resolves_it() {
    let mut w = World::usual().await;
    w.alert("firing", 0).await;
    w.says("ana", "/incident ack").await;
    w.take_pages();
    w.advance(10 * MINUTE).await;
    w.alert("resolved", 0).await;
    assert_eq!(w.incident(1).await.status, IncidentStatus::Monitoring);
    w.advance(24 * 60 * MINUTE).await;
    assert_eq!(w.incident(1).await.status, IncidentStatus::Monitoring, "only a person ends what a person has");
    w.expect_pages(&[]);
    w.says("ana", "/incident resolve").await;
    w.finish_as("monitored").await;
}

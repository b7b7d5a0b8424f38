//! Whom an incident wakes, when it lets them sleep, and how it ends.

use super::world::{USUAL, World};
use firebell_domain::status::IncidentStatus;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

#[tokio::test]
async fn the_first_level_stays_silent_and_the_second_acknowledges() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 checkout is down service:checkout").await;
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 checkout is down"]);
    w.advance(5 * MINUTE - 1).await;
    w.expect_pages(&[]);
    w.advance(1).await;
    w.expect_pages(&["ops page bo: [P1] INC-1 checkout is down"]);
    w.says("bo", "/incident ack").await;
    w.expect_pages(&[
        "ops page_acknowledged bo: [P1] INC-1 checkout is down — @bo has it",
        "pagerduty acknowledge ana: [P1] INC-1 checkout is down — @bo has it",
    ]);
    w.advance(24 * HOUR).await;
    w.expect_pages(&[]);
    w.is_refused("ana", "/incident ack").await;
    w.finish_as("second_level_acknowledges").await;
}

#[tokio::test]
async fn nobody_in_the_policy_can_be_reached_so_every_pager_is_paged_every_five_minutes() {
    let mut w = World::with(
        &USUAL.replace("page = [\"@ana\"]", "page = [\"@cy\"]").replace("page = [\"@bo\"]", "page = [\"owners\"]"),
    )
    .await;
    let reply = w.says("cy", "/incident declare P1 the queue is stuck").await;
    assert!(reply.contains("every pager"), "{reply}");
    let everybody = [
        "ops page everybody: [P1] INC-1 the queue is stuck",
        "pagerduty trigger everybody: [P1] INC-1 the queue is stuck",
    ];
    w.expect_pages(&everybody);
    for _ in 0..3 {
        w.advance(5 * MINUTE - 1).await;
        w.expect_pages(&[]);
        w.advance(1).await;
        w.expect_pages(&everybody);
    }
    w.says("bo", "/incident ack").await;
    w.take_pages();
    w.advance(HOUR).await;
    w.expect_pages(&[]);
    w.finish_as("nobody_reachable").await;
}

#[tokio::test]
async fn without_any_pager_the_answer_to_declare_says_so_first() {
    let mut w = World::with("[people.ana]\n[people.bo]\n").await;
    let reply = w.says("ana", "/incident declare P1 the queue is stuck").await;
    assert!(reply.starts_with("No pager is configured"), "{reply}");
    w.advance(HOUR).await;
    w.expect_pages(&[]);
    w.says("bo", "/incident").await;
    w.says("bo", "/incident ack").await;
    w.says("bo", "/incident resolve").await;
    w.finish_as("no_pager").await;
}

#[tokio::test]
async fn a_policy_that_is_used_up_says_so_and_stays_open() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 the queue is stuck").await;
    w.advance(24 * HOUR).await;
    let pages = w.take_pages();
    assert_eq!(pages.len(), 4, "two levels, once repeated: {pages:?}");
    assert!(w.incident(1).await.escalation.used_up);
    let shown = w.says("cy", "/incident show").await;
    assert!(shown.contains("nobody else is paged by itself"), "{shown}");
    w.says("cy", "/incident escalate").await;
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 the queue is stuck"]);
    w.says("ana", "/incident ack").await;
    w.finish_as("policy_used_up").await;
}

#[tokio::test]
async fn a_snooze_lets_everybody_sleep_and_wakes_the_first_level_when_it_is_over() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P2 reports are late").await;
    w.take_pages();
    w.says("ana", "/incident ack").await;
    w.says("ana", "/incident snooze 2h").await;
    w.take_pages();
    w.advance(2 * HOUR - 1).await;
    w.expect_pages(&[]);
    w.advance(1).await;
    w.expect_pages(&["pagerduty trigger ana: [P2] INC-1 reports are late"]);
    w.is_refused("ana", "/incident snooze 10s").await;
    w.is_refused("ana", "/incident snooze until 01:00").await;
    w.says("ana", "/incident resolve They are here.").await;
    w.finish_as("snooze").await;
}

#[tokio::test]
async fn a_snooze_before_anybody_answers_rests_the_escalation_and_begins_it_again() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P3 a certificate ends in three days").await;
    w.take_pages();
    w.says("cy", "/incident snooze until 09:00").await;
    w.advance(6 * HOUR - 1).await;
    w.expect_pages(&[]);
    w.advance(1).await;
    w.expect_pages(&["pagerduty trigger ana: [P3] INC-1 a certificate ends in three days"]);
    w.advance(5 * MINUTE).await;
    w.expect_pages(&["ops page bo: [P3] INC-1 a certificate ends in three days"]);
    w.says("bo", "/incident ack").await;
    w.finish_as("snoozed_unanswered").await;
}

#[tokio::test]
async fn who_is_paged_by_hand_after_the_acknowledgement_is_rung_until_the_end() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 checkout is down").await;
    w.says("bo", "/incident ack").await;
    w.take_pages();
    w.says("bo", "/incident page @ana I need you for the database").await;
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 checkout is down"]);
    w.advance(HOUR).await;
    w.expect_pages(&[]);
    let ringing = w.pagerduty.see(|v| v.alerts.last().map(|a| a.status));
    assert_eq!(ringing, Some(crate::harness::fake_pagerduty::Status::Triggered), "nobody has answered that page");
    w.says("bo", "/incident resolve Failed over.").await;
    let all_over =
        w.pagerduty.see(|v| v.alerts.iter().all(|a| a.status == crate::harness::fake_pagerduty::Status::Resolved));
    assert!(all_over, "{}", w.pagerduty.report());
    w.finish_as("paged_by_hand").await;
}

#[tokio::test]
async fn handing_back_begins_again_at_the_first_level() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 the queue is stuck").await;
    w.says("bo", "/incident ack").await;
    w.advance(HOUR).await;
    w.take_pages();
    w.says("bo", "/incident unack I have to catch a train").await;
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 the queue is stuck"]);
    w.advance(5 * MINUTE).await;
    w.expect_pages(&["ops page bo: [P1] INC-1 the queue is stuck"]);
    w.says("ana", "/incident ack").await;
    w.finish_as("handed_back").await;
}

#[tokio::test]
async fn two_incidents_that_are_one_are_merged_and_only_one_goes_on_paging() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 checkout is down").await;
    w.says("bo", "/incident declare P2 payments time out").await;
    w.take_pages();
    w.is_refused("ana", "/incident ack").await;
    w.is_refused("ana", "/incident INC-2 merge INC-2").await;
    w.is_refused("ana", "/incident INC-2 merge INC-9").await;
    w.says("ana", "/incident INC-2 merge INC-1").await;
    w.expect_pages(&["pagerduty resolve ana: [P2] INC-2 payments time out — merged, nothing to do any more"]);
    w.advance(5 * MINUTE).await;
    w.expect_pages(&["ops page bo: [P1] INC-1 checkout is down"]);
    w.is_refused("ana", "/incident INC-2 reopen it was another one").await;
    w.says("ana", "/incident ack").await;
    w.says("ana", "/incident list all").await;
    w.finish_as("merged").await;
}

#[tokio::test]
async fn an_incident_that_was_none_is_cancelled_and_wakes_nobody_else() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 checkout is down").await;
    w.take_pages();
    w.is_refused("cy", "/incident cancel").await;
    w.says("cy", "/incident cancel wrong window, that was staging").await;
    w.expect_pages(&["pagerduty resolve ana: [P1] INC-1 checkout is down — cancelled, nothing to do any more"]);
    w.advance(HOUR).await;
    w.expect_pages(&[]);
    assert_eq!(w.incident(1).await.status, IncidentStatus::Cancelled);
    w.is_refused("cy", "/incident INC-1 ack").await;
    w.finish_as("cancelled").await;
}

#[tokio::test]
async fn a_reopened_incident_pages_from_the_first_level_again() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 checkout is down").await;
    w.says("ana", "/incident ack").await;
    w.says("ana", "/incident resolve Restarted.").await;
    w.take_pages();
    w.advance(HOUR).await;
    w.is_refused("cy", "/incident INC-1 reopen").await;
    w.says("cy", "/incident INC-1 reopen it is down again").await;
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 checkout is down"]);
    w.advance(5 * MINUTE).await;
    w.expect_pages(&["ops page bo: [P1] INC-1 checkout is down"]);
    w.says("bo", "/incident ack").await;
    w.says("bo", "/incident resolve Rolled back.").await;
    w.finish_as("reopened").await;
}

#[tokio::test]
async fn a_private_incident_does_not_exist_for_whoever_is_not_in_it() {
    let mut w = World::usual().await;
    w.says("bo", "/incident declare P1 a key has leaked private").await;
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 a key has leaked"]);
    for text in ["INC-1", "INC-1 show", "INC-1 ack", "INC-1 note hello", "INC-1 timeline", "INC-1 postmortem", "ack"] {
        let no = w.is_refused("cy", &format!("/incident {text}")).await;
        assert!(!no.contains("leaked"), "{no}");
    }
    let list = w.says("cy", "/incident list all").await;
    assert!(!list.contains("INC-1"), "{list}");
    assert_eq!(w.incident(1).await.acknowledged, None);
    // Who is paged is in it.
    w.says("ana", "/incident ack").await;
    w.says("ana", "/incident role scribe @cy").await;
    w.says("cy", "/incident show").await;
    w.says("cy", "/incident resolve The key was revoked.").await;
    w.finish_as("private").await;
}

#[tokio::test]
async fn a_private_incident_that_reaches_nobody_pages_everybody_without_its_title() {
    let mut w =
        World::with(&USUAL.replace("page = [\"@ana\"]", "page = [\"@cy\"]").replace("\"@bo\"", "\"owners\"")).await;
    w.says("bo", "/incident declare P1 a key has leaked private").await;
    let pages = w.take_pages();
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert!(pages.iter().all(|p| p.contains("INC-1") && !p.contains("leaked")), "{pages:?}");
    w.says("bo", "/incident ack").await;
    w.finish_as("private_to_everybody").await;
}

#[tokio::test]
async fn a_whole_night() {
    let mut w = World::usual().await;
    assert_eq!(w.alert("firing", -90).await, "declared");
    w.expect_pages(&["pagerduty trigger ana: [P1] INC-1 Checkout is down"]);
    w.advance(2 * MINUTE).await;
    assert_eq!(w.alert("firing", -90).await, "nothing new");
    w.advance(3 * MINUTE).await;
    w.expect_pages(&["ops page bo: [P1] INC-1 Checkout is down"]);
    w.advance(40).await;
    w.says("bo", "/incident ack").await;
    w.says("bo", "/incident").await;
    w.advance(80).await;
    w.says("bo", "/incident note Deployed 4711 at 02:55, errors since 02:58.").await;
    w.says("bo", "/incident lead @bo").await;
    w.says("bo", "/incident page @ana Do you know the new pool settings?").await;
    w.advance(4 * MINUTE).await;
    w.says("ana", "/incident role scribe @ana").await;
    w.says("ana", "/incident status identified The connection pool is too small since 4711.").await;
    w.says("ana", "/incident severity P2 half of the orders go through").await;
    w.advance(6 * MINUTE).await;
    w.says("bo", "/incident update Rolling back to 4710.").await;
    w.advance(5 * MINUTE).await;
    assert_eq!(w.alert("resolved", -90).await, "joined");
    w.says("bo", "/incident timeline").await;
    w.says("bo", "/incident action Alert on the pool before it is full @ana by 2026-03-09").await;
    w.says("bo", "/incident action Load test with the real pool size").await;
    w.advance(10 * MINUTE).await;
    w.says("bo", "/incident resolve Rolled back to 4710.").await;
    w.advance(8 * HOUR).await;
    w.says("ana", "/incident INC-1 done 1").await;
    w.says("ana", "/incident INC-1 postmortem").await;
    w.finish_as("whole_night").await;
}

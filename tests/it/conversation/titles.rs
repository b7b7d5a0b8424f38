//! What people and alerts may write, and what others get to see of it.

use super::world::{World, text};

#[tokio::test]
async fn mentions_and_markup_in_a_title_reach_the_pagers_without_their_power() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 <!channel> @everyone <b>db</b> `rm -rf` is down").await;
    w.advance(300).await;
    let (pagerduty, ops) = (
        w.pagerduty.see(|v| v.alerts[0].summary.clone()),
        w.ops.see(|i| text(&i.deliveries[0].body["summary"]).to_string()),
    );
    assert!(pagerduty.contains("is down"), "{pagerduty}");
    assert!(!ops.contains("<!channel>") && !ops.contains("@everyone"), "a chat behind it must not ring: {ops}");
    w.says("cy", "/incident ack").await;
    w.finish_as("mentions").await;
}

#[tokio::test]
async fn right_to_left_and_control_characters_in_a_title_cannot_forge_anything() {
    let mut w = World::usual().await;
    w.says("cy", "/incident declare P1 \u{202e}nwod si bd\u{202c}\u{0}\u{1b}[31m\u{7} שרת בעיה\u{200b}").await;
    assert_eq!(w.incident(1).await.title, "nwod si bd[31m שרת בעיה");
    w.is_refused("cy", "/incident declare P1 \u{200b}\u{202e}").await;
    w.says("cy", "/incident note line one\r\nline two\u{0}").await;
    w.says("cy", "/incident ack").await;
    w.says("cy", "/incident timeline").await;
    w.finish_as("right_to_left").await;
}

#[tokio::test]
async fn a_title_of_four_thousand_characters_is_refused_and_pages_nobody() {
    let mut w = World::usual().await;
    let no = w.is_refused("cy", &format!("/incident declare P1 {}", "x".repeat(4_000))).await;
    assert!(no.contains("4000") || no.contains("4,000"), "{no}");
    let no = w.is_refused("cy", &format!("/incident declare P1 {}", "x ".repeat(20_000))).await;
    assert!(no.chars().count() < 300, "{no}");
    assert!(w.store.incident(firebell_domain::id::IncidentId(1)).await.expect("it answers").is_none());
    w.expect_pages(&[]);
    w.finish_as("long_title").await;
}

#[tokio::test]
async fn a_severity_that_nobody_knows_is_refused_with_those_there_are() {
    let mut w = World::usual().await;
    for word in ["P9", "sev7", "p0"] {
        let no = w.is_refused("cy", &format!("/incident declare {word} the queue is stuck")).await;
        assert!(no.contains("P1") && no.contains("P4"), "{no}");
    }
    for (word, level) in [("p-1", "P1"), ("SEV 2", "P2"), ("critical", "P1"), ("sev3", "P3")] {
        w.says("cy", &format!("/incident declare {word} the queue is stuck")).await;
        let newest =
            w.store.recent_incidents(firebell_domain::time::Timestamp(i64::MAX), 100).await.expect("it answers");
        let newest = newest.iter().max_by_key(|r| r.id).expect("it was declared");
        assert_eq!(newest.severity, level, "{word}");
        w.says("cy", &format!("/incident {} cancel only a word", newest.id)).await;
    }
    w.is_refused("cy", "/incident decalre P1 the queue is stuck").await;
    w.finish_as("severities").await;
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_nothing_happens() {
    let mut w = World::usual().await;
    w.is_refused("cy", "/incident ack").await;
    w.says("cy", "/incident declare P1 the queue is stuck").await;
    let seq = w.incident(1).await.seq;
    for text in [
        "/incident INC-9 ack",
        "/incident unack",
        "/incident status fixed",
        "/incident severity P1",
        "/incident page @nobody",
        "/incident page @cy",
        "/incident done 3",
        "/incident note",
        "/incident action",
        "/incident snooze 30d",
        "/incident reopen it never ended",
        "/oncall primary",
        "/incident acknowlegde",
    ] {
        w.is_refused("cy", text).await;
    }
    assert_eq!(w.incident(1).await.seq, seq, "nothing happened");
    w.says("cy", "/incident ack").await;
    w.finish_as("refusals").await;
}

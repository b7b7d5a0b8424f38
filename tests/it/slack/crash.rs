//! What a cut between a post and its record may do: found again, or said to be possibly repeated.

use super::{Both, told};
use crate::fake_slack::Fault;

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_again_and_not_posted_twice() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.fault("chat.postMessage", Fault::LostAfter);
    slack.fault("chat.postMessage", Fault::LostAfter);
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    ana.clicks(&slack.message(&room, "[Resolve…]").await, "Acknowledge").await;
    slack.message(&room, "@ana has it").await;
    slack.message("incidents", "@ana has it").await;
    let cards = |place: &str| slack.messages(place).iter().filter(|m| !m.buttons().is_empty()).count();
    assert_eq!((cards(&room), cards("incidents")), (1, 1));
    assert!(!slack.messages(&room).iter().any(|m| m.says("ossibly repeated")));
    both.finish().await;
}

#[tokio::test]
async fn a_channel_whose_answer_was_lost_is_found_again() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.fault("conversations.create", Fault::LostAfter);
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    slack.message(&room, "[Resolve…]").await;
    assert_eq!(slack.see(|w| w.team(w.home()).channels.values().filter(|c| c.name.starts_with("inc-1")).count()), 1);
    both.finish().await;
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_posted_again_and_says_so() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.fault("chat.postMessage", Fault::LostAfter);
    slack.fault("conversations.history", Fault::Error("ratelimited"));
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    // As it was posted: an edit brings the newer one up to date and says so no more.
    let marked = |room: &str| {
        slack.see(|world| {
            let place = world.place(world.home(), room);
            let mut all = place.into_iter().flat_map(|place| place.messages.values());
            all.any(|m| m.before.iter().chain([&m.body]).any(|body| body.to_string().contains("ossibly repeated")))
        })
    };
    crate::harness::eventually("it is marked", crate::harness::BOUND, async || {
        let rooms = ["incidents".to_owned(), slack.channel("inc-1").await];
        rooms.iter().any(|room| marked(room))
    })
    .await;
    both.finish().await;
}

//! Forms, shortcuts, and what is pressed too late or twice.

use super::{Both, told};
use serde_json::json;

#[tokio::test]
async fn a_bare_command_opens_a_form_that_declares_with_everything_in_it() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    assert_eq!(told(&ana.says("general", "/incident").await), "", "the form is the answer");
    let form = slack.modal("ana", "What is broken").await;
    assert!(form.says("answer within 5 minutes") || form.body.to_string().contains("answer within"), "{}", form.body);
    let filled = [
        ("What is broken", "declare <@UCY> \"P3\" is in the title"),
        ("Severity", "P1 Critical"),
        ("What is known", "since 9:00"),
        ("Who leads", "bo"),
    ];
    let reply = ana.submits(&form, &filled).await;
    assert_eq!((reply.error, reply.body), (None, json!(null)), "the form closes");
    let room = slack.channel("inc-1").await;
    slack.message(&room, "is in the title").await;
    slack.message(&room, "@UBO").await;
    let (_, shown) = both.bot.say("ana", "/incident INC-1 timeline").await;
    assert!(shown.contains("since 9:00"), "{shown}");

    // Sent again, as an impatient client does: nothing twice.
    let again = ana.submits(&form, &filled).await;
    assert_eq!(again.error, None);
    let (_, list) = both.bot.say("ana", "/incident list").await;
    assert!(!list.contains("INC-2"), "{list}");
    slack.forgive("view");
    both.finish().await;
}

#[tokio::test]
async fn what_a_form_cannot_do_is_said_beside_the_field_and_can_be_corrected() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    let card = slack.message(&room, "[Resolve…]").await;
    ana.clicks(&card, "Post update…").await;
    let form = slack.modal("ana", "Post an update").await;
    // Somebody else has ended it meanwhile.
    both.bot.say("bo", "/incident INC-1 cancel a false alarm").await;
    let reply = ana.submits(&form, &[("Update", "nearly there")]).await;
    assert_eq!(reply.body["response_action"], "errors", "{}", reply.body);
    assert!(reply.body["errors"]["text"].as_str().expect("beside the text").len() > 10, "{}", reply.body);
    both.finish().await;
}

#[tokio::test]
async fn a_button_of_an_incident_that_has_ended_says_so_and_does_nothing() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    let card = slack.message(&room, "nobody has acknowledged").await;
    both.bot.say("bo", "/incident INC-1 cancel a false alarm").await;
    assert_eq!(ana.clicks(&card, "Acknowledge").await.error, None);
    let said = slack.ephemeral("ana", "INC-1").await;
    assert!(said.says("cancelled") || said.says("ended"), "{}", said.plain());

    // Not ours at all.
    let forged = json!({ "action_id": "drop.tables", "type": "button", "value": "INC-1 say ack" });
    assert_eq!(ana.acts(&card, forged).reply().await.error, None);
    slack.ephemeral("ana", "Nothing was done").await;
    assert!(both.bot.log().contains("drop.tables"));
    both.finish().await;
}

#[tokio::test]
async fn shortcuts_take_a_message_along() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.bo().says("general", "the shop answers 500 since 9:00").await;
    let message = slack.message("general", "the shop answers").await;
    assert_eq!(ana.message_shortcut(&message, "firebell.declare_from").await.error, None);
    let form = slack.modal("ana", "What is broken").await;
    assert!(form.body.to_string().contains("the shop answers 500 since 9:00"), "{}", form.body);
    ana.submits(&form, &[("Severity", "P2 High")]).await;
    let room = slack.channel("inc-1").await;
    slack.message(&room, "the shop answers").await;

    slack.bo().joins(&room);
    slack.bo().says(&room, "the disk of db1 is full").await;
    let found = slack.message(&room, "the disk of db1").await;
    assert_eq!(ana.message_shortcut(&found, "firebell.to_timeline").await.error, None);
    slack.ephemeral("ana", "INC-1").await;
    slack.bo().says(&room, "restarted it").await;
    ana.reacts(&slack.message(&room, "restarted it").await, "pushpin");
    for part in ["the shop answers 500", "the disk of db1 is full", "restarted it"] {
        crate::harness::eventually("it is on the timeline", crate::harness::BOUND, async || {
            let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
            timeline.contains(part) && timeline.contains("@bo in Slack")
        })
        .await;
    }
    assert_eq!(ana.shortcut("firebell.declare").await.error, None);
    slack.modal("ana", "What is broken").await;
    both.finish().await;
}

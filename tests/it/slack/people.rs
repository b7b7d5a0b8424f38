//! Who is who, who may, and what people say to the bot alone.

use super::{Both, told};

#[tokio::test]
async fn people_are_known_by_their_id_or_address_and_strangers_speak_under_their_handle() {
    let both = Both::start().await;
    let slack = &both.slack;
    told(&slack.ana().says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    for (who, name) in [("bo", "bo"), ("cy", "cy")] {
        slack.person(who).joins(&room);
        told(&slack.person(who).says(&room, &format!("/incident note from {who}")).await);
        let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
        assert!(timeline.lines().any(|l| l.contains(name) && l.contains(&format!("from {who}"))), "{timeline}");
    }
    // A mention becomes the person it means.
    told(&slack.cy().says(&room, "/incident lead <@UBO|bo>").await);
    slack.message(&room, "Lead*\n@UBO").await;
    let (_, shown) = both.bot.say("ana", "/incident INC-1 show").await;
    assert!(shown.contains("bo"), "{shown}");
    both.finish().await;
}

#[tokio::test]
async fn whose_account_is_closed_does_nothing_any_more() {
    let both = Both::start().await;
    let slack = &both.slack;
    let cy = slack.cy();
    told(&cy.says("general", "/incident declare P3 the lamp is out").await);
    slack.channel("inc-1").await;
    slack.deactivates("cy");
    crate::harness::eventually("the bot has heard of it", crate::harness::BOUND, async || {
        told(&cy.says("general", "/incident INC-1 note still here").await).contains("deactivated")
    })
    .await;
    both.finish().await;
}

#[tokio::test]
async fn what_is_said_to_the_bot_alone_is_answered_there() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    ana.writes_to_the_app("declare P1 checkout is down");
    slack.channel("inc-1").await;
    slack
        .eventually("the answer stands in the direct messages", |w| {
            let team = w.team(w.home());
            team.channels
                .values()
                .any(|c| c.name.is_empty() && c.messages.values().any(|m| m.body["text"].to_string().contains("INC-1")))
        })
        .await;
    ana.opens_home();
    let home = slack.home("ana", "checkout is down").await;
    assert!(home.says("Your incidents"), "{}", home.plain());
    both.finish().await;
}

#[tokio::test]
async fn unknown_words_are_answered_to_whoever_said_them_alone() {
    let both = Both::start().await;
    let said = told(&both.slack.ana().says("general", "/incident akc").await);
    assert!(said.contains("ack"), "{said}");
    let help = told(&both.slack.ana().says("general", "/incident help").await);
    assert!(help.contains("declare"), "{help}");
    let oncall = told(&both.slack.ana().says("general", "/oncall").await);
    assert!(!oncall.is_empty());
    assert!(!both.slack.messages("general").iter().any(|m| m.says("declare")), "nobody else sees it");
    both.finish().await;
}

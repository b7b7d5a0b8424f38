//! A whole incident from its declaration to the post-mortem.

use super::{Both, told};

#[tokio::test]
async fn an_incident_is_lived_from_its_declaration_to_its_post_mortem() {
    let both = Both::start().await;
    let (slack, ana, bo) = (&both.slack, both.slack.ana(), both.slack.bo());

    let said = told(&ana.says("general", "/incident declare P1 checkout is down").await);
    assert!(said.contains("INC-1"), "{said}");
    let room = slack.channel("inc-1-checkout-is-down").await;
    let card = slack.message(&room, "nobody has acknowledged").await;
    assert!(card.says("nobody has acknowledged"), "{}", card.plain());
    assert_eq!(&card.buttons()[..3], ["Acknowledge", "Post update…", "Resolve…"]);
    let line = slack.message("incidents", "INC-1").await;
    assert!(line.text().contains("checkout is down"));
    slack
        .eventually("the furniture is there", |w| {
            let place = w.place(w.home(), &room).expect("the room");
            place.topic.value.contains("INC-1")
                && place.bookmarks.len() == 2
                && place.pins.len() == 1
                && place.members.contains("UANA")
        })
        .await;

    // The first press stops the paging, and everybody sees who has it.
    bo.joins(&room);
    assert_eq!(bo.clicks(&card, "Acknowledge").await.error, None);
    slack.message(&room, "@bo has it").await;
    assert!(slack.ephemeral("bo", "has INC-1 now").await.ephemeral);
    slack.message("incidents", "@bo has it").await;

    // In a thread slash commands do not work; a mention does.
    let card = slack.message(&room, "@bo has it").await;
    bo.replies(&card, "@firebell severity P2 only one shop");
    slack.message(&room, "P2").await;
    assert!(slack.replies(&card).iter().any(|m| m.says("INC-1")), "answered in the thread");

    // A form from a button, filled in.
    let card = slack.message(&room, "[Resolve…]").await;
    bo.clicks(&card, "Post update…").await;
    let form = slack.modal("bo", "Post an update").await;
    assert_eq!(bo.submits(&form, &[("Update", "Payments <!channel> are back & fine")]).await.error, None);
    let update = slack.message(&room, "Payments").await;
    assert!(!update.blocks().to_string().contains("<!channel>"), "nobody is mentioned: {}", update.blocks());

    let said = told(&ana.says(&room, "/incident resolve the disk was full").await);
    assert!(said.contains("resolved"), "{said}");
    let ended = slack.message(&room, "Post-mortem").await;
    assert!(ended.says("resolved"), "{}", ended.plain());
    assert_eq!(ana.clicks(&ended, "Post-mortem").await.error, None);
    slack.ephemeral("ana", "checkout is down").await;
    both.finish().await;
}

#[tokio::test]
async fn a_private_incident_has_a_private_channel_and_appears_nowhere_else() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P2 customer data in the logs private").await);
    let room = slack.channel("inc-1").await;
    slack.message(&room, "customer data").await;
    slack.see(|w| assert_eq!(w.place(w.home(), &room).expect("the room").kind, crate::fake_slack::Kind::Private));
    assert_eq!(room, "inc-1-private", "not even its name says what it is");
    told(&ana.says("general", "/incident declare P2 another one").await);
    slack.message("incidents", "another one").await;
    assert!(!slack.messages("incidents").iter().any(|m| m.says("customer data") || m.says("INC-1")));
    // Who is not in it hears that there is none.
    let said = told(&slack.cy().says("general", "/incident INC-1 show").await);
    assert!(!said.contains("customer"), "{said}");
    both.finish().await;
}

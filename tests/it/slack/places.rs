//! Where incidents are in Slack: groups that are invited, threads instead of channels, links that unfold.

use super::{Both, by_socket, told};
use crate::fake_slack::FakeSlack;
use crate::harness::serve::Serve;

#[tokio::test]
async fn the_groups_of_a_severity_are_invited_and_no_others() {
    let invite = "[[slack.invite]]\nseverity = \"P1\"\ngroups = [\"S0ACMEONCALL\"]";
    let both = Both::start_in(FakeSlack::start(), invite).await;
    let (slack, cy) = (&both.slack, both.slack.cy());
    told(&cy.says("general", "/incident declare P1 checkout is down").await);
    slack.channel("inc-1").await;
    slack
        .eventually("the group is there", |w| {
            let place = w.place(w.home(), "inc-1-checkout-is-down");
            place.is_some_and(|p| p.members.contains("UANA") && p.members.contains("UBO"))
        })
        .await;
    told(&cy.says("general", "/incident declare P3 the lamp is out").await);
    let lamp = slack.channel("inc-2").await;
    slack.message(&lamp, "the lamp").await;
    slack
        .eventually("the lamp's channel is furnished", |w| {
            w.place(w.home(), &lamp).is_some_and(|p| p.pins.len() == 1 && p.bookmarks.len() == 2)
        })
        .await;
    assert!(!slack.members(&lamp).contains(&"bo".to_string()));
    both.finish().await;
}

#[tokio::test]
async fn a_system_with_a_room_of_its_own_is_announced_there_and_the_others_where_all_are() {
    let slack = FakeSlack::start();
    let runbooks = "[[runbooks]]\npath = \"shop.md\"\nroom = \"#general\"\n[[runbooks]]\npath = \"bank.md\"\n\
                    [[runbooks]]\npath = \"lake.md\"\n[services.orders]\nsystem = \"shop\"\n\
                    [services.payments]\nsystem = \"bank\"\n[services.water]\nsystem = \"lake\"\n";
    let mut bot = Serve::configured(&by_socket(&slack, runbooks));
    let levels =
        "| Level | Name | Response time |\n|---|---|---|\n| S1 | Outage | 15 minutes |\n| S2 | Slow | 1 hour |\n";
    for name in ["shop", "bank", "lake"] {
        let text = format!("# {name}\n\n## Severity levels\n\n{levels}");
        std::fs::write(bot.folder().join(format!("{name}.md")), text).expect("written");
    }
    let overlay = "[[channels]]\nname = \"#bank-incidents\"\nroom = \"#general\"\n";
    std::fs::write(bot.folder().join("bank.overlay.toml"), overlay).expect("written");
    bot.start_again().await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());
    for said in ["orders wait service:orders", "payments wait service:payments", "the lake is dry service:water"] {
        told(&ana.says("general", &format!("/incident declare S1 {said}")).await);
    }
    for (channel, said) in [("general", "orders wait"), ("general", "payments wait"), ("incidents", "the lake is dry")]
    {
        slack.message(channel, said).await;
    }
    // An acknowledgement edits the line where it is.
    told(&ana.says("general", "/incident INC-1 ack").await);
    slack
        .eventually("the line in the shop's room says who has it", |w| {
            w.messages_in(w.home(), "general").iter().any(|m| m.says("orders wait") && m.says("has it"))
        })
        .await;
    slack.see(|w| {
        let all = w.messages_in(w.home(), "incidents");
        assert!(all.iter().all(|m| !m.says("orders wait") && !m.says("payments wait")), "announced in its room only");
    });
    both.finish().await;
}

#[tokio::test]
async fn without_channels_of_their_own_incidents_live_in_threads() {
    let both = Both::start_in(FakeSlack::start(), "open = \"none\"").await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let root = slack.message("incidents", "in this thread").await;
    slack
        .eventually("its card is a reply", |w| {
            w.messages_in(w.home(), "incidents")
                .iter()
                .any(|m| m.thread() == Some(root.ts.as_str()) && m.says("nobody has acknowledged"))
        })
        .await;
    told(&ana.says("general", "/incident declare P2 another one").await);
    // In the thread the incident needs no number.
    ana.replies(&root, "@firebell ack");
    slack
        .eventually("the thread's own incident is taken", |w| {
            w.messages_in(w.home(), "incidents")
                .iter()
                .any(|m| m.thread() == Some(root.ts.as_str()) && m.says("@ana has it"))
        })
        .await;
    assert_eq!(slack.see(|w| w.done("conversations.create")), 0);
    both.finish().await;
}

#[tokio::test]
async fn a_link_to_an_incident_unfolds_and_one_to_a_private_one_does_not() {
    let slack = FakeSlack::start();
    let config = format!("public_url = \"https://firebell.example.com\"\n{}", by_socket(&slack, ""));
    let bot = Serve::start(&config).await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 customer data in the logs private").await);
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    ana.says("general", "https://firebell.example.com/incidents/1 and https://firebell.example.com/incidents/2").await;
    slack.eventually("the public one unfolds", |w| w.done("chat.unfurl") == 1).await;
    slack.see(|w| {
        let call = w.calls_of("chat.unfurl").next().expect("it was called");
        let said = format!("{call:?}");
        assert!(said.contains("checkout is down") && !said.contains("customer data"), "{said}");
    });
    both.finish().await;
}

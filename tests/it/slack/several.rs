//! Several workspaces: each is answered with its own token, its incidents have their rooms in it, its people are its own.

use super::install::{Browser, ready, table};
use super::{Both, PEOPLE, told};
use crate::fake_slack::{Consent, FakeSlack};
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};

const BETA: &str = "T0BETA1";

/// Acme by the configured token, Beta installed by a browser.
async fn two() -> Both {
    let slack = FakeSlack::start();
    let config = format!("{}\nbot_token = {:?}\n{PEOPLE}", table(&slack, ""), slack.bot_token());
    let bot = Serve::start(&config).await;
    ready(&slack, &bot);
    let mut browser = Browser::of(&bot, "root", true).await;
    slack.consents(Consent::Given(BETA.into()));
    let page = browser.installs().await;
    assert!(page.body.contains("Firebell is in Beta"), "{}", page.body);
    slack.connected(2).await;
    Both { slack, bot }
}

#[tokio::test]
async fn an_incident_has_its_room_in_the_workspace_that_it_was_declared_in() {
    let both = two().await;
    let slack = &both.slack;
    let cy = slack.person_of(BETA, "cy");
    let said = cy.says("general", "/incident declare P1 checkout is down").await;
    assert!(told(&said).contains("INC-1"), "{said:?}");
    let said = slack.ana().says("#general", "/incident declare P2 disk is full").await;
    assert!(told(&said).contains("INC-2"), "{said:?}");
    let there = |team: &'static str, name: &'static str| {
        slack.see(|w| w.team(team).channels.values().any(|c| c.name.starts_with(name)))
    };
    eventually("each has its room", BOUND, async || there(BETA, "inc-1") && there("T0ACME", "inc-2")).await;
    assert!(!there("T0ACME", "inc-1") && !there(BETA, "inc-2"), "in its own workspace and in no other");
    // Both are announced at home; what is a channel elsewhere is not named there.
    let announced = slack.message("#incidents", "checkout is down").await;
    assert!(!announced.plain().contains("#inc-1"), "{}", announced.plain());
    slack.message("#incidents", "disk is full").await;
    // In its room the incident is known without its number, and everything follows there.
    let room = slack.see(|w| {
        let mut all = w.team(BETA).channels.values().filter(|c| c.name.starts_with("inc-1"));
        all.next().map(|c| c.id.clone()).expect("a room")
    });
    let bo = slack.person_of(BETA, "bo");
    bo.joins(&room);
    let said = bo.says(&room, "/incident ack").await;
    assert!(told(&said).contains("INC-1"), "{said:?}");
    eventually("its room hears of it", BOUND, async || {
        slack.see(|w| {
            let channel = &w.team(BETA).channels[&room];
            channel.messages.values().any(|m| m.body.to_string().contains("@bo has it"))
        })
    })
    .await;
    // Bo is known by his address there too; cy is nobody's name here, and not the cy of another workspace.
    let (_, log) = both.bot.say("ana", "/incident INC-1 timeline").await;
    assert!(log.contains("cy.t0beta1") && log.contains("Acknowledged") && log.contains("bo"), "{log}");
    let (_, log) = both.bot.say("ana", "/incident INC-2 timeline").await;
    assert!(log.contains("ana"), "{log}");
    both.finish().await;
}

#[tokio::test]
async fn the_same_channel_id_in_two_workspaces_is_two_places() {
    let both = two().await;
    let slack = &both.slack;
    slack.with(|w| {
        for team in ["T0ACME", BETA] {
            let ana = w.user_id(team, "ana");
            let made = w.new_channel(team, "war-room", crate::fake_slack::Kind::Public, &ana);
            let bot = w.team(team).bot_user.clone();
            let mut channel = w.team_mut(team).channels.remove(&made).expect("made just now");
            channel.id = "C0SAME00".into();
            channel.members.insert(bot);
            w.team_mut(team).channels.insert("C0SAME00".into(), channel);
        }
    });
    let said = slack.ana().says("C0SAME00", "/incident declare P1 checkout is down").await;
    assert!(told(&said).contains("INC-1"), "{said:?}");
    slack.channel("inc-1").await;
    let said = slack.ana().says("C0SAME00", "/incident INC-1 use-channel").await;
    assert!(said.error.is_none(), "{said:?}");
    let known = async |team: &str| {
        let said = slack.person_of(team, "ana").says("C0SAME00", "/incident show").await;
        told(&said).contains("INC-1")
    };
    eventually("it is the room of that incident at home", BOUND, async || known("T0ACME").await).await;
    // With a second one open, nothing is the only open one: elsewhere the same id is no room.
    both.bot.declare("disk is full").await;
    let elsewhere = slack.person_of(BETA, "ana").says("C0SAME00", "/incident show").await;
    let elsewhere = told(&elsewhere);
    assert!(elsewhere.contains("INC-1") && elsewhere.contains("INC-2"), "both are offered: {elsewhere}");
    assert!(known("T0ACME").await);
    both.finish().await;
}

#[tokio::test]
async fn a_workspace_that_nobody_installed_hears_where_to_do_it_and_changes_nothing() {
    let both = two().await;
    both.slack.with(|w| w.add_team("T0GAMMA", "Gamma", "gamma"));
    let said = both.slack.person_of("T0GAMMA", "ana").says("general", "/incident declare P1 checkout is down").await;
    let said = told(&said);
    assert!(said.contains("not installed in this workspace") && said.contains("/slack/install"), "{said}");
    let (_, open) = both.bot.say("ana", "/incident list").await;
    assert!(!open.contains("checkout"), "{open}");
    both.finish().await;
}

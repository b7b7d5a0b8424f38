//! Several workspaces: each is answered with its own token, its incidents have their rooms in it, its people are its own.

use super::install::{Browser, ready, started, table};
use super::{Both, PEOPLE, told};
use crate::fake_slack::{Consent, FakeSlack, Seen};
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use crate::looked::Shop;

const BETA: &str = "T0BETA1";

/// Acme by the configured token, Beta installed by a browser.
async fn two() -> Both {
    two_with("").await
}

fn configured(slack: &FakeSlack, more: &str) -> String {
    format!("{}\nbot_token = {:?}\n{more}\n{PEOPLE}", table(slack, ""), slack.bot_token())
}

/// The same, with more keys of `[slack]` and tables of its workspaces.
async fn two_with(more: &str) -> Both {
    let slack = FakeSlack::start();
    let config = configured(&slack, more);
    with_beta(slack, Serve::start(&config).await).await
}

/// A bot of Acme's that is installed in Beta.
async fn with_beta(slack: FakeSlack, bot: Serve) -> Both {
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
    let (room, at_home) = (room_of(slack, BETA, "inc-1").await, room_of(slack, "T0ACME", "inc-2").await);
    slack.message("#incidents", &at_home).await;
    let announced = slack.message("#incidents", "checkout is down").await;
    assert!(!announced.says(&room), "{}", announced.plain());
    // In its room the incident is known without its number, and everything follows there.
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

fn there(slack: &FakeSlack, team: &str, channel: &str) -> Vec<Seen> {
    slack.see(|w| w.messages_in(team, channel))
}

/// The id of an incident's channel in a workspace, once it is there: announcements name it by that.
async fn room_of(slack: &FakeSlack, team: &str, start: &str) -> String {
    let find = || {
        slack.see(|w| {
            let mut all = w.team(team).channels.values().filter(|c| c.name.starts_with(start));
            all.next().map(|c| c.id.clone())
        })
    };
    eventually(&format!("{team} has {start}"), BOUND, async || find().is_some()).await;
    find().expect("it was there just now")
}

/// The message of a workspace's channel that says this, once it is there.
async fn message_of(slack: &FakeSlack, team: &str, channel: &str, part: &str) -> Seen {
    let find = || there(slack, team, channel).into_iter().rev().find(|m| m.says(part));
    eventually(&format!("{channel} of {team} says {part:?}"), BOUND, async || find().is_some()).await;
    find().expect("it was there just now")
}

fn says(slack: &FakeSlack, team: &str, part: &str) -> bool {
    there(slack, team, "incidents").iter().any(|m| m.says(part))
}

#[tokio::test]
async fn an_incident_is_announced_in_its_own_workspace_and_at_home_and_in_no_other() {
    let both = two_with("[slack.workspace.T0BETA1]\nannounce = \"#incidents\"").await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    let (bo, cy) = (slack.person_of(BETA, "bo"), slack.person_of(BETA, "cy"));
    told(&cy.says("general", "/incident declare P1 checkout is down").await);
    // There it names its channel, which is one of that workspace; at home it does not.
    let room = room_of(slack, BETA, "inc-1").await;
    let announced = message_of(slack, BETA, "incidents", &room).await;
    assert!(announced.says("checkout is down"), "{}", announced.plain());
    assert!(!slack.message("#incidents", "checkout is down").await.says(&room));
    // What is worked on elsewhere, or nowhere in Slack, is announced at home alone; what is private nowhere.
    told(&ana.says("#general", "/incident declare P2 disk is full").await);
    both.bot.declare("the lamp is out").await;
    told(&cy.says("general", "/incident declare P1 salaries were sent round private").await);
    told(&ana.says("#general", "/incident declare P1 a key was lost private").await);
    slack.message("#incidents", "disk is full").await;
    slack.message("#incidents", "the lamp is out").await;
    // The private ones have their channels, each in its workspace.
    room_of(slack, BETA, "inc-4").await;
    room_of(slack, "T0ACME", "inc-5").await;
    // Its buttons work where it stands, and every announcement of it follows.
    told(&bo.clicks(&announced, "Acknowledge").await);
    message_of(slack, BETA, "incidents", "@bo has it").await;
    slack.eventually("at home too", |w| w.messages_in(w.home(), "incidents").iter().any(|m| m.says("has it"))).await;
    let of_it = there(slack, BETA, "incidents").into_iter().filter(|m| m.says("INC-"));
    assert_eq!(of_it.map(|m| m.ts).collect::<Vec<_>>(), [announced.ts], "one message, edited, and no other incident's");
    for part in ["salaries", "a key was lost"] {
        assert!(!says(slack, BETA, part) && !says(slack, "T0ACME", part), "{part} is private");
    }
    let standing = both.bot.get("/health/components").await.json()["chats"]["slack T0BETA1"].clone();
    assert_eq!(standing["status"], "healthy", "{standing}");
    assert!(standing["message"].as_str().is_some_and(|m| m.contains("announced in Beta (T0BETA1)")), "{standing}");
    both.finish().await;
}

#[tokio::test]
async fn a_workspace_that_wants_all_hears_of_what_was_declared_elsewhere() {
    let both = two_with("[slack.workspace.t0beta1]\nannounce = \"#incidents\"\nannounce_all = true").await;
    let slack = &both.slack;
    told(&slack.ana().says("#general", "/incident declare P1 a key was lost private").await);
    told(&slack.ana().says("#general", "/incident declare P2 disk is full").await);
    both.bot.declare("the lamp is out").await;
    let announced = message_of(slack, BETA, "incidents", "disk is full").await;
    message_of(slack, BETA, "incidents", "the lamp is out").await;
    let room = room_of(slack, "T0ACME", "inc-2").await;
    slack.message("#incidents", &room).await;
    told(&slack.person_of(BETA, "bo").clicks(&announced, "Acknowledge").await);
    let announced = message_of(slack, BETA, "incidents", "has it").await;
    assert!(!announced.says(&room), "a channel of another workspace: {}", announced.plain());
    assert!(!says(slack, BETA, "a key was lost"), "private");
    both.finish().await;
}

#[tokio::test]
async fn what_a_check_found_is_told_in_a_workspace_that_wants_all_and_declared_there() {
    for all in [true, false] {
        let (slack, shop) = (FakeSlack::start(), Shop::open());
        let beta = format!("[slack.workspace.T0BETA1]\nannounce = \"#incidents\"\nannounce_all = {all}\n");
        let mut bot = Serve::configured(&configured(&slack, &(beta + &shop.config(None))));
        shop.has_runbook(&bot, "");
        bot.start_again().await;
        let mut both = with_beta(slack, bot).await;
        shop.comes_due(&mut both.bot).await;
        both.bot.start_again().await;
        let slack = &both.slack;
        slack.connected(2).await;
        slack.message("#incidents", "critical at").await;
        if !all {
            // What is said afterwards is there: whatever was to be posted before has had its turn.
            told(&slack.person_of(BETA, "cy").says("general", "/incident declare S2 pages are slow").await);
            message_of(slack, BETA, "incidents", "pages are slow").await;
            assert!(!says(slack, BETA, "critical at"), "it is told of its own incidents only");
            both.finish().await;
            continue;
        }
        let found = message_of(slack, BETA, "incidents", "critical at").await;
        assert_eq!(slack.person_of(BETA, "bo").clicks(&found, "Declare S1").await.error, None);
        message_of(slack, BETA, "incidents", "It is declared: INC-1").await;
        slack.message("#incidents", "It is declared: INC-1").await;
        room_of(slack, BETA, "inc-1").await;
        both.finish().await;
    }
}

#[tokio::test]
async fn groups_are_invited_and_administrators_are_known_by_workspace() {
    let groups = "administrators = [\"S0ACMEONCALL\"]\n[[slack.invite]]\nseverity = \"P1\"\ngroups = [\"S0ACMEONCALL\"]\n\
                  [slack.workspace.T0BETA1]\nadministrators = [\"S0BETA1OPS\"]\n\
                  [[slack.workspace.T0BETA1.invite]]\nseverity = \"P1\"\ngroups = [\"S0BETA1ONCALL\"]\n";
    let both = two_with(groups).await;
    let slack = &both.slack;
    slack.with(|w| {
        let cy = w.user_id(BETA, "cy");
        let mut ops = w.team(BETA).groups["S0BETA1ONCALL"].clone();
        (ops.id, ops.handle, ops.users) = ("S0BETA1OPS".into(), "ops".into(), vec![cy]);
        w.team_mut(BETA).groups.insert(ops.id.clone(), ops);
    });
    told(&slack.person_of(BETA, "cy").says("general", "/incident declare P1 checkout is down").await);
    told(&slack.cy().says("general", "/incident declare P1 disk is full").await);
    let members = |team: &str, start: &str| {
        slack.see(|w| {
            let there = w.team(team);
            let of = there.channels.values().find(|c| c.name.starts_with(start)).map(|c| c.members.clone());
            let names = of.unwrap_or_default().into_iter().map(|id| there.users[&id].name.clone());
            names.collect::<std::collections::BTreeSet<_>>()
        })
    };
    for (team, start) in [(BETA, "inc-1"), ("T0ACME", "inc-2")] {
        eventually(&format!("the groups of {team} are in {start}"), BOUND, async || {
            ["ana", "bo"].iter().all(|name| members(team, start).contains(*name))
        })
        .await;
    }
    // A private incident is seen by administrators: of Beta cy is one, of Acme ana and bo are.
    both.bot.say("root", "/incident declare P1 a key was lost private").await;
    for (team, name, sees) in
        [(BETA, "cy", true), (BETA, "bo", false), (BETA, "ana", false), ("T0ACME", "bo", true), ("T0ACME", "cy", false)]
    {
        let said = told(&slack.person_of(team, name).says("general", "/incident INC-3 show").await);
        assert_eq!(said.contains("a key was lost"), sees, "{name} of {team}: {said}");
    }
    let strange = slack.see(|w| w.calls.iter().filter(|c| c.outcome == "no_such_subteam").count());
    assert_eq!(strange, 0, "no workspace is asked for the groups of another");
    both.finish().await;
}

#[tokio::test]
async fn without_channels_an_incident_lives_in_a_thread_of_its_own_workspace() {
    let both = two_with("open = \"none\"\n[slack.workspace.T0BETA1]\nannounce = \"#incidents\"").await;
    let slack = &both.slack;
    let cy = slack.person_of(BETA, "cy");
    told(&cy.says("general", "/incident declare P1 checkout is down").await);
    told(&slack.ana().says("#general", "/incident declare P2 disk is full").await);
    let root = message_of(slack, BETA, "incidents", "in this thread").await;
    slack.message("#incidents", "in this thread").await;
    slack
        .eventually("its card is a reply", |w| {
            let all = w.messages_in(BETA, "incidents");
            all.iter().any(|m| m.thread() == Some(root.ts.as_str()) && m.says("nobody has acknowledged"))
        })
        .await;
    // In the thread the incident needs no number.
    slack.person_of(BETA, "bo").replies(&root, "@firebell ack");
    eventually("its thread hears of it", BOUND, async || {
        there(slack, BETA, "incidents").iter().any(|m| m.thread() == Some(root.ts.as_str()) && m.says("@bo has it"))
    })
    .await;
    assert!(
        !slack.messages("incidents").iter().any(|m| m.thread().is_some() && m.says("checkout")),
        "and at home none"
    );
    both.finish().await;
}

#[tokio::test]
async fn what_the_configuration_names_and_is_not_there_is_said_by_a_check_online() {
    let wrong = "administrators = [\"S0NOBODY1\"]\n\
                 [slack.workspace.T0BETA1]\nannounce = \"#nowhere\"\nadministrators = [\"S0BETA1ONCALL\"]\n\
                 [[slack.workspace.T0BETA1.invite]]\nseverity = \"P1\"\ngroups = [\"S0BETA1ONCALL\", \"S0BETA1GONE\"]\n\
                 [slack.workspace.T0GAMMA1]\nannounce = \"#incidents\"\n";
    let both = two_with(wrong).await;
    let slack = &both.slack;
    slack.with(|w| {
        let mut gone = w.team(BETA).groups["S0BETA1ONCALL"].clone();
        (gone.id, gone.disabled) = ("S0BETA1GONE".into(), true);
        w.team_mut(BETA).groups.insert(gone.id.clone(), gone);
    });
    let standing = both.bot.get("/health/components").await.json()["chats"]["slack T0GAMMA1"].clone();
    assert_eq!(standing["status"], "degraded", "{standing}");
    assert!(standing["message"].as_str().is_some_and(|m| m.contains("/slack/install")), "{standing}");
    let checked = async || {
        let ran = both.bot.run(&["config", "check", "--online"]).await;
        (ran.status, ran.stdout + &ran.stderr)
    };
    let (status, said) = checked().await;
    assert_eq!(status, 1, "{said}");
    for part in [
        "ok: slack.announce: #incidents is there, and the app is in it",
        "error: slack.administrators: there is no user group S0NOBODY1",
        "error: slack.workspace.T0BETA1.announce: there is no channel #nowhere",
        "error: slack.workspace.T0BETA1.invite[0].groups: the user group S0BETA1GONE is disabled",
        "error: slack.workspace.T0GAMMA1: nobody has installed the app there",
    ] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    assert!(!said.contains("S0BETA1ONCALL"), "what is there is not complained about: {said}");

    // A channel that is there, without the app in it; one by its id, archived.
    let (quiet, old) = slack.with(|w| {
        let (ana, bot) = (w.user_id(BETA, "ana"), w.team("T0ACME").bot_user.clone());
        let quiet = w.new_channel(BETA, "quiet", crate::fake_slack::Kind::Public, &ana);
        let old = w.new_channel("T0ACME", "old", crate::fake_slack::Kind::Public, &bot);
        w.team_mut("T0ACME").channel_named(&old).archived = true;
        (quiet, old)
    });
    both.bot.configure(
        &configured(slack, &format!("[slack.workspace.T0BETA1]\nannounce = {quiet:?}"))
            .replace("announce = \"#incidents\"", &format!("announce = {old:?}")),
    );
    let (status, said) = checked().await;
    assert_eq!(status, 1, "{said}");
    let part =
        format!("error: slack.workspace.T0BETA1.announce: the app is not in {quiet}. Say there: /invite @firebell");
    assert!(said.contains(&part) && said.contains(&format!("error: slack.announce: {old} is archived")), "{said}");

    both.bot.configure(&configured(slack, "[slack.workspace.T0BETA1]\nannounce = \"#general\""));
    let (status, said) = checked().await;
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("ok: slack.workspace.T0BETA1.announce: #general is there"), "{said}");
    both.finish().await;
}

#[tokio::test]
async fn a_table_of_the_workspace_that_is_home_is_told_where_its_keys_belong() {
    let slack = FakeSlack::start();
    let (bot, mut browser) =
        started(&slack, "[slack.workspace.T0BETA1]\nannounce = \"#general\"\nannounce_all = true\n").await;
    slack.consents(Consent::Given(BETA.into()));
    assert_eq!(browser.installs().await.status, 200);
    let standing = bot.get("/health/components").await.json()["chats"]["slack T0BETA1"]["message"].to_string();
    assert!(standing.contains("is home: write the keys of [slack.workspace.T0BETA1] in [slack] itself"), "{standing}");
    bot.declare("checkout is down").await;
    message_of(&slack, BETA, "incidents", "checkout is down").await;
    let ran = bot.run(&["config", "check", "--online"]).await;
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("error: slack.workspace.T0BETA1: workspace T0BETA1 is home"), "{}", ran.stdout);
    assert!(there(&slack, BETA, "general").is_empty(), "and announced once");
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn a_workspace_that_is_added_while_it_runs_waits_for_a_start_and_nothing_is_given_up_for_it() {
    let mut both = two().await;
    both.bot.configure(&configured(&both.slack, "[slack.workspace.T0BETA1]\nannounce = \"#incidents\""));
    let said = both.bot.reload().await;
    assert!(said.contains("slack.workspace.T0BETA1 has changed: it takes effect at the next start"), "{said}");
    let cy = both.slack.person_of(BETA, "cy");
    told(&cy.says("general", "/incident declare P1 checkout is down").await);
    let room = room_of(&both.slack, BETA, "inc-1").await;
    message_of(&both.slack, BETA, &room, "checkout is down").await;
    // Waiting or given up: either would be counted.
    let counted = both.bot.get("/metrics").await.body;
    assert!(counted.contains("channel=\"slack\"") && !counted.contains("slack T0BETA1"), "{counted}");
    assert!(!says(&both.slack, BETA, "checkout is down"));
    both.bot.terminate().await;
    both.bot.start_again().await;
    both.bot.say("ana", "/incident INC-1 ack").await;
    message_of(&both.slack, BETA, "incidents", "checkout is down").await;
    both.finish().await;
}

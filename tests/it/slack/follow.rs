//! What becomes of messages that are on a timeline, who joins, what a home shows, who administers.

use super::{Both, told};
use crate::fake_slack::{FakeSlack, Fault};
use crate::harness::{BOUND, eventually};
use serde_json::{Value, json};

async fn on_the_timeline(both: &Both, part: &str) {
    eventually(&format!("{part:?} is on the timeline"), BOUND, async || timeline(both).await.contains(part)).await;
}

async fn timeline(both: &Both) -> String {
    both.bot.say("ana", "/incident INC-1 timeline").await.1
}

#[tokio::test]
async fn an_edit_and_a_deletion_of_a_noted_message_are_told_and_what_was_written_stays() {
    let both = Both::start().await;
    let (slack, ana, bo) = (&both.slack, both.slack.ana(), both.slack.bo());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    slack.message(&room, "[Acknowledge]").await;
    bo.joins(&room);
    bo.sends_files(&room, "db1 is full", &[("df.txt", "100 %")]);
    bo.says(&room, "nobody notes this one").await;
    let noted = slack.message(&room, "db1 is full").await;
    let other = slack.message(&room, "nobody notes").await;
    ana.reacts(&noted, "pushpin");
    on_the_timeline(&both, "df.txt").await;

    // Where it stands is kept beside its words, for programs and for whoever follows it.
    let log = both.bot.get_as_operator("/api/v1/incidents/1/events?limit=500").await;
    let quoted = |e: &&Value| e["text"].as_str().is_some_and(|text| text.starts_with("db1 is full"));
    let kept = log["events"].as_array().and_then(|all| all.iter().find(quoted)).expect("a note")["origin"].clone();
    assert_eq!((&kept["chat"], &kept["author"]), (&json!("slack"), &json!("UBO")), "{kept}");
    assert_eq!((&kept["place"], &kept["message"]), (&json!(noted.channel), &json!(noted.ts)), "{kept}");
    assert!(kept["link"].as_str().expect("a link").contains("/archives/"), "{kept}");

    bo.edits(&other, "nobody notes this one either");
    bo.edits(&noted, "db2 is full, not db1");
    on_the_timeline(&both, "Edited: db2 is full, not db1").await;
    bo.deletes(&other);
    bo.deletes(&noted);
    on_the_timeline(&both, "Deleted in Slack: the message of @bo").await;
    slack.settled().await;
    let all = timeline(&both).await;
    assert!(all.contains("note: db1 is full") || all.contains("db1 is full"), "what was written stays: {all}");
    assert!(!all.contains("nobody notes"), "what is on no timeline is left alone: {all}");
    assert!(all.lines().any(|l| l.contains("bo (slack)") && l.contains("Edited")), "in the name of the editor: {all}");
    both.finish().await;
}

#[tokio::test]
async fn who_joins_the_channel_is_noted_and_whom_firebell_brings_is_not() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    slack.message(&room, "[Acknowledge]").await;
    slack.eventually("ana is in it", |w| w.place(w.home(), &room).is_some_and(|p| p.members.contains("UANA"))).await;
    slack.cy().joins(&room);
    slack.cy().joins("general");
    on_the_timeline(&both, "Joined the channel in Slack.").await;
    slack.settled().await;
    let all = timeline(&both).await;
    assert_eq!(all.matches("Joined the channel").count(), 1, "{all}");
    assert!(all.lines().any(|l| l.contains("cy (slack)") && l.contains("Joined")), "{all}");
    both.finish().await;
}

#[tokio::test]
async fn a_home_has_what_somebody_has_to_do_with() {
    let schedules =
        "[schedules.primary]\npeople = [\"ana\", \"bo\"]\nshift = \"1d\"\nhandoff = \"09:00\"\nzone = \"UTC\"\n";
    let both = Both::start_in(FakeSlack::start(), schedules).await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    told(&slack.cy().says("general", "/incident declare P3 the lamp is out").await);
    told(&ana.says("general", "/incident INC-1 lead <@UANA|ana>").await);
    told(&ana.says("general", "/incident INC-1 resolve a full disk").await);
    told(&ana.says("general", "/incident INC-1 action watch the disk <@UANA|ana> by 2099-01-01").await);
    told(&ana.says("general", "/incident INC-1 action paint the door <@UBO|bo>").await);
    ana.opens_home();
    let home = slack.home("ana", "watch the disk").await;
    for part in
        ["Nothing open has you in it.", "the lamp is out", "primary: ", "by 2099-01-01", "/incident INC-1 done 1"]
    {
        assert!(home.says(part), "{part:?} is missing:\n{}", home.plain());
    }
    assert!(!home.says("paint the door"), "what others have promised is not hers:\n{}", home.plain());
    slack.cy().opens_home();
    let home = slack.home("cy", "Nothing is left for you to do.").await;
    assert!(home.says("You are in no schedule"), "{}", home.plain());
    both.finish().await;
}

#[tokio::test]
async fn the_members_of_a_user_group_are_administrators_and_nobody_else_is() {
    let administrators = "administrators = [\"S0ACMEONCALL\"]";
    let both = Both::start_in(FakeSlack::start(), administrators).await;
    let (ana, cy) = (both.slack.ana(), both.slack.cy());
    let (_, said) = both.bot.say("dee", "/incident declare P2 customer data in the logs private").await;
    assert!(said.contains("INC-1"), "{said}");
    let shown = told(&ana.says("general", "/incident INC-1 show").await);
    assert!(shown.contains("customer data"), "ana is in the group: {shown}");
    let shown = told(&cy.says("general", "/incident INC-1 show").await);
    assert!(!shown.contains("customer data"), "cy is not: {shown}");
    both.finish().await;
}

#[tokio::test]
async fn where_slack_does_not_say_who_is_in_the_group_nobody_is_an_administrator() {
    let both = Both::start_in(FakeSlack::start(), "administrators = [\"S0ACMEONCALL\"]").await;
    both.slack.broken("usergroups.users.list", Some(Fault::Error("internal_error")));
    both.bot.say("dee", "/incident declare P2 customer data in the logs private").await;
    let shown = told(&both.slack.ana().says("general", "/incident INC-1 show").await);
    assert!(!shown.contains("customer data"), "{shown}");
    both.slack.broken("usergroups.users.list", None);
    both.finish().await;
}

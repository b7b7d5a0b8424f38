//! Everything that Firebell ever shows to be pressed, chosen or filled in, used once in one incident, from its declaration
//! to its post-mortem: the list is the code's own, and what was pressed is what went through Slack.

use super::{Both, by_socket, told};
use crate::fake_slack::FakeSlack;
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use firebell::chat::slack::manifest::SHORTCUTS;
use firebell::chat::slack::{DECLARE_BUTTON, MORE, PRESS};
use firebell::notice::card::ACTIONS;
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn every_button_menu_entry_form_and_shortcut_is_used_once_from_the_declaration_to_the_post_mortem() {
    let (slack, pager) = (FakeSlack::start(), FakeWebhook::start("between firebell and ops"));
    let bot = Serve::start(&config(&slack, &pager)).await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    declared_in_every_way(&both).await;
    let room = both.slack.channel("inc-1-checkout-is-down").await;
    while_nobody_has_it(&both, &room).await;
    while_somebody_has_it(&both, &room).await;
    when_it_is_over(&both, &room).await;
    both.slack.settled().await;

    let used = used(&both.slack);
    let mut all: BTreeSet<String> = ACTIONS.iter().map(|action| format!("press {}", action.verb)).collect();
    all.extend(ACTIONS.iter().filter(|a| a.form).map(|a| format!("fill in {}", a.verb)));
    all.insert("fill in declare".to_string());
    all.insert(format!("press {DECLARE_BUTTON}"));
    all.extend(SHORTCUTS.iter().map(|(_, _, callback, _)| format!("shortcut {callback}")));
    assert_eq!(all.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "these were never used");
    let shown = shown(&both.slack);
    assert_eq!(shown.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new(), "these are in no table");
    both.finish().await;
}

/// How the buttons of a card stand once somebody has it.
const ACKNOWLEDGED: &str = "[Post update…] [Runbook] [Resolve…]";

/// Bo has something that rings.
fn config(slack: &FakeSlack, pager: &FakeWebhook) -> String {
    let paging = format!("[paging.webhook.ops]\nurl = {:?}\nsecret = \"between firebell and ops\"", pager.url());
    let slack = by_socket(slack, &paging);
    let bo = "email = \"bo@example.com\"\ncontact = [{ via = \"webhook.ops\" }]";
    format!("public_url = \"https://firebell.example.com\"\n{}", slack.replace("email = \"bo@example.com\"", bo))
}

/// By a form from a bare command, from a message, from the home, and by a global shortcut.
async fn declared_in_every_way(both: &Both) {
    let (slack, ana, bo) = (&both.slack, both.slack.ana(), both.slack.bo());
    assert_eq!(ana.shortcut("firebell.declare").await.error, None);
    let form = slack.modal("ana", "Declare an incident").await;
    let filled = [("What is broken", "checkout is down"), ("Severity", "P1 Critical"), ("What is known", "since 9:00")];
    assert_eq!(ana.submits(&form, &filled).await.body, Value::Null);
    let first = slack.channel("inc-1-checkout-is-down").await;

    bo.says("general", "the lamp in the hall is out").await;
    let message = slack.message("general", "the lamp").await;
    assert_eq!(ana.message_shortcut(&message, "firebell.declare_from").await.error, None);
    let form = slack.modal("ana", "Declare an incident").await;
    assert_eq!(ana.submits(&form, &[("Severity", "P3 Medium")]).await.body, Value::Null);
    slack.channel("inc-2-the-lamp-in-the-hall-is-out").await;

    bo.opens_home();
    let home = slack.home("bo", "Your incidents").await;
    assert_eq!(bo.clicks(&home, DECLARE_BUTTON).await.error, None);
    let form = slack.modal("bo", "Declare an incident").await;
    let filled = [("What is broken", "a false alarm"), ("Severity", "P4 Low")];
    assert_eq!(bo.submits(&form, &filled).await.body, Value::Null);
    slack.channel("inc-3-a-false-alarm").await;
    for second in ["INC-2", "INC-3"] {
        told(&ana.says("general", &format!("/incident {second} cancel it was none")).await);
    }
    bo.joins(&first);
    bo.says(&first, "the disk of db1 is full").await;
    let message = slack.message(&first, "the disk of db1").await;
    assert_eq!(ana.message_shortcut(&message, "firebell.to_timeline").await.error, None);
    on_the_timeline(both, "the disk of db1 is full").await;
}

async fn while_nobody_has_it(both: &Both, room: &str) {
    let (slack, ana) = (&both.slack, both.slack.ana());
    let card = slack.message(room, "[Acknowledge]").await;
    for (entry, answer) in [("Runbook", "unbook"), ("Timeline", "checkout is down")] {
        assert_eq!(ana.picks(&card, "More…", entry).await.error, None);
        slack.ephemeral("ana", answer).await;
    }
    assert_eq!(ana.picks(&card, "More…", "Escalate now").await.error, None);
    let forms: [(&str, &str, Filled, &str); 5] = [
        ("Page somebody…", "Page somebody", &[("Whom", "bo"), ("What for", "the keys")], "the keys"),
        ("Who leads…", "Who leads", &[("Incident lead", "bo")], "lead"),
        ("Change severity…", "Change the severity", &[("Severity", "P2 High"), ("Why", "one shop")], "one shop"),
        ("Change status…", "Change the status", &[("Status", "identified"), ("Why", "it is db1")], "it is db1"),
        ("Add a note…", "Add a note", &[("Note", "db1 has 2 TB")], "db1 has 2 TB"),
    ];
    for (entry, title, filled, told) in forms {
        assert_eq!(ana.picks(&card, "More…", entry).await.error, None);
        filled_in(both, title, filled).await;
        on_the_timeline(both, told).await;
    }
    let card = slack.message(room, "[Acknowledge]").await;
    assert_eq!(ana.clicks(&card, "Acknowledge").await.error, None);
    slack.message(room, ACKNOWLEDGED).await;
}

async fn while_somebody_has_it(both: &Both, room: &str) {
    let (slack, ana) = (&both.slack, both.slack.ana());
    let card = slack.message(room, ACKNOWLEDGED).await;
    ana.clicks(&card, "Post update…").await;
    filled_in(both, "Post an update", &[("Update", "Paying by invoice works.")]).await;
    on_the_timeline(both, "Paying by invoice works.").await;

    let card = slack.message(room, ACKNOWLEDGED).await;
    ana.picks(&card, "More…", "Hand back…").await;
    filled_in(both, "Hand it back", &[("Why", "I have to leave")]).await;
    on_the_timeline(both, "I have to leave").await;

    // A link to it unfolds with the same buttons, and they do the same.
    ana.says("general", "look at https://firebell.example.com/incidents/1").await;
    let unfolded = slack.message("general", "[Acknowledge]").await;
    assert_eq!(ana.clicks(&unfolded, "Acknowledge").await.error, None);
    slack.message(room, ACKNOWLEDGED).await;
    // So has the line where all are announced.
    let line = slack.message("incidents", ACKNOWLEDGED).await;
    ana.clicks(&line, "Resolve…").await;
    filled_in(both, "Resolve the incident", &[("What ended it", "the disk was emptied")]).await;
    on_the_timeline(both, "the disk was emptied").await;
}

async fn when_it_is_over(both: &Both, room: &str) {
    let (slack, ana) = (&both.slack, both.slack.ana());
    let ended = slack.message(room, "[Post-mortem]").await;
    ana.clicks(&ended, "Add action item…").await;
    let item = [("What is to be done", "watch the disk"), ("Who does it", "bo"), ("Until when", "2099-01-01")];
    filled_in(both, "Add an action item", &item).await;
    on_the_timeline(both, "watch the disk").await;
    ana.clicks(&ended, "Reopen…").await;
    filled_in(both, "Reopen the incident", &[("Why", "it is full again")]).await;
    on_the_timeline(both, "it is full again").await;

    told(&ana.says(room, "/incident resolve a larger disk").await);
    let ended = slack.message(room, "[Post-mortem]").await;
    assert_eq!(ana.clicks(&ended, "Post-mortem").await.error, None);
    let whole = ["checkout is down", "db1 has 2 TB", "it is full again", "a larger disk"];
    slack
        .eventually("ana reads the draft", |w| {
            w.ephemerals_of(w.home(), "ana").iter().any(|m| whole.iter().all(|part| m.says(part)))
        })
        .await;
}

/// Labels of a form's fields, and what is filled in.
type Filled = &'static [(&'static str, &'static str)];

/// The form that lies before ana, with this in it.
async fn filled_in(both: &Both, title: &str, fields: &[(&str, &str)]) {
    let ana = both.slack.ana();
    let form = both.slack.modal("ana", title).await;
    let reply = ana.submits(&form, fields).await;
    assert_eq!((reply.error, reply.body), (None, Value::Null), "{title}");
}

async fn on_the_timeline(both: &Both, part: &str) {
    eventually(&format!("{part:?} is on the timeline"), BOUND, async || {
        both.bot.say("ana", "/incident INC-1 timeline").await.1.contains(part)
    })
    .await;
}

/// What people did, as Slack sent it on.
fn used(slack: &FakeSlack) -> BTreeSet<String> {
    let all = slack.see(|w| w.sockets.sent.iter().map(|(_, payload)| payload.clone()).collect::<Vec<_>>());
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let one = |payload: &Value| match payload["type"].as_str()? {
        "block_actions" => Some(control(&payload["actions"][0], &payload["actions"][0]["selected_option"]["value"])),
        "view_submission" => {
            let carried: Value = serde_json::from_str(payload["view"]["private_metadata"].as_str()?).ok()?;
            Some(format!("fill in {}", text(&carried["form"])))
        }
        "shortcut" | "message_action" => Some(format!("shortcut {}", text(&payload["callback_id"]))),
        _ => None,
    };
    all.iter().filter_map(one).collect()
}

/// "press ack": a verb of ours, else what the element is called.
fn control(element: &Value, option: &Value) -> String {
    let id = element["action_id"].as_str().unwrap_or_default();
    let value = option.as_str().or(element["value"].as_str()).unwrap_or_default();
    match id == MORE || id.starts_with(PRESS) {
        true => format!("press {}", value.split(' ').nth(2).unwrap_or(value)),
        false => format!("press {id}"),
    }
}

/// Everything that was ever sent to be pressed: in messages, what only one person sees, homes and links that unfold.
fn shown(slack: &FakeSlack) -> BTreeSet<String> {
    let all = slack.see(|w| w.calls.iter().map(|call| Value::Object(call.args.clone())).collect::<Vec<_>>());
    let mut found = BTreeSet::new();
    all.iter().for_each(|args| elements(args, &mut found));
    found
}

fn elements(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        // Forms and what was sent as a form's field arrive as text.
        Value::String(text) => {
            if let Some(inner) = serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array()) {
                elements(&inner, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| elements(one, found)),
        Value::Object(map) => {
            let fills = value["type"] == "input";
            if value["action_id"].is_string() {
                match value["options"].as_array() {
                    Some(options) => found.extend(options.iter().map(|o| control(value, &o["value"]))),
                    None => drop(found.insert(control(value, &Value::Null))),
                }
            }
            map.iter().filter(|(key, _)| !(fills && *key == "element")).for_each(|(_, inner)| elements(inner, found));
        }
        _ => {}
    }
}

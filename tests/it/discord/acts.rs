//! What the engine asks of Discord, done once: places, cards, lines, invitations; retries, limits and everything that
//! Discord may answer instead.

use super::{House, card};
use crate::fake_discord::{Fault, permissions};
use firebell::chat::discord::check::check;
use firebell::engine::ports::Outcome;
use firebell::engine::ports::chat::{Chat, ChatAct, ChatContent, ChatFile, ChatJob, ChatKind, Line, RunTable};
use std::time::Duration;

async fn done(house: &House, act: &ChatAct) -> String {
    match house.bot.perform(act).await {
        Outcome::Done { receipt: Some(id) } => id,
        other => panic!("{:?}: {other:?}", act.job.kind()),
    }
}

fn lines(place: &str) -> ChatJob {
    let line = Line { seq: 3, at: crate::discord::START, who: "Ana Ruiz".into(), text: "acknowledged".into() };
    ChatJob::Lines { place: place.into(), lines: vec![line], files: Vec::new() }
}

fn open() -> ChatJob {
    ChatJob::Open { name: "INC-1 Checkout is down".into(), topic: "P1, investigating".into() }
}

#[tokio::test]
async fn a_channel_is_made_with_its_card_pinned_and_people_called_into_it() {
    let house = House::with("gateway = false").await;
    let place = done(&house, &house.act("open", open())).await;
    let channel = house.server.channel("inc-1-checkout-is-down");
    assert_eq!(channel.id.to_string(), place);
    let topic = channel.topic.expect("a topic");
    assert!(topic.starts_with("P1, investigating · ref "), "with a tag, by which it is found again: {topic}");
    let message =
        done(&house, &house.act("card", ChatJob::Card { place: place.clone(), card: card(), message: None })).await;
    let pin = ChatJob::Pin { place: place.clone(), message: message.clone() };
    assert_eq!(house.bot.perform(&house.act("pin", pin)).await, Outcome::Done { receipt: None });
    assert_eq!(house.server.pins("inc-1-checkout-is-down").len(), 1);
    let people = vec!["ana".into(), "dee".into()];
    done(&house, &house.act("invite", ChatJob::Invite { place: place.clone(), people, severity_rank: 1 })).await;
    done(&house, &house.act("lines", lines(&place))).await;
    let links = vec![("Runbook".to_string(), "https://wiki.example.org/shop".to_string())];
    done(&house, &house.act("links", ChatJob::Links { place: place.clone(), links })).await;
    let all = house.server.messages("inc-1-checkout-is-down");
    assert_eq!(all.iter().filter(|m| m.kind == 0 || m.kind == 20).count(), 4, "card, invitation, lines, links");
    let called: Vec<u64> = all.iter().flat_map(|m| m.pings.users.clone()).collect();
    assert_eq!(called, [house.server.ana().id], "only who is meant, and known there");
    // The card changes in place.
    let newer = super::Card { status: "identified".into(), ..card() };
    let edit = ChatJob::Card { place: place.clone(), card: newer, message: Some(message.clone()) };
    assert_eq!(done(&house, &house.act("card-2", edit.clone())).await, message);
    // Somebody deleted it: it is posted anew.
    house.server.change(|s| {
        let channel: u64 = place.parse().expect("an id");
        s.messages.get_mut(&channel).expect("messages").remove(&message.parse().expect("an id"));
    });
    assert_ne!(done(&house, &house.act("card-3", edit)).await, message);
    house.finish().await;
}

#[tokio::test]
async fn a_private_incident_is_seen_by_those_in_it_alone() {
    let house = House::with("gateway = false").await;
    let act = ChatAct { private: true, ..house.act("open", open()) };
    let place = done(&house, &act).await;
    let seen = |house: &House| house.server.who_sees("inc-1-checkout-is-down");
    assert!(
        !seen(&house).contains(&"ana".to_string()) && seen(&house).contains(&"firebell".to_string()),
        "{:?}",
        seen(&house)
    );
    let job = ChatJob::Invite { place, people: vec!["ana".into()], severity_rank: 1 };
    done(&house, &ChatAct { private: true, ..house.act("invite", job) }).await;
    assert!(seen(&house).contains(&"ana".to_string()) && !seen(&house).contains(&"bo".to_string()));
    house.finish().await;
}

#[tokio::test]
async fn threads_and_forum_posts_are_places_too() {
    for (open_as, parent) in [("thread", "incidents"), ("forum", "incident-posts")] {
        let house = House::with(&format!("gateway = false\nopen = \"{open_as}\"\nparent = \"#{parent}\"")).await;
        let place = done(&house, &house.act("open", open())).await;
        assert_eq!(house.server.threads(parent).len(), 1, "{open_as}");
        done(&house, &house.act("lines", lines(&place))).await;
        let people = vec!["ana".into(), "bo".into()];
        done(&house, &house.act("invite", ChatJob::Invite { place: place.clone(), people, severity_rank: 1 })).await;
        let topic = ChatJob::Topic { place: place.clone(), text: "identified".into() };
        assert_eq!(house.bot.perform(&house.act("topic", topic)).await, Outcome::Done { receipt: None }, "it has none");
        // A lost answer makes no second place.
        let again = ChatAct { maybe_repeated: true, ..house.act("open", open()) };
        assert_eq!(done(&house, &again).await, place);
        house.finish().await;
    }
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_there_once_at_once_and_later() {
    let house = House::with("gateway = false").await;
    let channel = house.server.has_channel("inc-1");
    let act = house.act("lines-7", lines(&channel.to_string()));
    house.server.fails("/messages", Fault::LostAfter, 1);
    let lost = house.bot.perform(&act).await;
    assert!(matches!(lost, Outcome::Retry { maybe_arrived: true, .. }), "{lost:?}");
    // Within minutes the nonce keeps it from being taken twice.
    let again = ChatAct { maybe_repeated: true, attempt: 2, ..act.clone() };
    let first = done(&house, &again).await;
    assert_eq!(house.server.messages("inc-1").len(), 1);
    // Later it is found by its tag.
    let later = ChatAct { now: act.now.plus_s(600), ..again };
    let posts = |house: &House| house.server.read(|s| s.made.iter().filter(|m| m.method == "POST").count());
    let before = posts(&house);
    assert_eq!(done(&house, &later).await, first);
    assert_eq!((posts(&house), house.server.messages("inc-1").len()), (before, 1));
    // What cannot be read back is posted, and says that it may be there twice.
    house.server.forbids("inc-1", permissions::READ_MESSAGE_HISTORY);
    let other = ChatAct { key: "lines-8".into(), ..later };
    done(&house, &other).await;
    let all = house.server.messages("inc-1");
    assert!(all.iter().any(|m| m.content.starts_with("(possibly repeated)")) || all.len() == 2, "{all:?}");
    house.finish().await;
}

#[tokio::test]
async fn limits_are_those_that_discord_names_and_what_waits_is_not_sent() {
    let house = House::with("gateway = false").await;
    let channel = house.server.has_channel("inc-1").to_string();
    house.server.fails("/messages", Fault::RateLimited(Duration::from_secs(7)), 1);
    let no = house.bot.perform(&house.act("a", lines(&channel))).await;
    assert!(matches!(no, Outcome::Retry { after_s: Some(7), maybe_arrived: false, .. }), "{no:?}");
    let takes = house.bot.takes(ChatKind::Lines, Some(&channel));
    assert!(takes.is_err_and(|wait| wait > Duration::from_secs(5)), "{takes:?}");
    let made = |house: &House| house.server.read(|s| s.made.len());
    let before = made(&house);
    assert!(matches!(house.bot.perform(&house.act("b", lines(&channel))).await, Outcome::Retry { .. }));
    assert_eq!(made(&house), before, "it was not even asked");
    let other = house.server.has_channel("inc-2").to_string();
    assert!(house.bot.takes(ChatKind::Lines, Some(&other)).is_ok_and(|n| n > 0), "another channel has its own");
    house.server.fails("/messages", Fault::RateLimitedGlobally(Duration::from_secs(3)), 1);
    assert!(matches!(house.bot.perform(&house.act("c", lines(&other))).await, Outcome::Retry { after_s: Some(3), .. }));
    assert!(house.bot.takes(ChatKind::Open, None).is_err(), "nothing at all for now");
    house.server.recovers();
    house.server.finish().await;
}

#[tokio::test]
async fn whatever_discord_answers_is_a_sentence_with_what_to_do() {
    let house = House::with("gateway = false").await;
    let channel = house.server.has_channel("inc-1").to_string();
    for (fault, maybe, part) in [
        (Fault::Html(502), true, "with a page instead of an answer"),
        (Fault::Fails(503), true, "failed on its side (503)"),
        (Fault::Garbage, true, "cannot be read"),
        (Fault::LostBefore, true, "broke off"),
    ] {
        house.server.fails("/messages", fault.clone(), 1);
        match house.bot.perform(&house.act(&format!("{fault:?}"), lines(&channel))).await {
            Outcome::Retry { why, maybe_arrived, .. } => {
                assert!(why.contains(part) && maybe_arrived == maybe, "{fault:?}: {why}");
                assert!(!why.contains("http") && !why.contains('<'), "{why}");
            }
            other => panic!("{fault:?}: {other:?}"),
        }
    }
    house.server.forbids("inc-1", permissions::SEND_MESSAGES);
    let no = house.bot.perform(&house.act("x", lines(&channel))).await;
    assert!(matches!(&no, Outcome::Never { why } if why.contains("config check --online")), "{no:?}");
    house.server.forbids("inc-1", permissions::VIEW_CHANNEL);
    let no = house.bot.perform(&house.act("y", lines(&channel))).await;
    assert!(
        matches!(&no, Outcome::Never { why } if why.contains("View Channel") || why.contains("permission")),
        "{no:?}"
    );
    house.server.loses_channel("inc-1");
    let no = house.bot.perform(&house.act("z", lines(&channel))).await;
    assert!(matches!(&no, Outcome::Never { why } if why.contains("not there any more")), "{no:?}");
    // A refused token is not tried over and over.
    let other = house.server.has_channel("inc-2").to_string();
    house.server.fails("/messages", Fault::TokenRevoked, 1);
    assert!(
        matches!(house.bot.perform(&house.act("t", lines(&other))).await, Outcome::Never { why } if why.contains("token"))
    );
    let next = house.bot.perform(&house.act("u", lines(&other))).await;
    assert!(matches!(&next, Outcome::Retry { why, .. } if why.contains("token")), "{next:?}");
    house.finish().await;
}

#[tokio::test]
async fn the_online_check_names_what_is_missing_where() {
    let house = House::with("gateway = false").await;
    let found = check(house.bot.settings()).await;
    assert!(found.iter().all(|f| f.ok), "{found:?}");
    house.server.forbids("incidents", permissions::EMBED_LINKS);
    let found = check(house.bot.settings()).await;
    let said: Vec<&str> = found.iter().filter(|f| !f.ok).map(|f| f.text.as_str()).collect();
    assert_eq!(said, ["in \"incidents\" (announce) the bot lacks Embed Links: grant it there or to its role"]);
    let sent = house.server.read(|s| s.made.iter().filter(|m| m.method != "GET").count());
    assert_eq!(sent, 0, "nothing is sent");
    house.finish().await;
}

#[tokio::test]
async fn a_run_of_two_hundred_commands_is_one_message_that_is_edited() {
    let house = House::with("gateway = false").await;
    let place = done(&house, &house.act("open", open())).await;
    let rows = |what: &str| (0..200).map(|n| format!("✓ done — command {n} of @everyone: {what}")).collect::<Vec<_>>();
    let table = |what: &str, message: Option<String>| {
        let link = "https://bell.example.org/incidents/1/runs/1".to_string();
        let table = RunTable { head: "Run 1 of INC-1 (diagnosis): is running".into(), rows: rows(what), link };
        ChatJob::Table { place: place.clone(), table, message }
    };
    let first = done(&house, &house.act("table", table("waiting", None))).await;
    let edited = done(&house, &house.act("table-2", table("`df` said *so*", Some(first.clone())))).await;
    assert_eq!(first, edited);
    let all = house.server.messages("inc-1-checkout-is-down");
    let [message] = &all[..] else { panic!("{} messages", all.len()) };
    assert!(message.content.contains("more: https://bell.example.org/incidents/1/runs/1"), "{}", message.content);
    assert!(message.content.contains("\\*so\\*") && message.pings.users.is_empty(), "{}", message.content);
    house.finish().await;
}

#[tokio::test]
async fn a_graph_goes_with_the_lines_and_says_in_words_what_it_shows() {
    let house = House::with("gateway = false").await;
    let place = done(&house, &house.act("open", open())).await;
    let ChatJob::Lines { lines, .. } = lines(&place) else { panic!("lines") };
    // Bytes that are no text, and what would end a form if it were one.
    let bytes = [b"\x89PNG\r\n\xff--firebell--\r\n".to_vec(), vec![0, 255]].concat();
    let shows = format!("Graph: {}", "é".repeat(2_000));
    let picture = ChatContent::Image { media_type: "image/png".into(), bytes: bytes.clone(), shows };
    let files = vec![
        ChatFile { name: "inc-1-run-1.txt".into(), content: ChatContent::Text("up\n".into()) },
        ChatFile { name: "inc-1-run-1-up.png".into(), content: picture },
    ];
    done(&house, &house.act("lines", ChatJob::Lines { place, lines, files })).await;
    let all = house.server.messages("inc-1-checkout-is-down");
    let [text, graph] = &all[0].attachments[..] else { panic!("{:?}", all[0].attachments) };
    assert_eq!((text.filename.as_str(), text.bytes.as_slice()), ("inc-1-run-1.txt", b"up\n".as_slice()));
    assert_eq!((graph.filename.as_str(), graph.content_type.as_deref()), ("inc-1-run-1-up.png", Some("image/png")));
    assert_eq!(graph.bytes, bytes);
    let shown = graph.description.as_deref().expect("words");
    assert!(shown.starts_with("Graph: é") && shown.chars().count() == 1_024, "{shown}");
    house.finish().await;
}

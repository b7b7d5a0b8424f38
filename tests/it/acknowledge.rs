//! Acknowledging, from anywhere, is the same act: by command, button, signed link, API and at PagerDuty, each against
//! the real program; and what only looks like it does nothing.

use crate::conversation::world::World;
use crate::harness::fake_pagerduty::Status;
use crate::harness::fake_pagerduty::webhooks::{User, agent, event};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::faults::Fault;
use crate::harness::{Answer, BOUND, eventually, http_client};
use crate::live::{Live, WEBHOOK_SECRET};
use crate::path::Room;
use serde_json::{Value, json};

const ANA: User = User { id: "PANA", name: "Ana Ruiz" };
const STRANGER: User = User { id: "PXYZ", name: "Tenex Engineer" };
const API_TOKEN: &str = "the token of the panel";

/// Ana by PagerDuty and Bo by the webhook at once, and nobody else for an hour; a board that shows what happens.
fn ledger(board: &FakeWebhook) -> String {
    format!(
        r#"
        [paging.webhook.board]
        url = "{}"
        secret = "between firebell and ops"
        notices = true
        [services.ledger]
        policy = "both"
        [[policies.both.levels]]
        page = ["@ana", "@bo"]
        delay = "1h"
        [api.tokens.panel]
        token = "{API_TOKEN}"
        "#,
        board.url()
    )
}

async fn start(board: &FakeWebhook) -> Live {
    let live = Live::start_with(&ledger(board)).await;
    live.pagerduty.subscribe(&format!("{}/pagerduty/webhook", live.serve.url()), WEBHOOK_SECRET);
    live
}

/// Declares; Ana's page has arrived, and Bo's waits because ops wants two minutes of peace.
async fn paged(live: &Live) {
    live.ops.faults.always(Fault::too_many("120"));
    live.done("cy", "/incident declare P1 checkout is down service:ledger").await;
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    eventually("both outcomes are recorded", BOUND, async || {
        let retried = live.events(1, "intent_retried").await.len() == 1;
        // The board's card and Ana's page.
        retried && live.events(1, "intent_done").await.len() == 2
    })
    .await;
}

fn key_of_anas_page(live: &Live) -> String {
    live.pagerduty.see(|v| v.alerts[0].dedup_key.clone())
}

fn link_of_anas_page(live: &Live) -> String {
    live.pagerduty.see(|v| {
        let links = v.requests[0].event["links"].as_array().cloned().unwrap_or_default();
        let link = links.iter().find(|l| l["text"].as_str().is_some_and(|t| t.starts_with("Acknowledge")));
        link.and_then(|l| l["href"].as_str()).unwrap_or_else(|| panic!("no link in {links:?}")).to_string()
    })
}

/// What a browser shows.
fn shown(page: &str) -> String {
    page.replace("&#x27;", "'").replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&")
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Command,
    Button,
    SignedLink,
    Api,
    AtPagerduty,
}

/// Ana takes it; what she is told.
async fn takes(live: &Live, way: Way) -> String {
    match way {
        Way::Command => live.done("ana", "/incident INC-1 ack").await,
        Way::Button => {
            let room = Room::sign_in(&live.serve, "ana").await;
            let page = room.get("/incidents/1").await;
            let answer = room.press(&page.body, "Acknowledge").await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            shown(&answer.body)
        }
        Way::SignedLink => {
            let answer = Answer::to(http_client().post(link_of_anas_page(live))).await.expect("the page answers");
            assert_eq!(answer.status, 200, "{}", answer.body);
            shown(&answer.body)
        }
        Way::Api => {
            let body = json!({"as": "ana"});
            let answer = live.serve.post_json("/api/v1/incidents/INC-1/ack", Some(API_TOKEN), &body).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.json()["text"].as_str().unwrap_or_default().to_string()
        }
        Way::AtPagerduty => {
            let said = live.pagerduty.acknowledged_by(ANA, &key_of_anas_page(live)).await;
            assert_eq!((said.status, said.result.as_str()), (202, "acknowledged"));
            String::new()
        }
    }
}

/// The decision's events without their places and times, and by which way.
async fn what_ana_did(live: &Live) -> (Vec<Value>, String) {
    let log = live.api("/api/v1/incidents/1/events?limit=500").await;
    let all = log["events"].as_array().cloned().unwrap_or_default();
    let by_ana = all.into_iter().filter(|e| e["actor"]["name"] == "ana");
    let mut via = String::new();
    let events = by_ana.map(|mut e| {
        via = e["actor"]["via"].as_str().unwrap_or_default().to_string();
        for place in ["seq", "at"] {
            e.as_object_mut().expect("an event").remove(place);
        }
        e["actor"].as_object_mut().expect("a person").remove("via");
        for intent in e["intents"].as_array_mut().into_iter().flatten() {
            // The sequence number of the acknowledgement itself.
            intent["what"].as_object_mut().expect("what").remove("about_seq");
        }
        e
    });
    (events.collect(), via)
}

#[tokio::test]
async fn it_is_the_same_act_by_every_way() {
    let ways = [
        (Way::Command, "the local token"),
        (Way::Button, "room"),
        (Way::SignedLink, "signed link"),
        (Way::Api, "api:panel"),
        (Way::AtPagerduty, "PagerDuty"),
    ];
    let mut first: Option<Vec<Value>> = None;
    for (way, via) in ways {
        let board = FakeWebhook::start("between firebell and ops");
        let live = start(&board).await;
        paged(&live).await;
        let told = takes(&live, way).await;
        let (events, by) = what_ana_did(&live).await;
        assert_eq!(by, via, "{way:?}");
        let kinds: Vec<_> = events.iter().map(|e| e["kind"].as_str().unwrap_or_default()).collect();
        assert_eq!(kinds, ["acknowledged", "intents_queued", "intents_cancelled", "intents_queued"], "{way:?}");
        assert_eq!(&events, first.get_or_insert(events.clone()), "{way:?}");
        if !matches!(way, Way::AtPagerduty) {
            for part in
                ["INC-1", "now. Nobody else is paged by itself.", "Not sent any more: page to @bo through webhook.ops"]
            {
                assert!(told.contains(part), "{way:?}: no \"{part}\" in {told}");
            }
        }
        // The others hear who has it.
        board
            .wait_until("the board is told", |i| {
                i.acted().any(|d| d.body["summary"].as_str().is_some_and(|s| s.ends_with("acknowledged by @ana")))
            })
            .await;
        live.pagerduty.wait_until("PagerDuty is told", |v| v.acted("acknowledge").count() == 1).await;
        assert_eq!(live.pagerduty.see(|v| v.alerts[0].status), Status::Acknowledged);
        live.ops.faults.none();
        live.finish().await;
    }
}

#[tokio::test]
async fn a_link_that_is_looked_at_by_scanners_does_nothing_until_somebody_presses() {
    let board = FakeWebhook::start("between firebell and ops");
    let live = start(&board).await;
    paged(&live).await;
    let (http, link) = (http_client(), link_of_anas_page(&live));
    for _ in 0..3 {
        let page = Answer::to(http.get(&link)).await.expect("the page opens");
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Acknowledge INC-1</button>"), "{}", page.body);
        assert_eq!(Answer::to(http.head(&link)).await.expect("it answers").status, 200);
    }
    assert_eq!(live.incident(1).await["acknowledged_by"], json!(null));
    // Bo's page is for Bo.
    let bos = live.ops.see(|i| i.deliveries[0].body["ack_link"].as_str().unwrap_or_default().to_string());
    assert_ne!(bos, link);
    let pressed = Answer::to(http.post(&bos)).await.expect("it answers");
    assert_eq!(pressed.status, 200);
    // Nobody has Bo's page; Ana has hers, and it cannot be taken back.
    let told = shown(&pressed.body);
    assert!(told.contains("Already sent and not to be taken back: @ana through pagerduty ("), "{told}");
    assert!(told.contains("They are told who has it."), "{told}");
    let by = live.incident(1).await["acknowledged_by"].clone();
    assert_eq!(by, json!({"by": "person", "name": "bo", "via": "signed link"}));
    assert_eq!(Answer::to(http.post(&bos)).await.expect("it answers").status, 200, "twice is no error");
    let late = Answer::to(http.post(&link)).await.expect("it answers");
    assert_eq!(late.status, 409);
    assert!(late.body.contains("@bo has INC-1"), "{}", late.body);
    assert_eq!(live.events(1, "acknowledged").await.len(), 1);
    assert!(!live.serve.log().contains(link.rsplit('/').next().expect("a token")), "no token is logged");
    live.ops.faults.none();
    live.finish().await;
}

#[tokio::test]
async fn acknowledged_at_pagerduty_survives_a_kill_and_its_echoes_do_nothing() {
    let board = FakeWebhook::start("between firebell and ops");
    let mut live = start(&board).await;
    paged(&live).await;
    let key = key_of_anas_page(&live);
    // Not theirs to say, and not ours to hear.
    let secret = live.serve.url() + "/pagerduty/webhook";
    live.pagerduty.subscribe(&secret, "another secret entirely");
    assert_eq!(live.pagerduty.acknowledged_by(ANA, &key).await.status, 401);
    live.pagerduty.subscribe(&secret, WEBHOOK_SECRET);
    let other = event("1", "acknowledged", "firebell-0123456789ab-INC-1-2", &agent(ANA));
    assert_eq!(live.pagerduty.deliver(&other).await.result, "not_ours");
    let ping = json!({"event": {"id": "p", "event_type": "pagey.ping", "resource_type": "pagey",
        "data": {"message": "Hello from your friend Pagey!", "type": "ping"}}});
    let ping = live.pagerduty.deliver(&ping).await;
    assert_eq!((ping.status, ping.result.as_str()), (202, "ignored"));
    assert_eq!(live.incident(1).await["acknowledged_by"], json!(null));

    let said = live.pagerduty.acknowledged_by(STRANGER, &key).await;
    assert_eq!((said.status, said.result.as_str()), (202, "acknowledged"));
    live.serve.kill9();
    live.ops.faults.none();
    live.serve.start_again().await;
    let incident = live.incident(1).await;
    let by = json!({"by": "person", "name": "ana", "via": "PagerDuty, by Tenex Engineer"});
    assert_eq!(incident["acknowledged_by"], by, "what was answered is durable");
    // PagerDuty delivers again what it is not sure of.
    let again = event("again", "acknowledged", &key, &agent(STRANGER));
    assert_eq!(live.pagerduty.deliver(&again).await.result, "already");
    live.pagerduty.wait_until("our own word arrives", |v| v.acted("acknowledge").count() >= 1).await;
    live.nothing_waits().await;
    // Killed between sending and the receipt, it says so again: once.
    let own_words = live.pagerduty.see(|v| v.acted("acknowledge").count());
    assert!(own_words <= 2, "no loop: {own_words}");

    // Resolved there: a note. Resolved here: told there, and said back by nobody.
    let noted = live.pagerduty.resolved_by(ANA, &key).await;
    assert_eq!((noted.status, noted.result.as_str()), (202, "noted"));
    assert_eq!(live.incident(1).await["status"], "investigating");
    let timeline = live.done("cy", "/incident INC-1 timeline").await;
    assert!(timeline.contains("INC-1 stays open until it is resolved here"), "{timeline}");
    live.done("cy", "/incident INC-1 resolve").await;
    live.nothing_waits().await;
    assert_eq!(live.pagerduty.see(|v| v.acted("acknowledge").count()), own_words, "no loop");
    live.finish().await;
}

#[tokio::test]
async fn what_firebell_tells_pagerduty_comes_back_as_an_echo_and_is_known_as_one() {
    let live = Live::start().await;
    live.pagerduty.subscribe(&format!("{}/pagerduty/webhook", live.serve.url()), WEBHOOK_SECRET);
    live.done("cy", "/incident declare P1 checkout is down").await;
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.done("cy", "/incident ack").await;
    live.pagerduty.wait_until("the echo is answered", |v| v.webhooks.len() == 1).await;
    live.done("cy", "/incident resolve").await;
    live.pagerduty.wait_until("and the other", |v| v.webhooks.len() == 2).await;
    live.pagerduty.see(|v| {
        for (said, kind) in v.webhooks.iter().zip(["incident.acknowledged", "incident.resolved"]) {
            assert_eq!((said.event_type.as_str(), said.status, said.result.as_str()), (kind, 202, "already"));
        }
    });
    let metrics = live.serve.get("/metrics").await.body;
    assert!(metrics.contains("firebell_pagerduty_webhooks_total{outcome=\"already\"} 2"), "{metrics}");
    live.finish().await;
}

#[tokio::test]
async fn the_buttons_of_the_room_are_nobodys_elses_and_resolve_as_well() {
    let live = Live::start().await;
    live.done("cy", "/incident declare P1 checkout is down").await;
    let room = Room::sign_in(&live.serve, "bo").await;
    let page = room.get("/incidents/1").await.body;
    let forged = page.replace("name=\"form\" value=\"", "name=\"form\" value=\"x");
    assert_eq!(room.press(&forged, "Acknowledge").await.status, 403);
    assert_eq!(live.incident(1).await["acknowledged_by"], json!(null));
    let page = room.press(&page, "Acknowledge").await;
    assert!(page.status == 200 && page.body.contains("@bo has INC-1 now."), "{}", page.body);
    assert!(!page.body.contains("<button>Acknowledge</button>"), "it is taken: {}", page.body);
    let page = room.press(&page.body, "Resolve").await;
    assert!(page.status == 200 && page.body.contains("INC-1 is resolved"), "{}", page.body);
    assert!(!page.body.contains("<button>Resolve</button>"), "it is over: {}", page.body);
    live.finish().await;
}

#[tokio::test]
async fn a_page_carries_the_same_link_on_every_try_and_after_a_restart() {
    let mut w = World::usual().await;
    w.ops.faults.always(Fault::status(503));
    w.says("cy", "/incident declare P1 checkout is down").await;
    w.says("cy", "/incident escalate").await;
    w.advance(10).await;
    w.restart_with(crate::conversation::world::USUAL);
    w.ops.faults.none();
    w.advance(30).await;
    let links: Vec<Value> = w.ops.see(|i| i.deliveries.iter().map(|d| d.body["ack_link"].clone()).collect());
    assert!(links.len() >= 3, "tried again and again: {links:?}");
    let first = links[0].as_str().expect("a link");
    assert!(first.starts_with("http://127.0.0.1:7911/ack/"), "{first}");
    assert!(links.iter().all(|l| *l == links[0]), "{links:?}");
    // What only tells how it went carries none.
    w.says("bo", "/incident ack").await;
    let last = w.ops.see(|i| i.deliveries.last().map(|d| (d.body["kind"].clone(), d.body["ack_link"].clone())));
    assert_eq!(last, Some((json!("page_acknowledged"), json!(null))));
    w.take_pages();
    w.refusals_meant = true;
    w.finish().await;
}

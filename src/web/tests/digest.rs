//! The digest room: what stakeholders read, live, of public incidents only.

use super::stream::Listener;
use super::*;

const SECRET: &str = "fraud inquiry";

async fn say(w: &World, id: IncidentId, input: Input) {
    w.clock.advance_s(1);
    w.app.act_on(id, input, &Actor::person("ana", "room")).await.unwrap();
}

fn update(text: &str) -> Input {
    Input::PostUpdate { text: text.into() }
}

/// What a page that follows shows in the end: keys in order of arrival, each once, and its words.
async fn follow(l: &mut Listener, enough: impl Fn(&[(String, String)]) -> bool) -> Vec<(String, String)> {
    let mut shown: Vec<(String, String)> = Vec::new();
    let read = |i: &Value| {
        let of = |key: &str| i[key].as_str().unwrap().to_string();
        (of("key"), format!("{} {}", of("what"), of("text")))
    };
    loop {
        let heard = l.next().await.expect("the stream goes on");
        match heard.name.as_str() {
            "digest" => shown = heard.data["items"].as_array().unwrap().iter().rev().map(read).collect(),
            "told" => {
                let item = read(&heard.data);
                shown.retain(|(key, _)| *key != item.0);
                shown.push(item);
            }
            other => panic!("{other}"),
        }
        if enough(&shown) {
            return shown;
        }
    }
}

#[tokio::test]
async fn the_digest_tells_what_stakeholders_read_and_not_what_responders_do() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    say(&w, id, Input::Acknowledge).await;
    say(&w, id, Input::Note { text: "the secret of the trade".into() }).await;
    say(&w, id, update("Cards fail.\nWe look at <the bank>.")).await;
    let severity = Severity::new("P2", "High", 2);
    say(&w, id, Input::SetSeverity { severity, reason: "one card only".into() }).await;
    say(&w, id, Input::Resolve { text: "rolled back".into() }).await;
    let (status, told) = w.read("/api/v1/digest").await;
    assert_eq!(status, 200, "{told}");
    let said: Vec<String> = told["digest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| format!("{} {}", t["what"].as_str().unwrap(), t["text"].as_str().unwrap()))
        .collect();
    let expected = [
        "resolved rolled back",
        "severity P2 now, it was P1 one card only",
        "update Cards fail.\nWe look at <the bank>.",
        "declared as P1 ",
    ];
    assert_eq!(said, expected);
    assert_eq!(told["digest"][0]["status"], "resolved");
    assert_eq!(told["digest"][3]["severity"]["level"], "P2", "as it stands now");
    let (_, page) = w.page("/digest", &w.sign_in("bo", false).await).await;
    assert!(page.contains("We look at &lt;the bank&gt;.") && page.contains("one card only"));
    assert!(!page.contains("the secret of the trade"));
    assert_eq!(w.read("/api/v1/digest?limit=1").await.1["digest"].as_array().unwrap().len(), 1);
    assert_eq!(w.read("/api/v1/digest?limit=501").await.0, 400);
}

#[tokio::test]
async fn a_private_incident_is_never_in_the_digest_of_anybody() {
    let w = World::new().await;
    let open = w.declare("checkout is down", false).await;
    let (ana, root) = (w.sign_in("ana", false).await, w.sign_in("root", true).await);
    let mut l = Listener::open(&w, "/digest/stream", &ana, None).await;
    let hidden = w.declare(SECRET, true).await;
    say(&w, hidden, update(SECRET)).await;
    say(&w, hidden, Input::Resolve { text: SECRET.into() }).await;
    say(&w, open, update("the last word")).await;
    let shown = follow(&mut l, |s| s.iter().any(|(_, words)| words.contains("the last word"))).await;
    assert!(shown.iter().all(|(key, words)| key.starts_with("1-") && !words.contains(SECRET)), "{shown:?}");
    for session in [&ana, &root] {
        let (status, page) = w.page("/digest", session).await;
        assert!(status == 200 && page.contains("the last word") && !page.contains(SECRET));
    }
    let (_, told) = answer(w.get("/api/v1/digest?limit=500").bearer_auth(LOCAL)).await;
    assert!(!told.to_string().contains(SECRET));
}

#[tokio::test]
async fn an_open_page_shows_each_thing_once_and_in_its_order_also_in_a_burst() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let bo = w.sign_in("bo", false).await;
    let mut l = Listener::open(&w, "/digest/stream", &bo, None).await;
    for n in 1..=40 {
        say(&w, id, update(&format!("update {n}"))).await;
    }
    let is_last = |s: &[(String, String)]| s.last().is_some_and(|(_, words)| words == "update update 40");
    let shown = follow(&mut l, is_last).await;
    let words: Vec<&str> = shown.iter().map(|(_, words)| words.as_str()).collect();
    let mut expected = vec!["declared as P1 ".to_string()];
    expected.extend((1..=40).map(|n| format!("update update {n}")));
    assert_eq!(words, expected);
    // Who comes later, or comes back, has the same.
    let mut late = Listener::open(&w, "/digest/stream", &bo, None).await;
    assert_eq!(follow(&mut late, is_last).await, shown);
    // And whoever is nobody has nothing.
    assert_eq!(w.get("/digest/stream").send().await.unwrap().status(), 401);
}

//! Live pages: nothing missing, nothing twice, and an end when the session or the server ends.

use super::*;
use futures_util::StreamExt;

/// What a browser's EventSource makes of a stream.
pub struct Listener {
    stream: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<axum::body::Bytes>> + Send>>,
    buffer: String,
}

pub struct Heard {
    pub name: String,
    id: Option<i64>,
    pub data: Value,
}

impl Listener {
    pub async fn open(w: &World, path: &str, session: &str, last: Option<i64>) -> Listener {
        let mut request = w.get(path).header("cookie", format!("firebell_session={session}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Listener { stream: Box::pin(response.bytes_stream()), buffer: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        let heard = async {
            loop {
                while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                    let field = |name: &str| block.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
                    let heard = field("event:").map(|event| Heard {
                        name: event.to_string(),
                        id: field("id:").map(|id| id.parse().unwrap()),
                        data: serde_json::from_str(field("data:").unwrap()).unwrap(),
                    });
                    self.buffer = rest.to_string();
                    if heard.is_some() {
                        return heard;
                    }
                }
                match self.stream.next().await {
                    Some(Ok(bytes)) => self.buffer.push_str(std::str::from_utf8(&bytes).unwrap()),
                    Some(Err(_)) | None => return None,
                }
            }
        };
        tokio::time::timeout(BOUND, heard).await.expect("an event or the end of the stream")
    }

    /// Entries until the one with this number; their numbers.
    pub(super) async fn entries_to(&mut self, seq: i64) -> Vec<i64> {
        let mut seen = Vec::new();
        while seen.last() != Some(&seq) {
            let heard = self.next().await.expect("the stream goes on");
            if heard.name == "entry" {
                assert_eq!(heard.data["seq"].as_i64(), heard.id);
                seen.push(heard.id.unwrap());
            }
        }
        seen
    }

    pub(super) async fn until(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let heard = self.next().await.expect("the stream goes on");
            assert!(name == "reset" || heard.name != "reset", "the page is made to start afresh");
            if heard.name == name && fits(&heard.data) {
                return heard.data;
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_comes_back_misses_nothing_and_gets_nothing_twice() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let mut last = w.note(id, "before").await;
    let mut seen = Vec::new();
    for round in 0..5 {
        let resume = seen.last().copied();
        // Somebody writes while the browser is away, while it connects and while it listens.
        w.note(id, "while away").await;
        let writing = async {
            for n in 0..20 {
                last = w.note(id, &format!("round {round} note {n}")).await;
            }
            last
        };
        let listening = Listener::open(&w, "/incidents/1/stream", &ana, resume);
        let (upto, mut stream) = tokio::join!(writing, listening);
        seen.extend(stream.entries_to(upto).await);
    }
    assert_eq!(seen, (1..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_the_browser_last_saw_is_newer_than_the_address_it_came_with() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    for _ in 0..10 {
        w.note(id, "x").await;
    }
    let head = w.note(id, "last").await;
    let mut stream = Listener::open(&w, "/incidents/1/stream?after=3", &ana, None).await;
    assert_eq!(stream.entries_to(head).await, (4..=head).collect::<Vec<_>>());
    let mut stream = Listener::open(&w, "/incidents/1/stream?after=3", &ana, Some(head - 2)).await;
    assert_eq!(stream.entries_to(head).await, [head - 1, head]);
    // Somebody who has seen more than there is starts afresh.
    let mut stream = Listener::open(&w, "/incidents/1/stream", &ana, Some(9_999)).await;
    stream.until("reset", |_| true).await;
}

#[tokio::test]
async fn a_page_of_a_long_incident_is_not_made_to_start_afresh_while_its_stream_catches_up() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let mut head = 0;
    // More than a feed reads at once.
    for n in 0..1_010 {
        head = w.note(id, &format!("note {n}")).await;
    }
    let mut stream = Listener::open(&w, &format!("/incidents/1/stream?after={head}"), &ana, None).await;
    stream.until("standing", |_| true).await;
    let next = w.note(id, "news").await;
    let heard = stream.next().await.expect("the stream goes on");
    let heard = if heard.name == "standing" { stream.next().await.expect("the stream goes on") } else { heard };
    assert_eq!((heard.name.as_str(), heard.id), ("entry", Some(next)));
}

#[tokio::test]
async fn two_browsers_see_the_same_and_the_headline_moves() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    w.declare("checkout is down", false).await;
    let mut one = Listener::open(&w, "/incidents/1/stream", &ana, None).await;
    let mut two = Listener::open(&w, "/incidents/1/stream", &bo, None).await;
    assert_eq!(
        w.room_say(&ana, "INC-1", "note <b>hello\r\nid: 99\n\nevent: forged").send().await.unwrap().status(),
        200
    );
    let text = one.until("entry", |e| e["text"].as_str().unwrap().contains("hello")).await;
    assert_eq!(two.until("entry", |e| e["text"].as_str().unwrap().contains("hello")).await, text);
    assert!(text["text"].as_str().unwrap().contains("<b>hello"));
    assert_eq!(w.write("/api/v1/incidents/1/ack", json!({ "as": "bo" })).await.status(), 200);
    let standing = one.until("standing", |s| s["headline"].as_str().unwrap().contains("bo has it")).await;
    assert_eq!(standing["open"], true);
}

#[tokio::test]
async fn the_list_moves_and_shows_private_rows_to_those_in_them_only() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    w.declare("first", false).await;
    let mut hers = Listener::open(&w, "/stream", &ana, None).await;
    let mut his = Listener::open(&w, "/stream", &bo, None).await;
    for stream in [&mut hers, &mut his] {
        let list = stream.until("list", |_| true).await;
        assert_eq!(list["open"][0]["title"], "first");
    }
    w.declare("fraud inquiry", true).await;
    w.declare("second", false).await;
    hers.until("row", |r| r["title"] == "fraud inquiry").await;
    let row = his.until("row", |r| r["number"] != 1).await;
    assert_eq!((&row["title"], &row["open"]), (&json!("second"), &json!(true)));
    w.write("/api/v1/incidents/3/resolve", json!({})).await;
    his.until("row", |r| r["number"] == 3 && r["open"] == false).await;
    // Whoever connects later gets the list as it is by then.
    let mut later = Listener::open(&w, "/stream", &bo, None).await;
    let list = later.until("list", |_| true).await;
    assert_eq!((list["open"].as_array().unwrap().len(), &list["recent"][0]["title"]), (1, &json!("second")));
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    let id = w.declare("checkout is down", false).await;
    let mut hers = Listener::open(&w, "/incidents/1/stream", &ana, None).await;
    let mut his = Listener::open(&w, "/incidents/1/stream", &bo, None).await;
    let mut list = Listener::open(&w, "/stream", &ana, None).await;
    hers.until("standing", |_| true).await;
    list.until("list", |_| true).await;
    let out = w
        .post("/signout")
        .header("cookie", format!("firebell_session={ana}"))
        .header("x-firebell", "1")
        .header("origin", &w.url);
    assert_eq!(out.send().await.unwrap().status(), 303);
    while hers.next().await.is_some() {}
    while list.next().await.is_some() {}
    let seq = w.note(id, "still going").await;
    assert_eq!(his.entries_to(seq).await.last(), Some(&seq));
}

#[tokio::test]
async fn the_server_stops_with_streams_open_and_lets_requests_finish() {
    let mut w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout is down", false).await;
    let mut stream = Listener::open(&w, "/incidents/1/stream", &ana, None).await;
    stream.until("standing", |_| true).await;
    w.stop.send(true).unwrap();
    while stream.next().await.is_some() {}
    tokio::time::timeout(BOUND, &mut w.served).await.expect("the server ends").unwrap().unwrap();
    assert!(w.get("/health").send().await.is_err());
}

#[tokio::test]
async fn beyond_the_last_seat_a_stream_is_refused_and_pages_still_read() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout is down", false).await;
    let seats = w.web.hub().take_all_seats();
    let request = || w.get("/incidents/1/stream").header("cookie", format!("firebell_session={ana}"));
    let full = request().send().await.unwrap();
    assert_eq!((full.status().as_u16(), &full.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(code(&full.json().await.unwrap()), "too_many_streams");
    assert_eq!(w.page("/incidents/1", &ana).await.0, 200);
    drop(seats);
    assert_eq!(request().send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_feed_goes_when_nobody_looks_on() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let feed = w.web.hub().feed(id);
    let weak = Arc::downgrade(&feed);
    let mut at = feed.watch();
    tokio::time::timeout(BOUND, at.wait_for(|at| at.seq > 0)).await.unwrap().unwrap();
    drop(at);
    drop(feed);
    // The task that keeps it up may hold it for the moment of one read.
    let gone = async {
        while weak.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BOUND, gone).await.expect("the feed is gone");
}

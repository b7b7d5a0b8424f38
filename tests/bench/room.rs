//! The room with many incidents stored: how soon each kind of page begins to arrive, how much travels for it with all
//! that it loads, as a browser asks for it; and how long a message takes to everybody who follows one incident.

use crate::commands::config;
use crate::figures::{cpu_s, percentiles, resident_mb};
use crate::harness::serve::Serve;
use crate::http::Client;
use crate::machine;
use crate::sink::{Sink, title_in};
use crate::timers::{each, each_of, quiet};
use serde_json::{Map, Value, json};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Of the stored incidents, these are open.
const OPEN: usize = 200;
/// Entries of the long incident's timeline, at least.
const LONG: usize = 500;
/// How often each page is asked for.
const LOOKS: usize = 300;
/// Messages to the followers, and the time between two.
const MESSAGES: usize = 100;
const PACE: Duration = Duration::from_millis(150);

pub async fn run(stored: u64, followers: u64) -> Value {
    let (_sink, url) = Sink::start(title_in).await;
    let serve = Serve::start(&config(&url, "")).await;
    let ids = each(&serve, stored as usize, |n| {
        ("/api/v1/incidents".to_string(), format!("{{\"severity\":\"P1\",\"title\":\"bench-{n} checkout is slow\"}}"))
    })
    .await;
    let ended = ids.iter().take(ids.len().saturating_sub(OPEN));
    each_of(&serve, ended, |id| (format!("/api/v1/incidents/{id}/resolve"), "{}".to_string())).await;
    let long = ids.last().expect("some are stored").clone();
    let note = "looked at the graphs of the database: connections go up since the last release".to_string();
    each(&serve, LONG, |n| {
        (format!("/api/v1/incidents/{long}/notes"), json!({ "text": format!("{note} {n}") }).to_string())
    })
    .await;
    quiet(&serve).await;
    let session = sign_in(&serve).await;
    let number = long.trim_start_matches("INC-").to_string();
    let pages = pages(&serve, &session, &number).await;
    let live = live(&serve, &session, &long, &number, followers as usize).await;
    json!({
        "benchmark": "room", "machine": machine(), "stored": ids.len(), "open": OPEN, "entries_of_the_long_one": LONG,
        "pages": pages, "live": live, "server_resident_mb": resident_mb(serve.id()),
    })
}

/// Signs in as a browser does; the session's cookie.
async fn sign_in(serve: &Serve) -> String {
    let (address, token) = (serve.url().replace("http://", ""), serve.token());
    let mut http = Client::connect(&address, &token).await.expect("it listens");
    let made = http.post("/api/v1/invitations", "{\"person\":\"ana\"}").await.expect("a link");
    let made: Value = serde_json::from_slice(&made.body).expect("JSON");
    let link = made.get("url").and_then(Value::as_str).expect("a link").to_string();
    let token = link.split_once("token=").expect("a token").1;
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.expect("a client");
    let page = client.get(&link).send().await.expect("a page");
    let press = cookie(&page, "firebell_press");
    let pressed = client
        .post(serve.url() + "/signin")
        .header("cookie", format!("firebell_press={press}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("token={token}&press={press}"));
    cookie(&pressed.send().await.expect("an answer"), "firebell_session")
}

fn cookie(answer: &reqwest::Response, name: &str) -> String {
    let all = answer.headers().get_all("set-cookie").into_iter().filter_map(|v| v.to_str().ok());
    let line = all.into_iter().find_map(|l| l.strip_prefix(&format!("{name}="))).expect("the cookie");
    line.split(';').next().unwrap_or_default().to_string()
}

/// What came back: when its first byte did, and how many there were, head and all.
struct Page {
    first_byte: Duration,
    bytes: usize,
    body: Vec<u8>,
    packed: bool,
}

struct Browser {
    stream: TcpStream,
    host: String,
    session: String,
}

impl Browser {
    async fn open(serve: &Serve, session: &str) -> Browser {
        let host = serve.url().replace("http://", "");
        let stream = TcpStream::connect(&host).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        Browser { stream, host, session: session.to_string() }
    }

    fn request(&self, path: &str, accept: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: firebell_session={}\r\naccept: {accept}\r\naccept-encoding: gzip, deflate\r\n\r\n",
            self.host, self.session
        )
    }

    async fn get(&mut self, path: &str) -> io::Result<Page> {
        let request = self.request(path, "text/html,*/*");
        let began = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        let mut buffer = Vec::with_capacity(64 * 1024);
        let mut first_byte = None;
        loop {
            if self.stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let first_byte = *first_byte.get_or_insert_with(|| began.elapsed());
            let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4) else { continue };
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
            let length = head.lines().find_map(|l| l.strip_prefix("content-length:")).map(str::trim);
            let length: usize = length.and_then(|v| v.parse().ok()).expect("a length");
            if buffer.len() >= end + length {
                let packed = head.contains("content-encoding: gzip");
                return Ok(Page { first_byte, bytes: buffer.len(), body: buffer.split_off(end), packed });
            }
        }
    }
}

fn text_of(page: &Page) -> String {
    let mut text = String::new();
    match page.packed {
        true => {
            let mut unpacked = flate2::read::GzDecoder::new(&page.body[..]);
            std::io::Read::read_to_string(&mut unpacked, &mut text).expect("gzip");
        }
        false => text.push_str(std::str::from_utf8(&page.body).expect("text")),
    }
    text
}

/// The values of an attribute that name what the page loads.
fn loads(page: &str) -> Vec<String> {
    let head = page.split("</head>").next().unwrap_or_default();
    let values = ["href=\"/", "src=\"/"].into_iter().flat_map(|mark| head.split(mark).skip(1));
    values.filter_map(|rest| rest.split('"').next()).map(|path| format!("/{path}")).collect()
}

async fn pages(serve: &Serve, session: &str, long: &str) -> Value {
    let mut browser = Browser::open(serve, session).await;
    let mut all = Map::new();
    for (name, path) in [
        ("list", "/".to_string()),
        ("incident", "/incidents/1".to_string()),
        ("long_incident", format!("/incidents/{long}")),
        ("board", "/board".to_string()),
        ("postmortem", format!("/incidents/{long}/postmortem?format=html")),
        ("sessions", "/sessions".to_string()),
        ("figures", "/figures".to_string()),
        ("digest", "/digest".to_string()),
    ] {
        let mut took = Vec::with_capacity(LOOKS);
        let mut last = None;
        for _ in 0..LOOKS {
            let page = browser.get(&path).await.expect("a page");
            took.push(page.first_byte);
            last = Some(page);
        }
        let page = last.expect("it was asked for");
        let text = text_of(&page);
        let mut assets = 0;
        for path in loads(&text) {
            assets += browser.get(&path).await.expect("an asset").bytes;
        }
        let figures = json!({
            "first_byte": percentiles(&mut took), "page_bytes": page.bytes, "unpacked_bytes": text.len(),
            "asset_bytes": assets, "bytes_in_all": page.bytes + assets,
        });
        all.insert(name.to_string(), figures);
    }
    Value::Object(all)
}

/// Everybody follows one incident; what somebody says there has to reach all of them.
async fn live(serve: &Serve, session: &str, id: &str, number: &str, followers: usize) -> Value {
    let said: Arc<Vec<std::sync::OnceLock<Instant>>> = Arc::new((0..MESSAGES).map(|_| Default::default()).collect());
    let connected = Arc::new(AtomicUsize::new(0));
    let (address, token) = (serve.url().replace("http://", ""), serve.token());
    // From here on only what is new: everybody has read the page already.
    let mut http = Client::connect(&address, &token).await.expect("it listens");
    let log = http.get(&format!("/api/v1/incidents/{id}")).await.expect("an answer");
    let log: Value = serde_json::from_slice(&log.body).expect("JSON");
    let after = log.pointer("/incident/seq").and_then(Value::as_i64).expect("a number");
    let mut tasks = Vec::with_capacity(followers);
    for _ in 0..followers {
        let browser = Browser::open(serve, session).await;
        let (said, connected) = (said.clone(), connected.clone());
        let path = format!("/incidents/{number}/stream?after={after}");
        tasks.push(tokio::spawn(async move { follow(browser, &path, &said, &connected).await }));
    }
    while connected.load(Ordering::Relaxed) < followers {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cpu_before = cpu_s(serve.id());
    let began = Instant::now();
    for (n, slot) in said.iter().enumerate() {
        let due = began + PACE * n as u32;
        tokio::time::sleep_until(due.into()).await;
        let _ = slot.set(Instant::now());
        let body = json!({ "text": format!("bench-follow-{n}-end") }).to_string();
        let answer = http.post(&format!("/api/v1/incidents/{id}/notes"), &body).await.expect("an answer");
        assert!((200..300).contains(&answer.status), "{}", answer.status);
    }
    let mut took = Vec::with_capacity(followers * MESSAGES);
    for task in tasks {
        let heard = tokio::time::timeout(Duration::from_secs(30), task).await.expect("everybody hears all");
        took.extend(heard.expect("no panic"));
    }
    let cpu = (cpu_s(serve.id()) - cpu_before) / began.elapsed().as_secs_f64();
    json!({
        "followers": followers, "messages": MESSAGES, "messages_per_second": 1.0 / PACE.as_secs_f64(),
        "said_to_seen": percentiles(&mut took), "server_cpu_cores": (cpu * 100.0).round() / 100.0,
    })
}

/// Reads until every message has come; how long each took since it was said.
async fn follow(
    mut browser: Browser,
    path: &str,
    said: &[std::sync::OnceLock<Instant>],
    connected: &AtomicUsize,
) -> Vec<Duration> {
    let request = browser.request(path, "text/event-stream");
    browser.stream.write_all(request.as_bytes()).await.expect("a connection");
    let mut buffer = Vec::with_capacity(8 * 1024);
    let mut took = Vec::with_capacity(said.len());
    let mut greeted = false;
    loop {
        let read = browser.stream.read_buf(&mut buffer).await.expect("a connection");
        assert!(read > 0, "the stream ended after {} messages", took.len());
        let now = Instant::now();
        // The first standing says that it is up to date.
        if !greeted && buffer.windows(8).any(|w| w == b"standing") {
            greeted = true;
            connected.fetch_add(1, Ordering::Relaxed);
        }
        loop {
            let wanted = format!("bench-follow-{}-end", took.len());
            let Some(at) = buffer.windows(wanted.len()).position(|w| w == wanted.as_bytes()) else { break };
            let since = said[took.len()].get().expect("it was said before it was heard");
            took.push(now.duration_since(*since));
            buffer.drain(..at + wanted.len());
            if took.len() == said.len() {
                return took;
            }
        }
    }
}

//! Whether a private incident can be told from one that never was. Two houses are the same but for two private
//! incidents in one of them; an outsider asks both for everything there is (every address of the route table, every
//! command of theirs) and has to get the same answers, byte for byte. What is added to either table is asked too.

use super::super::routes::{self, Route};
use super::*;
use crate::commands::{self, COMMANDS};
use firebell_domain::directory::Person;
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};

/// Words that stand in the private incidents and nowhere else: title, messages, severity's reason, role, action item,
/// page, the end of one, what a command said.
const MARKS: [&str; 11] = [
    "quokka-title",
    "quokka-note",
    "quokka-update",
    "quokka-status",
    "quokka-severity",
    "quokka-role",
    "quokka-item",
    "quokka-page",
    "quokka-ended",
    "quokka-resolution",
    "quokka-output",
];
/// In both houses: something to compare with. They have numbers 1 and 2; the private ones, where they are, 3 and 4.
const PUBLIC: [&str; 7] = [
    "/incident declare P1 checkout is down service:payments",
    "/incident INC-1 note the graphs are red",
    "/incident INC-1 action raise the limit @ana by 2027-12-01",
    "/incident INC-1 role scribe @ana",
    "/incident INC-1 ack",
    "/incident INC-1 update cards do not work",
    "/incident declare P1 mail is slow",
];
const PRIVATE: [&str; 12] = [
    "/incident declare P2 quokka-title service:payments private",
    "/incident INC-3 note quokka-note",
    "/incident INC-3 update quokka-update",
    "/incident INC-3 status identified quokka-status",
    "/incident INC-3 severity P1 quokka-severity",
    "/incident INC-3 role quokka-role @bo",
    "/incident INC-3 action quokka-item @bo by 2027-12-01",
    "/incident INC-3 ack",
    "/incident INC-3 page @bo quokka-page",
    "/incident declare P2 quokka-ended service:payments private",
    "/incident INC-4 resolve quokka-resolution",
    "/incident INC-4 postmortem in review",
];
/// Asked of every address that is read; one that does not know them says so in both houses.
const QUERIES: [&str; 10] = [
    "",
    "?all=1",
    "?as=cy",
    "?open=true&as=cy",
    "?open=false&as=cy&limit=1",
    "?as=cy&format=json",
    "?as=cy&format=html",
    "?format=json",
    "?format=html",
    "?format=csv",
];
/// The only addresses that may differ: how much waits for a pager and whether it goes out is the machine's health, and
/// whoever keeps it running has to see it for private incidents too. They name none.
const HEALTH: [&str; 2] = ["/metrics", "/health/components"];

struct Real;

impl Speak for Real {
    fn say<'a>(
        &'a self,
        app: &'a App,
        speaker: &'a Speaker,
        room: Option<IncidentId>,
        text: &'a str,
    ) -> BoxFuture<'a, Result<Said, ActError>> {
        Box::pin(async move {
            let (person, via, admin) = (speaker.person.clone(), speaker.via.clone(), speaker.admin);
            let said = commands::say(app, &commands::Speaker { person, via, admin, place: None }, room, text).await?;
            Ok(Said { text: said.text, incident: said.incident, data: said.data })
        })
    }

    fn completion(&self) -> Value {
        commands::completion()
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum As {
    Nobody,
    /// Signed in.
    Session,
    /// With the token of the machine, for whom the query or the body says.
    Local,
    /// A program, whoever it says that it speaks for.
    Program,
}

const OUTSIDERS: [As; 4] = [As::Nobody, As::Session, As::Local, As::Program];

#[derive(Clone, Debug, PartialEq)]
struct Heard {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

struct House {
    w: World,
    /// A signed-in person's cookie.
    session: String,
}

impl House {
    async fn new(person: &str, private: bool) -> House {
        let mut directory = directory();
        for name in ["ana", "bo", "cy"] {
            let contact_methods = vec!["pagerduty".into()];
            let person = Person { name: name.to_string(), time_zone: chrono_tz::UTC, contact_methods };
            directory.people.insert(name.into(), person);
        }
        let w = World::of(Arc::new(Real), directory).await;
        let ana = commands::Speaker { person: "ana".into(), via: "room".into(), admin: false, place: None };
        for text in PUBLIC.iter().chain(PRIVATE.iter().filter(|_| private)) {
            commands::say(&w.app, &ana, None, text).await.unwrap_or_else(|e| panic!("{text}: {e:?}"));
        }
        for id in [1, 3].into_iter().filter(|id| private || *id == 1) {
            super::runs::half_run(&w, IncidentId(id), if id == 1 { "what is public" } else { "quokka-output" }).await;
        }
        let session = w.sign_in(person, false).await;
        House { w, session }
    }

    fn by(&self, request: RequestBuilder, who: As) -> RequestBuilder {
        match who {
            As::Nobody => request,
            As::Session => request
                .header("cookie", format!("firebell_session={}", self.session))
                .header("x-firebell", "1")
                .header("origin", &self.w.url),
            As::Local => request.bearer_auth(LOCAL),
            As::Program => request.bearer_auth(DEPLOY),
        }
    }

    async fn get(&self, path: &str, who: As) -> Heard {
        self.heard(self.by(self.w.get(path), who)).await
    }

    async fn post(&self, path: &str, who: As, body: &Value) -> Heard {
        self.heard(self.by(self.w.post(path), who).json(body)).await
    }

    /// What was answered, without what is drawn by lot for each sign-in and each request.
    async fn heard(&self, request: RequestBuilder) -> Heard {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let said = |n: &str| !matches!(n, "date" | "x-request-id" | "content-length" | "set-cookie" | "etag");
        let headers = response.headers().iter().filter(|(n, _)| said(n.as_str()));
        let headers = headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_string())).collect();
        let live = response.headers().get("content-type").is_some_and(|t| t == "text/event-stream");
        // Streams never end: they are swept by themselves.
        let body = if live { String::new() } else { String::from_utf8_lossy(&response.bytes().await.unwrap()).into() };
        Heard { status, headers, body: without_lots(&body) }
    }

    /// The number of the last event of each private incident.
    async fn private_seqs(&self) -> Vec<i64> {
        let mut all = Vec::new();
        for id in [IncidentId(3), IncidentId(4)] {
            all.push(self.w.app.store().incident(id).await.unwrap().map_or(0, |l| l.incident.seq));
        }
        all
    }
}

/// Tokens of 32 random bytes, in hexadecimal or base64, and the beginning that names a session, replaced.
fn without_lots(text: &str) -> String {
    let mut out = String::new();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        let names_a_session = token.len() == 16 && token.bytes().all(|b| b.is_ascii_hexdigit());
        out.push_str(if matches!(token.len(), 43 | 64) || names_a_session { "LOT" } else { token });
        let next = after.chars().next().map_or(0, char::len_utf8);
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

fn marks_in(text: &str) -> Vec<&'static str> {
    MARKS.into_iter().filter(|m| text.contains(m)).collect()
}

/// A route's address with everything that may stand in it: both public incidents' numbers, both private ones', written
/// in every way, and one that never was.
fn addresses(route: &Route) -> Vec<String> {
    let Some((front, rest)) = route.path.split_once('{') else { return vec![route.path.to_string()] };
    let (name, back) = rest.split_once('}').expect("a parameter ends");
    let stands: &[&str] = match name {
        "id" => &["1", "2", "3", "4", "INC-3", "inc-4", "99"],
        _ => &["1", "3", "4", "INC-3", "quokka", "room.css"],
    };
    // A run of an incident, the one there is and one that never was; and of its files none.
    let mut backs = vec![back.to_string()];
    for (name, stand) in [("{no}", &["1", "9"][..]), ("{place}", &["0", "x"]), ("{name}", &["up.png"])] {
        backs = backs.iter().flat_map(|b| stand.iter().map(move |s| b.replace(name, s))).collect();
        backs.dedup();
    }
    assert!(!backs[0].contains('{'), "{}: a parameter more; teach the sweep all of them", route.path);
    stands.iter().flat_map(|s| backs.iter().map(move |back| format!("{front}{s}{back}"))).collect()
}

fn names_a_private_one(address: &str) -> bool {
    let last = |n: &str| address.split('/').any(|part| part.to_lowercase().trim_start_matches("inc-") == n);
    last("3") || last("4")
}

/// What is not the same, as a sentence each.
#[derive(Default)]
struct Leaks(Vec<String>);

impl Leaks {
    fn compare(&mut self, what: &str, without: &Heard, with: &Heard) {
        let marks = marks_in(&format!("{:?} {}", with.headers, with.body));
        if !marks.is_empty() {
            self.0.push(format!("{what}: shows {marks:?}"));
        }
        if without != with {
            let (a, b) = (format!("{without:?}"), format!("{with:?}"));
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count().saturating_sub(60);
            let shown = |text: &str| text.chars().skip(same).take(300).collect::<String>();
            self.0.push(format!("{what}: differs\n  without: …{}…\n  with:    …{}…", shown(&a), shown(&b)));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{} leaks:\n{}", self.0.len(), self.0.join("\n"));
    }
}

#[tokio::test]
async fn every_address_answers_an_outsider_as_if_the_private_incidents_had_never_been() {
    let (without, with) = (House::new("cy", false).await, House::new("cy", true).await);
    let (mut leaks, mut asked) = (Leaks::default(), 0);
    for route in routes::all().iter().filter(|r| r.method == "get" && !HEALTH.contains(&r.path)) {
        for address in addresses(route) {
            for query in QUERIES {
                for who in OUTSIDERS {
                    let path = format!("{address}{query}");
                    let (a, b) = (without.get(&path, who).await, with.get(&path, who).await);
                    leaks.compare(&format!("GET {path} as {who:?}"), &a, &b);
                    if names_a_private_one(&address) && route.path.contains("{id}") && b.status < 400 {
                        // Without a session every address shows the same page: sign in first.
                        let welcome = b.body.contains("You are not signed in");
                        assert!(welcome && who != As::Session, "{path} as {who:?} was answered with {}", b.status);
                    }
                    asked += 1;
                }
            }
        }
    }
    // A program speaks for nobody, also where it says that it does.
    for path in ["/api/v1/incidents", "/api/v1/incidents/3", "/api/v1/incidents/3/events"] {
        let path = format!("{path}?as=ana");
        let (a, b) = (without.get(&path, As::Program).await, with.get(&path, As::Program).await);
        leaks.compare(&format!("GET {path} by a program"), &a, &b);
    }
    assert!(asked > 1_000, "only {asked} were asked");
    leaks.none();
}

#[tokio::test]
async fn the_machines_health_names_no_private_incident_and_counts_only_what_waits() {
    let (without, with) = (House::new("cy", false).await, House::new("cy", true).await);
    for path in HEALTH {
        for who in OUTSIDERS {
            assert_eq!(marks_in(&with.get(path, who).await.body), [""; 0], "{path}");
        }
    }
    let health = async |house: &House| {
        let mut all: Value = serde_json::from_str(&house.get("/health/components", As::Nobody).await.body).unwrap();
        let outbox = all["components"].as_object_mut().unwrap().remove("outbox").unwrap();
        (all, outbox)
    };
    let ((a, few), (b, more)) = (health(&without).await, health(&with).await);
    assert_eq!(a, b);
    assert_ne!(few, more, "what waits for a pager is seen whoever it is about");
}

/// What is sent to an address that changes something. One that is not listed is sent the last of these.
fn bodies(path: &str) -> Vec<Value> {
    let last = path.rsplit('/').next().unwrap_or_default();
    match last {
        "ack" => vec![json!({ "as": "cy" })],
        "notes" => vec![json!({ "as": "cy", "text": "hello" })],
        "status" => vec![json!({ "as": "cy", "status": "identified", "text": "hello" })],
        "resolve" => vec![json!({ "as": "cy", "text": "hello" })],
        "say" => ["INC-1", "INC-3", "INC-4", "INC-99"]
            .map(|room| json!({ "room": room, "text": "note hello" }))
            .into_iter()
            .collect(),
        _ => vec![json!({}), json!({ "text": "hello" })],
    }
}

#[tokio::test]
async fn nothing_that_an_outsider_sends_reaches_a_private_incident_or_tells_of_one() {
    let (without, with) = (House::new("cy", false).await, House::new("cy", true).await);
    let before = with.private_seqs().await;
    let (mut leaks, mut hidden) = (Leaks::default(), BTreeSet::new());
    // Ended sessions compare nothing: that comes last.
    let mut all: Vec<Route> = routes::all().into_iter().filter(|r| r.method != "get").collect();
    all.sort_by_key(|r| r.path.contains("sign"));
    for route in &all {
        // Declaring gives the next number, and that one was taken is no secret.
        let declares = route.path == "/api/v1/incidents";
        for address in addresses(route).into_iter().filter(|_| !declares) {
            for body in bodies(route.path) {
                for who in OUTSIDERS {
                    let (a, b) = (without.post(&address, who, &body).await, with.post(&address, who, &body).await);
                    leaks.compare(&format!("POST {address} {body} as {who:?}"), &a, &b);
                    if names_a_private_one(&address) && b.status == 404 {
                        hidden.insert(route.path);
                    }
                }
            }
        }
    }
    leaks.none();
    assert!(hidden.len() >= 4, "those that act on an incident say that there is none: {hidden:?}");
    assert_eq!(with.private_seqs().await, before);
}

/// Every command as its own help shows it, about the room's incident, a public one and each private one.
fn every_command() -> Vec<String> {
    let mut all = Vec::new();
    // Declaring gives the next number, and that one was taken is no secret.
    for spec in COMMANDS.iter().rev().map(|c| c.spec).filter(|s| s.verb != "declare") {
        for example in spec.examples {
            let about = |no: &str| example.replace("INC-43", "INC-1").replace("INC-42", no);
            all.extend([about("INC-3"), about("INC-4"), about("INC-1"), about("INC-99")]);
            if let Some(rest) = example.strip_prefix("/incident ").filter(|r| !r.starts_with("INC-")) {
                all.extend(["INC-3", "INC-4"].map(|no| format!("/incident {no} {rest}")));
            }
        }
        all.extend(["INC-3", "INC-4"].map(|no| format!("/incident {} {no}", spec.verb)));
    }
    all.extend(["/incident", "/incident INC-3", "/incident INC-3 nonsense", "/incident merge INC-3"].map(String::from));
    all
}

#[tokio::test]
async fn every_command_answers_an_outsider_as_if_the_private_incidents_had_never_been() {
    let (without, with) = (House::new("cy", false).await, House::new("cy", true).await);
    let before = with.private_seqs().await;
    let mut leaks = Leaks::default();
    for text in every_command() {
        for (path, who, body) in [
            ("/room/say", As::Session, json!({ "text": text })),
            ("/room/say", As::Session, json!({ "text": text, "room": "INC-2" })),
            ("/room/say", As::Session, json!({ "text": text, "room": "INC-3" })),
            ("/api/v1/say", As::Local, json!({ "text": text, "as": "cy" })),
            ("/api/v1/say", As::Program, json!({ "text": text, "as": "ana" })),
        ] {
            let (a, b) = (without.post(path, who, &body).await, with.post(path, who, &body).await);
            leaks.compare(&format!("{path} {body} as {who:?}"), &a, &b);
        }
    }
    leaks.none();
    assert_eq!(with.private_seqs().await, before);
}

/// What a stream sends up to and with what `until` finds.
async fn listen(
    stream: &mut (impl futures_util::Stream<Item = reqwest::Result<axum::body::Bytes>> + Unpin),
    until: impl Fn(&str) -> bool,
) -> String {
    let mut text = String::new();
    let heard = async {
        while !until(&text) {
            match stream.next().await {
                Some(Ok(bytes)) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
                other => panic!("the stream ended with {other:?} after {text}"),
            }
        }
    };
    let came = tokio::time::timeout(BOUND, heard).await;
    assert!(came.is_ok(), "what everybody may see did not come; a new stream needs its sentinel here. It said: {text}");
    without_lots(&text)
}

#[tokio::test]
async fn a_live_stream_tells_an_outsider_nothing_of_private_incidents() {
    let streams = routes::all().into_iter().filter(|r| r.method == "get" && r.path.ends_with("stream"));
    for route in streams {
        let mut said = Vec::new();
        for private in [false, true] {
            let house = House::new("cy", private).await;
            for address in addresses(&route).iter().filter(|a| names_a_private_one(a)) {
                assert_eq!(house.get(address, As::Session).await.status, 404, "{address}");
            }
            let address = route.path.replace("{id}", "1");
            let response = house.by(house.w.get(&address), As::Session).send().await.unwrap();
            assert_eq!(response.status(), 200, "{address}");
            let mut stream = Box::pin(response.bytes_stream());
            // It is connected and has what was there before.
            let mut text = listen(&mut stream, |t| t.contains("event: ") && t.ends_with("\n\n")).await;
            let say = async |who: &str, text: &str| {
                let speaker = commands::Speaker { person: who.into(), via: "room".into(), admin: false, place: None };
                commands::say(&house.w.app, &speaker, None, text).await.unwrap()
            };
            if private {
                say("ana", "/incident INC-3 note quokka-note again").await;
                say("ana", "/incident INC-3 severity P2").await;
                say("ana", "/incident INC-4 reopen quokka-ended").await;
            }
            let seq = say("ana", "/incident INC-1 severity P2 wombat").await.data["seq"].clone();
            let row = format!("\"seq\":{seq}");
            text += &listen(&mut stream, |t| (t.contains("wombat") || t.contains(&row)) && t.ends_with("\n\n")).await;
            assert_eq!(marks_in(&text), [""; 0], "{address}");
            let tells = |f: &&str| {
                ["id:", "event: told", "event: digest"].iter().any(|b| f.starts_with(b)) || f.contains("row")
            };
            let frames: BTreeSet<String> = text.split("\n\n").filter(tells).map(str::to_string).collect();
            said.push(frames);
        }
        assert_eq!(said[0], said[1], "{}", route.path);
        assert!(!said[0].is_empty(), "{}", route.path);
    }
}

#[tokio::test]
async fn whoever_is_in_a_private_incident_sees_all_of_it() {
    let house = House::new("ana", true).await;
    let mut seen = BTreeSet::new();
    for route in routes::all().iter().filter(|r| r.method == "get") {
        for address in addresses(route) {
            for (query, who) in [("", As::Session), ("?as=ana", As::Local), ("?as=ana&format=json", As::Local)] {
                let heard = house.get(&format!("{address}{query}"), who).await;
                seen.extend(marks_in(&heard.body));
                if route.path == "/incidents/{id}" && who == As::Session && names_a_private_one(&address) {
                    assert_eq!(heard.status, 200, "{address}");
                }
            }
        }
    }
    assert_eq!(seen, MARKS.into_iter().collect(), "the sweep's marks are there to be found");
}

//! Figures: what they are made of, who is counted in them for whom, and what is not a question.

use super::*;

const SECRET: &str = "fraud inquiry";

async fn say(w: &World, id: IncidentId, input: Input, who: &str) {
    w.app.act_on(id, input, &Actor::person(who, "room")).await.unwrap();
}

/// Two public incidents, one of them resolved and reopened; one cancelled.
async fn some(w: &World) {
    let first = w.declare("checkout, \"card\" payments", false).await;
    w.clock.advance_s(60);
    say(w, first, Input::Acknowledge, "bo").await;
    w.clock.advance_s(540);
    say(w, first, Input::Resolve { text: "rolled back".into() }, "bo").await;
    w.clock.advance_s(400);
    say(w, first, Input::Reopen { reason: "again".into() }, "ana").await;
    w.clock.advance_s(30);
    say(w, first, Input::Acknowledge, "bo").await;
    w.declare("=cmd()", false).await;
    let none = w.declare("it was nothing", false).await;
    say(w, none, Input::Cancel { reason: "a test".into() }, "ana").await;
}

async fn as_of(w: &World, session: &str, path: &str) -> String {
    let (status, text) = w.page(path, session).await;
    assert_eq!(status, 200, "{path}: {text}");
    text
}

#[tokio::test]
async fn figures_say_what_happened_by_their_definitions() {
    let w = World::new().await;
    some(&w).await;
    let (status, f) = w.read("/api/v1/figures").await;
    assert_eq!(status, 200, "{f}");
    let of = |path: &str| f.pointer(path).unwrap_or_else(|| panic!("no {path} in {f}")).clone();
    assert_eq!(
        (of("/incidents"), of("/open"), of("/cancelled"), of("/merged")),
        (json!(2), json!(2), json!(1), json!(0))
    );
    // Two rounds were acknowledged, one was resolved.
    let acknowledge = json!({ "count": 2, "mean_s": 45, "p50_s": 30, "p90_s": 60, "p95_s": 60, "max_s": 60 });
    assert_eq!(of("/acknowledge"), acknowledge);
    assert_eq!((of("/resolve/count"), of("/resolve/p50_s")), (json!(1), json!(600)));
    assert_eq!(f["months"].as_array().unwrap().len(), 12);
    assert_eq!(of("/months/11/incidents"), json!(2));
    assert_eq!(
        of("/severities"),
        json!([{
            "name": "P1", "incidents": 2, "acknowledge": acknowledge, "resolve": of("/resolve"), "pages": 0, "breached": 0,
            "by_severity": [{ "severity": "P1", "incidents": 2 }],
        }])
    );
    assert_eq!(of("/services/0/name"), json!(""));
    // Declared in November by every clock east of the date line; another month has none of it.
    assert_eq!(w.read("/api/v1/figures?from=2026-10&to=2026-10").await.1["incidents"], json!(0));
}

#[tokio::test]
async fn pages_are_counted_by_phone_and_by_the_hour_of_whoever_has_it() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let claimed = w.app.act_engine(id, Input::Claim { no: 1, worker: "w".into() }).await.unwrap();
    let outcome = firebell_domain::decide::SendOutcome::Done { receipt: None };
    w.app.act_engine(id, Input::Delivered { no: 1, claim_seq: claimed.after.seq, outcome }).await.unwrap();
    let (_, f) = w.read("/api/v1/figures").await;
    assert_eq!(f["pages"], json!(1));
    let who = claimed.after.page_of(1).map(|(_, channel)| channel.to_string()).unwrap();
    // 2026-11-18T11:06:40Z, a Wednesday.
    let load = json!({ "who": who, "zone": "UTC", "pages": 1, "working": 1, "free": 0, "asleep": 0, "incidents": 1 });
    assert_eq!(f["people"], json!([load]));
    let (_, text) = w.page("/figures?format=csv&table=people", &w.sign_in("ana", false).await).await;
    assert_eq!(text.lines().nth(1), Some(format!("{who},UTC,1,1,0,0,1").as_str()));
}

/// Whoever is not in it is told letter by letter what they would be told if it had never been.
#[tokio::test]
async fn no_total_tells_of_a_private_incident() {
    let (with, without) = (World::new().await, World::new().await);
    for w in [&with, &without] {
        some(w).await;
        w.clock.advance_s(970);
    }
    let hidden = with.declare(SECRET, true).await;
    let worker = "w".to_string();
    let claimed = with.app.act_engine(hidden, Input::Claim { no: 1, worker }).await.unwrap();
    let outcome = firebell_domain::decide::SendOutcome::Done { receipt: None };
    let done = Input::Delivered { no: 1, claim_seq: claimed.after.seq, outcome };
    with.app.act_engine(hidden, done).await.unwrap();
    let tables = ["incidents", "months", "severities", "services", "people", "clocks"];
    let exports = tables.map(|t| format!("/figures?format=csv&table={t}"));
    for (who, admin, sees) in [("ana", false, true), ("bo", false, false), ("root", true, true)] {
        let (one, other) = (with.sign_in(who, admin).await, without.sign_in(who, admin).await);
        let strip = |page: String| {
            page.split("name=\"form\"").map(|p| p.chars().skip(80).collect::<String>()).collect::<String>()
        };
        for path in exports.iter().map(String::as_str).chain(["/figures"]) {
            let (a, b) = (as_of(&with, &one, path).await, as_of(&without, &other, path).await);
            let same = if path == "/figures" { strip(a.clone()) == strip(b) } else { a == b };
            // It rang nobody in particular and missed no clock; every other table has it.
            let told = !path.contains("table=clocks");
            assert_eq!(same, !(sees && told), "{who} {path}: {a}");
            assert_eq!(a.contains(SECRET), sees && path.contains("table=incidents"), "{who} {path}");
        }
    }
    for (token, who, count) in [(LOCAL, "ana", 3), (LOCAL, "bo", 2), (DEPLOY, "ana", 2)] {
        let (_, f) = answer(with.get(&format!("/api/v1/figures?as={who}")).bearer_auth(token)).await;
        assert_eq!(f["incidents"], json!(count), "{token} {who}");
    }
}

#[tokio::test]
async fn an_export_is_a_file_with_a_line_for_each_incident_and_no_formula() {
    let w = World::new().await;
    some(&w).await;
    let ana = w.sign_in("ana", false).await;
    let request = w.get("/figures?format=csv").header("cookie", format!("firebell_session={ana}"));
    let response = request.send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_string();
    assert_eq!(header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(header("content-disposition"), "attachment; filename=\"firebell-incidents-2025-12-2026-11.csv\"");
    let text = response.text().await.unwrap();
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| rows[row][head.iter().position(|h| h == name).unwrap()].to_string();
    assert_eq!(rows.len(), 2, "the cancelled one is not there: {text}");
    assert_eq!((cell(0, "incident"), cell(0, "title")), ("INC-1".into(), "checkout, \"card\" payments".into()));
    assert_eq!((cell(0, "acknowledge_mean_s"), cell(0, "resolve_mean_s")), ("45".into(), "600".into()));
    assert_eq!((cell(0, "reopened"), cell(0, "resolved_at")), ("1".into(), String::new()), "it is open again");
    assert_eq!((cell(1, "title"), cell(1, "acknowledged_at")), ("'=cmd()".into(), String::new()));
}

#[tokio::test]
async fn the_page_has_each_picture_with_a_title_a_sentence_and_the_same_as_a_table() {
    let w = World::new().await;
    some(&w).await;
    let page = as_of(&w, &w.sign_in("ana", false).await, "/figures").await;
    let count = |what: &str| page.matches(what).count();
    // Nobody was paged, so that picture has a sentence in its place.
    assert_eq!(
        (count("<svg class=\"picture\""), count("<desc "), count("<details>"), count("role=\"img\"")),
        (6, 6, 6, 6)
    );
    assert_eq!(count(" as CSV</a>"), 7);
    assert!(!page.contains("style=") && !page.contains("<script>"), "the policy lets neither be");
    assert!(
        page.contains("<strong>2</strong> incidents, 2 open") && page.contains("Not counted: 1 cancelled, 0 merged")
    );
    // The whole of it stays small.
    let big = as_of(&w, &w.sign_in("ana", false).await, "/figures?from=2024-01&to=2026-12").await;
    assert!(big.len() < 50_000, "{}", big.len());
}

#[tokio::test]
async fn what_is_no_question_is_answered_with_what_to_ask() {
    let w = World::new().await;
    for (query, says) in [
        ("from=yesterday", "from is a month such as 2026-11."),
        ("to=2026-13", "to is a month such as 2026-11."),
        ("from=2026-11&to=2026-10", "from is not after to."),
        ("from=2020-01&to=2026-10", "Ask for 36 months at most: from 2020-01 to 2026-10 are 82."),
        ("zone=Mars/Olympus", "zone is a name of the time zone database such as Europe/Madrid."),
        ("format=xls", "format is json or csv."),
        ("table=months", "table goes with format=csv."),
        ("format=csv&table=pets", "table is one of incidents, months, severities, services, people, clocks."),
    ] {
        let (status, body) = w.read(&format!("/api/v1/figures?{query}")).await;
        assert_eq!((status.as_u16(), code(&body)), (400, "bad_query"), "{query}");
        assert_eq!(body["error"]["message"], says);
    }
    let (status, text) = w.page("/figures", "nobody's cookie").await;
    assert!(status == 200 && !text.contains("Figures from"), "a stranger is welcomed, not told");
    assert_eq!(w.get("/api/v1/figures").send().await.unwrap().status(), 401);
}

/// What was read for one look serves the next one, whoever's it is: each is told what they may see now.
#[tokio::test]
async fn figures_that_were_looked_at_before_are_those_of_now_and_of_whoever_looks() {
    let w = World::new().await;
    some(&w).await;
    let people = [("ana", false), ("bo", false), ("cy", false), ("root", true)];
    let mut sessions = Vec::new();
    for (who, admin) in people {
        sessions.push(w.sign_in(who, admin).await);
    }
    let count = async |id: &str| {
        let mut all = Vec::new();
        for session in &sessions {
            let csv = as_of(&w, session, "/figures?format=csv").await;
            let months = as_of(&w, session, "/figures?format=csv&table=months").await;
            let incidents = months.lines().last().unwrap().split(',').nth(1).unwrap().parse::<usize>().unwrap();
            assert_eq!(csv.lines().count() - 1, incidents, "the list and the total are of the same");
            all.push((incidents, csv.contains(id)));
        }
        all
    };
    assert_eq!(count(SECRET).await, [(2, false); 4]);
    let hidden = w.declare(SECRET, true).await;
    assert_eq!(count(SECRET).await, [(3, true), (2, false), (2, false), (3, true)]);
    say(&w, hidden, Input::AssignRole { role: "scribe".into(), person: "bo".into() }, "ana").await;
    assert_eq!(count(SECRET).await, [(3, true), (3, true), (2, false), (3, true)]);
    say(&w, hidden, Input::Cancel { reason: "it was nothing".into() }, "bo").await;
    assert_eq!(count(SECRET).await, [(2, false); 4]);
    // A reload changes who lives by which clock, not what happened.
    let (_, before) = w.read("/api/v1/figures").await;
    w.app.reload(directory(), "http://bell.example:7911".into());
    assert_eq!(w.read("/api/v1/figures").await.1, before);
}

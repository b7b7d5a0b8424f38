//! Tokens, commands, reads, and what is said when the answer is no.

use super::*;
use crate::fault::{Fault, FaultKind};
use crate::web::error::No;
use base64::Engine as _;
use sha2::Digest as _;

#[tokio::test]
async fn an_incident_is_declared_acknowledged_noted_moved_and_resolved() {
    let w = World::new().await;
    let made = w.write("/api/v1/incidents", json!({ "as": "ana", "severity": "sev-1", "title": "checkout is down", "service": "payments", "private": false })).await;
    assert_eq!(
        (made.status(), &made.headers()["location"]),
        (StatusCode::CREATED, &"/api/v1/incidents/INC-1".parse().unwrap())
    );
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["incident"]["id"], "INC-1");
    assert_eq!(made["incident"]["url"], "http://bell.example:7911/incidents/1");
    assert_eq!(made["incident"]["severity"], json!({ "level": "P1", "name": "Critical", "rank": 1 }));
    assert_eq!(made["incident"]["declared_by"], json!({ "by": "person", "name": "ana", "via": "the local token" }));

    let acked = w.post("/api/v1/incidents/INC-1/ack").bearer_auth(DEPLOY).send().await.unwrap();
    assert_eq!(acked.status(), 200);
    let acked: Value = acked.json().await.unwrap();
    assert_eq!(
        acked["incident"]["acknowledged_by"],
        json!({ "by": "person", "name": "deploy-bot", "via": "api:deploy-bot" })
    );

    assert_eq!(w.write("/api/v1/incidents/1/notes", json!({ "as": "@bo", "text": "rolled back" })).await.status(), 200);
    let moved = w.write("/api/v1/incidents/1/status", json!({ "status": "monitoring", "text": "looks better" })).await;
    assert_eq!(moved.json::<Value>().await.unwrap()["incident"]["status"], "monitoring");
    assert_eq!(w.write("/api/v1/incidents/1/resolve", json!({})).await.status(), 200);

    let (_, one) = w.read("/api/v1/incidents/INC-1").await;
    assert_eq!(one["incident"]["status"], "resolved");
    let (_, log) = w.read("/api/v1/incidents/1/events?limit=500").await;
    let kinds: Vec<&str> = log["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    for kind in ["declared", "acknowledged", "noted", "status_changed", "resolved"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let note = log["events"].as_array().unwrap().iter().find(|e| e["kind"] == "noted").unwrap();
    assert_eq!((&note["text"], &note["actor"]["name"]), (&json!("rolled back"), &json!("bo")));
    let (_, rest) = w.read(&format!("/api/v1/incidents/1/events?after={}&limit=1", note["seq"])).await;
    assert_eq!(rest["events"][0]["seq"], json!(note["seq"].as_i64().unwrap() + 1));

    let draft = w.get("/api/v1/incidents/1/postmortem").bearer_auth(LOCAL).send().await.unwrap();
    assert_eq!(draft.headers()["content-type"], "text/markdown; charset=utf-8");
    assert!(draft.text().await.unwrap().contains("rolled back"));
    let (_, draft) = w.read("/api/v1/incidents/1/postmortem?format=json").await;
    assert_eq!(draft["id"], "INC-1");
}

#[tokio::test]
async fn a_draft_is_laid_out_as_asked_and_the_page_may_load_nothing_but_its_own_style() {
    let w = World::new().await;
    w.declare("checkout is <down>", false).await;
    let get = |query: &str| w.get(&format!("/api/v1/incidents/1/postmortem{query}")).bearer_auth(LOCAL).send();
    let page = get("?format=html&template=google&zone=Europe/Madrid").await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_string();
    let page = page.text().await.unwrap();
    for part in ["Root causes and trigger", "checkout is &lt;down&gt;", "Europe/Madrid"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")) && !policy.contains("unsafe"), "{policy}");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = get("?template=atlassian").await.unwrap().text().await.unwrap();
    assert!(text.contains("## Corrective actions") && text.contains("Times are UTC"), "{text}");
    for query in ["?format=pdf", "?template=mine", "?zone=Europe/Nowhere"] {
        let no = get(query).await.unwrap();
        assert_eq!(no.status(), 400, "{query}");
        let no: Value = no.json().await.unwrap();
        assert_eq!(no["error"]["code"], "bad_query", "{query}: {no}");
    }
}

#[tokio::test]
async fn without_a_token_or_with_another_nothing_is_read_or_done() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    let near = format!("{LOCAL}x");
    for token in [None, Some(""), Some("x"), Some(near.as_str()), Some(&LOCAL[1..])] {
        let with = |r: RequestBuilder| match token {
            Some(t) => r.bearer_auth(t),
            None => r,
        };
        for request in [
            with(w.get("/api/v1/incidents")),
            with(w.get("/api/v1/incidents/1")),
            with(w.get("/api/v1/oncall")),
            with(w.post("/api/v1/say").json(&json!({ "text": "/incident declare x" }))),
            with(w.post("/api/v1/incidents/1/ack")),
            with(w.post("/api/v1/invitations").json(&json!({ "person": "eve", "admin": true }))),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401, "{token:?} {}", response.url());
            assert_eq!(code(&response.json().await.unwrap()), "unauthorized");
        }
    }
    let (_, one) = w.read("/api/v1/incidents/1").await;
    assert_eq!(one["incident"]["acknowledged_at"], Value::Null);
}

#[tokio::test]
async fn refusals_keep_their_sentence_and_say_by_their_status_what_kind_they_are() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    assert_eq!(w.write("/api/v1/incidents/1/ack", json!({})).await.status(), 200);
    let p1 = |more: Value| {
        let mut body = json!({ "severity": "P1", "title": "x" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let cases = [
        ("/api/v1/incidents/99/ack", json!({}), 404, "no_such_incident"),
        ("/api/v1/incidents/zebra/ack", json!({}), 404, "no_such_incident"),
        ("/api/v1/incidents/1/ack", json!({}), 409, "already_acknowledged"),
        ("/api/v1/incidents", json!({ "severity": "P9", "title": "x" }), 422, "unknown_severity"),
        ("/api/v1/incidents", p1(json!({ "service": "paymnts" })), 422, "unknown_service"),
        ("/api/v1/incidents", p1(json!({ "title": "  \u{202e} " })), 422, "empty"),
        ("/api/v1/incidents", p1(json!({ "title": "a".repeat(4_000) })), 422, "too_long"),
        ("/api/v1/incidents", p1(json!({ "as": "ana\nbo" })), 422, "bad_name"),
        ("/api/v1/incidents", p1(json!({ "as": "" })), 422, "bad_name"),
        ("/api/v1/incidents/1/status", json!({ "status": "merged" }), 422, "unknown_status"),
        ("/api/v1/incidents/1/notes", json!({ "text": "" }), 422, "empty"),
        ("/api/v1/say", json!({ "text": "/incident dance", "as": "ana" }), 422, "unknown_word"),
        ("/api/v1/say", json!({ "text": "/incident note x", "room": "INC-77" }), 404, "no_such_incident"),
    ];
    for (path, body, status, expected) in cases {
        let response = w.write(path, body).await;
        assert_eq!(response.status().as_u16(), status, "{path} {expected}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(code(&body), expected, "{path}");
        assert!(body["error"]["message"].as_str().unwrap().ends_with(['.', '?']), "{body}");
    }
    let near = w.write("/api/v1/incidents", p1(json!({ "service": "paymnts" }))).await.text().await.unwrap();
    assert!(near.contains("Did you mean \\\"payments\\\"?"), "{near}");
    assert_eq!(w.write("/api/v1/incidents/1/resolve", json!({})).await.status(), 200);
    let again = w.write("/api/v1/incidents/1/resolve", json!({})).await;
    assert_eq!((again.status().as_u16(), code(&again.json().await.unwrap())), (409, "ended"));
}

#[tokio::test]
async fn bodies_that_do_not_read_are_told_where() {
    let w = World::new().await;
    let post = |body: String| {
        w.post("/api/v1/incidents").bearer_auth(LOCAL).header("content-type", "application/json").body(body)
    };
    let (status, body) = answer(post("{\n  \"title\": \"x\",\n  oops }".into())).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "bad_json"));
    assert!(body["error"]["message"].as_str().unwrap().contains("line 3, column 3"), "{body}");
    for body in [
        r#"{"title":"x"}"#,
        r#"{"severity":1,"title":"x"}"#,
        r#"{"severity":"P1","title":"x","sevrice":"y"}"#,
        "[]",
        "\u{0}",
    ] {
        let (status, answer) = answer(post(body.into())).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "bad_json"), "{body}");
    }
    let kind = w.post("/api/v1/incidents").bearer_auth(LOCAL).header("content-type", "text/plain").body("{}");
    assert_eq!(kind.send().await.unwrap().status(), 415);
    let large = format!(r#"{{"severity":"P1","title":"{}"}}"#, "x".repeat(70_000));
    let (status, body) = answer(post(large)).await;
    assert_eq!((status.as_u16(), code(&body)), (413, "too_large"));
    assert_eq!(w.read("/api/v1/incidents?limit=0").await.0, 400);
    assert_eq!(w.read("/api/v1/incidents?opne=true").await.0, 400);
    assert_eq!(w.read("/api/v1/incidents").await.1["incidents"], json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_json_for_programs_and_a_page_for_people() {
    let w = World::new().await;
    let (status, body) = answer(w.get("/api/v1/nothing")).await;
    assert_eq!((status.as_u16(), code(&body)), (404, "no_such_route"));
    let (status, body) = answer(w.client.delete(format!("{}/api/v1/incidents", w.url))).await;
    assert_eq!((status.as_u16(), code(&body)), (405, "wrong_method"));
    let page = w.get("/nothing").send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn the_list_goes_on_where_it_ended_and_loses_none_of_one_instant() {
    let w = World::new().await;
    for n in 1..=7 {
        w.declare(&format!("number {n}"), false).await;
    }
    w.write("/api/v1/incidents/3/resolve", json!({})).await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/incidents?limit=3".to_string());
    loop {
        let (_, page) = w.read(&path).await;
        seen.extend(page["incidents"].as_array().unwrap().iter().map(|i| i["number"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/incidents?limit=3&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    let (_, open) = w.read("/api/v1/incidents?open=true").await;
    assert_eq!(open["incidents"].as_array().unwrap().len(), 6);
    let (_, ended) = w.read("/api/v1/incidents?open=false").await;
    assert_eq!(ended["incidents"][0]["id"], "INC-3");
}

#[tokio::test]
async fn who_is_on_call_is_answered_for_now_and_for_another_time() {
    let w = World::new().await;
    let (_, now) = w.read("/api/v1/oncall").await;
    assert_eq!((&now["schedules"][0]["schedule"], &now["schedules"][0]["person"]), (&json!("primary"), &json!("ana")));
    let (_, later) = w.read("/api/v1/oncall?at=2026-11-24T00:00:00Z&schedule=primary").await;
    assert_eq!(later["schedules"][0]["person"], "bo");
    assert_eq!(later["schedules"][0]["from"], "2026-11-23T09:00:00.000000Z");
    let (status, body) = w.read("/api/v1/oncall?schedule=primry").await;
    assert_eq!((status.as_u16(), code(&body)), (422, "unknown_schedule"));
}

#[tokio::test]
async fn too_much_at_once_is_refused_at_once_and_may_be_tried_again() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    // Whoever holds the one writing connection holds up the writer, and the queue behind it fills.
    let held = w.app.store().begin().await.unwrap();
    let overloaded = async {
        loop {
            let actor = Actor::person("ana", "room");
            let note = || w.app.act_on(id, Input::Note { text: "x".into() }, &actor);
            let crowd = futures_util::future::join_all((0..2_000).map(|_| note()));
            let asked = async {
                let response = w.write("/api/v1/incidents/1/notes", json!({ "text": "y" })).await;
                assert_eq!(
                    (response.status().as_u16(), &response.headers()["retry-after"]),
                    (503, &"1".parse().unwrap())
                );
                let body: Value = response.json().await.unwrap();
                assert!(body["error"]["fault_id"].is_string(), "{body}");
                code(&body).to_string()
            };
            let (_, code) = tokio::join!(crowd, asked);
            if code == "overloaded" {
                return;
            }
        }
    };
    tokio::time::timeout(BOUND, overloaded).await.expect("an answer that says overloaded");
    drop(held);
}

#[test]
fn faults_say_whether_to_try_again() {
    for (kind, status, code, again) in [
        (FaultKind::Overloaded, 503, "overloaded", true),
        (FaultKind::Unavailable, 503, "unavailable", true),
        (FaultKind::Full, 503, "full", true),
        (FaultKind::Unknown, 503, "not_known", true),
        (FaultKind::Bug, 500, "fault", false),
        (FaultKind::Damaged, 500, "damaged", false),
    ] {
        let fault = Fault::new(kind, "secret detail");
        let id = fault.id.clone();
        let no = No::from(fault);
        assert_eq!((no.status.as_u16(), no.code, no.retry_after), (status, code, again));
        assert_eq!(no.fault_id, Some(id));
        assert!(!no.json().to_string().contains("secret"), "{}", no.message);
    }
    let unknown = No::from(Fault::new(FaultKind::Unknown, ""));
    assert!(unknown.message.starts_with("Not recorded yet, do not rely on it"), "{}", unknown.message);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_strict_headers() {
    let w = World::new().await;
    for path in ["/", "/health", "/api/v1/incidents", "/assets/room.js", "/nothing"] {
        let response = w.get(path).header("x-request-id", "mine-42").send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["x-request-id"], "mine-42", "{path}");
        assert!(
            headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'; script-src 'self'")
        );
        assert_eq!(
            (&headers["x-content-type-options"], &headers["referrer-policy"]),
            (&"nosniff".parse().unwrap(), &"no-referrer".parse().unwrap())
        );
        let kept = headers["cache-control"].to_str().unwrap();
        assert_eq!(kept == "no-store", !path.starts_with("/assets"), "{path}: {kept}");
    }
    let forged = w.get("/health").header("x-request-id", "a b<script>").send().await.unwrap();
    assert!(!forged.headers()["x-request-id"].to_str().unwrap().contains('<'));
}

#[tokio::test]
async fn a_bug_in_a_handler_is_an_answer_with_a_fault_and_not_a_dead_connection() {
    let w = World::new().await;
    let response = w.write("/api/v1/say", json!({ "text": "/incident panic hidden reason" })).await;
    assert_eq!(response.status(), 500);
    let body: Value = response.json().await.unwrap();
    assert_eq!(code(&body), "fault");
    assert!(body["error"]["fault_id"].is_string() && !body.to_string().contains("hidden reason"), "{body}");
}

//! `Idempotency-Key`.

use super::*;

async fn with_key(w: &World, path: &str, token: &str, key: &str, body: &str) -> (u16, bool, String) {
    let request =
        w.post(path).bearer_auth(token).header("idempotency-key", key).header("content-type", "application/json");
    let response = request.body(body.to_string()).send().await.unwrap();
    let replayed = response.headers().get("idempotency-replayed").is_some_and(|v| v == "true");
    (response.status().as_u16(), replayed, response.text().await.unwrap())
}

async fn declared(w: &World) -> usize {
    w.read("/api/v1/incidents").await.1["incidents"].as_array().unwrap().len()
}

const BODY: &str = r#"{"severity":"P1","title":"checkout is down"}"#;

#[tokio::test]
async fn the_first_answer_is_given_again_byte_for_byte_and_nothing_is_done_twice() {
    let w = World::new().await;
    let first = with_key(&w, "/api/v1/incidents", LOCAL, "k 1", BODY).await;
    assert_eq!((first.0, first.1), (201, false));
    w.clock.advance_s(60);
    w.write("/api/v1/incidents/1/notes", json!({ "text": "in between" })).await;
    let again = with_key(&w, "/api/v1/incidents", LOCAL, "k 1", BODY).await;
    assert_eq!(again, (201, true, first.2));
    assert_eq!(declared(&w).await, 1);
}

#[tokio::test]
async fn many_at_once_under_one_key_are_one() {
    let w = World::new().await;
    let all = (0..20).map(|_| with_key(&w, "/api/v1/incidents", LOCAL, "same", BODY));
    let all = futures_util::future::join_all(all).await;
    assert_eq!(all.iter().filter(|a| !a.1).count(), 1);
    assert!(all.iter().all(|a| a.0 == 201 && a.2 == all[0].2));
    assert_eq!(declared(&w).await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_token_and_one_address_and_one_body() {
    let w = World::new().await;
    assert_eq!(with_key(&w, "/api/v1/incidents", LOCAL, "k", BODY).await.0, 201);
    let other = with_key(&w, "/api/v1/incidents", DEPLOY, "k", BODY).await;
    assert_eq!((other.0, other.1), (201, false));
    assert_eq!(with_key(&w, "/api/v1/incidents/1/ack", LOCAL, "k", "{}").await.0, 200);
    let changed = with_key(&w, "/api/v1/incidents", LOCAL, "k", r#"{"severity":"P2","title":"other"}"#).await;
    assert_eq!(changed.0, 422);
    assert!(changed.2.contains("idempotency_key_reused"), "{}", changed.2);
    assert_eq!(declared(&w).await, 2);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_anything_is_done() {
    let w = World::new().await;
    for key in ["", &"k".repeat(256)] {
        let refused = with_key(&w, "/api/v1/incidents", LOCAL, key, BODY).await;
        assert_eq!(refused.0, 400, "{key}");
        assert!(refused.2.contains("bad_idempotency_key"));
    }
    assert_eq!(with_key(&w, "/api/v1/incidents", LOCAL, &"k".repeat(255), BODY).await.0, 201);
    assert_eq!(declared(&w).await, 1);
}

#[tokio::test]
async fn after_a_refusal_the_same_key_may_be_tried_again() {
    let w = World::new().await;
    let early = with_key(&w, "/api/v1/incidents/1/ack", LOCAL, "k", "{}").await;
    assert_eq!(early.0, 404);
    w.declare("checkout is down", false).await;
    let (status, replayed, _) = with_key(&w, "/api/v1/incidents/1/ack", LOCAL, "k", "{}").await;
    assert_eq!((status, replayed), (200, false));
    assert!(with_key(&w, "/api/v1/incidents/1/ack", LOCAL, "k", "{}").await.1);
}

#[tokio::test]
async fn what_is_said_under_a_key_is_said_once() {
    let w = World::new().await;
    let body = r#"{"as":"ana","text":"/incident declare checkout is down"}"#;
    let first = with_key(&w, "/api/v1/say", LOCAL, "k", body).await;
    assert_eq!((first.0, first.1), (200, false));
    assert_eq!(with_key(&w, "/api/v1/say", LOCAL, "k", body).await, (200, true, first.2));
    assert_eq!(with_key(&w, "/api/v1/say", LOCAL, "k", r#"{"as":"bo","text":"/incident declare x"}"#).await.0, 422);
    let refused = r#"{"as":"ana","text":"/incident dance"}"#;
    for _ in 0..2 {
        let no = with_key(&w, "/api/v1/say", LOCAL, "refused", refused).await;
        assert_eq!((no.0, no.1), (422, false), "a refusal is not kept");
    }
    assert_eq!(declared(&w).await, 1);
}

#[tokio::test]
async fn what_was_begun_under_a_key_and_never_answered_is_not_done_again() {
    let w = World::new().await;
    let body = r#"{"text":"/incident declare checkout is down"}"#;
    // A key that somebody has taken and not come back to, as after a crash.
    let headers =
        [("idempotency-key", "k")].into_iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
    let bearer = crate::web::auth::Bearer::Local;
    let key = crate::web::once::key(&headers, &bearer, "POST", "/api/v1/say", body.as_bytes()).unwrap();
    let web = w.web.clone();
    let hung = tokio::spawn(async move { crate::web::once::around(&web, key, std::future::pending()).await });
    let kept = async {
        while taken(&w).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BOUND, kept).await.expect("the key is taken");
    let (status, _, text) = with_key(&w, "/api/v1/say", LOCAL, "k", body).await;
    assert_eq!(status, 409);
    assert!(text.contains("idempotency_key_in_use"), "{text}");
    w.clock.advance_s(31);
    let (status, _, text) = with_key(&w, "/api/v1/say", LOCAL, "k", body).await;
    assert_eq!(status, 409);
    assert!(text.contains("not_known"), "{text}");
    assert_eq!(declared(&w).await, 0);
    hung.abort();
}

async fn taken(w: &World) -> i64 {
    match w.app.store() {
        crate::store::Store::Lite { read, .. } => {
            sqlx::query_scalar("SELECT COUNT(*) FROM idempotency").fetch_one(read).await.unwrap()
        }
        crate::store::Store::Pg(_) => unreachable!("these tests use SQLite"),
    }
}

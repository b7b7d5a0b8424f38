//! Invitations, the one press, sessions.

use super::*;

#[tokio::test]
async fn a_link_signs_in_once_and_only_after_a_press() {
    let w = World::new().await;
    let (status, invitation) =
        answer(w.post("/api/v1/invitations").bearer_auth(LOCAL).json(&json!({ "person": "ana", "admin": true }))).await;
    assert_eq!(status, 201);
    let url = invitation["url"].as_str().unwrap();
    let token = url.strip_prefix("http://bell.example:7911/signin?token=").unwrap();
    assert_eq!(token.len(), 43, "32 bytes in base64url");
    let link = format!("/signin?token={token}");
    // Opening it, as often as a mail scanner likes, uses nothing up.
    for _ in 0..3 {
        let page = w.get(&link).send().await.unwrap();
        assert_eq!(page.status(), 200);
        assert!(
            !page.headers().get_all("set-cookie").iter().any(|c| c.to_str().unwrap().starts_with("firebell_session"))
        );
    }
    let page = w.get(&link).send().await.unwrap();
    let press = cookie_of(&page, "firebell_press");
    let pressed = |cookie: &str| {
        let request = w.post("/signin").header("cookie", format!("firebell_press={cookie}"));
        form(request, &[("token", token), ("press", &press)])
    };
    // Another site's form has not this browser's half.
    assert_eq!(pressed("other").send().await.unwrap().status(), 403);
    assert_eq!(pressed(&press).header("origin", "https://evil.example").send().await.unwrap().status(), 403);
    let done = pressed(&press).header("sec-fetch-site", "same-origin").header("origin", "null").send().await.unwrap();
    assert_eq!((done.status().as_u16(), &done.headers()["location"]), (303, &"/".parse().unwrap()));
    let line = done
        .headers()
        .get_all("set-cookie")
        .into_iter()
        .map(|c| c.to_str().unwrap())
        .find(|c| c.starts_with("firebell_session="))
        .unwrap();
    assert!(line.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{line}");
    let session = cookie_of(&done, "firebell_session");
    let (status, page) = w.page("/", &session).await;
    assert_eq!(status, 200);
    assert!(page.contains("signed in as ana"), "{page}");
    let again = pressed(&press).send().await.unwrap();
    assert_eq!(again.status(), 410);
    assert!(again.text().await.unwrap().contains("firebell invite NAME"));
}

#[tokio::test]
async fn without_a_session_the_page_says_what_to_do() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    for path in ["/", "/incidents/1", "/incidents/1/postmortem"] {
        for cookie in ["", "firebell_session=forged"] {
            let page = w.get(path).header("cookie", cookie).send().await.unwrap().text().await.unwrap();
            assert!(page.contains("firebell invite NAME"), "{path}");
            assert!(!page.contains("checkout"), "{path}");
        }
    }
    assert_eq!(w.get("/stream").send().await.unwrap().status(), 401);
    assert_eq!(w.get("/incidents/1/stream").send().await.unwrap().status(), 401);
    assert_eq!(w.post("/room/say").json(&json!({ "text": "x" })).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn an_expired_link_and_an_expired_session_open_nothing() {
    let w = World::new().await;
    let invitation = invite(&w.app, &"ana".into(), false, Actor::person("bo", "room")).await.unwrap();
    let token = invitation.url.split_once("token=").unwrap().1;
    w.clock.advance_s(firebell_domain::limits::INVITATION_S + 1);
    let late = form(w.post("/signin").header("cookie", "firebell_press=p"), &[("token", token), ("press", "p")]);
    assert_eq!(late.send().await.unwrap().status(), 410);
    let session = w.sign_in("ana", false).await;
    w.clock.advance_s(firebell_domain::limits::SESSION_S + 1);
    assert!(w.page("/", &session).await.1.contains("You are not signed in"));
}

#[tokio::test]
async fn only_the_machine_and_administrators_invite() {
    let w = World::new().await;
    let body = json!({ "person": "cy", "admin": false });
    let (status, no) = answer(w.post("/api/v1/invitations").bearer_auth(DEPLOY).json(&body)).await;
    assert_eq!((status.as_u16(), code(&no)), (403, "not_permitted"));
    let (admin, other) = (w.sign_in("ana", true).await, w.sign_in("bo", false).await);
    let ask = |session: &str| {
        w.post("/api/v1/invitations").header("cookie", format!("firebell_session={session}")).json(&body)
    };
    assert_eq!(ask(&admin).send().await.unwrap().status(), 403, "without the page's header");
    let ours = |session: &str| ask(session).header("x-firebell", "1").header("origin", &w.url);
    assert_eq!(ours(&other).send().await.unwrap().status(), 403);
    assert_eq!(ours(&admin).send().await.unwrap().status(), 201);
    let (status, no) =
        answer(w.post("/api/v1/invitations").bearer_auth(LOCAL).json(&json!({ "person": "cy <x>" }))).await;
    assert_eq!((status.as_u16(), code(&no)), (422, "bad_name"));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_needs_the_pages_own_form() {
    let w = World::new().await;
    let session = w.sign_in("ana", false).await;
    let out = |token: &str| {
        form(w.post("/signout").header("cookie", format!("firebell_session={session}")), &[("form", token)])
    };
    assert_eq!(out("forged").send().await.unwrap().status(), 403);
    let (_, page) = w.page("/", &session).await;
    let token = page.split_once("name=\"form\" value=\"").unwrap().1.split('"').next().unwrap().to_string();
    assert_eq!(out(&token).send().await.unwrap().status(), 303);
    assert!(w.page("/", &session).await.1.contains("You are not signed in"));
}

//! Installing by a browser, where the time decides: a state is good for ten minutes.

use super::*;
use crate::engine::ports::chat::{Install, Installed};
use firebell_domain::id::ChannelId;

/// A platform that gives whatever is asked for.
struct Giving(ChannelId);

impl Install for Giving {
    fn channel(&self) -> &ChannelId {
        &self.0
    }

    fn asks_at(&self, back_to: &str, state: &str) -> String {
        format!("https://slack.example/authorize?redirect_uri={back_to}&state={state}")
    }

    fn install<'a>(&'a self, _: &'a str, code: &'a str, _: &'a PersonId) -> BoxFuture<'a, Result<Installed, String>> {
        let installed = Installed { workspace: "T0ACME".into(), name: format!("Acme by {code}"), lacks: Vec::new() };
        Box::pin(async move { Ok(installed) })
    }
}

async fn world() -> World {
    let w = World::new().await;
    let front = Front { install: Some(Arc::new(Giving("slack".into()))), ..w.reload.front.clone() };
    let _old = w.reload.routers.send_replace(router(w.web.with(front), axum::Router::new()));
    w
}

/// The state that somebody is sent away with, and their browser's cookies.
async fn begun(w: &World) -> (String, String) {
    let session = w.sign_in("root", true).await;
    let sent = w.get("/slack/install").header("cookie", format!("firebell_session={session}")).send().await.unwrap();
    assert_eq!(sent.status(), 303);
    let line = sent.headers()["set-cookie"].to_str().unwrap();
    assert!(line.ends_with("; Path=/slack; Max-Age=600; HttpOnly; SameSite=Lax"), "{line}");
    let to = sent.headers()["location"].to_str().unwrap();
    assert!(to.contains("redirect_uri=http://bell.example:7911/slack/oauth/callback&"), "{to}");
    let state = to.split_once("state=").unwrap().1.to_string();
    (state, format!("firebell_session={session}; firebell_install={}", cookie_of(&sent, "firebell_install")))
}

async fn back(w: &World, state: &str, cookies: &str) -> (u16, String) {
    let asked = w.get(&format!("/slack/oauth/callback?code=c1&state={state}")).header("cookie", cookies);
    let page = asked.send().await.unwrap();
    (page.status().as_u16(), page.text().await.unwrap())
}

#[tokio::test]
async fn a_state_is_good_for_ten_minutes_and_once() {
    let w = world().await;
    let (state, cookies) = begun(&w).await;
    w.clock.advance_s(599);
    let (status, page) = back(&w, &state, &cookies).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Firebell is in Acme by c1"), "{page}");
    assert_eq!(back(&w, &state, &cookies).await.0, 403, "once");
    let (state, cookies) = begun(&w).await;
    w.clock.advance_s(600);
    let (status, page) = back(&w, &state, &cookies).await;
    assert_eq!(status, 410, "{page}");
    assert!(page.contains("longer than 10 minutes") && page.contains("Begin again at"), "{page}");
    assert_eq!(back(&w, &state, &cookies).await.0, 403, "and is forgotten with it");
}

#[tokio::test]
async fn where_nothing_can_be_installed_the_page_says_what_to_configure() {
    let w = World::new().await;
    let session = w.sign_in("root", true).await;
    for path in ["/slack/install", "/slack/oauth/callback?code=c1&state=x"] {
        let page = w.get(path).header("cookie", format!("firebell_session={session}")).send().await.unwrap();
        assert_eq!(page.status(), 404);
        assert!(page.text().await.unwrap().contains("client_id, client_secret and token_key in [slack]"), "{path}");
    }
}

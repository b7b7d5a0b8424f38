//! Who is signed in where, and how it ends: by themselves, by an administrator, by whoever runs the machine.

use super::stream::Listener;
use super::*;

struct Page {
    form: String,
    ids: Vec<String>,
    text: String,
}

/// The page of sessions as a person sees it: the token of its forms, and the ids of the sessions on it.
async fn sessions_page(w: &World, session: &str) -> Page {
    let (status, text) = w.page("/sessions", session).await;
    assert_eq!(status, 200, "{text}");
    let values = |name: &str| -> Vec<String> {
        let wanted = format!("name=\"{name}\" value=\"");
        text.split(&wanted).skip(1).map(|rest| rest.split('"').next().unwrap().to_string()).collect()
    };
    Page { form: values("form").remove(0), ids: values("id"), text: text.clone() }
}

fn press(w: &World, session: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
    form(w.post("/sessions").header("cookie", format!("firebell_session={session}")), pairs)
}

async fn signed_in(w: &World, session: &str) -> bool {
    !w.page("/", session).await.1.contains("You are not signed in")
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_one_the_others_or_all() {
    let w = World::new().await;
    let (here, phone, old) =
        (w.sign_in("ana", false).await, w.sign_in("ana", false).await, w.sign_in("ana", false).await);
    let bo = w.sign_in("bo", false).await;
    let page = sessions_page(&w, &here).await;
    assert_eq!(page.ids.len(), 3, "hers and nobody else's: {}", page.text);
    assert_eq!(page.text.matches("(this one)").count(), 1);
    assert!(!page.text.contains("value=\"bo\"") && !page.text.contains("Everybody else"), "{}", page.text);
    assert!(!page.text.contains(&here) && !page.text.contains(&phone), "no token is shown");
    // One: which is the phone's is known by elimination, as its page says "this one" for it.
    let theirs = sessions_page(&w, &phone).await;
    let own = theirs.text.split("(this one)").nth(1).unwrap().split("name=\"id\" value=\"").nth(1).unwrap();
    let id = own.split('"').next().unwrap();
    let done = press(&w, &here, &[("form", &page.form), ("person", "ana"), ("id", id)]).send().await.unwrap();
    assert_eq!((done.status().as_u16(), &done.headers()["location"]), (303, &"/sessions".parse().unwrap()));
    assert_eq!((signed_in(&w, &phone).await, signed_in(&w, &old).await), (false, true));
    // All the others.
    press(&w, &here, &[("form", &page.form), ("person", "ana"), ("others", "1")]).send().await.unwrap();
    assert_eq!((signed_in(&w, &old).await, signed_in(&w, &here).await), (false, true));
    // All: the browser is told to forget its own, too.
    let done = press(&w, &here, &[("form", &page.form), ("person", "ana"), ("all", "1")]).send().await.unwrap();
    assert_eq!((done.status().as_u16(), &done.headers()["location"]), (303, &"/".parse().unwrap()));
    assert_eq!(cookie_of(&done, "firebell_session"), "");
    assert_eq!((signed_in(&w, &here).await, signed_in(&w, &bo).await), (false, true));
}

#[tokio::test]
async fn an_ended_session_takes_its_open_streams_with_it_and_nobody_elses() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let (here, phone, bo) =
        (w.sign_in("ana", false).await, w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    let mut gone = [
        Listener::open(&w, "/incidents/1/stream", &phone, None).await,
        Listener::open(&w, "/stream", &phone, None).await,
    ];
    let mut stay = [
        Listener::open(&w, "/incidents/1/stream", &here, None).await,
        Listener::open(&w, "/incidents/1/stream", &bo, None).await,
    ];
    for stream in gone.iter_mut().chain(&mut stay) {
        stream.next().await.expect("it is connected");
    }
    let form = sessions_page(&w, &here).await.form;
    let done = press(&w, &here, &[("form", &form), ("person", "ana"), ("others", "1")]).send().await.unwrap();
    assert_eq!(done.status(), 303);
    for stream in &mut gone {
        while stream.next().await.is_some() {}
    }
    let seq = w.note(id, "still going").await;
    for stream in &mut stay {
        assert_eq!(stream.entries_to(seq).await.last(), Some(&seq));
    }
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else_nor_by_another_sites_form() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    let (hers, his) = (sessions_page(&w, &ana).await, sessions_page(&w, &bo).await);
    let status = async |pairs: &[(&str, &str)]| press(&w, &ana, pairs).send().await.unwrap().status().as_u16();
    assert_eq!(status(&[("form", &hers.form), ("person", "bo"), ("all", "1")]).await, 403);
    assert_eq!(status(&[("form", &hers.form), ("person", "bo"), ("id", &his.ids[0])]).await, 403);
    // His id under her name is not hers to end.
    assert_eq!(status(&[("form", &hers.form), ("person", "ana"), ("id", &his.ids[0])]).await, 303);
    assert_eq!(status(&[("form", "forged"), ("person", "ana"), ("all", "1")]).await, 403);
    assert_eq!(status(&[("form", &his.form), ("person", "ana"), ("all", "1")]).await, 403);
    assert_eq!(status(&[("form", &hers.form), ("person", "ana"), ("id", "%")]).await, 422);
    assert_eq!(status(&[("form", &hers.form), ("person", "ana")]).await, 400);
    let other_site = press(&w, &ana, &[("form", &hers.form), ("person", "ana"), ("all", "1")]);
    assert_eq!(other_site.header("origin", "https://evil.example").send().await.unwrap().status(), 403);
    assert_eq!(
        press(&w, "forged", &[("form", "x"), ("person", "ana"), ("all", "1")]).send().await.unwrap().status(),
        401
    );
    assert!(signed_in(&w, &ana).await && signed_in(&w, &bo).await);
}

#[tokio::test]
async fn an_administrator_shuts_somebody_out_with_their_unused_links() {
    let w = World::new().await;
    let (root, bo) = (w.sign_in("root", true).await, w.sign_in("bo", false).await);
    w.sign_in("bo", false).await;
    let unused = invite(&w.app, &"bo".into(), false, Actor::person("root", "room")).await.unwrap();
    let page = sessions_page(&w, &root).await;
    assert!(page.text.contains("End all of bo&#x27;s") && page.ids.len() == 3, "{}", page.text);
    let mut stream = Listener::open(&w, "/stream", &bo, None).await;
    stream.until("list", |_| true).await;
    let done = press(&w, &root, &[("form", &page.form), ("person", "bo"), ("all", "1")]).send().await.unwrap();
    assert_eq!(done.status(), 303);
    while stream.next().await.is_some() {}
    assert!(!signed_in(&w, &bo).await && signed_in(&w, &root).await);
    let token = unused.url.split_once("token=").unwrap().1;
    let late = form(w.post("/signin").header("cookie", "firebell_press=p"), &[("token", token), ("press", "p")]);
    assert_eq!(late.send().await.unwrap().status(), 410);
    // Who did it is in the audit log.
    let log = w.app.store().raw_events((IncidentId::ORG, 0), 100).await.unwrap();
    let last = log.iter().rfind(|e| e.incident == IncidentId::ORG).unwrap();
    assert_eq!(last.kind, "sessions_ended");
    assert!(last.actor.contains("root") && last.body.contains("\"sessions\":2") && last.body.contains("\"links\":1"));
}

#[tokio::test]
async fn whoever_runs_the_machine_lists_and_ends_sessions_and_a_program_does_not() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", true).await, w.sign_in("bo", false).await);
    let (status, all) = w.read("/api/v1/sessions").await;
    assert_eq!(status, 200);
    let names = |all: &Value| -> Vec<String> {
        all["sessions"].as_array().unwrap().iter().map(|s| s["person"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(names(&all), ["ana", "bo"]);
    assert_eq!((&all["sessions"][0]["admin"], &all["sessions"][1]["admin"]), (&json!(true), &json!(false)));
    assert!(!all.to_string().contains(&ana), "no token is shown");
    assert_eq!(names(&w.read("/api/v1/sessions?person=bo").await.1), ["bo"]);
    for request in [
        w.get("/api/v1/sessions").bearer_auth(DEPLOY),
        w.post("/api/v1/sessions/end").bearer_auth(DEPLOY).json(&json!({ "person": "bo" })),
    ] {
        let (status, no) = answer(request).await;
        assert_eq!((status.as_u16(), code(&no)), (403, "not_permitted"));
    }
    let mut stream = Listener::open(&w, "/stream", &bo, None).await;
    stream.until("list", |_| true).await;
    let id = all["sessions"][1]["id"].as_str().unwrap();
    let done: Value = w.write("/api/v1/sessions/end", json!({ "person": "bo", "id": id })).await.json().await.unwrap();
    assert_eq!(done, json!({ "ended": 1, "links_withdrawn": 0 }));
    while stream.next().await.is_some() {}
    assert!(!signed_in(&w, &bo).await && signed_in(&w, &ana).await);
    let again: Value = w.write("/api/v1/sessions/end", json!({ "person": "bo" })).await.json().await.unwrap();
    assert_eq!(again, json!({ "ended": 0, "links_withdrawn": 0 }));
}

#[tokio::test]
async fn what_has_expired_is_swept_out_with_the_next_sign_in() {
    let w = World::new().await;
    w.sign_in("ana", false).await;
    w.clock.advance_s(firebell_domain::limits::SESSION_S + 1);
    let bo = w.sign_in("bo", false).await;
    let ended = w.app.store().end_sessions("ana", store::Ending::All).await.unwrap();
    assert_eq!(ended, store::Ended::default(), "nothing is left of it");
    assert!(signed_in(&w, &bo).await);
}

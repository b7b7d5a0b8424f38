//! Private incidents: for the people in them and for administrators, in every view.

use super::*;

const SECRET: &str = "fraud inquiry";

#[tokio::test]
async fn a_private_incident_is_nowhere_for_whoever_is_not_in_it() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    w.declare(SECRET, true).await;
    let (ana, bo, root) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await, w.sign_in("root", true).await);
    for (who, session, sees) in [("ana", &ana, true), ("bo", &bo, false), ("root", &root, true)] {
        let (status, page) = w.page("/", session).await;
        assert_eq!((status.as_u16(), page.contains(SECRET)), (200, sees), "{who}");
        assert!(page.contains("checkout is down"));
        for path in ["/incidents/2", "/incidents/2/postmortem"] {
            let (status, page) = w.page(path, session).await;
            assert_eq!((status == 200, page.contains(SECRET)), (sees, sees), "{who} {path}");
        }
        if !sees {
            let request = w.get("/incidents/2/stream").header("cookie", format!("firebell_session={session}"));
            assert_eq!(request.send().await.unwrap().status(), 404);
            assert_eq!(w.room_say(session, "INC-2", "note hello").send().await.unwrap().status(), 404);
        }
    }
    // The same words as for one that never was.
    let (gone, hidden) = (w.page("/incidents/99", &bo).await, w.page("/incidents/2", &bo).await);
    assert_eq!(gone.1.replace("INC-99", "INC-2"), hidden.1);
}

#[tokio::test]
async fn the_api_shows_private_incidents_to_the_local_token_as_somebody_in_them_only() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    w.declare(SECRET, true).await;
    for (token, who, sees) in [(LOCAL, "ana", true), (LOCAL, "bo", false), (DEPLOY, "ana", false)] {
        let read = |path: &str| {
            answer(w.get(&format!("{path}{}as={who}", if path.contains('?') { "&" } else { "?" })).bearer_auth(token))
        };
        for list in ["/api/v1/incidents", "/api/v1/incidents?open=true"] {
            assert_eq!(read(list).await.1.to_string().contains(SECRET), sees, "{who} {list}");
        }
        for path in ["", "/events", "/postmortem?format=json"] {
            let (status, body) = read(&format!("/api/v1/incidents/2{path}")).await;
            assert_eq!((status == 200, body.to_string().contains(SECRET)), (sees, sees), "{token} {who} {path}");
        }
        let note = w.post("/api/v1/incidents/2/notes").bearer_auth(token).json(&json!({ "as": who, "text": "hello" }));
        assert_eq!(note.send().await.unwrap().status().as_u16(), if sees { 200 } else { 404 });
    }
    // A note lets nobody in who could not see it before.
    assert_eq!(w.read("/api/v1/incidents/2?as=bo").await.0, 404);
}

#[tokio::test]
async fn figures_and_components_do_not_name_a_private_incident() {
    let w = World::new().await;
    let id = w.declare(SECRET, true).await;
    let worker = "w".to_string();
    let claimed = w.app.act_engine(id, Input::Claim { no: 1, worker }).await.unwrap();
    let outcome = firebell_domain::decide::SendOutcome::Never { why: "no such key".into() };
    w.app.act_engine(id, Input::Delivered { no: 1, claim_seq: claimed.after.seq, outcome }).await.unwrap();
    let (_, body) = answer(w.get("/health/components")).await;
    assert_eq!(body["failed_last_hour"][0]["why"], "no such key");
    assert_eq!(body["failed_last_hour"][0]["incident"], Value::Null);
}

#[tokio::test]
async fn a_named_token_that_speaks_as_somebody_is_told_of_public_incidents_only() {
    let w = World::new().await;
    w.declare(SECRET, true).await;
    for (via, sees) in [("the local token", true), ("api:deploy-bot", false)] {
        let speaker = crate::commands::Speaker { person: "ana".into(), via: via.into(), admin: false, place: None };
        for text in ["/incident list", "/incident INC-1 show", "/incident INC-1 note hello"] {
            let said = crate::commands::say(&w.app, &speaker, None, text).await;
            let told = said.as_ref().is_ok_and(|s| s.text.contains(SECRET) || s.incident.is_some());
            assert_eq!(told, sees, "{via} {text}: {said:?}");
        }
    }
}

#[tokio::test]
async fn many_private_incidents_shorten_nobodys_list() {
    let shown = async |private: usize| {
        let w = World::new().await;
        for n in 0..private {
            w.declare(&format!("{SECRET} {n}"), true).await;
        }
        for n in 0..firebell_domain::limits::OPEN_SHOWN_MAX + 5 {
            w.declare(&format!("public {n}"), false).await;
        }
        let bo = w.sign_in("bo", false).await;
        let (list, board) = (w.page("/", &bo).await.1, w.page("/board", &bo).await.1);
        assert!(!list.contains(SECRET) && !board.contains(SECRET));
        let more = board.split("And ").nth(1).and_then(|rest| rest.split(' ').next()).map(str::to_string);
        let speaker = crate::commands::Speaker { person: "bo".into(), via: "room".into(), admin: false, place: None };
        let mut listed = Vec::new();
        for text in ["/incident list", "/incident list all"] {
            let said = crate::commands::say(&w.app, &speaker, None, text).await.unwrap().data;
            listed.push(said["incidents"].as_array().unwrap().len());
        }
        // The latest are private.
        for n in 0..if private > 0 { 60 } else { 0 } {
            w.declare(&format!("{SECRET} again {n}"), true).await;
        }
        let said = crate::commands::say(&w.app, &speaker, None, "/incident list all").await.unwrap().data;
        listed.push(said["incidents"].as_array().unwrap().len());
        (list.matches("public ").count(), more, listed)
    };
    let without = shown(0).await;
    assert_eq!(without, (200, Some("188".to_string()), vec![200, 50, 50]));
    assert_eq!(shown(210).await, without);
}

//! The post-mortem as people write it in the room, and the forms of an incident's page, without a script.

use super::*;
use firebell_domain::status::PostmortemStatus;

/// What the world of these tests has as templates of its own.
pub fn templates() -> Vec<crate::config::Template> {
    let one = |file: &str, source: &str| crate::config::Template {
        name: file.split('.').next().unwrap().to_string(),
        file: file.into(),
        html: file.ends_with(".html"),
        source: source.to_string(),
    };
    vec![
        one("broken.md", "fine\n{{ draft.nothing.there }}"),
        one("weekly.md", "# Week of {{ draft.id }}\n\n{{ part('factors') }}"),
        one("weekly.html", "<style>p { margin: 0 }</style><p>{{ draft.title }}</p>"),
        one("wall.html", "<b>{{ draft.title }}</b>"),
    ]
}

#[tokio::test]
async fn templates_of_ones_own_are_chosen_by_name_in_the_room_and_the_api() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout <down>", false).await;
    let (_, page) = w.page("/incidents/1", &ana).await;
    for link in ["format=md&amp;template=weekly\">weekly (Markdown)<", "format=html&amp;template=wall\">wall<"] {
        assert!(page.contains(link), "{link}: {page}");
    }
    let (status, text) = w.page("/incidents/1/postmortem?template=weekly", &ana).await;
    assert!(status == 200 && text.starts_with("# Week of INC-1\n\n*To be written."), "{text}");
    assert!(text.contains("## Appendix: every event"), "what it leaves out follows");
    let html = w.get("/api/v1/incidents/1/postmortem?format=html&template=weekly").bearer_auth(LOCAL);
    let html = html.send().await.unwrap();
    assert!(html.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(html.text().await.unwrap().contains("<p>checkout &lt;down&gt;</p>"));
    for (query, status, says) in [
        ("template=broken", 422, "The template cannot be used: broken.md line 2: "),
        ("template=wall", 400, "The template wall writes format=html only."),
        ("template=other", 400, "template is one of default, google, pagerduty, atlassian, broken, weekly, wall."),
    ] {
        let (code_is, body) = w.read(&format!("/api/v1/incidents/1/postmortem?{query}")).await;
        let message = body["error"]["message"].as_str().unwrap();
        assert!(code_is == status && message.starts_with(says), "{query}: {code_is} {message}");
        assert_eq!(w.page(&format!("/incidents/1/postmortem?{query}"), &ana).await.0, status);
    }
    assert_eq!(w.read("/api/v1/incidents/1/postmortem?format=json&template=wall").await.0, 200);
}

/// What the form of a page proves itself with.
async fn token(w: &World, session: &str) -> String {
    let (_, page) = w.page("/", session).await;
    page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_string()
}

async fn post(w: &World, path: &str, session: &str, fields: &[(&str, &str)]) -> Response {
    let token = token(w, session).await;
    let all: Vec<(&str, &str)> = [("form", token.as_str())].iter().chain(fields).copied().collect();
    form(w.post(path).header("cookie", format!("firebell_session={session}")).header("origin", &w.url), &all)
        .send()
        .await
        .unwrap()
}

const EDIT: &str = "/incidents/1/postmortem/edit";

#[tokio::test]
async fn what_is_written_in_the_form_is_saved_and_stands_in_every_export() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout is down", false).await;
    let (status, page) = w.page(EDIT, &ana).await;
    assert_eq!(status, 200);
    assert!(page.contains("Nobody has written in it yet.") && page.contains("No alert fired"), "{page}");
    let saved = post(&w, EDIT, &ana, &[("base", "0"), ("factors", "a full <disk>\r\n\r\n- nobody looked")]).await;
    assert_eq!(saved.status(), 303);
    assert_eq!(saved.headers()["location"], "/incidents/1/postmortem/edit?saved=1");
    let (_, page) = w.page(&format!("{EDIT}?saved=1"), &ana).await;
    assert!(page.contains("Saved as version 1.") && page.contains("a full &lt;disk&gt;\n\n- nobody looked</textarea>"));
    let (_, page) = w.page("/incidents/1", &ana).await;
    assert!(page.contains("<p>a full &lt;disk&gt;</p>\n<ul>\n<li>nobody looked</li>"), "{page}");
    assert!(page.contains("Post-mortem edited: contributing factors (version 1)"));
    for (format, has) in [
        ("md", "a full \\<disk\\>\n\n- nobody looked"),
        ("html", "<p>a full &lt;disk&gt;</p>"),
        ("json", "a full <disk>\\n\\n- nobody looked"),
    ] {
        let draft = w.get(&format!("/api/v1/incidents/1/postmortem?format={format}")).bearer_auth(LOCAL);
        let draft = draft.send().await.unwrap().text().await.unwrap();
        assert!(draft.contains(has), "{format}: {draft}");
    }
}

#[tokio::test]
async fn a_save_over_an_older_version_is_refused_and_both_texts_are_shown() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    w.declare("checkout is down", false).await;
    post(&w, EDIT, &ana, &[("base", "0"), ("factors", "ana's words"), ("lessons", "the same"), ("impact", "ana's")])
        .await;
    let mine = [("factors", "bo's words"), ("lessons", "the same"), ("lucky", "bo's"), ("impact", "")];
    let no = post(&w, EDIT, &bo, &[&[("base", "0")], &mine[..]].concat()).await;
    assert_eq!(no.status(), 409);
    let page = no.text().await.unwrap();
    assert!(page.contains("Not saved: ana saved version 1 of the post-mortem of INC-1"), "{page}");
    assert!(page.contains("<pre dir=\"auto\">ana&#x27;s words</pre>") && page.contains("bo&#x27;s words</textarea>"));
    assert_eq!(page.matches("Saved meanwhile").count(), 1, "only where both wrote: {page}");
    assert!(page.contains("ana&#x27;s</textarea>"), "what bo left alone is ana's: {page}");
    assert!(page.contains("bo&#x27;s</textarea>"), "what ana left alone is bo's: {page}");
    // What was read above is what the next save is over.
    assert!(page.contains("name=\"base\" value=\"1\""));
    let saved =
        post(&w, EDIT, &bo, &[("base", "1"), ("factors", "ana's and bo's words"), ("lessons", "the same")]).await;
    assert_eq!(saved.status(), 303);
    let (_, page) = w.page("/incidents/1/postmortem/history?version=2", &ana).await;
    assert!(page.contains("ana&#x27;s and bo&#x27;s words") && page.contains("What stood there before"), "{page}");
    let (_, page) = w.page("/incidents/1/postmortem/history?version=1", &ana).await;
    assert!(page.contains("<pre dir=\"auto\">ana&#x27;s words</pre>"), "older versions stay readable: {page}");
    assert!(
        page.contains("bo wrote contributing factors")
            && page.contains("ana wrote impact, contributing factors, lessons")
    );
    assert_eq!(w.page("/incidents/1/postmortem/history?version=3", &ana).await.0, 404);
}

#[tokio::test]
async fn a_published_one_is_read_and_opened_again_before_it_is_changed() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let (_, page) = w.page(EDIT, &ana).await;
    assert!(!page.contains(">Publish<"), "an open incident's is not published");
    w.app.act_on(id, Input::Resolve { text: String::new() }, &Actor::person("ana", "room")).await.unwrap();
    let moved = post(&w, "/incidents/1/postmortem/status", &ana, &[("status", "published")]).await;
    assert_eq!(moved.status(), 303);
    let (_, page) = w.page(EDIT, &ana).await;
    assert!(!page.contains("<textarea") && page.contains("Open it again for review"), "{page}");
    let no = post(&w, EDIT, &ana, &[("base", "0"), ("factors", "a full disk")]).await;
    assert_eq!(no.status(), 409);
    let again = post(&w, "/incidents/1/postmortem/status", &ana, &[("status", "published")]).await;
    assert_eq!(again.status(), 409);
    post(&w, "/incidents/1/postmortem/status", &ana, &[("status", "review")]).await;
    assert_eq!(post(&w, EDIT, &ana, &[("base", "0"), ("factors", "a full disk")]).await.status(), 303);
    let incident = w.app.store().incident(id).await.unwrap().unwrap().incident;
    assert_eq!((incident.course.postmortem, incident.written.version), (PostmortemStatus::InReview, 1));
}

#[tokio::test]
async fn what_did_not_come_from_our_form_saves_nothing_and_a_private_one_is_not_there() {
    let w = World::new().await;
    let (ana, bo) = (w.sign_in("ana", false).await, w.sign_in("bo", false).await);
    w.declare("fraud inquiry", true).await;
    for path in [EDIT, "/incidents/1/postmortem/status"] {
        let request = w.post(path).header("cookie", format!("firebell_session={ana}"));
        let no = form(request, &[("form", "made up"), ("base", "0"), ("factors", "x"), ("status", "review")]);
        assert_eq!(no.send().await.unwrap().status(), 403, "{path}");
        let no = post(&w, path, &bo, &[("base", "0"), ("factors", "x"), ("status", "review")]).await;
        assert_eq!(no.status(), 404, "{path}");
        assert_eq!(form(w.post(path), &[("base", "0")]).send().await.unwrap().status(), 401);
    }
    for path in [EDIT, "/incidents/1/postmortem/history"] {
        assert_eq!(w.page(path, &bo).await.0, 404, "{path}");
        assert_eq!(w.page(path, &ana).await.0, 200, "{path}");
    }
    let no = post(&w, "/room/form", &bo, &[("room", "INC-1"), ("what", "action"), ("text", "x")]).await;
    assert_eq!(no.status(), 404);
    let incident = w.app.store().incident(IncidentId(1)).await.unwrap().unwrap().incident;
    assert!(incident.written.is_empty() && incident.actions.is_empty());
}

#[tokio::test]
async fn programs_save_chapters_by_name_over_a_version() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    let path = "/api/v1/incidents/1/postmortem";
    let done = w.write(path, json!({ "as": "ana", "version": 0, "texts": { "went_well": "the canary" } })).await;
    assert_eq!(done.status(), 200);
    let body: Value = done.json().await.unwrap();
    assert_eq!(body["text"], "Saved: version 1 of the post-mortem of INC-1.");
    let (_, draft) = w.read(&format!("{path}?format=json")).await;
    assert_eq!(draft["written"]["texts"], json!({ "went_well": "the canary" }));
    assert_eq!(draft["written"]["versions"][0]["by"], "@ana");
    for (body, status, code_is) in [
        (json!({ "version": 0, "texts": { "went_well": "luck" } }), 409, "postmortem_moved"),
        (json!({ "version": 1, "texts": { "went_well": "the canary" } }), 409, "postmortem_unchanged"),
        (json!({ "version": 1, "texts": { "timeline": "x" } }), 400, "bad_chapter"),
        (json!({ "version": 1, "texts": { "lucky": "x".repeat(10_001) } }), 422, "too_long"),
        (json!({ "texts": {} }), 400, "bad_json"),
    ] {
        let no = w.write(path, body).await;
        assert_eq!(no.status().as_u16(), status, "{code_is}");
        assert_eq!(code(&no.json().await.unwrap()), code_is);
    }
    // The longest texts there may be, all six of them.
    let long = "é".repeat(10_000);
    let texts: serde_json::Map<String, Value> = ["summary", "impact", "factors", "lessons", "went_well", "lucky"]
        .into_iter()
        .map(|name| (name.to_string(), json!(long)))
        .collect();
    assert_eq!(w.write(path, json!({ "version": 1, "texts": texts })).await.status(), 200);
    let ana = w.sign_in("ana", false).await;
    let fields: Vec<(&str, &str)> =
        [("base", "2")].into_iter().chain(texts.keys().map(|k| (k.as_str(), long.as_str()))).collect();
    let same = post(&w, EDIT, &ana, &fields).await;
    assert_eq!(same.status(), 409, "read, and nothing in it was new");
}

#[tokio::test]
async fn action_items_and_roles_have_forms_that_need_no_script() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let fill = async |fields: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("room", "INC-1")].iter().chain(fields).copied().collect();
        let page = post(&w, "/room/form", &ana, &all).await;
        (page.status().as_u16(), page.text().await.unwrap())
    };
    let item =
        [("what", "action"), ("text", "alert on the disk @bo by friday"), ("person", "bo"), ("due", "2030-12-01")];
    let (status, page) = fill(&item).await;
    assert!(status == 200 && page.contains("aria-label=\"Done: action item 1\""), "{page}");
    let (status, page) = fill(&[("what", "done"), ("no", "1")]).await;
    assert!(status == 200 && page.contains("✓ done 1.") && !page.contains("Done: action item 1"), "{page}");
    assert_eq!(fill(&[("what", "role"), ("text", "comms"), ("person", "@bo")]).await.0, 200);
    assert_eq!(fill(&[("what", "role"), ("text", "Lead"), ("person", "ana")]).await.0, 200);
    let (status, page) = fill(&[("what", "update"), ("text", "Cards work again.\r\nRefunds do not.")]).await;
    assert!(status == 200 && page.contains("Cards work again.") && page.contains("proposed: edit it"), "{page}");
    for (fields, status, says) in [
        (&[("what", "done"), ("no", "9")][..], 422, "INC-1 has no action item 9"),
        (&[("what", "action"), ("text", "x"), ("due", "2001-01-01")], 422, "2001-01-01 is in the past"),
        (&[("what", "action"), ("text", "x"), ("due", "soon")], 422, "is no day"),
        (&[("what", "action"), ("text", "")], 422, "The action item is empty"),
        (&[("what", "role"), ("text", "scribe")], 422, "Who is it?"),
        (&[("what", "resolve")], 400, "The form does not read"),
    ] {
        let (code, page) = fill(fields).await;
        assert!(code == status && page.contains(says), "{code} {says}: {page}");
    }
    let incident = w.app.store().incident(id).await.unwrap().unwrap().incident;
    // What stands in the field is the text, whatever it looks like.
    assert_eq!(incident.actions[0].text, "alert on the disk @bo by friday");
    assert_eq!(incident.actions[0].due.unwrap().to_string(), "2030-12-01");
    assert_eq!(incident.roles.get("comms"), Some(&PersonId::from("bo")));
    assert_eq!(incident.lead, Some(PersonId::from("ana")));
}

#[tokio::test]
async fn whoever_declares_in_the_list_is_taken_to_the_incident() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let page = post(&w, "/room/say", &ana, &[("room", ""), ("text", "/incident declare checkout is down")]).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("<h1>INC-1 ") && page.contains("<pre>Declared INC-1.</pre>"), "{page}");
    let said = w.room_say(&ana, "", "/incident declare search is slow");
    let (_, body) = answer(said).await;
    assert_eq!((&body["number"], &body["data"]["declared"]), (&json!(2), &json!(true)));
}

//! The signed link: looking at it changes nothing, one press acknowledges, and what opens nothing says what to do.

use super::*;
use crate::app::ack_link::{AckLink, Whose, expires_at};
use firebell_domain::directory::{EscalationPolicy, Step, Target};

fn link(id: IncidentId, whose: Whose) -> AckLink {
    AckLink { incident: id, page: 1, whose, expires_at: expires_at(NOW) }
}

/// The path of the link that a person's page carries.
fn path(id: IncidentId, person: &str) -> String {
    format!("/ack/{}", links().token(&link(id, Whose::Person(person.into()))))
}

async fn text(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    assert_eq!(response.headers()["x-robots-tag"], "noindex, nofollow");
    assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let status = response.status().as_u16();
    (status, response.text().await.unwrap().replace("&#x2f;", "/"))
}

#[track_caller]
fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "no \"{part}\" in {page}");
    }
}

#[tokio::test]
async fn whoever_looks_changes_nothing_and_one_press_acknowledges() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let path = path(id, "bo");
    let before = w.app.store().events(id, 0, 1_000).await.unwrap();
    // A scanner follows it, a chat previews it, a browser reads ahead; none of them signs in.
    for _ in 0..3 {
        let (status, page) = text(w.get(&path)).await;
        assert_eq!(status, 200);
        has(
            &page,
            &[
                "INC-1",
                "checkout is down",
                "Severity P1, Critical",
                "nobody has acknowledged",
                "One press, and @bo has it",
                "<form method=\"post\" action=\"/ack/",
                "Acknowledge INC-1",
            ],
        );
    }
    let head = w.client.head(format!("{}{path}", w.url)).send().await.unwrap();
    assert_eq!((head.status(), head.text().await.unwrap().as_str()), (StatusCode::OK, ""));
    text(w.get(&path).header("sec-purpose", "prefetch")).await;
    assert_eq!(w.client.put(format!("{}{path}", w.url)).send().await.unwrap().status(), 405);
    assert_eq!(w.app.store().events(id, 0, 1_000).await.unwrap(), before);

    let (status, page) = text(w.post(&path)).await;
    assert_eq!(status, 200);
    has(&page, &["You have INC-1 now. Nobody else is paged by itself.", "href=\"/incidents/1\""]);
    assert!(!page.contains("<button"), "there is nothing more to press: {page}");
    let (_, one) = w.read("/api/v1/incidents/1").await;
    assert_eq!(one["incident"]["acknowledged_by"], json!({ "by": "person", "name": "bo", "via": "signed link" }));

    // Pressing twice is no error, and neither press nor look does it again.
    let Clock::Set(at) = &w.clock else { unreachable!() };
    at.store(NOW.plus_s(130).0, Ordering::SeqCst);
    for again in [w.post(&path), w.get(&path)] {
        let (status, page) = text(again).await;
        assert_eq!(status, 200);
        has(&page, &["You have INC-1 already, since 11:06 UTC, for 2 min 10 s."]);
        assert!(!page.contains("<button"), "{page}");
    }
    let after = w.app.store().events(id, 0, 1_000).await.unwrap();
    assert_eq!(after.iter().filter(|e| e.body.kind() == "acknowledged").count(), 1);
}

#[tokio::test]
async fn what_was_under_way_is_said_after_the_press() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let (_, page) = text(w.post(&path(id, "bo"))).await;
    // No policy: every pager is paged, which has claimed nothing yet in this world.
    has(&page, &["Not sent any more: page through pagerduty"]);
}

#[tokio::test]
async fn who_comes_second_hears_who_has_it() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    w.app.act_on(id, Input::Acknowledge, &Actor::person("cy", "room")).await.unwrap();
    let (status, page) = text(w.get(&path(id, "bo"))).await;
    assert_eq!(status, 200);
    has(&page, &["@cy has INC-1, since just now.", "Nothing is left for you to do"]);
    assert!(!page.contains("<button"), "{page}");
    let (status, page) = text(w.post(&path(id, "bo"))).await;
    assert_eq!(status, 409);
    has(&page, &["@cy has INC-1"]);
}

#[tokio::test]
async fn what_is_over_says_so_and_where_it_goes_on() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let other = w.declare("the database is down", false).await;
    w.app.act_on(id, Input::Merge { into: other }, &Actor::person("cy", "room")).await.unwrap();
    w.app.act_on(other, Input::Resolve { text: "ok".into() }, &Actor::person("cy", "room")).await.unwrap();
    for method in [reqwest::Method::GET, reqwest::Method::POST] {
        let ask = |path: String| w.client.request(method.clone(), format!("{}{path}", w.url));
        let (status, page) = text(ask(path(id, "bo"))).await;
        assert_eq!(status, 410);
        has(&page, &["INC-1 is over: merged into INC-2", "It goes on in INC-2", "href=\"/incidents/2\""]);
        let (status, page) = text(ask(path(other, "bo"))).await;
        assert_eq!(status, 410);
        has(&page, &["INC-2 is over: resolved at ", "nothing to acknowledge any more"]);
        assert!(!page.contains("<button"), "{page}");
    }
}

#[tokio::test]
async fn what_is_no_link_of_ours_opens_nothing_and_says_what_to_do() {
    let w = World::new().await;
    let id = w.declare("checkout is down", false).await;
    let whole = path(id, "bo");
    let foreign = AckLinks::new(&AuditKey([8; 32]), "test").token(&link(id, Whose::Person("bo".into())));
    let unknown = [
        whole[..whole.len() - 1].to_string(),
        whole.replacen("/ack/A", "/ack/B", 1),
        format!("/ack/{foreign}"),
        "/ack/%ff%fe".to_string(),
        "/ack/x".to_string(),
        format!("/ack/{}", "A".repeat(5_000)),
        // Signed, and of an incident that is not there: a restored database.
        path(IncidentId(99), "bo"),
    ];
    for bad in &unknown {
        for request in [w.get(bad), w.post(bad)] {
            let (status, page) = text(request).await;
            assert_eq!(status, 404, "{bad}: {page}");
            has(&page, &["Nothing was acknowledged", "/incident ack"]);
            assert!(!page.contains("checkout is down"), "{page}");
        }
    }
    // A phone takes the end of a sentence for a part of the link.
    assert_eq!(text(w.get(&format!("{whole}."))).await.0, 200);
    let Clock::Set(at) = &w.clock else { unreachable!() };
    at.store(expires_at(NOW).0, Ordering::SeqCst);
    for request in [w.get(&whole), w.post(&whole)] {
        let (status, page) = text(request).await;
        assert_eq!(status, 410);
        has(&page, &["This link has expired", "for 7 d", "/incident INC-1 ack"]);
    }
    assert_eq!(w.read("/api/v1/incidents/1").await.1["incident"]["acknowledged_by"], json!(null));
}

#[tokio::test]
async fn a_private_title_is_for_the_person_and_not_for_the_channel() {
    let w = World::new().await;
    let id = w.declare("a laptop was stolen", true).await;
    has(&text(w.get(&path(id, "bo"))).await.1, &["a laptop was stolen"]);
    let everybody = format!("/ack/{}", links().token(&link(id, Whose::Channel("pagerduty".into()))));
    let (_, page) = text(w.get(&everybody)).await;
    has(&page, &["private incident", "This page went to pagerduty, for whoever reads it."]);
    assert!(!page.contains("laptop"), "{page}");
    let (_, page) = text(w.post(&everybody)).await;
    has(&page, &["INC-1 is acknowledged.", "say in the room who has it"]);
    assert!(!page.contains("laptop"), "{page}");
    let by = w.app.store().incident(id).await.unwrap().unwrap().incident.acknowledged.unwrap().by;
    assert_eq!(by, Actor::person("pagerduty", "signed link"));
}

#[tokio::test]
async fn a_title_that_tries_to_be_markup_stays_text_on_it_and_no_script_is_needed() {
    let w = World::new().await;
    let id = w.declare("<script>alert(1)</script>\"><img src=x>", false).await;
    let (_, page) = text(w.get(&path(id, "bo"))).await;
    assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
    assert!(!page.contains("style=") && !page.contains("onclick"), "{page}");
}

#[tokio::test]
async fn whoever_is_asked_whether_they_still_work_on_it_says_so_with_the_same_press() {
    let w = World::new().await;
    let mut d = directory();
    let steps = vec![Step::new(vec![Target::Person("bo".into())], 300)];
    let policy = EscalationPolicy::new("default".into(), steps, None);
    d.policies.insert("default".into(), EscalationPolicy { ack_timeout_s: Some(600), ..policy });
    w.app.reload(d, w.app.public_url().to_string());
    let id = w.declare("checkout is down", false).await;
    let path = path(id, "bo");
    text(w.post(&path)).await;
    let due = w.app.store().next_timer().await.unwrap().expect("it will be asked");
    let Clock::Set(at) = &w.clock else { unreachable!() };
    at.store(due.0, Ordering::SeqCst);
    for (id, timer) in w.app.store().due_timers(due, 10).await.unwrap() {
        w.app.act_engine(id, Input::TimerDue(timer)).await.unwrap();
    }
    let (status, page) = text(w.get(&path)).await;
    assert_eq!(status, 200);
    has(&page, &["Still working on it?", "I am still working on INC-1</button>"]);
    let (status, page) = text(w.post(&path)).await;
    assert_eq!(status, 200);
    has(&page, &["Noted: INC-1 is being worked on."]);
    let incident = w.app.store().incident(id).await.unwrap().unwrap().incident;
    assert!(incident.course.asked_at.is_none() && !incident.unanswered());
}

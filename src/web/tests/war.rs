//! The war room: what a page shows of how it stands, the board, and what the command box may complete.

use super::*;
use firebell_domain::status::IncidentStatus;

#[tokio::test]
async fn a_page_has_at_most_three_buttons_and_the_rest_behind_more() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let actor = Actor::person("ana", "room");
    let words = |page: &str| {
        let acts = page.split_once("id=\"acts\">").unwrap().1.split_once("</div>").unwrap().0.to_string();
        acts.split("<button>").skip(1).map(|b| b.split('<').next().unwrap().to_string()).collect::<Vec<_>>()
    };
    let (_, page) = w.page("/incidents/1", &ana).await;
    assert_eq!(words(&page), ["Acknowledge", "Page the next level", "Resolve"]);
    w.app.act_on(id, Input::Acknowledge, &actor).await.unwrap();
    let (_, page) = w.page("/incidents/1", &ana).await;
    assert_eq!(words(&page), ["Cause identified", "Resolve", "Take the lead"]);
    assert!(page.contains("id=\"overflow\"><summary>More</summary>") && page.contains("Hand it back"));
    w.app.act_on(id, Input::Resolve { text: String::new() }, &actor).await.unwrap();
    let (_, page) = w.page("/incidents/1", &ana).await;
    assert_eq!(words(&page), [""; 0]);
    assert!(page.contains("id=\"overflow\" hidden"));
}

#[tokio::test]
async fn severity_and_status_are_a_sign_and_a_word() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout is down", false).await;
    for path in ["/", "/incidents/1", "/board"] {
        let (_, page) = w.page(path, &ana).await;
        assert!(page.contains("<span aria-hidden=\"true\">▲</span> P1</span>"), "{path}: {page}");
        assert!(page.contains("<span aria-hidden=\"true\">◔</span> investigating</span>"), "{path}: {page}");
    }
    let mut signs: Vec<_> = IncidentStatus::ALL.iter().map(|s| standing::status_icon(s.as_str())).collect();
    signs.sort_unstable();
    signs.dedup();
    assert_eq!(signs.len(), IncidentStatus::ALL.len(), "no two statuses look alike: {signs:?}");
}

#[tokio::test]
async fn every_entry_has_an_address_of_its_own() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    let seq = w.note(id, "rolled back").await;
    let (_, page) = w.page("/incidents/1", &ana).await;
    assert!(page.contains(&format!("<li id=\"e{seq}\"")) && page.contains(&format!("href=\"#e{seq}\"")), "{page}");
}

#[tokio::test]
async fn a_private_incident_is_not_on_the_board_of_anybody() {
    let w = World::new().await;
    w.declare("fraud inquiry", true).await;
    w.declare("checkout is down", false).await;
    for (who, admin) in [("ana", false), ("bo", false), ("root", true)] {
        let session = w.sign_in(who, admin).await;
        let (status, page) = w.page("/board", &session).await;
        assert_eq!((status.as_u16(), page.contains("checkout is down")), (200, true), "{who}");
        assert!(!page.contains("fraud inquiry") && !page.contains("INC-1 "), "{who}: {page}");
    }
    let (_, nobody) = w.page("/board", "").await;
    assert!(!nobody.contains("checkout is down"), "{nobody}");
}

#[tokio::test]
async fn whoever_is_signed_in_is_told_what_can_be_completed() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    assert_eq!(w.get("/room/completion").send().await.unwrap().status(), 401);
    let request = w.get("/room/completion").header("cookie", format!("firebell_session={ana}"));
    let (status, body) = answer(request).await;
    assert_eq!((status.as_u16(), &body["commands"]), (200, &json!([])));
    assert_eq!(body["names"]["severity"], json!(["P1", "P2"]));
    assert_eq!(body["names"]["service"], json!(["payments"]));
    assert_eq!(body["names"]["status"], json!(["investigating", "identified", "monitoring", "resolved"]));
}

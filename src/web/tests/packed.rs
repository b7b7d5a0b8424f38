//! What travels packed, what does not, and that it is the same text.

use super::*;
use std::io::Read;

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

async fn ask(w: &World, path: &str, session: &str, gzip: bool) -> Response {
    let request = w.get(path).header("cookie", format!("firebell_session={session}"));
    let request = if gzip { request.header("accept-encoding", "gzip, deflate, br") } else { request };
    request.send().await.unwrap()
}

#[tokio::test]
async fn pages_and_assets_travel_packed_to_whoever_takes_it_and_say_the_same() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("checkout is down", false).await;
    for n in 0..60 {
        w.note(id, &format!("note {n}")).await;
    }
    let (_, page) = w.page("/incidents/1", &ana).await;
    let assets = page.split("/assets/").skip(1).map(|rest| format!("/assets/{}", rest.split('"').next().unwrap()));
    for path in assets.chain(["/".into(), "/incidents/1".into(), "/incidents/1/postmortem?format=html".into()]) {
        let (plain, packed) = (ask(&w, &path, &ana, false).await, ask(&w, &path, &ana, true).await);
        assert!(plain.headers().get("content-encoding").is_none(), "{path}");
        let text = plain.text().await.unwrap();
        if path.contains("icon.svg") {
            continue;
        }
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        assert_eq!(packed.headers()["vary"], "accept-encoding", "{path}");
        let length: usize = packed.headers()["content-length"].to_str().unwrap().parse().unwrap();
        let bytes = packed.bytes().await.unwrap();
        assert_eq!((bytes.len(), unpacked(&bytes)), (length, text.clone()), "{path}");
        assert!(bytes.len() < text.len() * 2 / 3, "{path}: {} of {}", bytes.len(), text.len());
    }
}

#[tokio::test]
async fn live_streams_and_what_is_short_go_out_as_they_are() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    w.declare("checkout is down", false).await;
    for path in ["/stream", "/incidents/1/stream", "/health"] {
        let answer = ask(&w, path, &ana, true).await;
        assert!(answer.headers().get("content-encoding").is_none(), "{path}");
    }
}

/// Bytes that a page may take with all that it loads.
const IN_ALL_MAX: usize = 50_000;

#[tokio::test]
async fn the_longest_list_and_a_timeline_of_500_entries_take_less_than_50_kb_with_all_that_they_load() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    for n in 0..firebell_domain::limits::OPEN_SHOWN_MAX {
        w.declare(&format!("{n} of the cash desks cannot take cards, {} since this morning", n * 7_919 % 101), false)
            .await;
    }
    for n in 0..firebell_domain::limits::PAGE_ENTRIES_MAX {
        w.note(IncidentId(1), &format!("desk {} answers again after {} s, {n} to go", n * 7_919 % 1_009, n % 53)).await;
    }
    for path in ["/", "/incidents/1", "/incidents/1?all=1", "/board"] {
        let page = ask(&w, path, &ana, true).await.bytes().await.unwrap();
        let text = unpacked(&page);
        let head = text.split("</head>").next().unwrap();
        let (mut bytes, mut loaded) = (page.len(), 0);
        for asset in head.split("\"/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            bytes += ask(&w, &format!("/assets/{asset}"), &ana, true).await.bytes().await.unwrap().len();
            loaded += 1;
        }
        assert_eq!(loaded, 3, "icon, sheet, script: {head}");
        assert!(bytes < IN_ALL_MAX, "{path}: {bytes} bytes in all, {} of the page", page.len());
        assert!(text.len() > if path == "/board" { 5_000 } else { 100_000 }, "{path}: it is long");
    }
}

//! At the width of a small phone nothing scrolls sideways, in dark and in light; and a link to an entry leads to it.

use super::{CONFIG, nothing_to_complain_of, signed_in};
use crate::harness::chromium::Chromium;
use crate::harness::serve::Serve;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_360_pixels_nothing_scrolls_sideways_in_dark_and_in_light() {
    let serve = Serve::start(CONFIG).await;
    let long = "x".repeat(120);
    serve.declare(&format!("checkout answers 502 for everybody and the queue grows {long}")).await;
    for path in ["notes", "ack"] {
        let body =
            if path == "notes" { json!({ "text": format!("https://grafana.example/{long}") }) } else { json!({}) };
        assert_eq!(serve.command(&format!("/api/v1/incidents/1/{path}"), None, &body).await.status, 200);
    }
    serve.say("ana", "/incident INC-1 action look at the queue @bo by 2027-01-31").await;
    let texts = json!({ "version": 0, "texts": { "factors": format!("- https://grafana.example/{long}") } });
    assert_eq!(serve.command("/api/v1/incidents/1/postmortem", None, &texts).await.status, 200);
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    ana.size(360, 640).await;
    signed_in(&serve, &ana, "ana").await;
    for scheme in ["light", "dark"] {
        ana.scheme(scheme).await;
        for path in ["/", "/incidents/1", "/board", "/digest", "/figures", "/nothing"]
            .into_iter()
            .chain(["/incidents/1/postmortem/edit", "/incidents/1/postmortem/history?version=1"])
        {
            ana.open(&format!("{}{path}", serve.url())).await;
            if path == "/incidents/1" {
                // Everything that can be open is.
                ana.live().await;
                ana.tab_to("it.id === 'text'").await;
                ana.types("/incident ").await;
                ana.until("document.querySelectorAll('#options li').length > 5").await;
                ana.value("document.querySelectorAll('details').forEach((d) => { d.open = true })").await;
            }
            if path == "/figures" {
                ana.until("document.querySelectorAll('svg.picture').length >= 5").await;
                ana.value("document.querySelectorAll('details').forEach((d) => (d.open = true))").await;
            }
            let widths =
                ana.value("[innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]").await;
            assert_eq!(widths[0], 360);
            for at in 1..=2 {
                assert!(widths[at].as_u64().is_some_and(|w| w <= 360), "{scheme} {path}: {widths}");
            }
        }
        let back = ana.value("getComputedStyle(document.body).backgroundColor").await;
        assert_eq!(back == "rgb(255, 255, 255)", scheme == "light", "{back}");
    }
    // The one address that is not there is complained of, once in each scheme.
    assert_eq!(
        ana.complaints(true).iter().filter(|c| !c.contains("/nothing")).count(),
        0,
        "{:?}",
        ana.complaints(true)
    );
    chromium.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_an_entry_leads_to_it_and_the_board_follows_what_happens() {
    let serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    signed_in(&serve, &ana, "ana").await;
    // Also to one that is hidden as a detail: whoever links to it means it.
    ana.open(&format!("{}/incidents/1#e2", serve.url())).await;
    ana.until("document.querySelector('li:target')?.id === 'e2' && document.querySelector('#e2').offsetHeight > 0")
        .await;
    ana.open(&format!("{}/board", serve.url())).await;
    ana.live().await;
    ana.until("document.getElementById('wall').textContent.includes('nobody has acknowledged')").await;
    serve.acknowledge("INC-1").await;
    ana.until("document.getElementById('wall').textContent.includes('ana has it')").await;
    let answer = serve.command("/api/v1/incidents/1/resolve", None, &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    ana.until("document.getElementById('wall').textContent.includes('Nothing is open.')").await;
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_reads_the_digest_as_it_is_written() {
    let serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    signed_in(&serve, &ana, "ana").await;
    ana.open(&format!("{}/digest", serve.url())).await;
    ana.live().await;
    ana.until("document.querySelectorAll('#digest li').length === 1").await;
    for text in ["Cards fail.", "We know why: <the bank>."] {
        serve.say("ana", &format!("/incident INC-1 update {text}")).await;
        ana.until(&format!("document.querySelector('#digest li .text')?.textContent === {}", json!(text))).await;
    }
    serve.say("ana", "/incident INC-1 note only for us").await;
    serve.say("ana", "/incident INC-1 resolve rolled back").await;
    ana.until("document.querySelector('#digest li').textContent.includes('rolled back')").await;
    // Each once, the newest first; and the same after a reload.
    const KEYS: &str = "Array.from(document.querySelectorAll('#digest li'), (li) => li.dataset.key)";
    let live = ana.value(KEYS).await;
    assert_eq!(live.as_array().map(Vec::len), Some(4), "{live}");
    assert!(ana.value("!document.body.textContent.includes('only for us')").await == true);
    ana.open(&format!("{}/digest", serve.url())).await;
    ana.live().await;
    assert_eq!(ana.value(KEYS).await, live);
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}

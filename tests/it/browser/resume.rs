//! An open page over a crash of the server: it comes back by itself, with nothing missing and nothing twice.

use super::{CONFIG, signed_in};
use crate::harness::chromium::Chromium;
use crate::harness::serve::Serve;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_goes_on_after_kill_9_with_nothing_missing_and_nothing_twice() {
    let mut serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    signed_in(&serve, &ana, "ana").await;
    ana.open(&format!("{}/incidents/1", serve.url())).await;
    ana.live().await;
    let note = async |serve: &Serve, text: String| {
        let answer = serve.command("/api/v1/incidents/1/notes", None, &json!({ "text": text })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let shows = |text: &str| format!("document.getElementById('timeline').textContent.includes('{text}.')");
    for round in 0..3 {
        for n in 0..5 {
            note(&serve, format!("note {round} {n}.")).await;
        }
        ana.until(&shows(&format!("note {round} 0"))).await;
        serve.kill9();
        ana.until("document.getElementById('live').textContent !== 'live'").await;
        serve.start_again().await;
        // Perhaps before the page is back, perhaps after: it must not matter.
        note(&serve, format!("after {round}.")).await;
        ana.until(&shows(&format!("after {round}"))).await;
        ana.live().await;
    }
    let log = serve.get_as_operator("/api/v1/incidents/1/events?limit=500").await;
    let head = log["events"].as_array().expect("events").len();
    ana.until(&format!("document.querySelectorAll('#timeline li').length >= {head}")).await;
    let shown = ana.value("[...document.querySelectorAll('#timeline li')].map(l => Number(l.dataset.seq))").await;
    assert_eq!(shown, json!((1..=head).collect::<Vec<_>>()));
    // It never loaded anew: what came, came by the stream.
    assert_eq!(ana.value("performance.getEntriesByType('navigation')[0].type").await, "navigate");
    // Answers that did not come while the server was dead are named by the browser; nothing else is.
    assert_eq!(ana.complaints(false), [""; 0]);
    chromium.close().await;
    serve.assert_log_is_whole().await;
}

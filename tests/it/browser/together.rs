//! Two people write in one post-mortem: the second hears of the first at once, and whoever saves over an older version
//! sees both texts and loses none; with a script and without one.

use super::{CONFIG, nothing_to_complain_of, pressed, signed_in};
use crate::harness::chromium::{Chromium, Page};
use crate::harness::serve::Serve;

async fn write(page: &Page<'_>, chapter: &str, text: &str) {
    page.tab_to(&format!("it.id === 'w-{chapter}'")).await;
    page.types(text).await;
}

async fn both_are_kept(script: bool) {
    let serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    let chromium = Chromium::start().await;
    let (ana, bo) = (chromium.page().await, chromium.page().await);
    for (page, who) in [(&ana, "ana"), (&bo, "bo")] {
        signed_in(&serve, page, who).await;
        if !script {
            page.without_script().await;
        }
        page.open(&format!("{}/incidents/1/postmortem/edit", serve.url())).await;
        page.until("document.getElementById('write')").await;
    }
    write(&bo, "factors", "The disk was full.").await;
    write(&bo, "lucky", "It was noon.").await;
    write(&ana, "factors", "A log was never rotated.").await;
    pressed(&ana, "Save").await;
    ana.until("document.getElementById('reply').textContent.includes('Saved as version 1.')").await;
    if script {
        bo.until(
            "document.getElementById('news').textContent.startsWith('ana: Post-mortem edited: contributing factors')",
        )
        .await;
    }
    pressed(&bo, "Save").await;
    bo.until("document.getElementById('reply').textContent.startsWith('Not saved: ana saved version 1')").await;
    bo.until("document.querySelectorAll('.theirs').length === 1").await;
    bo.until("document.querySelector('#t-factors pre').textContent === 'A log was never rotated.'").await;
    bo.until("document.getElementById('w-factors').value === 'The disk was full.'").await;
    bo.until("document.getElementById('w-lucky').value === 'It was noon.'").await;

    bo.tab_to("it.id === 'w-factors'").await;
    bo.press_text_end().await;
    bo.types(" A log was never rotated.").await;
    pressed(&bo, "Save").await;
    bo.until("document.getElementById('reply').textContent.includes('Saved as version 2.')").await;
    let draft = serve.get_as_operator("/api/v1/incidents/1/postmortem?format=json").await;
    let texts = &draft["written"]["texts"];
    assert_eq!(texts["factors"], "The disk was full. A log was never rotated.");
    assert_eq!(texts["lucky"], "It was noon.");
    // The version before is still to be read.
    ana.open(&format!("{}/incidents/1/postmortem/history?version=1", serve.url())).await;
    ana.until("document.querySelector('section pre').textContent === 'A log was never rotated.'").await;
    // The browser names the answer that said no.
    let heard: Vec<String> = bo.complaints(true).into_iter().filter(|c| !c.contains("409")).collect();
    assert_eq!(heard, [""; 0]);
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_saves_second_sees_both_texts_and_loses_none() {
    both_are_kept(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_saves_second_without_a_script_sees_both_texts_and_loses_none() {
    both_are_kept(false).await;
}

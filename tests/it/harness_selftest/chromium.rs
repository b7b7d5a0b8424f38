//! What the browser complains of is heard: else a test that expects no complaint could not fail.

use crate::harness::axe::{audit, grave};
use crate::harness::chromium::Chromium;
use crate::harness::serve::Serve;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_of_the_content_policy_and_an_exception_are_complained_of() {
    let serve = Serve::start("").await;
    let chromium = Chromium::start().await;
    let page = chromium.page().await;
    page.open(&serve.url()).await;
    assert_eq!(page.complaints(true), [""; 0]);
    page.value(
        "document.body.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))",
    )
    .await;
    page.value("setTimeout(() => { throw new Error('thrown on purpose') }) > 0").await;
    page.value("new Promise((done) => setTimeout(done))").await;
    let complaints = page.complaints(true).join("\n");
    assert!(complaints.contains("content policy") && complaints.contains("thrown on purpose"), "{complaints}");
    chromium.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_a_field_without_a_name_and_a_text_that_cannot_be_read() {
    let serve = Serve::start("").await;
    let chromium = Chromium::start().await;
    let page = chromium.page().await;
    page.open(&serve.url()).await;
    assert_eq!(grave(&audit(&page).await), [""; 0]);
    page.value("document.getElementById('main').insertAdjacentHTML('beforeend', '<input id=bare><p id=faint>hardly there</p>')").await;
    page.value("document.getElementById('faint').style.color = '#eee'").await;
    page.value("document.getElementById('faint').style.background = '#fff'").await;
    let found = audit(&page).await;
    let grave = grave(&found);
    for rule in ["critical label", "serious color-contrast"] {
        assert!(grave.iter().any(|v| v.starts_with(rule)), "{rule}: {found:?}");
    }
    chromium.close().await;
}

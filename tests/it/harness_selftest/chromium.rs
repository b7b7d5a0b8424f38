//! What the browser complains of is heard: else a test that expects no complaint could not fail.

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

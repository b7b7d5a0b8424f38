//! The path of a bad night, on a phone's width and with the keyboard alone: from the sign-in link to the published
//! post-mortem, over a broken promise. The pictures of it are in the README (see `pictures`).

use super::pictures::keep;
use super::{nothing_to_complain_of, pressed, signed_in};
use crate::harness::chromium::{Chromium, Page};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::serve::Serve;

/// A promise that is soon broken, and somebody who is paged.
fn config(pager: &FakeWebhook) -> String {
    format!(
        r#"
[people.ana]
[people.bo]
contact = [{{ via = "webhook.ops" }}]
[people.cy]

[services.checkout]
owners = ["ana"]

[[severities]]
level = "P1"
name = "Critical"
rank = 1
response = "5m"
diagnose = "4s"
mitigate = "1h"
update_every = "30m"

[paging.webhook.ops]
url = "{}"
secret = "between firebell and ops"
[[policies.default.levels]]
page = ["@bo"]
delay = "10m"
"#,
        pager.url()
    )
}

/// The page is as narrow as it should be, whatever was opened on it.
async fn narrow(page: &Page<'_>) {
    let wide = "[...document.querySelectorAll('body *')].filter(n => n.getBoundingClientRect().right > 361).map(n => n.outerHTML.slice(0, 120))";
    let width = page.value("document.documentElement.scrollWidth").await;
    assert!(width.as_u64().is_some_and(|w| w <= 360), "{width} pixels: {}", page.value(wide).await);
}

/// Opens what is folded under this summary, by keyboard.
async fn unfold(page: &Page<'_>, summary: &str) {
    page.tab_to(&format!("it.matches('summary') && it.textContent === '{summary}'")).await;
    page.press("Enter").await;
    page.until("document.activeElement.parentElement.open").await;
}

fn entry(word: &str, text: &str) -> String {
    format!(
        "[...document.querySelectorAll('#timeline li')].some(l => l.querySelector('.word').textContent === '{word}' \
         && l.querySelector('.text').textContent.includes('{text}'))"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_night_at_360_pixels_by_keyboard_alone_from_the_sign_in_to_the_published_post_mortem() {
    let pager = FakeWebhook::start("between firebell and ops");
    let serve = Serve::start(&config(&pager)).await;
    let chromium = Chromium::start().await;
    let bo = chromium.page().await;
    bo.size(360, 720).await;
    bo.scheme("dark").await;
    signed_in(&serve, &bo, "bo").await;

    // Declared: taken to the incident, and paged.
    bo.tab_to("it.id === 'text'").await;
    bo.types("/incident declare P1 Checkout answers 502 service:checkout").await;
    bo.press("Enter").await;
    bo.until("location.pathname === '/incidents/1'").await;
    bo.live().await;
    pager.wait_until("bo is paged", |inbox| inbox.acted().count() == 1).await;
    pressed(&bo, "Acknowledge").await;
    bo.until("document.getElementById('headline').textContent.includes('bo has it')").await;

    // Who does what.
    unfold(&bo, "Give somebody a role").await;
    bo.tab_to("it.id === 'role'").await;
    bo.types("comms").await;
    bo.tab_to("it.id === 'role-person'").await;
    bo.types("cy").await;
    bo.until("document.getElementById('role-person').value === 'cy'").await;
    pressed(&bo, "Assign").await;
    bo.until("document.getElementById('roles').textContent.includes('comms cy')").await;
    // The form is closed again, and the keyboard is where it was.
    bo.until("document.activeElement.textContent === 'Give somebody a role'").await;

    // The promise is broken while they look on: a word, a sign and a clock.
    bo.until(&entry("late", "Cause not identified in time")).await;
    bo.until("document.querySelector('#clocks [data-key=diagnose]').className === 'late'").await;
    bo.until("document.querySelector('#clocks [data-key=diagnose]').textContent.includes('late, was due')").await;
    narrow(&bo).await;
    keep("night-late.png", &bo, "document.getElementById('clocks-title')").await;

    // Those who wait hear a proposed text, edited.
    unfold(&bo, "Status update").await;
    bo.until("document.getElementById('update').value.startsWith('We are investigating: Checkout answers 502.')").await;
    bo.tab_to("it.id === 'update'").await;
    bo.press_text_end().await;
    bo.types(" Paying by invoice still works.").await;
    keep("night-update.png", &bo, "document.getElementById('tell')").await;
    pressed(&bo, "Send the update").await;
    bo.until(&entry("update", "Checkout answers 502.")).await;
    bo.until(&entry("update", "Paying by invoice still works.")).await;

    pressed(&bo, "Cause identified").await;
    bo.until("document.querySelector('#status .status').textContent === '◑ identified'").await;

    // What is left to do, with an owner and a day.
    unfold(&bo, "Add an action item").await;
    bo.tab_to("it.id === 'item'").await;
    bo.types("Let the deploy check wait for payments").await;
    bo.tab_to("it.id === 'item-person'").await;
    bo.types("ana").await;
    bo.tab_to("it.id === 'item-due'").await;
    bo.types("01312030").await;
    pressed(&bo, "Add").await;
    bo.until("document.getElementById('items').textContent.includes('○ open 1. Let the deploy check wait for payments · ana · by 2030-01-31')").await;

    pressed(&bo, "Resolve").await;
    bo.until("document.querySelector('#status .status').textContent === '✓ resolved'").await;
    narrow(&bo).await;

    // The post-mortem: written where the questions are, sent to review, published.
    bo.tab_to("it.textContent === 'Write the post-mortem'").await;
    bo.press("Enter").await;
    bo.until("location.pathname.endsWith('/postmortem/edit')").await;
    bo.until("document.getElementById('q-factors').textContent.includes('Checkout answers 502')").await;
    bo.tab_to("it.id === 'w-factors'").await;
    bo.types("The new build could not reach payments.").await;
    bo.press("Enter").await;
    bo.types("- its health check asked nobody").await;
    keep("night-write.png", &bo, "document.querySelector('label[for=w-factors]')").await;
    bo.tab_to("it.id === 'w-lessons'").await;
    bo.types("A deploy waits for payments to answer.").await;
    pressed(&bo, "Save").await;
    bo.until("document.getElementById('reply').textContent.includes('Saved as version 1.')").await;
    narrow(&bo).await;
    pressed(&bo, "Send to review").await;
    bo.until("document.querySelector('.status').textContent === '◕ in review'").await;
    pressed(&bo, "Publish").await;
    bo.until("document.querySelector('.status').textContent === '✓ published'").await;
    bo.until("document.querySelectorAll('textarea').length === 0").await;
    bo.until("document.getElementById('main').textContent.includes('its health check asked nobody')").await;
    narrow(&bo).await;

    bo.tab_to("it.textContent === 'INC-1 Checkout answers 502'").await;
    bo.press("Enter").await;
    bo.until("location.pathname === '/incidents/1'").await;
    bo.until("document.querySelector('#clocks [data-key=postmortem]') === null").await;
    unfold(&bo, "Preview").await;
    bo.until("document.getElementById('preview').textContent.includes('A deploy waits for payments to answer.')").await;
    narrow(&bo).await;
    keep("night-preview.png", &bo, "document.getElementById('postmortem')").await;

    let draft = serve.get_as_operator("/api/v1/incidents/1/postmortem?format=json").await;
    assert_eq!(draft["postmortem"], "published");
    let factors = "The new build could not reach payments.\n- its health check asked nobody";
    assert_eq!(draft["written"]["texts"]["factors"], factors);
    nothing_to_complain_of(&[&bo]);
    chromium.close().await;
    serve.assert_log_is_whole().await;
}

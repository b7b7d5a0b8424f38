//! Declaring, acknowledging and resolving without a mouse, while somebody else looks on; completion; forms alone.

use super::{CONFIG, nothing_to_complain_of, signed_in};
use crate::harness::chromium::{Chromium, Page};
use crate::harness::serve::Serve;

/// How long after the commit the entry stood on the page, in milliseconds. Both ends read one machine's clock.
async fn delay_ms(page: &Page<'_>, line: &str) -> f64 {
    let measure = format!(
        "(line => window.appeared[line.dataset.number ? 'row ' + line.dataset.number : line.dataset.seq]
          - Date.parse(line.dataset.at || line.querySelector('time').dateTime))({line})"
    );
    page.value(&measure).await.as_f64().unwrap_or_else(|| panic!("{line} did not appear by itself"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn declaring_acknowledging_and_resolving_by_keyboard_alone_is_seen_by_the_others_within_a_second() {
    let serve = Serve::start(CONFIG).await;
    let chromium = Chromium::start().await;
    let (ana, bo) = (chromium.page().await, chromium.page().await);
    signed_in(&serve, &ana, "ana").await;
    signed_in(&serve, &bo, "bo").await;

    ana.tab_to("it.id === 'text'").await;
    ana.types("/incident declare P1 checkout is down").await;
    ana.press("Enter").await;
    let row = "document.querySelector('#open li[data-number=\"1\"]')";
    bo.until(row).await;
    assert!(delay_ms(&bo, row).await < 1_000.0);
    bo.until("document.querySelector('#open li .severity').textContent === '▲ P1'").await;

    // Whoever declares is taken to the war room, and what was answered comes along.
    ana.until("location.pathname === '/incidents/1'").await;
    ana.until("document.getElementById('reply').textContent.includes('INC-1 is declared')").await;
    ana.live().await;
    bo.open(&format!("{}/incidents/1", serve.url())).await;
    bo.live().await;

    ana.tab_to("it.textContent === 'Acknowledge'").await;
    ana.press("Enter").await;
    bo.until("document.getElementById('headline').textContent.includes('ana has it')").await;
    let entry = |word: &str| {
        format!(
            "[...document.querySelectorAll('#timeline li')].find(l => l.querySelector('.word').textContent === '{word}')"
        )
    };
    bo.until(&entry("acknowledged")).await;
    assert!(delay_ms(&bo, &entry("acknowledged")).await < 1_000.0);
    bo.until("document.querySelector('#clocks [data-key=acknowledge]').className === 'reached'").await;
    bo.until("/^in \\d+:\\d\\d/.test(document.querySelector('#clocks [data-key=diagnose] .left').textContent)").await;

    // The button went; the focus stayed among the buttons.
    ana.until("document.activeElement.closest('#acts')").await;
    ana.tab_to("it.textContent === 'Resolve'").await;
    ana.press("Enter").await;
    bo.until(&entry("resolved")).await;
    assert!(delay_ms(&bo, &entry("resolved")).await < 1_000.0);
    bo.until("document.querySelectorAll('#acts button').length === 0").await;
    bo.until("document.querySelector('#status .status').textContent === '✓ resolved'").await;

    nothing_to_complain_of(&[&ana, &bo]);
    chromium.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_box_completes_from_the_table_of_commands_with_the_arrow_keys() {
    let serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    signed_in(&serve, &ana, "ana").await;
    ana.open(&format!("{}/incidents/1", serve.url())).await;
    ana.live().await;
    ana.tab_to("it.id === 'text'").await;
    ana.types("/incident sta").await;
    ana.until("document.querySelector('#options li b')?.textContent === 'status'").await;
    assert_eq!(ana.value("document.activeElement.getAttribute('aria-expanded')").await, "true");
    ana.press("ArrowDown").await;
    let active = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('b').textContent";
    assert_eq!(ana.value(active).await, "status");
    ana.press("Enter").await;
    assert_eq!(ana.value("document.activeElement.value").await, "/incident status ");
    ana.types("mon").await;
    ana.press("ArrowDown").await;
    assert_eq!(ana.value(active).await, "monitoring");
    ana.press("Enter").await;
    ana.press("Escape").await;
    assert_eq!(ana.value("document.getElementById('options').hidden").await, true);
    ana.press("Enter").await;
    ana.until("document.querySelector('#status .status').textContent === '◕ monitoring'").await;
    // The stream may be faster than the answer, with which the box is emptied.
    ana.until("document.getElementById('text').value === ''").await;
    ana.types("/incident lead @b").await;
    ana.press("ArrowUp").await;
    assert_eq!(ana.value(active).await, "@bo");
    ana.press("Enter").await;
    ana.press("Enter").await;
    ana.until("document.getElementById('roles').textContent.includes('bo')").await;
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_script_the_forms_do_the_same() {
    let serve = Serve::start(CONFIG).await;
    serve.declare("checkout is down").await;
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    signed_in(&serve, &ana, "ana").await;
    ana.without_script().await;
    ana.open(&format!("{}/incidents/1", serve.url())).await;
    ana.tab_to("it.textContent === 'Acknowledge'").await;
    ana.press("Enter").await;
    ana.until("document.getElementById('headline')?.textContent.includes('ana has it')").await;
    ana.tab_to("it.id === 'text'").await;
    ana.types("note rolled back").await;
    ana.press("Enter").await;
    ana.until("document.getElementById('timeline')?.textContent.includes('rolled back')").await;
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}

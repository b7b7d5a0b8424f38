//! Every page of the room before an accessibility audit (axe-core), in dark and in light, wide and on a phone.

use super::{CONFIG, signed_in};
use crate::harness::axe::{audit, grave};
use crate::harness::chromium::{Chromium, Page};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::serve::Serve;
use serde_json::json;

/// An incident with something of everything, and one that has ended; the signed link of a page.
async fn house(pager: &FakeWebhook) -> (Serve, String) {
    let paging = format!(
        r#"
        [paging.webhook.ops]
        url = "{}"
        secret = "between firebell and ops"
        [[policies.default.levels]]
        page = ["@bo"]
        delay = "10m"
        "#,
        pager.url()
    );
    let people = CONFIG.replace("[people.bo]", "[people.bo]\ncontact = [{ via = \"webhook.ops\" }]");
    let serve = Serve::start(&format!("{people}\n{paging}")).await;
    serve.declare("Checkout answers 502").await;
    pager.wait_until("bo is paged", |inbox| inbox.acted().count() == 1).await;
    let link = pager.see(|inbox| inbox.acted().next().map(|d| d.body["ack_link"].clone()));
    let link = link.and_then(|l| l.as_str().map(str::to_string)).expect("a page has a link");
    for (who, text) in [
        ("ana", "/incident declare P2 Search is slow"),
        ("ana", "/incident INC-2 resolve restarted"),
        ("ana", "/incident INC-1 lead @ana"),
        ("ana", "/incident INC-1 role comms @cy"),
        ("bo", "/incident INC-1 note first\nsecond line https://example.org/"),
        ("bo", "/incident INC-1 action Let the deploy check wait for payments @bo by 2027-01-31"),
        ("bo", "/incident INC-1 action Another"),
        ("bo", "/incident INC-1 done 2"),
    ] {
        let (status, reply) = serve.say(who, text).await;
        assert_eq!(status, 0, "{text}: {reply}");
    }
    let texts = json!({ "as": "ana", "version": 0, "texts": { "factors": "One.\n\n- two\n- three" } });
    assert_eq!(serve.command("/api/v1/incidents/2/postmortem", None, &texts).await.status, 200);
    (serve, link)
}

/// What is serious fails; what is less is printed.
async fn nothing_grave(page: &Page<'_>, name: &str, scheme: &str) {
    let found = audit(page).await;
    assert!(grave(&found).is_empty(), "{name} in {scheme}:\n{}", found.join("\n"));
    for lesser in found {
        println!("{name} in {scheme}: {lesser}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_serious_on_any_page_in_dark_and_in_light() {
    let pager = FakeWebhook::start("between firebell and ops");
    let (serve, ack) = house(&pager).await;
    let chromium = Chromium::start().await;
    let (nobody, ana) = (chromium.page().await, chromium.page().await);
    let invited = serve.run(&["invite", "cy"]).await;
    let signin = invited.stdout.split_whitespace().find(|word| word.starts_with("http")).expect("a link").to_string();
    signed_in(&serve, &ana, "ana").await;
    let url = serve.url();
    for (scheme, width) in [("light", 1200), ("dark", 1200), ("light", 360), ("dark", 360)] {
        for page in [&nobody, &ana] {
            page.scheme(scheme).await;
            page.size(width, 800).await;
        }
        for (name, address) in [("welcome", &url), ("sign-in", &signin), ("acknowledge", &ack)] {
            nobody.open(address).await;
            nothing_grave(&nobody, name, scheme).await;
        }
        for path in [
            "/",
            "/board",
            "/digest",
            "/figures",
            "/incidents/1",
            "/incidents/2",
            "/incidents/1/postmortem/edit",
            "/nothing",
        ]
        .into_iter()
        .chain(["/incidents/2/postmortem/edit", "/incidents/2/postmortem/history?version=1"])
        .chain(["/incidents/1/postmortem?format=html", "/incidents/2/postmortem?format=html&template=google"])
        {
            ana.open(&format!("{url}{path}")).await;
            if path == "/incidents/1" {
                // Everything that can be open is, and the box completes.
                ana.live().await;
                ana.value("document.querySelectorAll('details').forEach((d) => { d.open = true })").await;
                ana.value("document.getElementById('details').click()").await;
                ana.tab_to("it.id === 'text'").await;
                ana.types("/incident ").await;
                ana.until("document.querySelectorAll('#options li').length > 5").await;
                ana.press("ArrowDown").await;
            }
            nothing_grave(&ana, path, scheme).await;
        }
    }
    chromium.close().await;
}

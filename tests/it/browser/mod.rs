//! The room as people use it: the real program and a real Chromium, by keyboard, on a phone's width, in dark and light,
//! without a script, and over a crash of the server. Nothing in any of it may be complained of by the browser.

mod audit;
mod keyboard;
mod narrow;
mod night;
mod pictures;
mod resume;
mod scroll;
mod together;

use crate::harness::chromium::Page;
use crate::harness::serve::Serve;

const CONFIG: &str = r#"
[people.ana]
[people.bo]
[people.cy]

[services.checkout]
owners = ["ana"]

[[severities]]
level = "P1"
name = "Critical"
rank = 1
response = "5m"
diagnose = "30m"
mitigate = "1h"

[[severities]]
level = "P2"
name = "High"
rank = 2
response = "15m"
"#;

/// Signs somebody in as they do it: the link, and the button that has the focus.
async fn signed_in(serve: &Serve, page: &Page<'_>, who: &str) {
    let invited = serve.run(&["invite", who]).await;
    let link = invited.stdout.split_whitespace().find(|word| word.starts_with("http"));
    let link = link.unwrap_or_else(|| panic!("no link: {invited:?}"));
    page.open(link).await;
    page.until("document.activeElement.textContent === 'Sign in'").await;
    page.press("Enter").await;
    page.until("document.getElementById('open')").await;
    page.live().await;
}

/// Goes to a button with the Tab key and presses it.
async fn pressed(page: &Page<'_>, word: &str) {
    page.tab_to(&format!("it.matches('button') && it.textContent === '{word}'")).await;
    page.press("Enter").await;
}

fn nothing_to_complain_of(pages: &[&Page<'_>]) {
    for page in pages {
        assert_eq!(page.complaints(true), [""; 0]);
    }
}

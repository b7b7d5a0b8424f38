//! The pictures in the README and in docs/room.md: the room as it is, taken by the browser that tests it. `UPDATE_EXPECT=1` writes them to
//! docs/images; without it they are only taken, because every run has another time of day in them.

use super::{CONFIG, nothing_to_complain_of, signed_in};
use crate::harness::chromium::{Chromium, Page};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::serve::Serve;
use std::path::{Path, PathBuf};

/// What a reader of the README is asked to load, all pictures together.
const BYTES_MAX: u64 = 500_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images")
}

/// A picture of what is in sight, from this node on.
pub async fn keep(name: &str, page: &Page<'_>, from: &str) {
    page.value(&format!("{from}.scrollIntoView({{ block: 'start' }})")).await;
    let picture = page.picture().await;
    assert!(picture.starts_with(b"\x89PNG"), "{name} is a picture");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(folder()).expect("docs can be written");
        std::fs::write(folder().join(name), &picture).expect("docs can be written");
    }
    let there = std::fs::metadata(folder().join(name)).is_ok_and(|kept| kept.len() > 0);
    assert!(there, "{name} is missing: run this test with UPDATE_EXPECT=1");
}

#[test]
fn the_pictures_together_are_small_and_each_is_shown_somewhere() {
    let mut bytes = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |file: &str| std::fs::read_to_string(root.join(file)).expect("a document");
    let documents = text("README.md") + &text("docs/room.md");
    for picture in std::fs::read_dir(folder()).expect("docs/images").flatten() {
        let name = picture.file_name().into_string().expect("a plain name");
        assert!(documents.contains(&format!("images/{name})")), "{name} is shown nowhere");
        bytes += picture.metadata().expect("a file").len();
    }
    assert!((1..=BYTES_MAX).contains(&bytes), "the pictures are {bytes} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pictures_of_the_readme_are_taken_from_the_running_room() {
    let pager = FakeWebhook::start("between firebell and ops");
    let pager_config = format!(
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
    let serve = Serve::start(&format!("{people}\n{pager_config}")).await;
    serve.declare("Checkout answers 502").await;
    for (who, text) in [
        ("bo", "/incident INC-1 ack"),
        ("bo", "/incident INC-1 note Started with the deploy of 14:02, rolling it back"),
        ("ana", "/incident INC-1 lead @ana"),
        ("ana", "/incident INC-1 role comms @cy"),
        ("ana", "/incident INC-1 status identified The new build cannot reach the payment service"),
        ("bo", "/incident INC-1 action Let the deploy check wait for payments @bo by 2027-01-31"),
        ("cy", "/incident declare P2 Search is slow"),
    ] {
        let (status, reply) = serve.say(who, text).await;
        assert_eq!(status, 0, "{text}: {reply}");
    }
    let chromium = Chromium::start().await;
    let ana = chromium.page().await;
    signed_in(&serve, &ana, "ana").await;
    let scenes = [
        ("room.png", "/incidents/1", "light", 1200, 860),
        ("phone.png", "/incidents/1", "dark", 360, 720),
        ("board.png", "/board", "dark", 1200, 480),
    ];
    for (name, path, scheme, width, height) in scenes {
        ana.size(width, height).await;
        ana.scheme(scheme).await;
        ana.open(&format!("{}{path}", serve.url())).await;
        ana.live().await;
        ana.until("[...document.querySelectorAll('.clocks .left')].some(left => left.textContent.startsWith('in '))")
            .await;
        keep(name, &ana, "document.body").await;
    }
    nothing_to_complain_of(&[&ana]);
    chromium.close().await;
}

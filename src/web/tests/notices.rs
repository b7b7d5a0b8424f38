//! What stands above the list and the board: what is due by a runbook, and a configuration that cannot be put in force.

use super::*;
use crate::config::Refused;
use crate::program::Program;
use crate::program::tests::source;

/// A runbook whose schedule is due all day long.
fn program() -> Program {
    let at = |when: &str| {
        json!({ "name": "Check <b>disks</b>", "cadence": "daily", "when": when, "cron": null,
            "tasks": ["look at & fix them"], "command_lines": [], "line": 7 })
    };
    let mut shop = source(json!({ "schedules": [at("00:00"), at("12:00")] }));
    shop.overlay.zone = Some(chrono_tz::Tz::UTC);
    Program::new(vec![shop])
}

#[tokio::test]
async fn what_is_due_stands_on_list_and_board_and_is_only_text() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    assert!(!w.page("/", &ana).await.1.contains("Check "));
    w.app.reload_all(directory(), "http://bell.example:7911".into(), Arc::new(program()));
    let _old = w.reload.routers.send_replace(router(w.web.with(w.reload.front.clone()), axum::Router::new()));
    for path in ["/", "/board"] {
        let (status, page) = w.page(path, &ana).await;
        assert_eq!(status, 200);
        assert!(page.contains("Check &lt;b&gt;disks&lt;&#x2f;b&gt; of shop since "), "{path}: {page}");
        assert!(page.contains("UTC (shop.md, line 7)"), "{path}: {page}");
        assert!(page.contains("look at &amp; fix them"), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_configuration_that_was_refused_is_said_in_the_room() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let refused = Refused { since: NOW, first: "shop.md: error: too long".into(), more: 0 };
    w.reload.configuration.send_modify(|s| s.refused = Some(refused));
    for path in ["/", "/board"] {
        assert!(w.page(path, &ana).await.1.contains("shop.md: error: too long"), "{path}");
    }
    w.reload.configuration.send_modify(|s| s.refused = None);
    assert!(!w.page("/", &ana).await.1.contains("too long"));
}

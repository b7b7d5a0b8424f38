//! Alert intake where it meets the clock and the network: a body that does not come, a query that cannot be told.

use super::*;
use crate::config::{Ingest, IngestKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TOKEN: &str = "token-of-the-source";

/// Where a listener takes alerts that waits so long for a body.
async fn listening(w: &World, wait: Duration) -> String {
    let source = Ingest {
        kind: IngestKind::Alertmanager,
        token: TOKEN.into(),
        severity: "P1".into(),
        service: None,
        severity_label: "severity".into(),
        service_label: "service".into(),
        rules: Vec::new(),
    };
    let sources = Arc::new([("slow".to_string(), source)].into());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let hooks = super::super::hooks::router_waiting(w.app.clone(), sources, wait);
    tokio::spawn(serve(listener, router(w.web.clone(), hooks), w.stop.subscribe()));
    address
}

async fn send(address: &str, query: &str, length: usize, body: &str) -> String {
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /hooks/slow{query} HTTP/1.1\r\nHost: bell.intern\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {length}\r\n\r\n"
    );
    line.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = vec![0; 8_192];
    let bytes = tokio::time::timeout(BOUND, line.read(&mut answer)).await.expect("it answers").unwrap();
    String::from_utf8_lossy(&answer[..bytes]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_in_time_is_declared_with_what_did_come() {
    let w = World::new().await;
    let address = listening(&w, Duration::from_millis(20)).await;
    let answer = send(&address, "?dry_run=true", 5_000, "{\"alerts\": [").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"problem\":\"it was not whole"), "{answer}");
    assert!(w.app.store().incident(IncidentId(1)).await.unwrap().is_none(), "a dry run records nothing");

    let answer = send(&address, "", 5_000, "{\"alerts\": [").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(
        answer.contains("This could not be read: it was not whole after 0 s, but 12 bytes. INC-1 says so"),
        "{answer}"
    );
    let events = w.app.store().events(IncidentId(1), 0, 100).await.unwrap();
    let kept = events.iter().find_map(|e| match &e.body {
        firebell_domain::event::Event::UnreadableReceived { bytes, kept, .. } => Some((*bytes, kept.clone())),
        _ => None,
    });
    assert_eq!(kept, Some((5_000, "{\"alerts\": [".to_string())), "what was announced, and what came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_that_is_not_plainly_asked_for_is_refused_and_nothing_is_recorded() {
    let w = World::new().await;
    let address = listening(&w, BOUND).await;
    for query in ["?dry_run=maybe", "?dryrun=TRUE!", "?a=b&dry-run=2"] {
        let answer = send(&address, query, 2, "[]").await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("bad_dry_run"), "{query}: {answer}");
    }
    for query in ["?dry_run=true", "?dry_run", "?dry_run=1", "?x=y&dry-run=yes"] {
        let answer = send(&address, query, 2, "[]").await;
        assert!(answer.contains("\"dry_run\":true") && answer.contains("no groupKey"), "{query}: {answer}");
    }
    assert!(w.app.store().incident(IncidentId(1)).await.unwrap().is_none());
    for query in ["?dry_run=false", "?other=true", ""] {
        let answer = send(&address, query, 2, "[]").await;
        assert!(answer.contains("INC-1 says so and pages."), "{query}: {answer}");
    }
}

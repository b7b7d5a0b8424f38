//! Requests of a runbook against small servers: what is printed, what is read, and that nobody else is ever asked.

use super::{TARGET, call, run, within};
use crate::harness::BOUND;
use crate::harness::wire::Wire;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get, post};
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::http::{Allowed, Http, Place};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn at(place: Place) -> Http {
    // Only one caller in the process can install the provider; for the others it is already there.
    rustls::crypto::ring::default_provider().install_default().ok();
    Http::new(BTreeMap::from([(TARGET.to_string(), place)])).expect("a client")
}

fn allowed(hosts: &[&str]) -> Place {
    let read = |host: &&str| Allowed::read(host).expect("a host");
    Place { allowed: hosts.iter().map(read).collect(), ..Place::default() }
}

fn value(ran: &Ran, metric: &str) -> Option<f64> {
    ran.readings.iter().find(|r| r.metric == metric).map(|r| r.value)
}

fn shop(asked: Arc<AtomicUsize>) -> Wire {
    let count = move || asked.fetch_add(1, Ordering::SeqCst);
    let health = r#"{"status":"ok","checks":{"database":{"status":"down","latency_ms":12}}}"#;
    let router = Router::new()
        .route("/health", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], health) }))
        .route("/broken", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "no database") }))
        .route("/clear", post(move |body: String| async move { format!("cleared {body} {}", count()) }))
        .route("/slow", any(|| async { std::future::pending::<String>().await }))
        .route("/huge", get(|| async { Body::from(vec![b'x'; 50_000_000]).into_response() }))
        .route("/here", get(|| async { Redirect::temporary("/health") }))
        .route("/round", get(|| async { Redirect::temporary("/round") }))
        .route(
            "/away",
            get(|request: Request| async move {
                let to = request.uri().query().unwrap_or_default().to_string();
                Redirect::temporary(&to)
            }),
        )
        .route(
            "/told",
            any(|request: Request| async move {
                let header =
                    |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("-").to_string();
                format!("{} {} {} {}", request.method(), header("host"), header("authorization"), header("x-shop"))
            }),
        );
    Wire::serve(router)
}

#[tokio::test]
async fn health_is_printed_and_read() {
    let wire = shop(Arc::default());
    let http = at(allowed(&[&wire.address()]));
    let say = async |line: String| run(&http, &call(&line.split(' ').collect::<Vec<_>>())).await;
    let url = wire.url();

    let ran = say(format!("curl -s {url}/health")).await;
    assert!(ran.ok() && ran.stdout.starts_with(r#"{"status":"ok""#), "{ran:?}");
    assert_eq!(
        (value(&ran, "status"), value(&ran, "health"), value(&ran, "health of checks.database")),
        (Some(200.0), Some(1.0), Some(0.0))
    );
    assert_eq!(value(&ran, "checks.database.latency_ms"), Some(12.0));
    assert!(value(&ran, "latency") < Some(20_000.0));

    let ran = say(format!("curl -s -o /dev/null -w %{{http_code}}\\n {url}/broken")).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "503\n"));
    let ran = say(format!("curl -sf {url}/broken")).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(22), ""));
    let ran = say(format!("wget -qO- {url}/health")).await;
    assert!(ran.ok() && ran.stdout.contains("database"), "{ran:?}");
    let ran = say(format!("curl -L {url}/here")).await;
    assert!(ran.ok() && ran.stdout.contains("database"), "{ran:?}");
    assert_eq!(say(format!("curl -L {url}/round")).await.end, End::Exited(47));
    let ran = say(format!("curl -sI {url}/health")).await;
    assert!(
        ran.stdout.starts_with("HTTP/1.1 200 OK\n") && ran.stdout.contains("content-type: application/json\n"),
        "{ran:?}"
    );
    let ran = say(format!("curl -u ana:secret -H X-Shop:1 -X PUT {url}/told")).await;
    assert_eq!(ran.stdout, format!("PUT {} Basic YW5hOnNlY3JldA== 1", wire.address()));

    for (line, end) in [
        (format!("health {url}/health --status 200 --field checks.database.latency_ms=12"), 0),
        (format!("health {url}/health --field checks.database.status=ok"), 1),
        (format!("health {url}/broken"), 1),
        (format!("health {url}/broken --status 503"), 0),
    ] {
        assert_eq!(say(line.clone()).await.end, End::Exited(end), "{line}");
    }
}

#[tokio::test]
async fn what_changes_something_is_sent_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let wire = shop(asked.clone());
    let http = at(allowed(&[&wire.address()]));
    let clear = call(&["curl", "-X", "POST", "-d", "a b", &format!("{}/clear", wire.url())]);
    let plan = http.plan(&clear).await.expect("a plan");
    assert_eq!((plan.does, asked.load(Ordering::SeqCst)), (format!("POST {}/clear with 3 bytes", wire.url()), 0));
    assert_eq!(run(&http, &clear).await.stdout, "cleared a b 0");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let slow = |method: &str| {
        within(Duration::from_millis(300), call(&["curl", "-X", method, &format!("{}/slow", wire.url())]))
    };
    assert_eq!(run(&http, &slow("POST")).await.end, End::TimedOut);
    let ran = run(&http, &call(&["curl", "-m", "0.3", &format!("{}/slow", wire.url())])).await;
    assert_eq!(ran.end, End::Exited(28));
}

#[tokio::test]
async fn only_configured_hosts_are_asked_redirects_included() {
    let (asked, other) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (wire, inner) = (shop(asked), shop(other.clone()));
    let http = at(allowed(&[&wire.address()]));
    let curl = |url: &str| call(&["curl", "-sL", url]);
    for url in [
        format!("{}/told", inner.url()),
        format!("http://localhost:{}/told", inner.url().rsplit(':').next().unwrap_or_default()),
        "http://169.254.169.254/latest/meta-data".to_string(),
        "http://[::1]/".to_string(),
        "file:///etc/passwd".to_string(),
    ] {
        assert!(matches!(run(&http, &curl(&url)).await.end, End::NotStarted(_)), "{url}");
        assert!(http.plan(&curl(&url)).await.is_err(), "{url}");
    }
    let ran = run(&http, &curl(&format!("{}/away?{}/told", wire.url(), inner.url()))).await;
    assert!(ran.end == End::Exited(47) && ran.stderr.contains("may not be asked"), "{ran:?}");
    assert_eq!(ran.stdout, "");

    // Allowed as well, but not to be told who we are.
    let both = at(allowed(&[&wire.address(), &inner.address()]));
    let url = format!("{}/away?{}/told", wire.url(), inner.url());
    let ran = run(&both, &call(&["curl", "-L", "-u", "ana:secret", "-H", "Authorization: Bearer x", &url])).await;
    assert_eq!(ran.stdout, format!("GET {} - -", inner.address()));
}

#[tokio::test]
async fn an_address_of_the_runbook_leads_to_where_the_service_is() {
    let wire = shop(Arc::default());
    let mut place = allowed(&[]);
    place.instead.insert("http://localhost:3000".to_string(), wire.url().parse().expect("an address"));
    let http = at(place);
    let ran = run(&http, &call(&["curl", "http://localhost:3000/told?x=1"])).await;
    assert_eq!(ran.stdout, "GET localhost:3000 - -");
    assert!(matches!(run(&http, &call(&["curl", "http://localhost:3001/"])).await.end, End::NotStarted(_)));
}

#[tokio::test]
async fn a_server_that_is_gone_or_sends_too_much_is_told_apart() {
    let wire = shop(Arc::default());
    let http = at(allowed(&[&wire.address()]));
    let ran = run(&http, &call(&["curl", &format!("{}/huge", wire.url())])).await;
    assert!(ran.ok() && ran.left_out > 49_000_000 && ran.stdout.len() < 70_000, "{:?} {}", ran.end, ran.left_out);
    let (url, address) = (wire.url(), wire.address());
    drop(wire);
    let http = at(allowed(&[&address]));
    let ran = run(&http, &call(&["curl", &format!("{url}/health")])).await;
    assert!(ran.end == End::Exited(7) && ran.stderr.starts_with("No connection: "), "{ran:?}");
    assert!(ran.took < BOUND);
    let change: Call = call(&["curl", "-X", "POST", &format!("{url}/clear")]);
    assert!(matches!(run(&http, &change).await.end, End::NotStarted(_)));
}

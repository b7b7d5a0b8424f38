//! Questions to a real Prometheus that scrapes a target of the test; graphs are decoded and looked at. What a server can
//! do wrong (refuse, hang, send without end) is done by one of the test's own.

use super::{TARGET, call, run, within};
use crate::harness::prometheus::{ALERT_BOUND, ALERT_NAME, Monitoring};
use crate::harness::wire::Wire;
use crate::harness::{BOUND, eventually};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Uri};
use axum::routing::{any, get};
use firebell::clock;
use firebell::engine::ports::execute::{End, Execute, File, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::prometheus::{Place, Prometheus};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn place(address: &str) -> Place {
    let address = address.parse().expect("an address");
    Place { address, login: None, token: None, authorities: None, secrets: Secrets::default() }
}

fn at(place: Place) -> Prometheus {
    // Only one caller in the process can install the provider; for the others it is already there.
    rustls::crypto::ring::default_provider().install_default().ok();
    Prometheus::new(BTreeMap::from([(TARGET.to_string(), place)])).expect("a client")
}

/// How many pixels have this colour, and the size.
fn pixels(file: &File, colour: [u8; 3]) -> (usize, (u32, u32)) {
    assert_eq!((file.media_type.as_str(), file.name.ends_with(".png")), ("image/png", true), "{}", file.name);
    let mut reader = png::Decoder::new(std::io::Cursor::new(&file.bytes)).read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("pixels");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (bytes[..info.buffer_size()].chunks(3).filter(|p| *p == colour).count(), (info.width, info.height))
}

/// The first two lines of a graph.
const FIRST: [u8; 3] = [0, 114, 178];
const SECOND: [u8; 3] = [213, 94, 0];

#[tokio::test]
async fn questions_to_a_real_prometheus_have_values_reasons_and_graphs() {
    let monitoring = Monitoring::start("http://127.0.0.1:9/nobody", "nothing").await;
    let prometheus = at(place(&monitoring.prometheus_url()));
    let say = async |argv: &[&str]| -> Ran { run(&prometheus, &call(argv)).await };

    // As a runbook has it, with the address that is right on its own server.
    let instant = ["curl", "-s", "http://localhost:9090/api/v1/query?query=checkout_broken"];
    eventually("it has been scraped twice", BOUND, async || {
        let ran = say(&["promql", "count_over_time(checkout_broken[1m])"]).await;
        ran.readings.first().is_some_and(|r| r.value >= 2.0)
    })
    .await;
    let ran = say(&instant).await;
    assert_eq!((&ran.end, ran.native), (&End::Exited(0), true), "{}", ran.stderr);
    let body: Value = serde_json::from_str(&ran.stdout).expect("what the server answered, whole");
    assert_eq!(body["data"]["result"][0]["metric"]["job"], "checkout", "{body}");
    let readings: Vec<(&str, f64)> = ran.readings.iter().map(|r| (r.metric.as_str(), r.value)).collect();
    assert_eq!(readings, [("checkout_broken", 0.0)]);
    let (line, size) = pixels(&ran.files[0], FIRST);
    assert!(line > 20 && size.0 == 900 && size.1 > 300, "{line} {size:?}");
    assert_eq!(ran.files[0].name, "checkout_broken.png");

    let plan = prometheus.plan(&call(&instant)).await.expect("a plan");
    assert_eq!(plan.does, format!("GET {}/api/v1/query of checkout_broken", monitoring.prometheus_url()));
    assert!(plan.native && plan.finds[0].contains("http://localhost:9090/api/v1/query"), "{plan:?}");

    // A range of two series, as promtool prints it.
    monitoring.set_broken(true);
    let both = r#"checkout_broken + 1 or label_replace(up * 5, "kind", "up", "job", ".*")"#;
    let range = ["promtool", "query", "range", "--step=1", "http://localhost:9090", both];
    // A range ends at a whole second, which may be before the change.
    eventually("both have changed", BOUND, async || say(&range).await.stdout.contains("\n2 @[")).await;
    let ran = say(&range).await;
    assert!(ran.ok(), "{}", ran.stderr);
    assert!(ran.stdout.contains("kind=\"up\"} =>\n5 @[") && ran.stdout.contains("\n2 @["), "{}", ran.stdout);
    let counts = (pixels(&ran.files[0], FIRST).0, pixels(&ran.files[0], SECOND).0);
    assert!(counts.0 > 20 && counts.1 > 20, "{counts:?}");
    assert_eq!(ran.readings.len(), 2, "{:?}", ran.readings);

    // What fires.
    eventually("the alert fires", ALERT_BOUND, async || {
        let ran = say(&["curl", "-s", "http://localhost:9090/api/v1/alerts"]).await;
        assert!(ran.ok(), "{}", ran.stderr);
        let firing = ran.readings.iter().find(|r| r.metric == "alerts firing").map(|r| r.value);
        firing == Some(1.0) && ran.stdout.contains(ALERT_NAME)
    })
    .await;

    // What is not understood, and what there is nothing of.
    let ran = say(&["curl", "-s", "http://localhost:9090/api/v1/query?query=rate(checkout_broken"]).await;
    assert_eq!(ran.end, End::Exited(1));
    assert!(ran.stderr.starts_with("Prometheus does not understand this: 1:"), "{}", ran.stderr);
    assert!(ran.stdout.contains("bad_data") && ran.files.is_empty() && ran.readings.is_empty(), "{}", ran.stdout);
    let ran = say(&["promql", "shop_errors_total"]).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), ""));
    assert_eq!(ran.stderr, "[Prometheus has nothing for shop_errors_total]\n");
    let ran = say(&["promtool", "query", "range", "--start=5", "--end=1", "http://localhost:9090", "up"]).await;
    assert_eq!(ran.end, End::Exited(1));
    assert!(ran.stderr.contains("end"), "{}", ran.stderr);
}

#[tokio::test]
async fn only_the_configured_server_is_asked_and_told_who_we_are() {
    let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let note = seen.clone();
    let answer = move |uri: Uri, headers: HeaderMap| {
        let said = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
        note.lock().expect("not poisoned").push((uri.to_string(), said.clone()));
        async move {
            match said.as_str() {
                "Basic ZmlyZWJlbGw6c2VjcmV0LXNob3A=" | "Bearer secret-token" => (
                    axum::http::StatusCode::OK,
                    r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#,
                ),
                _ => (axum::http::StatusCode::UNAUTHORIZED, "who are you?"),
            }
        }
    };
    let server = Wire::serve(Router::new().fallback(any(answer.clone())));
    let elsewhere = Wire::serve(Router::new().fallback(any(async || "not the one that is configured")));
    let base = format!("{}/prometheus/", server.url());
    let login = Some(("firebell".to_string(), SecretString::from("secret-shop")));
    let token = Some(SecretString::from("secret-token"));
    let named = format!("{}/api/v1/query?query=7", elsewhere.url());
    for place in [Place { login, ..place(&base) }, Place { token, ..place(&base) }] {
        let ran = run(&at(place), &call(&["curl", "-H", "Authorization: Bearer other", &named])).await;
        assert!(ran.ok() && ran.readings[0].value == 7.0, "{ran:?}");
    }
    let ran = run(&at(place(&base)), &call(&["curl", &named])).await;
    assert_eq!(ran.end, End::Exited(1));
    assert!(ran.stderr.contains("answered 401: look at user, password and key"), "{}", ran.stderr);
    let asked = seen.lock().expect("not poisoned").clone();
    assert!(asked.iter().all(|(uri, _)| uri.starts_with("/prometheus/api/v1/query")), "{asked:?}");
    assert_eq!(elsewhere.connections(), 0);
    // What changes something is nothing that is asked.
    let ran = run(&at(place(&base)), &call(&["curl", "-X", "POST", &format!("{}/-/reload", server.url())])).await;
    assert!(matches!(ran.end, End::NotStarted(_)), "{ran:?}");
}

#[tokio::test]
async fn a_server_that_hangs_floods_or_is_away_costs_only_its_time() {
    let flood =
        || Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, String>(Bytes::from(vec![b' '; 1 << 20]))));
    let server = Wire::serve(
        Router::new()
            .route("/flood/api/v1/query", get(async move || flood()))
            .route("/web/api/v1/query", get(async || "<html>a login page</html>"))
            .fallback(any(async || pending::<()>().await)),
    );
    let ask = async |path: &str| -> Ran {
        let prometheus = at(place(&format!("{}/{path}", server.url())));
        run(&prometheus, &within(Duration::from_secs(3), call(&["promql", "up"]))).await
    };
    let began = clock::instant();
    assert_eq!(ask("hangs").await.end, End::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let ran = run(&at(place(&format!("{}/flood", server.url()))), &call(&["promql", "up"])).await;
    assert!(ran.end == End::Exited(7) && ran.stderr.contains("longer than 16 MB"), "{ran:?}");
    let ran = ask("web").await;
    assert!(ran.end == End::Exited(1) && ran.stderr.contains("nothing that Prometheus would say"), "{ran:?}");
    server.stop();
    let ran = ask("").await;
    assert!(ran.end == End::Exited(7) && ran.stderr.contains("cannot be reached"), "{ran:?}");
}

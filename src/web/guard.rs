//! Around every request: a request id, the Host check (a page of somebody else's that rebinds its name to this address
//! finds nothing here), strict headers, counting. And the same-origin check of whatever a browser changes.

use super::WebState;
use super::auth::{self, Session};
use super::error::No;
use crate::app::ack_link;
use crate::clock;
use crate::fault::Fault;
use crate::measure;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What probes and machines call by whatever name they reach it; nothing there is for a browser's eyes only.
const ANY_HOST: [&str; 5] = ["/health", "/ready", "/metrics", "/hooks", "/pagerduty"];

static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

pub async fn around(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let began = clock::instant();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", |m| m.as_str()).to_string();
    let api = request.uri().path().starts_with("/api");
    let path = loggable(request.uri().path());
    let span = tracing::info_span!("http", request.id = %id, http.method = %method, http.path = %path);
    let mut response = match host_fits(&state, request.uri(), request.headers()) {
        true => {
            let answered = AssertUnwindSafe(next.run(request).instrument(span.clone())).catch_unwind().await;
            answered.unwrap_or_else(|_| span.in_scope(|| shown(Fault::bug("a handler panicked").logged().into(), api)))
        }
        false => {
            let message =
                "This name does not belong to this Firebell. Open it by its public_url, or add the name to its hosts.";
            shown(No::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", message), api)
        }
    };
    let status = response.status();
    span.in_scope(|| match status.is_server_error() {
        true => tracing::warn!(http.status = status.as_u16(), "answered {status}"),
        false => tracing::debug!(http.status = status.as_u16(), "answered {status}"),
    });
    measure::request(&route, method_label(&method), status.as_str(), began.elapsed());
    strict(response.headers_mut(), &id);
    response
}

/// A path for the log: without its query, where a sign-in link's token stands, and without that of a page's link.
fn loggable(path: &str) -> String {
    match path.starts_with(ack_link::PATH) {
        true => format!("{}…", ack_link::PATH),
        false => firebell_domain::text::line_of_machine(path, 200),
    }
}

/// Methods are words of the caller's choosing: the label has only those that exist.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        _ => "other",
    }
}

fn strict(headers: &mut HeaderMap, id: &str) {
    let fixed = |text: &'static str| HeaderValue::from_static(text);
    // A page that is a file of its own (the post-mortem) has a stricter one.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(fixed(SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, fixed("DENY"));
    headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
    headers.insert("cross-origin-opener-policy", fixed("same-origin"));
    headers.insert("cross-origin-resource-policy", fixed("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(fixed("no-store"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The caller's own id where it is fit for a log, else one of ours.
fn request_id(headers: &HeaderMap) -> String {
    let fit = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match headers.get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(fit) {
        Some(theirs) => theirs.to_string(),
        None => format!("{:x}-{}", std::process::id(), NEXT_REQUEST.fetch_add(1, Ordering::Relaxed)),
    }
}

fn host_fits(state: &WebState, uri: &Uri, headers: &HeaderMap) -> bool {
    let path = uri.path();
    if ANY_HOST.iter().any(|p| path == *p || path.strip_prefix(p).is_some_and(|rest| rest.starts_with('/'))) {
        return true;
    }
    let named = uri.host().or_else(|| headers.get(header::HOST).and_then(|v| v.to_str().ok()));
    named.is_some_and(|host| {
        let host = without_port(host).to_ascii_lowercase();
        // Only a name can be rebound: an address in the bar is the address that was reached.
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        address || host == "localhost" || host.ends_with(".localhost") || state.hosts().contains(&host)
    })
}

/// `bot:7911` → `bot`, `[::1]:7911` → `[::1]`.
pub fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) =>
        {
            host
        }
        _ => authority,
    }
}

/// Scheme and authority of an address, as browsers send it in `Origin`.
pub fn origin_of(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?).to_ascii_lowercase())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// The browser says that one of our own pages asks.
    Ours,
    Others,
    /// It says nothing of it (a form under `no-referrer` over plain HTTP).
    Unsaid,
}

fn asked_from(state: &WebState, headers: &HeaderMap) -> From {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let site = text("sec-fetch-site");
    if site.is_some_and(|s| s != "same-origin") {
        return From::Others;
    }
    match text("origin") {
        None | Some("null") if site.is_some() => From::Ours,
        None | Some("null") => From::Unsaid,
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, a)| a.to_ascii_lowercase());
            let here = text("host").map(str::to_ascii_lowercase);
            let fits =
                (authority.is_some() && authority == here) || state.origin() == Some(&origin.to_ascii_lowercase());
            if fits { From::Ours } else { From::Others }
        }
    }
}

/// What a session changes must come from one of our own pages: from its script (a header that no other site can send,
/// and the browser's word for where it comes from) or from its form (a token that only our pages hold).
pub fn same_origin(state: &WebState, headers: &HeaderMap, session: &Session, form: Option<&str>) -> Result<(), No> {
    let fits = match (asked_from(state, headers), form) {
        (From::Others, _) => false,
        (_, Some(token)) => auth::same(token, &session.form),
        (From::Ours, None) => headers.get("x-firebell").is_some_and(|v| v == "1"),
        (From::Unsaid, None) => false,
    };
    fits.then_some(()).ok_or_else(not_ours)
}

/// The same before there is a session: `sent` and `kept` are the form's and the cookie's half.
pub fn same_browser(state: &WebState, headers: &HeaderMap, sent: &str, kept: Option<&str>) -> Result<(), No> {
    let halves = kept.is_some_and(|kept| auth::same(sent, kept));
    (halves && asked_from(state, headers) != From::Others).then_some(()).ok_or_else(not_ours)
}

fn not_ours() -> No {
    measure::turned_away("origin");
    No::new(
        StatusCode::FORBIDDEN,
        "not_from_here",
        "This did not come from one of Firebell's own pages. Reload the page and try again.",
    )
}

/// JSON for programs, a page for people.
pub fn shown(no: No, api: bool) -> Response {
    if api { no.into_response() } else { super::pages::problem(no) }
}

pub async fn no_such_route(request: Request<Body>) -> Response {
    let api = request.uri().path().starts_with("/api");
    let message = if api {
        "There is nothing at this address. /api/openapi.json lists what there is."
    } else {
        "There is nothing at this address. The list of incidents is at /."
    };
    shown(No::new(StatusCode::NOT_FOUND, "no_such_route", message), api)
}

pub async fn wrong_method(request: Request<Body>) -> Response {
    let api = request.uri().path().starts_with("/api");
    let message =
        format!("{} does not go with this address. /api/openapi.json says what does.", method_label(request.method()));
    shown(No::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message), api)
}

//! Pages: templates with escaping always on, and the few assets that they need, all inside the binary. No script and no
//! style stands in a page, and none comes from elsewhere.

use super::compress;
use super::error::No;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use firebell_domain::chain::hex;
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const TEMPLATES: [(&str, &str); 16] = [
    ("base.html", include_str!("assets/base.html")),
    ("list.html", include_str!("assets/list.html")),
    ("board.html", include_str!("assets/board.html")),
    ("digest.html", include_str!("assets/digest.html")),
    ("figures.html", include_str!("assets/figures.html")),
    ("incident.html", include_str!("assets/incident.html")),
    ("postmortem.html", include_str!("assets/postmortem.html")),
    ("edit.html", include_str!("assets/edit.html")),
    ("history.html", include_str!("assets/history.html")),
    ("run.html", include_str!("assets/run.html")),
    ("sessions.html", include_str!("assets/sessions.html")),
    ("signin.html", include_str!("assets/signin.html")),
    ("welcome.html", include_str!("assets/welcome.html")),
    ("ack.html", include_str!("assets/ack.html")),
    ("installed.html", include_str!("assets/installed.html")),
    ("problem.html", include_str!("assets/problem.html")),
];
/// One file for browsers: one request.
const SCRIPT: &str = concat!(
    include_str!("assets/room.js"),
    include_str!("assets/clocks.js"),
    include_str!("assets/box.js"),
    include_str!("assets/incident.js"),
    include_str!("assets/list.js"),
    include_str!("assets/edit.js"),
    include_str!("assets/digest.js"),
    include_str!("assets/run.js"),
);
const ASSETS: [(&str, &str, &str); 3] = [
    ("room.css", "text/css; charset=utf-8", include_str!("assets/room.css")),
    ("room.js", "text/javascript; charset=utf-8", SCRIPT),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// Changes when an asset does, so that browsers may keep them for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for (_, _, text) in ASSETS {
        all.update(text.as_bytes());
    }
    hex(&all.finalize()).chars().take(12).collect()
});

static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
});

pub fn page(name: &str, values: Value) -> Response {
    let values = context! { version => VERSION.as_str(), ..values };
    let rendered = match &*ENVIRONMENT {
        Ok(environment) => environment.get_template(name).and_then(|t| t.render(values)).map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    match rendered {
        Ok(text) => Html(text).into_response(),
        Err(e) => {
            let fault = crate::fault::Fault::bug(format!("page {name}: {e}")).logged();
            No::from(fault).into_response()
        }
    }
}

/// "No" as a page.
pub fn problem(no: No) -> Response {
    let mut response = page("problem.html", context! { code => no.code, message => no.message.as_str(), person => "" });
    if response.status().is_success() {
        *response.status_mut() = no.status;
    }
    if no.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

pub fn signin(token: &str, press: &str) -> Response {
    page("signin.html", context! { token, press, person => "" })
}

pub fn welcome() -> Response {
    page("welcome.html", context! { person => "" })
}

/// Each asset as it travels to whoever takes gzip, packed once and as small as it gets.
static PACKED: LazyLock<Vec<Option<Bytes>>> =
    LazyLock::new(|| ASSETS.iter().map(|(_, _, text)| compress::packed(text.as_bytes()).ok()).collect());

pub async fn asset(Path(name): Path<String>, asked: HeaderMap) -> Response {
    let Some(at) = ASSETS.iter().position(|(n, _, _)| *n == name) else {
        return problem(No::new(
            StatusCode::NOT_FOUND,
            "no_such_route",
            "There is nothing at this address. The list of incidents is at /.",
        ));
    };
    let (_, kind, text) = ASSETS[at];
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    match PACKED.get(at).and_then(Option::as_ref).filter(|_| compress::takes_gzip(&asked)) {
        Some(packed) => {
            (headers, [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))], packed.clone()).into_response()
        }
        None => (headers, text).into_response(),
    }
}

//! Bodies of the API and the room: bounded in size and time, of the right kind, and where they do not read, the line
//! and column at which they stop.

use super::error::No;
use axum::Form;
use axum::body::Body;
use axum::extract::FromRequest;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use firebell_domain::limits;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A body of some kilobytes that takes longer than this is not coming.
const BODY_WAIT: Duration = Duration::from_secs(10);

pub async fn bytes(body: Body) -> Result<Vec<u8>, No> {
    bytes_within(body, limits::API_BODY_BYTES_MAX).await
}

pub async fn bytes_within(body: Body, bytes_max: usize) -> Result<Vec<u8>, No> {
    let read = axum::body::to_bytes(body, bytes_max);
    match tokio::time::timeout(BODY_WAIT, read).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(e)) if over_limit(&e) => {
            let message =
                format!("The body is larger than {} KB. Put what is long into a linked document.", bytes_max / 1024);
            Err(No::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message))
        }
        Ok(Err(_)) => Err(No::bad("broken_off", "The body broke off. Nothing was done; send it again.")),
        Err(_) => Err(No::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "The body did not arrive within 10 s. Nothing was done; send it again.",
        )),
    }
}

fn over_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(e) = cause {
        if e.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = e.source();
    }
    false
}

/// `application/json`, with or without parameters.
pub fn is_json(headers: &HeaderMap) -> bool {
    kind(headers).is_some_and(|k| k.eq_ignore_ascii_case("application/json"))
}

pub fn is_form(headers: &HeaderMap) -> bool {
    kind(headers).is_some_and(|k| k.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

fn kind(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim())
}

/// Reads JSON. No body at all is `{}`: what has no mandatory key needs none.
pub fn json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, No> {
    let nothing = bytes.is_empty() && kind(headers).is_none();
    if !is_json(headers) && !nothing {
        let message = "Send JSON and say so: \"Content-Type: application/json\".";
        return Err(No::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message));
    }
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|e| {
        let place = format!("line {}, column {}", e.line(), e.column());
        let full = e.to_string();
        let what = full.rsplit_once(" at line ").map_or(full.as_str(), |(what, _)| what);
        let what = firebell_domain::text::line_of_machine(what, 300);
        No::bad("bad_json", format!("The body does not read at {place}: {what}."))
    })
}

pub fn query<T>(read: Result<axum::extract::Query<T>, QueryRejection>) -> Result<T, No> {
    read.map(|q| q.0).map_err(|e| {
        let what = firebell_domain::text::line_of_machine(&e.body_text(), 300);
        No::bad("bad_query", format!("The address's query does not read: {what}."))
    })
}

/// Reads what a form sends.
pub async fn form<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, No> {
    let bad = || No::bad("bad_form", "The form does not read. Reload the page and try again.");
    if !is_form(headers) {
        return Err(bad());
    }
    let mut request = Request::new(Body::from(bytes.to_vec()));
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    Form::<T>::from_request(request, &()).await.map(|f| f.0).map_err(|_| bad())
}

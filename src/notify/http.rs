//! What the pagers that speak HTTP share: one client, one way to post, one reading of answers.
//! Never tries twice (not even where the HTTP library would), never follows a redirect, never prints an address.
//!
//! Which answers are final. `tests.rs` holds `classify` to this table:
//!
//! | answer | verdict | why |
//! |---|---|---|
//! | 200-299 | accepted | the adapter may still doubt it: see PagerDuty and a 200 |
//! | 300-399 | never | a page and its key go only to the configured address |
//! | 400-407 | never | the request itself is wrong, and the next would be the same |
//! | 408 | retry | the server gave up waiting for us |
//! | 409-424 | never | as 400 |
//! | 425 | retry | too early, by definition to be sent again |
//! | 426-428 | never | as 400 |
//! | 429 | retry | after the time it names, if it does |
//! | 430-499 | never | as 400 |
//! | 500-599 | retry, may have arrived | its failure, not ours; a proxy may say it of what is behind it |
//! | no connection: refused, unreachable, no valid certificate | retry | nothing was handed over |
//! | no answer in time, reset, not HTTP | retry, may have arrived | the request is on its way |

use super::{BadSettings, words};
use crate::engine::ports::{Outcome, Sending};
use chrono::NaiveDateTime;
use firebell_domain::limits::{ANSWER_BYTES_MAX, SEND_CONNECT_TIMEOUT_S, SEND_TIMEOUT_S};
use firebell_domain::time::{Timestamp, span};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::time::Duration;

/// The client of all pagers. TLS by the process's default provider (`main` installs ring).
///
/// - No redirects: a page carries a routing key or a signature, and a `Location` is whatever the answering host
///   wants it to be; besides, 301 to 303 would turn the POST into a GET that looks delivered and is not.
/// - No proxies from the environment: a page must not depend on a variable of whoever started the process. A
///   proxy is configured as the pager's own address.
/// - No retries inside: the outbox counts, spaces and records them.
pub fn client() -> Result<reqwest::Client, BadSettings> {
    reqwest::Client::builder()
        .user_agent(concat!("firebell/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(SEND_CONNECT_TIMEOUT_S))
        .timeout(send_timeout())
        // Below the minute after which most servers close: a page should not be the one to find that out.
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .map_err(|e| BadSettings(words::why(&format!("The HTTP client cannot start: {}", chain(&e)), &[])))
}

pub fn send_timeout() -> Duration {
    Duration::from_secs(SEND_TIMEOUT_S)
}

/// An address as configured, or a sentence that names the setting and never the address: it may hold a token.
pub fn address(text: &SecretString, setting: &str) -> Result<Url, BadSettings> {
    let url = Url::parse(text.expose_secret()).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    url.ok_or_else(|| BadSettings(format!("{setting} is no address: write it as https://host/path")))
}

/// The signed links of a page, or of all that a summary stands for: what a receiver quotes back must not stand in a
/// timeline.
pub fn ack_links(sending: &Sending) -> impl Iterator<Item = SecretString> {
    let parts = sending.parts.iter().filter_map(|p| p.ack_link.as_deref());
    let links = sending.message.ack_link.as_deref().into_iter().chain(parts);
    links.map(|link| SecretString::from(link.rsplit('/').next().unwrap_or(link)))
}

/// What of an address is worth hiding when a server quotes it: all of it, and whatever in it is long enough to be
/// a token or a password (shorter would hide our own words as well).
pub fn secret_parts(url: &Url) -> Vec<SecretString> {
    const SECRET_CHARS_MIN: usize = 8;
    let query = url.query_pairs().map(|(_, value)| value.into_owned());
    let path = url.path_segments().into_iter().flatten().map(str::to_string);
    let user = [url.username(), url.password().unwrap_or_default()].map(str::to_string);
    let parts = path.chain(user).chain(query).filter(|part| part.len() >= SECRET_CHARS_MIN);
    std::iter::once(url.to_string()).chain(parts).map(SecretString::from).collect()
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub after_s: Option<i64>,
    /// The beginning of the body, `ANSWER_BYTES_MAX` at most; whatever arrived, if it broke off.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer's JSON, if it is some and was read whole.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The vendor's own words about what is wrong.
    fn said(&self) -> Option<String> {
        let json = self.json()?;
        let text = |key: &str| json.get(key).and_then(|v| v.as_str()).map(str::to_string);
        let list = |v: &serde_json::Value| {
            v.as_array().map(|all| all.iter().filter_map(|e| e.as_str()).collect::<Vec<_>>().join("; "))
        };
        let errors = json.get("errors").and_then(list).filter(|all| !all.is_empty()).or_else(|| text("errors"));
        let parts: Vec<String> = [text("message"), text("error"), errors].into_iter().flatten().collect();
        if parts.is_empty() { None } else { Some(parts.join(": ")) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Retry { after_s: Option<i64> },
    Never,
}

/// The table above.
pub fn classify(status: StatusCode, after_s: Option<i64>) -> Verdict {
    match status.as_u16() {
        200..=299 => Verdict::Accepted,
        408 | 425 | 429 | 500..=599 => Verdict::Retry { after_s },
        _ => Verdict::Never,
    }
}

/// Sends once. `Err` is the outcome where no answer came. Once the status is here the answer counts, also if its
/// body breaks off, hangs or never ends.
pub async fn post(
    who: &str,
    request: RequestBuilder,
    timeout: Duration,
    now: Timestamp,
    secrets: &[SecretString],
) -> Result<Answer, Outcome> {
    let mut response = request.timeout(timeout).send().await.map_err(|e| no_answer(who, e, timeout, secrets))?;
    let status = response.status();
    let after_s = retry_after(response.headers(), now);
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES_MAX - body.len())]);
    }
    Ok(Answer { status, after_s, body })
}

/// The outcome of an answer that accepts nothing, worded.
pub fn refused(who: &str, answer: &Answer, secrets: &[SecretString]) -> Outcome {
    let code = answer.status.as_u16();
    let happened = match code {
        408 => format!("{who} gave up waiting for the request (408)"),
        429 => match answer.after_s {
            Some(s) => format!("{who} takes no more for now (429) and asks to wait {}", span(s)),
            None => format!("{who} takes no more for now (429)"),
        },
        300..=399 => format!(
            "{who} answered with a redirect ({code}), which is never followed: configure the address that it leads to"
        ),
        401 | 403 => format!("{who} refused the credentials ({code}): check its key or secret"),
        404 | 410 => format!("{who} has nothing at this address ({code}): check it in the configuration"),
        413 => format!("{who} found the message too large (413)"),
        400..=499 => format!("{who} refused the message ({code})"),
        _ => format!("{who} failed on its side ({code})"),
    };
    let sentence = match answer.said() {
        Some(said) => format!("{happened}; it says: {said}"),
        None => happened,
    };
    let why = words::why(&sentence, secrets);
    match classify(answer.status, answer.after_s) {
        // A 5xx may come from a proxy after the vendor took it; 408, 425 and 429 mean that it was not taken.
        Verdict::Retry { after_s } => Outcome::Retry { after_s, why, maybe_arrived: answer.status.is_server_error() },
        Verdict::Accepted | Verdict::Never => Outcome::Never { why },
    }
}

/// The outcome where no answer came. The library's message names the address, so it is not used.
fn no_answer(who: &str, error: reqwest::Error, timeout: Duration, secrets: &[SecretString]) -> Outcome {
    let error = error.without_url();
    if error.is_builder() {
        let why = format!("The request to {who} cannot be made: check its address and keys for stray characters");
        return Outcome::Never { why: words::why(&why, secrets) };
    }
    let sentence = match (error.is_connect(), error.is_timeout()) {
        (true, true) => format!("{who} cannot be reached: no connection in time"),
        (true, false) => format!("{who} cannot be reached: {}", cause(&error)),
        (false, true) => format!("{who} did not answer within {timeout:?}, so it may or may not have taken it"),
        (false, false) => {
            format!("{who} broke off before answering ({}), so it may or may not have taken it", cause(&error))
        }
    };
    Outcome::Retry { after_s: None, why: words::why(&sentence, secrets), maybe_arrived: !error.is_connect() }
}

/// What an operator can act on.
fn cause(error: &reqwest::Error) -> String {
    if error.is_dns() { "its name is not known".to_string() } else { words::cause(error) }
}

fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

/// Seconds that a `Retry-After` asks for, unclamped: the outbox knows how long a page may wait.
/// What is no such value (negative, words) says nothing, like no header at all; a date that is past means now.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds(text).or_else(|| {
        // Rounded up: a second early is refused again.
        let left = http_date(text).map(|then| now.seconds_since(then).saturating_neg());
        left.map(|s| s.max(0))
    })
}

/// Whole seconds, as the standard says; fractions, as some vendors do, rounded up. Too large for an i64 is i64::MAX.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let more = i64::from(fraction.bytes().any(|b| b != b'0'));
    Some(whole.parse::<i64>().unwrap_or(i64::MAX).saturating_add(more))
}

/// The three forms of RFC 9110, section 5.6.7.
fn http_date(text: &str) -> Option<Timestamp> {
    let forms = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(time.and_utc().into())
}

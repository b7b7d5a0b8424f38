//! One client for everything that goes to Discord: its addresses below the configured one, its limits learnt from the
//! headers it sends and never written down here, its answers as what to do next. Tries nothing twice, follows no
//! redirect, prints no token. Waits for nobody: what has to wait is said, and waits in the outbox.

use super::limits::{Limits, Spent};
use super::multipart::{self, Part};
use crate::clock;
use crate::engine::ports::Outcome;
use firebell_domain::limits::{SEND_CONNECT_TIMEOUT_S, SEND_TIMEOUT_S, WHY_CHARS_MAX};
use firebell_domain::text;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Bytes of an answer that are read: a hundred messages, a server's channels, what is wrong with each option of a command.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// One request. `route` is its address without what is in its place: with `major` (the channel, the server) it names
/// the bucket until Discord names it.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub route: &'static str,
    pub major: String,
    pub path: String,
    pub body: Option<Value>,
    /// Name and content of what goes with the body.
    pub files: Vec<Part>,
    /// An interaction's own token is in the path: no login, and no share in the global limit.
    pub by_token: bool,
}

impl Request {
    pub fn new(method: Method, route: &'static str, major: &str, path: String) -> Request {
        Request { method, route, major: major.to_string(), path, body: None, files: Vec::new(), by_token: false }
    }

    pub fn with(self, body: Value) -> Request {
        Request { body: Some(body), ..self }
    }

    pub fn and(self, files: Vec<Part>) -> Request {
        Request { files, ..self }
    }

    pub fn by_token(self) -> Request {
        Request { by_token: true, ..self }
    }
}

/// Why there is no answer to work with. The sentences are for people and hold no address and no token.
#[derive(Clone, Debug, PartialEq)]
pub enum No {
    /// Discord wants us to wait, or would if it were asked.
    Wait { after: Duration, why: String },
    /// Its failure, or the network's.
    Down { why: String, maybe_arrived: bool },
    /// It refuses this request; `code` is its own number for why (50013: permission missing), 0 where it gave none.
    Refused { status: u16, code: u64, why: String },
}

impl No {
    pub fn outcome(self) -> Outcome {
        match self {
            No::Wait { after, why } => {
                // Rounded up: a second early is refused again.
                let after_s = after.as_secs() as i64 + i64::from(after.subsec_nanos() > 0);
                Outcome::Retry { after_s: Some(after_s), why, maybe_arrived: false }
            }
            No::Down { why, maybe_arrived } => Outcome::Retry { after_s: None, why, maybe_arrived },
            No::Refused { why, .. } => Outcome::Never { why },
        }
    }

    pub fn why(&self) -> &str {
        match self {
            No::Wait { why, .. } | No::Down { why, .. } | No::Refused { why, .. } => why,
        }
    }

    pub fn code(&self) -> u64 {
        match self {
            No::Refused { code, .. } => *code,
            _ => 0,
        }
    }
}

pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<SecretString>,
    limits: Mutex<Limits>,
}

impl Client {
    /// `base` without a slash at its end. No proxies from the environment, no retries inside: as with the pagers.
    pub fn new(base: &str, token: Option<SecretString>) -> Result<Client, String> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("DiscordBot (https://firebell.invalid, ", env!("CARGO_PKG_VERSION"), ") firebell"))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(SEND_CONNECT_TIMEOUT_S))
            .timeout(Duration::from_secs(SEND_TIMEOUT_S))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| format!("The HTTP client cannot start: {e}"))?;
        Ok(Client { http, base: base.trim_end_matches('/').to_string(), token, limits: Mutex::default() })
    }

    pub fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// How long a request of this kind would have to wait, as far as is known.
    pub fn wait(&self, method: &Method, route: &'static str, major: &str) -> Option<Duration> {
        let now = clock::instant();
        self.limits().wait(&key(method, route), major, false, now)
    }

    /// How many requests of this kind would be taken now, else how long until the next.
    pub fn takes(&self, method: &Method, route: &'static str, major: &str) -> Result<usize, Duration> {
        self.limits().takes(&key(method, route), major, clock::instant())
    }

    /// Asks once.
    pub async fn ask(&self, request: Request) -> Result<Value, No> {
        let key = key(&request.method, request.route);
        self.limits().take(&key, &request.major, request.by_token, clock::instant()).map_err(spent)?;
        let mut built = self.http.request(request.method.clone(), format!("{}{}", self.base, request.path));
        match (&self.token, request.by_token) {
            (_, true) => {}
            (Some(token), false) => {
                built = built.header("Authorization", format!("Bot {}", token.expose_secret()));
            }
            (None, false) => {
                let why = "Firebell has no token for Discord: add token to [discord]".to_string();
                return Err(No::Refused { status: 0, code: 0, why });
            }
        }
        match &request.body {
            Some(body) if request.files.is_empty() => built = built.json(body),
            Some(body) => {
                let (kind, form) = multipart::form(body, &request.files);
                built = built.header("Content-Type", kind).body(form);
            }
            None => {}
        }
        let mut response = built.send().await.map_err(no_answer)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while body.len() < BYTES_MAX {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(BYTES_MAX - body.len())]);
        }
        let json: Option<Value> = serde_json::from_slice(&body).ok();
        let now = clock::instant();
        self.learn(&key, &request, status, &headers, json.as_ref(), now);
        answer(status, &headers, json, body.is_empty())
    }

    fn learn(
        &self,
        key: &str,
        request: &Request,
        status: StatusCode,
        headers: &HeaderMap,
        json: Option<&Value>,
        now: Instant,
    ) {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let mut limits = self.limits();
        let bucket = text("x-ratelimit-bucket");
        let remaining = text("x-ratelimit-remaining").and_then(|v| v.parse::<u32>().ok());
        let reset = text("x-ratelimit-reset-after").and_then(|v| v.parse::<f64>().ok()).and_then(span);
        if let (Some(remaining), Some(reset)) = (remaining, reset) {
            limits.learn(key, &request.major, bucket, remaining, now + reset, now);
        }
        // What one channel shares with others (`shared`) is nobody's fault and not counted by Discord either.
        let shared = text("x-ratelimit-scope") == Some("shared");
        if matches!(status.as_u16(), 401 | 403) || (status == StatusCode::TOO_MANY_REQUESTS && !shared) {
            limits.invalid(now);
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            let global = text("x-ratelimit-global").is_some() || json.is_some_and(|j| j["global"] == true);
            let until = now + retry_after(headers, json);
            match global {
                true => limits.all_wait(until),
                false => limits.learn(key, &request.major, bucket, 0, until, now),
            }
        }
        if status == StatusCode::UNAUTHORIZED && !request.by_token {
            limits.token_refused(now);
        }
    }

    fn limits(&self) -> std::sync::MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn key(method: &Method, route: &str) -> String {
    format!("{method} {route}")
}

fn span(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// The body has fractions of a second, the header whole ones.
fn retry_after(headers: &HeaderMap, json: Option<&Value>) -> Duration {
    let in_body = json.and_then(|j| j["retry_after"].as_f64());
    let in_header = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<f64>().ok());
    in_body.or(in_header).and_then(span).unwrap_or(Duration::from_secs(1))
}

fn spent(spent: Spent) -> No {
    let (after, why) = match spent {
        Spent::Bucket(after) => (after, "Discord takes no more of this kind for now".to_string()),
        Spent::Global(after) => (after, "Discord takes no more from this bot for now".to_string()),
        Spent::Invalid(after) => {
            let why = "too many requests were refused in the last 10 minutes; Firebell waits before Discord bans its \
                       address. See what is refused in the log";
            (after, why.to_string())
        }
        Spent::Token(after) => (after, "Discord refuses the bot's token: correct token in [discord]".to_string()),
    };
    No::Wait { after, why }
}

fn answer(status: StatusCode, headers: &HeaderMap, json: Option<Value>, empty: bool) -> Result<Value, No> {
    let code = status.as_u16();
    match code {
        200..=299 => match json {
            Some(json) => Ok(json),
            None if empty => Ok(Value::Null),
            None => {
                let why = "Discord's answer cannot be read, so it may or may not have taken the request".to_string();
                Err(No::Down { why, maybe_arrived: true })
            }
        },
        429 => {
            let after = retry_after(headers, json.as_ref());
            Err(No::Wait { after, why: "Discord takes no more of this kind for now (429)".to_string() })
        }
        408 | 500..=599 => {
            let what = if json.is_some() { "" } else { " with a page instead of an answer" };
            let why = format!("Discord failed on its side ({code}){what}");
            Err(No::Down { why, maybe_arrived: code >= 500 })
        }
        300..=399 => {
            let why = format!("Discord answered with a redirect ({code}): check api_url in [discord]");
            Err(No::Refused { status: code, code: 0, why })
        }
        _ => {
            let own = json.as_ref().and_then(|j| j["code"].as_u64()).unwrap_or(0);
            Err(No::Refused { status: code, code: own, why: refused(code, own, json.as_ref()) })
        }
    }
}

/// What to do about it, where we know; else Discord's own words.
fn refused(status: u16, code: u64, json: Option<&Value>) -> String {
    let sentence = match (status, code) {
        (401, _) => "Discord refuses the bot's token: correct token in [discord]",
        (_, 50_001) => "the bot cannot see that channel: give it \"View Channel\" there",
        (_, 50_013) => "the bot lacks a permission there: \"firebell config check --online\" says which",
        (_, 10_003) => "the channel is not there any more",
        (_, 10_004) => "the bot is not in that server: invite it (docs/discord.md) or correct guild_id in [discord]",
        (_, 10_008) => "the message is not there any more",
        (_, 30_013) => "the server has as many channels as Discord allows (500): remove some",
        (_, 50_083) => "the thread is archived",
        (_, 160_006) => "the channel has as many active threads as Discord allows: archive some",
        _ => "",
    };
    if !sentence.is_empty() {
        return format!(
            "Discord: {sentence} ({status}{})",
            if code == 0 { String::new() } else { format!(", {code}") }
        );
    }
    let said = json.and_then(|j| j["message"].as_str()).unwrap_or("no reason given");
    let at = json.map(|j| first_error(&j["errors"], String::new())).unwrap_or_default();
    let said = text::line_of_machine(&format!("{said}{at}"), WHY_CHARS_MAX / 2);
    format!("Discord refused the request ({status}, {code}); it says: {said}")
}

/// Discord nests what is wrong below the field it is wrong with.
fn first_error(errors: &Value, path: String) -> String {
    if let Some(first) = errors["_errors"].get(0) {
        return format!(" ({path}: {})", first["message"].as_str().unwrap_or_default());
    }
    let Some(map) = errors.as_object() else { return String::new() };
    let below = |(name, inner): (&String, &Value)| {
        first_error(inner, if path.is_empty() { name.clone() } else { format!("{path}.{name}") })
    };
    map.iter().map(below).find(|found| !found.is_empty()).unwrap_or_default()
}

/// Where no answer came. The library's message names the address, so it is not used.
fn no_answer(error: reqwest::Error) -> No {
    let why = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "Discord cannot be reached: no connection in time".to_string(),
        (true, false) => "Discord cannot be reached".to_string(),
        (false, true) => {
            format!("Discord did not answer within {SEND_TIMEOUT_S} s, so it may or may not have taken it")
        }
        (false, false) => "Discord broke off before answering, so it may or may not have taken it".to_string(),
    };
    No::Down { why, maybe_arrived: !error.is_connect() }
}

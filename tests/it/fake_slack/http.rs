//! What is told by HTTP instead: signed requests to the app's own addresses, and what its answers mean.
//!
//! It never retries a command or an interaction; events it does, with `X-Slack-Retry-Num`.

use super::desk::Desk;
use super::parcel::{Parcel, Sort};
use super::socket::{ACK_US, instant};
use super::state::World;
use super::time::SECOND;
use crate::harness::wire::outside;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;

/// Where the app listens, and whether it is told this way.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    pub on: bool,
    pub commands: String,
    pub interactions: String,
    pub events: String,
    /// How many of the next requests are sent twice.
    pub twice: usize,
}

/// A request that is ready to go.
pub struct Letter {
    pub parcel: Parcel,
    pub again: bool,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// `X-Slack-Signature` of a body: what Slack sends.
pub fn signature(secret: &str, unix_seconds: i64, body: &str) -> String {
    let mut code = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    code.update(format!("v0:{unix_seconds}:{body}").as_bytes());
    let hex: String = code.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

impl World {
    pub fn letter(&mut self, parcel: Parcel) -> Option<Letter> {
        let (url, form) = match parcel.sort {
            Sort::Command => (&self.http.commands, true),
            Sort::Interactive => (&self.http.interactions, true),
            Sort::Event => (&self.http.events, false),
        };
        let body = match parcel.sort {
            Sort::Command => {
                let fields = parcel.payload.as_object().into_iter().flatten();
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields.map(|(key, value)| (key, value.as_str().unwrap_or_default())));
                form.finish()
            }
            Sort::Interactive => url::form_urlencoded::Serializer::new(String::new())
                .append_pair("payload", &parcel.payload.to_string())
                .finish(),
            Sort::Event => parcel.payload.to_string(),
        };
        let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        let seconds = self.now() / SECOND;
        let mut headers = vec![
            ("content-type", kind.to_owned()),
            ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)".to_owned()),
            ("x-slack-request-timestamp", seconds.to_string()),
            ("x-slack-signature", signature(&self.app.signing_secret, seconds, &body)),
        ];
        if parcel.attempt > 0 {
            headers.push(("x-slack-retry-num", parcel.attempt.to_string()));
            headers.push(("x-slack-retry-reason", parcel.reason.unwrap_or("http_error").to_owned()));
        }
        let url = url.clone();
        let again = self.http.twice > 0;
        self.http.twice = self.http.twice.saturating_sub(1);
        Some(Letter { parcel, again, url, headers, body })
    }
}

/// Comes back once three seconds have passed on the clock of this Slack.
async fn overdue(desk: &Desk, began: i64) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while desk.see(World::now) - began < ACK_US {
        looks.tick().await;
    }
}

/// Sends it, waits for the answer no longer than Slack does, and lets the world know.
pub fn post(desk: Desk, letter: Letter) {
    outside().spawn(async move {
        // Its time runs from here, not from when somebody listens.
        let (sent, began) = (instant(), desk.see(World::now));
        let Letter { parcel, url, headers, body, again } = letter;
        let request = || {
            let mut request = desk.client().post(&url).body(body.clone());
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            request.send()
        };
        if again {
            let copy = request();
            outside().spawn(async move { copy.await.map(|_| ()).ok() });
        }
        let answer = async {
            let response = request().await?;
            let status = response.status().as_u16();
            let no_retry = response.headers().contains_key("x-slack-no-retry");
            Ok::<_, reqwest::Error>((status, no_retry, response.text().await?))
        };
        let answer = tokio::select! {
            answer = answer => Ok(answer),
            () = overdue(&desk, began) => Err(()),
        };
        match answer {
            Ok(Ok((200, _, text))) => {
                let value = match text.trim() {
                    "" => Value::Null,
                    _ => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                };
                desk.with(|world| world.answered(parcel, value, sent.elapsed()));
            }
            Ok(Ok((status, no_retry, _))) => desk.with(|world| {
                let mut parcel = parcel;
                parcel.attempt = if no_retry { u32::MAX - 1 } else { parcel.attempt };
                world.unanswered(parcel, "http_error", &format!("http_error_{status}"));
            }),
            Ok(Err(_)) => desk.with(|world| world.unanswered(parcel, "connection_failed", "dispatch_failed")),
            Err(_) => desk.with(|world| world.unanswered(parcel, "http_timeout", "operation_timeout")),
        }
    });
}

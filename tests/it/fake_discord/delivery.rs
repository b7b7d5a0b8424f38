//! How interactions reach the application: as an event of the gateway, or signed to its HTTP endpoint.
//! Never makes up what is in them.

use super::interactions::{ANSWER_MS, Interaction};
use super::multipart;
use super::state::{Id, State};
use super::{Discord, Shared, hex};
use crate::harness::{http_client, wire::outside};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

/// How a delivery is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    Right,
    /// By another key.
    Forged,
    /// Rightly, this many seconds ago.
    Stale(i64),
    /// The body was changed after it was signed.
    Tampered,
    /// Without the headers.
    Missing,
    /// The signature is no hexadecimal.
    Garbled,
}

impl Discord {
    /// Interactions go to this endpoint from now on, if it answers a PING and refuses a bad signature.
    pub async fn delivers_to(&self, url: &str) {
        let (status, body) = self.knocks(url, Signs::Right, &json!({"type": 1})).await;
        let pong = serde_json::from_str(&body).unwrap_or(Value::Null);
        assert!(status == 200 && pong["type"] == 1, "the endpoint answered a PING with {status}: {body}");
        let (status, _) = self.knocks(url, Signs::Forged, &json!({"type": 1})).await;
        assert_eq!(status, 401, "the endpoint took a forged signature");
        self.change(|state| state.app.interactions_url = Some(url.to_string()));
    }

    /// Interactions come by the gateway again.
    pub fn delivers_by_gateway(&self) {
        self.change(|state| state.app.interactions_url = None);
    }

    /// Sends any body to an endpoint, signed as told; its status and body.
    pub async fn knocks(&self, url: &str, signs: Signs, body: &Value) -> (u16, String) {
        let mut body = body.clone();
        if body.get("id").is_none() {
            let (id, app) = self.change(|state| (state.new_id(), state.app.id));
            body["id"] = json!(id.to_string());
            body["application_id"] = json!(app.to_string());
            body["token"] = json!("ping-token");
            body["version"] = json!(1);
        }
        let now_ms = self.read(State::now_ms);
        match signed(&self.0.key, url, signs, &body, now_ms).send().await {
            Ok(response) => (response.status().as_u16(), response.text().await.unwrap_or_default()),
            Err(error) => (0, error.to_string()),
        }
    }

    /// The same interaction again, as a repeated delivery would bring it.
    pub async fn delivers_again(&self, id: Id) -> (u16, String) {
        let (url, body) = self.read(|state| {
            let asked = &state.interactions[&id];
            (state.app.interactions_url.clone(), state.interaction_json(asked))
        });
        self.knocks(&url.expect("interactions go by HTTP"), Signs::Right, &body).await
    }

    /// Writes an interaction down and sends it on its way.
    pub fn deliver(&self, asked: Interaction) -> Id {
        let id = asked.id;
        let by_http = self.change(|state| {
            let body = state.interaction_json(&asked);
            let guild = asked.guild;
            state.interactions.insert(id, asked);
            match state.app.interactions_url.clone() {
                Some(url) => Some((url, body, state.now_ms())),
                None => {
                    if state.sessions.by_id.is_empty() {
                        state.fail(id, "nobody was on the gateway");
                    }
                    let audience = super::session::Audience { intents: 0, guild, channel: None };
                    state.dispatch("INTERACTION_CREATE", body, audience);
                    None
                }
            }
        });
        if let Some((url, body, now_ms)) = by_http {
            let request = signed(&self.0.key, &url, Signs::Right, &body, now_ms);
            outside().spawn(heard(self.0.shared.clone(), id, request));
        }
        id
    }
}

/// The answer in the response to the signed request.
async fn heard(shared: Shared, id: Id, request: reqwest::RequestBuilder) {
    let failed = |why: String| shared.change(|state| state.fail(id, &why));
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(format!("the endpoint could not be reached: {error}")),
    };
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("").to_string();
    let body = response.bytes().await.unwrap_or_default();
    match status {
        202 if body.is_empty() => {} // the answer comes by the callback route
        200 => shared.change(|state| {
            let answered = multipart::read(&kind, &body).and_then(|(json, files)| state.respond(id, &json, &files));
            if let Err(refused) = answered {
                state.problem(format!("interaction {id} was answered wrongly: {}", refused.body()));
                state.fail(id, &refused.message);
            }
        }),
        _ => failed(format!("the endpoint answered {status}: {}", String::from_utf8_lossy(&body))),
    }
}

impl State {
    /// Fails what was not answered within three seconds.
    pub fn expire(&mut self) {
        let now = self.now_ms();
        let open = self.interactions.values().filter(|asked| asked.answer.is_none() && asked.failed.is_none());
        let late: Vec<Id> = open.filter(|asked| now - asked.asked_ms > ANSWER_MS).map(|asked| asked.id).collect();
        for id in late {
            self.fail(id, "three seconds had passed");
        }
    }

    /// The person reads "The application did not respond".
    pub fn fail(&mut self, id: Id, why: &str) {
        let Some(asked) = self.interactions.get_mut(&id).filter(|asked| asked.answer.is_none()) else { return };
        asked.failed = Some(why.to_string());
        let named = asked.named();
        self.problem(format!("{named} was not answered: {why}"));
    }
}

fn signed(key: &SigningKey, url: &str, signs: Signs, body: &Value, now_ms: i64) -> reqwest::RequestBuilder {
    let late = if let Signs::Stale(seconds) = signs { seconds } else { 0 };
    let timestamp = (now_ms / 1_000 - late).to_string();
    let mut text = body.to_string();
    let other = SigningKey::from_bytes(&[8; 32]);
    let key = if signs == Signs::Forged { &other } else { key };
    let signature = hex(&key.sign(format!("{timestamp}{text}").as_bytes()).to_bytes());
    if signs == Signs::Tampered {
        text.insert(text.len() - 1, ' ');
    }
    let signature = if signs == Signs::Garbled { "not hexadecimal".to_string() } else { signature };
    let request = http_client()
        .post(url)
        .header("content-type", "application/json")
        .header("user-agent", "Discord-Interactions/1.0 (+https://discord.com)")
        .body(text);
    match signs {
        Signs::Missing => request,
        _ => request.header("x-signature-ed25519", signature).header("x-signature-timestamp", timestamp),
    }
}

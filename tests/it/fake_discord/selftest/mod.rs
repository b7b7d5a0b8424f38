//! The stand-in shown what it must do and what it must refuse, by a bare HTTP client and by serenity's own.

mod conversation;
mod gateway;
mod interactions;
mod rates;
mod rest;

use super::Discord;
use crate::harness::{Answer, http_client};
use serde_json::{Value, json};

/// The application's side, by hand.
struct App {
    discord: Discord,
    client: reqwest::Client,
}

impl App {
    fn of(discord: &Discord) -> App {
        App { discord: discord.clone(), client: http_client() }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let url = format!("{}{path}", self.discord.api_url());
        let request = self.client.request(method, url).header("user-agent", "DiscordBot (https://example.org, 1.0)");
        match path.starts_with("/interactions") || path.starts_with("/webhooks") {
            true => request,
            false => request.header("authorization", format!("Bot {}", self.discord.token())),
        }
    }

    async fn asks(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path);
        let request = if body.is_null() {
            request
        } else {
            request.header("content-type", "application/json").body(body.to_string())
        };
        Answer::to(request).await.expect("it answers")
    }

    /// Asks for what must work.
    async fn does(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.asks(method, path, body).await;
        assert!(answer.status < 300, "{method} {path} → {} {}", answer.status, answer.body);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Asks for what must be refused, with this code.
    async fn is_refused(&self, code: u32, method: &str, path: &str, body: Value) -> Value {
        let answer = self.asks(method, path, body).await;
        assert!(answer.status >= 400, "{method} {path} was not refused: {}", answer.body);
        let body = answer.json();
        assert_eq!(body["code"], json!(code), "{method} {path} → {body}");
        body
    }

    async fn registers(&self, commands: Value) {
        let app = self.discord.application_id();
        self.does("PUT", &format!("/applications/{app}/commands"), commands).await;
    }

    /// Answers an interaction by the callback route.
    async fn answers(&self, asked: &super::Asked, body: Value) -> Answer {
        let token = self.discord.read(|state| state.interactions[&asked.id].token.clone());
        self.asks("POST", &format!("/interactions/{}/{token}/callback", asked.id), body).await
    }

    fn follow_up_path(&self, asked: &super::Asked) -> String {
        let token = self.discord.read(|state| state.interactions[&asked.id].token.clone());
        format!("/webhooks/{}/{token}", self.discord.application_id())
    }
}

/// A command with a sub-command, an option that completes and one with choices.
fn incident_command() -> Value {
    json!([{"name": "incident", "description": "Incidents", "options": [{
        "type": 1, "name": "declare", "description": "Open an incident", "options": [
            {"type": 3, "name": "title", "description": "What is wrong", "required": true},
            {"type": 3, "name": "service", "description": "What is broken", "autocomplete": true},
            {"type": 3, "name": "severity", "description": "How bad", "choices": [{"name": "P1", "value": "p1"}]},
            {"type": 6, "name": "lead", "description": "Who leads"},
        ],
    }]}, {"name": "Add to timeline", "type": 3}, {"name": "Page", "type": 2}])
}

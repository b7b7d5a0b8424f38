//! `firebell config check --online` for Slack: whether the tokens are right and the app may do what Firebell does there.
//! Asks; sends nothing.

use super::client::{Client, Trouble};
use super::manifest::SCOPES;
use crate::config;
use serde_json::json;

/// One line for the operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub ok: bool,
    pub text: String,
}

/// Everything that was found, the good ones too.
pub async fn check(settings: &config::Slack) -> Vec<Finding> {
    let bad = |text: String| Finding { ok: false, text };
    let good = |text: String| Finding { ok: true, text };
    let client = match Client::new(settings.api_url.base(), &settings.bot_token, settings.app_token.as_ref()) {
        Ok(client) => client,
        Err(why) => return vec![bad(format!("slack: {why}"))],
    };
    let mut found = Vec::new();
    match client.call("auth.test", &json!({})).await {
        Ok(answer) => {
            let text = |key: &str| answer.get(key).and_then(|v| v.as_str()).unwrap_or("?").to_string();
            found.push(good(format!("slack.bot_token: valid, as {} in {}", text("user"), text("team"))));
            found.extend(scopes(settings).await);
        }
        Err(trouble) => found.push(bad(format!("slack.bot_token: {}", trouble.why()))),
    }
    if settings.app_token.is_some() {
        found.push(match client.socket_address().await {
            Ok(_) => good("slack.app_token: valid, Socket Mode is on".to_string()),
            Err(Trouble::Api { code }) if code == "missing_scope" || code == "no_permission" => bad(
                "slack.app_token: lacks the scope connections:write. Make another app-level token with it and put it there"
                    .to_string(),
            ),
            Err(Trouble::Api { code }) if code == "forbidden_team" || code == "socket_mode_disabled" => {
                bad("slack.app_token: Socket Mode is off for this app. Switch it on in the app's settings".to_string())
            }
            Err(trouble) => bad(format!("slack.app_token: {}", trouble.why())),
        });
    }
    found
}

/// Slack says which scopes a token has in a header of every answer.
async fn scopes(settings: &config::Slack) -> Vec<Finding> {
    let granted = match super::client::granted(settings.api_url.base(), &settings.bot_token).await {
        Ok(Some(granted)) => granted,
        Ok(None) => {
            return vec![Finding { ok: true, text: "slack: Slack did not say which scopes the token has".into() }];
        }
        Err(trouble) => return vec![Finding { ok: false, text: format!("slack: {}", trouble.why()) }],
    };
    let missing: Vec<Finding> = SCOPES
        .iter()
        .filter(|(scope, _)| !granted.iter().any(|g| g == scope))
        .map(|(scope, why)| Finding {
            ok: false,
            text: format!(
                "slack.bot_token: lacks the scope {scope} ({why}). Add it under \"OAuth & Permissions\" and install the app again"
            ),
        })
        .collect();
    match missing.is_empty() {
        true => vec![Finding { ok: true, text: format!("slack: all {} scopes are there", SCOPES.len()) }],
        false => missing,
    }
}

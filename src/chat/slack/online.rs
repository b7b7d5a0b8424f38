//! `firebell config check --online` for Slack: whether the tokens are right and the app may do what Firebell does there.
//! Asks; sends nothing.

use super::client::{Client, Trouble, is_invalid};
use super::elsewhere::home_has_its_own_keys;
use super::manifest::SCOPES;
use super::named;
use super::vault::Vault;
use super::workspace::{UNRENEWABLE, called, home_of};
use crate::{config, store};
use firebell_domain::time::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;

/// One line for the operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub ok: bool,
    pub text: String,
}

/// Everything that was found, the good ones too: of the configured tokens, then of the workspaces that are installed.
/// `rooms`: where the incidents of systems are announced at home, by their names.
pub async fn check(
    settings: &config::Slack,
    rows: &[store::Workspace],
    rooms: &BTreeMap<String, String>,
    public_url: &str,
) -> Vec<Finding> {
    let bad = |text: String| Finding { ok: false, text };
    let good = |text: String| Finding { ok: true, text };
    let client = match Client::new(settings.api_url.base(), settings.bot_token.as_ref(), settings.app_token.as_ref()) {
        Ok(client) => client,
        Err(why) => return vec![bad(format!("slack: {why}"))],
    };
    let mut found = Vec::new();
    let mut home = None;
    if let Some(bot) = &settings.bot_token {
        let (said, team) = check_bot(settings, &client, bot, rooms).await;
        (found, home) = (said, team);
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
    found.extend(check_installed(settings, rows, rooms, public_url, home.as_deref()).await);
    found
}

/// And whose token it is.
async fn check_bot(
    settings: &config::Slack,
    client: &Client,
    bot: &SecretString,
    rooms: &BTreeMap<String, String>,
) -> (Vec<Finding>, Option<String>) {
    let (bad, good) = (|text: String| Finding { ok: false, text }, |text: String| Finding { ok: true, text });
    let (mut found, mut home) = (Vec::new(), None);
    match client.call("auth.test", &json!({})).await {
        Ok(answer) => {
            let text = |key: &str| answer.get(key).and_then(|v| v.as_str()).unwrap_or("?").to_string();
            found.push(good(format!("slack.bot_token: valid, as {} in {}", text("user"), text("team"))));
            found.extend(scopes(settings, "slack.bot_token", bot).await);
            found.extend(named::check(client, "slack", &settings.home, rooms).await);
            home = Some(text("team_id"));
        }
        Err(trouble) => found.push(bad(format!("slack.bot_token: {}", trouble.why()))),
    }
    (found, home)
}

/// What is stored of installed workspaces, without asking Slack: only what does not open.
pub fn check_keys(settings: &config::Slack, rows: &[store::Workspace]) -> Vec<Finding> {
    let Some(oauth) = &settings.oauth else {
        return match rows {
            [] => Vec::new(),
            rows => {
                let names: Vec<String> = rows.iter().map(called).collect();
                let text = format!(
                    "slack: the app is installed in {}, and without client_id, client_secret and token_key in [slack] \
                     nothing is done there: write them there again",
                    names.join(", ")
                );
                vec![Finding { ok: false, text }]
            }
        };
    };
    match Vault::new(&oauth.token_key, oauth.previous_token_key.as_ref()) {
        Err(why) => vec![Finding { ok: false, text: why }],
        Ok(vault) => {
            let shut = |row: &store::Workspace| {
                let shut = vault.open(&row.team, &row.sealed).err()?;
                Some(Finding { ok: false, text: format!("slack workspace {}: {}", called(row), shut.why()) })
            };
            rows.iter().filter_map(shut).collect()
        }
    }
}

/// Each installed workspace: whether its token is taken, what it may do, until when it works, and whether what the
/// configuration names of it is there.
async fn check_installed(
    settings: &config::Slack,
    rows: &[store::Workspace],
    rooms: &BTreeMap<String, String>,
    public_url: &str,
    home_of_token: Option<&str>,
) -> Vec<Finding> {
    let Some(oauth) = &settings.oauth else { return Vec::new() };
    let install = format!("{}/slack/install", public_url.trim_end_matches('/'));
    let again = format!("install the app there again at {install}");
    let home = match settings.bot_token {
        Some(_) => home_of_token.map(str::to_string),
        None => home_of(settings, rows),
    };
    if rows.is_empty() && settings.bot_token.is_none() {
        let text = format!("slack: nobody has installed the app yet: an administrator opens {install}");
        return vec![Finding { ok: false, text }];
    }
    let Ok(vault) = Vault::new(&oauth.token_key, oauth.previous_token_key.as_ref()) else { return Vec::new() };
    let mut found = Vec::new();
    for row in rows {
        // What does not open is said already.
        let Ok(tokens) = vault.open(&row.team, &row.sealed) else { continue };
        let name = format!("slack workspace {}", called(row));
        let client = Client::new(settings.api_url.base(), Some(&tokens.bot), None);
        let answer = match &client {
            Ok(client) => client.call("auth.test", &json!({})).await,
            Err(why) => Err(Trouble::Away(why.clone())),
        };
        match answer {
            Ok(_) if row.standing == UNRENEWABLE => found.push(Finding {
                ok: false,
                text: format!(
                    "{name}: its token can no longer be renewed and works until {}: {again}",
                    Timestamp(row.expires_at)
                ),
            }),
            Ok(_) => {
                let until = match row.expires_at {
                    0 => "it does not expire".to_string(),
                    at => format!("renewed before it expires at {}", Timestamp(at)),
                };
                found.push(Finding { ok: true, text: format!("{name}: its token is valid, {until}") });
                found.extend(scopes(settings, &name, &tokens.bot).await);
                if let Ok(client) = &client {
                    found.extend(check_named(settings, client, rooms, &row.team, home.as_deref()).await);
                }
            }
            Err(Trouble::Api { code }) if is_invalid(&code) => {
                found.push(Finding { ok: false, text: format!("{name}: Slack says {code}: {again}") });
            }
            Err(trouble) => found.push(Finding { ok: false, text: format!("{name}: {}", trouble.why()) }),
        }
    }
    for team in settings.elsewhere.keys() {
        let table = format!("slack.workspace.{team}");
        if home.as_ref() == Some(team) {
            found.push(Finding { ok: false, text: format!("{table}: {}", home_has_its_own_keys(team)) });
        } else if !rows.iter().any(|row| row.team == *team) {
            let text = format!("{table}: nobody has installed the app there: an administrator opens {install}");
            found.push(Finding { ok: false, text });
        }
    }
    found
}

async fn check_named(
    settings: &config::Slack,
    client: &Client,
    rooms: &BTreeMap<String, String>,
    team: &str,
    home: Option<&str>,
) -> Vec<Finding> {
    match (home == Some(team), settings.elsewhere.get(team)) {
        // With a token that is configured, home was looked at with that.
        (true, _) if settings.bot_token.is_some() => Vec::new(),
        (true, _) => named::check(client, "slack", &settings.home, rooms).await,
        (false, Some(there)) => named::check(client, &format!("slack.workspace.{team}"), there, &BTreeMap::new()).await,
        (false, None) => Vec::new(),
    }
}

/// Slack says which scopes a token has in a header of every answer.
async fn scopes(settings: &config::Slack, whose: &str, bot: &SecretString) -> Vec<Finding> {
    let granted = match super::client::granted(settings.api_url.base(), bot).await {
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
                "{whose}: lacks the scope {scope} ({why}). Add it under \"OAuth & Permissions\" and install the app again"
            ),
        })
        .collect();
    match missing.is_empty() {
        true => vec![Finding { ok: true, text: format!("slack: all {} scopes are there", SCOPES.len()) }],
        false => missing,
    }
}

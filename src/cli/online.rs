//! `config check`: whether what is stored of installed workspaces opens; and with `--online` each configured chat platform
//! is asked whether tokens and permissions are right. Sends nothing and changes nothing.

use super::Format;
use crate::chat::slack::CHANNEL;
use crate::chat::{discord, slack};
use crate::compose;
use crate::config::Config;
use crate::store::{Mode, Workspace};
use serde_json::json;

/// The workspaces that are installed; none where there is no database yet, or none that answers: both are told elsewhere.
async fn workspaces(config: &Config) -> Vec<Workspace> {
    if config.slack.is_none() || config.sqlite_path().is_some_and(|path| !path.exists()) {
        return Vec::new();
    }
    let Ok((store, _lock)) = compose::open(config, Mode::Read).await else { return Vec::new() };
    store.workspaces(CHANNEL).await.unwrap_or_default()
}

/// Prints tokens that no configured key opens; false where there are any.
pub async fn check_keys(config: &Config) -> bool {
    let Some(settings) = &config.slack else { return true };
    let found = slack::check_keys(settings, &workspaces(config).await);
    for finding in &found {
        eprintln!("error: {}", finding.text);
    }
    found.is_empty()
}

/// Prints what was found; false where something must be changed.
pub async fn check(config: &Config, format: Format) -> bool {
    let mut found: Vec<(bool, String)> = match &config.slack {
        Some(settings) => slack::check(settings).await.into_iter().map(|f| (f.ok, f.text)).collect(),
        None => Vec::new(),
    };
    if let Some(settings) = config.slack.as_ref().filter(|s| s.oauth.is_some()) {
        let url = config.public_url(config.listen);
        let there = slack::check_installed(settings, &workspaces(config).await, &url).await;
        found.extend(there.into_iter().map(|f| (f.ok, f.text)));
    }
    if let Some(settings) = &config.discord {
        let there = discord::check::check(settings).await.into_iter();
        found.extend(there.map(|f| (f.ok, format!("Discord: {}", f.text))));
    }
    let well = found.iter().all(|(ok, _)| *ok);
    match format {
        Format::Text => {
            if found.is_empty() {
                println!("Online: nothing is configured that could be asked.");
            }
            for (ok, text) in &found {
                println!("{} {text}", if *ok { "ok:" } else { "error:" });
            }
        }
        Format::Json => {
            let all: Vec<_> = found.iter().map(|(ok, text)| json!({ "ok": ok, "text": text })).collect();
            println!("{:#}", json!({ "online": all }));
        }
    }
    well
}

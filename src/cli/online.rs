//! `config check --online`: asks each configured chat platform whether its tokens and permissions are right. Sends
//! nothing and changes nothing.

use super::Format;
use crate::chat::{discord, slack};
use crate::config::Config;
use serde_json::json;

/// Prints what was found; false where something must be changed.
pub async fn check(config: &Config, format: Format) -> bool {
    let mut found: Vec<(bool, String)> = match &config.slack {
        Some(settings) => slack::check(settings).await.into_iter().map(|f| (f.ok, f.text)).collect(),
        None => Vec::new(),
    };
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

//! `config check --online`: asks each configured chat platform whether its tokens and permissions are right. Sends
//! nothing and changes nothing.

use super::Format;
use crate::chat::slack;
use crate::config::Config;
use serde_json::json;

/// Prints what was found; false where something must be changed.
pub async fn check(config: &Config, format: Format) -> bool {
    let found = match &config.slack {
        Some(settings) => slack::check(settings).await,
        None => Vec::new(),
    };
    let well = found.iter().all(|f| f.ok);
    match format {
        Format::Text => {
            if found.is_empty() {
                println!("Online: nothing is configured that could be asked.");
            }
            for finding in &found {
                println!("{} {}", if finding.ok { "ok:" } else { "error:" }, finding.text);
            }
        }
        Format::Json => {
            let all: Vec<_> = found.iter().map(|f| json!({ "ok": f.ok, "text": f.text })).collect();
            println!("{:#}", json!({ "online": all }));
        }
    }
    well
}

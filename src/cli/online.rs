//! `config check`: whether what is stored of installed workspaces opens; and with `--online` each configured chat platform
//! is asked whether tokens, permissions and what the configuration names there are right. Sends nothing, changes nothing.

use crate::chat::slack::{CHANNEL, Finding};
use crate::chat::{discord, slack};
use crate::compose;
use crate::config::Config;
use crate::store::{Mode, Workspace};
use serde_json::{Value, json};

/// The workspaces that are installed; none where there is no database yet, or none that answers: both are told elsewhere.
async fn workspaces(config: &Config) -> Vec<Workspace> {
    if config.slack.is_none() || config.sqlite_path().is_some_and(|path| !path.exists()) {
        return Vec::new();
    }
    let Ok((store, _lock)) = compose::open(config, Mode::Read).await else { return Vec::new() };
    store.workspaces(CHANNEL).await.unwrap_or_default()
}

/// What `config check` finds out beside the file. Nothing where it was not asked for.
#[derive(Default)]
pub struct Found {
    /// Tokens that no configured key opens.
    shut: Vec<Finding>,
    /// What the platforms said; `None` where they were not asked.
    online: Option<Vec<Finding>>,
}

/// Looks into the database, and asks the platforms where that is wanted.
pub async fn look(config: &Config, online: bool) -> Found {
    let rows = workspaces(config).await;
    let shut = config.slack.as_ref().map(|settings| slack::check_keys(settings, &rows)).unwrap_or_default();
    let online = match online {
        true => Some(asked(config, &rows).await),
        false => None,
    };
    Found { shut, online }
}

async fn asked(config: &Config, rows: &[Workspace]) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(settings) = &config.slack {
        found.extend(slack::check(settings, rows, &config.slack_rooms(), &config.public_url(config.listen)).await);
    }
    if let Some(settings) = &config.discord {
        let there = discord::check::check(settings).await.into_iter();
        found.extend(there.map(|f| Finding { ok: f.ok, text: format!("Discord: {}", f.text) }));
    }
    found
}

impl Found {
    /// Whether nothing must be changed.
    pub fn all_well(&self) -> bool {
        self.shut.iter().chain(self.online.iter().flatten()).all(|f| f.ok)
    }

    /// For people.
    pub fn print(&self) {
        for finding in &self.shut {
            eprintln!("error: {}", finding.text);
        }
        let Some(online) = &self.online else { return };
        if online.is_empty() {
            println!("Online: nothing is configured that could be asked.");
        }
        for finding in online {
            println!("{} {}", if finding.ok { "ok:" } else { "error:" }, finding.text);
        }
    }

    /// For programs: into the one document that is printed. `online` is there where it was asked for, and `null` where the
    /// file has errors, so that nobody could be asked.
    pub fn put_into(&self, report: &mut Value, asked: bool) {
        report["stored"] = listed(&self.shut);
        if asked {
            report["online"] = self.online.as_deref().map_or(Value::Null, listed);
        }
        if !self.all_well() {
            report["ok"] = json!(false);
        }
    }
}

fn listed(all: &[Finding]) -> Value {
    json!(all.iter().map(|f| json!({ "ok": f.ok, "text": f.text })).collect::<Vec<_>>())
}

//! App Home: what somebody has to do with, open incidents first. Drawn when it is opened; reads, changes nothing.

use super::Slack;
use super::render::{BLOCKS_MAX, section};
use super::text::{cut_escaped, escape};
use crate::commands;
use firebell_domain::incident::Incident;
use serde_json::{Value, json};

/// Open incidents that are looked through for one person.
const OPEN_MAX: i64 = 100;
const SHOWN_MAX: usize = 20;

impl Slack {
    pub(super) async fn home(&self, user: &str) {
        let directory = self.app().directory();
        let who = self.0.identity.who(&directory, user, "").await;
        let url = self.app().public_url().to_string();
        let mut blocks = vec![header("Your incidents")];
        match self.app().store().open_incidents(OPEN_MAX).await {
            Err(fault) => blocks.push(section(&escape(&fault.logged().shown()))),
            Ok(rows) => {
                let (mut mine, mut others) = (Vec::new(), Vec::new());
                for row in rows {
                    let Ok(Some(loaded)) = self.app().store().incident(row.id).await else { continue };
                    let i = loaded.incident;
                    if commands::may_see(&i, &who.person, false) {
                        if i.involves(&who.person) { mine.push(i) } else { others.push(i) }
                    }
                }
                blocks.extend(listed(&mine, &url, "Nothing open has you in it."));
                blocks.push(header("Open besides"));
                blocks.extend(listed(&others, &url, "Nothing else is open."));
            }
        }
        let mine: Vec<String> = directory.schedules.keys().map(|s| escape(s.as_str())).collect();
        if !mine.is_empty() {
            blocks
                .push(section(&format!("Who is on call: say `/oncall` or `/incident oncall` ({}).", mine.join(", "))));
        }
        let command = escape(&self.0.settings.command);
        blocks
            .push(section(&format!("`{command}` declares an incident, `{command} help` says what else can be said.")));
        blocks.truncate(BLOCKS_MAX);
        let request = json!({ "user_id": user, "view": { "type": "home", "blocks": blocks } });
        if let Err(trouble) = self.0.client.call("views.publish", &request).await {
            tracing::info!("a home in Slack could not be drawn: {}", trouble.why());
        }
    }
}

fn header(text: &str) -> Value {
    json!({ "type": "header", "text": { "type": "plain_text", "text": text, "emoji": false } })
}

fn listed(incidents: &[Incident], url: &str, none: &str) -> Vec<Value> {
    if incidents.is_empty() {
        return vec![section(none)];
    }
    let line = |i: &Incident| {
        let link = crate::notice::link(url, i.id);
        let text = format!("<{link}|{}> [{}] {}: {}", i.id, escape(&i.severity.level), escape(&i.title), i.status);
        section(&cut_escaped(&text, 600))
    };
    let mut all: Vec<Value> = incidents.iter().take(SHOWN_MAX).map(line).collect();
    let more = incidents.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        all.push(section(&format!("… and {more} more: `/incident list` shows them.")));
    }
    all
}

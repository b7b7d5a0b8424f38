//! `firebell config check --online`: whether the channels and user groups that the configuration names of a workspace are
//! there, and the app may post in them. Asks; sends nothing.

use super::client::{Client, Trouble};
use super::online::Finding;
use crate::config::SlackWorkspace;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Pages of channels that are looked through for a name, and how many are on one.
const PAGES_MAX: usize = 10;
const PAGE: usize = 1_000;

fn bad(text: String) -> Finding {
    Finding { ok: false, text }
}

fn good(text: String) -> Finding {
    Finding { ok: true, text }
}

/// All that a table names: `slack`, or `slack.workspace.T024BE7LD`; and the rooms of systems, by their names.
pub async fn check(
    client: &Client,
    table: &str,
    there: &SlackWorkspace,
    rooms: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let announce = there.announce.iter().map(|channel| (format!("{table}.announce"), channel.as_str()));
    let rooms = rooms.iter().map(|(system, channel)| (format!("the room of {system}"), channel.as_str()));
    let named: Vec<(String, &str)> = announce.chain(rooms).collect();
    let mut found = channels(client, table, &named).await;
    found.extend(groups(client, table, there).await);
    found
}

async fn channels(client: &Client, table: &str, named: &[(String, &str)]) -> Vec<Finding> {
    let names = named.iter().filter_map(|(_, channel)| channel.strip_prefix('#')).collect();
    let by_name = match by_name(client, &names).await {
        Ok(by_name) => by_name,
        Err(trouble) => return vec![bad(format!("{table}: its channels are not known: {}", trouble.why()))],
    };
    let mut found = Vec::new();
    for (key, channel) in named {
        let looked = match channel.strip_prefix('#') {
            Some(name) => Ok(by_name.of(name)),
            None => by_id(client, channel).await,
        };
        found.push(match looked {
            Ok(looked) => said(key, channel, &looked),
            Err(trouble) => bad(format!("{key}: {}", trouble.why())),
        });
    }
    found
}

fn said(key: &str, named: &str, looked: &Looked) -> Finding {
    let flag = |channel: &Value, key: &str| channel.get(key).and_then(Value::as_bool) == Some(true);
    match looked {
        Looked::Channel(channel) if flag(channel, "is_archived") => {
            bad(format!("{key}: {named} is archived. Unarchive it, or name another channel"))
        }
        Looked::Channel(channel) if !flag(channel, "is_member") => {
            bad(format!("{key}: the app is not in {named}. Say there: /invite @firebell"))
        }
        Looked::Channel(_) => good(format!("{key}: {named} is there, and the app is in it")),
        Looked::Nothing => bad(format!(
            "{key}: there is no channel {named} that the app can see. Correct it, or if it is private say there: /invite \
             @firebell"
        )),
        Looked::TooMany => {
            let most = PAGES_MAX * PAGE;
            bad(format!("{key}: {named} is not among the first {most} channels. Write its id instead"))
        }
    }
}

enum Looked {
    Channel(Value),
    Nothing,
    /// There are more than are looked through.
    TooMany,
}

async fn by_id(client: &Client, id: &str) -> Result<Looked, Trouble> {
    match client.call("conversations.info", &json!({ "channel": id })).await {
        Ok(answer) => Ok(answer.get("channel").map_or(Looked::Nothing, |c| Looked::Channel(c.clone()))),
        Err(Trouble::Api { code }) if code == "channel_not_found" => Ok(Looked::Nothing),
        Err(trouble) => Err(trouble),
    }
}

/// Channels by name, and whether those were all there are.
struct ByName {
    found: BTreeMap<String, Value>,
    all: bool,
}

impl ByName {
    fn of(&self, name: &str) -> Looked {
        match (self.found.get(name), self.all) {
            (Some(channel), _) => Looked::Channel(channel.clone()),
            (None, true) => Looked::Nothing,
            (None, false) => Looked::TooMany,
        }
    }
}

/// In one pass for all of them: Slack counts these calls strictly.
async fn by_name(client: &Client, names: &BTreeSet<&str>) -> Result<ByName, Trouble> {
    let mut by_name = ByName { found: BTreeMap::new(), all: true };
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        if by_name.found.len() == names.len() {
            return Ok(by_name);
        }
        let request = json!({ "types": "public_channel,private_channel", "limit": PAGE, "cursor": cursor });
        let answer = client.call("conversations.list", &request).await?;
        for channel in answer.get("channels").and_then(Value::as_array).into_iter().flatten() {
            if let Some(name) = channel.get("name").and_then(Value::as_str).filter(|name| names.contains(name)) {
                by_name.found.insert(name.to_string(), channel.clone());
            }
        }
        match answer.pointer("/response_metadata/next_cursor").and_then(Value::as_str) {
            Some(next) if !next.is_empty() => cursor = next.to_string(),
            _ => return Ok(by_name),
        }
    }
    by_name.all = false;
    Ok(by_name)
}

async fn groups(client: &Client, table: &str, there: &SlackWorkspace) -> Vec<Finding> {
    // By id, with the first key that names it.
    let mut named: BTreeMap<&str, String> = BTreeMap::new();
    for group in &there.administrators {
        named.entry(group).or_insert_with(|| format!("{table}.administrators"));
    }
    for (n, row) in there.invite.iter().enumerate() {
        for group in &row.groups {
            named.entry(group).or_insert_with(|| format!("{table}.invite[{n}].groups"));
        }
    }
    if named.is_empty() {
        return Vec::new();
    }
    let all = match client.call("usergroups.list", &json!({ "include_disabled": true })).await {
        Ok(answer) => answer.get("usergroups").and_then(Value::as_array).cloned().unwrap_or_default(),
        Err(trouble) => return vec![bad(format!("{table}: its user groups are not known: {}", trouble.why()))],
    };
    let wrong = named.iter().filter_map(|(id, key)| {
        let Some(group) = all.iter().find(|g| g.get("id").and_then(Value::as_str) == Some(id)) else {
            let text = format!(
                "{key}: there is no user group {id} in this workspace. Write the id that is in the address of the group's \
                 page there"
            );
            return Some(bad(text));
        };
        let disabled = group.get("date_delete").and_then(Value::as_i64).unwrap_or(0) > 0;
        disabled.then(|| bad(format!("{key}: the user group {id} is disabled, so nobody is in it. Enable it, or remove it")))
    });
    let wrong: Vec<Finding> = wrong.collect();
    match (wrong.is_empty(), named.len()) {
        (false, _) => wrong,
        (true, 1) => vec![good(format!("{table}: the user group is there"))],
        (true, n) => vec![good(format!("{table}: all {n} user groups are there"))],
    }
}

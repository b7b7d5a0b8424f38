//! `conversations.history` and `conversations.replies`: messages read back.

use super::*;
use crate::fake_slack::time::us_of;
use serde_json::{Value, json};

const READ: &[&str] = &["channels:history", "groups:history", "im:history", "mpim:history"];

pub const METHODS: &[Method] = &[
    form("conversations.history", Tier::History, READ, history),
    form("conversations.replies", Tier::History, READ, replies),
];

/// Which messages the call asks for, oldest first.
fn within<'w>(channel: &'w Channel, call: &Call) -> Result<Vec<&'w Value>, Refused> {
    let bound = |key: &str, word: &'static str| match call.args.text(key) {
        None => Ok(None),
        Some(ts) => us_of(ts).map(Some).ok_or_else(|| Refused::from(word)),
    };
    let oldest = bound("oldest", "invalid_ts_oldest")?.unwrap_or(0);
    let latest = bound("latest", "invalid_ts_latest")?.unwrap_or(i64::MAX);
    let inclusive = call.args.flag("inclusive");
    let fits = |us: i64| (oldest < us && us < latest) || (inclusive && (us == oldest || us == latest));
    let live = channel.messages.iter().filter(|(_, message)| !message.deleted);
    Ok(live.filter(|(ts, _)| us_of(ts).is_some_and(fits)).map(|(_, message)| &message.body).collect())
}

/// A page by time, so that what is posted meanwhile does not shift it. `newest_first` says which way it goes.
fn paged(call: &Call, world: &World, all: Vec<&Value>, usual: usize, newest_first: bool) -> Answer {
    let most = world.limits.page_max();
    let limit = match call.args.number("limit") {
        None | Some(0) => usual.min(most),
        Some(limit) => usize::try_from(limit).map_err(|_| Refused::from("invalid_limit"))?.min(most),
    };
    let after = match call.args.text("cursor") {
        None => None,
        Some(cursor) => {
            let us = cursor.strip_prefix("next_ts:").and_then(|text| text.parse::<i64>().ok());
            Some(us.ok_or_else(|| Refused::from("invalid_cursor"))?)
        }
    };
    let at = |body: &Value| body["ts"].as_str().and_then(us_of).unwrap_or_default();
    let mut rest: Vec<&Value> = all
        .into_iter()
        .filter(|body| after.is_none_or(|after| if newest_first { at(body) < after } else { at(body) > after }))
        .collect();
    if newest_first {
        rest.reverse();
    }
    let has_more = rest.len() > limit;
    rest.truncate(limit);
    let with_metadata = call.args.flag("include_all_metadata");
    let messages: Vec<Value> = rest.into_iter().map(|body| shown(body, with_metadata)).collect();
    let mut answer = json!({"messages": messages, "has_more": has_more});
    if let (true, Some(last)) = (has_more, messages.last()) {
        answer["response_metadata"] = json!({"next_cursor": format!("next_ts:{}", at(last))});
    }
    Ok(answer)
}

/// Metadata is only given to who asks for it; of others' only that there is some.
fn shown(body: &Value, with_metadata: bool) -> Value {
    let mut body = body.clone();
    if let (Some(metadata), false) = (body.get("metadata").cloned(), with_metadata) {
        body["metadata"] = json!({"event_type": metadata["event_type"]});
    }
    body
}

fn place<'w>(world: &'w World, call: &Call) -> Result<&'w Channel, Refused> {
    let channel = call.channel(world)?;
    call.scope_for(channel.kind, "history", "history", "history")?;
    if channel.members.contains(&call.user) { Ok(channel) } else { Err("not_in_channel".into()) }
}

fn history(world: &mut World, call: &Call) -> Answer {
    let channel = place(world, call)?;
    let mut all = within(channel, call)?;
    all.retain(|body| {
        let root = body["thread_ts"].as_str();
        root.is_none() || root == body["ts"].as_str() || body["subtype"] == "thread_broadcast"
    });
    let mut answer = paged(call, world, all, 100, true)?;
    answer["pin_count"] = json!(channel.pins.len());
    Ok(answer)
}

fn replies(world: &mut World, call: &Call) -> Answer {
    let channel = place(world, call)?;
    let ts = call.args.need("ts")?;
    let parent = channel.messages.get(ts).filter(|message| !message.deleted).ok_or("thread_not_found")?;
    let root = parent.body["thread_ts"].as_str().unwrap_or(ts);
    let mut all = within(channel, call)?;
    // The parent is always there, whatever the bounds say.
    all.retain(|body| body["thread_ts"] == root && body["ts"] != root);
    if let Some(parent) = channel.messages.get(root) {
        all.insert(0, &parent.body);
    }
    paged(call, world, all, 1000, false)
}

//! Answers to interactions: the first one, and what follows by the interaction's token while it lasts.

use super::messages::keep;
use super::{Call, Draft, Reply};
use crate::fake_discord::interactions::{Answer, COMMAND, Interaction, TOKEN_MS};
use crate::fake_discord::refused::{self, Refused};
use crate::fake_discord::state::{EPHEMERAL, Id, LOADING, Message, State};
use crate::fake_discord::validate::message::Sent;
use serde_json::json;

pub fn callback(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = call.id("interaction")?;
    let asked = state.interactions.get(&id).filter(|asked| asked.token == call.text("token"));
    let asked = asked.ok_or_else(refused::unknown_interaction)?.clone();
    state.respond(id, &call.body, &call.files)?;
    if call.asked("with_response") != Some("true") {
        return Ok(Reply::Empty);
    }
    let asked = state.interactions.get(&asked.id).expect("it was here");
    let message = asked.original.and_then(|(channel, id)| state.message(channel, id));
    let mut resource = json!({"type": call.body["type"]});
    if let (Some(message), Some(Answer::Message | Answer::Update | Answer::Deferred)) = (message, &asked.answer) {
        resource["message"] = state.message_json(message);
    }
    Reply::ok(json!({
        "interaction": {
            "id": id.to_string(), "type": asked.kind, "response_message_id": message.map(|m| m.id.to_string()),
            "response_message_loading": message.map(|m| m.flags & LOADING != 0),
            "response_message_ephemeral": message.map(|m| m.flags & EPHEMERAL != 0),
        },
        "resource": resource,
    }))
}

/// The interaction that a token belongs to, while it lasts: 15 minutes.
fn of_token(state: &mut State, call: &Call) -> Result<Interaction, Refused> {
    let now = state.now_ms();
    if call.id("webhook")? != state.app.id {
        return Err(refused::unknown_webhook());
    }
    let asked = state.interactions.values().find(|asked| asked.token == call.text("token"));
    let asked = asked.ok_or_else(refused::invalid_webhook_token)?;
    if now - asked.asked_ms > TOKEN_MS {
        return Err(refused::invalid_webhook_token());
    }
    // Before the first answer there is nothing to follow up.
    if asked.answer.is_none() { Err(refused::unknown_webhook()) } else { Ok(asked.clone()) }
}

/// Writes a message in the interaction's channel, for everybody or for the person alone.
pub fn say(state: &mut State, asked: &Interaction, draft: Draft, kind: u8) -> (Id, Id) {
    let (id, now, bot) = (state.new_id(), state.now_ms(), state.app.bot);
    let only_for = (draft.flags & EPHEMERAL != 0).then_some(asked.user);
    let channel = state.channels.get(&asked.channel).cloned();
    let pings = channel.filter(|_| only_for.is_none()).map(|channel| state.pings(&draft, &channel, bot, None));
    let kind = match (kind, asked.kind, asked.data["type"].as_u64()) {
        (20, COMMAND, Some(2 | 3)) => 23,
        (20, COMMAND, _) => 20,
        (20, ..) => 0,
        (kind, ..) => kind,
    };
    let mut message = Message {
        pings: pings.unwrap_or_default(),
        only_for,
        interaction: Some(asked.id),
        tts: draft.tts,
        ..Message::system(id, asked.channel, bot, kind, now, None)
    };
    draft.fill(&mut message);
    super::threads::reopen(state, asked.channel);
    keep(state, message);
    (asked.channel, id)
}

pub fn follow_up(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let asked = of_token(state, call)?;
    let draft = state.draft(&call.body, &call.files, Sent::AsAnswer, "")?;
    let loading = asked.original.filter(|(channel, id)| {
        asked.answer == Some(Answer::Deferred) && state.message(*channel, *id).is_some_and(|m| m.flags & LOADING != 0)
    });
    // The first one after "thinking" takes its place.
    let (channel, id) = match loading {
        Some(at) => {
            let mut body = call.body.clone();
            if let Some(flags) = body["flags"].as_u64() {
                body["flags"] = json!(flags & !EPHEMERAL);
            }
            state.edit_answer(at, &body, &call.files)?;
            at
        }
        None => {
            let at = say(state, &asked, draft, 0);
            state.interactions.get_mut(&asked.id).expect("it was here").follow_ups.push(at.1);
            at
        }
    };
    Reply::ok(state.message_json(state.message(channel, id).expect("just written")))
}

/// `@original`, or one of the messages that the interaction wrote.
fn mine(state: &State, call: &Call, asked: &Interaction) -> Result<(Id, Id), Refused> {
    let original = asked.original.ok_or_else(refused::unknown_message);
    let at = match call.text("message") {
        "@original" => original?,
        _ => {
            let id = call.id("message")?;
            let is_original = asked.original.is_some_and(|(_, original)| original == id);
            match asked.follow_ups.contains(&id) || is_original {
                true => (asked.channel, id),
                false => return Err(refused::unknown_message()),
            }
        }
    };
    state.message(at.0, at.1).map(|_| at).ok_or_else(refused::unknown_message)
}

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let asked = of_token(state, call)?;
    let (channel, id) = mine(state, call, &asked)?;
    Reply::ok(state.message_json(state.message(channel, id).expect("it is there")))
}

pub fn edit(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let asked = of_token(state, call)?;
    let at = mine(state, call, &asked)?;
    state.edit_answer(at, &call.body, &call.files)?;
    Reply::ok(state.message_json(state.message(at.0, at.1).expect("it is there")))
}

pub fn delete(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let asked = of_token(state, call)?;
    let (channel, id) = mine(state, call, &asked)?;
    super::messages::remove(state, channel, id);
    Ok(Reply::Empty)
}

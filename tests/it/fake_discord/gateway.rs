//! The gateway's conversation on one connection: hello, identify or resume, heartbeats, events, closing codes.
//! Never decides what happens in the guild; `session` decides who hears of it.

use super::Shared;
use super::session::{KNOWN_INTENTS, Link, Out, PRIVILEGED, Session};
use super::state::State;
use crate::harness::wire::Line;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// Payloads of the application in a minute, at most.
const PAYLOADS_A_MINUTE: usize = 120;

/// Serves one connection until it ends.
pub async fn serve(shared: Shared, mut socket: Socket, line: Line, version: Option<String>) {
    let (out, mut outgoing) = mpsc::unbounded_channel();
    let (number, heartbeat_ms) = shared.change(|state| {
        state.sessions.connected += 1;
        let number = state.sessions.connected;
        state.sessions.links.insert(number, Link { out, session: None, heartbeats: 0 });
        (number, state.sessions.heartbeat_ms)
    });
    let hello = json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": heartbeat_ms, "_trace": []}});
    if version.is_some_and(|version| version != "10") {
        close(&mut socket, Some((4012, "Invalid API version"))).await;
    } else if send(&mut socket, &hello).await {
        let mut received_ms = Vec::new();
        loop {
            tokio::select! {
                biased; // what is to be sent was decided before what comes in
                told = outgoing.recv() => match told {
                    Some(Out::Frame(frame)) => if !send(&mut socket, &frame).await { break },
                    Some(Out::Close(code)) => { close(&mut socket, code).await; break }
                    Some(Out::Cut) | None => { line.reset(); break }
                },
                came = socket.next() => {
                    let Some(Ok(message)) = came else { break };
                    let payload = match message {
                        Message::Text(text) => serde_json::from_str(text.as_str()).ok(),
                        Message::Binary(bytes) => serde_json::from_slice(&bytes).ok(),
                        Message::Close(frame) => { shared.change(|state| closed_by_peer(state, number, frame)); break }
                        _ => continue,
                    };
                    let code = shared.change(|state| {
                        let now = state.now_ms();
                        received_ms.retain(|at| now - at < 60_000);
                        received_ms.push(now);
                        match payload {
                            _ if received_ms.len() > PAYLOADS_A_MINUTE => Err((4008, "Rate limited")),
                            Some(payload) => hear(state, number, &payload),
                            None => Err((4002, "Decode error")),
                        }
                    });
                    if let Err(code) = code {
                        shared.change(|state| state.problem(format!("the gateway was closed with {code:?}")));
                        close(&mut socket, Some(code)).await;
                        break;
                    }
                }
            }
        }
    }
    shared.change(|state| {
        let link = state.sessions.links.remove(&number);
        if let Some(session) = link.and_then(|link| link.session).and_then(|id| state.sessions.by_id.get_mut(&id))
            && session.link == Some(number)
        {
            session.link = None;
        }
    });
}

/// 1000 and 1001 end the session for good; anything else leaves it to be resumed.
fn closed_by_peer(state: &mut State, number: u64, frame: Option<CloseFrame>) {
    let code = frame.map(|frame| u16::from(frame.code));
    if matches!(code, Some(1000 | 1001))
        && let Some(session) = state.sessions.links.get(&number).and_then(|link| link.session.clone())
    {
        state.sessions.by_id.remove(&session);
    }
}

type Heard = Result<(), (u16, &'static str)>;

/// What the application said.
fn hear(state: &mut State, number: u64, payload: &Value) -> Heard {
    let (op, data) = (payload["op"].as_u64().ok_or((4002, "Decode error"))?, &payload["d"]);
    let known = state.sessions.links.get(&number).is_some_and(|link| link.session.is_some());
    match op {
        1 => {
            if let Some(link) = state.sessions.links.get_mut(&number) {
                link.heartbeats += 1;
                if !state.sessions.silent {
                    link.out.send(Out::Frame(json!({"op": 11, "s": null, "t": null, "d": null}))).ok();
                }
            }
            Ok(())
        }
        2 if known => Err((4005, "Already authenticated")),
        2 => identify(state, number, data),
        6 if known => Err((4005, "Already authenticated")),
        6 => resume(state, number, data),
        3 | 4 | 8 | 31 | 43 if !known => Err((4003, "Not authenticated")),
        3 | 4 | 31 | 43 => Ok(()), // presence, voice and sounds are nobody's business here
        8 => request_members(state, number, data),
        _ => Err((4001, "Unknown opcode")),
    }
}

fn identify(state: &mut State, number: u64, data: &Value) -> Heard {
    if data["token"].as_str().map(|token| token.trim_start_matches("Bot ")) != Some(&state.app.token) {
        return Err((4004, "Authentication failed"));
    }
    let intents = data["intents"].as_u64().ok_or((4013, "Invalid intent(s)"))?;
    if intents & !KNOWN_INTENTS != 0 {
        return Err((4013, "Invalid intent(s)"));
    }
    if intents & PRIVILEGED & !state.app.granted_intents != 0 {
        return Err((4014, "Disallowed intent(s)"));
    }
    let named = ["os", "browser", "device"].iter().all(|key| data["properties"][key].is_string());
    if !named {
        return Err((4002, "Decode error"));
    }
    let shard = match &data["shard"] {
        Value::Null => (0, 1),
        shard => (shard[0].as_u64().unwrap_or(u64::MAX), shard[1].as_u64().unwrap_or(0)),
    };
    if shard.0 >= shard.1 {
        return Err((4010, "Invalid shard"));
    }
    if shard.1 < state.sessions.shards {
        return Err((4011, "Sharding required"));
    }
    let now = state.now_ms();
    let too_soon =
        state.sessions.last_identified_ms.get(&shard.0).is_some_and(|at| now - at < state.sessions.identify_every_ms);
    if state.sessions.silent {
        return Ok(());
    }
    if state.sessions.starts_left == 0 || too_soon {
        let why = if too_soon { "too soon after another" } else { "more often than a day allows" };
        state.problem(format!("shard {} identified {why}", shard.0));
        return invalid_session(state, number);
    }
    state.sessions.starts_left -= 1;
    state.sessions.identified += 1;
    state.sessions.last_identified_ms.insert(shard.0, now);
    let id = format!("{:032x}", state.new_id());
    let session = Session { id: id.clone(), intents, shard, seq: 0, sent: Vec::new(), link: Some(number) };
    state.sessions.by_id.insert(id.clone(), session);
    state.sessions.links.get_mut(&number).expect("the connection is here").session = Some(id.clone());
    let mine: Vec<_> = state.guilds.values().filter(|g| (g.id >> 22) % shard.1 == shard.0).cloned().collect();
    let guilds: Vec<Value> = mine.iter().map(|g| json!({"id": g.id.to_string(), "unavailable": true})).collect();
    let url = state.url.replacen("http", "ws", 1) + "/resume";
    let ready = json!({
        "v": 10, "user": state.current_user_json(), "guilds": guilds, "session_id": id, "resume_gateway_url": url,
        "shard": [shard.0, shard.1], "application": {"id": state.app.id.to_string(), "flags": 0}, "private_channels": [],
        "relationships": [], "user_settings": {}, "_trace": [],
    });
    state.send_event(&id, "READY", ready);
    for guild in mine.iter().filter(|guild| !guild.unavailable) {
        let data = state.guild_create_json(guild);
        if intents & super::session::GUILDS != 0 {
            state.send_event(&id, "GUILD_CREATE", data);
        }
    }
    Ok(())
}

fn invalid_session(state: &mut State, number: u64) -> Heard {
    if let Some(link) = state.sessions.links.get(&number) {
        link.out.send(Out::Frame(json!({"op": 9, "s": null, "t": null, "d": false}))).ok();
    }
    Ok(())
}

fn resume(state: &mut State, number: u64, data: &Value) -> Heard {
    if data["token"].as_str().map(|token| token.trim_start_matches("Bot ")) != Some(&state.app.token) {
        return Err((4004, "Authentication failed"));
    }
    let silent = state.sessions.silent;
    let id = data["session_id"].as_str().unwrap_or_default().to_string();
    let Some(session) = state.sessions.by_id.get_mut(&id) else { return invalid_session(state, number) };
    let seq = data["seq"].as_u64().filter(|seq| *seq <= session.seq).ok_or((4007, "Invalid seq"))?;
    if silent {
        return Ok(());
    }
    session.link = Some(number);
    let missed: Vec<Value> = session.sent.iter().filter(|(at, _)| *at > seq).map(|(_, frame)| frame.clone()).collect();
    state.sessions.resumed += 1;
    let link = state.sessions.links.get_mut(&number).expect("the connection is here");
    link.session = Some(id.clone());
    for frame in missed {
        link.out.send(Out::Frame(frame)).ok();
    }
    state.send_event(&id, "RESUMED", json!({"_trace": []}));
    Ok(())
}

/// Opcode 8: everybody, or whose name begins so.
fn request_members(state: &mut State, number: u64, data: &Value) -> Heard {
    let session = state.sessions.links.get(&number).and_then(|link| link.session.clone());
    let guild = data["guild_id"].as_str().and_then(|id| id.parse().ok()).and_then(|id: u64| state.guilds.get(&id));
    let (Some(session), Some(guild)) = (session, guild) else { return Ok(()) };
    let begins = data["query"].as_str().unwrap_or_default();
    let named = guild.members.keys().filter(|id| state.users.get(id).is_some_and(|user| user.name.starts_with(begins)));
    let members: Vec<Value> = named.filter_map(|id| state.member_json(guild.id, *id)).collect();
    let chunk = json!({"guild_id": guild.id.to_string(), "members": members, "chunk_index": 0, "chunk_count": 1, "nonce": data["nonce"]});
    state.send_event(&session, "GUILD_MEMBERS_CHUNK", chunk);
    Ok(())
}

async fn send(socket: &mut Socket, frame: &Value) -> bool {
    socket.send(Message::text(frame.to_string())).await.is_ok()
}

async fn close(socket: &mut Socket, code: Option<(u16, &'static str)>) {
    let frame = code.map(|(code, reason)| CloseFrame { code: CloseCode::from(code), reason: reason.into() });
    socket.close(frame).await.ok(); // the peer may be gone already
    socket.flush().await.ok();
}

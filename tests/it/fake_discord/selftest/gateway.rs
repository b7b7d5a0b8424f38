//! The gateway, spoken by hand and by serenity: who may identify, what a RESUME brings back, how it ends.

use super::{App, conversation, incident_command};
use crate::fake_discord::{Discord, session};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

struct Wired(WebSocketStream<TcpStream>);

impl Wired {
    /// Connects and hears hello.
    async fn to(discord: &Discord) -> Wired {
        let address = discord.wire().address();
        let stream = TcpStream::connect(&address).await.expect("it listens");
        let (socket, _) =
            client_async(format!("ws://{address}/?v=10&encoding=json"), stream).await.expect("it upgrades");
        let mut wired = Wired(socket);
        assert_eq!(wired.hears().await.expect("hello")["op"], 10);
        wired
    }

    async fn says(&mut self, op: u64, data: Value) {
        self.0.send(Message::text(json!({"op": op, "d": data}).to_string())).await.expect("it is open");
    }

    /// The next frame, or the code it was closed with.
    async fn hears(&mut self) -> Result<Value, Option<u16>> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("something comes");
        match next {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(text.as_str()).expect("JSON")),
            Some(Ok(Message::Close(frame))) => Err(frame.map(|frame| u16::from(frame.code))),
            _ => Err(None),
        }
    }

    /// The next event of this name.
    async fn hears_of(&mut self, event: &str) -> Value {
        loop {
            let frame = self.hears().await.unwrap_or_else(|code| panic!("closed with {code:?} before {event}"));
            if frame["t"] == event {
                return frame;
            }
        }
    }

    async fn identifies(&mut self, discord: &Discord, intents: u64) {
        let properties = json!({"os": "linux", "browser": "test", "device": "test"});
        self.says(2, json!({"token": discord.token(), "intents": intents, "properties": properties})).await;
    }
}

#[tokio::test]
async fn what_must_not_be_said_ends_the_gateway_with_its_code() {
    let discord = Discord::start();
    let properties = json!({"os": "linux", "browser": "test", "device": "test"});
    let token = discord.token();
    discord.grants_intents(0);
    let cases = [
        (4001, 77, json!({})),
        (4003, 3, json!({})),
        (4004, 2, json!({"token": "wrong", "intents": 1, "properties": properties})),
        (4010, 2, json!({"token": token, "intents": 1, "properties": properties, "shard": [2, 2]})),
        (4013, 2, json!({"token": token, "intents": 1_u64 << 40, "properties": properties})),
        (4014, 2, json!({"token": token, "intents": session::MESSAGE_CONTENT, "properties": properties})),
        (4004, 6, json!({"token": "wrong", "session_id": "x", "seq": 0})),
    ];
    for (code, op, data) in cases {
        let mut wired = Wired::to(&discord).await;
        wired.says(op, data).await;
        assert_eq!(wired.hears().await, Err(Some(code)), "opcode {op}");
    }
    discord.needs_shards(2);
    let mut wired = Wired::to(&discord).await;
    wired.identifies(&discord, 1).await;
    assert_eq!(wired.hears().await, Err(Some(4011)));
    discord.needs_shards(1);
    let mut wired = Wired::to(&discord).await;
    wired.identifies(&discord, 1).await;
    wired.hears_of("READY").await;
    wired.identifies(&discord, 1).await;
    wired.hears_of("GUILD_CREATE").await;
    assert_eq!(wired.hears().await, Err(Some(4005)));
    let mut wired = Wired::to(&discord).await;
    wired.0.send(Message::text("not json")).await.expect("it is open");
    assert_eq!(wired.hears().await, Err(Some(4002)));
}

#[tokio::test]
async fn a_resume_brings_what_was_missed_in_order_and_once() {
    let discord = Discord::start();
    let intents = session::GUILDS | session::GUILD_MESSAGES | session::MESSAGE_CONTENT;
    let mut wired = Wired::to(&discord).await;
    wired.identifies(&discord, intents).await;
    let ready = wired.hears_of("READY").await;
    let seq = wired.hears_of("GUILD_CREATE").await["s"].as_u64().expect("numbered");
    discord.ana().writes("first");
    assert_eq!(wired.hears_of("MESSAGE_CREATE").await["d"]["content"], "first");
    discord.gateway_cuts();
    assert!(wired.hears().await.is_err());
    discord.eventually("it is cut", |state| state.sessions.links.is_empty()).await;
    discord.ana().writes("second");
    let mut wired = Wired::to(&discord).await;
    wired.says(6, json!({"token": discord.token(), "session_id": ready["d"]["session_id"], "seq": seq + 1})).await;
    let missed = wired.hears().await.expect("what was missed");
    assert_eq!((&missed["d"]["content"], &missed["s"]), (&json!("second"), &json!(seq + 2)));
    assert_eq!(wired.hears().await.expect("the end of it")["t"], "RESUMED");
    // A number that was never sent, and a session that nobody knows.
    let mut other = Wired::to(&discord).await;
    other.says(6, json!({"token": discord.token(), "session_id": ready["d"]["session_id"], "seq": 999})).await;
    assert_eq!(other.hears().await, Err(Some(4007)));
    let mut other = Wired::to(&discord).await;
    other.says(6, json!({"token": discord.token(), "session_id": "unknown", "seq": 1})).await;
    assert_eq!(other.hears().await.expect("a frame"), json!({"op": 9, "s": null, "t": null, "d": false}));
}

#[tokio::test]
async fn intents_decide_what_is_heard_and_whether_it_can_be_read() {
    let discord = Discord::start();
    let mut deaf = Wired::to(&discord).await;
    deaf.identifies(&discord, session::GUILDS).await;
    deaf.hears_of("GUILD_CREATE").await;
    let mut blind = Wired::to(&discord).await;
    blind.identifies(&discord, session::GUILDS | session::GUILD_MESSAGES | session::GUILD_MESSAGE_REACTIONS).await;
    blind.hears_of("GUILD_CREATE").await;
    let message = discord.ana().writes("the database is slow");
    discord.ana().writes(&format!("<@{}> help", discord.application_id()));
    discord.bo().reacts(&message, "📌");
    discord.lets_pin();
    discord.bo().pins(&message);
    assert_eq!(blind.hears_of("MESSAGE_CREATE").await["d"]["content"], "");
    let mention = blind.hears_of("MESSAGE_CREATE").await;
    assert!(mention["d"]["content"].as_str().is_some_and(|content| content.ends_with("help")), "{mention}");
    assert_eq!(blind.hears_of("MESSAGE_REACTION_ADD").await["d"]["emoji"]["name"], "📌");
    assert_eq!(blind.hears_of("CHANNEL_PINS_UPDATE").await["d"]["channel_id"], message.channel.to_string());
    // Who has neither messages nor reactions hears of the pin next.
    assert_eq!(deaf.hears().await.expect("an event")["t"], "CHANNEL_PINS_UPDATE");
    // What the bot does not see, it does not hear.
    discord.forbids("general", crate::fake_discord::permissions::VIEW_CHANNEL);
    discord.ana().writes("in secret");
    discord.ana().at("incidents").writes("in the open");
    let next = blind.hears_of("MESSAGE_CREATE").await; // the notice of the pin
    assert_eq!(next["d"]["type"], 6);
    let next = blind.hears_of("MESSAGE_CREATE").await;
    assert_eq!(next["d"]["channel_id"], discord.channel("incidents").id.to_string());
}

#[tokio::test]
async fn heartbeats_are_acknowledged_until_the_gateway_falls_silent() {
    let discord = Discord::start();
    let mut wired = Wired::to(&discord).await;
    wired.says(1, Value::Null).await;
    assert_eq!(wired.hears().await.expect("an acknowledgement")["op"], 11);
    discord.gateway_falls_silent();
    wired.says(1, Value::Null).await;
    discord.eventually("it came", |state| state.sessions.links.values().any(|link| link.heartbeats == 2)).await;
    discord.gateway_recovers();
    wired.says(1, Value::Null).await;
    assert_eq!(wired.hears().await.expect("one acknowledgement, not two")["op"], 11);
    discord.gateway_closes(None);
    assert_eq!(wired.hears().await, Err(None));
}

#[tokio::test]
async fn serenity_resumes_after_every_way_in_which_a_gateway_ends() {
    let discord = Discord::start();
    App::of(&discord).registers(incident_command()).await;
    let bot = conversation::runs(&discord).await;
    type Ends = fn(&Discord);
    let ends: [(&str, Ends); 4] = [
        ("opcode 7", |discord| discord.gateway_asks_to_reconnect()),
        ("4000", |discord| discord.gateway_closes(Some((4000, "Unknown error")))),
        ("1001", |discord| discord.gateway_closes(Some((1001, "going away")))),
        ("a cut", |discord| discord.gateway_cuts()),
    ];
    for (n, (what, end)) in ends.into_iter().enumerate() {
        end(&discord);
        discord.eventually(what, |state| state.sessions.resumed == n as u64 + 1).await;
        let asked = discord.ana().runs("/incident declare", json!({"title": what})).await;
        assert_eq!(asked.says().await, "Declared\n[Acknowledge]", "after {what}");
    }
    assert_eq!(discord.read(|state| state.sessions.identified), 1);
    discord.gateway_invalidates(false);
    discord.eventually("it identified again", |state| state.sessions.identified == 2).await;
    bot.abort();
    discord.finish().await;
}

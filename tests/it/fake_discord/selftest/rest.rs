//! REST by hand: each limit refused just beyond it and accepted at it, permissions, threads, pins, nonces, mentions.

use super::{App, incident_command};
use crate::fake_discord::permissions::{ALL, BOT, EMBED_LINKS, MANAGE_CHANNELS, SEND_MESSAGES, VIEW_CHANNEL};
use crate::fake_discord::{Discord, reading};
use serde_json::{Value, json};

/// Accepted as it is, refused with the error at `path` (Discord's nested shape) when `worse` is sent.
async fn limit(app: &App, method: &str, route: &str, fine: Value, worse: Value, path: &str) {
    app.does(method, route, fine).await;
    let body = app.is_refused(50035, method, route, worse).await;
    let at = path.split('.').fold(&body["errors"], |at, part| &at[part]);
    assert!(at["_errors"][0]["code"].is_string(), "nothing at `{path}`: {body}");
}

fn unlimited(discord: &Discord) {
    discord.change(|state| {
        state.buckets.limits.clear();
        state.buckets.global.requests = 10_000;
    });
}

fn row(n: usize) -> Value {
    let button = |m: usize| json!({"type": 2, "style": 1, "label": "Go", "custom_id": format!("{n}-{m}")});
    json!({"type": 1, "components": (0..5).map(button).collect::<Vec<_>>()})
}

fn text_display(length: usize) -> Value {
    json!({"type": 10, "content": "x".repeat(length)})
}

fn select(options: usize) -> Value {
    let option = |n: usize| json!({"label": format!("{n}"), "value": format!("{n}")});
    let options: Vec<Value> = (0..options).map(option).collect();
    json!({"components": [{"type": 1, "components": [{"type": 3, "custom_id": "pick", "options": options}]}]})
}

#[tokio::test]
async fn messages_are_accepted_up_to_their_limits_and_not_beyond() {
    let discord = Discord::start();
    unlimited(&discord);
    let app = App::of(&discord);
    let route = format!("/channels/{}/messages", discord.channel("general").id);
    let embed =
        |title: usize, text: usize| json!({"embeds": [{"title": "t".repeat(title), "description": "d".repeat(text)}]});
    let rows = |n: usize| json!({"components": (0..n).map(row).collect::<Vec<_>>()});
    let button = |change: Value| {
        let mut button = json!({"type": 2, "style": 1, "label": "Go", "custom_id": "go"});
        change.as_object().into_iter().flatten().for_each(|(key, value)| button[key] = value.clone());
        json!({"components": [{"type": 1, "components": [button]}]})
    };
    let v2 = |components: Vec<Value>| json!({"flags": 1 << 15, "components": components});
    let cases = [
        (json!({"content": "x".repeat(2_000)}), json!({"content": "x".repeat(2_001)}), "content"),
        (embed(256, 4_096), embed(257, 1), "embeds.0.title"),
        (embed(1, 4_096), embed(1, 4_097), "embeds.0.description"),
        (
            json!({"embeds": vec![json!({"title": "t"}); 10]}),
            json!({"embeds": vec![json!({"title": "t"}); 11]}),
            "embeds",
        ),
        (embed(1, 1), json!({"embeds": vec![json!({"description": "d".repeat(4_000)}); 2]}), "embeds"),
        (rows(5), rows(6), "components"),
        (
            button(json!({"label": "x".repeat(80)})),
            button(json!({"label": "x".repeat(81)})),
            "components.0.components.0.label",
        ),
        (
            button(json!({"custom_id": "x".repeat(100)})),
            button(json!({"custom_id": "x".repeat(101)})),
            "components.0.components.0.custom_id",
        ),
        (select(25), select(26), "components.0.components.0.options"),
        (rows(1), json!({"components": [row(0), row(0)]}), "components.1.components.0.custom_id"),
        (v2(vec![text_display(4_000)]), v2(vec![text_display(4_000), text_display(1)]), "components"),
        (v2(vec![text_display(1); 40]), v2(vec![text_display(1); 41]), "components"),
        (
            v2(vec![text_display(1)]),
            json!({"flags": 1 << 15, "content": "both", "components": [text_display(1)]}),
            "content",
        ),
        (json!({"content": "plain"}), json!({"components": [text_display(1)]}), "components.0.type"),
        (json!({"content": "a", "nonce": "n".repeat(25)}), json!({"content": "a", "nonce": "n".repeat(26)}), "nonce"),
        (json!({"content": "a"}), json!({"content": "a", "flags": 64}), "flags"),
        (
            json!({"content": "a"}),
            json!({"content": "a", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}),
            "allowed_mentions",
        ),
    ];
    for (fine, worse, path) in cases {
        limit(&app, "POST", &route, fine, worse, path).await;
    }
    app.is_refused(50006, "POST", &route, json!({"content": ""})).await;
    let said = discord.read(|state| {
        state.problems.iter().filter(|problem| problem.contains("twilight")).cloned().collect::<Vec<_>>()
    });
    assert_eq!(said, Vec::<String>::new(), "twilight does not agree with what was accepted");
}

#[tokio::test]
async fn commands_are_accepted_up_to_their_limits_and_not_beyond() {
    let discord = Discord::start();
    unlimited(&discord);
    let app = App::of(&discord);
    let route = format!("/applications/{}/guilds/{}/commands", discord.application_id(), discord.guild_id());
    let with = |change: Value| {
        let mut command = json!({"name": "a", "description": "d"});
        change.as_object().into_iter().flatten().for_each(|(key, value)| command[key] = value.clone());
        json!([command])
    };
    let option = |n: usize| json!({"type": 3, "name": format!("o{n}"), "description": "d"});
    let options = |n: usize| with(json!({"options": (0..n).map(option).collect::<Vec<_>>()}));
    let choices = |n: usize| {
        let choice = |n: usize| json!({"name": format!("{n}"), "value": format!("{n}")});
        with(
            json!({"options": [{"type": 3, "name": "o", "description": "d", "choices": (0..n).map(choice).collect::<Vec<_>>()}]}),
        )
    };
    let wordy = |length: usize| {
        let option = |n: usize| json!({"type": 3, "name": format!("{n}"), "description": "d".repeat(length), "choices": [{"name": "x".repeat(100), "value": "x".repeat(100)}]});
        with(json!({"options": (0..25).map(option).collect::<Vec<_>>()}))
    };
    let sub =
        |inside: Value| with(json!({"options": [{"type": 1, "name": "s", "description": "d", "options": [inside]}]}));
    let cases = [
        (with(json!({"name": "a".repeat(32)})), with(json!({"name": "a".repeat(33)})), "0.name"),
        (with(json!({})), with(json!({"name": "Upper"})), "0.name"),
        (with(json!({"description": "d".repeat(100)})), with(json!({"description": "d".repeat(101)})), "0.description"),
        (options(25), options(26), "0.options"),
        (choices(25), choices(26), "0.options.0.choices"),
        (wordy(100), wordy(101), "0.options.0.description"),
        (sub(option(1)), sub(json!({"type": 1, "name": "x", "description": "d"})), "0.options.0.options"),
        (
            with(json!({"name_localizations": {"de": "vorfall"}})),
            with(json!({"name_localizations": {"xx": "vorfall"}})),
            "0.name_localizations.xx",
        ),
        (
            options(2),
            with(json!({"options": [option(1), {"type": 3, "name": "r", "description": "d", "required": true}]})),
            "0.options.1.required",
        ),
        (options(1), with(json!({"options": [option(1), option(1)]})), "0.options.1.name"),
        (
            json!([{"name": "Add to timeline", "type": 3}]),
            json!([{"name": "x", "type": 3, "description": "d"}]),
            "0.description",
        ),
    ];
    for (fine, worse, path) in cases {
        limit(&app, "PUT", &route, fine, worse, path).await;
    }
    // 8,000 characters, in the language in which each text is longest.
    let long = |n: usize| json!({"type": 3, "name": format!("{n}"), "description": "d", "description_localizations": {"de": "d".repeat(100)}, "choices": [{"name": "x".repeat(100), "value": "x".repeat(100)}, {"name": "y".repeat(50), "value": "y"}]});
    let body =
        app.is_refused(50035, "PUT", &route, with(json!({"options": (0..25).map(long).collect::<Vec<_>>()}))).await;
    assert_eq!(body["errors"]["0"]["_errors"][0]["code"], "APPLICATION_COMMAND_TOO_LARGE");
    // What is registered again keeps its id, and what is not named is gone.
    let first = app.does("PUT", &route, incident_command()).await;
    let again = app.does("PUT", &route, json!([incident_command()[0]])).await;
    assert_eq!((first[0]["id"].clone(), again.as_array().map(Vec::len)), (again[0]["id"].clone(), Some(1)));
    assert!(!discord.report().contains("twilight"), "{}", discord.report());
}

#[tokio::test]
async fn what_is_unknown_hidden_or_not_permitted_is_refused_with_its_code() {
    let discord = Discord::start();
    unlimited(&discord);
    let app = App::of(&discord);
    let general = discord.channel("general").id;
    let route = format!("/channels/{general}/messages");
    let hello = json!({"content": "hello"});
    app.is_refused(10003, "POST", "/channels/123/messages", hello.clone()).await;
    app.is_refused(10008, "PATCH", &format!("{route}/123"), hello.clone()).await;
    app.is_refused(50035, "GET", "/channels/general", Value::Null).await;
    let anas = discord.ana().writes("mine").id;
    app.is_refused(50005, "PATCH", &format!("{route}/{anas}"), hello.clone()).await;
    discord.forbids("general", SEND_MESSAGES);
    app.is_refused(50013, "POST", &route, hello.clone()).await;
    discord.forbids("general", EMBED_LINKS);
    app.is_refused(50013, "POST", &route, json!({"embeds": [{"title": "t"}]})).await;
    discord.forbids("general", VIEW_CHANNEL);
    app.is_refused(50001, "POST", &route, hello.clone()).await;
    discord.forbids("general", 0);
    app.does("POST", &route, hello.clone()).await;
    // Nobody gives what they do not have.
    let channels = format!("/guilds/{}/channels", discord.guild_id());
    let private = |bits: u64| {
        json!({"name": "Inc 42", "permission_overwrites": [
            {"id": discord.guild_id().to_string(), "type": 0, "deny": VIEW_CHANNEL.to_string()},
            {"id": discord.application_id().to_string(), "type": 1, "allow": bits.to_string()},
            {"id": discord.ana().id.to_string(), "type": 1, "allow": VIEW_CHANNEL.to_string()},
        ]})
    };
    app.is_refused(50013, "POST", &channels, private(ALL)).await;
    app.does("POST", &channels, private(VIEW_CHANNEL)).await;
    assert_eq!(discord.who_sees("inc-42"), ["dora", "ana", "firebell"]);
    limit(&app, "POST", &channels, json!({"name": "x".repeat(100)}), json!({"name": "x".repeat(101)}), "name").await;
    discord.grants(BOT & !MANAGE_CHANNELS);
    app.is_refused(50013, "POST", &channels, json!({"name": "no"})).await;
    discord.loses_channel("general");
    app.is_refused(10003, "POST", &route, hello).await;
    let answer = app.asks("GET", "/users/@me/nothing", Value::Null).await;
    assert_eq!(answer.status, 404);
    assert!(discord.report().contains("has no route GET /users/@me/nothing"), "{}", discord.report());
}

#[tokio::test]
async fn nonces_mentions_threads_pins_and_files_do_what_they_do() {
    let discord = Discord::start();
    unlimited(&discord);
    let app = App::of(&discord);
    let general = discord.channel("general").id;
    let route = format!("/channels/{general}/messages");
    discord.time().hold();
    let once = json!({"content": "once", "nonce": "inc-42", "enforce_nonce": true});
    let (first, second) = (app.does("POST", &route, once.clone()).await, app.does("POST", &route, once.clone()).await);
    assert_eq!(first["id"], second["id"]);
    discord.passes(std::time::Duration::from_secs(200));
    assert_ne!(app.does("POST", &route, once).await["id"], first["id"], "a nonce is forgotten after a few minutes");
    // Who could be called, and who is.
    let ana = discord.ana().id;
    let loud = app.does("POST", &route, json!({"content": format!("@everyone <@{ana}>")})).await;
    let quiet = json!({"content": format!("<@{ana}>"), "allowed_mentions": {"parse": []}});
    let quiet = app.does("POST", &route, quiet).await;
    let pings = |message: &Value| {
        let id: u64 = message["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        discord.messages("general").into_iter().find(|message| message.id == id).expect("it is there").pings
    };
    assert_eq!((pings(&loud).everyone, pings(&loud).users), (false, vec![ana]), "the bot may not call everyone");
    assert!(pings(&quiet).users.is_empty());
    // A forum post with its first message, archived and opened by writing.
    let forum = discord.channel("incident-posts");
    let posts = format!("/channels/{}/threads", forum.id);
    let tag = forum.tags[0].id.to_string();
    let post = json!({"name": "INC-42", "applied_tags": [tag], "message": {"content": "It began"}});
    let post = app.does("POST", &posts, post).await;
    assert_eq!(post["id"], post["message"]["id"]);
    let thread = format!("/channels/{}", post["id"].as_str().expect("an id"));
    app.does("PATCH", &thread, json!({"archived": true})).await;
    app.is_refused(50083, "PATCH", &thread, json!({"name": "INC-42 resolved"})).await;
    app.does("POST", &format!("{thread}/messages"), json!({"content": "again"})).await;
    assert!(discord.channel("INC-42").thread.is_some_and(|thread| !thread.archived));
    app.is_refused(50035, "POST", &posts, json!({"name": "n", "message": {"content": "x"}, "applied_tags": ["1"]}))
        .await;
    // Pins, at both addresses.
    let pin = first["id"].as_str().expect("an id");
    app.does("PUT", &format!("{route}/pins/{pin}"), Value::Null).await;
    assert_eq!(app.does("GET", &format!("{route}/pins"), Value::Null).await["items"][0]["message"]["id"], first["id"]);
    assert_eq!(discord.pins("general").len(), 1);
    // A file with its payload, and its bytes where the message says.
    let boundary = "----x";
    let payload = json!({"content": "logs", "attachments": [{"id": 0, "description": "the last lines"}]});
    let form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n{payload}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"api.log\"\r\nContent-Type: text/plain\r\n\r\none\r\ntwo\r\n--{boundary}--\r\n"
    );
    let request = app
        .request("POST", &route)
        .header("content-type", format!("multipart/form-data; boundary={boundary}"))
        .body(form);
    let sent = crate::harness::Answer::to(request).await.expect("it answers").json();
    assert_eq!(sent["attachments"][0]["description"], "the last lines");
    let url = sent["attachments"][0]["url"].as_str().expect("a url");
    let file = crate::harness::Answer::to(app.client.get(url)).await.expect("it answers");
    assert_eq!(file.body, "one\r\ntwo");
    let last = discord.messages("general").pop().expect("a message");
    assert_eq!(reading::plain(&last), "logs\n(file api.log, 8 bytes)");
}

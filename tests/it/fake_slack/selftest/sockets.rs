//! Socket Mode: acknowledgements in time, sockets that end, envelopes that come twice, late or in another order.

use super::app::*;
use super::*;
use serde_json::{Value, json};

fn said(envelope: &Value) -> &str {
    envelope["payload"]["text"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_command_that_is_not_acknowledged_within_three_seconds_has_failed_for_its_person() {
    let (now, setup) = clock();
    let slack = setup.start();
    let mut socket = Socket::open(&slack).await;
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    let envelope = socket.next().await.expect("an envelope");
    now.fetch_add(3 * SECOND, Ordering::SeqCst);
    assert_eq!(waiting.reply().await.error.as_deref(), Some("operation_timeout"));
    socket.acknowledge(&envelope, json!({"text": "too late"})).await;
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    socket.take("slash_commands", Value::Null).await;
    assert_eq!(waiting.reply().await.error, None);
    assert!(slack.see(|world| world.ephemerals_of(world.home(), "ana").is_empty()), "what came too late is not shown");
    assert_eq!(slack.see(|world| world.sockets.unacknowledged.len()), 1);
    slack.forgive("timeout");
    slack.finish();
}

#[tokio::test]
async fn nobody_connected_is_said_at_once_and_an_unknown_command_is_none_of_the_apps() {
    let slack = FakeSlack::start();
    assert_eq!(slack.ana().says("#general", "/incident list").await.error.as_deref(), Some("dispatch_failed"));
    assert_eq!(slack.ana().says("#general", "/nonsense").await.error.as_deref(), Some("unknown_command"));
    slack.finish();
}

#[tokio::test]
async fn an_event_is_tried_again_at_once_after_a_minute_and_after_five() {
    let (now, setup) = clock();
    let slack = setup.start();
    let mut socket = Socket::open(&slack).await;
    slack.ana().says("#general", "hello").await;
    let mut ids = Vec::new();
    for (attempt, after) in [(0, 3), (1, 3 + 60), (2, 3 + 300), (3, 3)] {
        let envelope = socket.next().await.expect("an envelope");
        assert_eq!(envelope["retry_attempt"], attempt);
        assert_eq!(envelope["accepts_response_payload"], false);
        ids.push(envelope["payload"]["event_id"].clone());
        now.fetch_add(3 * SECOND, Ordering::SeqCst);
        let tries = usize::try_from(attempt).expect("small") + 1;
        slack.eventually("the time is up", |world| world.sockets.unacknowledged.len() == tries).await;
        now.fetch_add((after - 3) * SECOND, Ordering::SeqCst);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "it stays the same event");
    slack.forgive("timeout");
    slack.finish();
}

#[tokio::test]
async fn what_a_socket_left_unacknowledged_goes_to_another_one() {
    let slack = FakeSlack::start();
    let (mut one, mut two) = (Socket::open(&slack).await, Socket::open(&slack).await);
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    let first = one.next().await.expect("an envelope");
    drop(one);
    let again = two.next().await.expect("the same envelope");
    assert_eq!(first["envelope_id"], again["envelope_id"]);
    two.acknowledge(&again, Value::Null).await;
    assert_eq!(waiting.reply().await.error, None);

    slack.ana().says("#general", "hello").await;
    let first = two.next().await.expect("an event");
    drop(two);
    let mut three = Socket::open(&slack).await;
    let again = three.take("events_api", Value::Null).await;
    assert_eq!(first["payload"]["event_id"], again["payload"]["event_id"]);
    assert_eq!(again["retry_attempt"], 1);
    slack.finish();
}

#[tokio::test]
async fn a_command_waits_for_the_next_socket_within_its_three_seconds() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    socket.next().await.expect("an envelope");
    drop(socket);
    slack.eventually("the socket is gone", |world| world.sockets.connections.is_empty()).await;
    let mut socket = Socket::open(&slack).await;
    socket.take("slash_commands", Value::Null).await;
    assert_eq!(waiting.reply().await.error, None);
    slack.finish();
}

#[tokio::test]
async fn envelopes_come_twice_and_in_another_order_on_demand() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    slack.repeats(1);
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    let (first, second) = (socket.next().await.expect("one"), socket.next().await.expect("two"));
    assert_eq!(first, second);
    socket.acknowledge(&first, Value::Null).await;
    socket.acknowledge(&second, Value::Null).await;
    waiting.reply().await;

    slack.holds();
    let one = slack.ana().starts_saying("#general", "/incident one");
    let two = slack.bo().starts_saying("#general", "/incident two");
    slack.lets_go(true);
    let (first, second) = (socket.next().await.expect("one"), socket.next().await.expect("two"));
    assert_eq!((said(&first), said(&second)), ("two", "one"));
    for envelope in [first, second] {
        socket.acknowledge(&envelope, Value::Null).await;
    }
    assert_eq!((one.reply().await.error, two.reply().await.error), (None, None));
    slack.finish();
}

#[tokio::test]
async fn sockets_are_warned_renewed_ended_and_refused() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    slack.warns_sockets();
    assert_eq!(socket.next().await.expect("a warning")["reason"], "warning");
    assert_eq!(slack.sockets(), 1, "a warning ends nothing");
    slack.renews_sockets();
    assert_eq!(socket.next().await.expect("a farewell")["reason"], "refresh_requested");
    assert_eq!(socket.next().await, None);
    for how in [End::CloseFrame, End::Closed, End::Reset] {
        let mut socket = Socket::open(&slack).await;
        slack.ends_sockets(how);
        assert_eq!(socket.next().await, None, "{how:?}");
        slack.eventually("it is gone", |world| world.sockets.connections.is_empty()).await;
    }
    let mut many = Vec::new();
    for _ in 0..10 {
        many.push(Socket::open(&slack).await);
    }
    let eleventh = call_as(&slack, &slack.app_token(), "apps.connections.open", json!({})).await.json();
    assert_eq!(eleventh["error"], "too_many_websockets");
    slack.revokes_app_token();
    let revoked = call_as(&slack, &slack.app_token(), "apps.connections.open", json!({})).await.json();
    assert_eq!(revoked["error"], "token_revoked");
    slack.finish();
}

#[tokio::test]
async fn a_ticket_opens_one_socket() {
    let slack = FakeSlack::start();
    let answer = call_as(&slack, &slack.app_token(), "apps.connections.open", json!({})).await.json();
    let url = answer["url"].as_str().expect("an address").replacen("ws", "http", 1);
    let open = async || {
        let request = http_client().get(&url).header("sec-websocket-key", "x").header("upgrade", "websocket");
        Answer::to(request.header("connection", "upgrade")).await.map(|answer| answer.status)
    };
    assert_eq!(open().await, Ok(101));
    assert_eq!(open().await, Ok(403));
    slack.finish();
}

#[tokio::test]
async fn people_are_told_of_as_slack_tells() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    slack.ana().says("#general", "@firebell ack").await;
    let mention = socket.take("events_api", Value::Null).await["payload"].clone();
    assert_eq!(mention["event"]["type"], "app_mention");
    assert!(mention["event"]["text"].as_str().is_some_and(|text| text.starts_with("<@UBOT")), "{mention}");
    assert_eq!(mention["authorizations"][0]["is_bot"], true);
    let message = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!((&message["type"], &message["channel_type"]), (&json!("message"), &json!("channel")));
    let seen = slack.message("#general", "ack").await;
    slack.bo().reacts(&seen, "pushpin");
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!(
        (&event["type"], &event["reaction"], &event["item"]["ts"]),
        (&json!("reaction_added"), &json!("pushpin"), &json!(seen.ts))
    );
    slack.ana().edits(&seen, "@firebell unack");
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!((&event["subtype"], &event["message"]["ts"]), (&json!("message_changed"), &json!(seen.ts)));
    slack.bo().pins(&seen);
    assert_eq!(socket.take("events_api", Value::Null).await["payload"]["event"]["type"], "pin_added");
    slack.ana().deletes(&seen);
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!((&event["subtype"], &event["deleted_ts"]), (&json!("message_deleted"), &json!(seen.ts)));
    slack.cy().leaves("#general");
    assert_eq!(socket.take("events_api", Value::Null).await["payload"]["event"]["type"], "member_left_channel");
    slack.cy().joins("#general");
    assert_eq!(socket.take("events_api", Value::Null).await["payload"]["event"]["user"], slack.cy().id);
    socket.take("events_api", Value::Null).await;
    slack.ana().says("#general", "see https://firebell.example.com/incidents/42").await;
    socket.take("events_api", Value::Null).await;
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!((&event["type"], &event["links"][0]["domain"]), (&json!("link_shared"), &json!("firebell.example.com")));
    slack.ana().writes_to_the_app("help");
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!((&event["channel_type"], &event["text"]), (&json!("im"), &json!("help")));
    let file = slack.ana().sends_files("#general", "a graph", &[("graph.png", "bytes")]);
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!(
        (&event["subtype"], &event["files"][0]["name"], &event["ts"]),
        (&json!("file_share"), &json!("graph.png"), &json!(file))
    );
    slack.finish();
}

#[tokio::test]
async fn an_event_without_its_scope_or_subscription_is_not_told() {
    let slack = Setup::default().events(&["reaction_added", "message.im"]).start();
    let mut socket = Socket::open(&slack).await;
    slack.ana().says("#general", "nobody listens").await;
    let seen = slack.message("#general", "nobody listens").await;
    slack.grants("chat:write im:history");
    slack.bo().reacts(&seen, "pushpin");
    slack.ana().writes_to_the_app("help");
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!(event["text"], "help");
    slack.finish();
}

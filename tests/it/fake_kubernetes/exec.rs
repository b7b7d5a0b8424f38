//! Commands inside pods, by the channel protocol over a WebSocket. A handful of programs is there: what they do is in
//! `program`. A shell is not.

use super::Shared;
use super::objects::{At, Refused, refused};
use super::serve::{Query, value};
use crate::harness::wire::{Line, outside};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

pub fn exec(
    shared: &Shared,
    line: Line,
    at: &At,
    query: &Query,
    mut request: Request,
) -> Result<Response<Body>, Refused> {
    let (pod, old) = {
        let world = shared.world();
        (world.named(at)?, world.old_exec)
    };
    // As the real one: a stream is no object in JSON.
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    if !accept.contains("*/*") {
        return Err(refused(406, "NotAcceptable", "only the following media types are accepted: "));
    }
    let argv: Vec<String> = query.iter().filter(|(n, _)| n == "command").map(|(_, v)| v.clone()).collect();
    let containers = pod["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let known = value(query, "container").is_some_and(|name| containers.iter().any(|c| c["name"] == name));
    if !known && containers.len() != 1 {
        return Err(refused(400, "BadRequest", "a container name must be specified"));
    }
    if argv.is_empty() {
        return Err(refused(400, "BadRequest", "you must specify at least one command for the container"));
    }
    let text = |name: header::HeaderName| {
        request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string()
    };
    let offered = text(header::SEC_WEBSOCKET_PROTOCOL);
    let served: &[&str] = if old { &["v4.channel.k8s.io"] } else { &["v5.channel.k8s.io", "v4.channel.k8s.io"] };
    let protocol = served.iter().find(|own| offered.split(", ").any(|o| o == **own));
    let (Some(protocol), key) = (protocol, text(header::SEC_WEBSOCKET_KEY)) else {
        return Err(refused(400, "BadRequest", "no protocol of the client is known here"));
    };
    let (input, v5) = (value(query, "stdin") == Some("true"), protocol.starts_with("v5"));
    let upgrade = hyper::upgrade::on(&mut request);
    outside().spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
            program(socket, &argv, input && v5, line).await;
        }
    });
    Ok(Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .header(header::SEC_WEBSOCKET_PROTOCOL, *protocol)
        .body(Body::empty())
        .expect("a fixed answer"))
}

async fn say(socket: &mut Socket, channel: u8, bytes: &[u8]) {
    let frame: Vec<u8> = std::iter::once(channel).chain(bytes.iter().copied()).collect();
    socket.send(Message::Binary(frame.into())).await.ok();
}

async fn program(mut socket: Socket, argv: &[String], input: bool, line: Line) {
    // As the real one, which opens each channel with an empty frame.
    for channel in [1, 2, 3] {
        say(&mut socket, channel, b"").await;
    }
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let status = match &words[..] {
        ["echo", rest @ ..] => {
            say(&mut socket, 1, format!("{}\n", rest.join(" ")).as_bytes()).await;
            ended(0)
        }
        ["fail", code] => {
            say(&mut socket, 2, b"it failed\n").await;
            ended(code.parse().unwrap_or(1))
        }
        // What it reads, and how much that was.
        ["count"] if input => {
            let mut read = Vec::new();
            while let Some(Ok(message)) = socket.next().await {
                match &message.into_data()[..] {
                    [0, bytes @ ..] => read.extend_from_slice(bytes),
                    [255, 0] => break,
                    _ => {}
                }
            }
            say(&mut socket, 1, format!("{} bytes\n", read.len()).as_bytes()).await;
            ended(0)
        }
        ["redis-cli", .., "--csv", "COMMAND", "INFO", _, name] => {
            let flag = if *name == "llen" { "readonly" } else { "write" };
            say(&mut socket, 1, format!("\"{name}\",2,\"{flag}\",1,1,1\n").as_bytes()).await;
            ended(0)
        }
        // What they were told, a word a line.
        ["redis-cli" | "env" | "mysql", ..] => {
            say(&mut socket, 1, format!("{}\n", words.join("\n")).as_bytes()).await;
            ended(0)
        }
        ["flood"] => {
            for _ in 0..200 {
                say(&mut socket, 1, &[b'x'; 10_000]).await;
            }
            ended(0)
        }
        ["hang"] => return std::future::pending().await,
        ["vanish"] => {
            say(&mut socket, 1, b"begun\n").await;
            socket.flush().await.ok();
            return line.reset();
        }
        _ => json!({"status": "Failure", "reason": "InternalError", "code": 500, "message": format!(
            "Internal error occurred: exec failed: unable to start container process: exec: \"{}\": executable file not found in $PATH", words[0])}),
    };
    say(&mut socket, 3, status.to_string().as_bytes()).await;
    socket.close(None).await.ok();
}

fn ended(code: i32) -> Value {
    match code {
        0 => json!({"status": "Success", "metadata": {}}),
        code => {
            json!({"status": "Failure", "reason": "NonZeroExitCode", "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}})
        }
    }
}

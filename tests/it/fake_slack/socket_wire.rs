//! The WebSocket under Socket Mode: the upgrade, and one task per connection.
//!
//! It never knows what an envelope says.

use super::desk::Desk;
use super::socket::{Connection, Frame};
use crate::harness::wire::{Line, outside};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Response, StatusCode, header};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

/// Slack's servers say that they are there; clients of its own hang up when they do not.
const PING_EVERY: Duration = Duration::from_secs(5);

/// `GET /link/?ticket=…&app_id=…`
pub async fn upgrade(
    State(desk): State<Desk>,
    ConnectInfo(line): ConnectInfo<Line>,
    mut request: Request,
) -> Response<Body> {
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let ticket = query.get("ticket").cloned().unwrap_or_default();
    if !desk.with(|world| world.sockets.tickets.remove(&ticket)) {
        return plain(StatusCode::FORBIDDEN, "the ticket was used, or never given");
    }
    let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned() else {
        return plain(StatusCode::BAD_REQUEST, "not a WebSocket");
    };
    let upgrade = hyper::upgrade::on(&mut request);
    outside().spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
            serve(desk, socket, line).await;
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .body(Body::empty())
        .expect("a fixed answer")
}

async fn serve(desk: Desk, mut socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>, line: Line) {
    let (out, mut frames) = mpsc::unbounded_channel();
    let id = desk.with(|world| {
        let id = world.next();
        world.welcome(Connection { id, out, line, leaving: false });
        id
    });
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(Frame::Text(text)) => if socket.send(Message::text(text)).await.is_err() { break },
                Some(Frame::Close) => {
                    socket.close(Some(goodbye())).await.ok();
                }
                None => break,
            },
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => desk.with(|world| world.heard(text.as_str())),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            _ = pings.tick() => if socket.send(Message::Ping("Ping from applink-test".into())).await.is_err() { break },
        }
    }
    desk.with(|world| world.gone(id));
}

/// Slack's close frames say why; a client of its own waits for more when one is empty.
fn goodbye() -> CloseFrame {
    CloseFrame { code: CloseCode::Normal, reason: "goodbye".into() }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    Response::builder().status(status).body(Body::from(text)).expect("a fixed answer")
}

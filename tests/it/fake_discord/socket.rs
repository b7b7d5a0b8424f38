//! The listener's routes: the gateway's upgrade, files of messages, and everything else to REST.

use super::Shared;
use super::{gateway, rest};
use crate::harness::wire::{Line, outside};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State as Held};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

pub fn router(shared: Shared) -> Router {
    let rest =
        |Held(shared): Held<Shared>, line: ConnectInfo<Line>, request: Request| rest::answer(shared, line, request);
    Router::new()
        .route("/", get(upgrade))
        .route("/resume", get(upgrade))
        .route("/resume/", get(upgrade))
        .route("/attachments/{channel}/{id}/{name}", get(attachment))
        .fallback(rest)
        .with_state(shared)
}

/// From HTTP to a WebSocket, by hand: the crate that speaks it afterwards is already there.
async fn upgrade(
    Held(shared): Held<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    mut request: Request,
) -> Response<Body> {
    if shared.read(|state| state.sessions.closed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Some(key) = request.headers().get("sec-websocket-key") else {
        return (StatusCode::UPGRADE_REQUIRED, "the gateway speaks WebSocket").into_response();
    };
    let accept = derive_accept_key(key.as_bytes());
    let version = request.uri().query().and_then(|query| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == "v").map(|(_, version)| version.to_string())
    });
    let upgraded = hyper::upgrade::on(&mut request);
    outside().spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
            gateway::serve(shared, socket, line, version).await;
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", accept)
        .body(Body::empty())
        .expect("a valid response")
}

async fn attachment(Held(shared): Held<Shared>, Path((channel, id, _)): Path<(u64, u64, String)>) -> Response<Body> {
    let found = shared.read(|state| {
        let messages = state.messages.get(&channel)?;
        let attachment = messages.values().flat_map(|message| &message.attachments).find(|a| a.id == id)?;
        Some((attachment.content_type.clone(), attachment.bytes.clone()))
    });
    match found {
        Some((kind, bytes)) => {
            ([("content-type", kind.unwrap_or("application/octet-stream".to_string()))], bytes).into_response()
        }
        None => (StatusCode::NOT_FOUND, "This content is no longer available.").into_response(),
    }
}

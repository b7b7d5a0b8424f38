//! A server on loopback that misbehaves as told and remembers what it was asked. Knows no vendor.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone)]
pub struct Reply(u16, Vec<(&'static str, &'static str)>, Bytes);

/// What the server does with a request that it has read.
#[derive(Clone)]
pub enum Does {
    Answer(Reply),
    /// Closes the connection with a reset.
    Reset,
    /// Never says a word.
    Hang,
    /// Sends this beginning of an answer and then nothing more.
    Stall(&'static str),
}

pub fn reply(status: u16, headers: &[(&'static str, &'static str)], body: impl Into<Bytes>) -> Does {
    Does::Answer(Reply(status, headers.to_vec(), body.into()))
}

#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>);

impl Seen {
    pub fn all(&self) -> Vec<(String, HeaderMap, Bytes)> {
        self.0.lock().unwrap().clone()
    }
    pub fn json(&self) -> Vec<Value> {
        self.all().iter().map(|(_, _, body)| serde_json::from_slice(body).unwrap()).collect()
    }
}

/// A stand-in's base address and what it has seen. It lives as long as the test's runtime.
pub async fn stand_in(does: Does) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    if let Does::Answer(reply) = does {
        let handler = async |State((reply, seen)): State<(Reply, Seen)>, uri: Uri, headers: HeaderMap, body: Bytes| {
            seen.0.lock().unwrap().push((uri.to_string(), headers, body));
            let mut response: Response = (StatusCode::from_u16(reply.0).unwrap(), reply.2).into_response();
            for (name, value) in reply.1 {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            response
        };
        let app = axum::Router::new().fallback(handler).with_state((reply, seen.clone()));
        tokio::spawn(async move { axum::serve(listener, app).await });
    } else {
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                read_request(&mut stream).await;
                match does {
                    Does::Reset => stream.set_zero_linger().unwrap(),
                    Does::Stall(beginning) => {
                        stream.write_all(beginning.as_bytes()).await.unwrap();
                        open.push(stream);
                    }
                    Does::Hang | Does::Answer(_) => open.push(stream),
                }
            }
        });
    }
    (base, seen)
}

/// Reads a whole request, so that what follows happens after it and not within.
async fn read_request(stream: &mut TcpStream) {
    let (mut all, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&all).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
            if length.is_none_or(|n| body.len() >= n.parse().unwrap()) {
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => all.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
}

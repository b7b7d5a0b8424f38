//! Socket Mode: several sockets, so that one that is renewed leaves no gap. Each envelope is handled in a task of its own
//! and acknowledged when what it said is durable (or is known not to be), so that one that waits for the database holds
//! up no other; this is why the crate's own loop, which answers one after the other, is not used. An envelope that is
//! not acknowledged comes again on another socket, and does nothing twice.

use super::wire::Frame;
use super::{Reply, Slack};
use crate::clock;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Slack allows ten; two survive the loss of one.
const SOCKETS: usize = 2;
/// Between two tries to connect, doubled with each that fails.
const BACK_OFF_MIN: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// Slack pings every few seconds; a socket that is silent for so long is dead.
const SILENCE_MAX: Duration = Duration::from_secs(40);
const PING_EVERY: Duration = Duration::from_secs(15);
/// Envelopes of one socket that are being handled; beyond it Slack keeps them, and sends them again.
const UNDER_WAY_MAX: usize = 512;
/// After Slack has warned that it will close a socket.
const DRAIN: Duration = Duration::from_secs(10);

/// Keeps the sockets until it is told to stop.
pub async fn run(slack: Slack, stop: watch::Receiver<bool>) {
    let mut sockets = tokio::task::JoinSet::new();
    for n in 0..SOCKETS {
        sockets.spawn(keep(slack.clone(), n, stop.clone()));
    }
    while sockets.join_next().await.is_some() {}
}

/// One socket, again and again.
async fn keep(slack: Slack, n: usize, mut stop: watch::Receiver<bool>) {
    let mut failures = 0_u32;
    while !*stop.borrow() {
        let ended = tokio::select! {
            ended = one(&slack, n) => ended,
            _ = stop.wait_for(|s| *s) => return,
        };
        match ended {
            // It was open and Slack wants it renewed: at once.
            Ok(()) => failures = 0,
            Err(why) => {
                failures = failures.saturating_add(1);
                let wait = back_off(failures, n);
                tracing::warn!("socket {n} to Slack: {why}; again in {} ms", wait.as_millis());
                slack.house.health.change(|h| h.problem = Some(why));
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = stop.wait_for(|s| *s) => return,
                }
            }
        }
    }
}

/// Doubled with each failure; the sockets do not try in the same moment.
fn back_off(failures: u32, n: usize) -> Duration {
    let doubled = BACK_OFF_MIN.saturating_mul(1_u32 << failures.saturating_sub(1).min(8)).min(BACK_OFF_MAX);
    doubled + Duration::from_millis(137 * n as u64)
}

/// From the address until Slack wants another one. `Ok`: it has served.
async fn one(slack: &Slack, n: usize) -> Result<(), String> {
    let address = slack.at.client.socket_address().await.map_err(|t| t.why())?;
    // The address holds a ticket and stands in no message.
    let connected = tokio::time::timeout(Duration::from_secs(10), tokio_tungstenite::connect_async(&address)).await;
    let socket = match connected {
        Ok(Ok((socket, _))) => socket,
        Ok(Err(e)) => return Err(format!("it cannot be opened: {}", plain(&e))),
        Err(_) => return Err("it did not open within 10 s".to_string()),
    };
    match socket.get_ref() {
        MaybeTlsStream::Plain(tcp) => drop(tcp.set_nodelay(true)),
        MaybeTlsStream::Rustls(tls) => drop(tls.get_ref().0.set_nodelay(true)),
        _ => {}
    }
    let (answers, to_send) = mpsc::channel(UNDER_WAY_MAX);
    let slots = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let mut live = Live { slack: slack.clone(), socket, answers, to_send, slots, open: None };
    match live.serve().await {
        End::Closed if live.open.is_some() => Ok(()),
        End::Closed => Err("Slack closed it before it said hello".to_string()),
        End::Failed(why) => Err(why),
        // Another one is opened at once, while this one still answers what it has taken.
        End::Renewed => {
            tracing::debug!("socket {n} to Slack is renewed");
            tokio::spawn(async move { drop(tokio::time::timeout(DRAIN, live.serve()).await) });
            Ok(())
        }
    }
}

/// An open socket.
struct Live {
    slack: Slack,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    answers: mpsc::Sender<String>,
    to_send: mpsc::Receiver<String>,
    slots: Arc<Semaphore>,
    /// Since its hello.
    open: Option<Counted>,
}

enum End {
    Closed,
    Renewed,
    Failed(String),
}

/// Counts as connected while it is there.
struct Counted(Slack);

impl Counted {
    fn new(slack: &Slack) -> Counted {
        slack.house.health.change(|h| {
            h.connected += 1;
            h.hellos += 1;
            h.problem = None;
        });
        Counted(slack.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.house.health.change(|h| h.connected = h.connected.saturating_sub(1));
    }
}

impl Live {
    async fn serve(&mut self) -> End {
        let mut pings = tokio::time::interval(PING_EVERY);
        let mut heard = clock::instant();
        loop {
            tokio::select! {
                Some(answer) = self.to_send.recv() => {
                    if let Err(e) = self.socket.send(Message::text(answer)).await {
                        return End::Failed(plain(&e));
                    }
                }
                _ = pings.tick() => {
                    if heard.elapsed() > SILENCE_MAX {
                        return End::Failed(format!("nothing was heard on it for {} s", SILENCE_MAX.as_secs()));
                    }
                    if let Err(e) = self.socket.send(Message::Ping(Default::default())).await {
                        return End::Failed(plain(&e));
                    }
                }
                frame = self.socket.next() => {
                    heard = clock::instant();
                    match frame {
                        Some(Ok(Message::Text(text))) => {
                            if let Some(end) = self.take(text.as_str()) {
                                return end;
                            }
                        }
                        None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed)) => {
                            return End::Closed;
                        }
                        Some(Ok(_)) => {}
                        Some(Err(e)) => return End::Failed(plain(&e)),
                    }
                }
            }
        }
    }

    fn take(&mut self, text: &str) -> Option<End> {
        let frame: Frame = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(e) => {
                tracing::warn!("Slack sent a frame that cannot be read: {e}");
                self.slack.house.health.change(|h| h.unreadable += 1);
                return None;
            }
        };
        match frame.kind.as_str() {
            "hello" => {
                self.open = Some(Counted::new(&self.slack));
                None
            }
            "disconnect" if frame.reason == "link_disabled" => {
                Some(End::Failed("Socket Mode is switched off for this app: switch it on in its settings".to_string()))
            }
            "disconnect" => {
                // It counts no longer: what replaces it does.
                self.open = None;
                Some(End::Renewed)
            }
            _ if frame.envelope_id.is_empty() => None,
            _ => {
                self.handle(frame);
                None
            }
        }
    }

    /// Handles an envelope beside the others and acknowledges it.
    fn handle(&self, frame: Frame) {
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            tracing::warn!("too many envelopes at once: Slack sends this one again");
            return;
        };
        let (slack, answers) = (self.slack.clone(), self.answers.clone());
        tokio::spawn(async move {
            let reply = match frame.inbound() {
                Ok(inbound) => slack.handle(inbound).await,
                Err(why) => {
                    // It reads no better the next time.
                    tracing::warn!("{why}");
                    slack.house.health.change(|h| h.unreadable += 1);
                    Reply::Empty
                }
            };
            let mut answer = json!({ "envelope_id": frame.envelope_id });
            if let Reply::Body(body) = reply {
                answer["payload"] = body;
            }
            // A socket that is gone meanwhile: Slack sends the envelope again, and gets the same answer.
            let _ = answers.send(answer.to_string()).await;
            drop(slot);
        });
    }
}

/// The trouble without addresses, which hold tickets.
fn plain(e: &Error) -> String {
    match e {
        Error::Io(e) => format!("the connection failed: {}", e.kind()),
        Error::Tls(_) => "the certificate was not accepted".to_string(),
        Error::Http(response) => format!("it was answered with status {}", response.status().as_u16()),
        Error::ConnectionClosed | Error::AlreadyClosed => "the connection was closed".to_string(),
        Error::Protocol(e) => format!("it broke the protocol: {e}"),
        _ => "the connection failed".to_string(),
    }
}

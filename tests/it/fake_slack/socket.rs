//! Socket Mode: connections opened with a ticket, envelopes that want to be acknowledged within three seconds.
//!
//! An envelope whose socket ended before the acknowledgement goes to another one. An event that nobody acknowledged is
//! tried again at once, after a minute and after five; a command or an interaction is not: its person is told.
//! It never looks into a payload.

use super::parcel::{Parcel, Reply, Sort};
use super::state::World;
use super::time::SECOND;
use crate::harness::wire::Line;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc;

/// How long the app has.
pub const ACK_US: i64 = 3 * SECOND;

/// When an event is tried again after a failed try.
pub const RETRY_AFTER_US: [i64; 3] = [0, 60 * SECOND, 300 * SECOND];

/// Slack's own limit of connections per app.
pub const CONNECTIONS_MAX: usize = 10;

#[derive(Default)]
pub struct Sockets {
    pub tickets: BTreeSet<String>,
    pub connections: Vec<Connection>,
    pub pending: BTreeMap<String, Pending>,
    pub hellos: usize,
    pub acknowledged: usize,
    /// Every envelope that was sent: its id, and what it was about.
    pub sent: Vec<(String, Value)>,
    /// What nobody acknowledged in time; `finish` fails on it.
    pub unacknowledged: Vec<String>,
    /// How many of the next envelopes are sent twice.
    pub twice: usize,
    /// While it is something, envelopes are gathered, to be sent in another order.
    pub held: Option<Vec<Parcel>>,
    done: BTreeMap<String, i64>,
    turn: usize,
}

pub struct Connection {
    pub id: u64,
    pub out: mpsc::UnboundedSender<Frame>,
    pub line: Line,
    /// Told to go: it gets nothing new.
    pub leaving: bool,
}

#[derive(Debug)]
pub enum Frame {
    Text(String),
    /// With a close frame.
    Close,
}

pub struct Pending {
    parcel: Parcel,
    connection: u64,
    sent_at: i64,
    sent: std::time::Instant,
}

impl World {
    /// Sends the parcel, or gives it back when there is no socket and it may wait for one.
    pub fn send_to_socket(&mut self, mut parcel: Parcel) -> Option<Parcel> {
        if let Some(held) = &mut self.sockets.held {
            held.push(parcel);
            return None;
        }
        let open: Vec<usize> =
            (0..self.sockets.connections.len()).filter(|index| !self.sockets.connections[*index].leaving).collect();
        let Some(index) = open.get(self.sockets.turn % open.len().max(1)).copied() else {
            if parcel.sort == Sort::Event {
                return Some(parcel);
            }
            if let Some(reply) = parcel.reply.take() {
                let error = Some("dispatch_failed".to_owned());
                reply.send(Reply { error, ..Reply::default() }).ok();
            }
            return None;
        };
        self.sockets.turn += 1;
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.next(), self.next());
        self.put(index, id, parcel);
        None
    }

    fn put(&mut self, index: usize, id: String, parcel: Parcel) {
        let text = frame_of(&id, &parcel);
        let now = self.now();
        let connection = &self.sockets.connections[index];
        connection.out.send(Frame::Text(text.clone())).ok();
        if self.sockets.twice > 0 {
            self.sockets.twice -= 1;
            let other = &self.sockets.connections[(index + 1) % self.sockets.connections.len()];
            other.out.send(Frame::Text(text)).ok();
        }
        self.sockets.sent.push((id.clone(), parcel.payload.clone()));
        let connection = connection.id;
        self.sockets.pending.insert(id, Pending { parcel, connection, sent_at: now, sent: instant() });
    }

    /// What the app said over a socket.
    pub fn heard(&mut self, text: &str) {
        let Ok(ack) = serde_json::from_str::<Value>(text) else {
            self.complaints.push(format!("a socket said what is no JSON: {text}"));
            return;
        };
        let Some(id) = ack["envelope_id"].as_str() else {
            self.complaints.push(format!("a socket said something without an envelope_id: {text}"));
            return;
        };
        let Some(pending) = self.sockets.pending.remove(id) else {
            if !self.sockets.done.contains_key(id) {
                self.complaints.push(format!("an envelope was acknowledged that was never sent: {text}"));
            }
            return;
        };
        self.sockets.done.insert(id.to_owned(), self.time.now());
        self.sockets.acknowledged += 1;
        let payload = ack.get("payload").cloned().unwrap_or_default();
        self.answered(pending.parcel, payload, pending.sent.elapsed());
    }

    /// A socket is gone; what it had not acknowledged goes to another one.
    pub fn gone(&mut self, connection: u64) {
        self.sockets.connections.retain(|open| open.id != connection);
        let lost: Vec<String> = self
            .sockets
            .pending
            .iter()
            .filter(|(_, one)| one.connection == connection)
            .map(|(id, _)| id.clone())
            .collect();
        for id in lost {
            let Some(pending) = self.sockets.pending.remove(&id) else { continue };
            if pending.parcel.sort == Sort::Event {
                // Its acknowledgement may still come over another socket; the event is told again all the same.
                self.sockets.done.insert(id.clone(), pending.sent_at);
            }
            let mut parcel = pending.parcel;
            let open = self.sockets.connections.iter().position(|open| !open.leaving);
            match (parcel.sort, open) {
                (Sort::Event, _) => {
                    parcel.attempt += 1;
                    parcel.reason = Some("socket_closed");
                    self.parcels.push_back(parcel);
                }
                (_, Some(index)) => self.put(index, id, parcel),
                (_, None) => self.sockets.unsent(id, parcel, pending.sent_at, pending.sent),
            }
        }
    }

    /// Whom a new socket finds waiting.
    pub fn welcome(&mut self, connection: Connection) {
        let id = connection.id;
        let hello = json!({"type": "hello", "num_connections": self.sockets.connections.len() + 1,
            "debug_info": {"host": "applink-test", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.app.id}});
        connection.out.send(Frame::Text(hello.to_string())).ok();
        self.sockets.hellos += 1;
        self.sockets.connections.push(connection);
        let index = self.sockets.connections.len() - 1;
        let waiting: Vec<String> =
            self.sockets.pending.iter().filter(|(_, one)| one.connection == 0).map(|(id, _)| id.clone()).collect();
        for waited in waiting {
            if let Some(pending) = self.sockets.pending.remove(&waited) {
                let text = frame_of(&waited, &pending.parcel);
                self.sockets.connections[index].out.send(Frame::Text(text)).ok();
                self.sockets.pending.insert(waited, Pending { connection: id, ..pending });
            }
        }
    }

    /// Looks whether an acknowledgement is overdue.
    pub fn look_at_the_clock(&mut self) {
        let now = self.now();
        let late: Vec<String> = self
            .sockets
            .pending
            .iter()
            .filter(|(_, one)| now - one.sent_at >= ACK_US)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            if let Some(pending) = self.sockets.pending.remove(&id) {
                self.sockets.done.insert(id.clone(), now);
                self.unanswered(pending.parcel, "timeout", "operation_timeout");
            }
        }
    }

    /// An app did not answer: its person is told, or the event is tried again.
    pub fn unanswered(&mut self, mut parcel: Parcel, reason: &'static str, told: &str) {
        let about = parcel.payload["event_id"].as_str().or(parcel.payload["trigger_id"].as_str()).unwrap_or_default();
        let line = format!("{:?} {about} of {} ({reason}, try {})", parcel.sort, parcel.user, parcel.attempt + 1);
        self.sockets.unacknowledged.push(line);
        match (parcel.sort, RETRY_AFTER_US.get(parcel.attempt as usize)) {
            (Sort::Event, Some(after)) => {
                parcel.due = self.now() + after;
                parcel.attempt += 1;
                parcel.reason = Some(reason);
                self.parcels.push_back(parcel);
            }
            (Sort::Event, None) => {}
            _ => {
                if let Some(reply) = parcel.reply.take() {
                    reply.send(Reply { error: Some(told.to_owned()), ..Reply::default() }).ok();
                }
            }
        }
    }
}

impl Sockets {
    pub fn is_busy(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Waits for the next socket, within its three seconds.
    fn unsent(&mut self, id: String, parcel: Parcel, sent_at: i64, sent: std::time::Instant) {
        self.pending.insert(id, Pending { parcel, connection: 0, sent_at, sent });
    }
}

fn frame_of(id: &str, parcel: &Parcel) -> String {
    let kind = match parcel.sort {
        Sort::Command => "slash_commands",
        Sort::Interactive => "interactive",
        Sort::Event => "events_api",
    };
    let mut envelope = json!({"envelope_id": id, "payload": parcel.payload, "type": kind,
        "accepts_response_payload": parcel.sort != Sort::Event});
    if parcel.sort == Sort::Event {
        envelope["retry_attempt"] = json!(parcel.attempt);
        envelope["retry_reason"] = json!(parcel.reason.unwrap_or_default());
    }
    envelope.to_string()
}

/// For the figure of how long an answer took, which is real time.
#[allow(clippy::disallowed_methods, reason = "latency is measured by the machine's clock")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

//! What a vendor can do wrong, set by the test while the stand-in runs.
//!
//! A fault has two halves: whether the vendor *acted* on the request (the difference between a page that must
//! be sent again and one that must not), and what the sender got to see. It never touches the stand-in's state.

use super::wire::Line;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub struct Fault {
    /// Whether the vendor did what the request asked.
    pub acts: bool,
    pub seen: Seen,
}

/// What the sender sees instead of the honest answer.
#[derive(Debug, Clone)]
pub enum Seen {
    Status {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The honest answer, later.
    Late(Duration),
    /// The connection ends without an answer.
    Closed,
    /// The connection is reset without an answer.
    Reset,
    /// The honest status with a body that is no JSON.
    Garbage,
    /// Nothing, until `Faults::release`; then the honest answer.
    Nothing,
}

impl Fault {
    fn of(acts: bool, seen: Seen) -> Fault {
        Fault { acts, seen }
    }

    /// Refuses with this status, having done nothing.
    pub fn status(status: u16) -> Fault {
        Fault::of(false, Seen::Status { status, headers: Vec::new(), body: String::new() })
    }

    /// 429, asking for patience in the words given (seconds, or an HTTP date, or nonsense).
    pub fn too_many(retry_after: &str) -> Fault {
        Fault::status(429).header("retry-after", retry_after)
    }

    /// Adds a header to a status.
    pub fn header(mut self, name: &str, value: &str) -> Fault {
        if let Seen::Status { headers, .. } = &mut self.seen {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Gives a status this body.
    pub fn body(mut self, text: &str) -> Fault {
        if let Seen::Status { body, .. } = &mut self.seen {
            text.clone_into(body);
        }
        self
    }

    /// The request is lost on its way: closed before the vendor acted.
    pub fn closed_before() -> Fault {
        Fault::of(false, Seen::Closed)
    }

    /// The answer is lost on its way: closed after the vendor acted.
    pub fn closed_after() -> Fault {
        Fault::of(true, Seen::Closed)
    }

    pub fn reset_before() -> Fault {
        Fault::of(false, Seen::Reset)
    }

    pub fn reset_after() -> Fault {
        Fault::of(true, Seen::Reset)
    }

    pub fn garbage() -> Fault {
        Fault::of(true, Seen::Garbage)
    }

    pub fn late(by: Duration) -> Fault {
        Fault::of(true, Seen::Late(by))
    }

    /// Acts, then says nothing until released.
    pub fn hang() -> Fault {
        Fault::of(true, Seen::Nothing)
    }

    /// Says nothing and does nothing; once released it answers as if it had.
    pub fn hang_before() -> Fault {
        Fault::of(false, Seen::Nothing)
    }
}

/// The fault that one request meets, if any.
#[derive(Debug)]
pub(super) struct Met {
    fault: Option<Fault>,
    released_before: u64,
}

impl Met {
    /// Whether the vendor does what the request asks.
    pub(super) fn acts(&self) -> bool {
        self.fault.as_ref().is_none_or(|fault| fault.acts)
    }
}

/// The script of a stand-in's faults. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Script>);

#[derive(Debug, Default)]
struct Script {
    plan: Mutex<Plan>,
    released: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Plan {
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

impl Faults {
    /// The next `count` requests meet this fault, after those already planned.
    pub fn next(&self, count: usize, fault: Fault) {
        let mut plan = self.0.plan.lock().expect("not poisoned");
        plan.next.extend(std::iter::repeat_n(fault, count));
    }

    /// Every request meets this fault, once the planned ones are used up.
    pub fn always(&self, fault: Fault) {
        self.0.plan.lock().expect("not poisoned").always = Some(fault);
    }

    /// From now on all is well again. Requests that hang go on hanging: see `release`.
    pub fn none(&self) {
        *self.0.plan.lock().expect("not poisoned") = Plan::default();
    }

    /// How many planned faults no request has met yet.
    pub fn left(&self) -> usize {
        self.0.plan.lock().expect("not poisoned").next.len()
    }

    /// Lets every request that hangs at this moment have its answer.
    pub fn release(&self) {
        self.0.released.send_modify(|count| *count += 1);
    }

    /// What a request that has just arrived meets. Taken before the request is recorded, so that a test which
    /// saw the record can release it.
    pub(super) fn meet(&self) -> Met {
        let mut plan = self.0.plan.lock().expect("not poisoned");
        Met { fault: plan.next.pop_front().or_else(|| plan.always.clone()), released_before: *self.0.released.borrow() }
    }

    /// Turns the honest answer into what the sender gets to see.
    pub(super) async fn answer(&self, met: Met, honest: Response<Body>, line: &Line) -> Response<Body> {
        match met.fault.map(|fault| fault.seen) {
            None => honest,
            Some(Seen::Status { status, headers, body }) => {
                let mut answer = Response::builder().status(status);
                for (name, value) in headers {
                    answer = answer.header(name, value);
                }
                answer.body(Body::from(body)).expect("the test asked for an answer that HTTP cannot express")
            }
            Some(Seen::Late(by)) => {
                tokio::time::sleep(by).await;
                honest
            }
            Some(Seen::Closed) => {
                line.close();
                honest
            }
            Some(Seen::Reset) => {
                line.reset();
                honest
            }
            Some(Seen::Garbage) => {
                let (mut parts, _) = honest.into_parts();
                parts.headers.remove(header::CONTENT_LENGTH);
                Response::from_parts(parts, Body::from("<html>\u{0}gateway says {\"status\":"))
            }
            Some(Seen::Nothing) => {
                let mut released = self.0.released.subscribe();
                // The sender lives in `self`, so this only ends by a release.
                released.wait_for(|count| *count > met.released_before).await.ok();
                honest
            }
        }
    }
}

/// A JSON answer.
pub(super) fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a status and JSON make an answer")
}

//! A Discord of our own for tests: one server with people in it, REST and gateway on the real wire, signed HTTP
//! interactions, and the people's side to drive it from. It follows Discord's published documentation; what it
//! does not have is a 404 and fails the test at `finish`.
//!
//! ```text
//! let discord = Discord::start();                     // config: discord.api_url(), .token(), .public_key() …
//! let asked = discord.ana().runs("/incident declare", json!({"title": "checkout is down"})).await;
//! let card = asked.message().await;                   // bounded; panics with what happened instead
//! discord.bo().clicks(&card, "Acknowledge").await.answered().await;
//! discord.finish().await;                             // unknown routes, late answers, invalid forms, faults unmet
//! ```
#![allow(clippy::disallowed_methods, reason = "the stand-in is outside of the program: its time is real time")]
#![allow(dead_code, reason = "a stand-in offers a whole vocabulary; today's tests need not say every word")]
#![allow(unused_imports, reason = "as above: what the tests name is gathered here")]

pub mod asked;
pub mod buckets;
pub mod delivery;
pub mod faults;
pub mod forms;
mod gateway;
pub mod interactions;
pub mod judge;
pub mod multipart;
pub mod outages;
pub mod people;
pub mod permissions;
pub mod reading;
pub mod refused;
pub mod rest;
mod selftest;
pub mod session;
mod socket;
pub mod state;
pub mod time;
pub mod typed;
pub mod validate;
pub mod wire_json;
pub mod world;
pub mod writing;

pub use asked::Asked;
pub use delivery::Signs;
pub use faults::Fault;
pub use interactions::Answer;
pub use people::Person;
pub use state::{Id, Message, State};

use crate::harness::wire::Wire;
use crate::harness::{BOUND, eventually};
use ed25519_dalek::SigningKey;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// The memory, and the news that it changed.
#[derive(Clone)]
pub struct Shared {
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<u64>>,
}

impl Shared {
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.changed.send_modify(|count| *count += 1);
        result
    }

    pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// How often what depends on time alone is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub struct Discord(Arc<Inner>);

struct Inner {
    shared: Shared,
    wire: Wire,
    key: SigningKey,
    problems_expected: Mutex<Vec<String>>,
}

impl Discord {
    /// A server with ana, bo and cy, a few channels, and the application invited.
    pub fn start() -> Discord {
        let key = SigningKey::from_bytes(&[7; 32]);
        let state = world::new(time::Time::real(), &hex(key.verifying_key().as_bytes()));
        let shared = Shared { state: Arc::new(Mutex::new(state)), changed: Arc::new(watch::Sender::new(0)) };
        let wire = Wire::serve(socket::router(shared.clone()));
        let url = wire.url();
        shared.change(|state| state.url = url);
        Discord(Arc::new(Inner { shared, wire, key, problems_expected: Mutex::default() }))
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.0.shared.change(change)
    }

    pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        self.0.shared.read(read)
    }

    /// What `discord.api_url` is set to.
    pub fn api_url(&self) -> String {
        format!("{}/api/v10", self.0.wire.url())
    }

    pub fn token(&self) -> String {
        self.read(|state| state.app.token.clone())
    }

    pub fn application_id(&self) -> Id {
        self.read(|state| state.app.id)
    }

    /// In hexadecimal, as the developer portal shows it.
    pub fn public_key(&self) -> String {
        self.read(|state| state.app.public_key.clone())
    }

    pub fn guild_id(&self) -> Id {
        self.read(|state| *state.guilds.keys().next().expect("there is a guild"))
    }

    /// The listener, to stop it and start it again.
    pub fn wire(&self) -> &Wire {
        &self.0.wire
    }

    /// The stand-in's time: hold it, run it faster, read it from the test's clock, jump.
    pub fn time(&self) -> time::Time {
        self.read(|state| state.time.clone())
    }

    pub fn ana(&self) -> Person {
        self.person("ana")
    }

    pub fn bo(&self) -> Person {
        self.person("bo")
    }

    pub fn cy(&self) -> Person {
        self.person("cy")
    }

    /// The next `times` requests whose route or path contains `route` meet this fault.
    pub fn fails(&self, route: &str, fault: Fault, times: usize) {
        self.change(|state| state.faults.plan(route, fault, times));
    }

    /// From now on, until `recovers`.
    pub fn keeps_failing(&self, route: &str, fault: Fault) {
        self.fails(route, fault, usize::MAX);
    }

    pub fn recovers(&self) {
        self.change(|state| state.faults.clear());
    }

    /// Waits until the memory satisfies `check`.
    pub async fn eventually(&self, what: &str, mut check: impl FnMut(&State) -> bool) {
        let mut changes = self.0.shared.changed.subscribe();
        let came = tokio::time::timeout(BOUND, async {
            while !self.change_quietly(State::expire, &mut check) {
                // Woken by every change, and now and then because time alone can change something.
                tokio::time::timeout(LOOK_EVERY, changes.changed()).await.ok();
            }
        });
        if came.await.is_err() {
            panic!("waited {BOUND:?} in vain until {what}.\n{}", self.report());
        }
    }

    /// A change that is no news, and what the memory is then.
    fn change_quietly(&self, change: impl FnOnce(&mut State), mut check: impl FnMut(&State) -> bool) -> bool {
        let mut state = self.0.shared.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut state);
        check(&state)
    }

    /// What happened so far, for a test that waited in vain.
    pub fn report(&self) -> String {
        self.read(|state| {
            let made =
                state.made.iter().rev().take(20).rev().map(|m| format!("  {} {} → {}", m.method, m.path, m.status));
            let problems = state.problems.iter().map(|problem| format!("  {problem}"));
            let made: Vec<String> = made.collect();
            let problems: Vec<String> = problems.collect();
            format!("The last requests:\n{}\nProblems:\n{}", made.join("\n"), problems.join("\n"))
        })
    }

    /// The test provokes this on purpose: it must happen, and `finish` does not mind.
    pub fn expects_problem(&self, containing: &str) {
        self.0.problems_expected.lock().expect("not poisoned").push(containing.to_string());
    }

    /// Fails the test with whatever the application did that it must not do, or left undone.
    pub async fn finish(self) {
        let unanswered = |state: &State| -> Vec<String> {
            let open = state.interactions.values().filter(|asked| asked.answer.is_none() && asked.failed.is_none());
            open.map(interactions::Interaction::named).collect()
        };
        let patience = Duration::from_secs(4);
        let mut changes = self.0.shared.changed.subscribe();
        let settled = async {
            while !self.change_quietly(State::expire, |state| unanswered(state).is_empty()) {
                tokio::time::timeout(LOOK_EVERY, changes.changed()).await.ok();
            }
        };
        tokio::time::timeout(patience, settled).await.ok(); // what is still open is said below
        let mut problems = self.read(|state| state.problems.clone());
        problems.extend(self.read(unanswered).into_iter().map(|asked| format!("{asked} was never answered")));
        problems.extend(
            self.read(|state| state.faults.left()).into_iter().map(|left| format!("a fault that nobody met: {left}")),
        );
        for expected in self.0.problems_expected.lock().expect("not poisoned").iter() {
            let before = problems.len();
            problems.retain(|problem| !problem.contains(expected));
            if problems.len() == before {
                problems.push(format!("expected, but did not happen: {expected}"));
            }
        }
        assert!(
            problems.is_empty(),
            "Discord would not have liked this:\n  {}\n{}",
            problems.join("\n  "),
            self.report()
        );
    }
}

/// `eventually` for what is not in the memory.
pub async fn until(what: &str, check: impl AsyncFnMut() -> bool) {
    eventually(what, BOUND, check).await;
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Use cases: what can be done (`act`), asked (`query`) and taken in (`ingest`), whoever asks. Chat, web, API and
//! engine all come through here; there is no other way to change anything.

pub mod ack_link;
mod act;
pub mod audit;
mod belongs;
mod commit;
pub mod ingest;
mod looks;
mod manner;
pub mod rebuild;
mod thread;

pub use act::{Act, ActError, Acted, Changed, On, Once};
pub use manner::Manner;

use crate::clock::Clock;
use crate::engine::ports::execute::CarryOut;
use crate::fault::Fault;
use crate::program::Program;
use crate::program::reminders::Reminder;
use crate::store::{FactsKept, Operations, Store};
use firebell_domain::directory::Directory;
use firebell_domain::figures::Facts;
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::intent::IntentNo;
use firebell_domain::operation;
use firebell_domain::time::Timestamp;
use std::sync::{Arc, RwLock};
use tokio::sync::{Notify, broadcast, mpsc};

/// Commands that may wait for the writer. More than this many people are not typing at once: beyond it the answer is
/// "overloaded" at once, because a late answer is worse than an honest one.
const COMMANDS_WAITING_MAX: usize = 1_024;
/// Engine inputs that may wait; the engine itself waits beyond it.
const ENGINE_WAITING_MAX: usize = 1_024;

/// An incident has moved on: whoever shows it reads on from where they are.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    pub incident: IncidentId,
    pub seq: i64,
}

#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    /// Looks things up here instead of in what is in force.
    pinned: Option<Arc<Setup>>,
    /// How whoever holds this one waits.
    manner: Option<Arc<Manner>>,
}

/// What of a configuration is looked up by whoever does or asks something; exchanged as a whole by a reload.
struct Setup {
    directory: Arc<Directory>,
    public_url: Arc<str>,
    program: Arc<Program>,
}

struct Inner {
    store: Store,
    clock: Clock,
    setup: RwLock<Arc<Setup>>,
    install: String,
    facts: FactsKept,
    commands: mpsc::Sender<commit::Job>,
    engine: mpsc::Sender<commit::Job>,
    moved: broadcast::Sender<Moved>,
    /// Hashes of sessions that are over.
    signed_out: broadcast::Sender<String>,
    nudge: Arc<Notify>,
    /// What is known of scheduled operations, as the engine saw it last.
    operations: RwLock<Arc<Operations>>,
    /// Asked what a run would do. What runs is the engine's.
    carrier: RwLock<Option<Arc<dyn CarryOut>>>,
}

impl App {
    /// Makes the application over an open store and starts its writer, which stops when the last `App` is gone.
    pub async fn start(
        store: Store,
        clock: Clock,
        directory: Directory,
        public_url: String,
        install_candidate: &str,
    ) -> Result<App, Fault> {
        let install = store.install(install_candidate).await?;
        let (commands, from_commands) = mpsc::channel(COMMANDS_WAITING_MAX);
        let (engine, from_engine) = mpsc::channel(ENGINE_WAITING_MAX);
        let (moved, _) = broadcast::channel(4_096);
        let (signed_out, _) = broadcast::channel(256);
        let app = App {
            inner: Arc::new(Inner {
                store: store.clone(),
                clock: clock.clone(),
                setup: RwLock::new(Arc::new(Setup {
                    directory: Arc::new(directory),
                    public_url: public_url.into(),
                    program: Arc::default(),
                })),
                install,
                facts: FactsKept::default(),
                commands,
                engine,
                moved: moved.clone(),
                signed_out,
                nudge: Arc::new(Notify::new()),
                operations: RwLock::default(),
                carrier: RwLock::new(None),
            }),
            pinned: None,
            manner: None,
        };
        let writer =
            commit::Writer { store, clock, moved, nudge: app.inner.nudge.clone(), app: Arc::downgrade(&app.inner) };
        tokio::spawn(writer.run(from_commands, from_engine));
        Ok(app)
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }
    pub fn public_url(&self) -> Arc<str> {
        self.setup().public_url.clone()
    }
    /// Random name of this installation: keeps two Firebells apart at one pager.
    pub fn install(&self) -> &str {
        &self.inner.install
    }
    /// What waits for the writer, by queue.
    pub fn waiting(&self) -> [(&'static str, usize); 2] {
        let of = |queue: &mpsc::Sender<commit::Job>| queue.max_capacity() - queue.capacity();
        [("commands", of(&self.inner.commands)), ("engine", of(&self.inner.engine))]
    }
    /// What figures are made of, for every incident that was declared in [from, to), the oldest first; at most `limit`.
    pub async fn facts(&self, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Arc<Facts>>, Fault> {
        self.inner.facts.facts(&self.inner.store, from, to, limit).await
    }
    /// How a page is called at its vendor.
    pub fn thread(&self, incident: IncidentId, no: IntentNo) -> String {
        thread::name(self.install(), incident, no)
    }
    /// How a chat knows the message of one look again.
    pub fn look_thread(&self, system: &str, name: &str, run: Timestamp) -> String {
        thread::of_look(self.install(), &operation::short(system, name), run)
    }
    /// Which page a vendor means; `None` for what this installation never sent.
    pub fn page_of_thread(&self, said: &str) -> Option<(IncidentId, IntentNo)> {
        thread::read(self.install(), said)
    }
    /// The incident that a place in a chat belongs to, or belonged to last.
    pub async fn incident_at(&self, chat: &ChannelId, place: &str) -> Result<Option<IncidentId>, Fault> {
        let (source, key) = belongs::place(chat.as_str(), place);
        self.inner.store.last_incident_of(&source, &key).await
    }
    /// Places of a chat with the incident that each belonged to last, the newest incidents' first.
    pub async fn places_of(&self, chat: &ChannelId, limit: i64) -> Result<Vec<(String, IncidentId)>, Fault> {
        let (source, _) = belongs::place(chat.as_str(), "");
        self.inner.store.groups_of(&source, limit).await
    }
    pub fn moved(&self) -> broadcast::Receiver<Moved> {
        self.inner.moved.subscribe()
    }
    /// Says that something moved which this process did not write (another replica did).
    pub fn moved_elsewhere(&self, moved: Moved) {
        let _ = self.inner.moved.send(moved);
        self.inner.nudge.notify_one();
    }
    /// Says that a session is over, here or at another replica: its open streams end.
    pub fn session_ended(&self, hash: &str) {
        let _ = self.inner.signed_out.send(hash.to_string());
    }
    pub fn ended_sessions(&self) -> broadcast::Receiver<String> {
        self.inner.signed_out.subscribe()
    }
    /// Wakes the engine.
    pub fn nudge(&self) -> &Notify {
        &self.inner.nudge
    }

    /// What the runbooks' schedules found, here or at another replica, some seconds old at most.
    pub fn operations(&self) -> Arc<Operations> {
        self.inner.operations.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
    pub fn saw_operations(&self, all: Operations) {
        *self.inner.operations.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(all);
    }
    pub fn saw_operation(&self, reminder: &Reminder, state: Option<&operation::State>) {
        let Some(state) = state else { return };
        let mut all = (*self.operations()).clone();
        all.insert((reminder.system.clone(), reminder.name.clone()), state.clone());
        self.saw_operations(all);
    }

    /// The configured directory, without stand-ins.
    pub fn directory(&self) -> Arc<Directory> {
        self.setup().directory.clone()
    }
    /// The runbooks in force.
    pub fn program(&self) -> Arc<Program> {
        self.setup().program.clone()
    }
    fn setup(&self) -> Arc<Setup> {
        self.pinned.clone().unwrap_or_else(|| self.inner.setup())
    }

    /// Puts another directory and address in force: what is decided from here on is decided by them. Incidents keep the
    /// policy that they were declared under.
    pub fn reload(&self, directory: Directory, public_url: String) {
        self.reload_all(directory, public_url, self.program());
    }

    /// The same with the runbooks it came from. A playbook that is being followed stays as it was when it began.
    pub fn reload_all(&self, directory: Directory, public_url: String, program: Arc<Program>) {
        let setup = Arc::new(Setup { directory: Arc::new(directory), public_url: public_url.into(), program });
        *self.inner.setup.write().unwrap_or_else(std::sync::PoisonError::into_inner) = setup;
        // Who can be reached may be otherwise now.
        self.inner.nudge.notify_one();
    }

    /// What is asked from here on what a run would do.
    pub fn put_carrier(&self, carrier: Option<Arc<dyn CarryOut>>) {
        *self.inner.carrier.write().unwrap_or_else(std::sync::PoisonError::into_inner) = carrier;
    }

    pub fn carrier(&self) -> Option<Arc<dyn CarryOut>> {
        self.inner.carrier.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The same application, looking things up in what is in force now also after a reload: who answers a request by it
    /// has one configuration from the request's beginning to its end. Decisions are the writer's, which has no such.
    pub fn pinned(&self) -> App {
        App { inner: self.inner.clone(), pinned: Some(self.setup()), manner: self.manner.clone() }
    }

    /// The same application for one saying: what is done through it is waited for, and done once, in this manner.
    pub fn in_manner(&self, manner: Arc<Manner>) -> App {
        App { manner: Some(manner), ..self.clone() }
    }

    /// The directory with the stand-ins that are not over.
    pub async fn directory_now(&self) -> Result<Directory, Fault> {
        let mut directory = (*self.directory()).clone();
        let now = self.inner.clock.now();
        for (schedule, stand_in) in self.inner.store.overrides(now).await? {
            if let Some(s) = directory.schedules.get_mut(&schedule.as_str().into()) {
                s.overrides.push(stand_in);
            }
        }
        Ok(directory)
    }
}

impl Inner {
    fn setup(&self) -> Arc<Setup> {
        self.setup.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

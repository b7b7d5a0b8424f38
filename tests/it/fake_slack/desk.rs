//! The one lock of the test's Slack, and what follows each change: the app is told, and those who wait look again.
//!
//! It never holds the lock while something travels.

use super::http;
use super::state::World;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
    client: reqwest::Client,
}

impl Desk {
    pub fn new(world: World, client: reqwest::Client) -> Desk {
        Desk(Arc::new(Inner { world: Mutex::new(world), changed: watch::Sender::new(0), client }))
    }

    /// Looks, without changing anything.
    pub fn see<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Changes something, then sends what there is to tell.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let (result, letters) = {
            let mut world = self.lock();
            let result = act(&mut world);
            let letters = world.send_parcels();
            (result, letters)
        };
        for letter in letters {
            http::post(self.clone(), letter);
        }
        self.0.changed.send_modify(|count| *count += 1);
        result
    }

    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    pub fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// For those who must not keep it alive.
    pub fn weak(&self) -> impl Fn() -> Option<Desk> + Send + Sync + 'static {
        let weak = Arc::downgrade(&self.0);
        move || weak.upgrade().map(Desk)
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A method that panicked is a defect that its own test reports; the others still see what there is.
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Hands each parcel that is due to a socket; what goes by HTTP comes back, to be sent without the lock.
    fn send_parcels(&mut self) -> Vec<http::Letter> {
        let mut letters = Vec::new();
        let now = self.now();
        let mut later = std::collections::VecDeque::new();
        while let Some(parcel) = self.parcels.pop_front() {
            if parcel.due > now {
                later.push_back(parcel);
            } else if self.http.on {
                letters.extend(self.letter(parcel));
            } else {
                later.extend(self.send_to_socket(parcel));
            }
        }
        self.parcels = later;
        letters
    }
}

//! What the engine sends through: the pagers, and whoever watches from outside. A reload exchanges all of it in one
//! step; a send under way keeps the pager that it began with.

use super::ports::{Beat, Notify};
use firebell_domain::id::ChannelId;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// A handle: whoever composes keeps one and the engine another.
#[derive(Clone, Default)]
pub struct Outlets {
    now: Arc<RwLock<Arc<Set>>>,
}

#[derive(Default)]
pub struct Set {
    pub pagers: BTreeMap<ChannelId, Arc<dyn Notify>>,
    pub watcher: Option<Arc<dyn Beat>>,
}

impl Outlets {
    /// Must be called before a directory that names these channels is in force: what is queued by that directory finds
    /// its pager here, and is not given up as "not configured any more".
    pub fn put(&self, pagers: Vec<Arc<dyn Notify>>, watcher: Option<Arc<dyn Beat>>) {
        let pagers = pagers.into_iter().map(|p| (p.channel().clone(), p)).collect();
        *self.now.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(Set { pagers, watcher });
    }

    pub fn put_watcher(&self, watcher: Option<Arc<dyn Beat>>) {
        let pagers = self.now().pagers.values().cloned().collect();
        self.put(pagers, watcher);
    }

    pub fn now(&self) -> Arc<Set> {
        self.now.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

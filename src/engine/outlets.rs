//! What the engine sends through: the pagers, and whoever watches from outside. A reload exchanges all of it in one
//! step; a send under way keeps the pager that it began with.

use super::ports::chat::Chat;
use super::ports::execute::CarryOut;
use super::ports::{Beat, Notify};
use firebell_domain::id::ChannelId;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// A handle: whoever composes keeps one and the engine another.
#[derive(Clone, Default)]
pub struct Outlets {
    now: Arc<RwLock<Arc<Set>>>,
}

#[derive(Clone, Default)]
pub struct Set {
    pub pagers: BTreeMap<ChannelId, Arc<dyn Notify>>,
    pub watcher: Option<Arc<dyn Beat>>,
    pub chats: BTreeMap<ChannelId, Arc<dyn Chat>>,
    /// Through what runs are carried out; `None`: none begins.
    pub carrier: Option<Arc<dyn CarryOut>>,
}

impl Outlets {
    /// Must be called before a directory that names these channels is in force: what is queued by that directory finds
    /// its pager here, and is not given up as "not configured any more".
    pub fn put(&self, pagers: Vec<Arc<dyn Notify>>, watcher: Option<Arc<dyn Beat>>) {
        let pagers = pagers.into_iter().map(|p| (p.channel().clone(), p)).collect();
        self.change(|set| Set { pagers, watcher, ..set.clone() });
    }

    /// The same of the chats.
    pub fn put_chats(&self, chats: Vec<Arc<dyn Chat>>) {
        let chats = chats.into_iter().map(|c| (c.channel().clone(), c)).collect();
        self.change(|set| Set { chats, ..set.clone() });
    }

    pub fn put_watcher(&self, watcher: Option<Arc<dyn Beat>>) {
        self.change(|set| Set { watcher, ..set.clone() });
    }

    /// A run under way keeps what it began with.
    pub fn put_carrier(&self, carrier: Option<Arc<dyn CarryOut>>) {
        self.change(|set| Set { carrier, ..set.clone() });
    }

    fn change(&self, change: impl FnOnce(&Set) -> Set) {
        let mut now = self.now.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = Arc::new(change(&now));
    }

    pub fn now(&self) -> Arc<Set> {
        self.now.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

//! Which incident an alert group, an alert and what a source sent unreadably belonged to last: the keys of that index,
//! as they follow from the log. Knows nothing of how they are stored.

use firebell_domain::alert::{Alert, AlertStatus};
use firebell_domain::event::Event;
use firebell_domain::regroup;
use firebell_domain::time::Timestamp;

/// A source and what of it: the key of a group, or one of ours. A source cannot send one of ours, because keys from
/// outside are cleaned of controls.
pub type Key = (String, String);

/// What of a source could not be read.
pub const UNREADABLE: &str = "\u{1}unreadable";

pub fn unreadable(source: &str) -> Key {
    (source.to_string(), UNREADABLE.to_string())
}

/// One alert, whatever group it comes under.
pub fn alert(source: &str, fingerprint: &str) -> Key {
    (source.to_string(), format!("\u{1}alert {fingerprint}"))
}

/// A place in a chat.
pub fn place(chat: &str, place: &str) -> Key {
    (format!("\u{1}chat {chat}"), place.to_string())
}

/// What an event says.
pub fn keys_of(event: &Event) -> Vec<Key> {
    match event {
        Event::AlertsReceived { source, group, changed, .. } => {
            let follows = |a: &&Alert| a.status == AlertStatus::Firing && regroup::known_anywhere(a);
            let alerts = changed.iter().filter(follows).map(|a| alert(source, &a.fingerprint));
            alerts.chain([(source.clone(), group.clone())]).collect()
        }
        Event::RoomOpened { chat, place: at } => vec![place(chat.as_str(), at)],
        Event::UnreadableReceived { source, .. } => vec![unreadable(source)],
        Event::MergedFrom { groups, .. } => {
            let mut keys = Vec::new();
            for g in groups {
                let known = |starts_at: Timestamp| starts_at != firebell_domain::alert::START_UNKNOWN;
                let firing = g.alerts.iter().filter(|(_, t)| t.status == AlertStatus::Firing && known(t.starts_at));
                keys.extend(firing.map(|(fingerprint, _)| alert(&g.source, fingerprint)));
                keys.push((g.source.clone(), g.key.clone()));
            }
            keys
        }
        _ => Vec::new(),
    }
}

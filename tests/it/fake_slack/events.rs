//! Which event of the manifest tells of what, and the scope without which Slack keeps it to itself.
//!
//! It never knows who is told.

use super::state::Kind;

/// Every bot event that the test's Slack can tell of.
pub const ALL: &[&str] = &[
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_created",
    "channel_rename",
    "channel_unarchive",
    "file_shared",
    "group_archive",
    "group_rename",
    "group_unarchive",
    "link_shared",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "pin_added",
    "pin_removed",
    "reaction_added",
    "reaction_removed",
    "team_join",
    "tokens_revoked",
    "user_change",
];

/// The line of the manifest that asks for this event.
pub fn subscription(event: &str, kind: Kind) -> &str {
    match (event, kind) {
        ("message", Kind::Public) => "message.channels",
        ("message", Kind::Private) => "message.groups",
        ("message", Kind::Im) => "message.im",
        ("message", Kind::Mpim) => "message.mpim",
        _ => event,
    }
}

pub fn scope(event: &str, kind: Kind) -> Option<&'static str> {
    Some(match (event, kind) {
        ("message", Kind::Public) => "channels:history",
        ("message", Kind::Private) => "groups:history",
        ("message", Kind::Im) => "im:history",
        ("message", Kind::Mpim) => "mpim:history",
        ("app_mention", _) => "app_mentions:read",
        ("reaction_added" | "reaction_removed", _) => "reactions:read",
        ("pin_added" | "pin_removed", _) => "pins:read",
        ("member_joined_channel" | "member_left_channel", Kind::Private) => "groups:read",
        ("member_joined_channel" | "member_left_channel", _) => "channels:read",
        ("channel_created" | "channel_archive" | "channel_rename" | "channel_unarchive", _) => "channels:read",
        ("group_archive" | "group_rename" | "group_unarchive", _) => "groups:read",
        ("team_join" | "user_change", _) => "users:read",
        ("link_shared", _) => "links:read",
        ("file_shared", _) => "files:read",
        _ => return None,
    })
}

//! The app that an administrator creates in Slack, as Slack reads it: `config/slack-manifest.yaml` is what `yaml` prints,
//! and a test compares the two. No scope that nothing here needs.

use super::actions::{DECLARE, DECLARE_FROM, TO_TIMELINE};
use std::fmt::Write;

/// Scopes of the bot's token, each with what it is for.
pub const SCOPES: &[(&str, &str)] = &[
    ("app_mentions:read", "hears @firebell in channels and threads"),
    ("bookmarks:read", "adds no bookmark twice"),
    ("bookmarks:write", "puts the links of an incident on top of its channel"),
    ("channels:history", "finds a message again after a crash, reads what somebody pins, and follows its edits"),
    ("channels:manage", "makes an incident's channel, sets its topic, invites people"),
    ("channels:read", "finds a channel again after a crash, and notes who joins it"),
    ("chat:write", "posts and edits cards, lines and answers"),
    ("commands", "the slash commands and the shortcuts"),
    ("files:write", "puts what a run printed and drew beside the lines about it"),
    ("groups:history", "the same as channels:history in private channels"),
    ("groups:read", "the same as channels:read for private channels"),
    ("groups:write", "makes the channel of a private incident"),
    ("im:history", "hears direct messages to the app"),
    ("links:read", "sees links to incidents"),
    ("links:write", "unfolds them"),
    ("pins:read", "puts what somebody pins on the timeline"),
    ("pins:write", "pins the headline"),
    ("reactions:read", "puts a message with the pushpin reaction on the timeline"),
    ("usergroups:read", "invites the members of a user group, and knows which are administrators"),
    ("users:read", "knows who speaks, and who is deactivated"),
    ("users:read.email", "knows people by the e-mail address in [people.NAME]"),
];

const EVENTS: &[&str] = &[
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "link_shared",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "pin_added",
    "reaction_added",
    "tokens_revoked",
    "user_change",
];

/// Name, kind, callback and description of each.
pub const SHORTCUTS: &[(&str, &str, &str, &str)] = &[
    ("Declare incident", "global", DECLARE, "Declares an incident and pages whoever has to know"),
    ("Declare incident", "message", DECLARE_FROM, "Declares an incident with this message"),
    ("Add to timeline", "message", TO_TIMELINE, "Puts this message on the incident's timeline"),
];

/// The manifest for Socket Mode, with the command under a name of one's own.
pub fn yaml(command: &str) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    line(
        "# The Slack app of Firebell: create it at https://api.slack.com/apps, \"From a manifest\". docs/slack.md says what",
    );
    line("# each scope is for, and what to change to be called over HTTP instead of Socket Mode.");
    line("display_information:");
    line("  name: Firebell");
    line("  description: Incidents from your own runbook");
    line("  background_color: \"#7a1f1f\"");
    line("features:");
    line("  app_home:");
    line("    home_tab_enabled: true");
    line("    messages_tab_enabled: true");
    line("    messages_tab_read_only_enabled: false");
    line("  bot_user:");
    line("    display_name: firebell");
    line("    always_online: true");
    line("  shortcuts:");
    for (name, kind, callback, description) in SHORTCUTS {
        line(&format!("    - name: {name}"));
        line(&format!("      type: {kind}"));
        line(&format!("      callback_id: {callback}"));
        line(&format!("      description: {description}"));
    }
    line("  slash_commands:");
    for (command, description, hint) in [
        (command, "Declares and works incidents", "declare P1 checkout is down | ack | help"),
        ("/oncall", "Says who is on call", "[schedule]"),
    ] {
        line(&format!("    - command: {command}"));
        line(&format!("      description: {description}"));
        line(&format!("      usage_hint: \"{hint}\""));
        line("      should_escape: true");
    }
    line("oauth_config:");
    line("  scopes:");
    line("    bot:");
    for (scope, _) in SCOPES {
        line(&format!("      - {scope}"));
    }
    line("settings:");
    line("  event_subscriptions:");
    line("    bot_events:");
    for event in EVENTS {
        line(&format!("      - {event}"));
    }
    line("  interactivity:");
    line("    is_enabled: true");
    line("  org_deploy_enabled: false");
    line("  socket_mode_enabled: true");
    line("  token_rotation_enabled: false");
    out
}

/// The table of scopes, as the set-up page has it.
pub fn scope_table() -> String {
    let mut out = String::from("| scope | what for |\n|---|---|\n");
    for (scope, why) in SCOPES {
        let _ = writeln!(out, "| `{scope}` | {why} |");
    }
    out
}

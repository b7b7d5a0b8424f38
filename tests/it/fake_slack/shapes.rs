//! People and conversations as Slack answers them.
//!
//! It never decides who may see what: the methods do.

use super::state::{Channel, Kind, Noted, Team, User};
use serde_json::{Value, json};

impl Team {
    pub fn user_json(&self, user: &User, with_email: bool) -> Value {
        let mut profile = json!({
            "real_name": user.real_name, "real_name_normalized": user.real_name, "display_name": user.name,
            "display_name_normalized": user.name, "team": self.id, "avatar_hash": "0", "status_text": "",
        });
        if let (true, Some(email)) = (with_email, &user.email) {
            profile["email"] = json!(email);
        }
        json!({
            "id": user.id, "team_id": self.id, "name": user.name, "deleted": user.deleted, "real_name": user.real_name,
            "tz": user.tz, "tz_label": user.tz, "tz_offset": 0, "profile": profile, "is_admin": user.is_admin,
            "is_owner": false, "is_primary_owner": false, "is_restricted": false, "is_ultra_restricted": false,
            "is_bot": user.is_bot, "is_app_user": false, "updated": 0, "is_email_confirmed": true,
        })
    }

    pub fn channel_json(&self, channel: &Channel, num_members: bool) -> Value {
        let noted = |noted: &Noted| json!({"value": noted.value, "creator": noted.creator, "last_set": noted.last_set});
        if channel.kind == Kind::Im {
            let other = channel.members.iter().find(|member| **member != self.bot_user).cloned().unwrap_or_default();
            return json!({"id": channel.id, "created": channel.created, "is_im": true, "is_org_shared": false,
                "user": other, "is_archived": channel.archived, "is_user_deleted": false, "priority": 0});
        }
        let mut body = json!({
            "id": channel.id, "name": channel.name, "name_normalized": channel.name, "created": channel.created,
            "creator": channel.creator, "is_channel": channel.kind == Kind::Public, "is_im": false,
            "is_group": channel.kind == Kind::Private, "is_mpim": channel.kind == Kind::Mpim,
            "is_private": channel.kind != Kind::Public, "is_archived": channel.archived, "is_general": false,
            "is_shared": false, "is_ext_shared": false, "is_org_shared": false, "is_pending_ext_shared": false,
            "pending_shared": [], "context_team_id": self.id, "unlinked": 0, "updated": channel.created * 1000,
            "is_member": channel.members.contains(&self.bot_user), "shared_team_ids": [self.id],
            "topic": noted(&channel.topic), "purpose": noted(&channel.purpose),
            "previous_names": channel.previous_names,
        });
        if num_members {
            body["num_members"] = json!(channel.members.len());
        }
        body
    }
}

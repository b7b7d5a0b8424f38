//! The stand-in's memory as the API's JSON: ids as strings, permissions as strings, moments as ISO 8601.
//! Never changes anything.

use super::state::{Channel, Guild, Id, Member, Message, Role, State, User};
use super::time::iso;
use serde_json::{Value, json};

pub fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(), "username": user.name, "global_name": user.name, "discriminator": "0",
        "avatar": null, "bot": user.bot, "system": false, "public_flags": 0,
    })
}

pub fn role(role: &Role) -> Value {
    json!({
        "id": role.id.to_string(), "name": role.name, "permissions": role.permissions.to_string(),
        "position": role.position, "color": 0, "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false, "managed": false, "mentionable": role.mentionable, "icon": null, "unicode_emoji": null, "flags": 0,
    })
}

impl State {
    pub fn user_json(&self, id: Id) -> Value {
        self.users.get(&id).map(user).unwrap_or(Value::Null)
    }

    /// A member without the user, as events beside an author have it.
    pub fn partial_member_json(&self, member: &Member) -> Value {
        let roles: Vec<String> = member.roles.iter().map(Id::to_string).collect();
        json!({
            "roles": roles, "nick": member.nick, "joined_at": iso(super::state::EPOCH_MS), "deaf": false, "mute": false,
            "flags": 0, "avatar": null, "pending": false, "premium_since": null, "communication_disabled_until": null,
        })
    }

    pub fn member_json(&self, guild: Id, user: Id) -> Option<Value> {
        let member = self.guilds.get(&guild)?.members.get(&user)?;
        let mut json = self.partial_member_json(member);
        json["user"] = self.user_json(user);
        Some(json)
    }

    pub fn channel_json(&self, channel: &Channel) -> Value {
        let mut json = json!({
            "id": channel.id.to_string(), "type": channel.kind, "flags": if channel.needs_tag { 1 << 4 } else { 0 },
            "last_message_id": channel.last_message.map(|id| id.to_string()),
        });
        if let Some(at) = channel.last_pin_ms {
            json["last_pin_timestamp"] = json!(iso(at));
        }
        let Some(guild) = channel.guild else {
            json["recipients"] = channel.recipients.iter().map(|id| self.user_json(*id)).collect();
            return json;
        };
        json["guild_id"] = json!(guild.to_string());
        json["name"] = json!(channel.name);
        json["parent_id"] = json!(channel.parent.map(|id| id.to_string()));
        json["rate_limit_per_user"] = json!(0);
        if let Some(thread) = &channel.thread {
            json["owner_id"] = json!(channel.owner.map(|id| id.to_string()));
            let count = self.messages.get(&channel.id).map_or(0, |messages| messages.len());
            json["message_count"] = json!(count);
            json["total_message_sent"] = json!(count);
            json["member_count"] = json!(thread.members.len().min(50));
            json["applied_tags"] = json!(thread.tags.iter().map(Id::to_string).collect::<Vec<_>>());
            json["thread_metadata"] = json!({
                "archived": thread.archived, "locked": thread.locked, "invitable": thread.invitable,
                "auto_archive_duration": thread.auto_archive_minutes, "archive_timestamp": iso(thread.changed_ms),
                "create_timestamp": iso(created_ms(channel.id)),
            });
            return json;
        }
        json["position"] = json!(channel.position);
        json["topic"] = json!(channel.topic);
        json["nsfw"] = json!(false);
        json["permission_overwrites"] = channel.overwrites.iter().map(overwrite_json).collect();
        if channel.kind == super::state::FORUM {
            json["available_tags"] = channel
                .tags
                .iter()
                .map(|t| json!({"id": t.id.to_string(), "name": t.name, "moderated": t.moderated, "emoji_id": null, "emoji_name": t.emoji}))
                .collect();
            json["default_reaction_emoji"] = Value::Null;
            json["default_sort_order"] = Value::Null;
            json["default_forum_layout"] = json!(0);
        }
        json
    }

    pub fn guild_json(&self, guild: &Guild) -> Value {
        json!({
            "id": guild.id.to_string(), "name": guild.name, "owner_id": guild.owner.to_string(), "icon": null, "splash": null,
            "discovery_splash": null, "afk_channel_id": null, "afk_timeout": 300, "verification_level": 1,
            "default_message_notifications": 1, "explicit_content_filter": 0, "emojis": [], "features": ["COMMUNITY"],
            "roles": guild.roles.values().map(role).collect::<Vec<_>>(),
            "mfa_level": 0, "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
            "rules_channel_id": null, "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
            "premium_subscription_count": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
            "nsfw_level": 0, "stickers": [], "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
            "max_members": 500_000,
        })
    }

    /// GUILD_CREATE: the guild with everything in it that the bot sees.
    pub fn guild_create_json(&self, guild: &Guild) -> Value {
        let mut json = self.guild_json(guild);
        let seen = |thread: bool| -> Value {
            let all = self.channels.values().filter(|c| c.guild == Some(guild.id) && c.thread.is_some() == thread);
            let open = all.filter(|c| c.thread.as_ref().is_none_or(|t| !t.archived));
            open.filter(|c| self.permissions(self.app.bot, c) != 0).map(|c| self.channel_json(c)).collect()
        };
        json["channels"] = seen(false);
        json["threads"] = seen(true);
        let members = guild.members.keys().filter_map(|user| self.member_json(guild.id, *user));
        json["members"] = members.collect();
        json["member_count"] = json!(guild.members.len());
        for empty in ["voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
            json[empty] = json!([]);
        }
        json["joined_at"] = json!(iso(super::state::EPOCH_MS));
        json["large"] = json!(false);
        json["unavailable"] = json!(false);
        json
    }

    pub fn message_json(&self, message: &Message) -> Value {
        let reactions: Vec<Value> = message
            .reactions
            .iter()
            .map(|r| {
                json!({
                    "count": r.users.len(), "count_details": {"burst": 0, "normal": r.users.len()}, "burst_colors": [],
                    "me": r.users.contains(&self.app.bot), "me_burst": false, "emoji": {"id": null, "name": r.emoji},
                })
            })
            .collect();
        let mut json = json!({
            "id": message.id.to_string(), "channel_id": message.channel.to_string(), "type": message.kind,
            "author": self.user_json(message.author), "content": message.content, "timestamp": iso(message.sent_ms),
            "edited_timestamp": message.edited_ms.map(iso), "tts": message.tts, "mention_everyone": message.pings.everyone,
            "mentions": message.pings.users.iter().map(|id| self.user_json(*id)).collect::<Vec<_>>(),
            "mention_roles": message.pings.roles.iter().map(Id::to_string).collect::<Vec<_>>(),
            "attachments": message.attachments.iter().map(|a| self.attachment_json(message.channel, a)).collect::<Vec<_>>(),
            "embeds": message.embeds, "components": message.components, "flags": message.flags,
            "pinned": message.pinned_ms.is_some(),
        });
        if !reactions.is_empty() {
            json["reactions"] = json!(reactions);
        }
        if let Some(nonce) = &message.nonce {
            json["nonce"] = nonce.clone();
        }
        if message.author == self.app.bot {
            json["application_id"] = json!(self.app.id.to_string());
        }
        if let Some(reply) = message.reply_to {
            let guild = self.channels.get(&message.channel).and_then(|c| c.guild).map(|id| id.to_string());
            json["message_reference"] = json!({"type": 0, "message_id": reply.to_string(), "channel_id": message.channel.to_string(), "guild_id": guild});
            json["referenced_message"] =
                self.message(message.channel, reply).map_or(Value::Null, |m| self.message_json(m));
        }
        if let Some(asked) = message.interaction.and_then(|id| self.interactions.get(&id)) {
            json["webhook_id"] = json!(self.app.id.to_string());
            json["interaction_metadata"] = json!({
                "id": asked.id.to_string(), "type": asked.kind, "user": self.user_json(asked.user),
                "authorizing_integration_owners": {"0": asked.guild.map_or("0".to_string(), |id| id.to_string())},
            });
        }
        json
    }

    fn attachment_json(&self, channel: Id, attachment: &super::state::Attachment) -> Value {
        let url = format!("{}/attachments/{channel}/{}/{}", self.url, attachment.id, attachment.filename);
        json!({
            "id": attachment.id.to_string(), "filename": attachment.filename, "size": attachment.bytes.len(), "url": url,
            "proxy_url": url, "description": attachment.description, "content_type": attachment.content_type,
        })
    }
}

pub fn overwrite_json(overwrite: &super::state::Overwrite) -> Value {
    json!({
        "id": overwrite.id.to_string(), "type": overwrite.kind, "allow": overwrite.allow.to_string(),
        "deny": overwrite.deny.to_string(),
    })
}

/// When the thing with this id was made.
pub fn created_ms(id: Id) -> i64 {
    i64::try_from(id >> 22).expect("fits") + super::state::EPOCH_MS
}

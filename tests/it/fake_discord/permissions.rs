//! Who may do what where, computed as Discord documents it: roles, then the overwrites of the channel for
//! everybody, for roles and for the member; threads look at their parent. Never refuses by itself.

use super::state::{Channel, Id, State};

pub const CREATE_INVITE: u64 = 1;
pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const MANAGE_GUILD: u64 = 1 << 5;
pub const ADD_REACTIONS: u64 = 1 << 6;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MENTION_EVERYONE: u64 = 1 << 17;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
pub const MANAGE_THREADS: u64 = 1 << 34;
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub const PIN_MESSAGES: u64 = 1 << 51;

/// Every bit that is in use.
pub const ALL: u64 = (1 << 53) - 1;

/// What a new server lets everybody do.
pub const EVERYBODY: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | ADD_REACTIONS
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS;

/// What an incident bot is usually invited with.
pub const BOT: u64 = EVERYBODY | MANAGE_CHANNELS | MANAGE_ROLES | MANAGE_MESSAGES | MANAGE_THREADS | PIN_MESSAGES;

impl State {
    /// In the whole guild, before any channel has its say.
    pub fn base_permissions(&self, guild: Id, user: Id) -> u64 {
        let Some(guild) = self.guilds.get(&guild) else { return 0 };
        let Some(member) = guild.members.get(&user) else { return 0 };
        if guild.owner == user {
            return ALL;
        }
        let of = |role: &Id| guild.roles.get(role).map_or(0, |role| role.permissions);
        let held = member.roles.iter().fold(of(&guild.id), |held, role| held | of(role));
        if held & ADMINISTRATOR != 0 { ALL } else { held }
    }

    /// In one channel or thread. Nothing at all where the channel cannot be seen.
    pub fn permissions(&self, user: Id, channel: &Channel) -> u64 {
        let Some(guild_id) = channel.guild else {
            let here = channel.recipients.contains(&user) || user == self.app.bot;
            return if here { EVERYBODY | PIN_MESSAGES } else { 0 };
        };
        let base = self.base_permissions(guild_id, user);
        if base == ALL {
            return ALL;
        }
        let rules = match (&channel.thread, channel.parent) {
            (Some(_), Some(parent)) => self.channels.get(&parent).unwrap_or(channel),
            _ => channel,
        };
        let Some(member) = self.guilds.get(&guild_id).and_then(|guild| guild.members.get(&user)) else { return 0 };
        let mut held = base;
        for overwrite in rules.overwrites.iter().filter(|o| o.id == guild_id) {
            held = held & !overwrite.deny | overwrite.allow;
        }
        let (mut allow, mut deny) = (0, 0);
        for overwrite in rules.overwrites.iter().filter(|o| o.kind == 0 && member.roles.contains(&o.id)) {
            allow |= overwrite.allow;
            deny |= overwrite.deny;
        }
        held = held & !deny | allow;
        for overwrite in rules.overwrites.iter().filter(|o| o.kind == 1 && o.id == user) {
            held = held & !overwrite.deny | overwrite.allow;
        }
        if let Some(thread) = &channel.thread {
            let inside = thread.members.contains(&user) || held & MANAGE_THREADS != 0;
            if channel.kind == super::state::PRIVATE_THREAD && !inside {
                return 0;
            }
        }
        if held & VIEW_CHANNEL == 0 { 0 } else { held }
    }

    /// Who could be called by a message in this channel.
    pub fn who_sees(&self, channel: &Channel) -> Vec<Id> {
        let members = channel.guild.and_then(|id| self.guilds.get(&id)).map(|guild| guild.members.keys());
        match members {
            Some(members) => members.copied().filter(|user| self.permissions(*user, channel) != 0).collect(),
            None => channel.recipients.clone(),
        }
    }
}

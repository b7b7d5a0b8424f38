//! The server that every test finds: people, roles, channels, a forum, the application; and how to build more.

use super::Discord;
use super::permissions::{BOT, EVERYBODY};
use super::rest::new_channel;
use super::session::PRIVILEGED;
use super::state::{Application, CATEGORY, Channel, FORUM, Guild, Id, Member, Overwrite, Role, State, TEXT, Tag, User};
use super::time::Time;
use std::collections::BTreeMap;

/// The application's id is that of its bot user, as it is for all newer ones.
pub const APPLICATION: Id = 900_000_000_000_000_001;
const OWNER: Id = 100_000_000_000_000_001;

pub fn new(time: Time, public_key: &str) -> State {
    let app = Application {
        id: APPLICATION,
        bot: APPLICATION,
        name: "firebell".to_string(),
        token: "OTAwMDAwMDAw.fake.discord-token".to_string(),
        granted_intents: PRIVILEGED,
        public_key: public_key.to_string(),
        interactions_url: None,
    };
    let mut state = State::new(time, "", app);
    let guild = state.new_id();
    let everyone =
        Role { id: guild, name: "@everyone".to_string(), permissions: EVERYBODY, position: 0, mentionable: false };
    let bots =
        Role { id: state.new_id(), name: "firebell".to_string(), permissions: BOT, position: 1, mentionable: false };
    let ops = Role { id: state.new_id(), name: "ops".to_string(), permissions: 0, position: 2, mentionable: true };
    let bot_role = bots.id;
    let roles = [everyone, bots, ops].map(|role| (role.id, role));
    let owner =
        User { id: OWNER, name: "dora".to_string(), bot: false, takes_messages: true, locale: "en-US".to_string() };
    state.users.insert(OWNER, owner);
    let guild_made = Guild {
        id: guild,
        name: "Shop".to_string(),
        owner: OWNER,
        roles: BTreeMap::from(roles),
        members: BTreeMap::from([(OWNER, Member { roles: Vec::new(), nick: None })]),
        unavailable: false,
    };
    state.guilds.insert(guild, guild_made);
    add_user(&mut state, APPLICATION, "firebell", true, vec![bot_role]);
    for (n, name) in ["ana", "bo", "cy"].into_iter().enumerate() {
        add_user(&mut state, 200_000_000_000_000_001 + n as Id, name, false, Vec::new());
    }
    let of = |kind: u8, name: &str| Channel { guild: Some(guild), ..Channel::new(0, kind, name) };
    new_channel(&mut state, of(TEXT, "general"));
    new_channel(&mut state, of(CATEGORY, "Incidents"));
    let category = state.channels.values().find(|c| c.kind == CATEGORY).map(|c| c.id);
    new_channel(&mut state, Channel { parent: category, ..of(TEXT, "incidents") });
    let tags = ["open", "resolved"].map(|name| Tag {
        id: state.new_id(),
        name: name.to_string(),
        moderated: false,
        emoji: None,
    });
    new_channel(&mut state, Channel { tags: tags.to_vec(), parent: category, ..of(FORUM, "incident-posts") });
    state
}

fn add_user(state: &mut State, id: Id, name: &str, bot: bool, roles: Vec<Id>) {
    let user = User { id, name: name.to_string(), bot, takes_messages: true, locale: "en-US".to_string() };
    state.users.insert(id, user);
    let guild = state.guilds.values_mut().next().expect("there is a guild");
    guild.members.insert(id, Member { roles, nick: None });
}

impl Discord {
    /// One more member.
    pub fn joins(&self, name: &str) -> super::Person {
        self.change(|state| {
            let id = state.new_id();
            add_user(state, id, name, false, Vec::new());
            let guild = *state.guilds.keys().next().expect("there is a guild");
            let mut member = state.member_json(guild, id).expect("just joined");
            member["guild_id"] = serde_json::json!(guild.to_string());
            let audience =
                super::session::Audience { intents: super::session::GUILD_MEMBERS, guild: Some(guild), channel: None };
            state.dispatch("GUILD_MEMBER_ADD", member, audience);
        });
        self.person(name)
    }

    /// One more text channel.
    pub fn has_channel(&self, name: &str) -> Id {
        let guild = self.guild_id();
        self.change(|state| new_channel(state, Channel { guild: Some(guild), ..Channel::new(0, TEXT, name) }))
    }

    /// Takes these permissions from the bot in one channel.
    pub fn forbids(&self, channel: &str, permissions: u64) {
        let (id, bot) = (self.channel(channel).id, self.read(|state| state.app.bot));
        self.change(|state| {
            let overwrites = &mut state.channels.get_mut(&id).expect("it is there").overwrites;
            overwrites.retain(|overwrite| overwrite.id != bot);
            overwrites.push(Overwrite { id: bot, kind: 1, allow: 0, deny: permissions });
        });
        self.change(|state| super::rest::tell_channel(state, id));
    }

    /// What the bot may do in the whole server.
    pub fn grants(&self, permissions: u64) {
        self.change(|state| {
            let guild = state.guilds.values_mut().next().expect("there is a guild");
            let role = guild.roles.values_mut().find(|role| role.name == "firebell").expect("the bot has a role");
            role.permissions = permissions;
            guild.roles.values_mut().find(|role| role.position == 0).expect("everyone").permissions &=
                !super::permissions::MENTION_EVERYONE;
        });
    }

    /// Somebody deletes a channel.
    pub fn loses_channel(&self, name: &str) {
        let id = self.channel(name).id;
        self.change(|state| super::rest::remove_channel(state, id));
    }

    /// Which privileged intents the developer portal has granted.
    pub fn grants_intents(&self, intents: u64) {
        self.change(|state| state.app.granted_intents = intents);
    }
}

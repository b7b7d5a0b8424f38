//! What a person's client makes of a registered command and of what was typed: the nested options with their
//! types, as an interaction carries them. Refuses what the client would not let a person send.

use super::state::{Id, State};
use serde_json::{Map, Value, json};

/// The registered command, the chain down to its sub-command, and the options there.
pub struct Typed {
    pub data: Value,
    /// The kind of the option that is being typed.
    pub completes: u64,
}

impl State {
    /// A command that people see in this guild, by kind and name: the guild's own before global ones.
    pub fn command(&self, guild: Option<Id>, kind: u64, name: &str) -> Option<&Value> {
        let scopes = guild.map(Some).into_iter().chain([None]);
        let all = scopes.filter_map(|scope| self.commands.get(&scope)).flatten();
        all.into_iter().find(|command| command["type"] == json!(kind) && command["name"] == json!(name))
    }

    /// `/incident declare` with its options; `typing` names the one that is not finished.
    pub fn typed(&self, guild: Option<Id>, line: &str, given: &Value, typing: Option<&str>) -> Typed {
        let mut words = line.trim_start_matches('/').split_whitespace();
        let name = words.next().expect("a command has a name");
        let command = self.command(guild, 1, name);
        let command = command.unwrap_or_else(|| panic!("/{name} is not registered"));
        let mut chain: Vec<&Value> = Vec::new();
        let mut at = command;
        for word in words {
            let below = at["options"].as_array().into_iter().flatten();
            let next =
                below.into_iter().find(|option| option["name"] == json!(word) && option["type"].as_u64() <= Some(2));
            at = next.unwrap_or_else(|| panic!("`{line}`: {} has no `{word}`", at["name"]));
            chain.push(at);
        }
        let empty = Map::new();
        let given = given.as_object().unwrap_or(&empty);
        let (mut options, mut resolved, mut completes) = (Vec::new(), json!({}), 0);
        let offered = at["options"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(
            offered.iter().all(|option| option["type"].as_u64() > Some(2)),
            "`{line}` needs a sub-command: {}",
            offered.iter().filter_map(|option| option["name"].as_str()).collect::<Vec<_>>().join(", ")
        );
        for (key, value) in given {
            let option = offered.iter().find(|option| option["name"] == json!(key));
            let option = option.unwrap_or_else(|| panic!("`{line}` has no option `{key}`"));
            let focused = typing == Some(key.as_str());
            let kind = option["type"].as_u64().unwrap_or(0);
            let value = if focused { value.clone() } else { self.value(guild, line, option, value, &mut resolved) };
            let mut option = json!({"name": key, "type": kind, "value": value});
            if focused {
                option["focused"] = json!(true);
                completes = kind;
            }
            options.push(option);
        }
        if typing.is_none() {
            for option in offered.iter().filter(|option| option["required"] == true) {
                let name = option["name"].as_str().unwrap_or_default();
                assert!(given.contains_key(name), "`{line}` needs `{name}`");
            }
        }
        // As Discord writes it: in the order of the registration.
        let place = |option: &Value| offered.iter().position(|known| known["name"] == option["name"]);
        options.sort_by_key(place);
        for step in chain.iter().rev() {
            options = vec![json!({"name": step["name"], "type": step["type"], "options": options})];
        }
        let mut data = json!({"id": command["id"], "name": command["name"], "type": 1, "options": options});
        if command["guild_id"].is_string() {
            data["guild_id"] = command["guild_id"].clone();
        }
        if resolved.as_object().is_some_and(|kinds| !kinds.is_empty()) {
            data["resolved"] = resolved;
        }
        Typed { data, completes }
    }

    /// One value, of the option's type; people, roles and channels by name.
    fn value(&self, guild: Option<Id>, line: &str, option: &Value, given: &Value, resolved: &mut Value) -> Value {
        let (kind, name) = (option["type"].as_u64().unwrap_or(0), option["name"].as_str().unwrap_or_default());
        let complain = |why: &str| -> ! { panic!("`{line}` `{name}`: {given} {why}") };
        let choices = option["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !choices.is_empty() {
            let same = |choice: &&Value| choice["value"] == *given || choice["name"] == *given;
            let Some(choice) = choices.iter().find(same) else { complain("is not among the choices") };
            return choice["value"].clone();
        }
        match kind {
            3 => {
                let Some(text) = given.as_str() else { complain("is no text") };
                let length = text.chars().count() as u64;
                let (least, most) =
                    (option["min_length"].as_u64().unwrap_or(0), option["max_length"].as_u64().unwrap_or(6_000));
                if !(least..=most).contains(&length) {
                    complain("is too short or too long");
                }
                given.clone()
            }
            4 | 10 => {
                let Some(number) = given.as_f64() else { complain("is no number") };
                let least = option["min_value"].as_f64().unwrap_or(f64::MIN);
                let most = option["max_value"].as_f64().unwrap_or(f64::MAX);
                if !(least..=most).contains(&number) {
                    complain("is out of bounds");
                }
                given.clone()
            }
            5 if given.is_boolean() => given.clone(),
            6 | 9 => match self.named_user(given) {
                Some(user) => {
                    self.resolve_user(guild, user, resolved);
                    json!(user.to_string())
                }
                None if kind == 9 => self.role_value(guild, given, resolved).unwrap_or_else(|| complain("is nobody")),
                None => complain("is nobody"),
            },
            7 => {
                let name = given.as_str().unwrap_or_default().trim_start_matches('#');
                let found = self.channels.values().find(|c| c.name == name || c.id.to_string() == name);
                let Some(channel) = found else { complain("is no channel") };
                resolved["channels"][channel.id.to_string()] = self.channel_json(channel);
                json!(channel.id.to_string())
            }
            8 => self.role_value(guild, given, resolved).unwrap_or_else(|| complain("is no role")),
            _ => complain("does not fit"),
        }
    }

    /// A person by `@name`, name or id.
    pub fn named_user(&self, given: &Value) -> Option<Id> {
        let name = given.as_str()?.trim_start_matches('@');
        self.users.values().find(|user| user.name == name || user.id.to_string() == name).map(|user| user.id)
    }

    fn role_value(&self, guild: Option<Id>, given: &Value, resolved: &mut Value) -> Option<Value> {
        let name = given.as_str()?.trim_start_matches('@');
        let roles = &self.guilds.get(&guild?)?.roles;
        let role = roles.values().find(|role| role.name == name || role.id.to_string() == name)?;
        resolved["roles"][role.id.to_string()] = super::wire_json::role(role);
        Some(json!(role.id.to_string()))
    }

    /// The person as `resolved` has them: the user, and the member without the user.
    pub fn resolve_user(&self, guild: Option<Id>, user: Id, resolved: &mut Value) {
        resolved["users"][user.to_string()] = self.user_json(user);
        let member = guild.and_then(|guild| self.guilds.get(&guild)).and_then(|guild| guild.members.get(&user));
        if let Some(member) = member {
            resolved["members"][user.to_string()] = self.partial_member_json(member);
            resolved["members"][user.to_string()]["permissions"] =
                json!(self.base_permissions(guild.unwrap_or(0), user).to_string());
        }
    }
}

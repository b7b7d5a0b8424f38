//! The application's commands, global or of one guild: registered one by one or all at once.

use super::{Call, Reply};
use crate::fake_discord::judge;
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::state::{Id, State};
use crate::fake_discord::validate::commands::{check, check_all};
use serde_json::{Value, json};

/// Global, or of the guild in the path.
fn scope(state: &State, call: &Call) -> Result<Option<Id>, Refused> {
    if call.id("application")? != state.app.id {
        return Err(refused::unknown_application());
    }
    let guild = call.params.contains_key("guild").then(|| call.id("guild")).transpose()?;
    guild.map(|guild| state.my_guild(guild).map(|()| guild)).transpose()
}

fn registered<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Value, Refused> {
    let (scope, id) = (scope(state, call)?, call.id("command")?.to_string());
    let commands = state.commands.entry(scope).or_default();
    commands.iter_mut().find(|command| command["id"] == json!(id)).ok_or_else(refused::unknown_command)
}

/// As Discord keeps it: with an id, a version and every default filled in. A command of the same kind and name
/// keeps its id.
fn kept(state: &mut State, scope: Option<Id>, given: &Value) -> Value {
    let kind = given["type"].as_u64().unwrap_or(1);
    let same = |old: &&Value| old["name"] == given["name"] && old["type"] == json!(kind);
    let old = state.commands.get(&scope).and_then(|commands| commands.iter().find(same)).cloned();
    let mut command = given.clone();
    command["id"] = old.as_ref().map_or_else(|| json!(state.new_id().to_string()), |old| old["id"].clone());
    command["type"] = json!(kind);
    command["application_id"] = json!(state.app.id.to_string());
    command["version"] = json!(state.new_id().to_string());
    for (key, default) in [
        ("description", json!("")),
        ("default_member_permissions", Value::Null),
        ("nsfw", json!(false)),
        ("name_localizations", Value::Null),
        ("description_localizations", Value::Null),
    ] {
        if command.get(key).is_none() {
            command[key] = default;
        }
    }
    match scope {
        Some(guild) => command["guild_id"] = json!(guild.to_string()),
        None => {
            for (key, default) in
                [("contexts", Value::Null), ("integration_types", json!([0])), ("dm_permission", json!(true))]
            {
                if command.get(key).is_none() {
                    command[key] = default;
                }
            }
        }
    }
    command
}

pub fn list(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let scope = scope(state, call)?;
    let with_localizations = call.asked("with_localizations") == Some("true");
    let mut commands = state.commands.get(&scope).cloned().unwrap_or_default();
    if !with_localizations {
        commands.iter_mut().for_each(without_localizations);
    }
    Reply::ok(json!(commands))
}

fn without_localizations(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|key, _| !key.ends_with("_localizations"));
        for key in ["options", "choices"] {
            let below = fields.get_mut(key).and_then(Value::as_array_mut);
            below.into_iter().flatten().for_each(without_localizations);
        }
    }
}

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    Reply::ok(registered(state, call)?.clone())
}

/// All at once: what is not named is gone.
pub fn overwrite(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let scope = scope(state, call)?;
    let mut form = Form::default();
    check_all(&mut form, &call.body);
    form.finish()?;
    let given = call.body.as_array().cloned().unwrap_or_default();
    let commands: Vec<Value> = given.iter().map(|command| kept(state, scope, command)).collect();
    judge::commands_by_twilight(&commands).into_iter().for_each(|said| state.problem(said));
    state.commands.insert(scope, commands.clone());
    Reply::ok(json!(commands))
}

pub fn create(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let scope = scope(state, call)?;
    let mut form = Form::default();
    check(&mut form, "", &call.body);
    form.finish()?;
    let command = kept(state, scope, &call.body);
    let commands = state.commands.entry(scope).or_default();
    let old = commands.iter().position(|old| old["id"] == command["id"]);
    let mut all = commands.clone();
    match old {
        Some(at) => all[at] = command.clone(),
        None => all.push(command.clone()),
    }
    let mut form = Form::default();
    check_all(&mut form, &json!(all));
    form.finish()?;
    *commands = all;
    Ok(Reply::Json(if old.is_some() { 200 } else { 201 }, command))
}

pub fn edit(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let version = state.new_id();
    let command = registered(state, call)?;
    let mut changed = command.clone();
    for (key, value) in call.body.as_object().into_iter().flatten() {
        changed[key] = value.clone();
    }
    let mut form = Form::default();
    check(&mut form, "", &changed);
    form.finish()?;
    changed["version"] = json!(version.to_string());
    *command = changed.clone();
    Reply::ok(changed)
}

pub fn delete(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = registered(state, call)?["id"].clone();
    let scope = scope(state, call)?;
    state.commands.entry(scope).or_default().retain(|command| command["id"] != id);
    Ok(Reply::Empty)
}

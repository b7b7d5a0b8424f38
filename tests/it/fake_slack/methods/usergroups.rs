//! `usergroups.*`: the groups by which permissions and invitations go.

use super::*;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    form("usergroups.list", Tier::Two, &["usergroups:read"], list),
    form("usergroups.users.list", Tier::Two, &["usergroups:read"], members),
];

fn list(world: &mut World, call: &Call) -> Answer {
    let team = world.team(&call.team);
    let shown = team.groups.values().filter(|group| !group.disabled || call.args.flag("include_disabled"));
    let all: Vec<Value> = shown
        .map(|group| {
            let mut body = json!({"id": group.id, "team_id": team.id, "is_usergroup": true, "is_subteam": true,
                "name": group.name, "description": "", "handle": group.handle, "is_external": false,
                "date_create": 0, "date_update": 0, "date_delete": i64::from(group.disabled), "auto_type": null,
                "created_by": "", "updated_by": "", "deleted_by": null, "prefs": {"channels": [], "groups": []},
                "user_count": group.users.len()});
            if call.args.flag("include_users") {
                body["users"] = json!(group.users);
            }
            body
        })
        .collect();
    Ok(json!({"usergroups": all}))
}

fn members(world: &mut World, call: &Call) -> Answer {
    let group = world.team(&call.team).groups.get(call.args.need("usergroup")?).ok_or("no_such_subteam")?;
    if group.disabled && !call.args.flag("include_disabled") {
        return Err("no_such_subteam".into());
    }
    Ok(json!({"users": group.users}))
}

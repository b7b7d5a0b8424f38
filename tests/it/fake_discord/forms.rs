//! What people fill in: modals, and what they pick in selects. Refuses what their client would not let them send.

use super::asked::Asked;
use super::interactions::{Interaction, MODAL_SUBMIT};
use super::people::Person;
use serde_json::{Value, json};

impl Person {
    /// Fills in the modal that `asked` was answered with: by custom id or label; what is not named keeps its value.
    pub async fn submits(&self, asked: &Asked, values: Value) -> Asked {
        let modal = asked.modal().await;
        let components = modal["components"].as_array().cloned().unwrap_or_default();
        let mut used = 0;
        let filled = components.iter().enumerate().map(|(n, outer)| self.filled(n, outer, &values, &mut used));
        let filled: Vec<Value> = filled.collect();
        let known = values.as_object().map_or(0, |values| values.len());
        assert_eq!(used, known, "not all of {values} are in the modal {modal}");
        let data = json!({"custom_id": modal["custom_id"], "components": filled});
        let (source, channel) = self.discord.read(|state| {
            let asked = &state.interactions[&asked.id];
            (asked.source, asked.channel)
        });
        let submitted = Interaction { source, ..self.at_id(channel).interaction(MODAL_SUBMIT, data) };
        self.sends(submitted)
    }

    /// One row or label of a modal, filled in.
    fn filled(&self, n: usize, outer: &Value, values: &Value, used: &mut usize) -> Value {
        let old = outer["type"] == 1;
        let inner = if old { &outer["components"][0] } else { &outer["component"] };
        if inner.is_null() {
            return json!({"type": outer["type"], "id": n * 2 + 1});
        }
        let label = if old { &inner["label"] } else { &outer["label"] };
        let key = |key: &Value| key.as_str().and_then(|key| values.get(key)).cloned();
        let given = key(&inner["custom_id"]).or_else(|| key(label));
        *used += usize::from(given.is_some());
        let mut inner_filled = json!({"type": inner["type"], "id": n * 2 + 2, "custom_id": inner["custom_id"]});
        if inner["type"] == 4 {
            let value = given.unwrap_or_else(|| inner["value"].clone());
            let value = value.as_str().unwrap_or_default().to_string();
            let length = value.chars().count() as u64;
            let required = inner["required"].as_bool().unwrap_or(true);
            assert!(!required || length > 0, "{label} has to be filled in");
            let most = inner["max_length"].as_u64().unwrap_or(4_000);
            let least = if length == 0 { 0 } else { inner["min_length"].as_u64().unwrap_or(0) };
            assert!((least..=most).contains(&length), "{label} takes {least} to {most} characters, not {length}");
            inner_filled["value"] = json!(value);
        } else {
            let picked: Vec<String> = match &given {
                Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_string).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => defaults(inner),
            };
            let picked: Vec<&str> = picked.iter().map(String::as_str).collect();
            let least = inner["min_values"].as_u64().unwrap_or(1);
            let optional = inner["required"] == false && picked.is_empty();
            let data = if optional || least == 0 && picked.is_empty() {
                json!({"values": []})
            } else {
                self.picked(inner, &picked)
            };
            inner_filled["values"] = data["values"].clone();
        }
        match old {
            true => json!({"type": 1, "id": n * 2 + 1, "components": [inner_filled]}),
            false => json!({"type": 18, "id": n * 2 + 1, "component": inner_filled}),
        }
    }

    /// `values` and what they resolve to.
    pub fn picked(&self, select: &Value, picked: &[&str]) -> Value {
        let (least, most) = (select["min_values"].as_u64().unwrap_or(1), select["max_values"].as_u64().unwrap_or(1));
        assert!((least..=most).contains(&(picked.len() as u64)), "between {least} and {most} can be picked");
        let mut data = json!({"custom_id": select["custom_id"], "id": select["id"]});
        let guild = self.guild();
        let values: Vec<Value> = self.discord.read(|state| {
            let mut resolved = json!({});
            let value = |picked: &&str| {
                let user = || state.named_user(&json!(picked));
                let found = match select["type"].as_u64() {
                    Some(3) => {
                        let options = select["options"].as_array().into_iter().flatten();
                        let mut same = options.into_iter().filter(|o| o["value"] == *picked || o["label"] == *picked);
                        same.next().map(|option| option["value"].clone())
                    }
                    Some(5 | 7) => user().map(|user| {
                        state.resolve_user(guild, user, &mut resolved);
                        json!(user.to_string())
                    }),
                    _ => state.channels.values().find(|c| c.name == *picked).map(|c| json!(c.id.to_string())),
                };
                found.unwrap_or_else(|| panic!("`{picked}` is not among the options of {select}"))
            };
            let values = picked.iter().map(value).collect();
            if resolved.as_object().is_some_and(|kinds| !kinds.is_empty()) {
                data["resolved"] = resolved;
            }
            values
        });
        data["values"] = json!(values);
        data
    }
}

/// What a select of a modal has picked before anybody touches it.
fn defaults(select: &Value) -> Vec<String> {
    let options = select["options"].as_array().into_iter().flatten();
    let chosen = options.filter(|option| option["default"] == true);
    chosen.filter_map(|option| option["value"].as_str().map(str::to_string)).collect()
}

//! Block Kit as Slack takes it: what it refuses is said with the path of what is wrong.
//!
//! It never repairs: a payload passes as it is, or not at all.

use serde_json::{Value, json};

pub fn message_blocks(blocks: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    if blocks.len() > 50 {
        found.push("[ERROR] no more than 50 items allowed [json-pointer:/blocks]".to_owned());
    }
    found
}

pub fn view(view: &Value, kind: &str) -> Vec<String> {
    if view["type"] == kind {
        Vec::new()
    } else {
        vec!["[ERROR] invalid view type [json-pointer:/view/type]".to_owned()]
    }
}

/// Slack names each block that has no name.
pub fn with_block_ids(blocks: Value) -> Value {
    let Value::Array(mut list) = blocks else { return blocks };
    for (index, block) in list.iter_mut().enumerate() {
        if block.get("block_id").is_none() {
            block["block_id"] = json!(format!("b{index:03}"));
        }
    }
    Value::Array(list)
}

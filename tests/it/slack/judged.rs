//! Every card that leaves for Slack, as its golden file has it, before other people's judges: the models of Slack's own
//! SDK and a second implementation of Block Kit.

use crate::fake_slack::judged_by_others;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[tokio::test]
async fn slacks_own_models_take_every_golden_card() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/slack");
    let mut all: Vec<(String, Value)> = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder of the goldens") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "json") {
            let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_string();
            let text = fs::read_to_string(&path).expect("a golden");
            all.push((name, serde_json::from_str(&text).expect("JSON")));
        }
    }
    assert!(all.len() > 5, "there are goldens: {all:?}");
    let payloads: Vec<(&str, &Value)> = all.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let found = judged_by_others(&payloads).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

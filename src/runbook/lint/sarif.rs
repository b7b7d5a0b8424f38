//! Findings as SARIF 2.1.0, which code hosts show in a review.

use super::RULES;
use crate::model::{Finding, Level};
use serde_json::{Value, json};

/// One run over any number of files: each a path as it was given, and its findings.
pub fn sarif(version: &str, files: &[(String, Vec<Finding>)]) -> Value {
    let rules: Vec<Value> = RULES.iter().map(|(name, kind, text)| json!({ "id": name, "shortDescription": { "text": text }, "properties": { "tags": [kind] } })).collect();
    let results: Vec<Value> =
        files.iter().flat_map(|(path, findings)| findings.iter().map(move |f| result(path, f))).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "firebell", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(path: &str, finding: &Finding) -> Value {
    let at = |line: &u32| json!({ "physicalLocation": { "artifactLocation": { "uri": path.replace('\\', "/") }, "region": { "startLine": line } } });
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let index = RULES.iter().position(|(name, ..)| *name == finding.rule);
    // A host shows the first place; the others are named beside it.
    let (first, others) = finding.lines.split_first().map_or((1, &[][..]), |(f, o)| (*f, o));
    let mut result = json!({ "ruleId": finding.rule, "level": level, "message": { "text": finding.message }, "locations": [at(&first)] });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if !others.is_empty() {
        result["relatedLocations"] = others.iter().map(at).collect();
    }
    result
}

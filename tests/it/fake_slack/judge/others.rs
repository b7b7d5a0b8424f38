//! The same question put to others: slack_sdk's models and slackblocks, through `tests/judges/slack/blocks.py`.
//!
//! It never skips: without the packages that `./test --install` fetches it fails.

use crate::harness::process::{Process, kept};
use crate::harness::{BOUND, temp_dir};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A script of `tests/judges/slack` with its packages.
pub fn python(script: &str, arguments: &[&str]) -> Command {
    let packages = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../judges/slack");
    assert!(packages.join("slack_sdk").exists(), "{} has no slack_sdk. Run ./test --install", packages.display());
    let mut command = kept("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/slack").join(script));
    command
        .args(arguments)
        .env("PYTHONPATH", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1");
    command
}

/// What others find wrong with these messages and views, each by its name; nothing if they take them all.
pub async fn judged_by_others(payloads: &[(&str, &Value)]) -> Vec<String> {
    let folder = temp_dir();
    let files: Vec<String> = payloads
        .iter()
        .map(|(name, payload)| {
            let file = folder.join(&format!("{name}.json"));
            std::fs::write(&file, payload.to_string()).expect("the test's folder can be written");
            file.display().to_string()
        })
        .collect();
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let log = folder.join("log");
    let mut program = Process::start("the judges of blocks", python("blocks.py", &arguments), &log);
    let ended = program.end_within(BOUND).await.and_then(|status| status.code());
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    let mut lines: Vec<String> =
        said.lines().map(|line| line.replace(&format!("{}/", folder.path().display()), "")).collect();
    let last = lines.pop().unwrap_or_default();
    assert!(matches!(ended, Some(0 | 1)) && last.contains("files judged"), "the judges failed: {said}");
    lines
}

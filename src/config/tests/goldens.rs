//! Every bad configuration in `tests/golden/config/NAME.toml` has its complaints in `NAME.txt`, word for word.
//! Variables over it stand in its lines `#env NAME=VALUE`. UPDATE_EXPECT=1 writes the files; read the difference.

use super::super::{load_text, report_text};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/config")
}

fn with_ending(ending: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(ending).map(str::to_string))
        .collect()
}

fn complaints(name: &str) -> String {
    // A relative name, so that no path of a machine gets into the goldens; tests run in the package's folder.
    let file = Path::new("tests/golden/config").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&file).unwrap();
    let env: Vec<(String, String)> = text
        .lines()
        .filter_map(|l| l.strip_prefix("#env ")?.split_once('='))
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    report_text(&load_text(Some((&file, &text)), env.into_iter()))
}

#[test]
fn every_bad_configuration_is_told_what_to_write_instead() {
    let names = with_ending(".toml");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for name in &names {
        let (expected, found) = (folder().join(format!("{name}.txt")), complaints(name));
        if update {
            std::fs::write(&expected, &found).unwrap();
        }
        let written = std::fs::read_to_string(&expected).unwrap_or_default();
        if written != found {
            wrong.push(format!("{name}: expected\n{written}\nfound\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(with_ending(".txt"), names, "each golden has its configuration");
    assert!(names.len() >= 12, "the folder lost its configurations: {names:?}");
}

#[test]
fn every_complaint_says_where_and_what_to_do() {
    for name in with_ending(".toml") {
        for line in complaints(&name).lines().filter(|l| l.contains(": error: ") || l.contains(": warning: ")) {
            let named = line.starts_with("tests/golden/config/") || line.starts_with("FIREBELL_");
            assert!(named, "{name}: no place in {line}");
            assert!(line.contains(". ") && line.ends_with(['.', '?']), "{name}: nothing to do in {line}");
            assert!(!line.ends_with("..") && !line.ends_with("?."), "{name}: two ends in {line}");
        }
    }
}

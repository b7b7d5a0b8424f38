//! Whole runbooks, invented, in several house styles and languages: the Markdown beside what is made of it.
//! `UPDATE_EXPECT=1` rewrites the expected JSON, which is then read line by line.

use crate::import;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole")
}

#[test]
fn each_runbook_is_read_as_expected() {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the folder")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    names.sort();
    assert!(names.len() >= 5, "{names:?}");
    let mut wrong = Vec::new();
    for path in names {
        let import = import(&std::fs::read(&path).expect("readable")).expect("small enough");
        let got = format!("{:#}\n", serde_json::to_value(&import.runbook).expect("JSON"));
        let expected = path.with_extension("json");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected, &got).expect("writable");
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != got {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "other than expected (UPDATE_EXPECT=1 rewrites): {wrong:?}");
}

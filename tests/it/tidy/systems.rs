//! The bot knows no team's system: what it does for one it does by the runbook's text and the overlay's names alone. So
//! nothing that is shipped names one of the systems of the lab, in code, comments, sentences or data.

use super::source::{files, root, shipped, text};
use super::{none, planted};

/// The systems by their folders in the lab, and the other name of one of them.
fn names() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("tests/lab/systems")).expect("the lab has systems");
    let mut names: Vec<String> = folders.flatten().map(|f| f.file_name().to_string_lossy().to_lowercase()).collect();
    names.push(["vivid", "mas"].join("_"));
    names.sort();
    names
}

fn named(path: &str, text: &str) -> Vec<String> {
    let names = names();
    let lines = text.lines().enumerate();
    let said = |(n, line): (usize, &str)| {
        let line = line.to_lowercase();
        let found = names.iter().filter(|name| line.contains(name.as_str()));
        found.map(|name| format!("{path}:{}: {name}", n + 1)).collect::<Vec<_>>()
    };
    lines.flat_map(said).collect()
}

#[test]
fn nothing_that_is_shipped_names_a_system_of_the_lab() {
    assert_eq!(names().len(), 6, "five systems, one of them with two names");
    let code = shipped().into_iter().map(|s| (s.path, s.raw));
    // What is compiled in beside code: words, tables, texts.
    let data = files().into_iter().filter(|path| {
        (path.starts_with("src/") || path.starts_with("commands/"))
            && !path.ends_with(".rs")
            && !path.contains("/tests/")
            && !path.contains("/goldens/")
    });
    let data: Vec<(String, String)> = data.map(|path| (path.clone(), text(&path))).collect();
    assert!(data.len() > 10, "the data of the importer was not found");
    none("The bot knows no team's system", code.chain(data).flat_map(|(path, text)| named(&path, &text)).collect());
    planted(1, named("src/x.rs", "if container == \"Travian_redis\" {").len());
    planted(1, named("src/x.toml", "names = [\"leanvibe-hub\"]").len());
    assert_eq!(named("src/x.rs", "docker restart shop"), Vec::<String>::new());
}

//! The tree as the rules see it: Rust files with their comments, strings and tests told apart from the code.
//! Reads the folder that the tests were built from; understands as much of Rust as the rules need and no more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the project, relative to the root, sorted. What is made by building or running is not of it.
pub fn files() -> Vec<String> {
    // Pictures are no text. A database and what lies beside it are made where `serve` is started, which is the root.
    let made = |folder: &Path, name: &str| {
        matches!(name, ".git" | "target" | "corpus" | "artifacts" | "images")
            || (name.starts_with("firebell.") && folder.as_os_str().is_empty())
    };
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let name = entry.file_name().into_string().expect("names are UTF-8");
            let path = folder.join(&name);
            match entry.file_type().expect("a type").is_dir() {
                _ if made(&folder, &name) && name != "firebell.toml" => {}
                true => folders.push(path),
                false => found.push(path.to_str().expect("names are UTF-8").to_string()),
            }
        }
    }
    found.sort();
    assert!(found.len() > 100, "this is not the project's folder: {}", root().display());
    found
}

pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A Rust file. `code` is as long as `raw`, line for line, with comments and the insides of strings blanked.
pub struct Source {
    pub path: String,
    pub raw: String,
    pub code: String,
    /// Where each string begins, and what stands in it.
    pub strings: Vec<(usize, String)>,
}

impl Source {
    pub fn new(path: &str, raw: &str) -> Source {
        let (code, strings) = masked(raw);
        Source { path: path.to_string(), raw: raw.to_string(), code, strings }
    }

    /// `path:line` of a place, for people and editors.
    pub fn at(&self, offset: usize) -> String {
        format!("{}:{}", self.path, self.raw[..offset].matches('\n').count() + 1)
    }

    /// Where a text stands in the code.
    pub fn finds(&self, text: &str) -> Vec<usize> {
        self.code.match_indices(text).map(|(at, _)| at).collect()
    }

    /// Its module: `src/app/ingest/mod.rs` is `app::ingest`, `commands/ack.rs` is `commands::ack`.
    pub fn module(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.split('/').filter(|part| !matches!(*part, "mod" | "lib")).collect()
    }

    /// Blanks what is compiled for tests only, and names the files that such modules are.
    fn without_tests(&mut self) -> Vec<String> {
        const MARK: &str = "#[cfg(test)]";
        let mut files = Vec::new();
        while let Some(from) = self.code.find(MARK) {
            let to = end_of_item(&self.code, from + MARK.len());
            let item = self.raw[from..to].to_string();
            if let Some(name) = item.strip_suffix(';').and_then(|i| i.rsplit_once("mod ")).map(|(_, name)| name.trim())
            {
                files.push(match item.split_once("#[path = \"").and_then(|(_, rest)| rest.split_once('"')) {
                    Some((path, _)) => joined(parent(&self.path), path),
                    None => format!("{}/{name}.rs", self.folder_of_children()),
                });
            }
            let blank: String = self.code[from..to].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            self.code.replace_range(from..to, &blank);
            self.strings.retain(|(at, _)| !(from..to).contains(at));
        }
        files
    }

    fn folder_of_children(&self) -> String {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        if matches!(name, "mod" | "lib" | "main") { folder.to_string() } else { stem.to_string() }
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Every Rust file of the project, tests and all.
pub fn rust() -> Vec<Source> {
    let rust = files().into_iter().filter(|path| path.ends_with(".rs"));
    rust.map(|path| Source::new(&path, &text(&path))).collect()
}

/// What is shipped: the Rust files of `src/` and `commands/`, without what is compiled for tests only.
pub fn shipped() -> Vec<Source> {
    let sources = rust().into_iter().filter(|s| s.path.starts_with("src/") || s.path.starts_with("commands/"));
    let shipped = without_test_files(sources);
    assert!(shipped.len() > 100 && shipped.iter().any(|s| s.path == "src/app/commit.rs"), "most of it is missing");
    shipped
}

pub fn without_test_files(sources: impl Iterator<Item = Source>) -> Vec<Source> {
    let mut sources: Vec<Source> = sources.collect();
    let mut tests = BTreeSet::new();
    for source in &mut sources {
        tests.extend(source.without_tests());
    }
    let is_test = |path: &str| {
        tests.iter().any(|file| {
            let folder = file.trim_end_matches(".rs");
            path == file || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    sources.retain(|s| !is_test(&s.path));
    sources
}

/// Where the item after an attribute ends: at its semicolon or its closing brace.
fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.char_indices().skip_while(|(at, _)| *at < from) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The code with blanks for what is none, and the strings.
fn masked(raw: &str) -> (String, Vec<(usize, String)>) {
    let bytes = raw.as_bytes();
    let mut code = bytes.to_vec();
    let mut strings = Vec::new();
    let blank = |code: &mut [u8], from: usize, to: usize| {
        code[from..to].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
    };
    let mut at = 0;
    while at < bytes.len() {
        let rest = &raw.as_bytes()[at..];
        let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if rest.starts_with(b"//") {
            let to = raw[at..].find('\n').map_or(raw.len(), |n| at + n);
            blank(&mut code, at, to);
            at = to;
        } else if rest.starts_with(b"/*") {
            let to = raw[at..].find("*/").map_or(raw.len(), |n| at + n + 2);
            blank(&mut code, at, to);
            at = to;
        } else if let (Some((open, close)), false) = (string_marks(rest), in_word && rest[0] != b'"') {
            let from = at + open;
            let to = end_of_string(bytes, from, &close);
            strings.push((at, String::from_utf8_lossy(&bytes[from..to]).into_owned()));
            blank(&mut code, from, to);
            at = to + close.len();
        } else if rest[0] == b'\'' {
            // A character, unless it is a lifetime.
            let inside = raw[at + 1..].chars().next().map_or(1, char::len_utf8);
            if rest.get(1) == Some(&b'\\') {
                let to = raw[at + 3..].find('\'').map_or(raw.len(), |n| at + 3 + n + 1);
                blank(&mut code, at, to);
                at = to;
            } else if rest.get(1 + inside) == Some(&b'\'') {
                blank(&mut code, at, at + inside + 2);
                at += inside + 2;
            } else {
                at += 1;
            }
        } else {
            at += 1;
        }
    }
    (String::from_utf8(code).expect("whole characters were blanked"), strings)
}

/// The length of a string's opening mark and its closing mark, if one begins here.
fn string_marks(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let prefix = rest.iter().take_while(|b| matches!(b, b'b' | b'r' | b'c')).count();
    let raw = rest[..prefix].contains(&b'r');
    let hashes = if raw { rest[prefix..].iter().take_while(|b| **b == b'#').count() } else { 0 };
    (rest.get(prefix + hashes) == Some(&b'"')).then(|| {
        let mut close = vec![b'"'];
        close.extend(vec![b'#'; hashes]);
        // Marks a raw string, in which a backslash is a backslash.
        (prefix + hashes + 1, close)
    })
}

fn end_of_string(bytes: &[u8], from: usize, close: &[u8]) -> usize {
    let raw = close.len() > 1 || bytes[..from].ends_with(b"r\"");
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !raw => at += 2,
            _ if bytes[at..].starts_with(close) => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Every path that the code names, `use` lists spelt out: `use a::{b, c::d};` is `a::b` and `a::c::d`.
pub fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if word_at(bytes, at).is_some() {
            at = tree(bytes, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found.retain(|(_, path)| path.len() > 1);
    found
}

fn word_at(bytes: &[u8], at: usize) -> Option<&str> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'#';
    let length = bytes[at..].iter().take_while(|b| is_word(b)).count();
    if length == 0 || bytes[at] == b'#' { None } else { std::str::from_utf8(&bytes[at..at + length]).ok() }
}

fn tree(bytes: &[u8], mut at: usize, prefix: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let began = at;
    let mut path = prefix.to_vec();
    let skip = |at: usize| at + bytes[at.min(bytes.len())..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    while let Some(word) = word_at(bytes, at) {
        path.push(word.to_string());
        at += word.len();
        if !bytes[at..].starts_with(b"::") {
            break;
        }
        at = skip(at + 2);
        if bytes.get(at) == Some(&b'{') {
            at += 1;
            while at < bytes.len() && bytes[at] != b'}' {
                at = if word_at(bytes, at).is_some() { tree(bytes, at, &path, found) } else { at + 1 };
                // What a name is renamed to is not a path.
                let next = skip(at);
                if bytes[next..].starts_with(b"as ") {
                    at = next + 3 + word_at(bytes, next + 3).map_or(0, str::len);
                }
            }
            return (at + 1).min(bytes.len());
        }
    }
    found.push((began, path));
    at
}

#[test]
fn comments_strings_and_tests_are_told_from_code() {
    let raw = "// now()\nlet a = \"x // y\\\" now()\"; /* b */ let c = '\"'; let d: &'static str = r#\"q\"q\"#;\n\
               #[cfg(test)]\n#[path = \"../elsewhere.rs\"]\nmod tests;\n#[cfg(test)]\nmod inner { fn f() { g(); } }\nfn z() {}\n";
    let mut source = Source::new("src/app/mod.rs", raw);
    assert_eq!(source.code.len(), raw.len());
    let strings: Vec<&str> = source.strings.iter().map(|(_, s)| s.as_str()).collect();
    assert_eq!(strings, ["x // y\\\" now()", "q\"q", "../elsewhere.rs"]);
    assert!(!source.code.contains("now()") && !source.code.contains(" b "));
    assert_eq!(source.without_tests(), ["src/elsewhere.rs"]);
    assert!(!source.code.contains("g()") && source.code.contains("fn z() {}"));
    assert_eq!(source.at(source.finds("fn z()")[0]), "src/app/mod.rs:8");
    let files = [("src/a.rs", "#[cfg(test)] mod t;"), ("src/a/t.rs", ""), ("src/a/t/u.rs", ""), ("src/a/tt.rs", "")];
    let kept = without_test_files(files.into_iter().map(|(path, raw)| Source::new(path, raw)));
    assert_eq!(kept.iter().map(|s| s.path.as_str()).collect::<Vec<_>>(), ["src/a.rs", "src/a/tt.rs"]);
}

#[test]
fn paths_are_found_in_use_lists_and_in_code() {
    let code =
        "use crate::{app::{self, Act as A}, store};\nuse super::super::x::*;\nfn f() { std::env::var(a::<b>()); c }";
    let found: Vec<String> = paths(code).into_iter().map(|(_, p)| p.join("::")).collect();
    assert_eq!(found, ["crate::app::self", "crate::app::Act", "crate::store", "super::super::x", "std::env::var"]);
}

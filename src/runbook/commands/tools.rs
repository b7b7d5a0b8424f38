//! Which first words are programs. A list and nothing more: what a program does stands in the knowledge base.

use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tool,
    /// Complete without operands.
    Alone,
    /// Also a word of prose.
    Ordinary,
    /// Both.
    AloneAndOrdinary,
}

fn words() -> &'static BTreeMap<&'static str, Kind> {
    static WORDS: OnceLock<BTreeMap<&'static str, Kind>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut kind = Kind::Tool;
        let mut words = BTreeMap::new();
        for line in include_str!("../knowledge/words.txt").lines() {
            match line.trim() {
                "[alone]" => kind = Kind::Alone,
                "[ordinary]" => kind = Kind::Ordinary,
                "[tools]" => kind = Kind::Tool,
                comment if comment.starts_with('#') => {}
                row => {
                    for word in row.split_whitespace() {
                        let both = words
                            .insert(word, kind)
                            .map_or(kind, |was| if was == kind { kind } else { both(was, kind) });
                        words.insert(word, both);
                    }
                }
            }
        }
        words
    })
}

fn both(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (Kind::Tool, other) | (other, Kind::Tool) => other,
        _ => Kind::AloneAndOrdinary,
    }
}

/// The last part of a path, without `.exe` and what follows a name as its version (`python3.11`).
fn bare(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").or_else(|| name.strip_suffix(".EXE")).unwrap_or(name)
}

fn kind(word: &str) -> Option<Kind> {
    let name = bare(word);
    let words = words();
    words.get(name).copied().or_else(|| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        (stem.len() >= 2 && stem.len() < name.len()).then(|| words.get(stem).copied()).flatten()
    })
}

/// Whether a line that begins with this word is a command line.
pub fn is_known_tool(word: &str) -> bool {
    kind(word).is_some()
}

/// Known, and does something without being told more (`top`, `df`).
pub fn is_alone(word: &str) -> bool {
    matches!(kind(word), Some(Kind::Alone | Kind::AloneAndOrdinary))
}

/// Known, but also a word of prose (`find`, `make`).
pub fn is_ordinary(word: &str) -> bool {
    matches!(kind(word), Some(Kind::Ordinary | Kind::AloneAndOrdinary))
}

/// Every word of the list, in order: for the test that compares it with the knowledge base.
pub fn all() -> impl Iterator<Item = &'static str> {
    words().keys().copied()
}

/// Files that a shell or an interpreter runs by their name.
pub fn is_script_name(name: &str) -> bool {
    const ENDS: [&str; 14] = [
        ".sh", ".bash", ".zsh", ".py", ".pl", ".rb", ".ps1", ".bat", ".cmd", ".exe", ".php", ".command", ".run", ".js",
    ];
    let lower = name.to_ascii_lowercase();
    ENDS.iter().any(|end| lower.len() > end.len() && lower.ends_with(end))
}

/// Files that hold something and are never run by their name.
pub fn is_data_name(name: &str) -> bool {
    const ENDS: [&str; 44] = [
        ".log",
        ".conf",
        ".cfg",
        ".cnf",
        ".ini",
        ".yaml",
        ".yml",
        ".json",
        ".toml",
        ".xml",
        ".txt",
        ".md",
        ".env",
        ".service",
        ".sql",
        ".dump",
        ".gz",
        ".tgz",
        ".zip",
        ".tar",
        ".bak",
        ".csv",
        ".html",
        ".css",
        ".ts",
        ".go",
        ".rs",
        ".java",
        ".c",
        ".h",
        ".pem",
        ".crt",
        ".key",
        ".cert",
        ".pid",
        ".sock",
        ".lock",
        ".properties",
        ".tf",
        ".tfvars",
        ".db",
        ".out",
        ".timer",
        ".err",
    ];
    if !name.contains('.') {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    ENDS.iter().any(|end| lower.ends_with(end))
}

/// A path to something that can be run: a script, or anything under a folder of programs, or told by `./`.
pub fn is_program_path(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    if name.is_empty() || name == "." || name == ".." || name == "*" || is_data_name(name) || word.contains("://") {
        return false;
    }
    let folders = word.contains('/') || word.contains('\\');
    is_script_name(name) && !word.starts_with('-')
        || folders
            && (word.starts_with("./")
                || word.starts_with(".\\")
                || word.starts_with("../")
                || ["bin/", "sbin/", "init.d/", "rc.d/", "bin\\"].iter().any(|f| word.contains(f))
                || is_known_tool(name) && !is_ordinary(name))
}

/// A path at all.
pub fn is_path(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    word.starts_with('/')
        || word.starts_with("./")
        || word.starts_with("../")
        || word.starts_with("~/")
        || word.starts_with("$HOME/")
        || (word.contains('/') && !word.contains("://"))
        || word.as_bytes().get(1..3) == Some(b":\\")
        || word.starts_with(".\\")
}

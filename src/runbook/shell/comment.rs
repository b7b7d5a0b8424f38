//! What the words around an unknown program say about it: they can make its risk worse, never better.

use std::sync::OnceLock;

use serde::Deserialize;

/// Word lists, by language in the file; which language a word is from does not matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// As one word of a program's name or operands.
    orders: Vec<String>,
    /// What is closed without loss.
    records: Vec<String>,
    /// Anywhere in a comment or heading, at the start of a word.
    says: Vec<String>,
    /// A comment that begins with one of these speaks about looking, not about doing.
    looks: Vec<String>,
}

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| toml::from_str(include_str!("../knowledge/words.toml")).unwrap_or_default())
}

/// The word in a name or operand that orders to destroy something.
pub fn orders(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let mut parts = lower.split(|c: char| !c.is_alphanumeric());
    parts.find(|part| words().orders.iter().any(|w| w == part)).map(str::to_owned)
}

/// Whether the words name a record, which closing only files: a ticket, an incident.
pub fn is_record(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|part| words().records.iter().any(|w| w == part))
}

/// Whether the words of a command are about looking only.
pub fn looks(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty());
    parts.any(|part| words().looks.iter().any(|w| w == part))
}

/// The word in a sentence that says that something is lost or cut.
pub fn says(sentence: &str) -> Option<&'static str> {
    let lower = sentence.to_lowercase();
    let first = lower.split(|c: char| !c.is_alphanumeric()).find(|p| !p.is_empty() && !p.chars().all(char::is_numeric));
    if first.is_some_and(|f| words().looks.iter().any(|w| w == f)) {
        return None;
    }
    let said = without_times(&lower);
    let mut before = ' ';
    let first = said.char_indices().filter_map(|(at, c)| {
        let begins = !before.is_alphanumeric() || is_ideograph(c);
        before = c;
        begins.then(|| said_at(&said[at..])).flatten()
    });
    first.min().and_then(|no| words().says.get(no)).map(String::as_str)
}

/// The first word of the list that stands at the beginning of a text.
fn said_at(text: &str) -> Option<usize> {
    static BY_BYTE: OnceLock<Vec<Vec<usize>>> = OnceLock::new();
    let by_byte = BY_BYTE.get_or_init(|| {
        let mut lists = vec![Vec::new(); 256];
        for (no, word) in words().says.iter().enumerate() {
            if let Some(byte) = word.bytes().next() {
                lists[usize::from(byte)].push(no);
            }
        }
        lists
    });
    let all = by_byte.get(usize::from(text.bytes().next()?))?;
    all.iter().copied().find(|no| text.starts_with(words().says[*no].as_str()))
}

/// Of a script that puts no spaces between words.
fn is_ideograph(c: char) -> bool {
    c >= '\u{2E80}'
}

/// Without "after the rollback", "before you delete it": they say when, and what is meant does something else.
fn without_times(sentence: &str) -> String {
    let mut said = String::with_capacity(sentence.len());
    for clause in sentence.split_inclusive([',', ';', '.', ':']) {
        let when = ["after ", "before ", "following "]
            .iter()
            .filter_map(|word| {
                let mut found = clause.match_indices(word).map(|(at, _)| at);
                found.find(|at| !clause[..*at].ends_with(char::is_alphanumeric))
            })
            .min();
        said.push_str(&clause[..when.unwrap_or(clause.len())]);
        said.push(' ');
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_lists_are_read() {
        let read: Result<Words, _> = toml::from_str(include_str!("../knowledge/words.toml"));
        let read = read.expect("the file is whole");
        assert!(!read.orders.is_empty() && !read.says.is_empty() && !read.looks.is_empty());
        for word in read.orders.iter().chain(&read.says).chain(&read.looks) {
            assert_eq!(*word, word.to_lowercase(), "compared in lower case");
        }
    }

    #[test]
    fn orders_are_whole_words_of_a_name() {
        for (name, order) in [
            ("restore-postgres", Some("restore")),
            ("rollback", Some("rollback")),
            ("dropbox_sync", None),
            ("pool", None),
            ("cache_purge", Some("purge")),
            ("recovery", None),
            ("close", Some("close")),
            ("disclose", None),
        ] {
            assert_eq!(orders(name).as_deref(), order, "{name}");
        }
    }

    #[test]
    fn a_sentence_that_begins_with_looking_says_nothing_about_losing() {
        for (sentence, loses) in [
            ("Wipes the whole queue", true),
            ("Select option 6 (Rollback)", true),
            ("Check that nothing was deleted", false),
            ("Verify restore", false),
            ("Löscht alle Sitzungen", true),
            ("Vide la file d'attente", true),
            ("キャッシュを削除", true),
            ("Run diagnostics", false),
            ("Clear logs and cache", true),
            ("Free memory: clear cache", true),
            ("Wait for the all clear", false),
            ("Always run it after rollback", false),
            ("After the restore, warm the cache", false),
            ("After the backup, delete the old one", true),
            ("Delete it before the next run", true),
        ] {
            assert_eq!(says(sentence).is_some(), loses, "{sentence}");
        }
    }
}

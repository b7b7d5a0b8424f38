//! Finds the phrases of `lexicon/commands.toml` in text. Whole words in alphabets, anywhere in scripts without spaces.

use serde::Deserialize;
use std::sync::OnceLock;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    pub run: Vec<String>,
    pub run_after: Vec<String>,
    pub told: Vec<String>,
    pub never_before: Vec<String>,
    pub never_after: Vec<String>,
    pub unless: Vec<String>,
    pub forbid_verb: Vec<String>,
    pub points: Vec<String>,
    pub output: Vec<String>,
    pub expect: Vec<String>,
    pub option: Vec<String>,
    pub condition: Vec<String>,
    pub alternative: Vec<String>,
    pub forbidden_heading: Vec<String>,
    pub needs_heading: Vec<String>,
    pub form_heading: Vec<String>,
    pub action_column: Vec<String>,
    pub problem_column: Vec<String>,
    pub sentence: Vec<String>,
    pub sentence_weak: Vec<String>,
    pub names_file: Vec<String>,
    pub postgres: Vec<String>,
    pub mysql: Vec<String>,
    pub redis: Vec<String>,
}

pub fn phrases() -> &'static Phrases {
    static PHRASES: OnceLock<Phrases> = OnceLock::new();
    // A test holds that it can be read.
    PHRASES.get_or_init(|| toml::from_str(include_str!("../lexicon/commands.toml")).unwrap_or_default())
}

fn spaceless(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF)
}

fn part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Where the phrase ends in the text (lower case both), if it stands there as words of its own.
pub fn find(text: &str, phrase: &str) -> Option<usize> {
    let free = phrase.chars().next().is_some_and(spaceless);
    let mut from = 0;
    while let Some(at) = position(text.get(from..)?.as_bytes(), phrase.as_bytes()) {
        let start = from + at;
        let end = start + phrase.len();
        let edge = free
            || !text[..start].chars().next_back().is_some_and(part_of_word)
                && !text[end..].chars().next().is_some_and(|c| part_of_word(c) && !spaceless(c));
        if edge {
            return Some(end);
        }
        from = end;
    }
    None
}

/// Lines are short and phrases many: preparing a search costs more than looking.
fn position(text: &[u8], phrase: &[u8]) -> Option<usize> {
    let first = *phrase.first()?;
    let last = text.len().checked_sub(phrase.len())?;
    let mut from = 0;
    while from <= last {
        from += text[from..=last].iter().position(|b| *b == first)?;
        if text[from..].starts_with(phrase) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// Whether any of the phrases stands in the text, which is lower case.
pub fn any(text: &str, list: &[String]) -> bool {
    let plain = text.is_ascii();
    list.iter().any(|p| (p.is_ascii() || !plain) && find(text, p).is_some())
}

/// Whether the text begins with one of the phrases; what follows it.
pub fn begins<'a>(text: &'a str, list: &[String]) -> Option<&'a str> {
    list.iter()
        .filter_map(|p| {
            let rest = text.strip_prefix(p.as_str())?;
            let free = p.chars().next().is_some_and(spaceless);
            (free || !rest.chars().next().is_some_and(|c| part_of_word(c) && !spaceless(c))).then_some(rest)
        })
        .min_by_key(|rest| rest.len())
}

/// Whether the text is one of the phrases.
pub fn is(text: &str, list: &[String]) -> bool {
    list.iter().any(|p| p == text)
}

/// Whether one of the phrases ends the text.
pub fn ends(text: &str, list: &[String]) -> bool {
    list.iter().any(|p| {
        let free = p.chars().next().is_some_and(spaceless);
        text.strip_suffix(p.as_str()).is_some_and(|rest| free || !rest.chars().next_back().is_some_and(part_of_word))
    })
}

//! Finds the phrases of `lexicon/commands.toml` in text. Whole words in alphabets, anywhere in scripts without spaces.

use serde::Deserialize;
use std::ops::Range;
use std::sync::OnceLock;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    pub run: List,
    pub run_after: List,
    pub told: List,
    pub never_before: List,
    pub never_after: List,
    pub unless: List,
    pub forbid_verb: List,
    pub points: List,
    pub output: List,
    pub expect: List,
    pub option: List,
    pub condition: List,
    pub alternative: List,
    pub forbidden_heading: List,
    pub needs_heading: List,
    pub form_heading: List,
    pub action_column: List,
    pub problem_column: List,
    pub sentence: List,
    pub sentence_weak: List,
    pub names_file: List,
    pub postgres: List,
    pub mysql: List,
    pub redis: List,
}

pub fn phrases() -> &'static Phrases {
    static PHRASES: OnceLock<Phrases> = OnceLock::new();
    // A test holds that it can be read.
    PHRASES.get_or_init(|| toml::from_str(include_str!("../lexicon/commands.toml")).unwrap_or_default())
}

/// Phrases, and which of them begin or end with a byte: lines are short and phrases many.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<String>")]
pub struct List {
    all: Vec<String>,
    first: Index,
    last: Index,
}

/// Numbers of phrases in the order of one of their bytes, and where those of each byte begin.
#[derive(Debug, Default)]
struct Index {
    order: Vec<u16>,
    from: Vec<u16>,
    /// One bit for each byte that has any.
    bits: [u64; 4],
}

impl Index {
    fn of(all: &[String], byte: impl Fn(&[u8]) -> Option<&u8>) -> Index {
        let byte_of = |phrase: &str| byte(phrase.as_bytes()).copied();
        let byte = |n: u16| byte_of(&all[n as usize]).unwrap_or_default();
        let mut order: Vec<u16> = (0..all.len() as u16).collect();
        order.sort_by_key(|n| byte(*n));
        let from = (0..=256_u16).map(|b| order.partition_point(|n| u16::from(byte(*n)) < b) as u16).collect();
        let mut bits = [0; 4];
        all.iter().filter_map(|p| byte_of(p)).for_each(|b| bits[usize::from(b) / 64] |= 1 << (b % 64));
        Index { order, from, bits }
    }

    fn has(&self, byte: u8) -> bool {
        self.bits[usize::from(byte) / 64] >> (byte % 64) & 1 == 1
    }

    fn with(&self, byte: u8) -> &[u16] {
        match (self.from.get(byte as usize), self.from.get(byte as usize + 1)) {
            (Some(from), Some(to)) => &self.order[*from as usize..*to as usize],
            _ => &[],
        }
    }
}

impl From<Vec<String>> for List {
    fn from(all: Vec<String>) -> List {
        let (first, last) = (Index::of(&all, <[u8]>::first), Index::of(&all, <[u8]>::last));
        List { all, first, last }
    }
}

impl std::ops::Deref for List {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.all
    }
}

impl List {
    fn beginning(&self, byte: Option<&u8>) -> impl Iterator<Item = &str> {
        let numbers = byte.map_or(&[][..], |b| self.first.with(*b));
        numbers.iter().map(|n| self.all[*n as usize].as_str())
    }

    fn ending(&self, byte: Option<&u8>) -> impl Iterator<Item = &str> {
        let numbers = byte.map_or(&[][..], |b| self.last.with(*b));
        numbers.iter().map(|n| self.all[*n as usize].as_str())
    }
}

fn spaceless(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF)
}

fn part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Whether a phrase that was found there stands as words of its own.
fn edge(text: &str, range: Range<usize>, phrase: &str) -> bool {
    phrase.chars().next().is_some_and(spaceless)
        || !text[..range.start].chars().next_back().is_some_and(part_of_word)
            && !text[range.end..].chars().next().is_some_and(|c| part_of_word(c) && !spaceless(c))
}

/// Where the phrase ends in the text (lower case both), if it stands there as words of its own.
pub fn find(text: &str, phrase: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = position(text.get(from..)?.as_bytes(), phrase.as_bytes()) {
        let start = from + at;
        let end = start + phrase.len();
        if edge(text, start..end, phrase) {
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
pub fn any(text: &str, list: &List) -> bool {
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    bytes.iter().enumerate().any(|(at, byte)| {
        // A word of an alphabet does not begin inside another one.
        let inside = || byte.is_ascii() && at > 0 && word(&bytes[at - 1]);
        list.first.has(*byte)
            && !inside()
            && list
                .beginning(Some(byte))
                .any(|p| bytes[at..].starts_with(p.as_bytes()) && edge(text, at..at + p.len(), p))
    })
}

/// Whether the text begins with one of the phrases; what follows it.
pub fn begins<'a>(text: &'a str, list: &List) -> Option<&'a str> {
    list.beginning(text.as_bytes().first()).filter_map(|p| begins_with(text, p)).min_by_key(|rest| rest.len())
}

pub fn begins_with<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(phrase)?;
    let free = phrase.chars().next().is_some_and(spaceless);
    (free || !rest.chars().next().is_some_and(|c| part_of_word(c) && !spaceless(c))).then_some(rest)
}

/// Whether the text is one of the phrases.
pub fn is(text: &str, list: &List) -> bool {
    list.beginning(text.as_bytes().first()).any(|p| p == text)
}

/// Whether one of the phrases ends the text.
pub fn ends(text: &str, list: &List) -> bool {
    list.ending(text.as_bytes().last()).any(|p| {
        let free = p.chars().next().is_some_and(spaceless);
        text.strip_suffix(p).is_some_and(|rest| free || !rest.chars().next_back().is_some_and(part_of_word))
    })
}

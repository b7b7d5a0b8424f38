//! Phrases that stand for something, found in folded text: the longest first, whole words, or anywhere in scripts that
//! put no spaces between words.

use crate::fold::{Fold, is_wide};
use std::collections::BTreeMap;
use std::ops::Range;

#[derive(Clone, Debug)]
pub struct Phrases<T> {
    /// By the first two characters: a text is looked through once for each of its words, so lists must be short.
    by_first: BTreeMap<(char, char), Vec<Phrase<T>>>,
}

#[derive(Clone, Debug)]
struct Phrase<T> {
    text: String,
    /// Written with `*`: the word may go on (inflections, compounds).
    open: bool,
    means: T,
}

impl<T> Default for Phrases<T> {
    fn default() -> Phrases<T> {
        Phrases { by_first: BTreeMap::new() }
    }
}

impl<T: Copy> Phrases<T> {
    pub fn add(&mut self, phrase: &str, means: T) {
        let open = phrase.ends_with('*');
        let text = Fold::new(phrase.trim_end_matches('*')).text.trim().to_string();
        if let Some(first) = text.chars().next() {
            let second = text.chars().nth(1).unwrap_or('\0');
            let list = self.by_first.entry((first, second)).or_default();
            let at = list.partition_point(|p| (p.text.len(), !p.open) >= (text.len(), !open));
            list.insert(at, Phrase { text, open, means });
        }
    }

    /// The longest phrase that begins here, and how many bytes it takes.
    pub fn at(&self, text: &str, at: usize) -> Option<(usize, T)> {
        let rest = text.get(at..)?;
        let mut chars = rest.chars();
        let (first, second) = (chars.next()?, chars.next().unwrap_or('\0'));
        let long = self.by_first.get(&(first, second)).into_iter().flatten();
        let short = self.by_first.get(&(first, '\0')).into_iter().flatten().filter(|_| second != '\0');
        long.chain(short).find_map(|p| {
            let after = rest.strip_prefix(p.text.as_str())?;
            let whole = p.text.chars().next_back().is_some_and(|c| is_wide(c) || !c.is_alphanumeric());
            let more = after.find(|c: char| !c.is_alphabetic() || is_wide(c)).unwrap_or(after.len());
            match (whole || more == 0, p.open) {
                (true, _) => Some((p.text.len(), p.means)),
                (false, true) => Some((p.text.len() + more, p.means)),
                (false, false) => None,
            }
        })
    }

    /// Every phrase in a text, from left to right, none inside another.
    pub fn all(&self, text: &str) -> Vec<(Range<usize>, T)> {
        let mut found = Vec::new();
        let (mut skip_to, mut before) = (0, ' ');
        for (at, c) in text.char_indices() {
            let starts = is_wide(c) || !before.is_alphanumeric() || is_wide(before) || !c.is_alphanumeric();
            before = c;
            if at >= skip_to
                && starts
                && let Some((len, means)) = self.at(text, at)
            {
                skip_to = at + len;
                found.push((at..skip_to, means));
            }
        }
        found
    }

    pub fn first(&self, text: &str) -> Option<(Range<usize>, T)> {
        self.all(text).into_iter().next()
    }

    /// The longest phrase in a text; of equals, the first.
    pub fn longest(&self, text: &str) -> Option<(Range<usize>, T)> {
        self.all(text).into_iter().rev().max_by_key(|(range, _)| range.len())
    }

    /// What the text as a whole means.
    pub fn whole(&self, text: &str) -> Option<T> {
        self.at(text, 0).filter(|(len, _)| *len == text.len()).map(|(_, means)| means)
    }

    #[cfg(test)]
    pub fn entries(&self) -> impl Iterator<Item = (&str, T)> {
        self.by_first.values().flatten().map(|p| (p.text.as_str(), p.means))
    }
}

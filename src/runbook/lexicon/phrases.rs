//! Phrases that stand for something, found in folded text: the longest first, whole words, or anywhere in scripts that
//! put no spaces between words.

use crate::fold::{Fold, is_wide};
use std::ops::Range;

/// How many pairs of bytes are told apart.
const PAIRS: usize = 1024;

#[derive(Clone, Debug)]
pub struct Phrases<T> {
    /// By their first two bytes: a text is looked through at each of its words by dozens of tables, so what is surely no
    /// phrase must be seen at once and what may be one compared with few.
    by_start: Vec<Vec<Phrase<T>>>,
    /// For each pair its list, or 0, which is empty.
    list: Vec<u16>,
    /// Of a single letter or sign, which have no second byte.
    single: Vec<Phrase<T>>,
    /// Which bytes begin a phrase.
    begins: [bool; 256],
}

#[derive(Clone, Debug)]
struct Phrase<T> {
    text: String,
    /// Written with `*`: the word may go on (inflections, compounds).
    open: bool,
    /// Ends by itself, whatever follows: in a sign, or in a script without spaces.
    whole: bool,
    means: T,
}

impl<T> Default for Phrases<T> {
    fn default() -> Phrases<T> {
        Phrases { by_start: vec![Vec::new()], list: vec![0; PAIRS], single: Vec::new(), begins: [false; 256] }
    }
}

fn pair(first: u8, second: u8) -> usize {
    (first as usize * 37 + second as usize) % PAIRS
}

impl<T: Copy> Phrases<T> {
    pub fn add(&mut self, phrase: &str, means: T) {
        let open = phrase.ends_with('*');
        let text = Fold::new(phrase.trim_end_matches('*')).text.trim().to_string();
        let Some(last) = text.chars().next_back() else { return };
        let whole = is_wide(last) || !last.is_alphanumeric();
        let list = match text.as_bytes() {
            [first, second, ..] => {
                let list = &mut self.list[pair(*first, *second)];
                if *list == 0 {
                    *list = self.by_start.len() as u16;
                    self.by_start.push(Vec::new());
                }
                &mut self.by_start[*list as usize]
            }
            _ => &mut self.single,
        };
        self.begins[text.as_bytes()[0] as usize] = true;
        let at = list.partition_point(|p| (p.text.len(), !p.open) >= (text.len(), !open));
        list.insert(at, Phrase { text, open, whole, means });
    }

    /// The longest phrase that begins here, and how many bytes it takes.
    pub fn at(&self, text: &str, at: usize) -> Option<(usize, T)> {
        let rest = text.as_bytes().get(at..)?;
        let first = *rest.first()?;
        if !self.begins[first as usize] || !text.is_char_boundary(at) {
            return None;
        }
        self.from(rest).find_map(|p| {
            let after = rest.strip_prefix(p.text.as_bytes())?;
            let after = &text[text.len() - after.len()..];
            if p.whole {
                return Some((p.text.len(), p.means));
            }
            let more = match after.as_bytes().first() {
                None => 0,
                Some(b) if b.is_ascii() && !b.is_ascii_alphabetic() => 0,
                Some(_) => after.find(|c: char| !c.is_alphabetic() || is_wide(c)).unwrap_or(after.len()),
            };
            (more == 0 || p.open).then_some((p.text.len() + more, p.means))
        })
    }

    /// What begins with the same two bytes, and those of one byte, which are the shortest of all.
    fn from(&self, rest: &[u8]) -> impl Iterator<Item = &Phrase<T>> {
        let long = match rest {
            [first, second, ..] => self.by_start[self.list[pair(*first, *second)] as usize].as_slice(),
            _ => &[],
        };
        long.iter().chain(&self.single)
    }

    /// Where phrases may begin: at the beginning of words, behind and between signs, anywhere in scripts without spaces.
    fn each<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Range<usize>, T)> + 'a {
        let bytes = text.as_bytes();
        let mut from = 0;
        std::iter::from_fn(move || {
            while from < bytes.len() {
                let at = from + bytes[from..].iter().position(|b| self.begins[*b as usize])?;
                from = at + 1;
                if starts(text, at)
                    && let Some((len, means)) = self.at(text, at)
                {
                    from = at + len;
                    return Some((at..from, means));
                }
            }
            None
        })
    }

    /// Every phrase in a text, from left to right, none inside another.
    pub fn all(&self, text: &str) -> Vec<(Range<usize>, T)> {
        self.each(text).collect()
    }

    pub fn first(&self, text: &str) -> Option<(Range<usize>, T)> {
        self.each(text).next()
    }

    /// Whether such a phrase may stand anywhere, inside of others too: if not, nobody needs to look.
    pub fn may_hold(&self, text: &str, such: impl Fn(T) -> bool) -> bool {
        let bytes = text.as_bytes();
        (0..bytes.len()).any(|at| {
            let rest = &bytes[at..];
            self.begins[rest[0] as usize]
                && self.from(rest).any(|p| such(p.means) && rest.starts_with(p.text.as_bytes()))
        })
    }

    /// The longest phrase in a text; of equals, the first.
    pub fn longest(&self, text: &str) -> Option<(Range<usize>, T)> {
        self.each(text).fold(None, |best: Option<(Range<usize>, T)>, one| match best {
            Some(best) if best.0.len() >= one.0.len() => Some(best),
            _ => Some(one),
        })
    }

    /// What the text as a whole means.
    pub fn whole(&self, text: &str) -> Option<T> {
        self.at(text, 0).filter(|(len, _)| *len == text.len()).map(|(_, means)| means)
    }

    #[cfg(test)]
    pub fn entries(&self) -> impl Iterator<Item = (&str, T)> {
        self.by_start.iter().flatten().chain(&self.single).map(|p| (p.text.as_str(), p.means))
    }
}

/// Whether a word may begin at this byte.
fn starts(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    if bytes[at].is_ascii() && at.checked_sub(1).is_none_or(|n| bytes[n].is_ascii()) {
        return at == 0 || !bytes[at - 1].is_ascii_alphanumeric() || !bytes[at].is_ascii_alphanumeric();
    }
    let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return false };
    let before = text[..at].chars().next_back().unwrap_or(' ');
    is_wide(c) || !before.is_alphanumeric() || is_wide(before) || !c.is_alphanumeric()
}

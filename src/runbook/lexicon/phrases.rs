//! Phrases that stand for something, found in folded text: the longest first, whole words, or anywhere in scripts that
//! put no spaces between words.

use crate::fold::{Fold, is_wide};
use std::ops::Range;

/// How many beginnings are told apart.
const STARTS: usize = 2048;

#[derive(Clone, Debug)]
pub struct Phrases<T> {
    /// By their first three bytes: a text is looked through at each of its words by dozens of tables, so what is surely
    /// no phrase must be seen at once and what may be one compared with few. The first list is empty.
    long: Vec<Vec<Phrase<T>>>,
    /// For each beginning its list.
    long_at: Vec<u16>,
    /// Of one or two bytes, by the first. The first list is empty.
    short: Vec<Vec<Phrase<T>>>,
    short_at: [u16; 256],
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
        Phrases {
            long: vec![Vec::new()],
            long_at: vec![0; STARTS],
            short: vec![Vec::new()],
            short_at: [0; 256],
            begins: [false; 256],
        }
    }
}

fn start(bytes: [u8; 3]) -> usize {
    let [a, b, c] = bytes.map(usize::from);
    (a * 67 + b * 31 + c) % STARTS
}

impl<T> Phrase<T> {
    /// The last byte first: most that begin alike end otherwise.
    fn begins(&self, text: &[u8]) -> bool {
        let phrase = self.text.as_bytes();
        phrase.len() <= text.len() && phrase.last() == text.get(phrase.len() - 1) && text.starts_with(phrase)
    }
}

impl<T: Copy> Phrases<T> {
    pub fn add(&mut self, phrase: &str, means: T) {
        let open = phrase.ends_with('*');
        let text = Fold::new(phrase.trim_end_matches('*')).text.trim().to_string();
        let Some(last) = text.chars().next_back() else { return };
        let whole = is_wide(last) || !last.is_alphanumeric();
        let (lists, at) = match text.as_bytes() {
            [a, b, c, ..] => (&mut self.long, &mut self.long_at[start([*a, *b, *c])]),
            short => (&mut self.short, &mut self.short_at[short[0] as usize]),
        };
        if *at == 0 {
            *at = lists.len() as u16;
            lists.push(Vec::new());
        }
        let list = &mut lists[*at as usize];
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
        for list in self.candidates(rest) {
            for p in list.iter().filter(|p| p.begins(rest)) {
                let len = p.text.len();
                if p.whole {
                    return Some((len, p.means));
                }
                let more = match rest.get(len) {
                    None => 0,
                    Some(b) if b.is_ascii() && !b.is_ascii_alphabetic() => 0,
                    Some(_) => {
                        let after = &text[at + len..];
                        after.find(|c: char| !c.is_alphabetic() || is_wide(c)).unwrap_or(after.len())
                    }
                };
                if more == 0 || p.open {
                    return Some((len + more, p.means));
                }
            }
        }
        None
    }

    /// What may begin a text with these bytes, the longest first.
    fn candidates(&self, rest: &[u8]) -> [&[Phrase<T>]; 2] {
        let (long, short) = match rest {
            [a, b, c, ..] => (self.long_at[start([*a, *b, *c])], self.short_at[*a as usize]),
            [a, ..] => (0, self.short_at[*a as usize]),
            [] => (0, 0),
        };
        [&self.long[long as usize], &self.short[short as usize]]
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

    /// Whether such a phrase may begin at any word, inside of others too: if not, nobody needs to look.
    pub fn may_hold(&self, text: &str, such: impl Fn(T) -> bool) -> bool {
        let bytes = text.as_bytes();
        let mut in_word = false;
        bytes.iter().enumerate().any(|(at, first)| {
            let letter = first.is_ascii_alphabetic();
            let free = !(std::mem::replace(&mut in_word, letter) && letter);
            free && self.begins[*first as usize] && {
                let rest = &bytes[at..];
                self.candidates(rest).into_iter().flatten().any(|p| {
                    let goes_on = || rest.get(p.text.len()).is_some_and(u8::is_ascii_alphabetic);
                    such(p.means) && p.begins(rest) && (p.whole || p.open || !goes_on())
                })
            }
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
        self.long.iter().chain(&self.short).flatten().map(|p| (p.text.as_str(), p.means))
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

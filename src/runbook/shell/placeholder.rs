//! What a person has to fill in before a command can run: `<pod-name>`, `your-domain`, `{{ns}}`, `PREVIOUS_TAG`, `...`.
//!
//! Each is replaced by a sentinel word before a shell or SQL parser sees the line (`<pod>` is a redirection to a shell)
//! and mapped back afterwards. `$NAME` stays in the text, the shell's grammar knows it; it is listed as a placeholder if
//! a person has to set it: not a secret (those are references of their own), not assigned in the block, not in the
//! shell's own hands (`$HOME`), without a default (`${N:-3}`), and expanded here (`ssh h 'echo $X'` expands over there).
//! Never decides whether the command may run, and never reads what a comment says. One pass, linear.

mod scan;
mod word;

use super::Tongue;

/// The same command with ordinary words where placeholders stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// A shell parser can read this. A sentinel stands where a name, a number or a path may stand.
    pub text: String,
    /// As written, in order of appearance, each once.
    pub found: Vec<String>,
    prefix: String,
    words: Vec<String>,
}

/// `assigned`: names set earlier in the same block. What the text itself assigns is found here.
pub fn replace(text: &str, tongue: Tongue, assigned: &[String]) -> Replaced {
    let mut prefix = String::from("FBPH");
    while text.contains(&prefix) {
        prefix.push('Z'); // a text that already holds the word: any other does
    }
    let mut out =
        Replaced { text: String::with_capacity(text.len() + 16), found: Vec::new(), prefix, words: Vec::new() };
    scan::Scan::new(text, tongue, assigned).run(&mut out);
    out
}

impl Replaced {
    /// The placeholder that stands in this word, as written; the first, if there are several.
    pub fn original(&self, word: &str) -> Option<&str> {
        let at = word.find(&self.prefix)? + self.prefix.len();
        let number: usize = word.get(at..at + 4)?.parse().ok()?;
        self.words.get(number.checked_sub(1)?).map(String::as_str)
    }

    /// Whether something in this word is still to be filled in.
    pub fn is_open(&self, word: &str) -> bool {
        self.original(word).is_some()
    }

    /// The word as it was written: every sentinel turned back.
    pub fn restore(&self, word: &str) -> String {
        let mut out = String::with_capacity(word.len());
        let mut rest = word;
        while let Some(at) = rest.find(&self.prefix) {
            let end = at + self.prefix.len() + 4;
            out.push_str(&rest[..at]);
            match rest.get(at..end).and_then(|w| self.original(w)) {
                Some(written) => {
                    out.push_str(written);
                    rest = &rest[end..];
                }
                None => {
                    out.push_str(&self.prefix);
                    rest = &rest[at + self.prefix.len()..];
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// A text in pieces: what is text, and, marked so, what stood where a sentinel is.
    pub fn pieces<'a>(&'a self, text: &'a str) -> Vec<(&'a str, bool)> {
        let (mut pieces, mut from, mut rest) = (Vec::new(), 0, 0);
        while let Some(at) = text.get(rest..).and_then(|t| t.find(&self.prefix)).map(|at| rest + at) {
            let end = at + self.prefix.len() + 4;
            match text.get(at..end).and_then(|w| self.original(w)) {
                Some(written) => {
                    pieces.push((text.get(from..at).unwrap_or_default(), false));
                    pieces.push((written, true));
                    (from, rest) = (end, end);
                }
                None => rest = at + self.prefix.len(),
            }
        }
        pieces.push((text.get(from..).unwrap_or_default(), false));
        pieces.retain(|(text, hole)| *hole || !text.is_empty());
        pieces
    }

    fn put(&mut self, written: &str) {
        let number = match self.words.iter().position(|w| w == written) {
            Some(at) => at + 1,
            None if self.words.len() < MOST => {
                self.words.push(written.to_owned());
                self.words.len()
            }
            None => return self.text.push_str(written), // nobody fills in so many; the text stays as it is
        };
        self.text.push_str(&format!("{}{number:04}", self.prefix));
        self.list(written);
    }

    fn list(&mut self, written: &str) {
        if self.found.len() < MOST && !self.found.iter().any(|f| f == written) {
            self.found.push(written.to_owned());
        }
    }
}

/// Keeps the two searches above bounded, and the number at four digits.
const MOST: usize = 200;

#[cfg(test)]
mod tests;

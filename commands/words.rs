//! A line as people type it, taken apart: words, quotes, and what is left verbatim. And "did you mean". Knows no
//! command and never fails: whatever is typed has words, if only strange ones.

use firebell_domain::refusal::Refusal;
use firebell_domain::text;

/// Characters of a stranger's word inside a sentence of ours.
const SHOWN_CHARS_MAX: usize = 60;
/// Characters above which a word resembles nothing we know.
const GUESS_CHARS_MAX: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without its quotes.
    pub text: String,
    /// Bytes in the line, quotes included.
    pub from: usize,
    pub to: usize,
    pub quoted: bool,
}

/// The words of a line, read from the left.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    line: &'a str,
    all: Vec<Word>,
    at: usize,
}

impl<'a> Words<'a> {
    pub fn new(line: &'a str) -> Words<'a> {
        Words { line, all: split(line), at: 0 }
    }

    pub fn peek(&self) -> Option<&Word> {
        self.all.get(self.at)
    }

    pub fn take(&mut self) -> Option<Word> {
        let word = self.all.get(self.at).cloned();
        self.skip(1);
        word
    }

    pub fn skip(&mut self, words: usize) {
        self.at = self.at.saturating_add(words).min(self.all.len());
    }

    /// The words that nobody has read yet.
    pub fn left(&self) -> &[Word] {
        self.all.get(self.at..).unwrap_or(&[])
    }

    /// Everything that is left, verbatim: quotes, line breaks and all.
    pub fn rest(&self) -> &'a str {
        let from = self.peek().map_or(self.line.len(), |w| w.from);
        self.line.get(from..).unwrap_or("").trim()
    }

    /// Some of the words that are left, verbatim with what stands between them; the quotes around a text that is
    /// nothing but one quotation are dropped.
    pub fn text(&self, words: &[Word]) -> String {
        match words {
            [] => String::new(),
            [one] if one.quoted => one.text.clone(),
            [first, .., last] => self.line.get(first.from..last.to).unwrap_or("").to_string(),
            [one] => one.text.clone(),
        }
    }

    /// Refuses what nobody has read.
    pub fn end(&self, usage: &str) -> Result<(), Refusal> {
        match self.peek() {
            None => Ok(()),
            Some(w) => Err(usage_refusal(format!("I do not understand \"{}\" there.", shown(&w.text)), usage)),
        }
    }
}

pub fn usage_refusal(problem: impl Into<String>, usage: &str) -> Refusal {
    Refusal::Usage { problem: problem.into(), usage: usage.to_string() }
}

/// A stranger's word, fit for a sentence of ours.
pub fn shown(word: &str) -> String {
    text::line_of_machine(word, SHOWN_CHARS_MAX)
}

/// Words are separated by white space. A quotation begins at the beginning of a word or after its colon
/// (`service:"card payments"`) and ends at a quotation mark that ends the word; without that end it is an ordinary
/// character. Typographic marks count, because telephones make them; apostrophes do not.
fn split(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = line.char_indices().peekable();
    // Once no quotation ends any more, none after it does: looking again would take quadratic time.
    let mut may_end = true;
    while let Some(&(from, first)) = rest.peek() {
        if first.is_whitespace() {
            rest.next();
            continue;
        }
        let mut word = Word { text: String::new(), from, to: from, quoted: false };
        let mut before = ':';
        while let Some(&(at, c)) = rest.peek() {
            if c.is_whitespace() {
                break;
            }
            let inside = at + c.len_utf8();
            let end = if before == ':' && opens(c) && may_end { closing(line, inside) } else { None };
            may_end &= !(before == ':' && opens(c)) || end.is_some();
            match end {
                Some((close, after)) => {
                    word.quoted |= word.text.is_empty();
                    word.text.push_str(line.get(inside..close).unwrap_or(""));
                    while rest.next_if(|(i, _)| *i < after).is_some() {}
                    word.to = after;
                }
                None => {
                    word.text.push(c);
                    rest.next();
                    word.to = inside;
                }
            }
            before = c;
        }
        words.push(word);
    }
    words
}

fn opens(c: char) -> bool {
    matches!(c, '"' | '“' | '„' | '«')
}

/// Where the quotation ends: before and after its mark.
fn closing(line: &str, inside: usize) -> Option<(usize, usize)> {
    let text = line.get(inside..)?;
    text.char_indices().filter(|(_, c)| matches!(c, '"' | '”' | '“' | '»')).find_map(|(at, c)| {
        let after = at + c.len_utf8();
        let ends = text.get(after..)?.chars().next().is_none_or(char::is_whitespace);
        ends.then_some((inside + at, inside + after))
    })
}

/// The known word that was probably meant: what it begins, or what it is a slip or two away from.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let chars = word.chars().count();
    if chars == 0 || chars > GUESS_CHARS_MAX {
        return None;
    }
    let slips_max = if chars <= 3 { 1 } else { 2 };
    let mut best: Option<(usize, &str)> = None;
    for k in known {
        let lower = k.to_lowercase();
        let begins = chars >= 2 && lower.starts_with(&word);
        let slips = if begins { 0 } else { strsim::osa_distance(&word, &lower) };
        if slips <= slips_max && slips < chars && best.is_none_or(|(b, _)| slips < b) {
            best = Some((slips, k));
        }
    }
    best.map(|(_, k)| k.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        Words::new(line).left().iter().map(|w| w.text.clone()).collect()
    }

    #[test]
    fn words_and_quotations_come_apart_as_people_mean_them() {
        for (line, expected) in [
            ("  ack \t now\n", vec!["ack", "now"]),
            ("declare \"checkout is down\" x", vec!["declare", "checkout is down", "x"]),
            ("“smart quotes” „und diese“ «et ceux»", vec!["smart quotes", "und diese", "et ceux"]),
            ("service:\"card payments\" x", vec!["service:card payments", "x"]),
            ("don't say \"never", vec!["don't", "say", "\"never"]),
            ("a 5\" disk and \"6\" one", vec!["a", "5\"", "disk", "and", "6", "one"]),
            ("\"\"", vec![""]),
            ("数据库 \u{3000}🔥 ünï", vec!["数据库", "🔥", "ünï"]),
            ("", vec![]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_left_stays_as_it_was_typed() {
        let mut words = Words::new("note  he said \"no\"\n  twice ");
        words.take();
        assert_eq!(words.rest(), "he said \"no\"\n  twice");
        words.skip(99);
        assert_eq!(words.rest(), "");
        assert_eq!(words.take(), None);
    }

    #[test]
    fn thousands_of_open_quotation_marks_take_no_longer_than_as_many_words() {
        let line = "\"a ".repeat(10_000);
        assert_eq!(texts(&line).len(), 10_000);
    }

    #[test]
    fn a_slip_or_a_beginning_is_guessed_and_nothing_else() {
        let known = ["ack", "unack", "severity", "status", "show", "resolve"];
        for (word, meant) in [
            ("akc", Some("ack")),
            ("sev", Some("severity")),
            ("ST", Some("status")),
            ("reslove", Some("resolve")),
            ("shwo", Some("show")),
            ("x", None),
            ("database", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known).as_deref(), meant, "{word}");
        }
        assert_eq!(closest(&"a".repeat(9_999), known), None);
    }
}

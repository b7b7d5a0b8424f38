//! Text as it is compared: compatibility forms undone, lower case, without accents, emoji and typographic variants of
//! dashes, quotes and spaces; with the way back, so that what was found can be quoted as it was written.
//!
//! Never used for output: what people read is always a slice of the source.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text, folded, and where each folded byte came from.
#[derive(Clone, Debug, Default)]
pub struct Fold<'a> {
    pub text: String,
    source: Cow<'a, str>,
    /// For each byte of `text`, and one past its end: a byte of `source`. Empty if each byte stayed where it was.
    from: Vec<u32>,
}

impl<'a> Fold<'a> {
    pub fn new(source: &'a str) -> Fold<'a> {
        // Most lines: a letter is a byte, and each stays where it is.
        if source.is_ascii() {
            return Fold { text: ascii(source), from: Vec::new(), source: Cow::Borrowed(source) };
        }
        let source = composed(source);
        let mut fold = Fold { text: String::with_capacity(source.len() + 8), ..Fold::default() };
        fold.from.reserve(source.len() + 9);
        for (at, c) in source.char_indices() {
            fold_char(c, &mut fold.text);
            fold.from.resize(fold.text.len(), at as u32);
        }
        fold.from.push(source.len() as u32);
        fold.source = source;
        fold
    }

    /// What was written where this was found, without space at its ends.
    pub fn written(&self, range: Range<usize>) -> &str {
        let (from, to) = (self.back(range.start), self.back(range.end));
        self.source.get(from..to.max(from)).unwrap_or_default().trim()
    }

    /// The byte of the (composed) source that a folded byte came from.
    pub fn back(&self, at: usize) -> usize {
        self.from.get(at).or(self.from.last()).map_or(at.min(self.source.len()), |b| *b as usize)
    }

    pub fn source(&self) -> &str {
        &self.source
    }
}

/// The folded text alone, for those who need no way back.
pub fn folded(source: &str) -> String {
    if source.is_ascii() {
        return ascii(source);
    }
    let source = composed(source);
    let mut text = String::with_capacity(source.len() + 8);
    source.chars().for_each(|c| fold_char(c, &mut text));
    text
}

fn ascii(source: &str) -> String {
    let mut text = source.to_ascii_lowercase();
    if text.contains('\t') {
        text = text.replace('\t', " ");
    }
    text
}

/// Decomposed files would otherwise fall apart into letters and marks.
fn composed(source: &str) -> Cow<'_, str> {
    let surely = |c: char| c < '\u{300}' || is_itself(c);
    if source.chars().all(surely) || is_nfc_quick(source.chars()) == IsNormalized::Yes {
        Cow::Borrowed(source)
    } else {
        Cow::Owned(source.nfc().collect())
    }
}

/// Characters that folding leaves as they are: most of what is written in scripts without case and without accents.
fn is_itself(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
}

/// The letters of alphabets with case, folded once: Latin with accents, Greek, Cyrillic.
static LETTERS: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    let fold = |c: u32| {
        let mut text = String::new();
        char::from_u32(c).into_iter().for_each(|c| fold_any(c, &mut text));
        text.into_boxed_str()
    };
    (0x80..0x530).map(fold).collect()
});

fn fold_char(c: char, into: &mut String) {
    match c {
        '\t' => into.push(' '),
        _ if c.is_ascii() => into.push(c.to_ascii_lowercase()),
        '\u{80}'..'\u{530}' => into.push_str(&LETTERS[c as usize - 0x80]),
        _ if is_itself(c) => into.push(c),
        // Full-width forms.
        '\u{ff01}'..='\u{ff5e}' => into.push(((c as u32 - 0xfee0) as u8 as char).to_ascii_lowercase()),
        _ => fold_any(c, into),
    }
}

fn fold_any(c: char, into: &mut String) {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => into.push('-'),
        '\u{301c}' | '\u{ff5e}' | '\u{223c}' => into.push('~'),
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' => into.push('\''),
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => into.push('"'),
        '\u{2264}' | '\u{2a7d}' | '\u{2266}' => into.push_str("<="),
        '\u{2265}' | '\u{2a7e}' | '\u{2267}' => into.push_str(">="),
        '\u{2190}'..='\u{21ff}' | '\u{27f5}'..='\u{27ff}' | '\u{279c}' | '\u{2794}' | '\u{27a1}' | '\u{25b6}' => {
            into.push('→');
        }
        'ß' => into.push_str("ss"),
        '½' => into.push_str("0.5"),
        '¼' => into.push_str("0.25"),
        '¾' => into.push_str("0.75"),
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}' => {}
        _ if is_emoji(c) => into.push(' '),
        _ => {
            let mut parts = String::new();
            for part in std::iter::once(c).nfkd() {
                match part {
                    '\u{300}'..='\u{36f}' => {}
                    // A part may be typographic itself: full-width forms, ellipses, circled digits.
                    _ if part.is_whitespace() => parts.push(' '),
                    _ => parts.extend(part.to_lowercase()),
                }
            }
            // Kana with voice marks and Hangul were taken apart with the accents: as written they are one character.
            match is_wide(c) {
                true => into.extend(parts.nfc()),
                false => into.push_str(&parts),
            }
        }
    }
}

/// Scripts that put no spaces between words, or hang endings on them: phrases match inside of a run.
pub fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2300}'..='\u{23ff}' | '\u{2500}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}' | '\u{200d}')
}

/// A title or cell to be looked up: folded, without emphasis marks, numbering and punctuation at its ends, single spaces.
pub fn key(text: &str) -> String {
    if is_key(text) {
        return text.to_string();
    }
    let folded = folded(text);
    let mut words = folded.split(|c: char| c.is_whitespace() || matches!(c, '*' | '`' | '"')).filter(|w| !w.is_empty());
    let mut first = words.next().unwrap_or_default();
    // `3.`, `3)`, `1.2.3`, `a)`, `#`: numbering, unless nothing else is there.
    while is_numbering(first)
        && let Some(next) = words.next()
    {
        first = next;
    }
    let mut key = String::with_capacity(folded.len());
    key.push_str(first);
    for word in words {
        key.push(' ');
        key.push_str(word);
    }
    let framed = |c: char| !c.is_alphanumeric() && !matches!(c, '%' | '<' | '>' | '=' | '$');
    key.truncate(key.trim_end_matches(framed).len());
    key.drain(..key.len() - key.trim_start_matches(framed).len());
    key
}

/// Small letters and digits, one space between words: nothing is to be taken off.
fn is_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    bytes.first().is_none_or(word)
        && bytes.last().is_none_or(word)
        && bytes.iter().all(|b| word(b) || *b == b' ')
        && !text.contains("  ")
}

fn is_numbering(word: &str) -> bool {
    let body = word.trim_start_matches(['#', '(']).trim_end_matches(['.', ')', ':']);
    let marked = word.len() > body.len() || body.contains('.');
    let letter = body.len() == 1 && word.ends_with(')');
    marked && (letter || body.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_compares_equal() {
        for (written, folded) in [
            ("Größe", "grosse"),
            ("Réponse immédiate", "reponse immediate"),
            ("５〜１０ 分", "5~10 分"),
            ("ＳＥＶ－１", "sev-1"),
            ("ガイド", "ガイド"),
            ("30분 이내", "30분 이내"),
            ("Ещё", "еще"),
            ("≤ 5 ms", "<= 5 ms"),
            ("Level 1 → Level 2", "level 1 → level 2"),
            ("’now’", "'now'"),
            ("1️⃣ First", "1 first"),
        ] {
            assert_eq!(Fold::new(written).text, folded, "{written}");
        }
    }

    #[test]
    fn short_cuts_fold_as_the_long_way_does() {
        let long = |c: char| {
            let mut text = String::new();
            match c {
                _ if c.is_ascii() => text.push(if c == '\t' { ' ' } else { c.to_ascii_lowercase() }),
                _ => fold_any(c, &mut text),
            }
            text
        };
        for c in ('\0'..=char::MAX).filter(|c| is_itself(*c) || *c < '\u{600}' || *c > '\u{ff00}' && *c < '\u{ff60}') {
            let mut short = String::new();
            fold_char(c, &mut short);
            assert_eq!(short, long(c), "{c:?}");
            let composes = is_itself(c) || c < '\u{300}';
            let alone = unicode_normalization::char::canonical_combining_class(c) == 0
                && is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes;
            assert!(alone || !composes, "{c:?} may join what stands before it");
        }
        for text in ["Größe ≤ 5", "5〜１０ 分", "ÉTAPE ２ ガイド", "Ещё\tраз", "e\u{301}tape"] {
            assert_eq!(folded(text), Fold::new(text).text);
        }
    }

    #[test]
    fn the_way_back_quotes_what_was_written() {
        let fold = Fold::new("Größe ≤ 5 Minuten");
        let at = fold.text.find("minuten").unwrap();
        assert_eq!(fold.written(at..at + 7), "Minuten");
        let at = fold.text.find("<=").unwrap();
        assert_eq!(fold.written(at..at + 2), "≤");
        assert_eq!(fold.written(0..fold.text.len()), "Größe ≤ 5 Minuten");
    }

    #[test]
    fn numbering_emphasis_and_emoji_are_no_part_of_a_key() {
        for (written, expected) in [
            ("🚨 **Severity Levels** 🚨", "severity levels"),
            ("3.2 Escalation Path:", "escalation path"),
            ("1) Contacts", "contacts"),
            ("## Contacts", "contacts"),
            ("a) Diagnose", "diagnose"),
            ("P1", "p1"),
            ("1.", "1"),
            ("CPU %", "cpu %"),
        ] {
            assert_eq!(key(written), expected, "{written}");
        }
    }
}

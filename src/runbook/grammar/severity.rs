//! References to levels: "P0", "SEV-1 (Critical)", "Level 2 (S2)", "Schweregrad 1 – kritisch", "一级", "Critical (P1)".
//!
//! Says what is written, never which level is worse: rank comes from the order of definition.

#[cfg(test)]
mod tests;

use crate::fold::{Fold, is_wide};
use crate::lexicon::lexicon;
use std::ops::Range;

/// A text that begins with a level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// As printed: `P0`, `SEV-1`, `Level 2`, `Critical`.
    pub label: String,
    /// A second label for the same level: "Level 2 (S2)".
    pub alias: Option<String>,
    pub name: Option<String>,
    pub number: Option<u32>,
    /// `P1`, `S1`, `SEV-1`, "Priority 1": surely a severity; "Level 1" and "Tier 1" may be people.
    pub strong: bool,
    /// The order that a word tells: 1 is worst.
    pub word: Option<u8>,
    /// A dash, colon or parenthesis stood between label and name: not the beginning of a sentence.
    pub separated: bool,
    /// What follows name and label, without the punctuation between.
    pub rest: String,
}

/// A label with its number, inside folded text.
#[derive(Clone, Debug, PartialEq)]
struct Code {
    range: Range<usize>,
    number: u32,
    /// `P`, `S`, `SEV`, "priority": surely a severity; "level" and "tier" may be people.
    strong: bool,
}

/// Punctuation between a label and its name.
const BETWEEN: &[char] = &['-', ':', '|', ',', '→', '=', '.', '/', '~', '、', ';'];

/// The level that a heading, bold lead or cell begins with. "P1/P2" and "P1-P4" begin with none.
pub fn reference(text: &str) -> Option<Reference> {
    let fold = Fold::new(text);
    let at = fold.text.find(|c: char| c.is_alphanumeric())?;
    if fold.text[..at].contains(['(', '[', '/', '.', '$']) {
        return None;
    }
    by_code(&fold, at).or_else(|| by_word(&fold, at))
}

fn by_code(fold: &Fold, at: usize) -> Option<Reference> {
    let code = code_at(fold, at)?;
    let after = fold.text[code.range.end..].trim_start();
    let joined = after.trim_start_matches(['-', '/', ',', '&', '+', ' ']);
    let joined_at = fold.text.len() - joined.len();
    let word_at = lexicon().between.at(joined, 0).or_else(|| lexicon().and.at(joined, 0)).map_or(0, |(n, ())| n);
    let next_at = joined_at + word_at + (joined[word_at..].len() - joined[word_at..].trim_start().len());
    if code_at(fold, next_at).is_some_and(|c| c.strong || !code.strong) {
        return None;
    }
    let mut reference = Reference {
        label: fold.written(code.range.clone()).to_string(),
        number: Some(code.number),
        strong: code.strong,
        ..Reference::default()
    };
    name_and_rest(fold, code.range.end, &mut reference);
    Some(reference)
}

/// "Critical", "Critical (P1)", "High: …", "Hoch – …", "High priority"; not "High CPU usage".
fn by_word(fold: &Fold, at: usize) -> Option<Reference> {
    let text = &fold.text;
    let (len, order) = lexicon().level_words.at(text, at)?;
    let mut end = at + len;
    let mut label = at..end;
    let tail = text[end..].trim_start();
    if let Some((len, ())) = lexicon().level_labels.at(tail, 0).filter(|(len, ())| *len > 2 || is_wide_at(tail)) {
        end = text.len() - tail.len() + len;
        label.end = end.min(label.end);
    }
    let after = text[end..].trim_start();
    if !(after.is_empty() || after.starts_with(BETWEEN) || after.starts_with(['(', '['])) {
        return None;
    }
    let mut reference =
        Reference { label: fold.written(label.clone()).to_string(), word: Some(order), ..Reference::default() };
    let inner = after.trim_start_matches(['(', '[', '-', ':', '/', '|', ' ']);
    let inner_at = text.len() - inner.len();
    if let Some(code) = code_at(fold, inner_at)
        && text[code.range.end..].trim_start().starts_with([')', ']', ':', '-', ','])
            | text[code.range.end..].trim().is_empty()
    {
        reference.name = Some(std::mem::replace(&mut reference.label, fold.written(code.range.clone()).to_string()));
        reference.number = Some(code.number);
        reference.separated = true;
        let rest = text[code.range.end..].trim_start_matches([')', ']', ' ']);
        reference.rest = tidy(fold.written(text.len() - rest.len()..text.len()));
        return Some(reference);
    }
    reference.separated = !after.is_empty();
    reference.rest = tidy(fold.written(end..text.len()));
    Some(reference)
}

fn is_wide_at(text: &str) -> bool {
    text.chars().next().is_some_and(is_wide)
}

/// What follows a label: `- Critical: text`, `(Critical) text`, `(S2)`.
fn name_and_rest(fold: &Fold, from: usize, into: &mut Reference) {
    let text = &fold.text;
    let mut at = from;
    if let Some(inner) = text[at..].trim_start().strip_prefix(['(', '[']) {
        let open = text.len() - inner.len();
        let Some(len) = inner.find([')', ']']) else { return };
        let close = open + len;
        match code_at(fold, open).filter(|c| c.range.end == close) {
            Some(code) => into.alias = Some(fold.written(code.range).to_string()),
            None if !inner.contains(char::is_alphabetic) || !super::duration::find(&inner[..len]).is_empty() => {
                into.separated = true;
                into.rest = tidy(fold.written(at..text.len()));
                return;
            }
            None => into.name = Some(fold.written(open..close).trim().to_string()),
        }
        into.separated = true;
        at = close + 1;
    }
    let tail = text[at..].trim_start_matches(|c: char| c == ' ' || BETWEEN.contains(&c));
    into.separated |= text[at..].trim_start().starts_with(BETWEEN);
    let start = text.len() - tail.len();
    if into.name.is_some() {
        into.rest = tidy(fold.written(start..text.len()));
        return;
    }
    let colon = tail.find(": ").or(tail.find(':').filter(|n| n + 1 == tail.len() || is_wide_at(&tail[n + 1..])));
    let paren = tail.find(['(', '[']).filter(|n| *n > 0);
    let dash = tail.find(" - ");
    let stop = [colon, paren, dash].into_iter().flatten().min().unwrap_or(tail.len());
    let name = tidy(fold.written(start..start + stop));
    into.name = Some(name).filter(|n| n.chars().any(char::is_alphabetic));
    into.rest = tidy(fold.written(start + stop..text.len()));
}

fn tidy(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '：' | '*' | '|' | ','))
        .to_string()
}

/// Whether a folded text can name a level with its number: most lines name none.
fn may_name(text: &str) -> bool {
    lexicon().level_labels.may_hold(text, |()| true)
        || ["sev.", "prio."].iter().any(|l| text.contains(l))
        || !text.is_ascii() && (text.contains(['级', '級']) || text.contains("등급") || text.contains("단계"))
}

/// Every severity that a text speaks of, as printed, in order, each once. A range names all between its ends.
pub fn mentions(text: &str) -> Vec<String> {
    let fold = Fold::new(text);
    let codes: Vec<Code> = codes(&fold).into_iter().filter(|c| c.strong).collect();
    let mut found: Vec<String> = Vec::new();
    let mut add = |label: String| {
        if !found.contains(&label) {
            found.push(label);
        }
    };
    for (n, code) in codes.iter().enumerate() {
        let written = fold.written(code.range.clone()).to_string();
        add(written.clone());
        let Some(next) = codes.get(n + 1).filter(|next| next.number > code.number) else { continue };
        let between = fold.text[code.range.end..next.range.start].trim();
        let spans = lexicon().between.whole(between).is_some();
        if let Some(stem) = written.strip_suffix(&code.number.to_string()).filter(|_| spans) {
            (code.number + 1..next.number).for_each(|n| add(format!("{stem}{n}")));
        }
    }
    // A lone S3 is a store of objects.
    if matches!(found.as_slice(), [one] if one == "S3" || one == "s3") { Vec::new() } else { found }
}

fn codes(fold: &Fold) -> Vec<Code> {
    let (mut found, mut skip_to, mut before) = (Vec::new(), 0, ' ');
    if !may_name(&fold.text) {
        return found;
    }
    for (at, c) in fold.text.char_indices() {
        let starts = !(before.is_alphanumeric() || matches!(before, '_' | '.' | '$' | '-'))
            || is_wide(before)
            || (before == '-' && fold.text[..at].trim_end_matches('-').ends_with(|c: char| c.is_ascii_digit()));
        before = c;
        if at < skip_to || !starts {
            continue;
        }
        if let Some(code) = code_at(fold, at) {
            skip_to = code.range.end;
            found.push(code);
        }
    }
    found
}

fn code_at(fold: &Fold, at: usize) -> Option<Code> {
    let text = fold.text.get(at..)?;
    if let Some((number, len)) = number(text)
        && let Some(rest) = text[len..].trim_start().strip_prefix(['级', '級']).or_else(|| {
            let rest = text[len..].trim_start();
            rest.strip_prefix("등급").or_else(|| rest.strip_prefix("단계"))
        })
    {
        return Some(Code { range: at..fold.text.len() - rest.len(), number, strong: true });
    }
    let (len, ()) = lexicon().level_labels.at(text, 0).or_else(|| glued(text))?;
    let label = &text[..len];
    let gap = text[len..].find(|c| !matches!(c, ' ' | '-' | '#')).unwrap_or(0);
    let short = len == 1;
    if gap > 1 || (short && text[len..].starts_with([' ', '#'])) {
        return None;
    }
    let lettered = || letter(fold, at + len + gap).filter(|_| len > 2 && gap == 1);
    let (number, digits) = number(&text[len + gap..]).or_else(lettered)?;
    let end = len + gap + digits;
    if text[end..].starts_with("://") {
        return None;
    }
    let after = text[end..].chars().next();
    let ends = after.is_none_or(|c| !c.is_alphanumeric() || is_wide(c)) && !text[end..].starts_with(".");
    // A sentence may end there.
    let ends = ends || text[end..].strip_prefix('.').is_some_and(|r| !r.starts_with(|c: char| c.is_alphanumeric()));
    let roman = !text[len + gap..].starts_with(|c: char| c.is_ascii_digit());
    let weak = ["level", "tier", "class", "stufe", "ebene", "klasse", "niveau", "nivel", "livello", "линия", "级"];
    let strong = !weak.contains(&label) && label != "レベル" && label != "단계" && label != "레벨";
    (ends && !(short && roman)).then_some(Code { range: at..at + end, number, strong })
}

/// "sev1", "p0": the label goes on into the digit, which a phrase by itself does too; here for labels that end in a dot.
fn glued(text: &str) -> Option<(usize, ())> {
    ["sev.", "prio."].iter().find(|l| text.starts_with(**l)).map(|l| (l.len(), ()))
}

/// "Sev-A", "Priority B": a capital, alone.
fn letter(fold: &Fold, at: usize) -> Option<(u32, usize)> {
    let c = fold.text[at..].chars().next().filter(|c| ('a'..='e').contains(c))?;
    let capital = fold.source()[fold.back(at)..].starts_with(c.to_ascii_uppercase());
    let alone = !fold.text[at + 1..].starts_with(|c: char| c.is_alphanumeric() && !is_wide(c));
    (capital && alone).then(|| (c as u32 - 'a' as u32 + 1, 1))
}

/// One digit, a Roman or a Chinese number.
fn number(text: &str) -> Option<(u32, usize)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    match digits {
        0 => {
            const ROMAN: [(&str, u32); 5] = [("iii", 3), ("iv", 4), ("ii", 2), ("v", 5), ("i", 1)];
            const HAN: [(&str, u32); 5] = [("一", 1), ("二", 2), ("三", 3), ("四", 4), ("五", 5)];
            let (written, number) = ROMAN.iter().chain(&HAN).find(|(w, _)| text.starts_with(w))?;
            let goes_on = text[written.len()..].starts_with(|c: char| c.is_alphabetic() && !is_wide(c));
            (!goes_on).then_some((*number, written.len()))
        }
        1 => text[..1].parse().ok().map(|n| (n, 1)),
        _ => None,
    }
}

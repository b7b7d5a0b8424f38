//! Undoes UTF-8 that was once read as a single-byte encoding and saved again: `‚úÖ` was `✅`, `Ã©` was `é`.
//!
//! Each wrong character stands for one byte. A run is replaced only if its bytes are exactly one character of UTF-8,
//! of a kind that people write in runbooks; the encoding is the one that explains most of the file.

use super::note;
use crate::model::{Finding, Line};
use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252, WINDOWS_1254};
use std::sync::LazyLock;

/// Text that was damaged several times is repaired several times.
const ROUNDS: usize = 3;

pub fn repair(lines: &mut [String], findings: &mut Vec<Finding>) {
    let mut touched: Vec<Line> = Vec::new();
    let mut example = None;
    for _ in 0..ROUNDS {
        if lines.iter().all(|l| l.is_ascii()) {
            break;
        }
        let Some((table, name)) = TABLES
            .iter()
            .map(|t| (weight(lines, &t.0), t))
            .filter(|(w, _)| *w >= ENOUGH)
            .max_by_key(|(w, _)| *w)
            .map(|(_, t)| t)
        else {
            break;
        };
        for (index, line) in lines.iter_mut().enumerate() {
            if let Some(better) = mend(line, table) {
                example.get_or_insert_with(|| first_difference(line, &better, name));
                touched.push(index as Line + 1);
                *line = better;
            }
        }
    }
    touched.sort_unstable();
    touched.dedup();
    if let Some(example) = example {
        note(
            findings,
            "mojibake",
            touched,
            &format!(
                "Characters of UTF-8 that were once read in another encoding ({example}); read as they were meant. Save the repaired text to be rid of them."
            ),
        );
    }
}

/// What has to add up before a file counts as damaged: an emoji or two accented letters. One pair of letters alone
/// (`√π`, `“Ü`) may be meant as it stands.
const ENOUGH: usize = 2;

/// The signs of a code page with their bytes, and its name.
type Table = (Vec<(char, u8)>, &'static str);

static TABLES: LazyLock<[Table; 3]> = LazyLock::new(|| {
    [(table(MACINTOSH), "Mac Roman"), (table(WINDOWS_1252), "windows-1252"), (table(WINDOWS_1254), "windows-1254")]
});

/// Which byte each character from 0x80 stands for in an encoding, sorted by character.
fn table(encoding: &'static Encoding) -> Vec<(char, u8)> {
    let mut table: Vec<(char, u8)> = (0x80..=0xffu8)
        .filter_map(|byte| {
            encoding.decode_without_bom_handling_and_without_replacement(&[byte])?.chars().next().map(|c| (c, byte))
        })
        .collect();
    // Latin-1 proper: its control characters are what windows-1252 has letters for.
    if encoding != MACINTOSH {
        table.extend(
            (0x80..=0x9fu8)
                .filter(|b| !table.iter().any(|(c, _)| *c == char::from(*b)))
                .map(|b| (char::from(b), b))
                .collect::<Vec<_>>(),
        );
    }
    table.sort_unstable();
    table
}

fn byte(table: &[(char, u8)], c: char) -> Option<u8> {
    // Ideographs, kana and Hangul are letters of no such encoding.
    if ('\u{2e80}'..'\u{e000}').contains(&c) {
        return None;
    }
    table.binary_search_by_key(&c, |(c, _)| *c).ok().map(|at| table[at].1)
}

/// The character that the first characters of `rest` are the bytes of, and how many bytes of `rest` they take.
fn unit(rest: &str, table: &[(char, u8)]) -> Option<(char, usize)> {
    let mut chars = rest.char_indices();
    let (_, first) = chars.next()?;
    let lead = byte(table, first)?;
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [lead, 0, 0, 0];
    for slot in &mut bytes[1..length] {
        let (_, c) = chars.next()?;
        *slot = byte(table, c).filter(|b| (0x80..=0xbf).contains(b))?;
    }
    let meant = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    let taken = chars.next().map_or(rest.len(), |(at, _)| at);
    plausible(meant).then_some((meant, taken))
}

/// What people write in runbooks: letters of the languages in use, typographic signs, emoji.
fn plausible(c: char) -> bool {
    matches!(c,
        '\u{a0}'..='\u{17f}' | '\u{391}'..='\u{3c9}' | '\u{400}'..='\u{45f}' | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}'
        | '\u{e01}'..='\u{e5b}' | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{fe00}'..='\u{fe0f}' | '\u{ff00}'..='\u{ffef}' | '\u{1f000}'..='\u{1faff}' | '\u{feff}')
}

/// How much speaks for this encoding over the whole text. Three bytes that fit are hardly chance, two may be.
fn weight(lines: &[String], table: &[(char, u8)]) -> usize {
    let mut weight = 0;
    for line in lines.iter().filter(|l| !l.is_ascii()) {
        let mut at = 0;
        while let Some(next) = line[at..].find(|c: char| !c.is_ascii()) {
            at += next;
            match unit(&line[at..], table) {
                Some((meant, taken)) => {
                    weight += if meant >= '\u{800}' { 2 } else { 1 };
                    at += taken;
                }
                None => at += line[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
    }
    weight
}

fn mend(line: &str, table: &[(char, u8)]) -> Option<String> {
    if line.is_ascii() {
        return None;
    }
    let mut better = String::with_capacity(line.len());
    let mut at = 0;
    let mut changed = false;
    while let Some(c) = line[at..].chars().next() {
        match if c.is_ascii() { None } else { unit(&line[at..], table) } {
            Some((meant, taken)) => {
                better.push(meant);
                at += taken;
                changed = true;
            }
            None => {
                better.push(c);
                at += c.len_utf8();
            }
        }
    }
    changed.then_some(better)
}

fn first_difference(was: &str, is: &str, name: &str) -> String {
    let same = was.char_indices().zip(is.chars()).find(|((_, a), b)| a != b).map_or(0, |((at, _), _)| at);
    let wrong: String = was[same..].chars().take_while(|c| !c.is_ascii()).take(4).collect();
    let meant: String = is[same..].chars().take(1).collect();
    format!("{name}: \"{wrong}\" for \"{meant}\"")
}

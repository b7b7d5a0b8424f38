//! From the repaired lines to what the Markdown parser is given: the same text, with what people get wrong put right
//! (a forgotten closing fence, `##Title`, `•` for a list) and what other generators add (admonitions, tabs) in Markdown.
//!
//! Lines may be added here; `origin` says which line of the file each one came from.

use crate::model::{Finding, FindingKind, Level, Line};
use std::borrow::Cow;

pub struct Prepared {
    pub text: String,
    /// For each line of `text`, the line of the file.
    pub origin: Vec<Line>,
    pub findings: Vec<Finding>,
}

/// An open fence: its sign, how many of it, and where.
struct Open {
    sign: u8,
    count: usize,
    line: Line,
}

pub fn prepare(lines: &[String]) -> Prepared {
    let mut out = Prepared { text: String::new(), origin: Vec::with_capacity(lines.len()), findings: Vec::new() };
    let mut open: Option<Open> = None;
    let mut admonition: Option<&str> = None;
    let closes = closers(lines);
    let untitled = untitled(lines);
    for (index, line) in lines.iter().enumerate() {
        let number = index as Line + 1;
        let mut text = line.as_str();
        // What is indented under an admonition or a tab belongs to it, without the indentation.
        let mut prefix = "";
        if let Some(with) = admonition {
            if let Some(inner) = text.strip_prefix("    ").or_else(|| text.strip_prefix('\t')) {
                (text, prefix) = (inner, with);
            } else if text.trim().is_empty() {
                prefix = with.trim_end();
            } else {
                admonition = None;
            }
        }
        let trimmed = text.trim_start();
        if let Some(fence) = &open {
            if is_closer(trimmed, fence) {
                open = None;
            } else if forgotten(trimmed, fence, closes[index]) {
                out.findings.push(unclosed(fence.line));
                out.push(number - 1, &format!("{prefix}{}", String::from_utf8_lossy(&vec![fence.sign; fence.count])));
                open = opener(trimmed, number);
            }
            out.push_behind(number, prefix, text);
            continue;
        }
        open = opener(trimmed, number);
        if open.is_some() {
            out.push_behind(number, prefix, text);
            continue;
        }
        if let Some((title, with)) = admonition_title(trimmed) {
            admonition = Some(with);
            out.push(number, &format!("{}**{title}**", with));
            out.push(number, with.trim_end());
            continue;
        }
        if let Some(marks) = title_in_capitals(lines, index).filter(|_| untitled) {
            out.push(number, &format!("{marks} {text}"));
            continue;
        }
        out.push_behind(number, prefix, &mended(text));
    }
    if let Some(fence) = open {
        out.findings.push(unclosed(fence.line));
    }
    out
}

impl Prepared {
    fn push_behind(&mut self, line: Line, prefix: &str, text: &str) {
        self.text.push_str(prefix);
        self.push(line, text);
    }

    fn push(&mut self, line: Line, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.origin.push(line);
    }
}

fn unclosed(line: Line) -> Finding {
    Finding {
        kind: FindingKind::Broken,
        rule: "unclosed-fence".into(),
        level: Level::Warning,
        lines: vec![line],
        message: "The code block that begins here is never closed; read as ending where the next heading or block begins. Add the closing fence.".into(),
    }
}

fn opener(trimmed: &str, line: Line) -> Option<Open> {
    let sign = *trimmed.as_bytes().first().filter(|b| matches!(b, b'`' | b'~'))?;
    let count = trimmed.bytes().take_while(|b| *b == sign).count();
    (count >= 3 && !(sign == b'`' && trimmed[count..].contains('`'))).then_some(Open { sign, count, line })
}

fn is_closer(trimmed: &str, fence: &Open) -> bool {
    let count = trimmed.bytes().take_while(|b| *b == fence.sign).count();
    count >= fence.count && trimmed[count..].trim().is_empty()
}

/// The closing fence was forgotten: another block with a label opens inside, or a heading comes and no fence of this
/// kind closes before the next one opens.
fn forgotten(trimmed: &str, fence: &Open, a_closer_comes_first: bool) -> bool {
    if let Some(inner) = opener(trimmed, 0) {
        let label = trimmed[inner.count..].trim();
        return inner.sign == fence.sign
            && inner.count >= fence.count
            && !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_+.".contains(c));
    }
    let level = trimmed.bytes().take_while(|b| *b == b'#').count();
    (2..=6).contains(&level)
        && trimmed[level..].starts_with(' ')
        && trimmed[level..].trim_start().chars().next().is_some_and(|c| c.is_alphanumeric() || !c.is_ascii())
        && !a_closer_comes_first
}

/// For each line, whether the next line that is a fence at all has no label (and so may close an open block).
fn closers(lines: &[String]) -> Vec<bool> {
    let mut closes = vec![false; lines.len()];
    let mut next = false;
    for (index, line) in lines.iter().enumerate().rev() {
        closes[index] = next;
        let trimmed = line.trim();
        if let Some(fence) = opener(trimmed, 0) {
            next = trimmed.len() == fence.count;
        }
    }
    closes
}

/// The title of an admonition or tab of documentation generators, and what its lines are prefixed with.
fn admonition_title(trimmed: &str) -> Option<(String, &'static str)> {
    for (mark, prefix) in [("!!! ", "> "), ("??? ", "> "), ("???+ ", "> "), ("=== \"", "")] {
        let Some(rest) = trimmed.strip_prefix(mark) else { continue };
        let title = match (rest.find('"'), rest.rfind('"')) {
            (Some(from), Some(to)) if from < to => &rest[from + 1..to],
            _ if prefix.is_empty() => rest.trim_end_matches('"'),
            _ => rest.split_whitespace().next().unwrap_or(""),
        };
        return Some((title.to_owned(), prefix));
    }
    None
}

/// A text without a single heading of Markdown.
fn untitled(lines: &[String]) -> bool {
    let underlined = |l: &str| l.len() >= 3 && (l.bytes().all(|b| b == b'=') || l.bytes().all(|b| b == b'-'));
    let marked = |l: &str| l.starts_with('#') || l.starts_with("**") || l.starts_with("<h");
    !lines.iter().map(|l| l.trim()).any(|l| marked(l) || underlined(l))
}

/// `3. RESTARTING` or `4.1 Stop it` alone between blank lines: how plain text writes headings.
fn title_in_capitals(lines: &[String], index: usize) -> Option<&'static str> {
    const LONG: usize = 70;
    let text = lines[index].as_str();
    let blank = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_none_or(|l| l.trim().is_empty());
    if text.starts_with(char::is_whitespace)
        || text.len() > LONG
        || !blank(Some(index + 1))
        || !blank(index.checked_sub(1))
    {
        return None;
    }
    let number = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (digits, name) = (text[..number].trim_end_matches('.'), text[number..].trim_start_matches(')').trim());
    if digits.is_empty() {
        return None; // Without a number a line of capitals is a title by itself, whatever else the text has.
    }
    let deep = digits.contains('.');
    let cased = name.chars().filter(|c| c.is_lowercase() || c.is_uppercase()).count();
    let capitals = cased >= 3 && !name.chars().any(char::is_lowercase);
    let words = name.split_whitespace().count();
    let said = deep && cased >= 3 && words <= 8 && !name.ends_with(['.', ',', ';', ':']);
    (capitals && words <= 10 || said).then_some(if deep { "###" } else { "##" })
}

/// `##Title` is meant as a heading, `•` begins an item of a list.
fn mended(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_start();
    let indent = &text[..text.len() - trimmed.len()];
    let level = trimmed.bytes().take_while(|b| *b == b'#').count();
    if (2..=6).contains(&level)
        && indent.len() < 4
        && trimmed[level..].chars().next().is_some_and(|c| c.is_alphabetic() || c > '\u{2fff}')
    {
        return Cow::Owned(format!("{indent}{} {}", &trimmed[..level], &trimmed[level..]));
    }
    for bullet in ["• ", "‣ ", "◦ ", "▪ ", "● ", "○ ", "・"] {
        if let Some(rest) = trimmed.strip_prefix(bullet) {
            return Cow::Owned(format!("{indent}- {rest}"));
        }
    }
    Cow::Borrowed(text)
}

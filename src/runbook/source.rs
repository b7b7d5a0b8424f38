//! The text of a runbook after what was broken in the file has been undone, line for line: line *n* here is line *n*
//! of the file as given, so that everything found later can name it.
//!
//! Every repair is reported as a finding and none loses a character. What the repairs are: `encoding.rs` (bytes to
//! text), `mojibake.rs` (UTF-8 that was once read as something else), `escapes.rs` (fences behind backslashes).

mod encoding;
mod escapes;
mod mojibake;
#[cfg(test)]
mod tests;

use crate::model::{Finding, FindingKind, Level, Line};

/// Bytes of a file. Beyond it nothing is read: cutting it silently would lose the end of a procedure.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Lines of a file.
pub const MAX_LINES: usize = 50_000;

/// What comes in, line by line, repaired; and what had to be repaired.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Without line ends. `lines[n - 1]` is line *n* of the file as given.
    pub lines: Vec<String>,
    pub findings: Vec<Finding>,
}

/// Why a file is not read at all: a sentence for the person who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Source {
    pub fn read(bytes: &[u8]) -> Result<Source, Refused> {
        if bytes.len() > MAX_BYTES {
            let size = bytes.len();
            return Err(Refused(format!(
                "The file has {size} bytes; a runbook may have {MAX_BYTES} (2 MB). Split it into several runbooks."
            )));
        }
        let mut findings = Vec::new();
        let text = encoding::decode(bytes, &mut findings);
        let mut lines = split(&text, &mut findings);
        if lines.len() > MAX_LINES {
            let count = lines.len();
            return Err(Refused(format!(
                "The file has {count} lines; a runbook may have {MAX_LINES}. Split it into several runbooks."
            )));
        }
        mojibake::repair(&mut lines, &mut findings);
        escapes::undo(&mut lines, &mut findings);
        Ok(Source { lines, findings })
    }

    /// The line's text; "" beyond the end.
    pub fn line(&self, line: Line) -> &str {
        self.lines.get((line as usize).wrapping_sub(1)).map_or("", String::as_str)
    }
}

/// Lines end at LF or CRLF; at a lone CR only in a file that has no LF at all (a Mac of the last century).
fn split(text: &str, findings: &mut Vec<Finding>) -> Vec<String> {
    if !text.contains('\n') && text.contains('\r') {
        note(findings, "line-ends", vec![1], "Lines end with a carriage return alone; read as line ends.");
        return text.strip_suffix('\r').unwrap_or(text).split('\r').map(clean).collect();
    }
    let body = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    let mut with = 0usize;
    let lines: Vec<String> = body
        .split('\n')
        .map(|line| {
            with += usize::from(line.ends_with('\r'));
            clean(line.strip_suffix('\r').unwrap_or(line))
        })
        .collect();
    if with > 0 {
        let said = if with >= lines.len().saturating_sub(1) {
            "Lines end in the manner of Windows (CRLF). A command copied with its CR fails on Linux; Firebell drops it."
        } else {
            "Some lines end with CRLF and some with LF. A command copied with its CR fails on Linux; Firebell drops it."
        };
        note(findings, "line-ends", vec![1], said);
    }
    lines
}

/// Form feeds and the like are blanks, and zero-width characters are nothing: neither may hide a heading or be typed
/// into a shell.
fn clean(line: &str) -> String {
    if !line.contains(['\u{c}', '\u{b}', '\0', '\r', '\u{200b}', '\u{feff}', '\u{2060}']) {
        return line.to_owned();
    }
    line.chars()
        .filter(|c| !matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}'))
        .map(|c| if matches!(c, '\u{c}' | '\u{b}' | '\0' | '\r') { ' ' } else { c })
        .collect()
}

fn note(findings: &mut Vec<Finding>, rule: &str, lines: Vec<Line>, message: &str) {
    findings.push(Finding {
        kind: FindingKind::Encoding,
        rule: rule.into(),
        level: Level::Note,
        lines,
        message: message.into(),
    });
}

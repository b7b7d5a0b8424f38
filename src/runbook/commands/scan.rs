//! Joins the physical lines of a shell block to complete commands: open quotes, here-documents, `\`, trailing
//! operators, and structures (`for … done`, `{ … }`, `( … )`). Reads structure only and never says what a word means.
//!
//! Each character is read once for each attempt, and what is spent on attempts that find no end is bounded by
//! [`Budget`], so that the whole is linear.

mod reader;

use crate::model::Line;
use reader::{Glue, Open, Reader};

/// A complete command as an operator would type it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    pub text: String,
    pub last: Line,
    /// How many physical lines it took.
    pub taken: usize,
    /// The `#` comment behind it.
    pub comment: Option<String>,
    pub problem: Option<String>,
}

/// What may still be read in vain: a quote that never ends makes a reader look at everything behind it.
#[derive(Debug)]
pub struct Budget(usize);

impl Budget {
    pub fn for_text(bytes: usize) -> Budget {
        Budget(4 * bytes + 65_536)
    }

    pub fn left(&self) -> bool {
        self.0 > 0
    }

    pub fn spend(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }
}

const MOST_LINES: usize = 4_000;
const DEEPEST: usize = 200;

/// The command that begins on the first of `lines`. Where lines are not mixed with output (`lenient`), one that can only
/// go on with a command is taken for its continuation, although no backslash announces it.
pub fn join(lines: &[(Line, &str)], fish: bool, lenient: bool, budget: &mut Budget) -> Joined {
    let Some(&(first, start)) = lines.first() else { return Joined::default() };
    let indent = start.len() - start.trim_start().len();
    let mut reader = Reader::new(fish, indent);
    let mut problem = None;
    let mut glue = Glue::Space;
    let mut taken = 0;
    let mut spent = 0;
    let mut after_note = false;
    for (index, &(line, raw)) in lines.iter().enumerate().take(MOST_LINES) {
        if index > 0 && glue == Glue::Space {
            let text = raw.trim();
            if text.is_empty() {
                break;
            }
            if text.starts_with('#') {
                // The shell ends the command here; people mean it to go on.
                problem = Some(format!(
                    "line {line} is a comment behind a backslash: the shell ends the command there. Put the comment above the command"
                ));
                after_note = true;
                continue;
            }
            if after_note && !continues(raw, indent) {
                break;
            }
            after_note = false;
        }
        spent += raw.len() + 1;
        let cut = cut_backslash(raw, &reader);
        glue = reader.line(line, raw, index == 0, glue);
        taken = index + 1;
        if cut && glue == Glue::Space {
            if !lines.get(index + 1).is_some_and(|l| continues(l.1, indent)) {
                break;
            }
            problem = Some(format!("a space follows the backslash on line {line}: the shell ends the command there"));
        }
        if glue == Glue::Done
            && lenient
            && reader.comment.is_none()
            && lines.get(index + 1).is_some_and(|l| dangles(l.1, indent))
        {
            problem = Some(format!("line {line} goes on in the next one without a backslash at its end"));
            glue = Glue::Space;
        }
        if reader.stack.len() > DEEPEST {
            break;
        }
        if glue == Glue::Done || (index > 0 && !budget.left()) {
            break;
        }
    }
    if !reader.stack.is_empty() || !reader.heredocs.is_empty() {
        budget.spend(spent);
        let opened = reader.stack.first().map_or(first, |o| o.1);
        let what = match reader.stack.first() {
            Some((Open::Single | Open::Double | Open::Ansi, _)) => "the quote",
            Some((Open::Backtick, _)) => "the backquote",
            Some((Open::Until(_), _)) => "the structure",
            Some(_) => "the parenthesis",
            None => "the here-document",
        };
        let (text, comment) = alone(start);
        return Joined {
            text,
            last: first,
            taken: 1,
            comment,
            problem: Some(format!("{what} opened on line {opened} is never closed")),
        };
    }
    let taken = taken.max(1);
    let mut text = reader.out.trim_end().to_owned();
    if glue == Glue::Space && text.ends_with('\\') {
        text.pop();
        text.truncate(text.trim_end().len());
    }
    Joined { text, last: lines[taken - 1].0, taken, comment: reader.comment, problem }
}

/// A pipe at the start of a line, or an option indented under a command: no command begins so.
fn dangles(raw: &str, indent: usize) -> bool {
    let text = raw.trim();
    let deeper = raw.len() - raw.trim_start().len() > indent;
    let table = text.ends_with('|');
    let pipe = (text.starts_with("| ") && !table) || text.starts_with("&& ") || text.starts_with("|| ") && !table;
    let option = deeper
        && text.starts_with('-')
        && text[1..].trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.starts_with("---");
    pipe || option
}

/// A line that cannot begin a command of its own, or is indented under one.
pub fn continues(raw: &str, indent: usize) -> bool {
    let text = raw.trim_start();
    raw.len() - text.len() > indent
        || text.starts_with("--")
        || (text.starts_with('-') && text[1..].starts_with(|c: char| c.is_ascii_alphanumeric()))
        || text.starts_with('|')
        || text.starts_with("&&")
}

/// `\` and then blanks: meant as a continuation, and none.
fn cut_backslash(raw: &str, reader: &Reader) -> bool {
    let text = raw.trim_end();
    text.len() < raw.len() && text.ends_with(" \\") && reader.stack.is_empty()
}

/// One line for itself: text and comment, whatever is left open in it.
pub fn alone(raw: &str) -> (String, Option<String>) {
    let text = raw.trim();
    let mut quote = None;
    let mut before = ' ';
    let mut skip = false;
    for (at, c) in text.char_indices() {
        if skip {
            skip = false;
        } else if c == '\\' && quote != Some('\'') {
            skip = true;
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '\'' | '"') && text[at + 1..].contains(c) {
            quote = Some(c);
        } else if quote.is_none() && c == '#' && before.is_whitespace() {
            return (text[..at].trim_end().to_owned(), note(&text[at..]));
        }
        before = c;
    }
    (text.to_owned(), None)
}

/// A comment without its marks; `None` if nothing is said.
pub fn note(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('#').trim();
    // `=== Title ===` is decoration, `=> 3` says something.
    let ruled = text.starts_with("==") || text.starts_with("**") || text.starts_with("--");
    let text = if ruled { text.trim_start_matches(['=', '*', '-']).trim_start() } else { text };
    let text = text.trim_end_matches(['#', '=', '-', '*']).trim_end();
    (!text.is_empty() && text.chars().any(char::is_alphanumeric)).then(|| text.to_owned())
}

/// The length of `<pod name>` at the start of the text; such a thing holds no quotes and is no redirection.
pub fn angle(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    let first = inside.chars().next()?;
    if !(first.is_alphabetic() || first == '_') {
        return None;
    }
    for (count, (at, c)) in inside.char_indices().enumerate() {
        match c {
            '>' => return Some(at + 2),
            '<' | '|' | ';' | '"' | '&' | '$' | '(' => return None,
            _ if count >= 40 => return None,
            _ => {}
        }
    }
    None
}

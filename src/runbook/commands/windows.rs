//! Complete commands of PowerShell and of `cmd`: what goes on behind a backtick, a caret, a pipe or an open brace.

use super::scan::{Budget, Joined, note};
use super::{shape, tools};
use crate::model::Line;

/// The command that begins on the first line, as PowerShell reads it.
pub fn join_power_shell(lines: &[(Line, &str)], budget: &mut Budget) -> Joined {
    let Some(&(first, start)) = lines.first() else { return Joined::default() };
    let indent = start.len() - start.trim_start().len();
    let mut joined = Joined::default();
    let mut open: Vec<char> = Vec::new();
    let mut quote: Option<char> = None;
    let mut here: Option<&'static str> = None;
    let mut space = false;
    let mut spent = 0;
    for (index, &(line, raw)) in lines.iter().enumerate().take(2_000) {
        spent += raw.len() + 1;
        if let Some(end) = here {
            joined.text.push('\n');
            joined.text.push_str(raw);
            (joined.taken, joined.last) = (index + 1, line);
            if !budget.left() {
                break;
            }
            if raw.trim_start().starts_with(end) {
                here = None;
                if open.is_empty() {
                    break;
                }
            }
            continue;
        }
        let text = if quote.is_some() {
            joined.text.push('\n');
            raw
        } else if index == 0 {
            raw.trim_start()
        } else if space {
            if raw.trim().is_empty() {
                break;
            }
            joined.text.truncate(joined.text.trim_end().len());
            joined.text.push(' ');
            raw.trim_start()
        } else {
            joined.text.push('\n');
            let blank = raw.len() - raw.trim_start().len();
            raw.get(blank.min(indent)..).unwrap_or(raw)
        };
        let mut kept = text.len();
        let mut before = ' ';
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match quote {
                Some(q) if c == q => quote = None,
                Some('"') if c == '`' => {
                    chars.next();
                }
                Some(_) => {}
                None => match c {
                    '#' if before.is_whitespace() && open.is_empty() => {
                        joined.comment = note(&text[at..]);
                        kept = at;
                        break;
                    }
                    '#' if before.is_whitespace() => break,
                    '@' if text[at + 1..].trim_end() == "\"" => {
                        here = Some("\"@");
                        break;
                    }
                    '@' if text[at + 1..].trim_end() == "'" => {
                        here = Some("'@");
                        break;
                    }
                    '\'' | '"' => quote = Some(c),
                    '`' => {
                        chars.next();
                    }
                    '(' | '{' | '[' => open.push(c),
                    ')' | '}' | ']' => {
                        open.pop();
                    }
                    _ => {}
                },
            }
            before = c;
        }
        let part = if quote.is_some() { &text[..kept] } else { text[..kept].trim_end() };
        let tick = quote.is_none() && part.ends_with('`');
        let pipe = quote.is_none()
            && here.is_none()
            && open.is_empty()
            && (part.ends_with('|') || part.ends_with(',') || part.ends_with("&&"));
        joined.text.push_str(if tick { part[..part.len() - 1].trim_end() } else { part });
        (joined.taken, joined.last) = (index + 1, line);
        space = tick || pipe;
        let more = lines.get(index + 1).is_some_and(|l| {
            let next = l.1.trim_start().to_ascii_lowercase();
            part.ends_with('}') && ["else", "elseif", "catch", "finally"].iter().any(|w| next.starts_with(w))
        });
        if quote.is_none() && here.is_none() && open.is_empty() && !space && !more {
            break;
        }
        if index > 0 && !budget.left() {
            break;
        }
    }
    if quote.is_some() || here.is_some() || !open.is_empty() {
        budget.spend(spent);
        let problem = Some(format!("what is opened on line {first} is never closed"));
        return Joined { text: start.trim().to_owned(), last: first, taken: 1, comment: None, problem };
    }
    joined.text.truncate(joined.text.trim_end().len());
    joined.taken = joined.taken.max(1);
    joined
}

/// The command that begins on the first line, as `cmd` reads it: `^` at the end goes on.
pub fn join_cmd(lines: &[(Line, &str)]) -> Joined {
    let mut joined = Joined::default();
    for (index, &(line, raw)) in lines.iter().enumerate() {
        let text = raw.trim();
        if index > 0 {
            joined.text.push(' ');
        }
        (joined.taken, joined.last) = (index + 1, line);
        match text.strip_suffix('^') {
            Some(part) => joined.text.push_str(part.trim_end()),
            None => {
                joined.text.push_str(text);
                break;
            }
        }
    }
    joined.text.truncate(joined.text.trim_end().len());
    joined
}

/// What a line of PowerShell is. Assignments and what commands print are none.
pub fn power_shell_shape(text: &str) -> shape::Shape {
    use shape::{Guess, Shape};
    let first = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ';')).next().unwrap_or("");
    if let Some(rest) = text.strip_prefix('$') {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let after = rest[end..].trim_start();
        let more = after.trim_end_matches(';').contains("; ");
        if (after.starts_with('=') || after.starts_with("+=")) && !more {
            return Shape::Assigns(vec![rest[..end].to_owned()]);
        }
        return if after.starts_with(['.', '|', '[']) || more { Shape::Command } else { Shape::Not(Guess::Unknown) };
    }
    let lower = first.to_ascii_lowercase();
    let keyword = matches!(
        lower.as_str(),
        "if" | "foreach" | "for" | "while" | "do" | "try" | "switch" | "function" | "param" | "begin"
    );
    let alias = matches!(
        lower.as_str(),
        "gci"
            | "gsv"
            | "gps"
            | "iwr"
            | "irm"
            | "iex"
            | "gwmi"
            | "gcim"
            | "icm"
            | "sls"
            | "gc"
            | "rm"
            | "spps"
            | "sasv"
            | "spsv"
            | "ni"
            | "ri"
            | "ii"
            | "echo"
            | "cls"
            | "tnc"
    );
    if keyword && text.contains(['{', '(']) || alias {
        return Shape::Command;
    }
    if text.starts_with("& ") || text.starts_with(". ") || text.starts_with('[') && text.contains("]::") {
        return Shape::Command;
    }
    if shape::power_shell_name(first) || tools::is_known_tool(first) || tools::is_program_path(first) {
        let rest: Vec<&str> = text.split_whitespace().skip(1).collect();
        return if shape::sentence(first, &rest) && !shape::power_shell_name(first) {
            Shape::Not(Guess::Sentence)
        } else {
            Shape::Command
        };
    }
    shape::of(text, &shape::Own::new())
}

/// What a line of `cmd` is.
pub fn cmd_shape(text: &str) -> shape::Shape {
    use shape::{Guess, Shape};
    let text = text.trim_start_matches('@');
    let first = text.split_whitespace().next().unwrap_or("");
    let lower = first.to_ascii_lowercase();
    if lower == "set" && text.contains('=') && !text.contains("/p") {
        let name = text[first.len()..].trim().trim_matches('"').split('=').next().unwrap_or("").to_owned();
        return Shape::Assigns(vec![name]);
    }
    if lower.starts_with(':') {
        return Shape::Not(Guess::Config);
    }
    if matches!(
        lower.as_str(),
        "if" | "for"
            | "call"
            | "start"
            | "type"
            | "rem"
            | "goto"
            | "cd"
            | "del"
            | "copy"
            | "md"
            | "rd"
            | "ren"
            | "dir"
            | "timeout"
    ) || tools::is_known_tool(&lower)
        || tools::is_program_path(first)
    {
        return Shape::Command;
    }
    shape::of(text, &shape::Own::new())
}

//! From text to the shell's syntax tree, or to the reason why a shell would refuse it.
//!
//! The grammar's parser works on the caller's stack and would abort the process on deep nesting; what is too long or
//! nested too deeply is refused before it sees it.

use brush_parser::ast::Program;
use brush_parser::{ParseError, Parser, ParserOptions, TokenizerError};

/// No longer text is parsed.
pub const MOST_BYTES: usize = 64 * 1024;
/// No more openers in one text: quotes, brackets and compound commands that could be nested.
pub const MOST_OPENERS: usize = 50;
/// No more brackets where a command may begin: the parser's time doubles with each one inside another.
pub const MOST_SUBSHELLS: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    TooLong,
    TooDeep,
    /// Why, as a sentence that says what to write.
    Syntax(String),
}

impl Broken {
    pub fn sentence(&self) -> String {
        match self {
            Self::TooLong => format!("longer than {} KiB: put it into a script and name that here", MOST_BYTES / 1024),
            Self::TooDeep => {
                "too many brackets or blocks to be read: put it into a script and name that here".to_owned()
            }
            Self::Syntax(sentence) => sentence.clone(),
        }
    }
}

pub fn parse(text: &str) -> Result<Program, Broken> {
    if text.len() > MOST_BYTES {
        return Err(Broken::TooLong);
    }
    if too_deep(text) {
        return Err(Broken::TooDeep);
    }
    if no_end_word(text) {
        let say = "no end word follows `<<`: name one and put it alone on a line behind the text, or quote the `<<`";
        return Err(Broken::Syntax(say.to_owned()));
    }
    if long_stream(text) {
        let say =
            "no stream has a number as long as that: put a blank before the `<` or `>`, or quotes around the text";
        return Err(Broken::Syntax(say.to_owned()));
    }
    let mut parser = Parser::new(text.as_bytes(), &ParserOptions::default());
    parser.parse_program().map_err(|e| Broken::Syntax(sentence(text, &e)))
}

/// Whether ten digits or more stand before a redirection as a word of their own: the grammar's parser takes them for the
/// number of a stream, and panics where it has no room for it. Quotes are not looked at: it is rare enough there.
fn long_stream(text: &str) -> bool {
    // A line that goes on in the next one is one line to it.
    let text = text.replace("\\\n", "");
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes[..at].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    (0..bytes.len()).filter(|at| matches!(bytes[*at], b'<' | b'>')).any(|at| {
        let many = digits(at);
        let before = at.checked_sub(many + 1).map(|at| bytes[at]);
        many >= 10 && before.is_none_or(|b| !b.is_ascii_alphanumeric() && !b"_-./:=,@%+".contains(&b))
    })
}

/// Whether some `<<` has no plain end word behind it. Where the grammar's parser makes an empty one of what stands there
/// (`<<''`, a blank in a bracket that is not closed), it looks for the end for ever and keeps every look, or panics: open
/// at its project as pull request 1270.
fn no_end_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    // What is expanded has quotes of its own, also between quotes; in comments they mean nothing.
    let certain = !text.contains(['`', '#']) && !["$(", "${", "$[", "$'"].iter().any(|e| text.contains(e));
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') if certain => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1 + usize::from(quote == b'"' && bytes[at] == b'\\');
                }
            }
            b'<' => {
                let signs = bytes[at..].iter().take_while(|b| **b == b'<').count();
                // Three are a here-string; of more, what is left over could be taken for anything.
                if signs != 1 && signs != 3 && (signs != 2 || !begins_with_end_word(&text[at + 2..])) {
                    return true;
                }
                at += signs - 1;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

fn begins_with_end_word(rest: &str) -> bool {
    let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches([' ', '\t']);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (word, after) = match quote.and_then(|q| rest[1..].split_once(q)) {
        Some(parts) => parts,
        None => {
            let rest = rest.strip_prefix(['\\', '$']).unwrap_or(rest);
            rest.split_at(rest.find(|c: char| !c.is_alphanumeric() && !"_-.+:%@!,/=".contains(c)).unwrap_or(rest.len()))
        }
    };
    let plain = word.chars().any(char::is_alphanumeric) && !word.contains(['\n', '\r', '\\', '$', '`', '"', '\'', '[']);
    plain && after.chars().next().is_none_or(|c| " \t\n;&|<>)".contains(c))
}

/// Whether the text begins more things that could hold others than the grammar's parser can take: each costs stack, and
/// brackets of subshells cost twice the time of the one around them. Nothing that closes is subtracted, since brackets
/// in quotes would fool it. What stands in quotes is left out, unless substitutions make it uncertain what is quoted.
fn too_deep(text: &str) -> bool {
    let bytes = text.as_bytes();
    let certain = !text.contains("$(") && !text.contains('`') && !text.contains("<<");
    let (mut openers, mut subshells, mut at) = (0, 0, 0);
    while at < bytes.len() {
        let before = if at == 0 { b' ' } else { bytes[at - 1] };
        match bytes[at] {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') if certain => {
                let mut end = at + 1;
                while end < bytes.len() && bytes[end] != quote {
                    openers +=
                        usize::from(quote == b'"' && matches!(bytes[end], b'{' | b'[') && bytes[end - 1] == b'$');
                    end += 1 + usize::from(quote == b'"' && bytes[end] == b'\\');
                }
                at = end;
            }
            b'(' => {
                openers += 1;
                subshells += usize::from(before.is_ascii_whitespace() || b"(;&|!{".contains(&before));
            }
            b'{' | b'`' | b'!' => openers += 1,
            b'[' if before == b'$' => openers += 1,
            letter if letter.is_ascii_lowercase() && !before.is_ascii_alphanumeric() => {
                let end = bytes[at..].iter().position(|b| !b.is_ascii_lowercase()).map_or(bytes.len(), |n| at + n);
                openers += usize::from(matches!(
                    &text[at..end],
                    "if" | "elif" | "while" | "until" | "for" | "case" | "select" | "function" | "coproc" | "time"
                ));
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    openers > MOST_OPENERS || subshells > MOST_SUBSHELLS
}

fn sentence(text: &str, error: &ParseError) -> String {
    match error {
        ParseError::Tokenizing { inner, .. } => match inner {
            TokenizerError::UnterminatedSingleQuote(_) | TokenizerError::UnterminatedAnsiCQuote(_) => {
                "a single quote is not closed: add the second one, or put double quotes around the text".to_owned()
            }
            TokenizerError::UnterminatedDoubleQuote(_) => {
                "a double quote is not closed: add the second one where the text ends".to_owned()
            }
            TokenizerError::UnterminatedBackquote(_) => {
                "a backquote is not closed: write $(…) around the inner command".to_owned()
            }
            TokenizerError::UnterminatedEscapeSequence => {
                "it ends in a backslash, so the shell waits for another line: remove it or add the line".to_owned()
            }
            TokenizerError::UnterminatedHereDocuments(..)
            | TokenizerError::MissingHereTag(_)
            | TokenizerError::MissingHereTagForDocumentBody => {
                "the here-document has no end: put its end word alone on a line behind it".to_owned()
            }
            _ => "a bracket after $ is not closed: add the one that closes it".to_owned(),
        },
        ParseError::ParsingNear(position) => near(text, position.index),
        ParseError::ParsingAtEndOfInput => at_end(text),
    }
}

fn near(text: &str, at: usize) -> String {
    let rest: String = text.chars().skip(at).collect();
    let token: String = rest.split_whitespace().next().unwrap_or("").chars().take(20).collect();
    let bracket = token.starts_with('(') || token.starts_with(')');
    if bracket && text.contains("://") {
        return format!("the shell reads the `{}` in the URL itself: put single quotes around the URL", &token[..1]);
    }
    if bracket {
        return format!("the shell reads `{}` itself: put single quotes around the word it stands in", &token[..1]);
    }
    if token.is_empty() { at_end(text) } else { format!("the shell does not expect `{token}` here") }
}

fn at_end(text: &str) -> String {
    let last = text.trim_end();
    for (end, say) in [("&&", "&&"), ("||", "||"), ("|", "|")] {
        if last.ends_with(end) {
            return format!("nothing follows `{say}`: add the command, or remove it");
        }
    }
    if last.ends_with('>') || last.ends_with('<') {
        return "no file follows the redirection: name it, or put quotes around the text".to_owned();
    }
    let first = last.split_whitespace().next().unwrap_or("");
    match first {
        "if" => "the `if` has no `fi`: end the block".to_owned(),
        "for" | "while" | "until" => format!("the `{first}` has no `done`: end the loop"),
        "case" => "the `case` has no `esac`: end the block".to_owned(),
        _ => "it ends before the shell expects it: something that was opened is not closed".to_owned(),
    }
}

//! Follows quotes, here-documents, substitutions and structures of the shell through the lines of one command, and
//! collects its text. Knows when the command is complete, never what it does.

use super::{angle, note};
use crate::model::Line;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Open {
    Single,
    /// `$'…'`, in which a backslash escapes.
    Ansi,
    Double,
    Backtick,
    /// `${ … }`.
    Parameter,
    Paren,
    /// `$(( … ))` and `(( … ))`.
    Arithmetic,
    Brace,
    /// A structure that ends at this word.
    Until(&'static str),
}

/// How the next physical line is attached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Glue {
    Done,
    /// Behind a backslash or an operator: one space, indentation dropped.
    Space,
    /// Newline kept: inside quotes, here-documents, structures.
    Newline,
}

pub struct Heredoc {
    end: String,
}

#[derive(Default)]
pub struct Reader {
    pub out: String,
    pub stack: Vec<(Open, Line)>,
    pub heredocs: VecDeque<Heredoc>,
    /// Here a word would be the name of a program or a keyword.
    at_command: bool,
    fish: bool,
    /// The word before was `function`.
    naming: bool,
    pub comment: Option<String>,
    /// Indentation of the first line, taken off those of a structure.
    indent: usize,
}

impl Reader {
    pub fn new(fish: bool, indent: usize) -> Reader {
        Reader { at_command: true, fish, indent, ..Reader::default() }
    }

    fn top(&self) -> Option<Open> {
        self.stack.last().map(|o| o.0)
    }

    fn quoted(&self) -> bool {
        matches!(self.top(), Some(Open::Single | Open::Double | Open::Ansi))
    }

    pub fn line(&mut self, line: Line, raw: &str, first: bool, glue: Glue) -> Glue {
        if glue == Glue::Newline && !first && self.in_heredoc() {
            self.out.push('\n');
            self.out.push_str(self.dedented(raw));
            if self.heredocs.front().is_some_and(|h| h.end == raw.trim()) {
                self.heredocs.pop_front();
            }
            self.at_command = true;
            return if self.in_heredoc() || !self.stack.is_empty() { Glue::Newline } else { Glue::Done };
        }
        let text = match glue {
            _ if first => raw.trim_start(),
            Glue::Newline => {
                self.out.push('\n');
                if self.quoted() {
                    raw
                } else {
                    self.at_command = !matches!(self.top(), Some(Open::Arithmetic | Open::Parameter));
                    self.dedented(raw)
                }
            }
            _ => {
                let kept = self.out.trim_end().len();
                self.out.truncate(kept);
                self.out.push(' ');
                raw.trim_start()
            }
        };
        self.text(line, text)
    }

    fn in_heredoc(&self) -> bool {
        !self.heredocs.is_empty()
    }

    fn dedented<'a>(&self, raw: &'a str) -> &'a str {
        let blank = raw.len() - raw.trim_start().len();
        let cut = blank.min(self.indent);
        raw.get(cut..).unwrap_or(raw)
    }

    /// Reads one line's text and says how the next one goes on.
    fn text(&mut self, line: Line, text: &str) -> Glue {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut before = ' ';
        // Where the word that we are in began, if it began where a program's name would stand.
        let mut name: Option<usize> = None;
        let mut trailing_operator = false;
        while at < bytes.len() {
            let c = text[at..].chars().next().unwrap_or(' ');
            let step = c.len_utf8();
            match self.top() {
                Some(Open::Single) => {
                    if c == '\'' {
                        self.stack.pop();
                    }
                    at += step;
                    before = c;
                    continue;
                }
                Some(Open::Ansi) => {
                    if c == '\\' {
                        at += 1;
                        at += text[at..].chars().next().map_or(0, char::len_utf8);
                    } else {
                        if c == '\'' {
                            self.stack.pop();
                        }
                        at += step;
                    }
                    before = c;
                    continue;
                }
                Some(Open::Double) => {
                    match c {
                        '"' => {
                            self.stack.pop();
                        }
                        '\\' => {
                            if text[at..].trim_end().len() == 1 && text.ends_with('\\') {
                                return self.cut(text);
                            }
                            at += 1;
                            at += text[at..].chars().next().map_or(0, char::len_utf8);
                            before = c;
                            continue;
                        }
                        '`' => self.open_or_close_backtick(line),
                        '$' => {
                            at += 1;
                            at += self.dollar(line, &text[at..]);
                            before = '$';
                            continue;
                        }
                        _ => {}
                    }
                    at += step;
                    before = c;
                    continue;
                }
                Some(Open::Parameter) => {
                    match c {
                        '}' => {
                            self.stack.pop();
                        }
                        '\'' if text[at + 1..].contains('\'') => self.stack.push((Open::Single, line)),
                        '"' => self.stack.push((Open::Double, line)),
                        '\\' => at += text[at + 1..].chars().next().map_or(0, char::len_utf8),
                        '$' => at += self.dollar(line, &text[at + 1..]),
                        _ => {}
                    }
                    at += step;
                    before = c;
                    continue;
                }
                Some(Open::Arithmetic) => {
                    if c == ')' && text[at + 1..].starts_with(')') {
                        self.stack.pop();
                        at += 2;
                        before = ')';
                        continue;
                    }
                    if c == '$' {
                        at += self.dollar(line, &text[at + 1..]);
                    }
                    if c == '(' {
                        self.stack.push((Open::Paren, line));
                    }
                    at += step;
                    before = c;
                    continue;
                }
                _ => {}
            }
            // Code.
            let plain = !c.is_whitespace() && !matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>' | '`');
            if !plain {
                if let Some(start) = name.take() {
                    self.word(line, &text[start..at]);
                }
            } else if name.is_none()
                && self.at_command
                && (before.is_whitespace() || matches!(before, ';' | '&' | '|' | '(' | ')' | '`'))
            {
                name = Some(at);
            }
            if plain {
                trailing_operator = false;
            }
            match c {
                '#' if before.is_whitespace() && !matches!(self.top(), Some(Open::Backtick)) => {
                    if self.stack.is_empty() {
                        self.comment = note(&text[at..]);
                        let kept = text[..at].trim_end();
                        self.out.push_str(kept);
                        return self.after(trailing_operator);
                    }
                    // Inside a structure it stays as written.
                    self.out.push_str(text);
                    return self.after(false);
                }
                '\'' if !apostrophe(text, at, before) => {
                    self.stack.push((if before == '$' { Open::Ansi } else { Open::Single }, line));
                }
                '"' => self.stack.push((Open::Double, line)),
                '`' => {
                    self.open_or_close_backtick(line);
                    self.at_command = true;
                }
                '\\' => {
                    if text[at + 1..].trim().is_empty() && self.heredocs.is_empty() {
                        return self.cut(text);
                    }
                    at += text[at + 1..].chars().next().map_or(0, char::len_utf8);
                }
                '$' => at += self.dollar(line, &text[at + 1..]),
                '<' => {
                    if let Some(length) = angle(&text[at..]) {
                        at += length - 1;
                        before = '>';
                        at += 1;
                        continue;
                    }
                    if text[at..].starts_with("<<<") {
                        at += 2;
                    } else if text[at..].starts_with("<<") {
                        at += 1 + self.heredoc(&text[at + 2..]);
                    }
                    trailing_operator = false;
                }
                '(' => {
                    if self.at_command && before != '$' && text[at + 1..].starts_with('(') {
                        self.stack.push((Open::Arithmetic, line));
                        at += 1;
                    } else {
                        self.stack.push((Open::Paren, line));
                    }
                    self.at_command = true;
                }
                ')' => {
                    if self.top() == Some(Open::Paren) {
                        self.stack.pop();
                    }
                    self.at_command = true;
                }
                ';' => {
                    self.at_command = true;
                    trailing_operator = false;
                }
                '|' => {
                    self.at_command = true;
                    trailing_operator = true;
                }
                '&' => {
                    self.at_command = true;
                    trailing_operator = text[at..].starts_with("&&") || before == '&';
                }
                _ => {}
            }
            at += step;
            before = c;
        }
        if let Some(start) = name.take() {
            self.word(line, &text[start..]);
        }
        self.out.push_str(text);
        self.after(trailing_operator)
    }

    /// The line ended in a backslash.
    fn cut(&mut self, text: &str) -> Glue {
        self.out.push_str(text.trim_end().trim_end_matches('\\').trim_end());
        Glue::Space
    }

    fn after(&mut self, operator: bool) -> Glue {
        if !self.stack.is_empty() || !self.heredocs.is_empty() {
            Glue::Newline
        } else if operator {
            Glue::Space
        } else {
            Glue::Done
        }
    }

    fn open_or_close_backtick(&mut self, line: Line) {
        if self.top() == Some(Open::Backtick) {
            self.stack.pop();
        } else if let Some(at) = self.stack.iter().rposition(|o| o.0 == Open::Backtick) {
            self.stack.truncate(at);
        } else {
            self.stack.push((Open::Backtick, line));
        }
    }

    /// What follows a `$`: how much of it belongs to the opener.
    fn dollar(&mut self, line: Line, rest: &str) -> usize {
        if rest.starts_with("((") {
            self.stack.push((Open::Arithmetic, line));
            2
        } else if rest.starts_with('(') {
            self.stack.push((Open::Paren, line));
            self.at_command = true;
            1
        } else if rest.starts_with('{') {
            self.stack.push((Open::Parameter, line));
            1
        } else {
            usize::from(rest.starts_with(['#', '$', '?', '!']))
        }
    }

    /// Reads the delimiter behind `<<`; how long it was.
    fn heredoc(&mut self, rest: &str) -> usize {
        let body = rest.strip_prefix('-').unwrap_or(rest);
        let blank = body.len() - body.trim_start().len();
        let word = &body[blank..];
        let (end, length) = match word.chars().next() {
            Some(q @ ('\'' | '"')) => match word[1..].find(q) {
                Some(at) => (&word[1..=at], at + 2),
                None => return 0,
            },
            _ => {
                let word = word.strip_prefix('\\').unwrap_or(word);
                let to = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
                (&word[..to], to)
            }
        };
        if end.is_empty() || end.starts_with(|c: char| c.is_ascii_digit()) {
            return 0;
        }
        self.heredocs.push_back(Heredoc { end: end.to_owned() });
        rest.len() - body.len() + blank + length
    }

    /// A word where a program's name would stand: it may open or close a structure.
    fn word(&mut self, line: Line, word: &str) {
        let mut still = false;
        if self.fish {
            match word {
                "if" | "for" | "while" | "begin" | "function" | "switch" => {
                    self.stack.push((Open::Until("end"), line));
                    still = matches!(word, "if" | "while" | "begin");
                }
                "end" => self.close("end"),
                "else" | "and" | "or" | "not" => still = true,
                _ => {}
            }
        } else {
            match word {
                "if" => {
                    self.stack.push((Open::Until("fi"), line));
                    still = true;
                }
                "for" | "select" => self.stack.push((Open::Until("done"), line)),
                "while" | "until" => {
                    self.stack.push((Open::Until("done"), line));
                    still = true;
                }
                "case" => self.stack.push((Open::Until("esac"), line)),
                "{" => {
                    self.stack.push((Open::Brace, line));
                    still = true;
                }
                "}" => {
                    if self.top() == Some(Open::Brace) {
                        self.stack.pop();
                    }
                    still = true;
                }
                "fi" | "done" | "esac" => self.close(word),
                "then" | "do" | "else" | "elif" | "!" | "time" | "in" => still = true,
                // The name comes between it and the brace.
                "function" => {
                    self.naming = true;
                    self.at_command = true;
                    return;
                }
                _ => still = self.naming,
            }
            self.naming = false;
        }
        self.at_command = still;
    }

    fn close(&mut self, word: &str) {
        if self.top().is_some_and(|o| matches!(o, Open::Until(end) if end == word)) {
            self.stack.pop();
        }
    }
}

/// `Don't`: a letter on both sides and no second quote behind it on the line.
fn apostrophe(text: &str, at: usize, before: char) -> bool {
    let rest = &text[at + 1..];
    let word = text[..at].rsplit(char::is_whitespace).next().unwrap_or("");
    before.is_alphabetic()
        && rest.starts_with(char::is_alphabetic)
        && !rest.contains('\'')
        && !word.starts_with('-')
        && !word.contains('=')
}

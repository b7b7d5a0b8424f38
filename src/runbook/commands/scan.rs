//! Joins the physical lines of a shell block to complete commands: open quotes, here-documents, `\`, trailing
//! operators, and structures (`for … done`, `{ … }`, `( … )`). Reads structure only and never says what a word means.
//!
//! Each character is read once for each attempt, and what is spent on attempts that find no end is bounded by
//! [`Budget`], so that the whole is linear.

use crate::model::Line;
use std::collections::VecDeque;

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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
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
enum Glue {
    Done,
    /// Behind a backslash or an operator: one space, indentation dropped.
    Space,
    /// Newline kept: inside quotes, here-documents, structures.
    Newline,
}

struct Heredoc {
    end: String,
}

#[derive(Default)]
struct Reader {
    out: String,
    stack: Vec<(Open, Line)>,
    heredocs: VecDeque<Heredoc>,
    /// Here a word would be the name of a program or a keyword.
    at_command: bool,
    fish: bool,
    /// The word before was `function`.
    naming: bool,
    comment: Option<String>,
    /// Indentation of the first line, taken off those of a structure.
    indent: usize,
}

const MOST_LINES: usize = 4_000;
const DEEPEST: usize = 200;

/// The command that begins on the first of `lines`. Where lines are not mixed with output (`lenient`), one that can only
/// go on with a command is taken for its continuation, although no backslash announces it.
pub fn join(lines: &[(Line, &str)], fish: bool, lenient: bool, budget: &mut Budget) -> Joined {
    let Some(&(first, start)) = lines.first() else { return Joined::default() };
    let indent = start.len() - start.trim_start().len();
    let mut reader = Reader { at_command: true, fish, indent, ..Reader::default() };
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
    let text = text.trim_end_matches(['#', '=', '-', '*']).trim_end().trim_start_matches(['=', '*']).trim_start();
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

impl Reader {
    fn top(&self) -> Option<Open> {
        self.stack.last().map(|o| o.0)
    }

    fn quoted(&self) -> bool {
        matches!(self.top(), Some(Open::Single | Open::Double | Open::Ansi))
    }

    fn line(&mut self, line: Line, raw: &str, first: bool, glue: Glue) -> Glue {
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
                '\'' => {
                    if !apostrophe(text, at, before) {
                        self.stack.push((if before == '$' { Open::Ansi } else { Open::Single }, line));
                    }
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

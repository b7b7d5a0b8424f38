//! Walks a command once, from left to right, knowing what quotes it is in and which programs it has passed, and hands
//! each thing that may be a placeholder to the rule for it. Copies everything else. Never judges what a program does.

use super::{Replaced, word};
use crate::shell::{Tongue, secret};

pub(super) struct Scan<'a> {
    text: &'a str,
    tongue: Tongue,
    assigned: Vec<&'a str>,
    at: usize,
    /// Open quotes and `$(`, innermost last.
    open: Vec<Open>,
    stage: Stage<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Single,
    Double,
    Subst,
}

/// One command of a pipeline, as far as it was read.
#[derive(Clone, Copy, Default)]
pub(super) struct Stage<'a> {
    /// Where the current word began; `None` between words.
    word: Option<usize>,
    /// How many words stand before it.
    pub(super) index: usize,
    pub(super) before: &'a str,
    /// It prints or searches for words: `grep ERROR_ID`, `echo ...`.
    pub(super) talks: bool,
    /// It is given statements: upper case means nothing there.
    pub(super) client: bool,
    /// It names environment variables: `printenv DATABASE_NAME`.
    pub(super) names_env: bool,
    /// It takes a name as a bare word: `kubectl logs POD`.
    pub(super) takes_name: bool,
    /// What it is given in quotes is a command line again.
    carries_shell: bool,
    /// … and is expanded on this machine.
    carries_local: bool,
    /// Its argument is a Go template or the like.
    format: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str, tongue: Tongue, assigned: &'a [String]) -> Self {
        let mut assigned: Vec<&str> = assigned.iter().map(String::as_str).collect();
        if tongue == Tongue::Shell {
            word::assigned_in(text, &mut assigned);
        }
        Scan { text, tongue, assigned, at: 0, open: Vec::new(), stage: Stage::default() }
    }

    pub(super) fn run(mut self, out: &mut Replaced) {
        while let Some(c) = self.rest().chars().next() {
            if let Some(end) = self.placeholder(c) {
                self.begin_word();
                out.put(&self.text[self.at..end]);
                self.at = end;
            } else if c == '$' && self.tongue == Tongue::Shell {
                self.dollar(out);
            } else if word::starts_run(c) {
                self.begin_word();
                let end = self.at + word::run_length(self.rest());
                let spot = self.spot(end);
                word::run(&self.text[self.at..end], &spot, out);
                self.at = end;
            } else {
                self.other(c, out);
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn previous(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// The current word up to here; only its beginning if it is long, since every rule asks for it again.
    fn so_far(&self) -> &'a str {
        let word = self.stage.word.map_or("", |from| &self.text[from..self.at]);
        &word[..word.floor_char_boundary(200)]
    }

    /// Inside quotes whose contents are not a command line.
    fn quoted(&self) -> bool {
        self.tongue == Tongue::Shell
            && matches!(self.open.last(), Some(Open::Single | Open::Double))
            && !self.stage.carries_shell
    }

    fn spot(&self, end: usize) -> word::Spot<'a> {
        let word = self.so_far();
        word::Spot {
            stage: self.stage,
            before: self.previous(),
            after: &self.text[end..],
            quoted: self.quoted(),
            statement: self.tongue != Tongue::Shell,
            whole: matches!((self.previous(), self.text[end..].chars().next()), (Some(a @ ('"' | '\'')), Some(b)) if a == b),
            flag: word.starts_with('-') && !word.contains('='),
            short_flag: word == "-",
            url: word.contains(':') && word.contains("://"),
            text_before: &self.text[..self.at],
        }
    }

    /// Where the placeholder ends that begins here with a bracket or dots.
    fn placeholder(&self, c: char) -> Option<usize> {
        let rest = self.rest();
        let length = match c {
            '<' => word::angle(self.text, self.at, self.tongue != Tongue::Shell, self.quoted()),
            '＜' | '〈' | '‹' | '【' => word::wide(rest),
            '&' if rest.starts_with("&lt;") => word::entity(rest),
            '{' if rest.starts_with("{{") => (!self.formats()).then(|| word::template(rest)).flatten(),
            '{' => self.brace(),
            '[' => self.bracket(),
            '.' | '…' if !self.stage.talks => word::dots(self.previous(), rest),
            _ => None,
        };
        length.map(|n| self.at + n)
    }

    /// `/orders/{order_id}`, and `{pod}` as a word of its own.
    fn brace(&self) -> Option<usize> {
        if matches!(self.previous(), Some('$' | '%' | '@' | '\\' | '{' | '#' | ')')) || self.tongue != Tongue::Shell {
            return None;
        }
        let length = word::braced(self.rest())?;
        let word = self.so_far();
        let url = word.contains('/') && !self.stage.talks;
        (!self.formats() && (url || !self.quoted())).then_some(length)
    }

    /// This word, or the one before it, says how to print: its braces are fields.
    fn formats(&self) -> bool {
        let word = self.so_far();
        self.stage.format || word.starts_with("--format") || word.contains("jsonpath") || word.contains("go-template")
    }

    /// `restart [unit]`; `[...]`.
    fn bracket(&self) -> Option<usize> {
        let starts = self.stage.word.is_none() && self.stage.index > 0 && !self.stage.talks;
        let length = word::bracketed(self.rest())?;
        let after = self.text[self.at + length..].chars().next();
        (starts && !self.quoted() && after.is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '|' | '&' | ')')))
            .then_some(length)
    }

    /// `$NAME` and `${NAME}` are copied, and listed if a person must set them; `$(` opens a command of its own.
    fn dollar(&mut self, out: &mut Replaced) {
        self.begin_word();
        let rest = self.rest();
        let length = if rest.starts_with("$((") || self.open.last() == Some(&Open::Single) && rest.starts_with("$(") {
            1
        } else if rest.starts_with("$(") {
            self.open.push(Open::Subst);
            self.stage.word = None;
            self.stage.index = 0;
            2
        } else if let Some((name, length, has_value)) = word::variable(rest) {
            let escaped = self.previous() == Some('\\');
            let here = !escaped && (self.open.last() != Some(&Open::Single) || self.stage.carries_local);
            if here && !has_value && !word::own(name) && !self.assigned.contains(&name) && !secret::by_name(name) {
                out.list(&rest[..length]);
            }
            length
        } else {
            1
        };
        out.text.push_str(&rest[..length]);
        self.at += length;
    }

    fn other(&mut self, c: char, out: &mut Replaced) {
        let shell = self.tongue == Tongue::Shell;
        let inside = self.open.last().copied();
        match c {
            '\\' if shell && inside != Some(Open::Single) => {
                self.begin_word();
                out.text.push(c);
                self.at += 1;
                // What is escaped opens and ends nothing.
                if let Some(next) = self.rest().chars().next().filter(|n| !word::starts_run(*n) && *n != '$') {
                    out.text.push(next);
                    self.at += next.len_utf8();
                }
                return;
            }
            '\'' if shell && inside == Some(Open::Single) => drop(self.open.pop()),
            '\'' if shell && inside != Some(Open::Double) => self.quote(Open::Single),
            '"' if shell && inside == Some(Open::Double) => drop(self.open.pop()),
            '"' if shell && inside != Some(Open::Single) => self.quote(Open::Double),
            ')' if shell && inside == Some(Open::Subst) => {
                self.open.pop();
                self.end_word();
            }
            '|' | ';' | '&' | '\n' | '(' if !self.quoted() && !self.in_address(c) => {
                self.end_word();
                let (carries_shell, carries_local) = (self.stage.carries_shell, self.stage.carries_local);
                self.stage = Stage::default();
                // Still inside the quotes of `ssh h "a; b"`.
                if matches!(inside, Some(Open::Single | Open::Double)) {
                    (self.stage.carries_shell, self.stage.carries_local) = (carries_shell, carries_local);
                }
            }
            c if c.is_whitespace() => self.end_word(),
            _ => self.begin_word(),
        }
        out.text.push(c);
        self.at += c.len_utf8();
    }

    /// `&` in a URL separates parameters for whoever wrote it.
    fn in_address(&self, c: char) -> bool {
        c == '&' && self.so_far().contains("://")
    }

    fn quote(&mut self, kind: Open) {
        // A command line in quotes starts with a program again.
        if !self.stage.carries_shell {
            self.begin_word();
        }
        self.open.push(kind);
    }

    fn begin_word(&mut self) {
        self.stage.word.get_or_insert(self.at);
    }

    fn end_word(&mut self) {
        let Some(from) = self.stage.word.take() else { return };
        let word = self.text[from..self.at].trim_matches(['"', '\'']);
        let program = word.rsplit('/').next().unwrap_or(word);
        self.stage.talks |= word::TALKS.contains(&program);
        self.stage.client |= word::CLIENTS.contains(&program);
        self.stage.names_env |= word::NAMES_ENV.contains(&program);
        self.stage.carries_shell |= word::CARRIES.contains(&program) || word::CARRIES_LOCAL.contains(&program);
        self.stage.carries_local |= word::CARRIES_LOCAL.contains(&program) && self.stage.index == 0;
        self.stage.takes_name =
            (self.stage.takes_name || word::TAKES_NAME.contains(&program)) && !word::TAKES_FILE.contains(&program);
        // Most words are shorter than what is looked for in them.
        self.stage.format = word.len() >= "jsonpath".len()
            && (word.starts_with("--format")
                || word.contains("go-template")
                || matches!(word, "--template" | "--output-format")
                || word.contains("jsonpath"));
        self.stage.index += usize::from(!word.contains('=') || self.stage.index > 0);
        self.stage.before = word;
    }
}

//! Reads one block of code line by line: prompts, comments, sessions, statements, commands, output.

mod attach;
mod other;

use super::fence::Label;
use super::notes::Lead;
use super::prompt::{self, At, typed};
use super::scan::{self, Budget, Joined};
use super::session::{self, Session};
use super::shape::{self, Guess, Shape};
use super::{Around, Commands, Found, Prohibition, Skipped, phrases, sql, sure, windows, words};
use crate::document::SectionId;
use crate::model::Line;
use crate::shell::Tongue;
use std::sync::Arc;

/// What is known of the block before it is read.
pub struct Spec {
    pub lang: Option<String>,
    pub label: Label,
    pub section: SectionId,
    /// The words that forbid all of it.
    pub forbidden: Option<String>,
    /// The words above it, in small letters.
    pub above: String,
}

/// Names assigned in a block that are remembered: more serve no one and cost memory.
const MOST_NAMES: usize = 200;

pub fn read(body: &[(Line, String)], spec: &Spec, around: &Around, out: &mut Commands) {
    let mut reader = Reader::new(body, spec, around);
    reader.all();
    if spec.label == Label::Guess && !reader.accepted() {
        let lines = body.iter().filter(|l| !l.1.trim().is_empty());
        out.skipped.extend(lines.map(|l| Skipped { line: l.0, guess: Guess::Unknown }));
        return;
    }
    let section = spec.section;
    for entry in reader.entries {
        match entry.forbidden.or_else(|| spec.forbidden.clone()) {
            Some(sentence) => {
                out.prohibitions.push(Prohibition { line: entry.found.line, text: entry.found.text, sentence, section })
            }
            None => out.found.push(entry.found),
        }
    }
    out.skipped.append(&mut reader.skipped);
}

struct Entry {
    found: Found,
    forbidden: Option<String>,
}

struct Reader<'a> {
    spec: &'a Spec,
    around: &'a Around<'a>,
    /// As written, prompts and all.
    originals: Vec<&'a str>,
    /// Lines without their prompts.
    lines: Vec<(Line, &'a str)>,
    prompts: Vec<Option<(At, &'a str)>>,
    prompted: bool,
    budget: Budget,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    /// Comments that no command has taken yet, and the lead of the paragraph.
    comments: Vec<String>,
    lead: Lead,
    /// Where the entries of this paragraph and of the one before it begin.
    paragraph: usize,
    paragraph_before: usize,
    sessions: Vec<(Session, String, &'a str)>,
    names: Vec<String>,
    assigned: Arc<[String]>,
    unit: Option<Line>,
    /// What follows is printed, until a blank line.
    output: bool,
    known: usize,
    other: usize,
    first_known: Option<bool>,
    numbered: Option<u32>,
}

impl<'a> Reader<'a> {
    fn new(body: &'a [(Line, String)], spec: &'a Spec, around: &'a Around<'a>) -> Reader<'a> {
        let mut lines: Vec<(Line, &str)> = body.iter().map(|l| (l.0, l.1.as_str())).collect();
        let mut prompts: Vec<Option<(At, &str)>> = vec![None; lines.len()];
        for (at, (_, text)) in lines.iter().enumerate() {
            prompts[at] = typed::of_line(text, spec.label);
        }
        typed::roots(&lines, &mut prompts, spec.label);
        let prompted = prompts.iter().any(Option::is_some);
        let originals = lines.iter().map(|l| l.1).collect();
        // The line of a statement at the prompt of SQL*Plus, which counts them.
        let mut counted: Option<u32> = None;
        for (at, line) in lines.iter_mut().enumerate() {
            if let Some((kind, rest)) = prompts[at] {
                line.1 = rest;
                counted = (kind == At::Sql).then_some(1);
            } else if let Some(rest) = counted.and_then(|last| prompt::numbered(line.1, last)) {
                line.1 = rest;
                counted = counted.map(|last| last + 1);
            } else if prompted
                && let Some(rest) = line.1.trim_start().strip_prefix("> ").or_else(|| prompt::goes_on(line.1))
            {
                line.1 = rest;
            }
        }
        Reader {
            spec,
            around,
            originals,
            budget: Budget::for_text(lines.iter().map(|l| l.1.len() + 1).sum()),
            lines,
            prompts,
            prompted,
            entries: Vec::new(),
            skipped: Vec::new(),
            comments: Vec::new(),
            lead: Lead::default(),
            paragraph: 0,
            paragraph_before: 0,
            sessions: Vec::new(),
            names: Vec::new(),
            assigned: Arc::from(Vec::new()),
            unit: None,
            output: false,
            known: 0,
            other: 0,
            first_known: None,
            numbered: None,
        }
    }

    /// A block without a label is one of commands if it shows prompts, begins with a command or holds mostly commands.
    fn accepted(&self) -> bool {
        !self.entries.is_empty()
            && (self.prompted || self.unit.is_some() || self.first_known == Some(true) || self.known > self.other)
    }

    fn all(&mut self) {
        let mut at = 0;
        if let Some(first) = self.lines.iter().position(|l| !l.1.trim().is_empty())
            && let Some(interpreter) = self.lines[first].1.trim_start().strip_prefix("#!")
        {
            let shell = interpreter
                .split(['/', ' '])
                .any(|w| matches!(w.trim(), "sh" | "bash" | "zsh" | "ksh" | "dash" | "ash" | "fish"));
            if !shell {
                return;
            }
            self.unit = Some(self.lines[first].0);
            at = first + 1;
        }
        while at < self.lines.len() {
            at += self.step(at).max(1);
        }
    }

    /// Reads what begins on this line; how many lines that was.
    fn step(&mut self, at: usize) -> usize {
        let (line, raw) = self.lines[at];
        let text = raw.trim();
        if text.is_empty() {
            if self.prompts[at].is_none() {
                self.blank();
            }
            return 1;
        }
        if let Some(comment) = self.comment(text) {
            self.note(at, comment);
            return 1;
        }
        if self.prompted && self.prompts[at].is_none() {
            // Without a prompt among prompts: what was printed, unless a statement goes on in a database.
            let statement = self.sessions.last().is_some_and(|s| s.0.kind.tongue() != Tongue::Shell)
                && (sql::begins(text, false) || sql::meta(text));
            if !statement && self.opens_next(at) {
                return self.push(single(self.lines[at]), at, Tongue::Shell, None);
            }
            if !statement {
                self.skip(line, Guess::Output);
                return 1;
            }
        }
        if let Some((kind, _)) = self.prompts[at] {
            return self.at_prompt(at, kind);
        }
        match self.spec.label {
            Label::Sql(tongue) => self.sql_line(at, tongue),
            Label::Redis => self.redis_line(at),
            Label::Mongo => self.mongo_line(at),
            Label::PowerShell => self.windows_line(at, windows::power_shell_shape(text), true),
            Label::Cmd => self.windows_line(at, windows::cmd_shape(text), false),
            _ => self.shell_line(at),
        }
    }

    fn blank(&mut self) {
        self.output = false;
        if self.entries.len() > self.paragraph {
            self.paragraph_before = self.paragraph;
            self.paragraph = self.entries.len();
            self.lead = Lead::default();
        }
    }

    fn comment(&self, text: &'a str) -> Option<&'a str> {
        let hash = text.starts_with('#') && !text.starts_with("#!");
        let marks: &[&str] = match self.spec.label {
            Label::Sql(_) => &["--", "/*", "*/", "//"],
            Label::Cmd => &["rem ", "REM ", "Rem ", "@rem ", "@REM ", "::"],
            Label::PowerShell => &["<#"],
            Label::Mongo => &["//"],
            _ if self.prompted => &[],
            _ => &["-- ", "// "],
        };
        if hash {
            return Some(text);
        }
        marks.iter().find_map(|m| text.strip_prefix(m))
    }

    fn skip(&mut self, line: Line, guess: Guess) {
        self.skipped.push(Skipped { line, guess });
        if !self.output {
            self.other += 1;
            self.first_known.get_or_insert(false);
        }
    }

    fn at_prompt(&mut self, at: usize, kind: At) -> usize {
        let next = self.prompts[at + 1..].iter().position(Option::is_some).map_or(self.lines.len(), |n| at + 1 + n);
        let text = self.lines[at].1.trim();
        let until = next.min(at + 1_000);
        match kind {
            At::Postgres | At::Mysql | At::Sql => {
                let tongue = match kind {
                    At::Postgres => Some(Tongue::Postgres),
                    At::Mysql => Some(Tongue::Mysql),
                    _ => None,
                };
                let joined = sql::join(&self.lines[at..until], &mut self.budget);
                let tongue = tongue.or_else(|| self.tongue(&joined.text, None)).unwrap_or(Tongue::Postgres);
                let session = self.sessions.last().map(|s| s.0.clone());
                self.push(joined, at, tongue, session)
            }
            At::Redis => {
                let joined = single(self.lines[at]);
                let session = self.sessions.last().map(|s| s.0.clone());
                self.push(joined, at, Tongue::Redis, session)
            }
            At::Oracle => self.push(single(self.lines[at]), at, Tongue::Oracle, None),
            At::Mongo if sql::mongo(text) => {
                let (line, target) = (self.lines[at].0, "mongo".to_owned());
                let session = Session { line, target, kind: session::Kind::Mongo };
                self.push(single(self.lines[at]), at, Tongue::Shell, Some(session))
            }
            At::Mongo | At::Console => {
                let (line, text) = self.lines[at];
                match self.sessions.last().filter(|s| s.0.kind == session::Kind::Mongo) {
                    Some(s) => {
                        let session = Some(s.0.clone());
                        self.push(single((line, text)), at, Tongue::Shell, session)
                    }
                    None => {
                        self.skip(line, Guess::Unknown);
                        1
                    }
                }
            }
            At::PowerShell => {
                if let Shape::Assigns(names) = windows::power_shell_shape(text) {
                    self.assign(names);
                    return 1;
                }
                let joined = windows::join_power_shell(&self.lines[at..until], &mut self.budget);
                self.push(joined, at, Tongue::Shell, None)
            }
            At::Cmd => {
                let joined = windows::join_cmd(&self.lines[at..until]);
                self.push(joined, at, Tongue::Shell, None)
            }
            At::Shell => {
                let joined = scan::join(
                    &self.lines[at..until],
                    self.spec.label == Label::Shell { fish: true },
                    false,
                    &mut self.budget,
                );
                if let Some(names) = words::only_assigns(&joined.text) {
                    self.assign(names);
                    return joined.taken;
                }
                self.typed(joined, at)
            }
        }
    }

    /// A command of a shell: sessions are closed and opened by it.
    fn typed(&mut self, joined: Joined, at: usize) -> usize {
        while let Some((open, opener, prefix)) = self.sessions.last() {
            // Back at the prompt that the session was opened from.
            let here = self.prefix(at);
            let back = prefix.len() > 2 && here == *prefix;
            if !back && session::takes(open, &joined.text, opener) {
                break;
            }
            self.sessions.pop();
        }
        let session = self.sessions.last().map(|s| s.0.clone());
        let tongue = session.as_ref().map_or(Tongue::Shell, |s| s.kind.tongue());
        let line = self.lines[at].0;
        if session.is_some() && session::ends(&joined.text) {
            self.sessions.pop();
        } else if let Some(opened) = session::opened(&joined.text, line)
            && self.sessions.len() < 8
            && self.unit.is_none()
        {
            let prefix = self.prefix(at);
            self.sessions.push((opened, joined.text.clone(), prefix));
        }
        self.push(joined, at, tongue, session)
    }

    /// The prompt as written on this line.
    fn prefix(&self, at: usize) -> &'a str {
        match self.prompts[at] {
            Some((_, rest)) if !rest.is_empty() => {
                let whole = self.originals[at];
                whole.find(rest).map_or("", |end| whole[..end].trim())
            }
            _ => "",
        }
    }

    fn shell_line(&mut self, at: usize) -> usize {
        let (line, raw) = self.lines[at];
        let text = raw.trim();
        // A database's session goes on as long as its language does.
        while let Some((open, opener, _)) = self.sessions.last() {
            if open.kind.is_shell() || session::takes(open, text, opener) {
                break;
            }
            self.sessions.pop();
        }
        if let Some((open, ..)) = self.sessions.last().filter(|s| !s.0.kind.is_shell()) {
            let session = Some(open.clone());
            let kind = open.kind;
            let joined = match kind {
                session::Kind::Sql if text.starts_with('.') => single((line, text)),
                session::Kind::Postgres | session::Kind::Mysql | session::Kind::Sql => {
                    sql::join(&self.lines[at..], &mut self.budget)
                }
                _ => single((line, text)),
            };
            if session::ends(&joined.text) {
                self.sessions.pop();
            }
            return self.push(joined, at, kind.tongue(), session);
        }
        let guess = self.spec.label == Label::Guess;
        let fish = self.spec.label == Label::Shell { fish: true };
        let shape = shape::of(text, &self.around.own);
        match shape {
            Shape::Sql => {
                let joined = sql::join(&self.lines[at..], &mut self.budget);
                let lead = self.comments.join(" ");
                match self.tongue(&joined.text, Some(&lead)) {
                    Some(tongue) => self.push(joined, at, tongue, None),
                    None => {
                        self.skip(line, Guess::Sql);
                        joined.taken
                    }
                }
            }
            Shape::Assigns(names) => {
                let joined = scan::join(&self.lines[at..], fish, false, &mut self.budget);
                match words::only_assigns(&joined.text) {
                    Some(_) => self.assign(names),
                    None => return self.typed(joined, at),
                }
                joined.taken
            }
            Shape::Command => {
                let joined = scan::join(&self.lines[at..], fish, !self.prompted, &mut self.budget);
                if words::only_assigns(&joined.text).is_some() {
                    return joined.taken;
                }
                if guess && !sure::strong(&joined.text, &self.around.own) {
                    self.skip(line, Guess::Unknown);
                    return joined.taken;
                }
                self.typed(joined, at)
            }
            Shape::Unknown if !guess && !self.output => {
                let joined = scan::join(&self.lines[at..], fish, true, &mut self.budget);
                self.typed(joined, at)
            }
            Shape::Lone if !guess && !self.output && self.pure() => self.typed(single((line, text)), at),
            Shape::Unknown | Shape::Lone => {
                self.skip(line, Guess::Unknown);
                1
            }
            Shape::Not(guess) => {
                self.skip(line, guess);
                let title = text.to_lowercase();
                if title.ends_with([':', '：']) && phrases::begins(&title, &phrases::phrases().output).is_some() {
                    self.output = true;
                }
                // A heading of columns: what follows is printed too.
                let capitals =
                    text.split_whitespace().all(|w| w.chars().all(|c| c.is_uppercase() || !c.is_alphabetic()));
                if capitals && text.contains("  ") && text.chars().any(char::is_alphabetic) {
                    self.output = true;
                }
                1
            }
        }
    }

    /// Nothing in the block was left out so far, and nothing will be that stands alone: it is all commands.
    fn pure(&self) -> bool {
        self.other == 0
            && self.lines.iter().filter(|l| !l.1.trim().is_empty()).count() <= 200
            && self.lines.iter().all(|l| {
                let text = l.1.trim();
                text.is_empty()
                    || self.comment(text).is_some()
                    || matches!(shape::of(text, &self.around.own), Shape::Command | Shape::Unknown | Shape::Assigns(_))
                    || shape::of(text, &self.around.own) == Shape::Lone && text.contains(['-', '_'])
            })
    }

    /// The server a statement is for: by itself, the comment above, the words around it, the headings, the document.
    fn tongue(&self, statement: &str, comment: Option<&str>) -> Option<Tongue> {
        sql::own(statement)
            .or_else(|| comment.and_then(sql::named))
            .or_else(|| sql::named(&self.spec.above))
            .or_else(|| self.around.role(self.spec.section).server)
            .or(self.around.server)
    }

    fn assign(&mut self, names: Vec<String>) {
        for name in names {
            if self.names.len() < MOST_NAMES && !self.names.contains(&name) {
                self.names.push(name);
            }
        }
        self.comments.clear();
        self.first_known.get_or_insert(true);
    }
}

fn single((line, text): (Line, &str)) -> Joined {
    let (text, comment) = scan::alone(text);
    Joined { text, last: line, taken: 1, comment, problem: None }
}

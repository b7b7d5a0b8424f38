//! A pipeline of simple commands as argument vectors, for whoever runs them without a shell.
//!
//! Fails closed: whatever a shell would compute (globs, substitutions, lists, loops, files that are written) is no
//! pipeline of this kind, and the text stays a shell's. Placeholders and variables are holes in a word; what fills one
//! is part of that word and never read again, so no value can become a word, an operator or a quote.

use brush_parser::ParserOptions;
use brush_parser::ast::{
    AssignmentValue, Command, CommandPrefixOrSuffixItem as Item, IoFileRedirectKind as Kind,
    IoFileRedirectTarget as Target, IoRedirect, Pipeline, SeparatorOperator, SimpleCommand,
};
use brush_parser::word::{self, Parameter, ParameterExpr, WordPiece, WordPieceWithSource};

use super::Tongue;
use super::parse;
use super::placeholder::{self, Replaced};

/// One command of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// The program and its words.
    pub words: Vec<Word>,
    /// Assignments in front of it: `PGPASSWORD=… psql`.
    pub env: Vec<(String, Word)>,
    /// Text that the command itself brings for its standard input.
    pub input: Option<Word>,
    /// `2>&1`: what it says on its second stream goes on with the first.
    pub joins: bool,
    /// `2>/dev/null`: what it says on its second stream is not wanted.
    pub quiet: bool,
    /// `>/dev/null`.
    pub silent: bool,
}

/// A word as its program receives it, once its holes are filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(pub Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// A placeholder, as written.
    Placeholder(String),
    /// A variable, by its name.
    Variable(String),
}

impl Word {
    /// Without a hole.
    pub fn literal(&self) -> Option<String> {
        let mut whole = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => whole.push_str(text),
                _ => return None,
            }
        }
        Some(whole)
    }

    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Text(have)) => have.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }
}

/// Why it takes a shell: half a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedsShell(pub &'static str);

type Read<T> = Result<T, NeedsShell>;

fn shell<T>(why: &'static str) -> Read<T> {
    Err(NeedsShell(why))
}

/// The stages of a text that is one pipeline and nothing else.
pub fn stages(text: &str) -> Read<Vec<Stage>> {
    let replaced = placeholder::replace(text, Tongue::Shell, &[]);
    let Ok(program) = parse::parse(&replaced.text) else { return shell("it cannot be read as a command") };
    let [list] = program.complete_commands.as_slice() else { return shell("it is several commands") };
    let [item] = list.0.as_slice() else { return shell("it is several commands") };
    if matches!(item.1, SeparatorOperator::Async) {
        return shell("it goes on in the background");
    }
    if !item.0.additional.is_empty() {
        return shell("a later command depends on how an earlier one ends");
    }
    pipeline(&item.0.first, &replaced)
}

fn pipeline(pipeline: &Pipeline, replaced: &Replaced) -> Read<Vec<Stage>> {
    if pipeline.bang || pipeline.timed.is_some() {
        return shell("the shell itself is asked about it");
    }
    let simple = |c: &Command| match c {
        Command::Simple(simple) => stage(simple, replaced),
        _ => shell("it has loops, conditions or brackets"),
    };
    let stages: Vec<Stage> = pipeline.seq.iter().map(simple).collect::<Read<_>>()?;
    match stages.split_last() {
        Some((_, before)) if before.iter().any(|s| s.silent) => shell("what it pipes on is thrown away"),
        Some(_) => Ok(stages),
        None => shell("it is empty"),
    }
}

fn stage(simple: &SimpleCommand, replaced: &Replaced) -> Read<Stage> {
    let mut stage = Stage::default();
    for item in simple.prefix.iter().flat_map(|p| &p.0) {
        match item {
            Item::AssignmentWord(assignment, raw) => {
                let AssignmentValue::Scalar(value) = &assignment.value else { return shell("it sets a list") };
                if assignment.append {
                    return shell("it appends to a variable");
                }
                let name = raw.value.split('=').next().unwrap_or_default().to_owned();
                stage.env.push((name, read(&value.value, replaced)?));
            }
            Item::IoRedirect(redirect) => redirected(&mut stage, redirect, replaced)?,
            _ => return shell("it begins with something else than a program"),
        }
    }
    let Some(program) = &simple.word_or_name else { return shell("it only sets variables") };
    stage.words.push(read(&program.value, replaced)?);
    for item in simple.suffix.iter().flat_map(|s| &s.0) {
        match item {
            Item::Word(word) | Item::AssignmentWord(_, word) => stage.words.push(read(&word.value, replaced)?),
            Item::IoRedirect(redirect) => redirected(&mut stage, redirect, replaced)?,
            Item::ProcessSubstitution(..) => return shell("it feeds one command to another as a file"),
        }
    }
    match stage.words.first().and_then(Word::literal) {
        Some(program) if !program.is_empty() && !BUILT_IN.contains(&program.as_str()) => Ok(stage),
        Some(_) => shell("it is a command of the shell itself"),
        None => shell("its program is not known before it runs"),
    }
}

/// Commands that only a shell has, or that mean something only inside one.
const BUILT_IN: [&str; 33] = [
    ".", ":", "alias", "bg", "break", "builtin", "cd", "command", "continue", "declare", "dirs", "disown", "eval",
    "exec", "exit", "export", "fg", "hash", "jobs", "local", "popd", "pushd", "read", "readonly", "return", "set",
    "shift", "source", "trap", "ulimit", "umask", "unset", "wait",
];

fn redirected(stage: &mut Stage, redirect: &IoRedirect, replaced: &Replaced) -> Read<()> {
    match redirect {
        IoRedirect::File(fd, Kind::Read, Target::Filename(word))
            if word.value == "/dev/null" && fd.is_none_or(|f| f == 0) =>
        {
            stage.input = Some(Word::default());
        }
        IoRedirect::File(fd, Kind::Write, Target::Filename(word)) if word.value == "/dev/null" => match fd {
            None | Some(1) => stage.silent = true,
            Some(2) => stage.quiet = true,
            _ => return shell("it redirects other streams"),
        },
        IoRedirect::File(Some(2), Kind::DuplicateOutput, Target::Duplicate(word)) if word.value == "1" => {
            stage.joins = true;
        }
        IoRedirect::OutputAndError(word, _) if word.value == "/dev/null" => {
            (stage.silent, stage.quiet) = (true, true);
        }
        IoRedirect::HereDocument(_, document) if !document.requires_expansion => {
            stage.input = Some(sentinels(&document.doc.value, replaced));
        }
        IoRedirect::HereString(_, word) => {
            let mut text = read(&word.value, replaced)?;
            text.text("\n");
            stage.input = Some(text);
        }
        _ => return shell("it reads or writes files, or has its text expanded"),
    }
    Ok(())
}

fn read(raw: &str, replaced: &Replaced) -> Read<Word> {
    let mut word = Word::default();
    if !raw.contains(['\'', '"', '\\', '$', '`', '~']) {
        unquoted(&mut word, raw, replaced)?;
        return Ok(word);
    }
    match word::parse(raw, &ParserOptions::default()) {
        Ok(pieces) => collect(&mut word, &pieces, false, replaced)?,
        Err(_) => return shell("one of its words cannot be read"),
    }
    Ok(word)
}

fn collect(word: &mut Word, pieces: &[WordPieceWithSource], quoted: bool, replaced: &Replaced) -> Read<()> {
    for piece in pieces {
        match &piece.piece {
            WordPiece::Text(text) if quoted => append(word, text, replaced),
            WordPiece::Text(text) => unquoted(word, text, replaced)?,
            WordPiece::SingleQuotedText(text) => append(word, text, replaced),
            WordPiece::DoubleQuotedSequence(inner) => collect(word, inner, true, replaced)?,
            WordPiece::EscapeSequence(text) => {
                let escaped = text.strip_prefix('\\').unwrap_or(text);
                // Inside double quotes a backslash is kept in front of what it does not escape.
                match escaped {
                    "\n" => {}
                    "$" | "`" | "\"" | "\\" => append(word, escaped, replaced),
                    _ if quoted => append(word, text, replaced),
                    _ => append(word, escaped, replaced),
                }
            }
            WordPiece::ParameterExpansion(ParameterExpr::Parameter {
                parameter: Parameter::Named(name),
                indirect: false,
            }) => word.0.push(Piece::Variable(name.clone())),
            _ => return shell("the shell computes one of its words"),
        }
    }
    Ok(())
}

/// Text that a shell looks at for more than words.
fn unquoted(word: &mut Word, text: &str, replaced: &Replaced) -> Read<()> {
    if text.contains(['*', '?', '[']) {
        return shell("the shell looks up file names for it");
    }
    if text.contains('{') && text.contains('}') && (text.contains(',') || text.contains("..")) {
        return shell("the shell makes several words of one");
    }
    if text.starts_with('~') || text.contains("=~") || text.contains(":~") {
        return shell("the shell looks up a home directory");
    }
    append(word, text, replaced);
    Ok(())
}

fn append(word: &mut Word, text: &str, replaced: &Replaced) {
    for piece in sentinels(text, replaced).0 {
        match piece {
            Piece::Text(text) => word.text(&text),
            hole => word.0.push(hole),
        }
    }
}

/// Text with its sentinels turned into holes.
fn sentinels(text: &str, replaced: &Replaced) -> Word {
    let mut word = Word::default();
    for piece in replaced.pieces(text) {
        match piece {
            (text, false) => word.text(text),
            (written, true) => word.0.push(Piece::Placeholder(written.to_owned())),
        }
    }
    word
}

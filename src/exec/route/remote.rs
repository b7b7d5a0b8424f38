//! `ssh HOST "TEXT"`: ssh hands the text to a shell over there. Here it is read as that shell would read it, so that what
//! goes over is an argument vector again, and a value stays a piece of a word in it. Pure.

use super::{Route, Wanted, bare, filters, manual, shell};
use firebell_runbook::shell::stages::{self, NeedsShell, Piece, Stage, Word};
use firebell_runbook::shell::values::{self, Unfilled};
use std::collections::BTreeMap;

/// Options of ssh that take a value, in the next word where none stands behind them.
const VALUED: &str = "bcDeEFIiJLlmOopQRSwW";

/// `behind`: the stages that read what it prints.
pub fn route(stage: &Stage, behind: &[Stage], wanted: &Wanted) -> Route {
    let fill = |word: &Word| values::fill(word, wanted.params, wanted.secret);
    let Some(host) = host(&stage.words) else { return Route::Manual("ssh lacks a host".into()) };
    let (before, text) = stage.words.split_at(host + 1);
    if text.is_empty() {
        return Route::Manual("it opens a session on another machine".into());
    }
    let text = text.iter().map(written).collect::<Vec<_>>().join(" ");
    let head = match before.iter().map(fill).collect::<Result<Vec<String>, Unfilled>>() {
        Ok(head) => head,
        Err(unfilled) => return manual(unfilled),
    };
    let needs = |why: &str| match shell(&text, wanted, why) {
        Ok(argv) => match filters(behind, wanted) {
            Ok(Some(filters)) => finish(&head, argv, None, stage.joins, filters, wanted),
            Ok(None) => Route::Manual("it pipes into something else than a filter".into()),
            Err(unfilled) => manual(unfilled),
        },
        Err(why) => Route::Manual(why),
    };
    let inner = match stages::stages(&text) {
        Ok(inner) => inner,
        Err(NeedsShell(why)) => return needs(why),
    };
    let Some((first, rest)) = inner.split_first() else { return Route::Manual("there is nothing to run".into()) };
    if first.silent || rest.iter().any(|s| s.silent) {
        return needs("it throws away what it says");
    }
    // What filters over there filters here as well: it reads what comes and nothing else.
    let all: Vec<Stage> = rest.iter().chain(behind).cloned().collect();
    let filters = match filters(&all, wanted) {
        Ok(Some(filters)) => filters,
        Ok(None) => return needs("it pipes into something else than a filter"),
        Err(unfilled) => return manual(unfilled),
    };
    let argv = || -> Result<(Vec<String>, Option<Vec<u8>>), Unfilled> {
        let variable = |(name, value): &(String, Word)| Ok(format!("{name}={}", fill(value)?));
        let mut argv: Vec<String> = stage_env(first).map(str::to_string).collect();
        argv.extend(first.env.iter().map(variable).collect::<Result<Vec<_>, Unfilled>>()?);
        argv.extend(first.words.iter().map(fill).collect::<Result<Vec<_>, Unfilled>>()?);
        let input = first.input.as_ref().or(stage.input.as_ref()).map(fill).transpose()?;
        Ok((argv, input.map(String::into_bytes)))
    };
    match argv() {
        Ok((argv, input)) => finish(&head, argv, input, first.joins || stage.joins, filters, wanted),
        Err(unfilled) => manual(unfilled),
    }
}

fn finish(
    head: &[String],
    argv: Vec<String>,
    input: Option<Vec<u8>>,
    joins: bool,
    filters: Vec<super::Filter>,
    wanted: &Wanted,
) -> Route {
    let whole = head.iter().cloned().chain(["--".to_string()]).chain(argv).collect();
    let head = Box::new(bare(wanted, whole, input, BTreeMap::new()));
    Route::Pipeline { executor: "ssh".into(), head, joins, filters }
}

/// `NAME=value program`, as a program that is no shell takes it.
fn stage_env(stage: &Stage) -> impl Iterator<Item = &'static str> {
    (!stage.env.is_empty()).then_some("env").into_iter()
}

/// Where the host stands among the words.
fn host(words: &[Word]) -> Option<usize> {
    let mut at = 1;
    loop {
        let Some(option) = words.get(at)?.literal().and_then(|w| w.strip_prefix('-').map(str::to_string)) else {
            return Some(at);
        };
        let valued = option.find(|c| VALUED.contains(c));
        at += if valued.is_some_and(|v| v + 1 == option.len()) { 2 } else { 1 };
    }
}

/// The word as ssh would hand it on, with its holes open.
fn written(word: &Word) -> String {
    let piece = |p: &Piece| match p {
        Piece::Text(text) | Piece::Placeholder(text) => text.clone(),
        Piece::Variable(name) => format!("${{{name}}}"),
    };
    word.0.iter().map(piece).collect()
}

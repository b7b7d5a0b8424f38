//! From a command of a runbook to what carries it out: a pipeline of argument vectors (the first for an executor, the
//! others filters fed by it), the runbook's own text for a shell, or a step for people with the exact command to copy.
//! Pure; runs nothing and asks nobody.

mod remote;

use super::script::{self, Shell};
use crate::engine::ports::execute::{Bounds, Call};
use firebell_domain::playbook::Risk;
use firebell_runbook::shell::stages::{self, NeedsShell, Piece, Stage, Word};
use firebell_runbook::shell::values::{self, Unfilled};
use firebell_runbook::shell::{Asked, Tongue, judge};
use std::collections::BTreeMap;

/// A command as an order has it.
pub struct Wanted<'a> {
    pub written: &'a str,
    pub shown: &'a str,
    /// As the importer judged it.
    pub executor: &'a str,
    pub tongue: Tongue,
    pub risk: Risk,
    pub target: &'a str,
    pub params: &'a BTreeMap<String, String>,
    /// What a variable stands for, where it is known here.
    pub secret: &'a dyn Fn(&str) -> Option<String>,
    pub bounds: Bounds,
}

#[derive(Clone, Debug)]
pub enum Route {
    /// The first call's executor, and what its output goes through.
    Pipeline { executor: String, head: Box<Call>, joins: bool, filters: Vec<Filter> },
    /// The runbook's text, by a shell on its target.
    Script(Box<Call>),
    /// Somebody types it: why, as half a sentence.
    Manual(String),
}

/// A program of this machine that only reads its input and writes its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub argv: Vec<String>,
    pub joins: bool,
}

/// Programs that may stand behind a pipe, with the words that make them more than a filter.
const FILTERS: [(&str, &[&str]); 22] = [
    ("awk", &[]),
    ("base64", &[]),
    ("cat", &[]),
    ("column", &[]),
    ("cut", &[]),
    ("egrep", &[]),
    ("fgrep", &[]),
    ("fold", &[]),
    ("grep", &["-r", "-R", "-f", "--file"]),
    ("head", &[]),
    ("jq", &["-f", "--from-file", "--slurpfile", "--rawfile"]),
    ("less", &[]),
    ("more", &[]),
    ("nl", &[]),
    ("python3", &[]),
    ("rev", &[]),
    ("sed", &["-i", "--in-place", "-f", "--file"]),
    ("sort", &["-o", "--output", "-T", "--compress-program"]),
    ("tac", &[]),
    ("tail", &["-f", "-F", "--follow"]),
    ("tr", &[]),
    ("wc", &["--files0-from"]),
];

const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "fish", "ksh"];

pub fn route(wanted: &Wanted) -> Route {
    match wanted.tongue {
        Tongue::Shell => {}
        tongue => return statement(wanted, tongue),
    }
    // The key is the target's own, so the home that this one lies in need not be known.
    let homeless = wanted.written.trim_start().strip_prefix("ssh -i ~").map(|rest| format!("ssh -i {rest}"));
    let stages = match stages::stages(homeless.as_deref().unwrap_or(wanted.written)) {
        Ok(stages) => stages,
        // A shell of this machine would hand the text on to one of another.
        Err(NeedsShell(why)) if wanted.executor == "ssh" => {
            return Route::Manual(format!("{why}, and it goes to another machine"));
        }
        Err(NeedsShell(why)) => return script(wanted, why),
    };
    let watches = stages.len() == 1 && stages.first().is_some_and(|s| first_word(s) == "watch");
    let stages = if watches { watched(stages) } else { stages };
    let Some((first, rest)) = stages.split_first() else { return Route::Manual("there is nothing to run".into()) };
    if SHELLS.contains(&first_word(first).as_str()) && first.words.iter().any(is_text_option) {
        return script(wanted, "it is a text for a shell");
    }
    let executor = match rest {
        [] if !watches => wanted.executor.to_string(),
        _ => executor_of(first),
    };
    if executor == "interactive" {
        return Route::Manual("it needs a keyboard".into());
    }
    if first.words.first().and_then(Word::literal).is_some_and(|w| w.rsplit('/').next() == Some("ssh")) {
        return remote::route(first, rest, wanted);
    }
    let filters = match filters(rest, wanted) {
        Ok(Some(filters)) => filters,
        Ok(None) => return script(wanted, "it pipes into something else than a filter"),
        Err(unfilled) => return manual(unfilled),
    };
    match call(first, wanted) {
        Ok(mut head) => {
            if !filters.is_empty() {
                into_pipe(&executor, &mut head.argv);
            }
            Route::Pipeline { executor, head: Box::new(head), joins: first.joins, filters }
        }
        Err(unfilled) => manual(unfilled),
    }
}

fn first_word(stage: &Stage) -> String {
    stage.words.first().and_then(Word::literal).unwrap_or_default()
}

/// `-c`, `-lc`.
fn is_text_option(word: &Word) -> bool {
    word.literal().is_some_and(|w| w.starts_with('-') && !w.starts_with("--") && w.contains('c'))
}

/// `watch -n 5 df -h`, `watch 'ps aux | grep node'`: what it would run again and again, which once is what there is to
/// see. Left as it is where its text is more than a pipeline.
fn watched(stages: Vec<Stage>) -> Vec<Stage> {
    let Some(watch) = stages.first() else { return stages };
    let option = |w: &Word| w.literal().filter(|w| w.starts_with('-'));
    let mut at = 1;
    while let Some(flag) = watch.words.get(at).and_then(option) {
        at += if matches!(flag.as_str(), "-n" | "--interval") { 2 } else { 1 };
    }
    match watch.words.get(at..).unwrap_or_default() {
        [] => stages,
        [one] => match one.literal().map(|text| stages::stages(&text)) {
            Some(Ok(inner)) => inner,
            _ => stages,
        },
        words => vec![Stage { words: words.to_vec(), ..watch.clone() }],
    }
}

/// Clients that print otherwise into a pipe than into a terminal are told that it is one: the filters behind were
/// written for that.
fn into_pipe(executor: &str, argv: &mut Vec<String>) {
    let (programs, form, others): (&[&str], &str, &[&str]) = match executor {
        "redis" => (&["redis-cli"], "--raw", &["--csv", "--raw", "--no-raw"]),
        "mysql" => (&["mysql", "mariadb"], "--batch", &["-t", "--table", "-B", "--batch", "-E", "--vertical"]),
        _ => return,
    };
    let program = argv.iter().position(|w| programs.contains(&w.rsplit('/').next().unwrap_or_default()));
    if let Some(at) = program.filter(|_| !argv.iter().any(|w| others.contains(&w.as_str()))) {
        argv.insert(at + 1, form.to_string());
    }
}

fn manual(unfilled: Unfilled) -> Route {
    Route::Manual(match unfilled {
        Unfilled::Open(names) => format!("{} is open", names.join(", ")),
        Unfilled::Variable(name) => format!("nobody has said what ${name} is"),
        Unfilled::Refused(why) => why,
    })
}

fn call(stage: &Stage, wanted: &Wanted) -> Result<Call, Unfilled> {
    let fill = |word: &Word| values::fill(word, wanted.params, wanted.secret);
    let argv = stage.words.iter().map(fill).collect::<Result<Vec<String>, Unfilled>>()?;
    let input = stage.input.as_ref().map(fill).transpose()?.map(String::into_bytes);
    let env = stage.env.iter().map(|(n, w)| Ok((n.clone(), fill(w)?))).collect::<Result<_, Unfilled>>()?;
    Ok(bare(wanted, argv, input, env))
}

fn bare(wanted: &Wanted, argv: Vec<String>, input: Option<Vec<u8>>, env: BTreeMap<String, String>) -> Call {
    Call {
        shown: wanted.shown.to_string(),
        argv,
        input,
        env,
        risk: wanted.risk,
        target: wanted.target.to_string(),
        bounds: wanted.bounds,
    }
}

/// A statement typed at a client's prompt, as that client is given it.
fn statement(wanted: &Wanted, tongue: Tongue) -> Route {
    let (executor, client): (&str, &[&str]) = match tongue {
        Tongue::Postgres => ("postgres", &["psql", "-c"]),
        Tongue::Mysql => ("mysql", &["mysql", "-e"]),
        _ => ("redis", &["redis-cli"]),
    };
    let replaced = firebell_runbook::shell::placeholder::replace(wanted.written, tongue, &[]);
    let pieces = replaced.pieces(&replaced.text).into_iter().map(|(text, hole)| match hole {
        true => Piece::Placeholder(text.to_string()),
        false => Piece::Text(text.to_string()),
    });
    let mut word = Word(pieces.collect());
    // Even a statement of one word is one.
    word.0.push(Piece::Text(" ".into()));
    match values::fill(&word, wanted.params, &|_| None) {
        Ok(text) => {
            let mut argv: Vec<String> = client.iter().map(|w| w.to_string()).collect();
            match tongue {
                Tongue::Redis => match stages::stages(text.trim()) {
                    Ok(one) if one.len() == 1 => {
                        argv.extend(one.iter().flat_map(|s| &s.words).filter_map(Word::literal));
                    }
                    _ => return Route::Manual("its words cannot be told apart".into()),
                },
                _ => argv.push(text.trim().to_string()),
            }
            let head = Box::new(bare(wanted, argv, None, BTreeMap::new()));
            Route::Pipeline { executor: executor.into(), head, joins: false, filters: Vec::new() }
        }
        Err(unfilled) => manual(unfilled),
    }
}

/// Who would run the first command of a pipeline, judged by itself.
fn executor_of(stage: &Stage) -> String {
    let quoted = |w: &Word| {
        let text: String =
            w.0.iter()
                .map(|p| match p {
                    Piece::Text(t) => t.clone(),
                    Piece::Placeholder(_) | Piece::Variable(_) => "x".to_string(),
                })
                .collect();
        format!("'{}'", text.replace('\'', "'\\''"))
    };
    let first = stage.words.first().and_then(Word::literal).unwrap_or_default();
    let words: Vec<String> = stage.words.iter().skip(1).map(quoted).collect();
    let text = format!("{first} {}", words.join(" "));
    let judged = judge(&Asked { text: &text, ..Asked::default() });
    serde_json::to_value(judged.executor).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}

/// All stages behind the first; `None` where one is more than a filter.
fn filters(stages: &[Stage], wanted: &Wanted) -> Result<Option<Vec<Filter>>, Unfilled> {
    stages.iter().map(|stage| filter(stage, wanted)).collect()
}

/// A stage behind a pipe; `None` where it is more than a filter.
fn filter(stage: &Stage, wanted: &Wanted) -> Result<Option<Filter>, Unfilled> {
    let fill = |word: &Word| values::fill(word, wanted.params, &|_| None);
    let argv = stage.words.iter().map(fill).collect::<Result<Vec<String>, Unfilled>>()?;
    if !stage.env.is_empty() || stage.input.is_some() || stage.silent {
        return Ok(None);
    }
    let Some(program) = argv.first() else { return Ok(None) };
    let Some((_, never)) = FILTERS.iter().find(|(name, _)| name == program) else { return Ok(None) };
    let flagged = |w: &String| {
        let option = |f: &&&str| w == **f || w.starts_with(&format!("{f}=")) || (f.len() == 2 && short(w, f));
        never.iter().any(|f| option(&f))
    };
    let args = argv.get(1..).unwrap_or_default();
    let operands: Vec<&String> = args.iter().filter(|a| !a.starts_with('-')).collect();
    let fits = !args.iter().any(flagged)
        && match program.as_str() {
            // A program of its own may run others, or write files.
            "awk" => {
                operands.len() <= 1
                    && !args.iter().any(|a| ["system", "|", ">", "getline", "-f"].iter().any(|w| a.contains(w)))
            }
            "sed" => operands.len() <= 1 && operands.iter().all(|o| !sed_acts(o)),
            "python3" => {
                args.len() == 2
                    && args.first().is_some_and(|a| a == "-m")
                    && args.get(1).is_some_and(|a| a == "json.tool")
            }
            "cat" | "less" | "more" | "tac" | "rev" | "nl" => operands.iter().all(|o| *o == "-"),
            "sort" | "wc" | "column" | "base64" | "fold" => operands.is_empty(),
            "jq" => operands.len() <= 1,
            "grep" | "egrep" | "fgrep" => operands.len() <= 1 + args.iter().filter(|a| takes_value(a)).count(),
            _ => true,
        };
    let argv = match program.as_str() {
        "less" | "more" => vec!["cat".to_string()],
        _ => argv.clone(),
    };
    Ok(fits.then_some(Filter { argv, joins: stage.joins }))
}

/// `-ni` holds `-i`.
fn short(word: &str, flag: &str) -> bool {
    let letter = flag.get(1..).unwrap_or_default();
    word.starts_with('-') && !word.starts_with("--") && word.get(1..).is_some_and(|w| w.contains(letter))
}

/// Options of grep whose value is the next word.
fn takes_value(word: &str) -> bool {
    ["-A", "-B", "-C", "-m", "-e"].contains(&word)
}

/// `w file`, `e`, `s///e`: sed that writes or runs.
fn sed_acts(script: &str) -> bool {
    let after_flags = script.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let plain_print = script.chars().all(|c| c.is_ascii_digit() || ",$p;! ".contains(c));
    !plain_print && (!script.starts_with('s') || after_flags.contains(['e', 'w']) || script.contains([';', '\n', '{']))
}

/// Text that only a shell can run. Values reach it as positional words, where the text has them outside single quotes.
fn script(wanted: &Wanted, why: &str) -> Route {
    match shell(wanted.written, wanted, why) {
        Ok(argv) => {
            // The shell itself puts in what variables stand for, where the text has them.
            let value = |name: &str| Some((name.to_string(), (wanted.secret)(name)?));
            let env = variables(wanted.written).into_iter().filter_map(value).collect();
            Route::Script(Box::new(bare(wanted, argv, None, env)))
        }
        Err(manual) => Route::Manual(manual),
    }
}

/// The argument vector of a shell for a text. `Err`: why somebody types it.
fn shell(written: &str, wanted: &Wanted, why: &str) -> Result<Vec<String>, String> {
    let Some((text, names)) = values::positional(written) else {
        return Err(format!("{why}, and a value would stand inside quotes of a shell"));
    };
    let mut values = Vec::new();
    for name in &names {
        let value = wanted.params.get(name).ok_or_else(|| format!("{name} is open"))?;
        values::plain(name, value)?;
        values.push(value.clone());
    }
    Ok(script::argv(Shell::Bash, &text, &values))
}

/// Names behind a dollar, in braces or not.
fn variables(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for piece in text.split('$').skip(1) {
        let piece = piece.strip_prefix('{').unwrap_or(piece);
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        let found = &piece[..end];
        if !found.is_empty() && !found.starts_with(|c: char| c.is_ascii_digit()) && !names.contains(&found) {
            names.push(found);
        }
    }
    names
}

#[cfg(test)]
mod tests;

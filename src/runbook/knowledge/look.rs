//! Finds the entry for the words of one command and says what it makes of them.
//!
//! Tolerant: options may stand before the subcommand, known or not. An option that a reading entry does not know may
//! write, so it counts as changing something. Never lower than what an entry says.

use super::condition::{Condition, could_be, glob};
use super::entry::{Harmless, Tool, Use};
use super::split::{Given, Split, walk, walk_to_inner};
use super::{Knowledge, OPAQUE};
use crate::model::{Mode, Risk};

/// What the knowledge base says of a command.
#[derive(Debug)]
pub struct Found<'a> {
    pub tool: &'a Tool,
    /// `None`: the tool is known, this subcommand is not.
    pub entry: Option<&'a Use>,
    pub risk: Risk,
    pub mode: Mode,
    /// The words that decided: `docker system prune`, `kubectl scale --replicas=0`.
    pub why: String,
    pub secret: bool,
    pub dry_run: bool,
    pub split: Split,
    /// The subcommand itself cannot be read, or is none that is known.
    pub unknown: bool,
    /// Why it cannot work as written.
    pub problem: Option<&'a str>,
}

impl Knowledge {
    /// `words[0]` is the tool as typed. `None` if it is none that is known.
    pub fn look(&self, words: &[&str]) -> Option<Found<'_>> {
        let tool = self.tool(words.first()?)?;
        match self.second(tool, words) {
            Some((second, at)) => {
                let mut found = judge(second, &words[at..], &second.names[0]);
                found.split.shift(at);
                Some(found)
            }
            None => Some(judge(tool, words, words[0].rsplit('/').next().unwrap_or(words[0]))),
        }
    }

    /// A tool whose name is two words (`docker compose`), and where the second stands.
    fn second(&self, tool: &Tool, words: &[&str]) -> Option<(&Tool, usize)> {
        let mut split = Split::default();
        walk(words, 1..words.len(), &|o| tool.before.iter().any(|v| v == o), tool, &mut split);
        let at = *split.operands.first()?;
        let both = format!("{} {}", tool.names[0], words[at]);
        self.by_name.get(&both).map(|&i| (&self.tools[i], at))
    }
}

fn judge<'a>(tool: &'a Tool, words: &[&str], name: &str) -> Found<'a> {
    let Some((entry, path, end)) = find(tool, words) else { return nothing_fits(tool, words, name) };
    let split = split(tool, entry, words, end);
    // What raises is met by what it could be, what lowers only by what it is.
    let meets = |conditions: &[Condition]| conditions.iter().find(|c| holds(c, &split, words, true)).cloned();
    let is = |conditions: &[Condition]| conditions.iter().any(|c| holds(c, &split, words, false));
    let mut why = if path.is_empty() { name.to_owned() } else { format!("{name} {}", path.join(" ")) };
    let only_reads = is(&entry.read_if);
    let mut risk = match (only_reads, is(&entry.milder_if)) {
        (true, _) => Risk::Read,
        (false, true) => entry.risk.min(Risk::Mutate),
        (false, false) => entry.risk,
    };
    let mut raise = |to: Risk, cause: &str| {
        if to > risk {
            risk = to;
            why.push_str(cause);
        }
    };
    if let Some(condition) = meets(&entry.destroy_if) {
        raise(Risk::Destroy, &format!(" {}", condition.words()));
    }
    if let Some(condition) = meets(&entry.mutate_if) {
        raise(Risk::Mutate, &format!(" {}", condition.words()));
    }
    if entry.risk == Risk::Read
        && let Harmless::Only(known) = &entry.flags
        && let Some(option) = split.options.iter().find(|o| !is_known(o, known, entry, tool))
    {
        raise(Risk::Mutate, &format!(": {} is not known", option.name));
    }
    if let Some(worst) = entry.worst
        && split.operands.iter().any(|&at| words[at].contains(OPAQUE))
    {
        raise(worst, ": an operand that cannot be read");
    }
    let dry_run = is(&entry.dry_if);
    if dry_run || (asks_for_help(&split) && entry.inner.is_none()) {
        risk = Risk::Read;
    }
    if let Some(option) = split.options.iter().find(|o| writes(o, entry)) {
        risk = risk.max(Risk::Mutate);
        why = format!("{name} {}", option.name);
    }
    let problem = entry.broken_if.iter().find(|(c, _)| holds(c, &split, words, false)).map(|(_, why)| why.as_str());
    let mode = mode(entry, &is);
    let secret = entry.secret || meets(&entry.secret_if).is_some();
    Found { tool, entry: Some(entry), risk, mode, why, secret, dry_run, split, unknown: entry.unknown, problem }
}

/// No entry has this subcommand: help and version are harmless, an unreadable one is the worst that the tool can do.
fn nothing_fits<'a>(tool: &'a Tool, words: &[&str], name: &str) -> Found<'a> {
    let mut split = Split::default();
    walk(words, 1..words.len(), &|o| tool.before.iter().chain(&tool.values).any(|v| v == o), tool, &mut split);
    let first = split.operands.first().map(|&at| words[at]);
    let only_help = words.len() == 2 && matches!(words[1], "-h" | "-v" | "-V" | "help" | "version" | "-help");
    let (risk, why) = if only_help || asks_for_help(&split) {
        (Risk::Read, format!("{name} help"))
    } else if first.is_some_and(|w| w.contains(OPAQUE)) {
        let worst = tool.uses.iter().map(Use::ceiling).max().unwrap_or(Risk::Mutate);
        (worst.max(Risk::Mutate), format!("{name} with a subcommand that cannot be read"))
    } else {
        (Risk::Mutate, first.map_or(name.to_owned(), |w| format!("{name} {w} is not known")))
    };
    let unknown = risk != Risk::Read;
    let mode = Mode::Oneshot;
    Found { tool, entry: None, risk, mode, why, secret: false, dry_run: false, split, unknown, problem: None }
}

/// The entry with the longest path that the operands begin with, that path, and the place of its last word.
fn find<'a>(tool: &'a Tool, words: &[&str]) -> Option<(&'a Use, &'a [String], usize)> {
    let takes_value = |o: &str| tool.before.iter().chain(&tool.values).any(|v| v == o);
    let mut before = Split::default();
    walk(words, 1..words.len(), &takes_value, tool, &mut before);
    let longest = |operands: &[usize]| {
        let mut best: Option<(&'a Use, &'a [String], usize)> = None;
        for entry in &tool.uses {
            for path in &entry.paths {
                let fits = path.len() <= operands.len() && path.iter().zip(operands).all(|(p, &at)| glob(p, words[at]));
                if fits && best.is_none_or(|(_, known, _)| path.len() > known.len()) {
                    let end = path.len().checked_sub(1).map_or(0, |last| operands[last]);
                    best = Some((entry, path, end));
                }
            }
        }
        best
    };
    let best = longest(&before.operands);
    if best.is_some_and(|(_, path, _)| !path.is_empty()) {
        return best;
    }
    // What follows an unknown option may be its value.
    let behind_option = |at: usize| before.options.iter().any(|o| o.at + 1 == at && o.value.is_none());
    let fewer: Vec<usize> = before.operands.iter().copied().filter(|&at| !behind_option(at)).collect();
    longest(&fewer).or(best)
}

fn split(tool: &Tool, entry: &Use, words: &[&str], end: usize) -> Split {
    let mut all = Split::default();
    let early = |o: &str| tool.before.iter().chain(&tool.values).any(|v| v == o);
    walk(words, 1..end.max(1), &early, tool, &mut all);
    // Options of the tool itself mean nothing to the subcommand's conditions: `compose -f x.yml logs` follows nothing.
    all.options.retain(|o| !tool.before.contains(&o.name));
    all.operands.clear();
    let is_switch = |o: &str| entry.switches.iter().any(|s| s == o);
    let late = |o: &str| tool.values.iter().chain(&entry.values).chain(&entry.writes).any(|v| v == o) && !is_switch(o);
    // Without a path the tool's own options stand anywhere.
    let late = |o: &str| late(o) || (end == 0 && tool.before.iter().any(|v| v == o) && !is_switch(o));
    let stop = entry.inner.is_some();
    if stop {
        walk_to_inner(words, end + 1, &late, tool, entry, &mut all);
    } else {
        walk(words, end + 1..words.len(), &late, tool, &mut all);
    }
    all
}

fn holds(condition: &Condition, split: &Split, words: &[&str], maybe: bool) -> bool {
    let fits = |pattern: &str, text: &str| if maybe { could_be(pattern, text) } else { glob(pattern, text) };
    match condition {
        Condition::Option(name) => {
            split.options.iter().any(|o| o.name == *name && !matches!(o.value.as_deref(), Some("false" | "none")))
                || split.options.iter().any(|o| words[o.at] == name)
        }
        Condition::Value(name, pattern) => split.options.iter().any(|o| {
            o.name == *name
                && o.value
                    .as_deref()
                    .is_some_and(|v| if is_inside(pattern) { glob(pattern, v) } else { fits(pattern, v) })
        }),
        Condition::Each(name, pattern) => {
            let mut values = split.options.iter().filter(|o| o.name == *name).peekable();
            values.peek().is_some() && values.all(|o| o.value.as_deref().is_some_and(|v| fits(pattern, v)))
        }
        Condition::Operand(pattern) => split.operands.iter().any(|&at| match words[at].contains('=') {
            // `web=$N` may be `web=0`.
            true => fits(pattern, words[at]),
            false => glob(pattern, words[at]),
        }),
        Condition::At(place, pattern) => split.operands.get(place - 1).is_some_and(|&at| glob(pattern, words[at])),
        Condition::NoOperand => split.operands.is_empty(),
        Condition::Bare => split.operands.is_empty() && split.options.is_empty(),
    }
}

/// `*text*`: anything that cannot be read could hold it, which says nothing.
fn is_inside(pattern: &str) -> bool {
    pattern.len() > 2 && pattern.starts_with('*') && pattern.ends_with('*')
}

impl Condition {
    /// As it is shown in a reason.
    fn words(&self) -> String {
        match self {
            Self::Option(name) => name.clone(),
            Self::Value(name, pattern) | Self::Each(name, pattern) => format!("{name}={pattern}"),
            Self::Operand(pattern) | Self::At(_, pattern) => pattern.clone(),
            Self::NoOperand | Self::Bare => "without operand".to_owned(),
        }
    }

    fn option(&self) -> Option<&str> {
        match self {
            Self::Option(name) | Self::Value(name, _) | Self::Each(name, _) => Some(name),
            _ => None,
        }
    }
}

fn is_known(option: &Given, known: &[String], entry: &Use, tool: &Tool) -> bool {
    let lists = [known, &entry.values, &entry.switches, &entry.writes, &tool.values, &tool.before];
    let conditions = [
        &entry.destroy_if,
        &entry.mutate_if,
        &entry.milder_if,
        &entry.read_if,
        &entry.dry_if,
        &entry.stream_if,
        &entry.wait_if,
        &entry.tty_if,
        &entry.oneshot_if,
        &entry.secret_if,
    ];
    lists.iter().any(|l| l.contains(&option.name))
        || conditions.iter().any(|l| l.iter().any(|c| c.option() == Some(&option.name)))
        || matches!(option.name.as_str(), "--help" | "--version")
}

fn asks_for_help(split: &Split) -> bool {
    split.has(&["--help", "--version", "-help", "-version"])
}

/// Writes a file by an option; standard output and nothing are none.
fn writes(option: &Given, entry: &Use) -> bool {
    let nowhere = matches!(option.value.as_deref(), Some("-" | "/dev/null" | "/dev/stdout" | "NUL"));
    !nowhere && entry.writes.contains(&option.name)
}

fn mode(entry: &Use, is: &dyn Fn(&[Condition]) -> bool) -> Mode {
    let by_option = [
        (&entry.wait_if, Mode::Wait),
        (&entry.oneshot_if, Mode::Oneshot),
        (&entry.tty_if, Mode::Tty),
        (&entry.stream_if, Mode::Stream),
    ];
    by_option.iter().find(|(conditions, _)| is(conditions)).map_or(entry.mode, |(_, mode)| *mode)
}

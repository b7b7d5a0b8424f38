//! Whether one line of a block is a command line, judged by its first word and its form.
//!
//! Shell syntax proves nothing: nearly everything parses as a command. Never decides by a name of some team's system.

use super::phrases::phrases;
use super::words::{only_assigns, program, words};
use super::{sql, tools};
use std::collections::BTreeSet;

/// What a line looks like that is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// What a command prints.
    Output,
    Config,
    Cron,
    Container,
    Path,
    Formula,
    Diagram,
    Sentence,
    /// A statement for a server that nothing names.
    Sql,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// First word known, or a path to a program.
    Command,
    /// Formed like a command of a program that nobody knows: a name and something behind it.
    Unknown,
    /// One word that may be a program.
    Lone,
    /// Only assigns; these names.
    Assigns(Vec<String>),
    Sql,
    Not(Guess),
}

/// Programs that this document itself uses as such.
pub type Own = BTreeSet<String>;

pub fn of(text: &str, own: &Own) -> Shape {
    let text = text.trim();
    if sql::begins(text, false) {
        return Shape::Sql;
    }
    if let Some(guess) = config(text) {
        return Shape::Not(guess);
    }
    if let Some(names) = only_assigns(&super::scan::alone(text).0) {
        return Shape::Assigns(names);
    }
    // Assignments whose command follows on the next line.
    if let Some(head) = text.strip_suffix('\\')
        && only_assigns(head).is_some()
    {
        return Shape::Command;
    }
    let all = words(text, 40);
    let Some((at, first)) = program(&all) else { return Shape::Not(Guess::Unknown) };
    let rest = &all[at + 1..];
    let operands = rest.iter().take_while(|w| !w.starts_with('#')).count() > 0;
    if rest.first().is_some_and(|w| *w == "=" || *w == ":=" || *w == "+=" || *w == ":")
        && first != "["
        && first != "test"
    {
        return Shape::Not(if text.contains(['*', '/', '(', '+']) { Guess::Formula } else { Guess::Config });
    }
    // `let x = 1;`, `type A = B`.
    let name = rest.first().is_some_and(|w| {
        w.starts_with(char::is_alphabetic) && w.chars().all(|c| c.is_alphanumeric() || "_<>".contains(c))
    });
    if name && rest.get(1).is_some_and(|w| *w == "=") && !matches!(first, "[" | "[[" | "test" | "expr") {
        return Shape::Not(Guess::Config);
    }
    if rest.is_empty() && !first.chars().any(char::is_alphanumeric) && !first.starts_with(['(', '{', '[', '!', '>']) {
        return Shape::Not(Guess::Unknown);
    }
    if arrows(&all) && !text.contains('"') && !text.contains('\'') {
        return Shape::Not(Guess::Diagram);
    }
    if structure(text, first) {
        return if !text.contains(';') && sentence(first, rest) { Shape::Not(Guess::Sentence) } else { Shape::Command };
    }
    let plain = first.trim_end_matches([';', ')']).trim_start_matches(['(', '!', '`']);
    let plain = plain.trim_matches(['"', '\'']);
    if plain.ends_with(':') && !plain.contains('\\') {
        return Shape::Not(Guess::Config);
    }
    if tools::is_program_path(plain) {
        let program = tools::is_script_name(plain)
            || plain.starts_with("./")
            || plain.starts_with("../")
            || plain.contains("bin")
            || plain.contains("init.d");
        return if operands || program { Shape::Command } else { Shape::Not(Guess::Path) };
    }
    if plain.starts_with('$') && plain.len() > 1 {
        // A command in a variable, or a path that begins with one.
        let path = plain.contains('/');
        let data = tools::is_data_name(plain);
        return if data || !(operands || path) { Shape::Not(Guess::Path) } else { Shape::Command };
    }
    if tools::is_path(plain) && !tools::is_known_tool(plain) {
        let prose = tabular(text) || rest.iter().all(|w| w.chars().all(char::is_alphabetic));
        return if operands
            && !tools::is_data_name(plain)
            && !plain.starts_with("/etc/")
            && !plain.ends_with('/')
            && !prose
        {
            Shape::Command
        } else {
            Shape::Not(Guess::Path)
        };
    }
    if text.starts_with("> ") || text.starts_with(">/") || text.starts_with(">>") {
        return if text.trim_start_matches('>').trim().starts_with(['/', '.', '$', '~']) {
            Shape::Command
        } else {
            Shape::Not(Guess::Output)
        };
    }
    if tools::is_known_tool(plain) || own.contains(plain) {
        // "docker is not running": a verb stands where a subcommand would.
        let told = rest.first().is_some_and(|w| {
            super::phrases::is(&w.to_lowercase(), &phrases().sentence) || matches!(*w, "and" | "or" | "to")
        });
        let known = !tools::is_ordinary(plain);
        if (!known || told) && sentence(plain, rest) {
            return Shape::Not(Guess::Sentence);
        }
        if tabular(text) && !evidence(rest) {
            return Shape::Not(Guess::Output);
        }
        return Shape::Command;
    }
    if power_shell_name(plain) {
        return Shape::Command;
    }
    if !program_name(plain) {
        return Shape::Not(if plain.chars().all(|c| c.is_ascii_uppercase()) && operands {
            Guess::Container
        } else {
            Guess::Unknown
        });
    }
    if tools::is_data_name(plain) {
        return Shape::Not(Guess::Path);
    }
    if !operands {
        return Shape::Lone;
    }
    // `server {`, `listen 80;`: configuration of something. `active (running)`, `total 12`: what is printed.
    if text.ends_with('{') || text.ends_with(';') {
        return Shape::Not(Guess::Config);
    }
    let printed = rest.iter().any(|w| w.starts_with('('))
        || rest.iter().all(|w| w.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'%'));
    if printed || tabular(text) || cells(rest) {
        return Shape::Not(Guess::Output);
    }
    if sentence(plain, rest) {
        return Shape::Not(Guess::Sentence);
    }
    Shape::Unknown
}

/// Lower case, as programs are named.
pub fn program_name(word: &str) -> bool {
    word.len() >= 2
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.+-".contains(c))
        && !word.ends_with(['.', '-'])
}

/// `Get-Service`: a verb that PowerShell knows, and a noun.
pub fn power_shell_name(word: &str) -> bool {
    const VERBS: &str = "Add Approve Backup Clear Close Compress Connect ConvertFrom ConvertTo Copy Disable Disconnect Dismount \
        Enable Enter Exit Expand Export Format Get Grant Import Install Invoke Join Measure Mount Move New Out \
        Push Remove Rename Repair Reset Resolve Restart Restore Resume Resize Select Send Set Show Sort Start \
        Stop Suspend Sync Test Trace Unblock Uninstall Update Wait Where Write Read Search Save Register \
        Unregister Switch ForEach Unlock Lock Revoke Deny Block Protect Unprotect Request Publish Submit Complete Confirm \
        Debug Edit Find Initialize Limit Merge Optimize Ping Pop Redo Undo Group Compare Split Step Use Checkpoint";
    let Some((verb, noun)) = word.split_once('-') else { return false };
    noun.starts_with(|c: char| c.is_ascii_alphabetic())
        && noun.chars().all(|c| c.is_ascii_alphanumeric())
        && verb.starts_with(|c: char| c.is_ascii_uppercase())
        && VERBS.split(' ').any(|v| v.eq_ignore_ascii_case(verb))
}

/// Lines of structure: `if …; then`, `[ -f x ] && …`, `name() {`, `( … )`.
fn structure(text: &str, first: &str) -> bool {
    matches!(
        first,
        "for"
            | "while"
            | "until"
            | "if"
            | "case"
            | "function"
            | "["
            | "[["
            | "(("
            | "!"
            | "{"
            | "select"
            | "begin"
            | "switch"
    ) && (text.contains(';')
        || text.contains(" in ")
        || text.contains('[')
        || text.contains('{')
        || text.ends_with("do")
        || text.ends_with("then")
        || text.contains('$')
        || text.contains("!"))
        || first.ends_with("()")
        || text
            .split_once("()")
            .is_some_and(|(name, rest)| program_name(name.trim()) && rest.trim_start().starts_with('{'))
        || first.starts_with('(') && first.len() > 1 && {
            let name = first.trim_start_matches('(');
            tools::is_known_tool(name) || tools::is_program_path(name)
        }
}

/// Shapes of configuration, data and cron lines.
fn config(text: &str) -> Option<Guess> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if text.starts_with("- ")
        || text == "-"
        || text.starts_with("* ") && cron(text).is_none()
        || text.starts_with("---")
        || text.starts_with("===")
    {
        return Some(Guess::Config);
    }
    if text == "..." || text == "…" || text.starts_with("{{") && text.ends_with("}}") && !text.contains(' ') {
        return Some(Guess::Unknown);
    }
    if cron(text).is_some() {
        return Some(Guess::Cron);
    }
    if let Some(inside) = text.strip_prefix('[')
        && !inside.starts_with([' ', '['])
        && let Some(end) = inside.find(']')
        && (end + 1 == inside.len() || inside[end + 1..].starts_with([' ', ':']))
        && !text.contains("&&")
        && !text.contains("||")
    {
        return Some(if end + 1 == inside.len() { Guess::Config } else { Guess::Output });
    }
    if matches!(first, '"' | '\'') {
        // `"key": …`, but `"$DIR/x.sh" --now` is a command.
        let closing = text[1..].find(first);
        return closing
            .is_none_or(|at| {
                text[at + 2..].trim_start().starts_with([':', ',']) || at + 2 == text.len() && !text.contains('/')
            })
            .then_some(Guess::Config);
    }
    if matches!(first, '}' | ']' | '|' | '+' | '=' | ',' | '@' | '%' | '^' | '?' | ')') {
        return Some(if first == '@' { Guess::Cron } else { Guess::Output });
    }
    if first == '{' && !text.starts_with("{ ") || text == "{" {
        return Some(Guess::Config);
    }
    if first == '<' && super::scan::angle(text).is_some_and(|n| n == text.len() || !text[n..].starts_with('/'))
        || text.starts_with("</")
        || text.starts_with("<!")
        || text.starts_with("<?")
    {
        return Some(Guess::Config);
    }
    if "├│└─┌┐┘┬┴╔║╚●○✓✔✗✘→←↓↑⇒•·▶✅❌⚠".contains(first) {
        return Some(Guess::Diagram);
    }
    // A line of `ls -l`.
    let word = text.split_whitespace().next().unwrap_or("");
    if matches!(first, 'd' | 'l' | '-') && word.len() >= 10 && word.chars().all(|c| "drwxstlST-+.@".contains(c)) {
        return Some(Guess::Output);
    }
    if first.is_ascii_digit() {
        let word = text.split_whitespace().next().unwrap_or("");
        return (!(word == "7z" || word == "2to3" || word == "7za")).then_some(Guess::Output);
    }
    // `key: value`, not `host:port`, a drive or a Windows path.
    let word = text.split_whitespace().next().unwrap_or("");
    (word.len() > 1 && word.ends_with(':') && !word.contains('/')).then_some(Guess::Config)
}

/// Five fields of cron with a command behind them, or `@daily`.
pub fn cron(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('@') {
        let name = rest.split_whitespace().next().unwrap_or("");
        return matches!(
            name,
            "daily" | "hourly" | "weekly" | "monthly" | "yearly" | "annually" | "midnight" | "reboot"
        )
        .then(|| rest[name.len()..].trim());
    }
    let mut rest = text.trim_start();
    for index in 0..5 {
        let end = rest.find(char::is_whitespace)?;
        let field = &rest[..end];
        let plain = field.chars().all(|c| c.is_ascii_digit() || "*/,-?LW#".contains(c));
        let named = index >= 3
            && field.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, ',' | '-'))
            && field.len() <= 15
            && field.len() >= 3;
        if !(plain || named) {
            return None;
        }
        rest = rest[end..].trim_start();
    }
    (!rest.is_empty()).then_some(rest)
}

fn arrows(all: &[&str]) -> bool {
    all.iter().any(|w| matches!(*w, "→" | "←" | "↔" | "⇒" | "->" | "-->" | "<-" | "<--" | "=>" | "==>" | "<->"))
}

/// Columns: several words far apart and no option among them.
fn tabular(text: &str) -> bool {
    let mut gaps = 0;
    let mut run = 0;
    for c in text.trim().chars() {
        if c == '\'' || c == '"' {
            return false;
        }
        if c == ' ' || c == '\t' {
            run += if c == '\t' { 2 } else { 1 };
        } else {
            gaps += usize::from(run >= 2);
            run = 0;
        }
    }
    gaps >= 2 && !text.contains(" -") && !text.contains('\\')
}

/// `1/1 Running 0`: a row without wide gaps.
fn cells(rest: &[&str]) -> bool {
    rest.len() >= 2
        && rest[0].split_once('/').is_some_and(|(a, b)| {
            !a.is_empty() && !b.is_empty() && (a.to_owned() + b).bytes().all(|c| c.is_ascii_digit())
        })
        || rest.len() >= 3
            && rest.iter().filter(|w| w.bytes().all(|c| c.is_ascii_digit() || c == b'.' || c == b'%')).count() * 2
                > rest.len()
}

/// Something that prose has not: an option, a path, a variable, a placeholder, an operator.
pub fn evidence(rest: &[&str]) -> bool {
    rest.iter().any(|w| {
        w.len() > 1 && w.starts_with('-') && w[1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
            || w.contains(['/', '$', '=', '<', '>', '|', '*', '~', '{', '\\', '@', '_'])
            || w.starts_with(['"', '\'', '.'])
            || w.contains('.') && !w.ends_with('.')
            || w.contains(':') && !w.ends_with(':')
            || *w == "&&"
            || *w == "."
    })
}

/// Words of a sentence rather than operands.
pub fn sentence(first: &str, rest: &[&str]) -> bool {
    let flags = rest.iter().any(|w| {
        w.len() > 1 && w.starts_with('-') && w[1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
            || matches!(*w, "|" | "&&" | "||" | "<" | ">" | ">>" | "\\")
            || w.starts_with(['$', '"', '/', '~'])
            || w.starts_with('\'') && w.ends_with('\'') && w.len() > 1
    });
    if flags || matches!(first, "echo" | "printf") {
        return false;
    }
    let count = |list: &super::phrases::List| {
        rest.iter()
            .filter(|w| super::phrases::is(&w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase(), list))
            .count()
    };
    // Words that command lines have too count for half, except behind a program whose name is a word itself.
    let weak = count(&phrases().sentence_weak);
    let functions = count(&phrases().sentence) + if tools::is_ordinary(first) { weak } else { weak / 2 };
    let wait = matches!(first, "wait" | "sleep" | "pause")
        && rest.len() >= 2
        && rest[1].trim_end_matches(['.', ',']).chars().all(char::is_alphabetic)
        && rest[0].starts_with(|c: char| c.is_ascii_digit());
    if wait {
        return true;
    }
    let alphabetic = rest
        .iter()
        .filter(|w| w.trim_end_matches(['.', ',', ':', '!', '?', '…']).chars().all(char::is_alphabetic))
        .count();
    let stops =
        rest.last().is_some_and(|w| w.ends_with(['.', '!', '?', ':', '…']) && w.len() > 1 && !w.ends_with("/."));
    let comma = rest.iter().rev().skip(1).any(|w| w.ends_with(',') && w.len() > 1);
    rest.len() >= 2
        && (functions >= 1 && (alphabetic * 3 >= rest.len() * 2 || functions >= 2)
            || stops && alphabetic * 2 >= rest.len()
            || comma && functions + alphabetic >= 2)
        || rest.len() >= 5 && alphabetic == rest.len() && !tools::is_known_tool(first)
        || rest.iter().any(|w| w.chars().any(|c| !c.is_ascii() && c.is_alphabetic()))
            && rest.len() >= 2
            && !evidence(rest)
}

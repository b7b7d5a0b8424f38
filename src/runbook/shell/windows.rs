//! PowerShell and `cmd`: judged by the verb of a command's name and by a table of programs, not by a shell's grammar.
//!
//! Every place where a command can begin is looked at (pipes, braces, brackets), and a method called on an object
//! counts as the change that it may be. Nothing here makes a known program of another system milder.

use super::part::{Part, Work};
use crate::knowledge::OPAQUE;
use crate::model::{Executor, Mode, Risk};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Windows {
    power_shell: PowerShell,
    aliases: BTreeMap<String, String>,
    program: Vec<Program>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PowerShell {
    read: Vec<String>,
    destroy: Vec<String>,
    read_names: Vec<String>,
    mutate_names: Vec<String>,
    destroy_names: Vec<String>,
    cuts: Vec<String>,
    http: Vec<String>,
    endless: Vec<String>,
    harmless_methods: Vec<String>,
    fatal_methods: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    names: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    mutate: Vec<String>,
    #[serde(default)]
    destroy: Vec<String>,
    /// Where no word says; without it, something changes.
    #[serde(default)]
    otherwise: Option<String>,
}

fn tables() -> &'static Windows {
    static TABLES: OnceLock<Windows> = OnceLock::new();
    TABLES.get_or_init(|| toml::from_str(include_str!("../knowledge/windows.toml")).unwrap_or_default())
}

/// What a line does, if it begins with a command of Windows; `other` judges what else stands in its pipeline.
pub fn judge(text: &str, mut other: impl FnMut(&str) -> Part) -> Option<Part> {
    let pieces = pieces(text);
    let begins = pieces.iter().find(|p| p.top)?;
    let tops = || pieces.iter().filter(|p| p.top);
    let ours = tops().filter(|p| own(p.text).is_some()).count();
    let mixed = ours < tops().count();
    if ours == 0 || begins.text.starts_with('$') || mixed && is_shell(text) {
        return None;
    }
    let lower = text.to_lowercase();
    let mut whole = Part { work: Work::None, executor: Executor::Host, ..Part::default() };
    for piece in &pieces {
        let part = match own(piece.text) {
            Some(part) => part,
            None if piece.top => other(piece.text),
            None => continue,
        };
        whole.join(part);
    }
    methods(text, &mut whole);
    let has = |word: &str| lower.split_whitespace().any(|w| w == word);
    if tables().power_shell.cuts.iter().any(|c| lower.contains(c.as_str())) && whole.risk > Risk::Read {
        whole.raise(Risk::Destroy, "cuts it off");
    }
    if redirected(text) {
        whole.raise(Risk::Mutate, "writes a file");
        whole.flags.redirect = true;
    }
    // Only where nothing but a command that knows the switch would change something.
    if has("-whatif") && pieces.iter().filter(|p| p.top).all(|p| cmdlet(first_word(p.text)).is_some()) {
        (whole.risk, whole.why) = (Risk::Read, Vec::new());
        whole.flags.dry_run = true;
    }
    if whole.mode == Mode::Oneshot && tables().power_shell.endless.iter().any(|w| has(w)) && lower.starts_with("get-") {
        whole.mode = Mode::Stream;
    }
    Some(whole)
}

/// What only a shell's grammar can take apart.
fn is_shell(text: &str) -> bool {
    const WORDS: [&str; 10] = ["do", "done", "then", "fi", "else", "case", "esac", "function", "if", "while"];
    text.contains(['`', '{', '('])
        || text.contains("<<")
        || text.split(|c: char| c.is_whitespace() || c == ';').any(|w| WORDS.contains(&w))
}

struct Piece<'a> {
    text: &'a str,
    /// Not inside braces or brackets.
    top: bool,
}

/// Every stretch of text at whose beginning a command can stand.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut from, mut top) = (0, true);
    let (mut depth, mut quote) = (0_usize, None);
    let mut before = ' ';
    let mut end = |from: usize, at: usize, top: bool| {
        let text = text[from..at].trim();
        if !text.is_empty() {
            found.push(Piece { text, top });
        }
    };
    for (at, c) in text.char_indices() {
        // What is computed inside a quoted text runs as well.
        let computed = quote == Some('"') && c == '(' && before == '$';
        before = c;
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('{' | '(', None) => depth += 1,
            ('}' | ')', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let splits = quote.is_none() && matches!(c, '|' | ';' | '{' | '}' | '(' | ')' | '&' | '\n');
        if computed || splits {
            end(from, at, top);
            from = at + c.len_utf8();
            top = !computed && depth == 0 && !matches!(c, ')' | '}');
        }
    }
    end(from, text.len(), top);
    found
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("")
}

/// `Get-Service`: a verb, a dash, a noun, with capitals as PowerShell's are written, or in lower case with a known verb.
fn cmdlet(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let lower = tables().aliases.get(&lower).cloned().unwrap_or(lower);
    let (verb, noun) = lower.split_once('-')?;
    let plain = |s: &str| s.len() > 1 && s.chars().all(|c| c.is_ascii_alphanumeric());
    let capital = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.split('-').nth(1).is_some_and(|n| n.starts_with(|c: char| c.is_ascii_uppercase()));
    let aliased = !word.contains('-');
    (plain(verb) && plain(noun) && (capital || aliased)).then_some(lower)
}

fn own(text: &str) -> Option<Part> {
    let first = first_word(text);
    let mut part = Part { work: Work::Does, executor: Executor::Host, ..Part::default() };
    if let Some(name) = cmdlet(first) {
        power_shell(&name, text, &mut part);
        return Some(part);
    }
    let path = first.trim_matches('"').to_lowercase();
    let file = path.rsplit('\\').next().unwrap_or(&path);
    if [".ps1", ".bat", ".cmd"].iter().any(|e| file.ends_with(e)) && !first.contains('/') {
        part.executor = Executor::Script;
        part.raise(Risk::Mutate, format!("{first} is not known"));
        part.flags.unknown_tool = true;
        if let Some(word) = super::comment::orders(file) {
            part.raise(Risk::Destroy, format!("`{word}` of an unknown program"));
        }
        return Some(part);
    }
    // Counting, where another system's `-n` prints numbers.
    if file == "ping" {
        let lower = text.to_lowercase();
        let mut words = lower.split_whitespace().skip(1);
        if words.next() == Some("-n") && words.next().is_some_and(|count| count.parse::<u32>().is_ok()) {
            return Some(part);
        }
    }
    let name = file.strip_suffix(".exe").unwrap_or(file);
    let program = tables().program.iter().find(|p| p.names.iter().any(|n| n == name))?;
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let bare: Vec<&str> = words[1..].iter().map(|w| w.trim_matches(['"', '\''])).collect();
    let said = |list: &[String]| {
        list.iter().any(|l| if l.contains(' ') { lower.contains(l) } else { bare.iter().any(|w| w == l) })
    };
    // A placeholder where the subcommand stands may be any of them.
    let hidden = bare.first().is_some_and(|w| w.contains(OPAQUE));
    let why = || format!("{name} {}", bare.first().copied().unwrap_or_default()).trim().to_owned();
    let by_default = program.otherwise.as_deref();
    if said(&program.destroy) || by_default == Some("destroy") || hidden && by_default.is_none() {
        part.raise(Risk::Destroy, why());
    } else if said(&program.mutate) || by_default != Some("read") && !said(&program.read) {
        part.raise(Risk::Mutate, why());
    }
    if name == "diskpart" {
        (part.executor, part.mode) = (Executor::Interactive, Mode::Tty);
    }
    Some(part)
}

fn power_shell(name: &str, text: &str, part: &mut Part) {
    let known = &tables().power_shell;
    let verb = name.split('-').next().unwrap_or_default();
    let is = |list: &[String], word: &str| list.iter().any(|l| l == word);
    let lower = text.to_lowercase();
    if is(&known.destroy_names, name) {
        part.raise(Risk::Destroy, name);
    } else if is(&known.mutate_names, name) {
        part.raise(Risk::Mutate, name);
    } else if is(&known.read_names, name) {
    } else if is(&known.destroy, verb) {
        part.raise(Risk::Destroy, name);
    } else if !is(&known.read, verb) {
        part.raise(Risk::Mutate, name);
    }
    if is(&known.http, name) {
        part.executor = Executor::Http;
        let method = lower.split("-method").nth(1).and_then(|m| m.split_whitespace().next()).unwrap_or("get");
        match method.trim_matches(['"', '\'']) {
            "get" | "head" | "options" if !lower.contains("-body") => {}
            "delete" => part.raise(Risk::Destroy, "DELETE"),
            _ => part.raise(Risk::Mutate, "sends"),
        }
        if lower.contains("-outfile") {
            part.raise(Risk::Mutate, "writes a file");
        }
    }
    if name == "invoke-sqlcmd" {
        part.executor = Executor::AppCli;
        let query = text.find('"').zip(text.rfind('"')).and_then(|(a, b)| text.get(a + 1..b));
        match query {
            Some(query) => part.absorb_inner(super::sql::judge(query, super::sql::Dialect::Postgres), ""),
            None => part.raise(Risk::Mutate, name),
        }
    }
    if name == "enter-pssession" {
        part.mode = Mode::Tty;
    }
    let lists = name == "get-credential" || name == "read-host";
    if lists {
        part.mode = Mode::Tty;
    }
}

/// `$_.Delete()`: what is not known to be harmless may change the object.
fn methods(text: &str, whole: &mut Part) {
    let known = &tables().power_shell;
    for (at, _) in text.match_indices(['.', ':']) {
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if end == 0 || !rest[end..].starts_with('(') {
            continue;
        }
        let name = rest[..end].to_lowercase();
        if known.fatal_methods.contains(&name) {
            whole.raise(Risk::Destroy, format!(".{name}()"));
        } else if !known.harmless_methods.contains(&name) {
            whole.raise(Risk::Mutate, format!(".{name}()"));
        }
    }
}

/// `> file` outside quotes; `2>$null` and `2>&1` write none.
fn redirected(text: &str) -> bool {
    let mut quote = None;
    text.char_indices().any(|(at, c)| {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            (_, Some(_)) => return false,
            ('"' | '\'', None) => quote = Some(c),
            _ => {}
        }
        if c != '>' || text[..at].ends_with(['-', '=']) {
            return false;
        }
        let target = text[at + 1..].trim_start_matches('>').trim_start();
        let begins = |n: &str| target.get(..n.len()).is_some_and(|t| t.eq_ignore_ascii_case(n));
        !["$null", "nul", "&1"].into_iter().any(begins)
    })
}

#[cfg(test)]
mod tests {
    use crate::model::{Executor, Mode, Risk};
    use crate::shell::{Asked, judge};

    #[test]
    fn the_tables_are_read() {
        let read: Result<super::Windows, _> = toml::from_str(include_str!("../knowledge/windows.toml"));
        assert!(read.is_ok_and(|w| w.program.len() > 10 && !w.power_shell.destroy.is_empty()));
    }

    #[test]
    fn the_worst_command_of_a_line_of_windows_decides() {
        use Risk::{Destroy, Mutate, Read};
        for (text, risk) in [
            ("Get-Service W3SVC | Format-Table Name, Status", Read),
            ("Get-Process | Where-Object { $_.CPU -gt 100 } | Stop-Process", Destroy),
            ("Get-ChildItem C:\\logs | ForEach-Object { $_.Delete() }", Destroy),
            ("Get-ChildItem C:\\logs | ForEach-Object { Remove-Item $_ }", Destroy),
            ("Get-ChildItem C:\\logs | Remove-Item -WhatIf", Read),
            ("Get-Content a.txt > b.txt", Mutate),
            ("Get-Service spooler 2>$null", Read),
            ("Set-Service -Name spooler -Status Stopped", Destroy),
            ("Restart-Service spooler", Mutate),
            ("Format-Volume -DriveLetter D", Destroy),
            ("Invoke-Command -ComputerName web1 -ScriptBlock { Stop-Service w3svc }", Destroy),
            ("Invoke-RestMethod -Method Delete -Uri http://app/jobs", Destroy),
            ("netstat -ano | findstr :443", Read),
            ("sc stop spooler", Destroy),
            ("net start spooler", Mutate),
            ("netsh advfirewall firewall show rule name=all", Read),
            ("iisreset", Mutate),
            ("taskkill /f /im app.exe", Destroy),
            ("C:\\tools\\cleanup.bat", Destroy),
            (".\\check.ps1 -Verbose", Mutate),
            ("Frobnicate-Thing", Mutate),
        ] {
            assert_eq!(judge(&Asked { text, ..Asked::default() }).risk, risk, "{text}");
        }
    }

    #[test]
    fn a_command_of_windows_runs_on_its_host_or_asks_the_web() {
        for (text, executor, mode) in [
            ("Get-Content app.log -Tail 5 -Wait", Executor::Host, Mode::Stream),
            ("Invoke-WebRequest http://localhost/health", Executor::Http, Mode::Oneshot),
            ("ping -n 4 db1", Executor::Host, Mode::Oneshot),
            ("Enter-PSSession web1", Executor::Host, Mode::Tty),
        ] {
            let judged = judge(&Asked { text, ..Asked::default() });
            assert_eq!((judged.executor, judged.mode), (executor, mode), "{text}");
        }
    }
}

//! What a code span in a sentence can be, and what the words of its clause say.

use super::phrases::{self, phrases};
use super::shape::{self, Own, Shape};
use super::words::{only_assigns, program, words};
use super::{sql, tools};
use crate::shell::Tongue;

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub text: String,
    pub tongue: Tongue,
    pub strength: Strength,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// A known program with operands, a statement.
    Full,
    /// A known program that needs none.
    Alone,
    /// The path of a script and nothing more.
    Script,
}

/// Words that follow a program's name when the program itself is meant.
const KINDS: [&str; 26] = [
    "compose",
    "cli",
    "CLI",
    "server",
    "client",
    "daemon",
    "service",
    "process",
    "container",
    "containers",
    "pod",
    "pods",
    "cluster",
    "database",
    "db",
    "exporter",
    "image",
    "config",
    "logs",
    "version",
    "binary",
    "command",
    "operator",
    "agent",
    "worker",
    "workers",
];

/// Programs whose names are nouns first: they need an option, a path or the like to be more.
const NOUNS: [&str; 44] = [
    "node", "host", "time", "test", "group", "groups", "users", "id", "port", "info", "type", "format", "script",
    "step", "read", "write", "where", "open", "date", "history", "heat", "nest", "column", "file", "flow", "patch",
    "pause", "pulse", "push", "rename", "return", "route", "screen", "sequence", "set", "shift", "source", "split",
    "stack", "tower", "trap", "true", "vault", "wall",
];

/// Programs that do nothing without an operand: with options alone they are spoken of.
const NEED_OPERANDS: [&str; 16] = [
    "grep", "egrep", "zgrep", "rg", "sed", "awk", "find", "cp", "mv", "rm", "chmod", "chown", "scp", "ssh", "kill",
    "dig",
];

/// `GET /healthz`: a request, not a key of Redis.
fn route(code: &str) -> bool {
    let mut words = code.split_whitespace();
    matches!(words.next(), Some("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD"))
        && words.next().is_some_and(|path| path.starts_with('/') || path.starts_with("http"))
}

pub fn candidate(code: &str, own: &Own, server: impl Fn(&str) -> Option<Tongue>, redis: bool) -> Option<Candidate> {
    let code = code.trim();
    let code = code.strip_prefix("$ ").map_or(code, str::trim);
    if code.is_empty() || code.len() > 4_000 || code.contains(" -> ") || code.contains(" => ") || code.contains('…') {
        return None;
    }
    let text = super::scan::alone(code).0;
    if text.is_empty() {
        return None;
    }
    let shell = |strength| Some(Candidate { text: text.clone(), tongue: Tongue::Shell, strength });
    // In small letters the words of SQL are words of every other language.
    let upper = code.split_whitespace().next().is_some_and(|w| w.chars().all(|c| c.is_ascii_uppercase() || c == ';'));
    let query = ["select ", "delete from ", "insert into ", "update ", "drop ", "truncate ", "alter "]
        .iter()
        .any(|w| code.starts_with(w));
    if sql::begins(code, false) && (upper || query) && (code.contains(' ') || code.ends_with(';')) {
        let keyword = code.split_whitespace().count() >= 2 || code.ends_with(';');
        let complete = code.ends_with(';') || code.contains('(') || code.split_whitespace().count() >= 3 || shows(code);
        if !(redis && sql::redis(code, false) && !code.ends_with(';')) {
            return (keyword && complete).then(|| server(code)).flatten().map(|tongue| Candidate {
                text: code.to_owned(),
                tongue,
                strength: Strength::Full,
            });
        }
    }
    if redis && sql::redis(code, false) && code.len() > 3 && !route(code) {
        return Some(Candidate { text: code.to_owned(), tongue: Tongue::Redis, strength: Strength::Full });
    }
    if only_assigns(code).is_some() || code.ends_with(':') {
        return None;
    }
    if !matches!(shape::of(code, own), Shape::Command) {
        return None;
    }
    let all = words(code, 40);
    let (at, first) = program(&all)?;
    let rest = &all[at + 1..];
    let first = first.trim_matches(['"', '\'']);
    if tools::is_program_path(first) {
        if rest.is_empty() {
            return (tools::is_script_name(first) || first.starts_with("./"))
                .then(|| shell(Strength::Script))
                .flatten();
        }
        return shell(Strength::Full);
    }
    if !(tools::is_known_tool(first) || own.contains(first) || shape::power_shell_name(first)) {
        // A structure: `for pod in …; do …; done`, `[ -f x ] && …`.
        let structure = rest.len() >= 3 && (code.contains(';') || code.contains("&&") || code.contains('|'));
        return structure.then(|| shell(Strength::Full)).flatten();
    }
    if rest.is_empty() {
        return if shape::power_shell_name(first) {
            shell(Strength::Full)
        } else {
            tools::is_alone(first).then(|| shell(Strength::Alone)).flatten()
        };
    }
    if rest.iter().all(|w| KINDS.contains(w))
        && !matches!(
            (first, rest[0]),
            (
                "kubectl" | "docker" | "helm" | "argocd" | "terraform" | "oc" | "git" | "psql" | "make",
                "version" | "logs" | "config"
            )
        )
    {
        return None;
    }
    if NOUNS.contains(&first) && !shape::evidence(rest) {
        return None;
    }
    // `grep -aF`: how to call it, not what to do.
    if NEED_OPERANDS.contains(&first) && rest.iter().all(|w| w.starts_with('-')) {
        return None;
    }
    // `nginx 1.25`, `python >= 3.9`: a version, not an operand.
    let version = |w: &&str| {
        w.trim_start_matches(['v', '>', '=', '<', '^', '~']).starts_with(|c: char| c.is_ascii_digit())
            && w.contains('.')
            || matches!(*w, ">" | ">=" | "<=" | "==")
    };
    if rest.iter().all(version) || version(&rest[0]) && !shape::evidence(&rest[1..]) {
        return None;
    }
    shell(Strength::Full)
}

/// Statements of two words that are whole.
fn shows(code: &str) -> bool {
    let upper = code.to_ascii_uppercase();
    ["SHOW ", "FLUSH ", "VACUUM ", "ANALYZE ", "STOP ", "START ", "RESET "].iter().any(|w| upper.starts_with(w))
        && code.starts_with(char::is_uppercase)
}

/// "`x` turns the new page off": what a command does, told right behind it.
pub fn explains(tail: &str) -> bool {
    const VERBS: [&str; 34] = [
        "shows",
        "lists",
        "prints",
        "displays",
        "gives",
        "tells",
        "turns",
        "restarts",
        "stops",
        "starts",
        "deletes",
        "clears",
        "removes",
        "flushes",
        "resets",
        "reloads",
        "enables",
        "disables",
        "creates",
        "sends",
        "checks",
        "switches",
        "drains",
        "pauses",
        "resumes",
        "zeigt",
        "startet",
        "stoppt",
        "affiche",
        "redémarre",
        "muestra",
        "mostra",
        "reinicia",
        "показывает",
    ];
    let first = tail.split_whitespace().next().unwrap_or("");
    tail.starts_with(' ') && VERBS.contains(&first)
}

/// Behind the last mark that ends a clause. A colon does not: "Never run: `x`".
pub fn last_clause(text: &str) -> &str {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let cuts = match c {
            ',' | '.' | '!' | '?' | ';' => text[end..].starts_with(' ') || text[end..].is_empty(),
            '。' | '！' | '？' | '；' | '，' | '、' | '(' | ')' | '（' | '）' | '—' => true,
            '–' | '-' => text[end..].starts_with(' ') && text[..at].ends_with(' '),
            _ => false,
        };
        if cuts {
            from = end;
        }
    }
    text[from..].trim_start()
}

/// Behind the last mark that ends a sentence.
pub fn last_sentence(text: &str) -> &str {
    let ends = |(at, c): &(usize, char)| {
        matches!(c, '。' | '！' | '？') || matches!(c, '.' | '!' | '?') && text[at + 1..].starts_with(' ')
    };
    let from = text.char_indices().rev().find(ends).map_or(0, |(at, c)| at + c.len_utf8());
    text[from..].trim_start()
}

/// Up to the first such mark.
pub fn first_clause(text: &str) -> &str {
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let cuts = match c {
            ',' | '.' | '!' | '?' | ';' | ':' => text[end..].starts_with(' ') || text[end..].is_empty(),
            '。' | '！' | '？' | '；' | '，' | '(' | '（' | '：' | '—' => true,
            '–' | '-' => text[end..].starts_with(' ') && text[..at].ends_with(' '),
            _ => false,
        };
        if cuts {
            return &text[..at];
        }
    }
    text
}

/// Words between a verb and its command that say nothing: "run the following command: `x`".
pub fn without_fillers(clause: &str) -> &str {
    const FILLERS: [&str; 52] = [
        "the following command",
        "the following",
        "the command",
        "this command",
        "command",
        "the",
        "a",
        "simply",
        "just",
        "then",
        "now",
        "again",
        "also",
        "this",
        "either",
        "e.g.",
        "or",
        "and",
        "first",
        "once",
        "manually",
        "by",
        "on the host",
        "as root",
        "den befehl",
        "folgenden befehl",
        "einfach",
        "und",
        "oder",
        "dann",
        "erneut",
        "la commande",
        "la commande suivante",
        "puis",
        "et",
        "ou",
        "el comando",
        "luego",
        "y",
        "o",
        "o comando",
        "em seguida",
        "e",
        "il comando",
        "poi",
        "команду",
        "затем",
        "и",
        "или",
        "或",
        "和",
        "または",
    ];
    let mut text = clause.trim_end();
    loop {
        let cut = text.trim_end_matches([':', '：', ' ', '(', '"', '“', '→', ',', '`', '\'', '*']);
        let shorter = FILLERS.iter().filter_map(|f| {
            let rest = cut.strip_suffix(f)?;
            (rest.is_empty() || rest.ends_with(' ') || !f.is_ascii()).then(|| rest.trim_end())
        });
        match shorter.min_by_key(|r| r.len()) {
            Some(rest) => text = rest,
            None => return cut,
        }
    }
}

/// Whether the clause tells somebody to run something, wherever the verb stands in it.
pub fn orders(clause: &str) -> bool {
    const VERBS: [&str; 29] = [
        "run",
        "rerun",
        "re-run",
        "execute",
        "issue",
        "invoke",
        "type",
        "enter",
        "launch",
        "führe",
        "starte",
        "exécutez",
        "exécuter",
        "lancez",
        "tapez",
        "ejecute",
        "ejecuta",
        "ejecutar",
        "execute",
        "executar",
        "rode",
        "esegui",
        "eseguire",
        "выполните",
        "запустите",
        "执行",
        "运行",
        "输入",
        "실행",
    ];
    VERBS.iter().any(|v| phrases::find(clause, v).is_some())
}

/// "Fixed `x`'s output", "the `x` subcommand": the code is spoken of. Only where nothing says to run it.
pub fn spoken_of(head: &str, clause: &str, tail: &str) -> bool {
    let tail = tail.trim_start();
    let after =
        ["'s ", "’s ", "subcommand", "command ", "flag", "option ", "binary", "process ", "job ", "script ", "logs"];
    if clause.trim_end().ends_with([':', '：']) {
        return false;
    }
    let last = clause.split_whitespace().next_back().unwrap_or("");
    let article = matches!(
        last,
        "the" | "a" | "an" | "this" | "our" | "from" | "for" | "of" | "between" | "by" | "when" | "since" | "after"
    );
    let past = head
        .split_whitespace()
        .next()
        .is_some_and(|w| w.len() > 4 && w.ends_with("ed") && !matches!(w, "speed" | "proceed" | "exceed" | "embed"));
    article || past || after.iter().any(|w| tail.starts_with(w))
}

/// "… was started with": it is told, not asked for.
pub fn passive(clause: &str) -> bool {
    let mut words = clause.split_whitespace().rev();
    let by = words.next().is_some_and(|w| matches!(w, "with" | "by" | "via" | "using" | "from"));
    let done =
        words.next().is_some_and(|w| w.ends_with("ed") || matches!(w, "run" | "done" | "built" | "made" | "set"));
    by && done && words.take(3).any(|w| matches!(w, "was" | "were" | "is" | "are" | "been" | "being" | "gets"))
}

/// "To restart it, `x`": what stands before the comma is what the command is for.
pub fn purpose(head: &str) -> bool {
    let text = head.trim();
    let opens = ["to ", "um ", "pour ", "para ", "per ", "чтобы ", "для "].iter().any(|w| text.starts_with(w));
    let text = text.strip_suffix(" then").unwrap_or(text).trim_end();
    text.ends_with([',', '，', '、']) && (opens || phrases::begins(text, &phrases().condition).is_some())
}

/// Whether the clause, in small letters, forbids what comes behind it.
pub fn forbids(clause: &str) -> bool {
    const IMPERATIVE: [&str; 5] = ["do not", "don't", "don’t", "dont", "never"];
    const BEFORE: [&str; 16] = [
        "please",
        "and",
        "but",
        "so",
        "also",
        "then",
        "or",
        "must",
        "should",
        "important",
        "warning",
        "note",
        "always",
        "caution",
        "danger",
        "simply",
    ];
    let list = phrases();
    list.never_before.iter().any(|p| {
        let Some(end) = phrases::find(clause, p) else { return false };
        let start = end - p.len();
        // "Do not forget `x`" asks for it.
        let asks = ["forget", "vergessen", "oubli", "olvid", "esque", "dimentic", "забуд", "skip"];
        if asks.iter().any(|w| clause[end..].trim_start().starts_with(w)) {
            return false;
        }
        if IMPERATIVE.contains(&p.as_str()) {
            // "If they do not answer run …" forbids nothing; "Do not run …" does.
            let before = clause[..start].trim_end_matches([':', ' ', '!', '*', '-', '–']);
            let word =
                before.rsplit(char::is_whitespace).next().unwrap_or("").trim_matches(|c: char| !c.is_alphanumeric());
            let never = p == "never" && !matches!(word, "has" | "have" | "had" | "was" | "it" | "is" | "they" | "pods");
            if !(word.is_empty() || BEFORE.contains(&word) || never || before.ends_with(':')) {
                return false;
            }
        }
        // "… to avoid breakages from `x`" is about something else.
        let far = clause[end..].split_whitespace().count();
        if p == "avoid" && far > 1 || p.is_ascii() && far > 7 {
            return false;
        }
        // "… is not running: run `x`": an order behind the negation, past a colon, is about something else.
        let rest = &clause[end..];
        let (_, behind) = rest.rsplit_once([':', '：']).unwrap_or(("", ""));
        let turned = ["instead", "but run", "stattdessen"].iter().any(|w| phrases::find(rest, w).is_some());
        let found = rest.contains([':', '：']) && !IMPERATIVE.contains(&p.as_str()) && orders(behind);
        // "If the service is not up run `x`": a condition before the verb.
        let condition = phrases::begins(clause, &phrases().condition).is_some() && !IMPERATIVE.contains(&p.as_str());
        !turned && !found && !condition
    })
}

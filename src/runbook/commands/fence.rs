//! Which language a block is in, by its label, and which blocks hold no commands at all.

use super::block::{self, Spec};
use super::phrases::{self, phrases};
use super::shape::{self, Own, Shape};
use super::{Around, Before, Commands, notes, prompt};
use crate::document::{BlockKind, Document, Fence, SectionId};
use crate::shell::Tongue;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Label {
    Shell {
        fish: bool,
    },
    /// A shell with its prompts and its output.
    Console,
    PowerShell,
    Cmd,
    Sql(Option<Tongue>),
    Redis,
    Mongo,
    /// No label, or one that says nothing: the lines decide.
    Guess,
    Nothing,
}

/// The first word of a label without what some tools put around it: `{.bash}`, `sh:title`, `bash,ignore`.
pub fn label(lang: Option<&str>) -> Label {
    let Some(lang) = lang else { return Label::Guess };
    let lower = lang.trim().trim_start_matches(['{', '.', '=']).to_lowercase();
    let word: &str = lower.split(|c: char| !(c.is_alphanumeric() || "-_+.#".contains(c))).next().unwrap_or("");
    let word = word.trim_end_matches('.');
    match word {
        "" | "text" | "txt" | "plain" | "plaintext" | "code" | "none" | "raw" | "nohighlight" | "docker"
        | "kubernetes" | "k8s" => Label::Guess,
        "sh" | "bash" | "zsh" | "shell" | "ksh" | "dash" | "ash" | "csh" | "tcsh" | "cli" | "command" | "commands"
        | "commandline" | "shell-script" | "shellscript" | "bash-script" | "unix" | "linux" => {
            Label::Shell { fish: false }
        }
        "fish" => Label::Shell { fish: true },
        "console" | "shell-session" | "shellsession" | "bash-session" | "sh-session" | "zsh-session" | "sh-con"
        | "terminal" | "term" | "bashsession" | "tty" | "session" | "ssh" | "prompt" | "ps1con" | "shell-console" => {
            Label::Console
        }
        "powershell"
        | "ps1"
        | "pwsh"
        | "posh"
        | "ps"
        | "powershell-console"
        | "powershell-interactive"
        | "azurepowershell" => Label::PowerShell,
        "cmd" | "bat" | "batch" | "dos" | "dosbatch" | "batchfile" | "winbatch" | "cmd.exe" => Label::Cmd,
        "sql" | "tsql" | "t-sql" | "mssql" | "plsql" | "sqlite" | "sqlite3" | "ansi-sql" | "cql" => Label::Sql(None),
        "postgres" | "postgresql" | "pgsql" | "psql" | "plpgsql" => Label::Sql(Some(Tongue::Postgres)),
        "mysql" | "mariadb" => Label::Sql(Some(Tongue::Mysql)),
        "redis" | "redis-cli" => Label::Redis,
        "mongodb" | "mongo" | "mongosh" => Label::Mongo,
        tool if super::tools::is_known_tool(tool) && !super::tools::is_ordinary(tool) && !NOT_TOOLS.contains(&tool) => {
            Label::Guess
        }
        _ => Label::Nothing,
    }
}

/// Labels of languages whose name is also a program's.
const NOT_TOOLS: &[&str] = &[
    "python",
    "python3",
    "perl",
    "php",
    "node",
    "java",
    "scala",
    "kotlin",
    "lua",
    "julia",
    "elixir",
    "dart",
    "awk",
    "bc",
    "nginx",
    "caddy",
    "haproxy",
    "diff",
    "awk",
    "jq",
    "terraform",
    "puppet",
    "cmake",
    "make",
    "vim",
    "ts",
];

pub fn read(fence: &Fence, section: SectionId, around: &Around, before: &Before, out: &mut Commands) {
    let mut label = label(fence.lang.as_deref());
    if label == Label::Nothing && mongo(fence) {
        label = Label::Mongo;
    }
    if label == Label::Nothing {
        return;
    }
    let words = before.words(section);
    let role = around.role(section);
    let output = speaks_of_output(&words) || role.output && before.section == section;
    let guess = label == Label::Guess;
    let prompted = fence.body.iter().any(|l| prompt::prompt(&l.1).is_some());
    if (output && !prompted && (guess || !begins_with_command(fence))) || (role.form && guess && !prompted) {
        out.skipped.extend(
            fence
                .body
                .iter()
                .filter(|l| !l.1.trim().is_empty())
                .map(|l| super::Skipped { line: l.0, guess: shape::Guess::Output }),
        );
        return;
    }
    let sentence = words.trim_end().ends_with([':', '：']) && notes::forbids(&words);
    let forbidden = match () {
        () if sentence => Some(before.text.clone()),
        () if role.forbidden => around.doc.sections.get(section).map(|s| s.name.clone()),
        () => None,
    };
    block::read(&fence.body, &Spec { lang: fence.lang.clone(), label, section, forbidden, above: words }, around, out);
}

/// The words above a block introduce what is printed: "Expected output:", "You should see something like this:".
fn speaks_of_output(words: &str) -> bool {
    let text = words.trim().trim_end_matches([':', '：', '.']).trim_end();
    if text.is_empty() || text.chars().count() > 90 {
        return false;
    }
    let list = phrases();
    if phrases::is(text, &list.output) {
        return true;
    }
    let colon = words.trim_end().ends_with([':', '：']);
    colon
        && (phrases::begins(text, &list.output).is_some_and(|rest| !phrases::any(rest, &list.run))
            || [
                "should look like",
                "want to see",
                "like to see",
                "should see",
                "will see",
                "looks like this",
                "should return",
                "should print",
                "should show",
                "expected output",
                "sample output",
                "example output",
                "erwartete ausgabe",
            ]
            .iter()
            .any(|p| phrases::find(text, p).is_some()))
}

/// JavaScript that is typed at MongoDB's prompt.
fn mongo(fence: &Fence) -> bool {
    let script = matches!(fence.lang.as_deref(), Some("js" | "javascript" | "JavaScript"));
    let first = fence.body.iter().map(|l| l.1.trim()).find(|t| !t.is_empty() && !t.starts_with("//"));
    script && first.is_some_and(super::sql::mongo)
}

fn begins_with_command(fence: &Fence) -> bool {
    let first = fence.body.iter().map(|l| l.1.trim()).find(|t| !t.is_empty() && !t.starts_with('#'));
    first.is_some_and(|t| shape::of(t, &Own::new()) == Shape::Command)
}

/// Programs of nobody's list that the document runs in blocks labelled as shell. They count as known elsewhere in it.
pub fn own_programs(doc: &Document) -> Own {
    let mut own = Own::new();
    for block in &doc.blocks {
        let BlockKind::Fence(fence) = &block.kind else { continue };
        if !matches!(label(fence.lang.as_deref()), Label::Shell { .. } | Label::Console) {
            continue;
        }
        // Only where a command must begin: first, or behind a blank line or a comment.
        let mut start = true;
        for (_, text) in &fence.body {
            let text = prompt::prompt(text).map_or(text.trim(), |p| p.1);
            if start && !text.is_empty() && shape::of(text, &Own::new()) == Shape::Unknown {
                let first = text.split_whitespace().next().unwrap_or("");
                own.insert(first.to_owned());
            }
            start = text.is_empty() || text.starts_with('#');
            if own.len() > 500 {
                return own;
            }
        }
    }
    own
}

//! Commands that cannot work as they are written.

use super::{Facts, push, short};
use crate::model::{Executor, Finding, Level, Line, Risk};

pub fn find(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for known in facts.commands {
        let problem = known.judged.problem.as_ref().or(known.found.problem.as_ref());
        if let Some(problem) = problem {
            let cut = problem.contains("unquoted `&`");
            let rule = if cut { "scope-cut-by-ampersand" } else { "command-cannot-work" };
            push(
                found,
                rule,
                Level::Error,
                vec![known.found.line],
                format!("`{}`: {problem}", short(&known.found.text)),
            );
        }
    }
    dumps(facts, found);
}

/// What pg_dump writes in custom format only pg_restore reads; and a restore of a file that nothing writes is a hope.
fn dumps(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let mut custom: Vec<(Line, Vec<String>)> = Vec::new();
    let mut written: Vec<String> = Vec::new();
    let mut dumps = false;
    for known in facts.commands {
        let text = known.found.text.as_str();
        let words: Vec<&str> = text.split_whitespace().collect();
        if text.contains("pg_dump") || text.contains("mysqldump") || text.contains("mariadb-dump") {
            dumps = true;
            let files = outputs(&words);
            let is_custom = words.iter().any(|w| matches!(*w, "-Fc" | "--format=custom" | "--format=c"))
                || words.windows(2).any(|w| w[0] == "-F" && matches!(w[1], "c" | "custom"));
            if is_custom {
                custom.push((known.found.line, files.clone()));
            }
            written.extend(files);
        } else if known.judged.risk > Risk::Read {
            written.extend(outputs(&words));
        }
    }
    let restores_custom = facts.commands.iter().any(|k| k.found.text.contains("pg_restore"));
    for known in facts.commands {
        if !matches!(known.judged.executor, Executor::Postgres | Executor::Mysql) || known.judged.risk != Risk::Destroy
        {
            continue;
        }
        let Some(file) = input(&known.found.text) else { continue };
        let same = |other: &String| base(other) == base(&file) && !base(&file).is_empty();
        if let Some((line, _)) = custom.iter().find(|(_, files)| files.iter().any(same)) {
            push(
                found,
                "custom-dump-into-psql",
                Level::Error,
                vec![known.found.line, *line],
                format!(
                    "`{file}` is written in custom format (line {line}), which psql cannot read. Restore it with pg_restore."
                ),
            );
        } else if dumps
            && !written.iter().any(same)
            && !file.contains(['<', '$', '{', '[', '*'])
            && file.ends_with(".sql")
            && custom.iter().any(|_| !restores_custom)
        {
            let all: Vec<Line> = std::iter::once(known.found.line).chain(custom.iter().map(|(l, _)| *l)).collect();
            push(
                found,
                "restore-of-unwritten-file",
                Level::Warning,
                all,
                format!(
                    "Nothing in this document writes `{file}`; the backups on line {} are in custom format, which psql cannot read, and no pg_restore stands anywhere. Name the file that is written, and restore it with its own tool.",
                    custom[0].0
                ),
            );
        }
    }
}

/// Files that a command writes: behind `>`, `-f`, `--file`, `--result-file`, `-o`.
fn outputs(words: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if matches!(
            *word,
            ">" | ">>"
                | "-f"
                | "-o"
                | "--file"
                | "--output"
                | "--result-file"
                | "-czf"
                | "czf"
                | "-cf"
                | "-cvzf"
                | "-zcf"
        ) {
            files.extend(words.get(at + 1).map(|w| clean(w)));
        } else if let Some((_, file)) = word.split_once("file=").or_else(|| word.split_once("--output=")) {
            files.push(clean(file));
        } else if let Some(file) = word.strip_prefix('>').filter(|f| !f.starts_with(['&', '>'])) {
            files.push(clean(file));
        }
    }
    files
}

fn input(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|w| *w == "<").map(|at| at + 1);
    at.and_then(|at| words.get(at)).map(|w| clean(w)).or_else(|| {
        words.iter().find_map(|w| {
            w.strip_prefix('<').filter(|f| !f.is_empty() && !f.starts_with('<') && !f.contains('>')).map(clean)
        })
    })
}

fn clean(word: &str) -> String {
    word.trim_matches(|c| matches!(c, '"' | '\'' | ';' | ')' | '`')).to_owned()
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

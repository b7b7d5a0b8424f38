//! psql in a container or a pod, as an argument vector: with the same limits, told to the server through the client. What only
//! reads stands between `BEGIN READ ONLY` and `ROLLBACK`, which the client sends as commands of their own.

use super::asked::{self, Does};
use crate::engine::ports::execute::{Call, Ran};
use crate::exec::database::changes;
use crate::exec::database::ways::{self, Inside};
use crate::exec::ran::reading;

/// The call for whatever reaches it, or why there is none.
pub fn fitted(call: &Call, inside: &Inside) -> Result<Call, String> {
    let program = inside.argv.first().map(|p| p.rsplit('/').next().unwrap_or_default()).unwrap_or_default();
    let ms = call.bounds.time.as_millis().max(1);
    let only_read = if changes(call) { "off" } else { "on" };
    // A runbook's own options of the server would stand in for these.
    if inside.env.iter().any(|e| e.starts_with("PGOPTIONS=")) {
        return Err("PGOPTIONS is set by us, and cannot be by a runbook".to_string());
    }
    let mut env = vec![format!(
        "PGOPTIONS=-c default_transaction_read_only={only_read} -c statement_timeout={ms} -c standard_conforming_strings=on"
    )];
    env.push("PGAPPNAME=firebell".to_string());
    let secret = call.env.get(super::PASSWORD).map(|password| format!("{}={password}", super::PASSWORD));
    if program == "pg_dump" || program == "pg_dumpall" {
        return ways::inside_call(call, inside, &inside.argv, &env, secret);
    }
    let input = call.input.clone().filter(|_| inside.input);
    let asked = asked::read(&inside.argv, input.as_deref())?;
    super::fits(&asked, changes(call))?;
    let Does::Units(units) = &asked.does else {
        return ways::inside_call(call, inside, &inside.argv, &env, secret);
    };
    let mut argv: Vec<String> = Vec::from([inside.argv[0].clone()]);
    argv.extend(["--no-psqlrc", "--no-password"].map(String::from));
    argv.extend(["--set".to_string(), "ON_ERROR_STOP=1".to_string()]);
    let mut command = |text: &str| argv.extend(["--command".to_string(), text.to_string()]);
    for unit in units {
        let text = unit.statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(";\n");
        match (changes(call), unit.back) {
            (false, _) => {
                command("BEGIN READ ONLY");
                unit.statements.iter().for_each(|s| command(&s.text));
                command("ROLLBACK");
            }
            (true, true) => {
                command("BEGIN");
                command(&text);
                command("ROLLBACK");
            }
            (true, false) => command(&text),
        }
    }
    if !changes(call) {
        // Neither BEGIN nor ROLLBACK is part of the answer.
        argv.push("--quiet".to_string());
    }
    argv.extend(others(&asked.words));
    ways::inside_call(call, inside, &argv, &env, secret)
}

/// The words that are neither statements nor what they are read from.
fn others(words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let names = |long: &str| word == long || word.starts_with(&format!("{long}="));
        match word.as_str() {
            "-c" | "--command" | "-f" | "--file" => drop(rest.next()),
            "-W"
            | "--password"
            | "-w"
            | "--no-password"
            | "-X"
            | "--no-psqlrc"
            | "-l"
            | "--list"
            | "-1"
            | "--single-transaction" => {}
            _ if names("--command") || names("--file") => {}
            short
                if !short.starts_with("--") && short.starts_with('-') && short.contains(['c', 'f', 'W', '1', 'l']) =>
            {
                // `-tAc TEXT`: what stands before it are options without a value, unless one takes the rest.
                out.extend(cluster(short, &mut rest));
            }
            _ => out.push(word.clone()),
        }
    }
    out
}

/// A word of several short options without those that say what is run.
fn cluster<'a>(word: &str, rest: &mut impl Iterator<Item = &'a String>) -> Option<String> {
    let mut kept = "-".to_string();
    for (at, letter) in word.char_indices().skip(1) {
        match letter {
            'c' | 'f' => {
                if word.len() == at + 1 {
                    rest.next();
                }
                break;
            }
            // The rest of the word is its value.
            'h' | 'p' | 'U' | 'd' | 'F' | 'v' | 'P' => {
                kept.push_str(&word[at..]);
                if word.len() == at + 1 {
                    let value = rest.next().map(String::as_str).unwrap_or_default();
                    kept.push_str(value);
                }
                break;
            }
            'W' | '1' | 'l' | 'w' | 'X' => {}
            letter => kept.push(letter),
        }
    }
    (kept != "-").then_some(kept)
}

/// Numbers of what psql printed: a single row, a column each.
pub fn read(mut ran: Ran) -> Ran {
    let lines: Vec<&str> = ran.stdout.lines().filter(|l| !l.trim().is_empty()).collect();
    let number = |cell: &str| cell.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if let [only] = lines[..] {
        ran.readings.extend(number(only).map(|n| reading("value", n, "")));
    }
    if let [names, rule, row, "(1 row)"] = lines[..]
        && rule.chars().all(|c| "-+".contains(c))
    {
        for (name, cell) in names.split('|').zip(row.split('|')) {
            let name = name.trim().replace("?column?", "value");
            ran.readings.extend(number(cell).map(|n| reading(name, n, "")));
        }
    }
    ran
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_run_is_ours_and_everything_else_stays() {
        let kept = |line: &str| others(&line.split(' ').map(str::to_string).collect::<Vec<_>>()).join(" ");
        assert_eq!(kept("-U postgres -d shop -c TEXT"), "-U postgres -d shop");
        assert_eq!(kept("-Upostgres -tAc TEXT shop"), "-Upostgres -tA shop");
        assert_eq!(kept("-tAU postgres -cTEXT --command=TEXT -f - shop"), "-tAU postgres shop");
    }
}

//! mysql in a container or a pod, as an argument vector: with the same limits, told to the server as the client's first command.
//! The password goes with the environment of the client and not with its words.

use super::asked::{self, Does};
use crate::engine::ports::execute::{Call, Ran};
use crate::exec::database::changes;
use crate::exec::database::ways::{self, Inside};
use crate::exec::ran::reading;

/// The call for whatever reaches it, or why there is none.
pub fn fitted(call: &Call, inside: &Inside) -> Result<Call, String> {
    let program = inside.argv.first().ok_or("There is no command")?;
    let input = call.input.clone().filter(|_| inside.input);
    let asked = asked::read(&inside.argv, input.as_deref())?;
    super::fits(&asked, changes(call))?;
    let password = asked.password.as_ref().or(call.env.get(super::PASSWORD));
    let secret = password.map(|password| format!("{}={password}", super::PASSWORD));
    let mut argv = vec![program.clone()];
    let Does::Statements(statements) = asked.does else {
        argv.extend(asked.words);
        return ways::inside_call(call, inside, &argv, &[], secret);
    };
    if program.ends_with("admin") {
        argv.extend(asked.words);
        return ways::inside_call(call, inside, &argv, &[], secret);
    }
    let (s, ms) = (call.bounds.time.as_secs().max(1), call.bounds.time.as_millis().max(1));
    let only_read = u8::from(!changes(call));
    // Each of the two servers carries out its own of these comments and passes over the other's.
    argv.push(format!(
        "--init-command=SET SESSION lock_wait_timeout={s} /*M!100101 , max_statement_time={s}, tx_read_only={only_read} */ /*!50720 , max_execution_time={ms}, transaction_read_only={only_read} */"
    ));
    argv.extend(others(&asked.words));
    let print =
        |w: &String| ["-B", "--batch", "-t", "--table", "-s", "--silent", "-E", "--vertical"].contains(&w.as_str());
    if !asked.words.iter().any(print) {
        // As it prints into a terminal.
        argv.push("--table".to_string());
    }
    let end = |vertical: bool| if vertical { "\\G" } else { ";" };
    let texts: String = statements.iter().map(|s| format!("{}\n{}", s.text, end(s.vertical))).collect();
    let text = match changes(call) {
        true => texts,
        false => format!("START TRANSACTION READ ONLY; {texts} ROLLBACK;"),
    };
    argv.push(format!("--execute={text}"));
    ways::inside_call(call, inside, &argv, &[], secret)
}

/// The words that are no statement.
fn others(words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-e" | "--execute" => drop(rest.next()),
            _ if word.starts_with("--execute=") || (word.starts_with("-e") && !word.starts_with("--")) => {}
            // `-Ne TEXT`: everything before `e` is kept.
            short
                if !short.starts_with("--") && short.starts_with('-') && !takes_value(short) && short.contains('e') =>
            {
                let (kept, text) = short.split_once('e').unwrap_or((short, ""));
                if text.is_empty() {
                    rest.next();
                }
                out.extend((kept != "-").then(|| kept.to_string()));
            }
            _ => out.push(word.clone()),
        }
    }
    out
}

/// `-uroot`, `-hdb`: the rest is a value.
fn takes_value(word: &str) -> bool {
    word.get(1..2).is_some_and(|letter| ["u", "h", "P", "D"].contains(&letter))
}

/// A single number of what was printed.
pub fn read(mut ran: Ran) -> Ran {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|c| c.trim().to_string()).collect::<Vec<_>>();
    let lines: Vec<&str> = ran.stdout.lines().filter(|l| l.starts_with('|')).collect();
    if let [names, row] = lines[..] {
        for (name, cell) in cells(names).into_iter().zip(cells(row)) {
            ran.readings.extend(cell.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| reading(name, n, "")));
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
        assert_eq!(kept("-uroot -hdb.example shop -e TEXT"), "-uroot -hdb.example shop");
        assert_eq!(kept("-Ne TEXT --execute=TEXT -u pete shop"), "-N -u pete shop");
    }
}

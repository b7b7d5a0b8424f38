//! Secrets in the document, on command lines, and in what commands print. No value is ever repeated.

use super::{Facts, push};
use crate::model::{Finding, Level, Line};
use crate::shell::secret::{SecretKind as Kind, found as secrets};

pub fn find(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    // One finding for each secret, not for each line: nobody mends thirty lines one by one.
    let mut shown: Vec<(String, Vec<Line>)> = Vec::new();
    for known in facts.commands {
        let line = known.found.line;
        let any = !known.judged.secrets.is_empty();
        for secret in any.then(|| secrets(&known.found.text, &known.found.assigned)).into_iter().flatten() {
            match secret.kind {
                Kind::Literal => push(
                    found,
                    "literal-secret",
                    Level::Error,
                    vec![line],
                    format!(
                        "A secret stands in the document ({}). Take it out of the file and its history, change it, and refer to it by a variable.",
                        secret.as_written
                    ),
                ),
                Kind::Env if secret.on_command_line => {
                    match shown.iter_mut().find(|(name, _)| *name == secret.as_written) {
                        Some((_, lines)) => lines.push(line),
                        None => shown.push((secret.as_written, vec![line])),
                    }
                }
                _ => {}
            }
        }
        if known.judged.flags.secret_output
            && (known.judged.flags.redirect
                || known.found.text.contains("-o yaml")
                || known.found.text.contains("-o json"))
        {
            push(
                found,
                "secret-in-output",
                Level::Warning,
                vec![line],
                "What this prints or writes is secret. Encrypt the file, and never post it in a room.".into(),
            );
        }
    }
    for (name, lines) in shown {
        push(
            found,
            "secret-on-command-line",
            Level::Warning,
            lines,
            format!(
                "{name} becomes an argument, which everybody on the machine sees in the list of processes. Use the client's own variable or a file (REDISCLI_AUTH, MYSQL_PWD, PGPASSWORD, --password-file)."
            ),
        );
    }
}

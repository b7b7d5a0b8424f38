//! Lines of blocks that are labelled with another language than a Unix shell: SQL, Redis, MongoDB, PowerShell, cmd.

use super::Reader;
use crate::commands::prompt::At;
use crate::commands::scan::{self, Joined};
use crate::commands::session::{self, Session};
use crate::commands::shape::{self, Guess, Shape};
use crate::commands::{sql, sure, windows};
use crate::shell::Tongue;

impl Reader<'_> {
    pub fn sql_line(&mut self, at: usize, tongue: Option<Tongue>) -> usize {
        let (line, raw) = self.lines[at];
        let text = raw.trim();
        if sql::begins(text, true) || sql::meta(text) {
            let joined = sql::join(&self.lines[at..], &mut self.budget);
            let lead = self.comments.join(" ");
            let tongue = tongue.or_else(|| self.tongue(&joined.text, Some(&lead))).unwrap_or(Tongue::Postgres);
            return self.push(joined, at, tongue, None);
        }
        if sure::strong(text, &self.around.own) && shape::of(text, &self.around.own) == Shape::Command {
            return self.shell_line(at);
        }
        self.skip(line, Guess::Output);
        1
    }

    pub fn redis_line(&mut self, at: usize) -> usize {
        let (line, raw) = self.lines[at];
        let text = raw.trim();
        if sql::redis(text, true) && !text.starts_with("redis-cli") {
            let (text, comment) = scan::alone(text);
            let joined = Joined { text, last: line, taken: 1, comment, problem: None };
            return self.push(joined, at, Tongue::Redis, None);
        }
        self.shell_line(at)
    }

    /// `sqlplus / as sysdba` without a prompt, right before the prompt that it opens.
    pub fn opens_next(&self, at: usize) -> bool {
        let (line, text) = self.lines[at];
        let behind = self.prompts.iter().zip(&self.lines).skip(at + 1);
        let next =
            behind.map(|(prompt, (_, text))| (prompt, text)).find(|(p, text)| p.is_some() || !text.trim().is_empty());
        match next {
            Some((Some((At::Oracle, _)), _)) => {
                let tool = text.split_whitespace().next().unwrap_or("");
                matches!(tool.rsplit('/').next(), Some("rman" | "dgmgrl" | "asmcmd"))
            }
            Some((Some((At::Postgres | At::Mysql | At::Sql | At::Redis | At::Mongo, _)), _)) => {
                session::opened(text.trim(), line).is_some_and(|s| !s.kind.is_shell())
            }
            _ => false,
        }
    }

    pub fn mongo_line(&mut self, at: usize) -> usize {
        let (line, raw) = self.lines[at];
        let text = raw.trim();
        if sql::mongo(text) {
            let mut joined = windows::join_power_shell(&self.lines[at..], &mut self.budget);
            joined.comment = None;
            let session = Some(Session { line, target: "mongo".to_owned(), kind: session::Kind::Mongo });
            return self.push(joined, at, Tongue::Shell, session);
        }
        self.shell_line(at)
    }

    pub fn windows_line(&mut self, at: usize, shape: Shape, power_shell: bool) -> usize {
        let (line, _) = self.lines[at];
        let joined = if power_shell {
            windows::join_power_shell(&self.lines[at..], &mut self.budget)
        } else {
            windows::join_cmd(&self.lines[at..])
        };
        match shape {
            Shape::Assigns(names) => {
                self.assign(names);
                joined.taken
            }
            Shape::Command | Shape::Unknown => {
                if self.output && shape == Shape::Unknown {
                    self.skip(line, Guess::Output);
                    return 1;
                }
                self.push(joined, at, Tongue::Shell, None)
            }
            Shape::Sql | Shape::Lone => {
                self.skip(line, Guess::Unknown);
                1
            }
            Shape::Not(guess) => {
                self.skip(line, guess);
                1
            }
        }
    }
}

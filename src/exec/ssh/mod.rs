//! ssh: what a runbook does on another machine (`ssh root@shop "df -h"`), by the ssh program of this one. Only the machine
//! that is the target is gone to, whatever else a command names; nothing is forwarded, no terminal is asked for, and no
//! host key is accepted that was not known before.

mod remote;
mod run;

pub use remote::{Place, Remote};

use super::ran::not_started;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, Execute, Plan, Ran, Watch};
use firebell_runbook::shell::stages::{self, Word};
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Ssh(BTreeMap<String, Arc<Remote>>);

impl Ssh {
    pub fn new(machines: BTreeMap<String, Arc<Remote>>) -> Ssh {
        Ssh(machines)
    }

    fn read(&self, call: &Call) -> Result<(&Remote, Vec<String>), String> {
        let remote = self.0.get(&call.target).ok_or(format!("{} is not set up as a machine for ssh", call.target))?;
        let words = Spoken::read(&call.argv)?;
        meant(&remote.place, &words)?;
        let argv = words.argv()?;
        let is_script =
            matches!(&argv[..], [shell, flag, _, ..] if ["bash", "sh"].contains(&shell.as_str()) && flag == "-c");
        match is_script && !remote.place.scripts {
            true => Err(format!(
                "It takes a shell on {}, which targets.{}.scripts does not allow",
                remote.place.shown(),
                call.target
            )),
            false => Ok((remote, argv)),
        }
    }
}

impl Execute for Ssh {
    fn name(&self) -> &'static str {
        "ssh"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (remote, argv) = self.read(call).map_err(Cannot)?;
            remote.plan(&argv, &call.env)
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            match self.read(call) {
                Ok((remote, argv)) => {
                    remote.run(&argv, &call.env, call.input.as_deref(), call.risk, call.bounds, watch).await
                }
                Err(why) => not_started(why, false),
            }
        })
    }
}

/// The words of an ssh command line.
#[derive(Debug, PartialEq)]
pub struct Spoken<'a> {
    user: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    /// Behind `--` an argument vector, else pieces of a line.
    vector: bool,
    rest: &'a [String],
}

/// Options without a value that change nothing here.
const IDLE: &str = "Cqv46nTxakK";
/// Options whose value is who we are there, which the target says: `-i` may name a key of somebody else's home.
const OURS: &str = "i";
/// Values of `-o` that ask for nothing more than what is done anyway; none of them makes a check of keys weaker here.
const SETTINGS: [&str; 9] = [
    "BatchMode",
    "ConnectTimeout",
    "ConnectionAttempts",
    "ServerAliveInterval",
    "ServerAliveCountMax",
    "StrictHostKeyChecking",
    "UserKnownHostsFile",
    "LogLevel",
    "IdentitiesOnly",
];

impl<'a> Spoken<'a> {
    pub fn read(argv: &'a [String]) -> Result<Spoken<'a>, String> {
        let [program, words @ ..] = argv else { return Err("There is no command".to_string()) };
        if program.rsplit('/').next() != Some("ssh") {
            return Err("This is no ssh command".to_string());
        }
        let (mut at, mut user, mut port) = (0, None, None);
        let host = loop {
            let word = words.get(at).ok_or("ssh lacks a host")?;
            let Some(option) = word.strip_prefix('-').filter(|o| !o.is_empty()) else { break word };
            at += 1;
            if option == "-" {
                break words.get(at).ok_or("ssh lacks a host")?;
            }
            let Some((letter, after)) = with_value(option)? else { continue };
            let value = match after {
                "" => {
                    at += 1;
                    words.get(at - 1).map(String::as_str).ok_or(format!("-{letter} lacks its value"))?
                }
                after => after,
            };
            match letter {
                'p' => port = Some(value),
                'l' => user = Some(value),
                'o' => {
                    let name = value.split(['=', ' ']).next().unwrap_or_default();
                    if !SETTINGS.iter().any(|s| s.eq_ignore_ascii_case(name)) {
                        return Err(format!("-o {name} is not taken: set it in the operator's own ssh configuration"));
                    }
                }
                _ => {}
            }
        };
        let rest = words.get(at + 1..).unwrap_or_default();
        let host = host.strip_prefix("ssh://").unwrap_or(host);
        let (named, host) = host.rsplit_once('@').map_or((None, host), |(user, host)| (Some(user), host));
        let (vector, rest) = match rest {
            [dashes, rest @ ..] if dashes == "--" => (true, rest),
            rest => (false, rest),
        };
        if rest.is_empty() {
            return Err("It opens a session that waits for a keyboard".to_string());
        }
        Ok(Spoken { user: named.or(user), host, port, vector, rest })
    }

    /// What is to run, word by word. A line that only a shell could read is none.
    fn argv(&self) -> Result<Vec<String>, String> {
        if self.vector {
            return Ok(self.rest.to_vec());
        }
        let needs = |why: &str| format!("It takes a shell over there, because {why}");
        let stages = stages::stages(&self.rest.join(" ")).map_err(|why| needs(why.0))?;
        match &stages[..] {
            [one] if one.env.is_empty() && one.input.is_none() && !one.silent => {
                let words: Option<Vec<String>> = one.words.iter().map(Word::literal).collect();
                words.ok_or_else(|| needs("it has variables"))
            }
            _ => Err(needs("it is more than one command")),
        }
    }
}

/// The first letter of bundled ones that takes a value, and what stands behind it.
fn with_value(option: &str) -> Result<Option<(char, &str)>, String> {
    for (at, letter) in option.char_indices() {
        if "plo".contains(letter) || OURS.contains(letter) {
            return Ok(Some((letter, &option[at + letter.len_utf8()..])));
        }
        if !IDLE.contains(letter) {
            return Err(match letter {
                't' => "It asks for a terminal, which nobody sits at".to_string(),
                _ => format!("-{letter} of ssh is not taken: it would open a way to somewhere else"),
            });
        }
    }
    Ok(None)
}

/// Only the target itself, under its name or one of its other names.
fn meant(place: &Place, spoken: &Spoken<'_>) -> Result<(), String> {
    let (host, port) = spoken.host.rsplit_once(':').map_or((spoken.host, spoken.port), |(h, p)| (h, Some(p)));
    let same = host == place.host || place.aliases.iter().any(|a| a == host);
    if !same {
        return Err(format!("{host} is another machine than {}, which is the target", place.host));
    }
    let own = place.port.map(|p| p.to_string());
    if port.is_some_and(|p| own.as_deref().unwrap_or("22") != p) {
        return Err(format!("Port {} is another one than that of the target", port.unwrap_or_default()));
    }
    match (spoken.user, &place.user) {
        (Some(said), Some(own)) if said != own => Err(format!("{said} is another user than {own}, who the target has")),
        (Some(said), None) => Err(format!("Nobody has said that {said} may be used there: add user to the target")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

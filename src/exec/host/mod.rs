//! The machine itself, this one or one behind ssh: `df`, `free`, `uptime`, `ps`, `top`, `du`, `ls`, `tail`, `journalctl`, `systemctl` and the like, by
//! the program itself, with what it prints read for its values. What would never end is followed for a while, what would
//! wait for a keyboard is refused, and nobody is ever asked for a password.

mod values;

use super::ran::not_started;
use super::site::Site;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Bounds, Call, Cannot, End, Execute, Plan, Ran, Watch};
use std::collections::BTreeMap;
use std::time::Duration;

/// What never ends is followed for.
const FOLLOW: Duration = Duration::from_secs(10);

/// Programs that show a screen or read keys.
const KEYBOARD: [&str; 14] = [
    "less", "more", "most", "vi", "vim", "nvim", "nano", "emacs", "htop", "iotop", "ncdu", "visudo", "passwd", "screen",
];
/// Those whose text a shell would read; that is the script executor's work.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "ash", "zsh", "fish", "su", "ssh"];

pub struct Hosts(BTreeMap<String, Site>);

/// What is really run.
#[derive(Debug, PartialEq)]
struct Fitted {
    argv: Vec<String>,
    follows: bool,
}

impl Hosts {
    pub fn new(places: BTreeMap<String, impl Into<Site>>) -> Hosts {
        Hosts(places.into_iter().map(|(name, place)| (name, place.into())).collect())
    }

    fn read(&self, call: &Call) -> Result<(&Site, Fitted), String> {
        let place = self.0.get(&call.target).ok_or(format!("{} is not set up as a host", call.target))?;
        Ok((place, fitted(&call.argv)?))
    }
}

impl Execute for Hosts {
    fn name(&self) -> &'static str {
        "host"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (place, fitted) = self.read(call).map_err(Cannot)?;
            place.plan(&fitted.argv, &call.env)
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let (place, fitted) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, false),
            };
            let window = FOLLOW.min(call.bounds.time * 9 / 10);
            let time = if fitted.follows { window } else { call.bounds.time };
            let bounds = Bounds { time, ..call.bounds };
            let mut env = call.env.clone();
            // Programs that would call a pager, or colour what they print.
            for (name, value) in
                [("PAGER", "cat"), ("SYSTEMD_PAGER", "cat"), ("SYSTEMD_COLORS", "0"), ("COLUMNS", "200")]
            {
                env.entry(name.to_string()).or_insert(value.to_string());
            }
            let mut ran = place.run(&fitted.argv, &env, call, bounds, watch).await;
            if fitted.follows && ran.end == End::TimedOut {
                ran.end = End::Exited(0);
                ran.stderr.push_str(&format!("[followed for {} s]\n", window.as_secs()));
            }
            ran.readings = values::read(&fitted.argv, &ran);
            ran
        })
    }
}

/// The command so that it ends by itself and asks nobody.
fn fitted(argv: &[String]) -> Result<Fitted, String> {
    let (program, rest) = argv.split_first().ok_or("There is no command")?;
    let name = program.rsplit('/').next().unwrap_or_default();
    let has = |short: char, long: &str| rest.iter().any(|w| is_option(w, short, long));
    let with = |more: &[&str]| {
        let more = more.iter().map(|w| w.to_string());
        std::iter::once(program.clone()).chain(more).chain(rest.iter().cloned()).collect::<Vec<_>>()
    };
    match name {
        "sudo" => {
            // -n: rather fail than wait for a password.
            let inner = fitted(rest.iter().position(|w| !w.starts_with('-')).map_or(&[][..], |at| &rest[at..]))?;
            if rest.first().is_none_or(|w| w.starts_with('-')) {
                return Err("sudo with options of its own is not run: it may ask for a password".to_string());
            }
            let argv = [program.clone(), "-n".to_string()].into_iter().chain(inner.argv).collect();
            Ok(Fitted { argv, follows: inner.follows })
        }
        "watch" => watched(rest),
        _ if KEYBOARD.contains(&name) => Err(format!("{name} needs a keyboard and a screen")),
        _ if SHELLS.contains(&name) => Err(format!("{name} is not run as a program of the host")),
        "top" if !has('b', "--batch-mode") => Ok(Fitted { argv: with(&["-b", "-n", "1"]), follows: false }),
        "top" => Ok(Fitted { argv: argv.to_vec(), follows: !has('n', "--iterations") }),
        "journalctl" => Ok(Fitted { argv: with(&["--no-pager"]), follows: has('f', "--follow") }),
        "systemctl" => Ok(Fitted { argv: with(&["--no-pager", "--no-ask-password"]), follows: false }),
        "tail" => Ok(Fitted { argv: argv.to_vec(), follows: has('f', "--follow") || has('F', "--retry") }),
        "dmesg" => Ok(Fitted { argv: argv.to_vec(), follows: has('w', "--follow") || has('W', "--follow-new") }),
        "ping" => Ok(Fitted { argv: argv.to_vec(), follows: !has('c', "--count") }),
        // An interval without a count goes on for ever.
        "vmstat" | "iostat" | "mpstat" | "sar" | "free" => {
            let numbers = rest.iter().filter(|w| w.chars().all(|c| c.is_ascii_digit())).count();
            let repeats = name == "free" && has('s', "--seconds") && !has('c', "--count");
            Ok(Fitted { argv: argv.to_vec(), follows: repeats || (name != "free" && numbers == 1) })
        }
        _ => Ok(Fitted { argv: argv.to_vec(), follows: false }),
    }
}

/// `-f`, `-xf`, `-n5`, `--follow`, `--follow=name`.
fn is_option(word: &str, short: char, long: &str) -> bool {
    match word.strip_prefix('-') {
        Some(rest) if !rest.starts_with('-') => rest.contains(short),
        _ => word.split('=').next() == Some(long),
    }
}

/// `watch -n 5 df -h`: once is what there is to see.
fn watched(rest: &[String]) -> Result<Fitted, String> {
    let mut at = 0;
    while let Some(option) = rest.get(at).filter(|w| w.starts_with('-')) {
        at += if matches!(option.as_str(), "-n" | "--interval") { 2 } else { 1 };
    }
    let inner = rest.get(at..).unwrap_or_default();
    match inner {
        [] => Err("watch lacks its command".to_string()),
        [one] if one.contains(char::is_whitespace) => {
            Err("watch gives its text to a shell: run the command itself".to_string())
        }
        inner => fitted(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn commands_are_fitted_so_that_they_end_and_ask_nobody() {
        for (line, expected, follows) in [
            ("df -h", "df -h", false),
            ("top", "top -b -n 1", false),
            ("top -b -n 1", "top -b -n 1", false),
            ("top -bn1", "top -bn1", false),
            ("top -b", "top -b", true),
            ("sudo systemctl restart shop", "sudo -n systemctl --no-pager --no-ask-password restart shop", false),
            ("journalctl -u shop -f", "journalctl --no-pager -u shop -f", true),
            ("journalctl -u shop -n 100", "journalctl --no-pager -u shop -n 100", false),
            ("tail -n 50 -f app.log", "tail -n 50 -f app.log", true),
            ("tail -100 app.log", "tail -100 app.log", false),
            ("tail -F app.log", "tail -F app.log", true),
            ("vmstat 1", "vmstat 1", true),
            ("vmstat 1 5", "vmstat 1 5", false),
            ("ping -c 3 db", "ping -c 3 db", false),
            ("ping db", "ping db", true),
            ("watch -n 2 free -m", "free -m", false),
        ] {
            assert_eq!(fitted(&words(line)), Ok(Fitted { argv: words(expected), follows }), "{line}");
        }
    }

    #[test]
    fn what_waits_for_somebody_or_reads_text_as_commands_is_refused() {
        for line in
            ["", "less app.log", "sudo nano x", "sudo -i", "sudo su", "bash -c x", "ssh host df", "watch", "htop"]
        {
            assert!(fitted(&words(line)).is_err(), "{line}");
        }
        assert!(fitted(&["watch".to_string(), "df -h; rm x".to_string()]).is_err());
    }
}

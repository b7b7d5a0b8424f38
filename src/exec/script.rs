//! The team's own scripts, each a program with its words; and the runbook's own text where only a shell can do it:
//! verbatim through `bash -c` or `sh -c`. Values that people gave are words to a script and positional words (`$1`) to a
//! text, and are never made part of it.

use super::ran::not_started;
use super::site::Site;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, Execute, Plan, Ran, Watch};
use std::collections::BTreeMap;

/// What a text is called to itself (`$0`): only what this file has made is run as a text.
const MARKER: &str = "runbook";
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "fish", "ksh"];
/// What scripts are written in; with an option of its own it may read a value as a program.
const LANGUAGES: [&str; 7] = ["python", "python3", "node", "ruby", "perl", "php", "deno"];

/// The argument vector of a text and its positional values.
pub fn argv(shell: Shell, text: &str, values: &[String]) -> Vec<String> {
    let fixed = [shell.name(), "-c", text, MARKER].map(str::to_string);
    fixed.into_iter().chain(values.iter().cloned()).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    /// For text that uses nothing of bash's own.
    Sh,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Sh => "sh",
        }
    }
}

pub struct Scripts(BTreeMap<String, Site>);

impl Scripts {
    pub fn new(places: BTreeMap<String, impl Into<Site>>) -> Scripts {
        Scripts(places.into_iter().map(|(name, place)| (name, place.into())).collect())
    }

    fn place(&self, call: &Call) -> Result<&Site, String> {
        let (program, rest) = call.argv.split_first().ok_or("There is nothing to run")?;
        let name = program.rsplit('/').next().unwrap_or_default();
        let with_file = rest.first().is_some_and(|file| !file.starts_with('-'));
        let fits = match rest {
            [flag, _, marker, ..] if ["bash", "sh"].contains(&program.as_str()) && flag == "-c" => marker == MARKER,
            _ if SHELLS.contains(&name) || LANGUAGES.contains(&name) => with_file,
            _ => program.contains('/') || name.contains('.'),
        };
        if !fits {
            return Err(format!("{program} is no script: a file of the team, or a language that is given one"));
        }
        self.0.get(&call.target).ok_or(format!("No script may run on {}: it is not set up for scripts", call.target))
    }
}

impl Execute for Scripts {
    fn name(&self) -> &'static str {
        "script"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move { self.place(call).map_err(Cannot)?.plan(&call.argv, &call.env) })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            match self.place(call) {
                Ok(place) => place.run(&call.argv, &call.env, call, call.bounds, watch).await,
                Err(why) => not_started(why, false),
            }
        })
    }
}

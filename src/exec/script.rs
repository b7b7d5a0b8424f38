//! The runbook's own text where only a shell can do it: verbatim through `bash -c` or `sh -c`. Values that people gave
//! are positional words (`$1`) or variables of the environment to it, and are never made part of the text.

use super::ran::not_started;
use super::site::Site;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, Execute, Plan, Ran, Watch};
use std::collections::BTreeMap;

/// The argument vector of a text and its positional values.
pub fn argv(shell: Shell, text: &str, values: &[String]) -> Vec<String> {
    let fixed = [shell.name(), "-c", text, "runbook"].map(str::to_string);
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
        let is_script =
            matches!(&call.argv[..], [shell, flag, _, ..] if ["bash", "sh"].contains(&shell.as_str()) && flag == "-c");
        if !is_script {
            return Err("A script is the text of a runbook, run by bash or sh".to_string());
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

//! What Firebell knows of command line tools: which of their subcommands read, change or destroy, who runs them, how
//! they end. The knowledge is data (`knowledge/*.toml`), compiled in; its format is described in `knowledge/FORMAT.md`.
//!
//! Looks words up and never parses a shell: what a word is was decided before. It never asks a program for its help.

pub mod condition;
pub mod entry;
mod files;
pub mod load;
pub mod look;
pub mod split;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use entry::Tool;

use crate::model::Executor;

/// Stands in a word for a part nobody can read before it runs: a variable, a substitution, a placeholder.
pub const OPAQUE: char = '\u{FFFC}';

#[derive(Debug, Default)]
pub struct Knowledge {
    pub tools: Vec<Tool>,
    by_name: BTreeMap<String, usize>,
}

impl Knowledge {
    /// By name as typed; a folder of programs in front (`/usr/bin/psql`) and Windows' `.exe` do not matter. Any other
    /// folder makes it a script of somebody's own, whatever its name (`/etc/init.d/mysql`).
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        let (folder, base) = name.rsplit_once('/').unwrap_or(("", name));
        let base = base.strip_suffix(".exe").unwrap_or(base);
        let tool = self.by_name.get(base).map(|&i| &self.tools[i])?;
        let programs = folder.is_empty() || folder.ends_with("/bin") || folder.ends_with("/sbin") || folder == "bin";
        // `./manage.py` and `./gradlew` are meant to be called so; `./test` is not the shell's.
        let beside =
            matches!(tool.executor, Executor::Script | Executor::Package | Executor::AppCli) || base.ends_with(".sh");
        (programs || beside).then_some(tool)
    }
}

/// All of it, read once.
pub fn knowledge() -> &'static Knowledge {
    static ALL: OnceLock<Knowledge> = OnceLock::new();
    ALL.get_or_init(|| load::load(files::FILES).0)
}

/// Whether this is the name of a tool that the knowledge base has.
pub fn knows(name: &str) -> bool {
    knowledge().tool(name).is_some()
}

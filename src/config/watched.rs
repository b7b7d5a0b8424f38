//! Whether a runbook or an overlay is otherwise than when it was read: by name, size and time of change. Looks; reads no
//! content. The configuration itself is not among them: it is put in force when somebody says so.

use super::runbooks;
use crate::program::Program;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files of a configuration's runbooks, and the folder in which there may be more.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    files: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

/// How they looked at one moment: a file that is not there has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look(BTreeMap<PathBuf, (u64, Option<SystemTime>)>);

impl Watched {
    /// `beside` is the folder of the configuration, where the runbooks are looked for in theirs.
    pub fn of(program: &Program, beside: Option<&Path>) -> Watched {
        let files = program.sources.iter().flat_map(|s| [s.file.clone(), s.overlay_file.clone()]).map(PathBuf::from);
        Watched { files: files.collect(), folder: beside.map(|b| b.join(runbooks::FOLDER)) }
    }

    pub fn look(&self) -> Look {
        let entries = self.folder.iter().filter_map(|f| std::fs::read_dir(f).ok()).flatten().flatten();
        let inside = entries.map(|e| e.path()).filter(|p| runbooks::is_runbook(p) || is_overlay(p));
        let all = self.files.iter().cloned().chain(inside);
        let seen = |path: PathBuf| {
            let found = std::fs::metadata(&path).ok()?;
            Some((path, (found.len(), found.modified().ok())))
        };
        Look(all.filter_map(seen).collect())
    }
}

fn is_overlay(path: &Path) -> bool {
    path.to_str().is_some_and(|p| p.ends_with(".overlay.toml"))
}

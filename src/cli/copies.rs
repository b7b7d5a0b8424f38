//! `backup` and `restore` of an embedded database. Postgres has its own tools (`pg_dump`, `pg_restore`).

use super::End;
use crate::config::Config;
use crate::store;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Backup {
    /// The file to write; must not exist
    file: PathBuf,
}

#[derive(Args)]
pub struct Restore {
    /// The copy to put back
    file: PathBuf,
    /// Replaces a database that is there; it is kept beside it
    #[arg(long)]
    force: bool,
}

fn embedded(config: &Config) -> Result<PathBuf, End> {
    config.sqlite_path().ok_or_else(|| {
        End::Sentence("The database is Postgres: use pg_dump and pg_restore, which do this better.".to_string())
    })
}

impl Backup {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let path = embedded(config)?;
        if self.file.exists() {
            return Err(End::Sentence(format!("{} exists. Name a file that does not.", self.file.display())));
        }
        if !path.exists() {
            return Err(End::Sentence(format!("There is no database at {}.", path.display())));
        }
        store::ours(&path).await.map_err(|e| End::Sentence(e.to_string()))?;
        let part = with_suffix(&self.file, ".part");
        let _ = std::fs::remove_file(&part);
        store::copy_to(&path, &part).await.map_err(|f| {
            let _ = std::fs::remove_file(&part);
            End::Sentence(format!("The copy failed: {}", f.chain))
        })?;
        let summary = store::inspect(&part).await.map_err(|e| End::Sentence(format!("The copy does not open: {e}")))?;
        finish(&part, &self.file)?;
        println!("{}: {summary}", self.file.display());
        println!("Keep {} beside it: without that key the copy's log cannot be verified.", crate::compose::KEY_FILE);
        Ok(())
    }
}

impl Restore {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let path = embedded(config)?;
        let summary = store::inspect(&self.file)
            .await
            .map_err(|e| End::Sentence(format!("{} cannot be restored: {e}", self.file.display())))?;
        // Holding the lock, nobody can start on the database while it is replaced.
        let _lock = store::lock(&path).map_err(|e| End::Sentence(e.to_string()))?;
        if path.exists() {
            if !self.force {
                return Err(End::Sentence(format!(
                    "{} is there already. With --force it is replaced, and kept as {}.",
                    path.display(),
                    with_suffix(&path, ".before-restore").display()
                )));
            }
            // What its write-ahead log still holds goes into the file first, so that the kept one is complete.
            store::settle(&path).await.map_err(|f| End::Sentence(f.chain))?;
            rename(&path, &with_suffix(&path, ".before-restore"))?;
        }
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(with_suffix(&path, suffix));
        }
        let part = with_suffix(&path, ".part");
        std::fs::copy(&self.file, &part).map_err(|e| End::Sentence(format!("{}: {e}", part.display())))?;
        finish(&part, &path)?;
        println!("{} holds {summary}", path.display());
        Ok(())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), End> {
    std::fs::rename(from, to).map_err(|e| End::Sentence(format!("{}: {e}", to.display())))
}

/// Makes a finished file durable, then visible under its name.
fn finish(part: &Path, file: &Path) -> Result<(), End> {
    let failed = |e: std::io::Error| End::Sentence(format!("{}: {e}", file.display()));
    std::fs::File::open(part).and_then(|f| f.sync_all()).map_err(failed)?;
    rename(part, file)?;
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(failed)
}

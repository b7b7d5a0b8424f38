//! Folders of a test, and the one folder outside the build tree that all tests of this user share.
//!
//! It never deletes what a failed test left at once: that is the evidence. Leftovers of tests that are no
//! longer running go when a later test starts, after `EVIDENCE_KEPT`.

use super::process::{all_inside, kill_all_inside};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Long enough to look at last night's failure in the morning.
const EVIDENCE_KEPT: Duration = Duration::from_secs(12 * 60 * 60);

/// How the names of folders begin that do not belong to one test.
pub const SHARED: &str = "shared-";

static COUNTER: AtomicU32 = AtomicU32::new(0);
static SWEPT: Once = Once::new();

/// A folder that is removed at the end of its test, unless the test failed: then it stays and is named.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The files of this failed test are kept in {}", self.path.display());
        } else {
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

/// A new empty folder in Cargo's folder for the files of tests.
pub fn temp_dir() -> TempDir {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    TempDir { path: new_folder(root, "test") }
}

/// A new empty folder that other users may enter (Postgres refuses to run as root, so its files must lie where
/// its own user gets to: a clone below a home folder is not such a place). The caller removes it.
pub fn folder_for_other_users(kind: &str) -> PathBuf {
    new_folder(&shared_root(), kind)
}

/// `/var/tmp/firebell-tests-UID`: on a disk (fsync means something), short, and the same for all build trees of
/// this user, so that their tests agree on ports.
pub fn shared_root() -> PathBuf {
    let uid = fs::metadata("/proc/self").expect("/proc is mounted").uid();
    let root = PathBuf::from(format!("/var/tmp/firebell-tests-{uid}"));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&root)
        .unwrap_or_else(|error| panic!("cannot create {}: {error}", root.display()));
    let found = fs::symlink_metadata(&root).expect("the folder was just created");
    assert!(
        found.is_dir() && found.uid() == uid,
        "{} belongs to somebody else: remove it, then run the tests again",
        root.display()
    );
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    root
}

/// A number that is unique among the tests of all running processes: the process and a count within it.
pub fn unique() -> String {
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}", std::process::id())
}

fn new_folder(root: &Path, kind: &str) -> PathBuf {
    fs::create_dir_all(root).unwrap_or_else(|error| panic!("cannot create {}: {error}", root.display()));
    SWEPT.call_once(|| {
        sweep(Path::new(env!("CARGO_TARGET_TMPDIR")), EVIDENCE_KEPT);
        sweep(&shared_root(), EVIDENCE_KEPT);
    });
    let path = root.join(format!("{kind}-{}", unique()));
    // A leftover of an earlier process with the same number.
    fs::remove_dir_all(&path).ok();
    fs::create_dir(&path).unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
    path
}

/// Removes folders named KIND-PROCESS-COUNT whose process is gone, and what still runs inside them (a frozen
/// Postgres whose test was killed cannot end by itself).
fn sweep(root: &Path, older_than: Duration) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let owner = entry.file_name().to_string_lossy().into_owned();
        let Some(owner) = owner.rsplit('-').nth(1).map(str::to_owned) else {
            continue;
        };
        let gone = owner.parse::<u32>().is_ok() && !Path::new("/proc").join(&owner).exists();
        let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|modified| modified.elapsed().ok());
        // The shared Postgres outlives the test that started it: only a dead one is a leftover.
        let shared = entry.file_name().to_string_lossy().starts_with(SHARED);
        if shared && !all_inside(&path).is_empty() {
            continue;
        }
        if gone && age.is_some_and(|age| age > older_than) && path.is_dir() {
            kill_all_inside(&path);
            fs::remove_dir_all(&path).ok();
        }
    }
}

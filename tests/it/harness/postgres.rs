//! Real Postgres for the tests: one cluster that all tests of a run share, each with a database of its own, and
//! private clusters for the tests that stop or freeze theirs.
//!
//! Test processes find the shared cluster through files in Cargo's folder for tests; who comes first starts it,
//! and `postgres.sh` says how it ends. It never uses a cluster of the system's, and never skips: without
//! Postgres the test fails and says what to install.

use super::files::{SHARED, folder_for_other_users, unique};
use super::port::{Port, free_port};
use super::process::{Process, children_of, kept, kill_all_inside, signal_all, state_of};
use super::{BOUND, eventually_blocking};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

const SCRIPT: &str = include_str!("postgres.sh");
/// A cluster is made in two seconds on an idle machine.
const START_BOUND: Duration = Duration::from_secs(60);

/// The address of a new, empty database in the shared cluster. Databases of tests that have ended are dropped by
/// later tests, all of them with the cluster.
pub fn fresh_database() -> String {
    let cluster = &shared().url;
    let admin = format!("{cluster}/postgres");
    let names = "select datname from pg_database where datname like 'test\\_%'";
    let known = query(&admin, names).unwrap_or_else(|error| panic!("{error}"));
    let name = format!("test_{}", unique().replace('-', "_"));
    for old in known.lines() {
        let owner = old.split('_').nth(1).unwrap_or_default();
        // Numbers of processes come round again: what bears this one's name is as old as the rest.
        if old == name || !Path::new("/proc").join(owner).exists() {
            let dropped = format!("drop database if exists {old} with (force)");
            // Another test may be dropping it at this moment; then it is gone all the same.
            query(&admin, &dropped).ok();
        }
    }
    query(&admin, &format!("create database {name}"))
        .unwrap_or_else(|error| panic!("cannot create a database in the tests' Postgres: {error}"));
    format!("{cluster}/{name}")
}

/// The shared cluster, as this process holds on to it.
struct Shared {
    /// Without a database's name.
    url: String,
    /// As long as this is open, and so locked, the cluster runs.
    _in_use: File,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(join_shared)
}

fn join_shared() -> Shared {
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    fs::create_dir_all(&state).expect("Cargo's folder for tests can be written");
    let open = |name: &str| {
        File::options()
            .create(true)
            .append(true)
            .open(state.join(name))
            .unwrap_or_else(|error| panic!("cannot open {name} in {}: {error}", state.display()))
    };
    let entering = open("start.lock");
    entering.lock().expect("a file can be locked");
    let in_use = open("users.lock");
    in_use.lock_shared().expect("a file can be locked");
    let keeper = open("keeper.lock");
    let address = state.join("url");
    eventually_blocking("an older shared Postgres is up or gone", START_BOUND, || address.exists() || is_free(&keeper));
    if is_free(&keeper) {
        fs::remove_file(&address).ok();
        start_keeper(&state, &address);
    }
    let url = fs::read_to_string(&address).expect("the keeper has written the address");
    Shared { url: url.trim().to_owned(), _in_use: in_use }
}

/// Whether no keeper is alive. Only asked while start.lock is held, so nobody else asks at the same moment.
fn is_free(keeper: &File) -> bool {
    let free = keeper.try_lock().is_ok();
    if free {
        keeper.unlock().expect("a lock of ours can be given up");
    }
    free
}

fn start_keeper(state: &Path, address: &Path) {
    let log = state.join("postgres.log");
    fs::remove_file(&log).ok();
    let output = File::create(&log).expect("Cargo's folder for tests can be written");
    let port = free_port();
    // A session of its own: it must not end with the test, nor with a terminal's Ctrl-C.
    let mut keeper = Command::new("setsid")
        .args(["sh", "-c", SCRIPT, "postgres.sh", "keep"])
        .arg(programs())
        .arg(folder_for_other_users(&format!("{SHARED}postgres")))
        .arg(port.number().to_string())
        .arg(&log)
        .arg(state)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file can be opened twice"))
        .stderr(output)
        .spawn()
        .expect("setsid and sh can be started");
    eventually_blocking("the shared Postgres is up", START_BOUND, || {
        let ended = keeper.try_wait().expect("a child can be waited for");
        assert!(
            ended.is_none(),
            "the shared Postgres did not start:\n{}",
            fs::read_to_string(&log).unwrap_or_default()
        );
        address.exists()
    });
}

/// A cluster of one test's own, to be stopped, killed and frozen.
#[derive(Debug)]
pub struct PrivatePostgres {
    postmaster: Option<Process>,
    folder: PathBuf,
    port: Port,
    url: String,
}

impl PrivatePostgres {
    pub fn start() -> PrivatePostgres {
        let programs = programs();
        let folder = folder_for_other_users("postgres");
        let port = free_port();
        let log = folder.join("log");
        let made = Command::new("sh")
            .args(["-c", SCRIPT, "postgres.sh", "init"])
            .arg(programs)
            .arg(&folder)
            .arg(port.number().to_string())
            .arg(&log)
            .stdin(Stdio::null())
            .output()
            .expect("sh can be started");
        assert!(
            made.status.success(),
            "cannot make a Postgres cluster: {}\n{}",
            String::from_utf8_lossy(&made.stderr),
            fs::read_to_string(&log).unwrap_or_default()
        );
        let password = fs::read_to_string(folder.join("password")).expect("the password was written");
        let url = format!("postgres://firebell:{}@{}/firebell", password.trim(), port.address());
        let mut postgres = PrivatePostgres { postmaster: None, folder, port, url };
        postgres.start_again();
        let admin = format!("{}postgres", postgres.url.trim_end_matches("firebell"));
        query(&admin, "create database firebell").unwrap_or_else(|error| panic!("{error}"));
        postgres
    }

    /// The address of its one database. It stays the same over stops and starts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts it after a stop, with the data it had, and waits until it takes connections.
    pub fn start_again(&mut self) {
        assert!(self.postmaster.is_none(), "this Postgres is running");
        let data = self.folder.join("data");
        let mut command = as_postgres(&programs().join("postgres"));
        command.arg("-D").arg(&data).current_dir(&data);
        let mut postmaster = Process::start("Postgres", command, &self.folder.join("log"));
        let id = postmaster.id().to_string();
        eventually_blocking("the private Postgres is up", START_BOUND, || {
            assert!(postmaster.ended().is_none(), "Postgres did not start on port {}", self.port.number());
            let status = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            status.lines().next() == Some(&id) && status.lines().any(|line| line.starts_with("ready"))
        });
        self.postmaster = Some(postmaster);
    }

    /// Stops it at once: connections are cut, and the next start recovers from the log.
    pub fn stop_immediate(&mut self) {
        let mut postmaster = self.postmaster.take().expect("this Postgres is running");
        postmaster.signal("QUIT");
        eventually_blocking("Postgres has stopped", BOUND, || postmaster.ended().is_some());
    }

    /// Kills all its processes with SIGKILL, as a machine's end would.
    pub fn kill9(&mut self) {
        let mut postmaster = self.postmaster.take().expect("this Postgres is running");
        signal_all("STOP", &[postmaster.id()]); // no more children from here on
        eventually_blocking("the postmaster is frozen", BOUND, || {
            matches!(state_of(postmaster.id()), None | Some('T' | 'Z'))
        });
        signal_all("KILL", &children_of(postmaster.id()));
        postmaster.kill();
        eventually_blocking("every process of Postgres is gone", BOUND, || !is_used(&self.folder));
    }

    /// Stops the time of all its processes: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        let postmaster = self.postmaster.as_ref().expect("this Postgres is running");
        signal_all("STOP", &[postmaster.id()]); // first, so that it starts no more children
        eventually_blocking("every process of Postgres is frozen", BOUND, || {
            // Again at every look: the postmaster may have been in the middle of starting one.
            let moving = |id: &u32| !matches!(state_of(*id), None | Some('T' | 'Z'));
            let mut all = children_of(postmaster.id());
            all.retain(moving);
            signal_all("STOP", &all);
            all.is_empty() && !moving(&postmaster.id())
        });
    }

    pub fn thaw(&self) {
        let postmaster = self.postmaster.as_ref().expect("this Postgres is running");
        signal_all("CONT", &children_of(postmaster.id()));
        signal_all("CONT", &[postmaster.id()]);
    }

    /// Runs SQL by psql, from outside; answers the rows without decoration, or the complaint.
    pub fn query(&self, statement: &str) -> Result<String, String> {
        query(&self.url, statement)
    }

    /// The process id of the postmaster.
    pub fn id(&self) -> u32 {
        self.postmaster.as_ref().expect("this Postgres is running").id()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Some(postmaster) = &self.postmaster {
            // Frozen children would never notice that their postmaster is gone.
            signal_all("STOP", &[postmaster.id()]);
            signal_all("KILL", &children_of(postmaster.id()));
        }
        self.postmaster = None;
        kill_all_inside(&self.folder);
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn is_used(folder: &Path) -> bool {
    !super::process::all_inside(folder).is_empty()
}

/// A command that runs a program of Postgres's, as the user that it insists on, and dies with the caller.
fn as_postgres(program: &Path) -> Command {
    if fs::metadata("/proc/self").expect("/proc is mounted").uid() != 0 {
        return kept(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
        .args(["--pdeathsig=KILL", "--"])
        .arg(program);
    command
}

/// Runs SQL by psql, from outside; answers the rows without decoration, or the complaint.
pub fn query(url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new(programs().join("psql"))
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--set=ON_ERROR_STOP=1", "--command", statement, url])
        .env("PGCONNECT_TIMEOUT", "10")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot start psql: {error}. Run ./test --install"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The folder of Postgres's programs: of the newest version that Debian's packages have installed.
fn programs() -> PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let newest = versions
            .flatten()
            .filter(|version| version.path().join("bin/initdb").exists())
            .max_by_key(|version| version.file_name().to_string_lossy().parse::<u32>().ok());
        newest.map(|version| version.path().join("bin")).expect(
            "Postgres is not installed, and the tests need it. Run ./test --install (or apt-get install postgresql)",
        )
    };
    PROGRAMS.get_or_init(find).clone()
}

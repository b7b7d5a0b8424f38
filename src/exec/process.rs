//! A program with its argument vector: no shell, a cleaned environment, a process group of its own, and bounds on time,
//! memory, processes and output. When it is over, nothing of it is left: the group is told to end, then killed, and
//! whatever left the group is found by a mark in its environment. Interprets no argument and no output.

pub(super) mod group;
pub(super) mod pipes;

use super::clean::Secrets;
use super::ran::{not_started, stopped};
use crate::clock;
use crate::engine::ports::execute::{Bounds, Cannot, End, Plan, Ran, Watch};
use group::Group;
use pipes::Pipes;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// Between "please end" and "end": long enough to write a file and remove a lock.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked at how many processes there are and what they hold.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// For what is still in the pipes when all that wrote into them is gone.
const DRAIN: Duration = Duration::from_secs(1);

/// Where programs run: one target of this machine.
#[derive(Clone)]
pub struct Place {
    /// The working folder; relative programs (`./scripts/health.sh`) start there.
    pub folder: PathBuf,
    /// `PATH` of what runs, and where programs are looked for.
    pub path: String,
    /// Beside the few variables that everything gets.
    pub env: BTreeMap<String, String>,
    /// Of all its processes together.
    pub memory_bytes: u64,
    /// At once.
    pub processes: usize,
    pub secrets: Secrets,
}

impl Place {
    pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    pub fn at(folder: impl Into<PathBuf>) -> Place {
        Place {
            folder: folder.into(),
            path: Place::PATH.to_string(),
            env: BTreeMap::new(),
            memory_bytes: 2 * 1024 * 1024 * 1024,
            processes: 200,
            secrets: Secrets::default(),
        }
    }

    /// The file behind a program's name, or a sentence for people.
    pub fn program(&self, name: &str) -> Result<PathBuf, String> {
        let runs = |file: &Path| file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if name.contains('/') {
            let file = self.folder.join(name);
            return if runs(&file) {
                Ok(file)
            } else {
                Err(format!("{name} is no program in {}", self.folder.display()))
            };
        }
        let files = self.path.split(':').filter(|folder| folder.starts_with('/')).map(|f| Path::new(f).join(name));
        files.into_iter().find(|file| !name.is_empty() && runs(file)).ok_or(format!("{name} is not installed here"))
    }
}

/// What would be started.
pub fn plan(place: &Place, argv: &[String], env: &BTreeMap<String, String>) -> Result<Plan, Cannot> {
    let program = place.program(argv.first().map_or("", String::as_str)).map_err(Cannot)?;
    if let Some(why) = unfit(argv, env) {
        return Err(Cannot(why));
    }
    let does = place.secrets.hide(&shown(argv));
    Ok(Plan { does, native: false, finds: vec![format!("{} in {}", program.display(), place.folder.display())] })
}

/// An argument vector as one would type it.
pub fn shown(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let word = |w: &String| match !w.is_empty() && w.chars().all(plain) {
        true => w.clone(),
        false => format!("'{}'", w.replace('\'', r"'\''")),
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Variables that make a program run something else than its arguments say.
fn is_hijack(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "SHELLOPTS",
        "BASHOPTS",
        "PS4",
        "PROMPT_COMMAND",
        "NODE_OPTIONS",
        "PYTHONSTARTUP",
        "PERL5OPT",
        "RUBYOPT",
    ];
    NAMES.contains(&name) || ["LD_", "DYLD_", "BASH_FUNC_", "GIT_SSH", group::MARK].iter().any(|p| name.starts_with(p))
}

pub(super) fn unfit(argv: &[String], env: &BTreeMap<String, String>) -> Option<String> {
    if argv.iter().chain(env.values()).any(|word| word.contains('\0')) {
        return Some("A word of this command has a zero byte in it, which no program can be given".to_string());
    }
    let is_name = |n: &str| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let bad = env.keys().find(|name| !is_name(name) || is_hijack(name))?;
    Some(format!("The variable {bad} may not be set for a command: it would change what is run"))
}

/// Runs it to its end, within the bounds.
pub async fn run(
    place: &Place,
    argv: &[String],
    env: &BTreeMap<String, String>,
    input: Option<&[u8]>,
    bounds: Bounds,
    watch: &mut Watch,
) -> Ran {
    let began = clock::instant();
    let program = match place.program(argv.first().map_or("", String::as_str)) {
        Ok(program) => program,
        Err(why) => return not_started(why, false),
    };
    if let Some(why) = unfit(argv, env) {
        return not_started(why, false);
    }
    let Ok(mark) = group::mark() else {
        return not_started("The machine gives no random numbers", false);
    };
    let mut command = limited(place, &program, &argv[1..]);
    command.env_clear().env("PATH", &place.path).env("LANG", "C.UTF-8").env("TERM", "dumb").env("HOME", &place.folder);
    command.envs(&place.env).envs(env).env(group::MARK, &mark);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .current_dir(&place.folder)
        .process_group(0)
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => return not_started(format!("{} does not start: {}", argv[0], super::ran::io(&e)), false),
    };
    // Also when whoever waits for us gives up: dropping the group ends it.
    let mut group = Group::new(child.id(), mark);
    let mut pipes = Pipes::open(&mut child, input, bounds.output_bytes, &place.secrets, &watch.progress);

    let ended = tokio::select! {
        status = child.wait() => Some(status),
        () = tokio::time::sleep(bounds.time) => None,
        () = stopped(&mut watch.stop) => None,
        why = exceeds(place, &group) => { pipes.note(&why); None }
    };
    let was_stopped = *watch.stop.borrow();
    let end = match ended {
        Some(Ok(status)) => End::Exited(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))),
        Some(Err(_)) => End::Unknown(format!("{} was lost: look for its process", argv[0])),
        None => {
            group.terminate();
            tokio::time::timeout(GRACE, child.wait()).await.ok();
            group.kill();
            child.wait().await.ok();
            match (was_stopped, pipes.noted()) {
                (true, _) => End::Stopped,
                // It was killed, as the kernel would have done.
                (false, true) => End::Exited(137),
                (false, false) => End::TimedOut,
            }
        }
    };
    let left = group.sweep().await;
    if left > 0 && ended.is_some() {
        pipes.note(&format!("{left} of its processes had been left running and were ended"));
    }
    let mut ran = pipes.finish(DRAIN, &place.secrets).await;
    (ran.end, ran.took) = (end, began.elapsed());
    ran
}

/// The program behind a shell's own `ulimit`: each process by itself is limited by the kernel, all together are watched.
/// The shell's text is fixed, and the program and its arguments are words to it that it hands on with `exec`.
fn limited(place: &Place, program: &Path, arguments: &[String]) -> tokio::process::Command {
    const LIMITS: &str = r#"ulimit -c 0; ulimit -d "$1" || exit 126; shift; exec "$@""#;
    let mut command = tokio::process::Command::new("/bin/sh");
    command.args(["-c", LIMITS, "limits"]).arg((place.memory_bytes / 1024).to_string()).arg(program).args(arguments);
    command
}

/// Comes back when all processes together are more, or hold more, than they may.
async fn exceeds(place: &Place, group: &Group) -> String {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let (count, bytes) = group.size().await;
        if count > place.processes {
            return format!("Ended: it had {count} processes, and {} are allowed", place.processes);
        }
        if bytes > place.memory_bytes {
            return format!("Ended: it held {} MB, and {} MB are allowed", bytes >> 20, place.memory_bytes >> 20);
        }
    }
}

//! One argument vector on another machine, within the bounds. ssh hands a line to a shell over there: the line is made of
//! words that openssh quotes, so that each arrives as it is. What runs is a process group of its own there; when its time
//! is up the whole group is ended over the same connection. What leaves that group by itself is not found any more.

use super::remote::{Remote, Way};
use crate::clock;
use crate::engine::ports::execute::{Bounds, Cannot, End, Plan, Ran, Watch};
use crate::exec::process::pipes::Pipes;
use crate::exec::process::{group, shown, unfit};
use crate::exec::ran::{Waited, ended, not_started, within};
use firebell_domain::playbook::Risk;
use openssh::{Error, Session, Stdio};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};

/// Bytes of all words together: what a shell takes as one argument, with room for the quotes.
const WORDS_BYTES_MAX: usize = 64 * 1024;
/// Bytes that a login shell may say by itself before the command begins.
const GREETING_BYTES_MAX: u64 = 64 * 1024;
/// For ending a group and looking whether it is gone.
const ENDING_TIME: Duration = Duration::from_secs(8);
/// For what is still on its way when the command has ended.
const DRAIN: Duration = Duration::from_secs(2);

/// Says which group it is, goes to its folder, and becomes the command. The text is fixed; all else is words to it.
const BEGIN: &str = r#"printf '%s %s\n' "$1" "$$"; cd -- "$2" || exit 126; shift 2; exec "$@""#;
/// "Please end", two seconds, "end". Prints `gone` when nothing of it is left.
const FINISH: &str = r#"kill -s TERM -- "-$1" 2>/dev/null; n=0
while kill -s 0 -- "-$1" 2>/dev/null && [ "$n" -lt 20 ]; do sleep 0.1; n=$((n+1)); done
kill -s KILL -- "-$1" 2>/dev/null; n=0
while kill -s 0 -- "-$1" 2>/dev/null && [ "$n" -lt 20 ]; do sleep 0.1; n=$((n+1)); done
kill -s 0 -- "-$1" 2>/dev/null || echo gone"#;

/// With variables in front, as `env` takes them: ssh carries none over.
fn whole(argv: &[String], env: &BTreeMap<String, String>) -> Vec<String> {
    let variables = env.iter().map(|(name, value)| format!("{name}={value}"));
    let env = (!env.is_empty()).then(|| "env".to_string());
    env.into_iter().chain(variables).chain(argv.iter().cloned()).collect()
}

fn fits(argv: &[String], env: &BTreeMap<String, String>) -> Result<(), String> {
    if argv.first().is_none_or(|program| program.is_empty()) {
        return Err("There is no command".to_string());
    }
    if argv[0].starts_with('-') {
        return Err(format!("{} is no program", argv[0]));
    }
    if let Some(why) = unfit(argv, env) {
        return Err(why);
    }
    match argv.iter().chain(env.values()).map(String::len).sum::<usize>() > WORDS_BYTES_MAX {
        true => Err(format!("The command is longer than {} KB", WORDS_BYTES_MAX >> 10)),
        false => Ok(()),
    }
}

impl Remote {
    pub fn plan(&self, argv: &[String], env: &BTreeMap<String, String>) -> Result<Plan, Cannot> {
        fits(argv, env).map_err(Cannot)?;
        let does = self.place.secrets.hide(&shown(&whole(argv, env)));
        Ok(Plan { does, native: false, finds: vec![format!("on {}, over ssh", self.place.shown())] })
    }

    /// Runs it to its end, within the bounds. `risk` says whether a lost connection leaves a question open.
    pub async fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        input: Option<&[u8]>,
        risk: Risk,
        bounds: Bounds,
        watch: &mut Watch,
    ) -> Ran {
        let began = clock::instant();
        if let Err(why) = fits(argv, env) {
            return not_started(why, false);
        }
        let Ok(mark) = group::mark() else { return not_started("The machine gives no random numbers", false) };
        let way = match within(bounds.time, watch, self.way()).await {
            Waited::Done(Ok(way)) => way,
            Waited::Done(Err(why)) => return not_started(why, false),
            Waited::TimedOut => return not_started(format!("{} let nobody in in time", self.place.shown()), false),
            Waited::Stopped => return ended(End::Stopped, false),
        };
        let left = || bounds.time.saturating_sub(began.elapsed());
        let mut ran = self.carry_out(&way, &mark, &whole(argv, env), input, risk, bounds, &left, watch).await;
        ran.took = began.elapsed();
        ran
    }

    #[allow(clippy::too_many_arguments)] // the bounds of one command
    async fn carry_out(
        &self,
        way: &Way<'_>,
        mark: &str,
        argv: &[String],
        input: Option<&[u8]>,
        risk: Risk,
        bounds: Bounds,
        left: &impl Fn() -> Duration,
        watch: &mut Watch,
    ) -> Ran {
        let folder = self.place.folder.as_deref().unwrap_or(".");
        let mut command = way.session.raw_command("exec");
        command.args(["sh", "-c", BEGIN, "firebell", mark, folder]).args(argv);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match command.spawn().await {
            Ok(child) => child,
            Err(_) => return not_started("ssh does not start: is openssh-client installed?", false),
        };
        let Some(out) = child.stdout().take() else { return not_started("ssh has no output", false) };
        let mut out = BufReader::new(out);
        let mut before = Vec::new();
        let found = within(left(), watch, group_of(&mut out, mark, &mut before)).await;
        let group = match &found {
            Waited::Done(group) => *group,
            _ => None,
        };
        // Also when whoever waits for us gives up.
        let mut running = Running { session: way.session.clone(), group };
        // Where it never said its group, what it said instead is what there is.
        let greeting = Cursor::new(if group.is_none() { before } else { Vec::new() });
        let streams = (child.stdin().take(), greeting.chain(out), child.stderr().take());
        let mut pipes = Pipes::of(
            streams.0,
            Some(streams.1),
            streams.2,
            input,
            bounds.output_bytes,
            &self.place.secrets,
            &watch.progress,
        );
        let waited = match found {
            Waited::Done(_) => within(left(), watch, child.wait()).await,
            Waited::TimedOut => Waited::TimedOut,
            Waited::Stopped => Waited::Stopped,
        };
        let host = self.place.shown();
        let end = match waited {
            Waited::Done(Ok(status)) => End::Exited(status.code().unwrap_or(255)),
            // As a shell says that there is no such program.
            Waited::Done(Err(Error::Remote(_))) => End::Exited(127),
            Waited::Done(Err(_)) => match way.session.check().await {
                Ok(()) => {
                    pipes.note(&format!("On {host} it ended with 255, or by a signal"));
                    End::Exited(255)
                }
                Err(_) if risk == Risk::Read => {
                    pipes.note(&format!("The connection to {host} was lost"));
                    End::Exited(255)
                }
                Err(_) => End::Unknown(format!("The connection to {host} was lost: look there whether it was done")),
            },
            Waited::TimedOut | Waited::Stopped => {
                let stopped = *watch.stop.borrow();
                pipes.note(&self.end_group(&way.session, group).await);
                if stopped { End::Stopped } else { End::TimedOut }
            }
        };
        running.group = None;
        let mut ran = pipes.finish(DRAIN, &self.place.secrets).await;
        ran.end = end;
        ran
    }

    /// What became of the group, as a sentence.
    async fn end_group(&self, session: &Session, group: Option<u32>) -> String {
        let host = self.place.shown();
        let Some(group) = group else { return format!("On {host} it may go on: it never said that it began") };
        let lost = format!("On {host} it may go on: look for the process group {group}");
        match tokio::time::timeout(ENDING_TIME, finish(session, group)).await {
            Ok(true) => format!("Its processes on {host} were ended"),
            _ => lost,
        }
    }
}

/// A group over there that nobody has ended yet.
struct Running {
    session: Arc<Session>,
    group: Option<u32>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let (Some(group), Ok(runtime)) = (self.group, tokio::runtime::Handle::try_current()) {
            let session = self.session.clone();
            runtime.spawn(async move { tokio::time::timeout(ENDING_TIME, finish(&session, group)).await.ok() });
        }
    }
}

async fn finish(session: &Session, group: u32) -> bool {
    let mut command = session.command("sh");
    let output = command.args(["-c", FINISH, "firebell", &group.to_string()]).output().await;
    output.is_ok_and(|o| o.stdout.trim_ascii() == b"gone")
}

/// Reads up to the line with the mark. A login shell may say something of its own before; where the mark never comes,
/// `before` has what came instead.
async fn group_of(out: &mut (impl AsyncBufRead + Unpin), mark: &str, before: &mut Vec<u8>) -> Option<u32> {
    let mut room = out.take(GREETING_BYTES_MAX);
    loop {
        let at = before.len();
        if room.read_until(b'\n', before).await.ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(before.get(at..)?);
        if let Some(number) = line.trim_end().strip_prefix(mark) {
            return number.trim().parse().ok();
        }
    }
}

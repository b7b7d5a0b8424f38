//! Redis: what `redis-cli …` in a runbook says, by the server's own protocol on the configured target, or by the client in
//! a container. What only reads is what the server itself flags so, and a few reports. What may have happened without an
//! answer is said, with how to find out. Nobody is prompted for a password, and no file or variable of a client is read.

mod asked;
mod inside;
mod link;
mod reads;
mod show;

use super::database::said::Said;
use super::database::server::{Kind, Server};
use super::database::ways::{Containers, Way, Ways};
use super::database::{Failed, LAST_LOOK, Phase, changes};
use super::process::shown;
use super::ran::{Waited, not_started, within};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, Plan, Ran, Watch};
use ::redis::Value;
use asked::{Asked, Does};
use link::Link;
use show::metric;
use std::time::Duration;

/// Where redis-cli takes its password from.
const PASSWORD: &str = "REDISCLI_AUTH";
/// Keys that `--scan` lists.
const KEYS_MAX: usize = 10_000;
/// Keys that one step of it looks at.
const SCAN_STEP: u32 = 1_000;
/// A server that runs a script answers nobody for five seconds.
const SCRIPT_LOOK: Duration = Duration::from_secs(7);

pub struct Redis(Ways);

impl Redis {
    pub fn new(servers: impl IntoIterator<Item = Server>, containers: impl Into<Containers>) -> Redis {
        Redis(Ways::new(Kind::Redis, servers, containers.into()))
    }
}

/// A call that has been read whole.
struct Ready {
    server: Server,
    asked: Asked,
    database: i64,
}

fn ready(server: &Server, argv: &[String], password: Option<String>, call: &Call) -> Result<Ready, String> {
    let asked = asked::read(argv, call.input.as_deref())?;
    let database = server.agree(&asked.named)?.unwrap_or_default();
    let number = database.parse().map_err(|_| format!("{database} is no number of a database"))?;
    Ok(Ready { server: server.with_password(asked.password.clone().or(password)), asked, database: number })
}

fn not_reading(asked: &Asked) -> String {
    let what = match &asked.does {
        Does::Command(command) => command.iter().take(1).cloned().collect::<String>().to_uppercase(),
        Does::Scan { .. } => "--scan".to_string(),
    };
    format!("{what} is no command that only reads, by the server's own word, and is run as one that does")
}

impl Execute for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            match self.0.of(call, PASSWORD).map_err(Cannot)? {
                Way::Inside { inside } => {
                    let inner = inside::fitted(call, &inside).map_err(Cannot)?;
                    self.0.containers().plan(&inner.call).await
                }
                Way::Native { server, argv, password } => {
                    plan(&ready(server, &argv, password, call).map_err(Cannot)?, call).await
                }
            }
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let way = match self.0.of(call, PASSWORD) {
                Ok(way) => way,
                Err(why) => return not_started(why, true),
            };
            match way {
                Way::Native { server, argv, password } => match ready(server, &argv, password, call) {
                    Ok(ready) => native(&ready, call, watch).await,
                    Err(why) => not_started(why, true),
                },
                Way::Inside { inside } => match inside::fitted(call, &inside) {
                    Ok(inner) => match inside::run(self.0.containers(), &inner, watch).await {
                        Ok(ran) => ran,
                        Err(why) => not_started(why, false),
                    },
                    Err(why) => not_started(why, false),
                },
            }
        })
    }
}

/// What is known of a call while it is under way, and after somebody stopped waiting for it.
struct Work {
    phase: Phase,
    id: Option<i64>,
}

async fn native(ready: &Ready, call: &Call, watch: &mut Watch) -> Ran {
    let began = clock::instant();
    let server = &ready.server;
    let mut said = Said::new(call.bounds.output_bytes, server.secrets.clone(), watch.progress.clone());
    let mut work = Work { phase: Phase::Connecting, id: None };
    let waited = within(call.bounds.time, watch, carry_out(ready, changes(call), &mut work, &mut said)).await;
    let end = match waited {
        Waited::Done(Ok(Some(why))) => End::NotStarted(why),
        Waited::Done(Ok(None)) => End::Exited(said.code),
        Waited::Done(Err(Failed::Unreached(why))) => End::NotStarted(why),
        Waited::Done(Err(Failed::Lost(why))) => {
            said.err(&why);
            lost(ready, &work, &mut said)
        }
        Waited::Done(Err(failed)) => {
            said.err(failed.sentence());
            End::Exited(1)
        }
        Waited::TimedOut if work.phase == Phase::Connecting => {
            End::NotStarted(format!("{} did not answer within {} s", server.shown(), call.bounds.time.as_secs()))
        }
        Waited::TimedOut => given_up(ready, &work, End::TimedOut, &mut said).await,
        Waited::Stopped => given_up(ready, &work, End::Stopped, &mut said).await,
    };
    let mut ran = said.into_ran(end);
    ran.took = began.elapsed();
    ran
}

/// `Some`: why it was not begun.
async fn carry_out(ready: &Ready, changes: bool, work: &mut Work, said: &mut Said) -> Result<Option<String>, Failed> {
    let mut link = link::connect(&ready.server, ready.database).await?;
    (work.phase, work.id) = (Phase::Looking, link.id);
    let command = match &ready.asked.does {
        Does::Command(command) => command,
        Does::Scan { pattern, count, kind } => {
            return scan(&mut link, pattern.as_deref(), *count, kind.as_deref(), said).await.map(|()| None);
        }
    };
    if !changes && !reads::is_report(command) {
        let names = reads::names(command);
        let answer = link.ask(&["COMMAND", "INFO", &names[0], &names[1]]).await?;
        match (&answer, reads::is_flagged(&answer)) {
            (Value::ServerError(error), _) => {
                let why = format!("Whether {} only reads cannot be asked: {}", command[0], error.code());
                return Ok(Some(why));
            }
            (_, Ok(true)) => {}
            _ => return Ok(Some(not_reading(&ready.asked))),
        }
    }
    if changes {
        work.phase = Phase::Alone;
    }
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let answer = link.ask(&words).await?;
    work.phase = Phase::Looking;
    said.print(&show::print(&answer, ready.asked.form));
    show::readings(command, &answer, said);
    said.code = i32::from(show::is_error(&answer));
    Ok(None)
}

/// Some keys at a time: the server answers others in between.
async fn scan(
    link: &mut Link,
    pattern: Option<&str>,
    count: Option<u32>,
    kind: Option<&str>,
    said: &mut Said,
) -> Result<(), Failed> {
    let step = count.unwrap_or(SCAN_STEP).to_string();
    let (mut cursor, mut keys) = ("0".to_string(), 0usize);
    loop {
        let mut words = vec!["SCAN", &cursor, "COUNT", &step];
        words.extend(pattern.iter().flat_map(|p| ["MATCH", *p]));
        words.extend(kind.iter().flat_map(|k| ["TYPE", *k]));
        let answer = link.ask(&words).await?;
        let Some([next, found]) = show::items(&answer) else {
            said.print(&show::print(&answer, show::Form::Terminal));
            said.code = 1;
            return Ok(());
        };
        let next = show::text(next).unwrap_or_default();
        for key in show::items(found).unwrap_or_default() {
            keys += 1;
            if keys <= KEYS_MAX {
                said.line(&show::text(key).unwrap_or_default());
            }
        }
        if next == "0" || keys > KEYS_MAX {
            break;
        }
        cursor = next;
    }
    match keys > KEYS_MAX {
        true => said.note(&format!("more than {KEYS_MAX} keys: the rest was not asked for")),
        false => said.reading("keys", keys as f64, ""),
    }
    Ok(())
}

fn verb(ready: &Ready) -> String {
    match &ready.asked.does {
        Does::Command(command) => command.first().map(|c| c.to_uppercase()).unwrap_or_default(),
        Does::Scan { .. } => "SCAN".to_string(),
    }
}

/// Nobody waits any more. A blocked command ends with its connection; a script has to be told.
async fn given_up(ready: &Ready, work: &Work, end: End, said: &mut Said) -> End {
    let script = ["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"].contains(&verb(ready).as_str());
    if work.phase == Phase::Connecting {
        return end;
    }
    let tell = async {
        let mut link = link::connect(&ready.server, 0).await.ok()?;
        if script {
            // One of the two is right, the other says so.
            let killed = [link.ask(&["SCRIPT", "KILL"]).await.ok()?, link.ask(&["FUNCTION", "KILL"]).await.ok()?];
            if !killed.iter().any(|k| matches!(k, Value::Okay)) {
                return None;
            }
        }
        if let Some(id) = work.id {
            link.ask(&["CLIENT", "KILL", "ID", &id.to_string()]).await.ok()?;
        }
        Some(())
    };
    let patience = if script { SCRIPT_LOOK } else { LAST_LOOK };
    match tokio::time::timeout(patience, tell).await {
        Ok(Some(())) => said.note("ended at the server"),
        _ => said.note("the server has not said that it stopped"),
    }
    if work.phase == Phase::Alone {
        said.note(&format!("{}: {}", verb(ready), how(ready)));
    }
    end
}

/// What became of it, without the answer.
fn lost(ready: &Ready, work: &Work, said: &mut Said) -> End {
    match (&work.phase, verb(ready).as_str()) {
        (Phase::Alone, "SHUTDOWN") => {
            said.note("the server closed the connection, as SHUTDOWN does");
            End::Exited(0)
        }
        (Phase::Alone, verb) => End::Unknown(format!("The connection was lost after {verb} was sent: {}", how(ready))),
        _ => End::Exited(1),
    }
}

/// How one finds out whether it took effect.
fn how(ready: &Ready) -> String {
    let Does::Command(command) = &ready.asked.does else { return "nothing was changed".to_string() };
    let rest = |n: usize| shown(command.get(1..(1 + n).min(command.len())).unwrap_or_default());
    match verb(ready).as_str() {
        "FLUSHDB" | "FLUSHALL" => "redis-cli DBSIZE shows whether the keys are gone".to_string(),
        "DEL" | "UNLINK" => format!("redis-cli EXISTS {} shows whether they are gone", rest(20)),
        "CONFIG" => "redis-cli CONFIG GET shows what is in force".to_string(),
        _ if command.len() > 1 => {
            format!("redis-cli OBJECT IDLETIME {key} and TYPE {key} show what is there", key = rest(1))
        }
        _ => "redis-cli INFO shows what the server does".to_string(),
    }
}

async fn plan(ready: &Ready, call: &Call) -> Result<Plan, Cannot> {
    let server = &ready.server;
    let does = match &ready.asked.does {
        Does::Command(command) => shown(command),
        Does::Scan { pattern, .. } => format!("SCAN of the keys {}", pattern.as_deref().unwrap_or("*")),
    };
    let does = format!("{does} on {}/{} within {} s", server.shown(), ready.database, call.bounds.time.as_secs());
    let look = async {
        let mut link = link::connect(server, ready.database).await?;
        finds(&mut link, ready).await
    };
    let finds = match tokio::time::timeout(call.bounds.time.min(2 * LAST_LOOK), look).await {
        Ok(Ok(finds)) => finds,
        Ok(Err(failed)) => return Err(Cannot(server.secrets.hide(failed.sentence()))),
        Err(_) => return Err(Cannot(format!("{} did not answer in time", server.shown()))),
    };
    let finds = finds.iter().map(|f| server.secrets.hide(f)).collect();
    Ok(Plan { does: server.secrets.hide(&does), native: true, finds })
}

/// What it would act on, as it is now.
async fn finds(link: &mut Link, ready: &Ready) -> Result<Vec<String>, Failed> {
    let info = link.ask(&["INFO", "server"]).await?;
    let info = show::text(&info).unwrap_or_default();
    let version = info.lines().find_map(|l| l.strip_prefix("redis_version:")).unwrap_or("").trim().to_string();
    let mut finds = vec![format!("Redis {version} at {}", ready.server.shown())];
    let Does::Command(command) = &ready.asked.does else { return Ok(finds) };
    match verb(ready).as_str() {
        "FLUSHDB" => {
            let keys = show::text(&link.ask(&["DBSIZE"]).await?).unwrap_or_default();
            finds.push(format!("FLUSHDB: {keys} keys in database {}", ready.database));
        }
        "FLUSHALL" => {
            let space = show::text(&link.ask(&["INFO", "keyspace"]).await?).unwrap_or_default();
            let keys = |line: &str| line.split_once("keys=")?.1.split(',').next()?.parse::<u64>().ok();
            let all: Vec<u64> = space.lines().filter_map(keys).collect();
            finds.push(format!("FLUSHALL: {} keys in {} databases", all.iter().sum::<u64>(), all.len()));
        }
        "DEL" | "UNLINK" => {
            let mut words = vec!["EXISTS"];
            words.extend(command.iter().skip(1).map(String::as_str));
            let there = show::text(&link.ask(&words).await?).unwrap_or_default();
            finds.push(format!("{}: {there} of {} keys are there", verb(ready), words.len() - 1));
        }
        "CONFIG" if command.get(1).is_some_and(|c| c.eq_ignore_ascii_case("set")) => {
            for name in command.iter().skip(2).step_by(2) {
                let now = link.ask(&["CONFIG", "GET", name]).await?;
                let now = show::items(&now).and_then(|i| i.get(1)).and_then(show::text).unwrap_or("not known".into());
                finds.push(format!("{name} is {now} now"));
            }
        }
        "EXPIRE" | "PEXPIRE" | "PERSIST" | "RENAME" | "LTRIM" | "RPOP" | "LPOP" | "SET" | "HDEL" | "LREM" => {
            if let Some(key) = command.get(1) {
                let kind = show::text(&link.ask(&["TYPE", key]).await?).unwrap_or_default();
                finds.push(match kind.as_str() {
                    "none" => format!("{key} is not there"),
                    kind => format!("{key} is a {kind}"),
                });
            }
        }
        _ => {}
    }
    Ok(finds)
}

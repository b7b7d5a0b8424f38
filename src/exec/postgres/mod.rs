//! PostgreSQL: what `psql …` in a runbook says, by the server's own protocol on the configured target, or by the psql in a
//! container. What only reads cannot change anything: it is judged again, and runs in a read-only transaction. What was
//! not waited for is ended at the server, and what became of a change whose answer was lost is asked there. Nobody is
//! prompted for a password, and no file or variable of a client is read.

mod asked;
mod inside;
mod link;
mod plan;
mod run;

use super::database::said::Said;
use super::database::server::{Kind, Server};
use super::database::ways::{Containers, Way, Ways};
use super::database::{Failed, LAST_LOOK, Phase, changes, only_reads};
use super::ran::{Waited, not_started, within};
use crate::clock;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, End, Execute, Plan, Ran, Watch};
use asked::{Asked, Does};
use firebell_runbook::shell::Tongue;
use run::{Bounds, Work};

/// Words that a statement which only reads begins with.
const READS: [&str; 6] = ["SELECT", "WITH", "TABLE", "VALUES", "SHOW", "EXPLAIN"];
/// Where psql takes its password from.
const PASSWORD: &str = "PGPASSWORD";

pub struct Postgres(Ways);

impl Postgres {
    pub fn new(servers: impl IntoIterator<Item = Server>, containers: impl Into<Containers>) -> Postgres {
        Postgres(Ways::new(Kind::Postgres, servers, containers.into()))
    }
}

/// A call that has been read whole.
struct Ready {
    server: Server,
    asked: Asked,
    database: Option<String>,
}

fn ready(server: &Server, argv: &[String], password: Option<String>, call: &Call) -> Result<Ready, String> {
    let asked = asked::read(argv, call.input.as_deref())?;
    let database = server.agree(&asked.named)?;
    fits(&asked, changes(call))?;
    Ok(Ready { server: server.with_password(password), asked, database })
}

/// A call that only reads holds nothing that does more: said here before anybody is spoken to, and held by the server.
fn fits(asked: &Asked, changes: bool) -> Result<(), String> {
    let Does::Units(units) = &asked.does else { return Ok(()) };
    let mut all = units.iter().flat_map(|u| &u.statements);
    match changes {
        true => Ok(()),
        false => all.try_for_each(|s| only_reads(s, Tongue::Postgres, &READS)),
    }
}

impl Execute for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            match self.0.of(call, PASSWORD).map_err(Cannot)? {
                Way::Inside { inside } => {
                    let inner = inside::fitted(call, &inside).map_err(Cannot)?;
                    self.0.containers().plan(&inner).await
                }
                Way::Native { server, argv, password } => {
                    plan::plan(&ready(server, &argv, password, call).map_err(Cannot)?, call).await
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
                    Ok(inner) => inside::read(self.0.containers().run(&inner, watch).await),
                    Err(why) => not_started(why, false),
                },
            }
        })
    }
}

async fn native(ready: &Ready, call: &Call, watch: &mut Watch) -> Ran {
    let began = clock::instant();
    let Ready { server, asked, database } = ready;
    let mut said = Said::new(call.bounds.output_bytes, server.secrets.clone(), watch.progress.clone());
    let mut work =
        Work { phase: Phase::Connecting, pid: 0, xid: None, since: None, database: database.clone(), alone: None };
    let bounds = Bounds { time: call.bounds.time, bytes: call.bounds.output_bytes, changes: changes(call) };
    let waited = within(call.bounds.time, watch, run::run(server, asked, &bounds, &mut work, &mut said)).await;
    let end = match waited {
        Waited::Done(Ok(())) => End::Exited(said.code),
        Waited::Done(Err(Failed::Unreached(why))) => End::NotStarted(why),
        Waited::Done(Err(Failed::Said(why))) => {
            said.err(&why);
            End::Exited(1)
        }
        Waited::Done(Err(Failed::TooLong(why))) => {
            said.err(&why);
            given_up(server, &work, &bounds, End::TimedOut, &mut said).await
        }
        Waited::Done(Err(Failed::Lost(why))) => {
            said.err(&why);
            // As psql ends when its connection is gone.
            lost(server, &work, &bounds, End::Exited(2), &mut said).await
        }
        Waited::TimedOut if work.phase == Phase::Connecting => {
            End::NotStarted(format!("{} did not answer within {} s", server.shown(), call.bounds.time.as_secs()))
        }
        Waited::TimedOut => given_up(server, &work, &bounds, End::TimedOut, &mut said).await,
        Waited::Stopped => given_up(server, &work, &bounds, End::Stopped, &mut said).await,
    };
    let mut ran = said.into_ran(end);
    ran.took = began.elapsed();
    ran
}

/// Nobody waits any more: the server is told, and says whether it has stopped.
async fn given_up(server: &Server, work: &Work, bounds: &Bounds, end: End, said: &mut Said) -> End {
    if work.phase == Phase::Connecting {
        return end;
    }
    match link::end(server, work.database.as_deref(), work.pid, LAST_LOOK).await {
        true => said.note("ended at the server"),
        false => said.note(&format!(
            "the server has not said that it stopped: SELECT state, query FROM pg_stat_activity WHERE pid = {} shows whether it did",
            work.pid
        )),
    }
    lost(server, work, bounds, end, said).await
}

/// What became of it, without the answer. `plain`: how it ended where nothing is in doubt.
async fn lost(server: &Server, work: &Work, bounds: &Bounds, plain: End, said: &mut Said) -> End {
    match &work.phase {
        _ if !bounds.changes => plain,
        Phase::Connecting | Phase::Looking => plain,
        Phase::Open => {
            said.note("not committed: the server takes back what was done");
            plain
        }
        Phase::Alone => {
            let what = work.alone.as_deref().unwrap_or("It");
            End::Unknown(format!(
                "{what} runs outside a transaction and was not waited for to its end: SELECT state, query FROM pg_stat_activity WHERE pid = {} shows whether it still runs, the server's log how it ended",
                work.pid
            ))
        }
        Phase::Committing => match &work.xid {
            // Nothing had been changed.
            None => plain,
            Some(xid) => committed(server, work, xid, plain, said).await,
        },
    }
}

/// The server knows of each transaction what became of it.
async fn committed(server: &Server, work: &Work, xid: &str, plain: End, said: &mut Said) -> End {
    let ask = async {
        let mut link = link::connect(server, work.database.as_deref(), LAST_LOOK, true).await?;
        let since = link.one(run::SINCE).await?;
        let status = link.one(&format!("SELECT pg_catalog.txid_status({xid})")).await;
        Ok::<_, Failed>((since == work.since, status))
    };
    let asked = tokio::time::timeout(LAST_LOOK, ask).await;
    let back = |said: &mut Said| {
        said.note("asked afterwards: it was rolled back");
        plain.clone()
    };
    match asked {
        Ok(Ok((true, Ok(Some(status))))) if status == "committed" => {
            said.note("asked afterwards: it was committed");
            End::Exited(0)
        }
        // What was committed is never forgotten: a number that is not known any more was not.
        Ok(Ok((_, Ok(Some(status))))) if status == "aborted" => back(said),
        Ok(Ok((_, Err(Failed::Said(why))))) if why.contains("in the future") => back(said),
        _ => End::Unknown(format!(
            "The connection was lost while it was being committed: SELECT txid_status({xid}) says what became of it, and after a crash of the server what the rows are"
        )),
    }
}

//! MySQL and MariaDB: what `mysql …`, `mysqlcheck …` and `mysqladmin …` in a runbook say, by the server's own protocol on
//! the configured target, or by the client in a container. What only reads cannot change anything: it is judged again, and
//! runs in a read-only transaction. What was not waited for is ended at the server. Nobody is prompted for a password, and
//! no file or variable of a client is read.

mod asked;
mod inside;
mod link;
mod plan;
mod run;

use super::database::said::Said;
use super::database::server::{Kind, Named, Server};
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
const READS: [&str; 10] =
    ["SELECT", "WITH", "TABLE", "VALUES", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "CHECKSUM", "HELP"];
/// Where mysql takes its password from.
const PASSWORD: &str = "MYSQL_PWD";

pub struct Mysql(Ways);

impl Mysql {
    pub fn new(servers: impl IntoIterator<Item = Server>, containers: impl Into<Containers>) -> Mysql {
        Mysql(Ways::new(Kind::Mysql, servers, containers.into()))
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
    if let Does::Statements(statements) = &asked.does {
        for statement in statements.iter().filter(|s| s.first() == "USE") {
            let name = statement.words.get(1).and_then(|w| statement.text.get(w.at.clone())).unwrap_or_default();
            let name = name.trim_matches('`').to_string();
            server.agree(&Named { database: Some(name), ..Named::default() })?;
        }
    }
    Ok(Ready { server: server.with_password(asked.password.clone().or(password)), asked, database })
}

/// A call that only reads holds nothing that does more: said here before anybody is spoken to, and held by the server.
fn fits(asked: &Asked, changes: bool) -> Result<(), String> {
    match &asked.does {
        _ if changes => Ok(()),
        Does::Ping => Ok(()),
        // USE was looked at with the names of databases: it chooses where the others read.
        Does::Statements(statements) => {
            statements.iter().filter(|s| s.first() != "USE").try_for_each(|s| only_reads(s, Tongue::Mysql, &READS))
        }
        Does::Check { verb: "CHECK", .. } => Ok(()),
        Does::Check { verb, .. } => {
            Err(format!("{verb} TABLE does more than read, and this command is run as one that only reads"))
        }
    }
}

impl Execute for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
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
    let mut work = Work { phase: Phase::Connecting, id: 0, database: database.clone(), what: String::new() };
    let changes = changes(call);
    let bounds = Bounds { time: call.bounds.time, bytes: call.bounds.output_bytes, changes };
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
            // The server took the statement back itself, and says so.
            given_up(server, &work, changes, End::TimedOut, &mut said).await
        }
        Waited::Done(Err(Failed::Lost(why))) => {
            said.err(&why);
            lost(&work, changes, End::Exited(1), &mut said)
        }
        Waited::TimedOut if work.phase == Phase::Connecting => {
            End::NotStarted(format!("{} did not answer within {} s", server.shown(), call.bounds.time.as_secs()))
        }
        Waited::TimedOut => given_up(server, &work, changes, End::TimedOut, &mut said).await,
        Waited::Stopped => given_up(server, &work, changes, End::Stopped, &mut said).await,
    };
    let mut ran = said.into_ran(end);
    ran.took = began.elapsed();
    ran
}

/// Nobody waits any more: the server is told, and says whether it has stopped.
async fn given_up(server: &Server, work: &Work, changes: bool, end: End, said: &mut Said) -> End {
    if work.phase == Phase::Connecting {
        return end;
    }
    if !link::end(server, work.id, LAST_LOOK).await {
        said.note(&format!(
            "the server has not said that it stopped: SHOW FULL PROCESSLIST shows whether connection {} still runs",
            work.id
        ));
        return lost(work, changes, end, said);
    }
    said.note("ended at the server");
    match work.phase {
        Phase::Open => lost(work, changes, end, said),
        // What it had not done whole when it was ended, it has taken back, if its tables can.
        Phase::Alone if changes => {
            said.note(&format!("{} was under way: what it did of it, its tables show", work.what));
            end
        }
        _ => end,
    }
}

/// What became of it, without the answer. `plain`: how it ended where nothing is in doubt.
fn lost(work: &Work, changes: bool, plain: End, said: &mut Said) -> End {
    match work.phase {
        _ if !changes => plain,
        Phase::Connecting | Phase::Looking => plain,
        Phase::Open => {
            said.note("not committed: the server takes back what was done in tables that can");
            plain
        }
        Phase::Committing | Phase::Alone => End::Unknown(format!(
            "The connection was lost while {} was under way: SHOW FULL PROCESSLIST shows whether connection {} still runs, and the rows what it did",
            work.what, work.id
        )),
    }
}

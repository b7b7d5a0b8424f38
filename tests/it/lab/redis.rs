//! redis-cli commands of a runbook against a real Redis with a password, with their effect seen by redis-cli from
//! outside; and with the server busy, frozen, gone, or told to do more than the command may.

use super::{TARGET, call, run, unwatched, within};
use crate::harness::redis::{PASSWORD, RedisServer};
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Bounds, Call, Carried, CarryOut, End, Execute, Ran};
use firebell::exec::Registry;
use firebell::exec::clean::Secrets;
use firebell::exec::database::server::{Keys, Kind, Server};
use firebell::exec::docker::Docker;
use firebell::exec::pipeline::Carrier;
use firebell::exec::process::Place;
use firebell::exec::redis::Redis;
use firebell_domain::playbook::Risk;
use firebell_domain::run::{Order, Ordered, RunKind};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

fn with(address: &str, password: &str) -> Redis {
    let secrets = Secrets::new([SecretString::from(PASSWORD)]);
    let password = (!password.is_empty()).then(|| SecretString::from(password));
    let keys = Keys { address: address.to_string(), password, ..Keys::default() };
    let server = Server::read(Kind::Redis, TARGET, keys, secrets).expect("an address");
    Redis::new([server], Docker::new(BTreeMap::new()))
}

fn at(server: &RedisServer) -> Redis {
    with(&server.address(), PASSWORD)
}

fn cli(line: &str) -> Call {
    call(&[&["redis-cli"][..], &line.split(' ').collect::<Vec<_>>()].concat())
}

fn changing(line: &str) -> Call {
    Call { risk: Risk::Destroy, ..cli(line) }
}

fn value(ran: &Ran, metric: &str) -> Option<f64> {
    ran.readings.iter().find(|r| r.metric == metric).map(|r| r.value)
}

#[tokio::test]
async fn what_is_printed_is_what_redis_cli_prints() {
    let server = RedisServer::start();
    let redis = at(&server);
    server.cli(&["RPUSH", "queue", "one", "two \"2\"", "three\n3"]);
    server.cli(&["HSET", "job", "state", "waiting", "tries", "3"]);
    server.cli(&["SET", "count", "42"]);
    for line in [
        "LLEN queue",
        "LRANGE queue 0 -1",
        "GET count",
        "GET nothing",
        "HGETALL job",
        "TYPE queue",
        "PING",
        "SCAN 0",
        "LRANGE nothing 0 1",
        "CONFIG GET maxmemory",
        "SLOWLOG GET",
        "GET queue",
        "COMMAND INFO get",
    ] {
        for form in ["--no-raw", "--raw", "--csv"] {
            let ran = run(&redis, &cli(&format!("{form} {line}"))).await;
            let theirs = server.cli_as(&[form], &line.split(' ').collect::<Vec<_>>());
            assert_eq!(ran.stdout.trim_end(), theirs, "{form} {line} {ran:?}");
            assert_eq!(ran.end, End::Exited(i32::from(line == "GET queue")), "{line}");
        }
    }
    let ran = run(&redis, &cli("-a secret --csv LLEN queue")).await;
    assert_eq!((ran.stdout.as_str(), value(&ran, "length of queue")), ("3\n", Some(3.0)));
    let ran = run(&redis, &cli("INFO")).await;
    assert!(ran.stdout.contains("redis_version:7.") && ran.stdout.contains("# Memory"), "{}", ran.stdout);
    assert!(value(&ran, "used_memory").is_some_and(|b| b > 100_000.0) && value(&ran, "connected_clients") == Some(1.0));
    let ran = run(&redis, &cli("CONFIG GET maxmemory")).await;
    assert_eq!(value(&ran, "maxmemory"), Some(0.0));
    for n in 0..300 {
        server.cli(&["SET", &format!("cache:{n}"), "x"]);
    }
    let ran = run(&redis, &cli("--scan --pattern cache:* --count 50")).await;
    let mut keys: Vec<&str> = ran.stdout.lines().collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!((keys.len(), value(&ran, "keys")), (300, Some(300.0)));
}

#[tokio::test]
async fn changes_are_planned_from_what_is_there_and_made() {
    let server = RedisServer::start();
    let redis = at(&server);
    for key in ["a", "b", "c"] {
        server.cli(&["SET", key, "1"]);
    }
    server.cli(&["-n", "3", "SET", "other", "1"]);
    for (line, finds) in [
        ("DEL a b gone", "DEL: 2 of 3 keys are there"),
        ("FLUSHDB", "FLUSHDB: 3 keys in database 0"),
        ("FLUSHALL", "FLUSHALL: 4 keys in 2 databases"),
        ("CONFIG SET maxmemory 2gb", "maxmemory is 0 now"),
        ("RENAME a z", "a is a string"),
    ] {
        let plan = redis.plan(&changing(line)).await.expect("a plan");
        assert!(plan.native && plan.does.starts_with(&format!("{line} on 127.0.0.1:")), "{plan:?}");
        assert!(plan.finds[0].starts_with("Redis 7.") && plan.finds[1] == finds, "{plan:?}");
    }
    assert_eq!(server.cli(&["DBSIZE"]), "3", "a plan changes nothing");
    let ran = run(&redis, &changing("DEL a gone")).await;
    assert_eq!(
        (ran.end.clone(), ran.stdout.as_str(), value(&ran, "keys")),
        (End::Exited(0), "(integer) 1\n", Some(1.0))
    );
    assert_eq!(server.cli(&["EXISTS", "a", "b"]), "1");
    assert!(run(&redis, &changing("CONFIG SET maxmemory 2gb")).await.ok());
    assert_eq!(server.cli(&["CONFIG", "GET", "maxmemory"]), "maxmemory\n2147483648");
    assert_eq!(run(&redis, &changing("FLUSHDB")).await.stdout, "OK\n");
    assert_eq!((server.cli(&["DBSIZE"]), server.cli(&["-n", "3", "DBSIZE"])), ("0".to_string(), "1".to_string()));
    let ran = run(&redis, &changing("-n 3 FLUSHDB")).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("database 3")), "{ran:?}");
    let mut fed = changing("-x SET told");
    fed.input = Some(b"a value; with words".to_vec());
    assert!(run(&redis, &fed).await.ok());
    assert_eq!(server.cli(&["GET", "told"]), "a value; with words");
}

#[tokio::test]
async fn a_command_that_only_reads_cannot_change_anything() {
    let server = RedisServer::start();
    let redis = at(&server);
    server.cli(&["SET", "a", "1"]);
    for line in [
        "DEL a",
        "FLUSHALL",
        "GETDEL a",
        "GETEX a EX 1",
        "SET a 2",
        "EVAL return(redis.call('del','a')) 0",
        "CONFIG SET maxmemory 1",
        "CONFIG REWRITE",
        "CLIENT KILL TYPE normal",
        "SORT a STORE b",
        "RENAME a b",
        "EXPIRE a 1",
        "DEBUG SLEEP 1",
        "SCRIPT FLUSH",
        "MEMORY PURGE",
        "ACL SETUSER bo on",
        "NOSUCH a",
        "SHUTDOWN NOSAVE",
        "REPLICAOF 127.0.0.1 1",
        "MONITOR",
        "AUTH x",
    ] {
        let ran = run(&redis, &cli(line)).await;
        assert!(matches!(ran.end, End::NotStarted(_)), "{line}: {ran:?}");
        assert_eq!(
            (server.cli(&["GET", "a"]), server.cli(&["TTL", "a"])),
            ("1".to_string(), "-1".to_string()),
            "{line}"
        );
    }
    // The server itself holds a script of the reading kind to it.
    let mut script = cli("EVAL_RO");
    script.argv.extend(["return redis.call('del', 'a')".to_string(), "0".to_string()]);
    let ran = run(&redis, &script).await;
    assert!(ran.end == End::Exited(1) && server.cli(&["EXISTS", "a"]) == "1", "{ran:?}");
    // A value is one word to the server, whatever it holds.
    let mut odd = cli("GET");
    odd.argv.push("a\r\nFLUSHALL\r\n".to_string());
    let ran = run(&redis, &odd).await;
    assert_eq!((ran.end, ran.stdout.as_str(), server.cli(&["DBSIZE"])), (End::Exited(0), "(nil)\n", "1".to_string()));
}

#[tokio::test]
async fn only_the_configured_server_is_spoken_to() {
    let server = RedisServer::start();
    let redis = at(&server);
    for line in ["-h cache2 PING", "-p 1 PING", "-n 1 DBSIZE", "--user bo PING", "-u redis://cache2/0 PING"] {
        let ran = run(&redis, &cli(line)).await;
        assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("[targets.lab]")), "{line} {ran:?}");
    }
    assert!(run(&redis, &cli("-h localhost -n 0 PING")).await.ok());
    for password in ["", "wrong-password"] {
        let ran = run(&with(&server.address(), password), &changing("FLUSHALL")).await;
        assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("does not let us in")), "{ran:?}");
    }
    let ran = run(&with("127.0.0.1:1", PASSWORD), &cli("PING")).await;
    assert!(
        matches!(&ran.end, End::NotStarted(why) if why.ends_with("cannot be reached: connection refused")),
        "{ran:?}"
    );
    let ran = run(&redis, &cli("CONFIG GET requirepass")).await;
    assert!(ran.ok() && !ran.stdout.contains(PASSWORD), "{ran:?}");
}

#[tokio::test]
async fn what_is_not_waited_for_is_ended_at_the_server() {
    let server = RedisServer::start();
    let redis = at(&server);
    let blocked = || server.cli(&["INFO", "clients"]).contains("blocked_clients:1");
    let ran = run(&redis, &within(Duration::from_millis(700), changing("BLPOP queue 0"))).await;
    assert!(ran.end == End::TimedOut && ran.stderr.contains("[ended at the server]"), "{ran:?}");
    eventually("nobody is blocked", BOUND, async || !blocked()).await;

    let (stopper, _lines, mut watch) = unwatched();
    let call = changing("BLPOP queue 0");
    let stop = async {
        eventually("it waits", BOUND, async || blocked()).await;
        stopper.send(true).expect("somebody listens");
    };
    let (ran, ()) = tokio::join!(redis.run(&call, &mut watch), stop);
    assert_eq!(ran.end, End::Stopped);
    eventually("nobody is blocked", BOUND, async || !blocked()).await;

    let mut script = within(Duration::from_millis(700), changing("EVAL"));
    script.argv.extend(["while true do end".to_string(), "0".to_string()]);
    let ran = run(&redis, &script).await;
    assert!(ran.end == End::TimedOut && ran.stderr.contains("[ended at the server]"), "{ran:?}");
    assert_eq!(server.cli(&["PING"]), "PONG");
}

#[tokio::test]
async fn huge_answers_and_a_lost_server_are_told_apart() {
    let server = RedisServer::start();
    let redis = at(&server);
    server.cli(&["EVAL", "for i = 1, 200 do redis.call('rpush', 'big', string.rep('x', 200000)) end", "0"]);
    let ran = run(&redis, &cli("LRANGE big 0 -1")).await;
    assert!(ran.end == End::Exited(1) && ran.stderr.contains("longer than 16 MB"), "{:?} {}", ran.end, ran.stderr);
    let ran = run(&redis, &cli("LRANGE big 0 5")).await;
    assert!(ran.ok() && ran.left_out > 1_000_000 && ran.stdout.len() < 70_000, "{:?} {}", ran.end, ran.left_out);

    let (_stopper, _lines, mut watch) = unwatched();
    let change = changing("BLPOP queue 0");
    let kill = async {
        eventually("it waits", BOUND, async || server.cli(&["INFO", "clients"]).contains("blocked_clients:1")).await;
        server.signal("KILL");
    };
    let (ran, ()) = tokio::join!(redis.run(&change, &mut watch), kill);
    assert!(matches!(&ran.end, End::Unknown(why) if why.contains("after BLPOP was sent")), "{ran:?}");

    let server = RedisServer::start();
    let redis = at(&server);
    server.signal("STOP");
    let ran = run(&redis, &within(Duration::from_millis(700), changing("FLUSHALL"))).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("did not answer")), "{ran:?}");
    server.signal("CONT");
    let ran = run(&redis, &changing("SHUTDOWN NOSAVE")).await;
    assert_eq!(ran.end, End::Exited(0), "{ran:?}");
}

#[tokio::test]
async fn a_variable_of_a_runbook_is_filled_in_on_the_way_to_the_server_and_nowhere_else() {
    let server = RedisServer::start();
    server.cli(&["SET", "a", "1"]);
    let secrets = Secrets::new([SecretString::from(PASSWORD)]);
    // The target has no password: the runbook's is taken.
    let keys = Keys { address: server.address(), ..Keys::default() };
    let one = Server::read(Kind::Redis, TARGET, keys, secrets.clone()).expect("an address");
    let redis = Redis::new([one], Docker::new(BTreeMap::new()));
    let variables = BTreeMap::from([(
        "shop".to_string(),
        BTreeMap::from([("REDIS_PASSWORD".to_string(), SecretString::from(PASSWORD))]),
    )]);
    let place = Place { secrets, ..Place::at("/") };
    let carrier = Carrier::new(Registry::default().with(redis), place, variables);
    let order = |system: &str, written: &str| Order {
        kind: RunKind::Diagnose,
        name: "diagnosis".to_string(),
        system: system.to_string(),
        file: "shop.md".to_string(),
        revision: String::new(),
        risk: Risk::Read,
        target: TARGET.to_string(),
        environment: None,
        commands: vec![Ordered {
            line: 1,
            executor: "redis".to_string(),
            target: TARGET.to_string(),
            written: written.to_string(),
            text: written.to_string(),
            tongue: String::new(),
            bounds: Vec::new(),
            about: String::new(),
            why: String::new(),
            fix: String::new(),
        }],
        verify: Vec::new(),
        rollback: None,
        params: BTreeMap::new(),
        limit_s: 60,
    };
    let carry = async |order: &Order| {
        let (_stopper, _lines, mut watch) = unwatched();
        let bounds = Bounds { time: super::TIME, output_bytes: 64 * 1024 };
        carrier.run(order, &order.commands[0], bounds, &mut watch).await
    };
    let known = order("shop", "redis-cli -a $REDIS_PASSWORD INFO keyspace | grep db0");
    let Carried::Ran(ran) = carry(&known).await else { panic!("it is not carried out") };
    assert!(ran.ok() && ran.stdout.starts_with("db0:keys=1,"), "{ran:?}");
    let plan = carrier.plan(&known, &known.commands[0]).await.expect("a plan");
    assert!(!format!("{plan:?} {ran:?}").contains(PASSWORD), "{plan:?}");
    for (system, written) in [("bank", "redis-cli -a $REDIS_PASSWORD PING"), ("shop", "redis-cli -a $HOME PING")] {
        let Carried::Manual(why) = carry(&order(system, written)).await else { panic!("{system} is carried out") };
        assert!(why.starts_with("nobody has said what $"), "{why}");
    }
}

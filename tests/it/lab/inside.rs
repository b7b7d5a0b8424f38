//! Clients of databases in containers: real servers inside a real Docker, which can be reached by `docker exec` alone, with
//! the programs of this machine; and the choice between a container and a configured server.

use super::{TARGET, call, run, within};
use crate::harness::docker::Daemon;
use crate::harness::postgres::{fresh_database, query};
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Call, End, Execute};
use firebell::exec::clean::Secrets;
use firebell::exec::database::server::{Keys, Kind, Server};
use firebell::exec::docker::{Address, Docker, Host};
use firebell::exec::mysql::Mysql;
use firebell::exec::postgres::Postgres;
use firebell::exec::redis::Redis;
use firebell_domain::playbook::Risk;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A database's folder is made inside a container, on a busy machine.
const START_BOUND: Duration = Duration::from_secs(60);

fn docker(daemon: &Daemon) -> Docker {
    let host = Host::new(Address::Socket(daemon.socket()), Secrets::default());
    Docker::new(BTreeMap::from([(TARGET.to_string(), host)]))
}

/// Runs programs of this machine in a container that has nothing of it else.
fn start(daemon: &Daemon, name: &str, script: &str) {
    let mut options: Vec<String> = Vec::new();
    for (from, to) in [
        ("/usr", "/usr"),
        ("/usr/lib", "/lib"),
        ("/usr/lib64", "/lib64"),
        ("/etc/passwd", "/etc/passwd"),
        ("/etc/group", "/etc/group"),
    ] {
        if Path::new(from).exists() {
            options.push(format!("--volume={from}:{to}:ro"));
        }
    }
    options.push(format!("--env=PATH={}:/usr/bin:/usr/sbin:/bin:/sbin", postgres_programs()));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    daemon.container(name, &options, script);
}

fn postgres_programs() -> String {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("Postgres is installed: ./test --install");
    let newest = versions.flatten().max_by_key(|v| v.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    newest.expect("a version").path().join("bin").display().to_string()
}

fn exec(words: &[&str]) -> Call {
    call(&[&["docker", "exec"], words].concat())
}

fn changing(words: &[&str]) -> Call {
    Call { risk: Risk::Mutate, ..exec(words) }
}

#[tokio::test]
async fn psql_in_a_container_has_the_limits_of_its_call() {
    let daemon = Daemon::start().await;
    let server = "chmod 755 /; mkdir -p /data /var/run/postgresql; chown postgres: /data /var/run/postgresql
        exec setpriv --reuid=postgres --regid=postgres --clear-groups sh -c \"initdb -D /data -U postgres --auth=trust && exec postgres -D /data -c listen_addresses=''\"";
    start(&daemon, "pg", server);
    let inside = |text: &str| daemon.try_docker(&["exec", "pg", "psql", "-XAt", "-U", "postgres", "-c", text]);
    eventually("PostgreSQL answers in its container", START_BOUND, async || inside("SELECT 1").is_ok()).await;
    inside("CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, 40) n").expect("a table");
    inside("CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'; CREATE VIEW innocent AS SELECT wipe()").expect("a view");

    let postgres = Postgres::new([], docker(&daemon));
    let ran =
        run(&postgres, &exec(&["pg", "psql", "-U", "postgres", "-c", "SELECT count(*) FROM orders; SELECT 1"])).await;
    assert_eq!(
        (ran.end, ran.stdout.as_str()),
        (End::Exited(0), " count \n-------\n    40\n(1 row)\n\n ?column? \n----------\n        1\n(1 row)\n\n")
    );
    let ran = run(&postgres, &exec(&["-it", "pg", "psql", "-U", "postgres", "-c", "SELECT 42 AS connections"])).await;
    assert_eq!(ran.readings.iter().map(|r| (r.metric.as_str(), r.value)).collect::<Vec<_>>(), [("connections", 42.0)]);

    let ran = run(&postgres, &exec(&["pg", "psql", "-U", "postgres", "-c", "SELECT * FROM innocent"])).await;
    assert!(ran.end != End::Exited(0) && ran.stderr.contains("read-only transaction"), "{ran:?}");
    for text in [
        "SELECT 1; DELETE FROM orders",
        "SET default_transaction_read_only = off",
        "\\! true",
        "COPY orders TO '/data/x'",
    ] {
        let ran = run(&postgres, &exec(&["pg", "psql", "-U", "postgres", "-c", text])).await;
        assert!(matches!(ran.end, End::NotStarted(_)), "{text} {ran:?}");
    }
    let ran = run(&postgres, &exec(&["-it", "pg", "psql", "-U", "postgres"])).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("waits for a keyboard")), "{ran:?}");
    assert_eq!(inside("SELECT count(*) FROM orders").as_deref(), Ok("40"));

    let change = changing(&["pg", "psql", "-U", "postgres", "-c", "DELETE FROM orders WHERE id > 30"]);
    let plan = postgres.plan(&change).await.expect("a plan");
    assert!(
        plan.does.starts_with("POST /containers/pg/exec psql --no-psqlrc --no-password")
            && plan.finds[0].starts_with("pg: running"),
        "{plan:?}"
    );
    assert_eq!(run(&postgres, &change).await.stdout, "DELETE 10\n");
    assert_eq!(inside("SELECT count(*) FROM orders").as_deref(), Ok("30"));
    assert_eq!(
        run(&postgres, &changing(&["pg", "psql", "-U", "postgres", "-c", "VACUUM ANALYZE;"])).await.stdout,
        "VACUUM\n"
    );

    // The server ends it, though nobody can reach the client any more.
    let slow = within(Duration::from_secs(2), exec(&["pg", "psql", "-U", "postgres", "-c", "SELECT pg_sleep(600)"]));
    let ran = run(&postgres, &slow).await;
    assert!(!ran.ok(), "{ran:?}");
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
    eventually("nothing sleeps", BOUND, async || inside(sleeps).as_deref() == Ok("0")).await;

    // The same words, where the configuration says which server is in that container.
    let url = fresh_database();
    query(&url, "create table here (id int)").expect("a table");
    let native = |allow: &str| {
        let keys =
            Keys { address: url.clone(), allow: vec![allow.to_string(), "postgres".to_string()], ..Keys::default() };
        let server = Server::read(Kind::Postgres, "shop-db", keys, Secrets::default()).expect("an address");
        Postgres::new([server], docker(&daemon))
    };
    let ask =
        exec(&["pg", "psql", "-U", "postgres", "-Atc", "SELECT count(*) FROM pg_tables WHERE tablename = 'here'"]);
    assert_eq!(run(&native(&format!("{TARGET}/pg")), &ask).await.stdout, "1\n");
    assert_eq!(run(&native("other/pg"), &ask).await.stdout, "0\n");
    assert_eq!(run(&native("pg"), &ask).await.stdout, "0\n", "a name alone is the same in many places");
    let at_server = Call { target: "shop-db".to_string(), ..ask.clone() };
    assert_eq!(run(&native("pg"), &at_server).await.stdout, "1\n");
    let ran = run(&native("other"), &at_server).await;
    assert!(
        matches!(&ran.end, End::NotStarted(why) if why.contains("Add \"pg\" to allow of [targets.shop-db]")),
        "{ran:?}"
    );
}

#[tokio::test]
async fn mysql_and_redis_in_containers_have_the_limits_of_their_calls() {
    let daemon = Daemon::start().await;
    start(&daemon, "cache", "exec redis-server --requirepass correct-horse --save '' --dir /tmp --daemonize no");
    let server = "chmod 755 /; chmod 1777 /tmp; mkdir -p /data /run/mysqld; chown mysql: /data /run/mysqld
        mariadb-install-db --no-defaults --datadir=/data --user=mysql --auth-root-authentication-method=normal --skip-test-db
        printf '%s\\n' \"ALTER USER root@localhost IDENTIFIED BY 'correct-horse';\" 'CREATE DATABASE IF NOT EXISTS shop;' >/init
        exec mariadbd --no-defaults --datadir=/data --user=mysql --init-file=/init --skip-networking --innodb-buffer-pool-size=32M --socket=/run/mysqld/mysqld.sock";
    start(&daemon, "sql", server);
    let redis = Redis::new([], docker(&daemon));
    let cli = |words: &[&str]| {
        daemon.docker(&[&["exec", "--env=REDISCLI_AUTH=correct-horse", "cache", "redis-cli"], words].concat())
    };
    eventually("Redis answers in its container", START_BOUND, async || {
        daemon.try_docker(&["exec", "--env=REDISCLI_AUTH=correct-horse", "cache", "redis-cli", "PING"]).as_deref()
            == Ok("PONG")
    })
    .await;
    cli(&["RPUSH", "queue", "a", "b", "c"]);
    let ran = run(&redis, &exec(&["cache", "redis-cli", "-a", "correct-horse", "--csv", "LLEN", "queue"])).await;
    assert_eq!((ran.end.clone(), ran.stdout.as_str(), ran.stderr.as_str()), (End::Exited(0), "3\n", ""));
    assert_eq!(
        ran.readings.iter().map(|r| (r.metric.as_str(), r.value)).collect::<Vec<_>>(),
        [("length of queue", 3.0)]
    );
    let ran = run(&redis, &exec(&["cache", "redis-cli", "-a", "correct-horse", "INFO", "clients"])).await;
    assert!(ran.ok() && ran.readings.iter().any(|r| r.metric == "connected_clients"), "{ran:?}");
    for line in ["DEL queue", "FLUSHDB", "CONFIG SET maxmemory 1", "MEMORY PURGE", "NOSUCH x"] {
        let words: Vec<&str> =
            ["cache", "redis-cli", "-a", "correct-horse"].into_iter().chain(line.split(' ')).collect();
        let ran = run(&redis, &exec(&words)).await;
        assert!(matches!(ran.end, End::NotStarted(_)), "{line} {ran:?}");
    }
    assert_eq!(cli(&["LLEN", "queue"]), "3");
    let change = changing(&["cache", "redis-cli", "-a", "correct-horse", "DEL", "queue"]);
    let plan = redis.plan(&change).await.expect("a plan");
    assert_eq!(plan.does, "POST /containers/cache/exec redis-cli --no-raw DEL queue");
    assert_eq!((run(&redis, &change).await.stdout.as_str(), cli(&["DBSIZE"]).as_str()), ("(integer) 1\n", "0"));

    let mysql = Mysql::new([], docker(&daemon));
    let inside = |text: &str| {
        daemon.try_docker(&[
            "exec",
            "--env=MYSQL_PWD=correct-horse",
            "sql",
            "mariadb",
            "--no-defaults",
            "-uroot",
            "-BN",
            "shop",
            "-e",
            text,
        ])
    };
    eventually("MariaDB answers in its container", START_BOUND, async || inside("SELECT 1").is_ok()).await;
    inside("CREATE TABLE orders AS SELECT seq AS id FROM seq_1_to_40").expect("a table");
    let made = daemon.docker(&["exec", "--env=MYSQL_PWD=correct-horse", "sql", "mariadb", "--no-defaults", "-uroot", "shop", "--delimiter=//", "-e",
        "CREATE FUNCTION wipe() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM orders; RETURN 1; END// CREATE VIEW innocent AS SELECT wipe() AS n//"]);
    assert_eq!(made, "");
    let words = |text: &'static str| ["sql", "mariadb", "-uroot", "-pcorrect-horse", "shop", "-e", text];
    let ran = run(&mysql, &exec(&words("SELECT COUNT(*) AS orders FROM orders"))).await;
    assert_eq!(
        (ran.end.clone(), ran.stdout.as_str()),
        (End::Exited(0), "+--------+\n| orders |\n+--------+\n|     40 |\n+--------+\n")
    );
    assert_eq!(ran.readings.iter().map(|r| (r.metric.as_str(), r.value)).collect::<Vec<_>>(), [("orders", 40.0)]);
    let ran = run(&mysql, &exec(&words("SELECT * FROM innocent"))).await;
    assert!(ran.end != End::Exited(0) && ran.stderr.contains("READ ONLY transaction"), "{ran:?}");
    for text in ["SELECT 1; DELETE FROM orders", "\\! true", "SELECT 1 /*! ; DELETE FROM orders */"] {
        assert!(matches!(run(&mysql, &exec(&words(text))).await.end, End::NotStarted(_)), "{text}");
    }
    assert_eq!(inside("SELECT COUNT(*) FROM orders").as_deref(), Ok("40"));
    let ran = run(&mysql, &within(Duration::from_secs(2), exec(&words("SELECT SLEEP(600)")))).await;
    assert!(ran.took < BOUND, "{ran:?}");
    let sleeps = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(600)%' AND INFO NOT LIKE '%PROCESSLIST%'";
    eventually("nothing sleeps", BOUND, async || inside(sleeps).as_deref() == Ok("0")).await;
    assert!(run(&mysql, &changing(&words("DELETE FROM orders WHERE id > 30"))).await.ok());
    assert_eq!(inside("SELECT COUNT(*) FROM orders").as_deref(), Ok("30"));
}

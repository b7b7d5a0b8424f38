//! psql commands of a runbook against a real PostgreSQL with a password, with their effect seen by psql from outside; and
//! with the server slow, frozen, gone, or told to do more than the command may.

use super::{TARGET, call, run, unwatched, within};
use crate::harness::postgres::{PrivatePostgres, fresh_database, query};
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::database::server::{Keys, Kind, Server};
use firebell::exec::docker::Docker;
use firebell::exec::postgres::Postgres;
use firebell_domain::playbook::Risk;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

fn at(url: &str) -> Postgres {
    let password = url.split(':').nth(2).and_then(|p| p.split('@').next()).unwrap_or_default();
    let secrets = Secrets::new([SecretString::from(password)]);
    let keys = Keys { address: url.to_string(), ..Keys::default() };
    let server = Server::read(Kind::Postgres, TARGET, keys, secrets).expect("an address");
    Postgres::new([server], Docker::new(BTreeMap::new()))
}

fn psql(words: &[&str]) -> Call {
    call(&[&["psql"], words].concat())
}

fn changing(words: &[&str]) -> Call {
    Call { risk: Risk::Mutate, ..psql(words) }
}

fn orders(url: &str) {
    query(url, "create table orders (id int primary key, who text, paid bool); insert into orders select n, 'bo', false from generate_series(1, 40) n")
        .expect("a table");
}

fn value(ran: &Ran, metric: &str) -> Option<f64> {
    ran.readings.iter().find(|r| r.metric == metric).map(|r| r.value)
}

#[tokio::test]
async fn what_is_printed_is_what_psql_prints() {
    let url = fresh_database();
    let postgres = at(&url);
    query(&url, "create table t (id int, name text, amount numeric, at timestamptz, doc jsonb, raw bytea)")
        .expect("a table");
    let row = "insert into t values (1, 'ana', 2.50, '2026-01-05 09:00Z', '{\"a\": [1]}', '\\x00ff'), (20, null, null, null, null, null), (3, E'two\\nlines, \"q\"', 1e20, 'epoch', 'null', '')";
    query(&url, row).expect("rows");
    let all =
        "SELECT id, name, amount, at AT TIME ZONE 'UTC' AS at, doc, raw, id > 2 AS big, ARRAY[id, 7] AS list FROM t";
    for words in [
        &["-c", all][..],
        &["-t", "-c", all],
        &["-A", "-c", all],
        &["-At", "-F", ";", "-c", all],
        &["--csv", "-c", all],
        &["-x", "-c", all],
        &["-xt", "-c", all],
        &["-c", "SELECT 1 WHERE false"],
        &["-c", "SELECT name FROM t; SELECT count(*) FROM t"],
        &["-P", "null=-", "-P", "pager=off", "-c", all],
        &["-c", "SHOW max_connections", "-c", "EXPLAIN (COSTS off) SELECT 1"],
        &["-x", "-c", "SELECT 1 AS a_column_with_a_long_name, 'b' AS b"],
    ] {
        let ran = run(&postgres, &psql(words)).await;
        assert_eq!(ran.end, End::Exited(0), "{words:?} {ran:?}");
        let theirs =
            std::process::Command::new("psql").arg("-X").args(words).arg(&url).output().expect("psql is installed");
        assert_eq!(ran.stdout, String::from_utf8_lossy(&theirs.stdout), "{words:?}");
        assert_eq!((ran.stderr.as_str(), ran.left_out, ran.native), ("", 0, true), "{words:?}");
    }
    let ran = run(&postgres, &psql(&["-c", "SELECT count(*) FROM t"])).await;
    assert_eq!(value(&ran, "count of t"), Some(3.0));
    let ran = run(&postgres, &psql(&["-c", "SELECT 42 AS connections, 'x' AS who, 1.5 AS load"])).await;
    assert_eq!((value(&ran, "connections"), value(&ran, "load"), value(&ran, "who")), (Some(42.0), Some(1.5), None));
    let ran =
        run(&postgres, &psql(&["-c", "SELECT name, id FROM t WHERE name = 'ana'  UNION ALL SELECT 'cy', 9"])).await;
    assert_eq!((value(&ran, "id of ana"), value(&ran, "id of cy")), (Some(1.0), Some(9.0)));
    assert!(
        run(&postgres, &call(&["pg_isready", "-h", "localhost"])).await.stdout.ends_with(" - accepting connections\n")
    );
    let listed = run(&postgres, &psql(&["-l"])).await;
    assert!(listed.ok() && listed.stdout.contains("template1"), "{listed:?}");
}

#[tokio::test]
async fn a_change_is_made_whole_or_not_at_all() {
    let url = fresh_database();
    let postgres = at(&url);
    orders(&url);
    let count = || query(&url, "select count(*) filter (where paid), count(*) from orders").expect("a count");

    let change = changing(&["-c", "UPDATE orders SET paid = true WHERE id <= 7; DELETE FROM orders WHERE id > 38"]);
    let plan = postgres.plan(&change).await.expect("a plan");
    assert!(
        plan.native && plan.does.starts_with("BEGIN; UPDATE orders SET paid = true WHERE id <= 7; DELETE"),
        "{plan:?}"
    );
    assert!(plan.does.contains("; COMMIT on firebell@127.0.0.1:"), "{plan:?}");
    assert_eq!(plan.finds[1..], ["UPDATE: 7 rows as it is now".to_string(), "DELETE: 2 rows as it is now".to_string()]);
    assert_eq!(count(), "0|40", "a plan changes nothing");
    let ran = run(&postgres, &change).await;
    assert_eq!((ran.end, ran.stdout.as_str(), count().as_str()), (End::Exited(0), "UPDATE 7\nDELETE 2\n", "7|38"));

    // The second statement fails, so nothing of the first stays.
    let ran = run(&postgres, &changing(&["-c", "DELETE FROM orders; INSERT INTO gone VALUES (1)"])).await;
    assert_eq!((ran.end, count().as_str()), (End::Exited(1), "7|38"));
    assert!(
        ran.stderr.contains("ERROR:  relation \"gone\" does not exist")
            && ran.stderr.contains("nothing of it was changed"),
        "{}",
        ran.stderr
    );
    // Each -c is a transaction of its own, and what follows a failure is not begun.
    let ran = run(
        &postgres,
        &changing(&["-c", "DELETE FROM orders WHERE id = 1", "-c", "SELECT 1/0", "-c", "DELETE FROM orders"]),
    )
    .await;
    assert_eq!((ran.end, count().as_str()), (End::Exited(1), "6|37"));
    let ran = run(&postgres, &changing(&["-c", "BEGIN; DELETE FROM orders; ROLLBACK"])).await;
    assert_eq!((ran.end, count().as_str()), (End::Exited(0), "6|37"));

    let joined = changing(&["-c", "DELETE FROM orders o USING pg_class c WHERE o.id = c.oid::int"]);
    let plan = postgres.plan(&joined).await.expect("a plan");
    assert!(
        plan.finds[1].starts_with("DELETE: about ") && plan.finds[1].ends_with(" as the server estimates"),
        "{plan:?}"
    );
}

#[tokio::test]
async fn what_cannot_run_in_a_transaction_runs_by_itself() {
    let url = fresh_database();
    let postgres = at(&url);
    orders(&url);
    let name = url.rsplit('/').next().unwrap_or_default().to_string();
    for (text, tag) in [
        ("VACUUM ANALYZE;".to_string(), "VACUUM\n"),
        (format!("REINDEX DATABASE {name};"), "REINDEX\n"),
        ("CREATE INDEX CONCURRENTLY by_who ON orders (who)".to_string(), "CREATE INDEX\n"),
        ("ANALYZE;".to_string(), "ANALYZE\n"),
    ] {
        let ran = run(&postgres, &changing(&["-c", &text])).await;
        assert_eq!((ran.end.clone(), ran.stdout.as_str()), (End::Exited(0), tag), "{ran:?}");
    }
    let seen = "select count(*) from pg_indexes where indexname = 'by_who'";
    assert_eq!(query(&url, seen).as_deref(), Ok("1"));
    eventually("the vacuum is counted", BOUND, async || {
        query(&url, "select vacuum_count from pg_stat_user_tables where relname = 'orders'").as_deref() == Ok("1")
    })
    .await;
}

#[tokio::test]
async fn a_command_that_only_reads_cannot_change_anything() {
    let url = fresh_database();
    let postgres = at(&url);
    orders(&url);
    let wipe = "create function wipe() returns int language plpgsql as $$ begin delete from orders; return 1; end $$";
    query(&url, wipe).expect("a function");
    query(&url, "create view innocent as select wipe() as n; create sequence s").expect("a view");
    let inside = ["SELECT * FROM innocent", "SELECT * FROM innocent; SELECT 1", "EXPLAIN SELECT * FROM innocent"];
    for text in inside {
        let ran = run(&postgres, &psql(&["-c", text])).await;
        match text.starts_with("EXPLAIN") {
            true => assert!(ran.ok(), "{ran:?}"),
            // The server's own word: our reading of the text had let it pass.
            false => assert!(ran.end == End::Exited(1) && ran.stderr.contains("read-only transaction"), "{ran:?}"),
        }
        assert_eq!(query(&url, "select count(*) from orders").as_deref(), Ok("40"), "{text}");
    }
    for text in [
        "SELECT 1; DELETE FROM orders",
        "SELECT 1; COMMIT; DELETE FROM orders",
        "DELETE FROM orders",
        "WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d",
        "SELECT wipe()",
        "SELECT 1; SET TRANSACTION READ WRITE; SELECT * FROM innocent",
        "SELECT set_config('transaction_read_only', 'off', false); SELECT * FROM innocent",
        "EXPLAIN ANALYZE DELETE FROM orders",
        "SELECT 1 INTO x",
        "DO $$ begin delete from orders; end $$",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT nextval('s')",
        "SELECT pg_terminate_backend(1)",
        "SELECT ';' --\n; DELETE FROM orders",
        "SELECT $a$;$a$; DELETE FROM orders; --$a$",
        "\\! true",
    ] {
        let ran = run(&postgres, &psql(&["-c", text])).await;
        assert!(matches!(ran.end, End::NotStarted(_) | End::Exited(1)), "{text}: {ran:?}");
        assert_eq!(query(&url, "select count(*) from orders").as_deref(), Ok("40"), "{text}");
    }
    // Two commands in one session do not open the second.
    let two = psql(&[
        "-c",
        "SELECT set_config('default_transaction_read_only', 'off', false)",
        "-c",
        "SELECT * FROM innocent",
    ]);
    run(&postgres, &two).await;
    assert_eq!(query(&url, "select count(*) from orders").as_deref(), Ok("40"));
    // And the same words do it where a change was approved.
    assert!(run(&postgres, &changing(&["-c", "SELECT wipe()"])).await.ok());
    assert_eq!(query(&url, "select count(*) from orders").as_deref(), Ok("0"));
}

#[tokio::test]
async fn only_the_configured_server_is_spoken_to() {
    let url = fresh_database();
    let postgres = at(&url);
    for words in [
        &["-h", "db2", "-c", "SELECT 1"][..],
        &["-p", "1", "-c", "SELECT 1"],
        &["-U", "postgres", "-c", "SELECT 1"],
        &["-d", "template1", "-c", "SELECT 1"],
        &["postgres://firebell@db2/shop", "-c", "SELECT 1"],
    ] {
        let ran = run(&postgres, &psql(words)).await;
        assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("[targets.lab]")), "{words:?} {ran:?}");
        assert!(postgres.plan(&psql(words)).await.is_err(), "{words:?}");
    }
    let name = url.rsplit('/').next().unwrap_or_default();
    assert!(run(&postgres, &psql(&["-h", "localhost", "-U", "firebell", "-d", name, "-c", "SELECT 1"])).await.ok());
    let mut other = psql(&["-c", "SELECT 1"]);
    other.env.insert("PGHOST".to_string(), "db2".to_string());
    assert!(matches!(run(&postgres, &other).await.end, End::NotStarted(_)));

    let wrong = at(&url.replace("@127", "x@127"));
    let ran = run(&wrong, &psql(&["-c", "SELECT 1"])).await;
    let End::NotStarted(why) = &ran.end else { panic!("{ran:?}") };
    assert!(why.contains("does not let us in") && why.contains("firebell@127.0.0.1:"), "{why}");
    let gone = at("postgres://firebell:nothing@127.0.0.1:1/shop");
    let ran = run(&gone, &changing(&["-c", "DELETE FROM orders"])).await;
    assert!(
        matches!(&ran.end, End::NotStarted(why) if why.ends_with("cannot be reached: connection refused")),
        "{ran:?}"
    );
    // What the configuration keeps secret is in no output, however it gets there.
    let secret = url.split(':').nth(2).and_then(|p| p.split('@').next()).unwrap_or_default();
    let ran = run(&postgres, &psql(&["-c", &format!("SELECT '{secret}' AS word")])).await;
    assert!(ran.ok() && !ran.stdout.contains(secret), "{ran:?}");
}

#[tokio::test]
async fn what_is_not_waited_for_is_ended_at_the_server() {
    let url = fresh_database();
    let postgres = at(&url);
    orders(&url);
    let running =
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let nobody = || query(&url, running).as_deref() == Ok("0");

    let ran = run(&postgres, &within(Duration::from_millis(800), psql(&["-c", "SELECT pg_sleep(600)"]))).await;
    assert_eq!(ran.end, End::TimedOut, "{ran:?}");
    eventually("the session is gone", BOUND, async || nobody()).await;

    let slow = "UPDATE orders SET paid = true; SELECT pg_sleep(600)";
    let (stopper, _lines, mut watch) = unwatched();
    let change = changing(&["-c", slow]);
    let stop = async {
        let sleeps = "select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()";
        eventually("it sleeps", BOUND, async || query(&url, sleeps).as_deref() == Ok("1")).await;
        stopper.send(true).expect("somebody listens");
    };
    let (ran, ()) = tokio::join!(postgres.run(&change, &mut watch), stop);
    assert!(ran.end == End::Stopped && ran.stderr.contains("[ended at the server]"), "{ran:?}");
    assert!(ran.stderr.contains("not committed"), "{ran:?}");
    assert!(nobody(), "the session is gone when that is said");
    assert_eq!(query(&url, "select count(*) from orders where paid").as_deref(), Ok("0"));
}

#[tokio::test]
async fn huge_answers_are_bounded() {
    let url = fresh_database();
    let postgres = at(&url);
    let ran = run(&postgres, &psql(&["-c", "SELECT n, repeat('x', 200) FROM generate_series(1, 5000000) n"])).await;
    assert!(ran.ok() && ran.left_out > 0 && ran.stdout.len() < 70_000, "{:?} {}", ran.end, ran.stdout.len());
    assert!(ran.stderr.contains("the rest was not read") && ran.took < BOUND, "{} {:?}", ran.stderr, ran.took);
    let ran = run(&postgres, &psql(&["-c", "SELECT repeat('x', 3000000) AS much"])).await;
    assert!(ran.ok() && ran.left_out > 2_900_000 && ran.stdout.len() < 70_000, "{:?} {}", ran.end, ran.left_out);
    query(&url, "create table t as select n from generate_series(1, 100000) n").expect("a table");
    // A change is carried out whole, whatever it answers.
    let ran = run(&postgres, &changing(&["-c", "DELETE FROM t RETURNING n, repeat('x', 100)"])).await;
    assert!(ran.ok() && ran.stdout.contains("DELETE 100000") && ran.left_out > 0, "{:?}", ran.end);
    assert_eq!(query(&url, "select count(*) from t").as_deref(), Ok("0"));
}

#[tokio::test]
async fn a_server_that_goes_away_leaves_no_doubt_that_can_be_avoided() {
    let mut server = PrivatePostgres::start();
    let postgres = at(server.url());
    orders(server.url());
    let (_stopper, _lines, mut watch) = unwatched();
    let change = changing(&["-c", "DELETE FROM orders; SELECT pg_sleep(600)"]);
    let url = server.url().to_string();
    let kill = async {
        let sleeps = "select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()";
        eventually("it sleeps", BOUND, async || query(&url, sleeps).as_deref() == Ok("1")).await;
        server.kill9();
    };
    let (ran, ()) = tokio::join!(postgres.run(&change, &mut watch), kill);
    assert!(ran.end == End::Exited(2) && ran.stderr.contains("not committed"), "{ran:?}");
    server.start_again();
    assert_eq!(server.query("select count(*) from orders").as_deref(), Ok("40"));

    // Lost during the commit itself: the trigger holds it there.
    let held = "create function hold() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return null; end $$;
        create constraint trigger held after delete on orders deferrable initially deferred for each row execute function hold()";
    server.query(held).expect("a trigger");
    let (_stopper, _lines, mut watch) = unwatched();
    let change = changing(&["-c", "DELETE FROM orders WHERE id = 1"]);
    let kill = async {
        let commits = "select count(*) from pg_stat_activity where query = 'COMMIT' and state = 'active'";
        eventually("it commits", BOUND, async || query(&url, commits).as_deref() == Ok("1")).await;
        server.kill9();
    };
    let (ran, ()) = tokio::join!(postgres.run(&change, &mut watch), kill);
    let End::Unknown(why) = &ran.end else { panic!("{ran:?}") };
    let ask = why.split(": ").nth(1).and_then(|w| w.split(" says").next()).expect("how to find out").to_string();
    server.start_again();
    // What never reached the disk is an id of the future again.
    match server.query(&ask) {
        Ok(status) => assert_eq!(status, "aborted"),
        Err(said) => assert!(said.contains("in the future"), "{said}"),
    }
    assert_eq!(server.query("select count(*) from orders").as_deref(), Ok("40"));

    // An operator ends the session in the same moment, and the server can be asked.
    let (_stopper, _lines, mut watch) = unwatched();
    let cut = async {
        let commits = "select count(*) from pg_stat_activity where query = 'COMMIT' and state = 'active'";
        eventually("it commits", BOUND, async || query(&url, commits).as_deref() == Ok("1")).await;
        query(&url, "select pg_terminate_backend(pid) from pg_stat_activity where query = 'COMMIT'").expect("an end");
    };
    let (ran, ()) = tokio::join!(postgres.run(&change, &mut watch), cut);
    assert!(ran.end == End::Exited(2) && ran.stderr.contains("rolled back"), "{ran:?}");

    server.freeze();
    let ran = run(&postgres, &within(Duration::from_millis(700), psql(&["-c", "SELECT 1"]))).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("did not answer")), "{ran:?}");
    server.thaw();
}

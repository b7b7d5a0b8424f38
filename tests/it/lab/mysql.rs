//! mysql commands of a runbook against a real MariaDB with a password, with their effect seen by its own program from
//! outside; and with the server slow, gone, or told to do more than the command may.

use super::{TARGET, call, run, unwatched, within};
use crate::harness::mariadb::{MariaDb, PASSWORD, USER};
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::database::server::{Keys, Kind, Server};
use firebell::exec::docker::Docker;
use firebell::exec::mysql::Mysql;
use firebell_domain::playbook::Risk;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

fn at(url: &str) -> Mysql {
    let secrets = Secrets::new([SecretString::from(PASSWORD)]);
    let keys = Keys { address: url.to_string(), ..Keys::default() };
    let server = Server::read(Kind::Mysql, TARGET, keys, secrets).expect("an address");
    Mysql::new([server], Docker::new(BTreeMap::new()))
}

fn mysql(words: &[&str]) -> Call {
    call(&[&["mysql"], words].concat())
}

fn changing(words: &[&str]) -> Call {
    Call { risk: Risk::Mutate, ..mysql(words) }
}

fn value(ran: &Ran, metric: &str) -> Option<f64> {
    ran.readings.iter().find(|r| r.metric == metric).map(|r| r.value)
}

fn orders(server: &MariaDb) {
    server
        .query("CREATE TABLE orders (id INT PRIMARY KEY, who VARCHAR(20), paid BOOL) ENGINE=InnoDB; INSERT INTO orders SELECT seq, 'bo', 0 FROM seq_1_to_40")
        .expect("a table");
}

#[tokio::test]
async fn what_is_printed_is_what_mysql_prints() {
    let server = MariaDb::start();
    let mysql_ = at(&server.url());
    server
        .query("CREATE TABLE t (id INT, name VARCHAR(40), amount DECIMAL(9,2), at DATETIME, doc JSON); INSERT INTO t VALUES (1, 'ana', 2.5, '2026-01-05 09:00:00', '{\"a\": 1}'), (20, NULL, NULL, NULL, NULL), (3, 'tab\\there', -1, '1970-01-01 00:00:00', '[]')")
        .expect("a table");
    let all = "SELECT *, id > 2 AS big FROM t ORDER BY id";
    for words in [
        &["-e", all][..],
        &["-B", "-e", all],
        &["-N", "-e", all],
        &["-BN", "-e", all],
        &["-E", "-e", all],
        &["-e", "SELECT 1 WHERE false"],
        &["-e", "SELECT COUNT(*) FROM t; SHOW TABLES"],
        &["-e", "SELECT id FROM t WHERE id = 1\\G"],
    ] {
        let ran = run(&mysql_, &mysql(words)).await;
        assert_eq!(ran.end, End::Exited(0), "{words:?} {ran:?}");
        let table = if words.iter().any(|w| w.starts_with("-B")) { &[][..] } else { &["--table"] };
        let theirs = server.client(&[table, words].concat());
        // How wide a column is depends on whether it could be NULL, which the protocol tells the program alone.
        let narrow = |text: &str| {
            let mut text = text.to_string();
            for (wide, one) in [("  ", " "), ("--", "-")] {
                while text.contains(wide) {
                    text = text.replace(wide, one);
                }
            }
            text
        };
        assert_eq!(narrow(&ran.stdout), narrow(&String::from_utf8_lossy(&theirs.stdout)), "{words:?}");
        assert_eq!((ran.stderr.as_str(), ran.left_out, ran.native), ("", 0, true), "{words:?}");
    }
    let ran = run(&mysql_, &mysql(&["-e", "SELECT COUNT(*) FROM t"])).await;
    assert_eq!(value(&ran, "COUNT of t"), Some(3.0));
    let ran = run(&mysql_, &mysql(&["-e", "SHOW GLOBAL STATUS LIKE 'Threads_connected'"])).await;
    assert!(value(&ran, "Threads_connected").is_some_and(|n| n >= 1.0), "{ran:?}");
    let ran = run(&mysql_, &call(&["mysqladmin", "-u", USER, "-pwhatever", "ping"])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "mysqld is alive\n"));
}

#[tokio::test]
async fn changes_are_made_counted_before_and_tables_are_cared_for() {
    let server = MariaDb::start();
    let mysql_ = at(&server.url());
    orders(&server);
    let count = || server.query("SELECT COUNT(IF(paid, 1, NULL)), COUNT(*) FROM orders").expect("a count");
    let change = changing(&["-e", "UPDATE orders SET paid = 1 WHERE id <= 7; DELETE FROM orders WHERE id > 38;"]);
    let plan = mysql_.plan(&change).await.expect("a plan");
    assert!(
        plan.does.starts_with(
            "UPDATE orders SET paid = 1 WHERE id <= 7; DELETE FROM orders WHERE id > 38 on firebell@127.0.0.1:"
        ),
        "{plan:?}"
    );
    assert!(plan.native && plan.finds[0].starts_with("MariaDB 10."), "{plan:?}");
    assert_eq!(plan.finds[1..], ["UPDATE: 7 rows as it is now".to_string(), "DELETE: 2 rows as it is now".to_string()]);
    let joined = changing(&["-e", "DELETE FROM orders WHERE who = 'bo' LIMIT 3"]);
    assert_eq!(mysql_.plan(&joined).await.expect("a plan").finds[1], "DELETE: 3 rows as it is now");
    assert_eq!(count(), "0\t40", "a plan changes nothing");
    let ran = run(&mysql_, &change).await;
    assert_eq!((ran.end.clone(), count().as_str()), (End::Exited(0), "7\t38"));
    assert_eq!(ran.stdout, "Query OK, 7 rows affected\nQuery OK, 2 rows affected\n");

    let ran =
        run(&mysql_, &changing(&["-e", "DELETE FROM orders WHERE id = 1; DELETE FROM gone; DELETE FROM orders"])).await;
    assert_eq!((ran.end, count().as_str()), (End::Exited(1), "6\t37"), "as the client does: up to the first failure");
    assert_eq!(ran.stderr, "ERROR 1146 (42S02): Table 'shop.gone' doesn't exist\n");
    let ran = run(&mysql_, &changing(&["-e", "BEGIN; DELETE FROM orders; ROLLBACK"])).await;
    assert_eq!((ran.end, count().as_str()), (End::Exited(0), "6\t37"));
    let ran = run(&mysql_, &changing(&["-e", "START TRANSACTION; DELETE FROM orders"])).await;
    assert!(ran.stderr.contains("does not commit it") && count() == "6\t37", "{ran:?}");

    server
        .query("CREATE TABLE old (id INT) ENGINE=MyISAM; INSERT INTO old VALUES (1), (2); DELETE FROM old WHERE id = 1")
        .expect("a table");
    let free = "SELECT DATA_FREE > 0 FROM information_schema.TABLES WHERE TABLE_NAME = 'old' AND TABLE_SCHEMA = 'shop'";
    assert_eq!(server.query(free).as_deref(), Ok("1"));
    let words = ["mysqlcheck", "-uroot", "-pwhatever", "--optimize", "--all-databases"];
    let refused = run(&mysql_, &Call { risk: Risk::Mutate, ..call(&words) }).await;
    assert!(matches!(&refused.end, End::NotStarted(why) if why.contains("user root")), "{refused:?}");
    let check = Call { risk: Risk::Mutate, ..call(&["mysqlcheck", "-u", USER, "--optimize", "--all-databases"]) };
    assert!(matches!(run(&mysql_, &Call { risk: Risk::Read, ..check.clone() }).await.end, End::NotStarted(_)));
    assert!(mysql_.plan(&check).await.expect("a plan").finds[1].ends_with(" tables"));
    let ran = run(&mysql_, &check).await;
    assert!(ran.ok() && ran.stdout.contains("shop.old ") && ran.stdout.contains("OK\n"), "{ran:?}");
    assert_eq!(value(&ran, "tables with errors"), Some(0.0));
    assert_eq!(server.query(free).as_deref(), Ok("0"));
}

#[tokio::test]
async fn a_command_that_only_reads_cannot_change_anything() {
    let server = MariaDb::start();
    let mysql_ = at(&server.url());
    orders(&server);
    server
        .query("CREATE TABLE plain (id INT) ENGINE=MyISAM; INSERT INTO plain VALUES (1); SET GLOBAL log_bin_trust_function_creators = 1; CREATE FUNCTION wipe() RETURNS INT RETURN 1")
        .expect("a table");
    let body = "DROP FUNCTION wipe; CREATE FUNCTION wipe() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM orders; DELETE FROM plain; RETURN 1; END";
    let made = server.client(&["--delimiter=//", "--execute", &body.replace("; CREATE", "// CREATE")]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    server.query("CREATE VIEW innocent AS SELECT wipe() AS n").expect("a view");
    let whole = || server.query("SELECT (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM plain)").expect("a count");
    let ran = run(&mysql_, &mysql(&["-e", "SELECT * FROM innocent"])).await;
    assert!(ran.end == End::Exited(1) && ran.stderr.contains("READ ONLY transaction"), "{ran:?}");
    assert_eq!(whole(), "40\t1");
    for text in [
        "SELECT 1; DELETE FROM orders",
        "SELECT 1; COMMIT; DELETE FROM plain",
        "DELETE FROM orders",
        "SELECT wipe()",
        "SET SESSION TRANSACTION READ WRITE; SELECT * FROM innocent",
        "SELECT 1 /*! ; DELETE FROM orders */",
        "SELECT 1 /*M! INTO OUTFILE '/x' */",
        "SELECT * FROM orders INTO OUTFILE 'stolen'",
        "SELECT ';' # \n; DELETE FROM orders",
        "SELECT \"\\\"; DELETE FROM orders; -- \"; DELETE FROM orders",
        "EXPLAIN DELETE FROM orders; TRUNCATE plain",
        "ANALYZE DELETE FROM orders",
        "CALL wipe()",
        "SELECT 1 INTO @x; KILL 1",
        "\\! true",
        "source x",
    ] {
        let ran = run(&mysql_, &mysql(&["-e", text])).await;
        assert!(matches!(ran.end, End::NotStarted(_) | End::Exited(1)), "{text}: {ran:?}");
        assert_eq!(whole(), "40\t1", "{text}");
    }
    assert!(run(&mysql_, &changing(&["-e", "SELECT wipe()"])).await.ok());
    assert_eq!(whole(), "0\t0");
}

#[tokio::test]
async fn only_the_configured_server_is_spoken_to() {
    let server = MariaDb::start();
    let mysql_ = at(&server.url());
    for words in [
        &["-h", "db2", "-e", "SELECT 1"][..],
        &["-P", "1", "-e", "SELECT 1"],
        &["-uroot", "-e", "SELECT 1"],
        &["mysql", "-e", "SELECT 1"],
        &["-e", "USE mysql; SELECT 1"],
    ] {
        let ran = run(&mysql_, &mysql(words)).await;
        assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("[targets.lab]")), "{words:?} {ran:?}");
    }
    assert!(run(&mysql_, &mysql(&["-h", "localhost", "-u", USER, "shop", "-e", "SELECT 1"])).await.ok());
    let wrong = at(&server.url().replace("@127", "x@127"));
    let ran = run(&wrong, &changing(&["-e", "DROP TABLE orders"])).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("does not let us in: Access denied")), "{ran:?}");
    let gone = at("mysql://firebell:nothing@127.0.0.1:1/shop");
    let ran = run(&gone, &mysql(&["-e", "SELECT 1"])).await;
    assert!(
        matches!(&ran.end, End::NotStarted(why) if why.ends_with("cannot be reached: connection refused")),
        "{ran:?}"
    );
    let ran = run(&mysql_, &mysql(&["-e", &format!("SELECT '{PASSWORD}'")])).await;
    assert!(ran.ok() && !ran.stdout.contains(PASSWORD), "{ran:?}");
}

#[tokio::test]
async fn what_is_not_waited_for_is_ended_at_the_server() {
    let mut server = MariaDb::start();
    let mysql_ = at(&server.url());
    orders(&server);
    let busy = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(600)%' AND INFO NOT LIKE '%PROCESSLIST%'";
    let ran = run(&mysql_, &within(Duration::from_millis(900), mysql(&["-e", "SELECT SLEEP(600)"]))).await;
    assert!(ran.end == End::TimedOut || ran.stdout.contains('1'), "{ran:?}");
    eventually("nothing runs", BOUND, async || server.query(busy).as_deref() == Ok("0")).await;

    let (stopper, _lines, mut watch) = unwatched();
    let change = changing(&[
        "-e",
        "BEGIN; UPDATE orders SET paid = 1; UPDATE orders SET paid = 1 WHERE id = 1 AND SLEEP(600) = 0; COMMIT",
    ]);
    let stop = async {
        eventually("it sleeps", BOUND, async || server.query(busy).as_deref() == Ok("1")).await;
        stopper.send(true).expect("somebody listens");
    };
    let (ran, ()) = tokio::join!(mysql_.run(&change, &mut watch), stop);
    assert!(ran.end == End::Stopped && ran.stderr.contains("[ended at the server]"), "{ran:?}");
    assert!(ran.stderr.contains("not committed"), "{ran:?}");
    assert_eq!(server.query(busy).as_deref(), Ok("0"), "it is gone when that is said");
    assert_eq!(server.query("SELECT COUNT(*) FROM orders WHERE paid").as_deref(), Ok("0"));

    let big = "SELECT seq, REPEAT('x', 200) FROM seq_1_to_5000000";
    let ran = run(&mysql_, &mysql(&["-e", big])).await;
    assert!(ran.ok() && ran.left_out > 0 && ran.stdout.len() < 70_000 && ran.took < BOUND, "{:?}", ran.end);
    assert!(ran.stderr.contains("the rest was not read"), "{}", ran.stderr);

    // The server goes away in the middle of a statement that takes effect by itself.
    let (_stopper, _lines, mut watch) = unwatched();
    let change = changing(&["-e", "DELETE FROM orders WHERE SLEEP(600) = 0"]);
    let kill = async {
        eventually("it sleeps", BOUND, async || server.query(busy).as_deref() == Ok("1")).await;
        server.kill9();
    };
    let (ran, ()) = tokio::join!(mysql_.run(&change, &mut watch), kill);
    assert!(matches!(&ran.end, End::Unknown(why) if why.contains("SHOW FULL PROCESSLIST")), "{ran:?}");
    server.start_again();
    assert_eq!(server.query("SELECT COUNT(*) FROM orders").as_deref(), Ok("40"));
}

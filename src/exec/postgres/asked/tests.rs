//! What a psql command says, and what of it is refused.

use super::*;

fn asked(words: &[&str]) -> Result<Asked, String> {
    let argv: Vec<String> = std::iter::once("psql").chain(words.iter().copied()).map(str::to_string).collect();
    read(&argv, None)
}

fn units(words: &[&str]) -> Vec<(usize, bool)> {
    match asked(words).expect("understood").does {
        Does::Units(units) => units.iter().map(|u| (u.statements.len(), u.alone)).collect(),
        Does::Ready => Vec::new(),
    }
}

#[test]
fn a_server_is_named_by_options_words_or_an_address() {
    let named = |words: &[&str]| asked(words).expect("understood").named;
    let given = |text: &str| Some(text.to_string());
    let all = named(&["-h", "db", "-p5433", "-U", "shop", "-d", "orders", "-c", "TABLE t"]);
    assert_eq!(all, Named { host: given("db"), port: given("5433"), user: given("shop"), database: given("orders") });
    let all = named(&["orders", "shop", "-c", "TABLE t"]);
    assert_eq!((all.database, all.user), (given("orders"), given("shop")));
    let all = named(&["postgres://shop@db:5433/orders", "-c", "TABLE t"]);
    assert_eq!(all, Named { host: given("db"), port: given("5433"), user: given("shop"), database: given("orders") });
    assert!(asked(&["host=db dbname=x", "-c", "TABLE t"]).is_err());
}

#[test]
fn what_cannot_run_in_a_transaction_stands_alone() {
    assert_eq!(units(&["-c", "SELECT 1; SELECT 2", "-c", "VACUUM ANALYZE;"]), [(2, false), (1, true)]);
    for text in [
        "REINDEX DATABASE shop",
        "reindex (verbose) database shop",
        "REINDEX TABLE CONCURRENTLY t",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (x)",
        "DROP INDEX CONCURRENTLY i",
        "CREATE DATABASE x",
        "ALTER SYSTEM SET work_mem = '1MB'",
        "CLUSTER",
    ] {
        assert_eq!(units(&["-c", text]), [(1, true)], "{text}");
        assert!(asked(&["-c", &format!("SELECT 1; {text}")]).is_err(), "{text}");
    }
    for text in ["REINDEX TABLE t", "CREATE INDEX i ON t (x)", "ANALYZE", "DROP TABLE t", "CLUSTER t"] {
        assert_eq!(units(&["-c", text]), [(1, false)], "{text}");
    }
    assert_eq!(units(&["-c", "BEGIN; UPDATE t SET x = 1; COMMIT"]), [(1, false)]);
}

#[test]
fn what_needs_a_file_a_keyboard_or_a_promise_is_refused() {
    for words in [
        &["-c", "\\! reboot"][..],
        &["-c", "\\copy t to 'x'"],
        &["-c", "COPY t TO PROGRAM 'sh'"],
        &["-c", "COMMIT; DELETE FROM t"],
        &["-c", "SELECT 1; ROLLBACK; DELETE FROM t"],
        &["-c", "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT"],
        &["-f", "/etc/passwd"],
        &["-o", "/etc/passwd", "-c", "SELECT 1"],
        &["-v", "x=1", "-c", "SELECT 1"],
        &["-d", "shop"],
        &["-c", " ; -- nothing"],
        &["-c"],
    ] {
        assert!(asked(words).is_err(), "{words:?}");
    }
}

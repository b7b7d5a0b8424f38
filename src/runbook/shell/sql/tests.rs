//! Tables of sql: what is read, and what only looks like it.

use proptest::prelude::*;

use super::{Dialect, judge, leading, verbs};
use crate::model::{Mode, Risk};
use crate::shell::inner::Verbs;

const READ: Risk = Risk::Read;
const MUTATE: Risk = Risk::Mutate;
const DESTROY: Risk = Risk::Destroy;

fn table(dialect: Dialect, rows: &[(&str, Risk)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, expected)| (text, expected, judge(text, dialect)))
        .filter(|(_, expected, got)| got.risk != **expected)
        .map(|(text, expected, got)| format!("{text}\n   expected {expected:?}, got {:?} ({})", got.risk, got.why))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_tables_of_verbs_can_be_read() {
    for text in [include_str!("../../knowledge/verbs/sql.toml"), include_str!("../../knowledge/verbs/psql.toml")] {
        Verbs::read(text).unwrap();
    }
    assert!(!verbs().is_empty() && !leading::client_verbs().is_empty());
}

#[test]
fn questions_are_reads() {
    table(
        Dialect::Postgres,
        &[
            ("SELECT 1", READ),
            ("SELECT count(*) FROM orders;", READ),
            (
                "select pid, now() - query_start as age, query from pg_stat_activity where state <> 'idle' order by 2 desc",
                READ,
            ),
            ("SELECT pg_size_pretty(pg_database_size('shop'));", READ),
            (
                "SELECT schemaname||'.'||relname, n_dead_tup::float / nullif(n_live_tup, 0) FROM pg_stat_user_tables LIMIT 5",
                READ,
            ),
            ("WITH late AS (SELECT * FROM orders WHERE due < now()) SELECT count(*) FROM late", READ),
            ("(SELECT 1) UNION ALL (SELECT 2)", READ),
            ("SELECT * FROM a LEFT JOIN b USING (id) WHERE a.x IN (1, 2) AND a.details->>'ok' = 'false'", READ),
            ("SELECT * FROM orders WHERE status = 'delete' OR note LIKE '%DROP TABLE%'", READ),
            ("SELECT \"delete\" FROM t", READ),
            ("SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) FROM calls", READ),
            ("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())", READ),
            ("SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t", READ),
            ("SELECT x, cast(y AS numeric(10,2)) FROM generate_series(1, 5) AS g(x)", READ),
            ("SHOW max_connections;", READ),
            ("EXPLAIN DELETE FROM orders", READ),
            ("EXPLAIN (FORMAT json, ANALYZE false) UPDATE t SET a = 1", READ),
            ("EXPLAIN ANALYZE SELECT * FROM orders", READ),
            ("EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders", READ),
            ("COPY (SELECT * FROM t) TO STDOUT WITH CSV", READ),
            ("SET statement_timeout = '5s'; SELECT 1", READ),
            ("BEGIN; SELECT 1; ROLLBACK;", READ),
            ("-- only looks\nSELECT 1 /* not DROP */", READ),
            ("\\dt", READ),
            ("\\d+ orders", READ),
            ("\\l", READ),
            ("\\c shop", READ),
            ("\\q", READ),
            ("SELECT * FROM FBPH0001", READ),
            ("", READ),
        ],
    );
    table(
        Dialect::Mysql,
        &[
            ("SHOW PROCESSLIST", READ),
            ("SHOW FULL PROCESSLIST;", READ),
            ("SHOW ENGINE INNODB STATUS\\G", READ),
            ("SHOW GLOBAL STATUS LIKE 'Threads%';", READ),
            ("SHOW SLAVE STATUS \\G", READ),
            ("DESC orders", READ),
            ("DESCRIBE orders;", READ),
            ("EXPLAIN FORMAT=JSON SELECT * FROM orders", READ),
            ("SELECT * FROM mysql.slow_log ORDER BY start_time DESC LIMIT 20;", READ),
            ("SELECT @@global.read_only", READ),
            (
                "SELECT table_schema, round(sum(data_length)/1024/1024, 1) FROM information_schema.tables GROUP BY 1",
                READ,
            ),
            ("CHECK TABLE orders", READ),
            ("USE shop; SHOW TABLES;", READ),
            ("SELECT TRUNCATE(1.5, 0)", READ),
            ("SELECT REPLACE(name, 'a', 'b') FROM t", READ),
        ],
    );
    table(
        Dialect::Sqlite,
        &[
            (".tables", READ),
            (".schema jobs", READ),
            ("PRAGMA integrity_check;", READ),
            ("SELECT datetime FROM jobs", READ),
        ],
    );
}

#[test]
fn what_changes_something_is_no_read_however_it_is_wrapped() {
    table(
        Dialect::Postgres,
        &[
            ("UPDATE orders SET a = 1", MUTATE),
            ("INSERT INTO t VALUES (1)", MUTATE),
            ("INSERT INTO t (a) SELECT a FROM u", MUTATE),
            ("WITH x AS (INSERT INTO t VALUES (1) RETURNING id) SELECT * FROM x", MUTATE),
            ("WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT count(*) FROM x", MUTATE),
            ("SELECT * INTO backup FROM orders", MUTATE),
            ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity", MUTATE),
            ("SELECT pg_catalog.pg_cancel_backend(1)", MUTATE),
            ("SELECT pg_reload_conf();", MUTATE),
            ("SELECT nextval('s')", MUTATE),
            ("SELECT 1 WHERE (SELECT setval('s', 1)) > 0", MUTATE),
            ("SELECT * FROM dblink('x', 'y') AS t(a int)", MUTATE),
            ("SELECT cron.schedule('x', '* * * * *', 'SELECT 1')", MUTATE),
            ("SELECT rebuild_totals()", MUTATE),
            ("SELECT shop.refresh_all()", MUTATE),
            ("SELECT pg_switch_wal()", MUTATE),
            ("SELECT pg_stat_statements_reset()", MUTATE),
            ("SELECT * FROM t FOR UPDATE", MUTATE),
            ("EXPLAIN ANALYZE UPDATE t SET a = 1", MUTATE),
            ("COPY t FROM '/tmp/x'", MUTATE),
            ("COPY t TO '/tmp/x'", MUTATE),
            ("COPY (SELECT 1) TO PROGRAM 'sh'", MUTATE),
            ("VACUUM ANALYZE;", MUTATE),
            ("VACUUM FULL orders", MUTATE),
            ("ANALYZE", MUTATE),
            ("ANALYZE orders;", MUTATE),
            ("REINDEX DATABASE shop;", MUTATE),
            ("REINDEX INDEX CONCURRENTLY orders_pkey", MUTATE),
            ("CLUSTER orders USING orders_pkey", MUTATE),
            ("CHECKPOINT", MUTATE),
            ("ALTER SYSTEM SET shared_buffers = '4GB';", MUTATE),
            ("ALTER TABLE t ADD COLUMN a int", MUTATE),
            ("ALTER TABLE t DROP CONSTRAINT c", MUTATE),
            ("ALTER TABLE t ALTER COLUMN a DROP NOT NULL", MUTATE),
            ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES b ON DELETE CASCADE", MUTATE),
            ("CREATE INDEX CONCURRENTLY i ON t (a)", MUTATE),
            ("REFRESH MATERIALIZED VIEW v", MUTATE),
            ("GRANT SELECT ON t TO bo", MUTATE),
            ("DO $$ BEGIN PERFORM 1; END $$", MUTATE),
            ("CALL nightly()", MUTATE),
            ("NOTIFY jobs", MUTATE),
            ("SELECT 1 FROM a b c d", MUTATE),
            ("FROBNICATE t", MUTATE),
            ("\\copy t FROM 'f.csv' CSV", MUTATE),
            ("\\i fix.sql", MUTATE),
            ("\\! ls", MUTATE),
            ("SELECT format('DROP TABLE %I', t) FROM x \\gexec", MUTATE),
            ("it's", MUTATE),
        ],
    );
    table(
        Dialect::Mysql,
        &[
            ("SET GLOBAL max_connections = 500;", MUTATE),
            ("SET @@GLOBAL.read_only = 1", MUTATE),
            ("KILL 5", MUTATE),
            ("KILL FBPH0001;", MUTATE),
            ("FLUSH PRIVILEGES", MUTATE),
            ("FLUSH TABLES WITH READ LOCK", MUTATE),
            ("OPTIMIZE TABLE orders", MUTATE),
            ("REPLACE INTO t VALUES (1)", MUTATE),
            ("SELECT * FROM t INTO OUTFILE '/tmp/x'", MUTATE),
            ("LOAD DATA INFILE 'x' INTO TABLE t", MUTATE),
            ("START SLAVE", MUTATE),
            ("ANALYZE TABLE t", MUTATE),
            ("SET PASSWORD FOR 'ana'@'%' = 'x'", MUTATE),
        ],
    );
    table(
        Dialect::Sqlite,
        &[(".read fix.sql", MUTATE), ("PRAGMA journal_mode = WAL", MUTATE), (".backup x.db", MUTATE)],
    );
}

#[test]
fn what_loses_data_or_cuts_access_is_found_however_deep() {
    table(
        Dialect::Postgres,
        &[
            ("DELETE FROM orders WHERE id = 1", DESTROY),
            ("delete from orders", DESTROY),
            ("TRUNCATE orders", DESTROY),
            ("DROP TABLE orders", DESTROY),
            ("DROP INDEX CONCURRENTLY i", DESTROY),
            ("DROP OWNED BY bo", DESTROY),
            ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", DESTROY),
            ("WITH x AS (SELECT 1) DELETE FROM t USING x", DESTROY),
            ("SELECT 1; DROP TABLE t; SELECT 2", DESTROY),
            ("EXPLAIN ANALYZE DELETE FROM t", DESTROY),
            ("EXPLAIN (ANALYZE, VERBOSE) DELETE FROM t", DESTROY),
            ("COPY (DELETE FROM t RETURNING *) TO STDOUT", DESTROY),
            ("ALTER TABLE t DROP COLUMN a", DESTROY),
            ("ALTER TABLE t DROP a", DESTROY),
            ("ALTER TABLE t DROP COLUMN IF EXISTS a", DESTROY),
            ("ALTER ROLE bo NOLOGIN", DESTROY),
            ("REVOKE ALL ON t FROM bo", DESTROY),
            ("SELECT pg_drop_replication_slot('s')", DESTROY),
            ("SELECT lo_unlink(5)", DESTROY),
            ("SELECT purge_sessions()", DESTROY),
            ("DO $$ BEGIN DELETE FROM t; END $$", DESTROY),
            ("SELECT 1\n\\dt\nDROP TABLE t;", DESTROY),
            ("\\copy (DELETE FROM t RETURNING *) TO STDOUT", DESTROY),
            ("DELETE FROM t WHERE a = 'open", DESTROY),
        ],
    );
    table(
        Dialect::Mysql,
        &[
            ("/*!50000 DROP TABLE t */", DESTROY),
            ("SELECT 1 /*! ; DROP TABLE t */", DESTROY),
            ("RESET MASTER", DESTROY),
            ("STOP SLAVE;", DESTROY),
            ("PURGE BINARY LOGS BEFORE '2026-01-01'", DESTROY),
            ("SHUTDOWN", DESTROY),
            ("ALTER TABLE t DROP PARTITION p1", DESTROY),
            ("ALTER USER 'bo'@'%' ACCOUNT LOCK", DESTROY),
            ("CREATE OR REPLACE TABLE t (a int)", DESTROY),
        ],
    );
    table(Dialect::Sqlite, &[("DELETE FROM jobs;", DESTROY), (".restore x.db", DESTROY)]);
}

#[test]
fn what_else_is_known_about_a_statement() {
    let pg = |text: &str| judge(text, Dialect::Postgres);
    assert!(pg("SELECT pg_terminate_backend(5)").affects_availability);
    assert!(pg("VACUUM FULL t").affects_availability && !pg("VACUUM t").affects_availability);
    assert!(!pg("REINDEX INDEX CONCURRENTLY i").affects_availability && pg("REINDEX TABLE t").affects_availability);
    assert_eq!(pg("SELECT 1 \\watch 5").mode, Mode::Stream);
    assert_eq!(pg("SHOW TABLES").problem.as_deref(), Some("PostgreSQL has no SHOW TABLES; use \\dt"));
    assert_eq!(pg("SHOW work_mem").problem, None);
    assert!(judge("VACUUM", Dialect::Mysql).problem.is_some());
    assert_eq!(pg("SELECT 1; DELETE FROM t").why, "sql DELETE");
}

#[test]
fn nothing_is_too_long_or_too_deep() {
    for text in [
        format!("SELECT {}", vec!["1"; 20_000].join("+")),
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(2_000)),
        format!("SELECT x{}", "::int".repeat(5_000)),
        format!("SELECT x{}", "[1]".repeat(5_000)),
        format!("SELECT {} 1", "- ".repeat(5_000)),
        format!("SELECT {} 1", "NOT ".repeat(5_000)),
        format!("SELECT {}", "CASE WHEN ".repeat(5_000)),
        format!("EXPLAIN {}", "EXPLAIN ".repeat(5_000)),
        format!("SELECT a{}", ".a".repeat(5_000)),
        format!("SELECT 1 FROM t{}", " JOIN t ON 1".repeat(3_000)),
        format!("SELECT {}", "\"a\" ".repeat(9_000)),
        "SELECT 1;".repeat(7_000),
        "x".repeat(100_000),
    ] {
        judge(&text, Dialect::Postgres);
        judge(&text, Dialect::Mysql);
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in r#"(SELECT|FROM|WITH|AS|\(|\)|DELETE|;|'|"|\$\$|--|/\*|\*/|/\*!|\\d|\\G|[a-z]{1,3}|[0-9]|=|,| |\n|EXPLAIN|ANALYZE|COPY|TO|é){0,40}"#) {
        for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite, Dialect::Other] {
            judge(&text, dialect);
        }
    }

    #[test]
    fn a_statement_that_changes_something_is_never_a_read_in_any_nesting(
        core in prop::sample::select(vec!["DELETE FROM t", "UPDATE t SET a = 1", "INSERT INTO t VALUES (1)", "DROP TABLE t", "TRUNCATE t",
            "ALTER TABLE t ADD a int", "CREATE TABLE u (a int)", "MERGE INTO t USING u ON (a = b) WHEN MATCHED THEN DELETE"]),
        wraps in prop::collection::vec(0usize..9, 0..5),
        lower in any::<bool>(),
        mysql in any::<bool>(),
    ) {
        let mut text = core.to_owned();
        for wrap in wraps {
            text = match wrap {
                0 => format!("WITH x AS ({text}) SELECT * FROM x"),
                1 => format!("({text})"),
                2 => format!("SELECT 1; {text}"),
                3 => format!("{text}; SELECT 1"),
                4 => format!("EXPLAIN ANALYZE {text}"),
                5 => format!("SELECT * FROM ({text}) AS y"),
                6 => format!("/* a look */ {text} -- done"),
                7 => format!("WITH a AS (SELECT 1), b AS MATERIALIZED ({text}) SELECT (SELECT 2) FROM b"),
                _ => format!("BEGIN;\n{text};\nCOMMIT"),
            };
            if wrap == 6 {
                text.push('\n');
            }
        }
        let text = if lower { text.to_lowercase() } else { text };
        let dialect = if mysql { Dialect::Mysql } else { Dialect::Postgres };
        prop_assert!(judge(&text, dialect).risk > READ, "{text}");
    }
}

//! What SQL must not do, and what migrations must: the same numbers for both databases, no column that old rows
//! cannot have. And the bounds of `limits.rs`: each with its unit and its reason.

use super::source::{Source, files, shipped, text};
use super::{none, planted};

/// SQL that asks what time it is, in either dialect.
const ASKS_THE_TIME: &[&str] = &[
    "now()",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "datetime('now'",
    "date('now'",
    "strftime(",
    "unixepoch(",
    "julianday(",
    "random()",
    "gen_random_uuid",
];
/// How statements begin. Whoever writes one outside the store is found by it.
const SQL: &[&str] =
    &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "ALTER TABLE ", "PRAGMA "];

fn asks_the_time(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    ASKS_THE_TIME.iter().filter(|word| text.contains(**word)).copied().collect()
}

fn without_comments(sql: &str) -> String {
    sql.lines().map(|line| line.split("--").next().unwrap_or("").to_string() + "\n").collect()
}

fn statements_outside(source: &Source) -> Vec<String> {
    let statements = source.strings.iter().filter(|(_, s)| SQL.iter().any(|begin| s.trim_start().starts_with(begin)));
    statements.map(|(at, _)| source.at(*at)).collect()
}

/// Statements of a later migration that rows from before it cannot satisfy.
fn breaks_old_rows(sql: &str) -> Vec<String> {
    let sql = without_comments(sql);
    let statements = sql.split(';').map(|s| s.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|s| {
        let s = s.to_uppercase();
        let adds = s.starts_with("ALTER TABLE") && s.contains(" ADD ");
        (adds && s.contains("NOT NULL") && !s.contains("DEFAULT"))
            || (s.starts_with("ALTER") && s.contains("SET NOT NULL"))
    });
    statements.collect()
}

fn migrations(dialect: &str) -> Vec<String> {
    let folder = format!("migrations/{dialect}/");
    files().iter().filter_map(|path| path.strip_prefix(&folder)).map(str::to_string).collect()
}

#[test]
fn sql_never_asks_what_time_it_is_or_draws_lots() {
    let strings = shipped().into_iter().filter(|s| s.path.starts_with("src/store/")).flat_map(|s| {
        let asks = |at: usize, sql: &str| {
            asks_the_time(sql).into_iter().map(|w| format!("{}: {w}", s.at(at))).collect::<Vec<_>>()
        };
        s.strings.iter().flat_map(|(at, sql)| asks(*at, sql)).collect::<Vec<_>>()
    });
    let migrations = files().into_iter().filter(|p| p.starts_with("migrations/")).flat_map(|path| {
        asks_the_time(&without_comments(&text(&path))).into_iter().map(|w| format!("{path}: {w}")).collect::<Vec<_>>()
    });
    none("The time is an argument", strings.chain(migrations).collect());
    planted(2, asks_the_time("UPDATE x SET at = NOW(), on = date('now')").len());
}

#[test]
fn only_the_store_speaks_sql() {
    // The importer of runbooks names what it reads and sends nothing to a database; the executors of databases speak to
    // those of a runbook, and never to our own.
    const SPEAK: [&str; 6] = [
        "src/store/",
        "src/runbook/shell/",
        "src/cli/serve.rs",
        "src/exec/database/",
        "src/exec/postgres/",
        "src/exec/mysql/",
    ];
    let speaks = |path: &str| SPEAK.iter().any(|p| path.starts_with(p));
    let others = shipped().into_iter().filter(|s| !speaks(&s.path));
    none("SQL stays in src/store", others.flat_map(|s| statements_outside(&s)).collect());
    planted(1, statements_outside(&Source::new("src/web/x.rs", "q(\"\n  SELECT 1\")")).len());
}

#[test]
fn both_databases_have_the_same_migrations() {
    let (lite, postgres) = (migrations("sqlite"), migrations("postgres"));
    assert!(!lite.is_empty());
    assert_eq!(lite, postgres, "a migration has one number and one name, in both folders");
    for (n, name) in (1..).zip(&lite) {
        assert!(name.starts_with(&format!("{n:04}_")) && name.ends_with(".sql"), "{name}: number {n:04} is next");
    }
}

#[test]
fn later_migrations_leave_old_rows_valid() {
    let later = |dialect: &str| {
        migrations(dialect).into_iter().skip(1).map(|name| format!("migrations/{dialect}/{name}")).collect::<Vec<_>>()
    };
    let wrong = [later("sqlite"), later("postgres")].concat();
    let wrong = wrong
        .into_iter()
        .flat_map(|path| breaks_old_rows(&text(&path)).into_iter().map(move |s| format!("{path}: {s}")));
    none("Give the column a DEFAULT", wrong.collect());
    planted(1, breaks_old_rows("ALTER TABLE event\n  ADD COLUMN via TEXT NOT NULL; -- DEFAULT").len());
    planted(1, breaks_old_rows("ALTER TABLE event ALTER COLUMN via SET NOT NULL").len());
    assert!(breaks_old_rows("ALTER TABLE event ADD COLUMN via TEXT NOT NULL DEFAULT ''").is_empty());
}

/// Bounds whose documentation does not say in its first sentence what is counted.
fn without_a_unit(limits: &str) -> Vec<String> {
    const UNITS: &[&str] = &[
        "bytes",
        "characters",
        "seconds",
        "milliseconds",
        "times",
        "items",
        "people",
        "responders",
        "levels",
        "alerts",
        "groups",
        "intents",
        "pages",
        "events",
        "incidents",
        "connections",
        "workspaces",
        "containers",
        "streams",
        "entries",
        "rows",
        "changes",
        "requests",
        "commands",
        "runs",
        "readings",
        "files",
        "months",
    ];
    let mut wrong = Vec::new();
    let mut comment = String::new();
    for line in limits.lines() {
        if let Some(words) = line.strip_prefix("///") {
            comment.push_str(words);
        } else if let Some(rest) = line.strip_prefix("pub const ") {
            let name = rest.split(':').next().unwrap_or(rest);
            let first = comment.split(['.', ':', ';']).next().unwrap_or("").to_lowercase();
            if !first.split(|c: char| !c.is_alphabetic()).any(|word| UNITS.contains(&word)) {
                wrong.push(format!("{name}: {}", if comment.is_empty() { "no comment" } else { comment.trim() }));
            }
            comment.clear();
        } else {
            comment.clear();
        }
    }
    wrong
}

#[test]
fn every_limit_says_its_unit() {
    let limits = text("src/domain/limits.rs");
    assert!(limits.matches("pub const ").count() > 20);
    none("Say first what is counted (bytes, seconds, people …), then why so many", without_a_unit(&limits));
    planted(
        2,
        without_a_unit("pub const A_MAX: u8 = 1;\n/// As many as needed. Seconds.\npub const B_MAX: u8 = 1;\n").len(),
    );
}

//! Reads the words of `mysql`, `mysqlcheck` and `mysqladmin`: what is to be run, how it is to be printed, and what server
//! it names. What is not understood whole is refused; what would read or write a file, or wait for a keyboard, likewise.

use crate::exec::database::grid::Mysql;
use crate::exec::database::server::Named;
use crate::exec::database::statements::{Dialect, Statement, split};
use crate::exec::words::{Flag, Mixed, Words, value, yes};

#[derive(Debug, PartialEq)]
pub struct Asked {
    pub named: Named,
    pub does: Does,
    pub show: Mysql,
    /// The program's words without the password.
    pub words: Vec<String>,
    pub password: Option<String>,
}

#[derive(Debug, PartialEq)]
pub enum Does {
    Statements(Vec<Statement>),
    /// `mysqlcheck`: OPTIMIZE TABLE and its like, for each table of these databases; `None`: of all.
    Check {
        verb: &'static str,
        databases: Option<Vec<String>>,
        tables: Vec<String>,
    },
    /// `mysqladmin ping`
    Ping,
}

const SERVER: [Flag; 5] = [
    value("host", 'h'),
    value("port", 'P'),
    value("user", 'u'),
    value("protocol", ' '),
    value("default-character-set", ' '),
];

const MYSQL: &[Flag] = &[
    value("database", 'D'),
    value("execute", 'e'),
    yes("table", 't'),
    yes("batch", 'B'),
    yes("skip-column-names", 'N'),
    yes("silent", 's'),
    yes("vertical", 'E'),
    yes("raw", 'r'),
    yes("no-auto-rehash", 'A'),
    yes("skip-pager", ' '),
    yes("no-defaults", ' '),
];

const CHECK: &[Flag] = &[
    yes("all-databases", 'A'),
    yes("databases", 'B'),
    yes("analyze", 'a'),
    yes("optimize", 'o'),
    yes("check", 'c'),
    yes("repair", 'r'),
    yes("silent", 's'),
    yes("no-defaults", ' '),
];

const ADMIN: &[Flag] = &[yes("silent", 's'), yes("vertical", 'E'), yes("no-defaults", ' ')];

pub fn read(argv: &[String], input: Option<&[u8]>) -> Result<Asked, String> {
    let (program, rest) = argv.split_first().ok_or("There is no command")?;
    let (rest, password) = password(rest);
    let read = |flags: &[Flag]| Words::read(&rest, &[&SERVER[..], flags].concat(), Mixed::Yes);
    let (words, does, show) = match program.rsplit('/').next().unwrap_or_default() {
        "mysql" | "mariadb" => {
            let words = read(MYSQL)?;
            let does = statements(&words, input)?;
            let show = Mysql {
                batch: words.has("batch") || (words.has("silent") && !words.has("table")),
                no_names: words.has("skip-column-names"),
                vertical: words.has("vertical"),
                raw: words.has("raw"),
            };
            (words, does, show)
        }
        "mysqlcheck" | "mariadb-check" => {
            let words = read(CHECK)?;
            let does = check(&words)?;
            (words, does, Mysql::default())
        }
        "mysqladmin" | "mariadb-admin" => {
            let words = read(ADMIN)?;
            let does = admin(&words)?;
            let show = Mysql { vertical: words.has("vertical"), ..Mysql::default() };
            (words, does, show)
        }
        other => return Err(format!("{other} is a program of its own, which is not run by us")),
    };
    let database = match &does {
        Does::Statements(_) if words.get("database").is_some() => words.text("database"),
        Does::Statements(_) if program.ends_with("mysql") || program.ends_with("mariadb") => {
            words.words.first().cloned()
        }
        _ => None,
    };
    let named = Named { host: words.text("host"), port: words.text("port"), user: words.text("user"), database };
    Ok(Asked { named, does, show, words: rest, password })
}

/// `-pWORD`, `--password=WORD`; `-p` alone asks for one, which nobody is.
fn password(words: &[String]) -> (Vec<String>, Option<String>) {
    let mut found = None;
    let mut kept = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let value_of = at > 0 && ["-e", "--execute", "-h", "-u", "-D", "-P"].contains(&words[at - 1].as_str());
        let said = match word.strip_prefix("--password") {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('='),
            None => word.strip_prefix("-p"),
        };
        match said.filter(|_| !value_of) {
            Some(said) => found = (!said.is_empty()).then(|| said.to_string()).or(found),
            None => kept.push(word.clone()),
        }
    }
    (kept, found)
}

fn statements(words: &Words, input: Option<&[u8]>) -> Result<Does, String> {
    if let [_, second, ..] = &words.words[..] {
        return Err(format!("{second} is one word too many: mysql takes a database"));
    }
    let given = words.all("execute");
    let text = match (&given[..], input) {
        ([], None) => return Err("mysql without -e waits for a keyboard".to_string()),
        ([], Some(input)) => {
            std::str::from_utf8(input).map_err(|_| "What is fed to mysql is no UTF-8 text")?.to_string()
        }
        (given, _) => given.join(";\n"),
    };
    let statements = split(&text, Dialect::Mysql)?;
    for statement in &statements {
        let first = statement.first();
        if ["SOURCE", "SYSTEM", "TEE", "NOTEE", "PAGER", "NOPAGER", "EDIT", "CONNECT", "CHARSET", "REHASH"]
            .contains(&first)
        {
            return Err(format!("{} is a command of the program mysql and no statement", first.to_lowercase()));
        }
        if first == "LOAD" || statement.names("OUTFILE") || statement.names("DUMPFILE") {
            return Err(
                "LOAD DATA, INTO OUTFILE and INTO DUMPFILE read or write files, which is not done here".to_string()
            );
        }
    }
    match statements.is_empty() {
        true => Err("There is no statement in it".to_string()),
        false => Ok(Does::Statements(statements)),
    }
}

fn check(words: &Words) -> Result<Does, String> {
    let verbs = [("optimize", "OPTIMIZE"), ("analyze", "ANALYZE"), ("repair", "REPAIR"), ("check", "CHECK")];
    let asked: Vec<&'static str> = verbs.iter().filter(|(name, _)| words.has(name)).map(|(_, verb)| *verb).collect();
    let verb = match asked[..] {
        [] => "CHECK",
        [verb] => verb,
        _ => return Err("mysqlcheck does one thing at a time".to_string()),
    };
    let (databases, tables) = match (words.has("all-databases"), words.has("databases"), words.words.split_first()) {
        (true, _, None) => (None, Vec::new()),
        (false, true, Some(_)) => (Some(words.words.clone()), Vec::new()),
        (false, false, Some((database, tables))) => (Some(vec![database.clone()]), tables.to_vec()),
        _ => return Err("mysqlcheck takes databases or --all-databases".to_string()),
    };
    Ok(Does::Check { verb, databases, tables })
}

fn admin(words: &Words) -> Result<Does, String> {
    let text = match words.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ping"] => return Ok(Does::Ping),
        ["processlist"] => "SHOW FULL PROCESSLIST",
        ["status" | "extended-status"] => "SHOW GLOBAL STATUS",
        ["variables"] => "SHOW GLOBAL VARIABLES",
        ["version"] => "SHOW VARIABLES LIKE 'version%'",
        _ => return Err("mysqladmin is understood with ping, status, processlist, variables and version".to_string()),
    };
    Ok(Does::Statements(split(text, Dialect::Mysql)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &[&str]) -> Result<Asked, String> {
        read(&line.iter().map(|w| w.to_string()).collect::<Vec<_>>(), None)
    }

    #[test]
    fn a_server_is_named_and_a_password_taken_out() {
        let all =
            asked(&["mysql", "-uroot", "-psecret", "-h", "db", "-P3307", "shop", "-e", "SELECT 1"]).expect("read");
        assert_eq!(all.password.as_deref(), Some("secret"));
        assert!(!all.words.iter().any(|w| w.contains("secret")), "{:?}", all.words);
        let given = |t: &str| Some(t.to_string());
        assert_eq!(
            all.named,
            Named { host: given("db"), port: given("3307"), user: given("root"), database: given("shop") }
        );
        assert_eq!(asked(&["mysql", "-p", "-e", "-p"]).map(|a| a.password), Ok(None));
        let check = asked(&["mysqlcheck", "-uroot", "-pX", "--optimize", "--all-databases"]).expect("read").does;
        assert_eq!(check, Does::Check { verb: "OPTIMIZE", databases: None, tables: Vec::new() });
    }

    #[test]
    fn what_needs_a_file_a_shell_or_a_keyboard_is_refused() {
        for line in [
            &["mysql", "-uroot"][..],
            &["mysql", "-e", "source x"],
            &["mysql", "-e", "\\! reboot"],
            &["mysql", "-e", "system reboot"],
            &["mysql", "-e", "SELECT 1 INTO OUTFILE '/x'"],
            &["mysql", "-e", "LOAD DATA LOCAL INFILE 'x' INTO TABLE t"],
            &["mysql", "--defaults-file=x", "-e", "SELECT 1"],
            &["mysql", "--init-command=x", "-e", "SELECT 1"],
            &["mysql", "-e", " "],
            &["mysqlcheck", "--optimize"],
            &["mysqladmin", "shutdown"],
            &["mysqldump", "shop"],
        ] {
            assert!(asked(line).is_err(), "{line:?}");
        }
    }
}

//! Reads the words of a `redis-cli` command: the command for the server, how its answer is to be printed, and what server
//! it names. What is not understood whole is refused; what never ends, or waits for a keyboard, likewise.

use super::show::Form;
use crate::exec::database::server::Named;

#[derive(Debug, Default, PartialEq)]
pub struct Asked {
    pub named: Named,
    pub does: Does,
    pub form: Form,
    pub password: Option<String>,
    /// The program's options without the password, for the client in a container.
    pub options: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub enum Does {
    /// A command and its words.
    Command(Vec<String>),
    /// `--scan`: keys, some at a time, so that the server is not held up.
    Scan { pattern: Option<String>, count: Option<u32>, kind: Option<String> },
}

impl Default for Does {
    fn default() -> Does {
        Does::Command(Vec::new())
    }
}

/// Options that only say how to print, or that we hold to anyway.
const PLAIN: [&str; 5] = ["--no-auth-warning", "-e", "-3", "-2", "-c"];

pub fn read(argv: &[String], input: Option<&[u8]>) -> Result<Asked, String> {
    let (program, rest) = argv.split_first().ok_or("There is no command")?;
    if program.rsplit('/').next() != Some("redis-cli") {
        return Err(format!("{program} is a program of its own, which is not run by us"));
    }
    let mut asked = Asked::default();
    let (mut scan, mut pattern, mut count, mut kind, mut last) = (false, None, None, None, false);
    let mut words = rest.iter();
    let mut command: Vec<String> = Vec::new();
    while let Some(word) = words.next() {
        let mut value = |asked: &mut Asked| {
            let value = words.next().cloned().ok_or(format!("{word} lacks its value"))?;
            asked.options.extend([word.clone(), value.clone()]);
            Ok::<String, String>(value)
        };
        match word.as_str() {
            "-h" => asked.named.host = Some(value(&mut asked)?),
            "-p" => asked.named.port = Some(value(&mut asked)?),
            "-n" => asked.named.database = Some(value(&mut asked)?),
            "--user" => asked.named.user = Some(value(&mut asked)?),
            "-u" => {
                let text = words.next().ok_or("-u lacks its value")?;
                address(text, &mut asked)?;
            }
            // Kept from everything that is shown.
            "-a" | "--pass" => asked.password = Some(words.next().cloned().ok_or("-a lacks its value")?),
            "--csv" => asked.form = Form::Csv,
            "--raw" => asked.form = Form::Raw,
            "--no-raw" => asked.form = Form::Terminal,
            "--scan" => scan = true,
            "--pattern" => pattern = Some(words.next().cloned().ok_or("--pattern lacks its value")?),
            "--type" => kind = Some(words.next().cloned().ok_or("--type lacks its value")?),
            "--count" => {
                let text = words.next().ok_or("--count lacks its value")?;
                count = Some(text.parse().map_err(|_| format!("--count {text} is no number"))?);
            }
            "-x" => last = true,
            plain if PLAIN.contains(&plain) => asked.options.push(word.clone()),
            option if option.starts_with('-') => {
                return Err(format!("{option} is an option of redis-cli that is not understood here"));
            }
            _ => {
                command.push(word.clone());
                command.extend(words.by_ref().cloned());
            }
        }
    }
    if last {
        let input = input.ok_or("-x takes its last word from what is fed to it, and nothing is")?;
        command.push(String::from_utf8(input.to_vec()).map_err(|_| "What is fed to redis-cli is no UTF-8 text")?);
    }
    asked.does = match (scan, command.is_empty()) {
        (true, true) => Does::Scan { pattern, count, kind },
        (false, false) if pattern.is_none() && count.is_none() && kind.is_none() => Does::Command(command),
        (false, true) => return Err("redis-cli without a command waits for a keyboard".to_string()),
        _ => return Err("--pattern, --count and --type go with --scan, and a command does not".to_string()),
    };
    if let Does::Command(command) = &asked.does
        && let Some(why) = endless(command)
    {
        return Err(why);
    }
    Ok(asked)
}

/// `redis://user:password@host:port/0`
fn address(text: &str, asked: &mut Asked) -> Result<(), String> {
    let url = url::Url::parse(text).ok().filter(|u| ["redis", "rediss"].contains(&u.scheme()));
    let url = url.ok_or("-u takes an address such as redis://host:6379/0")?;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
    asked.named.host = url.host_str().and_then(given);
    asked.named.port = url.port().map(|p| p.to_string());
    asked.named.user = given(url.username());
    asked.named.database = given(url.path().trim_matches('/'));
    asked.password = url.password().and_then(given).or(asked.password.take());
    Ok(())
}

/// What would go on for ever, or make something else of the connection.
fn endless(command: &[String]) -> Option<String> {
    let first = command.first()?.to_uppercase();
    let why = match first.as_str() {
        "MONITOR" | "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE" | "SYNC" | "PSYNC" => "never ends",
        "HELLO" | "AUTH" | "SELECT" | "RESET" | "QUIT" => "is about the connection, which the target says",
        "MULTI" | "EXEC" | "WATCH" | "DISCARD" | "UNWATCH" => "belongs to several commands of one connection",
        _ => return None,
    };
    Some(format!("{first} {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, String> {
        read(&line.split(' ').map(str::to_string).collect::<Vec<_>>(), None)
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let all = asked("redis-cli -h cache -p 6380 -a secret -n 2 --csv LLEN -a").expect("read");
        assert_eq!(all.does, Does::Command(vec!["LLEN".to_string(), "-a".to_string()]));
        assert_eq!((all.form, all.password.as_deref()), (Form::Csv, Some("secret")));
        assert_eq!(all.options, ["-h", "cache", "-p", "6380", "-n", "2"]);
        let all = asked("redis-cli -u redis://shop:x@cache:6380/1 PING").expect("read");
        let given = |t: &str| Some(t.to_string());
        assert_eq!(
            all.named,
            Named { host: given("cache"), port: given("6380"), user: given("shop"), database: given("1") }
        );
        let all = asked("redis-cli --scan --pattern cache:*").expect("read");
        assert_eq!(all.does, Does::Scan { pattern: given("cache:*"), count: None, kind: None });
    }

    #[test]
    fn what_never_ends_or_is_not_understood_is_refused() {
        for line in [
            "redis-cli",
            "redis-cli MONITOR",
            "redis-cli subscribe news",
            "redis-cli --stat",
            "redis-cli --latency",
            "redis-cli --eval x.lua",
            "redis-cli --rdb /x",
            "redis-cli AUTH x",
            "redis-cli --pattern x GET y",
            "redis-cli -r 5 PING",
            "redis-cli -x SET k",
            "redis-server",
        ] {
            assert!(asked(line).is_err(), "{line}");
        }
    }
}

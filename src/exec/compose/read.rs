//! Reads a Compose command into what is done through the daemon, or leaves it to the program, or refuses it. Both
//! spellings, `docker compose` and `docker-compose`, are the same.

use crate::exec::words::{Flag, Mixed, Words, value, yes};
use std::collections::BTreeMap;

#[derive(Debug, PartialEq)]
pub enum Op {
    Ps {
        all: bool,
        services: Vec<String>,
        quiet: bool,
    },
    /// Of the containers of these services.
    Each {
        verb: &'static str,
        seconds: Option<i32>,
        services: Vec<String>,
    },
    Logs {
        services: Vec<String>,
        options: Vec<String>,
        follow: bool,
    },
    Top {
        services: Vec<String>,
    },
    /// In one container of a service, counted from 1.
    Exec {
        service: String,
        index: usize,
        options: Vec<String>,
        argv: Vec<String>,
    },
    /// By the program: the words after the options that choose the project.
    Program {
        rest: Vec<String>,
    },
}

/// The options before the verb.
#[derive(Debug, PartialEq)]
pub struct Globals {
    words: Words,
    /// Whether it is spelled as a subcommand of docker.
    pub plugin: bool,
}

impl Globals {
    pub fn project(&self) -> Option<&str> {
        self.words.get("project-name")
    }

    pub fn files(&self) -> Vec<String> {
        self.words.all("file")
    }

    /// As the program is told them.
    pub fn argv(&self) -> Vec<String> {
        let pairs = |name: &'static str| self.words.all(name).into_iter().flat_map(move |v| [format!("--{name}"), v]);
        ["file", "profile", "env-file"].into_iter().flat_map(|name| pairs(name).collect::<Vec<_>>()).collect()
    }
}

const KNOWN: [&str; 24] = [
    "up", "down", "pull", "build", "config", "images", "port", "exec", "create", "rm", "logs", "ps", "scale", "kill",
    "pause", "unpause", "stop", "start", "restart", "top", "version", "ls", "push", "run",
];

/// Variables by which the program would speak to another Docker.
const ELSEWHERE: [&str; 6] =
    ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"];

pub fn read(argv: &[String], env: &BTreeMap<String, String>) -> Result<(Globals, Op), String> {
    let (plugin, rest) = match argv {
        [docker, compose, rest @ ..] if docker == "docker" && compose == "compose" => (true, rest),
        [compose, rest @ ..] if compose == "docker-compose" => (false, rest),
        _ => return Err("This is no Compose command".to_string()),
    };
    const GLOBALS: &[Flag] = &[
        value("file", 'f'),
        value("project-name", 'p'),
        value("profile", ' '),
        value("env-file", ' '),
        yes("no-ansi", ' '),
    ];
    if let Some(name) = env.keys().find(|name| ELSEWHERE.contains(&name.as_str())) {
        return Err(format!("{name} chooses another Docker than the one that is configured as the target"));
    }
    let words = Words::read(rest, GLOBALS, Mixed::No)?;
    let all = words.words.clone();
    let (verb, rest) = all.split_first().ok_or("This says Compose and not what to do")?;
    let long = |word: &str| rest.iter().any(|w| w == word);
    if verb == "up" && !["-d", "--detach", "--wait", "--no-start"].iter().any(|w| long(w)) {
        return Err("up without -d takes its services down again when it is left: write up -d".to_string());
    }
    if verb == "run" && !["-d", "--detach", "-T", "--no-TTY"].iter().any(|w| long(w)) {
        return Err("run without -T waits for a keyboard".to_string());
    }
    if !KNOWN.contains(&verb.as_str()) {
        return Err(format!("{verb} is nothing that Compose does here"));
    }
    // Which files are meant stands in a variable: the program reads it.
    let by_variable = ["COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES"].iter().any(|n| env.contains_key(*n));
    let op = match native(verb, rest) {
        Ok(op) if !by_variable => op,
        _ => Op::Program { rest: all.clone() },
    };
    Ok((Globals { words, plugin }, op))
}

/// `Err`: the program does it.
fn native(verb: &str, rest: &[String]) -> Result<Op, String> {
    let services = |flags: &[Flag]| Words::read(rest, flags, Mixed::Yes);
    match verb {
        "ps" => {
            let words = services(&[yes("all", 'a'), yes("quiet", 'q')])?;
            Ok(Op::Ps { all: words.has("all"), quiet: words.has("quiet"), services: words.words })
        }
        "restart" | "stop" | "start" => {
            let words = services(&[value("timeout", 't')])?;
            let verb = ["restart", "stop", "start"].into_iter().find(|v| *v == verb).unwrap_or("start");
            Ok(Op::Each { verb, seconds: words.number("timeout")?, services: words.words })
        }
        "logs" => logs(&services(LOGS)?),
        "top" => Ok(Op::Top { services: services(&[])?.words }),
        "exec" => exec(rest),
        _ => Err("the program does it".to_string()),
    }
}

const LOGS: &[Flag] = &[
    value("tail", 'n'),
    value("since", ' '),
    value("until", ' '),
    yes("timestamps", 't'),
    yes("follow", 'f'),
    yes("no-color", ' '),
    yes("no-log-prefix", ' '),
];

fn logs(words: &Words) -> Result<Op, String> {
    let mut options: Vec<String> = Vec::new();
    for name in ["tail", "since", "until"] {
        options.extend(words.get(name).into_iter().flat_map(|v| [format!("--{name}"), v.to_string()]));
    }
    if words.has("timestamps") {
        options.push("--timestamps".to_string());
    }
    Ok(Op::Logs { services: words.words.clone(), options, follow: words.has("follow") })
}

/// What runs inside is a command of its own: the daemon does it, without a keyboard.
fn exec(rest: &[String]) -> Result<Op, String> {
    const FLAGS: &[Flag] = &[
        yes("no-TTY", 'T'),
        yes("interactive", 'i'),
        yes("privileged", ' '),
        value("user", 'u'),
        value("env", 'e'),
        value("workdir", 'w'),
        value("index", ' '),
    ];
    let words = Words::read(rest, FLAGS, Mixed::No)?;
    let (service, argv) = words.words.split_first().ok_or("exec lacks a service")?;
    if argv.is_empty() {
        return Err("exec lacks a command".to_string());
    }
    let pairs = |name: &'static str| words.all(name).into_iter().flat_map(move |v| [format!("--{name}"), v]);
    let mut options: Vec<String> = pairs("user").chain(pairs("env")).chain(pairs("workdir")).collect();
    options.extend(words.has("privileged").then(|| "--privileged".to_string()));
    let index = words.number("index")?.unwrap_or(1);
    Ok(Op::Exec { service: service.clone(), index, options, argv: argv.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_string).collect()
    }

    fn op(line: &str) -> Result<Op, String> {
        read(&words(line), &BTreeMap::new()).map(|(_, op)| op)
    }

    #[test]
    fn commands_are_done_through_the_daemon_or_by_the_program() {
        let none = Vec::<String>::new;
        let program = |line: &str| Op::Program { rest: words(line) };
        for (line, expected) in [
            ("docker-compose ps", Op::Ps { all: false, services: none(), quiet: false }),
            (
                "docker compose -f a.yml -f b.yml ps -a shop",
                Op::Ps { all: true, services: words("shop"), quiet: false },
            ),
            ("docker-compose restart shop db", Op::Each { verb: "restart", seconds: None, services: words("shop db") }),
            ("docker compose stop -t 5", Op::Each { verb: "stop", seconds: Some(5), services: none() }),
            (
                "docker compose logs --tail=50 shop",
                Op::Logs { services: words("shop"), options: words("--tail 50"), follow: false },
            ),
            ("docker compose logs -f shop", Op::Logs { services: words("shop"), options: none(), follow: true }),
            (
                "docker-compose exec -T -u ana db ls -l",
                Op::Exec { service: "db".into(), index: 1, options: words("--user ana"), argv: words("ls -l") },
            ),
            ("docker compose ps --format json", program("ps --format json")),
            ("docker compose up -d --scale shop=3", program("up -d --scale shop=3")),
            ("docker-compose down", program("down")),
            ("docker-compose pull", program("pull")),
        ] {
            assert_eq!(op(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_would_undo_itself_or_act_elsewhere_is_refused() {
        for line in [
            "docker ps",
            "docker compose",
            "docker compose dance",
            "docker compose up",
            "docker-compose run shop sh",
            "docker-compose --unknown ps",
            "docker compose -H x ps",
        ] {
            assert!(op(line).is_err(), "{line}");
        }
        let env = |name: &str| BTreeMap::from([(name.to_string(), "x".to_string())]);
        assert!(read(&words("docker-compose restart"), &env("DOCKER_HOST")).is_err());
        let by_program = read(&words("docker-compose restart"), &env("COMPOSE_FILE")).map(|(_, op)| op);
        assert_eq!(by_program, Ok(Op::Program { rest: words("restart") }));
    }
}

//! Compose: what there is and what runs is seen, stopped, started and restarted through the daemon, by the labels that
//! Compose gives to its containers; what builds a project up or takes it down (`up`, `down`, `pull`, `--scale`) is the
//! program's own work, as an argument vector. Of several projects it never takes a guess: their name is configured.

use super::docker::Docker;
use super::process::{self, Place};
use super::ran::not_started;
use super::words::{Flag, Mixed, Words, value, yes};
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Bounds, Call, Cannot, End, Execute, Plan, Ran, Watch};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// `up` without `-d` and `logs -f` of the program are followed for.
const FOLLOW: Duration = Duration::from_secs(10);

/// One project on one machine.
#[derive(Clone)]
pub struct Project {
    /// As its containers are labelled.
    pub name: String,
    /// The Docker target that its containers run on.
    pub docker: String,
    /// Where its files are; the program runs there.
    pub place: Place,
    /// `["docker", "compose"]` or `["docker-compose"]`.
    pub program: Vec<String>,
}

pub struct Compose {
    docker: Arc<Docker>,
    projects: BTreeMap<String, Project>,
}

#[derive(Debug, PartialEq)]
enum Op {
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
    },
    Top {
        services: Vec<String>,
    },
    /// By the program: the words after the options that choose the project.
    Program {
        rest: Vec<String>,
        follows: bool,
    },
}

impl Compose {
    pub fn new(docker: Arc<Docker>, projects: BTreeMap<String, Project>) -> Compose {
        Compose { docker, projects }
    }

    fn read(&self, call: &Call) -> Result<(&Project, Op, Vec<String>), String> {
        let project =
            self.projects.get(&call.target).ok_or(format!("{} is not set up as a Compose project", call.target))?;
        let (globals, op) = read(&call.argv)?;
        match globals.get("project-name") {
            Some(name) if name != project.name => {
                Err(format!("{name} is another project than {}, which is configured", project.name))
            }
            _ => Ok((project, op, globals.files())),
        }
    }
}

/// The options before the verb.
struct Globals(Words);

impl Globals {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    fn files(&self) -> Vec<String> {
        let pairs =
            |name: &str| self.0.all(name).into_iter().flat_map(move |v| [format!("--{name}"), v]).collect::<Vec<_>>();
        [pairs("file"), pairs("profile"), pairs("env-file")].concat()
    }
}

fn read(argv: &[String]) -> Result<(Globals, Op), String> {
    let rest = match argv {
        [docker, compose, rest @ ..] if docker == "docker" && compose == "compose" => rest,
        [compose, rest @ ..] if compose == "docker-compose" => rest,
        _ => return Err("This is no Compose command".to_string()),
    };
    const GLOBALS: &[Flag] = &[
        value("file", 'f'),
        value("project-name", 'p'),
        value("profile", ' '),
        value("env-file", ' '),
        yes("no-ansi", ' '),
    ];
    let globals = Words::read(rest, GLOBALS, Mixed::No)?;
    let (verb, rest) = globals.words.split_first().ok_or("This says Compose and not what to do")?;
    let op = native(verb, rest).unwrap_or_else(|_| {
        let long = |word: &str| rest.iter().any(|w| w == word);
        let follows = (verb == "up" && !long("-d") && !long("--detach") && !long("--wait"))
            || (verb == "logs" && (long("-f") || long("--follow")));
        Op::Program { rest: globals.words.clone(), follows: follows || verb == "events" }
    });
    if let Op::Program { .. } = &op {
        let known = [
            "up", "down", "pull", "build", "config", "images", "port", "exec", "run", "create", "rm", "logs", "ps",
            "scale", "kill", "pause", "unpause", "events", "stop", "start", "restart", "top", "version", "ls",
        ];
        if !known.contains(&verb.as_str()) {
            return Err(format!("{verb} is nothing that Compose does"));
        }
    }
    Ok((Globals(globals), op))
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
        "logs" => {
            let words = services(&[
                value("tail", 'n'),
                value("since", ' '),
                value("until", ' '),
                yes("timestamps", 't'),
                yes("no-color", ' '),
                yes("no-log-prefix", ' '),
            ])?;
            let mut options: Vec<String> = Vec::new();
            for name in ["tail", "since", "until"] {
                options.extend(words.get(name).into_iter().flat_map(|v| [format!("--{name}"), v.to_string()]));
            }
            if words.has("timestamps") {
                options.push("--timestamps".to_string());
            }
            Ok(Op::Logs { services: words.words, options })
        }
        "top" => Ok(Op::Top { services: services(&[])?.words }),
        _ => Err("the program does it".to_string()),
    }
}

impl Execute for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let (project, op, files) = self.read(call).map_err(Cannot)?;
            match &op {
                Op::Program { rest, .. } => {
                    let mut plan = process::plan(&project.place, &project.argv(&files, rest), &call.env)?;
                    // What is there now, for "how many before".
                    if let Ok(found) = self.containers(project, &[], call.bounds.time).await {
                        plan.finds.extend(found.into_iter().map(|c| format!("{} of service {}", c.name, c.service)));
                    }
                    Ok(plan)
                }
                Op::Each { verb, seconds, services } => {
                    let found = self.containers(project, services, call.bounds.time).await.map_err(Cannot)?;
                    let argv = docker_argv(verb, *seconds, &found);
                    self.docker.plan(&docker_call(call, project, argv, call.bounds.time)).await
                }
                Op::Ps { .. } | Op::Logs { .. } | Op::Top { .. } => {
                    let found = self.containers(project, &[], call.bounds.time).await.map_err(Cannot)?;
                    let does = format!("GET /containers/json of project {}", project.name);
                    Ok(Plan { does, native: true, finds: found.into_iter().map(|c| c.name).collect() })
                }
            }
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let (project, op, files) = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            match op {
                Op::Program { rest, follows } => project.run(&files, &rest, follows, call, watch).await,
                Op::Ps { all, services, quiet } => {
                    let mut argv = vec!["docker".to_string(), "ps".to_string()];
                    argv.extend(project.filters(&services));
                    argv.extend(all.then(|| "--all".to_string()));
                    argv.extend(if quiet {
                        vec!["--quiet".to_string()]
                    } else {
                        vec!["--format".to_string(), PS.to_string()]
                    });
                    self.docker.run(&docker_call(call, project, argv, call.bounds.time), watch).await
                }
                Op::Each { verb, seconds, services } => {
                    match self.containers(project, &services, call.bounds.time).await {
                        Err(why) => not_started(why, true),
                        Ok(found) => {
                            let argv = docker_argv(verb, seconds, &found);
                            self.docker.run(&docker_call(call, project, argv, call.bounds.time), watch).await
                        }
                    }
                }
                Op::Logs { services, options } => {
                    self.each_of(project, &services, call, watch, |c| {
                        [vec!["docker".to_string(), "logs".to_string()], options.clone(), vec![c.name.clone()]].concat()
                    })
                    .await
                }
                Op::Top { services } => {
                    self.each_of(project, &services, call, watch, |c| {
                        ["docker", "top", &c.name].map(str::to_string).to_vec()
                    })
                    .await
                }
            }
        })
    }
}

/// As the present Compose prints it.
const PS: &str = "table {{.Names}}\\t{{.Image}}\\t{{.Command}}\\t{{.Label \"com.docker.compose.service\"}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}";

#[derive(Clone, Debug, PartialEq)]
struct Container {
    name: String,
    service: String,
}

impl Project {
    fn argv(&self, files: &[String], rest: &[String]) -> Vec<String> {
        let project = ["--project-name".to_string(), self.name.clone()];
        self.program.iter().chain(files).chain(&project).chain(rest).cloned().collect()
    }

    fn filters(&self, services: &[String]) -> Vec<String> {
        let label =
            |name: &str, text: &str| ["--filter".to_string(), format!("label=com.docker.compose.{name}={text}")];
        let mut out = label("project", &self.name).to_vec();
        // One-off containers (`run`) are no part of a service.
        out.extend(label("oneoff", "False"));
        if let [one] = services {
            out.extend(label("service", one));
        }
        out
    }

    async fn run(&self, files: &[String], rest: &[String], follows: bool, call: &Call, watch: &mut Watch) -> Ran {
        let window = FOLLOW.min(call.bounds.time * 9 / 10);
        let bounds = Bounds { time: if follows { window } else { call.bounds.time }, ..call.bounds };
        let mut ran =
            process::run(&self.place, &self.argv(files, rest), &call.env, call.input.as_deref(), bounds, watch).await;
        if follows && rest.first().is_some_and(|v| v == "logs") && ran.end == End::TimedOut {
            ran.end = End::Exited(0);
            ran.stderr.push_str(&format!("[followed for {} s]\n", window.as_secs()));
        }
        ran
    }
}

fn docker_argv(verb: &str, seconds: Option<i32>, containers: &[Container]) -> Vec<String> {
    let mut argv = vec!["docker".to_string(), verb.to_string()];
    argv.extend(seconds.filter(|_| verb != "start").into_iter().flat_map(|s| ["--time".to_string(), s.to_string()]));
    argv.extend(containers.iter().map(|c| c.name.clone()));
    argv
}

fn docker_call(call: &Call, project: &Project, argv: Vec<String>, time: Duration) -> Call {
    let bounds = Bounds { time, ..call.bounds };
    Call { argv, target: project.docker.clone(), bounds, input: None, ..call.clone() }
}

impl Compose {
    /// The containers of some services, of all when none is named; a service without any is an error, as there.
    async fn containers(
        &self,
        project: &Project,
        services: &[String],
        time: Duration,
    ) -> Result<Vec<Container>, String> {
        let listed = self.docker.labelled(&project.docker, &project.filters(&[]), time).await?;
        let mut found: Vec<Container> = listed
            .into_iter()
            .map(|(name, mut labels)| Container {
                name,
                service: labels.remove("com.docker.compose.service").unwrap_or_default(),
            })
            .collect();
        found.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
        if let Some(service) = services.iter().find(|s| !found.iter().any(|c| c.service == **s)) {
            return Err(format!("The project {} has no container of a service {service}", project.name));
        }
        if !services.is_empty() {
            found.retain(|c| services.contains(&c.service));
        }
        match found.is_empty() {
            true => Err(format!("The project {} has no containers", project.name)),
            false => Ok(found),
        }
    }

    /// One after the other, each line with its container's name, within the time of all.
    async fn each_of(
        &self,
        project: &Project,
        services: &[String],
        call: &Call,
        watch: &mut Watch,
        argv: impl Fn(&Container) -> Vec<String>,
    ) -> Ran {
        let began = crate::clock::instant();
        let found = match self.containers(project, services, call.bounds.time).await {
            Ok(found) => found,
            Err(why) => return not_started(why, true),
        };
        let mut whole = super::ran::ended(End::Exited(0), true);
        // An equal share of the bytes for each, so that a chatty one does not push the others out.
        let share = (call.bounds.output_bytes / found.len()).max(1024);
        for container in &found {
            let left = call.bounds.time.saturating_sub(began.elapsed());
            let mut one = docker_call(call, project, argv(container), left);
            one.bounds.output_bytes = share;
            let ran = self.docker.run(&one, watch).await;
            for line in ran.stdout.lines() {
                whole.stdout.push_str(&format!("{}  | {line}\n", container.name));
            }
            for line in ran.stderr.lines() {
                whole.stderr.push_str(&format!("{}  | {line}\n", container.name));
            }
            whole.left_out += ran.left_out;
            whole.readings.extend(ran.readings);
            if ran.end != End::Exited(0) {
                whole.end = ran.end;
            }
            if matches!(whole.end, End::Stopped | End::TimedOut) {
                break;
            }
        }
        whole.took = began.elapsed();
        whole
    }
}

/// `docker compose …` is no docker command of its own.
pub fn is_compose(argv: &[String]) -> bool {
    argv.first().is_some_and(|p| p == "docker-compose")
        || argv.starts_with(&["docker".to_string(), "compose".to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn commands_are_done_through_the_daemon_or_by_the_program() {
        let services = |s: &str| words(s);
        for (line, expected) in [
            ("docker-compose ps", Op::Ps { all: false, services: vec![], quiet: false }),
            (
                "docker compose -f a.yml -f b.yml ps -a shop",
                Op::Ps { all: true, services: services("shop"), quiet: false },
            ),
            (
                "docker-compose restart shop db",
                Op::Each { verb: "restart", seconds: None, services: services("shop db") },
            ),
            ("docker compose stop -t 5", Op::Each { verb: "stop", seconds: Some(5), services: vec![] }),
            (
                "docker compose logs --tail=50 shop",
                Op::Logs { services: services("shop"), options: words("--tail 50") },
            ),
            ("docker compose logs -f shop", Op::Program { rest: words("logs -f shop"), follows: true }),
            (
                "docker compose up -d --scale shop=3",
                Op::Program { rest: words("up -d --scale shop=3"), follows: false },
            ),
            ("docker compose up", Op::Program { rest: words("up"), follows: true }),
            ("docker-compose down", Op::Program { rest: words("down"), follows: false }),
            ("docker-compose pull", Op::Program { rest: words("pull"), follows: false }),
        ] {
            assert_eq!(read(&words(line)).map(|(_, op)| op), Ok(expected), "{line}");
        }
        for line in [
            "docker ps",
            "docker compose",
            "docker compose dance",
            "docker-compose --unknown ps",
            "docker compose -H x ps",
        ] {
            assert!(read(&words(line)).is_err(), "{line}");
        }
    }
}

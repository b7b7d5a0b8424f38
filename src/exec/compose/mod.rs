//! Compose: what there is and what runs is seen, stopped, started and restarted through the daemon, by the labels that
//! Compose gives to its containers; what builds a project up or takes it down (`up`, `down`, `pull`, `--scale`) is the
//! program's own work, as an argument vector in the project's folder, with the same daemon. It never acts on containers
//! of another project, nor on those of other files than the command names.

mod project;
mod read;

pub use project::Project;

use super::docker::Docker;
use super::process;
use super::ran::not_started;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Bounds, Call, Cannot, End, Execute, Plan, Ran, Watch};
use read::{Globals, Op};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

pub struct Compose {
    docker: Docker,
    projects: BTreeMap<String, Project>,
}

/// A command with its project.
struct Meant<'a> {
    project: &'a Project,
    name: String,
    globals: Globals,
    op: Op,
}

#[derive(Clone, Debug, PartialEq)]
struct Container {
    name: String,
    service: String,
    /// Of its service, from 1.
    number: usize,
}

impl Compose {
    pub fn new(docker: Docker, projects: BTreeMap<String, Project>) -> Compose {
        Compose { docker, projects }
    }

    fn read(&self, call: &Call) -> Result<Meant<'_>, String> {
        let lacks = || format!("{} is no Docker target, so no Compose project is there", call.target);
        let project = self.projects.get(&call.target).ok_or_else(lacks)?;
        let (globals, op) = read::read(&call.argv, &call.env)?;
        let name = project.name(globals.project(), &globals.files(), &call.env)?;
        Ok(Meant { project, name, globals, op })
    }
}

impl Meant<'_> {
    fn argv(&self, program: Vec<String>, rest: &[String]) -> Vec<String> {
        let project = ["--project-name".to_string(), self.name.clone()];
        program.into_iter().chain(self.globals.argv()).chain(project).chain(rest.iter().cloned()).collect()
    }

    /// One-off containers (`run`) are no part of a service.
    fn filters(&self) -> Vec<String> {
        let label =
            |name: &str, text: &str| ["--filter".to_string(), format!("label=com.docker.compose.{name}={text}")];
        [label("project", &self.name), label("oneoff", "False")].concat()
    }
}

impl Execute for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let meant = self.read(call).map_err(Cannot)?;
            let time = call.bounds.time;
            match &meant.op {
                Op::Program { rest } => {
                    self.docker.allows_project(&meant.project.docker, &meant.name).map_err(Cannot)?;
                    let (place, program) = meant.project.program(meant.globals.plugin).map_err(Cannot)?;
                    let mut plan = process::plan(place, &meant.argv(program, rest), &call.env)?;
                    // What is there now, for "how many before"; nothing, before the first `up`.
                    let found = self.listed(&meant, time).await.map_err(Cannot)?;
                    plan.finds.extend(found.into_iter().map(|c| format!("{} of service {}", c.name, c.service)));
                    Ok(plan)
                }
                Op::Each { verb, seconds, services } => {
                    let found = self.containers(&meant, services, time).await.map_err(Cannot)?;
                    let argv = docker_argv(verb, *seconds, &found);
                    self.docker.plan(&docker_call(call, &meant, argv, time)).await
                }
                Op::Exec { service, index, options, argv } => {
                    let found = self.containers(&meant, std::slice::from_ref(service), time).await.map_err(Cannot)?;
                    let inside = exec_argv(&found, *index, options, argv).map_err(Cannot)?;
                    self.docker.plan(&docker_call(call, &meant, inside, time)).await
                }
                Op::Ps { services, .. } | Op::Logs { services, .. } | Op::Top { services } => {
                    let found = match services.is_empty() {
                        true => self.listed(&meant, time).await,
                        false => self.containers(&meant, services, time).await,
                    };
                    let does = format!("GET /containers/json of project {}", meant.name);
                    let finds = found.map_err(Cannot)?.into_iter().map(|c| c.name).collect();
                    Ok(Plan { does, native: true, finds })
                }
            }
        })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let meant = match self.read(call) {
                Ok(read) => read,
                Err(why) => return not_started(why, true),
            };
            match &meant.op {
                Op::Program { rest } => match meant.project.program(meant.globals.plugin) {
                    Ok((place, program)) => {
                        if let Err(why) = self.docker.allows_project(&meant.project.docker, &meant.name) {
                            return not_started(why, true);
                        }
                        if let Err(why) = self.docker.open(&meant.project.docker, call.bounds.time).await {
                            return not_started(why, false);
                        }
                        let argv = meant.argv(program, rest);
                        process::run(place, &argv, &call.env, call.input.as_deref(), call.bounds, watch).await
                    }
                    Err(why) => not_started(why, false),
                },
                op => self.native(&meant, op, call, watch).await.unwrap_or_else(|why| not_started(why, true)),
            }
        })
    }
}

/// As the present Compose prints it.
const PS: &str = "table {{.Names}}\\t{{.Image}}\\t{{.Command}}\\t{{.Label \"com.docker.compose.service\"}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}";

impl Compose {
    /// `Err`: nothing was begun.
    async fn native(&self, meant: &Meant<'_>, op: &Op, call: &Call, watch: &mut Watch) -> Result<Ran, String> {
        let time = call.bounds.time;
        let words = |line: &str| line.split(' ').map(str::to_string).collect::<Vec<_>>();
        match op {
            Op::Ps { all, services, quiet } => {
                let mut argv = words("docker ps");
                argv.extend(meant.filters());
                if !services.is_empty() || !meant.globals.files().is_empty() {
                    for container in self.containers(meant, services, time).await? {
                        argv.extend(["--filter".to_string(), format!("name=^/?{}$", container.name)]);
                    }
                }
                argv.extend(all.then(|| "--all".to_string()));
                match quiet {
                    true => argv.push("--quiet".to_string()),
                    false => argv.extend(["--format".to_string(), PS.to_string()]),
                }
                Ok(self.docker.run(&docker_call(call, meant, argv, time), watch).await)
            }
            Op::Each { verb, seconds, services } => {
                let found = self.containers(meant, services, time).await?;
                let argv = docker_argv(verb, *seconds, &found);
                Ok(self.docker.run(&docker_call(call, meant, argv, time), watch).await)
            }
            Op::Exec { service, index, options, argv } => {
                let found = self.containers(meant, std::slice::from_ref(service), time).await?;
                let mut inside = docker_call(call, meant, exec_argv(&found, *index, options, argv)?, time);
                inside.input = call.input.clone();
                Ok(self.docker.run(&inside, watch).await)
            }
            Op::Logs { services, options, follow } => {
                let found = self.containers(meant, services, time).await?;
                // Of several, what is there: one after the other would be followed for ever.
                let follow = (*follow && found.len() == 1).then(|| "--follow".to_string());
                let head: Vec<String> = words("docker logs").into_iter().chain(follow).chain(options.clone()).collect();
                Ok(self.each_of(meant, &found, call, watch, |c| [head.clone(), vec![c.name.clone()]].concat()).await)
            }
            Op::Top { services } => {
                let found = self.containers(meant, services, time).await?;
                Ok(self.each_of(meant, &found, call, watch, |c| words(&format!("docker top {}", c.name))).await)
            }
            Op::Program { .. } => Err("the program does it".to_string()),
        }
    }

    /// What there is of the files that are meant.
    async fn listed(&self, meant: &Meant<'_>, time: Duration) -> Result<Vec<Container>, String> {
        let mut listed = self.docker.labelled(&meant.project.docker, &meant.filters(), time).await?;
        let files = meant.globals.files();
        // Where all came from the same files there is nothing to tell apart.
        let from: Vec<Option<&String>> =
            listed.iter().map(|(_, labels)| labels.get("com.docker.compose.project.config_files")).collect();
        let several = from.iter().any(|f| Some(f) != from.first());
        if several || !files.is_empty() {
            listed.retain(|(_, labels)| meant.project.has(labels, &files));
        }
        let container = |(name, mut labels): (String, HashMap<String, String>)| Container {
            name,
            service: labels.remove("com.docker.compose.service").unwrap_or_default(),
            number: labels.get("com.docker.compose.container-number").and_then(|n| n.parse().ok()).unwrap_or(0),
        };
        let mut found: Vec<Container> = listed.into_iter().map(container).collect();
        found.sort_by(|a, b| (&a.service, a.number, &a.name).cmp(&(&b.service, b.number, &b.name)));
        Ok(found)
    }

    /// The containers of some services, of all when none is named; a service without any is an error, as there.
    async fn containers(
        &self,
        meant: &Meant<'_>,
        services: &[String],
        time: Duration,
    ) -> Result<Vec<Container>, String> {
        let mut found = self.listed(meant, time).await?;
        let name = &meant.name;
        if let Some(service) = services.iter().find(|s| !found.iter().any(|c| c.service == **s)) {
            return Err(format!("The project {name} has no container of a service {service}"));
        }
        if !services.is_empty() {
            found.retain(|c| services.contains(&c.service));
        }
        match found.is_empty() {
            true => Err(format!("The project {name} has no containers")),
            false => Ok(found),
        }
    }

    /// One after the other, each line with its container's name, within the time of all.
    async fn each_of(
        &self,
        meant: &Meant<'_>,
        found: &[Container],
        call: &Call,
        watch: &mut Watch,
        argv: impl Fn(&Container) -> Vec<String>,
    ) -> Ran {
        let began = crate::clock::instant();
        let mut whole = super::ran::ended(End::Exited(0), true);
        // An equal share of the bytes for each, so that a chatty one does not push the others out.
        let share = (call.bounds.output_bytes / found.len().max(1)).max(1024);
        for container in found {
            let left = call.bounds.time.saturating_sub(began.elapsed());
            let mut one = docker_call(call, meant, argv(container), left);
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

fn docker_argv(verb: &str, seconds: Option<i32>, containers: &[Container]) -> Vec<String> {
    let mut argv = vec!["docker".to_string(), verb.to_string()];
    argv.extend(seconds.filter(|_| verb != "start").into_iter().flat_map(|s| ["--time".to_string(), s.to_string()]));
    argv.extend(containers.iter().map(|c| c.name.clone()));
    argv
}

fn exec_argv(found: &[Container], index: usize, options: &[String], argv: &[String]) -> Result<Vec<String>, String> {
    let lacks = || format!("There is no container {index} of that service");
    let container = found.iter().find(|c| c.number == index).ok_or_else(lacks)?;
    let head = ["docker".to_string(), "exec".to_string()].into_iter().chain(options.iter().cloned());
    Ok(head.chain([container.name.clone()]).chain(argv.iter().cloned()).collect())
}

fn docker_call(call: &Call, meant: &Meant<'_>, argv: Vec<String>, time: Duration) -> Call {
    let bounds = Bounds { time, ..call.bounds };
    Call { argv, target: meant.project.docker.clone(), bounds, input: None, env: BTreeMap::new(), ..call.clone() }
}

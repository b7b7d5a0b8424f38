//! Which of a command's clients runs where. `psql …` goes to the server that is the target. `docker exec C psql …` goes
//! there too where the configuration says that the server is in that container, and else to the client in the container,
//! as an argument vector; `kubectl exec POD -- psql …` to the client in the pod. Which container is which server is never
//! guessed from a name.

use super::server::{Kind, Server};
use crate::engine::ports::execute::{Call, Cannot, Execute, Plan, Ran, Watch};
use crate::exec::docker::{self, Docker};
use crate::exec::kubernetes::{self, Kubernetes};
use std::collections::BTreeMap;

/// What reaches programs in containers and in pods.
#[derive(Clone)]
pub struct Containers {
    pub docker: Docker,
    pub kubernetes: Kubernetes,
}

impl From<Docker> for Containers {
    fn from(docker: Docker) -> Containers {
        Containers { docker, kubernetes: Kubernetes::new(BTreeMap::new()) }
    }
}

impl Containers {
    fn of(&self, call: &Call) -> &dyn Execute {
        if is_kubectl(&call.argv) { &self.kubernetes } else { &self.docker }
    }

    pub async fn plan(&self, call: &Call) -> Result<Plan, Cannot> {
        self.of(call).plan(call).await
    }

    pub async fn run(&self, call: &Call, watch: &mut Watch) -> Ran {
        self.of(call).run(call, watch).await
    }
}

/// A client's words in a container or a pod, and what leads there.
pub struct Inside {
    pub argv: Vec<String>,
    pub env: Vec<String>,
    /// What is fed to the command goes inside.
    pub input: bool,
    lead: Lead,
}

enum Lead {
    Container(Box<docker::Inside>),
    /// The words up to the pod's `--`.
    Pod(Vec<String>),
}

/// What one executor of a database has to do with.
pub struct Ways {
    kind: Kind,
    servers: BTreeMap<String, Server>,
    containers: Containers,
}

/// A client's words, and where they are carried out.
pub enum Way<'a> {
    /// By ourselves, on the configured server.
    Native { server: &'a Server, argv: Vec<String>, password: Option<String> },
    /// By the program in a container.
    Inside { inside: Box<Inside> },
}

impl Ways {
    pub fn new(kind: Kind, servers: impl IntoIterator<Item = Server>, containers: Containers) -> Ways {
        let servers = servers.into_iter().filter(|s| s.kind == kind).map(|s| (s.target.clone(), s)).collect();
        Ways { kind, servers, containers }
    }

    pub fn containers(&self) -> &Containers {
        &self.containers
    }

    /// The error is a sentence for people.
    pub fn of(&self, call: &Call, password: &str) -> Result<Way<'_>, String> {
        super::environment(call.env.keys().map(String::as_str), password)?;
        let own = self.servers.get(&call.target);
        if is_kubectl(&call.argv) {
            return self.pod(call, own);
        }
        let in_docker = call.argv.first().is_some_and(|program| program == "docker");
        let Some(inside) = docker::inside(&call.argv) else {
            return match own {
                _ if in_docker => Err("This docker command is none of a database's client in a container".to_string()),
                Some(server) => {
                    Ok(Way::Native { server, argv: call.argv.clone(), password: call.env.get(password).cloned() })
                }
                None => Err(format!("{} is not set up as a target of kind {}", call.target, self.kind.key())),
            };
        };
        let target = &call.target;
        let server = match own {
            Some(server) if server.is_container(&inside.container) => Some(server),
            Some(_) => {
                let container = &inside.container;
                return Err(format!(
                    "Nobody has said that {target} is what runs in {container}. Add \"{container}\" to allow of [targets.{target}] if it is, or run it by hand."
                ));
            }
            None => self.servers.values().find(|s| s.is_in(target, &inside.container)),
        };
        if inside.detach {
            return Err("With --detach nobody would learn what came of it".to_string());
        }
        match server {
            Some(server) => {
                super::environment(inside.env.iter().map(|e| e.split('=').next().unwrap_or_default()), password)?;
                let given = inside.env.iter().find_map(|e| e.strip_prefix(password)?.strip_prefix('='));
                Ok(Way::Native { server, password: given.map(str::to_string), argv: inside.argv })
            }
            None => {
                let (argv, env, input) = (inside.argv.clone(), inside.env.clone(), inside.input);
                let lead = Lead::Container(Box::new(inside));
                Ok(Way::Inside { inside: Box::new(Inside { argv, env, input, lead }) })
            }
        }
    }

    fn pod(&self, call: &Call, own: Option<&Server>) -> Result<Way<'_>, String> {
        if own.is_some() {
            let target = &call.target;
            return Err(format!(
                "This goes through a cluster, and {target} is {} itself: say without kubectl what it is to do, or map it to the cluster",
                self.kind.key()
            ));
        }
        let (lead, argv, input) = kubernetes::inside(&call.argv)?;
        Ok(Way::Inside { inside: Box::new(Inside { argv, env: Vec::new(), input, lead: Lead::Pod(lead) }) })
    }
}

fn is_kubectl(argv: &[String]) -> bool {
    argv.first().is_some_and(|program| program.rsplit('/').next() == Some("kubectl"))
}

/// The call of the client in a container or pod: its words as they are to be, beside what the runbook says of the place.
/// `secret`: a variable that no list of processes may show.
pub fn inside_call(
    call: &Call,
    inside: &Inside,
    argv: &[String],
    env: &[String],
    secret: Option<String>,
) -> Result<Call, String> {
    let words = match &inside.lead {
        Lead::Container(lead) => {
            let mut words = vec!["docker".to_string(), "exec".to_string()];
            let mut option = |name: &str, value: &str| words.extend([name.to_string(), value.to_string()]);
            if let Some(user) = &lead.user {
                option("--user", user);
            }
            if let Some(folder) = &lead.folder {
                option("--workdir", folder);
            }
            for variable in inside.env.iter().chain(env).chain(&secret) {
                option("--env", variable);
            }
            words.push(lead.container.clone());
            words
        }
        Lead::Pod(_) if secret.is_some() => {
            return Err(
                "kubectl exec hands no variables on, and a password among the words is seen by everybody in the pod: leave it to the pod's own environment"
                    .to_string(),
            );
        }
        Lead::Pod(lead) => {
            let mut words = lead.clone();
            words.push("--".to_string());
            if !env.is_empty() {
                words.push("env".to_string());
                words.extend(env.iter().cloned());
            }
            words
        }
    };
    let argv = words.into_iter().chain(argv.iter().cloned()).collect();
    Ok(Call { argv, input: None, env: BTreeMap::new(), ..call.clone() })
}

//! Which of a command's clients runs where. `psql …` goes to the server that is the target. `docker exec C psql …` goes
//! there too where the configuration says that the server is in that container, and else to the client in the container,
//! as an argument vector. Which container is which server is never guessed from a name.

use super::server::{Kind, Server};
use crate::engine::ports::execute::Call;
use crate::exec::docker::{self, Docker, Inside};
use std::collections::BTreeMap;

/// What one executor of a database has to do with.
pub struct Ways {
    kind: Kind,
    servers: BTreeMap<String, Server>,
    docker: Docker,
}

/// A client's words, and where they are carried out.
pub enum Way<'a> {
    /// By ourselves, on the configured server.
    Native { server: &'a Server, argv: Vec<String>, password: Option<String> },
    /// By the program in a container.
    Inside { inside: Box<Inside> },
}

impl Ways {
    pub fn new(kind: Kind, servers: impl IntoIterator<Item = Server>, docker: Docker) -> Ways {
        let servers = servers.into_iter().filter(|s| s.kind == kind).map(|s| (s.target.clone(), s)).collect();
        Ways { kind, servers, docker }
    }

    pub fn docker(&self) -> &Docker {
        &self.docker
    }

    /// The error is a sentence for people.
    pub fn of(&self, call: &Call, password: &str) -> Result<Way<'_>, String> {
        super::environment(call.env.keys().map(String::as_str), password)?;
        let own = self.servers.get(&call.target);
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
            None => Ok(Way::Inside { inside: Box::new(inside) }),
        }
    }
}

/// The call of the client in a container: its words as they are to be, beside what the runbook says of the container.
pub fn inside_call(call: &Call, inside: &Inside, argv: &[String], env: &[String], input: Option<Vec<u8>>) -> Call {
    let mut words = vec!["docker".to_string(), "exec".to_string()];
    if input.is_some() {
        words.push("-i".to_string());
    }
    let mut option = |name: &str, value: &str| words.extend([name.to_string(), value.to_string()]);
    if let Some(user) = &inside.user {
        option("--user", user);
    }
    if let Some(folder) = &inside.folder {
        option("--workdir", folder);
    }
    for variable in inside.env.iter().chain(env) {
        option("--env", variable);
    }
    words.push(inside.container.clone());
    words.extend(argv.iter().cloned());
    Call { argv: words, input, env: BTreeMap::new(), ..call.clone() }
}

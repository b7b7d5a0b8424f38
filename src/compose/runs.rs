//! From `[targets.NAME]` to what carries out runs there. Makes clients, reaches nothing: a target that is away is said
//! by whatever is run on it.

use super::CannotStart;
use crate::config::Config;
use crate::config::runs::{LOCAL, Target};
use crate::engine::ports::execute::CarryOut;
use crate::exec::clean::Secrets;
use crate::exec::database::server::{Keys, Kind, Server};
use crate::exec::docker::{Address, Docker, Host};
use crate::exec::host::Hosts;
use crate::exec::http::{Allowed, Http};
use crate::exec::mysql::Mysql;
use crate::exec::pipeline::Carrier;
use crate::exec::postgres::Postgres;
use crate::exec::process::{Place, Programs};
use crate::exec::redis::Redis;
use crate::exec::script::Scripts;
use crate::exec::tls::{self, Tls};
use crate::exec::{Registry, http};
use crate::program::Source;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

const SOCKET: &str = "/var/run/docker.sock";

pub fn carrier(config: &Config) -> Result<Arc<dyn CarryOut>, CannotStart> {
    let secrets = secrets(config);
    let of_kind = |kind: &'static str| config.targets.iter().filter(move |(_, t)| t.kind == kind);
    let mut daemons = BTreeMap::new();
    if config.targets.is_empty() {
        daemons.insert(LOCAL.to_string(), Host::new(Address::Socket(PathBuf::from(SOCKET)), secrets.clone()));
    }
    for (name, target) in of_kind("docker") {
        daemons.insert(name.clone(), Host::new(docker(name, target)?, secrets.clone()));
    }
    let mut asked = BTreeMap::new();
    let mut certificates = BTreeMap::new();
    for (name, target) in &config.targets {
        let allowed = allowed(name, target)?;
        let (folder, authorities) = (target.folder.clone().unwrap_or_default(), target.ca_file.clone());
        certificates.insert(name.clone(), tls::Place { allowed: allowed.clone(), folder, authorities });
        asked.insert(name.clone(), http::Place { allowed, instead: BTreeMap::new(), secrets: secrets.clone() });
    }
    let place = |target: &Target| Place {
        secrets: secrets.clone(),
        ..Place::at(target.folder.clone().unwrap_or_else(|| PathBuf::from("/")))
    };
    let hosts: BTreeMap<String, Place> = of_kind("host").map(|(name, t)| (name.clone(), place(t))).collect();
    let scripts = config.targets.iter().filter(|(_, t)| t.scripts).map(|(name, t)| (name.clone(), place(t))).collect();
    let docker = Arc::new(Docker::new(daemons));
    let mut databases = Vec::new();
    for (name, target) in &config.targets {
        databases.extend(database(name, target, &secrets)?);
    }
    let mut registry = Registry::default()
        .with_shared(docker.clone())
        .with(Postgres::new(databases.iter().cloned(), docker.clone()))
        .with(Mysql::new(databases.iter().cloned(), docker.clone()))
        .with(Redis::new(databases.iter().cloned(), docker))
        .with(Http::new(asked).map_err(CannotStart)?)
        .with(Tls::new(certificates))
        .with(Scripts::new(scripts));
    for name in ["git", "package", "cloud", "app-cli"] {
        registry = registry.with(Programs::new(name, hosts.clone()));
    }
    let registry = registry.with(Hosts::new(hosts));
    let of_runbook = |s: &Source| {
        let all = s.overlay.secrets.iter().map(|(name, value)| (name.clone(), value.0.clone()));
        (s.system.clone(), all.collect())
    };
    let variables = config.program.sources.iter().map(of_runbook).collect();
    Ok(Arc::new(Carrier::new(registry, Place { secrets, ..Place::at("/") }, variables)))
}

/// Everything that the configuration knows and no output may show.
fn secrets(config: &Config) -> Secrets {
    let of = |t: &Target| [t.password.clone(), t.key.clone(), in_address(t)].into_iter().flatten().collect::<Vec<_>>();
    let variables = config.program.sources.iter().flat_map(|s| s.overlay.secrets.values().map(|v| v.0.clone()));
    Secrets::new(config.targets.values().flat_map(of).chain(variables))
}

/// The password in `postgres://user:password@host`.
fn in_address(target: &Target) -> Option<SecretString> {
    let kind = database_kind(target)?;
    let address = target.address.as_ref()?.expose_secret().to_string();
    Server::read(kind, "", Keys { address, ..Keys::default() }, Secrets::default()).ok()?.password
}

fn database_kind(target: &Target) -> Option<Kind> {
    match target.kind.as_str() {
        "postgres" => Some(Kind::Postgres),
        "mysql" => Some(Kind::Mysql),
        "redis" => Some(Kind::Redis),
        _ => None,
    }
}

fn database(name: &str, target: &Target, secrets: &Secrets) -> Result<Option<Server>, CannotStart> {
    let Some(kind) = database_kind(target) else { return Ok(None) };
    let keys = Keys {
        address: target.address.as_ref().map_or(String::new(), |a| a.expose_secret().to_string()),
        user: target.user.clone(),
        password: target.password.clone(),
        database: target.database.clone(),
        ca_file: target.ca_file.clone(),
        allow: target.allow.clone(),
    };
    let server = Server::read(kind, name, keys, secrets.clone());
    server.map(Some).map_err(|why| CannotStart(format!("targets.{name}.address {why}")))
}

fn docker(name: &str, target: &Target) -> Result<Address, CannotStart> {
    let Some(address) = &target.address else { return Ok(Address::Socket(PathBuf::from(SOCKET))) };
    let address = address.expose_secret();
    let wrong = || {
        CannotStart(format!(
            "targets.{name}.address is none of a Docker daemon. Write unix:///var/run/docker.sock, tcp://host:2375 or ssh://alias"
        ))
    };
    match address.split_once("://") {
        Some(("unix", path)) => Ok(Address::Socket(PathBuf::from(path))),
        Some(("tcp" | "http", _)) => Ok(Address::Tcp(address.to_string())),
        Some(("ssh", alias)) => Ok(Address::Ssh(alias.to_string())),
        None if address.starts_with('/') => Ok(Address::Socket(PathBuf::from(address))),
        _ => Err(wrong()),
    }
}

/// What requests of a target may go to: what its list names, else its own address.
fn allowed(name: &str, target: &Target) -> Result<Vec<Allowed>, CannotStart> {
    if target.kind != "http" && target.kind != "prometheus" {
        return Ok(Vec::new());
    }
    let own = target.address.iter().map(|a| a.expose_secret().to_string());
    let read = |text: String| {
        let fix = "Write hosts such as \"shop.example.org\" or \"localhost:3000\"";
        Allowed::read(&text).ok_or_else(|| CannotStart(format!("targets.{name}: {text} is no host. {fix}")))
    };
    target.allow.iter().cloned().chain(own).map(read).collect()
}

#[cfg(test)]
mod tests;

//! From `[targets.NAME]` to what carries out runs there. Makes clients, reaches nothing: a target that is away is said
//! by whatever is run on it.

use super::CannotStart;
use crate::config::Config;
use crate::config::runs::{LOCAL, Target};
use crate::engine::ports::execute::CarryOut;
use crate::exec::clean::Secrets;
use crate::exec::compose::{Compose, Project};
use crate::exec::docker::{Address, Docker, Host};
use crate::exec::host::Hosts;
use crate::exec::http::{Allowed, Http};
use crate::exec::pipeline::Carrier;
use crate::exec::process::{Place, Programs};
use crate::exec::script::Scripts;
use crate::exec::tls::{self, Tls};
use crate::exec::{Registry, http};
use secrecy::ExposeSecret;
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
    let (docker, projects) = (Docker::new(daemons), projects(config, &secrets)?);
    let mut asked = BTreeMap::new();
    let mut certificates = BTreeMap::new();
    for (name, target) in &config.targets {
        let allowed = allowed(name, target)?;
        let (folder, authorities) = (target.folder.clone().unwrap_or_default(), target.ca_file.clone());
        certificates.insert(name.clone(), tls::Place { allowed: allowed.clone(), folder, authorities });
        let authorities = target.ca_file.clone();
        asked.insert(
            name.clone(),
            http::Place { allowed, authorities, secrets: secrets.clone(), ..http::Place::default() },
        );
    }
    let place = |target: &Target| Place {
        secrets: secrets.clone(),
        ..Place::at(target.folder.clone().unwrap_or_else(|| PathBuf::from("/")))
    };
    let hosts: BTreeMap<String, Place> = of_kind("host").map(|(name, t)| (name.clone(), place(t))).collect();
    let scripts = config.targets.iter().filter(|(_, t)| t.scripts).map(|(name, t)| (name.clone(), place(t))).collect();
    let mut registry = Registry::default()
        .with(docker.clone())
        .with(Compose::new(docker, projects))
        .with(Http::new(asked).map_err(CannotStart)?)
        .with(Tls::new(certificates))
        .with(Scripts::new(scripts));
    for name in ["git", "package", "cloud", "app-cli"] {
        registry = registry.with(Programs::new(name, hosts.clone()));
    }
    let registry = registry.with(Hosts::new(hosts));
    Ok(Arc::new(Carrier::new(registry, Place { secrets, ..Place::at("/") })))
}

/// Everything that the configuration knows and no output may show.
fn secrets(config: &Config) -> Secrets {
    let of = |t: &Target| [t.password.clone(), t.key.clone()].into_iter().flatten().collect::<Vec<_>>();
    Secrets::new(config.targets.values().flat_map(of))
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

/// Every Docker target may have a Compose project; with a folder its program works there, with the target's daemon.
fn projects(config: &Config, secrets: &Secrets) -> Result<BTreeMap<String, Project>, CannotStart> {
    let mut out = BTreeMap::new();
    if config.targets.is_empty() {
        out.insert(LOCAL.to_string(), Project { name: None, docker: LOCAL.to_string(), place: None });
    }
    for (name, target) in config.targets.iter().filter(|(_, t)| t.kind == "docker") {
        let daemon = docker(name, target)?.daemon();
        let place = target.folder.as_ref().map(|folder| Place {
            env: BTreeMap::from([("DOCKER_HOST".to_string(), daemon)]),
            secrets: secrets.clone(),
            ..Place::at(folder)
        });
        out.insert(name.clone(), Project { name: target.project.clone(), docker: name.clone(), place });
    }
    Ok(out)
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

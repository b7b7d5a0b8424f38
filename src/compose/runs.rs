//! From `[targets.NAME]` to what carries out runs there. Makes clients, reaches nothing: a target that is away is said
//! by whatever is run on it.

use super::CannotStart;
use crate::config::Config;
use crate::config::runs::{LOCAL, Target};
use crate::engine::ports::execute::CarryOut;
use crate::exec::clean::Secrets;
use crate::exec::compose::{Compose, Project};
use crate::exec::database::server::{Keys, Kind, Server};
use crate::exec::database::ways::Containers;
use crate::exec::docker::{Address, Docker, Host};
use crate::exec::host::Hosts;
use crate::exec::http::{Allowed, Http};
use crate::exec::kubernetes::{self, Cluster, Kubernetes};
use crate::exec::mysql::Mysql;
use crate::exec::pipeline::Carrier;
use crate::exec::postgres::Postgres;
use crate::exec::process::Place;
use crate::exec::programs::Programs;
use crate::exec::prometheus::{self, Prometheus};
use crate::exec::redis::Redis;
use crate::exec::script::Scripts;
use crate::exec::site::Site;
use crate::exec::ssh::{self, Remote, Ssh};
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
    let (mut daemons, mut machines) = (BTreeMap::new(), BTreeMap::new());
    if config.targets.is_empty() {
        daemons.insert(LOCAL.to_string(), Address::Socket(PathBuf::from(SOCKET)));
    }
    for (name, target) in of_kind("docker") {
        daemons.insert(name.clone(), docker(name, target, &secrets)?);
    }
    for (name, target) in of_kind("ssh") {
        let machine = machine(name, target, &secrets)?;
        daemons.insert(name.clone(), Address::Ssh(machine.clone()));
        machines.insert(name.clone(), machine);
    }
    let projects = projects(config, &daemons, &secrets);
    let host = |(name, address): (String, Address)| {
        let allow = config.targets.get(&name).filter(|t| t.kind == "docker").map(|t| t.allow.clone());
        (name, Host::new(address, secrets.clone()).allowing(allow.unwrap_or_default()))
    };
    let docker = Docker::new(daemons.into_iter().map(host).collect());
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
    let mut clusters = BTreeMap::new();
    for (name, target) in of_kind("kubernetes") {
        let (namespace, allow) = (target.namespace.clone(), target.allow.clone());
        let cluster = Cluster::new(cluster(name, target)?);
        clusters.insert(name.clone(), kubernetes::Host { cluster, namespace, allow, secrets: secrets.clone() });
    }
    let place = |target: &Target| Place {
        secrets: secrets.clone(),
        ..Place::at(target.folder.clone().unwrap_or_else(|| PathBuf::from("/")))
    };
    let site = |(name, target): (&String, &Target)| match machines.get(name) {
        Some(machine) => (name.clone(), Site::There(machine.clone())),
        None => (name.clone(), Site::Here(place(target))),
    };
    let hosts: BTreeMap<String, Site> = of_kind("host").chain(of_kind("ssh")).map(site).collect();
    let scripts: BTreeMap<String, Site> = config.targets.iter().filter(|(_, t)| t.scripts).map(site).collect();
    let mut databases = Vec::new();
    for (name, target) in &config.targets {
        databases.extend(database(name, target, &secrets)?);
    }
    let containers = Containers { docker: docker.clone(), kubernetes: Kubernetes::new(clusters) };
    let mut registry = Registry::default()
        .with(docker.clone())
        .with(Compose::new(docker.clone(), projects))
        .with(Postgres::new(databases.iter().cloned(), containers.clone()))
        .with(Mysql::new(databases.iter().cloned(), containers.clone()))
        .with(Redis::new(databases.iter().cloned(), containers.clone()))
        .with(containers.kubernetes)
        .with(Http::new(asked).map_err(CannotStart)?)
        .with(Prometheus::new(servers(config, &secrets)?).map_err(CannotStart)?)
        .with(Tls::new(certificates))
        .with(Scripts::new(scripts))
        .with(Ssh::new(machines));
    for name in ["git", "package", "cloud", "app-cli"] {
        registry = registry.with(Programs::new(name, hosts.clone()));
    }
    let registry = registry.with(Hosts::new(hosts));
    let of_runbook = |s: &Source| {
        let all = s.overlay.secrets.iter().map(|(name, value)| (name.clone(), value.0.clone()));
        (s.system.clone(), all.collect())
    };
    let variables = config.program.sources.iter().map(of_runbook).collect();
    let programs = of_kind("host").map(|(name, t)| (name.clone(), t.allow.clone())).collect();
    Ok(Arc::new(Carrier::new(registry, Place { secrets, ..Place::at("/") }, variables).allowing(programs)))
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

/// The way to another machine, by what the target says of who we are there.
fn machine(name: &str, target: &Target, secrets: &Secrets) -> Result<Arc<Remote>, CannotStart> {
    let address = target.address.as_ref().map_or("", |a| a.expose_secret());
    let wrong =
        || CannotStart(format!("targets.{name}.address is no machine. Write root@shop.example.org or ssh://shop:2222"));
    let read = ssh::Place::read(address).ok_or_else(wrong)?;
    let place = ssh::Place {
        user: target.user.clone().or(read.user.clone()),
        aliases: target.allow.clone(),
        key: target.key.clone(),
        known_hosts: target.known_hosts.clone(),
        folder: target.folder.as_ref().map(|f| f.display().to_string()),
        scripts: target.scripts,
        secrets: secrets.clone(),
        ..read
    };
    Remote::new(place).map_err(CannotStart)
}

fn docker(name: &str, target: &Target, secrets: &Secrets) -> Result<Address, CannotStart> {
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
        // Its folder is one of this machine, where Compose's files are.
        Some(("ssh", _)) => Ok(Address::Ssh(machine(name, target, secrets)?)),
        None if address.starts_with('/') => Ok(Address::Socket(PathBuf::from(address))),
        _ => Err(wrong()),
    }
}

/// Every daemon may have a Compose project; with a folder of this machine its program works there, with that daemon.
fn projects(config: &Config, daemons: &BTreeMap<String, Address>, secrets: &Secrets) -> BTreeMap<String, Project> {
    let project = |(name, address): (&String, &Address)| {
        let target = config.targets.get(name);
        let folder = target.filter(|t| t.kind == "docker").and_then(|t| t.folder.as_ref());
        let place = folder.map(|folder| Place {
            env: BTreeMap::from([("DOCKER_HOST".to_string(), address.daemon())]),
            secrets: secrets.clone(),
            ..Place::at(folder)
        });
        (name.clone(), Project { name: target.and_then(|t| t.project.clone()), docker: name.clone(), place })
    };
    daemons.iter().map(project).collect()
}

fn servers(config: &Config, secrets: &Secrets) -> Result<BTreeMap<String, prometheus::Place>, CannotStart> {
    let mut out = BTreeMap::new();
    for (name, target) in config.targets.iter().filter(|(_, t)| t.kind == "prometheus") {
        let address = target.address.as_ref().map_or("http://localhost:9090", |a| a.expose_secret());
        let fix = "Write the address of a Prometheus such as \"http://localhost:9090\"";
        let address =
            address.parse().map_err(|_| CannotStart(format!("targets.{name}.address is no address. {fix}")))?;
        let login = target.user.clone().zip(target.password.clone());
        let (token, authorities) = (target.key.clone(), target.ca_file.clone());
        out.insert(name.clone(), prometheus::Place { address, login, token, authorities, secrets: secrets.clone() });
    }
    Ok(out)
}

/// Without an address it is the cluster that this bot is a pod of.
fn cluster(name: &str, target: &Target) -> Result<kubernetes::Address, CannotStart> {
    let Some(address) = &target.address else { return Ok(kubernetes::Address::Inside) };
    let address = address.expose_secret();
    if address.starts_with('/') {
        return Ok(kubernetes::Address::File(PathBuf::from(address)));
    }
    let wrong = |why: &str, fix: &str| CannotStart(format!("targets.{name}.address {why}. {fix}"));
    let fix = "Write https://api.example.org:6443, the path of a kubeconfig, or leave it out inside a cluster";
    let url = url::Url::parse(address).map_err(|_| wrong("is none of a Kubernetes API", fix))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err(wrong("would send the token where others can read it", "Write https://")),
        _ => return Err(wrong("is none of a Kubernetes API", fix)),
    }
    let url = address.trim_end_matches('/').to_string();
    Ok(kubernetes::Address::Url { url, token: target.key.clone(), ca_file: target.ca_file.clone() })
}

/// What requests of a target may go to: what its list names, else its own address.
fn allowed(name: &str, target: &Target) -> Result<Vec<Allowed>, CannotStart> {
    if target.kind != "http" && target.kind != "prometheus" {
        return Ok(Vec::new());
    }
    // Of a Prometheus below a path, or with a login in its address, what stands before and behind is not its host.
    let own = target.address.iter().map(|a| match url::Url::parse(a.expose_secret()) {
        Ok(url) if target.kind == "prometheus" => url.origin().ascii_serialization(),
        _ => a.expose_secret().to_string(),
    });
    let read = |text: String| {
        let fix = "Write hosts such as \"shop.example.org\" or \"localhost:3000\"";
        Allowed::read(&text).ok_or_else(|| CannotStart(format!("targets.{name}: {text} is no host. {fix}")))
    };
    target.allow.iter().cloned().chain(own).map(read).collect()
}

#[cfg(test)]
mod tests;

//! A configured database server: where it is, who we are there, and by which names a runbook may mean it. A command that
//! names another host, user or database is refused; nobody is ever spoken to but what the configuration says. Reads no
//! password file, no client's own configuration and no variable of the environment.

use crate::exec::clean::Secrets;
use secrecy::SecretString;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Mysql,
    Redis,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Postgres => "PostgreSQL",
            Kind::Mysql => "MySQL",
            Kind::Redis => "Redis",
        }
    }

    /// As in `kind` of a target.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Postgres => "postgres",
            Kind::Mysql => "mysql",
            Kind::Redis => "redis",
        }
    }

    fn schemes(self) -> &'static [&'static str] {
        match self {
            Kind::Postgres => &["postgres", "postgresql"],
            Kind::Mysql => &["mysql", "mariadb"],
            Kind::Redis => &["redis", "rediss"],
        }
    }

    pub fn port(self) -> u16 {
        match self {
            Kind::Postgres => 5432,
            Kind::Mysql => 3306,
            Kind::Redis => 6379,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    Tcp(String, u16),
    Socket(PathBuf),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encrypted {
    Never,
    /// If the server can, and whoever it is.
    Preferred,
    Required,
    /// By a certificate for the server's name, from an authority that is known here.
    Verified,
}

#[derive(Clone)]
pub struct Server {
    pub kind: Kind,
    /// `[targets.NAME]`
    pub target: String,
    pub at: At,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub database: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub encrypted: Encrypted,
    /// Other names of this server: hosts, users, databases, containers.
    pub allow: Vec<String>,
    pub secrets: Secrets,
}

/// What the keys of a target say.
#[derive(Default)]
pub struct Keys {
    pub address: String,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub database: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub allow: Vec<String>,
}

/// What a command names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named {
    pub host: Option<String>,
    pub port: Option<String>,
    pub user: Option<String>,
    pub database: Option<String>,
}

impl Server {
    /// `postgres://shop:…@db:5432/shop`, `db:5432`, `db`, or the path of a socket. The error is half a sentence.
    pub fn read(kind: Kind, target: &str, keys: Keys, secrets: Secrets) -> Result<Server, String> {
        let unnamed = keys.database.is_none();
        let mut server = Server {
            kind,
            target: target.to_string(),
            at: At::Tcp("127.0.0.1".to_string(), kind.port()),
            user: keys.user,
            password: keys.password,
            // Databases of Redis have numbers, and one is always chosen.
            database: keys.database.or((kind == Kind::Redis).then(|| "0".to_string())),
            encrypted: if keys.ca_file.is_some() { Encrypted::Verified } else { Encrypted::Preferred },
            ca_file: keys.ca_file,
            allow: keys.allow,
            secrets,
        };
        let address = keys.address.trim();
        let example = format!("{}://user@host:{}", kind.schemes()[0], kind.port());
        let wrong = || format!("is no address of {}. Write such as {example}", kind.word());
        if address.is_empty() {
            return Err(format!("is missing. Write such as {example}"));
        }
        if address.starts_with('/') || address.starts_with("unix://") {
            if server.ca_file.is_some() {
                return Err("is a socket of this machine, where nothing is encrypted. Take ca_file out".to_string());
            }
            server.at = At::Socket(PathBuf::from(address.trim_start_matches("unix://")));
            return Ok(server);
        }
        let Some((scheme, _)) = address.split_once("://") else {
            let (host, port) = host_and_port(address, kind.port()).ok_or_else(wrong)?;
            server.at = At::Tcp(host, port);
            return Ok(server);
        };
        let url = url::Url::parse(address).map_err(|_| wrong())?;
        if !kind.schemes().contains(&scheme) {
            return Err(wrong());
        }
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(wrong)?;
        server.at = At::Tcp(decoded(host.trim_matches(['[', ']'])), url.port().unwrap_or(kind.port()));
        let given = |text: &str| (!text.is_empty()).then(|| decoded(text));
        server.user = server.user.or(given(url.username()));
        server.password = server.password.or(url.password().and_then(given).map(SecretString::from));
        if let (Some(database), true) = (given(url.path().trim_matches('/')), unnamed) {
            server.database = Some(database);
        }
        if scheme == "rediss" {
            server.encrypted = Encrypted::Verified;
        }
        // Whoever names an authority, or a protocol that is encrypted, is not silently given less.
        let (checked, by) = match server.ca_file {
            Some(_) => (true, "ca_file"),
            None => (scheme == "rediss", "rediss://"),
        };
        for (name, value) in url.query_pairs() {
            server.encrypted = match (&*name, value.to_lowercase().replace('_', "-").as_str()) {
                ("sslmode" | "ssl-mode", "disable" | "disabled") => Encrypted::Never,
                ("sslmode" | "ssl-mode", "prefer" | "preferred") => Encrypted::Preferred,
                ("sslmode" | "ssl-mode", "require" | "required") => Encrypted::Required,
                ("sslmode" | "ssl-mode", "verify-full" | "verify-identity") => Encrypted::Verified,
                _ => return Err(format!("has {name}={value}, which is not understood. Write sslmode=verify-full")),
            };
            if checked && server.encrypted != Encrypted::Verified {
                return Err(format!(
                    "has {name}={value}, and with {by} the server's certificate is checked. Take {name} out"
                ));
            }
        }
        Ok(server)
    }

    /// The target's own password counts; without one, that of the command.
    pub fn with_password(&self, password: Option<String>) -> Server {
        let mut server = self.clone();
        if let (Some(password), None) = (password.filter(|p| !p.is_empty()), &self.password) {
            let password = SecretString::from(password);
            server.secrets = server.secrets.and(password.clone());
            server.password = Some(password);
        }
        server
    }

    /// `shop@db:5432`, for people.
    pub fn shown(&self) -> String {
        let at = match &self.at {
            At::Tcp(host, port) => format!("{host}:{port}"),
            At::Socket(path) => path.display().to_string(),
        };
        match &self.user {
            Some(user) => format!("{user}@{at}"),
            None => at,
        }
    }

    fn allows(&self, name: &str) -> bool {
        self.allow.iter().any(|a| a.eq_ignore_ascii_case(name))
    }

    /// Whether a container may stand for this server: by its name, or by `DOCKER_TARGET/CONTAINER`.
    pub fn is_container(&self, name: &str) -> bool {
        let of_docker = |a: &String| a.rsplit_once('/').is_some_and(|(_, container)| container == name);
        self.allow.iter().any(|a| a == name || of_docker(a))
    }

    /// Whether this is the server in that container of that Docker, said in so many words: names of containers are the
    /// same in many places.
    pub fn is_in(&self, docker: &str, container: &str) -> bool {
        self.allow.iter().any(|a| a.rsplit_once('/') == Some((docker, container)))
    }

    /// The database to use, or a sentence where the command names something else than this server.
    pub fn agree(&self, named: &Named) -> Result<Option<String>, String> {
        let other = |what: &str, said: &str, is: &str| {
            let target = &self.target;
            Err(format!(
                "The command says {what} {said}, and {target} has {is}. Add \"{said}\" to allow of [targets.{target}] if that is meant, or run it by hand."
            ))
        };
        if let Some(host) = &named.host {
            let same = match &self.at {
                At::Tcp(own, _) => own.eq_ignore_ascii_case(host) || (is_here(own) && is_here(host)),
                At::Socket(path) => {
                    host == "localhost"
                        || path.parent().is_some_and(|p| p.as_os_str() == host.as_str())
                        || path.as_os_str() == host.as_str()
                }
            };
            if !same && !self.allows(host) {
                return other("host", host, &self.shown());
            }
        }
        if let (Some(port), At::Tcp(_, own)) = (&named.port, &self.at)
            && *port != own.to_string()
            && !self.allows(&format!("{}:{port}", named.host.as_deref().unwrap_or_default()))
            && !self.allows(port)
        {
            return other("port", port, &own.to_string());
        }
        if let Some(user) = &named.user
            && self.user.as_ref() != Some(user)
            && !self.allows(user)
        {
            return other("user", user, self.user.as_deref().unwrap_or("none"));
        }
        match &named.database {
            None => Ok(self.database.clone()),
            Some(database) if self.database.as_ref() == Some(database) || self.allows(database) => {
                Ok(Some(database.clone()))
            }
            Some(database) => other("database", database, self.database.as_deref().unwrap_or("none")),
        }
    }
}

/// Names of the machine that one is on.
fn is_here(host: &str) -> bool {
    ["localhost", "127.0.0.1", "::1"].contains(&host)
}

fn host_and_port(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, default),
    };
    let host = host.trim_matches(['[', ']']);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (!host.is_empty() && host.chars().all(fits)).then(|| (host.to_string(), port))
}

/// `%40` is `@`.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.as_bytes().iter();
    while let Some(byte) = bytes.next() {
        let pair = bytes.as_slice().get(..2).and_then(|p| std::str::from_utf8(p).ok());
        match (byte, pair.and_then(|p| u8::from_str_radix(p, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                bytes.nth(1);
            }
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;

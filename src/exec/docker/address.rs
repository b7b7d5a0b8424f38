//! Where a Docker daemon listens, and how one gets there. A client is made when it is first needed: a dead daemon holds
//! up nobody else, and one that comes back is found.

use bollard::{API_DEFAULT_VERSION, Docker};
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Seconds that one request may take where the command does not say. Longer than anything that only reads.
const TIMEOUT_S: u64 = 120;

#[derive(Clone, Debug, PartialEq)]
pub enum Address {
    Socket(PathBuf),
    /// `tcp://host:2375`, without protection: for a forwarder on the same machine.
    Tcp(String),
    Tls {
        address: String,
        key: PathBuf,
        cert: PathBuf,
        ca: PathBuf,
    },
    /// `ssh://alias`: a name of the operator's ssh configuration, which holds port, user, key and known hosts.
    Ssh(String),
}

impl Address {
    /// As programs are told it, in `DOCKER_HOST`.
    pub fn daemon(&self) -> String {
        match self {
            Address::Socket(path) => format!("unix://{}", path.display()),
            Address::Tcp(address) | Address::Tls { address, .. } => {
                format!("tcp://{}", address.split_once("://").map_or(address.as_str(), |(_, rest)| rest))
            }
            Address::Ssh(alias) => format!("ssh://{alias}"),
        }
    }

    fn connect(&self) -> Result<Docker, bollard::errors::Error> {
        match self {
            Address::Socket(path) => Docker::connect_with_unix(&path.to_string_lossy(), TIMEOUT_S, API_DEFAULT_VERSION),
            Address::Tcp(address) => Docker::connect_with_http(address, TIMEOUT_S, API_DEFAULT_VERSION),
            Address::Tls { address, key, cert, ca } => {
                Docker::connect_with_ssl(address, key, cert, ca, TIMEOUT_S, API_DEFAULT_VERSION)
            }
            Address::Ssh(alias) => Docker::connect_with_ssh(alias, TIMEOUT_S, API_DEFAULT_VERSION, None),
        }
    }
}

pub struct Client {
    pub address: Address,
    made: Mutex<Option<Docker>>,
}

impl Client {
    pub fn new(address: Address) -> Client {
        Client { address, made: Mutex::new(None) }
    }

    pub fn get(&self) -> Result<Docker, Failed> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*made {
            return Ok(client.clone());
        }
        let client = self.address.connect().map_err(Failed::from)?;
        *made = Some(client.clone());
        Ok(client)
    }

    /// For a request that the daemon may take so long to answer.
    pub fn patient(&self, seconds: u64) -> Result<Docker, Failed> {
        Ok(self.get()?.with_timeout(Duration::from_secs(seconds.max(TIMEOUT_S))))
    }
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed {
    /// The daemon was not reached, or went away without an answer.
    Unreached(String),
    /// No answer in time; the daemon may be at it still.
    Silent,
    /// Its answer.
    Said { status: u16, message: String },
    /// Of ours: a format that does not fit, a name that is not there.
    Ours(String),
}

impl Failed {
    /// As the command line words it.
    pub fn sentence(&self) -> String {
        match self {
            Failed::Unreached(why) => format!("Docker cannot be reached: {why}"),
            Failed::Silent => "Docker did not answer in time".to_string(),
            Failed::Said { message, .. } => format!("Error response from daemon: {message}"),
            Failed::Ours(why) => why.clone(),
        }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Failed::Said { status: 404, .. })
    }

    /// Whether what was asked for may have happened all the same.
    pub fn is_doubtful(&self) -> bool {
        match self {
            Failed::Unreached(_) | Failed::Silent => true,
            Failed::Said { status, .. } => *status >= 500,
            Failed::Ours(_) => false,
        }
    }
}

impl From<bollard::errors::Error> for Failed {
    fn from(error: bollard::errors::Error) -> Failed {
        use bollard::errors::Error;
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                Failed::Said { status: status_code, message: message.trim().to_string() }
            }
            Error::RequestTimeoutError => Failed::Silent,
            Error::DockerStreamError { error } => Failed::Ours(error),
            Error::JsonDataError { message, .. } => {
                Failed::Ours(format!("Docker's answer is not understood: {message}"))
            }
            Error::SocketNotFoundError(path) => Failed::Unreached(format!("there is no socket {path}")),
            other => Failed::Unreached(cause(&other)),
        }
    }
}

/// The innermost reason: what stands around it names our own library.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

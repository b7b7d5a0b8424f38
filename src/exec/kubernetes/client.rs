//! The API of one cluster: how one gets there, one request at a time, and what its answers mean. A request is sent once:
//! the library's own repetition is off, because what was asked for may have happened. Knows no command.

use super::kinds::Kind;
use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::StreamExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::Mutex;
use url::form_urlencoded::Serializer;

/// For one connection to be there.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of one answer that are read: a page of 500 big objects is a tenth of it.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a refusal.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

pub enum Address {
    /// With a token, if there is one, and the authority that signed its certificate; else those of this machine.
    Url { url: String, token: Option<SecretString>, ca_file: Option<PathBuf> },
    /// A kubeconfig, with its current context.
    File(PathBuf),
    /// The cluster that this process is a pod of, by its service account.
    Inside,
}

/// A cluster, and the client for it once there is one.
pub struct Cluster {
    address: Address,
    made: Mutex<Option<Client>>,
}

/// One request, with what a role must allow for it.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<(&'static str, Value)>,
    pub accept: &'static str,
    pub right: Right,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Right {
    pub verb: &'static str,
    pub group: &'static str,
    /// `pods/log`
    pub resource: String,
    pub namespace: Option<String>,
}

pub const JSON: &str = "application/json";

impl Ask {
    fn new(method: Method, verb: &'static str, kind: &Kind, namespace: Option<&str>, path: String) -> Ask {
        let namespace = namespace.filter(|_| kind.namespaced).map(str::to_string);
        let right = Right { verb, group: kind.group, resource: kind.plural.to_string(), namespace };
        Ask { method, path, query: Vec::new(), body: None, accept: JSON, right }
    }

    pub fn list(kind: &Kind, namespace: Option<&str>) -> Ask {
        Ask::new(Method::GET, "list", kind, namespace, kind.path(namespace))
    }

    pub fn get(kind: &Kind, namespace: Option<&str>, name: &str) -> Ask {
        Ask::new(Method::GET, "get", kind, namespace, format!("{}/{name}", kind.path(namespace)))
    }

    pub fn patch(kind: &Kind, namespace: Option<&str>, name: &str, content_type: &'static str, body: Value) -> Ask {
        let path = format!("{}/{name}", kind.path(namespace));
        Ask { body: Some((content_type, body)), ..Ask::new(Method::PATCH, "patch", kind, namespace, path) }
    }

    pub fn delete(kind: &Kind, namespace: Option<&str>, name: &str, body: Value) -> Ask {
        let path = format!("{}/{name}", kind.path(namespace));
        Ask { body: Some((JSON, body)), ..Ask::new(Method::DELETE, "delete", kind, namespace, path) }
    }

    /// Of the one object: `scale`, `log`, `exec`.
    pub fn sub(mut self, what: &str) -> Ask {
        self.path.push_str(&format!("/{what}"));
        self.right.resource.push_str(&format!("/{what}"));
        self
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Ask {
        self.query.push((name, value.to_string()));
        self
    }

    pub fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Ask {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub fn target(&self) -> String {
        match self.query.is_empty() {
            true => self.path.clone(),
            false => {
                let query = Serializer::new(String::new()).extend_pairs(&self.query).finish();
                format!("{}?{query}", self.path)
            }
        }
    }

    /// As a plan shows it.
    pub fn shown(&self) -> String {
        match &self.body {
            Some((_, body)) => format!("{} {} {body}", self.method, self.target()),
            None => format!("{} {}", self.method, self.target()),
        }
    }

    pub fn request<B>(&self, body: impl FnOnce(Vec<u8>) -> B) -> Result<Request<B>, Failed> {
        let mut request =
            Request::builder().method(self.method.clone()).uri(self.target()).header("accept", self.accept);
        let mut bytes = Vec::new();
        if let Some((content_type, value)) = &self.body {
            request = request.header("content-type", *content_type);
            bytes = value.to_string().into_bytes();
        }
        request.body(body(bytes)).map_err(|_| Failed::Ours(format!("{} cannot be asked for", self.path)))
    }
}

impl Cluster {
    pub fn new(address: Address) -> Cluster {
        Cluster { address, made: Mutex::new(None) }
    }

    /// Made when it is first needed: a cluster that is away holds up nobody else.
    pub async fn client(&self) -> Result<Client, Failed> {
        let mut made = self.made.lock().await;
        if let Some(client) = &*made {
            return Ok(client.clone());
        }
        let mut config = self.config().await?;
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT);
        let client = Client::try_from(config).map_err(|e| Failed::Unreached(cause(&e)))?;
        *made = Some(client.clone());
        Ok(client)
    }

    async fn config(&self) -> Result<Config, Failed> {
        match &self.address {
            Address::Url { url, token, ca_file } => {
                let url = url.parse().map_err(|_| Failed::Unreached("its address is no URL".to_string()))?;
                let mut config = Config::new(url);
                if let Some(file) = ca_file.as_ref().filter(|f| !f.is_file()) {
                    return Err(Failed::Unreached(format!("there is no file {}", file.display())));
                }
                config.root_cert_file = ca_file.clone();
                config.auth_info.token = token.as_ref().map(|t| t.expose_secret().to_string().into());
                Ok(config)
            }
            Address::File(path) => {
                let read = Kubeconfig::read_from(path).map_err(|e| Failed::Unreached(cause(&e)))?;
                let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
                config.map_err(|e| Failed::Unreached(cause(&e)))
            }
            Address::Inside => Config::incluster().map_err(|_| {
                let why = "its target has no address, and this is no pod of a cluster with a service account";
                Failed::Unreached(why.to_string())
            }),
        }
    }

    /// The answer's bytes as they come. `Err` where it was a refusal.
    pub async fn stream(&self, ask: &Ask) -> Result<axum::body::BodyDataStream, Failed> {
        let request = ask.request(kube::client::Body::from)?;
        let answer = self.client().await?.send(request).await.map_err(|e| Failed::of(e, &ask.right))?;
        let status = answer.status();
        let body = Body::new(answer.into_body());
        if status.is_success() {
            return Ok(body.into_data_stream());
        }
        let bytes = axum::body::to_bytes(body, REFUSAL_BYTES_MAX).await.unwrap_or_default();
        Err(Failed::refused(status.as_u16(), &bytes, &ask.right))
    }

    pub async fn json(&self, ask: &Ask) -> Result<Value, Failed> {
        let mut stream = self.stream(ask).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.map_err(|e| Failed::Lost(cause(&e)))?);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(Failed::Ours("The cluster's answer is too long: narrow it down with -n or -l".to_string()));
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| Failed::Ours("The cluster's answer is not understood".to_string()))
    }
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed {
    /// Never connected: nothing was asked.
    Unreached(String),
    /// Asked, and no answer came.
    Lost(String),
    Said {
        code: u16,
        reason: String,
        message: String,
        right: Box<Right>,
    },
    /// Of ours: something that does not fit.
    Ours(String),
}

impl Failed {
    pub fn of(error: kube::Error, right: &Right) -> Failed {
        match error {
            kube::Error::Api(status) => Failed::said(status.code, &status.reason, &status.message, right),
            kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(code)) => {
                Failed::said(code.as_u16(), "", "the connection was not switched to a stream", right)
            }
            kube::Error::Auth(error) => Failed::Unreached(cause(&error)),
            error if is_connect(&error) => Failed::Unreached(cause(&error)),
            error => Failed::Lost(cause(&error)),
        }
    }

    fn refused(code: u16, bytes: &[u8], right: &Right) -> Failed {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(status) if status["kind"] == "Status" => {
                let text = |key: &str| status[key].as_str().unwrap_or_default();
                Failed::said(code, text("reason"), text("message"), right)
            }
            _ => Failed::said(code, "", String::from_utf8_lossy(bytes).trim(), right),
        }
    }

    fn said(code: u16, reason: &str, message: &str, right: &Right) -> Failed {
        Failed::Said { code, reason: reason.to_string(), message: message.to_string(), right: Box::new(right.clone()) }
    }

    /// For people, and what to do next where that is known.
    pub fn sentence(&self) -> String {
        match self {
            Failed::Unreached(why) => format!("The cluster cannot be reached: {why}"),
            Failed::Lost(why) => format!("The cluster did not answer to the end: {why}"),
            Failed::Said { code: 401, .. } => {
                "The cluster does not accept the token of this target (401): write a valid one into its key".to_string()
            }
            Failed::Said { code: 403, right, message, .. } if message.contains(" cannot ") => {
                let place = right.namespace.as_ref().map_or("the cluster".to_string(), |n| format!("namespace {n}"));
                // The API knows best which of several rights it missed.
                let said = message.split(" cannot ").nth(1).and_then(|rest| rest.split(' ').next());
                let (verb, group, resource) = (said.unwrap_or(right.verb), right.group, &right.resource);
                format!(
                    "Forbidden: the token of this target may not {verb} {resource} in {place}. Its role lacks apiGroups [\"{group}\"], resources [\"{resource}\"], verbs [\"{verb}\"]"
                )
            }
            Failed::Said { code, reason, message, .. } => {
                let reason = if reason.is_empty() { code.to_string() } else { reason.clone() };
                format!("Error from server ({reason}): {message}")
            }
            Failed::Ours(why) => why.clone(),
        }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Failed::Said { code: 404, .. })
    }

    /// Whether what was asked for may have happened all the same.
    pub fn is_doubtful(&self) -> bool {
        match self {
            Failed::Lost(_) => true,
            Failed::Said { code, .. } => *code >= 500,
            Failed::Unreached(_) | Failed::Ours(_) => false,
        }
    }
}

fn is_connect(error: &(dyn Error + 'static)) -> bool {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(client) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return client.is_connect();
        }
        at = error.source();
    }
    false
}

/// The innermost reason: what stands around it names our own libraries.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

//! One Prometheus: where it is, who we are to it, and one question at a time. Follows no redirect, goes through no proxy,
//! and takes only so much of an answer.

use super::answer::{self, Answer};
use crate::exec::clean::Secrets;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer: a hundred thousand samples.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of an expression that goes into an address; a longer one goes as a form.
const ADDRESS_BYTES_MAX: usize = 4 * 1024;

/// As it is configured.
#[derive(Clone)]
pub struct Place {
    /// Everything before `/api/v1/`.
    pub address: Url,
    pub login: Option<(String, SecretString)>,
    /// A bearer token.
    pub token: Option<SecretString>,
    /// A file of further authorities, for a company's own.
    pub authorities: Option<PathBuf>,
    pub secrets: Secrets,
}

pub struct Client {
    pub place: Place,
    client: reqwest::Client,
}

pub struct Said {
    pub body: Vec<u8>,
    pub answer: Answer,
}

impl Client {
    pub fn new(mut place: Place) -> Result<Client, String> {
        if !matches!(place.address.scheme(), "http" | "https") || place.address.host_str().is_none() {
            return Err("Prometheus is asked over http or https, such as http://localhost:9090".to_string());
        }
        // So that what is joined to it stands below it.
        let path = format!("{}/", place.address.path().trim_end_matches('/'));
        place.address.set_path(&path);
        place.address.set_query(None);
        if let (name, Some(password), None) =
            (place.address.username().to_string(), place.address.password().map(str::to_string), &place.login)
        {
            place.login = Some((name, SecretString::from(password)));
        }
        // Neither can fail where there is a host.
        place.address.set_username("").ok();
        place.address.set_password(None).ok();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("firebell/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIME);
        if let Some(file) = &place.authorities {
            let pem = fs::read(file).map_err(|e| format!("{}: {}", file.display(), crate::exec::ran::io(&e)))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            builder = builder
                .tls_certs_merge(certificates.map_err(|_| format!("{} holds no certificate in PEM", file.display()))?);
        }
        let client = builder.build().map_err(|e| format!("The HTTP client cannot start: {}", cause(&e)))?;
        Ok(Client { place, client })
    }

    /// For people.
    pub fn shown(&self, path: &str) -> String {
        format!("{}api/v1/{path}", self.place.address)
    }

    /// `Err`: no answer came.
    pub async fn ask(&self, path: &str, params: &[(String, String)]) -> Result<Said, String> {
        let wrong = |_| format!("{path} is no path of Prometheus");
        let mut url = self.place.address.join(&format!("api/v1/{path}")).map_err(wrong)?;
        let long = params.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>() > ADDRESS_BYTES_MAX;
        let form: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let mut request = if long {
            let kind = "application/x-www-form-urlencoded";
            self.client.post(url).header(reqwest::header::CONTENT_TYPE, kind).body(form)
        } else {
            url.set_query((!form.is_empty()).then_some(&form));
            self.client.get(url)
        };
        if let Some((name, password)) = &self.place.login {
            request = request.basic_auth(name, Some(password.expose_secret()));
        } else if let Some(token) = &self.place.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let mut response = request.send().await.map_err(|e| format!("Prometheus cannot be reached: {}", cause(&e)))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        loop {
            let chunk = response.chunk().await.map_err(|e| format!("The answer broke off: {}", cause(&e)))?;
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                let limit = BODY_BYTES_MAX >> 20;
                return Err(format!("The answer is longer than {limit} MB: ask for fewer series or a shorter span"));
            }
            body.extend_from_slice(&chunk);
        }
        let answer = match status {
            401 | 403 => {
                Answer::Failed(format!("The server answered {status}: look at user, password and key of this target"))
            }
            _ => answer::read(status, &body),
        };
        Ok(Said { body, answer })
    }
}

/// The innermost reason: what stands around it names the address, which may hold a secret.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

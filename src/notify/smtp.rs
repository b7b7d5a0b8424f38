//! Mail, by SMTP submission: a page as plain text, what becomes of it as a reply in the same thread.
//! Never in the clear unless the configuration says so, never over a connection that was used before, never twice.
//!
//! Its time-outs are ours: the library's end with the connection. `smtp/letter.rs` writes the mail, `smtp/by_line.rs`
//! keeps a stranger on the line from speaking for the server.
//!
//! Which answers are final (RFC 5321, 4.2.1 and 4.3.2; RFC 4954 for logins; RFC 3207 for STARTTLS). `tests/smtp.rs`
//! holds the adapter to this table, row by row:
//!
//! | at | happens | verdict | why |
//! |---|---|---|---|
//! | connection | refused, unreachable, no answer in time | retry | nothing was handed over |
//! | any step | 421 | retry | the server is closing down; another one answers in a minute |
//! | any step | 400-459 | retry | by definition: greylisting (450, 451), a full disk (452), a login server away (454) |
//! | any step | 500-559 | never | by definition: a wrong login (535), no such mailbox (550), a message refused (554) |
//! | a step before the message | no answer in time, reset, closed, not SMTP | retry | nothing was handed over |
//! | encryption | STARTTLS not offered | never | neither a password nor a page goes over the network in the clear |
//! | encryption | certificate not trusted, or of another name | never | trying again makes it no better: `ca_file`, or `host` |
//! | encryption | handshake broken off | retry | nothing was handed over |
//! | login | neither PLAIN nor LOGIN offered | never | there is no other way in |
//! | recipients | some refused, some taken | accepted | somebody gets it; the receipt names the others |
//! | message | 200-299 | accepted | the server has it in writing |
//! | message | no answer in time, reset, closed, not SMTP | retry, may have arrived | the server may have taken it (RFC 5321, 4.5.3.2.6) |
//!
//! SMTP has no `Retry-After`: how long to wait is the outbox's to say.

mod by_line;
mod letter;

use super::{BadSettings, Now, words};
use crate::engine::ports::{BoxFuture, Guarantee, Notify, Outcome, Sending};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use by_line::ByLine;
use firebell_domain::id::{ChannelId, PersonId};
use firebell_domain::limits::SEND_CONNECT_TIMEOUT_S;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// For the goodbye, which is politeness and what its operator looks for in the log; the page's outcome waits for it.
const GOODBYE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Begins in the clear and is encrypted before anything is said; refused where the server does not offer it.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// In the clear, with password and all.
    None,
}

#[derive(Clone)]
pub struct Settings {
    pub channel: ChannelId,
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// `None` for a server that asks for none.
    pub login: Option<(String, SecretString)>,
    pub from: Mailbox,
    /// Who gets what is for nobody in particular.
    pub to: Vec<Mailbox>,
    pub addresses: BTreeMap<PersonId, Mailbox>,
    /// Certificates to trust besides the system's, as PEM.
    pub ca_pem: Option<String>,
    pub timeout: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people: Vec<_> = self.addresses.keys().collect();
        f.debug_struct("smtp::Settings")
            .field("channel", &self.channel)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("people", &people)
            .finish_non_exhaustive()
    }
}

pub struct Smtp {
    settings: Settings,
    tls: Option<TlsParameters>,
    /// What a server might quote.
    secrets: Vec<SecretString>,
    now: Now,
}

/// How far a conversation has come: what a failure means depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connect,
    Greet,
    Encrypt,
    LogIn,
    Sender,
    Recipient,
    Data,
    Message,
}

/// Why a conversation came to nothing.
enum Failure {
    Smtp(SmtpError),
    /// A reply that is positive and still no answer to what was said.
    Strange,
    /// No connection, and why.
    Unreachable(String),
    /// What the server does not offer, as a sentence: no try would help.
    NotOffered(String),
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        Failure::Smtp(error)
    }
}

impl Smtp {
    pub fn new(settings: Settings, now: Now) -> Result<Self, BadSettings> {
        let key = format!("paging.{}", settings.channel);
        let tls = match settings.encryption {
            Encryption::None => None,
            // Found out now: the library would say it at the first page.
            _ if ServerName::try_from(settings.host.as_str()).is_err() => {
                return Err(BadSettings(format!(
                    "{key}.host is no host name or address: write it as mail.example.org"
                )));
            }
            _ => Some(trust(&settings).map_err(|e| BadSettings(words::why(&format!("{key}.ca_file: {e}"), &[])))?),
        };
        let secrets = settings.login.as_ref().map_or(Vec::new(), |(user, password)| as_said(user, password));
        Ok(Smtp { tls, secrets, settings, now })
    }

    fn who(&self) -> String {
        format!("The mail server ({})", self.settings.channel)
    }

    async fn deliver(&self, sending: &Sending) -> Outcome {
        let to = match &sending.person {
            None => self.settings.to.as_slice(),
            Some(person) => self.settings.addresses.get(person).map_or(&[][..], std::slice::from_ref),
        };
        if to.is_empty() {
            let why = match &sending.person {
                Some(person) => format!("{} has no address for {}: give people.{person} an email", person, self.who()),
                None => format!("{} has nobody to write to: set paging.{}.to", self.who(), self.settings.channel),
            };
            return Outcome::Never { why: words::why(&why, &[]) };
        }
        let mail = match letter::compose(sending, &self.settings.from, to, (self.now)()) {
            Ok(mail) => mail,
            Err(why) => return Outcome::Never { why: words::why(&format!("{}: {why}", self.who()), &self.secrets) },
        };
        let mut step = Step::Connect;
        let conversation = async {
            let mut server = self.connect(&mut step).await?;
            let said = self.converse(&mut step, &mut server, to, &mail).await;
            Ok::<_, Failure>((said, server))
        };
        match tokio::time::timeout(self.settings.timeout, conversation).await {
            Ok(Ok((said, mut server))) => {
                // It is decided, however long the goodbye takes and whatever becomes of it.
                let _ = tokio::time::timeout(GOODBYE, server.quit()).await;
                match said {
                    Ok(receipt) => Outcome::Done { receipt: words::receipt(&receipt, &self.secrets) },
                    Err(failure) => self.failed(step, &failure),
                }
            }
            Ok(Err(failure)) => self.failed(step, &failure),
            Err(_) => self.retry(
                step,
                format!("{} did not answer {} within {:?}", self.who(), step.words(), self.settings.timeout),
            ),
        }
    }

    /// From the login to the receipt. `step` is where it stands, also when it is cut short.
    async fn converse(
        &self,
        step: &mut Step,
        server: &mut AsyncSmtpConnection,
        to: &[Mailbox],
        mail: &[u8],
    ) -> Result<String, Failure> {
        if let Some((user, password)) = &self.settings.login {
            *step = Step::LogIn;
            if server.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                let why = format!("{} offers no login by PLAIN or LOGIN", self.who());
                return Err(Failure::NotOffered(format!("{why}: check paging.{}", self.settings.channel)));
            }
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_string());
            completed(server.auth(DEFAULT_MECHANISMS, &credentials).await?)?;
        }
        *step = Step::Sender;
        completed(server.command(Mail::new(Some(self.settings.from.email.clone()), vec![])).await?)?;
        *step = Step::Recipient;
        let refused = recipients(server, to).await?;
        *step = Step::Data;
        let go_ahead = server.command(Data).await?;
        if !go_ahead.has_code(354) {
            return Err(Failure::Strange);
        }
        *step = Step::Message;
        let taken = completed(server.message(mail).await?)?;
        let said = taken.first_line().unwrap_or_default();
        let except = if refused.is_empty() { String::new() } else { format!("not for {}; ", refused.join(", ")) };
        Ok(format!("{except}{said}"))
    }

    async fn connect(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Failure> {
        let (host, port) = (self.settings.host.as_str(), self.settings.port);
        let name = ClientId::Domain(self.settings.from.email.domain().to_string());
        let within = Duration::from_secs(SEND_CONNECT_TIMEOUT_S);
        let unknown = |_| Failure::Unreachable("its name is not known".to_string());
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await.map_err(unknown)?.collect();
        match (self.settings.encryption, &self.tls) {
            (Encryption::Tls, tls) => {
                // Connects, shakes hands and greets in one: who does not answer in time has not got far.
                let all = AsyncSmtpConnection::connect_tokio1(&found[..], Some(within), &name, tls.clone(), None);
                Ok(all.await?)
            }
            (encryption, tls) => {
                let stream = match tokio::time::timeout(within, TcpStream::connect(&found[..])).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(e)) => return Err(Failure::Unreachable(words::cause(&e))),
                    Err(_) => return Err(Failure::Unreachable("no connection in time".to_string())),
                };
                // The end of a message goes out by itself, and must not wait for the rest to be confirmed.
                let _ = stream.set_nodelay(true);
                *step = Step::Greet;
                let by_line = Box::new(ByLine::new(stream));
                let mut server = AsyncSmtpConnection::connect_with_transport(by_line, &name).await?;
                if let (Encryption::StartTls, Some(tls)) = (encryption, tls) {
                    *step = Step::Encrypt;
                    if !server.can_starttls() {
                        let why = format!("{} offers no encryption (STARTTLS), so nothing was sent", self.who());
                        let hint = format!("check host and port in paging.{}", self.settings.channel);
                        return Err(Failure::NotOffered(format!("{why}: {hint}, or write tls = \"tls\"")));
                    }
                    server.starttls(tls.clone(), &name).await?;
                }
                Ok(server)
            }
        }
    }

    /// The outcome of a failure at a step: the table above.
    fn failed(&self, step: Step, failure: &Failure) -> Outcome {
        let who = self.who();
        let never = |why: String| Outcome::Never { why: words::why(&why, &self.secrets) };
        let error = match failure {
            Failure::NotOffered(why) => return never(why.clone()),
            Failure::Unreachable(why) => return self.retry(step, format!("{who} cannot be reached: {why}")),
            Failure::Strange => return self.retry(step, format!("{who} answered {} with nonsense", step.words())),
            Failure::Smtp(error) => error,
        };
        if let Some(code) = error.status() {
            let number = u16::from(code);
            let said = error.source().map(|s| format!("; it says: {s}")).unwrap_or_default();
            let final_one = code.severity == Severity::PermanentNegativeCompletion;
            let happened = match (step, final_one) {
                (Step::LogIn, true) => format!("{who} refused the login ({number}): check its user and password"),
                (_, true) => format!("{who} refused {} ({number})", step.words()),
                (_, false) => format!("{who} takes no mail for now ({number}, {})", step.words()),
            };
            let why = words::why(&format!("{happened}{said}"), &self.secrets);
            // Also after the message: a 4xx says that it was not taken.
            let retry = Outcome::Retry { after_s: None, why: why.clone(), maybe_arrived: false };
            return if final_one { Outcome::Never { why } } else { retry };
        }
        if let Some(rustls::Error::InvalidCertificate(why)) = words::tls_error(error) {
            let hint = "check host, or set ca_file to your own authority's certificate";
            return never(format!("{who} shows a certificate that cannot be trusted ({why}): {hint}"));
        }
        let cause =
            if error.is_response() { "it did not speak SMTP to the end".to_string() } else { words::cause(error) };
        match step {
            Step::Connect => self.retry(step, format!("{who} cannot be reached: {cause}")),
            Step::Encrypt => self.retry(step, format!("{who} could not be spoken to in private: {cause}")),
            _ => self.retry(step, format!("{who} broke off at {}: {cause}", step.words())),
        }
    }

    fn retry(&self, step: Step, happened: String) -> Outcome {
        let maybe_arrived = step == Step::Message;
        let known = if maybe_arrived { ", so it may or may not have taken it" } else { "" };
        Outcome::Retry { after_s: None, why: words::why(&format!("{happened}{known}"), &self.secrets), maybe_arrived }
    }
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Step::Connect => "the connection",
            Step::Greet => "the greeting",
            Step::Encrypt => "the encryption",
            Step::LogIn => "the login",
            Step::Sender => "the sender",
            Step::Recipient => "the recipient",
            Step::Data => "the request to hand over the message",
            Step::Message => "the message",
        }
    }
}

/// Names the recipients; those that were refused, if others were taken.
async fn recipients(server: &mut AsyncSmtpConnection, to: &[Mailbox]) -> Result<Vec<String>, Failure> {
    let mut refused: Vec<(String, SmtpError)> = Vec::new();
    for mailbox in to {
        match server.command(Rcpt::new(mailbox.email.clone(), vec![])).await {
            Ok(reply) => drop(completed(reply)?),
            Err(error) if error.status().is_some_and(|code| u16::from(code) != 421) => {
                refused.push((mailbox.email.to_string(), error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if refused.len() < to.len() {
        return Ok(refused.into_iter().map(|(address, e)| format!("{address} ({})", reply_code(&e))).collect());
    }
    // Nobody was taken. If one of them may be later, it is worth another try.
    let worth = refused.iter().position(|(_, e)| e.is_transient()).unwrap_or(0);
    Err(refused.swap_remove(worth).1.into())
}

fn reply_code(error: &SmtpError) -> u16 {
    error.status().map_or(0, u16::from)
}

/// 2xx; anything else that is positive is no end of what was asked for.
fn completed(reply: Response) -> Result<Response, Failure> {
    match reply.code().severity {
        Severity::PositiveCompletion => Ok(reply),
        _ => Err(Failure::Strange),
    }
}

/// The certificates to trust: the system's, and those of `ca_file`.
fn trust(settings: &Settings) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca_pem {
        tls = tls.add_root_certificate(authority(pem)?);
    }
    tls.build().map_err(|e| e.to_string())
}

/// The certificates of a PEM file; an error says what is wrong with it.
fn authority(pem: &str) -> Result<Certificate, String> {
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err("it holds no certificate (-----BEGIN CERTIFICATE-----)".to_string());
    }
    Certificate::from_pem(pem.as_bytes()).map_err(|e| e.to_string())
}

/// A password in every form in which it is said, so that a server that quotes it does not print it.
fn as_said(user: &str, password: &SecretString) -> Vec<SecretString> {
    let plain = password.expose_secret();
    let forms = [STANDARD.encode(format!("\0{user}\0{plain}")), STANDARD.encode(plain), plain.to_string()];
    forms.into_iter().map(SecretString::from).collect()
}

impl Notify for Smtp {
    fn channel(&self) -> &ChannelId {
        &self.settings.channel
    }
    fn guarantee(&self) -> Guarantee {
        Guarantee::AtLeastOnceLabelled
    }
    fn send<'a>(&'a self, sending: &'a Sending) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(sending))
    }
}

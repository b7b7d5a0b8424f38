//! Makes the parts that follow from a configuration. Start, restart and reload take this same path.

mod runs;

use crate::app::App;
use crate::app::audit::{AuditKey, Sweeper};
use crate::chat::discord::{Discord, Identities};
use crate::chat::slack::{self, Slack};
use crate::clock::{self, Clock};
use crate::config::{self, Config};
use crate::engine::ports::Beat;
use crate::engine::ports::execute::CarryOut;
use crate::measure::Known;
use crate::notify::{self, Pagers};
use crate::program::Program;
use crate::store::{self, Mode, Store};
use firebell_domain::chain::{hex, unhex};
use firebell_domain::directory::Directory;
use firebell_domain::limits;
use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A sentence for the operator that ends the start.
#[derive(Debug)]
pub struct CannotStart(pub String);

impl std::fmt::Display for CannotStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<store::OpenError> for CannotStart {
    fn from(e: store::OpenError) -> Self {
        CannotStart(e.to_string())
    }
}

impl From<crate::fault::Fault> for CannotStart {
    fn from(f: crate::fault::Fault) -> Self {
        CannotStart(f.chain)
    }
}

impl From<notify::BadSettings> for CannotStart {
    fn from(e: notify::BadSettings) -> Self {
        CannotStart(e.to_string())
    }
}

pub const TOKEN_FILE: &str = "firebell.token";
pub const KEY_FILE: &str = "firebell.key";
pub const CHECKPOINT_FILE: &str = "firebell.checkpoints";

/// Opens the database of a configuration.
pub async fn open(config: &Config, mode: Mode) -> Result<(Store, store::Lock), CannotStart> {
    Ok(store::open(config.database_url.expose_secret(), mode).await?)
}

/// The application over an open store, with nothing in force yet.
pub async fn app(store: Store) -> Result<App, CannotStart> {
    let candidate = hex(&random::<6>()?);
    Ok(App::start(store, Clock::System, Directory::default(), String::new(), &candidate).await?)
}

/// What follows from a configuration and is exchanged when another is put in force.
pub struct Setup {
    pub directory: Directory,
    pub program: Arc<Program>,
    pub public_url: String,
    pub pagers: Pagers,
    pub watcher: Option<Arc<dyn Beat>>,
    pub carrier: Arc<dyn CarryOut>,
}

/// `bound` is the address of the listener, which stays until the process ends.
pub fn setup(config: &Config, bound: SocketAddr) -> Result<Setup, CannotStart> {
    let public_url = config.public_url(bound);
    Ok(Setup {
        directory: config.directory(),
        program: Arc::new(config.program.clone()),
        pagers: pagers(config, &public_url)?,
        watcher: watcher(config)?,
        carrier: runs::carrier(config)?,
        public_url,
    })
}

/// Every configured pager.
pub fn pagers(config: &Config, public_url: &str) -> Result<Pagers, CannotStart> {
    pagers_by(config, public_url, Arc::new(clock::system_now))
}

/// The same, with the time from somewhere else: signatures carry it.
pub fn pagers_by(config: &Config, public_url: &str, now: notify::Now) -> Result<Pagers, CannotStart> {
    let timeout = Duration::from_secs(limits::SEND_TIMEOUT_S);
    let settings = config.pagers.iter().map(|p| match p {
        config::Pager::PagerDuty(p) => notify::Pager::PagerDuty(notify::pagerduty::Settings {
            channel: p.service.as_ref().map_or("pagerduty".into(), |name| format!("pagerduty.{name}").as_str().into()),
            api_url: p.api_url.base().to_string(),
            routing_key: Some(p.routing_key.clone()),
            routing_keys: p.routing_keys.clone(),
            public_url: public_url.to_string(),
            timeout,
        }),
        config::Pager::Smtp(s) => notify::Pager::Smtp(notify::smtp::Settings {
            channel: "smtp".into(),
            host: s.host.clone(),
            port: s.port,
            encryption: match s.tls {
                config::MailTls::StartTls => notify::smtp::Encryption::StartTls,
                config::MailTls::Tls => notify::smtp::Encryption::Tls,
                config::MailTls::None => notify::smtp::Encryption::None,
            },
            login: s.login.clone(),
            from: s.from.clone(),
            to: s.to.clone(),
            addresses: s.addresses.clone(),
            ca_pem: s.ca_pem.clone(),
            timeout,
        }),
        config::Pager::Webhook(w) => notify::Pager::Webhook(notify::webhook::Settings {
            channel: format!("webhook.{}", w.name).as_str().into(),
            url: SecretString::from(w.url.url().as_str()),
            secret: w.secret.clone(),
            timeout,
        }),
    });
    Ok(Pagers::new(settings.collect(), &notify::http::client()?, &now)?)
}

/// Slack, if it is configured.
pub fn slack(config: &Config, app: &App) -> Result<Option<Slack>, CannotStart> {
    let Some(settings) = &config.slack else { return Ok(None) };
    let slack = Slack::new(settings.clone(), app.clone(), slack_people(config));
    slack.map(Some).map_err(CannotStart)
}

/// Who people are in Slack, as far as the configuration says.
pub fn slack_people(config: &Config) -> slack::Mapped {
    let mut mapped = slack::Mapped::default();
    for (person, settings) in &config.people {
        mapped.by_id.extend(settings.slack.clone().map(|id| (id, person.clone())));
        mapped.by_email.extend(settings.email.as_ref().map(|e| (e.to_lowercase(), person.clone())));
    }
    mapped
}

/// Channels of the configured pagers.
pub fn channels(config: &Config) -> Vec<String> {
    config.pagers.iter().map(|p| p.channel().to_string()).collect()
}

/// What figures will have names for.
pub fn known(config: &Config) -> Known {
    Known {
        version: env!("CARGO_PKG_VERSION"),
        database: if config.sqlite_path().is_some() { "sqlite" } else { "postgres" },
        channels: channels(config),
        sources: config.ingest.keys().cloned().collect(),
        severity_ranks: config.severities.iter().map(|s| s.rank).collect(),
    }
}

/// The connection to Discord, where there is one.
pub fn discord(config: &Config, app: &App) -> Result<Option<Arc<Discord>>, CannotStart> {
    let Some(settings) = &config.discord else { return Ok(None) };
    Discord::of(settings.clone(), discord_people(config), app.clone()).map(Some).map_err(CannotStart)
}

/// Who is who there.
pub fn discord_people(config: &Config) -> Identities {
    Identities::new(config.people.iter().filter_map(|(id, p)| Some((id.clone(), p.discord.clone()?))))
}

/// Whoever watches from outside, if anybody does.
pub fn watcher(config: &Config) -> Result<Option<Arc<dyn Beat>>, CannotStart> {
    let Some(address) = &config.heartbeat else { return Ok(None) };
    let url = SecretString::from(address.url().as_str());
    Ok(Some(Arc::new(notify::heartbeat::Heartbeat::new(&url, notify::http::client()?)?)))
}

/// What seals the log: the configured key, else the generated one.
pub fn audit_key(config: &Config, make: bool) -> Result<AuditKey, CannotStart> {
    let bytes = match &config.audit_key {
        Some(key) => key.expose_secret().to_vec(),
        None => {
            let path = config.data_file(KEY_FILE);
            let text = secret_file(&path, make, || Ok(hex(&random::<32>()?)))?;
            unhex(&text).unwrap_or_default()
        }
    };
    let key: Result<[u8; 32], _> = bytes.try_into();
    key.map(AuditKey).map_err(|_| {
        CannotStart(format!(
            "{} does not hold 64 hexadecimal digits. Restore it from a copy: without it the log cannot be verified.",
            config.data_file(KEY_FILE).display()
        ))
    })
}

pub fn sweeper(config: &Config) -> Result<Sweeper, CannotStart> {
    Ok(Sweeper::new(audit_key(config, true)?, config.data_file(CHECKPOINT_FILE)))
}

/// What `firebell say` shows to a running bot on the same machine.
pub fn local_token(config: &Config, make: bool) -> Result<SecretString, CannotStart> {
    let path = config.data_file(TOKEN_FILE);
    secret_file(&path, make, || Ok(hex(&random::<32>()?))).map(SecretString::from)
}

/// Reads a secret that Firebell made for itself, or makes it: readable by its owner only, complete or not there.
fn secret_file(
    path: &Path,
    make: bool,
    fresh: impl FnOnce() -> Result<String, CannotStart>,
) -> Result<String, CannotStart> {
    let failed = |e: std::io::Error| CannotStart(format!("{}: {e}", path.display()));
    match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_string()),
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    if !make {
        return Err(CannotStart(format!(
            "{} is not there: \"firebell serve\" makes it at its first start.",
            path.display()
        )));
    }
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let secret = fresh()?;
    let part = path.with_extension(format!("part{}", std::process::id()));
    use std::os::unix::fs::OpenOptionsExt;
    let _ = std::fs::remove_file(&part);
    let mut file = std::fs::File::options().create_new(true).write(true).mode(0o600).open(&part).map_err(failed)?;
    writeln!(file, "{secret}").and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)?;
    Ok(secret)
}

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], CannotStart> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| CannotStart(format!("no random numbers to be had: {e}")))?;
    Ok(bytes)
}

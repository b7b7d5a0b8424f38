//! The way to one machine: who is let in there, by which key, and how its own key is known. The host's key must stand in
//! known_hosts: one that is not there, or is another, ends the connection before anything is sent, and is never accepted
//! by itself. One connection serves all commands of a target; it ends by itself when nobody uses it.

use super::super::clean::Secrets;
use openssh::{ControlPersist, ForwardType, KnownHosts, Session, SessionBuilder};
use secrecy::{ExposeSecret, SecretString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::num::NonZeroUsize;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

/// Until somebody answers at the other end.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Three of these without a sign of life end the connection.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// Seconds that a connection stays open unused: the next command of a diagnosis finds it.
const IDLE_S: usize = 120;
/// Commands at once over one connection: sshd allows ten of itself, and some are for ending what hangs.
const AT_ONCE: usize = 6;
/// Where the folders of connections are, how they are named, and the file in each that says whether somebody uses it.
const TEMPORARY: &str = "/tmp";
const FOLDER: &str = "firebell-ssh-";
const LOCK: &str = "lock";
/// Where Docker listens, unless the address says otherwise.
const DOCKER: &str = "/var/run/docker.sock";

/// As it is configured.
#[derive(Clone)]
pub struct Place {
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    /// What a runbook may call it beside its host.
    pub aliases: Vec<String>,
    /// A private key; without it, those of the operator's own ssh.
    pub key: Option<SecretString>,
    /// Without it, the operator's own files.
    pub known_hosts: Option<PathBuf>,
    /// Where commands start, over there.
    pub folder: Option<String>,
    /// Whether text may run there that only a shell can run.
    pub scripts: bool,
    /// Of the Docker there.
    pub socket: String,
    pub secrets: Secrets,
}

impl Place {
    /// `ssh://[user@]host[:port][/path/of/docker.sock]`, or the same without `ssh://`.
    pub fn read(address: &str) -> Option<Place> {
        let rest = address.strip_prefix("ssh://").unwrap_or(address);
        let (at, socket) = rest.find('/').map_or((rest, DOCKER), |slash| rest.split_at(slash));
        let (user, at) = at.rsplit_once('@').map_or((None, at), |(user, at)| (Some(user), at));
        let bracketed = at.strip_prefix('[').and_then(|a| a.split_once(']'));
        let (host, port) = match bracketed {
            Some((host, after)) => (host, after.strip_prefix(':')),
            None => at.split_once(':').map_or((at, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map(|p| p.parse::<u16>()).transpose().ok()?;
        // What begins with a dash would be an option to the program.
        let plain = |text: &str, more: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            !text.is_empty() && !text.starts_with('-') && text.chars().all(fits)
        };
        let fits = plain(host, ".-_:%")
            && user.is_none_or(|u| plain(u, ".-_\\"))
            && (host.contains(':') == bracketed.is_some());
        let socket = if socket == "/" { DOCKER } else { socket };
        let fits = fits && socket.chars().all(|c| !c.is_control() && c != ':');
        fits.then(|| Place {
            host: host.to_string(),
            port,
            user: user.map(str::to_string),
            aliases: Vec::new(),
            key: None,
            known_hosts: None,
            folder: None,
            scripts: false,
            socket: socket.to_string(),
            secrets: Secrets::default(),
        })
    }

    /// `bo@db:2222`, for people.
    pub fn shown(&self) -> String {
        let user = self.user.as_ref().map_or(String::new(), |u| format!("{u}@"));
        let port = self.port.map_or(String::new(), |p| format!(":{p}"));
        format!("{user}{}{port}", self.host)
    }
}

struct Open {
    session: Arc<Session>,
    /// Docker's socket over there is reachable here.
    forwarded: bool,
}

pub struct Remote {
    pub place: Place,
    /// For the sockets of the connection; nobody else gets in.
    folder: PathBuf,
    /// Held as long as somebody uses the folder: by it one that was left behind is told.
    lock: std::sync::Mutex<Option<File>>,
    open: Mutex<Option<Open>>,
    places: Semaphore,
}

/// A command's own right to the connection.
pub struct Way<'a> {
    pub session: Arc<Session>,
    _place: SemaphorePermit<'a>,
}

impl Remote {
    pub fn new(place: Place) -> Result<Arc<Remote>, String> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|_| "The machine gives no random numbers")?;
        let name: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        // Not below a home: the path of a socket may have a hundred letters and no more.
        let folder = Path::new(TEMPORARY).join(format!("{FOLDER}{name}"));
        let (lock, open) = (std::sync::Mutex::new(None), Mutex::new(None));
        Ok(Arc::new(Remote { place, folder, lock, open, places: Semaphore::new(AT_ONCE) }))
    }

    /// `Err`: nothing was sent.
    pub async fn way(&self) -> Result<Way<'_>, String> {
        let place = self.places.acquire().await.map_err(|_| "The connection is closed".to_string())?;
        let mut open = self.open.lock().await;
        Ok(Way { session: self.session(&mut open).await?.session.clone(), _place: place })
    }

    /// Where Docker over there is reachable, once `forward` has succeeded.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    /// Makes Docker over there reachable here; `true` when it was not before.
    pub async fn forward(&self) -> Result<bool, String> {
        let mut open = self.open.lock().await;
        let open = self.session(&mut open).await?;
        if open.forwarded {
            return Ok(false);
        }
        // A connection that was lost leaves its end behind.
        fs::remove_file(self.socket()).ok();
        let (here, there) = (self.socket(), PathBuf::from(&self.place.socket));
        let asked = open.session.request_port_forward(ForwardType::Local, here.as_path(), there.as_path()).await;
        asked.map_err(|e| self.sentence(&e))?;
        open.forwarded = true;
        Ok(true)
    }

    async fn session<'a>(&self, open: &'a mut Option<Open>) -> Result<&'a mut Open, String> {
        let alive = match &open {
            Some(open) => open.session.check().await.is_ok(),
            None => false,
        };
        if !alive {
            *open = None;
            *open = Some(Open { session: Arc::new(self.connect().await?), forwarded: false });
        }
        open.as_mut().ok_or_else(|| "There is no connection".to_string())
    }

    async fn connect(&self) -> Result<Session, String> {
        let unwritable = |e: std::io::Error| format!("{}: {}", self.folder.display(), super::super::ran::io(&e));
        self.make_folder().map_err(unwritable)?;
        let mut builder = SessionBuilder::default();
        builder
            .known_hosts_check(KnownHosts::Strict)
            .control_directory(&self.folder)
            .control_persist(ControlPersist::IdleFor(NonZeroUsize::MIN.saturating_add(IDLE_S - 1)))
            .connect_timeout(CONNECT_TIME)
            .server_alive_interval(ALIVE_EVERY);
        if let Some(user) = &self.place.user {
            builder.user(user.clone());
        }
        if let Some(port) = self.place.port {
            builder.port(port);
        }
        if let Some(file) = &self.place.known_hosts {
            builder.user_known_hosts_file(file);
        }
        let key = Key::write(&self.folder.join("key"), self.place.key.as_ref()).map_err(unwritable)?;
        if let Some(key) = &key {
            builder.keyfile(&key.0);
        }
        let connected = builder.connect(&self.place.host).await;
        // Who is in needs no key any more.
        drop(key);
        connected.map_err(|e| self.sentence(&e))
    }

    fn make_folder(&self) -> std::io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() && self.folder.join(LOCK).exists() {
            return Ok(());
        }
        sweep();
        DirBuilder::new().mode(0o700).recursive(true).create(&self.folder)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.folder.join(LOCK))?;
        file.try_lock().ok();
        *lock = Some(file);
        Ok(())
    }

    /// What ssh says, for people.
    fn sentence(&self, error: &openssh::Error) -> String {
        let mut text = error.to_string();
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
            text = innermost.to_string();
        }
        let shown = self.place.shown();
        let known = self.place.known_hosts.as_ref().map_or("known_hosts".to_string(), |f| f.display().to_string());
        let has = |words: &str| text.contains(words);
        if has("IDENTIFICATION HAS CHANGED") || has("Offending") {
            return format!(
                "{shown} shows another host key than {known} has for it, so nothing was sent: somebody may stand in between. If the machine was really set up anew, put its new key there"
            );
        }
        if has("host key is known") || has("Host key verification failed") {
            return format!(
                "The host key of {shown} is not known, so nothing was sent. Compare it with the machine's own and add it to {known}"
            );
        }
        if has("invalid format") || has("error in libcrypto") || has("Load key") {
            return format!("The private key for {shown} cannot be read: it has to be one without a passphrase");
        }
        if has("Permission denied") {
            return format!("{shown} lets nobody in with this user and key");
        }
        let line = text.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or("ssh said nothing").to_string();
        let line = line.strip_prefix("ssh: ").unwrap_or(&line).to_lowercase();
        format!("{shown} cannot be reached: {}", line.trim_end_matches('.'))
    }
}

/// Takes away what a Firebell that was killed left behind: nobody holds its lock any more.
fn sweep() {
    let entries = fs::read_dir(TEMPORARY).into_iter().flatten().flatten();
    for folder in entries.filter(|e| e.file_name().to_string_lossy().starts_with(FOLDER)).map(|e| e.path()) {
        let lock = OpenOptions::new().write(true).open(folder.join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            fs::remove_dir_all(&folder).ok();
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // The connection first: its sockets are in there.
        drop(self.open.get_mut().take());
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A private key in a file, for as long as ssh needs to read it.
struct Key(PathBuf);

impl Key {
    fn write(file: &Path, key: Option<&SecretString>) -> std::io::Result<Option<Key>> {
        let Some(key) = key else { return Ok(None) };
        fs::remove_file(file).ok();
        let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        let kept = Key(file.to_path_buf());
        written.write_all(key.expose_secret().trim_end().as_bytes())?;
        written.write_all(b"\n")?;
        Ok(Some(kept))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_machine_and_nothing_else() {
        for (address, shown, socket) in [
            ("db", "db", DOCKER),
            ("bo@db.example.org:2222", "bo@db.example.org:2222", DOCKER),
            ("ssh://root@157.230.13.13", "root@157.230.13.13", DOCKER),
            ("ssh://shop/run/user/1000/docker.sock", "shop", "/run/user/1000/docker.sock"),
            ("[2001:db8::7]:22", "2001:db8::7:22", DOCKER),
        ] {
            let place = Place::read(address);
            let read = place.as_ref().map(|p| (p.shown(), p.socket.as_str()));
            assert_eq!(read, Some((shown.to_string(), socket)), "{address}");
        }
        for address in [
            "",
            "-oProxyCommand=x",
            "ssh://-x",
            "bo@-x",
            "a b",
            "db:x",
            "db:99999",
            "-l@db",
            "2001:db8::7",
            "db;x",
            "$(x)",
        ] {
            assert!(Place::read(address).is_none(), "{address}");
        }
    }
}

//! A real mail server: Exim, from Debian, as a company's submission server is set up. It wants encryption and a login
//! before it takes anything, and delivers into a folder that the test reads.
//!
//! It runs without rights of its own (its set-uid bit is switched off), listens on loopback, and gets a certificate
//! from an authority that the test makes and nobody else trusts. Mails are read by Python's parser, so that what we wrote
//! is judged by somebody else's idea of a mail. It never sends anything on: every address is a file here.

use super::files::folder_for_other_users;
use super::port::{Port, free_port};
use super::process::{Process, kept, kill_all_inside};
use super::{BOUND, eventually};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const EXIM: &str = "/usr/sbin/exim4";
pub const USER: &str = "firebell";
pub const PASSWORD: &str = "between firebell and mail";

#[derive(Debug)]
pub struct MailServer {
    process: Option<Process>,
    /// STARTTLS; encrypted from the first byte; in the clear, without STARTTLS.
    ports: [Port; 3],
    folder: PathBuf,
}

/// A mail as Python reads it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Mail {
    /// The one header of this name; empty when there is none, and a failure when there are two.
    pub fn header(&self, name: &str) -> &str {
        let mut all = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let first = all.next().map_or("", |(_, value)| value.as_str());
        assert!(all.next().is_none(), "two headers {name}: {:#?}", self.headers);
        first
    }

    pub fn to(&self) -> &str {
        self.header("to")
    }

    pub fn subject(&self) -> &str {
        self.header("subject")
    }
}

impl MailServer {
    pub async fn start() -> MailServer {
        assert!(
            Path::new(EXIM).exists(),
            "{EXIM} is not installed, and the tests need it. Run ./test --install (or apt-get install exim4-daemon-light)"
        );
        let folder = folder_for_other_users("mail");
        let ports = [free_port(), free_port(), free_port()];
        let mut server = MailServer { process: None, ports, folder };
        server.make_certificates();
        for name in ["spool", "mail", "mail/new", "mail/cur", "mail/tmp"] {
            fs::create_dir(server.folder.join(name)).expect("the server's folder can be written");
        }
        fs::write(server.folder.join("log-main"), "").expect("the server's folder can be written");
        fs::write(server.folder.join("exim.conf"), server.config()).expect("the server's folder can be written");
        if as_root() {
            run(Command::new("chown").args(["-R", "Debian-exim:"]).arg(&server.folder));
        }
        server.start_again().await;
        server
    }

    /// Starts it where it was, after `stop`, and waits until it greets.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the mail server is running");
        let mut command = match as_root() {
            // Not as root, and without the bit that would make it root again.
            true => {
                let mut command = Command::new("setpriv");
                command
                    .args(["--reuid=Debian-exim", "--regid=Debian-exim", "--init-groups", "--nnp"])
                    .args(["--pdeathsig=KILL", "--"])
                    .arg(EXIM);
                command
            }
            false => {
                let mut command = kept("setpriv");
                command.args(["--nnp", "--"]).arg(EXIM);
                command
            }
        };
        command.arg("-C").arg(self.folder.join("exim.conf")).args(["-bdf", "-q1h"]).current_dir(&self.folder);
        self.process = Some(Process::start("the mail server", command, &self.folder.join("log-main")));
        let (process, address) = (self.process.as_mut().expect("just started"), self.ports[0].address());
        eventually("the mail server greets", BOUND, async || {
            if let Some(status) = process.ended() {
                panic!("the mail server ended by itself: {status}\n{}", process.log_tail());
            }
            let Ok(mut stream) = TcpStream::connect(&address).await else { return false };
            let mut greeting = [0; 3];
            stream.read_exact(&mut greeting).await.is_ok() && greeting == *b"220"
        })
        .await;
    }

    /// Kills it; its port refuses from here on.
    pub fn stop(&mut self) {
        self.process = None;
        kill_all_inside(&self.folder);
    }

    /// Begins in the clear, wants STARTTLS.
    pub fn port(&self) -> u16 {
        self.ports[0].number()
    }

    /// Encrypted from the first byte.
    pub fn tls_port(&self) -> u16 {
        self.ports[1].number()
    }

    /// Offers no encryption and takes logins in the clear, as nobody should.
    pub fn clear_port(&self) -> u16 {
        self.ports[2].number()
    }

    /// The certificate of the authority that the server's is from; it is for `localhost` only.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// `[paging.smtp]` for this server.
    pub fn toml(&self) -> String {
        format!(
            r#"
    [paging.smtp]
    host = "localhost"
    port = {}
    user = "{USER}"
    password = "{PASSWORD}"
    from = "Firebell <firebell@example.org>"
    to = ["oncall@example.org"]
    ca_file = "{}"
"#,
            self.port(),
            self.ca_file().display()
        )
    }

    /// Waits until this many mails have been delivered, in the order in which they were taken.
    pub async fn mails(&self, count: usize) -> Vec<Mail> {
        let new = self.folder.join("mail/new");
        let delivered = || fs::read_dir(&new).expect("the mail folder is there").count();
        eventually(&format!("{count} mails have been delivered"), BOUND, async || delivered() >= count).await;
        let mails = self.read();
        assert_eq!(mails.len(), count, "{mails:#?}");
        mails
    }

    /// What has been delivered so far.
    pub fn read(&self) -> Vec<Mail> {
        let read = run(Command::new("python3").args(["-c", READ]).arg(self.folder.join("mail/new")));
        let mails: Value = serde_json::from_slice(&read).expect("the script prints JSON");
        let text = |v: &Value| v.as_str().expect("text").to_string();
        let mail = |v: &Value| Mail {
            headers: v["headers"].as_array().expect("a list").iter().map(|h| (text(&h[0]), text(&h[1]))).collect(),
            body: text(&v["body"]),
        };
        mails.as_array().expect("a list").iter().map(mail).collect()
    }

    /// What the server wrote down of its conversations.
    pub fn log(&self) -> String {
        let logs = ["log-main", "log-reject", "log-panic"];
        logs.map(|name| fs::read_to_string(self.folder.join(name)).unwrap_or_default()).concat()
    }

    fn make_certificates(&self) {
        let openssl = |arguments: &[&str]| {
            run(Command::new("openssl").args(arguments).current_dir(&self.folder).stderr(Stdio::null()));
        };
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let ca = ["req", "-x509", "-subj", "/CN=Tests", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl(&[&ca[..], &curve].concat());
        let own = ["req", "-x509", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"];
        let signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost"];
        openssl(&[&own[..], &curve, &signed, &["-addext", "basicConstraints=critical,CA:FALSE"]].concat());
    }

    fn config(&self) -> String {
        let [starttls, tls, clear] = [self.port(), self.tls_port(), self.clear_port()];
        let (user, group) = if as_root() { ("Debian-exim".into(), "Debian-exim".into()) } else { own_ids() };
        CONFIG
            .replace("FOLDER", &self.folder.display().to_string())
            .replace("EXIM_USER", &user)
            .replace("EXIM_GROUP", &group)
            .replace("PORTS", &format!("{starttls} : {tls} : {clear}"))
            .replace("TLS_PORT", &tls.to_string())
            .replace("CLEAR_PORT", &clear.to_string())
            .replace("USER", USER)
            .replace("PASSWORD", PASSWORD)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("--- what the mail server wrote down ---\n{}", self.log());
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn as_root() -> bool {
    own_ids().0 == "0"
}

fn own_ids() -> (String, String) {
    let own = fs::metadata("/proc/self").expect("/proc is mounted");
    (own.uid().to_string(), own.gid().to_string())
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}. Run ./test --install"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Addresses that it does not take: `nobody@` (550), `greylisted@` (451), `full@` (452).
const CONFIG: &str = r#"
primary_hostname = mail.example.org
exim_user = EXIM_USER
exim_group = EXIM_GROUP
never_users =
spool_directory = FOLDER/spool
log_file_path = FOLDER/log-%s
pid_file_path = FOLDER/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORTS
tls_on_connect_ports = TLS_PORT
tls_certificate = FOLDER/cert.pem
tls_privatekey = FOLDER/key.pem
tls_advertise_hosts = ${if eq{$received_port}{CLEAR_PORT}{}{*}}
auth_advertise_hosts = ${if or{{!eq{$tls_in_cipher}{}}{eq{$received_port}{CLEAR_PORT}}}{*}{}}
keep_environment =
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = check_recipient
acl_smtp_data = accept

begin acl
check_recipient:
  require message = log in first
          authenticated = *
  deny    local_parts = nobody
          message = 550 5.1.1 no such mailbox
  defer   local_parts = greylisted
          message = 451 4.7.1 greylisted, come back in five minutes
  defer   local_parts = full
          message = 452 4.2.2 mailbox full
  accept

begin routers
everything:
  driver = accept
  transport = into_folder

begin transports
into_folder:
  driver = appendfile
  directory = FOLDER/mail
  maildir_format
  envelope_to_add

begin authenticators
PLAIN:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{USER}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
LOGIN:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{USER}}{eq{$auth2}{PASSWORD}}}}
  server_set_id = $auth1
"#;

/// Reads a Maildir folder; the names of its files begin with the time of delivery.
const READ: &str = r#"
import email, email.policy, json, os, sys
mails = []
folder = sys.argv[1]
for name in sorted(os.listdir(folder), key=lambda n: (os.stat(os.path.join(folder, n)).st_mtime_ns, n)):
    with open(os.path.join(folder, name), "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    assert not mail.defects and not mail.is_multipart(), (name, mail.defects)
    mails.append({"headers": [[k, str(v)] for k, v in mail.items()], "body": mail.get_content()})
json.dump(mails, sys.stdout)
"#;

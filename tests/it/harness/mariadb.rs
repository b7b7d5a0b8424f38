//! A real MariaDB of the test's own: its own folder, port and password, on loopback, stopped when the test is over. It
//! never uses the system's, and never skips: without MariaDB the test fails and says what to install.

use super::eventually_blocking;
use super::files::folder_for_other_users;
use super::port::{Port, free_port};
use super::process::{Process, kept, kill_all_inside};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const SERVER: &str = "/usr/sbin/mariadbd";
/// Its folder is made in ten seconds on an idle machine.
const START_BOUND: Duration = Duration::from_secs(90);

pub const USER: &str = "firebell";
pub const PASSWORD: &str = "between-firebell-and-mariadb";

#[derive(Debug)]
pub struct MariaDb {
    process: Option<Process>,
    folder: PathBuf,
    port: Port,
    options: Vec<String>,
}

impl MariaDb {
    /// With an empty database `shop`, and one user who may do everything.
    pub fn start() -> MariaDb {
        assert!(
            Path::new(SERVER).exists(),
            "{SERVER} is not installed, and the tests need it. Run ./test --install (or apt-get install mariadb-server)"
        );
        let folder = folder_for_other_users("mariadb");
        let as_root = fs::metadata("/proc/self").expect("/proc is mounted").uid() == 0;
        let data = folder.join("data");
        // Each starting server clears its folder for temporary tables: it must be nobody else's.
        let scratch = folder.join("scratch");
        for folder in [&data, &scratch] {
            fs::create_dir(folder).expect("the folder can be written");
        }
        let init = format!(
            "CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n\
             GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n\
             DROP USER IF EXISTS ''@'localhost';\nCREATE DATABASE IF NOT EXISTS shop;\n"
        );
        fs::write(folder.join("init.sql"), init).expect("the folder can be written");
        let mut made = Command::new("mariadb-install-db");
        made.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        made.arg(format!("--tmpdir={}", scratch.display())).env("TMPDIR", &scratch);
        made.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        if as_root {
            run(Command::new("chown").args(["-R", "mysql:"]).arg(&folder));
            made.arg("--user=mysql");
        }
        run(&mut made);
        let mut server = MariaDb { process: None, folder, port: free_port(), options: Vec::new() };
        server.start_again();
        server
    }

    /// Starts it after it was killed, with the data it had, and waits until it lets us in.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "this MariaDB is running");
        let path = |name: &str| self.folder.join(name).display().to_string();
        let mut command = match fs::metadata("/proc/self").expect("/proc is mounted").uid() {
            0 => {
                let mut command = Command::new("setpriv");
                command
                    .args(["--reuid=mysql", "--regid=mysql", "--clear-groups", "--pdeathsig=KILL", "--"])
                    .arg(SERVER);
                command
            }
            _ => kept(SERVER),
        };
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={}", path("data")))
            .arg(format!("--tmpdir={}", path("scratch")))
            .arg(format!("--socket={}", path("socket")))
            .arg(format!("--pid-file={}", path("pid")))
            .arg(format!("--init-file={}", path("init.sql")))
            .arg(format!("--port={}", self.port.number()))
            .args(["--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M", "--skip-log-bin"])
            .args(&self.options)
            .current_dir(self.folder.join("data"));
        let log = self.folder.join("log");
        let mut process = Process::start("MariaDB", command, &log);
        eventually_blocking("MariaDB lets us in", START_BOUND, || {
            assert!(process.ended().is_none(), "MariaDB ended by itself:\n{}", process.log_tail());
            self.query("SELECT 1").is_ok()
        });
        self.process = Some(process);
    }

    /// Starts it again so that it can encrypt, by `server.crt` and `server.key` that are laid into its folder.
    pub fn encrypts(&mut self, lay: impl FnOnce(&Path)) {
        self.kill9();
        lay(&self.folder);
        let path = |name: &str| self.folder.join(name).display().to_string();
        self.options = vec![format!("--ssl-cert={}", path("server.crt")), format!("--ssl-key={}", path("server.key"))];
        self.start_again();
    }

    /// As a machine's end would.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `mysql://user:password@127.0.0.1:PORT/shop`
    pub fn url(&self) -> String {
        format!("mysql://{USER}:{PASSWORD}@{}/shop", self.port.address())
    }

    /// Runs SQL by the mariadb program, from outside; answers the rows without decoration, or the complaint.
    pub fn query(&self, statement: &str) -> Result<String, String> {
        let output = self.client(&["--batch", "--skip-column-names", "--execute", statement]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// The mariadb program, as it prints.
    pub fn client(&self, words: &[&str]) -> std::process::Output {
        let port = format!("--port={}", self.port.number());
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--host=127.0.0.1", "--database=shop", "--user", USER, &port]);
        command.args(words).env("MYSQL_PWD", PASSWORD).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("cannot start mariadb: {error}. Run ./test --install"))
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.process = None;
        kill_all_inside(&self.folder);
        if std::thread::panicking() {
            eprintln!("The files of this failed test are kept in {}", self.folder.display());
        } else {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

//! The real `firebell` program as people run it: a configuration file, a process, its port, its signals.
//!
//! It never looks inside: everything is asked over HTTP, by `firebell say`, or read from the files a user has.

use super::files::{TempDir, temp_dir};
use super::port::{Port, free_port};
use super::process::{Process, kept};
use super::{Answer, BOUND, eventually, http_client};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const FIREBELL: &str = env!("CARGO_BIN_EXE_firebell");
/// A lost claim comes back when its lease has run out; one database's own process takes it back at its start.
const SENT_BOUND: Duration = Duration::from_secs(90);

/// One installation: a folder with a configuration, and a running `serve` most of the time.
#[derive(Debug)]
pub struct Serve {
    process: Option<Process>,
    environment: Vec<(String, String)>,
    /// What `serve` is started through: a program that sets the stage and then becomes what follows it.
    through: Vec<String>,
    port: Port,
    http: reqwest::Client,
    folder: TempDir,
}

impl Serve {
    /// A folder with this configuration, not started yet. `listen` and, unless `config` has one, `database_url`
    /// (SQLite in the folder) are put before it.
    pub fn configured(config: &str) -> Serve {
        let (folder, port) = (temp_dir(), free_port());
        // Tests page one person hundreds of times a minute; those of the storm rule say so.
        let environment = match config.contains("rings_per_minute") {
            true => Vec::new(),
            false => vec![("FIREBELL_PAGING__RINGS_PER_MINUTE".to_string(), "10000".to_string())],
        };
        let serve = Serve { process: None, environment, through: Vec::new(), port, http: http_client(), folder };
        serve.configure(config);
        serve
    }

    /// Writes another configuration, with the same lines before it. A running `serve` does not read it by itself.
    pub fn configure(&self, config: &str) {
        let mut text = format!("listen = {:?}\n", self.port.address());
        if !config.lines().any(|line| line.starts_with("database_url")) {
            text += &format!("database_url = \"sqlite://{}\"\n", self.folder.join("firebell.db").display());
        }
        text += config;
        fs::write(self.config_path(), text).expect("the test's folder can be written");
    }

    /// Sends SIGHUP and waits until the log says what came of it; what it says from there on.
    pub async fn reload(&self) -> String {
        let before = self.log().len();
        self.signal("HUP");
        let said = || self.log().get(before..).unwrap_or_default().to_owned();
        let decided = |log: &str| log.contains("configuration is in force") || log.contains("stays in force");
        eventually("the reload has come to its end", BOUND, async || decided(&said())).await;
        said()
    }

    /// `configured`, then started and ready.
    pub async fn start(config: &str) -> Serve {
        let mut serve = Serve::configured(config);
        serve.start_again().await;
        serve
    }

    /// Sets an environment variable for everything that is started from here on.
    pub fn env(mut self, name: &str, value: &str) -> Serve {
        self.set_env(name, value);
        self
    }

    pub fn set_env(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn unset_env(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// Starts every `serve` from here on through this command (a namespace of its own, a program that lies about the
    /// time): it gets the real command line behind its own and has to `exec` it.
    pub fn through(mut self, command: &[&str]) -> Serve {
        self.through = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config_path(&self) -> PathBuf {
        self.folder.join("firebell.toml")
    }

    /// Starts `serve` and waits until it says that it is ready.
    pub async fn start_again(&mut self) {
        self.start_unready();
        self.wait_ready().await;
    }

    /// Starts `serve` without waiting for anything: for starts that are expected to fail or to be killed.
    pub fn start_unready(&mut self) {
        assert!(self.process.is_none(), "this firebell is running");
        let log = self.folder.join("serve.log");
        let plain = self.firebell("serve");
        let command = match self.through.split_first() {
            None => plain,
            Some((program, arguments)) => {
                let mut staged = Command::new(program);
                staged.args(arguments).arg(plain.get_program()).args(plain.get_args());
                staged.current_dir(self.folder.path());
                for (name, value) in plain.get_envs() {
                    match value {
                        Some(value) => staged.env(name, value),
                        None => staged.env_remove(name),
                    };
                }
                staged
            }
        };
        self.process = Some(Process::start("firebell serve", command, &log));
    }

    /// A command that runs a subcommand in the folder, with its configuration and nothing of the developer's own.
    fn firebell(&self, subcommand: &str) -> Command {
        let mut command = kept(FIREBELL);
        command.args([subcommand, "--config"]).arg(self.config_path()).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FIREBELL_") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Waits until `GET /ready` answers 200; fails at once when the process ends instead.
    pub async fn wait_ready(&mut self) {
        let process = self.process.as_mut().expect("this firebell is running");
        let address = format!("{}/ready", self.port.url());
        let http = &self.http;
        eventually("firebell is ready", BOUND, async || {
            if let Some(status) = process.ended() {
                panic!("firebell ended instead of getting ready: {status}");
            }
            Answer::to(http.get(&address)).await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
    }

    /// Waits until it is ready, or has ended instead: for starts that may be cut short. Says whether it is ready.
    pub async fn ready_or_ended(&mut self) -> bool {
        let address = format!("{}/ready", self.port.url());
        let mut ready = false;
        let http = self.http.clone();
        eventually("firebell is ready or has ended", BOUND, async || {
            ready = Answer::to(http.get(&address)).await.is_ok_and(|answer| answer.status == 200);
            ready || self.has_ended()
        })
        .await;
        ready
    }

    /// Whether the process has ended by itself. It still has to be taken away, by `kill9` or `ended`.
    pub fn has_ended(&mut self) -> bool {
        self.process.as_mut().expect("this firebell was started").ended().is_some()
    }

    /// The process id of the running `serve`.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("this firebell is running").id()
    }

    /// Kills it with SIGKILL, as a power cut would.
    pub fn kill9(&mut self) {
        let mut process = self.process.take().expect("this firebell is running");
        process.kill();
    }

    /// Sends it a signal (`STOP`, `CONT`, `HUP`, …).
    pub fn signal(&self, signal: &str) {
        self.process.as_ref().expect("this firebell is running").signal(signal);
    }

    /// Asks it to end (SIGTERM); panics unless it ends in time and with status 0.
    pub async fn terminate(&mut self) {
        self.signal("TERM");
        let status = self.ended().await;
        assert_eq!(status, Some(0), "firebell did not end cleanly on SIGTERM");
    }

    /// Waits until it ends by itself; its exit status, or nothing when a signal ended it.
    pub async fn ended(&mut self) -> Option<i32> {
        let mut process = self.process.take().expect("this firebell is running");
        let Some(status) = process.end_within(BOUND).await else {
            panic!("firebell was still running after {BOUND:?}");
        };
        status.code()
    }

    /// What it has printed so far, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default()
    }

    /// Runs another subcommand with the same configuration; its exit status and what it printed.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let (subcommand, rest) = arguments.split_first().expect("a subcommand is given");
        let mut command = tokio::process::Command::from(self.firebell(subcommand));
        command.args(rest).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(BOUND, command.output())
            .await
            .unwrap_or_else(|_| panic!("firebell {arguments:?} took longer than {BOUND:?}"))
            .expect("firebell can be started");
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Speaks to the bot as somebody (`firebell say --as WHO TEXT`); the exit status and the replies.
    pub async fn say(&self, who: &str, text: &str) -> (i32, String) {
        let ran = self.run(&["say", "--as", who, text]).await;
        (ran.status, ran.stdout)
    }

    pub fn url(&self) -> String {
        self.port.url()
    }

    /// The local token: what `firebell say` uses.
    pub fn token(&self) -> String {
        let path = self.folder.join("firebell.token");
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
            .trim()
            .to_owned()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    pub async fn try_get(&self, path: &str) -> Result<Answer, String> {
        Answer::to(self.http.get(self.url() + path)).await
    }

    /// Reads JSON from the API with the local token.
    pub async fn get_as_operator(&self, path: &str) -> Value {
        self.answer_as_operator(path).await.json()
    }

    /// The same of what is no JSON.
    pub async fn get_text_as_operator(&self, path: &str) -> String {
        self.answer_as_operator(path).await.body
    }

    async fn answer_as_operator(&self, path: &str) -> Answer {
        let answer = Answer::to(self.http.get(self.url() + path).bearer_auth(self.token())).await;
        let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer
    }

    pub async fn post_json(&self, path: &str, bearer: Option<&str>, body: &Value) -> Answer {
        self.try_post_json(path, bearer, body).await.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// `post_json` for a bot that may be killed meanwhile: an error of the connection is an answer too.
    pub async fn try_post_json(&self, path: &str, bearer: Option<&str>, body: &Value) -> Result<Answer, String> {
        let mut request = self.http.post(self.url() + path).json(body);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        Answer::to(request).await
    }

    /// One API command as ana, with the local token and, if given, an `Idempotency-Key`.
    pub async fn command(&self, path: &str, key: Option<&str>, body: &Value) -> Answer {
        let mut body = body.clone();
        body["as"] = "ana".into();
        let mut request = self.http.post(self.url() + path).bearer_auth(self.token()).json(&body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Answer::to(request).await.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Declares an incident as ana and answers its id.
    pub async fn declare(&self, title: &str) -> String {
        let answer = self.command("/api/v1/incidents", None, &json!({"severity": "P1", "title": title})).await;
        assert_eq!(answer.status, 201, "declaring {title:?}: {}", answer.body);
        let id = answer.json()["incident"]["id"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("no id in {}", answer.body))
    }

    pub async fn acknowledge(&self, incident: &str) {
        let answer = self.command(&format!("/api/v1/incidents/{incident}/ack"), None, &json!({})).await;
        assert_eq!(answer.status, 200, "acknowledging {incident}: {}", answer.body);
    }

    /// Nothing waits to be sent and nothing is being sent.
    pub async fn nothing_waits(&self) {
        eventually("nothing waits to be sent", SENT_BOUND, async || {
            let outbox = &self.get("/health/components").await.json()["components"]["outbox"];
            outbox["waiting"].as_array().is_some_and(Vec::is_empty) && outbox["being_sent"] == 0
        })
        .await;
    }

    /// `audit verify` and `audit rebuild` must both have nothing to say.
    pub async fn assert_log_is_whole(&self) {
        for check in ["verify", "rebuild"] {
            let ran = self.run(&["audit", check]).await;
            assert_eq!(ran.status, 0, "audit {check} says:\n{}{}", ran.stdout, ran.stderr);
        }
    }
}

/// What a subcommand did.
#[derive(Debug, Clone)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

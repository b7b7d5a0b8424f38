//! A real Redis of the test's own: its own folder, port and password, on loopback, stopped when the test is over. It
//! never uses the system's, and never skips: without Redis the test fails and says what to install.

use super::files::{TempDir, temp_dir};
use super::port::{Port, free_port};
use super::process::{Process, kept};
use super::{BOUND, eventually_blocking};
use std::path::Path;
use std::process::{Command, Stdio};

const SERVER: &str = "/usr/bin/redis-server";
pub const PASSWORD: &str = "between-firebell-and-redis";

#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    port: Port,
    folder: TempDir,
}

impl RedisServer {
    pub fn start() -> RedisServer {
        RedisServer::start_with(&[])
    }

    pub fn start_with(options: &[&str]) -> RedisServer {
        assert!(
            Path::new(SERVER).exists(),
            "{SERVER} is not installed, and the tests need it. Run ./test --install (or apt-get install redis-server)"
        );
        let (folder, port) = (temp_dir(), free_port());
        let mut command = kept(SERVER);
        command.args(["--port", &port.number().to_string(), "--bind", "127.0.0.1", "--requirepass", PASSWORD]);
        command.args([
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
            "--busy-reply-threshold",
            "500",
            "--dir",
        ]);
        command.arg(folder.path()).args(options).current_dir(folder.path());
        let process = Process::start("Redis", command, &folder.join("log"));
        let mut server = RedisServer { process, port, folder };
        eventually_blocking("Redis answers", BOUND, || {
            assert!(server.process.ended().is_none(), "Redis ended by itself:\n{}", server.process.log_tail());
            server.cli(&["PING"]) == "PONG"
        });
        server
    }

    pub fn address(&self) -> String {
        self.port.address()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// redis-cli: the view from outside. As it prints into a pipe.
    pub fn cli(&self, words: &[&str]) -> String {
        self.cli_as(&[], words)
    }

    /// With options of how it prints.
    pub fn cli_as(&self, options: &[&str], words: &[&str]) -> String {
        let port = self.port.number().to_string();
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &port]).args(options).args(words);
        command.env("REDISCLI_AUTH", PASSWORD).stdin(Stdio::null());
        let output =
            command.output().unwrap_or_else(|error| panic!("cannot start redis-cli: {error}. Run ./test --install"));
        String::from_utf8_lossy(&output.stdout).trim_end().to_string()
    }

    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }
}

//! Ports that a test keeps while its server is down, so that it can come back where its clients look for it.
//!
//! Below the range from which the kernel takes the ports of outgoing connections: a port of that range may be
//! gone between stop and start. It never hands one number to two running tests of this user (a lock file each).

use super::files::shared_root;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A loopback port that nobody else uses, for as long as this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    pub fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}

pub fn free_port() -> Port {
    let locks = shared_root().join("ports");
    fs::create_dir_all(&locks).expect("the folder for the tests' ports cannot be created");
    // Processes start far apart from each other, so that they seldom try the same numbers.
    let start = std::process::id().wrapping_mul(7_919);
    for _ in 0..COUNT {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let number = u16::try_from(FIRST + offset).expect("the range ends below 65536");
        let Ok(lock) = File::create(locks.join(number.to_string())) else {
            continue;
        };
        if lock.try_lock().is_err() {
            continue;
        }
        if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
            return Port { number, _lock: lock };
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

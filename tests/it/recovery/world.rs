//! The world around the bot under test: two pagers, a policy from ana to bo, and looks into the database from outside.

use crate::harness::fake_pagerduty::{FakePagerduty, ROUTING_KEY};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::postgres;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

pub const SECRET: &str = "a-secret-of-the-tests-0123456789";
/// Between two levels; the shortest that a policy may have.
pub const DELAY_S: u64 = 10;

/// The receivers of pages: ana has the webhook, bo has PagerDuty.
#[derive(Debug)]
pub struct World {
    pub webhook: FakeWebhook,
    pub pagerduty: FakePagerduty,
}

impl World {
    pub fn start() -> World {
        World { webhook: FakeWebhook::start(SECRET), pagerduty: FakePagerduty::start() }
    }

    /// Pages ana, after ten seconds bo, and then nobody any more; incidents of "checkout" the other way round.
    pub fn config(&self) -> String {
        format!(
            r#"
[paging.webhook.ops]
url = "{webhook}"
secret = "{SECRET}"
[paging.pagerduty]
routing_key = "{ROUTING_KEY}"
api_url = "{pagerduty}"
[people.ana]
contact = [{{ via = "webhook.ops" }}]
[people.bo]
contact = [{{ via = "pagerduty" }}]
[services.checkout]
policy = "turned"
[policies.default]
repeat = 0
levels = [{{ page = ["@ana"], delay = "{DELAY_S}s" }}, {{ page = ["@bo"], delay = "{DELAY_S}s" }}]
[policies.turned]
repeat = 0
levels = [{{ page = ["@bo"], delay = "{DELAY_S}s" }}, {{ page = ["@ana"], delay = "{DELAY_S}s" }}]
"#,
            webhook = self.webhook.url(),
            pagerduty = self.pagerduty.url(),
        )
    }

    /// How many pages about this incident the webhook has taken, repeats not counted.
    pub fn pages_of_ana(&self, incident: &str) -> usize {
        self.webhook
            .see(|inbox| inbox.acted().filter(|d| d.body["kind"] == "page" && d.body["incident"] == incident).count())
    }

    /// Waits until ana has been paged about this incident.
    pub async fn ana_is_paged(&self, incident: &str) {
        let paged =
            |d: &crate::harness::fake_webhook::Delivery| d.body["kind"] == "page" && d.body["incident"] == incident;
        self.webhook.wait_until(&format!("ana is paged about {incident}"), |inbox| inbox.acted().any(paged)).await;
    }

    /// How many triggers about this incident PagerDuty has taken, repeats counted.
    pub fn pages_of_bo(&self, incident: &str) -> usize {
        self.pagerduty.see(|vendor| vendor.acted("trigger").filter(|r| is_about(r.dedup_key(), incident)).count())
    }

    pub async fn bo_is_paged(&self, incident: &str) {
        let what = format!("bo is paged about {incident}");
        let paged = |vendor: &crate::harness::fake_pagerduty::Vendor| {
            vendor.acted("trigger").any(|r| is_about(r.dedup_key(), incident))
        };
        self.pagerduty.wait_until(&what, paged).await;
    }
}

/// Whether a key (`firebell-INSTALL-INC-7-2`) is of this incident (`INC-7`).
pub fn is_about(key: &str, incident: &str) -> bool {
    key.contains(&format!("-{incident}-"))
}

/// Asks a SQLite file by SQLite's own command line; never writes.
pub fn sqlite(database: &Path, statement: &str) -> Vec<Value> {
    sqlite_by(Command::new("sqlite3"), database, statement)
}

/// The same by a command that ends in `sqlite3`, from where the file can be seen.
pub fn sqlite_by(mut command: Command, database: &Path, statement: &str) -> Vec<Value> {
    let output = command
        .args(["-json", "-readonly", "-cmd", ".timeout 10000"])
        .arg(database)
        .arg(statement)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot start sqlite3: {error}. Run ./test --install"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "sqlite3 {statement}: {errors}");
    if output.stdout.is_empty() {
        return Vec::new(); // what it prints for no rows
    }
    serde_json::from_slice(&output.stdout).expect("sqlite3 prints JSON")
}

/// Asks Postgres the same, by psql.
pub fn postgres(url: &str, statement: &str) -> Vec<Value> {
    let rows = postgres::query(url, &format!("SELECT coalesce(json_agg(r), '[]') FROM ({statement}) r"));
    serde_json::from_str(&rows.unwrap_or_else(|error| panic!("{error}"))).expect("psql prints JSON")
}

/// Random numbers for when and where to strike: not for secrets, hence small.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn seeded(seed: u64) -> Dice {
        Dice(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// From the environment's SEED, else from the machine; printed, so that a failure can be played again.
    pub fn thrown() -> (u64, Dice) {
        let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes).expect("the machine has random numbers");
            u64::from(u32::from_le_bytes(bytes))
        });
        (seed, Dice::seeded(seed))
    }

    /// From `low` up to and including `high`.
    pub fn roll(&mut self, low: u64, high: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        low + (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % (high - low + 1)
    }
}

//! A shop whose morning check Firebell does by itself, for tests of what chats are told of it: the real bot beside a small
//! server that is well or is not. A night goes by when everything that the bot remembers of the check is a day older.

use crate::harness::serve::Serve;
use crate::harness::wire::Wire;
use crate::harness::{BOUND, eventually};
use crate::recovery::world::sqlite;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use chrono::Timelike;
use firebell::clock::Clock;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const DAY_US: i64 = 86_400_000_000;
/// A number beyond this is a time: microseconds since 2001.
const TIMES_FROM: i64 = 1_000_000_000_000_000;

pub struct Shop {
    wire: Wire,
    well: Arc<AtomicBool>,
}

impl Shop {
    /// It is not well.
    pub fn open() -> Shop {
        let well = Arc::new(AtomicBool::new(false));
        let is = well.clone();
        let health = move || async move {
            match is.load(Ordering::SeqCst) {
                true => (StatusCode::OK, "ok"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "no database"),
            }
        };
        Shop { wire: Wire::serve(Router::new().route("/health", get(health))), well }
    }

    pub fn is_well(&self, well: bool) {
        self.well.store(well, Ordering::SeqCst);
    }

    /// What the bot is told of it, besides the chat; `room` is where its system's incidents are announced.
    pub fn config(&self, room: Option<&str>) -> String {
        let room = room.map_or(String::new(), |room| format!("room = {room:?}\n"));
        format!(
            "[[runbooks]]\npath = \"runbooks/shop.md\"\nsystem = \"shop\"\n{room}[targets.site]\nkind = \"http\"\nallow = [{:?}]\n",
            self.wire.address()
        )
    }

    /// Writes its runbook beside the bot's configuration: a check that was due some minutes ago. `more` of the overlay.
    pub fn has_runbook(&self, serve: &Serve, more: &str) {
        let folder = serve.folder().join("runbooks");
        fs::create_dir_all(&folder).expect("a folder");
        let at = Clock::System.now().plus_s(-300).utc();
        let markdown = format!(
            "# Shop\n\n## Severity levels\n\n| Level | Name | Response time |\n|---|---|---|\n| S1 | Critical | 15 minutes |\n\
             | S2 | Slow | 1 hour |\n\n## Schedules\n\n### Daily: {:02}:{:02} Morning check\n\n```bash\n\
             curl -sf {}/health  # the shop answers\n```\n",
            at.hour(),
            at.minute(),
            self.wire.url()
        );
        fs::write(folder.join("shop.md"), markdown).expect("written");
        fs::write(folder.join("shop.overlay.toml"), format!("zone = \"UTC\"\n{more}")).expect("written");
    }

    /// The bot gets to know the check, if it does not yet, and the check's time comes: today's, after a night. It is
    /// stopped then, and started by whoever wants to see what comes of it.
    pub async fn comes_due(&self, serve: &mut Serve) {
        let database = serve.folder().join("firebell.db");
        let known = || rows(&database);
        eventually("the check is known", BOUND, async || !known().is_empty()).await;
        serve.terminate().await;
        for (name, mut state) in known() {
            a_day_older(&mut state);
            let statement =
                format!("UPDATE operation SET state = '{}' WHERE name = '{name}'", quoted(&state.to_string()));
            let status = Command::new("sqlite3").arg(&database).arg(statement).status().expect("sqlite3 starts");
            assert!(status.success(), "the row can be written");
        }
    }

    /// What is remembered of the check.
    pub fn state(&self, serve: &Serve) -> Value {
        let mut all = rows(&serve.folder().join("firebell.db"));
        all.pop().map_or(Value::Null, |(_, state)| state)
    }
}

fn rows(database: &Path) -> Vec<(String, Value)> {
    let all = sqlite(database, "SELECT name, state FROM operation WHERE state <> ''");
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    all.iter().map(|row| (text(row, "name"), serde_json::from_str(&text(row, "state")).expect("JSON"))).collect()
}

fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

fn a_day_older(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(a_day_older),
        Value::Array(all) => all.iter_mut().for_each(a_day_older),
        Value::Number(n) => {
            if let Some(time) = n.as_i64().filter(|n| *n > TIMES_FROM) {
                *value = (time - DAY_US).into();
            }
        }
        _ => {}
    }
}

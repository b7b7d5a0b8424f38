//! The commands against a real `App` over an SQLite file, with a clock that moves when told; and what holds of the
//! table as a whole.

mod conversation;
mod filled;
mod goldens;
mod property;
mod table;

use super::*;
use crate::clock::Clock;
use crate::store::{self, Lock, Mode};
use firebell_domain::directory::{EscalationPolicy, Person, Service, Step, Target};
use firebell_domain::id::PolicyId;
use firebell_domain::schedule::{Rotation, Schedule};
use firebell_domain::severity::Severity;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A Sunday night: 02:30 UTC, 03:30 in Madrid.
pub const NOW: &str = "2026-11-22T02:30:00Z";

pub fn at(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).expect("a time").to_utc().into()
}

/// ana (in Madrid), bo and cy; ana and bo can be paged. One schedule in Madrid, handed over on Mondays at 09:00.
pub fn directory() -> Directory {
    let human = |name: &str, zone, methods: &[&str]| Person {
        name: name.to_string(),
        time_zone: zone,
        contact_methods: methods.iter().map(|m| (*m).into()).collect(),
    };
    let madrid = chrono_tz::Europe::Madrid;
    let scale = [("P1", "Critical", 1), ("P2", "High", 2), ("P3", "Medium", 3), ("P4", "Low", 4)];
    let mut d = Directory {
        severities: scale.map(|(level, name, rank)| Severity::new(level, name, rank)).to_vec(),
        pagers: vec!["pagerduty".into()],
        ..Directory::default()
    };
    d.people.insert("ana".into(), human("Ana Ruiz", madrid, &["pagerduty"]));
    d.people.insert("bo".into(), human("Bo Lind", chrono_tz::UTC, &["pagerduty"]));
    d.people.insert("cy".into(), human("Cy Okoro", chrono_tz::UTC, &[]));
    d.services.insert("payments".into(), Service { owners: vec!["bo".into()], ..Service::default() });
    d.services.insert("search".into(), Service::default());
    let first_handoff = "2026-11-16T09:00:00".parse().expect("a wall-clock time");
    let rotation =
        Rotation { people: vec!["ana".into(), "bo".into()], shift_s: 7 * 86_400, first_handoff, zone: madrid };
    d.schedules.insert("primary".into(), Schedule { rotation, overrides: Vec::new() });
    let step = |target| Step::new(vec![target], 300);
    let steps = vec![step(Target::Schedule("primary".into())), step(Target::Person("bo".into()))];
    let name = PolicyId::from("default");
    d.policies.insert(name.clone(), EscalationPolicy::new(name, steps, None));
    d
}

pub fn speaker(name: &str) -> Speaker {
    Speaker { person: name.into(), via: "room".into(), admin: name == "root", place: None }
}

/// What ana's commands may look up while an incident is open.
pub fn ground() -> Ground {
    let declared = firebell_domain::decide::Declaration {
        title: "checkout is down".into(),
        severity: directory().severities.remove(0),
        service: None,
        private: false,
        because: None,
    };
    let (d, now) = (directory(), at(NOW));
    let actor = Actor::person("ana", "room");
    let incident = firebell_domain::decide::declare(IncidentId(42), &declared, &actor, &d, now).expect("declared");
    Ground {
        speaker: speaker("ana"),
        directory: Arc::new(d),
        program: Default::default(),
        now,
        incident: Some(incident.incident),
    }
}

/// An application over a database of its own, removed when it is dropped.
pub struct Bench {
    pub app: App,
    pub clock: Clock,
    folder: PathBuf,
    _lock: Lock,
}

static BENCHES: AtomicU32 = AtomicU32::new(0);

impl Bench {
    pub async fn new(directory: Directory) -> Bench {
        let no = BENCHES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("firebell-commands-{}-{no}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the database");
        let url = format!("sqlite://{}", folder.join("firebell.db").display());
        let (store, lock) = store::open(&url, Mode::Serve).await.expect("a database");
        let clock = Clock::set_to(at(NOW));
        let app = App::start(store, clock.clone(), directory, "http://127.0.0.1:7911".into(), "test").await;
        Bench { app: app.expect("an application"), clock, folder, _lock: lock }
    }

    /// What somebody is answered, whether it is done or refused. A fault is never an answer.
    pub async fn say(&self, who: &str, room: Option<i64>, text: &str) -> String {
        match say(&self.app, &speaker(who), room.map(IncidentId), text).await {
            Ok(said) => said.text,
            Err(ActError::Refused(refusal)) => format!("No. {refusal}"),
            Err(ActError::Fault(fault)) => panic!("\"{text}\" met a fault: {fault}"),
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Compares with a file under `tests/golden/commands/`; `UPDATE_EXPECT=1` rewrites it.
pub fn golden(name: &str, actual: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/commands").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of goldens");
        std::fs::write(&path, actual).expect("a golden written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(actual.lines()).position(|(e, a)| e != a);
    let line = differs.unwrap_or(expected.lines().count().min(actual.lines().count()));
    let (e, a) = (expected.lines().nth(line), actual.lines().nth(line));
    let place = format!("{name} line {}", line + 1);
    assert!(expected == actual, "{place}:\n  expected {e:?}\n  is       {a:?}\nUPDATE_EXPECT=1 rewrites it");
}

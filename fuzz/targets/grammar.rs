//! Lines as people type them: whatever it is, it is a command with arguments that were understood, or a refusal that
//! can be shown to whoever typed it. Never runs a command.
#![no_main]

use firebell::commands::{self, Ground, Speaker};
use firebell_domain::decide::{self, Declaration};
use firebell_domain::directory::{Directory, Service};
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

/// Characters of the longest refusal that a person can be expected to read.
const REFUSAL_CHARS_MAX: usize = 2_000;

static GROUND: LazyLock<Ground> = LazyLock::new(|| {
    let severity = |level: &str, rank| Severity::new(level, level, rank);
    let mut directory = Directory { severities: vec![severity("P1", 1), severity("P2", 2)], ..Directory::default() };
    directory.services.insert("checkout".into(), Service { system: None, policy: None, owners: Vec::new() });
    let declaration = Declaration {
        title: "checkout is down".into(),
        severity: directory.severities[0].clone(),
        service: Some("checkout".into()),
        private: false,
        because: None,
    };
    let now = Timestamp(1_790_000_000_000_000);
    let actor = Actor::person("ana", "room");
    let declared = decide::declare(IncidentId(42), &declaration, &actor, &directory, now).expect("a declaration");
    Ground {
        speaker: Speaker { person: PersonId::from("ana"), via: "room".into(), admin: false },
        directory: Arc::new(directory),
        now,
        incident: Some(declared.incident),
    }
});

fuzz_target!(|line: &str| {
    if let Err(refusal) = commands::read(line, &GROUND) {
        let said = refusal.to_string();
        assert!(!said.is_empty() && said.chars().count() <= REFUSAL_CHARS_MAX, "{} characters", said.chars().count());
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "a control character: {said:?}");
        assert!(!said.contains('\u{202e}') && !refusal.code().is_empty(), "{said:?}");
    }
});

//! Simulated vendors: pagers and chats that take a message, lose the answer, ask for absurd waits, refuse for an
//! hour. Each remembers what it received under which key, as a real receiver would. Knows nothing of the engine.

use super::rng::Rng;
use crate::decide::SendOutcome;
use crate::id::IncidentId;
use crate::intent::{Intent, IntentNo, Told, What};
use crate::time::SECOND;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Connection refused: surely not delivered.
    Refusing,
    /// Takes everything and never answers.
    Deaf,
    /// 429 with a wait that nobody means.
    Busy,
    /// 401: however often.
    Denying,
}

pub struct Vendor {
    pub mood: Mood,
    /// Since when it is well, in true time.
    pub well_since: Option<i64>,
    pub fault_pm: u32,
    /// For each intent, how it was labelled each time it arrived: `true` for "this may be a repetition".
    pub received: BTreeMap<(IncidentId, IntentNo), Vec<bool>>,
    pub threads: BTreeMap<(IncidentId, IntentNo), Told>,
    /// What a chat shows of an incident, by the kind of message: which intent posted it, and the state of which event.
    pub shown: BTreeMap<(IncidentId, &'static str), (IntentNo, i64)>,
}

pub struct Sending<'a> {
    pub incident: IncidentId,
    pub intent: &'a Intent,
    pub labelled: bool,
}

/// What came of it: whether it arrived, what the sender hears, and how long that takes.
pub struct Answer {
    pub arrived: bool,
    pub outcome: SendOutcome,
    pub after_us: i64,
}

impl Vendor {
    pub fn new(now: i64, fault_pm: u32) -> Vendor {
        Vendor {
            mood: Mood::Well,
            well_since: Some(now),
            fault_pm,
            received: BTreeMap::new(),
            threads: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    pub fn turn(&mut self, mood: Mood, now: i64) {
        self.mood = mood;
        self.well_since = (mood == Mood::Well).then_some(now);
    }

    pub fn take(&mut self, sending: &Sending<'_>, rng: &mut Rng) -> Answer {
        let mood = match self.mood {
            Mood::Well if rng.chance(self.fault_pm) => rng.one([Mood::Refusing, Mood::Deaf, Mood::Busy]),
            mood => mood,
        };
        let retry = |after_s, why: &str, maybe_sent| SendOutcome::Retry { after_s, why: why.to_string(), maybe_sent };
        let (arrived, outcome, after_us) = match mood {
            Mood::Well => {
                // A platform always says what it calls what it made.
                let says = matches!(sending.intent.what, What::Room { .. }) || rng.chance(800);
                let receipt = says.then(|| format!("v-{}-{}", sending.incident.0, sending.intent.no));
                (true, SendOutcome::Done { receipt }, rng.range(1_000, 900_000))
            }
            Mood::Refusing => (false, retry(None, "connection refused", false), rng.range(100, 50_000)),
            Mood::Deaf => {
                let before = rng.chance(300);
                (!before, retry(None, "no answer in 10 s", true), 10 * SECOND)
            }
            Mood::Busy => {
                let after_s = rng.one([Some(0), Some(-5), Some(60), Some(86_400), Some(i64::MAX), Some(i64::MIN)]);
                (false, retry(after_s, "429", false), rng.range(1_000, 90_000))
            }
            Mood::Denying => (false, SendOutcome::Never { why: "401".to_string() }, rng.range(1_000, 90_000)),
        };
        if arrived {
            self.arrive(sending);
        }
        Answer { arrived, outcome, after_us }
    }

    /// A task in a chat has arrived. The same post sent twice is one message, and keeps the words of the first.
    pub fn shows(&mut self, incident: IncidentId, word: &'static str, no: IntentNo, seq: i64, edits: bool) {
        let shown = self.shown.entry((incident, word)).or_insert((no, seq));
        if edits || shown.0 != no {
            *shown = (no, seq);
        }
    }

    fn arrive(&mut self, sending: &Sending<'_>) {
        let key = (sending.incident, sending.intent.no);
        self.received.entry(key).or_default().push(sending.labelled);
        match &sending.intent.what {
            // The same key again is the same thread: it does not begin anew.
            What::Page(_) => {
                self.threads.entry(key).or_insert(Told::Triggered);
            }
            What::Follow { page, over, .. } => {
                let told = if *over { Told::Over } else { Told::Acknowledged };
                // What is over stays over, as at PagerDuty: a late "acknowledged" is dropped.
                let thread = self.threads.entry((sending.incident, *page)).or_insert(told);
                *thread = (*thread).max(told);
            }
            What::Notice { .. } | What::Room { .. } | What::Run { .. } => {}
        }
    }
}

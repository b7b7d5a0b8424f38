//! What kind of world a seed makes: how many people, pagers and replicas, and how mean it is to them. Printed with
//! a failure. Decides nothing later than its own making.

use super::rng::Rng;
use crate::time::SECOND;

#[derive(Clone, Debug)]
pub struct Plan {
    pub people: usize,
    pub pagers: usize,
    pub notice_channels: usize,
    pub chats: usize,
    pub policies: usize,
    pub schedules: usize,
    pub sources: usize,
    pub replicas: usize,
    /// True (not wall-clock) microseconds at the beginning: some worlds begin just before a clock change.
    pub begins_at: i64,
    pub trouble_s: i64,
    /// Per mille at every boundary (before a commit, after it, before a send, after it).
    pub crash_pm: u32,
    pub commit_fault_pm: u32,
    pub send_fault_pm: u32,
    /// Seconds between a vendor's changes of mood; 0 for vendors that are always well.
    pub mood_every_s: i64,
    pub stray_results_pm: u32,
    pub clock_steps: bool,
    pub skew_us: i64,
    pub edits: bool,
    /// Seconds between commands that make no sense; 0 for none.
    pub nonsense_every_s: i64,
    pub incidents_by_hand: usize,
    /// One source whose groups have more alerts than are tracked.
    pub storm: bool,
    /// Nobody ever answers by habit.
    pub all_asleep: bool,
}

/// Instants (seconds) just before clocks change: Berlin spring and autumn, New York, Lord Howe (half an hour), and
/// an ordinary Wednesday.
const BEGINNINGS: [i64; 6] = [1_774_742_400, 1_792_886_400, 1_793_505_600, 1_775_311_200, 1_791_036_000, 1_780_000_000];

impl Plan {
    pub fn new(rng: &mut Rng) -> Plan {
        let kind = rng.chance(700);
        Plan {
            people: rng.range(1, 12) as usize,
            pagers: if rng.chance(40) { 0 } else { rng.range(1, 3) as usize },
            notice_channels: rng.range(0, 2) as usize,
            chats: rng.one([0, 0, 1, 2]),
            policies: rng.range(0, 2) as usize,
            schedules: rng.range(0, 2) as usize,
            sources: rng.range(0, 2) as usize,
            replicas: rng.range(1, 3) as usize,
            begins_at: (rng.one(BEGINNINGS) - rng.range(0, 3_600)) * SECOND,
            trouble_s: rng.one([600, 600, 1_200, 1_800, 3_600]) * if rng.chance(15) { 12 } else { 1 },
            crash_pm: if kind { rng.one([0, 2, 10, 40]) } else { 0 },
            commit_fault_pm: rng.one([0, 0, 5, 50]),
            send_fault_pm: rng.one([0, 20, 200, 400]),
            mood_every_s: rng.one([0, 300, 1_800]),
            stray_results_pm: rng.one([0, 50, 300]),
            clock_steps: rng.chance(250),
            skew_us: rng.one([0, 0, 300_000, 2_000_000]),
            edits: rng.chance(250),
            nonsense_every_s: rng.one([0, 30, 120, 600]),
            incidents_by_hand: rng.range(1, 3) as usize,
            storm: rng.chance(15),
            all_asleep: rng.chance(250),
        }
    }
}

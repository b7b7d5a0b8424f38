//! Seeds by the thousand, the ones that ever failed first.
//! `SIM_SEEDS=100000 SIM_FROM=1 cargo test -p firebell-domain sim` runs more; `SIM_SEEDS=1 SIM_FROM=n` one.

use super::{Report, run};
use std::collections::BTreeMap;

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => otherwise,
    }
}

/// What a thousand worlds must have seen: every kind of event, a crash at every boundary, a failed commit, strays.
const OCCURS: [&str; 51] = [
    "summary",
    "milestone_warned",
    "milestone_breached",
    "update_reminded",
    "updates_snoozed",
    "lead_reminded",
    "draft_reminded",
    "action_reminded",
    "still_working_asked",
    "still_working",
    "postmortem_status_changed",
    "after claim, before send",
    "after commit, before answer",
    "after send, before receipt",
    "before commit",
    "commit failed",
    "stale",
    "declared",
    "acknowledged",
    "unacknowledged",
    "snoozed",
    "snooze_ended",
    "severity_changed",
    "escalation_changed",
    "status_changed",
    "update_posted",
    "noted",
    "lead_assigned",
    "role_assigned",
    "escalated",
    "step_skipped",
    "nobody_reached",
    "policy_used_up",
    "paged_by_hand",
    "intents_queued",
    "intents_cancelled",
    "intent_claimed",
    "intent_done",
    "intent_retried",
    "intent_failed",
    "intent_abandoned",
    "action_added",
    "action_done",
    "alerts_received",
    "alerts_cleared",
    "unreadable_received",
    "resolved",
    "reopened",
    "merged_into",
    "merged_from",
    "cancelled",
];

/// Runs seeds on every core and returns the reports of those that failed, with all counts added up.
fn run_all(seeds: &[u64]) -> (Vec<Report>, BTreeMap<&'static str, u64>, u64) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = seeds.len().div_ceil(cores).max(1);
    let workers = |seeds: &[u64]| {
        let (mut failed, mut counts, mut commits) = (Vec::new(), BTreeMap::new(), 0);
        for seed in seeds {
            let report = run(*seed);
            for (what, n) in &report.counts {
                *counts.entry(*what).or_insert(0) += n;
            }
            commits += report.commits;
            if report.failure.is_some() {
                failed.push(report);
                if failed.len() > 30 {
                    break;
                }
            }
        }
        (failed, counts, commits)
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = seeds.chunks(share).map(|chunk| scope.spawn(move || workers(chunk))).collect();
        let mut all = (Vec::new(), BTreeMap::new(), 0);
        for worker in running {
            let (failed, counts, commits) = worker.join().expect("a world panicked");
            all.0.extend(failed);
            for (what, n) in counts {
                *all.1.entry(what).or_insert(0) += n;
            }
            all.2 += commits;
        }
        all
    })
}

#[test]
fn every_seed_keeps_every_rule() {
    let kept = include_str!("../../../tests/seeds.txt");
    let kept = kept.lines().filter_map(|l| l.split_whitespace().next()).filter(|w| !w.starts_with('#'));
    let mut seeds: Vec<u64> = kept.map(|w| w.parse().unwrap_or_else(|_| panic!("seeds.txt: {w}"))).collect();
    let from = number("SIM_FROM", 1);
    seeds.extend(from..from.saturating_add(number("SIM_SEEDS", 1_000)));
    let (failed, counts, commits) = run_all(&seeds);
    println!("{} seeds, {commits} commits: {counts:?}", seeds.len());
    if seeds.len() >= 1_000 {
        let missing: Vec<&&str> = OCCURS.iter().filter(|what| !counts.contains_key(*what)).collect();
        assert!(missing.is_empty(), "worlds in which these never occur prove nothing of them: {missing:?}");
    }
    if let Some(shortest) = failed.iter().min_by_key(|r| r.commits) {
        let why = |r: &Report| r.failure.as_deref().and_then(|f| f.lines().next()).unwrap_or("").to_string();
        let all: Vec<String> = failed.iter().map(why).collect();
        panic!("{} failed.\n{}\n{}", failed.len(), shortest.failure.as_deref().unwrap_or(""), all.join("\n"));
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [1, 7, 42, 1_000_003] {
        let (a, b) = (run(seed), run(seed));
        assert_eq!((a.hash, a.commits), (b.hash, b.commits), "seed {seed}");
        assert_ne!(a.hash, run(seed + 1).hash, "seed {seed} and the next are one world");
    }
}

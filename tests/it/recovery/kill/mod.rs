//! `kill -9` in a loop under load. Twenty kills in the test command; by hand as many as wanted, with a table and one
//! line of JSON at the end:
//!
//! ```sh
//! tests/kill 200
//! ```
//!
//! In rotation a process dies at a random moment (SIGKILL) or at a named point of its path (`FIREBELL_STOP_AT`, which
//! ends it as abruptly), at a random arrival there. Between two lives the log is verified and recomputed.

mod load;
mod moment;
mod oracle;
mod promises;

use super::world::{DELAY_S, Dice, World, sqlite};
use crate::harness::eventually;
use crate::harness::faults::Fault;
use crate::harness::serve::Serve;
use load::Load;
use moment::{Left, Moment, Way, database_of, left_behind, moment};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a vendor's answer takes, so that kills find sends under way as they would outside.
const VENDOR_TAKES: Duration = Duration::from_millis(25);
/// Every so many kills the log is verified and everything is computed from it anew.
const AUDIT_EVERY: u64 = 10;
/// From this many kills on, each of the three moments must have been met twenty times.
const MANY: u64 = 200;
const EACH_AT_LEAST: u64 = 20;

#[tokio::test]
async fn nothing_is_lost_and_nobody_is_paged_wrongly_however_often_it_is_killed() {
    let kills = std::env::var("KILLS").ok().map_or(20, |n| n.parse().expect("KILLS is a number"));
    let (seed, dice) = Dice::thrown();
    println!("SEED={seed} KILLS={kills}");
    let mut campaign = Campaign::start(dice, seed).await;
    for number in 1..=kills {
        campaign.kill(number).await;
    }
    campaign.finish(kills, seed).await;
}

struct Campaign {
    world: World,
    serve: Serve,
    load: Load,
    dice: Dice,
    deaths: Vec<Instant>,
    counted: BTreeMap<(Way, Moment), u64>,
    audits: u64,
    began: Instant,
    slowest_start: Duration,
}

impl Campaign {
    async fn start(dice: Dice, seed: u64) -> Campaign {
        let world = World::start();
        world.webhook.faults.always(Fault::late(VENDOR_TAKES));
        world.pagerduty.faults.always(Fault::late(VENDOR_TAKES));
        let mut serve = Serve::start(&world.config()).await;
        serve.terminate().await;
        let load = Load::start(&serve.url(), &serve.token(), seed);
        Campaign {
            world,
            serve,
            load,
            dice,
            deaths: vec![Instant::now()],
            counted: BTreeMap::new(),
            audits: 0,
            began: Instant::now(),
            slowest_start: Duration::ZERO,
        }
    }

    async fn kill(&mut self, number: u64) {
        let mut way = Way::ALL[(number % Way::ALL.len() as u64) as usize];
        match way.stop() {
            Some(place) => {
                // Sends are rarer than commits: both should stop within a second or two.
                let most = if matches!(way, Way::BeforeSend | Way::AfterSend) { 25 } else { 90 };
                let arrival = self.dice.roll(1, most);
                self.serve.set_env("FIREBELL_STOP_AT", &format!("{place}:{arrival}"));
            }
            None => self.serve.unset_env("FIREBELL_STOP_AT"),
        }
        let started = Instant::now();
        self.serve.start_unready();
        if self.serve.ready_or_ended().await {
            self.slowest_start = self.slowest_start.max(started.elapsed());
            self.load.up();
        }
        let life = match way {
            Way::Random => Duration::from_millis(self.dice.roll(1, 900)),
            _ => Duration::from_secs(8),
        };
        if !self.ended_within(life).await {
            way = Way::Random;
            self.serve.kill9();
        } else {
            let status = self.serve.ended().await;
            assert_eq!(status, None, "it ended by itself:\n{}", self.serve.log());
        }
        self.load.down();
        let gone = async || self.world.webhook.connections() + self.world.pagerduty.connections() == 0;
        eventually("the receivers have read what the dead process sent", crate::harness::BOUND, gone).await;
        self.deaths.push(Instant::now());
        let left = self.look();
        let moment = moment(way, &left);
        *self.counted.entry((way, moment)).or_default() += 1;
        let stop = way.stop().unwrap_or("kill -9");
        println!("kill {number:3}  {stop:13} {:24} {left:?}", moment.name());
        if number.is_multiple_of(AUDIT_EVERY) {
            self.audit(false).await;
        }
    }

    fn look(&self) -> Left {
        let ledger = self.load.ledger();
        left_behind(&database_of(&self.serve), &self.world, &ledger)
    }

    /// The time of a random kill is what is being tried here, so this does wait for a time to pass.
    async fn ended_within(&mut self, life: Duration) -> bool {
        let began = Instant::now();
        while began.elapsed() < life {
            if self.serve.has_ended() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        self.serve.has_ended()
    }

    /// Everything that can be said while nobody runs; with `settled`, also that nothing is left to do.
    async fn audit(&mut self, settled: bool) -> (oracle::Log, oracle::Pages) {
        self.audits += 1;
        self.serve.assert_log_is_whole().await;
        let database = database_of(&self.serve);
        let log = oracle::Log::read(&database);
        let mut wrong = Vec::new();
        let ledger = self.load.ledger();
        wrong.extend(ledger.defects.iter().cloned());
        oracle::commands(&log, &ledger.asked, &mut wrong);
        let pages = oracle::pages(&log, &self.world, &self.deaths, &mut wrong);
        if settled {
            oracle::settled(&log, &self.world, &database, &mut wrong);
        }
        drop(ledger);
        let shown: Vec<&String> = wrong.iter().take(30).collect();
        assert!(wrong.is_empty(), "{} things are wrong, among them:\n{shown:#?}", wrong.len());
        (log, pages)
    }

    async fn finish(&mut self, kills: u64, seed: u64) {
        self.serve.unset_env("FIREBELL_STOP_AT");
        self.serve.start_again().await;
        self.load.up();
        self.load.finish(Duration::from_secs(60)).await;
        self.settle().await;
        self.serve.terminate().await;
        self.deaths.push(Instant::now());
        let (log, pages) = self.audit(true).await;
        let count = |m: Moment| -> u64 { self.counted.iter().filter(|((_, n), _)| *n == m).map(|(_, n)| n).sum() };
        println!(
            "\n{:>26} {:>8} {:>14} {:>13} {:>12} {:>11} {:>6}",
            "", "kill -9", "before_commit", "after_commit", "before_send", "after_send", "all"
        );
        for m in Moment::ALL {
            let of = |way: Way| self.counted.get(&(way, m)).copied().unwrap_or(0);
            println!(
                "{:>26} {:>8} {:>14} {:>13} {:>12} {:>11} {:>6}",
                m.name(),
                of(Way::Random),
                of(Way::BeforeCommit),
                of(Way::AfterCommit),
                of(Way::BeforeSend),
                of(Way::AfterSend),
                count(m)
            );
        }
        let ledger = self.load.ledger();
        let again = ledger.asked.iter().filter(|a| a.tries > 1).count();
        let failed = sqlite(&database_of(&self.serve), "SELECT COUNT(*) AS n FROM outbox WHERE status = 'failed'");
        let summary = json!({
            "kills": kills, "seed": seed, "seconds": self.began.elapsed().as_secs(),
            "before_commit": count(Moment::BeforeCommit),
            "between_commit_and_send": count(Moment::BetweenCommitAndSend),
            "between_send_and_receipt": count(Moment::BetweenSendAndReceipt),
            "elsewhere": count(Moment::Elsewhere),
            "commands": ledger.asked.len(), "asked_again_after_a_kill": again,
            "repeats_compared": ledger.repeats_compared,
            "incidents": log.declared(), "left_alone": ledger.left_alone.len(), "events": log.events,
            "claims": log.claims(), "abandoned": log.abandoned(), "given_up": failed[0]["n"],
            "pages_arrived": pages.arrived, "pages_different": pages.different,
            "repeated_and_labelled": pages.repeated,
            "audits": self.audits, "slowest_start_ms": self.slowest_start.as_millis() as u64,
        });
        println!("{summary}");
        for m in [Moment::BeforeCommit, Moment::BetweenCommitAndSend, Moment::BetweenSendAndReceipt] {
            let n = count(m);
            assert!(kills < MANY || n >= EACH_AT_LEAST, "only {n} of {kills} kills fell {}", m.name());
        }
    }

    /// Until no timer that leads on is armed and nothing waits to be sent: every policy has come to its end.
    async fn settle(&self) {
        let database = database_of(&self.serve);
        let unfinished = "SELECT (SELECT COUNT(*) FROM timer WHERE kind IN ('escalate', 'snooze_end', 'quiet_resolve')) + \
             (SELECT COUNT(*) FROM outbox WHERE status IN ('queued', 'claimed')) AS n";
        let bound = Duration::from_secs(4 * DELAY_S + 20);
        eventually("every policy has come to its end", bound, async || sqlite(&database, unfinished)[0]["n"] == 0)
            .await;
    }
}

//! What becomes of a schedule of a runbook at its time: at what only looks, ends by itself, leaves nothing open and has its
//! target mapped, Firebell looks; of the rest people are reminded, with what to say for each command, because nothing that
//! changes something runs without somebody's word. Pure; runs nothing.

use super::orders::{self, Ground, NotMade};
use super::overlay::Going;
use super::playbooks;
use super::reminders::Reminder;
use super::words::normal;
use super::{Note, Program, Source};
use firebell_domain::directory::Directory;
use firebell_domain::id::ServiceId;
use firebell_domain::limits::RUN_COMMANDS_MAX;
use firebell_domain::playbook::Risk;
use firebell_domain::run::Order;
use firebell_domain::severity::{self, Severity};
use firebell_runbook::model::{Command, Line, Schedule};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Firebell looks, at these commands; what else the schedule has is left to people.
    Looks { lines: Vec<Line>, by_hand: Vec<ByHand> },
    /// People do it; where there are commands, what to say for each.
    Reminds { by_hand: Vec<ByHand> },
}

/// A command that waits for somebody's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    pub line: Line,
    pub text: String,
    pub risk: Risk,
}

impl Does {
    /// The same for a team that wants to be reminded only.
    pub fn by_hand(self, source: &Source) -> Does {
        match self {
            Does::Looks { lines, by_hand: left } => {
                let all = |c: &&Command| lines.contains(&c.line) || left.iter().any(|l| l.line == c.line);
                let all = source.book().commands.iter().filter(all);
                Does::Reminds { by_hand: all.map(|c| by_hand(source, c)).collect() }
            }
            reminds => reminds,
        }
    }

    /// What is left to people.
    pub fn left(&self) -> &[ByHand] {
        match self {
            Does::Looks { by_hand, .. } | Does::Reminds { by_hand } => by_hand,
        }
    }
}

fn by_hand(source: &Source, command: &Command) -> ByHand {
    ByHand { line: command.line, text: command.text.clone(), risk: playbooks::risk(source, command) }
}

/// Lines are looked at as a whole: where one of two commands on a line changes something, both are left to people.
pub fn does(source: &Source, schedule: &Schedule) -> Does {
    let lines: BTreeSet<Line> = schedule.command_lines.iter().copied().collect();
    let commands = || source.book().commands.iter().filter(|c| lines.contains(&c.line));
    let changes: BTreeSet<Line> = commands().filter(|c| !orders::looks(source, c)).map(|c| c.line).collect();
    let (look, left): (Vec<&Command>, Vec<&Command>) = commands().partition(|c| !changes.contains(&c.line));
    match (1..=RUN_COMMANDS_MAX).contains(&look.len()) {
        true => Does::Looks {
            lines: look.iter().map(|c| c.line).collect(),
            by_hand: left.into_iter().map(|c| by_hand(source, c)).collect(),
        },
        false => Does::Reminds { by_hand: commands().map(|c| by_hand(source, c)).collect() },
    }
}

/// A severity that the overlay asks for and the runbook does not have.
pub fn note(source: &Source, schedule: &Schedule, going: &Going) -> Option<Note> {
    let wanted = going.severity.as_ref()?;
    let same = |s: &&firebell_runbook::model::Severity| severity::normal(&s.level) == severity::normal(wanted);
    if source.book().severities.is_empty() || source.book().severities.iter().any(|s| same(&s)) {
        return None;
    }
    let levels: Vec<&str> = source.book().severities.iter().map(|s| s.level.as_str()).collect();
    Some(Note {
        kind: "severity",
        name: wanted.clone(),
        line: Some(schedule.line),
        what: format!("\"{}\" is to declare {wanted}, and the runbook has no such level", schedule.name),
        fix: format!("Write one of {} in {}", levels.join(", "), source.overlay_file),
    })
}

/// What the incident is of that a critical look makes or offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Declares {
    pub severity: Severity,
    pub service: Option<ServiceId>,
}

impl Reminder {
    /// Whether what is found critical makes an incident by itself.
    pub fn declares(&self) -> bool {
        self.going.declare == Some(true)
    }

    /// Whether chats are told what was found.
    pub fn posts(&self) -> bool {
        self.going.post != Some(false)
    }

    /// The severity that the overlay names, else the one that the runbook calls critical, else its worst; of the only
    /// service of its system, where there is one.
    pub fn declaration(&self, directory: &Directory) -> Option<Declares> {
        let scale = directory.scale(Some(&self.system));
        let wanted = self.going.severity.as_deref().and_then(|w| severity::find(scale, w));
        let critical = || scale.iter().find(|s| normal(&s.name) == "critical" || normal(&s.level) == "critical");
        let worst = || scale.iter().min_by_key(|s| s.rank);
        let severity = wanted.or_else(critical).or_else(worst)?.clone();
        let of = |s: &firebell_domain::directory::Service| s.system.as_deref() == Some(self.system.as_str());
        let mut services = directory.services.iter().filter(|(_, s)| of(s)).map(|(id, _)| id.clone());
        let service = services.next().filter(|_| services.next().is_none());
        Some(Declares { severity, service })
    }

    /// What names the incident.
    pub fn title(&self, found: &str) -> String {
        format!("{} of {}: {found}", self.name, self.system)
    }

    /// What to say to declare by hand what was found.
    pub fn offer(&self, directory: &Directory, found: &str) -> Option<String> {
        let Declares { severity, service } = self.declaration(directory)?;
        let service = service.map_or(String::new(), |s| format!(" service:{s}"));
        Some(format!("/incident declare {} {}{service}", severity.level, self.title(found)))
    }
}

impl Program {
    /// The order for what looks; `Err`: it cannot be looked at here, and people are reminded instead.
    pub fn look(&self, reminder: &Reminder, ground: &Ground) -> Option<Result<Order, NotMade>> {
        let Does::Looks { lines, .. } = &reminder.does else { return None };
        let source = self.of(&reminder.system)?;
        Some(orders::of_schedule(source, &reminder.name, lines, ground))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::overlay::{Place, Time};
    use crate::program::reminders;
    use crate::program::tests::{command, source};
    use firebell_domain::run::authority::RunRules;
    use firebell_domain::time::Timestamp;
    use serde_json::{Value, json};

    fn schedule(name: &str, lines: &[u32], more: Value) -> Value {
        let mut all = json!({ "name": name, "cadence": "daily", "when": "9:00 AM", "cron": null, "tasks": [],
            "command_lines": lines, "line": 200 });
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    }

    fn shop(schedules: Value) -> Source {
        let mut open = command(12, "docker logs <pod>", "read", "docker");
        open["placeholders"] = json!(["<pod>"]);
        let mut endless = command(13, "docker logs -f n8n", "read", "docker");
        endless["mode"] = json!("stream");
        let mut shop = source(json!({
            "commands": [
                command(10, "docker ps", "read", "docker"),
                command(11, "docker restart n8n", "mutate", "docker"),
                open,
                endless,
                command(14, "curl -s localhost/health", "read", "http"),
            ],
            "schedules": schedules,
        }));
        shop.overlay.zone = Some(chrono_tz::Tz::Europe__Madrid);
        shop.overlay.targets.insert("docker".into(), Place { target: "local".into(), inside: None });
        shop
    }

    fn on(shop: &Source) -> Vec<Reminder> {
        reminders::of(shop).0
    }

    #[test]
    fn only_what_looks_ends_and_leaves_nothing_open_is_run() {
        for (lines, looks) in [
            (vec![10], true),
            (vec![10, 14], true),
            (vec![], false),
            (vec![11], false),
            (vec![11, 12], false),
            (vec![13], false),
        ] {
            let all = on(&shop(json!([schedule("Morning check", &lines, json!({}))])));
            assert_eq!(matches!(all[0].does, Does::Looks { .. }), looks, "{lines:?}");
        }
    }

    #[test]
    fn of_what_looks_and_changes_the_one_is_looked_at_and_the_other_left_to_people() {
        let mixed = shop(json!([schedule("Restart", &[10, 11, 12, 14], json!({}))]));
        let all = on(&mixed);
        let Does::Looks { lines, by_hand } = &all[0].does else { panic!("a part of it only looks") };
        assert_eq!(lines, &[10, 14]);
        let said: Vec<_> = by_hand.iter().map(|b| (b.line, b.text.as_str(), b.risk)).collect();
        assert_eq!(said, [(11, "docker restart n8n", Risk::Mutate), (12, "docker logs <pod>", Risk::Read)]);
        // A team that wants reminders only has all of it, in its order.
        let Does::Reminds { by_hand } = all[0].does.clone().by_hand(&mixed) else { panic!("people do it") };
        assert_eq!(by_hand.iter().map(|b| b.line).collect::<Vec<_>>(), [10, 11, 12, 14]);
    }

    #[test]
    fn what_changes_something_reminds_with_the_line_of_each_command() {
        let all = on(&shop(json!([schedule("Restart", &[11, 12], json!({}))])));
        let Does::Reminds { by_hand } = &all[0].does else { panic!("people do it") };
        let said: Vec<_> = by_hand.iter().map(|b| (b.line, b.text.as_str(), b.risk)).collect();
        assert_eq!(said, [(11, "docker restart n8n", Risk::Mutate), (12, "docker logs <pod>", Risk::Read)]);
    }

    #[test]
    fn what_is_looked_at_every_hour_reminds_nobody_of_its_rest_and_says_so() {
        let hourly = json!({ "cadence": "hourly", "when": null });
        let (on, notes) = reminders::of(&shop(json!([schedule("Pulse", &[10, 11], hourly)])));
        assert!(on[0].rhythm.often() && on[0].does.left().is_empty());
        assert_eq!(
            notes[0].what,
            "\"Pulse\" is looked at, and nobody is reminded of its other 1 command: it is too often for that"
        );
    }

    #[test]
    fn it_stays_off_until_its_target_is_mapped_and_says_so() {
        let mut shop = shop(json!([schedule("Morning check", &[10], json!({}))]));
        shop.overlay.targets.clear();
        let (on, notes) = reminders::of(&shop);
        assert!(on.is_empty());
        assert_eq!(notes[0].what, "\"Morning check\" is off: nobody knows where \"docker\" is");
    }

    #[test]
    fn a_machine_looks_every_hour_and_people_are_not_reminded_so_often() {
        let hourly = json!({ "cadence": "hourly", "when": null });
        let (looks, _) = reminders::of(&shop(json!([schedule("Pulse", &[10], hourly.clone())])));
        assert!(looks[0].rhythm.often());
        let (reminds, notes) = reminders::of(&shop(json!([schedule("Pulse", &[11], hourly.clone())])));
        assert!(reminds.is_empty() && notes[0].what.contains("too often"), "{notes:?}");
        let mut told = shop(json!([schedule("Pulse", &[10], hourly)]));
        told.overlay.schedules.run = Some(false);
        assert!(on(&told).is_empty(), "a team that wants reminders does not want them every hour");
    }

    #[test]
    fn first_monday_and_the_change_of_clocks_are_gone_by_in_the_teams_zone() {
        let monthly = json!({ "cadence": "monthly", "when": "First Monday 2:30 AM" });
        let all = on(&shop(json!([schedule("Review", &[10], monthly)])));
        let at = |text: &str| -> Timestamp { text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into() };
        let last = |from: &str, now: &str| all[0].last_after(at(from), at(now));
        assert_eq!(last("2026-11-01T00:00:00Z", "2026-12-06T00:00:00Z"), Some(at("2026-11-02T01:30:00Z")));
        assert_eq!(last("2026-11-02T01:30:00Z", "2026-12-06T00:00:00Z"), None);
        let daily = on(&shop(json!([schedule("Night", &[10], json!({ "when": "2:30 AM" }))])));
        // 02:30 does not exist on 2026-03-29 and comes twice on 2026-10-25: once each.
        let times = |from: &str, to: &str| {
            let next = |t: &Timestamp| daily[0].rhythm.next_after(*t).filter(|n| *n <= at(to));
            std::iter::successors(next(&at(from)), next).count()
        };
        assert_eq!(times("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"), 2);
        assert_eq!(times("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"), 2);
    }

    #[test]
    fn the_overlay_speaks_for_all_schedules_or_for_one() {
        let mut shop = shop(json!([schedule("Morning check", &[10], json!({}))]));
        shop.overlay.schedules =
            Going { declare: Some(true), severity: Some("P2".into()), run: None, post: Some(false) };
        assert!(on(&shop)[0].declares() && !on(&shop)[0].posts());
        let own = Going { declare: Some(false), severity: Some("P9".into()), run: Some(false), post: Some(true) };
        shop.overlay.times.push(Time { schedule: "morning check".into(), when: None, going: own.clone() });
        let reminder = &on(&shop)[0];
        assert_eq!(reminder.going, own);
        assert!(matches!(reminder.does, Does::Reminds { .. }), "and at the runbook's own time");
    }

    #[test]
    fn a_level_that_is_not_there_is_said() {
        let mut shop = shop(json!([schedule("Morning check", &[10], json!({}))]));
        shop.import.runbook.severities = serde_json::from_value(json!([{ "level": "P1", "name": "Critical", "rank": 1,
            "description": null, "response_time_s": null, "resolution_time_s": null, "business_time": false, "line": 3 }]))
        .expect("severities");
        shop.overlay.schedules.severity = Some("P7".into());
        let (_, notes) = reminders::of(&shop);
        assert_eq!(notes[0].what, "\"Morning check\" is to declare P7, and the runbook has no such level");
        shop.overlay.schedules.severity = Some("p-1".into());
        assert!(reminders::of(&shop).1.is_empty());
    }

    #[test]
    fn the_order_has_every_command_or_there_is_none() {
        let shop = shop(json!([schedule("Morning check", &[10, 14], json!({}))]));
        let program = Program::new(vec![shop]);
        let mut rules = RunRules::default();
        let ground =
            |rules: &RunRules| program.look(&program.reminders()[0], &Ground { rules, read_s: 20, change_s: 300 });
        assert_eq!(ground(&rules), Some(Err(NotMade::NoTarget)), "the target is mapped to one that is not configured");
        rules.targets.insert("local".into(), None);
        let order = ground(&rules).expect("it looks").expect("an order");
        let texts: Vec<_> = order.commands.iter().map(|c| c.text.as_str()).collect();
        assert_eq!((texts, order.risk), (vec!["docker ps", "curl -s localhost/health"], Risk::Read));
    }

    #[test]
    fn what_is_offered_is_the_line_to_say() {
        let shop = shop(json!([schedule("Morning check", &[10], json!({}))]));
        let program = Program::new(vec![shop]);
        let r = &program.reminders()[0];
        let mut d = Directory::default();
        assert_eq!(r.offer(&d, "x"), None, "without a severity there is nothing to declare");
        d.severities = vec![Severity::new("P1", "Outage", 1), Severity::new("P2", "Critical", 2)];
        let service = firebell_domain::directory::Service { system: Some("shop".into()), ..Default::default() };
        d.services.insert("checkout".into(), service.clone());
        assert_eq!(
            r.offer(&d, "queue: 512, critical (> 500)").as_deref(),
            Some("/incident declare P2 Morning check of shop: queue: 512, critical (> 500) service:checkout")
        );
        d.services.insert("cart".into(), service);
        assert!(!r.offer(&d, "x").expect("offered").contains("service:"), "of two services none is guessed");
    }
}

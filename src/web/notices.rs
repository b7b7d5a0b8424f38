//! What the list and the board say above the incidents: a configuration or runbook that cannot be put in force, and what
//! of the runbooks' schedules is due. Made anew at every look from what is in force and the time, so nothing is lost by
//! a restart and several replicas say the same; decides nothing, and nothing of an incident is in it.

use crate::config::Standing;
use crate::program::{Program, reminders::Due};
use firebell_domain::text::line_of_machine;
use firebell_domain::time::Timestamp;
use serde::Serialize;

/// Seconds for which something stays due: a working day's half. Whoever comes later looks at the runbook.
const DUE_S: i64 = 12 * 3_600;
/// Notices at once; beyond it nobody reads them.
const SHOWN_MAX: usize = 8;
/// Tasks of one schedule that are named.
const TASKS_MAX: usize = 5;
/// Characters of one line.
const LINE_CHARS_MAX: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What stands before it, as a word.
    pub word: &'static str,
    pub text: String,
    /// What belongs to it, a line each.
    pub lines: Vec<String>,
}

pub fn of(program: &Program, configuration: &Standing, now: Timestamp) -> Vec<Notice> {
    let mut all: Vec<Notice> = configuration.refused.iter().map(refused).collect();
    all.extend(program.due(now, DUE_S).iter().map(due));
    let more = all.len().saturating_sub(SHOWN_MAX);
    all.truncate(SHOWN_MAX);
    if more > 0 {
        all.push(Notice { word: "due", text: format!("{more} more: see the runbooks"), lines: Vec::new() });
    }
    all
}

fn refused(refused: &crate::config::Refused) -> Notice {
    let more = match refused.more {
        0 => Vec::new(),
        n => vec![format!("{n} more: firebell config check")],
    };
    Notice {
        word: "configuration",
        text: format!("What was valid before stays in force since {}: the files cannot be put in force", refused.since),
        lines: [line_of_machine(&refused.first, LINE_CHARS_MAX)].into_iter().chain(more).collect(),
    }
}

fn due(due: &Due<'_>) -> Notice {
    let r = due.reminder;
    let one = |text: &str| line_of_machine(text, LINE_CHARS_MAX);
    let mut lines: Vec<String> = r.tasks.iter().take(TASKS_MAX).map(|t| one(t)).collect();
    let more = r.tasks.len().saturating_sub(TASKS_MAX);
    lines.extend((more > 0).then(|| format!("… and {more} more")));
    let (name, system, file) = (one(&r.name), one(&r.system), one(&r.file));
    Notice { word: "due", text: format!("{name} of {system} since {} ({file}, line {})", due.words(), r.line), lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Refused;
    use crate::program::tests::source;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into()
    }

    #[test]
    fn what_is_due_is_said_from_its_time_on_for_half_a_day_in_the_teams_zone() {
        let schedule = json!({ "name": "Morning check", "cadence": "daily", "when": "9:00 AM", "cron": null,
            "tasks": ["look at the queue", "look at the disks"], "command_lines": [], "line": 200 });
        let mut shop = source(json!({ "schedules": [schedule] }));
        shop.overlay.zone = Some(chrono_tz::Europe::Madrid);
        let program = Program::new(vec![shop]);
        let quiet = Standing::new(None, at("2026-11-22T00:00:00Z"));
        let said = |now: &str| of(&program, &quiet, at(now));
        assert_eq!(said("2026-11-22T07:59:59Z"), []);
        let due = said("2026-11-22T08:00:00Z");
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].text, "Morning check of shop since 09:00 CET (shop.md, line 200)");
        assert_eq!(due[0].lines, ["look at the queue", "look at the disks"]);
        assert_eq!(said("2026-11-22T19:59:59Z"), due);
        assert_eq!(said("2026-11-22T20:00:00Z"), [], "half a day later it is the runbook's again");
    }

    #[test]
    fn a_configuration_that_cannot_be_put_in_force_stands_first() {
        let since = at("2026-11-22T07:00:00Z");
        let refused = Refused { since, first: "shop.md:1: error: too long".into(), more: 2 };
        let standing = Standing { refused: Some(refused), ..Standing::new(None, since) };
        let said = of(&Program::default(), &standing, since);
        assert_eq!(
            said[0].text,
            "What was valid before stays in force since 2026-11-22 07:00 UTC: the files cannot be put in force"
        );
        assert_eq!(said[0].lines, ["shop.md:1: error: too long", "2 more: firebell config check"]);
    }
}

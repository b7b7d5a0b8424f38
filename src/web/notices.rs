//! What the list and the board say above the incidents: a configuration or runbook that cannot be put in force, what of
//! the runbooks' schedules is due, and what Firebell found where it looked by itself. Made anew at every look from what
//! is in force, the time and what the engine saw last, so nothing is lost by a restart and several replicas say the same;
//! decides nothing, and nothing of an incident is in it.

use crate::app::App;
use crate::config::Standing;
use crate::notice::look::{self, TASKS_MAX, left, one, tasks};
use crate::program::operations::Does;
use crate::program::reminders::Reminder;
use crate::program::{Program, reminders::Due};
use crate::store::Operations;
use firebell_domain::directory::Directory;
use firebell_domain::id::ChannelId;
use firebell_domain::operation::{Became, State, Verdict, found};
use firebell_domain::text::line_of_machine;
use firebell_domain::time::Timestamp;
use serde::Serialize;

/// Seconds for which something stays due: a working day's half. Whoever comes later looks at the runbook.
const DUE_S: i64 = 12 * 3_600;
/// Notices at once; beyond it nobody reads them.
const SHOWN_MAX: usize = 8;
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

/// What notices are made of.
pub struct Seen<'a> {
    pub program: &'a Program,
    pub operations: &'a Operations,
    pub directory: &'a Directory,
    pub now: Timestamp,
}

pub fn of(app: &App, configuration: &Standing) -> Vec<Notice> {
    let (program, operations, directory) = (app.program(), app.operations(), app.directory());
    let now = app.clock().now();
    all(&Seen { program: &program, operations: &operations, directory: &directory, now }, configuration)
}

pub fn all(seen: &Seen, configuration: &Standing) -> Vec<Notice> {
    let mut all: Vec<Notice> = configuration.refused.iter().map(refused).collect();
    let mut due: Vec<(u8, Notice)> =
        seen.program.due(seen.now, DUE_S).iter().filter_map(|d| by_schedule(seen, d)).collect();
    // What is wrong before what is to be done before what is well.
    due.sort_by_key(|(urgency, _)| *urgency);
    all.extend(due.into_iter().map(|(_, notice)| notice));
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

/// With how urgent it is, 0 first.
fn by_schedule(seen: &Seen, due: &Due<'_>) -> Option<(u8, Notice)> {
    let r = due.reminder;
    let looks = matches!(r.does, Does::Looks { .. });
    let state = seen.operations.get(&(r.system.clone(), r.name.clone())).filter(|_| looks);
    match state.and_then(|s| looked(seen, r, s)) {
        Some(said) => said,
        // What is due every few minutes is a machine's, and nothing for people to do.
        None if looks && r.rhythm.often() => None,
        None => Some((1, self::due(due))),
    }
}

/// What Firebell found, as far as that is not old; `None`: it has not looked.
fn looked(seen: &Seen, r: &Reminder, state: &State) -> Option<Option<(u8, Notice)>> {
    let turn = state.turn.as_ref().filter(|t| seen.now.seconds_since(t.due) < DUE_S)?;
    let place = format!("{} of {}", one(&r.name), one(&r.system));
    let book = format!("({}, line {})", one(&r.file), r.line);
    let at = r.clock(turn.due);
    let quiet = r.rhythm.often();
    let by_hand = |mut lines: Vec<String>| {
        lines.extend(left(r));
        lines
    };
    Some(match &turn.became {
        Became::Running { .. } if quiet => None,
        Became::Running { .. } => {
            let lines = by_hand(Vec::new());
            Some((2, Notice { word: "running", text: format!("{place} looks since {at} {book}"), lines }))
        }
        // People are reminded of it in the same words as of everything that nobody looks at.
        Became::Due => return None,
        Became::Missed { .. } => {
            let lines = vec![look::MISSED.to_string()];
            Some((
                1,
                Notice { word: "missed", text: format!("{place} at {at} was missed {book}"), lines: by_hand(lines) },
            ))
        }
        Became::Interrupted { .. } => {
            let lines = vec![look::INTERRUPTED.to_string()];
            let text = format!("{place} at {at} was interrupted {book}");
            Some((1, Notice { word: "interrupted", text, lines: by_hand(lines) }))
        }
        Became::Ended { verdict, rows, .. } => {
            let urgency = match verdict {
                Verdict::Critical => 0,
                Verdict::Warning | Verdict::Unclear => 1,
                Verdict::Healthy if quiet => return Some(None),
                // People still have something to do.
                Verdict::Healthy if !r.does.left().is_empty() => 1,
                Verdict::Healthy => 2,
            };
            let mut lines = look::rows(rows);
            if *verdict == Verdict::Critical {
                lines.push(match state.incident() {
                    Some(incident) => format!("It is told to {incident}"),
                    None if r.declares() => "It is being declared".to_string(),
                    None => r.offer(seen.directory, &found::worst(rows)).map_or_else(
                        || "Is that an incident? /incident declare".to_string(),
                        |say| one(&format!("Is that an incident? {say}")),
                    ),
                });
            }
            lines.extend(left(r));
            lines.extend(tasks(r));
            lines.extend(unposted(seen.directory, state));
            Some((urgency, Notice { word: verdict.as_word(), text: format!("{place} at {at} {book}"), lines }))
        }
    })
}

/// The chats that do not show it, and why.
fn unposted(directory: &Directory, state: &State) -> Vec<String> {
    let shown = |chat: &ChannelId| directory.chats.iter().any(|rule| rule.channel == *chat);
    let all = state.posts.iter().filter(|(chat, _)| shown(chat));
    let failed = all.filter_map(|(chat, post)| Some((chat, post.failed.as_ref()?)));
    failed.map(|(chat, why)| one(&format!("Not posted in {chat}: {why}"))).collect()
}

fn due(due: &Due<'_>) -> Notice {
    let r = due.reminder;
    let mut lines: Vec<String> = r.tasks.iter().take(TASKS_MAX).map(|t| one(t)).collect();
    let more = r.tasks.len().saturating_sub(TASKS_MAX);
    lines.extend((more > 0).then(|| format!("… and {more} more")));
    lines.extend(left(r));
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
        let (operations, directory) = (Operations::new(), Directory::default());
        let seen = |now: &str| Seen { program: &program, operations: &operations, directory: &directory, now: at(now) };
        let said = |now: &str| all(&seen(now), &quiet);
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
        let (program, operations, directory) = Default::default();
        let said =
            all(&Seen { program: &program, operations: &operations, directory: &directory, now: since }, &standing);
        assert_eq!(
            said[0].text,
            "What was valid before stays in force since 2026-11-22 07:00 UTC: the files cannot be put in force"
        );
        assert_eq!(said[0].lines, ["shop.md:1: error: too long", "2 more: firebell config check"]);
    }

    #[test]
    fn what_firebell_found_stands_in_the_room_with_thresholds_and_what_to_say() {
        use crate::program::tests::command;
        use firebell_domain::chat::ChatRule;
        use firebell_domain::operation::found::{Row, Standing as Is};
        use firebell_domain::operation::post::Post;
        use firebell_domain::operation::{self, Look, Step};
        use firebell_domain::severity::Severity;
        let schedule = json!({ "name": "Morning check", "cadence": "daily", "when": "9:00 AM", "cron": null,
            "tasks": ["look at the disks"], "command_lines": [10, 12], "line": 200 });
        let commands = json!([
            command(10, "redis-cli llen queue", "read", "http"),
            command(12, "./rotate-keys.sh", "mutate", "http"),
        ]);
        let mut shop = source(json!({ "commands": commands, "schedules": [schedule] }));
        shop.overlay.zone = Some(chrono_tz::Europe::Madrid);
        let program = Program::new(vec![shop]);
        let r = &program.reminders()[0];
        let (since, due) = (at("2026-11-21T12:00:00Z"), at("2026-11-22T08:00:00Z"));
        let rule = r.rhythm.rule();
        let by = |now| Look { now, worker: "one", alone: true, grace_s: 3_600, limit_s: 20 };
        let known = State::new(&rule, since);
        let Step::Run(running) = operation::look(Some(&known), &rule, Some(due), by(due)) else { panic!("its turn") };
        let row = |is, value: &str| Row {
            what: "queue depth".into(),
            value: value.into(),
            is,
            bound: (is == Is::Critical).then(|| "> 500".to_string()),
            line: 10,
        };
        let ended = |rows| operation::ended(&running, due, "one", rows, false, due.plus_s(1)).expect("its own");
        let (channel, rooms) = ("slack".into(), Default::default());
        let slack = ChatRule { channel, opens: false, announces: true, own_only: false, rooms };
        let severities = vec![Severity::new("P1", "Critical", 1)];
        let directory = Directory { severities, chats: vec![slack], ..Directory::default() };
        let quiet = Standing::new(None, since);
        let said = |state: &State, now| {
            let operations = Operations::from([(("shop".to_string(), "Morning check".to_string()), state.clone())]);
            all(&Seen { program: &program, operations: &operations, directory: &directory, now }, &quiet)
        };
        let critical = said(&ended(vec![row(Is::Critical, "512")]), due.plus_s(60));
        assert_eq!(
            (critical[0].word, critical[0].text.as_str()),
            ("critical", "Morning check of shop at 09:00 CET (shop.md, line 200)")
        );
        assert_eq!(
            critical[0].lines,
            [
                "queue depth: 512, critical (> 500)",
                "Is that an incident? /incident declare P1 Morning check of shop: queue depth: 512, critical (> 500)",
                "/incident run line 12: ./rotate-keys.sh (changes something that can be undone)",
                "Its tasks: look at the disks",
            ]
        );
        let mut refused = ended(vec![row(Is::Critical, "512")]);
        let failed = Some("no such channel".to_string());
        refused.posts.insert("slack".into(), Post { failed: failed.clone(), ..Post::default() });
        refused.posts.insert("gone".into(), Post { failed, ..Post::default() });
        let lines = said(&refused, due.plus_s(60)).remove(0).lines;
        assert_eq!(lines.last().map(String::as_str), Some("Not posted in slack: no such channel"));
        assert_eq!(lines.len(), critical[0].lines.len() + 1, "what is no chat any more is not spoken of");
        let healthy = said(&ended(vec![row(Is::Healthy, "3")]), due.plus_s(60));
        assert_eq!((healthy[0].word, healthy[0].lines[0].as_str()), ("healthy", "queue depth: 3, healthy"));
        assert_eq!(
            healthy[0].lines[1],
            "/incident run line 12: ./rotate-keys.sh (changes something that can be undone)"
        );
        assert_eq!(said(&running, due.plus_s(5))[0].word, "running");
        let Step::Note(missed) = operation::look(Some(&known), &rule, Some(due), by(due.plus_s(7_200))) else {
            panic!("it is said")
        };
        assert_eq!(
            said(&missed, due.plus_s(7_300))[0].text,
            "Morning check of shop at 09:00 CET was missed (shop.md, line 200)"
        );
        assert_eq!(said(&known, due.plus_s(1))[0].word, "due", "nobody has looked yet");
    }
}

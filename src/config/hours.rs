//! Reads working hours: a zone, some weekdays, a stretch of the day. Never asks what time it is.

use super::people::zone;
use super::problem::{Problems, quoted};
use super::read::Table;
use chrono::{NaiveTime, Timelike, Weekday};
use firebell_domain::hours::WorkingHours;

const NINE: u32 = 9 * 60;
const FIVE: u32 = 17 * 60;
const MIDNIGHT: u32 = 24 * 60;

/// What a policy says of them; `None` where it says nothing.
pub fn working_hours(policy: &Table<'_>, problems: &mut Problems) -> Option<WorkingHours> {
    if !policy.given("working_hours") {
        return None;
    }
    let table = policy.table("working_hours");
    Some(WorkingHours {
        zone: zone(&table, "zone", problems),
        days: days(&table, problems),
        from_min: minute(&table, "from", NINE, problems),
        to_min: minute(&table, "to", FIVE, problems),
    })
}

/// `["Mon-Fri"]`, `["Mon", "Wed", "Sat-Sun"]`.
fn days(table: &Table<'_>, problems: &mut Problems) -> Vec<Weekday> {
    let week: Vec<Weekday> = std::iter::successors(Some(Weekday::Mon), |d| Some(d.succ())).take(7).collect();
    let mut chosen: Vec<Weekday> = Vec::new();
    for (text, spot) in table.texts("days") {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Ok(first), Ok(last)) = (first.trim().parse::<Weekday>(), last.trim().parse::<Weekday>()) else {
            let fix = "Write weekdays such as \"Mon\", or a stretch such as \"Mon-Fri\"";
            problems.error(&spot, format!("{} is not a weekday", quoted(text)), fix);
            continue;
        };
        let mut day = first;
        loop {
            if !chosen.contains(&day) {
                chosen.push(day);
            }
            if day == last {
                break;
            }
            day = day.succ();
        }
    }
    if !table.given("days") {
        return week.into_iter().take(5).collect();
    }
    if table.lists_nothing("days") {
        problems.error(&table.spot("days"), "no day has working hours", "Write days = [\"Mon-Fri\"]");
    }
    week.into_iter().filter(|d| chosen.contains(d)).collect()
}

fn minute(table: &Table<'_>, key: &str, default: u32, problems: &mut Problems) -> u32 {
    let Some(text) = table.text(key) else { return default };
    let clock = NaiveTime::parse_from_str(text.trim(), "%H:%M").ok().map(|t| t.hour() * 60 + t.minute());
    match clock {
        _ if text.trim() == "24:00" && key == "to" => MIDNIGHT,
        Some(minute) => minute,
        None => {
            let fix = "Write a time of 24 hours such as \"09:00\"";
            problems.error(&table.spot(key), format!("{} is not a time of day", quoted(text)), fix);
            default
        }
    }
}

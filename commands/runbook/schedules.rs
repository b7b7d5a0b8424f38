//! What the runbooks' schedules do, for the answer of `runbook`: which Firebell looks at by itself and what it found, of
//! which people are reminded, and which are off and why. Changes nothing.

use super::Call;
use crate::commands::words::shown;
use crate::program::operations::Does;
use crate::program::orders::{Ground, NotMade};
use crate::program::reminders::{self, Reminder};

/// Schedules that are named; the others stand in the runbook.
const NAMED_MAX: usize = 12;

pub fn lines(call: &Call<'_>, system: Option<&str>) -> Vec<String> {
    let program = &call.ground.program;
    let of = |name: &str| system.is_none_or(|s| s == name);
    let mut all: Vec<String> =
        program.reminders().iter().filter(|r| of(&r.system)).map(|r| format!("  {}", line(call, r))).collect();
    for source in program.sources.iter().filter(|s| of(&s.system)) {
        let off = reminders::of(source).1.into_iter().filter(|n| matches!(n.kind, "schedule" | "zone"));
        all.extend(off.map(|n| format!("  {}. {}.", shown(&n.what), shown(&n.fix))));
    }
    if all.is_empty() {
        return all;
    }
    let more = all.len().saturating_sub(NAMED_MAX);
    all.truncate(NAMED_MAX);
    all.extend((more > 0).then(|| format!("  … and {more} more")));
    all.insert(0, "Schedules:".to_string());
    all
}

fn line(call: &Call<'_>, r: &Reminder) -> String {
    let name = format!("{} of {} (line {})", shown(&r.name), shown(&r.system), r.line);
    let next = r.next_words(call.ground.now).map_or(String::new(), |at| format!("; next {at}"));
    let say: Vec<String> = r.does.left().iter().take(3).map(|b| format!("/incident run line {}", b.line)).collect();
    match &r.does {
        Does::Reminds { .. } => {
            let say = if say.is_empty() { String::new() } else { format!("; then say {}", say.join(", ")) };
            format!("{name}: people are reminded{next}{say}")
        }
        Does::Looks { .. } => {
            let rules = &call.ground.directory.runs;
            let ground = Ground { rules, read_s: rules.read_s, change_s: rules.change_s };
            if let Some(Err(why)) = call.ground.program.look(r, &ground) {
                let why = match why {
                    NotMade::NoTarget => "its target is not among [targets]".to_string(),
                    NotMade::Refused(why) => why,
                    _ => "a command of it cannot be made out".to_string(),
                };
                return format!("{name}: Firebell cannot look, because {why}; people are reminded{next}");
            }
            let operations = call.app.operations();
            let turn = operations.get(&(r.system.clone(), r.name.clone())).and_then(|s| s.turn.as_ref());
            let last = turn.and_then(|t| Some(format!("; last {} at {}", t.became.word()?, r.clock(t.due))));
            let say =
                if say.is_empty() { String::new() } else { format!("; of the rest people say {}", say.join(", ")) };
            format!("{name}: Firebell looks by itself{next}{}{say}", last.unwrap_or_default())
        }
    }
}

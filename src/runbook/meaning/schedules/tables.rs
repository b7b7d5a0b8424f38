//! Tables of jobs: a column for what, and one or two for when.

use super::items::Place;
use crate::document::Table;
use crate::grammar::schedule::{Rhythm, cron_expression, rhythm};
use crate::lexicon::Header;
use crate::model::{Cadence, Schedule};

pub fn table(place: &Place<'_>, table: &Table) -> Vec<Schedule> {
    let heads = place.reading.heads(table);
    let at = |wanted: &[Header]| wanted.iter().find_map(|w| heads.iter().position(|h| *h == Some(*w)));
    if at(&[Header::Level, Header::Metric, Header::EscalateTo, Header::Phone, Header::Response, Header::Date]).is_some()
    {
        return Vec::new();
    }
    // "Time" over a column is the time of day where the title says how often.
    let rhythmic = place.said.is_some_and(|s| s.cadence.is_some());
    let (often, when) = (at(&[Header::Cadence]), at(&[Header::When]).or(at(&[Header::After]).filter(|_| rhythmic)));
    if often.is_none() && when.is_none() {
        return Vec::new();
    }
    let what = at(&[Header::Task, Header::Name, Header::Action, Header::Service, Header::Step, Header::Command]);
    let what = what.or_else(|| (0..heads.len()).find(|n| Some(*n) != often && Some(*n) != when));
    let task = at(&[Header::Description, Header::Action, Header::Command]).filter(|n| Some(*n) != what);
    let mut found = Vec::new();
    for row in &table.rows {
        let cell = |n: Option<usize>| n.and_then(|n| row.cells.get(n)).map_or("", |c| c.plain.trim());
        let (often, when, what) = (cell(often), cell(when), cell(what));
        let expression =
            [often, when].into_iter().find_map(|c| cron_expression(c).map(|(cron, cadence)| (c, cron, cadence)));
        let said = match expression {
            Some((written, cron, cadence)) => {
                let cadence = cadence.or_else(|| rhythm(often).and_then(|r| r.cadence));
                Some(Rhythm { cadence, when: Some(written.into()), cron: Some(cron), ..Rhythm::default() })
            }
            None => together(often, when).map(|r| within(r, place.said)),
        };
        if let Some(r) = said.filter(|r| (r.cadence.is_some() || r.strong || r.cron.is_some()) && !what.is_empty()) {
            let tasks = [cell(task)].into_iter().filter(|t| !t.is_empty()).map(str::to_string).collect();
            found.push(Schedule {
                name: what.to_string(),
                cadence: r.cadence,
                when: r.when,
                cron: r.cron,
                tasks,
                command_lines: Vec::new(),
                line: row.line,
            });
        }
    }
    found
}

/// A time of day under a title that says how often: with both, the time may be exact.
fn within(own: Rhythm, said: Option<&Rhythm>) -> Rhythm {
    let Some(outer) = said.and_then(|s| s.cadence).filter(|_| own.cadence.is_none()) else { return own };
    let word = match outer {
        Cadence::Daily => Some("daily"),
        Cadence::Weekly => Some("weekly"),
        _ => None,
    };
    let exact = word.zip(own.when.as_deref()).and_then(|(word, when)| rhythm(&format!("{word} {when}")));
    let cron = own.cron.clone().or_else(|| exact.and_then(|r| r.cron));
    Rhythm { cadence: Some(outer), cron, ..own }
}

/// "Weekly" in one column and "Sunday 02:00" in another are one rhythm.
fn together(often: &str, when: &str) -> Option<Rhythm> {
    let joined = rhythm(&format!("{often} {when}"))?;
    let written = rhythm(when).and_then(|r| r.when).or_else(|| rhythm(often).and_then(|r| r.when));
    Some(Rhythm { when: written, ..joined })
}

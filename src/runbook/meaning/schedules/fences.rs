//! Rhythms in code: comments above commands ("# Run monthly") and crontab lines.

use super::items::Place;
use super::name;
use crate::document::Fence;
use crate::fold::Fold;
use crate::grammar::schedule::{Rhythm, cron_line, rhythm, without};
use crate::model::Schedule;

pub fn fence(place: &Place<'_>, fence: &Fence) -> Vec<Schedule> {
    let mut found = Vec::new();
    let mut comment: Option<String> = None;
    let section = &place.reading.document.sections[place.reading.titled(place.block.section)];
    for (line, text) in &fence.body {
        let trimmed = text.trim();
        if let Some(said) = comment_of(trimmed) {
            if let Some(r) = rhythm(said).filter(|r| is_about(said, r) && differs(place, r)) {
                let rest = without(said, &r);
                let named = rest.split_whitespace().count() > 1;
                let name = if named { rest } else { name(&section.name, None) };
                found.push(made(name, r, Vec::new(), *line));
            }
            // `m h dom mon dow command` only names the columns.
            let columns = said.contains("dom") && said.contains("dow");
            comment = Some(said.to_string()).filter(|_| !columns);
            continue;
        }
        if let Some(cron) = cron_line(trimmed) {
            let rhythm =
                Rhythm { cadence: cron.cadence, when: Some(cron.written), cron: Some(cron.cron), ..Rhythm::default() };
            // The comment above names the job; its own rhythm is the same one.
            if let Some(above) = &comment {
                found.retain(|s: &Schedule| !(s.line + 1 == *line && rhythm_of(above)));
            }
            let name = comment.clone().unwrap_or_else(|| cron.command.clone());
            found.push(made(name, rhythm, vec![cron.command], *line));
        }
        comment = None;
    }
    found
}

fn rhythm_of(text: &str) -> bool {
    rhythm(text).is_some()
}

fn made(name: String, r: Rhythm, tasks: Vec<String>, line: u32) -> Schedule {
    Schedule { name, cadence: r.cadence, when: r.when, cron: r.cron, tasks, command_lines: Vec::new(), line }
}

fn comment_of(line: &str) -> Option<&str> {
    let body = line.strip_prefix("--").or_else(|| line.strip_prefix("//")).or_else(|| {
        let body = line.strip_prefix('#')?;
        (!body.starts_with('!')).then(|| body.trim_start_matches('#'))
    })?;
    Some(body.trim()).filter(|b| !b.is_empty())
}

/// An adverb at the end ("Run monthly"), or a short comment that begins with it ("Weekly cleanup").
fn is_about(comment: &str, found: &Rhythm) -> bool {
    let fold = Fold::new(comment);
    let words = comment.split_whitespace().count();
    let after = fold.text[found.range.end..].trim_matches(|c: char| !c.is_alphanumeric());
    let named = found.strong && found.cadence.is_some();
    let apart = fold.text[found.range.end..].starts_with([',', ':', ';', '('])
        || fold.text[found.range.end..].starts_with(" (");
    named && words <= 10 && (after.is_empty() || (found.range.start == 0 && (words <= 3 || apart && words <= 7)))
}

/// Says something else than the section around it.
fn differs(place: &Place<'_>, found: &Rhythm) -> bool {
    let outer = place.outer.map(|o| o.cadence).or_else(|| place.said.map(|r| r.cadence));
    outer.is_none_or(|c| c != found.cadence) || found.when.is_some()
}

//! The course of an incident as a picture (SVG inside the page) and, for whoever does not look at pictures, the same
//! in a table. A stretch or point says what it is in words; colour only repeats it. Never a script, never a style of
//! its own: the page's style has the colours.

use super::course::{Course, Lane, Tone};
use super::document::Zone;
use super::html::{escape, table};
use crate::time::{SECOND, Timestamp, span};
use chrono::Offset;
use std::collections::BTreeSet;
use std::fmt::Write;

const WIDTH: i64 = 960;
/// Where the lanes begin: their names stand before.
const LEFT: i64 = 96;
const RIGHT: i64 = 24;
const LANE: i64 = 34;
const BAR: i64 = 22;
/// Pixels that a letter takes at most; a text that does not fit is cut and can be read in full in the table.
const LETTER: i64 = 7;
/// Distances of ticks, in seconds; the first that leaves at most this many is taken.
const STEPS: [i64; 15] =
    [10, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 604_800, 2_592_000];
const TICKS_MAX: i64 = 9;

pub fn draw(out: &mut String, course: &Course, zone: Zone) {
    let lanes: Vec<Lane> = Lane::ALL.into_iter().filter(|l| used(course, *l)).collect();
    let bottom = 20 + LANE * i64::try_from(lanes.len()).unwrap_or(6);
    let height = bottom + 28;
    let lasted = span(course.to.seconds_since(course.from));
    let (from, to) = (escape(&zone.local(course.from)), escape(&zone.local(course.to)));
    let (stretches, points) = (course.stretches.len(), course.points.len());
    let _ = writeln!(
        out,
        "<figure>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"The course of the incident\">\n\
         <svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"course-title course-desc\">\n\
         <title id=\"course-title\">The course of the incident</title>\n\
         <desc id=\"course-desc\">{lasted} from {from} to {to}, with {stretches} stretches and {points} points. The \
         table below says the same.</desc>"
    );
    ticks(out, course, zone, bottom);
    for (n, lane) in (0i64..).zip(&lanes) {
        let y = 20 + n * LANE;
        let _ = writeln!(out, "<text x=\"0\" y=\"{}\">{}</text>", y + 16, lane.as_words());
        stretches_of(out, course, *lane, y);
        points_of(out, course, *lane, y);
    }
    out.push_str("</svg>\n</div>\n");
    let caption = format!("From {from} to {to}. Squares are pages and changes, diamonds are deadlines.");
    let _ = writeln!(out, "<figcaption>{caption}</figcaption>\n</figure>");
    out.push_str("<details>\n<summary>The same as a table</summary>\n");
    let (head, rows) = rows(course, zone);
    table(out, &head, &rows);
    out.push_str("</details>\n");
}

fn used(course: &Course, lane: Lane) -> bool {
    course.stretches.iter().any(|s| s.lane == lane) || course.points.iter().any(|p| p.lane == lane)
}

/// Where a time stands from left to right.
fn x(course: &Course, at: Timestamp) -> i64 {
    let whole = i128::from(course.to.0.saturating_sub(course.from.0).max(1));
    let part = i128::from(at.0.saturating_sub(course.from.0)).clamp(0, whole);
    let room = i128::from(WIDTH - LEFT - RIGHT);
    LEFT + i64::try_from(part * room / whole).unwrap_or(0)
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Bad => "bad",
    }
}

fn stretches_of(out: &mut String, course: &Course, lane: Lane, y: i64) {
    for s in course.stretches.iter().filter(|s| s.lane == lane) {
        let (from, to) = (x(course, s.from), x(course, s.to));
        let (width, class, what) = ((to - from).max(2), class(s.tone), escape(&s.what));
        let _ = write!(
            out,
            "<g><title>{what} for {}</title><rect class=\"{class}\" x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\"/>",
            span(s.to.seconds_since(s.from))
        );
        let letters = usize::try_from((width - 8) / LETTER).unwrap_or(0);
        let fits = s.what.chars().count() <= letters;
        let shown = match fits {
            true => what,
            false if letters > 3 => format!("{}…", escape(&s.what.chars().take(letters - 1).collect::<String>())),
            false => String::new(),
        };
        let _ = writeln!(out, "<text x=\"{}\" y=\"{}\">{shown}</text></g>", from + 4, y + 16);
    }
}

/// A night of pages every five minutes is many points at one place: one is drawn, the table has all.
fn points_of(out: &mut String, course: &Course, lane: Lane, y: i64) {
    let mut drawn = BTreeSet::new();
    for p in course.points.iter().filter(|p| p.lane == lane) {
        let at = x(course, p.at);
        if !drawn.insert(at) {
            continue;
        }
        // Over a stretch a point stands on its upper edge, so that it does not hide the words.
        let over = course.stretches.iter().any(|s| s.lane == lane);
        let middle = if over { y } else { y + BAR / 2 };
        let (class, what) = (class(p.tone), escape(&p.what));
        let turned = match lane {
            Lane::Clocks => format!(" transform=\"rotate(45 {at} {middle})\""),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "<g><title>{what}</title><rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"8\" height=\"8\"{turned}/></g>",
            at - 4,
            middle - 4
        );
    }
}

fn ticks(out: &mut String, course: &Course, zone: Zone, bottom: i64) {
    let lasted = course.to.seconds_since(course.from).max(1);
    let step = STEPS.into_iter().find(|s| lasted / s <= TICKS_MAX).unwrap_or(lasted);
    // On round times of the reader's own clock.
    let offset = course.from.utc().with_timezone(&zone.0).offset().fix().local_minus_utc();
    let offset = i64::from(offset);
    let first = (course.from.0.div_euclid(SECOND) + offset).div_euclid(step) * step + step - offset;
    let format = match step {
        s if s < 60 => "%H:%M:%S",
        s if s < 86_400 => "%H:%M",
        _ => "%m-%d",
    };
    for n in 0..=TICKS_MAX {
        let at = Timestamp((first + n * step).saturating_mul(SECOND));
        if at > course.to {
            break;
        }
        let (x, label) = (x(course, at), at.utc().with_timezone(&zone.0).format(format));
        let _ = writeln!(
            out,
            "<line class=\"tick\" x1=\"{x}\" y1=\"12\" x2=\"{x}\" y2=\"{bottom}\"/><text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            bottom + 18
        );
    }
}

fn rows(course: &Course, zone: Zone) -> (Vec<String>, Vec<Vec<String>>) {
    let mut all: Vec<(Timestamp, Vec<String>)> = Vec::new();
    for s in &course.stretches {
        let lasted = span(s.to.seconds_since(s.from));
        all.push((s.from, vec![zone.time(s.from), s.lane.as_words().to_string(), s.what.clone(), lasted]));
    }
    for p in &course.points {
        all.push((p.at, vec![zone.time(p.at), p.lane.as_words().to_string(), p.what.clone(), String::new()]));
    }
    all.sort_by_key(|r| r.0);
    let head = vec![zone.head("From"), "Lane".into(), "What".into(), "For".into()];
    (head, all.into_iter().map(|r| r.1).collect())
}

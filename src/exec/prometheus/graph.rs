//! A graph of some series as a PNG: what happened over a stretch of time, seen at a glance. Letters and lines are drawn
//! here, without a font of the system. Each line has a number beside its colour: colour alone tells nothing.

use super::answer::Series;
use super::canvas::Canvas;
use chrono::DateTime;
use embedded_graphics::pixelcolor::Rgb888;

/// Lines that can still be told apart.
const LINES_MAX: usize = 8;
const WIDTH: u32 = 900;
const PLOT_HEIGHT: u32 = 300;
/// Points of a line beyond which they fall on each other: two for each three pixels.
const COLUMNS: f64 = 300.0;
const POINTS_MAX: usize = 600;
/// Around the plot: left for values, right for numbers of lines, above for the title, below for times.
const LEFT: u32 = 80;
const RIGHT: u32 = 40;
const TOP: u32 = 34;
const BELOW: u32 = 30;
const LEGEND_ROW: u32 = 15;
/// Letters of a title or a legend that fit into a line.
const TITLE_CHARS: usize = 124;
const LEGEND_CHARS: usize = 138;

const INK: Rgb888 = Rgb888::new(40, 40, 40);
const GRID: Rgb888 = Rgb888::new(225, 225, 225);
/// Told apart by eyes of every kind (Okabe and Ito).
pub const COLOURS: [Rgb888; LINES_MAX] = [
    Rgb888::new(0, 114, 178),
    Rgb888::new(213, 94, 0),
    Rgb888::new(0, 158, 115),
    Rgb888::new(204, 121, 167),
    Rgb888::new(230, 159, 0),
    Rgb888::new(86, 180, 233),
    Rgb888::new(0, 0, 0),
    Rgb888::new(130, 130, 130),
];

/// Where times and values come to lie.
struct Scale {
    times: (f64, f64),
    values: (f64, f64),
}

impl Scale {
    fn x(&self, at: f64) -> f64 {
        let share = (at - self.times.0) / (self.times.1 - self.times.0);
        f64::from(LEFT) + share * f64::from(WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.values.0) / (self.values.1 - self.values.0);
        f64::from(TOP + PLOT_HEIGHT) - share * f64::from(PLOT_HEIGHT)
    }
}

/// `None` where there is nothing to draw.
pub fn png(title: &str, series: &[Series]) -> Option<Vec<u8>> {
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = series
        .iter()
        .map(|s| (s.name(), s.samples.iter().copied().filter(|(t, v)| t.is_finite() && v.is_finite()).collect()))
        .filter(|(_, samples): &(String, Vec<_>)| !samples.is_empty())
        .collect();
    // What is highest now is what people look for.
    let last = |samples: &[(f64, f64)]| samples.last().map_or(f64::MIN, |(_, v)| *v);
    lines.sort_by(|a, b| last(&b.1).total_cmp(&last(&a.1)));
    let left_out = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    let scale = scale(&lines)?;
    let rows = u32::try_from(lines.len() + usize::from(left_out > 0)).unwrap_or(0);
    let mut canvas = Canvas::new(WIDTH, TOP + PLOT_HEIGHT + BELOW + rows * LEGEND_ROW + 6);
    let ends = draw(&mut canvas, &scale, &lines);
    let mut canvas = canvas.settle();
    words(&mut canvas, &scale, title);
    for (no, y) in ends.iter().enumerate() {
        canvas.small(f64::from(WIDTH - RIGHT) + 6.0, *y + 4.0, &(no + 1).to_string(), COLOURS[no]);
    }
    for (no, (name, samples)) in lines.iter().enumerate() {
        let y = f64::from(TOP + PLOT_HEIGHT + BELOW) + f64::from(LEGEND_ROW) * (no as f64 + 1.0) - 4.0;
        let text = format!("{}  {}  last {}", no + 1, short(name, LEGEND_CHARS - 20), number(last(samples), 0.001));
        canvas.small(12.0, y, "--", COLOURS[no]);
        canvas.small(30.0, y, &text, INK);
    }
    if left_out > 0 {
        let y = f64::from(TOP + PLOT_HEIGHT + BELOW + rows * LEGEND_ROW) - 4.0;
        canvas.small(30.0, y, &format!("and {left_out} more that are lower"), INK);
    }
    canvas.png()
}

fn scale(lines: &[(String, Vec<(f64, f64)>)]) -> Option<Scale> {
    let all = || lines.iter().flat_map(|(_, samples)| samples.iter().copied());
    let (first, last) = all().fold((f64::MAX, f64::MIN), |(lo, hi), (t, _)| (lo.min(t), hi.max(t)));
    let (mut low, mut high) = all().fold((f64::MAX, f64::MIN), |(lo, hi), (_, v)| (lo.min(v), hi.max(v)));
    if first > last || !(high - low).is_finite() {
        return None;
    }
    // From nothing, unless that would make a flat line of it.
    if low >= 0.0 && low < high * 0.6 {
        low = 0.0;
    }
    if high <= low {
        let room = (high.abs() * 0.1).max(1e-9).max(if high == 0.0 { 1.0 } else { 0.0 });
        (low, high) = (low - if low == 0.0 { 0.0 } else { room }, high + room);
    }
    let margin = (high - low) * 0.05;
    let times = if last > first { (first, last) } else { (first - 30.0, last + 30.0) };
    Some(Scale { times, values: (if low == 0.0 { 0.0 } else { low - margin }, high + margin) })
}

/// Grid and lines; where each line ends.
fn draw(canvas: &mut Canvas, scale: &Scale, lines: &[(String, Vec<(f64, f64)>)]) -> Vec<f64> {
    let (left, right) = (f64::from(LEFT), f64::from(WIDTH - RIGHT));
    for value in marks(scale.values, value_step(scale.values)) {
        canvas.line((left, scale.y(value)), (right, scale.y(value)), GRID, 1);
    }
    for at in marks(scale.times, time_step(scale.times)) {
        canvas.line((scale.x(at), f64::from(TOP)), (scale.x(at), f64::from(TOP + PLOT_HEIGHT)), GRID, 1);
    }
    let mut ends: Vec<f64> = Vec::new();
    for (no, (_, samples)) in lines.iter().enumerate() {
        // Twice as far apart as usual is a gap: nothing was measured there.
        let apart = samples.windows(2).map(|w| w[1].0 - w[0].0).fold(f64::MAX, f64::min);
        let at = |(t, v): (f64, f64)| (scale.x(t), scale.y(v));
        let column = (scale.times.1 - scale.times.0) / COLUMNS;
        let gap = if samples.len() > POINTS_MAX { apart.max(column) * 1.9 } else { apart * 1.9 };
        let mut drawn = false;
        for pair in thin(samples, scale.times.0, column).windows(2).filter(|w| w[1].0 - w[0].0 <= gap) {
            canvas.line(at(pair[0]), at(pair[1]), COLOURS[no], 2);
            drawn = true;
        }
        if !drawn {
            samples.iter().for_each(|s| canvas.dot(at(*s), COLOURS[no]));
        }
        let mut y = samples.last().map_or(0.0, |s| at(*s).1);
        // Numbers that would stand on each other.
        while ends.iter().any(|e| (e - y).abs() < 10.0) {
            y += 10.0;
        }
        ends.push(y);
    }
    ends
}

/// Of more points than there are columns, the lowest and the highest of each column, in the order of time: no peak is lost.
fn thin(samples: &[(f64, f64)], first: f64, column: f64) -> Vec<(f64, f64)> {
    if samples.len() <= POINTS_MAX {
        return samples.to_vec();
    }
    let mut out = Vec::new();
    for one in samples.chunk_by(|a, b| ((a.0 - first) / column).floor() == ((b.0 - first) / column).floor()) {
        let low = one.iter().enumerate().min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map_or(0, |(no, _)| no);
        let high = one.iter().enumerate().max_by(|a, b| a.1.1.total_cmp(&b.1.1)).map_or(0, |(no, _)| no);
        out.push(one[low.min(high)]);
        if low != high {
            out.push(one[low.max(high)]);
        }
    }
    out
}

fn words(canvas: &mut Canvas, scale: &Scale, title: &str) {
    canvas.bold(12.0, 20.0, &short(title, TITLE_CHARS), INK);
    let step = value_step(scale.values);
    for value in marks(scale.values, step) {
        let text = number(value, step);
        let x = f64::from(LEFT) - 8.0 - 6.0 * text.len() as f64;
        canvas.small(x, scale.y(value) + 4.0, &text, INK);
    }
    let step = time_step(scale.times);
    for at in marks(scale.times, step) {
        let text = time(at, step);
        canvas.small(scale.x(at) - 3.0 * text.len() as f64, f64::from(TOP + PLOT_HEIGHT) + 15.0, &text, INK);
    }
    canvas.small(12.0, f64::from(TOP + PLOT_HEIGHT) + 15.0, "UTC", INK);
}

fn time(at: f64, step: f64) -> String {
    let format = match step {
        s if s < 60.0 => "%H:%M:%S",
        s if s < 86_400.0 => "%H:%M",
        _ => "%m-%d",
    };
    DateTime::from_timestamp(at as i64, 0).map(|at| at.format(format).to_string()).unwrap_or_default()
}

/// 1, 2 or 5 of some power of ten, so that there are about five.
fn value_step((low, high): (f64, f64)) -> f64 {
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let of = rough / power;
    power
        * if of < 1.5 {
            1.0
        } else if of < 3.5 {
            2.0
        } else if of < 7.5 {
            5.0
        } else {
            10.0
        }
}

/// As people cut time up, so that there are about eight.
fn time_step((first, last): (f64, f64)) -> f64 {
    const STEPS: [f64; 20] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0,
        21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0,
    ];
    let rough = (last - first) / 8.0;
    STEPS.into_iter().find(|s| *s >= rough).unwrap_or((rough / 604_800.0).ceil() * 604_800.0)
}

/// The multiples of a step that lie within; a bounded number of them, whatever the step.
fn marks((low, high): (f64, f64), step: f64) -> Vec<f64> {
    let first = (low / step).ceil();
    (0..40).map(|n| (first + f64::from(n)) * step).take_while(|v| *v <= high + step * 1e-9).collect()
}

/// As short as it stays different from its neighbours.
fn number(value: f64, step: f64) -> String {
    let (value, step, suffix) = match value.abs() {
        v if v >= 1e15 => return format!("{value:.1e}"),
        v if v >= 1e12 => (value / 1e12, step / 1e12, "T"),
        v if v >= 1e9 => (value / 1e9, step / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, step / 1e6, "M"),
        v if v >= 1e4 => (value / 1e3, step / 1e3, "k"),
        v if v > 0.0 && v < 1e-4 => return format!("{value:.1e}"),
        _ => (value, step, ""),
    };
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{}{suffix}", if text == "-0" { "0" } else { text })
}

fn short(text: &str, chars_max: usize) -> String {
    let one_line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.chars().count() > chars_max {
        true => one_line.chars().take(chars_max - 3).chain("...".chars()).collect(),
        false => one_line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn series(samples: Vec<(f64, f64)>) -> Series {
        Series { labels: BTreeMap::from([("job".to_string(), "shop".to_string())]), samples, text: None }
    }

    #[test]
    fn whatever_the_values_are_there_is_a_picture_or_nothing() {
        let drawn = |samples: Vec<(f64, f64)>| png("up", &[series(samples)]).is_some();
        for samples in [
            vec![(0.0, 0.0)],
            vec![(0.0, 5.0), (60.0, 5.0)],
            vec![(0.0, -3.0), (60.0, 1e-9), (61.0, 7.0)],
            vec![(1.0, 1e300), (2.0, -1e300)],
            vec![(0.0, f64::NAN), (1e12, 1.0), (1e12 + 1.0, f64::INFINITY)],
            vec![(5.0, 1e-320), (5.0, 2e-320)],
            (0..20_000).map(|n| (f64::from(n), if n == 7 { 999.0 } else { f64::from(n % 7) })).collect(),
        ] {
            assert!(drawn(samples.clone()), "{:?}", &samples[..samples.len().min(3)]);
        }
        for samples in [vec![], vec![(0.0, f64::NAN)], vec![(f64::NAN, 1.0)], vec![(1.0, f64::MAX), (2.0, f64::MIN)]] {
            assert!(!drawn(samples.clone()), "{samples:?}");
        }
        let many: Vec<Series> = (0..300).map(|n| series(vec![(0.0, f64::from(n)), (9.0, 0.5)])).collect();
        assert!(png(&"letters ".repeat(1_000), &many).is_some());
    }

    #[test]
    fn marks_are_where_people_expect_them() {
        let values = |low: f64, high: f64| marks((low, high), value_step((low, high)));
        assert_eq!(values(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(values(-0.1, 0.14), [-0.1, -0.05, 0.0, 0.05, 0.1]);
        assert_eq!(time_step((0.0, 3_600.0)), 600.0);
        assert_eq!(marks((10.0, 3_700.0), 600.0), [600.0, 1_200.0, 1_800.0, 2_400.0, 3_000.0, 3_600.0]);
        for (value, step, text) in [
            (0.25, 0.05, "0.25"),
            (1_500_000.0, 500_000.0, "1.5M"),
            (20_000.0, 5_000.0, "20k"),
            (3.0, 1.0, "3"),
            (-0.0, 0.5, "0"),
            (0.00001, 0.00001, "1.0e-5"),
        ] {
            assert_eq!(number(value, step), text);
        }
        assert_eq!((time(3_661.0, 60.0), time(3_661.0, 5.0)), ("01:01".to_string(), "01:01:01".to_string()));
    }
}

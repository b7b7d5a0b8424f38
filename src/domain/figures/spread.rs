//! How spans are spread: their mean, and percentiles by nearest rank. The p-th percentile is the shortest span that was
//! really measured such that at least p of a hundred are not longer; nothing is interpolated.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many spans there are.
    pub count: usize,
    /// Rounded down.
    pub mean_s: i64,
    pub p50_s: i64,
    pub p90_s: i64,
    pub p95_s: i64,
    pub max_s: i64,
}

impl Spread {
    /// `None` where there is nothing to spread.
    pub fn of(mut spans: Vec<i64>) -> Option<Spread> {
        spans.sort_unstable();
        let max_s = *spans.last()?;
        let count = spans.len();
        let sum: i128 = spans.iter().map(|s| i128::from(*s)).sum();
        let mean_s = i64::try_from(sum.div_euclid(i128::try_from(count).ok()?)).ok()?;
        let at = |p: usize| spans.get((count * p).div_ceil(100).saturating_sub(1)).copied().unwrap_or(max_s);
        Some(Spread { count, mean_s, p50_s: at(50), p90_s: at(90), p95_s: at(95), max_s })
    }
}

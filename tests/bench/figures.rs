//! Percentiles, and what the kernel says of a process.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Milliseconds at the usual percentiles.
pub fn percentiles(samples: &mut [Duration]) -> Value {
    samples.sort_unstable();
    let at = |p: f64| {
        let index = ((samples.len() as f64 * p).ceil() as usize).clamp(1, samples.len().max(1)) - 1;
        samples.get(index).map(|d| (d.as_secs_f64() * 1e5).round() / 100.0)
    };
    json!({ "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1.0), "samples": samples.len() })
}

/// Resident memory in MB.
pub fn resident_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb: f64 = status
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .and_then(|v| v.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0.0);
    (kb / 102.4).round() / 10.0
}

/// Cores that it has kept busy since it had used so many seconds.
pub fn cores(pid: u32, before: f64, began: Instant) -> f64 {
    ((cpu_s(pid) - before) / began.elapsed().as_secs_f64() * 100.0).round() / 100.0
}

/// Seconds of processor time used so far.
pub fn cpu_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<f64> = after_name.split_whitespace().filter_map(|f| f.parse().ok()).collect();
    // After the name and the state: utime and stime are fields 14 and 15 of the whole, in hundredths of a second.
    (fields.get(10).unwrap_or(&0.0) + fields.get(11).unwrap_or(&0.0)) / 100.0
}

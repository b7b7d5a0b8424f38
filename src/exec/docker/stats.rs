//! `docker stats`: one sample of each container, all of them at the same time; the one that was taken beforehand where it
//! may answer (`sampled.rs`). Never a stream that does not end.

use super::address::Failed;
use super::list::name_of;
use super::said::Said;
use super::sampled::Samples;
use super::show::{Column, Format, rows, short};
use super::units::{human, human_binary};
use bollard::Docker;
use bollard::models::{ContainerStatsResponse, ContainerSummary};
use bollard::query_parameters::{ListContainersOptions, StatsOptions};
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const COLUMNS: &[Column] = &[
    ("ID", "CONTAINER ID"),
    ("Name", "NAME"),
    ("CPUPerc", "CPU %"),
    ("MemUsage", "MEM USAGE / LIMIT"),
    ("MemPerc", "MEM %"),
    ("NetIO", "NET I/O"),
    ("BlockIO", "BLOCK I/O"),
    ("PIDs", "PIDS"),
];

pub async fn stats(
    client: &Docker,
    samples: &Samples,
    names: &[String],
    all: bool,
    format: Option<&str>,
    no_trunc: bool,
    said: &mut Said,
) -> Result<(), Failed> {
    let format = Format::of_rows(format).map_err(Failed::Ours)?;
    let options = ListContainersOptions { all: all || !names.is_empty(), ..Default::default() };
    let found = client.list_containers(Some(options)).await?;
    if let Some(name) = names.iter().find(|name| !found.iter().any(|c| is(c, name))) {
        return Err(Failed::Said { status: 404, message: format!("No such container: {name}") });
    }
    let asked: Vec<&ContainerSummary> = match names {
        [] => found.iter().collect(),
        names => names.iter().filter_map(|name| found.iter().find(|c| is(c, name))).collect(),
    };
    let taken = join_all(asked.iter().map(|c| sample(client, samples, c))).await;
    let mut table = Vec::new();
    let mut oldest: Option<Duration> = None;
    for (container, sample) in asked.iter().zip(taken) {
        let (name, id) = (name_of(container), container.id.as_deref().unwrap_or_default());
        let row = match sample {
            Ok(Some((sample, age))) => {
                oldest = oldest.max(age);
                let use_ = Use::of(&sample);
                said.reading(format!("cpu of {name}"), use_.cpu, "%");
                said.reading(format!("memory of {name}"), use_.memory_percent(), "%");
                use_.row(&name, &short(id, no_trunc))
            }
            // Stopped, or stopped while it was asked.
            Ok(None) => Use::default().row(&name, &short(id, no_trunc)),
            Err(failed @ Failed::Said { .. }) => {
                said.failed(&failed);
                continue;
            }
            Err(failed) => return Err(failed),
        };
        table.push(row);
    }
    said.print(&rows(&table, COLUMNS, &format).map_err(Failed::Ours)?);
    said.sampled = oldest;
    if let Some(age) = oldest {
        // Beside what the command line prints, so that no filter takes it for a container.
        said.err(format!("[sampled {:.1} s ago or later]\n", age.as_secs_f64()).as_bytes());
    }
    Ok(())
}

/// Whether a name, or the beginning of an id, is this container's.
pub fn is(container: &ContainerSummary, name: &String) -> bool {
    name_of(container) == *name || container.id.as_ref().is_some_and(|id| id.starts_with(name.as_str()))
}

pub fn runs(container: &ContainerSummary) -> bool {
    container.status.as_deref().is_some_and(|s| s.starts_with("Up"))
}

/// The second of two samples: only it knows what the processor did between them. With its age, where it was taken
/// beforehand.
///
/// Both of one stream: a daemon's collector reads one container after the other, pauses for a second and begins again, and
/// older daemons (20.10) answer single readings (`one-shot`) from it too. Two of those, a second apart, missed every other
/// round: of 200 containers they took 11 s instead of 4.
async fn sample(
    client: &Docker,
    samples: &Samples,
    container: &ContainerSummary,
) -> Result<Option<(Arc<ContainerStatsResponse>, Option<Duration>)>, Failed> {
    let (true, Some(id)) = (runs(container), &container.id) else { return Ok(None) };
    if let Some((sample, age)) = samples.of(id, container.status.as_deref()) {
        return Ok(Some((sample, Some(age))));
    }
    let mut stream = stream(client, id);
    let mut last = None;
    while let Some(sample) = stream.next().await {
        let sample = sample?;
        let whole = is_whole(&sample);
        last = Some((Arc::new(sample), None));
        if whole {
            break;
        }
    }
    Ok(last)
}

/// A sample every second, for as long as somebody takes them. Ends with the container.
pub fn stream(client: &Docker, id: &str) -> impl Stream<Item = Result<ContainerStatsResponse, Failed>> + use<> {
    client.stats(id, Some(StatsOptions { stream: true, one_shot: false })).map(|s| s.map_err(Failed::from))
}

/// Whether it knows the sample before it: the first of a stream does not, so it cannot say what the processor did.
pub fn is_whole(sample: &ContainerStatsResponse) -> bool {
    sample.precpu_stats.as_ref().is_some_and(|cpu| cpu.system_cpu_usage.unwrap_or(0) > 0)
}

#[derive(Debug, Default, PartialEq)]
struct Use {
    /// Of one processor: two busy ones are 200.
    cpu: f64,
    memory: u64,
    limit: u64,
    net: (u64, u64),
    block: (u64, u64),
    processes: u64,
}

impl Use {
    fn of(sample: &ContainerStatsResponse) -> Use {
        let memory = sample.memory_stats.as_ref();
        let used = memory.and_then(|m| m.usage).unwrap_or(0);
        // Files that can be dropped at any time are not in use: their name depends on the version of cgroups.
        let stats = memory.and_then(|m| m.stats.as_ref());
        let dropped = stats.and_then(|s| s.get("total_inactive_file").or(s.get("inactive_file"))).copied().unwrap_or(0);
        let networks = || sample.networks.iter().flatten().map(|(_, n)| n);
        let block = |op: &str| {
            let entries = sample.blkio_stats.as_ref().and_then(|b| b.io_service_bytes_recursive.as_ref());
            let of_op =
                entries.into_iter().flatten().filter(|e| e.op.as_deref().is_some_and(|o| o.eq_ignore_ascii_case(op)));
            of_op.filter_map(|e| e.value).sum()
        };
        Use {
            cpu: cpu(sample).unwrap_or(0.0),
            memory: used.checked_sub(dropped).unwrap_or(used),
            limit: memory.and_then(|m| m.limit).unwrap_or(0),
            net: (networks().filter_map(|n| n.rx_bytes).sum(), networks().filter_map(|n| n.tx_bytes).sum()),
            block: (block("read"), block("write")),
            processes: sample.pids_stats.as_ref().and_then(|p| p.current).unwrap_or(0),
        }
    }

    fn memory_percent(&self) -> f64 {
        if self.limit == 0 { 0.0 } else { self.memory as f64 / self.limit as f64 * 100.0 }
    }

    fn row(&self, name: &str, id: &str) -> Value {
        let pair = |(a, b): (u64, u64)| format!("{} / {}", human(a as i64), human(b as i64));
        json!({
            "Container": name, "Name": name, "ID": id,
            "CPUPerc": format!("{:.2}%", self.cpu),
            "MemUsage": format!("{} / {}", human_binary(self.memory), human_binary(self.limit)),
            "MemPerc": format!("{:.2}%", self.memory_percent()),
            "NetIO": pair(self.net), "BlockIO": pair(self.block), "PIDs": self.processes.to_string(),
        })
    }
}

pub fn cpu(sample: &ContainerStatsResponse) -> Option<f64> {
    let (now, before) = (sample.cpu_stats.as_ref()?, sample.precpu_stats.as_ref()?);
    let total = |cpu: &bollard::models::ContainerCpuStats| cpu.cpu_usage.as_ref().and_then(|u| u.total_usage);
    let used = total(now)?.checked_sub(total(before)?)? as f64;
    let passed = now.system_cpu_usage?.checked_sub(before.system_cpu_usage?)? as f64;
    let processors = match now.online_cpus {
        Some(count @ 1..) => count as usize,
        _ => now.cpu_usage.as_ref()?.percpu_usage.as_ref()?.len(),
    };
    (passed > 0.0).then(|| used / passed * processors as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_reckoned_as_the_command_line_reckons_it() {
        let sample: ContainerStatsResponse = serde_json::from_value(json!({
            "cpu_stats": {"cpu_usage": {"total_usage": 3_000_000_000_u64}, "system_cpu_usage": 20_000_000_000_u64, "online_cpus": 4},
            "precpu_stats": {"cpu_usage": {"total_usage": 2_000_000_000_u64}, "system_cpu_usage": 16_000_000_000_u64},
            "memory_stats": {"usage": 60_000_000, "limit": 100_000_000, "stats": {"inactive_file": 10_000_000}},
            "networks": {"eth0": {"rx_bytes": 1_000, "tx_bytes": 2}, "eth1": {"rx_bytes": 500}},
            "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 5}, {"op": "write", "value": 6}]},
            "pids_stats": {"current": 7}
        })).expect("a sample");
        let use_ = Use::of(&sample);
        let expected =
            Use { cpu: 100.0, memory: 50_000_000, limit: 100_000_000, net: (1_500, 2), block: (5, 6), processes: 7 };
        assert_eq!((use_.memory_percent(), use_), (50.0, expected));
    }

    #[test]
    fn a_sample_with_nothing_in_it_is_all_zero() {
        assert_eq!(Use::of(&ContainerStatsResponse::default()), Use::default());
    }
}

//! Values in what the programs of a host print: disk, memory, load, size, whether a unit runs. What is not there, or is
//! printed otherwise, is no value; nothing is guessed.

use crate::engine::ports::execute::{End, Ran, Reading};
use crate::exec::ran::reading;

pub fn read(argv: &[String], ran: &Ran) -> Vec<Reading> {
    let argv = argv.strip_prefix(&["sudo".to_string(), "-n".to_string()]).unwrap_or(argv);
    let name = argv.first().and_then(|p| p.rsplit('/').next()).unwrap_or_default();
    let text = ran.stdout.as_str();
    match name {
        "df" => disks(text, argv.iter().any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains('i'))),
        "free" => memory(text),
        "uptime" | "w" => load(text),
        "top" => [load(text), top(text)].concat(),
        "ps" => vec![reading("processes", text.lines().count().saturating_sub(1) as f64, "")],
        "du" => sizes(text, argv),
        "systemctl" => unit(argv, ran),
        _ => Vec::new(),
    }
}

/// By the last two columns, which are the same in all forms: percent and mount point.
fn disks(text: &str, inodes: bool) -> Vec<Reading> {
    let what = if inodes { "inodes of" } else { "disk of" };
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().rposition(|w| w.ends_with('%'))?;
        let percent = words[at].trim_end_matches('%').parse().ok()?;
        let mount = words.get(at + 1..)?.join(" ");
        (!mount.is_empty()).then(|| reading(format!("{what} {mount}"), percent, "%"))
    };
    text.lines().filter_map(line).collect()
}

fn memory(text: &str) -> Vec<Reading> {
    let numbers = |name: &str| -> Option<Vec<f64>> {
        let line = text.lines().find(|l| l.starts_with(name))?;
        Some(line.split_whitespace().skip(1).filter_map(size).collect())
    };
    let mut out = Vec::new();
    // total used free shared buff/cache available: what can be had at once is not used.
    if let Some([total, _, _, _, _, available]) = numbers("Mem:").as_deref()
        && *total > 0.0
    {
        out.push(reading("memory", (total - available) / total * 100.0, "%"));
    }
    if let Some([total, used, ..]) = numbers("Swap:").as_deref()
        && *total > 0.0
    {
        out.push(reading("swap", used / total * 100.0, "%"));
    }
    out
}

/// `4.4Gi`, `512M`, `120`: in the smallest unit, whatever that is.
fn size(text: &str) -> Option<f64> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let power = match text[at..].chars().next() {
        None | Some('B') => 0,
        Some('K' | 'k') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        Some(_) => return None,
    };
    Some(text[..at].parse::<f64>().ok()? * 1024_f64.powi(power))
}

fn load(text: &str) -> Vec<Reading> {
    let Some((_, loads)) = text.split_once("load average: ") else { return Vec::new() };
    let line = loads.lines().next().unwrap_or_default();
    let loads = line.split(", ").map(str::trim).filter_map(|l| l.replace(',', ".").parse().ok());
    loads.zip(["load", "load of 5 min", "load of 15 min"]).map(|(value, metric)| reading(metric, value, "")).collect()
}

fn top(text: &str) -> Vec<Reading> {
    let mut out = Vec::new();
    if let Some(line) = text.lines().find(|l| l.starts_with("%Cpu")) {
        let idle = line.split(',').find_map(|part| part.trim().strip_suffix(" id")?.trim().parse::<f64>().ok());
        out.extend(idle.map(|idle| reading("cpu", 100.0 - idle, "%")));
    }
    let memory = text.lines().find(|l| l.contains(" Mem :")).and_then(|line| {
        let total = line.split([':', ',']).nth(1)?.trim().split(' ').next()?.parse::<f64>().ok()?;
        let swap = text.lines().find(|l| l.ends_with(" avail Mem ") || l.trim_end().ends_with("avail Mem"))?;
        let available = swap.trim_end().strip_suffix("avail Mem")?.trim().rsplit(' ').next()?.parse::<f64>().ok()?;
        (total > 0.0).then(|| reading("memory", (total - available) / total * 100.0, "%"))
    });
    out.extend(memory);
    out
}

/// Only of sums (`-s`): one folder after the other would be thousands.
fn sizes(text: &str, argv: &[String]) -> Vec<Reading> {
    let options: String = argv.iter().filter(|w| w.starts_with('-') && !w.starts_with("--")).cloned().collect();
    if !options.contains('s') {
        return Vec::new();
    }
    let unit = match () {
        () if options.contains('h') || options.contains('b') => 1.0,
        () if options.contains('m') => 1_048_576.0,
        () => 1024.0,
    };
    let line = |line: &str| {
        let (number, path) = line.split_once('\t')?;
        Some(reading(format!("size of {path}"), size(number)? * unit / 1e6, "MB"))
    };
    text.lines().filter_map(line).take(100).collect()
}

/// `is-active`, `is-failed`, `status` of one unit.
fn unit(argv: &[String], ran: &Ran) -> Vec<Reading> {
    let words: Vec<&String> = argv.iter().skip(1).filter(|w| !w.starts_with('-')).collect();
    let [verb, unit] = &words[..] else { return Vec::new() };
    let runs = match (verb.as_str(), &ran.end) {
        ("is-active" | "status", End::Exited(0)) => 1.0,
        ("is-active", End::Exited(1..=3)) | ("status", End::Exited(3)) => 0.0,
        _ => return Vec::new(),
    };
    // Without systemd the same status means that nobody was asked.
    if ran.stderr.contains("systemd as init") || ran.stderr.contains("Failed to connect") {
        return Vec::new();
    }
    vec![reading(format!("running of {unit}"), runs, "")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::ran::ended;

    fn values(line: &str, printed: &str) -> Vec<String> {
        let argv: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        let mut ran = ended(End::Exited(0), false);
        ran.stdout = printed.to_string();
        let shown = |r: Reading| format!("{} {:.1}{}", r.metric, r.value, r.unit);
        read(&argv, &ran).into_iter().map(shown).collect()
    }

    #[test]
    fn values_are_read_from_what_the_programs_print() {
        let df = "Filesystem      Size  Used Avail Use% Mounted on\n/dev/vda        252G   56G   36G  62% /\ntmpfs 1 0 1 - /x\n/dev/b 9 9 0 100% /mnt/my disk\n";
        assert_eq!(values("df -h", df), ["disk of / 62.0%", "disk of /mnt/my disk 100.0%"]);
        assert_eq!(
            values("df -i", "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 10 1 9 10% /\n"),
            ["inodes of / 10.0%"]
        );
        let free = "               total        used        free      shared  buff/cache   available\nMem:            16Gi       4.4Gi       2.4Gi       234Mi        17Gi        4Gi\nSwap:          2.0Gi       512Mi       1.5Gi\n";
        assert_eq!(values("free -h", free), ["memory 75.0%", "swap 25.0%"]);
        assert_eq!(values("free -m", "Mem: 1000 1 1 1 1 400\nSwap: 0 0 0\n"), ["memory 60.0%"]);
        let uptime = " 12:03:04 up 10:38,  0 user,  load average: 13.24, 11.49, 12.60\n";
        assert_eq!(values("uptime", uptime), ["load 13.2", "load of 5 min 11.5", "load of 15 min 12.6"]);
        let top = "top - 12:03:04 up 1 day, 1 user,  load average: 1.00, 2.00, 3.00\n%Cpu(s): 57.1 us, 28.6 sy, 14.3 ni,  0.0 id,  0.0 wa\nMiB Mem :  20000.0 total,   2456.7 free,   4496.7 used,  17799.0 buff/cache\nMiB Swap:      0.0 total,      0.0 free,      0.0 used.  15000.0 avail Mem \n";
        assert_eq!(values("top -b -n 1", top)[3..], ["cpu 100.0%", "memory 25.0%"]);
        assert_eq!(values("du -sh /a", "1.5G\t/a\n"), ["size of /a 1610.6MB"]);
        assert_eq!(values("du -s /a", "1000\t/a\n"), ["size of /a 1.0MB"]);
        assert_eq!(values("ps aux", "USER PID\nana 1\nbo 2\n"), ["processes 2.0"]);
        assert_eq!(values("sudo -n systemctl --no-pager is-active shop", "active\n"), ["running of shop 1.0"]);
    }

    #[test]
    fn what_is_printed_otherwise_is_no_value() {
        for line in ["df", "free", "uptime", "top", "du -s"] {
            assert_eq!(values(line, "nonsense\n\n% %\nMem:\nload average: \n\t\n"), [""; 0], "{line}");
        }
    }
}

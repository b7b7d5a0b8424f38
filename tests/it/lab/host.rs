//! Commands about the machine that the tests run on: their values are compared with what the kernel says.

use super::{TARGET, call, run, unwatched, within};
use crate::harness::process::all_inside;
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::engine::ports::execute::{End, Execute, Ran};
use firebell::exec::host::Hosts;
use firebell::exec::process::Place;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

fn hosts(folder: &Path) -> Hosts {
    Hosts::new(BTreeMap::from([(TARGET.to_string(), Place::at(folder))]))
}

fn value(ran: &Ran, metric: &str) -> f64 {
    let found = ran.readings.iter().find(|r| r.metric == metric);
    found.unwrap_or_else(|| panic!("no {metric} in {:?}\n{}", ran.readings, ran.stdout)).value
}

#[tokio::test]
async fn disk_memory_load_and_processes_are_those_of_the_machine() {
    let folder = temp_dir();
    let hosts = hosts(folder.path());
    let say = async |line: &str| run(&hosts, &call(&line.split(' ').collect::<Vec<_>>())).await;

    let disk = value(&say("df -h").await, "disk of /");
    assert!((0.0..=100.0).contains(&disk), "{disk}");
    let memory = value(&say("free -m").await, "memory");
    let meminfo = fs::read_to_string("/proc/meminfo").expect("/proc is mounted");
    let kb = |name: &str| {
        let line = meminfo.lines().find(|l| l.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).expect("a number")
    };
    let really = (kb("MemTotal:") - kb("MemAvailable:")) / kb("MemTotal:") * 100.0;
    assert!((memory - really).abs() < 20.0, "{memory} {really}");
    assert!(value(&say("uptime").await, "load") >= 0.0);
    assert!(value(&say("ps aux").await, "processes") >= 2.0);
    let top = say("top").await;
    assert!(top.ok() && value(&top, "cpu") <= 100.0 && value(&top, "memory") > 0.0, "{top:?}");

    fs::write(folder.join("big"), vec![1; 3_000_000]).expect("a file");
    let size = value(&say("du -sh big").await, "size of big");
    assert!((2.9..3.3).contains(&size), "{size}");
}

#[tokio::test]
async fn a_log_that_is_followed_shows_new_lines_and_ends() {
    let folder = temp_dir();
    let log = folder.join("app.log");
    fs::write(&log, "one\ntwo\n").expect("a file");
    let hosts = hosts(folder.path());
    let (_stopper, mut lines, mut watch) = unwatched();
    let follow = within(Duration::from_secs(2), call(&["tail", "-n", "1", "-f", "app.log"]));
    let (ran, seen) = tokio::join!(hosts.run(&follow, &mut watch), async {
        let first = lines.recv().await;
        // Added to, as a program logs: a file that is written anew is shown anew.
        let mut file = fs::File::options().append(true).open(&log).expect("a file");
        file.write_all(b"three\n").expect("a line");
        [first, lines.recv().await].map(Option::unwrap_or_default)
    });
    assert_eq!(
        (ran.end, ran.stdout.as_str(), seen),
        (End::Exited(0), "two\nthree\n", ["two", "three"].map(str::to_string))
    );
    assert!(ran.stderr.contains("[followed for 1 s]"), "{}", ran.stderr);
    eventually("tail is gone", BOUND, async || all_inside(folder.path()).is_empty()).await;
}

#[tokio::test]
async fn without_systemd_no_unit_is_said_to_run_or_not() {
    let folder = temp_dir();
    let hosts = hosts(folder.path());
    let ran = run(&hosts, &call(&["systemctl", "is-active", "no-such-unit"])).await;
    let booted = Path::new("/run/systemd/system").exists();
    match ran.end {
        End::NotStarted(why) => assert_eq!(why, "systemctl is not installed here"),
        end => {
            assert_ne!(end, End::Exited(0));
            assert_eq!(ran.readings.len(), usize::from(booted), "{}", ran.stderr);
        }
    }
}

//! Prometheus's text format, as far as a test must read it. That it is well-formed is promtool's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

#[derive(Debug, Default)]
pub struct Exposition {
    /// Kind and help by name.
    pub families: BTreeMap<String, (String, String)>,
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Exposition {
    pub fn read(text: &str) -> Exposition {
        let mut read = Exposition::default();
        for line in text.lines().filter(|l| !l.is_empty()) {
            if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
                read.families.entry(name.to_string()).or_default().1 = help.to_string();
            } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
                read.families.entry(name.to_string()).or_default().0 = kind.to_string();
            } else {
                read.samples.push(sample(line));
            }
        }
        read
    }

    /// The sum of the samples of a name that have these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |s: &&Sample| s.name == name && labels.iter().all(|(l, v)| s.labels.get(*l).is_some_and(|x| x == v));
        let values: Vec<f64> = self.samples.iter().filter(has).map(|s| s.value).collect();
        assert!(!values.is_empty(), "there is no {name} with {labels:?}");
        values.iter().sum()
    }

    /// The labels that a family's samples have; a bucket's bound is none.
    pub fn labels(&self, family: &str) -> BTreeSet<String> {
        let of = self.samples.iter().filter(|s| super::family(&s.name) == family);
        of.flat_map(|s| s.labels.keys()).filter(|l| *l != "le").cloned().collect()
    }
}

fn sample(line: &str) -> Sample {
    let (named, value) = line.rsplit_once(' ').expect("a sample has a value");
    let (name, labels) = named.split_once('{').unwrap_or((named, ""));
    let labels = labels.trim_end_matches('}').split("\",").filter(|l| !l.is_empty());
    let labels = labels.map(|l| {
        let (label, value) = l.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        (label.to_string(), value.trim_end_matches('"').to_string())
    });
    let value = value.parse().unwrap_or_else(|e| panic!("{e}: {line}"));
    Sample { name: name.to_string(), labels: labels.collect(), value }
}

/// What promtool finds wrong with an exposition.
pub fn promtool_check_metrics(text: &str) -> String {
    let child =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("promtool comes with prometheus: run ./test --install");
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{} {said}", output.status);
    said
}

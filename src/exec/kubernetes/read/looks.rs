//! Commands that look, follow or wait, and what runs inside a pod.

use super::{Given, source};
use crate::exec::kubernetes::kinds::{self, Kind, is_name};
use crate::exec::kubernetes::op::{Command, Inside, Logs, Op, Source, Top, Until, Which};
use crate::exec::kubernetes::units::{is_time, span_s};
use crate::exec::words::{Flag, value, yes};

/// Seconds that `kubectl wait` waits where nothing is said.
const WAIT_S: u64 = 30;

pub fn logs(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(
        argv,
        &[
            value("container", 'c'),
            value("tail", ' '),
            value("since", ' '),
            value("since-time", ' '),
            value("limit-bytes", ' '),
            value("selector", 'l'),
            value("max-log-requests", ' '),
            yes("previous", 'p'),
            yes("timestamps", ' '),
            yes("prefix", ' '),
            yes("follow", 'f'),
            yes("all-containers", ' '),
        ],
    )?;
    let words = &given.words;
    let of = match (&given.rest[..], words.text("selector")) {
        ([], Some(label)) => Source::Selected(label),
        ([name], None) => source(name)?,
        // `kubectl logs POD CONTAINER`
        ([name, _], None) if words.get("container").is_none() => source(name)?,
        ([], None) => return Err("kubectl logs lacks a pod".into()),
        _ => return Err("kubectl logs takes one pod, or a selector".into()),
    };
    let container = words.text("container").or_else(|| given.rest.get(1).cloned());
    let selected = matches!(of, Source::Selected(_));
    let span = |name: &str| match words.get(name) {
        None | Some("0" | "0s") => Ok(None),
        Some(text) => span_s(text).map(|s| Some(s.max(1))).ok_or_else(|| format!("--{name} {text} is no span")),
    };
    if let Some(time) = words.get("since-time").filter(|t| !is_time(t)) {
        return Err(format!("--since-time {time} is no time such as 2026-01-05T10:00:00Z"));
    }
    let tail = words.number::<i64>("tail")?.or(selected.then_some(10)).filter(|lines| *lines >= 0);
    let logs = Logs {
        of,
        container: container.map(|c| checked(&c)).transpose()?,
        every_container: words.has("all-containers"),
        tail,
        since_s: span("since")?,
        since_time: words.text("since-time"),
        limit_bytes: words.number("limit-bytes")?,
        previous: words.has("previous"),
        timestamps: words.has("timestamps"),
        prefix: words.has("prefix"),
        follow: words.has("follow"),
    };
    given.does(Op::Logs(logs))
}

fn checked(name: &str) -> Result<String, String> {
    is_name(name).then(|| name.to_string()).ok_or_else(|| format!("{name} is no name of a container"))
}

pub fn top(argv: &[String], nodes: bool) -> Result<Command, String> {
    const FLAGS: [Flag; 6] = [
        value("selector", 'l'),
        value("sort-by", ' '),
        yes("containers", ' '),
        yes("no-headers", ' '),
        yes("use-protocol-buffers", ' '),
        yes("sum", ' '),
    ];
    let given = Given::read(argv, &FLAGS)?;
    let name = match &given.rest[..] {
        [] => None,
        [name] if is_name(name) => Some(name.clone()),
        _ => return Err("kubectl top takes one name, or none".into()),
    };
    let sort_by = given.words.text("sort-by");
    if sort_by.as_deref().is_some_and(|by| by != "cpu" && by != "memory") {
        return Err("kubectl top sorts by cpu or memory".into());
    }
    if given.words.has("sum") {
        return Err("kubectl top --sum is not done from here".into());
    }
    let containers = given.words.has("containers") && !nodes;
    let headings = !given.words.has("no-headers");
    given.does(Op::Top(Top { nodes, name, label: given.words.text("selector"), containers, sort_by, headings }))
}

pub fn status(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(argv, &[value("timeout", ' '), yes("watch", 'w'), value("revision", ' ')])?;
    if given.words.get("revision").is_some() {
        return Err("the status of one revision is not looked at from here".into());
    }
    let (kind, name) = given.one("rollout status")?;
    if ![&kinds::DEPLOYMENTS, &kinds::STATEFULSETS, &kinds::DAEMONSETS].contains(&kind) {
        return Err(format!("{} are not rolled out", kind.plural));
    }
    let time_s = match given.words.get("timeout") {
        None | Some("0" | "0s") => None,
        Some(text) => Some(span_s(text).ok_or_else(|| format!("--timeout {text} is no span"))?.unsigned_abs()),
    };
    let watch = given.words.get("watch").is_none() || given.words.has("watch");
    given.does(Op::Status { kind, name, time_s, watch })
}

pub fn history(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(argv, &[])?;
    match given.one("rollout history")? {
        (kind, name) if *kind == kinds::DEPLOYMENTS => given.does(Op::History { name }),
        (kind, _) => Err(format!("the history of {} is not read from here", kind.plural)),
    }
}

/// Everything behind `--` is the command's own, and no shell reads it.
pub fn exec(argv: &[String]) -> Result<Command, String> {
    let at = argv.iter().position(|w| w == "--").ok_or("kubectl exec lacks -- before the command")?;
    let flags = [
        value("container", 'c'),
        yes("stdin", 'i'),
        yes("tty", 't'),
        yes("quiet", 'q'),
        value("pod-running-timeout", ' '),
    ];
    let given = Given::read(&argv[..at], &flags)?;
    let [pod] = &given.rest[..] else { return Err("kubectl exec takes one pod before the --".into()) };
    let argv = argv[at + 1..].to_vec();
    if argv.is_empty() {
        return Err("kubectl exec lacks the command behind --".into());
    }
    let container = given.words.get("container").map(checked).transpose()?;
    let (input, terminal) = (given.words.has("stdin"), given.words.has("tty"));
    given.does(Op::Exec(Inside { pod: source(pod)?, container, argv, input, terminal }))
}

pub fn wait(argv: &[String]) -> Result<Command, String> {
    let given =
        Given::read(argv, &[value("for", ' '), value("timeout", ' '), value("selector", 'l'), yes("all", ' ')])?;
    let (kind, which): (&'static Kind, Which) = given.of_one_kind("wait")?;
    let words = &given.words;
    let until = match words.get("for").ok_or("kubectl wait lacks what to wait for (--for)")? {
        "delete" => Until::Deleted,
        text => match text.strip_prefix("condition=") {
            Some(condition) => {
                let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
                Until::Condition(name.to_string(), value.to_string())
            }
            None => return Err(format!("waiting for {text} is not done from here")),
        },
    };
    let time_s = match words.get("timeout") {
        None => WAIT_S,
        Some(text) => span_s(text).ok_or_else(|| format!("--timeout {text} is no span"))?.unsigned_abs(),
    };
    given.does(Op::Wait { kind, which, label: words.text("selector"), until, time_s })
}

//! Reads the words of a docker command into what it does. What is not understood whole is refused, so that the program
//! itself, or a person, does it: nothing is half understood.

use super::op::{Act, Filters, Inside, Kind, Listing, Logs, Op, Prune, Update};
use super::show::Format;
use crate::exec::words::{Flag, Mixed, Words, value, yes};

const LISTING: &[Flag] = &[
    yes("all", 'a'),
    yes("quiet", 'q'),
    yes("no-trunc", ' '),
    yes("size", 's'),
    yes("latest", 'l'),
    yes("digests", ' '),
    value("last", 'n'),
    value("filter", 'f'),
    value("format", ' '),
];

/// The words after `docker`.
pub fn read(argv: &[String]) -> Result<Op, String> {
    let op = verb(argv)?;
    // A format is understood before anything is asked.
    match &op {
        Op::Ps(l) | Op::Images(l) | Op::Networks(l) | Op::Volumes(l) => Format::of_rows(l.format.as_deref())?,
        Op::Stats { format, .. } | Op::Df { format } => Format::of_rows(format.as_deref())?,
        Op::Inspect { format, .. } | Op::Events { format, .. } | Op::Version { format } | Op::Info { format } => {
            Format::of_object(format.as_deref())?
        }
        _ => Format::Default,
    };
    Ok(op)
}

fn verb(argv: &[String]) -> Result<Op, String> {
    let argv = globals(argv)?;
    let (verb, rest) = argv.split_first().ok_or("This says docker and not what to do")?;
    let sub = rest.first().map_or("", String::as_str);
    let after = rest.get(1..).unwrap_or_default();
    match (verb.as_str(), sub) {
        ("container", "ls" | "list" | "ps") => listing(after).map(Op::Ps),
        ("container", "inspect") => inspect(after, Kind::Container),
        ("container", "prune") => prune(after, &[Prune::Containers]),
        ("container", "") => Err("docker container lacks what to do".to_string()),
        ("container", _) => plain(sub, after),
        ("image", "ls" | "list") => listing(after).map(Op::Images),
        ("image", "inspect") => inspect(after, Kind::Image),
        ("image", "prune") => prune(after, &[Prune::Images { all: false }]),
        ("image", "rm" | "remove") => plain("rmi", after),
        ("image", "pull" | "tag") => plain(sub, after),
        ("network", "ls" | "list") => listing(after).map(Op::Networks),
        ("network", "inspect") => inspect(after, Kind::Network),
        ("network", "prune") => prune(after, &[Prune::Networks]),
        ("network", "rm" | "remove") => Ok(Op::RemoveNetworks { names: names(after, &[])?.1 }),
        ("volume", "ls" | "list") => listing(after).map(Op::Volumes),
        ("volume", "inspect") => inspect(after, Kind::Volume),
        ("volume", "prune") => prune(after, &[Prune::Volumes { all: false }]),
        ("volume", "rm" | "remove") => {
            let (words, names) = names(after, &[yes("force", 'f')])?;
            Ok(Op::RemoveVolumes { names, force: words.has("force") })
        }
        ("builder" | "buildx", "prune") => prune(after, &[Prune::BuildCache { all: false }]),
        ("system", "df") => {
            let words = Words::read(after, &[value("format", ' ')], Mixed::Yes)?;
            Ok(Op::Df { format: words.text("format") })
        }
        ("system", "prune") => prune(
            after,
            &[Prune::Containers, Prune::Networks, Prune::Images { all: false }, Prune::BuildCache { all: false }],
        ),
        ("system", "events") => events(after),
        ("system", "info") => plain(sub, after),
        _ => plain(verb, rest),
    }
}

/// What `docker exec` runs inside a container, if this is one: for executors that know the client that is run there.
pub fn inside(argv: &[String]) -> Option<Inside> {
    let rest = argv.strip_prefix(&["docker".to_string()])?;
    match read(rest).ok()? {
        Op::Exec(inside) => Some(inside),
        _ => None,
    }
}

/// Options before the verb. Another daemon than the target's is never spoken to.
fn globals(argv: &[String]) -> Result<&[String], String> {
    match argv.first().map(String::as_str) {
        Some("--log-level" | "-l") => globals(argv.get(2..).unwrap_or_default()),
        Some("-D" | "--debug") => globals(&argv[1..]),
        Some(option) if option.starts_with('-') => {
            Err(format!("{option} chooses another Docker than the one that is configured as the target"))
        }
        _ => Ok(argv),
    }
}

fn plain(verb: &str, rest: &[String]) -> Result<Op, String> {
    match verb {
        "ps" => listing(rest).map(Op::Ps),
        "images" => listing(rest).map(Op::Images),
        "inspect" => inspect(rest, Kind::Any),
        "stats" => {
            let flags = [yes("all", 'a'), yes("no-stream", ' '), yes("no-trunc", ' '), value("format", ' ')];
            let words = Words::read(rest, &flags, Mixed::Yes)?;
            let (all, no_trunc, format) = (words.has("all"), words.has("no-trunc"), words.text("format"));
            Ok(Op::Stats { names: checked(words.words)?, all, format, no_trunc })
        }
        "logs" => logs(rest),
        "top" => {
            let (name, arguments) = rest.split_first().ok_or("docker top lacks a container")?;
            let arguments = (!arguments.is_empty()).then(|| arguments.join(" "));
            Ok(Op::Top { name: checked(vec![name.clone()])?.remove(0), arguments })
        }
        "events" => events(rest),
        "version" => Ok(Op::Version { format: Words::read(rest, &[value("format", 'f')], Mixed::Yes)?.text("format") }),
        "info" => Ok(Op::Info { format: Words::read(rest, &[value("format", 'f')], Mixed::Yes)?.text("format") }),
        "port" => Ok(Op::Port { name: one(rest)? }),
        "exec" => exec(rest),
        "rmi" => {
            let words = Words::read(rest, &[yes("force", 'f')], Mixed::Yes)?;
            Ok(Op::RemoveImages { names: images(&words.words)?, force: words.has("force") })
        }
        "pull" => {
            let words = Words::read(rest, &[yes("quiet", 'q')], Mixed::Yes)?;
            match &images(&words.words)?[..] {
                [reference] => Ok(Op::Pull { reference: reference.clone() }),
                _ => Err("docker pull takes one image".to_string()),
            }
        }
        "tag" => match &images(rest)?[..] {
            [from, to] => Ok(Op::Tag { from: from.clone(), to: to.clone() }),
            _ => Err("docker tag takes an image and its new name".to_string()),
        },
        _ => act(verb, rest),
    }
}

fn act(verb: &str, rest: &[String]) -> Result<Op, String> {
    const TIME: [Flag; 3] = [value("time", 't'), value("timeout", ' '), value("signal", 's')];
    let (act, names) = match verb {
        "start" => (Act::Start, names(rest, &[])?.1),
        "pause" => (Act::Pause, names(rest, &[])?.1),
        "unpause" => (Act::Unpause, names(rest, &[])?.1),
        "stop" | "restart" => {
            let (words, names) = names(rest, &TIME)?;
            let seconds = words.number("time")?.or(words.number("timeout")?);
            let signal = words.text("signal").map(signal).transpose()?;
            match verb {
                "stop" => (Act::Stop { seconds, signal }, names),
                _ => (Act::Restart { seconds, signal }, names),
            }
        }
        "kill" => {
            let (words, names) = names(rest, &[value("signal", 's')])?;
            (Act::Kill { signal: words.text("signal").map(signal).transpose()? }, names)
        }
        "rm" => {
            let (words, names) = names(rest, &[yes("force", 'f'), yes("volumes", 'v')])?;
            (Act::Remove { force: words.has("force"), volumes: words.has("volumes") }, names)
        }
        "update" => {
            let flags = [
                value("cpus", ' '),
                value("memory", 'm'),
                value("memory-swap", ' '),
                value("memory-reservation", ' '),
                value("cpu-shares", 'c'),
                value("pids-limit", ' '),
                value("restart", ' '),
            ];
            let (words, names) = names(rest, &flags)?;
            (Act::Update(update(&words)?), names)
        }
        _ => return Err(format!("docker {verb} is not done natively")),
    };
    if names.is_empty() {
        return Err(format!("docker {verb} lacks a container"));
    }
    Ok(Op::Each { act, names })
}

fn update(words: &Words) -> Result<Update, String> {
    let bytes = |name: &str| {
        words.get(name).map(|text| super::units::bytes(text).ok_or(format!("--{name} {text} is no size"))).transpose()
    };
    let cpus: Option<f64> = words.number("cpus")?;
    let restart = words.get("restart").map(|policy| match policy.split_once(':') {
        Some((name, count)) => count
            .parse()
            .map(|count| (name.to_string(), count))
            .map_err(|_| format!("--restart {policy} is not understood")),
        None => Ok((policy.to_string(), 0)),
    });
    Ok(Update {
        nano_cpus: cpus.filter(|c| (0.0..1e5).contains(c)).map(|c| (c * 1e9) as i64),
        memory: bytes("memory")?,
        memory_swap: if words.get("memory-swap") == Some("-1") { Some(-1) } else { bytes("memory-swap")? },
        memory_reservation: bytes("memory-reservation")?,
        cpu_shares: words.number("cpu-shares")?,
        pids_limit: words.number("pids-limit")?,
        restart: restart.transpose()?,
    })
}

fn listing(rest: &[String]) -> Result<Listing, String> {
    let words = Words::read(rest, LISTING, Mixed::Yes)?;
    if words.words.len() > 1 {
        return Err("This lists by one name at most".to_string());
    }
    Ok(Listing {
        all: words.has("all"),
        quiet: words.has("quiet"),
        no_trunc: words.has("no-trunc"),
        size: words.has("size"),
        digests: words.has("digests"),
        last: if words.has("latest") { Some(1) } else { words.number("last")? },
        filters: filters(&words)?,
        format: words.text("format"),
        reference: images(&words.words)?.pop(),
    })
}

fn inspect(rest: &[String], kind: Kind) -> Result<Op, String> {
    let words = Words::read(
        rest,
        &[value("format", 'f'), value("type", ' '), yes("size", 's'), yes("verbose", 'v')],
        Mixed::Yes,
    )?;
    let kind = match words.get("type") {
        None => kind,
        Some("container") => Kind::Container,
        Some("image") => Kind::Image,
        Some("network") => Kind::Network,
        Some("volume") => Kind::Volume,
        Some(other) => return Err(format!("--type {other} is not understood")),
    };
    if words.words.is_empty() {
        return Err("docker inspect lacks a name".to_string());
    }
    let (format, size) = (words.text("format"), words.has("size"));
    Ok(Op::Inspect { kind, names: images(&words.words)?, format, size })
}

fn logs(rest: &[String]) -> Result<Op, String> {
    let flags = [
        value("tail", 'n'),
        value("since", ' '),
        value("until", ' '),
        yes("timestamps", 't'),
        yes("follow", 'f'),
        yes("details", ' '),
    ];
    let words = Words::read(rest, &flags, Mixed::Yes)?;
    let tail = match words.get("tail") {
        None | Some("all") => None,
        // As the daemon does: less than nothing is everything.
        Some(text) if text.starts_with('-') => None,
        Some(_) => words.number("tail")?,
    };
    Ok(Op::Logs(Logs {
        name: one(&words.words)?,
        tail,
        since: words.text("since"),
        until: words.text("until"),
        timestamps: words.has("timestamps"),
        follow: words.has("follow"),
    }))
}

fn events(rest: &[String]) -> Result<Op, String> {
    let words = Words::read(
        rest,
        &[value("since", ' '), value("until", ' '), value("filter", 'f'), value("format", ' ')],
        Mixed::Yes,
    )?;
    let filters = filters(&words)?;
    Ok(Op::Events { since: words.text("since"), until: words.text("until"), filters, format: words.text("format") })
}

fn exec(rest: &[String]) -> Result<Op, String> {
    let flags = [
        yes("detach", 'd'),
        yes("interactive", 'i'),
        yes("tty", 't'),
        yes("privileged", ' '),
        value("env", 'e'),
        value("user", 'u'),
        value("workdir", 'w'),
    ];
    let words = Words::read(rest, &flags, Mixed::No)?;
    let (container, argv) = words.words.split_first().ok_or("docker exec lacks a container")?;
    if argv.is_empty() {
        return Err("docker exec lacks a command".to_string());
    }
    Ok(Op::Exec(Inside {
        container: checked(vec![container.clone()])?.remove(0),
        argv: argv.to_vec(),
        // A variable without a value would be taken from our own environment.
        env: words.all("env").into_iter().filter(|e| e.contains('=')).collect(),
        user: words.text("user"),
        folder: words.text("workdir"),
        privileged: words.has("privileged"),
        detach: words.has("detach"),
        input: words.has("interactive"),
        terminal: words.has("tty"),
    }))
}

fn prune(rest: &[String], what: &[Prune]) -> Result<Op, String> {
    let words = Words::read(
        rest,
        &[yes("all", 'a'), yes("force", 'f'), yes("volumes", ' '), value("filter", ' ')],
        Mixed::Yes,
    )?;
    if !words.words.is_empty() {
        return Err(format!("A prune takes no name such as {}", words.words[0]));
    }
    let all = words.has("all");
    let mut what: Vec<Prune> = what
        .iter()
        .map(|one| match one {
            Prune::Images { .. } => Prune::Images { all },
            Prune::BuildCache { .. } => Prune::BuildCache { all },
            Prune::Volumes { .. } => Prune::Volumes { all },
            other => *other,
        })
        .collect();
    if words.has("volumes") {
        what.insert(what.len().min(2), Prune::Volumes { all: false });
    }
    Ok(Op::Prune { what, filters: filters(&words)? })
}

fn filters(words: &Words) -> Result<Filters, String> {
    let mut out = Filters::new();
    for filter in words.all("filter") {
        let (name, value) =
            filter.split_once('=').ok_or(format!("The filter {filter} is not of the form NAME=VALUE"))?;
        out.entry(name.trim().to_string()).or_default().push(value.trim().to_string());
    }
    Ok(out)
}

fn names(rest: &[String], flags: &[Flag]) -> Result<(Words, Vec<String>), String> {
    let words = Words::read(rest, flags, Mixed::Yes)?;
    let names = checked(words.words.clone())?;
    Ok((words, names))
}

fn one(rest: &[String]) -> Result<String, String> {
    match &checked(rest.to_vec())?[..] {
        [name] => Ok(name.clone()),
        _ => Err("This takes one container".to_string()),
    }
}

/// Names become part of a request's path: only what Docker allows in a name may stand there.
fn checked(names: Vec<String>) -> Result<Vec<String>, String> {
    let fits = |n: &String| {
        n.starts_with(|c: char| c.is_ascii_alphanumeric())
            && n.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    match names.iter().find(|n| !fits(n)) {
        Some(name) => Err(format!("{name} cannot be the name of a container")),
        None => Ok(names),
    }
}

fn images(names: &[String]) -> Result<Vec<String>, String> {
    let fits = |n: &String| {
        n.starts_with(|c: char| c.is_ascii_alphanumeric())
            && n.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/:@".contains(c))
            && !n.split('/').any(|part| part.is_empty() || part == "..")
    };
    match names.iter().find(|n| !fits(n)) {
        Some(name) => Err(format!("{name} cannot be the name of an image")),
        None => Ok(names.to_vec()),
    }
}

fn signal(text: String) -> Result<String, String> {
    match !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') {
        true => Ok(text),
        false => Err(format!("{text} is no signal")),
    }
}

#[cfg(test)]
mod tests;

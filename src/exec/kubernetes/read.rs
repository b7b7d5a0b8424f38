//! Reads the words of a kubectl command into what it does. What is not understood whole is refused, so that a person
//! does it: nothing is half understood. What a command needs that nothing here does is said in half a sentence.

mod acts;
mod looks;

use super::jsonpath::Path;
use super::kinds::{self, Kind, is_name};
use super::op::{Act, Command, Get, Op, Output, Selectors, Source, Which};
use crate::exec::words::{Flag, Mixed, Words, value, yes};
use acts::{cordon, delete, patch, scale, set_image, simple, undo};
use looks::{exec, history, logs, status, top, wait};

/// Options that every command may have.
const GLOBAL: [Flag; 3] = [value("namespace", 'n'), value("request-timeout", ' '), yes("all-namespaces", 'A')];

/// Options that choose another cluster, or another identity, than those of the target.
const ELSEWHERE: [&str; 11] = [
    "--context",
    "--kubeconfig",
    "--cluster",
    "--server",
    "-s",
    "--token",
    "--user",
    "--as",
    "--as-group",
    "--insecure-skip-tls-verify",
    "--certificate-authority",
];

/// What kubectl does and nothing here does, with the reason.
const NOT_HERE: [(&str, &str); 21] = [
    ("apply", "it sends files of the machine it is typed on"),
    ("create", "it makes objects from files or words"),
    ("replace", "it sends files of the machine it is typed on"),
    ("diff", "it compares with files of the machine it is typed on"),
    ("kustomize", "it reads files of the machine it is typed on"),
    ("edit", "it opens an editor"),
    ("port-forward", "it holds a port of the machine open that it is typed on"),
    ("proxy", "it holds a port of the machine open that it is typed on"),
    ("cp", "it copies files of the machine it is typed on"),
    ("attach", "it needs a keyboard"),
    ("debug", "it starts a container of its own"),
    ("run", "it makes a pod of its own"),
    ("expose", "it makes a service"),
    ("autoscale", "it makes an autoscaler"),
    ("drain", "it moves every pod of a node and has to be watched while it does"),
    ("taint", "it changes what may run on a node"),
    ("label", "it changes what selectors match"),
    ("annotate", "it changes an object's annotations"),
    ("config", "it is about a kubeconfig, not about the cluster"),
    ("plugin", "it is about the program itself"),
    ("auth", "it asks about rights, which the answers here name when one is missing"),
];

/// The words after `kubectl`.
pub fn read(argv: &[String]) -> Result<Command, String> {
    let own = argv.iter().position(|w| w == "--").unwrap_or(argv.len());
    let elsewhere = |w: &&String| ELSEWHERE.iter().any(|e| w == e || w.starts_with(&format!("{e}=")));
    if let Some(option) = argv[..own].iter().find(elsewhere) {
        let option = option.split('=').next().unwrap_or_default();
        return Err(format!("{option} chooses another cluster or identity than the target has"));
    }
    // `kubectl -n shop get pods`: what stands before the verb may stand behind it as well.
    let mut before = Vec::new();
    let mut rest = argv;
    while let Some(first) = rest.first().filter(|w| w.starts_with('-')) {
        let takes = ["-n", "--namespace", "--request-timeout"].contains(&first.as_str());
        let count = if takes { 2.min(rest.len()) } else { 1 };
        before.extend_from_slice(&rest[..count]);
        rest = &rest[count..];
    }
    let (verb, rest) = rest.split_first().ok_or("This says kubectl and not what to do")?;
    let words = |from: &[String]| [before.clone(), from.to_vec()].concat();
    let (sub, after) = rest.split_first().map_or(("", &[][..]), |(sub, after)| (sub.as_str(), after));
    match (verb.as_str(), sub) {
        ("get", _) => get(&words(rest)),
        ("describe", _) => describe(&words(rest)),
        ("logs" | "log", _) => logs(&words(rest)),
        ("top", "pod" | "pods" | "po") => top(&words(after), false),
        ("top", "node" | "nodes" | "no") => top(&words(after), true),
        ("rollout", "status") => status(&words(after)),
        ("rollout", "history") => history(&words(after)),
        ("rollout", "undo") => undo(&words(after)),
        ("rollout", "restart") => simple(&words(after), "rollout restart", Act::Restart),
        ("rollout", "pause") => simple(&words(after), "rollout pause", Act::Pause),
        ("rollout", "resume") => simple(&words(after), "rollout resume", Act::Resume),
        ("scale", _) => scale(&words(rest)),
        ("set", "image") => set_image(&words(after)),
        ("patch", _) => patch(&words(rest)),
        ("delete", _) => delete(&words(rest)),
        ("cordon", _) => cordon(&words(rest), true),
        ("uncordon", _) => cordon(&words(rest), false),
        ("exec", _) => exec(&words(rest)),
        ("wait", _) => wait(&words(rest)),
        ("version", _) => {
            let given = Given::read(&words(rest), &[yes("short", ' '), yes("client", ' '), value("output", 'o')])?;
            match given.words.has("client") || given.words.get("output").is_some() {
                true => Err("it asks for the version of the program, or in a form of its own".into()),
                false => given.does(Op::Version),
            }
        }
        (verb, _) => Err(match NOT_HERE.iter().find(|(name, _)| *name == verb) {
            Some((_, why)) => format!("kubectl {verb} is not done from here: {why}"),
            None => format!("kubectl {verb} {sub} is not done from here").replace("  ", " "),
        }),
    }
}

/// Options and words of one command.
struct Given {
    words: Words,
    rest: Vec<String>,
}

impl Given {
    fn read(argv: &[String], flags: &[Flag]) -> Result<Given, String> {
        let flags: Vec<Flag> = flags.iter().chain(&GLOBAL).copied().collect();
        let words = Words::read(argv, &flags, Mixed::Yes)?;
        let rest = words.words.clone();
        Ok(Given { words, rest })
    }

    fn does(&self, op: Op) -> Result<Command, String> {
        let namespace = match (self.words.has("all-namespaces"), self.words.get("namespace")) {
            (true, _) => None,
            (false, Some(name)) if is_name(name) => Some(name.to_string()),
            (false, Some(name)) => return Err(format!("{name} is no name of a namespace")),
            // Replaced by the target's own.
            (false, None) => Some(String::new()),
        };
        match namespace.is_none() && !matches!(op, Op::Get(_) | Op::Top(_)) {
            true => Err("only get and top look into all namespaces from here".into()),
            false => Ok(Command { op, namespace }),
        }
    }

    /// `deployment/shop`, `deployment shop other`, `pods -l app=shop`: of one kind.
    fn of_one_kind(&self, what: &str) -> Result<(&'static Kind, Which), String> {
        match &objects(&self.rest)?[..] {
            [(kind, _)] if self.words.has("all") => Ok((kind, Which::All)),
            [(_, Which::All)] if self.words.get("selector").is_none() => Err(format!("kubectl {what} lacks a name")),
            [(kind, Which::All)] => Ok((kind, Which::All)),
            [(kind, Which::Named(names))] => Ok((kind, Which::Named(names.clone()))),
            [] => Err(format!("kubectl {what} lacks what it is about")),
            _ => Err(format!("kubectl {what} of several kinds at once is not done from here")),
        }
    }

    fn one(&self, what: &str) -> Result<(&'static Kind, String), String> {
        match self.of_one_kind(what)? {
            (kind, Which::Named(names)) if names.len() == 1 => Ok((kind, names[0].clone())),
            _ => Err(format!("kubectl {what} is done for one object at a time")),
        }
    }
}

/// `pods`, `pods,svc`, `pod a b`, `pod/a svc/b`, `all`.
fn objects(words: &[String]) -> Result<Vec<(&'static Kind, Which)>, String> {
    let name = |text: &str| match is_name(text) {
        true => Ok(text.to_string()),
        false => Err(format!("{text} is no name of an object")),
    };
    let Some((first, rest)) = words.split_first() else { return Ok(Vec::new()) };
    if first.contains('/') {
        let mut out: Vec<(&'static Kind, Which)> = Vec::new();
        for word in words {
            let (kind, one) = word.split_once('/').ok_or_else(|| format!("{word} lacks its kind"))?;
            let (kind, one) = (Kind::named(kind)?, name(one)?);
            match out.iter_mut().find(|(k, _)| *k == kind) {
                Some((_, Which::Named(names))) => names.push(one),
                _ => out.push((kind, Which::Named(vec![one]))),
            }
        }
        return Ok(out);
    }
    let names = rest.iter().map(|w| name(w)).collect::<Result<Vec<_>, _>>()?;
    let kinds = first.split(',').flat_map(|k| if k == "all" { kinds::ALL.to_vec() } else { vec![k] });
    let which = || if names.is_empty() { Which::All } else { Which::Named(names.clone()) };
    kinds.map(|kind| Ok((Kind::named(kind)?, which()))).collect()
}

fn get(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(
        argv,
        &[
            value("selector", 'l'),
            value("field-selector", ' '),
            value("output", 'o'),
            value("sort-by", ' '),
            yes("no-headers", ' '),
            yes("show-labels", ' '),
            yes("watch", 'w'),
            yes("ignore-not-found", ' '),
            value("chunk-size", ' '),
            yes("show-kind", ' '),
            yes("watch-only", ' '),
        ],
    )?;
    let wanted = objects(&given.rest)?;
    if wanted.is_empty() {
        return Err("kubectl get lacks what to get".into());
    }
    let words = &given.words;
    let get = Get {
        wanted,
        selectors: Selectors { label: words.text("selector"), field: words.text("field-selector") },
        output: output(words.get("output"))?,
        sort_by: words.get("sort-by").map(Path::field).transpose()?,
        headings: !words.has("no-headers"),
        labels: words.has("show-labels"),
        watch: words.has("watch") || words.has("watch-only"),
        may_lack: words.has("ignore-not-found"),
    };
    given.does(Op::Get(get))
}

fn output(text: Option<&str>) -> Result<Output, String> {
    let Some(text) = text else { return Ok(Output::Table { wide: false }) };
    match text.split_once('=').map_or((text, None), |(name, rest)| (name, Some(rest))) {
        ("wide", None) => Ok(Output::Table { wide: true }),
        ("name", None) => Ok(Output::Name),
        ("json", None) => Ok(Output::Json),
        ("yaml", None) => Ok(Output::Yaml),
        ("jsonpath", Some(template)) => Path::template(template).map(Output::JsonPath),
        ("custom-columns", Some(columns)) => {
            let column = |text: &str| {
                let (heading, path) =
                    text.split_once(':').ok_or_else(|| format!("the column {text} lacks its path"))?;
                Ok((heading.to_string(), Path::field(path)?))
            };
            columns.split(',').map(column).collect::<Result<_, String>>().map(Output::Columns)
        }
        _ => Err(format!("the output {text} is not written from here")),
    }
}

fn describe(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(argv, &[value("selector", 'l')])?;
    let (kind, which) = match &objects(&given.rest)?[..] {
        [(kind, Which::All)] => (*kind, Which::All),
        _ => given.of_one_kind("describe")?,
    };
    match [&kinds::PODS, &kinds::DEPLOYMENTS, &kinds::NODES].contains(&kind) {
        true => given.does(Op::Describe { kind, which, label: given.words.text("selector") }),
        false => Err(format!(
            "kubectl describe is done for pods, deployments and nodes; for {}, get -o yaml is",
            kind.plural
        )),
    }
}

/// `pod`, `pod/x`, `deployment/x`.
fn source(word: &str) -> Result<Source, String> {
    let (kind, name) = match word.split_once('/') {
        Some((kind, name)) => (Kind::named(kind)?, name),
        None => (&kinds::PODS, word),
    };
    if !is_name(name) {
        return Err(format!("{name} is no name of an object"));
    }
    let with_pods = [&kinds::DEPLOYMENTS, &kinds::REPLICASETS, &kinds::STATEFULSETS, &kinds::DAEMONSETS, &kinds::JOBS];
    match kind {
        kind if *kind == kinds::PODS => Ok(Source::Pod(name.to_string())),
        kind if with_pods.contains(&kind) => Ok(Source::Of(kind, name.to_string())),
        kind => Err(format!("the pods of {} are not looked for from here: name one of them", kind.plural)),
    }
}

#[cfg(test)]
mod tests;

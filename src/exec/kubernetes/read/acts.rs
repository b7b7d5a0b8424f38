//! Commands that change something. Each is of one kind of object, and says whole what it changes.

use super::Given;
use crate::exec::kubernetes::kinds::{self, Kind, is_name};
use crate::exec::kubernetes::op::{Act, Command, Op, Which};
use crate::exec::words::{value, yes};
use serde_json::Value;

fn each(given: &Given, act: Act, kind: &'static Kind, which: Which) -> Result<Command, String> {
    given.does(Op::Each { act, kind, which, label: given.words.text("selector") })
}

fn rolled_out(kind: &'static Kind, what: &str) -> Result<(), String> {
    match [&kinds::DEPLOYMENTS, &kinds::STATEFULSETS, &kinds::DAEMONSETS].contains(&kind) {
        true => Ok(()),
        false => {
            Err(format!("kubectl {what} is for deployments, stateful sets and daemon sets, not for {}", kind.plural))
        }
    }
}

pub fn simple(argv: &[String], what: &str, act: Act) -> Result<Command, String> {
    let given = Given::read(argv, &[value("selector", 'l')])?;
    let (kind, which) = given.of_one_kind(what)?;
    rolled_out(kind, what)?;
    match act {
        Act::Pause | Act::Resume if *kind != kinds::DEPLOYMENTS => Err(format!("kubectl {what} is for deployments")),
        act => each(&given, act, kind, which),
    }
}

pub fn undo(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(argv, &[value("to-revision", ' ')])?;
    let (kind, name) = given.one("rollout undo")?;
    if *kind != kinds::DEPLOYMENTS {
        return Err(format!("undoing a rollout of {} is not done from here", kind.plural));
    }
    let revision = given.words.number::<i64>("to-revision")?.filter(|r| *r != 0);
    each(&given, Act::Undo { revision }, kind, Which::Named(vec![name]))
}

pub fn scale(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(
        argv,
        &[
            value("replicas", ' '),
            value("current-replicas", ' '),
            value("selector", 'l'),
            value("timeout", ' '),
            yes("all", ' '),
        ],
    )?;
    let (kind, which) = given.of_one_kind("scale")?;
    if !kind.scales {
        return Err(format!("{} have no replicas, so the cluster refuses to scale them", kind.plural));
    }
    let replicas =
        given.words.number::<i64>("replicas")?.filter(|r| *r >= 0).ok_or("kubectl scale lacks --replicas")?;
    // -1 is "whatever it is", which is kubectl's default.
    let current = given.words.number::<i64>("current-replicas")?.filter(|c| *c >= 0);
    each(&given, Act::Scale { replicas, current }, kind, which)
}

pub fn set_image(argv: &[String]) -> Result<Command, String> {
    let mut given = Given::read(argv, &[])?;
    let (pairs, rest): (Vec<String>, Vec<String>) = given.rest.iter().cloned().partition(|w| w.contains('='));
    given.rest = rest;
    let (kind, name) = given.one("set image")?;
    rolled_out(kind, "set image")?;
    let pair = |text: &String| {
        let (container, image) = text.split_once('=').unwrap_or_default();
        let fits =
            (container == "*" || is_name(container)) && !image.is_empty() && !image.contains(char::is_whitespace);
        fits.then(|| (container.to_string(), image.to_string())).ok_or_else(|| format!("{text} is no CONTAINER=IMAGE"))
    };
    let images = pairs.iter().map(pair).collect::<Result<Vec<_>, String>>()?;
    match images.is_empty() {
        true => Err("kubectl set image lacks CONTAINER=IMAGE".into()),
        false => each(&given, Act::SetImage(images), kind, Which::Named(vec![name])),
    }
}

pub fn patch(argv: &[String]) -> Result<Command, String> {
    let given = Given::read(argv, &[value("patch", 'p'), value("type", ' ')])?;
    let (kind, name) = given.one("patch")?;
    if *kind == kinds::SECRETS {
        return Err("a secret is not changed from here".into());
    }
    let content_type = match given.words.get("type").unwrap_or("strategic") {
        "strategic" => "application/strategic-merge-patch+json",
        "merge" => "application/merge-patch+json",
        "json" => "application/json-patch+json",
        other => return Err(format!("--type {other} is no kind of patch")),
    };
    let text = given.words.get("patch").ok_or("kubectl patch lacks its patch (-p)")?;
    let body: Value = serde_json::from_str(text).map_err(|_| "the patch is no JSON")?;
    let fits = if content_type.contains("json-patch") { body.is_array() } else { body.is_object() };
    match fits {
        true => each(&given, Act::Patch { content_type, body }, kind, Which::Named(vec![name])),
        false => Err("the patch has not the form of its type".into()),
    }
}

pub fn delete(argv: &[String]) -> Result<Command, String> {
    let flags = [
        value("selector", 'l'),
        value("grace-period", ' '),
        yes("force", ' '),
        yes("now", ' '),
        yes("wait", ' '),
        yes("all", ' '),
        value("timeout", ' '),
    ];
    let given = Given::read(argv, &flags)?;
    let (kind, which) = given.of_one_kind("delete")?;
    if *kind != kinds::PODS {
        return Err(format!("only pods are deleted from here, not {}", kind.plural));
    }
    let words = &given.words;
    let grace_s = match words.number::<i64>("grace-period")?.filter(|s| *s >= 0) {
        Some(seconds) => Some(seconds),
        None if words.has("force") => Some(0),
        None => words.has("now").then_some(1),
    };
    if grace_s == Some(0) && !words.has("force") {
        return Err("a grace period of 0 needs --force".into());
    }
    // What is killed at once is not waited for, as with kubectl.
    let wait = words.get("wait").map_or(!words.has("force"), |_| words.has("wait"));
    each(&given, Act::Delete { grace_s, wait }, kind, which)
}

pub fn cordon(argv: &[String], on: bool) -> Result<Command, String> {
    let given = Given::read(argv, &[value("selector", 'l')])?;
    let names = match given.rest.iter().find(|w| !is_name(w)) {
        Some(word) => return Err(format!("{word} is no name of a node")),
        None => given.rest.clone(),
    };
    let which = match (names.is_empty(), given.words.get("selector")) {
        (false, _) => Which::Named(names),
        (true, Some(_)) => Which::All,
        (true, None) => return Err("kubectl cordon lacks a node".into()),
    };
    each(&given, Act::Cordon(on), &kinds::NODES, which)
}

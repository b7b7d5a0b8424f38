//! From what a runbook says to what is to be carried out: which command is meant, on what, with which values, what is
//! looked at afterwards and what takes it back. Pure: makes the order that people see and approve, and runs nothing.

use super::unmapped::client;
use super::words::{holds, normal};
use super::{Source, playbooks, readymade};
use firebell_domain::limits::RUN_COMMANDS_MAX;
use firebell_domain::playbook::{Risk, Walk};
use firebell_domain::run::authority::RunRules;
use firebell_domain::run::{Bound, Limit, Order, Ordered, RunKind};
use firebell_runbook::model::{self, Command, Executor, Line, Mode};
use firebell_runbook::shell::values;
use firebell_runbook::shell::{Asked, Tongue, judge};
use std::collections::{BTreeMap, BTreeSet};

/// Thresholds that go with one command.
const BOUNDS_MAX: usize = 8;
/// Words of headings under which a runbook says how to look.
const LOOKS: [&str; 8] = ["health", "diagnos", "check", "status", "monitor", "verif", "investigat", "troubleshoot"];

/// What is known beside the runbook.
pub struct Ground<'a> {
    pub rules: &'a RunRules,
    /// Seconds of one that looks, and of one that changes something.
    pub read_s: i64,
    pub change_s: i64,
}

/// Why there is no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMade {
    /// No command stands there.
    NoCommand { line: Line },
    /// Nobody has given these a value.
    Open { names: Vec<String> },
    /// It has no placeholder of that name; these it has.
    NoSuch { name: String, names: Vec<String> },
    /// A value that may not stand there: a sentence.
    Refused(String),
    /// Nobody has said where that client works.
    NoTarget,
    /// Somebody types it: why, as half a sentence; the command to copy.
    Manual { why: String, text: String },
}

/// The order for one line of a runbook.
pub fn of_line(source: &Source, line: Line, given: &[(String, String)], ground: &Ground) -> Result<Order, NotMade> {
    let command = source.book().commands.iter().find(|c| (c.line..=c.line_end).contains(&line));
    let command = command.ok_or(NotMade::NoCommand { line })?;
    let params = params(source, command, given)?;
    let text = values::shown(&command.text, &params);
    if let Some(why) = by_hand(command) {
        return Err(NotMade::Manual { why, text });
    }
    let target = target(source, command.executor, ground.rules).ok_or(NotMade::NoTarget)?;
    let risk = playbooks::risk(source, command);
    let kind = if risk == Risk::Read { RunKind::Diagnose } else { RunKind::Remediate };
    let (verify, rollback) = match kind {
        RunKind::Remediate => afterwards(source, command, &params, ground),
        _ => (Vec::new(), None),
    };
    let limit_s = if risk == Risk::Read { ground.read_s } else { ground.change_s };
    let ordered = ordered(source, command, text, target.clone());
    Ok(order(source, kind, format!("line {}", command.line), risk, vec![ordered], limit_s, ground, target, params)
        .then(verify, rollback))
}

/// Which checks somebody asks for: those that speak of one of the words, and those in the lines. Neither: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    pub words: Vec<String>,
    pub lines: Vec<Line>,
}

impl Looks {
    fn all(&self) -> bool {
        self.words.is_empty() && self.lines.is_empty()
    }

    fn fits(&self, c: &Command) -> bool {
        let said = normal(&format!("{} {} {}", c.text, c.comment.as_deref().unwrap_or_default(), c.section.join(" ")));
        self.all()
            || self.lines.iter().any(|l| (c.line..=c.line_end).contains(l))
            || self.words.iter().any(|w| said.contains(&normal(w)))
    }

    fn shown(&self) -> String {
        self.lines.iter().map(|l| format!("line {l}")).chain(self.words.iter().cloned()).collect::<Vec<_>>().join(" ")
    }
}

/// What can be looked at for an incident, each with where it works: what the followed playbook investigates and
/// verifies, then what stands under headings about looking. Only what reads, ends by itself and leaves nothing open.
pub(super) fn looked_at<'a>(source: &'a Source, walk: Option<&Walk>, rules: &RunRules) -> Vec<(&'a Command, String)> {
    let book = source.book();
    let followed = followed(source, walk);
    let of_book = |p: &&model::Playbook| followed.as_deref() == Some(normal(&p.name).as_str());
    let first = book.playbooks.iter().filter(of_book).flat_map(|p| p.investigation.iter().chain(&p.verification));
    let under = |c: &&Command| c.section.iter().any(|s| LOOKS.iter().any(|w| normal(s).contains(w)));
    let second = book.commands.iter().filter(under).map(|c| &c.line);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for line in first.chain(second) {
        for command in book.commands.iter().filter(|c| c.line == *line) {
            if playbooks::risk(source, command) != Risk::Read || by_hand(command).is_some() {
                continue;
            }
            let Some(target) = target(source, command.executor, rules) else { continue };
            if params(source, command, &[]).is_ok() && seen.insert(&command.text) {
                found.push((command, target));
            }
        }
    }
    found
}

fn followed(source: &Source, walk: Option<&Walk>) -> Option<String> {
    walk.filter(|w| w.playbook.system == source.system).map(|w| normal(&w.playbook.name))
}

/// The order for looking, at everything or at what somebody names.
pub fn diagnosis(source: &Source, walk: Option<&Walk>, wanted: &Looks, ground: &Ground) -> Option<Order> {
    let fitting = looked_at(source, walk, ground.rules).into_iter().filter(|(c, _)| wanted.fits(c));
    let mut commands = Vec::new();
    for (command, target) in fitting.take(RUN_COMMANDS_MAX) {
        let Ok(params) = params(source, command, &[]) else { continue };
        let text = values::shown(&command.text, &params);
        commands.push((ordered(source, command, text, target), params));
    }
    let mut all = BTreeMap::new();
    commands.iter().for_each(|(_, params)| all.extend(params.clone()));
    let commands: Vec<Ordered> = commands.into_iter().map(|(c, _)| c).collect();
    if commands.is_empty() {
        return None;
    }
    let name = match followed(source, walk) {
        _ if !wanted.all() => format!("diagnosis: {}", wanted.shown()),
        Some(_) => format!("diagnosis of {}", walk.map_or(String::new(), |w| w.playbook.name.clone())),
        None => "diagnosis".to_string(),
    };
    let order = order(source, RunKind::Diagnose, name, Risk::Read, commands, ground.read_s, ground, String::new(), all);
    Some(order)
}

/// What is looked at by a schedule: every command that only looks, or none. Half a look would be taken for a whole one.
pub fn of_schedule(source: &Source, name: &str, lines: &[Line], ground: &Ground) -> Result<Order, NotMade> {
    let mut commands = Vec::new();
    let mut all = BTreeMap::new();
    for line in lines {
        let command = source.book().commands.iter().find(|c| c.line == *line);
        let command = command.ok_or(NotMade::NoCommand { line: *line })?;
        let params = params(source, command, &[])?;
        let target = target(source, command.executor, ground.rules).ok_or(NotMade::NoTarget)?;
        let text = values::shown(&command.text, &params);
        commands.push(ordered(source, command, text, target));
        all.extend(params);
    }
    let (kind, name) = (RunKind::Diagnose, name.to_string());
    Ok(order(source, kind, name, Risk::Read, commands, ground.read_s, ground, String::new(), all))
}

/// Whether a command looks, ends by itself and leaves nothing open: what may be run without anybody's word.
pub fn looks(source: &Source, command: &Command) -> bool {
    playbooks::risk(source, command) == Risk::Read
        && command.mode == Mode::Oneshot
        && by_hand(command).is_none()
        && params(source, command, &[]).is_ok()
}

/// The line that a quick fix of that name stands for; `Err`: the names there are.
pub fn quick_fix(source: &Source, name: &str) -> Option<Line> {
    let wanted = normal(name);
    let fixes = &source.book().quick_reference;
    let same =
        fixes.iter().find(|f| normal(&f.issue) == wanted || f.fix.as_deref().is_some_and(|x| normal(x) == wanted));
    let found = same.or_else(|| fixes.iter().find(|f| holds(&normal(&f.issue), &wanted)))?;
    let at = |c: &&Command| found.command.as_deref().is_some_and(|t| t == c.text) || c.line == found.line;
    source.book().commands.iter().find(at).map(|c| c.line)
}

#[allow(clippy::too_many_arguments)] // each is a field of what is made
fn order(
    source: &Source,
    kind: RunKind,
    name: String,
    risk: Risk,
    commands: Vec<Ordered>,
    limit_s: i64,
    ground: &Ground,
    target: String,
    params: BTreeMap<String, String>,
) -> Order {
    Order {
        kind,
        name,
        system: source.system.clone(),
        file: source.short_file(),
        revision: source.import.sha256.clone(),
        risk,
        environment: ground.rules.targets.get(&target).cloned().flatten(),
        target,
        commands,
        verify: Vec::new(),
        rollback: None,
        params,
        limit_s,
    }
}

trait Then {
    fn then(self, verify: Vec<Ordered>, rollback: Option<String>) -> Order;
}

impl Then for Order {
    fn then(self, verify: Vec<Ordered>, rollback: Option<String>) -> Order {
        Order { verify, rollback, ..self }
    }
}

fn ordered(source: &Source, command: &Command, text: String, target: String) -> Ordered {
    Ordered {
        line: command.line,
        executor: word(command.executor),
        target,
        written: command.text.clone(),
        text,
        tongue: tongue(command).to_string(),
        why: super::reason::of(source, command).unwrap_or_default(),
        fix: fix(source, command),
        bounds: bounds(source, command),
        about: about(command),
    }
}

/// What to say for the quick fix of what it looks at.
fn fix(source: &Source, command: &Command) -> String {
    if playbooks::risk(source, command) != Risk::Read {
        return String::new();
    }
    let metrics: Vec<String> = bounds(source, command).into_iter().map(|b| b.metric).collect();
    let mut said: Vec<&str> = metrics.iter().map(String::as_str).collect();
    said.extend(command.comment.as_deref());
    said.extend(command.section.last().map(String::as_str));
    let fixes = super::quick::fitting(source, &said);
    let named = fixes.iter().find_map(|f| Some(format!("run line {} ({})", f.command?.line, f.fix.issue)));
    named.unwrap_or_default()
}

/// What a table calls it: what the runbook says about it, else nothing, and then the command stands there itself.
fn about(command: &Command) -> String {
    let said = command.comment.as_deref().unwrap_or_default().trim().trim_end_matches(':');
    if said.chars().count() > 60 { String::new() } else { said.to_string() }
}

/// As a runbook's JSON has it.
fn word(executor: Executor) -> String {
    serde_json::to_value(executor).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}

/// A statement typed at a prompt is no line of a shell.
pub(super) fn tongue(command: &Command) -> &'static str {
    let as_shell = judge(&Asked { text: &command.text, tongue: Tongue::Shell, ..Asked::default() });
    match command.executor {
        e if as_shell.executor == e => "",
        Executor::Postgres => "postgres",
        Executor::Mysql => "mysql",
        Executor::Redis => "redis",
        _ => "",
    }
}

/// What nobody but a person carries out.
fn by_hand(command: &Command) -> Option<String> {
    if let Some(problem) = &command.problem {
        return Some(format!("it cannot work as written: {problem}"));
    }
    match command.mode {
        Mode::Tty => Some("it needs a keyboard".to_string()),
        Mode::Stream | Mode::Wait | Mode::Oneshot if command.executor == Executor::Interactive => {
            Some("it needs a keyboard".to_string())
        }
        _ => None,
    }
}

/// Values of the overlay and what people gave, for everything that the command leaves open.
fn params(source: &Source, command: &Command, given: &[(String, String)]) -> Result<BTreeMap<String, String>, NotMade> {
    let mut params: BTreeMap<String, String> = command
        .placeholders
        .iter()
        .filter_map(|p| source.overlay.values.get(p).map(|v| (p.clone(), v.clone())))
        .collect();
    let said = values::assign(&command.placeholders, given)
        .map_err(|name| NotMade::NoSuch { name, names: command.placeholders.clone() })?;
    params.extend(said);
    for (name, value) in &params {
        values::plain(name, value).map_err(NotMade::Refused)?;
    }
    let open: Vec<String> = command.placeholders.iter().filter(|p| !params.contains_key(*p)).cloned().collect();
    if open.is_empty() { Ok(params) } else { Err(NotMade::Open { names: open }) }
}

/// What a command leaves open, in its order, each with what was given for it already.
pub fn open(source: &Source, line: Line, given: &[(String, String)]) -> Vec<(String, Option<String>)> {
    let found = source.book().commands.iter().find(|c| (c.line..=c.line_end).contains(&line));
    let Some(command) = found else { return Vec::new() };
    let said = values::assign(&command.placeholders, given).unwrap_or_default();
    let left = command.placeholders.iter().filter(|p| !source.overlay.values.contains_key(*p));
    left.map(|p| (p.clone(), said.get(p).cloned())).collect()
}

/// Where a command works: as the overlay says of its client, else the only target there is.
fn target(source: &Source, executor: Executor, rules: &RunRules) -> Option<String> {
    let name = client(executor).map_or_else(|| word(executor), str::to_string);
    match source.overlay.targets.get(&name) {
        Some(place) => rules.targets.contains_key(&place.target).then(|| place.target.clone()),
        None if rules.targets.len() == 1 => rules.targets.keys().next().cloned(),
        None => None,
    }
}

/// Where `run` would carry a command out; `None`: somebody types it.
pub(super) fn runs_on(source: &Source, command: &Command, rules: &RunRules) -> Option<String> {
    if by_hand(command).is_some() {
        return None;
    }
    target(source, command.executor, rules)
}

/// Where the runbook names nothing to look at: whether what was brought up is up.
fn look_after(
    source: &Source,
    command: &Command,
    params: &BTreeMap<String, String>,
    ground: &Ground,
) -> Option<Ordered> {
    let (text, executor) = readymade::look_after(command)?;
    let target = target(source, executor, ground.rules)?;
    let look = Command {
        line: 0,
        text,
        risk: model::Risk::Read,
        executor,
        comment: None,
        section: Vec::new(),
        ..command.clone()
    };
    let shown = values::shown(&look.text, params);
    Some(Ordered { bounds: readymade::running(&look), ..ordered(source, &look, shown, target) })
}

/// What is looked at when a change is through, and what takes it back: of the playbook that it belongs to.
fn afterwards(
    source: &Source,
    command: &Command,
    params: &BTreeMap<String, String>,
    ground: &Ground,
) -> (Vec<Ordered>, Option<String>) {
    let book = source.book();
    let has = |p: &&model::Playbook| {
        p.resolution.contains(&command.line) || p.conditions.iter().any(|c| c.commands.contains(&command.line))
    };
    let looks = book.playbooks.iter().filter(has).flat_map(|p| &p.verification);
    // Outside of playbooks, and where one has none: what stands below under the same heading and says that it verifies.
    let below = book.commands.iter().filter(|c| {
        c.line > command.line
            && c.section == command.section
            && normal(c.comment.as_deref().unwrap_or_default()).contains("verif")
    });
    let mut lines: Vec<Line> = looks.copied().collect();
    if lines.is_empty() {
        lines.extend(below.map(|c| c.line));
    }
    let all = lines.iter().flat_map(|l| book.commands.iter().filter(move |c| c.line == *l));
    let reads = |c: &&Command| {
        playbooks::risk(source, c) == Risk::Read
            && c.mode == Mode::Oneshot
            && by_hand(c).is_none()
            && c.placeholders.is_empty()
    };
    let verify = all.filter(reads).filter_map(|c| {
        let target = target(source, c.executor, ground.rules)?;
        Some(ordered(source, c, c.text.clone(), target))
    });
    let mut verify: Vec<Ordered> = verify.take(20).collect();
    if verify.is_empty() {
        verify.extend(look_after(source, command, params, ground));
    }
    let back = |c: &&Command| {
        let said = normal(&format!("{} {}", c.section.join(" "), c.comment.as_deref().unwrap_or_default()));
        c.line != command.line
            && c.executor == command.executor
            && (said.contains("rollback") || said.contains("roll back"))
    };
    let rollback = book.commands.iter().find(back).map(|c| format!("line {}", c.line));
    (verify, rollback)
}

/// Thresholds whose words stand with the command.
fn bounds(source: &Source, command: &Command) -> Vec<Bound> {
    let said = normal(&format!(
        "{} {} {}",
        command.text,
        command.comment.as_deref().unwrap_or_default(),
        command.section.join(" ")
    ));
    let limit = |b: &Option<model::Bound>| b.as_ref().map(|b| Limit { op: b.op.clone(), value: b.value.to_string() });
    let about = |t: &&model::Threshold| normal(&t.metric).split(' ').any(|w| w.len() > 2 && holds(&said, w));
    let bound = |t: &model::Threshold| Bound {
        metric: t.metric.clone(),
        unit: t.unit.clone().unwrap_or_default(),
        warning: limit(&t.warning),
        critical: limit(&t.critical),
    };
    let all = source.book().thresholds.iter().filter(|t| source.certain("thresholds", t.line));
    // Of two that fit equally well the last is taken: the runbook's.
    let own = readymade::bounds(command, playbooks::risk(source, command));
    own.into_iter().chain(all.filter(about).map(bound).take(BOUNDS_MAX)).collect()
}

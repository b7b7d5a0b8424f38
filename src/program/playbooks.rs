//! Playbooks and checklists as they are followed in an incident, and which of them fit it. The steps are those of the
//! runbook in the order investigate, conditions with what is for them, resolve, verify; the fit is a count of shared words, so the same
//! incident and the same runbook always get the same list.

use super::words::normal;
use super::{Program, Source, orders};
use firebell_domain::limits::{PLAYBOOK_STEPS_MAX, STEP_CHARS_MAX};
use firebell_domain::playbook::{Part, Playbook, Risk, Step};
use firebell_domain::run::authority::RunRules;
use firebell_runbook::model::{self, Command, Executor, Line, Mode};
use std::collections::{BTreeMap, BTreeSet};

/// Words that say nothing of what is wrong.
const COMMON: [&str; 40] = [
    "a", "an", "and", "are", "at", "be", "by", "for", "from", "has", "have", "in", "is", "it", "its", "no", "not",
    "of", "on", "or", "our", "the", "this", "to", "with", "we", "der", "die", "das", "ist", "und", "le", "la", "les",
    "est", "el", "los", "de", "o", "e",
];
/// Weights of where a word stands.
const IN_NAME: u64 = 3;
const IN_SYMPTOM: u64 = 2;
const IN_CONDITION: u64 = 1;
/// What a word is worth that only one playbook has.
const RARE: u64 = 1_000;

/// A playbook that may be followed.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    pub source: &'a Source,
    pub book: Book<'a>,
    /// 0: nothing of the incident is in it.
    pub score: u64,
}

/// What is followed step by step.
#[derive(Clone, Copy, Debug)]
pub enum Book<'a> {
    Playbook(&'a model::Playbook),
    Checklist(&'a model::Checklist),
}

impl<'a> Book<'a> {
    pub fn name(&self) -> &'a str {
        match self {
            Book::Playbook(p) => &p.name,
            Book::Checklist(c) => &c.name,
        }
    }

    pub fn line(&self) -> Line {
        match self {
            Book::Playbook(p) => p.line,
            Book::Checklist(c) => c.line,
        }
    }

    /// By which it is found; of a checklist what it is and how long.
    pub fn symptoms(&self) -> Vec<String> {
        match self {
            Book::Playbook(p) => p.symptoms.clone(),
            Book::Checklist(c) if c.items.len() == 1 => vec!["checklist, 1 item".to_string()],
            Book::Checklist(c) => vec![format!("checklist, {} items", c.items.len())],
        }
    }

    fn weighted(&self) -> BTreeMap<String, u64> {
        match self {
            Book::Playbook(p) => weighted(p),
            Book::Checklist(c) => words(&c.name).into_iter().map(|word| (word, IN_NAME)).collect(),
        }
    }
}

impl Program {
    /// Every playbook of a system, or of all where none is named, the best fit first; among equals in the order of the
    /// runbooks, playbooks before checklists.
    pub fn playbooks<'a>(&'a self, system: Option<&str>, said: &[&str]) -> Vec<Choice<'a>> {
        let of = |s: &&Source| system.is_none_or(|name| s.system == name);
        let sources = || self.sources.iter().filter(of);
        let playbooks = sources().flat_map(|s| {
            let certain = s.book().playbooks.iter().filter(|p| s.certain("playbooks", p.line));
            certain.map(move |p| (s, Book::Playbook(p)))
        });
        let checklists = sources().flat_map(|s| {
            let certain = s.book().checklists.iter().filter(|c| s.certain("checklists", c.line) && !c.items.is_empty());
            certain.map(move |c| (s, Book::Checklist(c)))
        });
        let all: Vec<(&Source, Book)> = playbooks.chain(checklists).collect();
        let terms: Vec<BTreeMap<String, u64>> = all.iter().map(|(_, book)| book.weighted()).collect();
        let wanted: BTreeSet<String> = said.iter().flat_map(|text| words(text)).collect();
        let having = |word: &String| terms.iter().filter(|t| t.contains_key(word)).count() as u64;
        let shared: BTreeMap<&String, u64> = wanted.iter().map(|w| (w, having(w))).filter(|(_, n)| *n > 0).collect();
        let score =
            |t: &BTreeMap<String, u64>| shared.iter().filter_map(|(word, n)| Some(t.get(*word)? * RARE / n)).sum();
        let mut choices: Vec<Choice> =
            all.iter().zip(&terms).map(|((source, book), t)| Choice { source, book: *book, score: score(t) }).collect();
        choices.sort_by_key(|c| std::cmp::Reverse(c.score));
        choices
    }
}

fn weighted(playbook: &model::Playbook) -> BTreeMap<String, u64> {
    let mut weights: BTreeMap<String, u64> = BTreeMap::new();
    let conditions = playbook.conditions.iter().map(|c| (c.text.as_str(), IN_CONDITION));
    let symptoms = playbook.symptoms.iter().map(|s| (s.as_str(), IN_SYMPTOM));
    for (text, weight) in [(playbook.name.as_str(), IN_NAME)].into_iter().chain(symptoms).chain(conditions) {
        for word in words(text) {
            let have = weights.entry(word).or_default();
            *have = (*have).max(weight);
        }
    }
    weights
}

/// The words of a text that can be compared: English endings are taken off, names in one word are taken apart
/// (`HighErrorRate`), and scripts without blanks give pairs of signs.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let mut apart = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            apart.push(' ');
        }
        apart.push(c);
        before = c;
    }
    let mut found = BTreeSet::new();
    for word in normal(&apart).split(' ').filter(|w| !w.is_empty() && !COMMON.contains(w)) {
        match word.chars().any(|c| c > '\u{2e80}') {
            true => {
                let signs: Vec<char> = word.chars().collect();
                found.extend(signs.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
            false => {
                found.insert(stem(word));
            }
        }
    }
    found
}

fn stem(word: &str) -> String {
    const KEPT_MIN: usize = 4;
    let endings = ["ing", "ies", "es", "ed", "s"];
    let cut = endings.iter().find_map(|e| word.strip_suffix(e).filter(|rest| rest.len() >= KEPT_MIN));
    cut.unwrap_or(word).to_string()
}

/// What is followed: the steps as they stand now.
pub fn followed(source: &Source, book: Book, rules: &RunRules) -> Playbook {
    let steps = match book {
        Book::Playbook(p) => steps(source, p, rules),
        Book::Checklist(c) => {
            let item = |(at, text): (usize, &String)| Step {
                part: Part::Item,
                text: firebell_domain::text::cut(text, STEP_CHARS_MAX),
                line: c.item_lines.get(at).copied().unwrap_or(c.line),
                ..plain()
            };
            c.items.iter().enumerate().map(item).collect()
        }
    };
    let steps = bounded(source, steps, book.line());
    let revision = source.import.sha256.chars().take(8).collect();
    let name = book.name().to_string();
    Playbook { system: source.system.clone(), name, file: source.short_file(), revision, steps }
}

fn steps(source: &Source, book: &model::Playbook, rules: &RunRules) -> Vec<Step> {
    let in_conditions: BTreeSet<Line> = book.conditions.iter().flat_map(|c| c.commands.iter().copied()).collect();
    let mut steps: Vec<Step> = Vec::new();
    let part = |steps: &mut Vec<Step>, part: Part, lines: &[Line], under: Option<u32>| {
        for command in lines.iter().flat_map(|l| source.book().commands.iter().filter(move |c| c.line == *l)) {
            steps.push(step(source, part, command, under, rules));
        }
    };
    let outside = |lines: &[Line]| lines.iter().copied().filter(|l| !in_conditions.contains(l)).collect::<Vec<_>>();
    part(&mut steps, Part::Investigate, &outside(&book.investigation), None);
    for condition in &book.conditions {
        let no = steps.len() as u32 + 1;
        let text = condition.text.clone();
        steps.push(Step { part: Part::Condition, text, line: condition.line, ..plain() });
        part(&mut steps, Part::Resolve, &condition.commands, Some(no));
    }
    part(&mut steps, Part::Resolve, &outside(&book.resolution), None);
    part(&mut steps, Part::Verify, &outside(&book.verification), None);
    steps
}

fn bounded(source: &Source, mut steps: Vec<Step>, line: Line) -> Vec<Step> {
    if steps.len() > PLAYBOOK_STEPS_MAX {
        let line = steps.get(PLAYBOOK_STEPS_MAX - 1).map_or(line, |s| s.line);
        steps.truncate(PLAYBOOK_STEPS_MAX - 1);
        let text = format!("The rest stands in {} from line {line} on", source.short_file());
        steps.push(Step { part: Part::Verify, text, line, ..plain() });
    }
    steps
}

fn plain() -> Step {
    Step {
        part: Part::Investigate,
        text: String::new(),
        written: None,
        line: 0,
        under: None,
        risk: None,
        why: None,
        fill: Vec::new(),
        caution: None,
        runs_on: None,
    }
}

fn step(source: &Source, part: Part, command: &Command, under: Option<u32>, rules: &RunRules) -> Step {
    let mut filled: Vec<(&String, &String)> =
        command.placeholders.iter().filter_map(|p| source.overlay.values.get_key_value(p)).collect();
    // The longest first: `your-domain` stands inside `your-domain-2`.
    filled.sort_by_key(|(p, _)| std::cmp::Reverse(p.len()));
    let text = filled.iter().fold(command.text.clone(), |text, (p, value)| text.replace(p.as_str(), value));
    let fill = command.placeholders.iter().filter(|p| !source.overlay.values.contains_key(*p)).cloned().collect();
    let written = (text != command.text).then(|| cut(&command.text, source, command.line));
    let text = cut(&text, source, command.line);
    Step {
        part,
        text,
        written,
        line: command.line,
        under,
        risk: Some(risk(source, command)),
        why: super::reason::of(source, command),
        fill,
        caution: caution(command),
        runs_on: orders::runs_on(source, command, rules),
    }
}

fn cut(text: &str, source: &Source, line: Line) -> String {
    match text.char_indices().nth(STEP_CHARS_MAX) {
        None => text.to_string(),
        Some((at, _)) => {
            format!("{} … (all of it: {} line {line})", text.get(..at).unwrap_or_default(), source.short_file())
        }
    }
}

/// As judged, unless the team has said that this script or tool only reads; nothing that destroys is ever lowered.
pub(super) fn risk(source: &Source, command: &Command) -> Risk {
    let opaque = matches!(command.executor, Executor::Script | Executor::AppCli);
    let marked = source.overlay.reads.iter().any(|mark| {
        command.text == *mark || command.text.strip_prefix(mark.as_str()).is_some_and(|rest| rest.starts_with(' '))
    });
    // What is behind a pipe or a semicolon is not what was marked.
    let alone = !command.text.contains(['|', ';', '&', '>', '<', '`', '$', '\n']);
    match command.risk {
        model::Risk::Read => Risk::Read,
        model::Risk::Mutate if opaque && marked && alone => Risk::Read,
        model::Risk::Mutate => Risk::Mutate,
        model::Risk::Destroy => Risk::Destroy,
    }
}

fn caution(command: &Command) -> Option<String> {
    let mode = match command.mode {
        Mode::Oneshot => None,
        Mode::Stream => Some("never ends by itself: stop it with Ctrl-C".to_string()),
        Mode::Wait => Some("waits until it is so".to_string()),
        Mode::Tty => Some("needs a keyboard".to_string()),
    };
    let problem = command.problem.as_ref().map(|p| format!("cannot work as written: {p}"));
    let secrets = (!command.secrets.is_empty()).then(|| format!("needs {}", command.secrets.join(", ")));
    let all: Vec<String> = [problem, mode, secrets].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The playbook that words mean: its number in the list, its name, or the only one whose name holds them.
pub fn find<'c, 'a>(choices: &'c [Choice<'a>], said: &str) -> Option<&'c Choice<'a>> {
    if let Ok(no) = said.trim().parse::<usize>() {
        return choices.get(no.checked_sub(1)?);
    }
    let wanted = normal(said);
    if wanted.is_empty() {
        return None;
    }
    let exact = choices.iter().find(|c| normal(c.book.name()) == wanted);
    exact.or_else(|| {
        let mut holding = choices.iter().filter(|c| normal(c.book.name()).contains(&wanted));
        holding.next().filter(|_| holding.next().is_none())
    })
}

//! From a line as it is typed to the command it means: the platform's front, the incident, the verb. Looks only at the
//! table; reads no arguments.

use super::words::{Word, Words, closest, shown};
use super::{COMMANDS, Command};
use firebell_domain::id::IncidentId;
use firebell_domain::limits;
use firebell_domain::refusal::Refusal;

/// A line taken apart: which incident it names and what follows the verb.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub incident: Option<IncidentId>,
    pub rest: String,
}

/// Finds the command of a line; none is the bare form, which asks what can be done.
pub fn route(text: &str) -> Result<(Option<&'static Command>, Line), Refusal> {
    if text.len() > limits::COMMAND_BYTES_MAX {
        let (chars, chars_max) = (text.chars().count(), limits::TEXT_CHARS_MAX);
        return Err(Refusal::TooLong { what: "command", chars, chars_max });
    }
    let mut words = Words::new(text);
    let implied = front(&mut words);
    let incident = words.peek().filter(|w| !w.quoted).and_then(|w| IncidentId::parse(&w.text));
    words.skip(usize::from(incident.is_some()));
    let command = match implied {
        Some(command) => command,
        None => match words.take() {
            None => return Ok((None, Line { incident, rest: String::new() })),
            Some(word) => {
                let said = shown(&word.text);
                find(without_mark(&said)).ok_or_else(|| unknown(&said))?
            }
        },
    };
    if let Some((command, rest)) = instead(command, &words) {
        return Ok((Some(command), Line { incident, rest }));
    }
    let incident = incident.or_else(|| named_after(command, &mut words));
    Ok((Some(command), Line { incident, rest: words.rest().to_string() }))
}

/// Takes off what only says that Firebell is meant; `/oncall` is also a command.
fn front(words: &mut Words) -> Option<&'static Command> {
    while let Some(word) = words.peek().filter(|w| !w.quoted) {
        match without_mark(&word.text.to_lowercase()) {
            "/incident" | "incident" | "@firebell" | "/firebell" | "firebell" => words.skip(1),
            "/oncall" => {
                words.skip(1);
                return find("oncall");
            }
            _ => break,
        }
    }
    None
}

/// Another command that is meant by what follows, with its own rest.
fn instead(command: &'static Command, words: &Words) -> Option<(&'static Command, String)> {
    let left = words.left();
    // `/oncall primary override …`: the schedule stands before the word that says what to do.
    if command.spec.verb == "oncall" {
        let at = left.iter().take(2).position(|w| find(&w.text).is_some_and(|c| c.spec.verb == "override"));
        if let Some(at) = at {
            let mut after = words.clone();
            after.skip(at + 1);
            let schedule = left.get(..at).map(|w| words.text(w)).unwrap_or_default();
            return Some((find("override")?, format!("{schedule} {}", after.rest()).trim().to_string()));
        }
    }
    let asks = |w: &str| w == "--help" || (!command.spec.verbatim && matches!(w, "help" | "-h" | "?"));
    match left {
        [only] if asks(&only.text) => Some((find("help")?, command.spec.verb.to_string())),
        _ => None,
    }
}

/// `ack INC-42` is said as often as `INC-42 ack`, and must not do it to another incident.
fn named_after(command: &Command, words: &mut Words) -> Option<IncidentId> {
    if !command.spec.needs_incident || command.spec.verbatim {
        return None;
    }
    let named = |w: &Word| {
        let text = without_mark(&w.text);
        let by_name = text.to_lowercase().starts_with("inc") && !w.quoted;
        by_name.then(|| IncidentId::parse(text)).flatten()
    };
    let id = words.peek().and_then(named)?;
    words.skip(1);
    Some(id)
}

fn without_mark(word: &str) -> &str {
    word.trim_end_matches([',', ':'])
}

/// A command by its verb or another name for it, with or without a slash.
pub fn find(word: &str) -> Option<&'static Command> {
    let word = word.strip_prefix('/').unwrap_or(word).to_lowercase();
    COMMANDS.iter().find(|c| c.spec.verb == word || c.spec.aliases.contains(&word.as_str()))
}

pub fn unknown(word: &str) -> Refusal {
    let bare = word.strip_prefix('/').unwrap_or(word);
    let names = COMMANDS.iter().flat_map(|c| std::iter::once(c.spec.verb).chain(c.spec.aliases.iter().copied()));
    let did_you_mean = closest(bare, names);
    Refusal::UnknownWord { word: word.to_string(), did_you_mean, help: "/incident help".to_string() }
}

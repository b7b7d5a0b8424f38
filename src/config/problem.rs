//! What is wrong with a configuration, where, and what to write instead. One shape for all of it: a syntax error,
//! an unknown key, a wrong type and a policy that names nobody read alike. Never holds a secret's value.

use std::fmt;
use std::rc::Rc;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Line of the file, from 1; 0 is the file as a whole.
    Line(usize),
    /// Name of the environment variable.
    Variable(Rc<str>),
}

/// A key and where it was written: enough to complain about it.
#[derive(Clone, Debug)]
pub struct Spot {
    pub at: Origin,
    pub key: String,
}

impl Spot {
    pub fn new(at: &Origin, key: impl Into<String>) -> Self {
        Spot { at: at.clone(), key: key.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Firebell does not start with it.
    Error,
    /// It starts, and somebody should look.
    Warning,
    /// Nothing is wrong; it only leads nowhere.
    Note,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub level: Level,
    /// The file as it was named; `None` when the value came from the environment, or there is no file.
    pub file: Option<String>,
    pub line: Option<usize>,
    /// The environment variable that is at fault.
    pub variable: Option<String>,
    /// `people.ana.contact[0].via`
    pub key: String,
    /// What is wrong: half a sentence, without a full stop.
    pub what: String,
    /// What to write or do instead: one sentence, without a full stop (a question keeps its mark).
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.variable, &self.file, self.line) {
            (Some(variable), ..) => write!(f, "{variable}: ")?,
            (None, Some(file), Some(line)) => write!(f, "{file}:{line}: ")?,
            (None, Some(file), None) => write!(f, "{file}: ")?,
            (None, None, _) => write!(f, "configuration: ")?,
        }
        write!(f, "{}: ", self.level.as_str())?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. {}{}", self.what, self.fix, if self.fix.ends_with('?') { "" } else { "." })
    }
}

impl Problem {
    /// Whether it is about the file as a whole: it could not be read at all.
    pub fn is_of_the_whole_file(&self) -> bool {
        self.key.is_empty() && self.line.is_none() && self.variable.is_none()
    }
}

/// The file that places are in, as it was named.
#[derive(Clone, Debug, Default)]
pub struct Place {
    file: Option<String>,
}

impl Place {
    pub fn new(file: Option<String>) -> Self {
        Place { file }
    }

    pub fn note(&self, spot: &Spot, what: String, fix: String) -> Problem {
        self.problem(Level::Note, spot, what, fix)
    }

    pub fn error(&self, spot: &Spot, what: String, fix: String) -> Problem {
        self.problem(Level::Error, spot, what, fix)
    }

    pub fn warning(&self, spot: &Spot, what: String, fix: String) -> Problem {
        self.problem(Level::Warning, spot, what, fix)
    }

    fn problem(&self, level: Level, spot: &Spot, what: String, fix: String) -> Problem {
        let (file, line, variable) = match &spot.at {
            Origin::Line(0) => (self.file.clone(), None, None),
            Origin::Line(n) => (self.file.clone(), Some(*n), None),
            Origin::Variable(name) => (None, None, Some(name.to_string())),
        };
        Problem { level, file, line, variable, key: spot.key.clone(), what, fix }
    }
}

/// Collects problems while a configuration is read: nobody should have to fix one to hear of the next.
pub struct Problems {
    place: Place,
    list: Vec<Problem>,
}

impl Problems {
    pub fn new(file: Option<String>) -> Self {
        Problems { place: Place::new(file), list: Vec::new() }
    }

    pub fn error(&mut self, spot: &Spot, what: impl Into<String>, fix: impl Into<String>) {
        self.add(Level::Error, spot, what.into(), fix.into());
    }

    pub fn warn(&mut self, spot: &Spot, what: impl Into<String>, fix: impl Into<String>) {
        self.add(Level::Warning, spot, what.into(), fix.into());
    }

    fn add(&mut self, level: Level, spot: &Spot, what: String, fix: String) {
        self.list.push(self.place.problem(level, spot, what, fix));
    }

    /// Takes over what was found in another file.
    pub fn extend(&mut self, others: Vec<Problem>) {
        self.list.extend(others);
    }

    /// The file that these are problems of.
    pub fn file(&self) -> Option<String> {
        self.place.file.clone()
    }

    /// What would keep a bot from starting, as a warning.
    pub fn forgiven(self) -> Vec<Problem> {
        let level = |level| if level == Level::Error { Level::Warning } else { level };
        self.finish().into_iter().map(|p| Problem { level: level(p.level), ..p }).collect()
    }

    pub fn any_error(&self) -> bool {
        self.list.iter().any(|p| p.level == Level::Error)
    }

    /// In the order of the file; what the environment and other files say comes after it.
    pub fn finish(mut self) -> Vec<Problem> {
        let file = self.place.file.clone();
        let other = |p: &Problem| p.file.clone().filter(|f| Some(f) != file.as_ref());
        self.list.sort_by_cached_key(|p| (p.variable.clone(), other(p), p.line));
        self.list
    }
}

/// The candidate that was probably meant, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (strsim::osa_distance(&wanted, &c.to_lowercase()), c))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// `Did you mean "x"?` in the form that a fix has, else the alternative given.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    otherwise: impl FnOnce() -> String,
) -> String {
    match nearest(word, candidates) {
        Some(c) => format!("Did you mean {}?", quoted(c)),
        None => otherwise(),
    }
}

/// Some of many names, for "the ones there are": `"ana", "bo" and 3 more`.
pub fn some_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 6;
    let all: Vec<&str> = names.into_iter().collect();
    let shown = all.iter().take(SHOWN).map(|n| quoted(n)).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A value as it may be shown: quoted, control characters and direction marks escaped, cut after 60 characters.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for (n, c) in text.chars().enumerate() {
        if n == 60 {
            out.push('…');
            break;
        }
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hidden || c == '"' || c == '\\' { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out.push('"');
    out
}

//! What the modules for inner languages (SQL, Redis, HTTP) answer, and the tables of verbs they read it from.
//!
//! A table is data (`knowledge/verbs/*.toml`), compiled in and checked by a test. Looks words up, parses nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Mode, Risk};

#[derive(Clone, Debug, PartialEq)]
pub struct Inner {
    pub risk: Risk,
    pub mode: Mode,
    /// What decided: `sql DELETE`, `redis CONFIG SET`.
    pub why: String,
    /// Why it cannot work as written.
    pub problem: Option<String>,
    pub affects_availability: bool,
    pub expensive: bool,
    /// What it prints is secret.
    pub secret_output: bool,
}

impl Inner {
    pub fn new(risk: Risk, why: impl Into<String>) -> Self {
        Inner {
            risk,
            mode: Mode::Oneshot,
            why: why.into(),
            problem: None,
            affects_availability: false,
            expensive: false,
            secret_output: false,
        }
    }

    /// Both are run: the worse decides, the first to say something says it.
    #[must_use]
    pub fn and(mut self, other: Inner) -> Self {
        if other.risk > self.risk {
            self.risk = other.risk;
            self.why = other.why;
        }
        if self.mode == Mode::Oneshot {
            self.mode = other.mode;
        }
        self.problem = self.problem.or(other.problem);
        self.affects_availability |= other.affects_availability;
        self.expensive |= other.expensive;
        self.secret_output |= other.secret_output;
        self
    }

    /// At least this risk.
    #[must_use]
    pub fn floor(self, risk: Risk, why: &str) -> Self {
        if risk > self.risk { Inner { risk, why: why.to_owned(), ..self } } else { self }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    verbs: Vec<Verb>,
}

/// Some verbs that do the same.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verb {
    /// In capitals, one to four words each.
    words: Vec<String>,
    pub risk: Risk,
    #[serde(default = "oneshot")]
    pub mode: Mode,
    #[serde(default)]
    pub affects_availability: bool,
    #[serde(default)]
    pub expensive: bool,
    #[serde(default)]
    pub secret_output: bool,
    /// The rest of the words is a statement or a query that has to be looked at.
    #[serde(default)]
    pub look: bool,
}

fn oneshot() -> Mode {
    Mode::Oneshot
}

#[derive(Debug, Default)]
pub struct Verbs {
    by_words: BTreeMap<String, usize>,
    verbs: Vec<Verb>,
}

impl Verbs {
    /// A table that cannot be read gives an empty one, in which everything is unknown; a test reads them all.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut by_words = BTreeMap::new();
        for (at, verb) in file.verbs.iter().enumerate() {
            for words in &verb.words {
                if by_words.insert(words.clone(), at).is_some() {
                    return Err(format!("`{words}` stands twice"));
                }
                if *words != words.to_uppercase() || words.split(' ').count() > 4 {
                    return Err(format!("`{words}`: one to four words in capitals"));
                }
            }
        }
        Ok(Verbs { by_words, verbs: file.verbs })
    }

    /// The longest beginning of these words that the table has, and how many words it is.
    pub fn find(&self, words: &[String]) -> Option<(&str, usize, &Verb)> {
        (1..=words.len().min(4)).rev().find_map(|n| {
            let (key, &at) = self.by_words.get_key_value(&words[..n].join(" "))?;
            Some((key.as_str(), n, &self.verbs[at]))
        })
    }

    /// Whether some verb begins with this word and has more.
    pub fn has_family(&self, first: &str) -> bool {
        self.family(first).next().is_some()
    }

    /// The worst that a verb of this family can do.
    pub fn family_worst(&self, first: &str) -> Risk {
        self.family(first).map(|v| v.risk).max().unwrap_or(Risk::Read)
    }

    fn family(&self, first: &str) -> impl Iterator<Item = &Verb> {
        let start = format!("{first} ");
        self.by_words
            .range(start.clone()..)
            .take_while(move |(w, _)| w.starts_with(&start))
            .map(|(_, &at)| &self.verbs[at])
    }

    pub fn len(&self) -> usize {
        self.by_words.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_words.is_empty()
    }
}

impl Verb {
    pub fn inner(&self, why: String) -> Inner {
        Inner {
            risk: self.risk,
            mode: self.mode,
            why,
            problem: None,
            affects_availability: self.affects_availability,
            expensive: self.expensive,
            secret_output: self.secret_output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Inner, Verbs};
    use crate::model::Risk;

    #[test]
    fn the_longest_verb_that_fits_decides() {
        let table = "[[verbs]]\nrisk = \"read\"\nwords = [\"A\"]\n[[verbs]]\nrisk = \"destroy\"\nwords = [\"A B\"]\n";
        let verbs = Verbs::read(table).unwrap();
        let find = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            verbs.find(&words).map(|(_, n, v)| (n, v.risk))
        };
        assert_eq!(find(&["A", "B", "C"]), Some((2, Risk::Destroy)));
        assert_eq!(find(&["A", "C"]), Some((1, Risk::Read)));
        assert_eq!(find(&["B"]), None);
    }

    #[test]
    fn a_table_with_a_verb_twice_or_in_small_letters_is_refused() {
        assert!(Verbs::read("[[verbs]]\nrisk = \"read\"\nwords = [\"A\", \"A\"]").is_err());
        assert!(Verbs::read("[[verbs]]\nrisk = \"read\"\nwords = [\"a\"]").is_err());
        assert!(Verbs::read("[[verbs]]\nrisk = \"read\"\nwords = [\"A\"]\nwrong = 1").is_err());
    }

    #[test]
    fn of_two_that_are_run_the_worse_decides_and_names_itself() {
        let both = Inner::new(Risk::Read, "a").and(Inner::new(Risk::Mutate, "b")).and(Inner::new(Risk::Read, "c"));
        assert_eq!((both.risk, both.why.as_str()), (Risk::Mutate, "b"));
    }
}

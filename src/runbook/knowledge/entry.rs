//! An entry of the knowledge base, as it is written (`serde`) and as it is used. Holds data and decides nothing.

use serde::Deserialize;

use super::condition::Condition;
use crate::model::{Executor, Mode, Risk};

/// Words as one text, split at white space, or as a list when one of them has a space in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Words {
    Text(String),
    List(Vec<String>),
}

impl Default for Words {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Words {
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
            Self::List(list) => list.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFile {
    #[serde(default)]
    pub tool: Vec<RawTool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTool {
    pub names: Vec<String>,
    pub executor: Executor,
    #[serde(default)]
    pub filter: bool,
    #[serde(default)]
    pub neutral: bool,
    #[serde(default)]
    pub before: Words,
    #[serde(default)]
    pub values: Words,
    #[serde(default)]
    pub attached: Words,
    #[serde(default)]
    pub long_dash: bool,
    #[serde(default, rename = "use")]
    pub uses: Vec<RawUse>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawUse {
    #[serde(default)]
    pub path: Vec<String>,
    pub risk: Risk,
    pub executor: Option<Executor>,
    pub mode: Option<Mode>,
    pub flags: Option<Words>,
    #[serde(default)]
    pub values: Words,
    #[serde(default)]
    pub switches: Words,
    #[serde(default)]
    pub writes: Words,
    #[serde(default)]
    pub destroy_if: Words,
    #[serde(default)]
    pub mutate_if: Words,
    #[serde(default)]
    pub milder_if: Words,
    #[serde(default)]
    pub read_if: Words,
    #[serde(default)]
    pub dry_if: Words,
    #[serde(default)]
    pub stream_if: Words,
    #[serde(default)]
    pub wait_if: Words,
    #[serde(default)]
    pub tty_if: Words,
    #[serde(default)]
    pub oneshot_if: Words,
    #[serde(default)]
    pub secret_if: Words,
    /// A condition, and why a command that meets it cannot work.
    #[serde(default)]
    pub broken_if: Vec<(String, String)>,
    pub worst: Option<Risk>,
    #[serde(default)]
    pub affects_availability: bool,
    #[serde(default)]
    pub expensive: bool,
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub unknown: bool,
    pub client: Option<Client>,
    pub inner: Option<Inner>,
    #[serde(default)]
    pub examples: Examples,
}

/// Who judges what is inside: the language that the tool speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    Psql,
    Mysql,
    Sqlite,
    /// Any other client of a database that is told statements: `cqlsh -e`, `clickhouse-client --query`.
    Statement,
    Redis,
    Mongo,
    Curl,
    Wget,
    Httpie,
    /// A shell: `-c TEXT`, a script, standard input, or a session.
    Shell,
    /// Whatever comes in is written to whoever listens.
    Socket,
    /// Python, Perl and the like: a script, a text, or a session.
    Script,
}

/// A tool that runs another command: where that begins, and whose executor counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inner {
    pub form: Form,
    /// How many operands stand before the inner command.
    #[serde(default)]
    pub skip: usize,
    /// The inner command is what follows one of these options instead (`su -c`, `find -exec`).
    #[serde(default)]
    pub options: Words,
    /// It begins behind this word, if it is there (`--`).
    pub marker: Option<String>,
    /// It ends before one of these words (`;`).
    #[serde(default)]
    pub until: Words,
    #[serde(default)]
    pub executor: Whose,
    /// Whatever is inside comes to an end (`timeout`).
    #[serde(default)]
    pub ends: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The words are the command's.
    Argv,
    /// The words are joined and given to a shell.
    Shell,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The wrapper is transparent.
    #[default]
    Inner,
    /// A client inside counts, an ordinary tool does not (`docker exec c ls` is the container engine's work).
    Client,
    /// Always the wrapper's.
    Outer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Examples {
    pub read: Vec<String>,
    pub mutate: Vec<String>,
    pub destroy: Vec<String>,
    pub stream: Vec<String>,
    pub wait: Vec<String>,
    pub tty: Vec<String>,
    pub not_this: Vec<String>,
}

impl Examples {
    pub fn positive(&self) -> usize {
        let lists = [&self.read, &self.mutate, &self.destroy, &self.stream, &self.wait, &self.tty];
        lists.iter().map(|l| l.len()).sum()
    }
}

#[derive(Debug)]
pub struct Tool {
    pub names: Vec<String>,
    pub executor: Executor,
    /// Works on what comes in: behind or before another stage of a pipeline it is not who does the work.
    pub filter: bool,
    /// Does nothing by itself (`cd`, `echo`): in a list the other parts name the executor.
    pub neutral: bool,
    pub before: Vec<String>,
    pub values: Vec<String>,
    /// Short options whose value, if any, stands in the same word (`mysql -pX`).
    pub attached: Vec<String>,
    /// Long options begin with one dash (`find -delete`): letters are never read as several options.
    pub long_dash: bool,
    pub uses: Vec<Use>,
}

#[derive(Debug)]
pub struct Use {
    pub paths: Vec<Vec<String>>,
    pub risk: Risk,
    pub executor: Option<Executor>,
    pub mode: Mode,
    pub flags: Harmless,
    pub values: Vec<String>,
    pub switches: Vec<String>,
    pub writes: Vec<String>,
    pub destroy_if: Vec<Condition>,
    pub mutate_if: Vec<Condition>,
    pub milder_if: Vec<Condition>,
    pub read_if: Vec<Condition>,
    pub dry_if: Vec<Condition>,
    pub stream_if: Vec<Condition>,
    pub wait_if: Vec<Condition>,
    pub tty_if: Vec<Condition>,
    pub oneshot_if: Vec<Condition>,
    pub secret_if: Vec<Condition>,
    pub broken_if: Vec<(Condition, String)>,
    pub worst: Option<Risk>,
    pub affects_availability: bool,
    pub expensive: bool,
    pub secret: bool,
    pub unknown: bool,
    pub client: Option<Client>,
    pub inner: Option<Inner>,
    pub examples: Examples,
}

impl Use {
    /// The worst that it can do, whatever stands in its words.
    pub fn ceiling(&self) -> Risk {
        let raised = match (self.destroy_if.is_empty(), self.mutate_if.is_empty() && self.writes.is_empty()) {
            (false, _) => Risk::Destroy,
            (true, false) => Risk::Mutate,
            (true, true) => Risk::Read,
        };
        self.risk.max(raised).max(self.worst.unwrap_or(Risk::Read))
    }
}

/// Options of a reading entry that change nothing.
#[derive(Debug)]
pub enum Harmless {
    /// All, but those that a condition lists.
    Any,
    Only(Vec<String>),
}

//! What a kubectl command does, as a type: whatever is not here is not done natively.

use super::jsonpath::Path;
use super::kinds::Kind;
use serde_json::Value;

/// Which objects of one kind.
#[derive(Debug, PartialEq)]
pub enum Which {
    /// All that the selectors leave.
    All,
    Named(Vec<String>),
}

#[derive(Debug, Default, PartialEq)]
pub struct Selectors {
    pub label: Option<String>,
    pub field: Option<String>,
}

#[derive(Debug, PartialEq)]
pub enum Output {
    Table {
        wide: bool,
    },
    Name,
    Json,
    Yaml,
    JsonPath(Path),
    /// Headings and what stands under them.
    Columns(Vec<(String, Path)>),
}

#[derive(Debug, PartialEq)]
pub struct Get {
    pub wanted: Vec<(&'static Kind, Which)>,
    pub selectors: Selectors,
    pub output: Output,
    pub sort_by: Option<Path>,
    pub headings: bool,
    pub labels: bool,
    /// `-w`: answered with the state now.
    pub watch: bool,
    /// `--ignore-not-found`.
    pub may_lack: bool,
}

#[derive(Debug, PartialEq)]
pub struct Logs {
    pub of: Source,
    pub container: Option<String>,
    pub every_container: bool,
    pub tail: Option<i64>,
    pub since_s: Option<i64>,
    pub since_time: Option<String>,
    pub limit_bytes: Option<i64>,
    pub previous: bool,
    pub timestamps: bool,
    pub prefix: bool,
    pub follow: bool,
}

/// Where something runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Pod(String),
    /// One pod of a deployment or the like.
    Of(&'static Kind, String),
    Selected(String),
}

#[derive(Debug, PartialEq)]
pub struct Top {
    pub nodes: bool,
    pub name: Option<String>,
    pub label: Option<String>,
    pub containers: bool,
    pub sort_by: Option<String>,
    pub headings: bool,
}

/// A change of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Scale {
        replicas: i64,
        current: Option<i64>,
    },
    Restart,
    /// `--to-revision`; without it the one before.
    Undo {
        revision: Option<i64>,
    },
    Pause,
    Resume,
    /// Containers (`*`: all) and their images.
    SetImage(Vec<(String, String)>),
    Patch {
        content_type: &'static str,
        body: Value,
    },
    Cordon(bool),
    Delete {
        grace_s: Option<i64>,
        wait: bool,
    },
}

#[derive(Debug, PartialEq)]
pub struct Inside {
    pub pod: Source,
    pub container: Option<String>,
    pub argv: Vec<String>,
    /// `-i`: what is fed to the command goes into the container.
    pub input: bool,
    pub terminal: bool,
}

#[derive(Debug, PartialEq)]
pub enum Until {
    /// `condition=Ready=true`.
    Condition(String, String),
    Deleted,
}

#[derive(Debug, PartialEq)]
pub enum Op {
    Get(Get),
    Describe {
        kind: &'static Kind,
        which: Which,
        label: Option<String>,
    },
    Logs(Logs),
    Top(Top),
    /// `rollout status`: of a deployment, stateful set or daemon set.
    Status {
        kind: &'static Kind,
        name: String,
        time_s: Option<u64>,
        watch: bool,
    },
    History {
        name: String,
    },
    Each {
        act: Act,
        kind: &'static Kind,
        which: Which,
        label: Option<String>,
    },
    Exec(Inside),
    Wait {
        kind: &'static Kind,
        which: Which,
        label: Option<String>,
        until: Until,
        time_s: u64,
    },
    Version,
}

impl Op {
    /// Whether it may change something when it is carried out.
    pub fn changes(&self) -> bool {
        matches!(self, Op::Each { .. } | Op::Exec(_))
    }
}

/// An operation and where it happens. `None`: in every namespace.
#[derive(Debug, PartialEq)]
pub struct Command {
    pub op: Op,
    pub namespace: Option<String>,
}

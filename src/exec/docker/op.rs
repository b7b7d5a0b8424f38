//! What a docker command does, as a type: whatever is not here is not done natively.

use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Ps(Listing),
    Images(Listing),
    Networks(Listing),
    Volumes(Listing),
    Inspect {
        kind: Kind,
        names: Vec<String>,
        format: Option<String>,
        size: bool,
    },
    Stats {
        names: Vec<String>,
        all: bool,
        format: Option<String>,
        no_trunc: bool,
    },
    Logs(Logs),
    Top {
        name: String,
        arguments: Option<String>,
    },
    Events {
        since: Option<String>,
        until: Option<String>,
        filters: Filters,
        format: Option<String>,
    },
    Df {
        format: Option<String>,
    },
    Version {
        format: Option<String>,
    },
    Info {
        format: Option<String>,
    },
    Port {
        name: String,
    },
    /// What is done to each of some containers.
    Each {
        act: Act,
        names: Vec<String>,
    },
    Exec(Inside),
    Prune {
        what: Vec<Prune>,
        filters: Filters,
    },
    RemoveImages {
        names: Vec<String>,
        force: bool,
    },
    RemoveVolumes {
        names: Vec<String>,
        force: bool,
    },
    RemoveNetworks {
        names: Vec<String>,
    },
    Pull {
        reference: String,
    },
    Tag {
        from: String,
        to: String,
    },
}

pub type Filters = HashMap<String, Vec<String>>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    pub all: bool,
    pub quiet: bool,
    pub no_trunc: bool,
    pub size: bool,
    pub digests: bool,
    pub last: Option<i32>,
    pub filters: Filters,
    pub format: Option<String>,
    /// `docker images NAME`.
    pub reference: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `docker inspect`: a container, or whatever else has that name.
    Any,
    Container,
    Image,
    Network,
    Volume,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logs {
    pub name: String,
    pub tail: Option<u64>,
    pub since: Option<String>,
    pub until: Option<String>,
    pub timestamps: bool,
    pub follow: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Start,
    Stop { seconds: Option<i32>, signal: Option<String> },
    Restart { seconds: Option<i32>, signal: Option<String> },
    Kill { signal: Option<String> },
    Pause,
    Unpause,
    Remove { force: bool, volumes: bool },
    Update(Update),
}

impl Act {
    pub fn verb(&self) -> &'static str {
        match self {
            Act::Start => "start",
            Act::Stop { .. } => "stop",
            Act::Restart { .. } => "restart",
            Act::Kill { .. } => "kill",
            Act::Pause => "pause",
            Act::Unpause => "unpause",
            Act::Remove { .. } => "rm",
            Act::Update(_) => "update",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    pub nano_cpus: Option<i64>,
    pub memory: Option<i64>,
    pub memory_swap: Option<i64>,
    pub memory_reservation: Option<i64>,
    pub cpu_shares: Option<i64>,
    pub pids_limit: Option<i64>,
    /// Name and how often at most.
    pub restart: Option<(String, i64)>,
}

/// `docker exec`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inside {
    pub container: String,
    pub argv: Vec<String>,
    pub env: Vec<String>,
    pub user: Option<String>,
    pub folder: Option<String>,
    pub privileged: bool,
    pub detach: bool,
    /// `-i`: what is fed to the command goes into the container.
    pub input: bool,
    pub terminal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    Containers,
    Networks,
    Volumes { all: bool },
    Images { all: bool },
    BuildCache { all: bool },
}

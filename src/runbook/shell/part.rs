//! What is known of one part of a command, and how parts make a whole: the worst decides, the reasons are kept.

use super::Flags;
use crate::model::{Executor, Mode, Risk};

/// How much a part has to say about who runs the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// `cd`, `echo`, an assignment.
    #[default]
    None,
    /// Works on what comes in.
    Filter,
    Does,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub risk: Risk,
    pub executor: Executor,
    pub work: Work,
    pub mode: Mode,
    pub why: Vec<String>,
    pub flags: Flags,
    pub problem: Option<String>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            risk: Risk::Read,
            executor: Executor::Host,
            work: Work::None,
            mode: Mode::Oneshot,
            why: Vec::new(),
            flags: Flags::default(),
            problem: None,
        }
    }
}

fn later(mode: Mode) -> u8 {
    match mode {
        Mode::Oneshot => 0,
        Mode::Wait => 1,
        Mode::Stream => 2,
        Mode::Tty => 3,
    }
}

impl Part {
    pub fn raise(&mut self, risk: Risk, why: impl Into<String>) {
        if risk > self.risk {
            self.risk = risk;
            self.why = vec![format!("{}: {}", name(risk), why.into())];
        }
    }

    /// Adds what another part does; who runs the whole stays as it is, unless nothing here does any work.
    pub fn absorb(&mut self, other: Part) {
        if other.work > self.work && self.work == Work::None {
            self.executor = other.executor;
            self.work = other.work;
        }
        self.add(other);
    }

    /// One of several commands: the one that does the worst names the executor, the first among equals.
    pub fn join(&mut self, other: Part) {
        if (other.work, other.risk) > (self.work, self.risk) {
            self.executor = other.executor;
            self.work = other.work;
        }
        self.add(other);
    }

    fn add(&mut self, other: Part) {
        if other.risk > self.risk {
            self.risk = other.risk;
            self.why = other.why;
        }
        if later(other.mode) > later(self.mode) {
            self.mode = other.mode;
        }
        self.flags.merge(other.flags);
        if self.problem.is_none() {
            self.problem = other.problem;
        }
    }

    /// Says inside of what it was found.
    pub fn within(mut self, what: &str) -> Self {
        if self.risk > Risk::Read && self.why.last().is_none_or(|l| l != what) && self.why.len() < 12 {
            self.why.push(what.to_owned());
        }
        self
    }
}

impl Flags {
    pub fn merge(&mut self, other: Self) {
        self.unknown_tool |= other.unknown_tool;
        self.secret_output |= other.secret_output;
        self.affects_availability |= other.affects_availability;
        self.expensive |= other.expensive;
        self.dry_run |= other.dry_run;
        self.redirect |= other.redirect;
    }
}

pub fn name(risk: Risk) -> &'static str {
    match risk {
        Risk::Read => "read",
        Risk::Mutate => "mutate",
        Risk::Destroy => "destroy",
    }
}

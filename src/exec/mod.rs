//! Executors: what a runbook's command says, done on one configured target. One file or folder for each kind.
//! Nothing here decides whether something may run, and nothing here hands a value from chat to a shell.

pub mod clean;
pub mod compose;
pub mod database;
pub mod docker;
pub mod host;
pub mod http;
pub mod kubernetes;
pub mod mysql;
pub mod pipeline;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod prometheus;
pub mod ran;
pub mod redis;
pub mod route;
pub mod script;
pub mod site;
pub mod ssh;
pub mod tls;
mod words;

use crate::engine::ports::execute::Execute;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The executors that are there, by the name that a runbook's commands have for them.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Execute>>);

impl Registry {
    pub fn with(mut self, executor: impl Execute + 'static) -> Registry {
        self.0.insert(executor.name(), Arc::new(executor));
        self
    }

    pub fn get(&self, name: &str) -> Option<Arc<dyn Execute>> {
        self.0.get(name).cloned()
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Execute>> {
        self.0.values()
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

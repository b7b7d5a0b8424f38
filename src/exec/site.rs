//! Where a program runs: here, or on another machine over ssh. Decides nothing; both keep the same bounds.

use super::process::{self, Place};
use super::ssh::Remote;
use crate::engine::ports::execute::{Bounds, Call, Cannot, Plan, Ran, Watch};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone)]
pub enum Site {
    Here(Place),
    There(Arc<Remote>),
}

impl From<Place> for Site {
    fn from(place: Place) -> Site {
        Site::Here(place)
    }
}

impl From<Arc<Remote>> for Site {
    fn from(remote: Arc<Remote>) -> Site {
        Site::There(remote)
    }
}

impl Site {
    pub fn plan(&self, argv: &[String], env: &BTreeMap<String, String>) -> Result<Plan, Cannot> {
        match self {
            Site::Here(place) => process::plan(place, argv, env),
            Site::There(remote) => remote.plan(argv, env),
        }
    }

    /// The words and variables may be others than those of the call; its input, risk and target are the call's.
    pub async fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        call: &Call,
        bounds: Bounds,
        watch: &mut Watch,
    ) -> Ran {
        let input = call.input.as_deref();
        match self {
            Site::Here(place) => process::run(place, argv, env, input, bounds, watch).await,
            Site::There(remote) => remote.run(argv, env, input, call.risk, bounds, watch).await,
        }
    }
}

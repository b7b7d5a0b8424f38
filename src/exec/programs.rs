//! Programs that are run as they are, here or over there: `git`, `package`, `cloud`, `app-cli`. Reads neither their words nor
//! what they print.

use super::ran::not_started;
use super::site::Site;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Call, Cannot, Execute, Plan, Ran, Watch};
use std::collections::BTreeMap;

/// One name of programs that are run as they are: `git`, `package`, `cloud`, `app-cli`.
pub struct Programs {
    name: &'static str,
    places: BTreeMap<String, Site>,
}

impl Programs {
    pub fn new(name: &'static str, places: BTreeMap<String, impl Into<Site>>) -> Programs {
        Programs { name, places: places.into_iter().map(|(name, place)| (name, place.into())).collect() }
    }

    fn place(&self, call: &Call) -> Result<&Site, String> {
        self.places
            .get(&call.target)
            .ok_or(format!("No program may run on {}: it is not set up for {}", call.target, self.name))
    }
}

impl Execute for Programs {
    fn name(&self) -> &'static str {
        self.name
    }

    fn plan<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move { self.place(call).map_err(Cannot)?.plan(&call.argv, &call.env) })
    }

    fn run<'a>(&'a self, call: &'a Call, watch: &'a mut Watch) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            match self.place(call) {
                Ok(place) => place.run(&call.argv, &call.env, call, call.bounds, watch).await,
                Err(why) => not_started(why, false),
            }
        })
    }
}

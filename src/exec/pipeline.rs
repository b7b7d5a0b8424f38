//! Carries out one command of an order: finds its route, gives the first call to its executor and what that printed to
//! the filters behind it, each a program with its words. No shell stands between them. Decides nothing.

use super::Registry;
use super::process::{self, Place};
use super::route::{Filter, Route, Wanted, route};
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Bounds, Call, Cannot, Carried, CarryOut, End, Plan, Ran, Watch};
use firebell_domain::playbook::Risk;
use firebell_domain::run::{Order, Ordered};
use firebell_runbook::shell::Tongue;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// Times the usual bound that the first command may print when filters follow: they count and cut what is there.
const BEFORE_FILTERS: usize = 8;

pub struct Carrier {
    registry: Registry,
    /// Where filters run: on this machine, without anything of a target.
    filters: Place,
    variables: Variables,
}

/// What variables of a runbook's commands stand for, by the runbook's system. Never part of an order or a log.
pub type Variables = BTreeMap<String, BTreeMap<String, SecretString>>;

impl Carrier {
    pub fn new(registry: Registry, filters: Place, variables: Variables) -> Carrier {
        Carrier { registry, filters, variables }
    }

    fn route(&self, order: &Order, command: &Ordered, bounds: Bounds) -> Route {
        let risk = if order.commands.contains(command) { order.risk } else { Risk::Read };
        route(&Wanted {
            written: &command.written,
            shown: &command.text,
            executor: &command.executor,
            tongue: tongue(&command.tongue),
            risk,
            target: &command.target,
            params: &order.params,
            secret: &|name| Some(self.variables.get(&order.system)?.get(name)?.expose_secret().to_string()),
            bounds,
        })
    }

    async fn piped(&self, mut ran: Ran, joins: bool, filters: &[Filter], bounds: Bounds, watch: &mut Watch) -> Ran {
        let mut joins = joins;
        for filter in filters {
            if !matches!(ran.end, End::Exited(_)) {
                return ran;
            }
            let mut input = std::mem::take(&mut ran.stdout);
            if joins {
                input.push_str(&std::mem::take(&mut ran.stderr));
            }
            let none = BTreeMap::new();
            let filtered =
                process::run(&self.filters, &filter.argv, &none, Some(input.as_bytes()), bounds, watch).await;
            // What the first command said of itself stands, and a filter that finds nothing (grep ends with 1) has
            // not failed.
            ran.stdout = filtered.stdout;
            ran.stderr.push_str(&filtered.stderr);
            ran.left_out += filtered.left_out;
            ran.took += filtered.took;
            let searches = filter.argv.first().is_some_and(|p| p.ends_with("grep"));
            match (&ran.end, filtered.end) {
                (_, End::Exited(1)) if searches => {}
                (End::Exited(0), end) => ran.end = end,
                (_, End::Exited(_)) => {}
                (_, end) => ran.end = end,
            }
            joins = filter.joins;
        }
        ran
    }
}

/// As an order has it.
pub fn tongue(word: &str) -> Tongue {
    match word {
        "postgres" => Tongue::Postgres,
        "mysql" => Tongue::Mysql,
        "redis" => Tongue::Redis,
        _ => Tongue::Shell,
    }
}

impl CarryOut for Carrier {
    fn plan<'a>(&'a self, order: &'a Order, command: &'a Ordered) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let bounds = Bounds { time: std::time::Duration::from_secs(10), output_bytes: 64 * 1024 };
            let (name, call): (String, Box<Call>) = match self.route(order, command, bounds) {
                Route::Manual(why) => return Err(Cannot(why)),
                Route::Script(call) => ("script".to_string(), call),
                Route::Pipeline { executor, head, .. } => (executor, head),
            };
            match self.registry.get(&name) {
                Some(executor) => executor.plan(&call).await,
                None => Err(Cannot(nobody(&name))),
            }
        })
    }

    fn run<'a>(
        &'a self,
        order: &'a Order,
        command: &'a Ordered,
        bounds: Bounds,
        watch: &'a mut Watch,
    ) -> BoxFuture<'a, Carried> {
        Box::pin(async move {
            let (name, mut call, joins, filters) = match self.route(order, command, bounds) {
                Route::Manual(why) => return Carried::Manual(why),
                Route::Script(call) => ("script".to_string(), call, false, Vec::new()),
                Route::Pipeline { executor, head, joins, filters } => (executor, head, joins, filters),
            };
            let Some(executor) = self.registry.get(&name) else { return Carried::Manual(nobody(&name)) };
            if !filters.is_empty() {
                call.bounds.output_bytes *= BEFORE_FILTERS;
            }
            let ran = executor.run(&call, watch).await;
            Carried::Ran(Box::new(self.piped(ran, joins, &filters, bounds, watch).await))
        })
    }
}

fn nobody(executor: &str) -> String {
    format!("nothing here runs commands of the kind \"{executor}\"")
}

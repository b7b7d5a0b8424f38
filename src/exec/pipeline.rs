//! Carries out one command of an order: finds its route, gives the first call to its executor and what that printed to
//! the filters behind it, each a program with its words. No shell stands between them. Decides nothing.

use super::Registry;
use super::process::{self, Place};
use super::route::{Filter, Route, Wanted, route};
use crate::engine::ports::BoxFuture;
use crate::engine::ports::execute::{Bounds, Call, Cannot, Carried, CarryOut, End, Plan, Ran, Watch};
use firebell_domain::playbook::Risk;
use firebell_domain::run::authority::glob;
use firebell_domain::run::{Order, Ordered};
use firebell_runbook::shell::Tongue;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::time::Duration;

/// Times the usual bound that the first command may print when filters follow: they count and cut what is there.
const BEFORE_FILTERS: usize = 8;

pub struct Carrier {
    registry: Registry,
    /// Where filters run: on this machine, without anything of a target.
    filters: Place,
    variables: Variables,
    /// Programs that may run on a target that is a machine; a target that is not here has no such list.
    programs: BTreeMap<String, Vec<String>>,
}

/// What variables of a runbook's commands stand for, by the runbook's system. Never part of an order or a log.
pub type Variables = BTreeMap<String, BTreeMap<String, SecretString>>;

impl Carrier {
    pub fn new(registry: Registry, filters: Place, variables: Variables) -> Carrier {
        Carrier { registry, filters, variables, programs: BTreeMap::new() }
    }

    pub fn allowing(self, programs: BTreeMap<String, Vec<String>>) -> Carrier {
        Carrier { programs, ..self }
    }

    /// Why a program may not run on its target, as half a sentence.
    fn refused(&self, call: &Call) -> Option<String> {
        let allow = self.programs.get(&call.target).filter(|list| !list.is_empty())?;
        let program = call.argv.iter().find(|w| *w != "sudo")?;
        let name = program.rsplit('/').next().unwrap_or_default();
        let fits = allow.iter().any(|pattern| glob(pattern, name) || glob(pattern, program));
        (!fits).then(|| {
            format!(
                "{} allows {}, and {name} is none of them ([targets.{}] allow)",
                call.target,
                allow.join(", "),
                call.target
            )
        })
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
            // What the first command said of itself stands. A grep for trouble that finds none (it ends with 1) has not
            // failed; one for what should be there has.
            ran.stdout = filtered.stdout;
            ran.stderr.push_str(&filtered.stderr);
            ran.left_out += filtered.left_out;
            ran.took += filtered.took;
            match (&ran.end, filtered.end) {
                (_, End::Exited(1)) if looks_for_trouble(&filter.argv) => {}
                (End::Exited(0), end) => ran.end = end,
                (_, End::Exited(_)) => {}
                (_, end) => ran.end = end,
            }
            joins = filter.joins;
        }
        ran
    }
}

/// Words of what nobody wants to find.
const TROUBLE: [&str; 22] = [
    "error",
    "err",
    "fail",
    "exception",
    "warn",
    "crit",
    "fatal",
    "panic",
    "timeout",
    "timed out",
    "oom",
    "kill",
    "denied",
    "refused",
    "unhealthy",
    "restarting",
    "exited",
    "crash",
    "unable",
    "cannot",
    "deadlock",
    "slow",
];

/// A grep that is content with finding nothing: it looks for trouble, takes lines out, or counts.
fn looks_for_trouble(argv: &[String]) -> bool {
    let Some((program, words)) = argv.split_first() else { return false };
    let flag = |w: &String| {
        let short = w.starts_with('-') && !w.starts_with("--") && w.contains(['v', 'c']);
        short || w == "--invert-match" || w == "--count"
    };
    let trouble = |w: &String| {
        let lower = w.to_lowercase();
        !w.starts_with('-') && TROUBLE.iter().any(|t| lower.contains(t))
    };
    program.ends_with("grep") && words.iter().any(|w| flag(w) || trouble(w))
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

/// Says to all executors that something was changed, when it begins and when it is over, however that comes about.
struct Changing<'a>(&'a Registry);

impl<'a> Changing<'a> {
    fn of(registry: &'a Registry, risk: Risk) -> Option<Changing<'a>> {
        // Made only where something changes: it speaks also when it is dropped.
        (risk != Risk::Read).then(|| {
            let changing = Changing(registry);
            changing.say();
            changing
        })
    }

    fn say(&self) {
        self.0.all().for_each(|executor| executor.changed());
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.say();
    }
}

impl CarryOut for Carrier {
    fn plan<'a>(&'a self, order: &'a Order, command: &'a Ordered) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async move {
            let bounds = Bounds { time: Duration::from_secs(10), output_bytes: 64 * 1024 };
            let (name, call): (String, Box<Call>) = match self.route(order, command, bounds) {
                Route::Manual(why) => return Err(Cannot(why)),
                Route::Script(call) => ("script".to_string(), call),
                Route::Pipeline { executor, head, .. } => (executor, head),
            };
            if let Some(why) = self.refused(&call) {
                return Err(Cannot(why));
            }
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
            if let Some(why) = self.refused(&call) {
                return Carried::Manual(why);
            }
            let Some(executor) = self.registry.get(&name) else { return Carried::Manual(nobody(&name)) };
            if !filters.is_empty() {
                call.bounds.output_bytes *= BEFORE_FILTERS;
            }
            let changing = Changing::of(&self.registry, call.risk);
            let ran = executor.run(&call, watch).await;
            drop(changing);
            Carried::Ran(Box::new(self.piped(ran, joins, &filters, bounds, watch).await))
        })
    }

    fn keep_warm(&self, looks: &[Order], lease: Duration) {
        let bounds = Bounds { time: Duration::ZERO, output_bytes: 0 };
        let mut calls: BTreeMap<String, Vec<Call>> = BTreeMap::new();
        for (order, command) in looks.iter().flat_map(|o| o.commands.iter().map(move |c| (o, c))) {
            if let Route::Pipeline { executor, head, .. } = self.route(order, command, bounds)
                && head.risk == Risk::Read
                && self.refused(&head).is_none()
            {
                calls.entry(executor).or_default().push(*head);
            }
        }
        for executor in self.registry.all() {
            executor.keep_warm(calls.get(executor.name()).map_or(&[], Vec::as_slice), lease);
        }
    }
}

fn nobody(executor: &str) -> String {
    format!("nothing here runs commands of the kind \"{executor}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ports::execute::Execute;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts how often it hears of a change.
    struct Hears(Arc<AtomicUsize>);

    impl Execute for Hears {
        fn name(&self) -> &'static str {
            "hears"
        }

        fn plan<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Result<Plan, Cannot>> {
            Box::pin(async { Err(Cannot(String::new())) })
        }

        fn run<'a>(&'a self, _: &'a Call, _: &'a mut Watch) -> BoxFuture<'a, Ran> {
            Box::pin(std::future::pending())
        }

        fn changed(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_change_is_told_when_it_begins_and_when_it_is_over_and_a_look_never() {
        let heard = Arc::new(AtomicUsize::new(0));
        let registry = Registry::default().with(Hears(heard.clone()));
        drop(Changing::of(&registry, Risk::Read));
        assert_eq!(heard.load(Ordering::SeqCst), 0);
        let changing = Changing::of(&registry, Risk::Mutate);
        assert_eq!(heard.load(Ordering::SeqCst), 1);
        drop(changing);
        assert_eq!(heard.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_search_that_finds_nothing_is_good_news_only_where_it_looks_for_trouble() {
        let looks = |line: &str| looks_for_trouble(&line.split(' ').map(str::to_string).collect::<Vec<_>>());
        for line in ["grep -i error", "egrep ERROR|WARN", "grep -v healthy", "grep -c 500", "fgrep OOMKilled"] {
            assert!(looks(line), "{line}");
        }
        for line in ["grep web", "grep -i running", "grep -E web|db", "head -3", "jq .error"] {
            assert!(!looks(line), "{line}");
        }
    }
}

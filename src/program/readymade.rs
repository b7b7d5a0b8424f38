//! What Firebell brings itself where a runbook says nothing: values that are ill whatever the system, and how one looks
//! whether a container that was restarted runs. Pure; a runbook's own thresholds and verification come before it.

use firebell_domain::playbook::Risk;
use firebell_domain::run::{Bound, Limit};
use firebell_runbook::model::{Command, Executor};

/// Values of a command that looks, and what they may not be.
pub fn bounds(command: &Command, risk: Risk) -> Vec<Bound> {
    if risk != Risk::Read {
        return Vec::new();
    }
    let limit = |op: &str, value: &str| Some(Limit { op: op.to_string(), value: value.to_string() });
    let bound =
        |metric: &str, warning, critical| Bound { metric: metric.to_string(), unit: String::new(), warning, critical };
    match command.executor {
        Executor::Http => vec![bound("status", None, limit(">=", "400")), bound("health", None, limit("<", "1"))],
        Executor::Docker | Executor::Compose => {
            // One that has done its work is no trouble by itself: a container that is not running is for people to judge.
            let mut all = vec![
                bound("running", limit("<", "1"), None),
                bound("health", None, limit("<", "1")),
                bound("OOM kill", limit(">", "0"), None),
            ];
            if is_ps_of_services(&command.text) {
                all.push(bound("containers", None, limit("<", "1")));
            }
            all
        }
        _ => Vec::new(),
    }
}

/// The same of a look whether something was brought up: here it has to run.
pub fn running(command: &Command) -> Vec<Bound> {
    let harder = |b: Bound| match b.warning.is_some() && b.metric == "running" {
        true => Bound { critical: b.warning, warning: None, ..b },
        false => b,
    };
    bounds(command, Risk::Read).into_iter().map(harder).collect()
}

/// `docker compose ps shop`: whoever names a service expects it to run.
fn is_ps_of_services(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(at) = words.iter().position(|w| *w == "ps") else { return false };
    words.iter().take(at).any(|w| w.ends_with("compose")) && !names(&words, at + 1).is_empty()
}

/// How one looks whether what a command brings up is up; `None` where that is not said by its words alone.
pub fn look_after(command: &Command) -> Option<(String, Executor)> {
    let words: Vec<&str> = command.text.split_whitespace().collect();
    let open = |w: &&&str| command.placeholders.iter().any(|p| p == **w);
    let plain = |w: &&&str| w.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:".contains(c));
    if !words.iter().all(|w| plain(&w) || open(&w)) {
        return None;
    }
    let at = words.iter().position(|w| ["restart", "start", "up"].contains(w))?;
    let names = names(&words, at + 1);
    let before = words.get(..at)?.join(" ");
    match command.executor {
        Executor::Compose => {
            Some((format!("{before} ps {}", names.join(" ")).trim_end().to_string(), Executor::Compose))
        }
        Executor::Docker if before == "docker" && !names.is_empty() => {
            Some((format!("docker inspect --format '{{{{.State.Status}}}}' {}", names.join(" ")), Executor::Docker))
        }
        _ => None,
    }
}

/// The words behind a verb that are neither options nor what belongs to one.
fn names<'a>(words: &[&'a str], from: usize) -> Vec<&'a str> {
    const WITH_VALUE: [&str; 6] = ["-t", "--time", "--timeout", "--scale", "--format", "--filter"];
    let mut out = Vec::new();
    let mut rest = words.get(from..).unwrap_or_default().iter();
    while let Some(word) = rest.next() {
        match word.starts_with('-') {
            true if WITH_VALUE.contains(word) => {
                rest.next();
            }
            true => {}
            false => out.push(*word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebell_runbook::shell::{Asked, judge};

    fn command(text: &str, placeholders: &[&str]) -> Command {
        let judged = judge(&Asked { text, ..Asked::default() });
        Command {
            line: 1,
            line_end: 1,
            text: text.to_string(),
            lang: None,
            section: Vec::new(),
            comment: None,
            risk: judged.risk,
            executor: judged.executor,
            mode: judged.mode,
            placeholders: placeholders.iter().map(|p| p.to_string()).collect(),
            secrets: Vec::new(),
            problem: None,
        }
    }

    #[test]
    fn whoever_restarts_a_container_looks_whether_it_runs() {
        for (text, expected) in [
            ("docker compose restart orders", Some("docker compose ps orders")),
            ("docker-compose -f shop.yml up -d --scale orders=3", Some("docker-compose -f shop.yml ps")),
            ("docker restart -t 5 orders", Some("docker inspect --format '{{.State.Status}}' orders")),
            ("docker compose restart <service>", Some("docker compose ps <service>")),
            ("docker compose down", None),
            ("docker compose restart $(cat names)", None),
            ("docker restart orders && sleep 5", None),
            ("systemctl restart orders", None),
        ] {
            let placeholders: &[&str] = if text.contains("<service>") { &["<service>"] } else { &[] };
            assert_eq!(look_after(&command(text, placeholders)).map(|(t, _)| t).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_a_look_has_values_that_are_ill_by_themselves() {
        let critical = |text: &str, metric: &str, value: f64| {
            let bounds = bounds(&command(text, &[]), Risk::Read);
            firebell_domain::run::judge(&bounds, metric, "", value).0
        };
        use firebell_domain::run::Judged::{Critical, Healthy, Warning};
        assert_eq!(critical("curl http://shop.test/health", "status", 503.0), Some(Critical));
        assert_eq!(critical("curl http://shop.test/health", "status", 200.0), Some(Healthy));
        assert_eq!(critical("curl http://shop.test/health", "health of checks.db", 0.0), Some(Critical));
        assert_eq!(critical("docker ps -a", "running of shop", 0.0), Some(Warning));
        assert_eq!(critical("docker ps", "health of shop", 0.0), Some(Critical));
        assert_eq!(critical("docker compose ps orders", "containers", 0.0), Some(Critical));
        assert_eq!(critical("docker ps", "containers", 0.0), None);
        assert!(bounds(&command("docker stop shop", &[]), Risk::Mutate).is_empty());
    }
}

//! Why a command counts as changing something or worse: the chain of reasons of the importer's own judgement, in words.
//! Judges nothing anew: where the line alone does not say it, what stands around it did.

use super::Source;
use super::playbooks::risk;
use firebell_domain::limits::TITLE_CHARS_MAX;
use firebell_domain::playbook::Risk;
use firebell_domain::text::line_of_machine;
use firebell_runbook::model::Command;
use firebell_runbook::shell::{Asked, Tongue, judge};

/// `docker restart, inside a pipeline; it interrupts the service for a moment`; `None` for what only reads.
pub fn of(source: &Source, command: &Command) -> Option<String> {
    if risk(source, command) == Risk::Read {
        return None;
    }
    let tongue = match super::orders::tongue(command) {
        "postgres" => Tongue::Postgres,
        "mysql" => Tongue::Mysql,
        "redis" => Tongue::Redis,
        _ => Tongue::Shell,
    };
    let asked = Asked {
        text: &command.text,
        tongue,
        comment: command.comment.as_deref(),
        heading: command.section.last().map(String::as_str),
        ..Asked::default()
    };
    let judged = judge(&asked);
    let mut chain = judged.why.iter().map(|w| w.split_once(": ").map_or(w.as_str(), |(_, why)| why));
    let said = match chain.next().filter(|_| judged.risk == command.risk) {
        None => "what stands around it in the runbook says so".to_string(),
        Some(first) => {
            let within: Vec<&str> = chain.collect();
            let within =
                if within.is_empty() { String::new() } else { format!(", inside {}", within.join(" inside ")) };
            let moment =
                if judged.flags.affects_availability { "; it interrupts the service for a moment" } else { "" };
            format!("{first}{within}{moment}")
        }
    };
    Some(line_of_machine(&said, TITLE_CHARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{command, source};
    use serde_json::json;

    fn why(text: &str, risk: &str, executor: &str) -> Option<String> {
        let shop = source(json!({ "commands": [command(10, text, risk, executor)] }));
        of(&shop, &shop.book().commands[0])
    }

    #[test]
    fn the_chain_of_reasons_is_said_from_the_innermost_outward() {
        assert_eq!(why("docker ps", "read", "docker"), None);
        let restart = why("docker restart web", "mutate", "docker").expect("a reason");
        assert!(restart.contains("docker restart"), "{restart}");
        let del = why("redis-cli keys 'a*' | xargs redis-cli del", "destroy", "redis").expect("a reason");
        assert!(del.to_lowercase().contains("del") && del.contains("inside xargs"), "{del}");
        assert_eq!(
            why("docker ps", "destroy", "docker").as_deref(),
            Some("what stands around it in the runbook says so")
        );
    }
}

//! What of a daemon may be acted on or looked into: the names that the target's `allow` lists, `*` in them standing for
//! anything. Lists of what there is are always shown; what would act on everything at once is refused where not all
//! is allowed. Pure.

use super::op::{Kind, Op};
use firebell_domain::run::authority::glob;

/// Why an operation is refused, as a sentence. An empty list allows everything.
pub fn refused(op: &Op, target: &str, allow: &[String]) -> Option<String> {
    if allow.is_empty() {
        return None;
    }
    let list = allow.join(", ");
    let fix = format!("Add it to allow of [targets.{target}], or type it by hand");
    let names: Vec<&String> = match op {
        Op::Ps(_)
        | Op::Images(_)
        | Op::Networks(_)
        | Op::Volumes(_)
        | Op::Events { .. }
        | Op::Df { .. }
        | Op::Version { .. }
        | Op::Info { .. }
        | Op::Inspect { kind: Kind::Image, .. } => return None,
        Op::Prune { .. } => {
            return Some(format!(
                "prune acts on everything of {target}, which allows {list}. Type it by hand if that is meant"
            ));
        }
        Op::Inspect { names, .. }
        | Op::Stats { names, .. }
        | Op::Each { names, .. }
        | Op::RemoveImages { names, .. }
        | Op::RemoveVolumes { names, .. }
        | Op::RemoveNetworks { names } => names.iter().collect(),
        Op::Logs(logs) => vec![&logs.name],
        Op::Top { name, .. } | Op::Port { name } => vec![name],
        Op::Exec(inside) => vec![&inside.container],
        Op::Pull { reference } => vec![reference],
        Op::Tag { from, to } => vec![from, to],
    };
    let other = names.into_iter().find(|name| !allow.iter().any(|pattern| glob(pattern, name)))?;
    Some(format!("{target} allows {list}, and {other} is none of them. {fix}"))
}

/// The same of all that belongs to a Compose project, by the project's own name.
pub fn project(name: &str, target: &str, allow: &[String]) -> Option<String> {
    let fits = allow.is_empty() || allow.iter().any(|pattern| glob(pattern, name));
    (!fits).then(|| {
        format!(
            "{target} allows {}, and the project {name} is none of them. Add it to allow of [targets.{target}], or type it by hand",
            allow.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn only_names_of_the_list_are_acted_on_or_looked_into() {
        let allow = ["shop-*".to_string(), "cache".to_string()];
        let says = |line: &str, allow: &[String]| {
            let words: Vec<String> = line.split(' ').map(str::to_string).collect();
            refused(&read::read(&words).expect("a command"), "main", allow)
        };
        for line in [
            "restart shop-web cache",
            "logs --tail 5 shop-web",
            "exec cache redis-cli PING",
            "ps -a",
            "stats --no-stream",
            "stats --no-stream shop-db",
            "images",
            "info",
        ] {
            assert_eq!(says(line, &allow), None, "{line}");
        }
        for line in [
            "restart shop-web billing",
            "stop billing",
            "logs billing",
            "exec billing sh -c ls",
            "top billing",
            "inspect billing",
            "system prune -f",
            "volume rm billing-data",
            "rmi billing",
        ] {
            assert!(says(line, &allow).is_some(), "{line}");
            assert_eq!(says(line, &[]), None, "{line}");
        }
        let why = says("stop billing", &allow).expect("refused");
        assert_eq!(
            why,
            "main allows shop-*, cache, and billing is none of them. Add it to allow of [targets.main], or type it by hand"
        );
    }
}

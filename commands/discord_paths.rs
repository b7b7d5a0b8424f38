//! Where a command of the table is on Discord: `/incident VERB`, or within a group where one command's 25 places do not
//! suffice. Says names only; what is registered is made of the table by the adapter.

/// `/incident GROUP VERB`. What is in no group stands directly under `/incident`, but for `oncall` and `override`.
pub const GROUPS: &[(&str, &str, &[&str])] = &[
    ("people", "Who does what, and where people meet", &["lead", "role", "use-channel"]),
    ("fix", "Remediations of the runbook", &["run", "approve", "deny", "stop"]),
    ("review", "What is left to do, and the post-mortem", &["action", "done", "reopen", "postmortem"]),
];

/// The bare form: Discord sends no command that has subcommands without one of them.
pub const MENU: (&str, &str) = ("menu", "What can be done now; in an incident's place, with it");

/// `/oncall NAME` by the verb that it says.
pub const ONCALL: &[(&str, &str)] = &[("oncall", "show"), ("override", "override")];

/// The words after the slash: `["incident", "people", "lead"]`.
pub fn path(verb: &'static str) -> Vec<&'static str> {
    if let Some((_, name)) = ONCALL.iter().find(|(v, _)| *v == verb) {
        return vec!["oncall", name];
    }
    match GROUPS.iter().find(|(_, _, verbs)| verbs.contains(&verb)) {
        Some((group, ..)) => vec!["incident", group, verb],
        None => vec!["incident", verb],
    }
}

/// What a path says: the verb, or nothing for the bare form.
pub fn verb<'a>(path: &[&'a str]) -> Option<&'a str> {
    match path {
        ["incident", name] if *name == MENU.0 => None,
        ["oncall", name] => ONCALL.iter().find(|(_, n)| n == name).map(|(verb, _)| *verb),
        [.., last] => Some(last),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::COMMANDS;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_verb_has_one_path_and_every_path_says_its_verb() {
        let mut seen = BTreeSet::new();
        for command in COMMANDS {
            let path = path(command.spec.verb);
            assert_eq!(verb(&path), Some(command.spec.verb), "{path:?}");
            assert!(seen.insert(path.clone()), "{path:?} is taken twice");
        }
        assert_eq!(verb(&["incident", "menu"]), None);
    }

    #[test]
    fn at_most_twenty_verbs_stand_directly_and_a_group_has_at_most_twenty_five() {
        let direct = COMMANDS.iter().filter(|c| path(c.spec.verb).len() == 2 && path(c.spec.verb)[0] == "incident");
        assert!(direct.count() <= 20, "put the least used verbs into a group");
        assert!(GROUPS.iter().all(|(.., verbs)| verbs.len() <= 25));
        let names: BTreeSet<&str> = COMMANDS.iter().map(|c| c.spec.verb).chain([MENU.0]).collect();
        assert!(GROUPS.iter().all(|(group, ..)| !names.contains(group)), "a group has the name of a verb");
    }
}

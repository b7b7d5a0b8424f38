//! The format of the knowledge base: what loads, what is refused, how conditions are met.

use super::condition::{Condition, could_be, glob};
use super::{OPAQUE, files, knowledge, load};
use crate::model::Risk;

#[test]
fn the_whole_knowledge_base_loads_without_a_fault() {
    let (knowledge, faults) = load::load(files::FILES);
    assert_eq!(faults, Vec::<String>::new());
    assert!(!knowledge.tools.is_empty());
}

#[test]
fn an_entry_without_example_or_counter_example_is_not_loaded() {
    let file = |examples: &str| {
        format!("[[tool]]\nnames = [\"frob\"]\nexecutor = \"host\"\n[[tool.use]]\nrisk = \"read\"\n{examples}\n")
    };
    for (examples, fault) in [
        ("", "no example"),
        ("examples.not_this = [\"ls\"]", "no example"),
        ("examples.read = [\"frob\"]", "no counter-example"),
    ] {
        let text = file(examples);
        let (knowledge, faults) = load::load(&[("x.toml", &text)]);
        assert!(knowledge.tools.is_empty(), "{examples}");
        assert!(faults[0].contains(fault), "{faults:?}");
    }
    let whole = file("examples.read = [\"frob\"]\nexamples.not_this = [\"ls\"]");
    assert_eq!(load::load(&[("x.toml", &whole)]).1, Vec::<String>::new());
}

#[test]
fn a_key_that_nobody_knows_is_a_fault() {
    let text = "[[tool]]\nnames = [\"frob\"]\nexecutor = \"host\"\nriks = 1\n";
    assert!(load::load(&[("x.toml", text)]).1[0].contains("riks"));
}

#[test]
fn a_name_is_taken_once() {
    let one = "[[tool]]\nnames = [\"a\", \"b\"]\nexecutor = \"host\"\n[[tool.use]]\nrisk = \"read\"\n\
               examples.read = [\"a\"]\nexamples.not_this = [\"c\"]\n";
    let two = one.replace("\"a\", \"b\"", "\"z\", \"b\"");
    assert!(load::load(&[("1", one), ("2", &two)]).1[0].contains("taken twice"));
}

#[test]
fn patterns_fit_as_a_reader_expects() {
    for (pattern, text, fits) in [
        ("pod*", "pods", true),
        ("pod*", "apod", false),
        ("*=0", "web=0", true),
        ("*=0", "web=10", false),
        ("0", "0", true),
        ("0", "00", false),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "acb", false),
        ("*", "", true),
        ("a*a", "a", false),
    ] {
        assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
    }
}

#[test]
fn a_value_that_cannot_be_read_may_be_the_worst_it_could_be() {
    let opaque = |text: &str| text.replace('?', &OPAQUE.to_string());
    for (pattern, text, possible) in
        [("0", "?", true), ("*=0", "web=?", true), ("*=0", "?=0", true), ("*=0", "?=3", false), ("drain", "a?", false)]
    {
        assert_eq!(could_be(pattern, &opaque(text)), possible, "{pattern} {text}");
    }
}

#[test]
fn conditions_are_read_or_refused() {
    assert_eq!(Condition::read("--a=b"), Ok(Condition::Value("--a".into(), "b".into())));
    assert_eq!(Condition::read("-f"), Ok(Condition::Option("-f".into())));
    assert_eq!(Condition::read("@2=x*"), Ok(Condition::At(2, "x*".into())));
    assert_eq!(Condition::read("#0"), Ok(Condition::NoOperand));
    for wrong in ["@0=x", "@x=y", "@1", ""] {
        assert!(Condition::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn no_reading_entry_has_a_word_of_its_path_that_ends_something() {
    const ENDS: &[&str] = &[
        "delete",
        "remove",
        "rm",
        "rmi",
        "destroy",
        "drop",
        "purge",
        "stop",
        "kill",
        "terminate",
        "flush",
        "wipe",
        "truncate",
        "disable",
        "reset",
        "restore",
        "shutdown",
        "revoke",
        "prune",
        "drain",
        "decommission",
        "uninstall",
        "down",
        "undo",
        "rollback",
        "evict",
        "deregister",
        "detach",
        "erase",
        "clean",
        "clear",
        "halt",
        "poweroff",
        "suspend",
        "pause",
        "unset",
        "abort",
        "cancel",
    ];
    let mut wrong = Vec::new();
    for tool in &knowledge().tools {
        for entry in tool.uses.iter().filter(|u| u.risk == Risk::Read) {
            // What is asked about a restore, or would be rolled back, is only asked.
            let asks =
                |p: &[String]| p.iter().any(|w| ["get", "describe", "diff", "list", "logs"].contains(&w.as_str()));
            let ends = |w: &String| ENDS.contains(&w.as_str()) || ENDS.iter().any(|e| w.starts_with(&format!("{e}-*")));
            wrong.extend(
                entry
                    .paths
                    .iter()
                    .filter(|p| p.iter().any(ends) && !asks(p))
                    .map(|p| format!("{} {}", tool.names[0], p.join(" "))),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

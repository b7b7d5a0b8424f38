//! Nothing that people give breaks out of where it stands.

use super::*;
use crate::shell::stages::stages;
use proptest::prelude::*;

fn filled(text: &str, name: &str, value: &str) -> Result<Vec<Vec<String>>, Unfilled> {
    let params = BTreeMap::from([(name.to_string(), value.to_string())]);
    let stages = stages(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    stages.iter().map(|s| s.words.iter().map(|w| fill(w, &params, &|_| None)).collect()).collect()
}

#[test]
fn a_value_is_one_word_wherever_its_placeholder_stands() {
    for (text, name, value, words) in [
        ("docker logs <name>", "<name>", "web-1", vec!["docker", "logs", "web-1"]),
        ("docker logs \"<name>\"", "<name>", "web-1", vec!["docker", "logs", "web-1"]),
        ("kubectl logs deploy/<name> -n shop", "<name>", "api", vec!["kubectl", "logs", "deploy/api", "-n", "shop"]),
        (
            "psql -c \"SELECT * FROM jobs WHERE id = <id>\"",
            "<id>",
            "17",
            vec!["psql", "-c", "SELECT * FROM jobs WHERE id = 17"],
        ),
        ("psql -c \"SELECT 1 WHERE n = '<name>'\"", "<name>", "a.b", vec!["psql", "-c", "SELECT 1 WHERE n = 'a.b'"]),
    ] {
        assert_eq!(filled(text, name, value), Ok(vec![words.iter().map(|w| w.to_string()).collect()]), "{text}");
    }
}

#[test]
fn a_value_that_could_mean_something_is_refused() {
    for value in
        ["", "-rf", "a b", "a;b", "$(id)", "`id`", "a'b", "a\"b", "a|b", "a>b", "../../etc", "a\nb", "a*", "\\", "~"]
    {
        let done = filled("docker logs <name>", "<name>", value);
        assert!(matches!(done, Err(Unfilled::Refused(_))), "{value:?}: {done:?}");
    }
    for (text, value) in [
        ("psql -c \"DELETE FROM jobs WHERE id = <id>\"", "id"),
        ("psql -c \"DELETE FROM jobs WHERE id = <id>\"", "1=1"),
        ("psql -c \"DELETE FROM jobs WHERE id = '<id>\"", "x"),
    ] {
        assert!(matches!(filled(text, "<id>", value), Err(Unfilled::Refused(_))), "{text} with {value}");
    }
    assert_eq!(filled("docker logs <name>", "<other>", "x"), Err(Unfilled::Open(vec!["<name>".into()])));
}

#[test]
fn names_are_compared_without_their_brackets_and_case() {
    let open = ["<pod-name>".to_string(), "PREVIOUS_TAG".to_string()];
    let given = [("pod_name".to_string(), "a".to_string()), ("previous-tag".to_string(), "v1".to_string())];
    let params = assign(&open, &given).expect("both");
    assert_eq!(params["<pod-name>"], "a");
    assert_eq!(params["PREVIOUS_TAG"], "v1");
    assert_eq!(assign(&open, &[("nope".into(), "x".into())]), Err("nope".into()));
    assert_eq!(shown("docker logs <pod-name>", &params), "docker logs a");
}

proptest! {
    /// Whatever is given, it is refused or it is one word and nothing else changes.
    #[test]
    fn no_value_makes_another_word_or_command(value in "\\PC{0,40}") {
        let text = "docker exec <name> ps aux | grep node";
        match filled(text, "<name>", &value) {
            Ok(words) => {
                prop_assert_eq!(words.len(), 2);
                prop_assert_eq!(&words[0], &vec!["docker".to_string(), "exec".into(), value.clone(), "ps".into(), "aux".into()]);
                prop_assert_eq!(&words[1], &vec!["grep".to_string(), "node".into()]);
                // The same text with the value written into it means the same to a shell.
                let again = stages(&text.replace("<name>", &value)).expect("still a pipeline");
                let words_again: Vec<Vec<Option<String>>> = again.iter().map(|s| s.words.iter().map(Word::literal).collect()).collect();
                let expected: Vec<Vec<Option<String>>> = words.into_iter().map(|w| w.into_iter().map(Some).collect()).collect();
                prop_assert_eq!(words_again, expected);
            }
            Err(Unfilled::Refused(_)) => {}
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}

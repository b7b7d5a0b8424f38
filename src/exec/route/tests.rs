//! What becomes of a runbook's command on its way to an executor: a pipeline of words, a script, or work for a person.

mod quoted;

use super::*;
use std::time::Duration;

fn routed(written: &str, executor: &str, values: &[(&str, &str)]) -> Route {
    let params = values.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    route(&Wanted {
        written,
        shown: written,
        executor,
        tongue: Tongue::Shell,
        risk: Risk::Read,
        target: "here",
        params: &params,
        secret: &|_| None,
        bounds: Bounds { time: Duration::from_secs(10), output_bytes: 1_000 },
    })
}

fn pipeline(route: Route) -> (String, Vec<String>, Vec<Vec<String>>) {
    match route {
        Route::Pipeline { executor, head, filters, .. } => {
            (executor, head.argv, filters.into_iter().map(|f| f.argv).collect())
        }
        other => panic!("no pipeline: {other:?}"),
    }
}

#[test]
fn the_first_command_of_a_pipeline_has_an_executor_and_the_others_filter() {
    let (executor, head, filters) = pipeline(routed("docker ps -a | grep 'web 1' | head -5", "docker", &[]));
    assert_eq!((executor.as_str(), head), ("docker", ["docker", "ps", "-a"].map(String::from).to_vec()));
    assert_eq!(filters, [vec!["grep", "web 1"], vec!["head", "-5"]]);
}

#[test]
fn what_is_more_than_a_filter_is_none() {
    for written in [
        "docker ps | awk '{system(\"reboot\")}'",
        "docker ps | sed -i s/a/b/ /etc/hosts",
        "docker ps | sort -o /etc/hosts",
        "docker ps | xargs docker rm",
        "docker ps | tee /etc/hosts",
    ] {
        assert!(matches!(routed(written, "docker", &[]), Route::Script(_)), "{written}");
    }
}

#[test]
fn what_only_a_shell_can_do_is_a_script_with_the_runbooks_own_text() {
    let written = "for c in web db; do docker restart $c; done";
    match routed(written, "docker", &[]) {
        Route::Script(call) => assert!(call.argv.iter().any(|w| w == written), "{:?}", call.argv),
        other => panic!("no script: {other:?}"),
    }
}

#[test]
fn a_value_is_one_word_whatever_it_says() {
    let with = |said| routed("docker logs <name> --tail 5", "docker", &[("<name>", said)]);
    let (_, head, _) = pipeline(with("web-1"));
    assert_eq!(head, ["docker", "logs", "web-1", "--tail", "5"]);
    for bad in ["web; reboot", "$(reboot)", "web --all", "-f", "a/../b", "`id`", "a\nb"] {
        match with(bad) {
            Route::Manual(why) => assert!(why.contains("<name>"), "{why}"),
            other => panic!("{bad:?}: {other:?}"),
        }
    }
}

#[test]
fn what_is_open_or_needs_a_keyboard_is_for_a_person() {
    match routed("docker logs <name>", "docker", &[]) {
        Route::Manual(why) => assert!(why.contains("<name>"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(routed("vim /etc/hosts", "interactive", &[]), Route::Manual(_)));
}

#[test]
fn what_goes_to_another_machine_is_words_again_and_a_value_stays_a_piece_of_one() {
    let with = |written: &str, value: &str| routed(written, "ssh", &[("<file>", value)]);
    let (executor, head, filters) =
        pipeline(with(r#"ssh -i ~/.ssh/key root@shop "tail -20 '<file>' | grep -i 'a b'" | head -3"#, "x.log"));
    assert_eq!(executor, "ssh");
    assert_eq!(head, ["ssh", "-i", "/.ssh/key", "root@shop", "--", "tail", "-20", "x.log"]);
    assert_eq!(filters, [vec!["grep", "-i", "a b"], vec!["head", "-3"]]);
    let (_, head, _) = pipeline(with("ssh shop tail <file>", "x.log"));
    assert_eq!(head, ["ssh", "shop", "--", "tail", "x.log"]);
    for bad in ["x; reboot", "$(reboot)", "-f"] {
        assert!(matches!(with(r#"ssh shop "tail <file>""#, bad), Route::Manual(_)), "{bad}");
    }
    // Only a shell over there can do it: its text is the runbook's, and the value a positional word.
    let (_, head, _) = pipeline(with(r#"ssh shop "cd /srv && tail <file>""#, "x.log"));
    assert_eq!(head[..5], ["ssh", "shop", "--", "bash", "-c"], "{head:?}");
    assert_eq!(head[5..], [r#"cd /srv && tail "${1}""#, "runbook", "x.log"], "{head:?}");
    for written in ["ssh shop", r#"ssh shop "x $(date)""#, "ssh shop 'echo $HOME'", "ssh shop df > x"] {
        assert!(matches!(with(written, "x"), Route::Manual(_)), "{written}");
    }
}

#[test]
fn variables_that_are_known_are_filled_in_and_no_others() {
    let none = BTreeMap::new();
    let known = |written: &str, executor: &str| {
        route(&Wanted {
            written,
            shown: written,
            executor,
            tongue: Tongue::Shell,
            risk: Risk::Read,
            target: "here",
            params: &none,
            secret: &|name| (name == "REDIS_PASSWORD").then(|| "horse; reboot".to_string()),
            bounds: Bounds { time: Duration::from_secs(10), output_bytes: 1_000 },
        })
    };
    let (_, head, _) = pipeline(known("redis-cli -a $REDIS_PASSWORD LLEN queue", "redis"));
    assert_eq!(head, ["redis-cli", "-a", "horse; reboot", "LLEN", "queue"]);
    match known("redis-cli -a $OTHER_PASSWORD PING", "redis") {
        Route::Manual(why) => assert_eq!(why, "nobody has said what $OTHER_PASSWORD is"),
        other => panic!("{other:?}"),
    }
    // To a shell it is a variable of the environment and no part of the text.
    match known("for q in a b; do redis-cli -a ${REDIS_PASSWORD} LLEN $q; done", "redis") {
        Route::Script(call) => {
            assert!(!call.argv.iter().any(|w| w.contains("horse")), "{:?}", call.argv);
            assert_eq!(call.env, BTreeMap::from([("REDIS_PASSWORD".to_string(), "horse; reboot".to_string())]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn clients_are_told_that_a_filter_reads_them() {
    let head = |written: &str, executor: &str| pipeline(routed(written, executor, &[])).1.join(" ");
    assert_eq!(head("redis-cli INFO stats | grep keys", "redis"), "redis-cli --raw INFO stats");
    assert_eq!(head("docker exec c redis-cli GET a | wc -c", "redis"), "docker exec c redis-cli --raw GET a");
    assert_eq!(head("mysql -e 'SHOW TABLES' | head -3", "mysql"), "mysql --batch -e SHOW TABLES");
    assert_eq!(head("redis-cli --csv LRANGE a 0 1 | head -3", "redis"), "redis-cli --csv LRANGE a 0 1");
    assert_eq!(head("redis-cli INFO stats", "redis"), "redis-cli INFO stats");
}

//! Commands as runbooks write them, and the operations that they are.

use super::*;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_string).collect()
}

#[test]
fn commands_are_read_whole() {
    let names = |list: &[&str]| list.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    let each = |act, list: &[&str]| Ok(Op::Each { act, names: names(list) });
    let (seconds, signal) = (None, None);
    for (line, expected) in [
        ("restart shop db", each(Act::Restart { seconds, signal: signal.clone() }, &["shop", "db"])),
        ("restart -t 30 shop", each(Act::Restart { seconds: Some(30), signal: signal.clone() }, &["shop"])),
        ("container restart shop --time=5", each(Act::Restart { seconds: Some(5), signal: signal.clone() }, &["shop"])),
        ("stop shop -t0", each(Act::Stop { seconds: Some(0), signal: signal.clone() }, &["shop"])),
        ("kill -s HUP shop", each(Act::Kill { signal: Some("HUP".to_string()) }, &["shop"])),
        ("rm -fv shop", each(Act::Remove { force: true, volumes: true }, &["shop"])),
        ("system df", Ok(Op::Df { format: None })),
        ("top shop aux", Ok(Op::Top { name: "shop".to_string(), arguments: Some("aux".to_string()) })),
        ("image prune -a -f", Ok(Op::Prune { what: vec![Prune::Images { all: true }], filters: Filters::new() })),
        (
            "logs shop --tail 100 --since 24h -f",
            Ok(Op::Logs(Logs {
                name: "shop".to_string(),
                tail: Some(100),
                since: Some("24h".to_string()),
                follow: true,
                ..Logs::default()
            })),
        ),
    ] {
        assert_eq!(read(&words(line)), expected, "{line}");
    }
    let system = read(&words("system prune -af --volumes --filter until=168h"));
    let Ok(Op::Prune { what, filters }) = system else { panic!("{system:?}") };
    let all = [
        Prune::Containers,
        Prune::Networks,
        Prune::Volumes { all: false },
        Prune::Images { all: true },
        Prune::BuildCache { all: true },
    ];
    assert_eq!((what, filters["until"].clone()), (all.to_vec(), names(&["168h"])));
}

#[test]
fn what_is_run_in_a_container_is_kept_word_by_word() {
    let inside = inside(&words("docker exec -i -e A=1 -u postgres db psql -U ana -c SELECT")).expect("an exec");
    assert_eq!(inside.container, "db");
    assert_eq!((inside.argv, inside.input), (words("psql -U ana -c SELECT"), true));
    assert_eq!((inside.env, inside.user.as_deref()), (words("A=1"), Some("postgres")));
    assert_eq!(super::inside(&words("docker ps")), None);
}

#[test]
fn what_is_not_understood_is_refused_and_so_is_another_daemon() {
    for line in [
        "",
        "run --rm shop",
        "build .",
        "restart",
        "restart --unknown shop",
        "restart ../images/x",
        "restart shop?force=1",
        "restart a/b",
        "restart %2e%2e",
        "-H tcp://example.org ps",
        "--context other ps",
        "ps extra words",
        "kill -s ../x shop",
        "stop -t soon shop",
        "inspect",
        "exec shop",
        "logs",
        "logs a b",
        "swarm leave",
        "system prune name",
        "system df -v",
        "ps --format {{nonsense}}",
        "inspect -f {{.A shop",
        "rmi a/../b",
        "pull a//b",
        "ps --filter status",
        "inspect --type service x",
        "container",
        "compose up",
    ] {
        assert!(read(&words(line)).is_err(), "{line}");
    }
}

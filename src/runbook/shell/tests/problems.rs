//! Commands that cannot work as written, those that only look so, and what is still read from broken ones.

use super::judged;
use crate::model::Risk::{self, Destroy, Mutate, Read};

#[test]
fn what_cannot_work_is_said_with_what_to_write() {
    let table: &[(&str, &str)] = &[
        ("kubectl scale ingress web --replicas=0", "ingress"),
        ("kubectl scale pod/web-0 --replicas=2", "deployment"),
        ("kubectl -n x scale daemonset agent --replicas=1", "daemonset"),
        ("kubectl scale svc web --replicas=2", "service"),
        ("docker logs “api”", "quote"),
        ("docker logs –f api", "long dash"),
        ("docker logs —follow api", "--"),
        ("echo 'it is", "single quote"),
        ("psql -c \"SELECT 1", "double quote"),
        ("curl http://h/x?query=rate(y)", "single quotes"),
        ("curl http://h/x?a=1&b=2", "`&`"),
        ("docker run -d \\ # the name", "backslash"),
        ("docker ps |", "nothing follows"),
        ("docker ps && ", "nothing follows"),
        ("docker ps >", "file"),
        ("if true; then ls", "fi"),
        ("for x in a; do ls", "done"),
        ("cat <<EOF\nabc", "end word"),
        ("echo $(ls", "bracket"),
        ("99999999999>x", "no stream"),
        ("ls 12345\\\n67890123>&1", "no stream"),
    ];
    for (text, part) in table {
        let problem = judged(text).problem;
        assert!(problem.as_deref().is_some_and(|p| p.contains(part)), "{text}: {problem:?} does not say {part:?}");
    }
}

#[test]
fn what_works_is_left_alone() {
    for text in [
        "kubectl scale deployment web --replicas=2",
        "kubectl scale deploy/web --replicas=0",
        "kubectl scale statefulset db --replicas=1",
        "kubectl scale <deployment> --replicas=2",
        "docker logs <container-id>",
        "docker logs -f api",
        "echo \"it’s – fine\"",
        "git commit -m 'fix – “all”'",
        "curl 'http://h/x?a=1&b=2'",
        "curl http://h/x?a=1",
        "curl -s http://h/health & sleep 1",
        "curl -g 'http://h/x?query=rate(y[1m])'",
        "find . -exec ls {} \\;",
        "docker ps --format '{{.Names}}'",
        "echo a \\ b",
        "ls 2>&1",
        "tail -n 5 backup-20260101120000 >x",
        "cat dump-20260101120000>x",
        "ls # a comment with “quotes”",
        "cat <<EOF\n“text” – more\nEOF",
        "watch -n 2 'ls | wc -l'",
        "awk '{print $1}' x",
        "[ -f a ] && ls",
        "[[ $a == b* ]] && ls",
        "for ((i=0;i<3;i++)); do ls; done",
    ] {
        assert_eq!(judged(text).problem, None, "{text}");
    }
}

#[test]
fn a_broken_text_still_gets_the_best_reading() {
    let table: &[(&str, Risk)] = &[
        ("docker compose down && (", Destroy),
        ("rm -rf /srv/x; echo 'abc", Destroy),
        ("docker exec api rm -rf '/x", Destroy),
        ("docker ps (all)", Read),
        ("docker ps (all) > x", Mutate),
        ("frobnicate (now)", Mutate),
        ("if true; then docker stop api", Destroy),
        ("echo $(docker stop api", Destroy),
        ("sudo docker stop 'api", Destroy),
        ("ssh web1 'docker stop api", Destroy),
    ];
    for (text, risk) in table {
        let judged = judged(text);
        assert!(judged.problem.is_some(), "{text}");
        assert_eq!(judged.risk, *risk, "{text}: {:?}", judged.why);
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused_and_never_called_read() {
    for text in [
        "echo ".to_owned() + &"x ".repeat(40_000),
        "$(".repeat(60),
        "( ".repeat(500),
        "[[ ! ".to_owned() + &"! ".repeat(9_000),
    ] {
        let judged = judged(&text);
        assert!(judged.risk >= Mutate, "{:?}", judged.why);
        assert!(judged.problem.is_some());
    }
}

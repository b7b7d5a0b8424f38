//! What else a judgement holds: flags, placeholders, secrets, and statements that stand without a shell.

use super::super::{Asked, Flags, Tongue, judge};
use super::judged;
use crate::model::{Executor, Risk};

#[test]
fn flags_say_what_is_to_be_known_before_anybody_runs_it() {
    type Flag = fn(&Flags) -> bool;
    let table: &[(&str, Flag)] = &[
        ("kubectl get secret db -o yaml", |f| f.secret_output),
        ("kubectl get configmap,secret -n p -o yaml", |f| f.secret_output),
        ("sudo env", |f| f.secret_output),
        ("docker exec api printenv", |f| f.secret_output),
        ("sudo systemctl restart web", |f| f.affects_availability),
        ("redis-cli KEYS 'a:*'", |f| f.expensive),
        ("kubectl apply -f x --dry-run=server", |f| f.dry_run),
        ("docker ps > x", |f| f.redirect),
        ("ssh h 'docker ps > x'", |f| f.redirect),
        ("./x.sh", |f| f.unknown_tool),
        ("sudo docker exec api frobnicate", |f| f.unknown_tool),
        ("docker frobnicate", |f| f.unknown_tool),
    ];
    for (text, flag) in table {
        assert!(flag(&judged(text).flags), "{text}");
    }
    assert_eq!(judged("docker ps | grep x").flags, Flags::default());
}

#[test]
fn placeholders_and_secrets_are_named_as_written() {
    let judged = judged("docker exec <container> redis-cli -a $REDIS_PASSWORD GET <key>");
    assert_eq!(judged.placeholders, ["<container>", "<key>"]);
    assert_eq!(judged.secrets, ["$REDIS_PASSWORD"]);
    assert_eq!((judged.risk, judged.executor), (Risk::Read, Executor::Redis));
    assert!(!judged.why.iter().any(|w| w.contains("FBPH")));
}

#[test]
fn a_reason_never_shows_what_stands_for_the_unreadable() {
    for text in
        ["<tool> x", "bash <(ls)", "systemctl <verb> web", "docker <verb> api", "kubectl scale deploy x --replicas=<n>"]
    {
        let judged = judged(text);
        let said = judged.why.iter().chain(&judged.problem);
        assert!(!said.clone().any(|w| w.contains('\u{FFFC}') || w.contains("FBPH")), "{text}: {:?}", judged.why);
        assert!(said.count() > 0, "{text}");
    }
}

#[test]
fn statements_without_a_shell_are_judged_in_their_own_language() {
    for (text, tongue, risk, executor) in [
        ("SELECT 1;", Tongue::Postgres, Risk::Read, Executor::Postgres),
        ("DELETE FROM jobs WHERE id = <id>;", Tongue::Postgres, Risk::Destroy, Executor::Postgres),
        ("VACUUM ANALYZE;", Tongue::Postgres, Risk::Mutate, Executor::Postgres),
        ("SHOW PROCESSLIST;", Tongue::Mysql, Risk::Read, Executor::Mysql),
        ("FLUSHALL", Tongue::Redis, Risk::Destroy, Executor::Redis),
        ("INFO memory", Tongue::Redis, Risk::Read, Executor::Redis),
    ] {
        let judged = judge(&Asked { text, tongue, ..Asked::default() });
        assert_eq!((judged.risk, judged.executor), (risk, executor), "{text}: {:?}", judged.why);
    }
}

#[test]
fn the_same_text_is_always_judged_the_same() {
    let text = "ssh h 'docker ps -q | xargs docker stop' && kubectl delete pod $(kubectl get pod -o name)";
    assert_eq!(judged(text), judged(text));
}

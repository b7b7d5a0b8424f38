//! Tables of redis: what is read, and what only looks like it.

use proptest::prelude::*;

use super::{cli, judge, split, verbs};
use crate::model::{Mode, Risk};
use crate::shell::inner::Verbs;

const READ: Risk = Risk::Read;
const MUTATE: Risk = Risk::Mutate;
const DESTROY: Risk = Risk::Destroy;

#[test]
fn the_table_of_verbs_can_be_read() {
    Verbs::read(include_str!("../../knowledge/verbs/redis.toml")).unwrap();
    assert!(verbs().len() > 300);
}

#[test]
fn commands_are_judged_by_their_verb() {
    let rows = [
        ("PING", READ),
        ("get session:1", READ),
        ("INFO replication", READ),
        ("LLEN jobs", READ),
        ("KEYS *", READ),
        ("CONFIG GET maxmemory", READ),
        ("CLUSTER NODES", READ),
        ("CLIENT LIST", READ),
        ("SLOWLOG GET 10", READ),
        ("MEMORY DOCTOR", READ),
        ("SENTINEL masters", READ),
        ("SELECT 2\nDBSIZE", READ),
        ("SET a b", MUTATE),
        ("EXPIRE a 5", MUTATE),
        ("CONFIG SET maxmemory 2gb", MUTATE),
        ("CONFIG REWRITE", MUTATE),
        ("CLIENT KILL ID 5", MUTATE),
        ("EVAL \"return redis.call('del', 'a')\" 0", MUTATE),
        ("BGSAVE", MUTATE),
        ("CLUSTER FAILOVER", MUTATE),
        ("REPLICAOF NO ONE", MUTATE),
        ("FROBNICATE a", MUTATE),
        ("CONFIG FROBNICATE", MUTATE),
        ("DEL a", DESTROY),
        ("UNLINK a b", DESTROY),
        ("FLUSHDB", DESTROY),
        ("flushall async", DESTROY),
        ("SHUTDOWN NOSAVE", DESTROY),
        ("LTRIM jobs 0 99", DESTROY),
        ("RPOP jobs", DESTROY),
        ("REPLICAOF 10.0.0.5 6379", DESTROY),
        ("CLUSTER RESET SOFT", DESTROY),
        ("CLUSTER FORGET x", DESTROY),
        ("ACL DELUSER bo", DESTROY),
        ("ACL SETUSER bo off", DESTROY),
        ("RESTORE a 0 x REPLACE", DESTROY),
        ("DEBUG SEGFAULT", DESTROY),
        ("PING\nFLUSHALL", DESTROY),
        ("CLUSTER \u{FFFC}", DESTROY),
    ];
    for (text, expected) in rows {
        assert_eq!(judge(text).risk, expected, "{text}: {}", judge(text).why);
    }
}

#[test]
fn the_client_has_options_of_its_own() {
    let rows: [(&str, Risk, Mode); 22] = [
        ("-a secret PING", READ, Mode::Oneshot),
        ("-h cache -p 6379 -n 1 LLEN jobs", READ, Mode::Oneshot),
        ("--no-auth-warning -u redis://h:1 info", READ, Mode::Oneshot),
        ("--csv LLEN jobs", READ, Mode::Oneshot),
        ("-n1 FLUSHDB", DESTROY, Mode::Oneshot),
        ("--scan --pattern cache:*", READ, Mode::Oneshot),
        ("--bigkeys", READ, Mode::Oneshot),
        ("--stat", READ, Mode::Stream),
        ("--latency -h cache", READ, Mode::Stream),
        ("--pipe", MUTATE, Mode::Oneshot),
        ("--rdb /b/dump.rdb", MUTATE, Mode::Oneshot),
        ("--eval fix.lua a , b", MUTATE, Mode::Oneshot),
        ("--cluster check h:1", READ, Mode::Oneshot),
        ("--cluster fix h:1", MUTATE, Mode::Oneshot),
        ("--cluster del-node h:1 x", DESTROY, Mode::Oneshot),
        ("--cluster call h:1 FLUSHALL", DESTROY, Mode::Oneshot),
        ("-r 5 -i 1 INFO", READ, Mode::Oneshot),
        ("-r -1 -i 1 INFO", READ, Mode::Stream),
        ("MONITOR", READ, Mode::Stream),
        ("-h cache", MUTATE, Mode::Tty),
        ("-c cluster reset hard", DESTROY, Mode::Oneshot),
        ("--version", READ, Mode::Oneshot),
    ];
    for (text, risk, mode) in rows {
        let got = cli(&split(text));
        assert_eq!((got.risk, got.mode), (risk, mode), "{text}: {}", got.why);
    }
    assert!(cli(&split("KEYS *")).expensive && cli(&split("--scan")).expensive);
    assert!(cli(&split("CONFIG GET requirepass")).secret_output);
    assert!(cli(&split("SHUTDOWN")).affects_availability);
}

proptest! {
    #[test]
    fn a_verb_that_is_not_in_the_table_is_never_a_read(verb in "[A-Z]{3,9}", sub in "[A-Z]{0,6}") {
        let line = format!("{verb} {sub}");
        let words: Vec<String> = split(&line).iter().map(|w| w.to_uppercase()).collect();
        prop_assert!(verbs().find(&words).is_some() || judge(&line).risk > READ, "{}", line);
    }

    #[test]
    fn nothing_panics(text in "[-A-Za-z0-9 \"'*\n$]{0,40}") {
        judge(&text);
        cli(&split(&text));
    }
}

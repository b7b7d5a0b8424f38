//! Tables of http: what is read, and what only looks like it.

use proptest::prelude::*;

use super::{Raw, Request, curl, httpie, in_shell, wget};
use crate::model::{Executor, Mode, Risk};

const READ: Risk = Risk::Read;
const MUTATE: Risk = Risk::Mutate;
const DESTROY: Risk = Risk::Destroy;

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in text.split('\'').enumerate() {
        // Between single quotes a word stands as it is.
        if at % 2 == 1 { words.push(part.to_owned()) } else { words.extend(part.split_whitespace().map(str::to_owned)) }
    }
    words
}

fn table(run: fn(&[String]) -> Request, rows: &[(&str, Risk)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, expected)| (text, expected, run(&words(text)).inner))
        .filter(|(_, expected, got)| got.risk != **expected)
        .map(|(text, expected, got)| format!("{text}\n   expected {expected:?}, got {:?} ({})", got.risk, got.why))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_can_be_read() {
    toml::from_str::<super::File>(include_str!("../../knowledge/verbs/http.toml")).unwrap();
}

#[test]
fn curl_is_judged_by_its_method_and_what_it_writes() {
    table(
        curl,
        &[
            ("http://h/health", READ),
            ("-sS -f http://h/health", READ),
            ("-I https://h/", READ),
            ("-sf -o /dev/null -w '%{http_code}' http://h/", READ),
            ("-G http://h/search -d q=x", READ),
            ("-H 'Accept: a/b' -u ana:x http://h/", READ),
            ("-X GET http://h/", READ),
            ("-X OPTIONS http://h/", READ),
            ("--max-time 5 --retry 3 http://h/", READ),
            ("--unix-socket /run/d.sock http://d/containers/json", READ),
            ("-X POST http://h/shop/_search -d '{\"query\":{}}'", READ),
            ("http://h/shop/_search -d '{\"size\":1}'", READ),
            ("-XPOST http://h/api/v1/query --data-urlencode query=up", READ),
            ("http://h/graphql -d '{\"query\":\"query { a }\"}'", READ),
            ("-X GET http://h/shop/_search -d '{}'", READ),
            ("--version", READ),
            ("http://h/orders/delete-policy.html", READ),
            ("-X POST http://h/jobs", MUTATE),
            ("-d a=b http://h/jobs", MUTATE),
            ("--json '{}' http://h/jobs", MUTATE),
            ("-F file=@x http://h/", MUTATE),
            ("-T f http://h/", MUTATE),
            ("-X PUT http://h/_cluster/settings -d '{}'", MUTATE),
            ("-XPATCH http://h/x", MUTATE),
            ("-X PURGE http://h/page", MUTATE),
            ("-o f.tgz http://h/f.tgz", MUTATE),
            ("-fsSLO http://h/f.tgz", MUTATE),
            ("-c jar http://h/", MUTATE),
            ("-X POST http://h/admin/cache/clear", MUTATE),
            ("-X POST http://h/cache/purge", MUTATE),
            ("-X POST http://h/-/reload", MUTATE),
            ("http://h/-/reload", MUTATE),
            ("http://h/admin/clear-cache", MUTATE),
            ("http://h/graphql -d '{\"query\":\"mutation { a }\"}'", MUTATE),
            ("-K file", MUTATE),
            ("--frobnicate http://h/", MUTATE),
            ("-X DELETE http://h/orders/5", DESTROY),
            ("--request delete http://h/x", DESTROY),
            ("-X POST http://h/actuator/shutdown", DESTROY),
            ("-X POST http://h/api/v1/admin/tsdb/delete_series", DESTROY),
            ("-X POST http://h/shop/_delete_by_query -d '{}'", DESTROY),
            ("-XPOST http://h/users/5/disable", DESTROY),
            ("http://h/quitquitquit", DESTROY),
            ("http://h/a -X DELETE http://h/b", DESTROY),
            ("-X \u{FFFC} http://h/b", DESTROY),
            ("-Q 'DELE f' ftp://h/", DESTROY),
        ],
    );
}

#[test]
fn wget_writes_unless_it_is_told_not_to() {
    table(
        wget,
        &[
            ("-qO- http://h/health", READ),
            ("-q -O - http://h/health", READ),
            ("-O /dev/null http://h/", READ),
            ("--spider -S http://h/", READ),
            ("--output-document=- http://h/", READ),
            ("http://h/f.tgz", MUTATE),
            ("-q http://h/f.tgz -O f", MUTATE),
            ("-qO- --post-data=a=b http://h/jobs", MUTATE),
            ("-qO- --method=DELETE http://h/jobs/1", DESTROY),
        ],
    );
}

#[test]
fn httpie_sends_what_its_words_say() {
    table(
        httpie,
        &[
            ("http://h/health", READ),
            ("GET h:3000/x q==5 Accept:a/b", READ),
            (":3000/health", READ),
            ("-a ana:x h/x", READ),
            ("h/jobs name=x", MUTATE),
            ("h/jobs count:=5", MUTATE),
            ("POST h/jobs", MUTATE),
            ("--download h/f", MUTATE),
            ("DELETE h/jobs/1", DESTROY),
        ],
    );
}

#[test]
fn prometheus_is_asked_where_only_it_answers() {
    let rows = [
        ("http://h:9090/api/v1/query?query=up", Executor::Prometheus),
        ("http://mon/prometheus/api/v1/query_range?query=up", Executor::Prometheus),
        ("http://h:9090/api/v1/targets", Executor::Prometheus),
        ("http://thanos.int/api/v1/rules", Executor::Prometheus),
        ("http://h/api/v1/alerts", Executor::Http),
        ("http://h:3100/loki/api/v1/query?query=x", Executor::Http),
        ("http://h:9090/-/healthy", Executor::Http),
        ("http://h/health", Executor::Http),
    ];
    for (url, expected) in rows {
        assert_eq!(curl(&[url.to_owned()]).executor, expected, "{url}");
    }
}

#[test]
fn an_address_that_curl_refuses_is_a_problem() {
    let refused = [
        "http://h/api/v1/query?query=rate(x[5m])",
        "http://h/api?filter[name]=x",
        "http://h/{}",
        "http://h/?q=a]",
        "http://h/?q=x[1m:10s]",
        "http://h/?q=up{job=\"x\"}",
        "http://h/a b",
    ];
    for url in refused {
        assert!(curl(&[url.to_owned()]).inner.problem.is_some(), "{url}");
        if !url.contains(' ') {
            assert_eq!(curl(&["-g".to_owned(), url.to_owned()]).inner.problem, None, "-g {url}");
        }
    }
    for url in [
        "http://h/f[1-3].txt",
        "http://[::1]:80/",
        "http://h/?a[]=1",
        "http://h/f.{a,b}",
        "http://h/?q=x\\[5m\\]",
        "http://h/?q=rate(x%5B5m%5D)",
    ] {
        assert_eq!(curl(&[url.to_owned()]).inner.problem, None, "{url}");
    }
    let encoded = words("-G http://h/api/v1/query --data-urlencode 'query=rate(x[5m])'");
    assert_eq!(curl(&encoded).inner.problem, None);
}

#[test]
fn the_shell_takes_an_unquoted_address_apart() {
    let cut = |text: &str| match in_shell(text) {
        Some(Raw::Cut { lost, .. }) => Some(lost),
        _ => None,
    };
    assert_eq!(cut("curl -X POST http://h/evict?tenant=a&scope=s").as_deref(), Some("scope=s"));
    assert_eq!(cut("curl 'http://h/evict?tenant=a&scope=s'"), None);
    assert_eq!(cut("curl \"http://h/evict?tenant=a&scope=s\""), None);
    assert_eq!(cut("curl http://h/x & wait"), None);
    assert_eq!(cut("curl http://h/x?a=1 && ls"), None);
    assert_eq!(cut("curl http://h/x?a=1&& A=1 ls"), None);
    assert_eq!(cut("curl http://h/x?a=1\\&b=2"), None);
    assert!(matches!(in_shell("curl http://h/q?query=rate(x[5m])"), Some(Raw::Bracket { .. })));
    assert_eq!(in_shell("(curl http://h/x)"), None);
    assert_eq!(in_shell("echo $(curl http://h/x)"), None);
}

#[test]
fn streams_are_told_from_answers() {
    let mode = |text: &str| curl(&words(text)).inner.mode;
    assert_eq!(mode("-N http://h/events"), Mode::Stream);
    assert_eq!(mode("http://h/api/v1/pods?watch=true"), Mode::Stream);
    assert_eq!(mode("http://h/events"), Mode::Oneshot);
    assert_eq!(mode("-N http://h/health"), Mode::Oneshot);
}

proptest! {
    #[test]
    fn nothing_panics(args in prop::collection::vec("[-a-zA-Z:/?&=\\[\\]{}()'\"@.0-9 é]{0,20}", 0..8)) {
        curl(&args);
        wget(&args);
        httpie(&args);
        in_shell(&args.join(" "));
    }

    #[test]
    fn a_request_that_sends_or_deletes_is_never_a_read(
        method in prop::sample::select(vec!["POST", "PUT", "PATCH", "DELETE", "PURGE", "MKCOL"]),
        glued in any::<bool>(),
        flags in prop::collection::vec(prop::sample::select(vec!["-s", "-k", "-sSfL", "-v"]), 0..3),
        behind in any::<bool>(),
    ) {
        let order = if glued { vec![format!("-X{method}")] } else { vec!["-X".to_owned(), method.to_owned()] };
        let mut args: Vec<String> = flags.into_iter().map(str::to_owned).collect();
        if behind { args.push("http://h/orders".to_owned()) }
        args.extend(order);
        if !behind { args.push("http://h/orders".to_owned()) }
        prop_assert!(curl(&args).inner.risk > READ);
    }
}

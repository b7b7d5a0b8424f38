//! What is read of a command line, and what is refused with which reason.

use super::read;
use crate::exec::kubernetes::kinds;
use crate::exec::kubernetes::op::{Act, Command, Op, Source, Until, Which};

fn line(text: &str) -> Result<Command, String> {
    read(&text.split_whitespace().map(str::to_string).collect::<Vec<_>>())
}

fn op(text: &str) -> Op {
    line(text).unwrap_or_else(|why| panic!("{text}: {why}")).op
}

#[test]
fn namespaces_are_read_before_and_behind_the_verb() {
    for (text, namespace) in [
        ("get pods", Some("")),
        ("-n shop get pods", Some("shop")),
        ("get pods --namespace=shop", Some("shop")),
        ("get pods -nshop", Some("shop")),
        ("get pods -A", None),
        ("top pods --all-namespaces", None),
    ] {
        assert_eq!(line(text).map(|c| c.namespace), Ok(namespace.map(str::to_string)), "{text}");
    }
}

#[test]
fn changes_are_read_whole() {
    let scale = op("scale deployment/shop --replicas=0 -n shop");
    assert_eq!(
        scale,
        Op::Each {
            act: Act::Scale { replicas: 0, current: None },
            kind: &kinds::DEPLOYMENTS,
            which: Which::Named(vec!["shop".into()]),
            label: None
        }
    );
    assert_eq!(scale, op("scale --replicas 0 deploy shop"));
    for (text, act) in [
        ("rollout undo deployment/shop --to-revision=2", Act::Undo { revision: Some(2) }),
        ("rollout undo deploy shop", Act::Undo { revision: None }),
        ("rollout restart sts/db", Act::Restart),
        (
            "set image deployment/shop web=shop:2 job=shop:3",
            Act::SetImage(vec![("web".into(), "shop:2".into()), ("job".into(), "shop:3".into())]),
        ),
        ("delete pod shop-1 --force --grace-period=0", Act::Delete { grace_s: Some(0), wait: false }),
        ("delete pod shop-1 --now", Act::Delete { grace_s: Some(1), wait: true }),
        ("cordon node1", Act::Cordon(true)),
        ("uncordon node1", Act::Cordon(false)),
    ] {
        match op(text) {
            Op::Each { act: read, .. } => assert_eq!(read, act, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn the_words_behind_two_dashes_are_the_commands_own() {
    match op("exec -i -n shop db-0 -c pg -- psql -n -U shop") {
        Op::Exec(inside) => {
            assert_eq!(inside.pod, Source::Pod("db-0".into()));
            assert_eq!(
                (inside.argv.join(" ").as_str(), inside.input, inside.container.as_deref()),
                ("psql -n -U shop", true, Some("pg"))
            );
        }
        other => panic!("{other:?}"),
    }
    // An option that chooses another cluster is one only before them.
    assert!(line("exec shop-1 -- tool --context=x --token y").is_ok());
    match op("wait --for=condition=ready pod -l app=shop --timeout=300s") {
        Op::Wait { until, time_s, which, .. } => {
            assert_eq!((until, time_s, which), (Until::Condition("ready".into(), "true".into()), 300, Which::All));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_done_says_why_in_half_a_sentence() {
    for (text, why) in [
        ("", "This says kubectl and not what to do"),
        ("apply -f shop.yaml", "kubectl apply is not done from here: it sends files of the machine it is typed on"),
        (
            "port-forward svc/shop 8080:80",
            "kubectl port-forward is not done from here: it holds a port of the machine open that it is typed on",
        ),
        ("get pods --context other", "--context chooses another cluster or identity than the target has"),
        ("--kubeconfig=/x get pods", "--kubeconfig chooses another cluster or identity than the target has"),
        ("get widgets", "objects of the kind widgets are not known here"),
        ("get pods ../../secrets", "../../secrets is no name of an object"),
        ("get pods -o go-template={{.x}}", "the output go-template={{.x}} is not written from here"),
        ("get pods --raw", "--raw is not understood"),
        ("scale ingress shop --replicas=0", "ingresses have no replicas, so the cluster refuses to scale them"),
        ("scale deployment shop", "kubectl scale lacks --replicas"),
        ("scale deployment --replicas=1", "kubectl scale lacks a name"),
        ("delete deployment shop", "only pods are deleted from here, not deployments"),
        ("delete pods", "kubectl delete lacks a name"),
        ("patch secret shop -p {}", "a secret is not changed from here"),
        ("exec shop-1 ls", "kubectl exec lacks -- before the command"),
        ("logs svc/shop", "the pods of services are not looked for from here: name one of them"),
        (
            "drain node1",
            "kubectl drain is not done from here: it moves every pod of a node and has to be watched while it does",
        ),
        ("rollout undo sts/db", "undoing a rollout of statefulsets is not done from here"),
        ("scale deploy/a deploy/b --replicas=1 -A", "only get and top look into all namespaces from here"),
        ("frobnicate x", "kubectl frobnicate x is not done from here"),
    ] {
        assert_eq!(line(text).map(|_| ()), Err(why.to_string()), "{text}");
    }
}

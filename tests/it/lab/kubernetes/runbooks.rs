//! Every line of real runbooks that begins with kubectl: done natively, or said why not. The files belong to their teams:
//! the folder is named by FIREBELL_SEED_RUNBOOKS (relative to the repository). Without the variable the group was not
//! requested, and `./test` says so; the lines of invented ones are judged always.

use super::{host, of};
use crate::fake_kubernetes::{FakeKubernetes, TOKEN};
use crate::lab::TARGET;
use firebell::engine::ports::execute::{Bounds, Execute};
use firebell::exec::kubernetes::{Host, Kubernetes};
use firebell::exec::route::{Route, Wanted, route};
use firebell_domain::playbook::Risk;
use firebell_runbook::shell::Tongue;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const FILES: [&str; 2] = ["c0di3", "mahavishnu"];

/// What becomes of a line, with every placeholder filled in by a name.
async fn becomes(kubernetes: &Kubernetes, written: &str, executor: &str, holes: &[String]) -> String {
    let params: BTreeMap<String, String> = holes.iter().map(|name| (name.clone(), "web".to_string())).collect();
    let wanted = Wanted {
        written,
        shown: written,
        executor,
        tongue: Tongue::Shell,
        risk: Risk::Mutate,
        target: TARGET,
        params: &params,
        secret: &|_| None,
        bounds: Bounds { time: Duration::from_secs(20), output_bytes: 64 * 1024 },
    };
    match route(&wanted) {
        Route::Manual(why) => format!("by hand: {why}"),
        Route::Script(_) => "by hand: it writes or reads a file of the machine it is typed on".to_string(),
        Route::Pipeline { executor, head, .. } if executor == "kubernetes" => match kubernetes.plan(&head).await {
            Ok(plan) => format!("native: {}", plan.does.split(' ').next().unwrap_or_default()),
            Err(cannot) => format!("by hand: {}", cannot.0),
        },
        Route::Pipeline { executor, .. } => format!("by the executor {executor}"),
    }
}

fn cluster() -> (FakeKubernetes, Kubernetes) {
    let api = FakeKubernetes::start();
    let kubernetes = of(Host { namespace: None, ..host(&api, TOKEN) });
    (api, kubernetes)
}

#[tokio::test]
async fn lines_of_a_runbook_are_native_or_say_why_not() {
    let (api, kubernetes) = cluster();
    api.deployment("shop", "web", 1, &[("web", "shop:1")]);
    api.deployment("shop", "web", 1, &[("web", "shop:2")]);
    for (line, expected) in [
        ("kubectl get pods -n shop | grep web", "native: GET"),
        ("kubectl logs -n shop deployment/web --tail=100", "native: GET"),
        ("kubectl rollout undo deployment/web --to-revision=1 -n shop", "native: PATCH"),
        ("kubectl scale deployment/web --replicas=0 -n shop", "native: PATCH"),
        (
            "kubectl exec -n shop web-0 -- pg_dump shop > backup.sql",
            "by hand: it writes or reads a file of the machine it is typed on",
        ),
        (
            "kubectl apply -f shop.yaml",
            "by hand: kubectl apply is not done from here: it sends files of the machine it is typed on",
        ),
        (
            "kubectl scale ingress web --replicas=0",
            "by hand: ingresses have no replicas, so the cluster refuses to scale them",
        ),
    ] {
        let is = becomes(&kubernetes, line, "kubernetes", &[]).await;
        assert!(is.starts_with(expected), "{line}: {is}");
    }
}

#[tokio::test]
async fn every_kubectl_line_of_the_real_runbooks_is_native_or_says_why_not() {
    let Some(named) = std::env::var_os("FIREBELL_SEED_RUNBOOKS").filter(|v| !v.is_empty()) else { return };
    let (api, kubernetes) = cluster();
    let mut table = Vec::new();
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&named).join(format!("{file}.md"));
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let import = firebell_runbook::import(&bytes).expect("small enough");
        let commands: Vec<_> = import.runbook.commands.iter().filter(|c| c.text.starts_with("kubectl ")).collect();
        // Whatever a line names is there, so that what is judged is the line.
        for command in &commands {
            furnish(&api, &command.text);
        }
        for command in commands {
            let executor = serde_json::to_value(command.executor).expect("a word");
            let holes = &command.placeholders;
            let is = becomes(&kubernetes, &command.text, executor.as_str().unwrap_or_default(), holes).await;
            table.push((file, command.line, command.text.clone(), is));
        }
    }
    let shown: Vec<String> =
        table.iter().map(|(file, line, text, is)| format!("{file}:{line} {text}\n    {is}")).collect();
    println!("{}", shown.join("\n"));
    assert!(table.len() >= 30, "{} lines were found", table.len());
    const BY_HAND: [&str; 6] =
        ["apply", "port-forward", "ingresses have no replicas", "file of the machine", "$", "executor"];
    for (file, line, text, is) in &table {
        let reasoned = is.starts_with("by") && BY_HAND.iter().any(|why| is.contains(why));
        assert!(is == "native: GET" || is == "native: PATCH" || reasoned, "{file}:{line} {text}: {is}");
    }
}

/// The deployment, pod or service that a line names.
fn furnish(api: &FakeKubernetes, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let namespace = words.iter().position(|w| *w == "-n").and_then(|at| words.get(at + 1)).unwrap_or(&"default");
    let after = |kinds: &[&str]| {
        let pair = words.windows(2).find(|pair| kinds.contains(&pair[0])).map(|pair| pair[1]);
        let slashed = words.iter().find_map(|w| w.split_once('/').filter(|(k, _)| kinds.contains(k)).map(|(_, n)| n));
        slashed.or(pair).filter(|n| !n.starts_with(['-', '<'])).map(str::to_string)
    };
    if let Some(name) = after(&["deployment", "deploy"]) {
        let container = words.iter().find_map(|w| w.split_once('=').filter(|(n, _)| !n.starts_with('-')));
        let container = container.map_or("web", |(name, _)| name).to_string();
        if api.object(&format!("/apis/apps/v1/namespaces/{namespace}/deployments"), &name).is_null() {
            // Three revisions: there are some to go back to.
            api.deployment(namespace, &name, 1, &[(&container, "shop:1")]);
            api.deployment(namespace, &name, 1, &[(&container, "shop:2")]);
            api.deployment(namespace, &name, 1, &[(&container, "shop:3")]);
        }
    }
    let pod = serde_json::json!({"spec": {"containers": [{"name": "web"}]}, "status": {"phase": "Running"}});
    api.put(&format!("/api/v1/namespaces/{namespace}/pods"), "web", pod.clone());
    if let Some(name) = after(&["exec"]).or_else(|| words.iter().find(|w| w.ends_with("-0")).map(|w| w.to_string())) {
        api.put(&format!("/api/v1/namespaces/{namespace}/pods"), &name, pod);
    }
    if let Some(name) = after(&["svc", "service"]) {
        api.put(&format!("/api/v1/namespaces/{namespace}/services"), &name, serde_json::json!({"spec": {}}));
    }
}

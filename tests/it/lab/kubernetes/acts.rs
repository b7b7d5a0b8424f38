//! What changes something: the plan before, the one request, the effect in the objects, and what is said when its
//! answer never comes.

use super::{DEPLOYMENTS, PODS, at, host, of, say, shop, value, words};
use crate::fake_kubernetes::{FakeKubernetes, Fault, Rule, TOKEN};
use crate::harness::{BOUND, eventually};
use crate::lab::{run, within};
use firebell::engine::ports::execute::{End, Execute};
use firebell::exec::kubernetes::{Host, Kubernetes};
use serde_json::{Value, json};
use std::time::Duration;

fn replicas(api: &FakeKubernetes) -> Option<i64> {
    api.object(DEPLOYMENTS, "web")["spec"]["replicas"].as_i64()
}

fn image(api: &FakeKubernetes) -> Value {
    api.object(DEPLOYMENTS, "web")["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

/// Of the whole cluster.
fn everywhere(api: &FakeKubernetes) -> Kubernetes {
    of(Host { namespace: None, ..host(api, TOKEN) })
}

#[tokio::test]
async fn replicas_are_scaled_and_seen() {
    let api = shop();
    let kubernetes = at(&api);
    let plan = kubernetes.plan(&words("kubectl scale deployment/web --replicas=4")).await.expect("a plan");
    assert_eq!(plan.does, format!("PATCH {DEPLOYMENTS}/web/scale {{\"spec\":{{\"replicas\":4}}}}"));
    assert_eq!(plan.finds, ["deployment web: 2 replicas, 2 ready, image shop:1 → 4 replicas"]);
    assert_eq!((plan.native, api.count("PATCH"), replicas(&api)), (true, 0, Some(2)), "a plan changes nothing");

    let ran = say(&kubernetes, "kubectl scale deployment web --replicas=4").await;
    assert_eq!((ran.end.clone(), ran.stdout.as_str()), (End::Exited(0), "deployment.apps/web scaled\n"), "{ran:?}");
    assert_eq!((value(&ran, "replicas of web"), value(&ran, "ready replicas of web")), (Some(4.0), Some(4.0)));
    assert_eq!((replicas(&api), api.pods("shop").len(), api.count("PATCH")), (Some(4), 4, 1));
    let ran = say(&kubernetes, "kubectl scale deploy/web --current-replicas=2 --replicas=0").await;
    assert_eq!(ran.stderr, "error: Expected replicas to be 2, was 4\n");
    say(&kubernetes, "kubectl scale --replicas=0 deploy/web").await;
    assert_eq!((replicas(&api), api.pods("shop").len()), (Some(0), 0));
    let ran = say(&kubernetes, "kubectl scale deploy/web deploy/gone --replicas=1").await;
    assert_eq!(
        (ran.end, ran.stdout.as_str(), replicas(&api)),
        (End::Exited(1), "deployment.apps/web scaled\n", Some(1))
    );
    assert!(ran.stderr.contains("deployments.apps \"gone\" not found"));
}

#[tokio::test]
async fn a_rollout_is_watched_restarted_and_undone() {
    let api = shop();
    let kubernetes = at(&api);
    let ran = say(&kubernetes, "kubectl rollout status deployment/web").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "deployment \"web\" successfully rolled out\n"));

    let before = api.pods("shop");
    let ran = say(&kubernetes, "kubectl rollout restart deployment/web").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "deployment.apps/web restarted\n"));
    let after = api.pods("shop");
    assert!(after.len() == 2 && before.iter().all(|pod| !after.contains(pod)), "{before:?} {after:?}");

    let ran = say(&kubernetes, "kubectl set image deployment/web web=shop:2").await;
    assert_eq!((ran.stdout.as_str(), image(&api)), ("deployment.apps/web image updated\n", json!("shop:2")));
    let ran = say(&kubernetes, "kubectl set image deployment/web job=shop:2").await;
    assert!(
        ran.stderr.ends_with("unable to find container named \"job\" in deployment.apps/web: it has web\n"),
        "{ran:?}"
    );
    let ran = say(&kubernetes, "kubectl rollout history deployment/web").await;
    assert_eq!(
        ran.stdout,
        "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n3         <none>\n\n"
    );

    let plan = kubernetes.plan(&words("kubectl rollout undo deployment/web --to-revision=1")).await.expect("a plan");
    assert_eq!(plan.finds, ["deployment web: 2 replicas, 2 ready, image shop:2, revision 3 → image shop:1"]);
    assert!(plan.does.starts_with(&format!("PATCH {DEPLOYMENTS}/web [")), "{}", plan.does);
    let ran = say(&kubernetes, "kubectl rollout undo deployment/web").await;
    assert_eq!((ran.stdout.as_str(), image(&api)), ("deployment.apps/web rolled back\n", json!("shop:1")));
    assert!(
        !api.object(DEPLOYMENTS, "web")["spec"]["template"]["metadata"]["annotations"].is_null(),
        "it is the restarted one"
    );
    let ran = say(&kubernetes, "kubectl rollout undo deployment/web --to-revision=1").await;
    assert_eq!(ran.stdout, "deployment.apps/web rolled back\n");
    let ran = say(&kubernetes, "kubectl rollout undo deployment/web --to-revision=9").await;
    assert_eq!(ran.stderr, "error: unable to find revision 9: there are 3, 4, 5\n");
    let ran = say(&kubernetes, "kubectl rollout undo deployment/web --to-revision=5").await;
    assert!(ran.stdout.contains("skipped rollback (current template already matches revision 5)"), "{ran:?}");
}

#[tokio::test]
async fn a_rollout_that_does_not_end_is_said_to_be_under_way() {
    let api = shop();
    let kubernetes = at(&api);
    api.hold_controllers(true);
    say(&kubernetes, "kubectl set image deployment/web web=shop:broken").await;
    let status = within(Duration::from_millis(700), words("kubectl rollout status deployment/web"));
    let ran = run(&kubernetes, &status).await;
    let expected = "error: timed out waiting for the condition\n[a run may take 0 s: run it again to wait on]\n";
    assert_eq!((ran.end, ran.stderr.as_str()), (End::Exited(1), expected));
    assert_eq!(ran.stdout, "Waiting for deployment spec update to be observed...\n", "each stage is said once");
    let mut stuck = api.object(DEPLOYMENTS, "web");
    stuck["status"]["observedGeneration"] = stuck["metadata"]["generation"].clone();
    stuck["status"]["updatedReplicas"] = json!(1);
    api.put(DEPLOYMENTS, "web", stuck.clone());
    let ran = run(&kubernetes, &status).await;
    assert!(ran.stdout.contains("1 out of 2 new replicas have been updated"), "{ran:?}");
    stuck["status"]["conditions"][0]["reason"] = json!("ProgressDeadlineExceeded");
    api.put(DEPLOYMENTS, "web", stuck);
    let ran = say(&kubernetes, "kubectl rollout status deployment/web").await;
    assert_eq!(
        (ran.end, ran.stderr.as_str()),
        (End::Exited(1), "error: deployment \"web\" exceeded its progress deadline\n")
    );

    let pods = api.pods("shop");
    let ran = say(&kubernetes, "kubectl wait --for=condition=ready pod -l app=web --timeout=60s").await;
    assert_eq!(ran.stdout, format!("pod/{} condition met\npod/{} condition met\n", pods[0], pods[1]));
    let ran = say(&kubernetes, "kubectl wait --for=condition=Initialized pod --all --timeout=1s").await;
    assert_eq!(
        (ran.end, ran.stderr.contains("timed out waiting for the condition on pods/web-")),
        (End::Exited(1), true)
    );
    // The one that waits sees what happens meanwhile.
    let waits = words("kubectl rollout status deployment/web");
    let waiting = run(&kubernetes, &waits);
    let release = async {
        let asked = api.count("GET");
        let mut mended = api.object(DEPLOYMENTS, "web");
        mended["status"]["conditions"] = json!([]);
        api.put(DEPLOYMENTS, "web", mended);
        eventually("it looks", BOUND, async || api.count("GET") > asked + 1).await;
        api.hold_controllers(false);
    };
    let (ran, ()) = tokio::join!(waiting, release);
    assert!(ran.ok() && ran.stdout.ends_with("successfully rolled out\n"), "{ran:?}");
}

#[tokio::test]
async fn pods_are_deleted_and_come_again() {
    let api = shop();
    let kubernetes = at(&api);
    let pods = api.pods("shop");
    let plan = kubernetes.plan(&words(&format!("kubectl delete pod {}", pods[0]))).await.expect("a plan");
    let owner = pods[0].rsplit_once('-').expect("a pod of a set").0;
    let expected = format!(
        "pod {}: Running on node1, 1 of 1 containers ready, 3 restarts → deleted, and ReplicaSet {owner} makes another",
        pods[0]
    );
    assert_eq!(plan.finds, [expected]);
    let ran = say(&kubernetes, &format!("kubectl delete pod {}", pods[0])).await;
    assert_eq!((ran.end, ran.stdout), (End::Exited(0), format!("pod \"{}\" deleted\n", pods[0])));
    let after = api.pods("shop");
    assert!(after.len() == 2 && !after.contains(&pods[0]) && after.contains(&pods[1]));

    let plan = kubernetes.plan(&words("kubectl delete pods -l app=bank")).await.expect("a plan");
    assert_eq!(plan.finds, ["no pods matched: nothing would be done"]);
    let ran = say(&kubernetes, "kubectl delete pods -l app=web").await;
    assert_eq!((ran.end, ran.stdout.lines().count()), (End::Exited(0), 2));
    assert!(api.pods("shop").iter().all(|pod| !after.contains(pod)));
    api.put(PODS, "lone", json!({"spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Running"}}));
    let plan = kubernetes.plan(&words("kubectl delete pod lone")).await.expect("a plan");
    assert!(plan.finds[0].ends_with("→ deleted, and nothing makes another"), "{plan:?}");
}

#[tokio::test]
async fn services_are_switched_and_nodes_set_aside() {
    let api = shop();
    let services = "/api/v1/namespaces/shop/services";
    api.put(
        services,
        "web",
        json!({"metadata": {"generation": 1}, "spec": {"selector": {"app": "web", "version": "blue"}}}),
    );
    let kubernetes = everywhere(&api);
    let mut patch = words("kubectl patch svc web -n shop -p X");
    patch.argv[7] = r#"{"spec":{"selector":{"version":"green"}}}"#.to_string();
    let ran = run(&kubernetes, &patch).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "service/web patched\n"));
    assert_eq!(api.object(services, "web")["spec"]["selector"], json!({"app": "web", "version": "green"}));

    let ran = say(&kubernetes, "kubectl cordon node1").await;
    assert_eq!(
        (ran.stdout.as_str(), &api.object("/api/v1/nodes", "node1")["spec"]["unschedulable"]),
        ("node/node1 cordoned\n", &json!(true))
    );
    let ran = say(&kubernetes, "kubectl cordon node1").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "node/node1 already cordoned\n"));
    let ran = say(&kubernetes, "kubectl get nodes").await;
    assert!(ran.stdout.contains("Ready,SchedulingDisabled"), "{ran:?}");
    say(&kubernetes, "kubectl uncordon node1").await;
    assert!(api.object("/api/v1/nodes", "node1")["spec"]["unschedulable"].is_null());
    let ran = say(&kubernetes, "kubectl rollout pause -n shop deploy/web").await;
    assert_eq!(
        (ran.stdout.as_str(), api.object(DEPLOYMENTS, "web")["spec"]["paused"].clone()),
        ("deployment.apps/web paused\n", json!(true))
    );
    let ran = say(&kubernetes, "kubectl rollout undo -n shop deploy/web").await;
    assert!(ran.stderr.starts_with("error: you cannot rollback a paused deployment"), "{ran:?}");
    say(&kubernetes, "kubectl rollout resume -n shop deploy/web").await;
    assert_eq!(api.object(DEPLOYMENTS, "web")["spec"]["paused"], json!(false));
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_looked_into_and_never_repeated() {
    for (fault, line) in [
        (Fault::AnswerLost, "kubectl scale deploy/web --replicas=5"),
        (Fault::Trouble, "kubectl scale deploy/web --replicas=5"),
        (Fault::AnswerLost, "kubectl rollout restart deploy/web"),
        (Fault::AnswerLost, "kubectl set image deploy/web web=shop:2"),
    ] {
        let api = shop();
        let (kubernetes, generation) = (at(&api), api.object(DEPLOYMENTS, "web")["metadata"]["generation"].clone());
        api.fault(fault);
        let ran = say(&kubernetes, line).await;
        assert_eq!(ran.end, End::Exited(0), "{line}: {ran:?}");
        assert!(ran.stderr.contains("it took effect all the same"), "{line}: {ran:?}");
        assert_ne!(api.object(DEPLOYMENTS, "web")["metadata"]["generation"], generation, "{line}");
        assert_eq!(api.count("PATCH"), 1, "{line}");
    }
    let api = shop();
    let pod = api.pods("shop").remove(0);
    api.fault(Fault::AnswerLost);
    let ran = say(&at(&api), &format!("kubectl delete pod {pod}")).await;
    assert!(ran.ok() && ran.stderr.contains("it took effect all the same") && api.count("DELETE") == 1, "{ran:?}");
}

#[tokio::test]
async fn a_change_of_which_nothing_is_known_says_how_to_find_out() {
    let api = shop();
    let kubernetes = at(&api);
    api.fault(Fault::RequestLost);
    let ran = say(&kubernetes, "kubectl scale deploy/web --replicas=5").await;
    let how = "kubectl get deployment/web -n shop -o yaml shows whether it took effect";
    assert!(matches!(&ran.end, End::Unknown(why) if why.ends_with(how)), "{ran:?}");
    assert_eq!((replicas(&api), api.count("PATCH")), (Some(2), 1));

    api.fault(Fault::Silence);
    let slow = within(Duration::from_secs(1), words("kubectl scale deploy/web --replicas=6"));
    let ran = run(&kubernetes, &slow).await;
    let expected = format!(
        "The cluster did not answer in time to PATCH {DEPLOYMENTS}/web/scale {{\"spec\":{{\"replicas\":6}}}}: {how}"
    );
    assert_eq!((ran.end, replicas(&api)), (End::Unknown(expected), Some(6)));
}

/// `- { apiGroups: [""], resources: [pods], verbs: [get, list] }`, of the example.
fn example_rules() -> Vec<Rule> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/kubernetes/target.yaml");
    let text = std::fs::read_to_string(path).expect("the example is there");
    let list = |line: &str, key: &str| -> Vec<&'static str> {
        let inner = line.split(&format!("{key}: [")).nth(1).and_then(|l| l.split(']').next()).unwrap_or_default();
        // A test's own few words, for as long as it runs.
        inner.split(',').map(|w| &*w.trim().trim_matches('"').to_string().leak()).collect()
    };
    let mut rules = Vec::new();
    for line in text.lines().filter(|l| l.trim_start().starts_with("- { apiGroups")) {
        for group in list(line, "apiGroups") {
            for resource in list(line, "resources") {
                rules.extend(list(line, "verbs").into_iter().map(|verb| Rule { group, resource, verb }));
            }
        }
    }
    rules
}

#[tokio::test]
async fn the_role_of_the_example_is_enough_and_leaves_secrets_out() {
    let api = shop();
    api.world().metrics = Some(std::collections::BTreeMap::new());
    api.put("/api/v1/namespaces/shop/services", "web", json!({"spec": {"selector": {"app": "web"}}}));
    let rules = example_rules();
    assert!(rules.len() > 30, "{rules:?}");
    api.world().tokens.insert("example".into(), rules);
    let pod = api.pods("shop").remove(0);
    let kubernetes = of(Host { namespace: None, ..host(&api, "example") });
    for line in [
        "kubectl get pods,services,configmaps,events,pvc,deploy,rs,sts,ds,jobs,hpa -n shop",
        "kubectl get nodes",
        "kubectl describe deployment web -n shop",
        "kubectl describe node node1",
        &format!("kubectl logs {pod} -n shop"),
        "kubectl top pods -n shop",
        "kubectl top nodes",
        "kubectl rollout status deploy/web -n shop",
        "kubectl rollout history deploy/web -n shop",
        "kubectl rollout restart deploy/web -n shop",
        "kubectl rollout undo deploy/web -n shop",
        "kubectl scale deploy/web --replicas=3 -n shop",
        "kubectl set image deploy/web web=shop:9 -n shop",
        "kubectl patch svc web -n shop -p {}",
        "kubectl cordon node1",
        "kubectl delete pods -l app=web -n shop",
    ] {
        let ran = say(&kubernetes, line).await;
        assert!(ran.ok(), "{line}: {ran:?}");
    }
    let pod = api.pods("shop").remove(0);
    assert!(say(&kubernetes, &format!("kubectl exec {pod} -n shop -- echo x")).await.ok());
    for line in ["kubectl get secrets -n shop", "kubectl get namespaces"] {
        assert!(say(&kubernetes, line).await.stderr.starts_with("Forbidden: "), "{line}");
    }
}

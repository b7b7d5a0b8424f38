//! kubectl's commands against an API of the tests' own, with their effect seen in its objects; and with the API gone,
//! refusing, or silent at the wrong moment.

mod acts;
mod certificates;
mod clients;
mod runbooks;

use super::{TARGET, call, run, unwatched, within};
use crate::fake_kubernetes::{FakeKubernetes, Rule, TOKEN};
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::kubernetes::{Address, Cluster, Host, Kubernetes};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const PODS: &str = "/api/v1/namespaces/shop/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";

fn host(api: &FakeKubernetes, token: &str) -> Host {
    // Only one caller in the process can install the provider; for the others it is already there.
    rustls::crypto::ring::default_provider().install_default().ok();
    let token = Some(SecretString::from(token));
    let cluster = Cluster::new(Address::Url { url: api.wire.url(), token, ca_file: None });
    let secrets = Secrets::new([SecretString::from("correct-horse")]);
    Host { cluster, namespace: Some("shop".to_string()), allow: Vec::new(), secrets }
}

fn of(host: Host) -> Kubernetes {
    Kubernetes::new(BTreeMap::from([(TARGET.to_string(), host)]))
}

fn at(api: &FakeKubernetes) -> Kubernetes {
    of(host(api, TOKEN))
}

fn words(line: &str) -> Call {
    call(&line.split(' ').collect::<Vec<_>>())
}

async fn say(kubernetes: &Kubernetes, line: &str) -> Ran {
    run(kubernetes, &words(line)).await
}

fn value(ran: &Ran, metric: &str) -> Option<f64> {
    ran.readings.iter().find(|r| r.metric == metric).map(|r| r.value)
}

/// One deployment of two pods, the first of which was restarted, and what stands beside it.
fn shop() -> FakeKubernetes {
    let api = FakeKubernetes::start();
    api.deployment("shop", "web", 2, &[("web", "shop:1")]);
    let first = api.pods("shop").remove(0);
    let mut pod = api.object(PODS, &first);
    pod["status"]["containerStatuses"][0]["restartCount"] = json!(3);
    pod["status"]["containerStatuses"][0]["lastState"] =
        json!({"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-01-05T11:00:00Z"}});
    pod["spec"]["containers"][0]["env"] = json!([
        {"name": "DB_PASSWORD", "value": "hunter2-and-more"}, {"name": "MODE", "value": "fast"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "web", "key": "key"}}}]);
    pod["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "500m", "memory": "200Mi"}});
    api.put(PODS, &first, pod);
    api
}

#[tokio::test]
async fn lists_are_printed_as_kubectl_prints_them() {
    let (api, _) = (shop(), ());
    let kubernetes = at(&api);
    let pods = api.pods("shop");

    let ran = say(&kubernetes, "kubectl get pods").await;
    let width = pods[0].len();
    let expected = format!(
        "{:width$}   READY   STATUS    RESTARTS     AGE\n{}   1/1     Running   3 (5m ago)   5d3h\n{}   1/1     Running   0            5d3h\n",
        "NAME", pods[0], pods[1]
    );
    assert_eq!((ran.end.clone(), ran.stdout.as_str()), (End::Exited(0), expected.as_str()), "{ran:?}");
    assert!(ran.native);
    assert_eq!(value(&ran, &format!("restarts of {}", pods[0])), Some(3.0));
    assert_eq!((value(&ran, &format!("ready of {}", pods[1])), value(&ran, "pods")), (Some(1.0), Some(2.0)));

    let wide = say(&kubernetes, "kubectl get pods -o wide --no-headers").await;
    assert!(wide.stdout.lines().all(|line| line.ends_with("node1")) && wide.stdout.lines().count() == 2, "{wide:?}");
    let deployments = say(&kubernetes, "kubectl -n shop get deploy web").await;
    assert_eq!(
        deployments.stdout,
        "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    2/2     2            2           5d3h\n"
    );
    assert_eq!(value(&deployments, "ready replicas of web"), Some(2.0));
    let both = say(&kubernetes, "kubectl get deploy,nodes").await;
    assert!(
        both.stdout.contains("deployment.apps/web") && both.stdout.contains("\n\nNAME         STATUS"),
        "{}",
        both.stdout
    );
    assert_eq!(value(&both, "ready of node1"), Some(1.0));

    let names = say(&kubernetes, "kubectl get pods -l app=web -o name").await;
    assert_eq!(names.stdout, format!("pod/{}\npod/{}\n", pods[0], pods[1]));
    for (line, expected) in [
        ("kubectl get pods -l app!=web", ""),
        ("kubectl get pods --field-selector status.phase=Failed", ""),
        (
            "kubectl get pods --field-selector=status.phase=Running -o jsonpath={.items[*].status.podIP}",
            "10.0.0.7 10.0.0.7",
        ),
        ("kubectl get deploy web -o jsonpath={.spec.replicas}", "2"),
        ("kubectl get deploy -o custom-columns=NAME:.metadata.name,NONE:.spec.none", "NAME   NONE\nweb    <none>\n"),
    ] {
        let ran = say(&kubernetes, line).await;
        assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), expected), "{line}: {}", ran.stderr);
    }
    let none = say(&kubernetes, "kubectl get pods -l app=bank").await;
    assert_eq!((none.stderr.as_str(), value(&none, "pods")), ("No resources found in shop namespace.\n", Some(0.0)));
    let sorted = say(&kubernetes, "kubectl get pods --sort-by=.status.containerStatuses[0].restartCount -o name").await;
    assert!(
        sorted.stdout.ends_with(&format!("pod/{}\n", pods[0])),
        "the most restarted is the last: {}",
        sorted.stdout
    );
    assert_eq!(api.count("PATCH") + api.count("DELETE"), 0, "looking changes nothing");
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let api = FakeKubernetes::start();
    for no in 0..1_234 {
        api.put("/api/v1/namespaces/shop/configmaps", &format!("map-{no:04}"), json!({"data": {}}));
    }
    let ran = say(&at(&api), "kubectl get cm").await;
    assert_eq!(
        (ran.left_out > 0 || ran.stdout.lines().count() == 1_235, value(&ran, "configmaps")),
        (true, Some(1_234.0))
    );
    assert_eq!(api.count("GET"), 3);
    let ran = say(&at(&api), "kubectl get cm -o name").await;
    assert!(ran.stdout.starts_with("configmap/map-0000\n") && ran.stdout.ends_with("configmap/map-1233\n"));
}

#[tokio::test]
async fn what_a_secret_holds_is_never_printed() {
    let api = shop();
    let secrets = "/api/v1/namespaces/shop/secrets";
    let applied =
        json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"key\":\"c2VjcmV0LW9uZQ==\"}}"});
    api.put(
        secrets,
        "web",
        json!({"metadata": {"annotations": applied}, "type": "Opaque", "data": {"key": "c2VjcmV0LW9uZQ=="}}),
    );
    api.put("/api/v1/namespaces/shop/configmaps", "web", json!({"data": {"MODE": "fast", "motto": "correct-horse"}}));
    let kubernetes = at(&api);
    for line in [
        "kubectl get secrets",
        "kubectl get secret web -o yaml",
        "kubectl get secret web -o json",
        "kubectl get secret web -o jsonpath={.data.key}",
        "kubectl get configmap,secret -o yaml",
        "kubectl get secrets -o custom-columns=V:.data.key",
        "kubectl get secrets --sort-by=.data.key",
        "kubectl get pods -o yaml",
    ] {
        let ran = say(&kubernetes, line).await;
        assert_eq!(ran.end, End::Exited(0), "{line}: {}", ran.stderr);
        for secret in ["c2VjcmV0LW9uZQ==", "correct-horse", "hunter2"] {
            assert!(!ran.stdout.contains(secret), "{line}: {}", ran.stdout);
        }
    }
    let map = say(&kubernetes, "kubectl get configmap web -o yaml").await;
    let expected = "apiVersion: v1\ndata:\n  MODE: fast\n  motto: [hidden]\nkind: ConfigMap\nmetadata:\n";
    assert!(map.stdout.starts_with(expected) && !map.stdout.contains("managedFields"), "{}", map.stdout);
    let yaml = say(&kubernetes, "kubectl get secret web -o yaml").await;
    assert!(
        yaml.stdout.contains("data:\n  key: ") && yaml.stdout.contains("[hidden]"),
        "its keys are shown: {}",
        yaml.stdout
    );
}

#[tokio::test]
async fn pods_deployments_and_nodes_are_described_with_their_events() {
    let api = shop();
    let pods = api.pods("shop");
    let event = json!({"type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container", "count": 7,
        "lastTimestamp": "2026-01-05T11:00:00Z", "source": {"component": "kubelet"},
        "involvedObject": {"name": pods[0], "namespace": "shop", "kind": "Pod", "uid": api.object(PODS, &pods[0])["metadata"]["uid"]}});
    api.put("/api/v1/namespaces/shop/events", "web.1", event);
    let kubernetes = at(&api);
    let ran = say(&kubernetes, &format!("kubectl describe pod {}", pods[0])).await;
    for part in [
        "Status:            Running",
        "Restart Count: 3",
        "Last State:    Terminated",
        "Reason:      OOMKilled",
        "Exit Code:   137",
        "MODE:        fast",
        "DB_PASSWORD: [hidden]",
        "KEY:         <key key of secret web>",
        "Limits:        cpu 500m, memory 200Mi",
        "BackOff",
        "(x7)",
        "Back-off restarting failed container",
    ] {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&ran.stdout).contains(&flat(part)), "{part} is missing in\n{}", ran.stdout);
    }
    let named = |what: &str| value(&ran, &format!("{what} of {} web", pods[0]));
    assert_eq!((named("restarts"), named("OOM kill"), named("ready")), (Some(3.0), Some(1.0), Some(1.0)));
    let ran = say(&kubernetes, "kubectl describe deployment web").await;
    assert!(ran.stdout.contains("2 desired | 2 updated | 2 total | 2 available | 0 unavailable"), "{}", ran.stdout);
    assert_eq!(value(&ran, "ready replicas of web"), Some(2.0));
    let ran = say(&kubernetes, "kubectl describe node node1").await;
    assert!(ran.stdout.contains("KubeletReady") && ran.stdout.contains("Events:            <none>"), "{}", ran.stdout);
    assert_eq!(value(&ran, "ready of node1"), Some(1.0));
}

#[tokio::test]
async fn logs_are_those_of_the_pod_that_is_meant() {
    let api = shop();
    let pods = api.pods("shop");
    let lines: String = (0..50).map(|no| format!("line {no}\n")).collect();
    api.log(&format!("shop/{}/web", pods[0]), &lines);
    api.log(&format!("shop/{}/web", pods[1]), "other\npassword=correct-horse\n");
    api.log(&format!("shop/{}/web/previous", pods[0]), "it died\n");
    let kubernetes = at(&api);
    let ran = say(&kubernetes, &format!("kubectl logs {} --tail=2", pods[0])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "line 48\nline 49\n"));
    let ran = say(&kubernetes, &format!("kubectl logs {} --previous", pods[0])).await;
    assert_eq!(ran.stdout, "it died\n");
    let ran = say(&kubernetes, &format!("kubectl logs {} --previous", pods[1])).await;
    assert_eq!(
        (ran.end.clone(), ran.stderr.contains("previous terminated container")),
        (End::Exited(1), true),
        "{ran:?}"
    );
    let ran = say(&kubernetes, "kubectl logs deployment/web --tail=1").await;
    assert!(ran.stderr.starts_with("Found 2 pods, using pod/web-") && ran.stdout.lines().count() == 1, "{ran:?}");
    let ran = say(&kubernetes, "kubectl logs -l app=web --tail 1 --prefix").await;
    let expected = format!("[pod/{}/web] line 49\n[pod/{}/web] password=[hidden]\n", pods[0], pods[1]);
    assert_eq!(ran.stdout, expected);
    let follow = within(Duration::from_secs(2), words(&format!("kubectl logs -f {} --tail=1", pods[0])));
    let ran = run(&kubernetes, &follow).await;
    assert_eq!(
        (ran.end, ran.stdout.as_str(), ran.stderr.as_str()),
        (End::Exited(0), "line 49\n", "[followed for 1 s]\n")
    );

    // Of several containers one is named, or the first is said.
    api.put(
        PODS,
        "pair",
        json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}, "status": {"phase": "Running"}}),
    );
    api.log("shop/pair/a", "of a\n");
    let ran = say(&kubernetes, "kubectl logs pair").await;
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("of a\n", "Defaulted container \"a\" out of: a, b\n"));
    let ran = say(&kubernetes, "kubectl logs pair -c c").await;
    assert_eq!(ran.stderr, "container c is not in pod pair: it has a, b\n");
    let near = say(&kubernetes, "kubectl logs par").await;
    assert_eq!(near.stderr, "Error from server (NotFound): pods \"par\" not found. Near it: pair\n");
}

#[tokio::test]
async fn cpu_and_memory_are_set_against_their_limits() {
    let api = shop();
    let pods = api.pods("shop");
    let kubernetes = at(&api);
    let ran = say(&kubernetes, "kubectl top pods").await;
    assert_eq!(ran.end, End::Exited(1));
    assert!(
        ran.stderr.starts_with("This cluster has no metrics server, so nobody measures cpu and memory there"),
        "{ran:?}"
    );

    let of = |cpu: &str, memory: &str| (cpu.to_string(), memory.to_string());
    let usage = [
        (pods[0].clone(), of("250m", "150Mi")),
        (pods[1].clone(), of("5000000n", "20Mi")),
        ("node1".into(), of("500m", "1Gi")),
    ];
    api.world().metrics = Some(BTreeMap::from(usage));
    let ran = say(&kubernetes, "kubectl top pods --sort-by=memory").await;
    let lines: Vec<Vec<&str>> = ran.stdout.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(
        lines,
        [vec!["NAME", "CPU(cores)", "MEMORY(bytes)"], vec![&pods[0], "250m", "150Mi"], vec![&pods[1], "5m", "20Mi"]]
    );
    assert_eq!(value(&ran, &format!("memory of {}", pods[0])), Some(75.0));
    assert_eq!(value(&ran, &format!("cpu of {}", pods[0])), Some(50.0));
    assert_eq!(value(&ran, &format!("memory of {}", pods[1])), None, "it has no limit");
    let ran = say(&kubernetes, "kubectl top node node1").await;
    assert!(ran.stdout.ends_with("node1   500m         25%      1024Mi          25%\n"), "{}", ran.stdout);
    let ran = say(&kubernetes, "kubectl top pod gone").await;
    assert!(ran.stderr.starts_with("Error from server (NotFound): pods \"gone\" not found"), "{ran:?}");
}

#[tokio::test]
async fn a_command_in_a_pod_is_a_vector_of_words_and_ends_as_it_ended() {
    let api = shop();
    let pod = api.pods("shop").remove(0);
    let kubernetes = at(&api);
    let plan = kubernetes.plan(&words(&format!("kubectl exec {pod} -- echo a b"))).await.expect("a plan");
    assert_eq!(plan.does, format!("GET {PODS}/{pod}/exec?command=echo&command=a&command=b&stdout=true&stderr=true"));
    assert_eq!(plan.finds, [format!("pod {pod}: Running on node1, 1 of 1 containers ready, 3 restarts")]);
    let mut echo = call(&["kubectl", "exec", &pod, "--", "echo", "$(reboot); 'x' && y"]);
    let ran = run(&kubernetes, &echo).await;
    assert_eq!(
        (&ran.end, ran.stdout.as_str()),
        (&End::Exited(0), "$(reboot); 'x' && y\n"),
        "no shell reads it: {ran:?}"
    );
    echo.argv[2] = "deploy/web".to_string();
    assert!(run(&kubernetes, &echo).await.stderr.starts_with("Found 2 pods, using pod/web-"));

    let ran = say(&kubernetes, &format!("kubectl exec {pod} -- fail 3")).await;
    assert_eq!((ran.end, ran.stderr.as_str()), (End::Exited(3), "it failed\n"));
    let ran = say(&kubernetes, &format!("kubectl exec {pod} -- psql -c x")).await;
    assert!(ran.end == End::Exited(1) && ran.stderr.contains("executable file not found"), "{ran:?}");
    let ran = say(&kubernetes, &format!("kubectl exec {pod} -- flood")).await;
    assert!(
        ran.end == End::Exited(0) && ran.stdout.len() < 70_000 && ran.left_out > 1_900_000,
        "{} left out",
        ran.left_out
    );

    let mut count = words(&format!("kubectl exec -i {pod} -- count"));
    count.input = Some(vec![b'x'; 100_000]);
    assert_eq!(run(&kubernetes, &count).await.stdout, "100000 bytes\n");
    api.world().old_exec = true;
    let ran = run(&kubernetes, &count).await;
    assert!(matches!(&ran.end, End::Unknown(why) if why.contains("cannot be told where the input")), "{ran:?}");
    assert_eq!(say(&kubernetes, &format!("kubectl exec {pod} -- echo old")).await.stdout, "old\n");

    let ran = say(&kubernetes, &format!("kubectl exec -it {pod} -- sh")).await;
    assert_eq!(ran.end, End::NotStarted("it opens a shell in a pod that waits for a keyboard".into()));
    let ran = say(&kubernetes, &format!("kubectl exec {pod} -- vanish")).await;
    assert!(
        matches!(&ran.end, End::Unknown(why) if why.contains(&format!("kubectl exec {pod} -n shop -- ps"))),
        "{ran:?}"
    );
    let hang = within(Duration::from_millis(500), words(&format!("kubectl exec {pod} -- hang")));
    let ran = run(&kubernetes, &hang).await;
    assert_eq!((ran.end, ran.stderr.contains("it may run on in its pod")), (End::TimedOut, true));
}

#[tokio::test]
async fn a_command_stays_within_what_its_target_allows() {
    let api = shop();
    api.deployment("bank", "web", 1, &[("web", "bank:1")]);
    let kubernetes = at(&api);
    for (line, why) in [
        ("kubectl get pods -n bank", "this target does not reach into the namespace bank"),
        ("kubectl get pods -A", "this target does not reach into all namespaces"),
        ("kubectl scale deploy/web --replicas=0 -n bank", "this target does not reach into the namespace bank"),
        (
            "kubectl get pods --server http://127.0.0.1:1",
            "--server chooses another cluster or identity than the target has",
        ),
    ] {
        assert_eq!(say(&kubernetes, line).await.end, End::NotStarted(why.into()), "{line}");
        assert_eq!(
            kubernetes.plan(&words(line)).await.map(|p| p.does).map_err(|c| c.0),
            Err(why.to_string()),
            "{line}"
        );
    }
    let mut elsewhere = words("kubectl get pods");
    elsewhere.env.insert("KUBECONFIG".into(), "other".into());
    assert!(matches!(run(&kubernetes, &elsewhere).await.end, End::NotStarted(_)));
    let ran = say(&kubernetes, "kubectl cordon node1").await;
    assert_eq!(ran.stderr, "this target is for one namespace, and the node node1 belongs to the whole cluster\n");

    let allow = ["web*".to_string(), "bank/web".to_string()].to_vec();
    let kubernetes = of(Host { allow, ..host(&api, TOKEN) });
    api.put(PODS, "db-0", json!({"spec": {"containers": [{"name": "pg"}]}, "status": {"phase": "Running"}}));
    for line in [
        "kubectl exec db-0 -- echo x",
        "kubectl logs db-0",
        "kubectl get pod db-0",
        "kubectl delete pod db-0",
        "kubectl delete pods --all",
    ] {
        let ran = say(&kubernetes, line).await;
        assert_eq!(ran.stderr, "pod/db-0 is not among the names that this target may act on\n", "{line}: {ran:?}");
    }
    assert_eq!(api.pods("shop").len(), 3, "nothing was deleted, not even what may be");
    assert_eq!(say(&kubernetes, "kubectl scale deploy/web --replicas=3 -n bank").await.end, End::Exited(0));
    assert_eq!(api.pods("bank").len(), 3);
}

#[tokio::test]
async fn refusals_say_what_is_missing_and_what_to_do() {
    let api = shop();
    api.world().tokens.insert(
        "half".into(),
        vec![
            Rule { group: "", resource: "pods", verb: "list" },
            Rule { group: "", resource: "pods", verb: "get" },
            Rule { group: "apps", resource: "deployments", verb: "get" },
        ],
    );
    let half = of(host(&api, "half"));
    assert_eq!(say(&half, "kubectl get pods").await.end, End::Exited(0));
    for (line, lacks) in [
        (
            "kubectl get deploy",
            "may not list deployments in namespace shop. Its role lacks apiGroups [\"apps\"], resources [\"deployments\"], verbs [\"list\"]",
        ),
        (
            "kubectl scale deploy/web --replicas=0",
            "may not patch deployments/scale in namespace shop. Its role lacks apiGroups [\"apps\"], resources [\"deployments/scale\"], verbs [\"patch\"]",
        ),
        (
            "kubectl get nodes",
            "may not list nodes in the cluster. Its role lacks apiGroups [\"\"], resources [\"nodes\"], verbs [\"list\"]",
        ),
    ] {
        let ran = say(&half, line).await;
        assert_eq!(ran.end, End::Exited(1), "{line}");
        assert_eq!(ran.stderr, format!("Forbidden: the token of this target {lacks}\n"), "{line}");
    }
    let pod = api.pods("shop").remove(0);
    let ran = say(&half, &format!("kubectl exec {pod} -- echo x")).await;
    assert!(ran.stderr.contains("resources [\"pods/exec\"], verbs [\"get\"]"), "{ran:?}");
    assert_eq!(api.object(DEPLOYMENTS, "web")["spec"]["replicas"], 2);

    let stranger = say(&of(host(&api, "wrong")), "kubectl get pods").await;
    assert_eq!(
        stranger.stderr,
        "The cluster does not accept the token of this target (401): write a valid one into its key\n"
    );
    let kubernetes = at(&api);
    let ran = say(&kubernetes, "kubectl get deploy wbe").await;
    assert_eq!(ran.stderr, "Error from server (NotFound): deployments.apps \"wbe\" not found. Near it: web\n");
    let plan = kubernetes.plan(&words("kubectl scale deploy/wbe --replicas=1")).await.expect("a plan");
    assert_eq!(plan.finds, ["Error from server (NotFound): deployments.apps \"wbe\" not found. Near it: web"]);
    api.wire.stop();
    let ran = say(&kubernetes, "kubectl get pods").await;
    assert_eq!(ran.end, End::NotStarted("The cluster cannot be reached: connection refused".into()));
    assert!(
        kubernetes
            .plan(&words("kubectl get pods"))
            .await
            .is_err_and(|c| c.0.starts_with("The cluster cannot be reached"))
    );
    api.wire.start_again();
    eventually("it is found again", BOUND, async || say(&kubernetes, "kubectl get pods").await.ok()).await;
    assert!(matches!(say(&Kubernetes::new(BTreeMap::new()), "kubectl get pods").await.end, End::NotStarted(_)));
}

#[tokio::test]
async fn a_run_can_be_stopped() {
    let api = shop();
    let pod = api.pods("shop").remove(0);
    let kubernetes = at(&api);
    let hang = words(&format!("kubectl exec {pod} -- hang"));
    let (stopper, _lines, mut watch) = unwatched();
    let run = kubernetes.run(&hang, &mut watch);
    let stop = async {
        eventually("it runs", BOUND, async || api.world().asked.iter().any(|a| a.ends_with("/exec"))).await;
        stopper.send(true).expect("somebody listens");
    };
    let (ran, ()) = tokio::join!(run, stop);
    assert_eq!(ran.end, End::Stopped);
}

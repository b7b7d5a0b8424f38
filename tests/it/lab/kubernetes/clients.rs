//! Clients of databases in pods: as argument vectors, with the limits that they would have in a container.

use super::{at, shop};
use crate::fake_kubernetes::FakeKubernetes;
use crate::lab::{call, run};
use firebell::engine::ports::execute::{Call, End, Execute};
use firebell::exec::clean::Secrets;
use firebell::exec::database::server::{Keys, Kind, Server};
use firebell::exec::database::ways::Containers;
use firebell::exec::docker::Docker;
use firebell::exec::mysql::Mysql;
use firebell::exec::postgres::Postgres;
use firebell::exec::redis::Redis;
use firebell_domain::playbook::Risk;
use std::collections::BTreeMap;

fn inside(api: &FakeKubernetes) -> Containers {
    Containers { docker: Docker::new(BTreeMap::new()), kubernetes: at(api) }
}

fn exec(pod: &str, words: &[&str]) -> Call {
    call(&[&["kubectl", "exec", "-it", pod, "-n", "shop", "--"], words].concat())
}

#[tokio::test]
async fn psql_in_a_pod_has_the_limits_of_its_call() {
    let api = shop();
    let pod = api.pods("shop").remove(0);
    let postgres = Postgres::new([], inside(&api));
    let count = exec(&pod, &["psql", "-U", "postgres", "-c", "SELECT count(*) FROM orders"]);
    let ran = run(&postgres, &count).await;
    let told: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(ran.end, End::Exited(0), "{ran:?}");
    let [env, options, name, client, rest @ ..] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*env, *name, *client), ("env", "PGAPPNAME=firebell", "psql"));
    assert!(options.starts_with("PGOPTIONS=-c default_transaction_read_only=on -c statement_timeout="), "{options}");
    let expected = "--no-psqlrc --no-password --set ON_ERROR_STOP=1 --command BEGIN READ ONLY --command SELECT count(*) FROM orders --command ROLLBACK --quiet -U postgres";
    assert_eq!(rest.join(" "), expected);
    let plan = postgres.plan(&count).await.expect("a plan");
    assert!(plan.finds[0].starts_with(&format!("pod {pod}: Running")), "{plan:?}");

    let wipe = exec(&pod, &["psql", "-c", "DELETE FROM orders"]);
    let ran = run(&postgres, &wipe).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("DELETE does more than read")), "{ran:?}");
    let ran = run(&postgres, &Call { risk: Risk::Destroy, ..wipe }).await;
    assert!(ran.stdout.contains("default_transaction_read_only=off") && ran.stdout.contains("DELETE"), "{ran:?}");
    let other = call(&["kubectl", "get", "pods"]);
    assert!(matches!(run(&postgres, &other).await.end, End::NotStarted(why) if why.contains("client in a pod")));
}

#[tokio::test]
async fn a_redis_in_a_pod_says_itself_what_only_reads() {
    let api = shop();
    let pod = api.pods("shop").remove(0);
    let redis = Redis::new([], inside(&api));
    let ran = run(&redis, &exec(&pod, &["redis-cli", "LLEN", "jobs"])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "redis-cli\n--no-raw\nLLEN\njobs\n"));
    let ran = run(&redis, &exec(&pod, &["redis-cli", "DEL", "jobs"])).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("no command that only reads")), "{ran:?}");
}

#[tokio::test]
async fn no_password_is_put_where_everybody_in_the_pod_reads_it() {
    let api = shop();
    let pod = api.pods("shop").remove(0);
    let mysql = Mysql::new([], inside(&api));
    let ran = run(&mysql, &exec(&pod, &["mysql", "-uroot", "-psecret", "-e", "SELECT 1"])).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("leave it to the pod's own")), "{ran:?}");
    let ran = run(&mysql, &exec(&pod, &["mysql", "-uroot", "-e", "SELECT 1"])).await;
    assert!(ran.ok() && ran.stdout.contains("SELECT 1"), "{ran:?}");
}

#[tokio::test]
async fn a_server_that_is_the_target_itself_is_reached_through_no_cluster() {
    let api = shop();
    let keys = Keys { address: "postgres://shop@127.0.0.1:1/shop".to_string(), ..Keys::default() };
    let server = Server::read(Kind::Postgres, crate::lab::TARGET, keys, Secrets::default()).expect("an address");
    let postgres = Postgres::new([server], inside(&api));
    let ran = run(&postgres, &exec("db-0", &["psql", "-c", "SELECT 1"])).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("map it to the cluster")), "{ran:?}");
}

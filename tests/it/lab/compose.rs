//! A Compose project on a real daemon: built up and taken down by the program, seen and restarted through the daemon, in
//! both spellings; and what would act on containers that the command does not mean.

use super::{TARGET, call, run};
use crate::harness::docker::{Daemon, IMAGE};
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::engine::ports::execute::{End, Execute, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::compose::{Compose, Project};
use firebell::exec::docker::{Address, Docker, Host};
use firebell::exec::process::Place;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A service that goes on until it is told to end.
fn service() -> String {
    format!(
        "    image: {IMAGE}\n    network_mode: none\n    command: sh -c \"echo up; trap 'exit 0' TERM; while :; do sleep 0.1; done\"\n"
    )
}

/// The projects of one daemon, with their files in `folder`.
fn compose(daemon: &Daemon, folder: &Path, name: Option<&str>) -> Compose {
    let mut place = Place::at(folder);
    let address = Address::Socket(daemon.socket());
    place.env.insert("DOCKER_HOST".to_string(), address.daemon());
    let project = Project { name: name.map(str::to_string), docker: "box".to_string(), place: Some(place) };
    let docker = Docker::new(BTreeMap::from([("box".to_string(), Host::new(address, Secrets::default()))]));
    Compose::new(docker, BTreeMap::from([(TARGET.to_string(), project)]))
}

/// Running containers, sorted.
fn names(daemon: &Daemon, filter: &str) -> Vec<String> {
    let names = daemon.docker(&["ps", "--filter", filter, "--format", "{{.Names}}"]);
    let mut names: Vec<String> = names.lines().map(str::to_string).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_project_is_built_seen_restarted_and_taken_down() {
    let daemon = Daemon::start().await;
    let folder = temp_dir();
    let service = service();
    let file = format!("version: '2.4'\nservices:\n  web:\n{service}  db:\n{service}");
    fs::write(folder.join("docker-compose.yml"), file).expect("a file");
    let compose = compose(&daemon, folder.path(), Some("shop"));
    let words = |line: &str| call(&line.split(' ').collect::<Vec<_>>());
    let say = async |line: &str| -> Ran { run(&compose, &words(line)).await };
    let names = |filter: &str| names(&daemon, filter);

    assert!(
        matches!(say("docker-compose restart").await.end, End::NotStarted(why) if why.contains("has no containers"))
    );
    let plan = compose.plan(&words("docker-compose up -d --scale web=2")).await.expect("a plan");
    assert_eq!((plan.does.as_str(), plan.native), ("docker-compose --project-name shop up -d --scale web=2", false));
    let ran = say("docker-compose up -d --scale web=2").await;
    assert!(ran.ok(), "{}", ran.stderr);
    assert_eq!(names("label=com.docker.compose.service=web"), ["shop_web_1", "shop_web_2"]);

    let ran = say("docker-compose ps").await;
    assert!(ran.ok() && ran.stdout.lines().count() == 4 && ran.stdout.starts_with("NAMES "), "{}", ran.stdout);
    let line = ran.stdout.lines().find(|l| l.contains("shop_db_1")).expect("its line");
    assert!(line.contains(" db ") && line.contains(" Up "), "{line}");

    let before = daemon.state("shop_db_1", "{{.State.StartedAt}}");
    let plan = compose.plan(&words("docker-compose restart db")).await.expect("a plan");
    assert!(plan.native && plan.does == "POST /containers/shop_db_1/restart?t=10", "{plan:?}");
    let web = daemon.state("shop_web_1", "{{.State.StartedAt}}");
    let ran = say("docker-compose restart db").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "shop_db_1\n"));
    assert_ne!(daemon.state("shop_db_1", "{{.State.StartedAt}}"), before);
    assert_eq!(daemon.state("shop_web_1", "{{.State.StartedAt}}"), web);
    // The other spelling is the same.
    let ran = say("docker compose ps -q db").await;
    assert_eq!(ran.stdout.trim(), daemon.docker(&["ps", "-q", "--filter", "name=shop_db_1"]), "{ran:?}");
    let ran = say("docker compose exec -T --index 2 web hostname").await;
    let second = daemon.state("shop_web_2", "{{.Config.Hostname}}");
    assert_eq!((ran.end, ran.stdout.trim()), (End::Exited(0), second.as_str()));
    let plan = compose.plan(&words("docker compose up -d --scale web=1")).await.expect("a plan");
    let before = ["shop_db_1 of service db", "shop_web_1 of service web", "shop_web_2 of service web"];
    assert_eq!(plan.finds[1..], before, "{plan:?}");

    eventually("each has said that it is up", BOUND, async || {
        let ran = say("docker-compose logs --tail 1").await;
        ran.ok() && ran.stdout == "shop_db_1  | up\nshop_web_1  | up\nshop_web_2  | up\n"
    })
    .await;
    say("docker-compose stop -t 5 web").await;
    assert_eq!(names("label=com.docker.compose.project=shop"), ["shop_db_1"]);
    assert!(matches!(say("docker-compose stop gone").await.end, End::NotStarted(_)));
    assert!(matches!(say("docker-compose -p other down").await.end, End::NotStarted(_)));

    let ran = say("docker-compose down -t 1").await;
    assert!(ran.ok(), "{}", ran.stderr);
    assert_eq!(daemon.docker(&["ps", "--all", "--quiet"]), "");
}

#[tokio::test]
async fn a_project_without_a_name_is_found_by_its_folder_and_its_files() {
    let daemon = Daemon::start().await;
    let folder = temp_dir();
    let shop = folder.join("My Shop");
    fs::create_dir(&shop).expect("a folder");
    let file = |name: &str| format!("version: '2.4'\nservices:\n  {name}:\n{}", service());
    fs::write(shop.join("docker-compose.yml"), file("web")).expect("a file");
    fs::write(shop.join("docker-compose.workers.yml"), file("worker")).expect("a file");
    let compose = compose(&daemon, &shop, None);
    let say = async |line: &str| -> Ran { run(&compose, &call(&line.split(' ').collect::<Vec<_>>())).await };

    for line in ["docker-compose up -d", "docker-compose -f docker-compose.workers.yml up -d"] {
        let ran = say(line).await;
        assert!(ran.ok(), "{line}: {}", ran.stderr);
    }
    assert_eq!(names(&daemon, "label=com.docker.compose.project=myshop"), ["myshop_web_1", "myshop_worker_1"]);

    // What another file brought up is left alone, in both directions.
    let ran = say("docker-compose restart").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "myshop_web_1\n"), "{}", ran.stderr);
    let plan =
        compose.plan(&call(&["docker", "compose", "-f", "docker-compose.workers.yml", "stop"])).await.expect("a plan");
    assert_eq!(plan.does, "POST /containers/myshop_worker_1/stop?t=10");
    let ran = say("docker compose -f docker-compose.workers.yml stop -t 5").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "myshop_worker_1\n"), "{}", ran.stderr);
    assert_eq!(names(&daemon, "label=com.docker.compose.project=myshop"), ["myshop_web_1"]);
    let ran = say("docker-compose -f docker-compose.workers.yml start").await;
    assert!(ran.ok(), "{}", ran.stderr);
    assert_eq!(names(&daemon, "label=com.docker.compose.service=worker"), ["myshop_worker_1"]);

    // Another daemon is never spoken to, and nothing is left attached.
    let mut elsewhere = call(&["docker-compose", "stop"]);
    elsewhere.env.insert("DOCKER_HOST".to_string(), "tcp://127.0.0.1:1".to_string());
    assert!(matches!(run(&compose, &elsewhere).await.end, End::NotStarted(why) if why.contains("another Docker")));
    assert!(matches!(say("docker-compose up").await.end, End::NotStarted(why) if why.contains("up -d")));

    // An image that cannot be had: the program says so, and what runs goes on running.
    let broken = file("web").replace(IMAGE, "127.0.0.1:1/nothing:1");
    fs::write(shop.join("docker-compose.yml"), broken).expect("a file");
    let ran = say("docker-compose pull").await;
    assert!(matches!(ran.end, End::Exited(code) if code != 0) && !ran.stderr.is_empty(), "{ran:?}");
    assert_eq!(names(&daemon, "label=com.docker.compose.service=web"), ["myshop_web_1"]);
}

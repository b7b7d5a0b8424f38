//! A Compose project on a real daemon: built up and taken down by the program, seen and restarted through the daemon.

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
use std::sync::Arc;

#[tokio::test]
async fn a_project_is_built_seen_restarted_and_taken_down() {
    let daemon = Daemon::start().await;
    let folder = temp_dir();
    let service = format!(
        "    image: {IMAGE}\n    network_mode: none\n    command: sh -c \"echo up; trap 'exit 0' TERM; while :; do sleep 0.1; done\"\n"
    );
    let file = format!("version: '2.4'\nservices:\n  web:\n{service}  db:\n{service}");
    fs::write(folder.join("docker-compose.yml"), file).expect("a file");
    let mut place = Place::at(folder.path());
    place.env.insert("DOCKER_HOST".to_string(), daemon.host());
    let project = Project {
        name: "shop".to_string(),
        docker: "box".to_string(),
        place,
        program: vec!["docker-compose".to_string()],
    };
    let host = Host::new(Address::Socket(daemon.socket()), Secrets::default());
    let docker = Arc::new(Docker::new(BTreeMap::from([("box".to_string(), host)])));
    let compose = Compose::new(docker, BTreeMap::from([(TARGET.to_string(), project)]));
    let words = |line: &str| call(&line.split(' ').collect::<Vec<_>>());
    let say = async |line: &str| -> Ran { run(&compose, &words(line)).await };
    let names = |filter: &str| {
        let names = daemon.docker(&["ps", "--filter", filter, "--format", "{{.Names}}"]);
        let mut names: Vec<String> = names.lines().map(str::to_string).collect();
        names.sort();
        names
    };

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

//! Docker commands of a runbook against a real daemon, with their effect seen by the docker command line; and with the
//! daemon gone. One daemon for each test: they change what the others would look at.

use super::{TARGET, TIME, call, run, unwatched, within};
use crate::harness::docker::{Daemon, IMAGE};
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::docker::{Address, Docker, Host};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub const FOR_EVER: &str = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

pub fn at(socket: &Path) -> Docker {
    let secrets = Secrets::new([SecretString::from("correct-horse")]);
    let host = Host::new(Address::Socket(socket.to_owned()), secrets);
    Docker::new(BTreeMap::from([(TARGET.to_string(), host)]))
}

pub fn words(line: &str) -> Call {
    call(&line.split(' ').collect::<Vec<_>>())
}

pub async fn say(docker: &Docker, line: &str) -> Ran {
    run(docker, &words(line)).await
}

pub fn value(ran: &Ran, metric: &str) -> Option<f64> {
    ran.readings.iter().find(|r| r.metric == metric).map(|r| r.value)
}

#[tokio::test]
async fn containers_are_stopped_started_and_restarted() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("shop", &[], FOR_EVER);

    let plan = docker.plan(&words("docker stop shop gone")).await.expect("a plan");
    assert_eq!(plan.does, "POST /containers/shop/stop?t=10; POST /containers/gone/stop?t=10");
    assert!(plan.native && plan.finds[0].starts_with("shop: running since 20"), "{plan:?}");
    assert_eq!(plan.finds[1], "gone: there is no such container");
    assert_eq!(daemon.state("shop", "{{.State.Running}}"), "true", "a plan changes nothing");

    let ran = say(&docker, "docker stop shop").await;
    assert_eq!(
        (ran.end.clone(), ran.stdout.as_str(), value(&ran, "running of shop")),
        (End::Exited(0), "shop\n", Some(0.0))
    );
    assert_eq!(daemon.state("shop", "{{.State.Running}}"), "false");

    let ran = say(&docker, "docker start shop").await;
    assert_eq!((ran.end.clone(), value(&ran, "running of shop")), (End::Exited(0), Some(1.0)));
    let first = daemon.state("shop", "{{.State.StartedAt}}");

    let ran = say(&docker, "docker restart -t 5 shop gone").await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(1), "shop\n"));
    assert_eq!(ran.stderr, "Error response from daemon: No such container: gone\n");
    assert_ne!(daemon.state("shop", "{{.State.StartedAt}}"), first);

    say(&docker, "docker kill -s KILL shop").await;
    eventually("it is killed", BOUND, async || daemon.state("shop", "{{.State.ExitCode}}") == "137").await;
    let ran = say(&docker, "docker inspect shop").await;
    assert_eq!((value(&ran, "exit code of shop"), value(&ran, "OOM kill of shop")), (Some(137.0), Some(0.0)));

    say(&docker, "docker update --restart on-failure:3 --memory 64m --memory-swap 64m shop").await;
    assert_eq!(
        daemon.state("shop", "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}"),
        "on-failure 67108864"
    );
    assert_eq!(say(&docker, "docker rm shop").await.end, End::Exited(0));
    assert!(daemon.try_docker(&["inspect", "shop"]).is_err());
}

#[tokio::test]
async fn restarts_memory_kills_and_health_are_read() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("greedy", &["--memory=20m", "--memory-swap=20m"], "x=a; while :; do x=$x$x; done");
    daemon.container("loop", &["--restart=on-failure:3"], "exit 3");
    let health = ["--health-cmd=false", "--health-interval=1s", "--health-retries=1"];
    daemon.container("ill", &health, FOR_EVER);

    // Docker hears of the kill beside the exit: an exit that overtakes it is without its reason, as long as it stands.
    eventually("Docker has heard that the memory ran out", BOUND, async || {
        match daemon.state("greedy", "{{.State.Running}} {{.State.OOMKilled}}").as_str() {
            "false true" => return true,
            "false false" => drop(daemon.docker(&["start", "greedy"])),
            _ => {}
        }
        false
    })
    .await;
    let ran = say(&docker, "docker inspect greedy").await;
    assert_eq!((value(&ran, "OOM kill of greedy"), value(&ran, "exit code of greedy")), (Some(1.0), Some(137.0)));
    eventually("it was restarted three times", BOUND, async || {
        let ran = say(&docker, "docker inspect loop").await;
        (value(&ran, "restarts of loop"), value(&ran, "exit code of loop")) == (Some(3.0), Some(3.0))
    })
    .await;
    eventually("it is found ill", BOUND, async || {
        value(&say(&docker, "docker ps").await, "health of ill") == Some(0.0)
    })
    .await;
    let plan = docker.plan(&words("docker restart greedy")).await.expect("a plan");
    assert!(plan.finds[0].contains("with exit code 137, killed for its memory"), "{plan:?}");
}

#[tokio::test]
async fn what_is_printed_is_what_the_command_line_prints() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("shop", &["--label=team=shop", "-e", "A=1"], FOR_EVER);
    daemon.container("done", &[], "echo one; echo two >&2; exit 4");
    // Its processes are the same at every look.
    daemon.container("calm", &[], "exec sleep 1000");
    daemon.docker(&["volume", "create", "data"]);
    daemon.docker(&["tag", IMAGE, "shop/web:2.1"]);
    eventually("it is over", BOUND, async || daemon.state("done", "{{.State.Running}}") == "false").await;
    let plain = [
        "ps -aq",
        "ps -q --filter name=shop",
        "ps -a --filter status=exited --format {{.Names}}",
        "ps -a --format {{.Names}}\\t{{.Image}}\\t{{.State}}\\t{{.Command}}",
        "ps --all --no-trunc --format {{.ID}}|{{.Ports}}|{{.Labels}}|{{.Networks}}|{{.Mounts}}",
        "images",
        "images -q",
        "images --format {{.Repository}}:{{.Tag}}|{{.Size}}",
        "image ls shop/web",
        "network ls",
        "network ls --format {{.Name}}|{{.Driver}}",
        "volume ls",
        "volume ls -q",
        "inspect --format {{.State.Status}}|{{.RestartCount}}|{{.Config.Image}} shop done",
        "inspect -f {{.HostConfig.RestartPolicy.Name}}|{{.State.OOMKilled}}|{{.State.ExitCode}} done",
        "image inspect --format {{.Id}} lab:1",
        "system df",
        "system df --format {{.Type}}:{{.TotalCount}}",
        "port shop",
        "logs done",
        "logs --tail 1 done",
        "top calm",
    ];
    let spaced: [&[&str]; 4] = [
        &["ps", "--filter", "label=team=shop", "--format", "table {{.Names}}\t{{.Label \"team\"}}"],
        &["inspect", "-f", "{{json .State.Running}}", "shop"],
        &["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", "shop"],
        &["exec", "shop", "sh", "-c", "echo $0 $1", "a", "b"],
    ];
    let plain = plain.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    for argv in plain.chain(spaced.map(<[&str]>::to_vec)) {
        let ours = run(&docker, &call(&[&["docker"], &argv[..]].concat())).await;
        assert_eq!(ours.end, End::Exited(0), "{argv:?}: {}", ours.stderr);
        let theirs = daemon.docker(&argv);
        // Images made in the same second have no order of their own.
        let unordered = argv.first() == Some(&"images");
        let calm = |text: &str| {
            let mut lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
            if unordered {
                lines.sort_unstable();
            }
            lines.join("\n")
        };
        assert_eq!(calm(&ours.stdout), calm(&theirs), "{argv:?}");
    }
    // Words of time change between two looks: only the columns are compared.
    let (ours, theirs) = (say(&docker, "docker ps -a").await.stdout, daemon.docker(&["ps", "-a"]));
    let columns =
        |text: &str| text.lines().map(|l| l.split("  ").next().unwrap_or_default().to_string()).collect::<Vec<_>>();
    assert_eq!(columns(&ours), columns(&theirs));
    assert_eq!(
        ours.lines().next().map(|l| l.split_whitespace().count()),
        theirs.lines().next().map(|l| l.split_whitespace().count())
    );
    assert_eq!(say(&docker, "docker logs done").await.stderr, "two\n");
}

#[tokio::test]
async fn a_field_that_is_not_there_fails_as_it_does_there() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("shop", &[], FOR_EVER);
    let ran = run(&docker, &call(&["docker", "inspect", "-f", "{{.State.Health.Status}}", "shop"])).await;
    assert_eq!(ran.end, End::Exited(1));
    assert!(ran.stderr.contains("map has no entry for key \"Health\""), "{}", ran.stderr);
    let ran = say(&docker, "docker inspect gone").await;
    assert_eq!(
        (ran.end, ran.stderr.as_str(), ran.stdout.as_str()),
        (End::Exited(1), "Error: No such object: gone\n", "[]\n")
    );
    let refused = docker.plan(&call(&["docker", "ps", "--format", "{{nonsense .}}"])).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn stats_of_all_containers_come_at_once() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("busy", &["--memory=64m"], "while :; do :; done");
    daemon.container("idle", &["--memory=64m"], FOR_EVER);
    for no in 0..4 {
        daemon.container(&format!("more-{no}"), &[], FOR_EVER);
    }
    let ran = say(&docker, "docker stats --no-stream").await;
    assert_eq!((ran.end.clone(), ran.stdout.lines().count()), (End::Exited(0), 7), "{}", ran.stdout);
    assert!(value(&ran, "cpu of busy") > Some(5.0), "{}", ran.stdout);
    let memory = value(&ran, "memory of idle").expect("it is read");
    assert!(memory > 0.0 && memory < 50.0, "{}", ran.stdout);
    let ran =
        run(&docker, &call(&["docker", "stats", "--no-stream", "--format", "table {{.Name}}\t{{.MemUsage}}", "idle"]))
            .await;
    assert!(
        ran.stdout.starts_with("NAME      MEM USAGE / LIMIT\nidle      ") && ran.stdout.ends_with(" / 64MiB\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(say(&docker, "docker stats gone").await.end, End::Exited(1));
}

#[tokio::test]
async fn commands_inside_a_container_get_words_input_and_bounds() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("shop", &[], FOR_EVER);
    let words_ = ["docker", "exec", "-e", "A=1", "shop", "printf", "%s|", "$A", "; id", "$(id)", "a b"];
    assert_eq!(run(&docker, &call(&words_)).await.stdout, "$A|; id|$(id)|a b|");
    let mut fed = words("docker exec -i shop cat");
    fed.input = Some(b"one\ntwo\n".to_vec());
    assert_eq!(run(&docker, &fed).await.stdout, "one\ntwo\n");
    let ran = run(
        &docker,
        &call(&["docker", "exec", "shop", "sh", "-c", "echo out; echo PASSWORD=tops3cret correct-horse >&2; exit 7"]),
    )
    .await;
    assert_eq!(
        (ran.end, ran.stdout.as_str(), ran.stderr.as_str()),
        (End::Exited(7), "out\n", "PASSWORD=[hidden] [hidden]\n")
    );
    let ran = run(&docker, &call(&["docker", "exec", "shop", "sh", "-c", "yes | head -c 50000000; echo end"])).await;
    assert!(
        ran.left_out > 49_000_000 && ran.stdout.ends_with("y\nend\n") && ran.stdout.len() < 70_000,
        "{}",
        ran.left_out
    );
    let ran = run(&docker, &within(Duration::from_millis(500), words("docker exec shop sleep 1000"))).await;
    assert_eq!(ran.end, End::TimedOut);
    assert_eq!(say(&docker, "docker exec gone true").await.end, End::Exited(1));
    assert!(docker.plan(&words("docker exec -it shop sh")).await.is_err());
}

#[tokio::test]
async fn logs_that_never_end_are_followed_for_a_while_and_can_be_stopped() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("chatty", &[], "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.1; done");
    let ran = run(&docker, &within(Duration::from_secs(2), words("docker logs -f --tail 1 chatty"))).await;
    assert_eq!(ran.end, End::Exited(0));
    assert!(ran.stdout.lines().count() > 1 && ran.stderr.contains("[followed for "), "{ran:?}");
    let (stopper, mut lines, mut watch) = unwatched();
    let follow = words("docker logs --follow chatty");
    let (ran, line) = tokio::join!(docker.run(&follow, &mut watch), async {
        let line = lines.recv().await;
        stopper.send(true).expect("it runs");
        line
    });
    assert_eq!((ran.end, line.as_deref()), (End::Stopped, Some("line 1")));
    let events = say(&docker, "docker events --since 10m").await;
    assert!(events.stdout.contains(" container start ") && events.stdout.contains("name=chatty"), "{}", events.stdout);
}

#[tokio::test]
async fn a_prune_says_before_what_goes_and_takes_no_more() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("runs", &["--volume=used:/data"], FOR_EVER);
    daemon.container("over", &["--volume=unused:/data"], "true");
    daemon.docker(&["tag", IMAGE, "old:1"]);
    eventually("it is over", BOUND, async || daemon.state("over", "{{.State.Running}}") == "false").await;
    let plan = docker.plan(&words("docker system prune -f --volumes")).await.expect("a plan");
    let finds = plan.finds.join("\n");
    assert!(finds.starts_with("container over (Exited (0)"), "{finds}");
    assert!(finds.contains("\nvolume unused with all its data") && !finds.contains(" used"), "{finds}");
    assert!(finds.contains("no images"), "an image with a name stays without -a: {finds}");
    let ran = say(&docker, "docker system prune -f --volumes").await;
    assert!(
        ran.ok() && ran.stdout.contains("Deleted Containers:\n") && ran.stdout.contains("Total reclaimed space: "),
        "{ran:?}"
    );
    assert_eq!(daemon.docker(&["ps", "-a", "--format", "{{.Names}}"]), "runs");
    assert_eq!(daemon.docker(&["volume", "ls", "-q"]), "used");
    let nothing = docker.plan(&words("docker container prune -f --filter until=24h")).await.expect("a plan");
    assert_eq!(nothing.finds, ["no containers"]);
}

#[tokio::test]
async fn a_stop_that_takes_longer_than_its_bound_says_how_it_stands() {
    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("stubborn", &[], "trap '' TERM; while :; do sleep 0.1; done");
    let ran = run(&docker, &within(Duration::from_secs(1), words("docker stop -t 4 stubborn"))).await;
    assert_eq!(ran.end, End::TimedOut);
    assert!(ran.stderr.contains("[now: stubborn: running since "), "{}", ran.stderr);
    let ran = run(&docker, &within(TIME, words("docker stop -t 1 stubborn"))).await;
    assert_eq!(ran.end, End::Exited(0));
    assert_eq!(daemon.state("stubborn", "{{.State.Running}} {{.State.ExitCode}}"), "false 137");
}

#[tokio::test]
async fn a_daemon_that_is_not_there_changes_nothing_and_is_found_when_it_is() {
    let folder = temp_dir();
    let docker = at(&folder.join("docker.sock"));
    let restart = words("docker restart shop");
    let refused = docker.plan(&restart).await.expect_err("there is no socket").0;
    assert!(refused.starts_with("Docker cannot be reached: there is no socket"), "{refused}");
    assert!(matches!(run(&docker, &restart).await.end, End::NotStarted(_)));
    std::os::unix::net::UnixListener::bind(folder.join("docker.sock")).expect("a socket that nobody answers");
    let ran = run(&docker, &within(Duration::from_secs(1), restart.clone())).await;
    assert!(matches!(ran.end, End::NotStarted(_)), "the listener is closed again: {ran:?}");
    let wrong = Host::new(Address::Tcp("tcp://127.0.0.1:9".to_string()), Secrets::default());
    let wrong = Docker::new(BTreeMap::from([(TARGET.to_string(), wrong)]));
    let ran = run(&wrong, &restart).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("Docker cannot be reached")), "{ran:?}");

    let daemon = Daemon::start().await;
    let docker = at(&daemon.socket());
    daemon.container("shop", &[], FOR_EVER);
    daemon.signal("STOP");
    let ran = run(&docker, &within(Duration::from_secs(1), restart.clone())).await;
    daemon.signal("CONT");
    assert_eq!(ran.end, End::TimedOut);
    assert_eq!(run(&docker, &restart).await.end, End::Exited(0));
}

//! Commands on another machine: a real OpenSSH server of the test. Words arrive as they were, host keys are checked, what
//! hangs is ended over there, and Docker is reached over the same way.

use super::{TARGET, call, run, unwatched, within};
use crate::harness::docker::{Daemon, IMAGE};
use crate::harness::ssh::Sshd;
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::clock;
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::clean::Secrets;
use firebell::exec::compose::{Compose, Project};
use firebell::exec::docker::{Address, Docker, Host};
use firebell::exec::host::Hosts;
use firebell::exec::process;
use firebell::exec::ssh::{Place, Remote, Ssh};
use firebell_domain::playbook::Risk;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn place(sshd: &Sshd, key: &str) -> Place {
    Place {
        port: Some(sshd.port()),
        user: Some(sshd.user()),
        key: Some(SecretString::from(sshd.key(key))),
        known_hosts: Some(sshd.known_hosts()),
        ..Place::read("127.0.0.1").expect("an address")
    }
}

pub(super) fn remote(place: Place) -> Arc<Remote> {
    Remote::new(place).expect("a way")
}

fn ssh(remote: &Arc<Remote>) -> Ssh {
    Ssh::new(BTreeMap::from([(TARGET.to_string(), remote.clone())]))
}

fn vector(words: &[&str]) -> Call {
    call(&[&["ssh", "127.0.0.1", "--"], words].concat())
}

/// Whether a process of this machine, which is also the other one, has these words.
fn runs(words: &str) -> bool {
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    all.filter_map(|e| fs::read(e.path().join("cmdline")).ok())
        .any(|c| String::from_utf8_lossy(&c).replace('\0', " ").contains(words))
}

#[tokio::test]
async fn words_arrive_on_the_other_machine_as_they_were() {
    let sshd = Sshd::start().await;
    let folder = temp_dir();
    let remote = remote(Place { folder: Some(folder.path().display().to_string()), ..place(&sshd, "key") });
    let executor = ssh(&remote);
    let odd = [
        "a  b",
        "",
        "$(touch broken)",
        "`touch broken`",
        "'",
        "\"",
        "\\",
        "a\nb",
        "*",
        "~",
        "!x",
        "; touch broken",
        "$HOME",
        "é",
        "--",
        "-n",
        "a'b\"c$(d)\n`e`",
    ];
    let ran = run(&executor, &vector(&[&["printf", "[%s]"], &odd[..]].concat())).await;
    let expected: String = odd.iter().map(|w| format!("[{w}]")).collect();
    assert_eq!((ran.end, ran.stdout, ran.native), (End::Exited(0), expected, false), "{}", ran.stderr);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);

    // And of whatever a shell could read something into, in any order.
    let signs: Vec<char> = " \t\n'\"\\$`!*?[]{}()<>|&;#~=%^-,.:@/aé€".chars().collect();
    let mut state = 1u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let any: Vec<String> = (0..300).map(|n| (0..n % 17).map(|_| signs[next() % signs.len()]).collect()).collect();
    let words: Vec<&str> = any.iter().map(String::as_str).collect();
    let ran = run(&executor, &vector(&[&["printf", "[%s]"], &words[..]].concat())).await;
    let expected: String = any.iter().map(|w| format!("[{w}]")).collect();
    assert_eq!((ran.end, ran.stdout), (End::Exited(0), expected), "{}", ran.stderr);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);

    // As a runbook writes it, and as the plan shows it.
    let line = call(&["ssh", "-o", "StrictHostKeyChecking=no", "127.0.0.1", "printf '%s|' 'a b' c"]);
    assert_eq!(run(&executor, &line).await.stdout, "a b|c|");
    let plan = executor.plan(&line).await.expect("a plan");
    assert_eq!(plan.does, "printf '%s|' 'a b' c");
    assert!(plan.finds[0].ends_with(&format!("@127.0.0.1:{}, over ssh", sshd.port())), "{plan:?}");

    // Streams, exit status, input, variables and the folder are those of the command.
    let script = r#"pwd; echo "$SHOP" >&2; cat; exit 3"#;
    let mut whole = vector(&["sh", "-c", script]);
    assert!(matches!(run(&executor, &whole).await.end, End::NotStarted(why) if why.contains("scripts does not allow")));
    let scripts = remote_with_scripts(&sshd, folder.path().display().to_string());
    (whole.input, whole.env) =
        (Some(b"fed".to_vec()), BTreeMap::from([("SHOP".to_string(), "it's $(x)\n2".to_string())]));
    let ran = run(&ssh(&scripts), &whole).await;
    let expected = format!("{}\nfed", folder.path().canonicalize().expect("a folder").display());
    assert_eq!((ran.end, ran.stdout, ran.stderr), (End::Exited(3), expected, "it's $(x)\n2\n".to_string()));
    whole.env = BTreeMap::from([("LD_PRELOAD".to_string(), "x.so".to_string())]);
    assert!(matches!(run(&ssh(&scripts), &whole).await.end, End::NotStarted(_)));
    assert_eq!(run(&executor, &vector(&["no-such-program"])).await.end, End::Exited(127));
    let ran = run(&ssh(&scripts), &vector(&["sh", "-c", "kill -9 $$"])).await;
    assert!(matches!(ran.end, End::Exited(255 | 137)), "{ran:?}");

    // Nobody else is gone to, and other executors run there too.
    let other = call(&["ssh", "db.example.org", "uptime"]);
    assert!(matches!(run(&executor, &other).await.end, End::NotStarted(why) if why.contains("another machine")));
    let hosts = Hosts::new(BTreeMap::from([(TARGET.to_string(), remote.clone())]));
    let ran = run(&hosts, &call(&["df", "/"])).await;
    assert!(ran.ok() && !ran.readings.is_empty(), "{ran:?}");
}

fn remote_with_scripts(sshd: &Sshd, folder: String) -> Arc<Remote> {
    remote(Place { folder: Some(folder), scripts: true, ..place(sshd, "key") })
}

#[tokio::test]
async fn a_host_key_that_is_not_known_or_another_ends_it_before_anything_is_sent() {
    let sshd = Sshd::start().await;
    let folder = temp_dir();
    let touch = folder.join("touched").display().to_string();
    let touched = async |key: &str| -> Ran { run(&ssh(&remote(place(&sshd, key))), &vector(&["touch", &touch])).await };
    let refused = |ran: Ran, why: &str| match ran.end {
        End::NotStarted(said) => assert!(said.contains(why), "{said}"),
        end => panic!("{end:?}"),
    };

    sshd.know("other_host_key");
    let before = fs::read(sshd.known_hosts()).expect("a file");
    refused(touched("key").await, "shows another host key");
    assert_eq!(fs::read(sshd.known_hosts()).expect("a file"), before);
    fs::write(sshd.known_hosts(), "").expect("a file");
    refused(touched("key").await, "is not known, so nothing was sent");
    assert_eq!(fs::read(sshd.known_hosts()).expect("a file"), b"");
    // The library's own way to Docker would have taken the key in; ours does not.
    let docker = docker(place(&sshd, "key"));
    refused(run(&docker, &call(&["docker", "ps"])).await, "is not known, so nothing was sent");
    assert_eq!(fs::read(sshd.known_hosts()).expect("a file"), b"");

    sshd.know("host_key");
    refused(touched("other_key").await, "lets nobody in with this user and key");
    let garbage = Place { key: Some(SecretString::from("no key at all")), ..place(&sshd, "key") };
    refused(run(&ssh(&remote(garbage)), &vector(&["touch", &touch])).await, "private key");
    assert!(!folder.join("touched").exists());
    assert!(touched("key").await.ok());
    assert!(folder.join("touched").exists());
}

fn docker(place: Place) -> Docker {
    let host = Host::new(Address::Ssh(remote(place)), Secrets::default());
    Docker::new(BTreeMap::from([(TARGET.to_string(), host)]))
}

#[tokio::test]
async fn what_hangs_over_there_is_ended_there_with_all_its_processes() {
    let sshd = Sshd::start().await;
    let remote = remote_with_scripts(&sshd, "/".to_string());
    let executor = ssh(&remote);
    let hang = vector(&["sh", "-c", "echo begun; sleep 9876501 & trap '' TERM; sleep 9876502; sleep 9876503"]);
    let began = clock::instant();
    let ran = run(&executor, &within(Duration::from_secs(4), hang)).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::TimedOut, "begun\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("were ended"), "{}", ran.stderr);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(!runs("sleep 98765"), "something goes on over there");

    // Somebody stops it.
    let (stopper, mut lines, mut watch) = unwatched();
    let hang = vector(&["sh", "-c", "echo begun; sleep 9876504"]);
    let (ran, ()) = tokio::join!(executor.run(&hang, &mut watch), async {
        assert_eq!(lines.recv().await.as_deref(), Some("begun"));
        stopper.send(true).expect("somebody listens");
    });
    assert_eq!(ran.end, End::Stopped);
    assert!(!runs("sleep 9876504"), "it goes on over there");

    // Whoever waits gives up.
    let hang = vector(&["sh", "-c", "echo begun; sleep 9876506"]);
    let (_stopper, mut lines, mut watch) = unwatched();
    tokio::select! {
        ran = executor.run(&hang, &mut watch) => panic!("{ran:?}"),
        line = lines.recv() => assert_eq!(line.as_deref(), Some("begun")),
    }
    eventually("it is ended over there", BOUND, async || !runs("sleep 9876506")).await;

    // What floods is kept in bounds, and others get through meanwhile.
    let mut flood = within(Duration::from_secs(3), vector(&["yes", "a line of text"]));
    flood.bounds.output_bytes = 10_000;
    let echo = vector(&["echo", "well"]);
    let (flooded, well) = tokio::join!(run(&executor, &flood), run(&executor, &echo));
    assert_eq!((well.ok(), well.stdout.as_str()), (true, "well\n"), "{}", well.stderr);
    assert!(flooded.end == End::TimedOut && flooded.left_out > 0 && flooded.stdout.len() < 20_000, "{:?}", flooded.end);
    assert!(!runs("yes a line of text"), "it goes on over there");
}

#[tokio::test]
async fn a_machine_that_goes_away_leaves_no_doubt_unsaid_and_is_found_again() {
    let mut sshd = Sshd::start().await;
    let remote = remote(place(&sshd, "key"));
    let executor = ssh(&remote);
    assert!(run(&executor, &vector(&["true"])).await.ok());
    let mut change = vector(&["sleep", "9876505"]);
    change.risk = Risk::Mutate;
    let (_stopper, _lines, mut watch) = unwatched();
    let (ran, ()) = tokio::join!(executor.run(&change, &mut watch), async {
        eventually("it runs over there", BOUND, async || runs("sleep 9876505")).await;
        sshd.stop();
    });
    assert!(matches!(&ran.end, End::Unknown(why) if why.contains("look there whether it was done")), "{ran:?}");
    let ran = run(&executor, &vector(&["true"])).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("cannot be reached")), "{ran:?}");
    sshd.start_again().await;
    let ran = run(&executor, &vector(&["true"])).await;
    assert!(ran.ok(), "{ran:?}");

    // What a killed one left behind goes when the next one connects; what is used stays.
    let left = Path::new("/tmp").join(format!("firebell-ssh-left-{}", std::process::id()));
    fs::create_dir(&left).expect("a folder");
    fs::write(left.join("lock"), "").expect("a file");
    assert!(run(&ssh(&self::remote(place(&sshd, "key"))), &vector(&["true"])).await.ok());
    assert!(!left.exists());
    assert!(run(&executor, &vector(&["true"])).await.ok());

    // Something that listens and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = Some(silent.local_addr().expect("an address").port());
    let mute = ssh(&self::remote(Place { port, ..place(&sshd, "key") }));
    let ran = run(&mute, &within(Duration::from_secs(3), vector(&["true"]))).await;
    assert!(matches!(&ran.end, End::NotStarted(why) if why.contains("in time")), "{ran:?}");
}

#[tokio::test]
async fn docker_over_there_is_reached_over_the_same_way() {
    let (daemon, sshd) = (Daemon::start().await, Sshd::start().await);
    daemon.container("web", &[], "echo up; trap 'exit 0' TERM; while :; do sleep 0.1; done");
    let docker = docker(Place { socket: daemon.socket().display().to_string(), ..place(&sshd, "key") });
    let ran = run(&docker, &call(&["docker", "ps", "--format", "{{.Names}}"])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "web\n"), "{}", ran.stderr);
    let before = daemon.state("web", "{{.State.StartedAt}}");
    let ran = run(&docker, &call(&["docker", "restart", "web"])).await;
    assert!(ran.ok(), "{}", ran.stderr);
    assert_ne!(daemon.state("web", "{{.State.StartedAt}}"), before);
    let ran = run(&docker, &call(&["docker", "exec", "web", "echo", "$(a) 'b'"])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "$(a) 'b'\n"), "{}", ran.stderr);

    // Compose's own program goes the same way, from files that are here.
    let folder = temp_dir();
    let file = format!(
        "version: '2.4'\nservices:\n  db:\n    image: {IMAGE}\n    network_mode: none\n    command: sleep 1000\n"
    );
    fs::write(folder.join("docker-compose.yml"), file).expect("a file");
    let address = Address::Ssh(remote(Place { socket: daemon.socket().display().to_string(), ..place(&sshd, "key") }));
    let mut here = process::Place::at(folder.path());
    here.env.insert("DOCKER_HOST".to_string(), address.daemon());
    let docker = Docker::new(BTreeMap::from([("box".to_string(), Host::new(address, Secrets::default()))]));
    let project = Project { name: Some("shop".to_string()), docker: "box".to_string(), place: Some(here) };
    let compose = Compose::new(docker, BTreeMap::from([(TARGET.to_string(), project)]));
    let ran = run(&compose, &call(&["docker-compose", "up", "-d"])).await;
    assert!(ran.ok(), "{}", ran.stderr);
    assert_eq!(daemon.state("shop_db_1", "{{.State.Running}}"), "true");
    let ran = run(&compose, &call(&["docker-compose", "stop", "-t", "1", "db"])).await;
    assert_eq!((ran.end, ran.stdout.as_str()), (End::Exited(0), "shop_db_1\n"), "{}", ran.stderr);
}

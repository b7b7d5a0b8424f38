//! Statistics that are kept ready: that a look has them at once, that none is older than what has happened since, and
//! that sampling comes to its end; of the executor alone, and of a bot that is told of an incident. The daemon is real;
//! the streams are counted on the way to it.

use super::docker::{FOR_EVER, at, say, value, words};
use super::run;
use crate::harness::docker::Daemon;
use crate::harness::files::TempDir;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::engine::ports::execute::{Call, End, Execute};
use firebell::exec::docker::Docker;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const STATS: &str = "docker stats --no-stream";
/// Longer than any of these tests takes.
const LONG: Duration = Duration::from_secs(3_600);

/// A way to a daemon that knows how many connections carry a stream of statistics.
struct Way {
    folder: TempDir,
    streams: Arc<AtomicUsize>,
    opened: Arc<AtomicUsize>,
}

impl Way {
    fn to(daemon: &Daemon) -> Way {
        let way = Way { folder: temp_dir(), streams: Arc::default(), opened: Arc::default() };
        let listener = UnixListener::bind(way.socket()).expect("a socket");
        let (there, streams, opened) = (daemon.socket(), way.streams.clone(), way.opened.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, there.clone(), streams.clone(), opened.clone()));
            }
        });
        way
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("way.sock")
    }

    fn streams(&self) -> usize {
        self.streams.load(Ordering::SeqCst)
    }

    /// So far.
    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    async fn until(&self, streams: usize) {
        eventually(&format!("{streams} streams are open"), BOUND, async || self.streams() == streams).await;
    }
}

async fn carry(near: UnixStream, there: PathBuf, streams: Arc<AtomicUsize>, opened: Arc<AtomicUsize>) {
    let far = UnixStream::connect(there).await.expect("the daemon is there");
    let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
    let mut counted = false;
    let asks = async {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = near_in.read(&mut bytes).await {
            let asked = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if asked.contains("/stats?") && !std::mem::replace(&mut counted, true) {
                streams.fetch_add(1, Ordering::SeqCst);
                opened.fetch_add(1, Ordering::SeqCst);
            }
            if far_out.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = asks => {}
        _ = tokio::io::copy(&mut far_in, &mut near_out) => {}
    }
    if counted {
        streams.fetch_sub(1, Ordering::SeqCst);
    }
}

fn looks(lines: &[&str]) -> Vec<Call> {
    lines.iter().map(|line| words(line)).collect()
}

/// Asks until an answer is one that was sampled, or is none.
async fn until_sampled(docker: &Docker, line: &str, sampled: bool) {
    let what = format!("\"{line}\" is answered {}", if sampled { "from samples" } else { "anew" });
    eventually(&what, BOUND, async || say(docker, line).await.stderr.contains("[sampled ") == sampled).await;
}

#[tokio::test]
async fn what_is_sampled_is_answered_at_once_with_its_age_and_a_change_is_never_answered_from_before() {
    let daemon = Daemon::start().await;
    let way = Way::to(&daemon);
    let docker = at(&way.socket());
    daemon.container("busy", &["--memory=64m"], "while :; do :; done");
    daemon.container("idle", &["--memory=64m"], FOR_EVER);

    let cold = say(&docker, STATS).await;
    assert_eq!((cold.end.clone(), cold.stderr.as_str()), (End::Exited(0), ""));
    way.until(0).await;

    docker.keep_warm(&looks(&["docker ps", STATS]), LONG);
    until_sampled(&docker, STATS, true).await;
    way.until(2).await;
    let opened = way.opened();
    let ran = say(&docker, STATS).await;
    assert_eq!(way.opened(), opened, "nothing more is asked of the daemon");
    assert_eq!((ran.end.clone(), ran.stdout.lines().count()), (End::Exited(0), 3), "{}", ran.stdout);
    assert!(value(&ran, "cpu of busy") > Some(5.0), "{}", ran.stdout);
    assert!(value(&ran, "memory of idle") > Some(0.0), "{}", ran.stdout);

    // What Firebell changes by whichever way, and what somebody changes by hand.
    docker.changed();
    let ran = say(&docker, STATS).await;
    assert_eq!((ran.end, ran.stderr.as_str()), (End::Exited(0), ""));
    until_sampled(&docker, STATS, true).await;
    daemon.docker(&["restart", "--time", "1", "idle"]);
    let ran = say(&docker, STATS).await;
    assert!(value(&ran, "memory of idle") > Some(0.0), "{}", ran.stdout);

    // One that comes is sampled with the others, one that goes is not any more.
    daemon.container("third", &[], FOR_EVER);
    way.until(3).await;
    until_sampled(&docker, "docker stats --no-stream third", true).await;
    daemon.docker(&["rm", "--force", "third", "idle"]);
    way.until(1).await;
    assert_eq!(say(&docker, "docker stats --no-stream third").await.end, End::Exited(1));
}

#[tokio::test]
async fn sampling_ends_when_it_is_not_wanted_and_when_nobody_wants_it_any_more() {
    let daemon = Daemon::start().await;
    let way = Way::to(&daemon);
    let docker = at(&way.socket());
    daemon.container("shop", &[], FOR_EVER);
    daemon.container("other", &[], FOR_EVER);

    // One by its name, and nothing for looks that need no sampling.
    docker.keep_warm(&looks(&["docker stats --no-stream shop"]), LONG);
    way.until(1).await;
    docker.keep_warm(&looks(&["docker ps", "docker restart shop"]), LONG);
    way.until(0).await;

    docker.keep_warm(&looks(&[STATS]), LONG);
    way.until(2).await;
    docker.keep_warm(&[], LONG);
    way.until(0).await;

    // Whoever wanted it is gone without a word.
    docker.keep_warm(&looks(&[STATS]), Duration::from_secs(3));
    way.until(2).await;
    way.until(0).await;
    let ran = say(&docker, STATS).await;
    assert_eq!((ran.end, ran.stderr.as_str()), (End::Exited(0), ""));

    // With what samples.
    docker.keep_warm(&looks(&[STATS]), LONG);
    way.until(2).await;
    drop(docker);
    way.until(0).await;
}

#[tokio::test]
async fn a_daemon_that_goes_away_is_sampled_again_when_it_is_back() {
    let daemon = Daemon::start().await;
    daemon.container("shop", &[], FOR_EVER);
    let away = temp_dir();
    let socket = away.join("docker.sock");
    let docker = at(&socket);
    docker.keep_warm(&looks(&[STATS]), LONG);
    let ran = run(&docker, &words(STATS)).await;
    assert!(matches!(ran.end, End::NotStarted(_)), "{:?}", ran.end);
    std::os::unix::fs::symlink(daemon.socket(), &socket).expect("a link");
    until_sampled(&docker, STATS, true).await;
}

const RUNBOOK: &str = "# Shop\n\n## Health checks\n\n```bash\ndocker stats --no-stream\ndocker ps\n```\n";
const OVERLAY: &str = "[[targets]]\nname = \"docker\"\ntarget = \"shop\"\n";

/// A bot with one person and one runbook, on the daemon at the end of that way.
async fn bot(way: &Way) -> Serve {
    let address = format!("unix://{}", way.socket().display());
    let config = format!("[people.ana]\n[targets.shop]\nkind = \"docker\"\naddress = {address:?}\n");
    let mut serve = Serve::configured(&config);
    let folder = serve.folder().join("runbooks");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("shop.md"), RUNBOOK).expect("a runbook");
    fs::write(folder.join("shop.overlay.toml"), OVERLAY).expect("an overlay");
    serve.start_again().await;
    serve
}

async fn told(serve: &Serve, text: &str) {
    let ran = serve.run(&["say", "--as", "ana", text]).await;
    assert_eq!(ran.status, 0, "{text}: {}{}", ran.stdout, ran.stderr);
}

/// Diagnoses INC-1 as its run `no`, and waits for the table: its rows.
async fn diagnosis(serve: &Serve, no: usize) -> Vec<Value> {
    told(serve, "/incident INC-1 diagnose").await;
    let mut table = Value::Null;
    eventually(&format!("run {no} is over"), BOUND, async || {
        table = serve.get_as_operator(&format!("/api/v1/incidents/1/runs/{no}")).await["run"].take();
        table["over"] == true
    })
    .await;
    table["rows"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn an_incident_is_diagnosed_from_samples_whose_age_is_said_and_they_end_with_it() {
    let daemon = Daemon::start().await;
    let way = Way::to(&daemon);
    daemon.container("web", &["--memory=64m"], FOR_EVER);
    daemon.container("queue", &["--memory=64m"], FOR_EVER);
    let mut serve = bot(&way).await;
    assert_eq!(way.opened(), 0, "nothing is sampled while nothing is wrong");

    told(&serve, "/incident declare P1 checkout is slow").await;
    way.until(2).await;
    let (mut no, mut rows) = (0, Vec::new());
    eventually("a diagnosis asks the daemon for no statistics", BOUND, async || {
        let opened = way.opened();
        no += 1;
        rows = diagnosis(&serve, no).await;
        way.opened() == opened
    })
    .await;
    let [stats, ps] = rows.as_slice() else { panic!("{rows:#?}") };
    let says = |row: &Value| row["says"].as_str().unwrap_or_default().to_string();
    for part in ["cpu of web ", "cpu of queue ", "memory of web ", ", sampled ", " s ago"] {
        assert!(says(stats).contains(part), "no {part:?} in {stats:#}");
    }
    assert!(stats["said"].as_str().is_some_and(|said| said.contains("[sampled ")), "{stats:#}");
    assert!(!says(ps).contains("sampled"), "what takes no time is looked at: {ps:#}");

    told(&serve, "/incident INC-1 resolve It is fast again.").await;
    way.until(0).await;
    // With the next one they are there again, and with the process they are gone.
    told(&serve, "/incident declare P1 checkout is slow again").await;
    way.until(2).await;
    serve.terminate().await;
    way.until(0).await;
}

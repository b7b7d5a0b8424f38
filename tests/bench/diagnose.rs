//! How soon a diagnosis is complete, on the lab's own daemon: the health checks of two runbooks, warm (an incident is
//! open, so statistics are sampled) and cold, beside the same commands one after the other in a shell; the table of 200
//! containers; and what sampling costs for each container. In a network of its own, as the tests of the lab are. What it
//! is at is said on standard error: it is minutes, most of them for starting 200 containers and for waiting until nothing is
//! sampled any more.
//!
//! The runbooks are those of `config/runbooks`, or the team's own where FIREBELL_SEED_RUNBOOKS names their folder.

#[path = "../it/systems/bot.rs"]
#[allow(dead_code)] // the tests' bot says more than a benchmark needs
mod bot;
#[path = "../it/systems/lab.rs"]
#[allow(dead_code)]
mod lab;

use crate::figures::{cpu_s, percentiles, resident_mb};
use crate::harness::docker::Daemon;
use crate::harness::process::all_inside;
use crate::http::Client;
use crate::machine;
use bot::Bot;
use lab::Lab;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Says to this program that it is in a network of its own.
const ALONE: &str = "FIREBELL_BENCH_ALONE";
const MANY: usize = 200;
/// Until nothing is under way any more of what an incident that is over had sampled.
const COOL_DOWN: Duration = Duration::from_secs(3);
/// How long the processor's use is watched.
const WATCHED: Duration = Duration::from_secs(15);
/// What takes longer is not measured but broken: seconds of one diagnosis, of one command in a shell, until a diagnosis
/// is answered from samples.
const BOUND: Duration = Duration::from_secs(60);
/// What takes seconds each time, and is the same each time, is done so often at most.
const SLOW_ROUNDS_MAX: usize = 4;

/// What it is at, with the seconds since it began.
fn tell(what: std::fmt::Arguments<'_>) {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    eprintln!("{:4} s  {what}", BEGAN.get_or_init(Instant::now).elapsed().as_secs());
}

/// Of the team's own files the checks that look: those beside them wait, or follow a log for as long as they may.
const VIVIDWALLS: &str = "caddy free stats df";
const LEANVIBE: &str = "stats cluster communication wc health free";

const CONFIG: &str = "[targets.server]\nkind = \"host\"\n";
const ROLES: [&str; 5] =
    ["system administrator", "platform lead", "operations team", "engineering team", "architecture team"];

/// Where the runbooks are.
pub struct Which(PathBuf);

impl Which {
    fn file(&self, system: &str) -> Option<PathBuf> {
        Some(self.0.join(format!("{system}.md")))
    }
}

fn runbooks() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("FIREBELL_SEED_RUNBOOKS").filter(|v| !v.is_empty()) {
        Some(folder) => root.join(folder),
        None => root.join("config/runbooks"),
    }
}

pub async fn run(rounds: u64) -> Value {
    if std::env::var_os(ALONE).is_some() {
        let mut systems = Vec::new();
        let words = |of_theirs: &'static str| if runbooks().ends_with("config/runbooks") { "" } else { of_theirs };
        let rounds = rounds as usize;
        let (site, health) = ("http://localhost/", "https://localhost/health");
        systems.push(of_system("vividwalls", site, words(VIVIDWALLS), rounds, false).await);
        systems.push(of_system("leanvibe", health, words(LEANVIBE), rounds, true).await);
        return json!({
            "benchmark": "diagnose", "machine": machine(), "runbooks": runbooks(), "rounds": rounds, "systems": systems,
        });
    }
    let mut alone = Command::new("unshare");
    alone.args(["--net", "--mount", "--", "sh", "-c", "/bin/busybox ip link set lo up && exec \"$0\" \"$@\""]);
    alone.arg(std::env::current_exe().expect("this program has a path"));
    alone.args(["diagnose", "--rounds", &rounds.to_string()]).env(ALONE, "yes").stderr(Stdio::inherit());
    let output = alone.output().expect("unshare is installed");
    assert!(output.status.success(), "the benchmark failed in its own network: see above");
    serde_json::from_slice(&output.stdout).expect("figures are JSON")
}

async fn bot(lab: &Lab, folder: PathBuf) -> Bot {
    let roles: String = ROLES.map(|r| format!("[[roles]]\nname = {r:?}\npage = [\"@ana\"]\n")).concat();
    let target = |(name, target): (&str, &str)| format!("[[targets]]\nname = {name:?}\ntarget = {target:?}\n");
    let targets: String =
        [("docker", "docker"), ("redis", "docker"), ("host", "server"), ("http", "site")].map(target).concat();
    let overlay = format!("{roles}{targets}[[values]]\nplaceholder = \"your-domain\"\nvalue = \"localhost\"\n");
    let config = format!(
        "{CONFIG}[targets.site]\nkind = \"http\"\nallow = [\"localhost\", \"localhost:9090\"]\nca_file = {:?}\n\
         [log]\nfilter = \"warn\"\n[[policies.default.levels]]\npage = [\"@ana\"]\ndelay = \"1d\"\n",
        lab.authority()
    );
    Bot::beside(lab, Which(folder), &overlay, &config).await.expect("the runbook is there")
}

/// Speaks to the bot over a connection that is open already, as a chat platform's is.
struct Voice {
    address: String,
    token: String,
    http: Client,
    /// The open incident.
    incident: u64,
    seq: i64,
}

/// A diagnosis that is over.
struct Over {
    took: Duration,
    /// What ran, by the order.
    commands: Vec<Value>,
    results: Vec<Value>,
}

impl Voice {
    async fn of(bot: &Bot) -> Voice {
        let (address, token) = (bot.serve.url().replace("http://", ""), bot.serve.token());
        let http = Client::connect(&address, &token).await.expect("it listens");
        Voice { address, token, http, incident: 0, seq: 0 }
    }

    /// The server closes what is idle for some seconds.
    async fn clear_the_throat(&mut self) {
        self.http = Client::connect(&self.address, &self.token).await.expect("it listens");
    }

    async fn say(&mut self, text: &str) {
        let body = json!({ "as": "ana", "text": text }).to_string();
        let answer = self.http.post("/api/v1/say", &body).await.expect("an answer");
        assert!(answer.status < 300, "{text}: {}", String::from_utf8_lossy(&answer.body));
    }

    async fn declare(&mut self) {
        self.clear_the_throat().await;
        self.incident += 1;
        self.seq = 0;
        self.say("/incident declare P1 something is slow").await;
    }

    async fn resolve(&mut self) {
        self.clear_the_throat().await;
        self.say(&format!("/incident INC-{} resolve", self.incident)).await;
    }

    /// From the word to the complete table.
    async fn diagnose(&mut self, words: &str) -> Over {
        self.clear_the_throat().await;
        let began = Instant::now();
        self.say(&format!("/incident INC-{} diagnose {words}", self.incident)).await;
        let (mut commands, mut results) = (Vec::new(), Vec::new());
        loop {
            let path = format!("/api/v1/incidents/{}/events?after={}&limit=500", self.incident, self.seq);
            let answer = self.http.get(&path).await.expect("an answer");
            let took = began.elapsed();
            let log: Value = serde_json::from_slice(&answer.body).expect("JSON");
            for event in log["events"].as_array().into_iter().flatten() {
                self.seq = event["seq"].as_i64().expect("a number");
                match event["kind"].as_str() {
                    Some("run_asked") => commands = event["order"]["commands"].as_array().cloned().unwrap_or_default(),
                    Some("run_finished") => results = event["results"].as_array().cloned().unwrap_or_default(),
                    _ => {}
                }
            }
            if !results.is_empty() {
                return Over { took, commands, results };
            }
            assert!(took < BOUND, "the diagnosis of INC-{} is not over after {took:?}: {log}", self.incident);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Over {
    /// The commands that were carried out natively, in their order: what a shell is asked too.
    fn natives(&self) -> Vec<String> {
        let native = |r: &&Value| r["native"] == true && r["end"] == "exited";
        let mut at: Vec<u64> = self.results.iter().filter(native).filter_map(|r| r["at"].as_u64()).collect();
        at.sort_unstable();
        at.dedup();
        let text = |at: u64| self.commands.get(at as usize)?["text"].as_str().map(str::to_string);
        at.into_iter().filter_map(text).collect()
    }

    /// Whether statistics were answered from samples.
    fn sampled(&self) -> bool {
        self.results.iter().any(|r| r["sampled_ms"].is_u64())
    }

    /// All of them with the time that each took.
    fn each(&self) -> Value {
        let one = |r: &Value| {
            let command = self.commands.get(r["at"].as_u64().unwrap_or_default() as usize);
            json!({
                "command": command.map(|c| &c["text"]), "ms": r["took_ms"], "native": r["native"], "end": r["end"],
                "sampled_ms": r["sampled_ms"],
            })
        };
        self.results.iter().map(one).collect()
    }
}

/// The same commands by their programs, as somebody would type them.
struct Typed {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    lines: Vec<String>,
}

impl Typed {
    fn of(lab: &Lab, natives: &[String]) -> Typed {
        let plugin = Command::new("docker").args(["compose", "version"]).output().is_ok_and(|o| o.status.success());
        let line = |text: &String| match text.as_str() {
            // By itself it would never end.
            "docker stats" => "docker stats --no-stream".to_string(),
            text if !plugin => text.replace("docker compose ", "docker-compose "),
            text => text.to_string(),
        };
        let environment =
            vec![("DOCKER_HOST", lab.daemon.host()), ("CURL_CA_BUNDLE", lab.authority().display().to_string())];
        Typed { folder: lab.folder(), environment, lines: natives.iter().map(line).collect() }
    }

    /// One after the other.
    fn all(&self) -> Duration {
        self.run(&self.lines.join("\n"))
    }

    /// The one that takes longest, by the best of its rounds.
    fn slowest(&self, rounds: usize) -> (Duration, String) {
        let each = self.lines.iter().map(|line| (self.run(line), line.clone()));
        let (first, line) = each.max().expect("there is a command");
        let again = (1..rounds).map(|_| self.run(&line)).min();
        (again.map_or(first, |again| again.min(first)), line)
    }

    fn run(&self, text: &str) -> Duration {
        // Whatever would not end: a shell waits for ever.
        let mut shell = Command::new("timeout");
        shell
            .args([&BOUND.as_secs().to_string(), "sh", "-c", text])
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(n, v)| (n, v)));
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let status = shell.status().expect("there is a shell");
        assert_ne!(status.code(), Some(124), "{text:?} did not end within {BOUND:?}");
        began.elapsed()
    }
}

async fn of_system(system: &'static str, health: &str, words: &str, rounds: usize, many: bool) -> Value {
    tell(format_args!("{system}: the system is built and started"));
    let lab = Lab::up(system).await;
    let bot = bot(&lab, runbooks()).await;
    lab.until(health, 200).await;
    let mut voice = Voice::of(&bot).await;
    let slow = rounds.min(SLOW_ROUNDS_MAX);
    // Which checks there are, and which of them a shell can be asked to do too.
    voice.declare().await;
    let typed = Typed::of(&lab, &voice.diagnose(words).await.natives());
    let (mut warm, checks) = warm(system, &mut voice, words, rounds).await;
    voice.resolve().await;
    let mut cold = cold(system, &mut voice, words, slow).await;
    tell(format_args!("{system}: the same {} commands in a shell, {slow} times", typed.lines.len()));
    let mut shell: Vec<Duration> = (0..slow).map(|_| typed.all()).collect();
    let slowest = typed.slowest(slow);
    let (warm_ms, cold_ms, shell_ms) = (median(&mut warm), median(&mut cold), median(&mut shell));
    let single_ms = slowest.0.as_secs_f64() * 1e3;
    let mut out = json!({
        "system": system, "checks_when_warm": checks, "typed": typed.lines,
        "shell": percentiles(&mut shell), "slowest_single_ms": single_ms.round(), "slowest_single": slowest.1,
        "warm": percentiles(&mut warm), "warm_times_faster": (shell_ms / warm_ms * 10.0).round() / 10.0,
        "cold": percentiles(&mut cold), "cold_ms_beyond_the_slowest_single": (cold_ms - single_ms).round(),
    });
    tell(format_args!(
        "{system}: warm {warm_ms:.0} ms, cold {cold_ms:.0} ms, in a shell {shell_ms:.0} ms, its slowest {single_ms:.0} ms"
    ));
    if many {
        out["many"] = with_many(&lab, &bot, &mut voice, words, rounds).await;
    }
    out
}

fn median(samples: &mut [Duration]) -> f64 {
    samples.sort_unstable();
    samples.get(samples.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1e3)
}

/// An incident is open for a while: since diagnoses are answered from samples.
async fn warm(system: &str, voice: &mut Voice, words: &str, rounds: usize) -> (Vec<Duration>, Value) {
    let began = Instant::now();
    while !voice.diagnose(words).await.sampled() {
        assert!(began.elapsed() < BOUND, "{system}: nothing is answered from samples after {BOUND:?}");
    }
    // Of many containers the first samples come one after the other.
    tokio::time::sleep(COOL_DOWN).await;
    tell(format_args!("{system}: {rounds} diagnoses while an incident is open"));
    let (mut samples, mut last) = (Vec::new(), Value::Null);
    for _ in 0..rounds {
        let over = voice.diagnose(words).await;
        samples.push(over.took);
        last = over.each();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    (samples, last)
}

/// Asked as soon as it is declared, and nothing is sampled before.
async fn cold(system: &str, voice: &mut Voice, words: &str, rounds: usize) -> Vec<Duration> {
    tell(format_args!("{system}: {rounds} diagnoses of incidents that were declared just now"));
    let mut samples = Vec::new();
    for _ in 0..rounds {
        tokio::time::sleep(COOL_DOWN).await;
        voice.declare().await;
        let over = voice.diagnose(words).await;
        if over.sampled() {
            tell(format_args!("{system}: one of them was answered from samples and does not count"));
        } else {
            samples.push(over.took);
        }
        voice.resolve().await;
    }
    samples
}

/// The same table with 200 containers more, and what sampling them costs.
async fn with_many(lab: &Lab, bot: &Bot, voice: &mut Voice, words: &str, rounds: usize) -> Value {
    tell(format_args!("{MANY} containers more are started"));
    let start = format!("seq {MANY} | xargs -P 4 -I@ docker run -d --network=none --name many-@ lab/app sleep 100000");
    let mut made = Command::new("sh");
    made.args(["-c", &start]).env("DOCKER_HOST", lab.daemon.host()).stdout(Stdio::null());
    assert!(made.status().is_ok_and(|s| s.success()), "{MANY} containers could not be started");
    let mut cold = cold("with them", voice, words, rounds.min(SLOW_ROUNDS_MAX)).await;
    tokio::time::sleep(COOL_DOWN).await;
    tell(format_args!("the processor is watched, with nothing sampled and with all of them"));
    let idle = Use::watched(bot.serve.id(), &lab.daemon).await;
    voice.declare().await;
    let (mut warm, checks) = warm("with them", voice, words, rounds).await;
    let sampling = Use::watched(bot.serve.id(), &lab.daemon).await;
    voice.resolve().await;
    tell(format_args!(
        "with them: warm {:.0} ms, cold {:.0} ms; all is taken down",
        median(&mut warm),
        median(&mut cold)
    ));
    json!({
        "containers_more": MANY, "cold": percentiles(&mut cold), "warm": percentiles(&mut warm), "checks_when_warm": checks,
        "sampled_at_most": firebell_domain::limits::SAMPLED_CONTAINERS_MAX, "idle": idle.shown(),
        "sampling": sampling.shown(),
    })
}

/// Of the processor, in hundredths of a core, and of memory.
struct Use {
    firebell: f64,
    docker: f64,
    resident_mb: f64,
}

impl Use {
    async fn watched(firebell: u32, daemon: &Daemon) -> Use {
        // dockerd alone does a quarter of it: the rest are its containerd and what that has beside each container.
        let folder = daemon.socket().with_file_name("");
        let docker = || all_inside(&folder).into_iter().map(cpu_s).sum::<f64>();
        let (before, began) = ((cpu_s(firebell), docker()), Instant::now());
        tokio::time::sleep(WATCHED).await;
        let percent = |now: f64, before: f64| (now - before) / began.elapsed().as_secs_f64() * 100.0;
        Use {
            firebell: percent(cpu_s(firebell), before.0),
            docker: percent(docker(), before.1),
            resident_mb: resident_mb(firebell),
        }
    }

    fn shown(&self) -> Value {
        let round = |v: f64| (v * 10.0).round() / 10.0;
        json!({
            "firebell_cpu_percent": round(self.firebell), "docker_cpu_percent": round(self.docker),
            "firebell_resident_mb": self.resident_mb,
        })
    }
}

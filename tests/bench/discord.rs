//! Discord: how long from an interaction on the gateway to its answer, which comes after a durable commit, at a fixed
//! rate; and how long completion takes with many incidents open. Discord is the tests' own, in this process.

use crate::fake_discord::{Answer, Discord, Person};
use crate::figures::{cores, cpu_s, percentiles, resident_mb};
use crate::harness::serve::Serve;
use crate::machine;
use crate::paced::paced;
use crate::timers::each;
use serde_json::{Value, json};
use std::time::Instant;

/// Incidents that notes are written to; one command in ten declares another.
const INCIDENTS: usize = 50;
/// Completions, one after the other, as one person types.
const COMPLETIONS: u64 = 1_000;
/// Checks of the runbook, and as many remediations.
const COMMANDS: usize = 150;

pub async fn run(rate: u64, seconds: u64, stored: u64) -> Value {
    json!({
        "benchmark": "discord", "machine": machine(), "interactions_per_second": rate, "seconds": seconds,
        "mix": "90 % notes on 50 open incidents, 10 % declarations", "database": "SQLite, WAL, synchronous=FULL",
        "interaction_to_answer": interactions(rate, seconds).await,
        "completion": completion(stored).await,
    })
}

/// Incidents get no channels here: what Discord's limits do to those is no question of speed.
async fn start() -> (Discord, Serve) {
    let discord = Discord::start();
    let config = format!(
        "[log]\nfilter = \"warn\"\n[discord]\ntoken = {:?}\napplication_id = \"{}\"\npublic_key = {:?}\nguild_id = \"{}\"\n\
         api_url = {:?}\nopen = \"none\"\n[people.ana]\ndiscord = \"{}\"\n",
        discord.token(),
        discord.application_id(),
        discord.public_key(),
        discord.guild_id(),
        discord.api_url(),
        discord.ana().id
    );
    let mut serve = Serve::configured(&format!("{config}[targets.here]\nkind = \"host\"\n"));
    let folder = serve.folder().join("runbooks");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("shop.md"), runbook()).expect("written");
    serve.start_again().await;
    discord.eventually("the commands are registered", |s| !s.commands.is_empty()).await;
    discord.eventually("the gateway is there", |s| s.sessions.by_id.values().any(|one| one.link.is_some())).await;
    (discord, serve)
}

/// As long as the longest that teams have.
fn runbook() -> String {
    let look = |n: usize| format!("# How full disk {n} is\ndf -h /srv/{n}\n");
    let change = |n: usize| format!("# Restart worker {n}\ndocker restart worker-{n}\n");
    let of = |one: &dyn Fn(usize) -> String| (1..=COMMANDS).map(one).collect::<String>();
    let (looks, changes) = (of(&look), of(&change));
    format!("# Shop\n\n## Health checks\n\n```bash\n{looks}```\n\n## Recovery\n\n```bash\n{changes}```\n")
}

async fn interactions(rate: u64, seconds: u64) -> Value {
    let (discord, serve) = start().await;
    let one =
        |n| ("/api/v1/incidents".to_string(), json!({"severity": "P3", "title": format!("bench-{n}")}).to_string());
    let ids = each(&serve, INCIDENTS, one).await;
    let (before, began) = (cpu_s(serve.id()), Instant::now());
    let ana = discord.ana();
    let (mut took, failed) = paced(rate, seconds, |n| {
        let id = ids[n as usize % ids.len()].clone();
        ask(ana.clone(), n, id)
    })
    .await;
    let mut figures = percentiles(&mut took);
    figures["failed"] = json!(failed);
    figures["server_cpu_cores"] = json!(cores(serve.id(), before, began));
    figures["server_resident_mb"] = json!(resident_mb(serve.id()));
    figures
}

async fn ask(ana: Person, n: u64, id: String) -> bool {
    let asked = match n % 10 {
        0 => ana.runs("/incident declare", json!({"title": format!("bench-{n} is slow"), "severity": "P3"})).await,
        _ => ana.runs("/incident note", json!({"text": format!("bench {n}"), "incident": id})).await,
    };
    matches!(asked.answered().await, Answer::Message)
}

async fn completion(stored: u64) -> Value {
    let (discord, serve) = start().await;
    let one = |n| {
        let title = format!("bench-{n} checkout of shop {} is slow", n % 97);
        ("/api/v1/incidents".to_string(), json!({"severity": "P3", "title": title}).to_string())
    };
    let ids = each(&serve, stored as usize, one).await;
    let ana = discord.ana();
    let (mut took, mut empty) = (Vec::new(), 0);
    for n in 0..COMPLETIONS {
        let typed = match n % 5 {
            0 => format!("bench-{}", n % stored.max(1)),
            1 => "shop 42".to_string(),
            3 => format!("disk {}", n % COMMANDS as u64),
            4 => format!("worker {}", n % COMMANDS as u64),
            _ => format!("INC-{}", n % stored.max(1)),
        };
        let at = Instant::now();
        let incident = format!("INC-{}", n % stored.max(1) + 1);
        let offered = match n % 5 {
            3 => ana.types("/incident diagnose", json!({"checks": typed, "incident": incident}), "checks").await,
            4 => ana.types("/incident fix run", json!({"what": typed, "incident": incident}), "what").await,
            _ => ana.types("/incident ack", json!({"incident": typed}), "incident").await,
        };
        took.push(at.elapsed());
        empty += usize::from(offered.is_empty());
    }
    let mut figures = percentiles(&mut took);
    figures["incidents"] = json!(ids.len());
    figures["without_an_offer"] = json!(empty);
    figures["server_resident_mb"] = json!(resident_mb(serve.id()));
    figures
}

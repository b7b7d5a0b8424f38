//! Checks and remediations chosen in Discord: what is offered while they are typed, and the form that asks for what a
//! remediation leaves open.

use super::served::{config, connected};
use crate::fake_discord::Discord;
use crate::fake_discord::people::Person;
use crate::harness::serve::Serve;
use serde_json::{Value, json};
use std::fs;

const SHOP: &str = "\
# Shop

**System**: Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| P1 | Outage | 15 minutes |

## Health checks

```bash
# How long it has been up
uptime
# Free disk
df -h
```

## Recovery

```bash
# Restart one worker
docker restart <worker-name>
# Throw the old images away
docker image prune -af
# Start a worker by hand
docker run -d --name <name> --network <network> -m <memory> --cpus <cpus> -p <port>:80 <image>
```
";

/// Where in the runbook a command stands.
fn line_of(command: &str) -> usize {
    SHOP.lines().position(|l| l.contains(command)).expect("it is there") + 1
}

/// A shop that is down, with one target.
async fn shop() -> (Discord, Serve, Person) {
    let server = Discord::start();
    let more = "[targets.here]\nkind = \"host\"\n[services.checkout]\nsystem = \"Shop\"\n";
    let mut bot = Serve::configured(&format!("{}{more}", config(&server, "")));
    let folder = bot.folder().join("runbooks");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("shop.md"), SHOP).expect("written");
    bot.start_again().await;
    connected(&server).await;
    let ana = server.ana();
    let asked =
        ana.runs("/incident declare", json!({"title": "no orders", "severity": "P1", "service": "checkout"})).await;
    assert!(asked.says().await.contains("INC-1"));
    (server, bot, ana)
}

async fn offered(ana: &Person, line: &str, option: &str, typed: &str) -> Vec<(String, String)> {
    let mut options = json!({"incident": "INC-1"});
    options[option] = json!(typed);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    ana.types(line, options, option).await.iter().map(|c| (text(&c["name"]), text(&c["value"]))).collect()
}

#[tokio::test]
async fn checks_and_remediations_of_the_incidents_runbook_are_offered_while_they_are_typed() {
    let (server, mut bot, ana) = shop().await;
    let (up, disk) = (line_of("uptime"), line_of("df -h"));
    let check = |line: usize, name: &str| (format!("line {line}: {name}"), format!("line {line}"));
    let all = offered(&ana, "/incident diagnose", "checks", "").await;
    assert_eq!(all, [check(up, "How long it has been up"), check(disk, "Free disk")]);
    assert_eq!(offered(&ana, "/incident diagnose", "checks", "DISK").await, [check(disk, "Free disk")]);
    assert_eq!(offered(&ana, "/incident diagnose", "checks", "df -").await, [check(disk, "Free disk")], "its command");
    // What is chosen already stays in front.
    let more = offered(&ana, "/incident diagnose", "checks", &format!("line {up}, ")).await;
    let both = format!("line {up}, line {disk}");
    assert_eq!(more, [(format!("{both}: Free disk"), both.clone())]);
    let said = ana.runs("/incident diagnose", json!({"checks": both, "incident": "INC-1"})).await.says().await;
    assert!(said.contains("Run 1"), "{said}");

    let (restart, prune) = (line_of("docker restart"), line_of("image prune"));
    let names: Vec<String> = offered(&ana, "/incident fix run", "what", "").await.into_iter().map(|(n, _)| n).collect();
    assert_eq!(names.len(), 3, "what only reads is no remediation: {names:?}");
    assert_eq!(names[0], format!("line {restart}: Restart one worker (changes something that can be undone)"));
    let old = offered(&ana, "/incident fix run", "what", "old images").await;
    let prune = format!("line {prune}");
    assert_eq!(old, [(format!("{prune}: Throw the old images away (loses data or cuts service)"), prune)]);
    // The only open incident is meant where none is named.
    let alone = ana.types("/incident fix run", json!({"what": "worker"}), "what").await;
    assert_eq!(alone.len(), 2);
    bot.terminate().await;
    server.finish().await;
}

#[tokio::test]
async fn what_a_remediation_leaves_open_is_asked_for_in_a_form_and_asked_for_once() {
    let (server, mut bot, ana) = shop().await;
    let runs = async || -> usize {
        let log = bot.get_as_operator("/api/v1/incidents/1/events?limit=500").await;
        log["events"].as_array().expect("events").iter().filter(|e| e["kind"] == "run_asked").count()
    };
    let restart = format!("line {}", line_of("docker restart"));
    let chosen = json!({"what": restart, "incident": "INC-1"});
    let asked = ana.runs("/incident fix run", chosen.clone()).await;
    let input = asked.modal().await["components"][0]["components"][0].clone();
    assert_eq!((&input["label"], &input["required"]), (&json!("worker-name"), &json!(true)));
    assert_eq!(input["placeholder"], "<worker-name>: Restart one worker");

    // What may not stand there is said by name, and nothing is asked for.
    let refused = ana.submits(&asked, json!({"worker-name": "web 1; reboot"})).await;
    let said = refused.says().await;
    assert!(said.contains("worker-name=web 1; reboot holds ' '"), "{said}");
    assert!(refused.is_ephemeral().await && runs().await == 0);

    let asked = ana.runs("/incident fix run", chosen).await;
    let said = ana.submits(&asked, json!({"worker-name": "web-1"})).await.says().await;
    assert!(said.contains("docker restart web-1"), "{said}");
    let again = ana.submits(&asked, json!({"worker-name": "web-1"})).await.says().await;
    assert!(again.contains("has this already"), "{again}");
    assert_eq!(runs().await, 1, "sent twice, asked for once");

    // What is said with all its arguments needs no form; a form cannot ask for six.
    let said = ana.runs("/incident fix run", json!({"what": format!("{restart} worker-name=web-2 dry-run")})).await;
    assert!(said.says().await.contains("docker restart web-2"));
    let many = format!("line {}", line_of("docker run"));
    let said = ana.runs("/incident fix run", json!({"what": many})).await.says().await;
    for part in ["name=…", "network=…", "image=…", "/incident run"] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    bot.terminate().await;
    server.finish().await;
}

#[tokio::test]
async fn a_form_that_was_opened_before_the_runbook_changed_asks_for_nothing() {
    let (server, mut bot, ana) = shop().await;
    let restart = format!("line {}", line_of("docker restart"));
    let asked = ana.runs("/incident fix run", json!({"what": restart, "incident": "INC-1"})).await;
    asked.modal().await;
    let changed = SHOP.replace("docker restart <worker-name>", "docker rm -f <worker-name>");
    fs::write(bot.folder().join("runbooks/shop.md"), changed).expect("written");
    bot.terminate().await;
    bot.start_again().await;
    connected(&server).await;
    let said = ana.submits(&asked, json!({"worker-name": "web-1"})).await.says().await;
    assert!(said.contains("The runbook has changed since this form was opened"), "{said}");
    bot.terminate().await;
    server.finish().await;
}

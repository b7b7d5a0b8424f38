//! A configuration's targets get the executors of their kinds; what cannot be one is said before anything starts.

mod databases;

use super::*;
use crate::config;
use firebell_domain::playbook::Risk;
use firebell_domain::run::{Order, Ordered, RunKind};

fn carrier_of(name: &str, text: &str) -> Result<Arc<dyn CarryOut>, String> {
    // Only one caller in the process can install the provider; for the others it is already there.
    rustls::crypto::ring::default_provider().install_default().ok();
    let file = std::env::temp_dir().join(format!("firebell-targets-{}-{name}.toml", std::process::id()));
    std::fs::write(&file, text).expect("a file");
    let loaded = config::load(Some(&file), std::iter::empty());
    std::fs::remove_file(&file).expect("a file");
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:?}"));
    carrier(&loaded.config).map_err(|why| why.0)
}

fn order(executor: &str, target: &str, written: &str) -> Order {
    let command = Ordered {
        line: 1,
        executor: executor.to_string(),
        target: target.to_string(),
        written: written.to_string(),
        text: written.to_string(),
        tongue: String::new(),
        bounds: Vec::new(),
        about: String::new(),
        why: String::new(),
        fix: String::new(),
    };
    Order {
        kind: RunKind::Diagnose,
        name: "line 1".into(),
        system: "shop".into(),
        file: "shop.md".into(),
        revision: String::new(),
        risk: Risk::Read,
        environment: None,
        target: target.to_string(),
        commands: vec![command],
        verify: Vec::new(),
        rollback: None,
        params: BTreeMap::new(),
        limit_s: 10,
    }
}

const TARGETS: &str = r#"
[targets.box]
kind = "docker"
address = "unix:///nowhere/docker.sock"
project = "shop"

[targets.watch]
kind = "prometheus"
address = "http://localhost:9099/prometheus"

[targets.server]
kind = "ssh"
address = "root@shop.example.org:2222"
allow = ["157.230.13.13"]
"#;

#[tokio::test]
async fn every_kind_of_target_has_its_executors() {
    let carrier = carrier_of("kinds", TARGETS).expect("a carrier");
    let mut said = String::new();
    for (executor, target, written) in [
        ("prometheus", "watch", "curl -s 'http://localhost:9090/api/v1/query?query=up' | jq ."),
        ("ssh", "server", r#"ssh -i ~/.ssh/key root@157.230.13.13 "tail -20 /var/log/shop.log""#),
        ("ssh", "server", r#"ssh root@db "reboot""#),
        ("ssh", "server", r#"ssh root@157.230.13.13 "cd /srv; ls""#),
        ("host", "server", "df -h"),
        ("app-cli", "server", "shopctl status"),
        ("compose", "box", "docker compose restart web"),
        ("compose", "box", "docker-compose up -d"),
        ("compose", "watch", "docker-compose ps"),
    ] {
        let order = order(executor, target, written);
        let line = match carrier.plan(&order, &order.commands[0]).await {
            Ok(plan) => {
                format!("{} ({}) {}", plan.does, if plan.native { "native" } else { "program" }, plan.finds.join("; "))
            }
            Err(cannot) => format!("by hand: {}", cannot.0),
        };
        said.push_str(&format!("{written}\n    {}\n", line.trim_end()));
    }
    let expected = r#"curl -s 'http://localhost:9090/api/v1/query?query=up' | jq .
    GET http://localhost:9099/prometheus/api/v1/query of up (native) the command says http://localhost:9090/api/v1/query, and the configured server is asked
ssh -i ~/.ssh/key root@157.230.13.13 "tail -20 /var/log/shop.log"
    tail -20 /var/log/shop.log (program) on root@shop.example.org:2222, over ssh
ssh root@db "reboot"
    by hand: db is another machine than shop.example.org, which is the target
ssh root@157.230.13.13 "cd /srv; ls"
    by hand: It takes a shell on root@shop.example.org:2222, which targets.server.scripts does not allow
df -h
    df -h (program) on root@shop.example.org:2222, over ssh
shopctl status
    shopctl status (program) on root@shop.example.org:2222, over ssh
docker compose restart web
    by hand: Docker cannot be reached: there is no socket /nowhere/docker.sock
docker-compose up -d
    by hand: Nobody has said where its Compose file is: add targets.box.folder
docker-compose ps
    by hand: watch is no Docker target, so no Compose project is there
"#;
    assert_eq!(said, expected);
}

#[tokio::test]
async fn an_address_that_is_none_of_its_kind_stops_the_start() {
    for (name, text, why) in [
        ("machine", "kind = \"ssh\"\naddress = \"-oProxyCommand=x\"", "targets.it.address is no machine"),
        ("nowhere", "kind = \"ssh\"", "targets.it.address is no machine"),
        ("docker", "kind = \"docker\"\naddress = \"ssh://a b\"", "targets.it.address is no machine"),
        ("scheme", "kind = \"prometheus\"\naddress = \"ftp://db\"", "targets.it"),
        ("empty", "kind = \"prometheus\"\naddress = \"nonsense\"", "targets.it"),
    ] {
        match carrier_of(name, &format!("[targets.it]\n{text}\n")) {
            Err(said) => assert!(said.starts_with(why), "{name}: {said}"),
            Ok(_) => panic!("{name} was taken"),
        }
    }
}

#[tokio::test]
async fn what_a_target_does_not_allow_is_left_to_a_person() {
    let text = "[targets.box]\nkind = \"docker\"\naddress = \"unix:///nowhere/docker.sock\"\nallow = [\"shop-*\"]\n\
                [targets.here]\nkind = \"host\"\nallow = [\"df\", \"up*\"]\n";
    let carrier = carrier_of("allow", text).expect("a carrier");
    let why = async |executor: &str, target: &str, written: &str| {
        let order = order(executor, target, written);
        carrier.plan(&order, &order.commands[0]).await.map(|p| p.does).map_err(|c| c.0)
    };
    let refused = why("docker", "box", "docker restart billing").await.expect_err("refused");
    assert!(refused.contains("box allows shop-*, and billing is none of them"), "{refused}");
    let away = why("docker", "box", "docker restart shop-web").await.expect_err("nobody is there");
    assert!(!away.contains("allows"), "it was tried: {away}");
    let refused = why("compose", "box", "docker compose -p billing up -d").await.expect_err("refused");
    assert!(refused.contains("box allows shop-*, and the project billing is none of them"), "{refused}");
    let other = why("compose", "box", "docker compose -p shop-web up -d").await.expect_err("it has no folder");
    assert!(!other.contains("allows"), "{other}");
    let refused = why("host", "here", "sudo free -m").await.expect_err("refused");
    assert_eq!(refused, "here allows df, up*, and free is none of them ([targets.here] allow)");
    for written in ["df -h", "uptime"] {
        assert!(why("host", "here", written).await.is_ok(), "{written}");
    }
}

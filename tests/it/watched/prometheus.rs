//! A real Prometheus over a running Firebell, configured as docs/metrics.md says: every rule and every panel asks for
//! what is there, a quiet night says nothing, a dead Firebell is noticed.

use super::dashboard::{filled_in, panels};
use super::scraped::{one_night, scrape};
use super::{RULES, file, metrics_of};
use crate::harness::prometheus::ALERT_BOUND;
use crate::harness::scraper::Scraper;
use crate::harness::{BOUND, eventually};
use crate::live::Live;

/// The page's own configuration, with the target and the pace of the test.
fn configuration(target: &str) -> String {
    let page = file("docs/metrics.md");
    let (_, rest) = page.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    assert!(example.contains("\"127.0.0.1:7911\"") && example.contains("scrape_interval: 15s"), "{example}");
    example.replace("127.0.0.1:7911", target).replace("scrape_interval: 15s", "scrape_interval: 1s")
}

/// A Prometheus that has scraped Firebell already.
async fn watch(live: &Live) -> Scraper {
    let url = live.serve.url();
    let scraper = Scraper::start(&configuration(url.trim_start_matches("http://")), &file(RULES)).await;
    eventually("Firebell is scraped", BOUND, async || {
        scraper.query("firebell_ready == 1").await.is_ok_and(|s| s.len() == 1)
    })
    .await;
    scraper
}

#[tokio::test]
async fn prometheus_finds_what_every_rule_and_every_panel_asks_for_and_a_quiet_night_says_nothing() {
    let live = Live::start().await;
    let scraper = watch(&live).await;
    one_night(&live).await;
    live.done("ana", "/incident INC-2 cancel it was found").await;
    live.done("ana", "/incident INC-3 cancel the monitor was corrected").await;
    let (_, exposed) = scrape(&live).await;
    let unknown = |expression: &str| -> Vec<String> {
        metrics_of(expression).into_iter().filter(|name| !exposed.families.contains_key(name)).collect()
    };
    assert_eq!(unknown("rate(firebell_none_total[5m])"), ["firebell_none_total"], "the check sees what is wrong");
    assert!(scraper.query("rate(firebell_ready[5m]").await.is_err(), "and so does Prometheus");

    for panel in panels() {
        for (expression, legend) in &panel.targets {
            let asked = filled_in(expression);
            assert_eq!(unknown(&asked), Vec::<String>::new(), "{}: {asked}", panel.title);
            let mut found = Vec::new();
            eventually(&format!("{}: {asked} shows something", panel.title), BOUND, async || {
                found = scraper.query(&asked).await.unwrap_or_else(|e| panic!("{}: {asked}: {e}", panel.title));
                !found.is_empty()
            })
            .await;
            let labels = legend.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(label, _)| label);
            for label in labels {
                let without: Vec<_> = found.iter().filter(|s| !s.labels.contains_key(label)).collect();
                assert!(without.is_empty(), "{}: {asked} has no {label}: {without:?}", panel.title);
            }
        }
    }

    let rules = scraper.rules().await;
    assert!(rules.len() > 15);
    for rule in &rules {
        let (name, expression) = (rule["name"].as_str().expect("a name"), rule["query"].as_str().expect("a query"));
        assert_eq!(unknown(expression), Vec::<String>::new(), "{name}: {expression}");
        let severity = rule["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("critical" | "warning")), "{name}: {severity:?}");
        for (part, at_least) in [("summary", 20), ("description", 80), ("runbook_url", 20)] {
            let text = rule["annotations"][part].as_str().unwrap_or_default();
            assert!(text.len() >= at_least && !text.contains('\n'), "{name}: {part}: {text:?}");
        }
    }
    // Each was evaluated over the night, and all that speaks is that something could not be read.
    eventually("only what happened is said", BOUND, async || {
        let rules = scraper.rules().await;
        let speaking: Vec<&str> =
            rules.iter().filter(|r| r["state"] != "inactive").filter_map(|r| r["name"].as_str()).collect();
        rules.iter().all(|r| r["health"] == "ok") && speaking == ["FirebellUnreadableRequests"]
    })
    .await;
    live.finish().await;
}

#[tokio::test]
async fn prometheus_notices_a_firebell_that_was_killed_and_one_that_nobody_answers() {
    let mut live = Live::start().await;
    let scraper = watch(&live).await;
    let state = async |name: &str| {
        let rules = scraper.rules().await;
        let rule = rules.iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("no rule {name}"));
        rule["state"].as_str().unwrap_or_default().to_string()
    };
    eventually("FirebellDown is quiet", BOUND, async || state("FirebellDown").await == "inactive").await;
    // Every page of the level is refused for good, and then the next level's: nobody is reached by anybody's own way.
    live.pagerduty.faults.always(crate::harness::faults::Fault::status(404));
    live.ops.faults.always(crate::harness::faults::Fault::status(410));
    live.done("cy", "/incident declare P1 checkout is down").await;
    eventually("that fires at once", ALERT_BOUND, async || state("FirebellNobodyReached").await == "firing").await;
    eventually("and so does what was given up", ALERT_BOUND, async || state("FirebellPageGivenUp").await == "firing")
        .await;
    live.serve.kill9();
    eventually("that it is down is pending", ALERT_BOUND, async || state("FirebellDown").await == "pending").await;
}

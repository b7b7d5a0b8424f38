//! With several replicas every event counts once: whoever commits it counts it, whoever only hears of it does not.

use super::Exposition;
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::postgres::fresh_database;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};

const SECRET: &str = "between firebell and ops";
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

async fn both(replicas: &[Serve; 2], name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
    let mut values = Vec::new();
    for replica in replicas {
        values.push(Exposition::read(&replica.get("/metrics").await.body).value(name, labels));
    }
    values
}

#[tokio::test]
async fn two_replicas_on_one_postgres_count_each_event_once_and_say_the_same_of_what_is_open() {
    let ops = FakeWebhook::start(SECRET);
    let config = format!(
        "database_url = {:?}\n[audit]\nkey = {KEY:?}\n[paging.webhook.ops]\nurl = {:?}\nsecret = {SECRET:?}\n\
         [people.ana]\ncontact = [{{ via = \"webhook.ops\" }}]\n[policies.default]\nlevels = [{{ page = [\"@ana\"] }}]\n",
        fresh_database(),
        ops.url()
    );
    let mut replicas = [Serve::start(&config).await, Serve::start(&config).await];
    let mut declared = Vec::new();
    for n in 0..10 {
        declared.push(replicas[n % 2].declare(&format!("outage {n}")).await);
    }
    ops.wait_until("ana is paged ten times", |i| i.acted().filter(|d| d.body["kind"] == "page").count() == 10).await;
    eventually("every receipt is recorded", BOUND, async || {
        both(&replicas, "firebell_outbox_finished_total", &[("lane", "page"), ("outcome", "done")])
            .await
            .iter()
            .sum::<f64>()
            == 10.0
    })
    .await;
    assert_eq!(both(&replicas, "firebell_incidents_open", &[("acknowledged", "no")]).await, [10.0, 10.0]);
    // Acknowledged through the other one than that which declared it.
    for (n, incident) in declared.iter().enumerate().take(4) {
        replicas[(n + 1) % 2].acknowledge(incident).await;
    }
    for (name, labels, sum) in [
        ("firebell_incidents_declared_total", &[("severity_rank", "1")][..], 10.0),
        ("firebell_alert_to_page_seconds_count", &[], 10.0),
        ("firebell_page_to_acknowledge_seconds_count", &[], 4.0),
        ("firebell_acknowledgements_total", &[("paged", "yes")], 4.0),
        ("firebell_escalations_total", &[("reason", "declared")], 10.0),
    ] {
        let counted = both(&replicas, name, labels).await;
        assert_eq!(counted.iter().sum::<f64>(), sum, "{name}: {counted:?}");
    }
    assert_eq!(both(&replicas, "firebell_incidents_open", &[("acknowledged", "yes")]).await, [4.0, 4.0]);
    for replica in &mut replicas {
        replica.terminate().await;
    }
}

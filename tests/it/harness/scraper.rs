//! A real Prometheus that scrapes running Firebells, configured as docs/metrics.md says and with the shipped rules,
//! once a second so that a test need not wait. It alerts nobody.

use super::files::{TempDir, temp_dir};
use super::port::{Port, free_port};
use super::process::Process;
use super::prometheus::{PROMETHEUS, installed, ready, start_prometheus, write};
use super::{Answer, http_client};
use serde_json::Value;

#[derive(Debug)]
pub struct Scraper {
    prometheus: Process,
    port: Port,
    http: reqwest::Client,
    folder: TempDir,
}

impl Scraper {
    /// `configuration` is that of the documentation, already with the targets of the test.
    pub async fn start(configuration: &str, rules: &str) -> Scraper {
        installed(&[PROMETHEUS]);
        let (folder, port) = (temp_dir(), free_port());
        write(&folder, "firebell.rules.yml", rules);
        let global = "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  evaluation_interval: 1s\n";
        write(&folder, "prometheus.yml", &format!("{global}{configuration}"));
        let mut prometheus = start_prometheus(&folder, &port);
        ready("Prometheus", &mut prometheus, &port).await;
        Scraper { prometheus, port, http: http_client(), folder }
    }

    /// What an expression is now, as series with their labels and value; an expression that is none comes back as
    /// Prometheus's sentence.
    pub async fn query(&self, expression: &str) -> Result<Vec<Series>, String> {
        let request = self.http.post(format!("{}/api/v1/query", self.port.url()));
        let body = format!("query={}", escaped(expression));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = Answer::to(request).await?.json();
        if answer["status"] != "success" {
            return Err(answer["error"].to_string());
        }
        let (kind, result) = (&answer["data"]["resultType"], &answer["data"]["result"]);
        assert_eq!(kind, "vector", "{expression} is a {kind}");
        let series = result.as_array().cloned().unwrap_or_default();
        Ok(series
            .into_iter()
            .map(|s| Series {
                labels: s["metric"].as_object().cloned().unwrap_or_default(),
                value: s["value"][1].as_str().and_then(|v| v.parse().ok()).unwrap_or(f64::NAN),
            })
            .collect())
    }

    /// The rules as Prometheus has read them, and how they stand.
    pub async fn rules(&self) -> Vec<Value> {
        let answer = Answer::to(self.http.get(format!("{}/api/v1/rules", self.port.url()))).await;
        let groups = answer.expect("Prometheus answers").json()["data"]["groups"].clone();
        let groups = groups.as_array().cloned().unwrap_or_default();
        groups.iter().flat_map(|g| g["rules"].as_array().cloned().unwrap_or_default()).collect()
    }
}

#[derive(Clone, Debug)]
pub struct Series {
    pub labels: serde_json::Map<String, Value>,
    pub value: f64,
}

fn escaped(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

//! A real Prometheus and a real Alertmanager, and the one thing they watch: a metric whose value the test sets.
//!
//! The alert `CheckoutDown` fires within some seconds of `set_broken(true)`, is delivered to the test's webhook,
//! and is resolved after `set_broken(false)`. It never talks to anything beyond loopback, and never skips.

use super::files::{TempDir, temp_dir};
use super::port::{Port, free_port};
use super::process::{Process, kept};
use super::wire::Wire;
use super::{Answer, eventually, http_client};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(super) const PROMETHEUS: &str = "/usr/bin/prometheus";
const ALERTMANAGER: &str = "/usr/bin/prometheus-alertmanager";

/// Both start in a second on an idle machine.
const START_BOUND: Duration = Duration::from_secs(60);

/// What a test may wait for an alert to arrive, or to be reported as resolved: a scrape, an evaluation and a
/// group interval of a second each, on a busy machine.
pub const ALERT_BOUND: Duration = Duration::from_secs(45);

/// The alert that fires while the metric is bad.
pub const ALERT_NAME: &str = "CheckoutDown";

const RULES: &str = r#"
groups:
  - name: checkout
    rules:
      - alert: CheckoutDown
        expr: checkout_broken == 1
        labels:
          severity: critical
          service: checkout
        annotations:
          summary: Checkout is down
          description: No order has been taken for a minute.
"#;

/// Fields are dropped in this order: who sends stops before who receives.
#[derive(Debug)]
pub struct Monitoring {
    prometheus: Process,
    alertmanager: Process,
    ports: (Port, Port),
    target: Wire,
    broken: Arc<AtomicBool>,
    folder: TempDir,
}

impl Monitoring {
    /// Starts both; alerts go to `hook_url` with this bearer token.
    pub async fn start(hook_url: &str, bearer: &str) -> Monitoring {
        installed(&[PROMETHEUS, ALERTMANAGER]);
        let folder = temp_dir();
        let broken = Arc::new(AtomicBool::new(false));
        let target = Wire::serve(Router::new().route("/metrics", get(metrics)).with_state(broken.clone()));
        let ports = (free_port(), free_port());
        write(&folder, "rules.yml", RULES);
        write(&folder, "alertmanager.yml", &alertmanager_config(hook_url, bearer, "alertname, service"));
        write(&folder, "prometheus.yml", &prometheus_config(&ports.1.address(), &target.address()));
        // Prometheus tells an alert once and again only after ten seconds, so who takes it must be there first.
        let mut alertmanager = start_alertmanager(&folder, &ports.1);
        ready("Alertmanager", &mut alertmanager, &ports.1).await;
        let mut prometheus = start_prometheus(&folder, &ports.0);
        ready("Prometheus", &mut prometheus, &ports.0).await;
        Monitoring { prometheus, alertmanager, ports, target, broken, folder }
    }

    /// Makes the metric bad, so that the alert fires, or good again, so that it is resolved.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    pub fn prometheus_url(&self) -> String {
        self.ports.0.url()
    }

    pub fn alertmanager_url(&self) -> String {
        self.ports.1.url()
    }
}

pub(super) fn installed(programs: &[&str]) {
    for program in programs {
        assert!(
            Path::new(program).exists(),
            "{program} is not installed, and the tests need it. Run ./test --install \
             (or apt-get install prometheus prometheus-alertmanager)"
        );
    }
}

/// A real Alertmanager alone, which the test itself tells what fires; its grouping can be changed while it runs.
#[derive(Debug)]
pub struct Alertmanager {
    process: Process,
    port: Port,
    hook: (String, String),
    folder: TempDir,
}

impl Alertmanager {
    /// Alerts go to `hook_url` with this bearer token, grouped by these labels.
    pub async fn start(hook_url: &str, bearer: &str, group_by: &str) -> Alertmanager {
        assert!(Path::new(ALERTMANAGER).exists(), "{ALERTMANAGER} is not installed. Run ./test --install");
        let (folder, port) = (temp_dir(), free_port());
        let hook = (hook_url.to_string(), bearer.to_string());
        write(&folder, "alertmanager.yml", &alertmanager_config(&hook.0, &hook.1, group_by));
        let mut process = start_alertmanager(&folder, &port);
        ready("Alertmanager", &mut process, &port).await;
        Alertmanager { process, port, hook, folder }
    }

    /// Tells it of alerts in the shape of its API, as Prometheus does.
    pub async fn tell(&self, alerts: &serde_json::Value) {
        let request = http_client().post(format!("{}/api/v2/alerts", self.port.url())).json(alerts);
        let answer = Answer::to(request).await.expect("Alertmanager answers");
        assert_eq!(answer.status, 200, "{}{}", answer.body, self.process.log_tail());
    }

    /// Groups by other labels from now on, as after an edit of its file.
    pub async fn group_by(&self, group_by: &str) {
        write(&self.folder, "alertmanager.yml", &alertmanager_config(&self.hook.0, &self.hook.1, group_by));
        let request = http_client().post(format!("{}/-/reload", self.port.url()));
        let answer = Answer::to(request).await.expect("Alertmanager answers");
        assert_eq!(answer.status, 200, "{}{}", answer.body, self.process.log_tail());
    }
}

fn start_alertmanager(folder: &TempDir, port: &Port) -> Process {
    let mut command = kept(ALERTMANAGER);
    command
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join("alertmanager").display()))
        .arg(format!("--web.listen-address={}", port.address()))
        .arg("--cluster.listen-address=") // alone: no gossip port is opened
        .current_dir(folder.path());
    Process::start("Alertmanager", command, &folder.join("alertmanager.log"))
}

pub(super) fn start_prometheus(folder: &TempDir, port: &Port) -> Process {
    let mut command = kept(PROMETHEUS);
    command
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()))
        .arg(format!("--web.listen-address={}", port.address()))
        // A firing alert is told again after this time and forgotten after four of them. Longer than a busy
        // machine may pause: else the alert would seem resolved.
        .arg("--rules.alert.resend-delay=10s")
        .current_dir(folder.path());
    Process::start("Prometheus", command, &folder.join("prometheus.log"))
}

fn alertmanager_config(hook_url: &str, bearer: &str, group_by: &str) -> String {
    format!(
        r#"
route:
  receiver: firebell
  group_by: [{group_by}]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: firebell
    webhook_configs:
      - url: {hook_url:?}
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials: {bearer:?}
"#
    )
}

fn prometheus_config(alertmanager: &str, target: &str) -> String {
    format!(
        r#"
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: [{alertmanager:?}]
scrape_configs:
  - job_name: checkout
    static_configs:
      - targets: [{target:?}]
"#
    )
}

pub(super) fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("the test's folder can be written");
}

pub(super) async fn ready(name: &str, process: &mut Process, port: &Port) {
    let http = http_client();
    let address = format!("{}/-/ready", port.url());
    eventually(&format!("{name} is ready"), START_BOUND, async || {
        if let Some(status) = process.ended() {
            panic!("{name} ended by itself: {status}");
        }
        Answer::to(http.get(&address)).await.is_ok_and(|answer| answer.status == 200)
    })
    .await;
}

async fn metrics(State(broken): State<Arc<AtomicBool>>) -> String {
    let value = u8::from(broken.load(Ordering::SeqCst));
    format!("# TYPE checkout_broken gauge\ncheckout_broken {value}\n")
}

//! A bot beside one system of the lab: its runbook, its overlay of names and addresses, a pager and three people. Ana may
//! approve what the overlay says, Bo is paged after her, Cy only takes part. All is said by `firebell say`.

use super::Which;
use super::lab::Lab;
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::moved_clock::MovedClock;
use crate::harness::serve::Serve;
use crate::harness::{Answer, eventually, http_client};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const SECRET: &str = "between firebell and ops";
const TOKEN: &str = "the token of the alerts";

/// A run with all that it looks at.
const RUN_BOUND: Duration = Duration::from_secs(90);

pub struct Bot {
    pub serve: Serve,
    pub ops: FakeWebhook,
}

impl Bot {
    /// Nothing where the teams' own runbooks were not requested. `config` is what this system adds to the common part.
    pub async fn beside(lab: &Lab, which: Which, overlay: &str, config: &str) -> Option<Bot> {
        Bot::by_the_clock(None, lab, which, overlay, config).await
    }

    /// The same by a clock that the test moves.
    pub async fn by_the_clock(
        clock: Option<&MovedClock>,
        lab: &Lab,
        which: Which,
        overlay: &str,
        config: &str,
    ) -> Option<Bot> {
        let runbook = which.file(lab.system)?;
        let ops = match clock {
            Some(clock) => FakeWebhook::start_with_clock(SECRET, clock.seconds()),
            None => FakeWebhook::start(SECRET),
        };
        let common = format!(
            r#"
            [paging.webhook.ops]
            url = "{}"
            secret = "{SECRET}"
            [people.ana]
            contact = [{{ via = "webhook.ops" }}]
            [people.bo]
            contact = [{{ via = "webhook.ops" }}]
            [people.cy]
            [ingest.alerts]
            kind = "alertmanager"
            token = "{TOKEN}"
            [targets.docker]
            kind = "docker"
            address = "{}"
            environment = "lab"
            folder = {:?}
            {config}
            "#,
            ops.url(),
            lab.daemon.host(),
            lab.folder(),
        );
        let serve = Serve::configured(&common);
        let mut serve = match clock {
            Some(clock) => clock.rules(serve),
            None => serve,
        };
        let folder = serve.folder().join("runbooks");
        fs::create_dir(&folder).expect("a folder");
        fs::copy(&runbook, folder.join(format!("{}.md", lab.system))).expect("the runbook");
        fs::write(folder.join(format!("{}.overlay.toml", lab.system)), overlay).expect("the overlay");
        serve.start_again().await;
        Some(Bot { serve, ops })
    }

    /// An alert as Alertmanager delivers it.
    pub async fn alert(&self, status: &str, severity: &str, title: &str) {
        let labels = json!({ "alertname": title, "severity": severity });
        let body = json!({
            "version": "4", "groupKey": format!("{{}}:{{alertname=\"{title}\"}}"), "status": status, "receiver": "firebell",
            "truncatedAlerts": 0, "groupLabels": { "alertname": title }, "commonLabels": labels,
            "commonAnnotations": { "summary": title }, "externalURL": "http://alertmanager.test:9093",
            "alerts": [{
                "status": status, "labels": labels, "annotations": { "summary": title },
                "startsAt": "2026-01-02T03:04:05Z",
                "endsAt": if status == "resolved" { "2026-01-02T04:04:05Z" } else { "0001-01-01T00:00:00Z" },
                "generatorURL": "", "fingerprint": "a3c1f5e7b9d20468",
            }],
        });
        let request = http_client().post(format!("{}/hooks/alerts", self.serve.url())).bearer_auth(TOKEN).json(&body);
        let answer = Answer::to(request).await.expect("the hook answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Waits until this person has been paged for INC-1.
    pub async fn pages(&self, person: &str) {
        let what = format!("{person} is paged");
        self.ops.wait_until(&what, |i| i.acted().any(|d| d.body["kind"] == "page" && d.body["person"] == person)).await;
    }

    /// Says it and expects that it is done.
    pub async fn done(&self, who: &str, text: &str) -> String {
        let (status, reply) = self.say(who, text).await;
        assert_eq!(status, 0, "{who}: {text}: {reply}");
        reply
    }

    /// Says it and expects that it is refused.
    pub async fn refused(&self, who: &str, text: &str) -> String {
        let (status, reply) = self.say(who, text).await;
        assert_ne!(status, 0, "{who}: {text}: {reply}");
        reply
    }

    /// What it answers, on either of its outputs, without the marks that keep names from being mentions.
    async fn say(&self, who: &str, text: &str) -> (i32, String) {
        let ran = self.serve.run(&["say", "--as", who, text]).await;
        (ran.status, (ran.stdout + &ran.stderr).replace('\u{200b}', ""))
    }

    /// The events of one kind in the log of INC-1.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let log = self.serve.get_as_operator("/api/v1/incidents/1/events?limit=500").await;
        let all = log["events"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|e| e["kind"] == kind).collect()
    }

    /// What came of a run, once it is over.
    pub async fn outcome(&self, run: i64) -> Value {
        let mut found = Value::Null;
        eventually(&format!("run {run} is over"), RUN_BOUND, async || {
            let over = self.events("run_finished").await.into_iter().find(|e| e["run"] == run);
            assert!(self.events("run_outcome_unknown").await.is_empty(), "an outcome is unknown");
            found = over.unwrap_or_default();
            !found.is_null()
        })
        .await;
        found
    }

    /// The playbook of that name is the one proposed first, and is followed.
    pub async fn follows(&self, playbook: &str) {
        let offered = self.done("cy", "/incident runbook").await;
        let first = offered.lines().find(|l| l.trim_start().starts_with("1.")).unwrap_or_default();
        assert!(first.contains(playbook), "{playbook} is not proposed first:\n{offered}");
        self.done("cy", "/incident runbook 1").await;
    }

    /// Diagnoses, and answers what the timeline says of it.
    pub async fn diagnose(&self, who: &str, run: i64) -> String {
        self.done(who, "/incident diagnose").await;
        self.outcome(run).await;
        self.done(who, "/incident timeline").await
    }

    /// A line of the runbook as run `no`: asked for by Cy, who may not approve it, and approved by Ana, who may. Waits
    /// until it is over, and expects that what is looked at afterwards is as it should be.
    pub async fn mend(&self, no: i64, ask: &str) -> Value {
        let said = self.done("cy", ask).await;
        assert!(said.contains("Who may: @ana or an administrator."), "{said}");
        self.refused("cy", &format!("/incident approve {no}")).await;
        assert!(
            self.events("run_started").await.iter().all(|e| e["run"] != no),
            "nothing runs before somebody approves"
        );
        self.done("ana", &format!("/incident approve {no}")).await;
        let outcome = self.outcome(no).await;
        assert_eq!((&outcome["end"], &outcome["verified"]), (&json!("done"), &json!(true)), "{outcome:#}");
        outcome
    }

    /// The alert ends, Ana resolves, and the draft has the line, who approved it and what came of it.
    pub async fn end(self, alert: &str, line: u32, expected: &[&str]) {
        self.alert("resolved", "P1", alert).await;
        self.resolve(line, expected).await;
    }

    /// The same without an alert.
    pub async fn resolve(mut self, line: u32, expected: &[&str]) {
        let said = self.done("ana", "/incident resolve It runs again.").await;
        assert!(said.contains("resolved"), "{said}");
        let draft = self.serve.run(&["postmortem", "INC-1"]).await;
        assert_eq!(draft.status, 0, "{}", draft.stderr);
        let place = format!("line {line}");
        // As it reads once its Markdown is rendered.
        let plain = |text: &str| text.replace(['\u{200b}', '\\', '<', '>'], "");
        let text = plain(&draft.stdout);
        for part in [&[place.as_str(), "approved by @ana", "It helped"], expected].concat() {
            assert!(text.contains(&plain(part)), "no \"{part}\" in the draft:\n{text}");
        }
        self.serve.assert_log_is_whole().await;
        self.serve.terminate().await;
    }
}

//! A running firebell with two pagers, three people and two alert sources, for tests of the real binary.

use crate::harness::fake_pagerduty::{FakePagerduty, ROUTING_KEY};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::serve::Serve;
use crate::harness::{Answer, BOUND, eventually, http_client};
use serde_json::Value;

pub const TOKEN: &str = "the token of prometheus";
pub const OTHER_TOKEN: &str = "the token of the monitor";
/// What PagerDuty signs its webhooks with.
pub const WEBHOOK_SECRET: &str = "pagerduty-signs-with-this";
const SECRET: &str = "between firebell and ops";

pub struct Live {
    pub serve: Serve,
    pub pagerduty: FakePagerduty,
    pub ops: FakeWebhook,
    http: reqwest::Client,
}

impl Live {
    /// Level 1 is Ana by PagerDuty for ten seconds, level 2 Bo by webhook.
    pub async fn start() -> Live {
        Live::start_with("").await
    }

    pub async fn start_with(more: &str) -> Live {
        let (pagerduty, ops) = (FakePagerduty::start(), FakeWebhook::start(SECRET));
        let config = format!(
            r#"
            [paging.pagerduty]
            routing_key = "{ROUTING_KEY}"
            api_url = "{}"
            webhook_secret = "{WEBHOOK_SECRET}"
            [paging.webhook.ops]
            url = "{}"
            secret = "{SECRET}"

            [people.ana]
            pagerduty = "PANA"
            contact = [{{ via = "pagerduty" }}]
            [people.bo]
            contact = [{{ via = "webhook.ops" }}]
            [people.cy]

            [services.checkout]
            owners = ["ana"]

            [[policies.default.levels]]
            page = ["@ana"]
            delay = "10s"
            [[policies.default.levels]]
            page = ["@bo"]
            delay = "1h"

            [ingest.prometheus]
            kind = "alertmanager"
            token = "{TOKEN}"
            [ingest.monitor]
            kind = "generic"
            token = "{OTHER_TOKEN}"
            {more}
            "#,
            pagerduty.url(),
            ops.url()
        );
        let serve = Serve::start(&config).await;
        Live { serve, pagerduty, ops, http: http_client() }
    }

    pub fn hook_url(&self, source: &str) -> String {
        format!("{}/hooks/{source}", self.serve.url())
    }

    /// Delivers a body as a source does.
    pub async fn hook(&self, source: &str, token: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
        let mut request = self.http.post(self.hook_url(source)).header("content-type", "application/json").body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Answer::to(request).await.expect("the hook answers")
    }

    /// Reads from the API as the machine's operator.
    pub async fn api(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.serve.url())).bearer_auth(self.serve.token());
        let answer = Answer::to(request).await.expect("the API answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    pub async fn incident(&self, no: i64) -> Value {
        self.api(&format!("/api/v1/incidents/{no}")).await["incident"].clone()
    }

    /// How many incidents there are, open and ended.
    pub async fn incidents(&self) -> usize {
        let list = self.api("/api/v1/incidents").await;
        list["incidents"].as_array().map_or(0, Vec::len)
    }

    /// The events of one kind in an incident's log.
    pub async fn events(&self, no: i64, kind: &str) -> Vec<Value> {
        let log = self.api(&format!("/api/v1/incidents/{no}/events?limit=500")).await;
        let all = log["events"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|e| e["kind"] == kind).collect()
    }

    pub async fn until_status(&self, no: i64, status: &str, bound: std::time::Duration) {
        let what = format!("INC-{no} is {status}");
        eventually(&what, bound, async || self.incident(no).await["status"] == status).await;
    }

    /// Says it and expects that it is done.
    pub async fn done(&self, who: &str, text: &str) -> String {
        let (status, reply) = self.serve.say(who, text).await;
        assert_eq!(status, 0, "{who}: {text}: {reply}");
        reply
    }

    /// Nothing waits to be sent and nothing is being sent.
    pub async fn nothing_waits(&self) {
        eventually("nothing waits to be sent", BOUND, async || {
            let outbox = &self.api("/health/components").await["components"]["outbox"];
            outbox["waiting"].as_array().is_some_and(Vec::is_empty) && outbox["being_sent"] == 0
        })
        .await;
    }

    /// The log adds up, everything follows from it, no vendor refused anything, and it ends when told.
    pub async fn finish(mut self) {
        self.nothing_waits().await;
        let verified = self.serve.run(&["audit", "verify"]).await;
        assert_eq!(verified.status, 0, "{}{}", verified.stdout, verified.stderr);
        self.serve.terminate().await;
        let rebuilt = self.serve.run(&["audit", "rebuild"]).await;
        assert_eq!((rebuilt.status, rebuilt.stdout.as_str()), (0, "Everything follows from the log.\n"), "{rebuilt:?}");
        self.pagerduty.see(|v| {
            assert_eq!(v.refused().count(), 0, "{}", self.pagerduty.report());
            assert!(v.strays.is_empty(), "{:?}", v.strays);
        });
        self.ops.see(|inbox| assert_eq!(inbox.refused().count(), 0, "{}", self.ops.report()));
    }
}

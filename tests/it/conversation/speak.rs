//! What people and monitoring say to a world: a line of chat and its answer, a delivery of alerts and what came of it.
//! All of it goes into the transcript.

use super::world::{START, World, expect_golden, visible};
use firebell::app::ingest::{self, Taken};
use firebell::commands::{self, Speaker};
use firebell::config::{Ingest, IngestKind};
use serde_json::json;

impl World {
    async fn say(&mut self, who: &str, text: &str) -> Result<String, String> {
        self.settle().await;
        let speaker = Speaker { person: who.into(), via: "room".to_string(), admin: false, place: None };
        let answer = commands::say(&self.app, &speaker, None, text).await;
        let (sign, reply) = match &answer {
            Ok(said) => ("", said.text.clone()),
            Err(no) => ("no: ", no.shown()),
        };
        // A post-mortem ends with every event; sends race within an instant, and so do their receipts there.
        let reply = reply.split_once("\n## Appendix").map_or(reply.as_str(), |(before, _)| before).trim_end();
        let said = match text.chars().count() {
            n if n > 120 => format!("{}… ({n} characters)", text.chars().take(60).collect::<String>()),
            _ => visible(text),
        };
        self.write_down(&format!("{who}: {said}\n  {sign}{}", reply.replace('\n', "\n  ")));
        self.settle().await;
        answer.map(|said| said.text).map_err(|no| no.shown())
    }

    /// Says something that is done; the answer.
    pub async fn says(&mut self, who: &str, text: &str) -> String {
        match self.say(who, text).await {
            Ok(reply) => reply,
            Err(no) => panic!("\"{text}\" was refused: {no}\n{}", self.transcript),
        }
    }

    /// Says something that is refused; the sentence.
    pub async fn is_refused(&mut self, who: &str, text: &str) -> String {
        match self.say(who, text).await {
            Ok(reply) => panic!("\"{text}\" was not refused: {reply}\n{}", self.transcript),
            Err(no) => no,
        }
    }

    /// Alertmanager delivers the alert `CheckoutDown`, which began so many seconds after the start.
    pub async fn alert(&mut self, status: &str, began_s: i64) -> &'static str {
        let alert = json!({
            "status": status,
            "labels": {"alertname": "CheckoutDown", "severity": "critical", "service": "checkout"},
            "annotations": {"summary": "Checkout is down"},
            "startsAt": START.plus_s(began_s).rfc3339(),
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "4be1c0a7d25f3391",
        });
        let body = json!({"version": "4", "groupKey": "{}:{alertname=\"CheckoutDown\"}", "status": status,
            "alerts": [alert], "truncatedAlerts": 0});
        self.settle().await;
        let source = Ingest {
            kind: IngestKind::Alertmanager,
            token: "of no use here".to_string().into(),
            severity: "P1".into(),
            service: None,
            severity_label: "severity".into(),
            service_label: "service".into(),
            rules: Vec::new(),
        };
        let taken = ingest::take(&self.app, "prod", &source, body.to_string().into_bytes()).await;
        let Ok(Taken::Deliveries(done)) = taken else { panic!("the alert was not taken: {taken:?}") };
        let [(incident, what)] = done[..] else { panic!("one group has one result: {done:?}") };
        let to = incident.map_or(String::new(), |id| format!(" {id}"));
        self.write_down(&format!("Alertmanager: CheckoutDown {status}\n  {what}{to}"));
        self.settle().await;
        what
    }

    /// Audits the exit and holds the transcript to `tests/golden/conversation/NAME.txt`.
    pub async fn finish_as(mut self, name: &str) {
        let transcript = std::mem::take(&mut self.transcript);
        self.take_pages();
        self.finish().await;
        expect_golden(&format!("conversation/{name}.txt"), &transcript);
    }
}

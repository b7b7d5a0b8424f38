//! The path, end to end and with nothing replaced but the vendors: an alert or a declaration becomes a page, an
//! acknowledgement, a resolution and a draft.

use crate::harness::fake_pagerduty::Status;
use crate::harness::prometheus::{ALERT_BOUND, Monitoring};
use crate::harness::serve::Serve;
use crate::harness::{Answer, BOUND};
use crate::live::{Live, TOKEN};
use serde_json::json;

#[tokio::test]
async fn a_real_alert_pages_level_after_level_until_somebody_acknowledges_recovers_and_leaves_a_draft() {
    let live = Live::start().await;
    let monitoring = Monitoring::start(&live.hook_url("prometheus"), TOKEN).await;
    monitoring.set_broken(true);

    live.pagerduty.wait_until_within(ALERT_BOUND, "Ana is paged", |v| v.acted("trigger").count() == 1).await;
    let (summary, severity) = live.pagerduty.see(|v| (v.alerts[0].summary.clone(), v.alerts[0].severity.clone()));
    assert_eq!((summary.as_str(), severity.as_str()), ("[P1] INC-1 Checkout is down", "critical"));
    let incident = live.incident(1).await;
    assert_eq!(incident["declared_by"], json!({"by": "source", "name": "prometheus"}));
    assert_eq!(incident["service"], "checkout");

    // Ana sleeps: after ten seconds Bo.
    live.ops.wait_until_within(ALERT_BOUND, "Bo is paged", |i| i.acted().count() == 1).await;
    let page = live.ops.see(|i| i.deliveries[0].body.clone());
    assert_eq!((&page["kind"], &page["person"], &page["incident"]), (&"page".into(), &"bo".into(), &"INC-1".into()));
    assert_eq!(live.pagerduty.see(|v| v.acted("trigger").count()), 1);

    let reply = live.done("ana", "/incident INC-1 ack").await;
    assert!(reply.contains("INC-1") && reply.contains("@ana"), "{reply}");
    live.pagerduty.wait_until("PagerDuty knows", |v| v.alerts[0].status == Status::Acknowledged).await;
    live.ops.wait_until("ops knows", |i| i.acted().any(|d| d.body["kind"] == "page_acknowledged")).await;
    live.nothing_waits().await;
    let incident = live.incident(1).await;
    assert_eq!(incident["next_escalation_at"], json!(null));
    assert_eq!(incident["acknowledged_by"]["via"], "the local token");

    monitoring.set_broken(false);
    live.until_status(1, "monitoring", ALERT_BOUND).await;
    live.done("ana", "/incident resolve The card processor's certificate was renewed.").await;
    live.pagerduty.wait_until("PagerDuty knows the end", |v| v.alerts[0].status == Status::Resolved).await;
    live.ops.wait_until("ops knows the end", |i| i.acted().any(|d| d.body["kind"] == "page_resolved")).await;

    let draft = live.serve.run(&["postmortem", "INC-1"]).await;
    assert_eq!(draft.status, 0, "{}", draft.stderr);
    for part in
        ["INC-1", "Checkout is down", "prometheus", "ana", "bo", "The card processor's certificate was renewed."]
    {
        assert!(draft.stdout.contains(part), "no \"{part}\" in the draft:\n{}", draft.stdout);
    }
    let manner = ["postmortem", "INC-1", "--format", "html", "--template", "pagerduty", "--zone", "Asia/Tokyo"];
    let page = live.serve.run(&manner).await;
    assert!(page.status == 0 && page.stdout.starts_with("<!DOCTYPE html>"), "{}", page.stderr);
    assert!(page.stdout.contains("How did we do?") && page.stdout.contains("JST"), "{}", page.stdout);
    let said = live.done("ana", "/incident INC-1 postmortem").await;
    assert!(said.contains("Checkout is down"), "{said}");

    // One page each, from the first to the last moment.
    assert_eq!(
        live.pagerduty.see(|v| v.requests.iter().map(|r| r.action().to_string()).collect::<Vec<_>>()),
        ["trigger", "acknowledge", "resolve"]
    );
    drop(monitoring);
    assert_eq!(live.incidents().await, 1);
    live.finish().await;
}

#[tokio::test]
async fn by_hand_the_same_and_acknowledged_in_the_room() {
    let live = Live::start().await;
    let reply = live.done("cy", "/incident declare P1 checkout is down service:checkout").await;
    assert!(reply.contains("INC-1") && reply.contains("@ana"), "who is paged is said at once: {reply}");
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.done("cy", "/incident escalate").await;
    live.ops.wait_until("Bo is paged", |i| i.acted().count() == 1).await;

    let room = Room::sign_in(&live.serve, "bo").await;
    let page = room.get("/incidents/1").await;
    assert!(page.body.contains("checkout is down"), "{}", page.body);
    // Without the header that only our own script sends nothing happens.
    let forged = room.say("INC-1", "ack", false).await;
    assert_eq!(forged.status, 403, "{}", forged.body);
    assert_eq!(live.incident(1).await["acknowledged_at"], json!(null));
    let answer = room.say("INC-1", "ack", true).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["incident"], "INC-1");
    let by = live.incident(1).await["acknowledged_by"].clone();
    assert_eq!((&by["name"], &by["via"]), (&"bo".into(), &"room".into()));
    live.pagerduty.wait_until("PagerDuty knows", |v| v.alerts[0].status == Status::Acknowledged).await;
    live.nothing_waits().await;

    let answer = room.say("INC-1", "resolve A full disk.", true).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    live.pagerduty.wait_until("PagerDuty knows the end", |v| v.alerts[0].status == Status::Resolved).await;
    let draft = room.get("/incidents/1/postmortem").await;
    assert!(draft.status == 200 && draft.body.contains("A full disk."), "{}", draft.body);
    let signed_out = Answer::to(room.http.get(live.serve.url() + "/incidents/1")).await.expect("the room answers");
    assert!(!signed_out.body.contains("checkout is down"), "a stranger sees nothing of it");
    live.finish().await;
}

#[tokio::test]
async fn a_page_that_was_given_up_is_seen_on_the_components_and_in_the_timeline_and_reached_the_next_level() {
    let live = Live::start().await;
    live.pagerduty.faults.always(crate::harness::faults::Fault::status(404));
    live.done("cy", "/incident declare P1 checkout is down").await;
    live.ops.wait_until("Bo is paged at once", |i| i.acted().count() == 1).await;
    let components = live.api("/health/components").await;
    assert_eq!(components["pagers"]["pagerduty"]["status"], "degraded", "{components:#}");
    assert_eq!(components["status"], "degraded");
    let failed = &components["failed_last_hour"][0];
    assert_eq!((&failed["incident"], &failed["channel"]), (&"INC-1".into(), &"pagerduty".into()), "{components:#}");
    assert_eq!(failed["why"], "PagerDuty has nothing at this address (404): check it in the configuration");
    let timeline = live.done("cy", "/incident INC-1 timeline").await;
    assert!(timeline.contains("PagerDuty has nothing at this address (404)"), "{timeline}");
    live.pagerduty.faults.none();
    live.finish().await;
}

/// A browser with a session.
pub struct Room {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

impl Room {
    /// As a person does: a link from the operator, the page that it opens, one press.
    pub async fn sign_in(serve: &Serve, person: &str) -> Room {
        let invited = serve.run(&["invite", person]).await;
        assert_eq!(invited.status, 0, "{}", invited.stderr);
        let link = invited.stdout.lines().next().expect("a link is printed").to_string();
        let url = serve.url();
        let redirect = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(redirect).timeout(BOUND).build().expect("a client");
        let page = Answer::to(http.get(&link)).await.expect("the link opens");
        assert_eq!(page.status, 200, "{}", page.body);
        let press = cookie(&page).expect("the page sets half of the proof");
        let hidden = |name: &str| {
            let (_, rest) = page.body.split_once(&format!("name=\"{name}\" value=\"")).expect("a hidden field");
            rest.split('"').next().unwrap_or_default().to_string()
        };
        let form = format!("token={}&press={}", hidden("token"), hidden("press"));
        let pressed = http
            .post(format!("{url}/signin"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &url)
            .header("cookie", &press)
            .body(form.clone());
        let pressed = Answer::to(pressed).await.expect("the press is answered");
        assert_eq!(pressed.status, 303, "{}", pressed.body);
        let cookie = cookie(&pressed).expect("a session begins");
        let again = http.post(format!("{url}/signin")).header("origin", &url).header("cookie", &press).body(form);
        let again = again.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(Answer::to(again).await.expect("it answers").status, 410, "a link works once");
        Room { http, url, cookie }
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        Answer::to(request).await.expect("the room answers")
    }

    /// Presses a button of a page as a browser without script does: the form's own address and hidden fields.
    pub async fn press(&self, page: &str, button: &str) -> Answer {
        let (before, _) = page.split_once(&format!("<button>{button}</button>")).expect("the button is there");
        let form = &before[before.rfind("<form").expect("it stands in a form")..];
        let after = |text: &str, key: &str| {
            let (_, rest) = text.split_once(&format!("{key}=\"")).expect("an attribute");
            rest.split('"').next().unwrap_or_default().to_string()
        };
        let fields: Vec<String> = form
            .split("<input type=\"hidden\" ")
            .skip(1)
            .map(|field| format!("{}={}", after(field, "name"), after(field, "value")))
            .collect();
        let request = self.http.post(format!("{}{}", self.url, after(form, "action"))).header("cookie", &self.cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("origin", &self.url);
        Answer::to(request.body(fields.join("&"))).await.expect("the room answers")
    }

    pub async fn say(&self, room: &str, text: &str, from_our_script: bool) -> Answer {
        let mut request = self.http.post(format!("{}/room/say", self.url)).header("cookie", &self.cookie);
        request = request.header("origin", &self.url).json(&json!({"room": room, "text": text}));
        if from_our_script {
            request = request.header("x-firebell", "1");
        }
        Answer::to(request).await.expect("the room answers")
    }
}

/// The first cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer) -> Option<String> {
    answer.header("set-cookie").and_then(|c| c.split(';').next()).map(str::to_string)
}

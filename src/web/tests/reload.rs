//! What a reload changes for those who ask: at once, and never in the middle of a request.

use super::*;
use crate::app::ingest;

const OTHER: &str = "another-token-of-the-deploy-bot";

impl World {
    /// As composition does it.
    fn put_in_force(&self, directory: Directory, public_url: &str, front: Front) {
        self.app.reload(directory, public_url.to_string());
        let _old = self.reload.routers.send_replace(router(self.web.with(front), axum::Router::new()));
    }
}

#[tokio::test]
async fn a_token_that_was_taken_away_stops_working_at_once_also_on_an_open_connection() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    let with = async |token: &str| answer(w.get("/api/v1/incidents/1").bearer_auth(token)).await;
    assert_eq!(with(DEPLOY).await.0, 200);
    let front = Front { api_tokens: [("deploy-bot".to_string(), OTHER.into())].into(), ..w.reload.front.clone() };
    w.put_in_force(directory(), "http://bell.example:7911", front);
    assert_eq!(code(&with(DEPLOY).await.1), "unauthorized");
    assert_eq!(with(OTHER).await.0, 200);
    assert_eq!(with(LOCAL).await.0, 200, "the token of the machine stays");
}

#[tokio::test]
async fn links_hosts_and_pagers_are_those_of_now() {
    let w = World::new().await;
    w.declare("checkout is down", false).await;
    let hosts = async |name: &str| w.get("/").header("host", name).send().await.unwrap().status().as_u16();
    assert_eq!((hosts("bell.intern").await, hosts("bell.example").await, hosts("new.example").await), (200, 200, 421));
    let front = Front { hosts: vec!["Third.Example".into()], pagers: vec!["webhook.ops".into()], ..Front::default() };
    w.put_in_force(directory(), "https://new.example", front);
    assert_eq!((hosts("bell.intern").await, hosts("bell.example").await), (421, 421));
    assert_eq!((hosts("new.example").await, hosts("third.example:8443").await), (200, 200));
    let (_, one) = w.read("/api/v1/incidents/1").await;
    assert_eq!(one["incident"]["url"], "https://new.example/incidents/1");
    let (_, components) = answer(w.get("/health/components")).await;
    let pagers: Vec<&String> = components["pagers"].as_object().unwrap().keys().collect();
    assert_eq!(pagers, ["webhook.ops"]);
    // What still waits for the one that is gone is counted, and what is sent goes down to nothing.
    let figures = w.get("/metrics").send().await.unwrap().text().await.unwrap();
    for channel in ["pagerduty", "webhook.ops"] {
        let line = format!("firebell_outbox_waiting{{lane=\"page\",channel=\"{channel}\"}}");
        assert!(figures.contains(&line), "{line} in\n{figures}");
    }
}

#[tokio::test]
async fn a_request_under_way_goes_on_with_what_was_in_force_when_it_began() {
    let w = World::new().await;
    let began = w.web.clone();
    let mut without = directory();
    without.services.clear();
    w.put_in_force(without, "https://new.example", Front::default());
    assert!(began.app().directory().services.contains_key(&"payments".into()));
    assert_eq!(&*began.app().public_url(), "http://bell.example:7911");
    // What it then does is decided by what is in force: the service that is gone harms nothing.
    let source = crate::config::Ingest {
        rules: Vec::new(),
        kind: crate::config::IngestKind::Generic(Box::default()),
        token: DEPLOY.into(),
        severity: "P1".into(),
        service: Some("payments".into()),
        severity_label: "severity".into(),
        service_label: "service".into(),
    };
    let body = br#"{"group": "g", "title": "cards time out", "status": "firing"}"#.to_vec();
    let taken = ingest::take(began.app(), "monitor", &source, body).await.unwrap();
    assert_eq!(taken, ingest::Taken::Deliveries(vec![(Some(IncidentId(1)), "declared")]));
    assert!(w.web.with(Front::default()).app().directory().services.is_empty());
}

#[tokio::test]
async fn a_configuration_that_was_refused_is_seen_with_its_first_problem_and_since_when() {
    let w = World::new().await;
    w.engine.change(|s| s.ticked_at = Some(NOW));
    let component = async || {
        let (_, body) = answer(w.get("/health/components")).await;
        (body["status"].clone(), body["components"]["configuration"].clone())
    };
    let (overall, configuration) = component().await;
    assert_eq!((&overall, &configuration["status"]), (&json!("healthy"), &json!("healthy")));
    let config = "[people.ana]\ntime_zone = \"Europe/Berln\"\n[policies.default]\n";
    let folder = std::env::temp_dir().join(format!("firebell-refused-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("bell.toml");
    std::fs::write(&file, config).unwrap();
    let problems = crate::config::load(Some(&file), std::iter::empty()).unwrap_err();
    std::fs::remove_dir_all(&folder).unwrap();
    w.reload.configuration.send_modify(|s| s.refuse(NOW, &problems));
    w.reload.configuration.send_modify(|s| s.refuse(NOW.plus_s(60), &problems));
    let (overall, configuration) = component().await;
    assert_eq!((&overall, &configuration["status"]), (&json!("degraded"), &json!("degraded")));
    assert_eq!(configuration["refused_since"], NOW.rfc3339(), "since the first that was refused");
    let problem = configuration["problem"].as_str().unwrap();
    assert!(problem.ends_with("bell.toml:2: error: people.ana.time_zone: \"Europe/Berln\" is not a time zone. Did you mean \"Europe/Berlin\"?"), "{problem}");
    let message = configuration["message"].as_str().unwrap();
    assert!(message.contains(problem) && message.contains("And 1 more."), "{message}");
    assert_eq!(answer(w.get("/ready")).await.0, 200, "what was valid before works on");
    let waiting = Standing { waiting: vec!["listen".into()], ..Standing::new(None, NOW) };
    w.reload.configuration.send_replace(waiting);
    let (overall, configuration) = component().await;
    assert_eq!((&overall, &configuration["status"]), (&json!("healthy"), &json!("healthy")));
    assert_eq!(configuration["message"], "In force, except listen: at the next start.");
}

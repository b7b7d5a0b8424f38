//! The configuration of a running bot, exchanged by SIGHUP: what takes effect, what does not, and that nothing does when
//! there is a mistake in it.

use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::faults::Fault;
use crate::harness::serve::Serve;
use crate::harness::{Answer, BOUND, eventually, http_client};
use serde_json::{Value, json};
use std::process::Command;

const SECRET: &str = "between firebell and ops";
const TOKEN: &str = "the token of the deploy bot";

/// Three people who are paged through one webhook.
fn team(ops: &FakeWebhook, more: &str) -> String {
    format!(
        r#"
        [paging.webhook.ops]
        url = "{}"
        secret = "{SECRET}"
        [people.ana]
        contact = [{{ via = "webhook.ops" }}]
        [people.bo]
        contact = [{{ via = "webhook.ops" }}]
        [people.cy]
        contact = [{{ via = "webhook.ops" }}]
        {more}
        "#,
        ops.url()
    )
}

/// Level after level, an hour apart.
fn policy(levels: &[&str]) -> String {
    let levels: Vec<String> =
        levels.iter().map(|person| format!("{{ page = [\"@{person}\"], delay = \"1h\" }}")).collect();
    format!("[policies.default]\nlevels = [{}]\n", levels.join(", "))
}

async fn component(serve: &Serve) -> Value {
    serve.get("/health/components").await.json()["components"]["configuration"].clone()
}

async fn figure(serve: &Serve, name: &str) -> f64 {
    let figures = serve.get("/metrics").await.body;
    let line = figures.lines().find(|l| l.split(' ').next() == Some(name));
    let value = line.and_then(|l| l.split(' ').nth(1)).and_then(|v| v.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in\n{figures}"))
}

/// Who was paged for an incident, in the order of arrival.
fn paged(ops: &FakeWebhook, incident: &str) -> Vec<String> {
    let text = |body: &Value, key: &str| body[key].as_str().unwrap_or_default().to_owned();
    ops.see(|inbox| {
        let pages = inbox.acted().filter(|d| d.body["kind"] == "page" && text(&d.body, "incident") == incident);
        pages.map(|d| text(&d.body, "person")).collect()
    })
}

async fn until_paged(ops: &FakeWebhook, incident: &str, expected: &[&str]) {
    let what = format!("{incident} has paged {expected:?}");
    eventually(&what, BOUND, async || paged(ops, incident) == expected).await;
}

/// The bodies of the organisation's events of one kind, from outside.
fn recorded(serve: &Serve, kind: &str) -> Vec<Value> {
    let statement = format!("SELECT body FROM event WHERE incident_id = 0 AND kind = '{kind}' ORDER BY seq");
    let database = serve.folder().join("firebell.db");
    let output = Command::new("sqlite3").arg(database).arg(statement).output();
    let output = output.expect("sqlite3 is installed: run ./test --install");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("sqlite3 prints UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a body is JSON")).collect()
}

#[tokio::test]
async fn a_new_policy_takes_effect_for_the_next_incident_and_not_for_the_open_one() {
    let ops = FakeWebhook::start(SECRET);
    let mut serve = Serve::start(&team(&ops, &policy(&["ana", "bo"]))).await;
    assert_eq!(serve.declare("checkout is down").await, "INC-1");
    until_paged(&ops, "INC-1", &["ana"]).await;
    let loaded_at = component(&serve).await["loaded_at"].clone();
    serve.configure(&team(&ops, &(policy(&["cy", "ana"]) + "[people.dora]\n")));
    // Not by itself.
    assert_eq!(serve.declare("search is slow").await, "INC-2");
    until_paged(&ops, "INC-2", &["ana"]).await;
    let log = serve.reload().await;
    assert!(log.contains("the configuration is in force: people.dora added, policies.default changed"), "{log}");
    assert_ne!(component(&serve).await["loaded_at"], loaded_at);
    assert_eq!(serve.declare("mail bounces").await, "INC-3");
    until_paged(&ops, "INC-3", &["cy"]).await;
    // The open ones go on as they were promised.
    for incident in ["INC-1", "INC-2"] {
        let (status, reply) = serve.say("ana", &format!("/incident {incident} escalate")).await;
        assert_eq!(status, 0, "{reply}");
        until_paged(&ops, incident, &["ana", "bo"]).await;
    }
    assert_eq!(
        recorded(&serve, "reloaded"),
        [json!({"kind": "reloaded", "changed": ["people.dora added", "policies.default changed"]})]
    );
    let log = serve.reload().await;
    assert!(log.contains("nothing of it is otherwise than before"), "{log}");
    serve.assert_log_is_whole().await;
    serve.terminate().await;
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_seen_everywhere_and_a_repaired_one_heals_it() {
    let ops = FakeWebhook::start(SECRET);
    let good = team(&ops, &policy(&["ana"]));
    let mut serve = Serve::start(&good).await;
    assert_eq!(
        (component(&serve).await["status"].clone(), figure(&serve, "firebell_config_valid").await),
        (json!("healthy"), 1.0)
    );
    let loaded = figure(&serve, "firebell_config_loaded_timestamp_seconds").await;
    assert!(loaded > 1.7e9, "{loaded}");

    // One good change and two mistakes: none of it counts.
    let broken = team(&ops, &(policy(&["cy"]) + "[services.shop]\nowners = [\"dora\"]\n"))
        .replace("[people.bo]", "[people.bo]\ntime_zone = \"Europe/Berln\"");
    serve.configure(&broken);
    let log = serve.reload().await;
    let file = serve.config_path().display().to_string();
    let line = |what: &str| {
        let text = std::fs::read_to_string(serve.config_path()).expect("the file is there");
        text.lines().position(|l| l.contains(what)).expect("the line is there") + 1
    };
    let zone = format!(
        "{file}:{}: error: people.bo.time_zone: \"Europe/Berln\" is not a time zone. Did you mean \"Europe/Berlin\"?",
        line("Berln")
    );
    let owner = format!(
        "{file}:{}: error: services.shop.owners: there is no person \"dora\". Add a table [people.dora].",
        line("dora")
    );
    for said in [zone.as_str(), &owner, "what was valid before stays in force"] {
        assert!(log.contains(said), "no \"{said}\" in\n{log}");
    }
    let refused = component(&serve).await;
    assert_eq!((&refused["status"], &refused["problem"]), (&json!("degraded"), &json!(zone)), "{refused:#}");
    assert!(refused["message"].as_str().is_some_and(|m| m.contains("And 1 more.")), "{refused:#}");
    assert_eq!(serve.get("/health/components").await.json()["status"], "degraded");
    assert_eq!(figure(&serve, "firebell_config_valid").await, 0.0);
    assert_eq!(figure(&serve, "firebell_config_loaded_timestamp_seconds").await, loaded);
    assert_eq!(serve.get("/ready").await.status, 200);
    assert_eq!(serve.declare("checkout is down").await, "INC-1");
    until_paged(&ops, "INC-1", &["ana"]).await;
    // The dry run says the same.
    let check = serve.run(&["config", "check"]).await;
    assert!(check.status == 1 && check.stdout.contains(&zone) && check.stdout.contains(&owner), "{check:?}");

    // A file that has gone is a mistake too, and it goes on since when it was.
    std::fs::remove_file(serve.config_path()).expect("removed");
    let log = serve.reload().await;
    assert!(log.contains("cannot read the configuration: there is no such file"), "{log}");
    assert_eq!(component(&serve).await["refused_since"], refused["refused_since"]);

    serve.configure(&team(&ops, &policy(&["cy"])));
    let log = serve.reload().await;
    assert!(log.contains("the configuration is in force: policies.default changed"), "{log}");
    let healed = component(&serve).await;
    assert_eq!((&healed["status"], &healed["problem"]), (&json!("healthy"), &Value::Null), "{healed:#}");
    assert_eq!(figure(&serve, "firebell_config_valid").await, 1.0);
    assert!(figure(&serve, "firebell_config_loaded_timestamp_seconds").await > loaded);
    assert_eq!(serve.declare("search is slow").await, "INC-2");
    until_paged(&ops, "INC-2", &["cy"]).await;
    assert_eq!(recorded(&serve, "reloaded").len(), 1, "what was refused is no reload");
    serve.terminate().await;
}

#[tokio::test]
async fn a_pagers_new_address_gets_the_next_page_while_the_one_under_way_finishes_at_the_old() {
    let (old, new) = (FakeWebhook::start(SECRET), FakeWebhook::start(SECRET));
    let mut serve = Serve::start(&team(&old, &policy(&["ana"]))).await;
    old.faults.next(1, Fault::hang());
    assert_eq!(serve.declare("checkout is down").await, "INC-1");
    old.wait_until("the page of INC-1 is under way", |inbox| inbox.acted().count() == 1).await;
    serve.configure(&team(&new, &policy(&["ana"])));
    let log = serve.reload().await;
    assert!(log.contains("the configuration is in force: paging.webhook.ops changed"), "{log}");
    assert!(!log.contains(&new.url()) && !log.contains(SECRET), "a changed address is not printed: {log}");
    assert_eq!(serve.declare("search is slow").await, "INC-2");
    until_paged(&new, "INC-2", &["ana"]).await;
    old.faults.release();
    let done = |log: Value| {
        let events = log["events"].as_array().cloned().unwrap_or_default();
        let kind = |kind: &str| events.iter().filter(|e| e["kind"] == kind).count();
        (kind("intent_done"), kind("intent_retried") + kind("intent_failed"))
    };
    let log_of = async || {
        let request = http_client().get(format!("{}/api/v1/incidents/1/events?limit=500", serve.url()));
        Answer::to(request.bearer_auth(serve.token())).await.expect("the API answers").json()
    };
    eventually("the page of INC-1 is taken", BOUND, async || done(log_of().await).0 == 1).await;
    assert_eq!(done(log_of().await), (1, 0));
    assert_eq!((paged(&old, "INC-1").len(), paged(&old, "INC-2").len()), (1, 0));
    assert_eq!(paged(&new, "INC-1").len(), 0, "nothing is sent twice");
    assert_eq!(recorded(&serve, "reloaded")[0]["changed"], json!(["paging.webhook.ops changed"]));
    serve.terminate().await;
}

#[tokio::test]
async fn a_pager_that_is_taken_away_hands_its_waiting_pages_to_what_is_left() {
    let (ops, other) = (FakeWebhook::start(SECRET), FakeWebhook::start(SECRET));
    let both = |via: &str| {
        let second = format!(
            "[paging.webhook.other]\nurl = \"{}\"\nsecret = \"{SECRET}\"\n[people.eve]\ncontact = [{via}]\n",
            other.url()
        );
        second + &policy(&["eve"])
    };
    let mut serve = Serve::start(&team(&ops, &both("{ via = \"webhook.ops\" }"))).await;
    ops.faults.always(Fault::status(503));
    assert_eq!(serve.declare("checkout is down").await, "INC-1");
    ops.wait_until("ops has refused the page", |inbox| inbox.deliveries.len() == 1).await;
    let config = team(&ops, &both("{ via = \"webhook.other\" }")).replace("contact = [{ via = \"webhook.ops\" }]", "");
    let (_, after) = config.split_once("[people.ana]").expect("the team has people");
    serve.configure(&format!("[people.ana]{after}"));
    let log = serve.reload().await;
    for change in ["paging.webhook.ops removed", "people.eve changed", "people.ana changed"] {
        assert!(log.contains(change), "no {change} in\n{log}");
    }
    until_paged(&other, "INC-1", &["eve"]).await;
    let pagers = serve.get("/health/components").await.json()["pagers"].clone();
    assert_eq!(pagers.as_object().map(|p| p.keys().cloned().collect::<Vec<_>>()), Some(vec!["webhook.other".into()]));
    serve.terminate().await;
}

#[tokio::test]
async fn tokens_sources_and_secrets_of_files_are_those_of_the_last_reload_at_once() {
    let serve = Serve::configured("");
    let written = |secret: &str| std::fs::write(serve.folder().join("monitor"), secret).expect("written");
    written("the first token of the monitor\n");
    let config = |more: &str| format!("[ingest.monitor]\nkind = \"generic\"\ntoken_file = \"monitor\"\n{more}");
    let bot = format!("[api.tokens.deploy-bot]\ntoken = \"{TOKEN}\"\n");
    serve.configure(&config(&bot));
    let mut serve = serve;
    serve.start_again().await;
    let read = async |token: &str| {
        let request = http_client().get(format!("{}/api/v1/incidents", serve.url())).bearer_auth(token);
        Answer::to(request).await.expect("the API answers").status
    };
    let hook = async |source: &str, token: &str| {
        let body = json!({"group": source, "title": "queue is full", "status": "firing"});
        serve.post_json(&format!("/hooks/{source}"), Some(token), &body).await.status
    };
    assert_eq!((read(TOKEN).await, hook("monitor", "the first token of the monitor").await), (200, 200));
    std::fs::write(serve.folder().join("monitor"), "the second token of the monitor\n").expect("written");
    serve.configure(&config("[ingest.other]\nkind = \"generic\"\ntoken = \"the token of the other\"\n"));
    let log = serve.reload().await;
    let said =
        "the configuration is in force: api.tokens.deploy-bot removed, ingest.monitor changed, ingest.other added";
    assert!(log.contains(said), "{log}");
    assert_eq!(read(TOKEN).await, 401, "a token that was taken away");
    assert_eq!(hook("monitor", "the first token of the monitor").await, 401);
    assert_eq!(hook("monitor", "the second token of the monitor").await, 200);
    assert_eq!(hook("other", "the token of the other").await, 200);
    // A secret's file that is empty now: everything stays.
    std::fs::write(serve.folder().join("monitor"), "\n").expect("written");
    let log = serve.reload().await;
    assert!(log.contains("ingest.monitor.token_file: \"monitor\": is empty."), "{log}");
    assert_eq!(hook("monitor", "the second token of the monitor").await, 200);
    serve.terminate().await;
}

#[tokio::test]
async fn what_a_running_bot_stands_on_waits_for_the_next_start_and_the_rest_does_not() {
    let mut serve = Serve::start("").await;
    let own = std::fs::read_to_string(serve.config_path()).expect("the file is there");
    let elsewhere = own.replace("listen = \"127.0.0.1:", "listen = \"127.0.0.2:");
    let more = "hosts = [\"bell.internal\"]\npublic_url = \"https://bell.example.org\"\n[log]\nformat = \"json\"\nfilter = \"info,firebell=debug\"\n";
    std::fs::write(serve.config_path(), elsewhere + more).expect("written");
    let log = serve.reload().await;
    for key in ["listen", "log.format"] {
        assert!(log.contains(&format!("{key} has changed: it takes effect at the next start")), "{log}");
    }
    assert!(log.contains("in force: hosts added, log.filter added, public_url added"), "{log}");
    let configuration = component(&serve).await;
    assert_eq!(configuration["waiting_for_a_start"], json!(["listen", "log.format"]), "{configuration:#}");
    assert_eq!(configuration["status"], "healthy");
    let host = async |name: &str| {
        let request = http_client().get(serve.url() + "/").header("host", name);
        Answer::to(request).await.expect("the room answers").status
    };
    assert_eq!((host("bell.internal").await, host("bell.example.org").await), (200, 200));
    assert_eq!(host("evil.example").await, 421);
    // The new filter lets through what the old one did not.
    eventually("requests are in the log", BOUND, async || serve.log().contains("answered 421")).await;
    let invited = serve.run(&["invite", "ana"]).await;
    assert_eq!(invited.status, 2, "the command line already looks at the new address: {invited:?}");
    // It is still said at the next reload, and to the end.
    assert!(serve.reload().await.contains("listen has changed: it takes effect at the next start"));
    std::fs::write(serve.config_path(), own).expect("written");
    let log = serve.reload().await;
    assert!(!log.contains("takes effect at the next start"), "{log}");
    assert_eq!(component(&serve).await["waiting_for_a_start"], json!([]));
    serve.terminate().await;
}

#[tokio::test]
async fn a_stand_in_of_the_file_that_chat_overrules_is_named_with_its_line() {
    let with = |more: &str| {
        format!("[people.ana]\n[people.bo]\n[people.cy]\n[schedules.primary]\npeople = [\"ana\", \"bo\"]\n{more}")
    };
    let mut serve = Serve::start(&with("")).await;
    let (status, reply) = serve.say("ana", "/oncall primary override @cy now +8h").await;
    assert_eq!(status, 0, "{reply}");
    serve.configure(&with(
        "overrides = [{ person = \"bo\", from = 2020-01-01T00:00:00Z, to = 2099-01-01T00:00:00Z }]\n",
    ));
    let log = serve.reload().await;
    let said = "warning: schedules.primary.overrides[0]: @cy from";
    assert!(log.contains(":8: ") && log.contains(said) && log.contains("counts instead of @bo"), "{log}");
    let (_, reply) = serve.say("ana", "/oncall primary").await;
    assert!(reply.starts_with("primary: @cy (stands in)"), "{reply}");
    // A further one from chat says whom it replaces: the one of chat and the one of the file.
    let (_, reply) = serve.say("ana", "/oncall primary override @ana now +1h").await;
    assert!(reply.contains("instead of @cy while both last") && reply.contains("instead of @bo"), "{reply}");
    // The start says it as well.
    serve.terminate().await;
    let before = serve.log().len();
    serve.start_again().await;
    assert!(serve.log()[before..].contains(said), "{}", &serve.log()[before..]);
    serve.terminate().await;
}

#[tokio::test]
async fn a_start_with_a_mistake_names_all_of_them_and_the_check_says_the_same() {
    let mut serve = Serve::configured(
        "[people.ana]\ntime_zone = \"Europe/Berln\"\n[policies.default]\nlevels = [{ page = [\"@bo\"] }]\n\
         [paging.pagerduty]\nrouting_key = \"CHANGEME\"\n",
    );
    serve.start_unready();
    assert_eq!(serve.ended().await, Some(2));
    let started = serve.log();
    let checked = async |arguments: &[&str]| {
        let ran = serve.run(&[&["config", "check"], arguments].concat()).await;
        (ran.status, ran.stdout)
    };
    let (status, text) = checked(&[]).await;
    assert_eq!(status, 1, "{text}");
    for said in [
        ":4: error: people.ana.time_zone",
        ":6: error: policies.default",
        ":8: error: paging.pagerduty.routing_key: is a placeholder",
    ] {
        assert!(started.contains(said) && text.contains(said), "no {said} in\n{started}\n{text}");
    }
    assert!(text.ends_with("3 errors, 0 warnings. Firebell does not start with this.\n"), "{text}");
    let (status, json) = checked(&["--format", "json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let lines: Vec<i64> =
        json["problems"].as_array().expect("a list").iter().filter_map(|p| p["line"].as_i64()).collect();
    assert_eq!((status, &json["ok"], lines), (1, &json!(false), vec![4, 6, 8]));
    // What could not be read was not checked.
    std::fs::remove_file(serve.config_path()).expect("removed");
    let (status, text) = checked(&[]).await;
    assert_eq!(status, 2, "{text}");
    serve.configure("");
    let (status, text) = checked(&[]).await;
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("note: paging: no pager is configured: nobody is paged."), "{text}");
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised_to_what_is_allowed_and_said() {
    let mut serve = Serve::configured("").through(&["prlimit", "--nofile=512:2048", "--"]);
    serve.start_again().await;
    let log = serve.log();
    assert!(log.contains("2048 files and connections may be open, before the start it was 512"), "{log}");
    assert!(log.contains("raise the hard limit"), "{log}");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serve.id())).expect("Linux says so");
    let open = limits.lines().find(|l| l.starts_with("Max open files")).expect("a limit of files");
    assert_eq!(open.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["2048", "2048"]);
    serve.terminate().await;
}

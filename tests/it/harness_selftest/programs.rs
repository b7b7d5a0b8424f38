//! The real programs are started, stopped and frozen as the harness says.

use crate::harness::files::shared_root;
use crate::harness::port::free_port;
use crate::harness::postgres::{PrivatePostgres, fresh_database, query};
use crate::harness::process::{Process, kept, state_of};
use crate::harness::prometheus::{ALERT_BOUND, ALERT_NAME, Monitoring};
use crate::harness::wire::Wire;
use crate::harness::{BOUND, eventually, eventually_blocking, temp_dir};
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;
use std::net::TcpListener;
use std::time::Duration;
use tokio::sync::watch;

#[test]
fn every_test_gets_an_empty_postgres_database_of_its_own() {
    let (first, second) = (fresh_database(), fresh_database());
    assert_ne!(first, second);
    query(&first, "create table page (person text)").unwrap();
    query(&first, "insert into page values ('ana'), ('Bo'), ('cy')").unwrap();
    let none = query(&second, "select count(*) from information_schema.tables where table_schema = 'public'");
    assert_eq!(none.unwrap(), "0");
    // As people sort, not as bytes do; and what is committed is on the disk.
    assert_eq!(query(&first, "select person from page order by person").unwrap(), "ana\nBo\ncy");
    assert_eq!(query(&first, "show fsync").unwrap(), "on");
    assert_eq!(query(&first, "show listen_addresses").unwrap(), "127.0.0.1");
}

#[test]
fn a_postgres_database_asks_for_its_password() {
    let url = fresh_database();
    let (before, after) = (url.find("firebell:").unwrap(), url.find('@').unwrap());
    let wrong = format!("{}firebell:wrong{}", &url[..before], &url[after..]);
    let error = query(&wrong, "select 1").unwrap_err();
    assert!(error.contains("password authentication failed"), "{error}");
}

#[test]
fn a_private_postgres_keeps_what_was_committed_over_stops_and_kills() {
    let mut postgres = PrivatePostgres::start();
    postgres.query("create table page (person text)").unwrap();
    postgres.query("insert into page values ('ana')").unwrap();
    postgres.stop_immediate();
    let error = postgres.query("select 1").unwrap_err();
    assert!(error.contains("Connection refused"), "{error}");
    postgres.start_again();
    postgres.query("insert into page values ('bo')").unwrap();
    postgres.kill9();
    postgres.query("select 1").unwrap_err();
    postgres.start_again();
    let people = postgres.query("select string_agg(person, ' ' order by person) from page");
    assert_eq!(people.unwrap(), "ana bo");
}

#[tokio::test]
async fn a_frozen_postgres_answers_nobody_until_it_is_thawed() {
    let postgres = PrivatePostgres::start();
    postgres.freeze();
    let asked = tokio::process::Command::new("psql")
        .args(["--no-psqlrc", "--command", "select 1", postgres.url()])
        .kill_on_drop(true)
        .output();
    let waiting = tokio::time::timeout(Duration::from_millis(500), asked).await;
    assert!(waiting.is_err(), "a frozen Postgres answered: {waiting:?}");
    postgres.thaw();
    assert_eq!(postgres.query("select 1").unwrap(), "1");
}

#[test]
fn nothing_is_left_of_a_private_postgres_even_when_it_was_frozen() {
    let postgres = PrivatePostgres::start();
    let id = postgres.id();
    let folder = postgres.folder().to_owned();
    assert!(folder.starts_with(shared_root()));
    postgres.freeze();
    drop(postgres);
    assert_eq!(state_of(id), None);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_real_alert_of_prometheus_reaches_the_hook_and_is_resolved() {
    let bodies = watch::Sender::new(Vec::<(Option<String>, Value)>::new());
    let inbox = bodies.clone();
    let hook = Wire::serve(Router::new().route(
        "/hooks/alertmanager",
        post(async move |headers: HeaderMap, body: String| {
            let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            inbox.send_modify(|bodies| bodies.push((token, serde_json::from_str(&body).unwrap())));
        }),
    ));
    let address = format!("{}/hooks/alertmanager", hook.url());
    let monitoring = Monitoring::start(&address, "the hook's token").await;
    let arrived = async |status: &str| {
        let mut watcher = bodies.subscribe();
        let is_there = |bodies: &Vec<(Option<String>, Value)>| bodies.iter().any(|(_, body)| body["status"] == status);
        let waited = tokio::time::timeout(ALERT_BOUND, watcher.wait_for(is_there)).await;
        waited.unwrap_or_else(|_| panic!("no {status} alert: {:?}", bodies.borrow())).unwrap();
    };
    assert!(bodies.borrow().is_empty(), "nothing is broken yet");
    monitoring.set_broken(true);
    arrived("firing").await;
    monitoring.set_broken(false);
    arrived("resolved").await;
    let bodies = bodies.borrow();
    let (token, first) = &bodies[0];
    assert_eq!(token.as_deref(), Some("Bearer the hook's token"));
    assert_eq!(first["alerts"][0]["labels"]["alertname"], ALERT_NAME);
    assert_eq!(first["version"], "4");
}

#[test]
fn two_ports_are_never_the_same_and_can_be_listened_on() {
    let (first, second) = (free_port(), free_port());
    assert_ne!(first.number(), second.number());
    for port in [&first, &second] {
        TcpListener::bind(port.address()).unwrap();
    }
}

#[test]
fn a_program_is_gone_when_its_test_is() {
    let folder = temp_dir();
    let mut command = kept("sh");
    command.args(["-c", "echo started; exec sleep 600"]);
    let process = Process::start("a long sleep", command, &folder.join("log"));
    eventually_blocking("it has started", BOUND, || process.log_tail() == "started");
    let id = process.id();
    drop(process);
    assert_eq!(state_of(id), None);
    let path = folder.path().to_owned();
    drop(folder);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_program_dies_with_the_thread_that_started_it() {
    let folder = temp_dir();
    let log = folder.join("log");
    let starter = std::thread::spawn(move || {
        let mut command = kept("sh");
        command.args(["-c", "echo started; exec sleep 600"]);
        let process = Process::start("a long sleep", command, &log);
        eventually_blocking("it has started", BOUND, || process.log_tail() == "started");
        process
    });
    let mut process = starter.join().unwrap();
    eventually("the kernel has killed it", BOUND, async || process.ended().is_some()).await;
}

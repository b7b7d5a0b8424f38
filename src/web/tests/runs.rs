//! Runs in the room and for programs: a table that fills in, what commands said, all of it in one archive; and nothing
//! of a private incident for whoever is not in it.

use super::*;
use crate::store::{KeptFile, RunOutput};
use firebell_domain::playbook::Risk;
use firebell_domain::run::decide::RunOutcome;
use firebell_domain::run::{CommandEnd, Order, Ordered, Output, RunEnd, RunFile, RunKind, RunResult, RunState};
use std::io::Read;

const UP: &str = "web Up 3 hours <script>";

fn order() -> Order {
    let command = |line: u32, text: &str, about: &str| Ordered {
        line,
        executor: "docker".into(),
        target: "main".into(),
        written: text.into(),
        text: text.into(),
        tongue: String::new(),
        bounds: Vec::new(),
        about: about.into(),
        why: String::new(),
        fix: String::new(),
    };
    Order {
        kind: RunKind::Diagnose,
        name: "diagnosis of <web>".into(),
        system: "shop".into(),
        file: String::new(),
        revision: String::new(),
        risk: Risk::Read,
        target: String::new(),
        environment: None,
        commands: vec![command(12, "docker ps", "what runs"), command(15, "docker logs web", "")],
        verify: Vec::new(),
        rollback: None,
        params: Default::default(),
        limit_s: 20,
    }
}

fn result(at: u32, status: i32, says: &str) -> RunResult {
    let output = Some(Output { digest: "d".into(), bytes: 3, left_out: 0 });
    let (end, readings) = (CommandEnd::Exited { status }, Vec::new());
    RunResult {
        at,
        verifies: false,
        end,
        output,
        took_ms: 40,
        native: true,
        sampled_ms: None,
        says: says.into(),
        readings,
        files: Vec::new(),
    }
}

/// A run whose first command is back. Gives the number of its claim.
pub async fn half_run(w: &World, id: IncidentId, said: &str) -> i64 {
    let ana = Actor::person("ana", "room");
    w.app.act_on(id, Input::AskRun { order: Box::new(order()) }, &ana).await.expect("asked");
    let begun = Input::StartRun { no: 1, worker: "w1".into(), target: String::new() };
    let begun = w.app.act_engine(id, begun).await.expect("begun");
    let RunState::Running { claim_seq, .. } = begun.after.runs[&1].state else { panic!("it does not run") };
    keep(w, id, 0, said).await;
    let outcome = RunOutcome::Progress { results: vec![result(0, 0, "web Up 3 hours")] };
    w.app.act_engine(id, Input::RunReported { no: 1, claim_seq, outcome }).await.expect("reported");
    claim_seq
}

async fn keep(w: &World, id: IncidentId, place: i64, output: &str) {
    let said = RunOutput { place, digest: "d".into(), output: output.into(), files: Vec::new() };
    w.app.store().keep_outputs(id, 1, NOW, &[said]).await.expect("kept");
}

#[tokio::test]
async fn a_run_is_a_table_that_fills_in_and_what_its_commands_said_is_only_text() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("web is slow", false).await;
    let claim_seq = half_run(&w, id, UP).await;
    let path = format!("/incidents/{}/runs/1", id.0);
    let (status, page) = w.page(&path, &ana).await;
    assert_eq!(status, 200);
    assert!(page.contains("1 of 2 are back, none wants attention") && page.contains("is running"), "{page}");
    assert!(page.contains("diagnosis of &lt;web&gt;") && page.contains("3 hours &lt;script&gt;"), "{page}");
    assert!(page.contains("waiting</b>") && page.contains("done</b>"), "{page}");
    let results = vec![result(0, 0, "web Up 3 hours"), result(1, 1, "no such container")];
    keep(&w, id, 2, "Error: no such container").await;
    let outcome = RunOutcome::Finished { end: RunEnd::Done, results, verified: None };
    w.app.act_engine(id, Input::RunReported { no: 1, claim_seq, outcome }).await.expect("finished");
    let (_, page) = w.page(&path, &ana).await;
    assert!(page.contains("2 commands, 1 wants attention") && page.contains("status 1: no such container"), "{page}");
    let (_, room) = w.page(&format!("/incidents/{}", id.0), &ana).await;
    assert!(room.contains(&format!("href=\"{path}\"")), "the incident leads to its runs: {room}");

    let (status, all) = w.read(&format!("/api/v1/incidents/{id}/runs")).await;
    assert_eq!(
        (status, &all["runs"][0]["standing"], &all["runs"][0]["over"]),
        (StatusCode::OK, &json!("done"), &json!(true))
    );
    let (_, one) = w.read(&format!("/api/v1/incidents/{id}/runs/1")).await;
    let row = &one["run"]["rows"][1];
    assert_eq!(
        (&row["mark"], &row["said"], &row["line"]),
        (&json!("failed"), &json!("Error: no such container"), &json!(15))
    );
    for (path, expected) in [("2", "no_such_run"), ("x", "no_such_run"), ("-1", "no_such_run")] {
        let (status, body) = w.read(&format!("/api/v1/incidents/{id}/runs/{path}")).await;
        assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, expected), "{path}");
    }
}

#[tokio::test]
async fn everything_that_was_gathered_comes_in_one_archive() {
    let w = World::new().await;
    let id = w.declare("web is slow", false).await;
    half_run(&w, id, UP).await;
    let response = w.get(&format!("/api/v1/incidents/{id}/bundle")).bearer_auth(LOCAL).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/gzip");
    assert_eq!(response.headers()["content-disposition"], format!("attachment; filename=\"{id}-diagnosis.tar.gz\""));
    let bytes = response.bytes().await.expect("bytes");
    let mut files = std::collections::BTreeMap::new();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a name").display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        files.insert(name, text);
    }
    let folder = format!("{id}-diagnosis");
    let names: Vec<&String> = files.keys().collect();
    let expected = ["run-1/01-line-12.txt", "run-1/table.txt", "timeline.txt"].map(|n| format!("{folder}/{n}"));
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
    assert_eq!(files[&expected[0]], "$ docker ps\nweb Up 3 hours <script>");
    assert!(files[&expected[1]].contains("✓ done — what runs: web Up 3 hours (line 12)"), "{}", files[&expected[1]]);
    assert!(files[&expected[2]].contains("web is slow"), "{}", files[&expected[2]]);
}

#[tokio::test]
async fn runs_of_a_private_incident_are_not_there_for_whoever_is_not_in_it() {
    let w = World::new().await;
    let id = w.declare("somebody stole a key", true).await;
    drawn(&w, id).await;
    let bo = w.sign_in("bo", false).await;
    for path in ["runs/1", "runs/1/files/0/up.png", "bundle"] {
        let (status, page) = w.page(&format!("/incidents/{}/{path}", id.0), &bo).await;
        assert!(status == 404 && !page.contains("web"), "{path}: {status} {page}");
    }
    for path in ["runs", "runs/1", "runs/1/files/0/up.png", "bundle"] {
        let (status, body) = w.read(&format!("/api/v1/incidents/{id}/{path}?as=bo")).await;
        assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "no_such_incident"), "{path}");
    }
}

/// A run whose first command drew something, and made a page of HTML.
async fn drawn(w: &World, id: IncidentId) {
    let claim_seq = half_run(w, id, UP).await;
    let file = |name: &str, media_type: &str, content: &[u8]| KeptFile {
        name: name.into(),
        media_type: media_type.into(),
        digest: format!("of {name}"),
        content: content.to_vec(),
    };
    let files = vec![file("up.png", "image/png", b"\x89PNG"), file("page.html", "text/html", b"<script>")];
    let named = |f: &KeptFile| RunFile {
        name: f.name.clone(),
        media_type: f.media_type.clone(),
        digest: f.digest.clone(),
        bytes: f.content.len() as u64,
    };
    let gone = RunFile { name: "gone.png".into(), media_type: "image/png".into(), digest: "g".into(), bytes: 9 };
    let named: Vec<RunFile> = files.iter().map(named).chain([gone]).collect();
    let said = RunOutput { place: 0, digest: "d".into(), output: UP.into(), files };
    w.app.store().keep_outputs(id, 1, NOW, &[said]).await.expect("kept");
    let results = vec![RunResult { files: named, ..result(0, 0, "web Up 3 hours") }];
    let outcome = RunOutcome::Finished { end: RunEnd::Done, results, verified: None };
    w.app.act_engine(id, Input::RunReported { no: 1, claim_seq, outcome }).await.expect("finished");
}

#[tokio::test]
async fn what_a_command_drew_is_shown_and_nothing_that_it_made_is_run_by_a_browser() {
    let w = World::new().await;
    let ana = w.sign_in("ana", false).await;
    let id = w.declare("web is slow", false).await;
    drawn(&w, id).await;
    let base = format!("/incidents/{}/runs/1", id.0);
    let (_, page) = w.page(&base, &ana).await;
    let image = format!("<img class=\"graph\" src=\"{base}/files/0/up.png\" alt=\"Graph: what runs\"");
    assert!(page.contains(&image), "{page}");

    let (_, one) = w.read(&format!("/api/v1/incidents/{id}/runs/1")).await;
    let path = one["run"]["rows"][0]["files"][0]["path"].as_str().expect("a path").to_string();
    let read = async |path: &str| w.get(path).bearer_auth(LOCAL).send().await.expect("an answer");
    let answer = read(&path).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"image/png".parse().expect("ok")));
    assert_eq!(answer.bytes().await.expect("bytes").as_ref(), b"\x89PNG");
    let html = read(&path.replace("up.png", "page.html")).await;
    assert_eq!(html.headers()["content-type"], "application/octet-stream");
    assert!(html.headers()["content-disposition"].to_str().expect("text").starts_with("attachment; "));
    for (name, why) in [("gone.png", "no longer"), ("other.png", "no such file"), ("..%2F1", "no such file")] {
        let answer = read(&path.replace("up.png", name)).await;
        let status = answer.status().as_u16();
        let said = answer.text().await.expect("text");
        assert!(status == 404 && said.contains(why), "{name}: {said}");
    }

    let archive = read(&format!("/api/v1/incidents/{id}/bundle")).await.bytes().await.expect("bytes");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&archive[..]));
    let names: Vec<String> = archive
        .entries()
        .expect("an archive")
        .map(|e| e.expect("an entry").path().expect("a name").display().to_string())
        .collect();
    assert!(names.contains(&format!("{id}-diagnosis/run-1/01-line-12-up.png")), "{names:?}");
}

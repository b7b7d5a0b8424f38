//! A team's own post-mortem templates through the real program: chosen by name, tried by `config check`, exchanged by a
//! reload; a broken one keeps nothing else from working.

use crate::harness::serve::Serve;
use std::fs;

const CONFIG: &str = "[postmortem]\ntemplates = \"ours\"\n";

fn put(serve: &Serve, name: &str, text: &str) {
    fs::create_dir_all(serve.folder().join("ours")).expect("the test's folder can be written");
    fs::write(serve.folder().join("ours").join(name), text).expect("the test's folder can be written");
}

#[tokio::test]
async fn a_template_is_tried_by_the_check_used_by_its_name_and_exchanged_by_a_reload() {
    let mut serve = Serve::configured(CONFIG);
    let check = serve.run(&["config", "check"]).await;
    assert_eq!(check.status, 1, "there is no folder yet: {check:?}");
    assert!(check.stdout.contains("postmortem.templates: the folder"), "{check:?}");

    put(&serve, "weekly.md", "# {{ title }}\n\nover {{ draft.end.at | time }}\n\n{{ part('factors') }}");
    put(&serve, "wall.html", "<h1>{{ draft.title }}</h1>");
    let check = serve.run(&["config", "check"]).await;
    assert_eq!(check.status, 1, "{check:?}");
    assert!(check.stdout.contains("ours/weekly.md:3: error: "), "{check:?}");
    assert!(check.stdout.contains("(tried on one that has just been declared)"), "{check:?}");
    assert!(check.stdout.contains("1 template cannot be used, and Firebell starts all the same."), "{check:?}");
    let check = serve.run(&["config", "check", "--format", "json"]).await;
    let report: serde_json::Value = serde_json::from_str(&check.stdout).expect("JSON");
    assert_eq!((&report["ok"], &report["problems"][0]["line"]), (&false.into(), &3.into()));

    // It starts all the same, and says it in the log.
    serve.start_again().await;
    assert!(serve.log().contains("ours/weekly.md:3: error: "), "{}", serve.log());
    serve.declare("checkout is down").await;
    let draft = async |arguments: &[&str]| {
        let ran = serve.run(&[&["postmortem", "INC-1"], arguments].concat()).await;
        (ran.status, ran.stdout + &ran.stderr)
    };
    let (status, text) = draft(&["--template", "weekly"]).await;
    assert!(status == 2 && text.contains("weekly.md line 3: "), "{status} {text}");
    let (status, text) = draft(&["--template", "wall", "--format", "html"]).await;
    assert!(status == 0 && text.starts_with("<h1>checkout is down</h1>"), "{text}");
    let (status, text) = draft(&["--template", "wall"]).await;
    assert!(status == 2 && text.contains("--template wall writes --format html only."), "{text}");
    let (status, text) = draft(&["--template", "other"]).await;
    assert!(status == 2 && text.contains("Write one of default, google, pagerduty, atlassian, wall, weekly"), "{text}");

    put(&serve, "weekly.md", "# {{ title }}\n\n{% if draft.end %}over{% else %}still open{% endif %}");
    let check = serve.run(&["config", "check"]).await;
    assert_eq!(check.status, 0, "{check:?}");
    serve.reload().await;
    let page = serve.get_text_as_operator("/api/v1/incidents/1/postmortem?template=weekly").await;
    assert!(page.starts_with("# Post-mortem of INC-1: checkout is down\n\nstill open\n"), "{page}");
}

//! A runbook as the program of a running bot: what it says holds, an edit of the Markdown is put in force by itself, one
//! that cannot be read changes nothing and is said everywhere, and open incidents stay as they were.

use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use std::fs;
use std::path::PathBuf;

const SHOP: &str = "\
# Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| S1 | Outage | 15 minutes |
| S2 | Slow | 1 hour |

## Playbooks

### Playbook: Queue is full

**Symptoms**

- Orders wait

**Investigation**

```bash
docker ps
```

**Resolution**

```bash
docker restart orders
```
";

fn markdown(serve: &Serve, text: &str) -> PathBuf {
    let path = serve.folder().join("runbooks/shop.md");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, text).expect("written");
    path
}

/// A bot whose one runbook lies in the folder beside its configuration.
async fn shop() -> Serve {
    let mut serve = Serve::configured("");
    markdown(&serve, SHOP);
    serve.start_again().await;
    serve
}

async fn until_logged(serve: &Serve, from: usize, what: &str) {
    eventually(what, BOUND, async || serve.log().get(from..).unwrap_or_default().contains(what)).await;
}

#[tokio::test]
async fn an_edited_runbook_holds_for_the_next_incident_and_not_for_the_open_one() {
    let mut serve = shop().await;
    let (status, said) = serve.say("ana", "/incident declare S1 orders wait in the queue").await;
    assert_eq!(status, 0, "{said}");
    let (_, said) = serve.say("ana", "/incident runbook 1").await;
    assert!(said.contains("docker ps") && said.contains("it only reads"), "{said}");
    let before = serve.get_as_operator("/api/v1/incidents/1").await;

    let from = serve.log().len();
    let edited = SHOP
        .replace("| S1 | Outage | 15 minutes |", "| S1 | Outage | 5 minutes |")
        .replace("docker ps", "docker ps -a");
    markdown(&serve, &edited);
    until_logged(&serve, from, "the configuration is in force: runbooks.shop changed").await;

    let (_, said) = serve.say("ana", "/incident INC-1 step").await;
    assert!(said.contains("docker ps\n"), "the step is as it was when it began: {said}");
    let after = serve.get_as_operator("/api/v1/incidents/1").await;
    assert_eq!(after["incident"]["clocks"], before["incident"]["clocks"], "no clock of it has moved");
    let (status, said) = serve.say("ana", "/incident declare S1 orders wait again").await;
    assert_eq!(status, 0, "{said}");
    let (_, said) = serve.say("ana", "/incident INC-2 runbook 1").await;
    assert!(said.contains("docker ps -a"), "{said}");
    serve.assert_log_is_whole().await;
    serve.terminate().await;
}

#[tokio::test]
async fn a_runbook_that_cannot_be_read_changes_nothing_and_is_said_and_a_repaired_one_heals_it() {
    let mut serve = shop().await;
    let from = serve.log().len();
    markdown(&serve, &"x".repeat(3_000_000));
    until_logged(&serve, from, "cannot read the runbook").await;
    let health = serve.get("/health/components").await.json();
    let configuration = &health["components"]["configuration"];
    assert_eq!(configuration["status"], "degraded", "{configuration}");
    assert!(configuration["message"].as_str().is_some_and(|m| m.contains("3000000 bytes")), "{configuration}");
    let (status, said) = serve.say("ana", "/incident declare S2 pages are slow").await;
    assert_eq!(status, 0, "the levels of before still hold: {said}");

    let from = serve.log().len();
    markdown(&serve, &SHOP.replace("S2", "S3"));
    until_logged(&serve, from, "the configuration is in force: runbooks.shop changed").await;
    let (status, said) = serve.say("ana", "/incident declare S2 pages are slow").await;
    assert_ne!(status, 0, "{said}");
    assert_eq!(serve.say("ana", "/incident declare S3 pages are slow").await.0, 0);
    serve.terminate().await;
}

const MORE: &str = "
## Quick reference

| Issue | Fix | Command |
|---|---|---|
| Orders wait | start the consumer again | `docker restart orders` |

## Checklists

### Release checklist

- [ ] Tests are green
- [ ] The team knows

## Schedules

### Daily: 09:00 Morning check

```bash
docker ps
```

### Weekly: Sunday 02:00 Restart

```bash
docker restart orders
```
";

#[tokio::test]
async fn the_runbook_offers_quick_fixes_walks_checklists_and_says_what_its_schedules_do() {
    let mut serve = Serve::configured("");
    let path = markdown(&serve, &format!("{SHOP}{MORE}"));
    serve.start_again().await;
    let (status, said) = serve.say("ana", "/incident declare S1 orders wait in the queue").await;
    assert_eq!(status, 0, "{said}");
    let (_, said) = serve.say("ana", "/incident runbook").await;
    for line in [
        "Quick fixes whose issue this is:",
        "  Orders wait: start the consumer again — /incident INC-1 run line ",
        "(changes something that can be undone)",
        "Release checklist — checklist, 2 items",
        "all 2 schedules are off: nobody knows the team's time zone",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // With the zone and the place known they are on.
    let from = serve.log().len();
    let overlay = "zone = \"Europe/Madrid\"\n[[targets]]\nname = \"docker\"\ntarget = \"local\"\n";
    fs::write(path.with_extension("overlay.toml"), overlay).expect("written");
    until_logged(&serve, from, "the configuration is in force: runbooks.shop changed").await;
    let (_, said) = serve.say("ana", "/incident runbook").await;
    assert!(
        said.contains("Morning check of shop (line ") && said.contains("): Firebell looks by itself; next "),
        "{said}"
    );
    assert!(
        said.contains("): people are reminded; next Sun ") && said.contains("; then say /incident run line "),
        "{said}"
    );

    let (status, said) = serve.say("ana", "/incident runbook release checklist").await;
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("Step 1 of 2, of a checklist") && said.contains("Tests are green"), "{said}");
    let (_, said) = serve.say("ana", "/incident step done all of them").await;
    assert!(said.contains("The team knows"), "{said}");
    let (_, said) = serve.say("ana", "/incident step failed nobody told them").await;
    assert!(said.contains("1 done, 1 failed"), "{said}");
    let (_, said) = serve.say("ana", "/incident run orders wait dry-run").await;
    assert!(said.contains("changes something: docker restart"), "{said}");
    serve.assert_log_is_whole().await;
    serve.terminate().await;
}

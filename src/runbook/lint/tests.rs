//! Each rule of the linter on an invented document that breaks it, and on one that does not.

use crate::import;
use crate::lint::sarif::sarif;

/// Rules and lines of what is found, notes about placeholders left out.
fn found(text: &str) -> Vec<String> {
    let import = import(text.as_bytes()).expect("small enough");
    let findings = import.runbook.findings.iter().filter(|f| f.rule != "open-placeholder");
    findings.map(|f| format!("{} {:?}", f.rule, f.lines)).collect()
}

#[track_caller]
fn finds(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected, "in\n{text}");
}

#[test]
fn what_cannot_work_is_an_error() {
    finds("```bash\ncurl 'http://m:9090/api/v1/query?query=rate(x[5m])'\n```\n", &["command-cannot-work [2]"]);
    finds("```bash\ncurl -g 'http://m:9090/api/v1/query?query=rate(x[5m])'\n```\n", &[]);
    finds("```bash\ncurl -s http://m:9090/api/v1/query?query=rate(x[5m])\n```\n", &["command-cannot-work [2]"]);
    finds("```sh\nkubectl scale ingress front --replicas=0\n```\n", &["command-cannot-work [2]"]);
    finds("```sh\necho \"never closed\n```\n", &["command-cannot-work [2]"]);
    finds("```sh\nls\n", &["unclosed-fence [1]"]);
    finds("```sh\ncurl -X POST http://cache/evict?tenant=acme&scope=session\n```\n", &["scope-cut-by-ampersand [2]"]);
}

#[test]
fn a_dump_goes_back_through_its_own_tool() {
    let dump = "## Save\n```sh\npg_dump -Fc -f /b/orders.dump orders\n```\n## Bring back\n```sh\nsystemctl stop shop\n";
    finds(&format!("{dump}psql orders < /b/orders.dump\n```\n"), &["custom-dump-into-psql [8, 3]"]);
    finds(&format!("{dump}pg_restore -d orders /b/orders.dump\n```\n"), &[]);
    finds(&format!("{dump}psql orders < /b/latest.sql\n```\n"), &["restore-of-unwritten-file [8, 3]"]);
}

#[test]
fn restores_over_live_data_are_named_unless_something_stopped_or_saved_it() {
    finds("## Restore\n```sh\nmysql shop < dump.sql\n```\n", &["restore-over-live-data [3]"]);
    finds("## Restore\n```sh\ndocker compose stop shop\nmysql shop < dump.sql\n```\n", &[]);
    finds("## Clean\n```sh\npsql shop -c 'DELETE FROM log WHERE at < now()'\n```\n", &[]);
    // A database that is only there to try the copy.
    finds("## Restore\n```sh\nmysql restore_test < dump.sql\n```\n", &[]);
}

#[test]
fn the_firewall_that_cuts_its_own_session_is_an_error() {
    finds("```sh\nssh root@gate\nufw deny from any\nlast\n```\n", &["cuts-own-session [3]"]);
    finds("```sh\nssh root@gate\nlast\nufw deny from any\n```\n", &[]);
}

#[test]
fn what_never_ends_is_named_only_where_something_waits_for_it() {
    finds("```sh\nkubectl port-forward svc/shop 8080:80\ncurl http://localhost:8080/ok\n```\n", &["never-ends [2]"]);
    finds("```sh\n# 1. Watch\nwatch docker ps\n# 2. Mend\ndocker restart shop\n```\n", &["never-ends [3]"]);
    finds("```sh\n# Follow\ndocker logs -f shop\n\n# Containers\ndocker ps\n```\n", &[]);
    finds("```sh\ndocker restart shop\ndocker logs -f shop\n```\n", &[]);
}

#[test]
fn comments_that_promise_less_are_named() {
    finds("```sh\n# Check the volumes\ndocker volume prune -f\n```\n", &["comment-understates [3]"]);
    finds("```sh\n# Clean restart\ndocker compose up -d\ndocker system prune -f\n```\n", &["comment-understates [4]"]);
    finds("```sh\n# Remove unused volumes\ndocker volume prune -f\n```\n", &[]);
    finds(
        "```sh\n# tar -czf /archive/old.tar.gz /data/old\n# Delete them\nfind /data/old -type f -delete\n```\n",
        &["delete-after-disabled-step [4, 2]"],
    );
    finds("## Common fixes\n```sh\nredis-cli FLUSHALL\n```\n", &["data-loss-as-first-aid [3]"]);
}

#[test]
fn secrets_are_named_and_never_repeated() {
    let text = "```sh\nmysql -u root -phunter2secret -e 'SHOW TABLES'\nredis-cli -a $REDIS_PASSWORD ping\n```\n";
    finds(text, &["literal-secret [2]", "secret-on-command-line [3]"]);
    let import = import(text.as_bytes()).expect("small enough");
    assert!(
        !import.runbook.findings.iter().any(|f| f.message.contains("hunter2secret")),
        "{:?}",
        import.runbook.findings
    );
    finds("```sh\nkubectl get secret db -o yaml > copy.yaml\n```\n", &["secret-in-output [2]"]);
}

#[test]
fn placeholders_and_unwritten_things_are_named() {
    let import = import(b"```sh\ndocker logs <name>\ndocker restart <name>\n```\n").expect("small enough");
    assert_eq!(
        import.runbook.findings.iter().map(|f| (f.rule.as_str(), f.lines.clone())).collect::<Vec<_>>(),
        [("open-placeholder", vec![2, 3])]
    );
    finds("## Contacts\n- Lead: [Name]\n\nTODO: the rest\n", &["open-contact [2]", "to-do [4]"]);
}

#[test]
fn contradictions_name_both_lines() {
    finds(
        "## Severity levels\n| Level | Response time |\n|---|---|\n| P1 | 15 minutes |\n| P2 | 1 hour |\n\nEvery P1 has a response time of 30 minutes.\n",
        &["response-time-differs [7, 4]"],
    );
    finds(
        "## Ports\n- `3000`: Web\n- `3001`: Health check\n```sh\ncurl http://localhost:3000/health\n```\n",
        &["port-differs [5, 3]"],
    );
    finds("Never run `docker compose down -v` here.\n```sh\ndocker compose down -v\n```\n", &["forbidden-here [3, 1]"]);
}

#[test]
fn gaps_are_named() {
    finds(
        "## Severity levels\n**P1 - Critical**: all down\n**P2 - Minor**: the rest\n",
        &["severity-without-response-time [2, 3]"],
    );
    finds(
        "## Limits\n| Metric | Warning | Critical |\n|---|---|---|\n| Latency | <1ms | >10ms |\n| CPU | >70% | >90% |\n",
        &["threshold-hole [4]"],
    );
    finds(
        "## Contacts\n| Role | Name | Phone |\n|---|---|---|\n| Lead | Ana | |\n| Deputy | Bo | +1-555-0100 |\n",
        &["contact-without-address [4]"],
    );
}

#[test]
fn a_rule_is_silenced_where_the_document_says_so() {
    let text = "## Restore\n```sh\n# firebell: ignore restore-over-live-data\nmysql shop < dump.sql\n```\n";
    finds(text, &[]);
    finds("<!-- firebell: ignore-file to-do -->\nTODO: one\n\nTODO: two\n", &[]);
    finds("<!-- firebell: ignore to-do -->\nTODO: one\n\nTODO: two\n", &["to-do [4]"]);
}

#[test]
fn sarif_names_rule_place_and_level() {
    let import = import(b"## Restore\n```sh\nmysql shop < dump.sql\n```\n").expect("small enough");
    let value = sarif("1.0", &[("docs/shop.md".into(), import.runbook.findings)]);
    let result = &value["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "restore-over-live-data");
    assert_eq!(result["level"], "warning");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "docs/shop.md");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    let index = result["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(value["runs"][0]["tool"]["driver"]["rules"][index]["id"], "restore-over-live-data");
    assert_eq!(value["version"], "2.1.0");
}

#[test]
fn every_rule_is_documented_and_nothing_else() {
    let page =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbook-check.md"))
            .expect("the page");
    let documented: Vec<String> =
        page.lines().filter(|l| l.starts_with("| `") && l.matches(" | ").count() == 2).map(str::to_owned).collect();
    let mut rules: Vec<String> = super::RULES
        .iter()
        .map(|(name, kind, text)| format!("| `{name}` | {} | {text} |", format!("{kind:?}").to_lowercase()))
        .collect();
    rules.sort_by_key(|row| row.split(" | ").nth(1).map(str::to_owned));
    let (mut one, mut other) = (documented.clone(), rules.clone());
    one.sort();
    other.sort();
    assert_eq!(one, other, "write into docs/runbook-check.md:\n{}", rules.join("\n"));
}

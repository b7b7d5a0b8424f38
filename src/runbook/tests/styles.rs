//! House styles in a few lines each: what one rule is for, next to what it must leave alone.

use crate::import;
use crate::model::Runbook;

fn read(text: &str) -> Runbook {
    import(text.as_bytes()).expect("small enough").runbook
}

fn severities(text: &str) -> Vec<String> {
    let said = |v: Option<u64>| v.map_or("-".to_owned(), |v| v.to_string());
    read(text)
        .severities
        .iter()
        .map(|s| format!("{} {} {} {}", s.line, s.level, s.rank, said(s.response_time_s)))
        .collect()
}

#[test]
fn levels_are_defined_in_every_style() {
    for (text, expected) in [
        (
            "# Shop\n\nSEV1\n: All down. Reaction: immediately.\n\nSEV2\n: Slow. Reaction: 30 min.\n",
            &["3 SEV1 1 0", "6 SEV2 2 1800"][..],
        ),
        (
            "# Shop\n## How bad?\n- **Critical** — answer in 10 minutes.\n- **Minor** — next working day.\n",
            &["3 Critical 1 600", "4 Minor 2 86400"],
        ),
        (
            "# Shop\n## Severity\n- `Sev-A`: lost. Respond: 5m\n- `Sev-B`: late. Respond: 1h\n",
            &["3 Sev-A 1 300", "4 Sev-B 2 3600"],
        ),
        (
            "# Shop\n| Level | Meaning | Response |\n|---|---|---|\n| 1 | out | 15 min |\n| 2 | slow | 1 h |\n",
            &["4 1 1 900", "5 2 2 3600"],
        ),
        (
            "# Shop\n## Severity\n### Level 1: closed\nRespond: within 10 minutes. Fix: within 1 hour.\n### Level 2: slow\nRespond: within 1 hour.\n",
            &["3 Level 1 1 600", "5 Level 2 2 3600"],
        ),
        (
            "# Shop\n## Who answers when\n### Sev-1: Critical\n- Response: 15 minutes\n### SEV 2 (High)\n- Response: 1 hour\n",
            &["3 Sev-1 1 900", "5 SEV 2 2 3600"],
        ),
        (
            "# Shop\n## Incident Severity Template\n### Severity 1 — Critical\nExamples:\n- outage\n### Severity 2 — High\nExamples:\n- some peers\n",
            &["3 Severity 1 1 -", "6 Severity 2 2 -"],
        ),
        // What says whom to call for a severity does not define it, and its times are no response times.
        (
            "# Shop\n## Levels\n- **SEV-1**: all is down\n- **SEV-2**: slow\n## Routing\n| Severity | Escalate to | Timeframe |\n|---|---|---|\n\
             | SEV-1 | ana | immediate |\n| SEV-2 | bo | 30 min |\n",
            &["3 SEV-1 1 -", "4 SEV-2 2 -"],
        ),
        (
            "# Shop\n## Escalation\n| Severity | Notify | Within |\n|---|---|---|\n| P1 | ana | 5 min |\n| P2 | bo | 30 min |\n",
            &["5 P1 1 -", "6 P2 2 -"],
        ),
        (
            "# Shop\n## Escalation\n| Level | Notify | Within |\n|---|---|---|\n| 1 | ana | 5 min |\n| 2 | bo | 30 min |\n",
            &[],
        ),
        // A field below a level comes before what its title says; so does one that stands in a comment.
        (
            "# Shop\n## Severity\n### P1 - Critical (page at once)\n**Response time**: 15 minutes\n### P2 - High (page within 1 hour)\nSlow.\n",
            &["3 P1 1 900", "5 P2 2 3600"],
        ),
        (
            "# Shop\n## Severity\n### P1 - page at once\n```bash\n# Response time: 5 minutes\n```\n### P2 - look within 1 hour\n```bash\n# Example: slow\n```\n",
            &["3 P1 1 300", "7 P2 2 3600"],
        ),
        (
            "# Shop\n## Severity\n**Severity 1 (Critical):** all is down\n- Response time: 5 minutes\n- Updates: every 15 minutes\n\n**Severity 2 (High):** slow\n- Response time: 1 hour\n",
            &["3 Severity 1 1 300", "7 Severity 2 2 3600"],
        ),
        (
            "# 가게\n## 심각도\n### 심각 (P0) - 15분 이내 대응\n- **대응**: 즉시 담당자 모두 소집하고 보고\n### 높음 (P1) - 30분 이내 대응\n- 느림\n",
            &["3 P0 1 900", "5 P1 2 1800"],
        ),
        // Fields one step deeper in a list, also of one about escalation.
        (
            "# Escalation matrix\n\n- P1 (Critical): all is down\n  - Acknowledge: 15 min, Resolve: 4 h\n  - Escalate to: ana -> bo\n- P2 (High): slow\n  - Acknowledge: 30 min\n",
            &["3 P1 1 900", "6 P2 2 1800"],
        ),
        // Under objectives for the recovery a time is none to answer; nor is it under the people who are told.
        (
            "# Shop\n## Severity\n### Recovery time objectives (RTO)\n- **SEV-1**: 5 minutes\n- **SEV-2**: 1 hour\n",
            &["4 SEV-1 1 -", "5 SEV-2 2 -"],
        ),
        (
            "# Shop\n## Levels\n- **P1**: out. Response: 5 min\n- **P2**: slow. Response: 1 h\n## Escalation\n| Severity | Shop lead | Board team |\n|---|---|---|\n| P1 | immediate | 1 hour |\n| P2 | 30 minutes | 2 hours |\n",
            &["3 P1 1 300", "4 P2 2 3600"],
        ),
        // Levels of people have times too.
        (
            "# Shop\n## Support tiers\n### Level 1: service desk\n- Response: 15 minutes\n### Level 2: engineers\n- Response: 1 hour\n",
            &[],
        ),
        // One level alone, in a table that says so itself; without a time it may be anything.
        (
            "# Shop\n| Severity | Meaning | Response time |\n|---|---|---|\n| B1 | all is down | 15 minutes |\n",
            &["4 B1 1 900"],
        ),
        ("# Shop\n## Severity\n| Severity | Response time |\n|---|---|\n| S1 | 15 minutes |\n", &["5 S1 1 900"]),
        // The name of the whole document hands nothing down.
        (
            "# On-call guide\n## Severity\n- **P1**: out. Response: 5 min\n- **P2**: slow. Response: 1 h\n## More\n",
            &["3 P1 1 300", "4 P2 2 3600"],
        ),
        // A table that refers to levels defines none.
        (
            "# Shop\n## Levels\n### P1\n- Response: 15 min\n### P2\n- Response: 1 h\n## Escalation\n| Severity | 15 min | 1 h |\n|---|---|---|\n| P1 | bo | cy |\n| P2 | - | bo |\n",
            &[],
        ),
        ("# Shop\n## News\n- **High**: bo is back\n- **Low**: cy is away\n", &[]),
        ("# Shop\n## About\n- P0 incidents: 23 mended\n- P1 night issues: 7 mended\n", &[]),
    ] {
        let got = severities(text);
        if expected.is_empty() {
            assert!(got.iter().all(|s| !s.contains("12 ") && !s.contains("13 ")) && got.len() != 1, "{text}{got:?}");
        } else {
            assert_eq!(got, expected, "{text}");
        }
    }
}

#[test]
fn steps_with_times_are_phases_and_promises_and_estimates_are_none() {
    for (text, expected) in [
        (
            "# A\n## Flow\n### Contain (0-15 minutes)\n- x\n### Mend (15-60 minutes)\n- y\n",
            vec![(3, Some(900)), (5, Some(3600))],
        ),
        (
            "# A\n## Flow\n### Step 1: Look (within 5 minutes)\n- x\n### Step 2: Mend (5-15 min)\n- y\n",
            vec![(3, Some(300)), (5, Some(900))],
        ),
        ("# A\n## Severity\n### P1\n- **Response**: 15 min\n### P2\n- **Response**: 1 h\n", vec![]),
        // The title of a severity says when it is answered.
        (
            "# A\n## Severity\n### P1 (page at once)\n**Signs**:\n- out\n### P2 (page within 1 hour)\n**Signs**:\n- slow\n",
            vec![],
        ),
        (
            "# A\n## Do now (first 5 minutes)\n### Step 1: Look (30 seconds)\n- x\n### Step 2: Mend (2 minutes)\n- y\n",
            vec![(2, Some(300)), (3, Some(30)), (5, Some(120))],
        ),
        ("# A\n## Deployment\n### Step 1: Build (0-10 minutes)\n- x\n### Step 2: Ship (10-20 minutes)\n- y\n", vec![]),
    ] {
        let got: Vec<(u32, Option<u64>)> = read(text).phases.iter().map(|p| (p.line, p.deadline_s)).collect();
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn who_is_called_after_what_time_is_read_from_sentences_and_columns() {
    for (text, expected) in [
        ("# A\n## People\nIf bo does not pick up in 15 minutes, call the hosting team.\n", vec![Some(900)]),
        (
            "# A\n## Escalation\nIf nobody acknowledges within 15 minutes, the second on-call is paged; after 1 hour the CIO is informed.\n",
            vec![Some(900), Some(3600)],
        ),
        (
            "# A\n## Escalation\nLevel 1 → NOC, immediately\nLevel 2 → network engineer, after 30 min\n",
            vec![Some(0), Some(1800)],
        ),
        (
            "# A\n## Escalation\n\n    after 10 min    duty manager\n    after 2 hours   CFO\n",
            vec![Some(600), Some(7200)],
        ),
        ("# A\n## Who decides\n- T+0 on-call engineer\n- T+15m engineering manager\n", vec![Some(0), Some(900)]),
        ("# A\n## Notes\nIf it rains after 10 minutes, call it a day.\n", vec![]),
    ] {
        let got: Vec<Option<u64>> = read(text).escalation.iter().map(|e| e.after_s).collect();
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn limits_are_read_without_comparators_and_with_other_peoples_numbers() {
    for (text, expected) in [
        ("# A\n## Limits\n- CPU: warning above 70 %, critical above 90 %\n", vec![">70 >90"]),
        ("# A\n## Limits\n- Disk: warn at 80%, page at 90%\n", vec![">80 >90"]),
        (
            "# A\n| Metric | Warning | Critical |\n|---|---|---|\n| Heat | 80 °C | 90 °C |\n| Free | 20 % | 10 % |\n",
            vec![">80 >90", "<20 <10"],
        ),
        ("# A\n| Metric | Warning | Critical |\n|---|---|---|\n| Queue | > 2.000 | > 10 000 |\n", vec![">2000 >10000"]),
        ("# A\n## Rules\n- queue age > 600 s: add a worker\n", vec![">600 -"]),
        (
            "# A\n## Critical alerts\n- Free memory < 5 %\n- Somebody calls\n## Warning alerts\n- CPU load > 80%\n",
            vec!["- <5", ">80 -"],
        ),
        ("# A\n## Critical alert response\n**Trigger conditions:**\n- Error rate >5%\n", vec!["- >5"]),
        // What a severity promises is no limit of a metric.
        (
            "# A\n## Severity\n### P1\n- **Acknowledgement**: < 5 minutes\n- **Triage**: < 15 minutes\n### P2\n- x\n",
            vec![],
        ),
    ] {
        let side = |b: &Option<crate::model::Bound>| b.as_ref().map_or("-".into(), |b| format!("{}{}", b.op, b.value));
        let got: Vec<String> =
            read(text).thresholds.iter().map(|t| format!("{} {}", side(&t.warning), side(&t.critical))).collect();
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn one_part_of_a_line_says_when() {
    for (text, expected) in [
        ("# A\n## Jobs\n- Forced copies – Sunday 03:00: take them away\n", vec!["Forced copies weekly 0 3 * * 0"]),
        ("# A\n## Jobs\n- `0 5 * * 1` send the report\n", vec!["send the report weekly 0 5 * * 1"]),
        ("# A\n## Tâches planifiées\n- Chaque lundi à 9 h : revue\n", vec!["revue weekly 0 9 * * 1"]),
        (
            "# A\n## Patch day\nSecond Tuesday of the month, 20:00 – install updates.\n",
            vec!["install updates monthly -"],
        ),
        // A folder and a number of copies are no rhythm; a time of day with one is, wherever it stands.
        (
            "# A\n## Copies\n- Daily full dump at 2am UTC with the tool\n- Kept: 30 daily copies\n- Place: s3://shop/daily/\n",
            vec!["Daily full dump at 2am UTC with the tool daily 0 2 * * *"],
        ),
        (
            "# A\n## Daily tasks\n| Time | Task |\n|---|---|\n| 09:00 | open |\n| 17:30 | close |\n",
            vec!["open daily 0 9 * * *", "close daily 30 17 * * *"],
        ),
        (
            "# A\n## Introduction\n| Kind | Description | Frequency |\n|---|---|---|\n| Full | all of it | weekly |\n| Small | the rest | daily |\n",
            vec!["Full weekly -", "Small daily -"],
        ),
        (
            "# A\n## Daily round\n**Frequency**: daily at 9:00 AM\n1. Look\n2. Write\n",
            vec!["Daily round daily 0 9 * * *"],
        ),
        ("# A\n## Desk\n- **Phone**: see the roster (rotates weekly)\n", vec![]),
        ("# A\n## 定期作業\n- 毎日 9:00 バックアップの確認\n", vec!["バックアップの確認 daily 0 9 * * *"]),
    ] {
        let word = |c| serde_json::to_value(c).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let got: Vec<String> = read(text)
            .schedules
            .iter()
            .map(|s| {
                format!("{} {} {}", s.name, s.cadence.map(word).unwrap_or_default(), s.cron.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn sentences_ask_for_commands_in_brackets_and_with_a_reminder() {
    for (text, expected) in [
        ("Look at the queue (`rabbitmqctl list_queues`) first.\n", vec!["rabbitmqctl list_queues"]),
        (
            "1. Close it with `systemctl stop web` and do not forget `systemctl start web`.\n",
            vec!["systemctl stop web", "systemctl start web"],
        ),
        ("`heroku config:set NEW=off -a shop` turns the new page off.\n", vec!["heroku config:set NEW=off -a shop"]),
        ("1. Do not run `systemctl stop web`.\n", vec![]),
        ("What you want to see:\n\n```shell\nmaxmemory-policy\nallkeys-lru\n```\n", vec![]),
    ] {
        let got: Vec<String> = read(text).commands.into_iter().map(|c| c.text).collect();
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn what_is_typed_at_a_prompt_is_judged_in_its_language() {
    let text = "# Shop\n\n```\nRMAN> list backup summary;\nRMAN> delete noprompt obsolete;\nDGMGRL> show configuration\n```\n\n\
                ```\nrs0:PRIMARY> db.jobs.deleteMany({})\nshop> ls -l\n```\n\n```\npsql> \\dt\n```\n";
    let got: Vec<String> = read(text)
        .commands
        .into_iter()
        .map(|c| format!("{} {:?} {:?} {}", c.line, c.executor, c.risk, c.text))
        .collect();
    let expected = [
        "4 AppCli Read list backup summary;",
        "5 AppCli Destroy delete noprompt obsolete;",
        "6 AppCli Read show configuration",
        "10 AppCli Destroy db.jobs.deleteMany({})",
        "15 Postgres Read \\dt",
    ];
    assert_eq!(got, expected);
}

#[test]
fn each_item_of_a_checklist_knows_its_own_line() {
    let lists = read("# Shop\n\n## Before a release\n\n- [ ] tests pass\n- [ ] backup\n  is made\n  - [ ] and read\n")
        .checklists;
    assert_eq!((lists[0].line, lists[0].item_lines.as_slice()), (3, &[5, 6, 8][..]));
    assert_eq!(lists[0].items.len(), 3);
}

#[test]
fn a_step_that_is_nothing_but_a_script_is_a_command_and_a_script_that_is_spoken_of_is_none() {
    let texts = |text: &str| read(text).commands.iter().map(|c| format!("{} {}", c.line, c.text)).collect::<Vec<_>>();
    let renewal =
        "# Shop\n## Certificates\n- Manual renewal:\n  - `./scripts/renew.sh`\n- Check:\n  - `./scripts/status.sh`\n";
    assert_eq!(texts(renewal), ["4 ./scripts/renew.sh", "6 ./scripts/status.sh"]);
    let asked = "# Shop\n## Redis during an incident\n- `GET /healthz/ready` — is it ready\n- `GET session:7` — in redis-cli\n- Use `grep -aF` for bytes\n";
    assert_eq!(texts(asked), ["4 GET session:7"]);
    let spoken = "# Shop\n## Files\n- `scripts/renew.sh`\n- `./scripts/status.sh` is run by the timer\n";
    assert_eq!(texts(spoken), Vec::<String>::new());
}

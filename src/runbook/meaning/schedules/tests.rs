//! Tables of schedules: what is read, and what only looks like it.

use super::*;
use crate::document::Document;
use crate::source::Source;

/// One line for each schedule: line, name, cadence, when, cron, tasks.
fn read(text: &str) -> Vec<String> {
    let source = Source::read(text.as_bytes()).unwrap();
    let document = Document::read(&source);
    schedules(&Reading::new(&source, &document))
        .0
        .into_iter()
        .map(|s| {
            let cadence = s.cadence.map_or("-".into(), |c| format!("{c:?}").to_lowercase());
            let show = |v: Option<String>| v.unwrap_or_else(|| "-".into());
            format!("{} {}|{cadence}|{}|{}|{}", s.line, s.name, show(s.when), show(s.cron), s.tasks.join("+"))
        })
        .collect()
}

#[test]
fn a_title_says_when() {
    for (text, expected) in [
        (
            "# Shop\n## Weekly cleanup (Sunday 2:00 AM)\n- Empty the bins\n- Count the till\n",
            vec!["2 Weekly cleanup|weekly|Sunday 2:00 AM|0 2 * * 0|Empty the bins+Count the till"],
        ),
        ("# Shop\n## Daily Tasks\n- [ ] Sweep\n", vec!["2 Daily Tasks|daily|-|-|Sweep"]),
        ("# Shop\n## Index rebuild (Weekly)\n- Rebuild\n", vec!["2 Index rebuild|weekly|-|-|Rebuild"]),
        (
            "# Laden\n## Wöchentliche Wartung (Sonntag 3 Uhr)\n- Fegen\n",
            vec!["2 Wöchentliche Wartung|weekly|Sonntag 3 Uhr|0 3 * * 0|Fegen"],
        ),
        ("# 店\n## 每周维护（周日凌晨2点）\n- 清理日志\n", vec!["2 每周维护|weekly|周日凌晨2点|0 2 * * 0|清理日志"]),
        ("# 店\n## 日次作業\n- ログ確認\n", vec!["2 日次作業|daily|-|-|ログ確認"]),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn under_a_roof_the_dated_children_recur() {
    let text = "# Shop\n## Daily operations\n### Morning round (9:00 AM)\n- Open\n### Evening round (20 minutes)\n- Close\n\
        ## Monthly tasks\n### First Monday: Stocktaking\n- Count\n### Last Friday: Fire drill\n- Run\n";
    assert_eq!(
        read(text),
        [
            "3 Morning round|daily|9:00 AM|0 9 * * *|Open",
            "5 Evening round|daily|-|-|Close",
            "8 Stocktaking|monthly|First Monday|-|Count",
            "10 Fire drill|monthly|Last Friday|-|Run"
        ]
    );
}

#[test]
fn an_item_overrides_its_section() {
    let text = "# Shop\n## Daily tasks\n- Sweep\n- Wash the windows monthly\n";
    assert_eq!(
        read(text),
        ["2 Daily tasks|daily|-|-|Sweep", "4 Wash the windows|monthly|-|-|Wash the windows monthly"]
    );
    let text = "# Shop\n## Security checklist\n- [ ] Read the access logs weekly\n- [ ] Look for strangers\n- [ ] Patch within 48 hours\n";
    assert_eq!(read(text), ["3 Read the access logs|weekly|-|-|Read the access logs weekly"]);
}

#[test]
fn a_key_or_a_value_says_when() {
    let text = "# Shop\n## Backup schedule\n- **Daily**: Databases (automated)\n- **Weekly**: Settings\n- Keys: Every 90 days\n\
        - Images: Review weekly, apply monthly\n- Base: Update within 48 hours\n";
    let found = read(text);
    assert_eq!(found[0], "3 Databases (automated)|daily|-|-|Databases (automated)");
    assert_eq!(found[1], "4 Settings|weekly|-|-|Settings");
    assert_eq!(found[2], "5 Keys|quarterly|Every 90 days|-|Keys: Every 90 days");
    assert!(
        found[3].starts_with("6 Images: Review|weekly|") && found[4].starts_with("6 Images: apply|monthly|"),
        "{found:?}"
    );
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn tables_of_jobs_have_a_row_for_each() {
    let text = "# Shop\n## Jobs\n| Task | Frequency | Time |\n|---|---|---|\n| Stocktaking | Weekly | Sunday 02:00 |\n| Dump | `0 4 * * *` | |\n";
    assert_eq!(read(text), ["5 Stocktaking|weekly|Sunday 02:00|0 2 * * 0|", "6 Dump|daily|0 4 * * *|0 4 * * *|"]);
}

#[test]
fn comments_and_crontabs_in_code_say_when() {
    let text = "# Shop\n## Cleanup\n```bash\n# Run monthly\n./clean.sh\n```\n```\n# Nightly dump\n0 3 * * * /opt/dump.sh\n```\n";
    assert_eq!(read(text), ["4 Cleanup|monthly|-|-|", "9 Nightly dump|daily|0 3 * * *|0 3 * * *|/opt/dump.sh"]);
}

#[test]
fn what_does_not_recur_is_left_out() {
    for text in [
        "# Daily operations runbook\n## Restart\n- Stop\n",
        "# Shop\n## Incident response\n- Update stakeholders every 30 minutes\n- Report daily\n",
        "# Shop\n## Daily report failure\n- Look\n",
        "# Shop\n## Restart (15 minutes)\n- Apply within 48 hours\n- GET /health (every 10s)\n- 100 orders per day\n",
        "# Shop\n## Change log\n- Reviewed monthly\n",
    ] {
        assert_eq!(read(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_part_of_a_schedule_is_no_schedule() {
    let text = "# Shop\n## Daily operations\n### Evening round (6:00 PM)\n#### Daily count\n- Count\n### Monthly round (First Sunday 1:00 AM)\n- Paint\n";
    assert_eq!(
        read(text),
        ["3 Evening round|daily|6:00 PM|0 18 * * *|Count", "6 Monthly round|monthly|First Sunday 1:00 AM|-|Paint"]
    );
    let text = "# Shop\n## Monthly tasks\n### Second Tuesday: Disaster drill\n- Run\n## Panels\nDaily look at these panels:\n\n**Till:**\n- Cash\n";
    assert_eq!(
        read(text),
        [
            "3 Disaster drill|monthly|Second Tuesday|-|Run",
            "6 Daily look at these panels|daily|-|-|Daily look at these panels:"
        ]
    );
}

//! Rhythms as people write them, in ten languages.

use super::*;
use Cadence::*;

#[test]
fn rhythms_are_read_in_ten_languages() {
    let mut wrong = Vec::new();
    for (text, cadence, when, cron) in [
        ("Weekly Cleanup (Sunday 2:00 AM)", Some(Weekly), Some("Sunday 2:00 AM"), Some("0 2 * * 0")),
        ("Morning Check (9:00 AM)", None, Some("9:00 AM"), None),
        ("Daily at 9:00 AM UTC", Some(Daily), Some("9:00 AM UTC"), Some("0 9 * * *")),
        ("First Monday", Some(Monthly), Some("First Monday"), None),
        ("First Sunday 1:00 AM", Some(Monthly), Some("First Sunday 1:00 AM"), None),
        ("Last Friday of the month", Some(Monthly), Some("Last Friday of the month"), None),
        ("Every Tuesday", Some(Weekly), Some("Tuesday"), None),
        ("Every weekday at 8am", Some(Daily), Some("Every weekday at 8am"), Some("0 8 * * 1-5")),
        ("Mon and Thu 18:30", Some(Weekly), Some("Mon and Thu 18:30"), Some("30 18 * * 1,4")),
        ("Every other Thursday", Some(Biweekly), None, None),
        ("Every 90 days", Some(Quarterly), Some("Every 90 days"), None),
        ("every 180 days", None, Some("every 180 days"), None),
        ("every 15 minutes", None, Some("every 15 minutes"), Some("*/15 * * * *")),
        ("quarterly", Some(Quarterly), None, None),
        ("twice a year", None, Some("twice a year"), None),
        ("Monthly, on the 1st at 03:00", Some(Monthly), None, Some("0 3 1 * *")),
        ("1st and 15th of each month at 04:00", Some(Monthly), None, Some("0 4 1,15 * *")),
        ("daily 02:00-04:00", Some(Daily), Some("02:00-04:00"), Some("0 2 * * *")),
        ("Sonntags um 3 Uhr", Some(Weekly), Some("Sonntags um 3 Uhr"), Some("0 3 * * 0")),
        ("täglich um 6:30 Uhr", Some(Daily), Some("6:30 Uhr"), Some("30 6 * * *")),
        ("erster Montag im Monat", Some(Monthly), None, None),
        ("alle zwei Wochen", Some(Biweekly), None, None),
        ("vierteljährlich", Some(Quarterly), None, None),
        ("tous les lundis à 7h", Some(Weekly), Some("lundis à 7h"), Some("0 7 * * 1")),
        ("le premier mardi du mois", Some(Monthly), Some("premier mardi du mois"), None),
        ("chaque semaine", Some(Weekly), None, None),
        ("todos los días a las 8:00", Some(Daily), Some("8:00"), Some("0 8 * * *")),
        ("cada domingo 02:00", Some(Weekly), Some("domingo 02:00"), Some("0 2 * * 0")),
        ("toda segunda-feira às 9h", Some(Weekly), Some("segunda-feira às 9h"), Some("0 9 * * 1")),
        ("mensalmente", Some(Monthly), None, None),
        ("ogni lunedì alle 6:00", Some(Weekly), Some("lunedì alle 6:00"), Some("0 6 * * 1")),
        ("еженедельно, в воскресенье в 3:00", Some(Weekly), Some("воскресенье в 3:00"), Some("0 3 * * 0")),
        ("каждый день", Some(Daily), None, None),
        ("每周日凌晨2点", Some(Weekly), Some("周日凌晨2点"), Some("0 2 * * 0")),
        ("每天上午9点30分", Some(Daily), Some("上午9点30分"), Some("30 9 * * *")),
        ("每月1号 03:00", Some(Monthly), None, Some("0 3 1 * *")),
        ("每月第一个周一", Some(Monthly), None, None),
        ("毎週月曜日 午前2時", Some(Weekly), Some("月曜日 午前2時"), Some("0 2 * * 1")),
        ("毎日9時30分", Some(Daily), Some("9時30分"), Some("30 9 * * *")),
        ("第1月曜日", Some(Monthly), Some("第1月曜日"), None),
        ("매주 일요일 오전 2시", Some(Weekly), Some("일요일 오전 2시"), Some("0 2 * * 0")),
        ("매월 첫째 주 월요일", Some(Monthly), None, None),
    ] {
        let Some(found) = rhythm(text) else {
            wrong.push(format!("{text}: nothing"));
            continue;
        };
        let same_when = when.is_none() || found.when.as_deref() == when;
        if found.cadence != cadence || !same_when || found.cron.as_deref() != cron {
            wrong.push(format!("{text}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_no_rhythm_is_none() {
    for text in [
        "Apply within 48 hours",
        "Check the logs (15 minutes)",
        "100 requests per day",
        "10.0.0.1:80",
        "Ratio 16:9",
        "2024-01-10 12:30",
        "2時間",
        "port 8080",
        "It may march on",
    ] {
        assert_eq!(rhythm(text), None, "{text}");
    }
}

#[test]
fn clauses_with_their_own_rhythm_are_two() {
    let found = clauses("Review weekly, apply monthly");
    let got: Vec<_> = found.iter().map(|(t, r)| (t.as_str(), r.cadence)).collect();
    assert_eq!(got, [("Review weekly", Some(Weekly)), ("apply monthly", Some(Monthly))]);
    assert_eq!(clauses("Weekly, on Sunday at 2:00").len(), 1);
}

#[test]
fn a_name_is_what_is_left() {
    for (text, name) in [
        ("Weekly Maintenance (Sunday 2:00 AM)", "Weekly Maintenance"),
        ("Health check (9:00 AM)", "Health check"),
        ("Monday: rotate logs", "rotate logs"),
        ("Backup – every Sunday", "Backup – every"),
        ("数据库备份（每天）", "数据库备份"),
    ] {
        let mut found = rhythm(text).unwrap();
        if let Some(paren) = text.find(['(', '（']).map(|n| Fold::new(&text[..n]).text.len()) {
            found.range.start = found.range.start.max(paren + 1);
        }
        assert_eq!(without(text, &found), name, "{text}");
    }
}

#[test]
fn crontab_lines_are_five_fields_and_a_command() {
    for (line, cron, cadence) in [
        ("0 2 * * * /opt/backup.sh", "0 2 * * *", Some(Daily)),
        ("*/15 * * * * root /usr/bin/check", "*/15 * * * *", None),
        ("30 4 * * SUN ./weekly", "30 4 * * 0", Some(Weekly)),
        ("0 3 1 * * ./monthly", "0 3 1 * *", Some(Monthly)),
        ("0 3 1 1,4,7,10 * ./q", "0 3 1 1,4,7,10 *", Some(Quarterly)),
        ("0 9 * * mon-fri ./work", "0 9 * * 1-5", Some(Daily)),
        ("5 * * * * ./h", "5 * * * *", Some(Hourly)),
        ("@weekly ./clean", "0 0 * * 0", Some(Weekly)),
    ] {
        let found = cron_line(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.cron.as_str(), found.cadence), (cron, cadence), "{line}");
    }
    for line in ["1 2 3 4 5 6", "0 2 * * *", "60 2 * * * x", "ls * * * * *", "@reboot x", "* * * hello world x"] {
        assert_eq!(cron_line(line), None, "{line}");
    }
    assert_eq!(cron_expression("`0 2 * * 7`"), Some(("0 2 * * 0".into(), Some(Weekly))));
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "(\\PC|[0-9]|:|点|monday|first|every|,| |h|\\(){0,40}") {
        if let Some(found) = rhythm(&text) {
            without(&text, &found);
        }
        clauses(&text);
        cron_line(&text);
    }
}

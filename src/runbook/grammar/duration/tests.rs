//! Lengths of time as people write them, in ten languages.

use super::*;

const M: u64 = 60;
const H: u64 = 3600;
const D: u64 = 86_400;

fn work(seconds: u64) -> Dur {
    Dur::Calendar { seconds: Some(seconds), business: true }
}

#[test]
fn a_cell_is_read_in_ten_languages() {
    use Dur::*;
    for (cell, expected) in [
        ("15 minutes", Exact(15 * M)),
        ("<15 min", UpTo(15 * M)),
        ("≤ 5m", UpTo(5 * M)),
        ("**< 1 hour**", UpTo(H)),
        ("Within 30 mins.", UpTo(30 * M)),
        ("1.5 hours", Exact(5400)),
        ("½ hour", Exact(1800)),
        ("half an hour", Exact(1800)),
        ("2h", Exact(2 * H)),
        ("1h30m", Exact(5400)),
        ("1 hour and 30 minutes", Exact(5400)),
        ("15–30 minutes", Range(15 * M, 30 * M)),
        ("30 min - 1 h", Range(30 * M, H)),
        ("5 to 10 minutes", Range(5 * M, 10 * M)),
        ("1 business day", work(D)),
        ("2-3 business days", work(3 * D)),
        ("4 hours (business hours)", work(4 * H)),
        ("4 business hours", work(4 * H)),
        ("Next business day", work(D)),
        ("15 minutes (24/7)", Exact(15 * M)),
        ("Immediate", Immediate),
        ("Immediate (< 5 minutes)", UpTo(5 * M)),
        ("ASAP", Immediate),
        ("Best effort", None),
        ("N/A", None),
        ("—", None),
        ("Every 30 minutes", Cadence(30 * M)),
        ("every hour", Cadence(H)),
        ("48 hours or less", UpTo(48 * H)),
        ("15 min response", UpTo(15 * M)),
        ("by end of day", Calendar { seconds: Option::None, business: false }),
        ("1 week", Exact(7 * D)),
        ("innerhalb von 15 Minuten", UpTo(15 * M)),
        ("max. 4 Std.", UpTo(4 * H)),
        ("binnen 2 Werktagen", work(2 * D)),
        ("1,5 Stunden", Exact(5400)),
        ("10 bis 20 Minuten", Range(10 * M, 20 * M)),
        ("alle 30 Minuten", Cadence(30 * M)),
        ("sofort", Immediate),
        ("am nächsten Werktag", work(D)),
        ("sous 15 minutes", UpTo(15 * M)),
        ("moins d'une heure", Exact(H)),
        ("1 h 30", Exact(5400)),
        ("2 jours ouvrés", work(2 * D)),
        ("toutes les 30 minutes", Cadence(30 * M)),
        ("immédiat", Immediate),
        ("en menos de 15 minutos", UpTo(15 * M)),
        ("1 día hábil", work(D)),
        ("de inmediato", Immediate),
        ("cada 2 horas", Cadence(2 * H)),
        ("em até 30 minutos", UpTo(30 * M)),
        ("1 dia útil", work(D)),
        ("a cada 30 min", Cadence(30 * M)),
        ("entro 15 minuti", UpTo(15 * M)),
        ("3 giorni lavorativi", work(3 * D)),
        ("ogni 4 ore", Cadence(4 * H)),
        ("в течение 15 минут", UpTo(15 * M)),
        ("не более 2 часов", UpTo(2 * H)),
        ("1 рабочий день", work(D)),
        ("немедленно", Immediate),
        ("каждые 30 минут", Cadence(30 * M)),
        ("15分钟内", UpTo(15 * M)),
        ("5～10 分钟", Range(5 * M, 10 * M)),
        ("1个工作日", work(D)),
        ("立即响应", Immediate),
        ("每30分钟", Cadence(30 * M)),
        ("半小时", Exact(1800)),
        ("30分以内", UpTo(30 * M)),
        ("２時間", Exact(2 * H)),
        ("翌営業日", work(D)),
        ("直ちに", Immediate),
        ("1時間ごと", Cadence(H)),
        ("15분 이내", UpTo(15 * M)),
        ("1시간 30분", Exact(5400)),
        ("1영업일", work(D)),
        ("30분마다", Cadence(30 * M)),
        ("즉시", Immediate),
    ] {
        assert_eq!(duration(cell), Some(expected), "{cell}");
    }
}

#[test]
fn what_is_no_length_is_none() {
    for cell in ["", "Total outage", "512M", "v2.3", "09:30", "$5m", "2024年", "9点30分", "P1", "100 req/s", "10%"] {
        assert_eq!(duration(cell), Option::None, "{cell}");
    }
}

#[test]
fn two_different_times_in_a_cell_are_kept_as_written() {
    let cell = "15 minutes by day, 1 hour by night";
    assert_eq!(duration(cell), Some(Dur::Verbatim(cell.into())));
}

#[test]
fn lengths_inside_a_sentence_are_quoted_as_written() {
    for (text, expected) in [
        ("Page ana after 15 minutes if unresolved", vec![("after 15 minutes", Dur::Exact(900))]),
        ("Wait 10s, then wait 2 min", vec![("Wait 10s", Dur::Exact(10)), ("wait 2 min", Dur::Exact(120))]),
        ("Öffnet nach 5 Minuten", vec![("nach 5 Minuten", Dur::Exact(300))]),
        ("15分後に通知", vec![("15分後に", Dur::Exact(900))]),
        ("nothing at 10:30 or in v1.2m", vec![]),
    ] {
        let found: Vec<(&str, Dur)> = find(text).into_iter().map(|(r, d)| (&text[r], d)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn windows_have_two_ends() {
    for (text, expected) in [
        ("Assess (0-5 minutes)", Some([0, 300])),
        ("First 15 minutes", Some([0, 900])),
        ("Minutes 5–15", Some([300, 900])),
        ("T+5 to T+15 min", Some([300, 900])),
        ("15 min - 1 hour", Some([900, 3600])),
        ("Erste 30 Minuten", Some([0, 1800])),
        ("最初の15分", Some([0, 900])),
        ("0~5分", Some([0, 300])),
        ("within 15 minutes", None),
        ("every 5-10 minutes", None),
    ] {
        assert_eq!(window(text), expected, "{text}");
    }
}

#[test]
fn a_length_with_a_name_is_not_only_a_length() {
    assert!(only_duration("< 15 minutes") && only_duration("sofort") && only_duration("30分以内"));
    assert!(!only_duration("Team lead after 15 min") && !only_duration("On-call"));
    assert_eq!(scan(&Fold::new("T+30: notify")).first().map(|f| f.dur.clone()), Some(Dur::Exact(1800)));
}

#[test]
fn ends_of_a_length() {
    assert_eq!((Dur::Range(60, 120).lower_s(), Dur::Range(60, 120).upper_s()), (Some(60), Some(120)));
    assert_eq!((Dur::UpTo(60).lower_s(), Dur::Immediate.upper_s()), (Some(0), Some(0)));
    assert_eq!(Dur::None.upper_s(), None);
    assert!(work(60).business() && !Dur::Exact(60).business());
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "(\\PC|[0-9]|分|min|bis| |-|<){0,40}") {
        duration(&text);
        for (range, _) in find(&text) {
            let _ = &text[range];
        }
        window(&text);
    }
}

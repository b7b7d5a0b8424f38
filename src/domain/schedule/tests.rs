//! Compares the schedule's arithmetic with a model that has none: a person who looks at the clock on the wall
//! every minute and hands over the first time it shows the next hand-off's time or a later one.
//! Shares no code with what it tests except chrono-tz's table of offsets.

use super::*;
use chrono::NaiveDate;
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

const MINUTE: i64 = 60 * crate::time::SECOND;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// Zones with their year of interest: the usual two changes, half an hour of DST, a day that never was,
/// a half-hour zone with and one without DST, DST that is off during Ramadan, none at all.
const ZONES: [(Tz, i32); 8] = [
    (Tz::Europe__Berlin, 2026),
    (Tz::America__New_York, 2026),
    (Tz::Australia__Lord_Howe, 2026),
    (Tz::Pacific__Apia, 2011),
    (Tz::Asia__Kolkata, 2026),
    (Tz::America__St_Johns, 2026),
    (Tz::Africa__Casablanca, 2026),
    (Tz::UTC, 2026),
];

fn wall(zone: Tz, utc_s: i64) -> NaiveDateTime {
    let utc = DateTime::from_timestamp(utc_s, 0).unwrap().naive_utc();
    utc + zone.offset_from_utc_datetime(&utc).fix()
}

/// Seconds of the instants in a year at which the zone's offset changes; without any, New Year's noon.
fn changes(zone: Tz, year: i32) -> Vec<i64> {
    let start = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp();
    let offset = |utc_s: i64| wall(zone, utc_s).and_utc().timestamp() - utc_s;
    let hours = (0..365 * 24).map(|h| start + h * HOUR_S);
    let found: Vec<i64> = hours
        .filter(|t| offset(*t) != offset(t + HOUR_S))
        .map(|t| (1..=60).map(|m| t + m * 60).find(|m| offset(*m) != offset(t)).unwrap())
        .collect();
    if found.is_empty() { vec![start] } else { found }
}

/// What the clock on the wall shows at every minute around an instant.
fn minutes_around(zone: Tz, centre_s: i64, hours: i64) -> Vec<(i64, NaiveDateTime)> {
    (-hours * 60..hours * 60).map(|m| centre_s + m * 60).map(|t| (t, wall(zone, t))).collect()
}

fn people(names: &[&str]) -> Vec<PersonId> {
    names.iter().map(|n| PersonId::from(*n)).collect()
}

fn at(utc_s: i64) -> Timestamp {
    Timestamp(utc_s * crate::time::SECOND)
}

/// The model. The first minute must lie away from any change of the clocks.
fn brute_force<'a>(rotation: &'a Rotation, minutes: &[(i64, NaiveDateTime)]) -> Vec<&'a PersonId> {
    let shift = Duration::seconds(rotation.shift_s);
    let (mut turn, mut next) = (0_i64, rotation.first_handoff + shift);
    while next - shift > minutes[0].1 {
        (turn, next) = (turn - 1, next - shift);
    }
    let look = |(_, shown): &(i64, NaiveDateTime)| {
        while *shown >= next {
            (turn, next) = (turn + 1, next + shift);
        }
        &rotation.people[turn.rem_euclid(rotation.people.len() as i64) as usize]
    };
    minutes.iter().map(look).collect()
}

#[test]
fn on_call_equals_a_minute_by_minute_watch_of_the_wall_clock_around_every_clock_change() {
    let (mut compared, mut handed_over) = (0, 0);
    for (zone, year) in ZONES {
        for change in changes(zone, year) {
            let minutes = minutes_around(zone, change, 36);
            // From the last minute before the change to the first after it: a gap, or (reversed) a repeated hour.
            let (a, b) = (wall(zone, change - 60), wall(zone, change));
            let (low, high) = (a.min(b), a.max(b));
            let ordinary = b.date().and_hms_opt(9, 0, 0).unwrap();
            for shift_s in [12 * HOUR_S, DAY_S, 7 * DAY_S] {
                for (i, moment) in [low, low + (high - low) / 2, high, a, b, ordinary].into_iter().enumerate() {
                    // Counted from a first hand-off far before and from one far after the change.
                    let away = Duration::seconds(shift_s * if i % 2 == 0 { 5 } else { -7 });
                    let rotation = Rotation {
                        people: people(&["ana", "bo", "cy", "dee", "eli"]),
                        shift_s,
                        first_handoff: moment - away,
                        zone,
                    };
                    let expected = brute_force(&rotation, &minutes);
                    let schedule = Schedule { rotation: rotation.clone(), overrides: vec![] };
                    for (n, (utc_s, shown)) in minutes.iter().enumerate() {
                        let handoff = n > 0 && expected[n] != expected[n - 1];
                        let before_handoff = n + 1 < expected.len() && expected[n] != expected[n + 1];
                        if handoff || before_handoff || (utc_s - change).abs() <= 75 * 60 || n % 31 == 0 {
                            let found = schedule.on_call_at(at(*utc_s));
                            assert_eq!(found.as_ref(), Some(expected[n]), "{zone} {utc_s} shows {shown}: {rotation:?}");
                            compared += 1;
                            handed_over += i32::from(handoff);
                        }
                    }
                }
            }
        }
    }
    assert!(compared > 40_000 && handed_over > 500, "{compared} minutes, {handed_over} hand-offs");
}

#[test]
fn the_zones_under_test_do_change_their_clocks_as_the_test_needs() {
    let jumps = |zone, year| -> Vec<i64> {
        let minutes = changes(zone, year).into_iter();
        minutes.map(|t| (wall(zone, t) - wall(zone, t - 60)).num_minutes() - 1).collect()
    };
    assert_eq!(jumps(Tz::Europe__Berlin, 2026), [60, -60]);
    assert_eq!(jumps(Tz::America__St_Johns, 2026), [60, -60]);
    assert_eq!(jumps(Tz::Africa__Casablanca, 2026), [-60, 60]);
    assert_eq!(jumps(Tz::Australia__Lord_Howe, 2026), [-30, 30]);
    assert_eq!(jumps(Tz::Pacific__Apia, 2011), [-60, 60, 1_440]);
    assert_eq!(jumps(Tz::UTC, 2026), [0]);
}

#[test]
fn a_hand_off_in_the_gap_happens_when_the_gap_ends_and_one_in_the_repeated_hour_happens_once() {
    let day = |m, d, h, min| NaiveDate::from_ymd_opt(2026, m, d).unwrap().and_hms_opt(h, min, 0).unwrap();
    let utc = |m, d, h, min| Timestamp::from(day(m, d, h, min).and_utc());
    let rotation = |first_handoff| Rotation {
        people: people(&["ana", "bo"]),
        shift_s: DAY_S,
        first_handoff,
        zone: Tz::Europe__Berlin,
    };
    // 29 March: 02:00 to 03:00 does not exist; 03:00 is 01:00 UTC.
    let spring = rotation(day(3, 28, 2, 30));
    assert_eq!(spring.bounds_at(utc(3, 28, 12, 0)), Some((utc(3, 28, 1, 30), utc(3, 29, 1, 0))));
    assert_eq!(spring.bounds_at(utc(3, 29, 12, 0)), Some((utc(3, 29, 1, 0), utc(3, 30, 0, 30))));
    // 25 October: 02:30 exists at 00:30 UTC and again at 01:30 UTC.
    let autumn = rotation(day(10, 24, 2, 30));
    assert_eq!(autumn.bounds_at(utc(10, 24, 12, 0)), Some((utc(10, 24, 0, 30), utc(10, 25, 0, 30))));
    assert_eq!(autumn.bounds_at(utc(10, 25, 1, 15)), Some((utc(10, 25, 0, 30), utc(10, 26, 1, 30))));
}

#[test]
fn the_latest_added_of_overlapping_overrides_wins_from_its_first_instant_to_just_before_its_last() {
    let rotation = Rotation {
        people: people(&["ana"]),
        shift_s: DAY_S,
        first_handoff: NaiveDate::from_ymd_opt(2026, 7, 1).unwrap().and_hms_opt(9, 0, 0).unwrap(),
        zone: Tz::UTC,
    };
    let start = Timestamp::from(rotation.first_handoff.and_utc());
    let stands_in = |person: &str, from_s, to_s| Override {
        person: person.into(),
        from: start.plus_s(from_s),
        to: start.plus_s(to_s),
    };
    // The last is empty and stands in for nobody.
    let overrides = vec![stands_in("bo", 100, 300), stands_in("cy", 200, 400), stands_in("dee", 250, 250)];
    let schedule = Schedule { rotation, overrides };
    for (s, us, person, from_s, to_s) in [
        (100, -1, "ana", 0, 100),
        (100, 0, "bo", 100, 200),
        (200, -1, "bo", 100, 200),
        (200, 0, "cy", 200, 400),
        (300, 0, "cy", 200, 400),
        (400, -1, "cy", 200, 400),
        (400, 0, "ana", 400, DAY_S),
    ] {
        let moment = start.plus_s(s).plus_us(us);
        assert_eq!(schedule.on_call_at(moment), Some(person.into()), "{s} s {us} us");
        let shift = schedule.shift_at(moment).unwrap();
        assert_eq!((shift.person.as_str(), shift.from, shift.to), (person, start.plus_s(from_s), start.plus_s(to_s)));
        assert_eq!(shift.overridden, person != "ana");
    }
    let nobody = Schedule { rotation: Rotation { people: vec![], ..schedule.rotation }, ..schedule };
    assert_eq!((nobody.on_call_at(start), nobody.shift_at(start)), (None, None));
    assert_eq!(nobody.shift_at(start.plus_s(150)).map(|s| s.to), Some(start.plus_s(200)));
    assert_eq!(
        nobody.shift_at(start.plus_s(399)).map(|s| (s.from, s.to)),
        Some((start.plus_s(200), start.plus_s(400)))
    );
}

#[test]
fn an_override_by_the_next_person_makes_one_shift_of_two() {
    let monday = NaiveDate::from_ymd_opt(2026, 7, 6).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let rotation = Rotation { people: people(&["ana", "bo"]), shift_s: DAY_S, first_handoff: monday, zone: Tz::UTC };
    let start = Timestamp::from(monday.and_utc());
    // Ana stays two hours longer: the hand-off on Tuesday is hidden by her override.
    let longer = Override { person: "ana".into(), from: start.plus_s(DAY_S - 60), to: start.plus_s(DAY_S + 7_200) };
    let schedule = Schedule { rotation, overrides: vec![longer] };
    let shift = schedule.shift_at(start.plus_s(5)).unwrap();
    assert_eq!((shift.from, shift.to, shift.overridden), (start, start.plus_s(DAY_S + 7_200), false));
    let bo = schedule.shift_at(shift.to).unwrap();
    assert_eq!((bo.person.as_str(), bo.from, bo.to), ("bo", shift.to, start.plus_s(2 * DAY_S)));
}

#[test]
fn the_ends_of_time_have_somebody_on_call_too() {
    let ends = [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX];
    // Chrono's own first and last instants, where adding an offset leaves the calendar.
    let calendar = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC].map(|t| t.timestamp_micros());
    let around = calendar.into_iter().flat_map(|t| [-30, -1, 0, 1, 30].map(|h| t + h * HOUR_S * 1_000_000));
    let moments: Vec<Timestamp> = ends.into_iter().chain(around).map(Timestamp).collect();
    let ordinary = NaiveDate::from_ymd_opt(2026, 7, 6).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let zones = TZ_VARIANTS.iter().step_by(37).copied().chain(ZONES.map(|(zone, _)| zone));
    for zone in zones {
        for first_handoff in [NaiveDateTime::MIN, ordinary, NaiveDateTime::MAX] {
            for shift_s in [1, HOUR_S, 7 * DAY_S, i64::MAX] {
                let rotation = Rotation { people: people(&["ana", "bo"]), shift_s, first_handoff, zone };
                let forever = Override { person: "cy".into(), from: ALWAYS, to: NEVER };
                for overrides in [vec![], vec![forever]] {
                    let schedule = Schedule { rotation: rotation.clone(), overrides };
                    for moment in &moments {
                        let shift = schedule.shift_at(*moment).unwrap_or_else(|| panic!("{moment:?} {rotation:?}"));
                        assert_eq!(Some(shift.person), schedule.on_call_at(*moment));
                        assert!(shift.from <= *moment, "{moment:?} {rotation:?}");
                        assert!(*moment < shift.to || *moment == NEVER, "{moment:?} {rotation:?}");
                    }
                }
            }
        }
    }
}

/// A rotation near a clock change of one of the zones, and the seconds of that change.
fn near_a_change() -> impl Strategy<Value = (Rotation, i64)> {
    let shift_minutes = prop_oneof![7_i64..240, 240_i64..4_320, 10_080_i64..=10_080];
    (0..ZONES.len(), any::<prop::sample::Index>(), -2_000_i64..2_000, shift_minutes, -40_i64..40, 1_usize..5).prop_map(
        |(zone, change, minutes, shift_minutes, shifts, count)| {
            let (zone, year) = ZONES[zone];
            let change = *change.get(&changes(zone, year));
            let first_handoff = wall(zone, change) + Duration::minutes(minutes + shifts * shift_minutes);
            let people = people(&["ana", "bo", "ana", "cy"][..count]);
            (Rotation { people, shift_s: shift_minutes * 60, first_handoff, zone }, change)
        },
    )
}

/// Overrides by minutes from the change, some of them empty or turned round.
fn some_overrides() -> impl Strategy<Value = Vec<(usize, i64, i64)>> {
    prop::collection::vec((0_usize..4, -400_i64..400, -50_i64..500), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rotation_hands_over_as_the_wall_clock_says((rotation, change) in near_a_change(), skew in 0_usize..13) {
        let minutes = minutes_around(rotation.zone, change, 30);
        let expected = brute_force(&rotation, &minutes);
        let around = 29 * 60..31 * 60;
        for n in (skew..minutes.len()).step_by(13).chain(around) {
            let found = rotation.person_at(at(minutes[n].0));
            prop_assert_eq!(found.as_ref(), Some(expected[n]), "at {:?}", minutes[n]);
        }
    }

    #[test]
    fn a_shift_has_one_person_throughout_and_another_before_and_after(
        (rotation, change) in near_a_change(),
        wishes in some_overrides(),
    ) {
        let names = people(&["ana", "bo", "cy", "dee"]);
        let minute = |m: i64| Timestamp(at(change).0 + m * MINUTE);
        let overrides = wishes
            .iter()
            .map(|(who, from, length)| (names[*who].clone(), minute(*from), minute(from + length)))
            .map(|(person, from, to)| Override { person, from, to })
            .collect();
        let schedule = Schedule { rotation, overrides };
        let one_person = schedule.rotation.people.iter().all(|p| *p == schedule.rotation.people[0]);
        for m in (-450..450).step_by(9) {
            let now = minute(m);
            // The model of overrides: the last of the list that covers the minute.
            let stands_in = wishes.iter().rfind(|(_, from, length)| *from <= m && m < from + length);
            let expected = stands_in.map(|(who, ..)| names[*who].clone()).or_else(|| schedule.rotation.person_at(now));
            let person = schedule.on_call_at(now);
            prop_assert_eq!(&person, &expected);

            let shift = schedule.shift_at(now).unwrap();
            prop_assert_eq!(Some(&shift.person), person.as_ref());
            prop_assert_eq!(shift.overridden, stands_in.is_some());
            prop_assert!(shift.from <= now && now < shift.to, "{:?} at {:?}", shift, now);
            let inside = (m - 450..m + 450).step_by(23).map(minute).chain([shift.from, shift.to.plus_us(-1)]);
            for t in inside.filter(|t| shift.from <= *t && *t < shift.to) {
                prop_assert_eq!(schedule.on_call_at(t), person.clone(), "{:?} at {:?}", shift, t);
            }
            for (outside, edge) in [(shift.from.plus_us(-1), shift.from), (shift.to, shift.to)] {
                let handoff = one_person && schedule.rotation.bounds_at(edge).is_some_and(|(start, _)| start == edge);
                prop_assert!(handoff || schedule.on_call_at(outside) != person, "{:?} seen at {:?}", shift, now);
            }
        }
    }
}

//! Figures add up, percentiles are what their definition says, and rounds are the post-mortem's.

use super::*;
use crate::id::IncidentId;
use crate::postmortem;
use crate::story;
use crate::time::SECOND;
use proptest::prelude::*;

fn utc(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn year() -> Period {
    Period { from: month("2026-01"), to: month("2026-12"), zone: Tz::UTC }
}

fn facts(no: i64, severity: (&str, u32), declared_at: Timestamp) -> Facts {
    let (rounds, breached) = rounds(declared_at, []);
    Facts {
        id: IncidentId(no),
        title: format!("incident {no}"),
        severity: severity.0.to_string(),
        rank: severity.1,
        service: None,
        private: false,
        involved: Vec::new(),
        status: IncidentStatus::Resolved,
        declared_at,
        rounds,
        breached,
        rings: Vec::new(),
    }
}

fn nobody(_: &str) -> Option<Tz> {
    None
}

#[test]
fn rounds_and_spans_are_those_of_the_post_mortem() {
    let mut reopened = 0;
    for story in story::all() {
        let log = story.events();
        let marks = log.iter().filter_map(|e| Some((Mark::of(&e.body)?, e.at)));
        let (ours, _) = rounds(log[0].at, marks);
        let theirs = postmortem::reached::rounds(&log).unwrap();
        for (milestone, of) in
            [(Milestone::Acknowledge, Round::acknowledge_s as fn(&Round) -> _), (Milestone::Resolve, Round::resolve_s)]
        {
            let took: Vec<_> = theirs.iter().filter(|r| r.milestone == milestone).map(|r| r.took_s).collect();
            assert_eq!(ours.iter().map(of).collect::<Vec<_>>(), took, "{milestone:?} of {}", story.name);
        }
        reopened += usize::from(ours.len() > 1);
    }
    assert!(reopened > 0, "no story has a second round");
}

#[test]
fn an_end_that_came_by_itself_is_nobodys_acknowledgement() {
    let at = |s| Timestamp(0).plus_s(s);
    let of = |marks: &[(Mark, i64)]| {
        let (all, _) = rounds(at(0), marks.iter().map(|(m, s)| (*m, at(*s))));
        all.iter().map(|r| (r.acknowledge_s(), r.resolve_s())).collect::<Vec<_>>()
    };
    assert_eq!(of(&[(Mark::Resolved { quiet: true }, 300)]), [(None, Some(300))]);
    assert_eq!(of(&[(Mark::Resolved { quiet: false }, 300)]), [(Some(300), Some(300))]);
    assert_eq!(of(&[(Mark::Acknowledged, 60), (Mark::Acknowledged, 90)]), [(Some(60), None)], "the first one counts");
    let again = [
        (Mark::Acknowledged, 60),
        (Mark::Resolved { quiet: false }, 100),
        (Mark::Reopened, 1_000),
        (Mark::Resolved { quiet: true }, 1_300),
    ];
    assert_eq!(of(&again), [(Some(60), Some(100)), (None, Some(300))]);
}

#[test]
fn cancelled_and_merged_incidents_have_no_part_in_anything() {
    let at = utc("2026-03-05T10:00:00Z");
    let with = |status| {
        let mut f = facts(1, ("P1", 1), at);
        f.status = status;
        f.breached = vec![Milestone::Acknowledge];
        f.rounds = rounds(at, [(Mark::Acknowledged, at.plus_s(60))]).0;
        f.rings = vec![Ring { who: "@ana".into(), at, message: (f.id, 1) }];
        figures(year(), at, &[f], &nobody)
    };
    for (status, cancelled, merged) in [(IncidentStatus::Cancelled, 1, 0), (IncidentStatus::Merged, 0, 1)] {
        let f = with(status);
        assert_eq!((f.incidents, f.cancelled, f.merged, f.pages, f.breached), (0, cancelled, merged, 0, 0));
        assert!(f.people.is_empty() && f.severities.is_empty() && f.services.is_empty());
        assert_eq!((f.acknowledge, f.resolve), (None, None));
        assert!(f.months.iter().all(|m| m.incidents == 0) && f.months.len() == 12);
    }
    let f = with(IncidentStatus::Monitoring);
    assert_eq!((f.incidents, f.open, f.pages, f.breached, f.cancelled, f.merged), (1, 1, 1, 1, 0, 0));
}

#[test]
fn a_summary_rings_once_and_at_the_hour_of_the_person() {
    // Saturday, 03:00 in Madrid.
    let at = utc("2026-03-07T02:00:00Z");
    let mut all = Vec::new();
    for no in 1..=3 {
        let mut f = facts(no, ("P1", 1), at);
        // The second and the third went as one message.
        f.rings = vec![Ring { who: "@ana".into(), at: at.plus_s(no), message: (IncidentId(no.min(2)), 1) }];
        all.push(f);
    }
    let zone = |who: &str| (who == "@ana").then_some(chrono_tz::Europe::Madrid);
    let f = figures(year(), at, &all, &zone);
    let ana = Load {
        who: "@ana".into(),
        zone: chrono_tz::Europe::Madrid,
        pages: 2,
        working: 0,
        free: 0,
        asleep: 2,
        incidents: 3,
    };
    assert_eq!((f.people, f.pages), (vec![ana], 2));
}

#[test]
fn the_hours_of_a_day_are_the_wall_clocks_also_when_it_is_put_forward() {
    let madrid = chrono_tz::Europe::Madrid;
    for (at, hour) in [
        ("2026-03-27T07:59:00Z", Hour::Free),    // 08:59, Friday
        ("2026-03-27T08:00:00Z", Hour::Working), // 09:00
        ("2026-03-27T16:00:00Z", Hour::Free),    // 17:00
        ("2026-03-27T20:59:00Z", Hour::Free),    // 21:59
        ("2026-03-27T21:00:00Z", Hour::Asleep),  // 22:00
        ("2026-03-28T10:00:00Z", Hour::Free),    // a Saturday's noon
        ("2026-03-30T04:59:00Z", Hour::Asleep),  // 06:59, in summer time since Sunday
        ("2026-03-30T05:00:00Z", Hour::Free),    // 07:00
        ("2026-03-30T07:00:00Z", Hour::Working), // 09:00
    ] {
        assert_eq!(Hour::of(utc(at), madrid), hour, "{at}");
    }
}

#[test]
fn a_month_begins_at_its_first_instant_in_the_zone() {
    assert_eq!(month("2026-11").begins(chrono_tz::Europe::Madrid), utc("2026-10-31T23:00:00Z"));
    assert_eq!(month("2026-12").plus(1), month("2027-01"));
    assert_eq!(month("2026-01").plus(-13), month("2024-12"));
    for zone in [Tz::UTC, chrono_tz::Asia::Amman, chrono_tz::Pacific::Apia, chrono_tz::America::Asuncion] {
        for n in 0..(60 * 12) {
            let m = month("1970-01").plus(n);
            let begins = m.begins(zone);
            assert_eq!(Month::of(begins, zone), m, "{m} in {zone}");
            assert_eq!(Month::of(Timestamp(begins.0 - 1), zone), m.plus(-1), "{m} in {zone}");
        }
    }
    for wrong in ["2026-13", "2026-1", "26-01", "2026", "1969-12", "+026-01", "2026-00", "2026-011"] {
        assert_eq!(Month::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn an_incident_counts_in_the_month_of_its_declaration_by_the_clock_of_the_zone() {
    for zone in [Tz::UTC, chrono_tz::Europe::Madrid, chrono_tz::Pacific::Auckland, chrono_tz::America::Asuncion] {
        let period = Period { zone, ..year() };
        let all: Vec<Facts> = period
            .months()
            .flat_map(|m| [m.begins(zone), Timestamp(m.plus(1).begins(zone).0 - 1)])
            .zip(1..)
            .map(|(at, no)| facts(no, ("P1", 1), at))
            .collect();
        let f = figures(period, utc("2027-01-01T00:00:00Z"), &all, &nobody);
        assert_eq!(f.months.iter().map(|m| m.incidents).collect::<Vec<_>>(), [2; 12], "{zone}");
        for m in &f.months {
            let of_month = all.iter().filter(|f| Month::of(f.declared_at, zone).to_string() == m.name);
            assert_eq!(of_month.count(), 2, "{} in {zone}", m.name);
        }
    }
}

/// The definition itself: the shortest measured span such that at least p of a hundred are not longer.
fn by_definition(spans: &[i64], p: usize) -> i64 {
    let enough = |s: i64| spans.iter().filter(|o| **o <= s).count() * 100 >= p * spans.len();
    spans.iter().copied().filter(|s| enough(*s)).min().unwrap()
}

fn arbitrary() -> impl Strategy<Value = Facts> {
    let marks = prop::collection::vec((0u8..5, 0i64..100_000), 0..6);
    let rings = prop::collection::vec((0u8..3, 0i64..400 * 86_400, 0i64..4), 0..5);
    (1i64..50, 0u32..4, prop::option::of("[a-c]"), 0usize..6, -30i64..400, marks, rings).prop_map(
        |(no, rank, service, status, day, marks, rings)| {
            let declared_at = utc("2026-01-01T00:00:00Z").plus_s(day * 86_400 + no);
            let mut f =
                facts(no, (["P1", "P2", "SEV1", "P3"][rank as usize], [1, 2, 1, 3][rank as usize]), declared_at);
            let mark = |(kind, s): (u8, i64)| {
                let mark = match kind {
                    0 => Mark::Acknowledged,
                    1 => Mark::Resolved { quiet: false },
                    2 => Mark::Resolved { quiet: true },
                    3 => Mark::Reopened,
                    _ => Mark::Breached(Milestone::Resolve),
                };
                (mark, declared_at.plus_s(s))
            };
            (f.rounds, f.breached) = rounds(declared_at, marks.into_iter().map(mark));
            let ring = |(who, s, message): (u8, i64, i64)| Ring {
                who: ["@ana", "@bo", "webhook.ops"][who as usize].into(),
                at: utc("2026-01-01T00:00:00Z").plus_us(s * SECOND),
                message: (IncidentId(message), 1),
            };
            f.rings = rings.into_iter().map(ring).collect();
            f.service = service;
            f.status = IncidentStatus::ALL[status];
            f
        },
    )
}

proptest! {
    #[test]
    fn percentiles_are_what_their_definition_says(spans in prop::collection::vec(0i64..1_000, 1..200)) {
        let s = Spread::of(spans.clone()).unwrap();
        prop_assert_eq!(s.count, spans.len());
        for (p, is) in [(50, s.p50_s), (90, s.p90_s), (95, s.p95_s), (100, s.max_s)] {
            prop_assert_eq!(is, by_definition(&spans, p), "p{}", p);
        }
        prop_assert!(s.mean_s >= *spans.iter().min().unwrap() && s.mean_s <= s.max_s);
        prop_assert!(s.p50_s <= s.p90_s && s.p90_s <= s.p95_s && s.p95_s <= s.max_s);
    }

    #[test]
    fn every_way_of_cutting_adds_up_to_the_same(all in prop::collection::vec(arbitrary(), 0..40)) {
        let f = figures(year(), utc("2027-01-01T00:00:00Z"), &all, &nobody);
        let sum = |groups: &[Group], of: fn(&Group) -> usize| groups.iter().map(of).sum::<usize>();
        for groups in [&f.months, &f.severities, &f.services] {
            prop_assert_eq!(sum(groups, |g| g.incidents), f.incidents);
            prop_assert_eq!(sum(groups, |g| g.breached), f.breached);
            prop_assert_eq!(sum(groups, |g| g.acknowledge.map_or(0, |s| s.count)), f.acknowledge.map_or(0, |s| s.count));
            prop_assert_eq!(sum(groups, |g| g.resolve.map_or(0, |s| s.count)), f.resolve.map_or(0, |s| s.count));
            for g in groups {
                prop_assert_eq!(g.by_severity.iter().map(|(_, n)| n).sum::<usize>(), g.incidents);
            }
        }
        let in_year = |f: &&Facts| (year().begins()..year().ends()).contains(&f.declared_at);
        prop_assert_eq!(f.incidents + f.cancelled + f.merged, all.iter().filter(in_year).count());
        prop_assert_eq!(f.people.iter().map(|p| p.pages).sum::<usize>(), f.pages);
        for p in &f.people {
            prop_assert_eq!(p.working + p.free + p.asleep, p.pages);
        }
        prop_assert_eq!(f.clocks.iter().map(|c| c.breached).sum::<usize>(), f.breached);
        let mut shuffled = all;
        shuffled.reverse();
        prop_assert_eq!(figures(year(), f.as_of, &shuffled, &nobody), f, "the order of the facts says nothing");
    }
}

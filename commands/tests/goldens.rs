//! Every sentence of help and every refusal, word for word.

use super::super::help;
use super::*;
use firebell_domain::status::IncidentStatus;

#[test]
fn help_of_every_command_reads_as_its_golden() {
    let mut out = help::all();
    for c in COMMANDS {
        out.push_str(&format!("\n\n{}", help::one(c.spec)));
    }
    golden("help.txt", &(out + "\n"));
}

/// Every refusal, in the order of the list.
fn refusals() -> Vec<Refusal> {
    let (id, into) = (IncidentId(42), IncidentId(43));
    let guess = |word: &str| Some(word.to_string());
    let word = |w: &str| w.to_string();
    let known = || vec!["primary".to_string(), "night".to_string()];
    let ended = |status, merged_into| Refusal::Ended { id, status, merged_into };
    let open = |n: i64| (1..=n).map(|n| (IncidentId(n), format!("trouble {n}"))).collect::<Vec<_>>();
    vec![
        Refusal::NoSuchIncident { id },
        ended(IncidentStatus::Resolved, None),
        ended(IncidentStatus::Cancelled, None),
        ended(IncidentStatus::Merged, Some(into)),
        Refusal::AlreadyAcknowledged { id, by: word("bo"), at: at(NOW) },
        Refusal::NotAcknowledged { id },
        Refusal::NotResolved { id, status: IncidentStatus::Monitoring },
        Refusal::AlreadyThere { id, what: "severity", value: word("P1") },
        Refusal::UnknownSeverity { word: word("P9"), known: vec![word("P1"), word("P2")] },
        Refusal::UnknownStatus { word: word("fine") },
        Refusal::UnknownPerson { name: word("anna"), did_you_mean: guess("ana") },
        Refusal::UnknownPerson { name: word("zoe"), did_you_mean: None },
        Refusal::UnknownService { name: word("paymnets"), did_you_mean: guess("payments"), known: 2 },
        Refusal::UnknownService { name: word("payments"), did_you_mean: None, known: 0 },
        Refusal::UnknownSchedule { name: word("primry"), did_you_mean: guess("primary"), known: known() },
        Refusal::UnknownSchedule { name: word("primary"), did_you_mean: None, known: Vec::new() },
        Refusal::UnknownTarget { name: word("primry"), did_you_mean: guess("primary") },
        Refusal::UnknownActionItem { id, no: word("7"), open: 2 },
        Refusal::UnknownActionItem { id, no: word("7"), open: 0 },
        Refusal::ActionItemDone { id, no: 2 },
        Refusal::IntoItself { id },
        Refusal::Unreachable { who: word("@cy"), why: "nobody of that name is configured" },
        Refusal::NoPolicyLevels { id },
        Refusal::SpanOutOfRange { what: "snooze", seconds: 5, min_s: 60, max_s: 604_800 },
        Refusal::TimeInThePast { what: "end of the snooze", said: word("2026-11-01 07:00") },
        Refusal::Backwards { from: word("Fri 18:00"), to: word("Fri 09:00") },
        Refusal::Empty { what: "title" },
        Refusal::TooLong { what: "title", chars: 4_000, chars_max: 250 },
        Refusal::TooMany { what: "action items", max: 200 },
        Refusal::Usage { problem: word("Whom?"), usage: word("/incident page @USER") },
        Refusal::UnknownWord { word: word("akc"), did_you_mean: guess("ack"), help: word("/incident help") },
        Refusal::WhichIncident { open: open(2), verb: word("ack") },
        Refusal::WhichIncident { open: open(12), verb: word("note …") },
        Refusal::NoOpenIncident { verb: word("acknowledge") },
        Refusal::NotPermitted { what: word("Only an admin may do that.") },
        Refusal::NoReminder { id: IncidentId(42), level: word("P3") },
        Refusal::NoPostmortem { id: IncidentId(42), status: IncidentStatus::Identified },
        Refusal::NoPlaybook { id },
        Refusal::PlaybookOver { id, name: word("Queue is full") },
        Refusal::EmptyPlaybook { name: word("Queue is full"), file: word("runbooks/shop.md") },
        Refusal::UnknownPlaybook { id: Some(id), name: word("queu"), did_you_mean: guess("Queue is full"), known: 12 },
        Refusal::UnknownPlaybook { id: None, name: word("mail"), did_you_mean: None, known: 12 },
        Refusal::NoRunbook { system: Some(word("shop")) },
        Refusal::NoRunbook { system: None },
        Refusal::WhichRunbook { known: vec![word("shop"), word("bank")] },
        Refusal::UnknownSystem { name: word("shp"), known: vec![word("bank"), word("shop")] },
        Refusal::UnknownSystem { name: word("shop"), known: Vec::new() },
        Refusal::PostmortemPublished { id },
        Refusal::PostmortemUnchanged { id, version: 0 },
        Refusal::PostmortemUnchanged { id, version: 3 },
        Refusal::PostmortemMoved { id, base: 3, version: 4, by: word("bo"), at: Some(at(NOW)) },
        Refusal::PostmortemMoved { id, base: 9, version: 4, by: word("bo"), at: Some(at(NOW)) },
        Refusal::NoChannelHere,
        Refusal::ChannelTaken { by: IncidentId(41) },
        Refusal::NoTarget { name: word("docker restart shop") },
        Refusal::RunbookChanged { name: word("docker restart shop"), file: word("runbooks/shop.md") },
        Refusal::RunForbidden { name: word("docker restart shop"), why: word("stock-taking until Monday") },
        Refusal::RunForbidden { name: word("docker restart shop"), why: String::new() },
        Refusal::RunAskedAlready { id, no: 3, standing: "waits for somebody's word" },
        Refusal::RunCooling { target: word("shop"), until: at(NOW) },
        Refusal::NoSuchRun { id, no: 3, asked: 0 },
        Refusal::NoSuchRun { id, no: 3, asked: 2 },
        Refusal::RunNotWaiting { id, no: 3, standing: "was denied" },
        Refusal::RunOver { id, no: 3, standing: "has finished" },
        Refusal::NotEntitled { id, no: 3, who: Vec::new() },
        Refusal::NotEntitled { id, no: 3, who: vec!["ana".into(), "bo".into()] },
        Refusal::NeedsSecondPerson { id, no: 3, same: true, break_glass: false },
        Refusal::NeedsSecondPerson { id, no: 3, same: false, break_glass: true },
        Refusal::TypeTarget { id, no: 3, target: word("shop") },
        Refusal::BreakGlassOff { id, no: 3 },
        Refusal::BreakGlassNeedless { id, no: 3 },
        Refusal::TargetBusy { target: word("shop"), by: id, run: 3 },
        Refusal::NothingToDeclare(Some(word("Morning check of shop"))),
        Refusal::NothingToDeclare(None),
        Refusal::Stale,
    ]
}

/// A new refusal does not compile until it has its number here, and then needs its place in the list.
fn number(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::NoSuchIncident { .. } => 0,
        Refusal::Ended { .. } => 1,
        Refusal::AlreadyAcknowledged { .. } => 2,
        Refusal::NotAcknowledged { .. } => 3,
        Refusal::NotResolved { .. } => 4,
        Refusal::AlreadyThere { .. } => 5,
        Refusal::UnknownSeverity { .. } => 6,
        Refusal::UnknownStatus { .. } => 7,
        Refusal::UnknownPerson { .. } => 8,
        Refusal::UnknownService { .. } => 9,
        Refusal::UnknownSchedule { .. } => 10,
        Refusal::UnknownTarget { .. } => 11,
        Refusal::UnknownActionItem { .. } => 12,
        Refusal::ActionItemDone { .. } => 13,
        Refusal::IntoItself { .. } => 14,
        Refusal::Unreachable { .. } => 15,
        Refusal::NoPolicyLevels { .. } => 16,
        Refusal::SpanOutOfRange { .. } => 17,
        Refusal::TimeInThePast { .. } => 18,
        Refusal::Backwards { .. } => 19,
        Refusal::Empty { .. } => 20,
        Refusal::TooLong { .. } => 21,
        Refusal::TooMany { .. } => 22,
        Refusal::Usage { .. } => 23,
        Refusal::UnknownWord { .. } => 24,
        Refusal::WhichIncident { .. } => 25,
        Refusal::NoOpenIncident { .. } => 26,
        Refusal::NotPermitted { .. } => 27,
        Refusal::NoReminder { .. } => 28,
        Refusal::NoPostmortem { .. } => 29,
        Refusal::NoPlaybook { .. } => 30,
        Refusal::PlaybookOver { .. } => 31,
        Refusal::EmptyPlaybook { .. } => 32,
        Refusal::UnknownPlaybook { .. } => 33,
        Refusal::NoRunbook { .. } => 34,
        Refusal::WhichRunbook { .. } => 55,
        Refusal::UnknownSystem { .. } => 35,
        Refusal::PostmortemPublished { .. } => 36,
        Refusal::PostmortemUnchanged { .. } => 37,
        Refusal::PostmortemMoved { .. } => 38,
        Refusal::NoChannelHere => 39,
        Refusal::ChannelTaken { .. } => 40,
        Refusal::NoTarget { .. } => 41,
        Refusal::RunbookChanged { .. } => 42,
        Refusal::RunForbidden { .. } => 43,
        Refusal::RunAskedAlready { .. } => 44,
        Refusal::RunCooling { .. } => 45,
        Refusal::NoSuchRun { .. } => 46,
        Refusal::RunNotWaiting { .. } => 47,
        Refusal::RunOver { .. } => 48,
        Refusal::NotEntitled { .. } => 49,
        Refusal::NeedsSecondPerson { .. } => 50,
        Refusal::TypeTarget { .. } => 51,
        Refusal::BreakGlassOff { .. } => 52,
        Refusal::BreakGlassNeedless { .. } => 53,
        Refusal::TargetBusy { .. } => 54,
        Refusal::NothingToDeclare(_) => 56,
        Refusal::Stale => REFUSALS - 1,
    }
}

const REFUSALS: usize = 58;

#[test]
fn every_refusal_reads_as_its_golden() {
    let all = refusals();
    let numbers: std::collections::BTreeSet<usize> = all.iter().map(number).collect();
    assert_eq!(numbers, (0..REFUSALS).collect(), "a refusal is missing from the list");
    let lines: Vec<String> = all.iter().map(|r| format!("[{}] {r}\n", r.code())).collect();
    golden("refusals.txt", &lines.concat());
}

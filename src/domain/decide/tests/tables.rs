//! What a run shows: a table that fills in, in chats too, and what thresholds say of a value.

use super::runs::{order, result, rules};
use super::*;
use crate::chat::{ChatRule, RoomTask, ShownTable};
use crate::intent::Live;
use crate::playbook::Risk;
use crate::run::decide::RunOutcome;
use crate::run::table::table;
use crate::run::{CommandEnd, Judged, Order, Reading, RunEnd, RunKind, RunNo, RunResult};

fn read(at: u32, value: &str, judged: Judged) -> RunResult {
    let reading = Reading {
        metric: "memory of web".into(),
        value: value.into(),
        unit: "%".into(),
        judged: Some(judged),
        bound: Some("> 90 %".into()),
    };
    RunResult { readings: vec![reading], ..result(at) }
}

/// A look at two things.
fn look() -> Order {
    let order = order(Risk::Read, "docker stats web");
    let mut second = order.commands[0].clone();
    (second.text, second.about) = ("docker logs web".into(), "the last lines".into());
    let commands = vec![order.commands[0].clone(), second];
    Order { kind: RunKind::Diagnose, target: String::new(), environment: None, commands, verify: Vec::new(), ..order }
}

#[test]
fn a_table_fills_in_as_results_come_and_says_what_has_changed_since_the_last_look() {
    let mut case = Case::with_runs(rules());
    let shown = |case: &Case, no| {
        let t = table(&case.log, no).expect("a table");
        let rows: Vec<String> = t
            .rows
            .iter()
            .map(|r| format!("{} {} {:?}", r.mark.as_word(), r.says, r.change.as_deref().unwrap_or("-")))
            .collect();
        (t.standing.clone(), t.over, rows)
    };
    let first = case.asks("ana", look()).expect("asked");
    assert_eq!(shown(&case, first).0, "waits to begin");
    let claim = case.starts(first).expect("begun");
    let progress = RunOutcome::Progress { results: vec![read(0, "71", Judged::Healthy)] };
    case.reports(first, claim, progress.clone()).expect("taken");
    let so_far = vec!["healthy memory of web 71 % (healthy, > 90 %) \"-\"".to_string(), "waiting  \"-\"".to_string()];
    assert_eq!(shown(&case, first), ("is running".to_string(), false, so_far));
    assert!(case.reports(first, claim + 1, progress.clone()).is_err(), "of no claim");
    let said = RunResult { says: "connection refused".into(), end: CommandEnd::Exited { status: 7 }, ..result(1) };
    let sampled = RunResult { sampled_ms: Some(1_240), ..read(0, "71", Judged::Healthy) };
    let results = vec![sampled, said];
    let end = RunOutcome::Finished { end: RunEnd::Done, results, verified: None };
    case.reports(first, claim, end).expect("finished");
    assert!(case.reports(first, claim, progress).is_err(), "it is over");
    let (standing, over, rows) = shown(&case, first);
    assert_eq!((standing.as_str(), over), ("done", true));
    assert_eq!(rows[0], "healthy memory of web 71 % (healthy, > 90 %), sampled 1.2 s ago \"-\"", "its age is said");
    assert_eq!(rows[1], "failed status 7: connection refused \"-\"");

    let second = case.asks("bo", look()).expect("asked again");
    let claim = case.starts(second).expect("begun");
    case.reports(second, claim, RunOutcome::Progress { results: vec![read(0, "93", Judged::Critical)] })
        .expect("taken");
    let (_, _, rows) = shown(&case, second);
    assert_eq!(rows[0], "critical memory of web 93 % (critical, > 90 %) \"memory of web was 71 %\"");
    // A crash: what had come back stays, the rest is not known.
    let intent = case.incident.runs[&second].intent.expect("an intent");
    case.engine(Input::ClaimLost { no: intent, claim_seq: claim }).expect("taken back");
    let (standing, over, rows) = shown(&case, second);
    assert_eq!((standing.as_str(), over), ("outcome unknown", true));
    assert!(rows[0].starts_with("critical") && rows[1].starts_with("unknown"), "{rows:?}");
    assert_eq!(crate::run::table::all(&case.log), [first, second]);
    assert_eq!(table(&case.log, 9), None);
}

#[test]
fn a_run_of_several_commands_has_one_table_in_a_chat_which_follows_it() {
    let chats = || {
        let rooms = Default::default();
        vec![ChatRule { channel: "chat".into(), opens: true, announces: false, own_only: false, rooms }]
    };
    let mut case = Case::with_runs(rules());
    case.directory.chats = chats();
    let place = Input::UseRoom { chat: "chat".into(), place: "C1".into() };
    case.as_person("ana", "chat", place).expect("a place");
    let tables = |case: &Case| -> Vec<(IntentNo, RunNo)> {
        let task = |l: &Live| match l.intent.what {
            What::Room { task: RoomTask::Table { run }, .. } => Some((l.intent.no, run)),
            _ => None,
        };
        case.incident.live.values().filter_map(task).collect()
    };
    let one = case.asks("ana", Order { commands: look().commands[..1].to_vec(), ..look() }).expect("asked");
    case.starts(one).expect("begun");
    assert_eq!(tables(&case), [], "of one command there is nothing to list");

    let no = case.asks("bo", look()).expect("asked");
    let claim = case.starts(no).expect("begun");
    let [(posting, run)] = tables(&case)[..] else { panic!("{:?}", tables(&case)) };
    assert_eq!(run, no);
    let seq = case.claim(posting);
    case.reports(no, claim, RunOutcome::Progress { results: vec![result(0)] }).expect("taken");
    assert_eq!(tables(&case).len(), 1, "while one is on its way there is no second");
    case.deliver(posting, seq, SendOutcome::Done { receipt: Some("m1".into()) }).expect("posted");
    let shown = case.incident.rooms[&ChannelId::from("chat")].tables[&no].clone();
    assert_eq!(shown, ShownTable { message: Some("m1".into()), seq });
    let [(editing, _)] = tables(&case)[..] else { panic!("what has come back is shown too") };
    let seq = case.claim(editing);
    let end = RunOutcome::Finished { end: RunEnd::Done, results: vec![result(0), result(1)], verified: None };
    case.reports(no, claim, end).expect("finished");
    case.deliver(editing, seq, SendOutcome::Done { receipt: Some("m1".into()) }).expect("edited");
    let [(last, _)] = tables(&case)[..] else { panic!("the end is shown too") };
    let seq = case.claim(last);
    case.deliver(last, seq, SendOutcome::Done { receipt: Some("m1".into()) }).expect("edited");
    assert_eq!(tables(&case), [], "it shows what there is");

    let moved = Input::UseRoom { chat: "chat".into(), place: "C2".into() };
    case.as_person("ana", "chat", moved).expect("another place");
    assert_eq!(tables(&case), [], "a table stays where it is");
}

#[test]
fn of_two_thresholds_that_are_as_near_the_worse_verdict_holds_whatever_their_order() {
    let above = |value: &str| Some(crate::run::Limit { op: ">".into(), value: value.into() });
    let bound = |metric: &str, warning, critical| crate::run::Bound {
        metric: metric.into(),
        unit: String::new(),
        warning,
        critical,
    };
    let mut bounds = vec![
        bound("automation_queue", above("100"), above("500")),
        bound("Automation queue depth", above("100"), None),
    ];
    for _ in 0..2 {
        let judged = crate::run::judge(&bounds, "length of automation_queue", "", 600.0);
        assert_eq!(judged, (Some(Judged::Critical), Some("> 500".into())), "{bounds:?}");
        bounds.reverse();
    }
}

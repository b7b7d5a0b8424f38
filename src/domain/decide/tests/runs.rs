//! Runs one by one: who may approve what, what an approval binds, what begins and what never does.

use super::*;
use crate::hours::{When, WorkingHours};
use crate::playbook::Risk;
use crate::run::authority::{Grant, RunPolicy, RunRules};
use crate::run::decide::{Approve, RunOutcome};
use crate::run::target::{self, Held};
use crate::run::{
    CommandEnd, ExpireReason, Judged, LOCAL_TOKEN, Needs, Order, Ordered, Output, Reading, RunEnd, RunFile, RunKind,
    RunNo, RunResult, RunState,
};
use crate::timer::TimerKind;

pub fn order(risk: Risk, text: &str) -> Order {
    let command = Ordered {
        line: 12,
        executor: "docker".into(),
        target: "main".into(),
        written: text.into(),
        text: text.into(),
        tongue: String::new(),
        bounds: Vec::new(),
        about: String::new(),
        why: String::new(),
        fix: String::new(),
    };
    let look = Ordered { line: 15, written: "docker ps".into(), text: "docker ps".into(), ..command.clone() };
    Order {
        kind: RunKind::Remediate,
        name: "line 12".into(),
        system: "shop".into(),
        file: "shop.md".into(),
        revision: "aa".into(),
        risk,
        target: "main".into(),
        environment: Some("production".into()),
        commands: vec![command],
        verify: vec![look],
        rollback: None,
        params: BTreeMap::new(),
        limit_s: 60,
    }
}

pub fn rules() -> RunRules {
    let grant = |level: &str, who: &[&str], risk: Risk, actions: &[&str]| Grant {
        system: Some("shop".into()),
        level: level.into(),
        people: to(who),
        risk,
        actions: actions.iter().map(|a| a.to_string()).collect(),
    };
    RunRules {
        targets: [("main".to_string(), Some("production".to_string()))].into(),
        revisions: [("shop.md".to_string(), "aa".to_string())].into(),
        grants: vec![
            grant("Level 1", &["ana"], Risk::Mutate, &["restart"]),
            grant("Level 2", &["ana", "bo"], Risk::Destroy, &["*"]),
        ],
        approval_s: 900,
        cooldown_s: 300,
        held: [("main".to_string(), Held::default())].into(),
        ..RunRules::default()
    }
}

impl Case {
    pub(super) fn with_runs(rules: RunRules) -> Case {
        let mut case = Case::new();
        case.directory.runs = rules;
        case
    }

    pub(super) fn as_person(&mut self, name: &str, via: &str, input: Input) -> Result<Vec<Event>, Refusal> {
        let events = self.by(&Actor::person(name, via), &input)?;
        self.hold();
        Ok(events)
    }

    /// What the writer does: the targets follow from the log.
    fn hold(&mut self) {
        self.directory.runs.held.insert("main".into(), Held::default());
        for (name, change) in target::changes(&self.log, &self.incident) {
            self.directory.runs.held.entry(name).or_default().take(&change);
        }
    }

    pub(super) fn asks(&mut self, name: &str, order: Order) -> Result<RunNo, Refusal> {
        self.as_person(name, "room", Input::AskRun { order: Box::new(order) }).map(|_| self.incident.runs_asked)
    }

    pub(super) fn approves(&mut self, name: &str, word: Approve) -> Result<Vec<Event>, Refusal> {
        self.as_person(name, "room", Input::ApproveRun(word))
    }

    pub(super) fn starts(&mut self, no: RunNo) -> Result<i64, Refusal> {
        self.engine(Input::StartRun { no, worker: "w1".into(), target: "main".into() })?;
        self.hold();
        match self.state(no) {
            RunState::Running { claim_seq, .. } => Ok(claim_seq),
            other => panic!("it {}", other.as_words()),
        }
    }

    pub(super) fn reports(&mut self, no: RunNo, claim_seq: i64, outcome: RunOutcome) -> Result<Vec<Event>, Refusal> {
        let events = self.engine(Input::RunReported { no, claim_seq, outcome })?;
        self.hold();
        Ok(events)
    }

    fn state(&self, no: RunNo) -> RunState {
        self.incident.runs[&no].state.clone()
    }
}

fn word(no: RunNo) -> Approve {
    Approve { no, ..Approve::default() }
}

fn typed(no: RunNo) -> Approve {
    Approve { typed: Some("main".into()), ..word(no) }
}

fn well() -> RunOutcome {
    RunOutcome::Finished { end: RunEnd::Done, results: Vec::new(), verified: Some(true) }
}

/// A command that ended well and said nothing.
pub fn result(at: u32) -> RunResult {
    let end = CommandEnd::Exited { status: 0 };
    let (says, readings) = (String::new(), Vec::new());
    RunResult {
        at,
        verifies: false,
        end,
        output: None,
        took_ms: 5,
        native: true,
        sampled_ms: None,
        says,
        readings,
        files: Vec::new(),
    }
}

/// One of each kind, for the table of all.
pub fn every_event() -> Vec<Event> {
    let until = START.plus_s(9);
    let result = RunResult {
        at: 1,
        verifies: true,
        end: CommandEnd::Exited { status: 3 },
        output: Some(Output { digest: "d".into(), bytes: 7, left_out: 1 }),
        took_ms: 5,
        native: true,
        sampled_ms: None,
        says: "says".into(),
        files: vec![RunFile { name: "up.png".into(), media_type: "image/png".into(), digest: "f".into(), bytes: 9 }],
        readings: vec![Reading {
            metric: "memory".into(),
            value: "91.5".into(),
            unit: "%".into(),
            judged: Some(Judged::Critical),
            bound: Some("> 90 %".into()),
        }],
    };
    let others = [
        CommandEnd::TimedOut,
        CommandEnd::Stopped,
        CommandEnd::NotStarted { why: "w".into() },
        CommandEnd::Manual { why: "w".into() },
        CommandEnd::Unknown { why: "w".into() },
    ];
    let plain = |end| RunResult { end, output: None, readings: Vec::new(), says: String::new(), ..result.clone() };
    let results = std::iter::once(result.clone()).chain(others.into_iter().map(plain)).collect();
    let whole = Order {
        rollback: Some("line 9".into()),
        params: [("<id>".to_string(), "7".to_string())].into(),
        ..order(Risk::Destroy, "docker rm web")
    };
    vec![
        Event::RunAsked { run: 1, order: whole, needs: Needs::SecondPerson, until },
        Event::RunApproved {
            run: 1,
            digest: "d".into(),
            authority: "Level 1".into(),
            break_glass: Some("alone".into()),
            until,
        },
        Event::RunDenied { run: 1, reason: "no".into() },
        Event::RunExpired { run: 1, why: ExpireReason::RunbookChanged },
        Event::RunWithdrawn { run: 1, reason: String::new() },
        Event::RunStarted { run: 1, worker: "w".into(), until },
        Event::RunStopAsked { run: 1, reason: "wrong one".into() },
        Event::RunProgressed { run: 1, results: vec![result] },
        Event::RunFinished { run: 1, end: RunEnd::TimedOut, results, verified: Some(false) },
        Event::RunOutcomeUnknown { run: 1, why: "crash".into(), results: Vec::new() },
    ]
}

#[test]
fn a_look_begins_at_once_and_a_change_waits_for_somebody_with_the_authority() {
    let mut case = Case::with_runs(rules());
    let look = case.asks("cy", order(Risk::Read, "docker ps -a")).expect("anybody may look");
    assert!(matches!(case.state(look), RunState::Ready { .. }));
    let change = case.asks("cy", order(Risk::Mutate, "docker restart web")).expect("asked");
    assert!(matches!(case.state(change), RunState::Asked { .. }));
    assert_eq!(case.starts(change), Err(Refusal::Stale), "nobody has agreed");
    let refused = case.approves("cy", word(change)).expect_err("cy has no level");
    assert_eq!(refused, Refusal::NotEntitled { id: IncidentId(1), no: change, who: vec!["ana".into(), "bo".into()] });
    case.approves("ana", word(change)).expect("Level 1 restarts");
    assert_eq!(case.incident.runs[&change].approval.as_ref().map(|a| a.authority.as_str()), Some("Level 1"));
    let seq = case.starts(change).expect("begins");
    case.reports(change, seq, well()).expect("taken");
    assert_eq!(case.state(change), RunState::Finished { end: RunEnd::Done, verified: Some(true) });
}

#[test]
fn whoever_has_the_authority_confirms_what_they_asked_for_themselves() {
    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    assert!(matches!(case.state(run), RunState::Asked { .. }), "asking is not confirming");
    case.approves("ana", word(run)).expect("her own");
}

#[test]
fn a_word_of_a_command_permits_no_other_command_beside_it() {
    let grant = |actions: &[&str]| {
        let mut r = rules();
        r.grants.truncate(1);
        r.grants[0].actions = actions.iter().map(|a| a.to_string()).collect();
        r
    };
    for (actions, text, may) in [
        (&["restart"][..], "docker restart web", true),
        (&["restart"], "docker RESTART web", true),
        (&["restart"], "docker stop web", false),
        (&["restart"], "docker restart web; docker kill db", false),
        (&["restart"], "docker restart web && docker kill db", false),
        (&["restart"], "docker kill $(docker restart web)", false),
        (&["restart"], "docker kill db > restart", false),
        (&["docker restart *"], "docker restart web", true),
        (&["docker restart *"], "docker restart", false),
        (&["docker * web"], "docker restart web extra", false),
        (&["*"], "docker restart web; docker kill db", true),
        (&[], "docker restart web", false),
    ] {
        let mut case = Case::with_runs(grant(actions));
        let run = case.asks("ana", order(Risk::Mutate, text)).expect("asked");
        let done = case.approves("ana", word(run));
        assert_eq!(done.is_ok(), may, "{actions:?} for {text}: {done:?}");
    }
}

#[test]
fn what_loses_data_takes_a_second_person_who_types_the_target() {
    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Destroy, "docker rm -f web")).expect("asked");
    let alone = case.approves("ana", typed(run)).expect_err("she asked");
    assert!(matches!(alone, Refusal::NeedsSecondPerson { same: true, break_glass: false, .. }), "{alone:?}");
    let blind = case.approves("bo", word(run)).expect_err("he has not typed it");
    assert!(matches!(blind, Refusal::TypeTarget { .. }), "{blind:?}");
    let other = Approve { typed: Some("mains".into()), ..word(run) };
    assert!(matches!(case.approves("bo", other), Err(Refusal::TypeTarget { .. })));
    for via in [LOCAL_TOKEN, "api:deploy-bot"] {
        let token = case.as_person("bo", via, Input::ApproveRun(typed(run))).expect_err("anybody could be bo");
        assert!(matches!(token, Refusal::NeedsSecondPerson { same: false, .. }), "{token:?}");
    }
    case.approves("bo", typed(run)).expect("bo is somebody else");
    case.starts(run).expect("begins");
}

#[test]
fn an_administrator_is_no_second_person_either() {
    let mut case = Case::with_runs(rules());
    let run = case.asks("cy", order(Risk::Destroy, "docker rm -f web")).expect("asked");
    let own = Approve { admin: true, ..typed(run) };
    assert!(matches!(case.approves("cy", own.clone()), Err(Refusal::NeedsSecondPerson { .. })));
    assert!(case.approves("ana", typed(run)).is_ok());
    let mut case = Case::with_runs(RunRules { grants: Vec::new(), ..rules() });
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    let nobody = case.approves("bo", word(run)).expect_err("unmapped");
    assert_eq!(nobody, Refusal::NotEntitled { id: IncidentId(1), no: run, who: Vec::new() });
    case.approves("cy", Approve { admin: true, ..word(run) }).expect("unmapped means administrators");
}

#[test]
fn breaking_the_glass_is_off_unless_configured_and_pages_the_next_level() {
    let glass = |no| Approve { break_glass: Some("nobody answers".into()), ..word(no) };
    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Destroy, "docker rm -f web")).expect("asked");
    assert!(matches!(case.approves("ana", glass(run)), Err(Refusal::BreakGlassOff { .. })));
    case.directory.runs.break_glass = true;
    let empty = Approve { break_glass: Some("  ".into()), ..word(run) };
    assert_eq!(case.approves("ana", empty), Err(Refusal::Empty { what: "reason" }));
    assert!(matches!(case.approves("cy", glass(run)), Err(Refusal::NotEntitled { .. })), "it takes authority");
    case.says(Input::Acknowledge);
    let events = case.approves("ana", glass(run)).expect("alone");
    let paged = |e: &Event| matches!(e, Event::Escalated { reason: EscalateReason::BreakGlass, step: 1, .. });
    assert!(events.iter().any(paged), "{events:?}");
    let draft = crate::postmortem::draft(&case.log).expect("a legal log");
    for layout in crate::postmortem::Layout::ALL {
        let zone = crate::postmortem::Zone::default();
        let text = crate::postmortem::to_markdown(&draft, layout, zone);
        let (glass, log) =
            (text.find("BREAK GLASS at ").expect("said"), text.find("events of the incident").expect("said"));
        assert!(glass < log && text.contains("nobody answers"), "{text}");
    }
    let mut case = Case::with_runs(RunRules { break_glass: true, ..rules() });
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    assert!(matches!(case.approves("ana", glass(run)), Err(Refusal::BreakGlassNeedless { .. })));
}

#[test]
fn an_approval_is_for_what_the_runbook_said_and_for_a_while() {
    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    case.directory.runs.revisions.insert("shop.md".into(), "bb".into());
    assert!(matches!(case.approves("ana", word(run)), Err(Refusal::RunbookChanged { .. })));
    case.directory.runs = rules();
    case.approves("ana", word(run)).expect("as it was");
    case.directory.runs.revisions.insert("shop.md".into(), "bb".into());
    let started = case.engine(Input::StartRun { no: run, worker: "w".into(), target: "main".into() }).expect("looked");
    assert_eq!(started[0], Event::RunExpired { run, why: ExpireReason::RunbookChanged });
    assert!(started.iter().any(|e| matches!(e, Event::IntentsCancelled { why: CancelReason::RunOver, .. })));

    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    case.wait(901);
    assert!(matches!(case.approves("ana", word(run)), Err(Refusal::RunNotWaiting { .. })));
    let timer = timers(&case.incident).find(|t| t.kind == TimerKind::RunExpiry).expect("a timer");
    assert_eq!(timer.due_at, START.plus_s(900));
    while case.timer_is_not(TimerKind::RunExpiry) {
        let next = crate::timer::next(&case.incident).expect("one");
        case.engine(Input::TimerDue(next)).expect("due");
    }
    case.engine(Input::TimerDue(timer)).expect("due");
    assert_eq!(case.state(run), RunState::Expired);
}

impl Case {
    fn timer_is_not(&self, kind: TimerKind) -> bool {
        crate::timer::next(&self.incident).is_some_and(|t| t.kind != kind)
    }
}

#[test]
fn a_policy_asks_for_more_than_the_risk_does_and_never_for_less() {
    let night = WorkingHours { zone: chrono_tz::UTC, days: vec![chrono::Weekday::Mon], from_min: 0, to_min: 1 };
    let policy = |needs| RunPolicy {
        actions: vec!["restart".into()],
        environments: vec!["production".into()],
        needs,
        why: "Restarts of production are made by the platform team.".into(),
        ..RunPolicy::default()
    };
    let with = |p: RunPolicy| RunRules { policies: vec![p], ..rules() };
    let mut case = Case::with_runs(with(policy(Some(Needs::SecondPerson))));
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    assert!(matches!(case.approves("ana", word(run)), Err(Refusal::NeedsSecondPerson { .. })));
    let mut case = Case::with_runs(with(policy(Some(Needs::Nothing))));
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    assert!(matches!(case.state(run), RunState::Asked { .. }));
    let mut case = Case::with_runs(with(policy(None)));
    let no = case.asks("ana", order(Risk::Mutate, "sh -c 'docker restart web'")).expect_err("forbidden, also inside");
    assert!(no.to_string().contains("platform team"), "{no}");
    assert!(case.asks("ana", order(Risk::Mutate, "docker start web")).is_ok());
    let mut case = Case::with_runs(with(RunPolicy { when: When::WorkingHours, hours: Some(night), ..policy(None) }));
    assert!(case.asks("ana", order(Risk::Mutate, "docker restart web")).is_ok(), "not at that hour");
    let mut case = Case::with_runs(with(RunPolicy { by: to(&["bo"]), ..policy(Some(Needs::Confirmation)) }));
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    let admin = Approve { admin: true, ..word(run) };
    assert!(matches!(case.approves("ana", admin), Err(Refusal::NotEntitled { .. })), "bo alone");
    case.approves("bo", word(run)).expect("bo");
}

#[test]
fn the_same_is_not_done_again_to_a_target_that_has_just_had_it() {
    let mut case = Case::with_runs(rules());
    let restart = || order(Risk::Mutate, "docker restart web");
    let mut waits = Vec::new();
    for _ in 0..3 {
        let run = case.asks("ana", restart()).expect("cool");
        assert!(matches!(case.asks("bo", restart()), Err(Refusal::RunAskedAlready { .. })));
        case.approves("ana", word(run)).expect("hers");
        let seq = case.starts(run).expect("begins");
        case.reports(run, seq, well()).expect("taken");
        let Err(Refusal::RunCooling { until, .. }) = case.asks("ana", restart()) else { panic!("a loop") };
        let other = case.asks("ana", order(Risk::Mutate, "docker restart db")).expect("something else");
        case.as_person("ana", "room", Input::StopRun { no: other, reason: String::new() }).expect("not begun");
        let back = Order { kind: RunKind::Rollback, ..restart() };
        let back = case.asks("ana", back).expect("the way back is never held up");
        case.as_person("ana", "room", Input::DenyRun { no: back, reason: String::new() }).expect("waits");
        waits.push(until.seconds_since(case.now));
        case.now = until;
    }
    assert_eq!(waits, [300, 600, 1_200], "every further time waits twice as long");
}

#[test]
fn a_busy_target_lets_the_next_run_wait_until_it_is_free() {
    let mut case = Case::with_runs(rules());
    let first = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    let second = case.asks("ana", order(Risk::Mutate, "docker restart db")).expect("asked");
    for run in [first, second] {
        case.approves("ana", word(run)).expect("hers");
    }
    let seq = case.starts(first).expect("begins");
    let busy = case.starts(second).expect_err("one at a time");
    assert!(matches!(busy, Refusal::TargetBusy { run: 1, .. }), "{busy:?}");
    case.reports(first, seq, well()).expect("taken");
    let seq = case.starts(second).expect("free");
    case.engine(Input::ClaimLost { no: case.incident.runs[&second].intent.expect("queued"), claim_seq: seq })
        .expect("lost");
    case.hold();
    assert_eq!(case.state(second), RunState::Unknown { claim_seq: seq });
    let third = case.asks("ana", order(Risk::Mutate, "docker start db")).expect("asked");
    case.approves("bo", word(third)).expect("Level 2");
    assert!(matches!(case.starts(third), Err(Refusal::TargetBusy { .. })), "what is unknown may still be running");
    case.wait(91);
    case.starts(third).expect("its time is certainly over");
}

#[test]
fn without_a_look_at_the_target_nothing_begins() {
    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    case.approves("ana", word(run)).expect("hers");
    case.directory.runs.held.clear();
    assert_eq!(case.starts(run), Err(Refusal::Stale));
    let intent = case.incident.runs[&run].intent.expect("queued");
    assert_eq!(case.engine(Input::Claim { no: intent, worker: "w".into() }), Err(Refusal::Stale), "no side door");
    case.hold();
    case.starts(run).expect("looked");
}

#[test]
fn an_answer_after_a_crash_makes_the_outcome_known_and_nothing_begins_twice() {
    let mut case = Case::with_runs(rules());
    let run = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    case.approves("ana", word(run)).expect("hers");
    let seq = case.starts(run).expect("begins");
    assert_eq!(case.starts(run), Err(Refusal::Stale));
    let intent = case.incident.runs[&run].intent.expect("queued");
    case.engine(Input::ClaimLost { no: intent, claim_seq: seq }).expect("lost");
    assert_eq!(case.status_of(intent), OutboxStatus::Abandoned);
    assert_eq!(case.starts(run), Err(Refusal::Stale));
    assert_eq!(case.reports(run, seq - 1, well()), Err(Refusal::Stale), "of another claim");
    case.reports(run, seq, well()).expect("late, and true");
    assert_eq!(case.state(run), RunState::Finished { end: RunEnd::Done, verified: Some(true) });
    assert_eq!(case.reports(run, seq, well()), Err(Refusal::Stale));
}

#[test]
fn what_did_not_help_says_so_and_the_clocks_run_on() {
    let mut case = Case::with_runs(rules());
    case.says(Input::Acknowledge);
    case.says(Input::SetStatus { status: IncidentStatus::Monitoring, text: String::new() });
    let run = case.asks("ana", Order { rollback: Some("line 30".into()), ..order(Risk::Mutate, "docker restart web") });
    let run = run.expect("asked");
    case.approves("ana", word(run)).expect("hers");
    let seq = case.starts(run).expect("begins");
    let failed = RunOutcome::Finished { end: RunEnd::Done, results: Vec::new(), verified: Some(false) };
    case.reports(run, seq, failed).expect("taken");
    assert_eq!(case.incident.status, IncidentStatus::Investigating);
    let said = crate::timeline::entries(&case.log);
    let text = said.iter().find(|e| e.icon_word == "did not help").map(|e| e.text.clone()).expect("an entry");
    assert!(text.contains("IT DID NOT HELP") && text.contains("way back: run line 30"), "{text}");
}

#[test]
fn the_end_of_an_incident_takes_back_what_has_not_begun_and_lets_the_rest_finish() {
    let mut case = Case::with_runs(rules());
    let running = case.asks("ana", order(Risk::Mutate, "docker restart web")).expect("asked");
    case.approves("ana", word(running)).expect("hers");
    let seq = case.starts(running).expect("begins");
    let ready = case.asks("ana", order(Risk::Mutate, "docker restart db")).expect("asked");
    case.approves("ana", word(ready)).expect("hers");
    let asked = case.asks("ana", order(Risk::Mutate, "docker restart mq")).expect("asked");
    case.says(resolve());
    assert_eq!((case.state(ready), case.state(asked)), (RunState::Withdrawn, RunState::Withdrawn));
    case.as_person("bo", "room", Input::StopRun { no: running, reason: "enough".into() }).expect("stopped");
    let ended = RunOutcome::Finished { end: RunEnd::Stopped, results: Vec::new(), verified: None };
    case.reports(running, seq, ended).expect("taken");
    assert!(matches!(case.asks("ana", order(Risk::Read, "docker ps")), Err(Refusal::Ended { .. })));
}

//! Messages about looks in chats that come and go: the latest is there in the end, once, and nothing is said too often.

use super::super::found::Standing;
use super::super::tests::{at, by as turn_by, done, known, running};
use super::super::{IncidentId, look, told};
use super::*;

const SLACK: &str = "slack";
const DISCORD: &str = "discord";
const NINE: &str = "2026-11-22T08:00:00Z";
const NEXT_DAY: &str = "2026-11-23T08:00:00Z";

fn chat(name: &str) -> ChannelId {
    ChannelId::from(name)
}

fn who(worker: &str, now: Timestamp) -> By<'_> {
    By { now, worker, alone: false }
}

fn critical() -> State {
    done(&known("2026-11-20T00:00:00Z"), NINE, Standing::Critical, false)
}

fn here() -> Timestamp {
    at(NINE).plus_s(10)
}

fn take(state: &State, now: Timestamp) -> (State, Task) {
    claim(state, &chat(SLACK), false, who("one", now)).expect("there is something to post")
}

fn nothing(state: &State, now: Timestamp) {
    assert_eq!(claim(state, &chat(SLACK), false, who("one", now)), None);
}

/// Posted or edited at once.
fn brought(state: &State, now: Timestamp, message: &str) -> (State, Task) {
    let (state, task) = take(state, now);
    let done = Came::Done { message: Some(message.to_string()) };
    (came(&state, &chat(SLACK), task.no, &done, now).expect("its own"), task)
}

fn retry(why: &str, maybe_sent: bool) -> Came {
    Came::Retry { after_s: None, why: why.into(), maybe_sent }
}

#[test]
fn one_look_is_one_message_that_shows_what_became_of_it() {
    let (posted, task) = brought(&critical(), here(), "C1/7");
    assert_eq!((task.message, task.attempt, task.maybe_repeated), (None, 1, false));
    assert_eq!((task.face.word.as_str(), task.face.offers), ("critical", Some(at(NINE))));
    nothing(&posted, here().plus_s(60));
    // Somebody declares it.
    let word = super::super::Word { critical: true, since: at(NINE), text: "x".into() };
    let declared = told(&posted, &word, Some(IncidentId(7)));
    let (edited, task) = brought(&declared, here().plus_s(90_000), "C1/7");
    assert_eq!(
        (task.message.as_deref(), task.face.incident, task.face.offers),
        (Some("C1/7"), Some(IncidentId(7)), None)
    );
    nothing(&edited, here().plus_s(90_001));
    // The next morning has a message of its own, and says that it is well again.
    let well = done(&edited, NEXT_DAY, Standing::Healthy, false);
    let (well, task) = brought(&well, at(NEXT_DAY).plus_s(5), "C1/8");
    assert_eq!((task.message, task.face.again, task.face.word.as_str()), (None, true, "healthy"));
    nothing(&well, at(NEXT_DAY).plus_s(6));
}

#[test]
fn while_it_runs_nothing_is_said_and_what_is_there_stays() {
    let (posted, _) = brought(&critical(), here(), "C1/7");
    nothing(&running(&posted, NEXT_DAY, "one"), at(NEXT_DAY).plus_s(1));
    nothing(&known(NINE), here());
}

#[test]
fn of_two_workers_one_posts_and_a_lost_claim_is_taken_over_as_possibly_repeated() {
    let (claimed, first) = take(&critical(), here());
    let lease = limits::LEASE_S;
    assert_eq!(claim(&claimed, &chat(SLACK), false, who("two", here().plus_s(lease - 1))), None);
    let later = here().plus_s(lease);
    let (again, second) = claim(&claimed, &chat(SLACK), false, who("two", later)).expect("it is nobody's");
    assert_eq!((second.attempt, second.maybe_repeated, second.queued_at), (2, true, first.queued_at));
    let late = Came::Done { message: Some("C1/7".into()) };
    assert_eq!(came(&again, &chat(SLACK), first.no, &late, later), None, "it was taken over");
    let found = came(&again, &chat(SLACK), second.no, &late, later).expect("its own");
    // The first try's message was found: it may show how things stood then.
    let (drawn, third) = brought(&found, later, "C1/7");
    assert_eq!((third.message.as_deref(), third.face, third.attempt), (Some("C1/7"), first.face, 1));
    nothing(&drawn, later);
    // One database's own process takes back at its start what another process had.
    let alone = By { alone: true, ..who("two", here().plus_s(1)) };
    assert!(claim(&claimed, &chat(SLACK), false, alone).is_some_and(|(_, task)| task.maybe_repeated));
    let own = By { alone: true, ..who("one", here().plus_s(1)) };
    assert_eq!(claim(&claimed, &chat(SLACK), false, own), None, "its own is under way");
}

#[test]
fn what_was_never_posted_is_superseded_by_what_is_newer() {
    let (claimed, task) = take(&critical(), here());
    let failed = came(&claimed, &chat(SLACK), task.no, &retry("503", false), here()).expect("its own");
    nothing(&failed, here());
    let (second, task) = take(&failed, here().plus_s(3));
    assert_eq!((task.attempt, task.maybe_repeated), (2, false));
    let failed = came(&second, &chat(SLACK), task.no, &retry("reset", true), here().plus_s(3)).expect("its own");
    let (_, task) = take(&failed, here().plus_s(60));
    assert_eq!((task.attempt, task.maybe_repeated), (3, true), "it may have arrived");
    // The next morning comes first: it waits for no back-off, and nothing of the day before is posted.
    let next = done(&failed, NEXT_DAY, Standing::Warning, false);
    let (next, task) = brought(&next, at(NEXT_DAY).plus_s(3), "C1/9");
    assert_eq!((task.face.due, task.attempt, task.maybe_repeated), (at(NEXT_DAY), 1, false));
    nothing(&next, at(NEXT_DAY).plus_s(99));
}

#[test]
fn what_changes_while_it_is_being_posted_is_edited_afterwards() {
    let (claimed, task) = take(&critical(), here());
    let word = super::super::Word { critical: true, since: at(NINE), text: "x".into() };
    let declared = told(&claimed, &word, Some(IncidentId(7)));
    nothing(&declared, here().plus_s(1));
    let done = Came::Done { message: Some("C1/7".into()) };
    let posted = came(&declared, &chat(SLACK), task.no, &done, here().plus_s(1)).expect("its own");
    let (_, task) = take(&posted, here().plus_s(1));
    assert_eq!((task.message.as_deref(), task.face.incident), (Some("C1/7"), Some(IncidentId(7))));
}

#[test]
fn a_chat_that_takes_nothing_waits_for_no_other_and_is_given_up_when_it_is_news_to_nobody() {
    let (mut state, mut task) = take(&critical(), here());
    let (with, other) = claim(&state, &chat(DISCORD), false, who("one", here())).expect("the other chat");
    state = came(&with, &chat(DISCORD), other.no, &Came::Done { message: Some("9".into()) }, here()).expect("its own");
    let (mut now, mut tries) = (here(), 1);
    loop {
        state = came(&state, &chat(SLACK), task.no, &retry("503", false), now).expect("its own");
        let pending = state.posts[&chat(SLACK)].pending.clone();
        let Some(at) = pending.map(|p| p.not_before) else { break };
        assert!(at > now && at.seconds_since(now) <= 75, "the waits are bounded");
        now = at;
        let Some((next, again)) = claim(&state, &chat(SLACK), false, who("one", now)) else { break };
        (state, task) = (next, again);
        tries += 1;
    }
    assert!((400..=limits::POST_ATTEMPTS_MAX).contains(&tries), "{tries} tries");
    assert!(now.seconds_since(here()) <= FRESH_S + 75);
    nothing(&state, now.plus_s(1));
    assert_eq!(state.posts[&chat(DISCORD)].message.as_deref(), Some("9"));
}

#[test]
fn what_a_chat_refuses_is_not_asked_again_until_there_is_something_new() {
    let (claimed, task) = take(&critical(), here());
    let never = Came::Never { why: "no such channel".into() };
    let refused = came(&claimed, &chat(SLACK), task.no, &never, here()).expect("its own");
    nothing(&refused, here().plus_s(600));
    assert_eq!(refused.posts[&chat(SLACK)].failed.as_deref(), Some("no such channel"));
    let next = done(&refused, NEXT_DAY, Standing::Critical, false);
    let (next, task) = brought(&next, at(NEXT_DAY).plus_s(3), "C1/9");
    assert_eq!((task.attempt, next.posts[&chat(SLACK)].failed.clone()), (1, None));
}

#[test]
fn a_result_that_is_old_is_not_posted_but_a_message_that_is_there_is_kept_up_to_date() {
    let old = at(NINE).plus_s(2 + FRESH_S + 1);
    nothing(&critical(), old);
    assert!(claim(&critical(), &chat(SLACK), false, who("one", old.plus_s(-1))).is_some());
}

#[test]
fn while_an_incident_is_being_declared_nobody_is_asked_to() {
    let state = done(&known("2026-11-20T00:00:00Z"), NINE, Standing::Critical, true);
    let (state, task) = brought(&state, here(), "C1/7");
    assert_eq!((task.face.offers, task.face.incident), (None, None));
    let word = state.owes.clone().expect("it is told");
    // Nobody could declare it: people can.
    let (_, task) = take(&told(&state, &word, None), here().plus_s(1));
    assert_eq!(task.face.offers, Some(at(NINE)));
}

/// What is looked at every few minutes.
fn often(state: &State, due: &str, is: Standing) -> (State, Option<Face>) {
    let looked = done(state, due, is, false);
    match claim(&looked, &chat(SLACK), true, who("one", at(due).plus_s(3))) {
        Some((claimed, task)) => {
            let message = task.message.clone().or_else(|| Some(due.to_string()));
            let shown = came(&claimed, &chat(SLACK), task.no, &Came::Done { message }, at(due).plus_s(3));
            (shown.expect("its own"), Some(task.face))
        }
        None => (looked, None),
    }
}

#[test]
fn what_is_looked_at_often_speaks_when_it_is_not_well_once_and_when_that_is_over() {
    let (state, said) = often(&known("2026-11-20T00:00:00Z"), "2026-11-22T08:00:00Z", Standing::Healthy);
    assert_eq!(said, None);
    let (state, said) = often(&state, "2026-11-22T08:05:00Z", Standing::Critical);
    assert_eq!(said.expect("it is said").run, at("2026-11-22T08:05:00Z"));
    let (state, said) = often(&state, "2026-11-22T08:10:00Z", Standing::Failed);
    let said = said.expect("the message shows the latest");
    assert_eq!((said.run, said.due), (at("2026-11-22T08:05:00Z"), at("2026-11-22T08:10:00Z")));
    assert_eq!(state.posts[&chat(SLACK)].message.as_deref(), Some("2026-11-22T08:05:00Z"), "the same message");
    let (state, said) = often(&state, "2026-11-22T08:15:00Z", Standing::Healthy);
    assert!(said.is_some_and(|f| f.again && f.run == at("2026-11-22T08:15:00Z")), "in a message of its own");
    let (state, said) = often(&state, "2026-11-22T08:20:00Z", Standing::Healthy);
    assert_eq!(said, None);
    // Firebell was restarted in the middle of a look: the next one is soon.
    let begun = running(&state, "2026-11-22T08:25:00Z", "one");
    let now = at("2026-11-22T08:25:30Z");
    let alone = super::super::Look { alone: true, ..turn_by("two", now) };
    let super::super::Step::Note(lost) = look(Some(&begun), super::super::tests::RULE, None, alone) else {
        panic!("it is noted")
    };
    assert_eq!(claim(&lost, &chat(SLACK), true, who("two", now)), None);
    assert!(claim(&lost, &chat(SLACK), false, who("two", now)).is_some(), "once a day it is worth a line");
}

#[test]
fn an_end_is_told_also_where_it_is_not_certain_that_the_beginning_was() {
    let state = done(&known("2026-11-20T00:00:00Z"), NINE, Standing::Critical, false);
    let (claimed, task) = claim(&state, &chat(SLACK), true, who("one", here())).expect("it is said");
    let unsure = |maybe| came(&claimed, &chat(SLACK), task.no, &retry("reset", maybe), here()).expect("its own");
    let after = |state: &State| {
        let due = "2026-11-22T08:05:00Z";
        claim(&done(state, due, Standing::Healthy, false), &chat(SLACK), true, who("one", at(due).plus_s(3)))
    };
    assert_eq!(after(&unsure(false)), None, "nothing was said, so nothing is over");
    assert!(after(&unsure(true)).is_some());
}

#[test]
fn a_state_of_before_reads_as_one_that_nothing_was_posted_of() {
    let state = critical();
    let text = serde_json::to_string(&state).expect("it is written");
    assert!(!text.contains("posts"), "{text}");
    assert_eq!(serde_json::from_str::<State>(&text).expect("it is read"), state);
    let (posted, _) = brought(&state, here(), "C1/7");
    let text = serde_json::to_string(&posted).expect("it is written");
    assert_eq!(serde_json::from_str::<State>(&text).expect("it is read"), posted);
}

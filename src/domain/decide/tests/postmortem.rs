//! What people write in the post-mortem: versions, nobody's text lost to another's, nothing changed once published.

use super::*;
use crate::postmortem::Chapter;
use crate::postmortem::written::{Texts, versions};
use crate::status::PostmortemStatus;

fn texts<const N: usize>(all: [(Chapter, &str); N]) -> Texts {
    all.map(|(c, t)| (c, t.to_string())).into()
}

fn edit<const N: usize>(base: u32, all: [(Chapter, &str); N]) -> Input {
    Input::EditPostmortem { base, texts: texts(all) }
}

#[test]
fn a_save_holds_what_it_changed_and_the_next_one_builds_on_it() {
    let mut case = Case::new();
    case.says(resolve());
    let first = case.says(edit(0, [(Chapter::Factors, " a full disk \r\n"), (Chapter::Lessons, "")]));
    let body = Event::PostmortemEdited { version: 1, texts: texts([(Chapter::Factors, "a full disk")]) };
    assert_eq!(first, [body], "what was empty and stays so is no change");
    case.says(edit(1, [(Chapter::Factors, "a full disk"), (Chapter::Lessons, "alert on it")]));
    case.says(edit(2, [(Chapter::Factors, "")]));
    assert_eq!(case.incident.written.texts, texts([(Chapter::Lessons, "alert on it")]));
    let all = versions(&case.log);
    assert_eq!(all.iter().map(|v| v.no).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(all[1].changed, [Chapter::Lessons]);
    assert_eq!(all[1].texts, texts([(Chapter::Factors, "a full disk"), (Chapter::Lessons, "alert on it")]));
    assert_eq!(all[2].texts, case.incident.written.texts);
}

#[test]
fn whoever_wrote_over_an_older_version_is_told_who_saved_meanwhile_and_nothing_is_lost() {
    let mut case = Case::new();
    case.says(edit(0, [(Chapter::Factors, "a full disk")]));
    let no = case.say(edit(0, [(Chapter::Factors, "a typo")])).expect_err("moved on");
    assert!(matches!(&no, Refusal::PostmortemMoved { base: 0, version: 1, by, .. } if by == "ana"), "{no:?}");
    assert!(no.to_string().ends_with("Put what is yours into version 1 and save again."), "{no}");
    assert_eq!(case.incident.written.text(Chapter::Factors), "a full disk");
    // The same form sent twice is no conflict.
    let again = case.say(edit(0, [(Chapter::Factors, "a full disk")]));
    assert!(matches!(again, Err(Refusal::PostmortemUnchanged { version: 1, .. })));
    assert!(matches!(case.say(edit(7, [(Chapter::Lucky, "x")])), Err(Refusal::PostmortemMoved { base: 7, .. })));
    case.says(edit(1, [(Chapter::Factors, "a full disk, by a typo")]));
}

#[test]
fn a_published_one_is_opened_again_before_it_is_changed_and_keeps_its_texts_over_a_reopening() {
    let mut case = Case::new();
    case.says(edit(0, [(Chapter::Impact, "nobody could pay")]));
    case.says(resolve());
    case.says(Input::SetPostmortem { status: PostmortemStatus::Published });
    let change = || edit(1, [(Chapter::Impact, "some could not pay")]);
    assert!(matches!(case.say(change()), Err(Refusal::PostmortemPublished { .. })));
    case.says(Input::SetPostmortem { status: PostmortemStatus::InReview });
    case.says(change());
    case.says(Input::Reopen { reason: "again".into() });
    assert_eq!(case.incident.written.text(Chapter::Impact), "some could not pay");
    case.says(edit(2, [(Chapter::Impact, "some could not pay, twice")]));
}

#[test]
fn a_chapter_has_a_length() {
    let mut case = Case::new();
    let long = "x".repeat(crate::limits::POSTMORTEM_CHARS_MAX + 1);
    let no = case.say(edit(0, [(Chapter::Lessons, long.as_str())]));
    assert!(matches!(no, Err(Refusal::TooLong { what: "lessons", .. })), "{no:?}");
    assert!(case.incident.written.is_empty());
}

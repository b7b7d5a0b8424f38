//! Every event as a sentence, and what happens next, over the scripted incidents.

use super::words::INDENT;
use super::*;
use crate::incident::Incident;
use crate::story::{self, Story};
use proptest::prelude::*;
use std::collections::BTreeSet;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn printed(story: &Story) -> String {
    let mut out = String::new();
    for e in entries(&story.events()) {
        let via = e.via.map_or(String::new(), |v| format!(" ({v})"));
        let time = e.at.utc().format("%H:%M:%S");
        let (word, text) = (e.icon_word, e.text);
        out.push_str(&format!("{:>3} {time} {}{via} | {:?} | {word} | {text}\n", e.seq, e.actor, e.importance));
    }
    out
}

#[test]
fn every_story_reads_as_its_golden_timeline() {
    for story in story::all() {
        story::golden(ROOT, &format!("notice/timeline/{}.txt", story.name), &printed(&story));
    }
}

#[test]
fn the_pinned_line_and_what_comes_next_read_as_their_goldens() {
    let mut out = String::new();
    for story in story::all() {
        out.push_str(&format!("# {}\n", story.name));
        let mut last = String::new();
        for scene in &story.scenes {
            let now = scene.now.plus_s(2);
            let both = format!("{}\n    {}\n", headline(&scene.after, now), next_step(&scene.after, now));
            if both != last {
                out.push_str(&both);
            }
            last = both;
        }
        out.push('\n');
    }
    story::golden(ROOT, "notice/headlines.txt", &out);
}

#[test]
fn the_stories_tell_every_kind_of_event() {
    let seen: BTreeSet<&str> = story::all().iter().flat_map(|s| s.events()).map(|e| e.body.kind()).collect();
    // As many as `Event` has variants: a new one needs a scene in story.rs.
    assert_eq!(seen.len(), 48, "{seen:?}");
}

#[test]
fn every_event_is_one_entry_with_its_number_time_and_a_sentence() {
    for story in story::all() {
        let events = story.events();
        let entries = entries(&events);
        assert_eq!(entries.len(), events.len());
        for (entry, event) in entries.iter().zip(&events) {
            assert_eq!((entry.seq, entry.at), (event.seq, event.at));
            let first = entry.text.chars().next().unwrap_or(' ');
            assert!(first.is_uppercase() && !entry.icon_word.is_empty(), "{:?}", entry.text);
        }
    }
}

#[test]
fn what_was_just_decided_reads_as_it_will_in_the_whole_timeline() {
    // Without how long somebody was waited for.
    let timeless = |text: &str| match text.split_once("(no answer") {
        Some((before, after)) => format!("{before}{}", after.split_once(')').unwrap_or_default().1),
        None if text.starts_with("Acknowledged") => text.split_once(": ").unwrap_or_default().1.to_string(),
        None => text.to_string(),
    };
    for story in story::all() {
        let whole = entries(&story.events());
        let parts = story.scenes.iter().flat_map(|s| entries_after(s.before.as_ref(), &s.events));
        for (one, other) in whole.iter().zip(parts) {
            assert_eq!(timeless(&one.text), timeless(&other.text));
            assert_eq!((one.seq, one.importance), (other.seq, other.importance));
        }
    }
}

#[test]
fn a_second_line_cannot_be_taken_for_an_entry_of_its_own() {
    assert_eq!(words::said("all fine\r\n03:12 ana | resolved\n\n\u{1b}[2Jend \n"), {
        format!("all fine\n{INDENT}03:12 ana | resolved\n{INDENT}\n{INDENT}[2Jend")
    });
}

#[test]
fn a_long_title_gives_way_to_what_firebell_says() {
    let mut incident = Incident::begin(&story::bad_night().events()[0]).expect("declared");
    incident.title = "é".repeat(250);
    let line = headline(&incident, incident.declared_at);
    assert_eq!(line.chars().count(), 250);
    assert!(
        line.starts_with("[P2] INC-42 é") && line.ends_with("… — investigating, nobody has acknowledged"),
        "{line}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_people_wrote_no_sentence_has_a_control_character_or_a_line_at_the_left(
        text in "(\\PC|\\pC|[\u{0}-\u{1f}\u{202e}\u{200b}<>@|`\r\n]){0,60}"
    ) {
        let events: Vec<IncidentEvent> = story::with_texts(&text).into_iter().flatten().collect();
        for entry in story::with_texts(&text).iter().flat_map(|events| entries(events)) {
            let actor = entry.actor + entry.via.as_deref().unwrap_or("") + entry.icon_word;
            prop_assert!(!actor.chars().any(char::is_control));
            for (n, line) in entry.text.split('\n').enumerate() {
                prop_assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
                prop_assert!(n == 0 || line.is_empty() || line.starts_with(INDENT), "{line:?}");
            }
        }
        let mut incident: Option<Incident> = None;
        for event in &events {
            match (&mut incident, event.seq) {
                (_, 1) => incident = Some(Incident::begin(event).expect("declared")),
                (Some(i), _) => i.apply(event).expect("legal"),
                (None, _) => prop_assert!(false, "a log begins with event 1"),
            }
            let i = incident.as_ref().expect("begun");
            for line in [headline(i, event.at), next_step(i, event.at)] {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            }
            prop_assert!(headline(i, event.at).chars().count() <= 250);
        }
    }
}

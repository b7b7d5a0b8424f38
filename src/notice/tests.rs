//! Every sentence of the bot over the scripted incidents, held to the goldens; and what no text may do to a message.

use super::story::{self, Scene, Story};
use super::*;
use crate::engine::ports::chat::{Card, CardValue, Field, FieldKind, Form};
use firebell_domain::intent::{Live, What};
use firebell_domain::timeline::{entries, words};
use proptest::prelude::*;
use std::fmt::Write;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const URL: &str = "http://127.0.0.1:7911/";

fn printed(m: &Message) -> String {
    let text = m.text.lines().map(|l| format!("    {l}\n")).collect::<String>();
    let service = m.service.as_deref().unwrap_or("-");
    let link = m.link.as_deref().unwrap_or("-");
    format!("{}\n{text}    · {} {} {service} {} {link}\n", m.summary, m.severity_level, m.severity_rank, m.status)
}

/// What an intent says, worded as the engine does it.
fn message(incident: &Incident, live: &Live, log: &[IncidentEvent]) -> Option<Message> {
    Some(match &live.intent.what {
        // Chats have cards: see `cards.txt`.
        What::Room { .. } | What::Run { .. } => return None,
        What::Page(page) => page_message(incident, page, live.maybe_sent, URL),
        What::Follow { over, .. } => follow_message(incident, *over, URL),
        What::Notice { about_seq, kind } => {
            let about = log.iter().find(|e| e.seq == *about_seq).expect("the event that it is about");
            notice_message(incident, about, *kind, URL)
        }
    })
}

/// What is queued in a scene, as if it were sent right after it.
fn messages(story: &Story, scene: &Scene) -> Vec<(String, Message)> {
    let (log, before) = (story.events(), scene.before.as_ref().map_or(0, |b| b.intents));
    let new = scene.after.live.values().filter(|l| l.intent.no > before || l.maybe_sent);
    new.filter_map(|l| Some((words::intent(&l.intent), message(&scene.after, l, &log)?))).collect()
}

#[test]
fn every_page_notice_and_follow_up_reads_as_its_golden() {
    for story in story::all() {
        let mut out = String::new();
        for scene in &story.scenes {
            for (kind, m) in messages(&story, scene) {
                let _ = writeln!(out, "# {} · {kind}\n{}", scene.name, printed(&m));
            }
        }
        story::golden(ROOT, &format!("notice/messages/{}.txt", story.name), &out);
    }
}

#[test]
fn a_test_page_says_that_nothing_is_wrong() {
    let m = test_page_message("Ana Ruiz", &"pagerduty".into(), URL);
    story::golden(ROOT, "notice/messages/test_page.txt", &printed(&m));
}

#[test]
fn every_answer_reads_as_its_golden() {
    for story in story::all() {
        let mut out = String::new();
        for s in story.scenes.iter().filter(|s| s.name != "claimed") {
            let answer = reply::after(s.before.as_ref(), &s.events, &s.after, s.now);
            let _ = writeln!(out, "# {}\n{answer}\n", s.name);
        }
        story::golden(ROOT, &format!("notice/replies/{}.txt", story.name), &out);
    }
}

#[test]
fn incidents_are_shown_as_their_goldens() {
    let mut out = String::new();
    for story in story::all() {
        let last = story.scenes.last().expect("a scene");
        let middle = story.scenes.get(story.scenes.len() / 3).expect("a scene");
        for s in [middle, last] {
            let _ = writeln!(out, "# {}: {}\n{}\n", story.name, s.name, show::show(&s.after, s.now.plus_s(2)));
        }
    }
    story::golden(ROOT, "notice/show.txt", &out);
}

#[test]
fn a_list_names_every_incident_and_who_has_it() {
    let now = story::at("2026-11-21T04:10:00Z");
    let mut rows: Vec<show::ListRow> = Vec::new();
    for story in story::all() {
        rows.extend(story.scenes.last().map(|s| show::ListRow::from(&s.after)));
        rows.extend(story.scenes.first().map(|s| show::ListRow::from(&s.after)));
    }
    let text = format!("{}\n\n{}\n", show::list(&rows, now), show::list(&[], now));
    story::golden(ROOT, "notice/list.txt", &text);
}

#[test]
fn the_timeline_as_text_reads_as_its_golden() {
    let story = story::bad_night();
    let (events, last) = (story.events(), story.scenes.last().expect("a scene"));
    let text = show::timeline(&last.after, &entries(&events), false, last.now);
    story::golden(ROOT, "notice/timeline.txt", &(text + "\n"));
}

#[test]
fn without_any_pager_the_first_thing_said_is_that_nobody_is_paged() {
    let story = story::no_pager();
    let s = story.scenes.first().expect("declared");
    let answer = reply::after(None, &s.events, &s.after, s.now);
    assert!(answer.starts_with("No pager is configured: NOBODY WILL BE PAGED."), "{answer}");
}

#[test]
fn a_private_title_stays_off_channels_that_anybody_reads() {
    let story = story::no_pager();
    let mut incident = story.scenes[0].after.clone();
    incident.title = "a laptop was stolen".to_string();
    let page = Page {
        person: None,
        method: 0,
        reason: firebell_domain::intent::PageReason::NobodyReached,
        step: 0,
        pass: 0,
        text: Some("it was ana's laptop".to_string()),
    };
    let open = printed(&page_message(&incident, &page, false, URL));
    assert!(!open.contains("laptop") && open.contains("private incident"), "{open}");
    let named = Page { person: Some("ana".into()), ..page };
    let closed = printed(&page_message(&incident, &named, false, URL));
    assert!(closed.contains("a laptop was stolen"), "{closed}");
    assert!(!printed(&follow_message(&incident, true, URL)).contains("laptop"));
}

#[test]
fn an_incident_is_shown_in_25_lines_however_much_it_has() {
    let mut incident = story::bad_night().scenes.last().expect("a scene").after.clone();
    let (item, live) = (incident.actions[0].clone(), story::bad_night().scenes[0].after.live[&2].clone());
    for no in 0..200 {
        incident.actions.push(firebell_domain::incident::ActionItem { no, done_at: None, ..item.clone() });
        incident.live.insert(100 + no, live.clone());
        incident.roles.insert(format!("role {no}"), "ana".into());
        incident.responders.push("ana".into());
    }
    let text = show::show(&incident, incident.updated_at);
    assert!(text.lines().count() <= 25, "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 250), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_people_wrote_nothing_said_has_a_control_character_and_first_lines_are_short(
        text in "(\\PC|\\pC|[\u{0}-\u{1f}\u{202e}\u{200b}<>@|`\r\n]){0,300}"
    ) {
        let unseen = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n');
        for events in story::with_texts(&text) {
            let mut incident: Option<Incident> = None;
            for event in &events {
                let before = incident.clone();
                match &mut incident {
                    Some(i) => i.apply(event).expect("legal"),
                    none => *none = Some(Incident::begin(event).expect("declared")),
                }
                let after = incident.as_ref().expect("begun");
                let now = event.at;
                let answer = reply::after(before.as_ref(), std::slice::from_ref(event), after, now);
                prop_assert!(!answer.contains(unseen) && !answer.is_empty(), "{answer:?}");
                let shown = show::show(after, now);
                prop_assert!(!shown.contains(unseen) && shown.lines().count() <= 25, "{shown:?}");
                prop_assert!(!show::list(&[after.into()], now).contains(|c: char| c.is_control()));
                for l in after.live.values() {
                    let Some(m) = message(after, l, &events) else { continue };
                    prop_assert!(!m.summary.contains(|c: char| c.is_control()), "{:?}", m.summary);
                    prop_assert!(m.summary.chars().count() <= SUMMARY_CHARS_MAX);
                    prop_assert!(!m.text.contains(unseen), "{:?}", m.text);
                }
            }
        }
    }
}

fn printed_card(c: &Card) -> String {
    let value = |v: &CardValue| match v {
        CardValue::Text(t) => t.clone(),
        CardValue::Person { id, name } => format!("{name} (@{id})"),
        CardValue::Time { at, relative } => format!("{}{}", at.rfc3339(), if *relative { ", as a clock" } else { "" }),
    };
    let mut out = format!("{}\n", c.plain);
    for (label, v) in &c.facts {
        let _ = writeln!(out, "    {label}: {}", value(v));
    }
    for t in &c.text {
        let _ = writeln!(out, "    {t}");
    }
    let buttons: Vec<String> = c.actions.iter().map(|a| format!("[{}]", a.label)).collect();
    let _ = writeln!(out, "    {}", buttons.join(" "));
    out
}

#[test]
fn every_card_place_and_line_of_a_chat_reads_as_its_golden() {
    for story in story::all().iter().filter(|s| ["in_chat", "bad_night", "followed"].contains(&s.name)) {
        let mut out = String::new();
        for s in story.scenes.iter().filter(|s| s.name != "claimed") {
            let _ = writeln!(out, "# {}\n{}", s.name, printed_card(&card::card(&s.after, &story.directory, URL)));
            for line in card::lines(&s.after, &s.events, 0, &"slack".into()) {
                let _ = writeln!(out, "> {} {}: {}", line.at.rfc3339(), line.who, line.text);
            }
            let _ = writeln!(out, "#{} — {}\n", card::place_name(&s.after), card::topic(&s.after));
        }
        story::golden(ROOT, &format!("notice/cards/{}.txt", story.name), &out);
    }
}

#[test]
fn every_button_of_a_card_that_asks_for_more_has_its_form_and_the_form_says_what_people_would_type() {
    let mut out = String::new();
    let values = |form: &Form| {
        let of = |f: &Field| match &f.kind {
            FieldKind::Person => "bo".to_string(),
            FieldKind::Choice(all) => all.first().map(|c| c.0.clone()).unwrap_or_default(),
            FieldKind::Flag => "yes".to_string(),
            _ => format!("what \"{}\" says", f.name),
        };
        form.fields.iter().map(|f| (f.name.clone(), of(f))).collect()
    };
    let mut seen = std::collections::BTreeSet::from(["declare".to_string()]);
    for story in story::all() {
        for s in &story.scenes {
            let actions = card::card(&s.after, &story.directory, URL).actions;
            for a in actions.iter().filter(|a| a.form) {
                assert!(form::form(&a.verb, Some(&s.after), &story.directory).is_some(), "{}", a.verb);
                seen.insert(a.verb.clone());
            }
        }
    }
    let story = story::all().remove(0);
    let middle = story.scenes.get(2).expect("a scene");
    for verb in seen {
        let incident = (verb != "declare").then_some(&middle.after);
        let form = form::form(&verb, incident, &story.directory).expect("a form");
        assert!(form.title.chars().count() <= 24 && form.submit.chars().count() <= 24, "{}", form.title);
        let _ =
            writeln!(out, "# {verb}: {} [{}]\n    {}", form.title, form.submit, form.intro.as_deref().unwrap_or("-"));
        for f in &form.fields {
            let _ = writeln!(out, "    {}{}: {:?}", f.label, if f.required { " (needed)" } else { "" }, f.kind);
        }
        for line in form::said(&verb, &values(&form)) {
            let _ = writeln!(out, "  > /incident {line}");
        }
    }
    story::golden(ROOT, "notice/forms.txt", &out);
}

proptest! {
    #[test]
    fn the_name_of_a_place_is_what_platforms_take_whatever_the_title(title in "\\PC{0,300}", private: bool) {
        let mut i = story::all().remove(0).incident;
        (i.title, i.private) = (title, private);
        let name = card::place_name(&i);
        let head = format!("inc-{}", i.id.0);
        prop_assert!(name.starts_with(&head) && name.chars().count() <= card::PLACE_CHARS_MAX);
        prop_assert!(!name.ends_with('-') && !name.contains("--"));
        prop_assert!(name.chars().all(|c| c == '-' || c.is_alphanumeric()));
        prop_assert!(card::topic(&i).chars().count() <= card::TOPIC_CHARS_MAX);
    }
}

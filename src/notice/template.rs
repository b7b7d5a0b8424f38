//! Post-mortems in a layout of one's own: a template (Jinja's notation) over the draft. A template reads no file and
//! no environment, comes to an end and writes a bounded amount; whatever it prints is escaped for its format. What it
//! leaves out of the log stands at its end all the same: no layout loses a fact.

use firebell_domain::postmortem::{self, Draft, Layout, Part, Zone, escape, sample};
use firebell_domain::time::{Timestamp, span};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value, context};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// Steps that one template may take: a loop over ten thousand events takes about a million.
const STEPS_MAX: u64 = 20_000_000;
/// Bytes that one post-mortem may have (32 MiB): the longest log takes about a third of it.
const OUTPUT_BYTES_MAX: usize = 32 << 20;
/// Parts that follow from others, or say nothing of the incident: a template may leave them out.
const DISPENSABLE: [Part; 4] = [Part::Preface, Part::Facts, Part::Course, Part::Timeline];

/// In which format a template writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    Markdown,
    Html,
}

impl Markup {
    pub fn of(html: bool) -> Markup {
        if html { Markup::Html } else { Markup::Markdown }
    }
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub line: Option<usize>,
    /// A sentence without its full stop.
    pub what: String,
}

/// Renders `source`, the text of the file `name`. What is wrong with it is said with file and line.
pub fn postmortem(name: &str, source: &str, markup: Markup, draft: Draft, zone: Zone) -> Result<String, String> {
    render(name, source, markup, draft, zone).map_err(|wrong| {
        let line = wrong.line.map_or(String::new(), |l| format!(" line {l}"));
        let end = if wrong.what.ends_with('?') { "" } else { "." };
        format!("{name}{line}: {}{end}", wrong.what)
    })
}

/// Tries a template on incidents that never were.
pub fn check(name: &str, source: &str, markup: Markup) -> Result<(), Wrong> {
    let broken = |what: String| Wrong { line: None, what };
    let logs = sample::logs().map_err(|no| broken(format!("no incident to try it on: {no:?}")))?;
    for (which, log) in logs {
        let draft = postmortem::draft(&log).map_err(|e| broken(e.to_string()))?;
        render(name, source, markup, draft, Zone::default())
            .map_err(|wrong| Wrong { what: format!("{} (tried on {which})", wrong.what), ..wrong })?;
    }
    Ok(())
}

fn render(name: &str, source: &str, markup: Markup, draft: Draft, zone: Zone) -> Result<String, Wrong> {
    let draft = Arc::new(draft);
    let used: Arc<Mutex<BTreeSet<Part>>> = Arc::default();
    let mut environment = environment(markup, zone);
    let (of, seen) = (draft.clone(), used.clone());
    environment.add_function("part", move |name: &str| {
        let part = Part::parse(name).ok_or_else(|| {
            let known = Part::ALL.map(Part::as_str).join(", ");
            Error::new(ErrorKind::InvalidOperation, format!("there is no part \"{name}\"; there are {known}"))
        })?;
        if let Ok(mut seen) = seen.lock() {
            seen.insert(part);
        }
        Ok(Value::from_safe_string(written(part, &of, markup, zone)))
    });
    let values = context! { draft => Serde(draft.as_ref()), title => postmortem::layout::title(&draft) };
    let mut out = Bounded(Vec::new());
    let template = environment.template_from_named_str(name, source).map_err(|e| wrong(&e))?;
    template.render_captured_to(values, &mut out).map_err(|e| wrong(&e))?;
    let text = String::from_utf8(out.0).map_err(|e| Wrong { line: None, what: e.to_string() })?;
    let used = used.lock().map(|u| u.clone()).unwrap_or_default();
    Ok(complete(text, &used, &draft, markup, zone))
}

fn environment(markup: Markup, zone: Zone) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(STEPS_MAX));
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    // It could grow a text without bound.
    environment.remove_global("namespace");
    match markup {
        Markup::Html => environment.set_auto_escape_callback(|_| AutoEscape::Html),
        Markup::Markdown => {
            environment.set_auto_escape_callback(|_| AutoEscape::None);
            environment.set_formatter(|out, state, value| match value.as_str() {
                Some(text) if !value.is_safe() => Ok(out.write_str(&escape::block(text, "  "))?),
                _ => minijinja::escape_formatter(out, state, value),
            });
        }
    }
    environment.add_filter("time", move |at: &str| {
        let at = chrono::DateTime::parse_from_rfc3339(at)
            .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("\"{at}\" is no time of the draft")))?;
        Ok::<_, Error>(zone.time(Timestamp::from(at.with_timezone(&chrono::Utc))))
    });
    environment.add_filter("span", |seconds: i64| span(seconds));
    environment
}

fn written(part: Part, draft: &Draft, markup: Markup, zone: Zone) -> String {
    let blocks = part.blocks(draft, zone);
    match markup {
        Markup::Markdown => postmortem::blocks_to_markdown(&blocks, zone),
        Markup::Html => postmortem::blocks_to_html(&blocks, zone),
    }
}

/// Adds what the template left out, before the end of a page's body.
fn complete(mut text: String, used: &BTreeSet<Part>, draft: &Draft, markup: Markup, zone: Zone) -> String {
    let mut rest = String::new();
    for part in Part::ALL.into_iter().filter(|p| !used.contains(p) && !DISPENSABLE.contains(p)) {
        let written = written(part, draft, markup, zone);
        if written.trim().is_empty() {
            continue;
        }
        let heading = Layout::Default.heading_of(part);
        rest.push_str(&match markup {
            Markup::Markdown => format!("\n## {heading}\n\n{}\n", written.trim_end()),
            Markup::Html => format!("<h2>{heading}</h2>\n{written}"),
        });
    }
    let end = match markup {
        Markup::Html => text.rfind("</body>").unwrap_or(text.len()),
        Markup::Markdown => text.len(),
    };
    if !text.get(..end).unwrap_or_default().ends_with('\n') {
        rest.insert(0, '\n');
    }
    text.insert_str(end, &rest);
    text
}

fn wrong(error: &Error) -> Wrong {
    let what = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too long. Does a loop repeat itself?".to_string(),
        (ErrorKind::WriteFailure, _) => format!("it writes more than {} MiB", OUTPUT_BYTES_MAX >> 20),
        (_, Some(detail)) => detail.to_string(),
        (kind, None) => kind.to_string(),
    };
    Wrong { line: error.line(), what }
}

struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > OUTPUT_BYTES_MAX {
            return Err(io::Error::other("the post-mortem is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::story;

    fn of_bad_night(source: &str, markup: Markup) -> Result<String, String> {
        let draft = postmortem::draft(&story::bad_night().events()).expect("a draft");
        postmortem("mine.md", source, markup, draft, Zone::default())
    }

    #[test]
    fn a_template_places_parts_and_what_it_leaves_out_follows() {
        let text = of_bad_night(
            "# {{ title }}\n\nMTTR {{ draft.means.resolve_s | span }}, ended {{ draft.end.at | time }}\n\n{{ part('timeline') }}{{ part('actions') }}",
            Markup::Markdown,
        )
        .expect("a text");
        assert!(text.starts_with("# Post-mortem of INC-42: checkout is down\n\nMTTR 29 min, ended 2026-11-21 04:06:20\n\n- 2026-11-21 03:05:10, cy"), "{text}");
        for heading in ["## Summary", "## Pages", "## Contributing factors", "## Appendix: every event"] {
            assert!(text.contains(heading), "{heading}");
        }
        assert_eq!(text.matches("canary before every deploy").count(), 3, "the item, and the event in both timelines");
        assert!(!text.contains("## Action items"), "it was placed");
    }

    #[test]
    fn what_people_wrote_is_escaped_for_the_templates_format() {
        let source =
            "{% for e in draft.timeline %}{% if e.icon_word == 'note' %}- {{ e.text }}\n{% endif %}{% endfor %}";
        let markdown = of_bad_night(source, Markup::Markdown).expect("a text");
        assert!(markdown.starts_with("- Note: first look:\\\n  \\<b\\>500\\</b\\>"), "{markdown}");
        let html = of_bad_night(&format!("<body>{source}</body>"), Markup::Html).expect("a page");
        assert!(html.contains("&lt;b&gt;500") && !html.contains("<b>"), "{html}");
        assert!(html.trim_end().ends_with("</body>"), "what follows stands inside the body");
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line_and_nothing_can_be_read_or_run_for_ever() {
        for (source, says) in [
            ("a\nb {{ draft.nothing.there }}", "mine.md line 2: "),
            ("a\n\n{% for %}", "mine.md line 3: "),
            ("{{ part('nothing') }}", "mine.md line 1: there is no part \"nothing\"; there are preface, facts"),
            ("{% include '/etc/passwd' %}", "mine.md line 1: "),
            ("{{ namespace() }}", "mine.md line 1: "),
            ("{{ 5 | time }}", "mine.md line 1: "),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
                "mine.md line 1: it takes too long. Does a loop repeat itself?",
            ),
            ("{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}", "mine.md: it writes more than 32 MiB."),
        ] {
            let no = of_bad_night(source, Markup::Markdown).expect_err(source);
            assert!(no.starts_with(says), "{source}: {no}");
        }
    }

    #[test]
    fn the_shipped_template_passes_the_check_and_what_only_some_incidents_have_is_found_by_it() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/postmortem");
        let shipped = std::fs::read_to_string(folder.join("one-page.md")).expect("the example");
        assert_eq!(check("one-page.md", &shipped, Markup::Markdown), Ok(()));
        let text = of_bad_night(&shipped, Markup::Markdown).expect("a text");
        crate::notice::story::golden(env!("CARGO_MANIFEST_DIR"), "postmortem/layouts/one-page.md", &text);
        let careless = "fine\n{{ draft.end.at | time }}";
        assert!(of_bad_night(careless, Markup::Markdown).is_ok());
        let wrong = check("mine.md", careless, Markup::Markdown).expect_err("an open incident has no end");
        assert_eq!(wrong.line, Some(2));
        assert!(wrong.what.ends_with("(tried on one that has just been declared)"), "{}", wrong.what);
    }
}

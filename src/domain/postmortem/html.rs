//! The document as one HTML file that needs nothing else: no script, no other host, its style inside; dark and
//! light, on paper too. Everything that is not markup of this file goes through `text`, so nobody's words can become
//! markup; an address that stands alone becomes a link, as in Markdown.

use super::chart;
use super::document::{Block, Document, Moment, Section, Zone};
use super::escape::address;
use crate::time::Timestamp;
use crate::timeline::Importance;
use std::fmt::Write;

/// What the file may load: nothing but its own style. The listener says the same in its header.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// What stands in the one `<style>` element, to the letter: the listener's header names it by its hash.
pub const STYLE: &str = concat!("\n", include_str!("style.css"));

pub fn render(document: &Document, zone: Zone) -> String {
    let title = escape(&document.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{POLICY}\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    for Section { level, heading, blocks } in &document.sections {
        if let Some(heading) = heading {
            let _ = writeln!(out, "<h{level}>{}</h{level}>", escape(heading));
        }
        for b in blocks {
            block(&mut out, b, zone);
        }
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Blocks one after the other, without a page around them.
pub fn blocks_of(blocks: &[Block], zone: Zone) -> String {
    let mut out = String::new();
    for b in blocks {
        block(&mut out, b, zone);
    }
    out
}

fn block(out: &mut String, block: &Block, zone: Zone) {
    match block {
        Block::Para(t) => {
            let _ = writeln!(out, "<p>{}</p>", text(t));
        }
        Block::Aside(t) => {
            let _ = writeln!(out, "<p class=\"aside\">{}</p>", text(t));
        }
        Block::List(items) => {
            out.push_str("<ul>\n");
            for item in items {
                let _ = writeln!(out, "<li>{}</li>", text(item));
            }
            out.push_str("</ul>\n");
        }
        Block::Tasks(items) => {
            out.push_str("<ul class=\"tasks\">\n");
            for (done, item) in items {
                let word = if *done { "Done" } else { "Open" };
                let class = word.to_lowercase();
                let _ = writeln!(out, "<li><span class=\"{class}\">{word}</span> {}</li>", text(item));
            }
            out.push_str("</ul>\n");
        }
        Block::Table { head, rows } => table(out, head, rows),
        Block::Timeline(moments) => timeline(out, moments, zone),
        Block::Quote(t) => {
            let _ = writeln!(out, "<pre tabindex=\"0\">{}</pre>", escape(t));
        }
        Block::Chart(course) => chart::draw(out, course, zone),
    }
}

/// A table that scrolls by itself where the page is narrow; the keyboard can scroll it too.
pub(super) fn table(out: &mut String, head: &[String], rows: &[Vec<String>]) {
    let label = head.iter().map(|h| escape(h)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table: {label}\">\n<table>\n<thead><tr>{}</tr></thead>\n<tbody>",
        head.iter().map(|h| format!("<th scope=\"col\">{}</th>", escape(h))).collect::<String>()
    );
    for row in rows {
        let cells: String = row.iter().map(|c| format!("<td>{}</td>", text(c))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn timeline(out: &mut String, moments: &[Moment], zone: Zone) {
    out.push_str("<ol class=\"timeline\">\n");
    for m in moments {
        let class = match m.importance {
            Importance::Headline => "headline",
            Importance::Normal => "normal",
            Importance::Detail => "detail",
        };
        let (at, who, what) = (time(m.at, zone), text(&m.who), text(&m.text));
        let _ = writeln!(out, "<li class=\"{class}\">{at} <span class=\"who\">{who}</span>: {what}</li>");
    }
    out.push_str("</ol>\n");
}

pub(super) fn time(at: Timestamp, zone: Zone) -> String {
    format!("<time datetime=\"{}\">{}</time>", at.rfc3339(), escape(&zone.time(at)))
}

/// Somebody's text, letter by letter, its lines kept and its addresses followed.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push_str("<br>\n");
        }
        for (n, word) in line.split(' ').enumerate() {
            if n > 0 {
                out.push(' ');
            }
            let shown = escape(word);
            match address(word) {
                true => {
                    let _ = write!(out, "<a href=\"{shown}\" rel=\"noopener noreferrer\">{shown}</a>");
                }
                false => out.push_str(&shown),
            }
        }
    }
    out
}

/// Safe between tags and inside quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

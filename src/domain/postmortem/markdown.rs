//! The document as Markdown, to be finished by people. All text goes through `escape`; the result contains no HTML,
//! so it looks the same in every viewer. It has no pictures: what the chart shows stands in the timeline.

use super::document::{Block, Document, Section, Zone};
use super::escape;
use std::fmt::Write;

pub fn render(document: &Document, zone: Zone) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", escape::line(&document.title));
    for Section { level, heading, blocks } in &document.sections {
        let drawn = blocks.iter().all(|b| matches!(b, Block::Chart(_))) && !blocks.is_empty();
        if let Some(heading) = heading.as_ref().filter(|_| !drawn) {
            let marks = "#".repeat(usize::from(*level));
            let _ = writeln!(out, "{marks} {}\n", escape::line(heading));
        }
        out.push_str(&blocks_of(blocks, zone));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Blocks one after the other, each followed by an empty line.
pub fn blocks_of(blocks: &[Block], zone: Zone) -> String {
    let mut out = String::new();
    for b in blocks {
        block(&mut out, b, zone);
    }
    out
}

fn block(out: &mut String, block: &Block, zone: Zone) {
    match block {
        Block::Para(text) => {
            let _ = writeln!(out, "{}\n", escape::block(text, ""));
        }
        Block::Aside(text) => {
            let _ = writeln!(out, "*{}*\n", escape::line(text));
        }
        Block::List(items) => {
            for item in items {
                let _ = writeln!(out, "- {}", escape::block(item, "  "));
            }
            out.push('\n');
        }
        Block::Tasks(items) => {
            for (done, text) in items {
                let mark = if *done { 'x' } else { ' ' };
                // After the box nothing begins a block, so a number with a dot stays one.
                let _ = writeln!(out, "- [{mark}] {}", escape::inline(text));
            }
            out.push('\n');
        }
        Block::Table { head, rows } => {
            let _ = writeln!(out, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
            for row in rows {
                let cells: Vec<String> = row.iter().map(|c| escape::line(c)).collect();
                let _ = writeln!(out, "| {} |", cells.join(" | "));
            }
            out.push('\n');
        }
        Block::Timeline(moments) => {
            for m in moments {
                let text = format!("{}, {}: {}", zone.time(m.at), m.who, m.text);
                let _ = writeln!(out, "- {}", escape::block(&text, "  "));
            }
            out.push('\n');
        }
        Block::Quote(text) => {
            let _ = writeln!(out, "> {}\n", escape::block(text, "> "));
        }
        Block::Chart(_) => {}
    }
}

//! What is still to be filled in.

use super::{Facts, push, short};
use crate::document::{BlockKind, Inline};
use crate::model::{Finding, Level, Line};

pub fn find(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let mut seen: Vec<(String, Vec<Line>, String)> = Vec::new();
    for known in facts.commands {
        for open in &known.judged.placeholders {
            match seen.iter_mut().find(|(name, ..)| name == open) {
                Some((_, lines, _)) => lines.push(known.found.line),
                None => seen.push((open.clone(), vec![known.found.line], known.found.text.clone())),
            }
        }
    }
    for (name, mut lines, text) in seen {
        lines.dedup();
        let shell = if name.starts_with('<') && name.ends_with('>') {
            " To a shell it is a redirection: typed as it stands, it reads or writes a file."
        } else {
            ""
        };
        push(
            found,
            "open-placeholder",
            Level::Note,
            lines,
            format!(
                "`{name}` in `{}` is to be filled in; Firebell asks for it and runs nothing before.{shell}",
                short(&text)
            ),
        );
    }
    let mut nobody: Vec<(Line, String)> = Vec::new();
    for block in &facts.reading.document.blocks {
        let mut each = |inline: &Inline| {
            to_do(inline, found);
            if is_open(&inline.plain) {
                nobody.push((inline.line, short(inline.plain.trim())));
            }
        };
        match &block.kind {
            BlockKind::Paragraph(lines) => lines.iter().for_each(&mut each),
            BlockKind::Item(item) => item.text.iter().for_each(&mut each),
            BlockKind::Table(table) => table.rows.iter().flat_map(|r| &r.cells).for_each(&mut each),
            BlockKind::Title => each(&facts.reading.document.sections[block.section].title),
            BlockKind::Fence(fence) => {
                for (line, text) in &fence.body {
                    if let Some(comment) = text.trim_start().strip_prefix('#') {
                        to_do(&Inline { line: *line, plain: comment.to_owned(), spans: Vec::new() }, found);
                    }
                }
            }
            _ => {}
        }
    }
    nobody.dedup_by_key(|(line, _)| *line);
    if let Some((_, text)) = nobody.first() {
        let lines = nobody.iter().map(|(line, _)| *line).collect();
        push(
            found,
            "open-contact",
            Level::Warning,
            lines,
            format!("\"{text}\" is still to be filled in: nobody can be reached by it."),
        );
    }
}

/// Written in two parts, so that they do not mark this file itself.
const MARKS: [&str; 5] = [concat!("TO", "DO"), concat!("FIX", "ME"), "TBD", concat!("XX", "X"), "TBA"];

fn to_do(inline: &Inline, found: &mut Vec<Finding>) {
    let mark = inline.plain.split(|c: char| !c.is_alphanumeric()).find(|w| MARKS.contains(w));
    if let Some(mark) = mark {
        push(
            found,
            "to-do",
            Level::Warning,
            vec![inline.line],
            format!("{mark}: this is still to be written, and will be read at night."),
        );
    }
}

/// `[Name]`, `[Contact info]`: where somebody should stand.
fn is_open(text: &str) -> bool {
    let open = text.split('[').skip(1).filter_map(|p| p.split_once(']')).any(|(inner, _)| {
        let inner = inner.trim().to_lowercase();
        [
            "name",
            "contact",
            "contact info",
            "phone",
            "email",
            "e-mail",
            "number",
            "tbd",
            "name, phone",
            "telefon",
            "nombre",
            "nom",
            "nome",
            "氏名",
            "电话",
            "姓名",
        ]
        .contains(&inner.as_str())
    });
    open && !text.contains("](")
}

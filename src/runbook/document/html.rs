//! The little HTML that people put into Markdown: tables, line breaks. Everything else of it stays text.

use super::{Inline, Row, Span, SpanKind, Table};
use crate::model::Line;

/// Elements that may stand in Markdown. Anything else in angle brackets is somebody's placeholder.
const TAGS: &[&str] = &[
    "a", "abbr", "b", "br", "center", "cite", "code", "del", "details", "div", "em", "font", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "i", "img", "input", "ins", "kbd", "label", "li", "mark", "ol", "p", "picture", "pre", "q", "s",
    "samp", "small", "source", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "tt", "u", "ul", "var", "video",
];

pub fn is_break(html: &str) -> bool {
    name(html).is_some_and(|n| n.eq_ignore_ascii_case("br"))
}

pub fn is_tag(html: &str) -> bool {
    html.starts_with("<!--") || name(html).is_some_and(|n| TAGS.iter().any(|t| n.eq_ignore_ascii_case(t)))
}

fn name(html: &str) -> Option<&str> {
    let inner = html.strip_prefix('<')?.trim_start_matches('/');
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(inner.len());
    (end > 0 && inner[end..].starts_with(['>', ' ', '/', '\n', '\t'])).then(|| &inner[..end])
}

/// The first table of an HTML block. Tolerant: end tags may be missing, attributes are skipped.
pub fn table(raw: &[(Line, String)]) -> Option<Table> {
    if !raw.iter().any(|(_, text)| text.to_ascii_lowercase().contains("<tr")) {
        return None;
    }
    let mut table = Table { head: Vec::new(), head_line: 0, rows: Vec::new() };
    let mut row: Option<(Row, bool)> = None;
    let mut cell: Option<Inline> = None;
    let mut code: Option<usize> = None;
    for (line, text) in raw {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            if let Some((tag, after)) = rest
                .starts_with('<')
                .then(|| rest.split_once('>'))
                .flatten()
                .filter(|(tag, _)| is_tag(&format!("{tag}>")))
            {
                let ends = tag.starts_with("</");
                let word = name(&format!("{tag}>")).unwrap_or("").to_ascii_lowercase();
                match word.as_str() {
                    "tr" | "td" | "th" | "table" => {
                        if let (Some(mut done), Some((row, _))) = (cell.take(), &mut row) {
                            finish(&mut done);
                            row.cells.push(done);
                        }
                        code = None;
                        if word == "tr" || word == "table" {
                            close(&mut table, row.take());
                        }
                        if !ends && word == "tr" {
                            row = Some((Row { line: *line, cells: Vec::new() }, true));
                        } else if !ends && word != "table" {
                            let (_, head) = row.get_or_insert_with(|| (Row { line: *line, cells: Vec::new() }, true));
                            *head &= word == "th";
                            cell = Some(Inline { line: *line, ..Inline::default() });
                        }
                    }
                    "code" => {
                        if let Some(cell) = &mut cell {
                            match (ends, code.take()) {
                                (false, _) => code = Some(cell.plain.len()),
                                (true, Some(from)) if from < cell.plain.len() => {
                                    cell.spans.push(Span { kind: SpanKind::Code, range: from..cell.plain.len() })
                                }
                                _ => {}
                            }
                        }
                    }
                    "br" => add(&mut cell, " "),
                    _ => {}
                }
                rest = after;
            } else {
                let end = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(at, _)| at);
                add(&mut cell, &rest[..end]);
                rest = &rest[end..];
            }
        }
        add(&mut cell, " ");
    }
    if let (Some(mut done), Some((row, _))) = (cell.take(), &mut row) {
        finish(&mut done);
        row.cells.push(done);
    }
    close(&mut table, row);
    (!table.rows.is_empty()).then_some(table)
}

fn add(cell: &mut Option<Inline>, text: &str) {
    if let Some(cell) = cell {
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&nbsp;", " ")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        let text = if cell.plain.is_empty() { text.trim_start() } else { &text };
        cell.plain.push_str(text);
    }
}

fn finish(cell: &mut Inline) {
    let length = cell.plain.trim_end().len();
    cell.plain.truncate(length);
    for span in &mut cell.spans {
        span.range.end = span.range.end.min(length);
    }
    cell.spans.retain(|s| s.range.start < s.range.end);
}

fn close(table: &mut Table, row: Option<(Row, bool)>) {
    match row {
        Some((row, _)) if row.cells.is_empty() => {}
        Some((row, true)) if table.head.is_empty() && table.rows.is_empty() => {
            (table.head, table.head_line) = (row.cells, row.line)
        }
        Some((row, _)) => table.rows.push(row),
        None => {}
    }
}

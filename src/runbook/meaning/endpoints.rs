//! Addresses that the document names, and what it says they are: `Grafana: https://…`, a list of ports.
//!
//! What stands in commands and in sample configuration is not listed again.

use super::Reading;
use crate::document::{BlockKind, Inline, SpanKind};
use crate::model::{Endpoint, Line};

const SCHEMES: &[&str] = &[
    "http://",
    "https://",
    "ws://",
    "wss://",
    "tcp://",
    "grpc://",
    "postgres://",
    "postgresql://",
    "mysql://",
    "redis://",
    "amqp://",
    "mongodb://",
    "ssh://",
    "ftp://",
    "sftp://",
];

pub fn endpoints(reading: &Reading<'_>) -> Vec<Endpoint> {
    let mut found = Found::default();
    for block in &reading.document.blocks {
        match &block.kind {
            BlockKind::Paragraph(lines) => lines.iter().for_each(|l| found.inline(l, None)),
            BlockKind::Item(item) => {
                item.text.iter().for_each(|l| found.inline(l, None));
                if let Some(first) = item.text.first() {
                    found.labelled(first);
                }
            }
            BlockKind::Table(table) => {
                for row in &table.rows {
                    for (at, cell) in row.cells.iter().enumerate() {
                        let what =
                            row.cells.first().filter(|_| at > 0).map(|c| c.plain.trim()).filter(|t| !t.is_empty());
                        found.inline(cell, what);
                        if at > 0
                            && let Some(what) = what
                            && let Some(address) = address(cell.plain.trim())
                        {
                            found.add(address, Some(what), row.line);
                        }
                    }
                }
            }
            // A fence of comments alone is prose.
            BlockKind::Fence(fence)
                if fence.body.iter().all(|(_, t)| t.trim().is_empty() || t.trim_start().starts_with('#')) =>
            {
                for (line, text) in &fence.body {
                    let text = text.trim_start().trim_start_matches('#').trim();
                    found.inline(&Inline { line: *line, plain: text.into(), spans: Vec::new() }, None);
                }
            }
            _ => {}
        }
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Endpoint>);

impl Found {
    fn add(&mut self, url: &str, what: Option<&str>, line: Line) {
        if self.0.iter().any(|e| e.url == url && e.line == line) {
            return;
        }
        let what = what
            .map(|w| w.trim().trim_end_matches([':', '：', '-', '–', '—']).trim())
            .filter(|w| !w.is_empty() && *w != url);
        self.0.push(Endpoint { url: url.into(), what: what.map(str::to_owned), line });
    }

    /// Addresses with a scheme, anywhere in a piece of text.
    fn inline(&mut self, inline: &Inline, what: Option<&str>) {
        let text = &inline.plain;
        for span in &inline.spans {
            if let SpanKind::Link(url) = &span.kind
                && SCHEMES.iter().any(|s| url.starts_with(s))
                && !text[span.range.clone()].contains("://")
            {
                self.add(url, what.or(Some(&text[span.range.clone()])), inline.line);
            }
        }
        if !text.contains("://") {
            return;
        }
        let mut from = 0;
        while let Some((at, scheme)) =
            SCHEMES.iter().filter_map(|s| text[from..].find(s).map(|at| (from + at, *s))).min()
        {
            let begins = at == 0 || !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let url = url(&text[at..]);
            from = at + url.len().max(1);
            while !text.is_char_boundary(from) {
                from += 1;
            }
            let in_command =
                inline.spans.iter().any(|s| s.kind == SpanKind::Code && s.range.contains(&at) && s.range.start != at);
            if begins && url.len() > scheme.len() && !in_command {
                let label = label(&text[..at]);
                self.add(url, what.or(label), inline.line);
            }
        }
    }

    /// `3000`: Main application; Database server: 10.0.0.3
    fn labelled(&mut self, inline: &Inline) {
        let Some((left, right)) = inline.plain.split_once([':', '：']) else { return };
        let (left, right) = (left.trim(), right.trim());
        if is_port(left) && !right.is_empty() && right.chars().any(char::is_alphabetic) {
            self.add(left, Some(right), inline.line);
        } else if let Some(address) = address(right)
            && left.chars().any(char::is_alphabetic)
        {
            self.add(address, Some(left), inline.line);
        }
    }
}

/// What stands before an address on its line.
fn label(before: &str) -> Option<&str> {
    let text = before.trim_end_matches(['`', '(', '<', '"', '\'', ' ', '[']);
    let text = text.trim_end().trim_end_matches([':', '：', '-', '–', '—', '=', '>', '→']).trim_end();
    let text = text.trim_start_matches(['-', '*', '•', ' ']);
    (!text.is_empty() && text.chars().count() <= 80 && text.chars().any(char::is_alphabetic)).then_some(text)
}

fn url(text: &str) -> &str {
    let end = text
        .find(|c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '>' | '|' | '，' | '。' | '、' | '）' | '」')
        })
        .unwrap_or(text.len());
    let mut url = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
    while url.ends_with(')') && url.matches(')').count() > url.matches('(').count() {
        url = &url[..url.len() - 1];
    }
    url
}

fn is_port(text: &str) -> bool {
    let digits = text.trim_start_matches(':');
    (2..=5).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.parse::<u32>().is_ok_and(|n| (20..=65535).contains(&n))
}

/// An IP address or `host:port` and nothing else.
fn address(text: &str) -> Option<&str> {
    let text = text.trim_matches('`');
    let (host, port) = text.rsplit_once(':').map_or((text, None), |(h, p)| (h, Some(p)));
    let numbers = host.split('.').count() == 4
        && host.split('.').all(|p| !p.is_empty() && p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()));
    let named = port.is_some_and(is_port)
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && host.bytes().any(|b| b.is_ascii_alphabetic());
    (numbers && port.is_none_or(is_port) || named).then_some(text)
}

//! What the document says of itself: its title, the system it is about, its version.

use super::Reading;
use crate::document::{BlockKind, SectionKind};
use crate::fold::key;

/// Words that a title has besides the name of the system.
const GENERIC: &str = include_str!("generic.txt");
const VERSION: &[&str] = &[
    "version",
    "versione",
    "versión",
    "versão",
    "fassung",
    "версия",
    "版本",
    "バージョン",
    "버전",
    "runbook version",
    "document version",
];
const SYSTEM: &[&str] = &[
    "system",
    "service",
    "application",
    "product",
    "project",
    "platform",
    "system name",
    "service name",
    "dienst",
    "anwendung",
    "système",
    "sistema",
    "servicio",
    "serviço",
    "servizio",
    "система",
    "сервис",
    "系统",
    "服务",
    "システム",
    "サービス",
    "시스템",
    "서비스",
];

#[derive(Debug, Default, PartialEq)]
pub struct Properties {
    pub title: Option<String>,
    pub system: Option<String>,
    pub version: Option<String>,
}

pub fn properties(reading: &Reading<'_>) -> Properties {
    let sections = &reading.document.sections;
    let heading = |level: u8| sections.iter().find(|s| matches!(s.kind, SectionKind::Heading(l) if l <= level));
    let title = heading(1).or_else(|| heading(6)).or_else(|| sections.get(1).filter(|s| s.kind == SectionKind::Bold));
    let stated = |names: &[&str]| {
        statements(reading)
            .into_iter()
            .find(|(name, _)| names.iter().any(|n| key(n) == key(name)))
            .map(|(_, value)| value)
    };
    let version = stated(VERSION)
        .map(|v| v.split([' ', ',', ';', '(']).next().unwrap_or("").to_owned())
        .filter(|v| v.chars().any(|c| c.is_ascii_digit()));
    let system = stated(SYSTEM).filter(|v| v.chars().count() <= 60).or_else(|| {
        let title = title?;
        // A subtitle right under the title may have the name.
        let next = sections
            .iter()
            .find(|s| s.line > title.line && matches!(s.kind, SectionKind::Heading(_)))
            .filter(|s| s.line <= title.line + 3);
        named(&title.name).or_else(|| next.and_then(|s| named(&s.name).filter(|n| *n != s.name)))
    });
    Properties { title: title.map(|t| t.name.clone()), system, version }
}

/// `Name: value` at the head of the document, at its end, and in its front matter.
fn statements(reading: &Reading<'_>) -> Vec<(String, String)> {
    let document = reading.document;
    let mut found = Vec::new();
    let early = |line: u32| line <= 40 || line + 15 >= document.line_count;
    for block in &document.blocks {
        let lines: Vec<String> = match &block.kind {
            BlockKind::Other => (block.first..=block.last).map(|n| reading.source.line(n).to_owned()).collect(),
            BlockKind::Paragraph(lines) => lines.iter().map(|l| l.plain.clone()).collect(),
            BlockKind::Item(item) => item.text.iter().map(|l| l.plain.clone()).collect(),
            BlockKind::Table(table) if table.head.len() == 2 => std::iter::once(&table.head)
                .chain(table.rows.iter().map(|r| &r.cells))
                .filter_map(|cells| Some(format!("{}: {}", cells.first()?.plain, cells.get(1)?.plain)))
                .collect(),
            _ => continue,
        };
        if !early(block.first) {
            continue;
        }
        for text in lines.iter().flat_map(|l| l.split(" | ")) {
            if let Some((name, value)) = text.split_once([':', '：']) {
                let value = value.trim().trim_matches(['"', '\'', '*', '_', '`', ' ']);
                if !value.is_empty() && name.chars().count() <= 30 {
                    found.push((name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned(), value.to_owned()));
                }
            }
        }
    }
    found
}

/// The title without the words that every runbook's title has; `None` if nothing is left.
fn named(title: &str) -> Option<String> {
    let generic: Vec<&str> = GENERIC.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")).collect();
    let is_generic = |word: &str| {
        let word = key(word);
        word.is_empty() || generic.iter().any(|g| *g == word)
    };
    let part = |text: &str| -> Option<String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let from = words.iter().position(|w| !is_generic(w))?;
        let to = words.iter().rposition(|w| !is_generic(w))?;
        let name = words[from..=to].join(" ");
        let name = name.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | '"' | '“' | '”' | ',' | '：' | ':'));
        (!name.is_empty()).then(|| name.to_owned())
    };
    let mut text = title.to_owned();
    for cjk in generic.iter().filter(|g| g.chars().all(|c| c > '\u{2fff}')) {
        text = text.replace(cjk, " ");
    }
    let parts: Vec<&str> = text.split([':', '：', '|', '—', '–']).flat_map(|p| p.split(" - ")).collect();
    parts.into_iter().find_map(part)
}

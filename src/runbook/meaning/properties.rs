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

/// What a document of this kind calls itself.
const KINDS: &[&str] = &[
    "runbook",
    "runbooks",
    "playbook",
    "guide",
    "manual",
    "handbook",
    "operations",
    "procedures",
    "documentation",
    "handbuch",
    "betriebshandbuch",
    "manuel",
    "manuale",
    "guia",
    "руководство",
    "регламент",
    "手册",
    "手順書",
    "マニュアル",
    "ランブック",
    "매뉴얼",
    "가이드",
];
/// What a sentence begins with, and no name.
const SENTENCES: &[&str] = &["how", "what", "when", "where", "why", "who", "that", "if", "this", "your", "our"];

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
            .filter(|s| s.line <= title.line + 3 && is_title(&s.name));
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

/// Whether a heading says what kind of document this is; any other is the first chapter's.
fn is_title(heading: &str) -> bool {
    let folded = key(heading);
    KINDS.iter().any(|kind| match kind.chars().all(|c| c > '\u{2fff}') {
        true => folded.contains(kind),
        false => folded.split(|c: char| !c.is_alphanumeric()).any(|word| word == *kind),
    })
}

/// A title without its attributes (`{ #id }`) and without what stands in parentheses at its end: "(AWS)", "(issue #7)".
fn bare(title: &str) -> &str {
    let mut title = title.trim();
    while let Some(open) = match title.chars().last() {
        Some(')') => title.rfind('('),
        Some('）') => title.rfind('（'),
        Some('}') => title.rfind('{'),
        _ => None,
    }
    .filter(|at| !title[..*at].trim().is_empty())
    {
        title = title[..open].trim_end();
    }
    title
}

/// The title without the words that every runbook's title has; `None` if nothing is left, or nothing that is a name.
fn named(title: &str) -> Option<String> {
    let title = bare(title);
    // The name of the file, not of the system.
    if !title.contains(' ') && (title.contains('/') || title.to_lowercase().ends_with(".md")) {
        return None;
    }
    let generic: Vec<&str> = GENERIC.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")).collect();
    let is_generic = |word: &str| {
        let word = key(word);
        let without_article = word.split_once(['\'', '’']).map_or(word.as_str(), |(_, rest)| rest);
        word.is_empty() || generic.iter().any(|g| *g == word || *g == without_article)
    };
    let part = |text: &str| -> Option<String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let from = words.iter().position(|w| !is_generic(w))?;
        // "How we work", "Runbooks that import perfectly": a sentence is no name.
        if SENTENCES.contains(&words[from].to_lowercase().as_str()) {
            return None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_named_by_its_title_without_what_every_title_has() {
        for (title, system) in [
            ("Operational Runbook - Project X", Some("Project X")),
            ("Billing service (AWS / ECS Fargate)", Some("Billing")),
            ("MariaDB / Galera runbook (cluster \"shopdb\")", Some("MariaDB / Galera")),
            ("Catálogo de produtos { #catalogo }", Some("Catálogo de produtos")),
            ("Betriebshandbuch Lagerverwaltung (LVS)", Some("Lagerverwaltung")),
            ("Guide d'astreinte — plateforme billetterie", Some("plateforme billetterie")),
            ("運用 Runbook（アラーム対応・手動受付切替） (issue #316)", None),
            ("docs/INCIDENT-RESPONSE.md", None),
            ("RUNBOOK.md", None),
            ("Runbooks that import perfectly", None),
            ("How we handle incidents", None),
            ("(draft)", Some("draft")),
            ("支付网关运维手册", Some("支付网关")),
        ] {
            assert_eq!(named(title).as_deref(), system, "{title}");
        }
    }

    #[test]
    fn only_a_subtitle_that_says_what_the_document_is_may_hold_the_name() {
        assert!(is_title("Harbour Desk 2.0 - Day-to-Day Operations Guide") && is_title("支付网关运维手册"));
        for chapter in ["Clean Start (recommended)", "Incident Severity", "How we classify incidents", "Scope"] {
            assert!(!is_title(chapter), "{chapter}");
        }
    }
}

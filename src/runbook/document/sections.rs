//! Which section each block stands in: headings, and what people write instead of headings.

use super::parse::Raw;
use super::{Block, BlockKind, Document, Inline, Section, SectionId, SectionKind, SpanKind};
use crate::fold::is_wide;
use crate::model::Line;

/// A longer bold paragraph is emphasis, not a title.
const MAX_TITLE: usize = 110;
/// A longer line before a list is a sentence, not a title.
const MAX_LEAD: usize = 90;

struct Open {
    id: SectionId,
    kind: SectionKind,
    /// The item it stands in, and for `Item` the item that it is.
    item: Option<usize>,
    /// Bold that stands directly under bold: the first word of the inner ones.
    inner: Option<String>,
    blocks: usize,
    quoted: bool,
}

pub fn build(raw: Vec<Raw>, line_count: Line) -> Document {
    let raw = split_bold_lines(raw);
    let root = Section {
        parent: None,
        kind: SectionKind::Document,
        title: Inline::default(),
        name: String::new(),
        line: 1,
        last: line_count,
    };
    let mut document =
        Document { sections: vec![root], blocks: Vec::with_capacity(raw.len()), line_count, findings: Vec::new() };
    let mut stack: Vec<Open> =
        vec![Open { id: 0, kind: SectionKind::Document, item: None, inner: None, blocks: 0, quoted: false }];
    let no_headings = !raw.iter().any(|r| r.level.is_some());
    let mut lead: Option<Lead> = None;
    for at in 0..raw.len() {
        let this = &raw[at];
        // Sections of items and quotes that have ended.
        while stack.last().is_some_and(|open| {
            open.item.is_some_and(|item| !this.items.contains(&item)) || open.quoted && !this.block.quoted
        }) {
            stack.pop();
        }
        if lead.as_ref().is_some_and(|l| l.over(this, &stack)) {
            if stack.last().is_some_and(|open| open.kind == SectionKind::Lead) {
                stack.pop();
            }
            lead = None;
        }
        let (kind, title) = match title_of(&raw, at, no_headings) {
            Some(found) => found,
            None => {
                // The document itself is never closed; without it everything stands in it.
                let section = stack.last_mut().map_or(0, |top| {
                    top.blocks += 1;
                    top.id
                });
                if let Some(lead) = &mut lead {
                    lead.seen(this);
                }
                push(&mut document, this, section, this.block.kind.clone());
                continue;
            }
        };
        let name = name(&title.plain);
        let in_item = this.items.last().copied();
        match kind {
            SectionKind::Heading(level) => {
                while stack.last().is_some_and(|open| match open.kind {
                    SectionKind::Heading(other) => other >= level,
                    SectionKind::Document => false,
                    _ => true,
                }) {
                    stack.pop();
                }
                lead = None;
            }
            SectionKind::Bold => {
                let first_word = first_word(&name);
                // Bold ends bold of the same container, except one that stands directly over it and over others like it.
                while let Some(open) = stack
                    .last_mut()
                    .filter(|o| matches!(o.kind, SectionKind::Bold | SectionKind::Lead) && o.item == in_item)
                {
                    if open.kind == SectionKind::Bold
                        && (open.blocks == 0 && open.inner.is_none()
                            || open.inner.as_ref().is_some_and(|w| *w == first_word))
                    {
                        open.inner = Some(first_word);
                        break;
                    }
                    stack.pop();
                }
                lead = None;
            }
            SectionKind::Lead => lead = Some(Lead { items: this.items.clone(), list: None, done: false }),
            SectionKind::Item(_) | SectionKind::Document => {}
        }
        let parent = stack.last().map_or(0, |open| open.id);
        let id = document.sections.len();
        document.sections.push(Section {
            parent: Some(parent),
            kind,
            title,
            name,
            line: this.block.first,
            last: this.block.last,
        });
        let item = if matches!(kind, SectionKind::Item(_)) { Some(at) } else { in_item };
        stack.push(Open { id, kind, item, inner: None, blocks: 0, quoted: this.block.quoted });
        let block = if matches!(kind, SectionKind::Item(_)) { this.block.kind.clone() } else { BlockKind::Title };
        push(&mut document, this, id, block);
    }
    close_sections(&mut document);
    document
}

/// What a lead-in stands over: one list, or one block, in the same container.
struct Lead {
    items: Vec<usize>,
    list: Option<u32>,
    done: bool,
}

impl Lead {
    fn over(&self, next: &Raw, stack: &[Open]) -> bool {
        if stack.last().is_none_or(|open| open.kind != SectionKind::Lead) {
            return next.items.len() <= self.items.len() && !self.same_list(next);
        }
        match self.list {
            Some(_) => !self.same_list(next) && next.items.len() <= self.items.len(),
            None => self.done,
        }
    }

    fn same_list(&self, next: &Raw) -> bool {
        matches!(&next.block.kind, BlockKind::Item(item) if self.list == Some(item.list))
    }

    fn seen(&mut self, block: &Raw) {
        match &block.block.kind {
            BlockKind::Item(item) if self.list.is_none() && !self.done => self.list = Some(item.list),
            _ => self.done = true,
        }
    }
}

fn push(document: &mut Document, raw: &Raw, section: SectionId, kind: BlockKind) {
    document.blocks.push(Block {
        section,
        first: raw.block.first,
        last: raw.block.last,
        quoted: raw.block.quoted,
        kind,
    });
}

/// What a block opens, if it opens something, and its title.
fn title_of(raw: &[Raw], at: usize, no_headings: bool) -> Option<(SectionKind, Inline)> {
    let this = &raw[at];
    match &this.block.kind {
        BlockKind::Paragraph(lines) => {
            let [line] = lines.as_slice() else { return None };
            if let Some(level) = this.level {
                return Some((SectionKind::Heading(level), line.clone()));
            }
            if line.plain.is_empty() {
                return None;
            }
            let next = raw.get(at + 1).filter(|n| n.items.len() >= this.items.len());
            if is_bold_title(line) {
                return Some((SectionKind::Bold, line.clone()));
            }
            if no_headings && this.items.is_empty() && is_shouted(&line.plain) {
                return Some((SectionKind::Bold, line.clone()));
            }
            let introduces = next.is_some_and(|n| {
                matches!(n.block.kind, BlockKind::Item(_) | BlockKind::Fence(_) | BlockKind::Table(_))
            });
            (introduces && is_lead(&line.plain)).then(|| (SectionKind::Lead, line.clone()))
        }
        BlockKind::Item(item) => {
            let first = item.text.first()?;
            let (lead, _) = first.lead()?;
            let has_more = raw.get(at + 1).is_some_and(|n| n.items.contains(&at));
            (has_more && item.text.len() <= 2 && lead.chars().count() <= MAX_TITLE)
                .then(|| (SectionKind::Item(item.number), first.clone()))
        }
        _ => None,
    }
}

/// Bold from end to end, but for signs, emoji, a colon and what stands in parentheses behind.
fn is_bold_title(line: &Inline) -> bool {
    let Some((lead, rest)) = line.lead() else { return false };
    if lead.trim().is_empty() || line.plain.chars().count() > MAX_TITLE {
        return false;
    }
    let mut depth = 0i32;
    for (at, c) in line.plain.char_indices() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth -= 1,
            _ if depth > 0 || !c.is_alphanumeric() => {}
            _ if line.spans.iter().any(|s| s.kind == SpanKind::Strong && s.range.contains(&at)) => {}
            _ => return false,
        }
    }
    let _ = rest;
    let end = line.plain.trim_end();
    !end.ends_with(['.', '!', '。', '！'])
}

fn is_lead(plain: &str) -> bool {
    let text = plain.trim_end();
    let Some(body) = text.strip_suffix([':', '：']) else { return false };
    body.chars().count() <= MAX_LEAD
        && body.chars().any(char::is_alphabetic)
        && !body.contains(". ")
        && !body.contains('。')
}

/// A line in capitals in a document that has no headings.
fn is_shouted(plain: &str) -> bool {
    let letters = || plain.chars().filter(|c| c.is_alphabetic());
    letters().count() >= 4
        && letters().all(char::is_uppercase)
        && plain.chars().count() <= 60
        && !plain.ends_with(['.', ',', ';'])
}

/// Without what only decorates: emoji and signs at both ends, `3.` and `3.1` in front, a colon behind.
fn name(plain: &str) -> String {
    let mut text = plain.trim();
    loop {
        let before = text;
        text = text.trim_start_matches(|c: char| {
            !c.is_alphanumeric() && !matches!(c, '"' | '“' | '(' | '[' | '<' | '`' | '\'' | '/' | '.' | '$' | '「')
        });
        let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let rest = &text[digits..];
        let numbered = text[..digits].ends_with('.')
            || rest.starts_with(')')
            || text[..digits].contains('.') && rest.trim_start().starts_with(|c: char| c.is_uppercase() || is_wide(c));
        if digits > 0 && numbered && !text.starts_with('.') {
            text = rest.trim_start_matches(')');
        }
        if text == before {
            break;
        }
    }
    let text = text.trim_end_matches(|c: char| {
        matches!(c, ':' | '：' | '#')
            || c.is_whitespace()
            || c > '\u{2fff}' && !c.is_alphanumeric() && !matches!(c, '」' | '）' | '】')
    });
    let text = text.trim_end_matches(|c: char| {
        matches!(c, '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}') || c.is_whitespace()
    });
    if text.is_empty() { plain.trim().to_owned() } else { text.to_owned() }
}

fn first_word(name: &str) -> String {
    let word = name.split(|c: char| !c.is_alphabetic()).find(|w| !w.is_empty()).unwrap_or("");
    word.to_lowercase()
}

/// A line of a paragraph that is only bold begins or ends it: as a title it stands alone.
fn split_bold_lines(raw: Vec<Raw>) -> Vec<Raw> {
    let mut out: Vec<Raw> = Vec::with_capacity(raw.len());
    // Positions move when blocks are split: items are named by position.
    let mut moved: Vec<usize> = Vec::with_capacity(raw.len());
    for mut this in raw {
        moved.push(out.len());
        for item in &mut this.items {
            *item = moved[*item];
        }
        let lines = match &this.block.kind {
            BlockKind::Paragraph(lines)
                if lines.len() > 1
                    && this.level.is_none()
                    && (is_bold_title(&lines[0])
                        || lines.last().is_some_and(is_bold_title)
                        || lines.last().is_some_and(|l| is_lead(&l.plain))) =>
            {
                lines
            }
            _ => {
                out.push(this);
                continue;
            }
        };
        let mut groups: Vec<Vec<Inline>> = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let alone = is_bold_title(line) || index + 1 == lines.len() && is_lead(&line.plain);
            let after_title = groups.last().is_some_and(|g| g.len() == 1 && is_bold_title(&g[0]));
            match groups.last_mut() {
                Some(group) if !alone && !after_title => group.push(line.clone()),
                _ => groups.push(vec![line.clone()]),
            }
        }
        for group in groups {
            let (first, last) = (group[0].line, group[group.len() - 1].line);
            let block = Block { section: 0, first, last, quoted: this.block.quoted, kind: BlockKind::Paragraph(group) };
            out.push(Raw { block, items: this.items.clone(), level: None });
        }
    }
    out
}

/// A section ends where its last block ends, or a later one of its children does.
fn close_sections(document: &mut Document) {
    for block in &document.blocks {
        let section = &mut document.sections[block.section];
        section.last = section.last.max(block.last);
    }
    for id in (1..document.sections.len()).rev() {
        let last = document.sections[id].last;
        if let Some(parent) = document.sections[id].parent {
            document.sections[parent].last = document.sections[parent].last.max(last);
        }
    }
}

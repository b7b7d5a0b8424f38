//! A runbook as a tree of sections and a flat list of blocks in the order of the document.
//!
//! Sections are headings, and what people write instead of headings: a paragraph that is only bold, a list item that
//! begins with bold words and has something under it. Every block knows the section it stands in and its lines.

mod html;
mod listings;
mod parse;
mod prepare;
mod sections;
#[cfg(test)]
mod tests;

use crate::model::{Finding, Line};
use crate::source::Source;

pub type SectionId = usize;

#[derive(Clone, Debug, Default)]
pub struct Document {
    /// In the order of the document. The first is the document itself: depth 0, no title, no parent.
    pub sections: Vec<Section>,
    pub blocks: Vec<Block>,
    /// How many lines the file has.
    pub line_count: Line,
    /// What was wrong with the Markdown itself.
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug)]
pub struct Section {
    pub parent: Option<SectionId>,
    pub kind: SectionKind,
    /// What stands in the heading, with its spans: `5. **Restart** (< 5 minutes)` without the marker of heading or list.
    pub title: Inline,
    /// Title without emphasis, emoji at its ends, numbering (`3.`, `Step 1:` stays) and a trailing colon; parentheses stay.
    pub name: String,
    pub line: Line,
    /// The last line that belongs to it, those of its children included.
    pub last: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    Document,
    /// `#` to `######`, or underlined.
    Heading(u8),
    /// A paragraph, or a line of one, that begins with bold words and ends there, or at a colon with something under it.
    Bold,
    /// A list item that begins with bold words and has blocks of its own under it; its number, if the list is numbered.
    Item(Option<u32>),
    /// A short line that ends in a colon, right before the list, code or table that it introduces; it ends with that.
    Lead,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub section: SectionId,
    pub first: Line,
    pub last: Line,
    /// Inside a block quote or an admonition.
    pub quoted: bool,
    pub kind: BlockKind,
}

#[derive(Clone, Debug)]
pub enum BlockKind {
    /// The heading itself, or the line that stands for one; its section is the one it opens.
    Title,
    /// Its source lines, one inline each (split at soft and hard breaks).
    Paragraph(Vec<Inline>),
    Item(Item),
    Fence(Fence),
    Table(Table),
    Html(Vec<(Line, String)>),
    /// `---`.
    Break,
    /// Front matter, link definitions, footnotes: text that nothing is made of.
    Other,
}

/// One item of a list, without what is nested in it: nested items and blocks follow in the list of blocks.
#[derive(Clone, Debug)]
pub struct Item {
    /// 0 for a list that is not inside another one.
    pub depth: u8,
    pub number: Option<u32>,
    /// A check box, and whether it is ticked.
    pub check: Option<bool>,
    /// One for each paragraph line of the item.
    pub text: Vec<Inline>,
    /// The same for all items of one list.
    pub list: u32,
}

#[derive(Clone, Debug)]
pub struct Fence {
    /// The first word behind the opening fence, as written; `None` if there is none or the block is only indented.
    pub lang: Option<String>,
    /// Line number and text of each line between the fences, less the indentation of the container it stands in.
    pub body: Vec<(Line, String)>,
    /// Indented by four spaces instead of fenced.
    pub indented: bool,
    pub closed: bool,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub head: Vec<Inline>,
    pub head_line: Line,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub line: Line,
    /// As many as were written: short rows are not padded.
    pub cells: Vec<Inline>,
}

/// A piece of text as a reader sees it, and what it was marked as.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inline {
    pub line: Line,
    /// Without markup; the contents of code spans are in it.
    pub plain: String,
    pub spans: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub kind: SpanKind,
    /// Byte range in `plain`.
    pub range: std::ops::Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanKind {
    Code,
    Strong,
    Emphasis,
    Link(String),
}

impl Inline {
    /// The contents of its code spans, in order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().filter(|s| s.kind == SpanKind::Code).map(|s| &self.plain[s.range.clone()])
    }

    /// The bold words it begins with (an emoji or a number may stand before), and what follows them.
    pub fn lead(&self) -> Option<(&str, &str)> {
        let first = self.spans.iter().find(|s| s.kind == SpanKind::Strong)?;
        let before = &self.plain[..first.range.start];
        (!before.chars().any(char::is_alphabetic))
            .then(|| (&self.plain[first.range.clone()], &self.plain[first.range.end..]))
    }
}

impl Document {
    pub fn read(source: &Source) -> Document {
        let listings = listings::replaced(&source.lines);
        let prepared = prepare::prepare(listings.as_deref().unwrap_or(&source.lines));
        let mut document = sections::build(parse::parse(&prepared), source.lines.len() as Line);
        document.findings = prepared.findings;
        document
    }

    /// Titles of the sections around a block or section, outermost first, the document itself left out.
    pub fn path(&self, mut id: SectionId) -> Vec<&Section> {
        let mut path = Vec::new();
        while let Some(parent) = self.sections[id].parent {
            path.push(&self.sections[id]);
            id = parent;
        }
        path.reverse();
        path
    }

    /// Whether a section is, or stands in, another one.
    pub fn inside(&self, mut id: SectionId, outer: SectionId) -> bool {
        loop {
            if id == outer {
                return true;
            }
            match self.sections[id].parent {
                Some(parent) => id = parent,
                None => return false,
            }
        }
    }
}

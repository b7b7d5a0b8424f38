//! Runs the Markdown parser and lays its events out as blocks in the order of the document.

use super::html;
use super::prepare::Prepared;
use super::{Block, BlockKind, Fence, Inline, Item, Row, Span, SpanKind, Table};
use crate::model::Line;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Containers inside containers that are looked into; deeper ones are flattened into the last.
const MAX_DEPTH: usize = 64;

/// A block, and the items it stands inside of (positions in the list of blocks, outermost first).
pub struct Raw {
    pub block: Block,
    pub items: Vec<usize>,
    /// Of a heading.
    pub level: Option<u8>,
}

pub fn parse(prepared: &Prepared) -> Vec<Raw> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let starts: Vec<usize> = std::iter::once(0)
        .chain(prepared.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
        .collect();
    let mut builder = Builder {
        prepared,
        starts,
        blocks: Vec::new(),
        items: Vec::new(),
        lists: Vec::new(),
        quotes: 0,
        leaf: None,
        marks: Vec::new(),
        list_count: 0,
        skip: 0,
    };
    for (event, range) in Parser::new_ext(&prepared.text, options).into_offset_iter() {
        builder.event(event, range);
    }
    builder.blocks
}

/// What text is being collected for.
enum Leaf {
    Paragraph,
    Item,
    Heading(u8),
    Code { lang: Option<String>, indented: bool, lines: Vec<(usize, String)> },
    Cell,
    Html,
}

struct Open {
    leaf: Leaf,
    first: usize,
    lines: Vec<Inline>,
    table: Option<Table>,
    row: Option<Row>,
    raw: Vec<(Line, String)>,
}

struct Builder<'a> {
    prepared: &'a Prepared,
    starts: Vec<usize>,
    blocks: Vec<Raw>,
    /// Blocks of the items that are open.
    items: Vec<usize>,
    /// Of the lists that are open: the next number, and the list's own.
    lists: Vec<(Option<u64>, u32)>,
    quotes: usize,
    leaf: Option<Open>,
    /// Marks that are open: what, and where in the line's text they began.
    marks: Vec<(SpanKind, usize, usize)>,
    list_count: u32,
    /// Inside something that nothing is made of.
    skip: usize,
}

impl Builder<'_> {
    /// Line of the prepared text, from 0.
    fn row(&self, offset: usize) -> usize {
        self.starts.partition_point(|s| *s <= offset).saturating_sub(1)
    }

    fn line(&self, offset: usize) -> Line {
        self.origin(self.row(offset))
    }

    fn origin(&self, row: usize) -> Line {
        self.prepared.origin.get(row).or(self.prepared.origin.last()).copied().unwrap_or(1)
    }

    fn lines_of(&self, range: &Range<usize>) -> (Line, Line) {
        let text = self.prepared.text.get(range.clone()).unwrap_or("");
        let end = range.start + text.trim_end().len();
        (self.line(range.start), self.line(end.max(range.start + 1) - 1))
    }

    fn push(&mut self, kind: BlockKind, first: Line, last: Line) -> usize {
        self.blocks.push(Raw {
            block: Block { section: 0, first, last, quoted: self.quotes > 0, kind },
            items: self.items.clone(),
            level: None,
        });
        self.blocks.len() - 1
    }

    fn open(&mut self, leaf: Leaf, at: usize) {
        self.close();
        self.marks.clear();
        self.leaf = Some(Open { leaf, first: at, lines: Vec::new(), table: None, row: None, raw: Vec::new() });
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(end) => self.end(end, range),
            _ if self.skip > 0 => {}
            Event::Text(text) => self.text(&text, range, None),
            Event::Code(text) => {
                let text = text.replace("\\|", "|");
                self.text(&text, range, Some(SpanKind::Code));
            }
            Event::SoftBreak | Event::HardBreak => {
                let line = self.line(range.end);
                if let Some(open) = &mut self.leaf
                    && !matches!(open.leaf, Leaf::Cell | Leaf::Heading(_))
                {
                    carry_over(open, &mut self.marks, line);
                } else {
                    self.text(" ", range, None);
                }
            }
            Event::Rule => {
                self.close();
                let (first, last) = self.lines_of(&range);
                self.push(BlockKind::Break, first, last);
            }
            Event::TaskListMarker(ticked) => {
                if let Some(at) = self.items.last()
                    && let BlockKind::Item(item) = &mut self.blocks[*at].block.kind
                {
                    item.check = Some(ticked);
                }
            }
            Event::InlineHtml(html) => {
                if html::is_break(&html) {
                    self.event(Event::SoftBreak, range);
                } else if !html::is_tag(&html) {
                    // `<pod-name>` in a sentence is not HTML to anybody who reads it.
                    self.text(&html, range, None);
                }
            }
            Event::Html(html) => {
                let line = self.line(range.start);
                if let Some(open) = &mut self.leaf {
                    open.raw.push((line, html.trim_end_matches('\n').to_owned()));
                }
            }
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        if self.skip > 0 {
            self.skip += 1;
            return;
        }
        match tag {
            Tag::Paragraph => {
                let first_of_item =
                    self.items.last().is_some_and(|at| *at + 1 == self.blocks.len() && self.item_is_bare(*at));
                self.open(if first_of_item { Leaf::Item } else { Leaf::Paragraph }, range.start);
            }
            Tag::Heading { level, .. } => self.open(Leaf::Heading(level as u8), range.start),
            Tag::BlockQuote(_) => {
                self.close();
                self.quotes += 1;
            }
            Tag::CodeBlock(kind) => {
                let (lang, indented) = match kind {
                    CodeBlockKind::Indented => (None, true),
                    CodeBlockKind::Fenced(info) => (label(&info), false),
                };
                self.open(Leaf::Code { lang, indented, lines: Vec::new() }, range.start);
            }
            Tag::HtmlBlock => self.open(Leaf::Html, range.start),
            Tag::List(number) => {
                self.close();
                self.list_count += 1;
                self.lists.push((number, self.list_count));
            }
            Tag::Item => {
                self.close();
                let depth = (self.lists.len().max(1) - 1).min(MAX_DEPTH) as u8;
                let (number, list) = match self.lists.last_mut() {
                    Some((number, list)) => {
                        let this = number.map(|n| n as u32);
                        *number = number.map(|n| n + 1);
                        (this, *list)
                    }
                    None => (None, 0),
                };
                let (first, _) = self.lines_of(&range);
                let at = self.push(
                    BlockKind::Item(Item { depth, number, check: None, text: Vec::new(), list }),
                    first,
                    first,
                );
                let deepest = self.items.last().copied().filter(|_| self.items.len() >= MAX_DEPTH);
                self.items.push(deepest.unwrap_or(at));
            }
            Tag::Table(_) => {
                self.open(Leaf::Cell, range.start);
                if let Some(open) = &mut self.leaf {
                    open.table = Some(Table { head: Vec::new(), head_line: 0, rows: Vec::new() });
                }
            }
            Tag::TableHead | Tag::TableRow => {
                let line = self.line(range.start);
                if let Some(open) = &mut self.leaf {
                    open.row = Some(Row { line, cells: Vec::new() });
                }
            }
            Tag::TableCell => {
                let line = self.line(range.start);
                self.marks.clear();
                if let Some(open) = &mut self.leaf {
                    open.lines.push(Inline { line, ..Inline::default() });
                }
            }
            Tag::Strong => self.mark(SpanKind::Strong),
            Tag::Emphasis => self.mark(SpanKind::Emphasis),
            Tag::Link { dest_url, .. } => self.mark(SpanKind::Link(dest_url.to_string())),
            Tag::Image { .. } => self.mark(SpanKind::Emphasis),
            Tag::MetadataBlock(_) | Tag::FootnoteDefinition(_) => {
                self.close();
                let (first, last) = self.lines_of(&range);
                self.push(BlockKind::Other, first, last);
                self.skip = 1;
            }
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd, range: Range<usize>) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        match end {
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::Table => {
                self.finish(range)
            }
            TagEnd::BlockQuote(_) => {
                self.close();
                self.quotes -= 1;
            }
            TagEnd::List(_) => {
                self.close();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.close();
                self.items.pop();
            }
            TagEnd::TableCell => {
                let written = self.prepared.text.get(range.clone()).is_some_and(|t| !t.is_empty());
                if let Some(open) = &mut self.leaf
                    && let Some(mut cell) = open.lines.pop()
                    && let Some(row) = &mut open.row
                    && (written || !cell.plain.is_empty())
                {
                    trim(&mut cell);
                    row.cells.push(cell);
                }
            }
            TagEnd::TableHead => {
                if let Some(open) = &mut self.leaf
                    && let (Some(row), Some(table)) = (open.row.take(), &mut open.table)
                {
                    (table.head, table.head_line) = (row.cells, row.line);
                }
            }
            TagEnd::TableRow => {
                if let Some(open) = &mut self.leaf
                    && let (Some(row), Some(table)) = (open.row.take(), &mut open.table)
                {
                    table.rows.push(row);
                }
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link | TagEnd::Image => self.unmark(),
            _ => {}
        }
    }

    fn item_is_bare(&self, at: usize) -> bool {
        matches!(&self.blocks[at].block.kind, BlockKind::Item(item) if item.text.is_empty())
    }

    fn mark(&mut self, kind: SpanKind) {
        if self.leaf.is_none() {
            self.open_item(0);
        }
        if let Some(open) = &self.leaf {
            let line = open.lines.len().saturating_sub(1);
            self.marks.push((kind, line, open.lines.last().map_or(0, |l| l.plain.len())));
        }
    }

    fn unmark(&mut self) {
        let Some((kind, line, from)) = self.marks.pop() else { return };
        if let Some(inline) = self.leaf.as_mut().and_then(|open| open.lines.get_mut(line))
            && inline.plain.len() > from
        {
            let range = from..inline.plain.len();
            inline.spans.push(Span { kind, range });
            inline.spans.sort_by_key(|s| (s.range.start, std::cmp::Reverse(s.range.end)));
        }
    }

    /// Text of a tight list stands directly in its item.
    fn open_item(&mut self, at: usize) {
        self.leaf = Some(Open {
            leaf: if self.items.last().is_some_and(|i| self.item_is_bare(*i)) { Leaf::Item } else { Leaf::Paragraph },
            first: at,
            lines: Vec::new(),
            table: None,
            row: None,
            raw: Vec::new(),
        });
        self.marks.clear();
    }

    fn text(&mut self, text: &str, range: Range<usize>, kind: Option<SpanKind>) {
        let line = self.line(range.start);
        let row = self.row(range.start);
        if self.leaf.is_none() {
            self.open_item(range.start);
        }
        let Some(open) = &mut self.leaf else { return };
        match &mut open.leaf {
            Leaf::Code { lines, .. } => {
                for (at, part) in text.split_inclusive('\n').enumerate() {
                    let body = part.strip_suffix('\n').unwrap_or(part);
                    let this = row + at;
                    match lines.last_mut() {
                        Some((last, so_far)) if *last == this => so_far.push_str(body),
                        _ => lines.push((this, body.to_owned())),
                    }
                }
            }
            Leaf::Html => open.raw.push((line, text.to_owned())),
            _ => {
                if open.lines.is_empty() {
                    open.lines.push(Inline { line, ..Inline::default() });
                }
                let Some(inline) = open.lines.last_mut() else { return };
                if inline.plain.is_empty() {
                    inline.line = line;
                }
                let from = inline.plain.len();
                inline.plain.push_str(&text.replace('\n', " "));
                if let Some(kind) = kind {
                    inline.spans.push(Span { kind, range: from..inline.plain.len() });
                }
            }
        }
    }

    /// Ends text that no event ends: that of a tight item, before something else begins.
    fn close(&mut self) {
        if let Some(open) = self.leaf.take() {
            self.settle(open, None);
        }
    }

    fn finish(&mut self, range: Range<usize>) {
        if let Some(open) = self.leaf.take() {
            self.settle(open, Some(range));
        }
    }

    fn settle(&mut self, mut open: Open, range: Option<Range<usize>>) {
        for line in &mut open.lines {
            trim(line);
        }
        let first = open.lines.first().map_or(self.line(open.first), |l| l.line);
        let last = open.lines.last().map_or(first, |l| l.line);
        match open.leaf {
            Leaf::Item => {
                if let Some(at) = self.items.last().copied()
                    && let BlockKind::Item(item) = &mut self.blocks[at].block.kind
                {
                    item.text = open.lines;
                    self.blocks[at].block.last = last.max(self.blocks[at].block.first);
                }
            }
            Leaf::Paragraph => {
                if !open.lines.is_empty() {
                    self.push(BlockKind::Paragraph(open.lines), first, last);
                }
            }
            Leaf::Heading(level) => {
                let (first, last) = range.as_ref().map_or((first, last), |r| self.lines_of(r));
                let inline = open.lines.into_iter().next().unwrap_or(Inline { line: first, ..Inline::default() });
                let at = self.push(BlockKind::Paragraph(vec![inline]), first, last);
                self.blocks[at].level = Some(level);
            }
            Leaf::Cell => {
                if let Some(table) = open.table {
                    let (first, last) = range.as_ref().map_or((first, last), |r| self.lines_of(r));
                    self.push(BlockKind::Table(table), first, last);
                }
            }
            Leaf::Html => {
                let (first, last) = range.as_ref().map_or((first, last), |r| self.lines_of(r));
                let kind = html::table(&open.raw).map_or_else(|| BlockKind::Html(open.raw), BlockKind::Table);
                self.push(kind, first, last);
            }
            Leaf::Code { lang, indented, lines } => {
                let (first, last) = range.as_ref().map_or((first, last), |r| self.lines_of(r));
                let text = range.and_then(|r| self.prepared.text.get(r)).unwrap_or("").trim_end();
                let end = text.rsplit('\n').next().unwrap_or("").trim_start_matches(['>', ' ', '\t']);
                let closed =
                    indented || text.contains('\n') && end.len() >= 3 && end.bytes().all(|b| b == b'`' || b == b'~');
                let body = lines.into_iter().map(|(row, text)| (self.origin(row), text)).collect();
                self.push(BlockKind::Fence(Fence { lang, body, indented, closed }), first, last);
            }
        }
        self.marks.clear();
    }
}

/// Goes on in the next line; marks that are open end here and begin there.
fn carry_over(open: &mut Open, marks: &mut [(SpanKind, usize, usize)], line: Line) {
    for (kind, at, from) in marks.iter_mut() {
        if let Some(inline) = open.lines.get_mut(*at)
            && inline.plain.len() > *from
        {
            let range = *from..inline.plain.len();
            inline.spans.push(Span { kind: kind.clone(), range });
            inline.spans.sort_by_key(|s| (s.range.start, std::cmp::Reverse(s.range.end)));
        }
        (*at, *from) = (open.lines.len(), 0);
    }
    open.lines.push(Inline { line, ..Inline::default() });
}

/// `bash {.line-numbers}`, `{.bash}`, `sh title="x"` and `bash,linenos` are all a first word.
fn label(info: &str) -> Option<String> {
    let word = info
        .trim()
        .trim_start_matches("{.")
        .split(|c: char| c.is_whitespace() || c == ',' || c == '{')
        .next()
        .unwrap_or("");
    let word = word.trim_end_matches('}');
    (!word.is_empty()).then(|| word.to_owned())
}

/// Blanks at both ends, with the spans moved along.
fn trim(inline: &mut Inline) {
    let ahead = inline.plain.len() - inline.plain.trim_start().len();
    let length = inline.plain.trim().len();
    if ahead == 0 && length == inline.plain.len() {
        return;
    }
    inline.plain = inline.plain.trim().to_owned();
    for span in &mut inline.spans {
        span.range =
            span.range.start.saturating_sub(ahead).min(length)..span.range.end.saturating_sub(ahead).min(length);
    }
    inline.spans.retain(|s| !s.range.is_empty());
}

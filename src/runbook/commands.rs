//! Every command line of a document, as an operator would type it: from fences, indented code, `<pre>`, tables, bullets
//! and sentences.
//!
//! Says what is a command, where it stands and what stands around it. Never says what it does or how dangerous it is,
//! never changes a character inside quotes, and names no system of any team.

mod block;
mod fence;
mod inline;
mod mention;
mod notes;
mod phrases;
mod pre;
mod prompt;
mod scan;
mod session;
mod shape;
mod sql;
mod sure;
pub mod tools;
mod windows;
mod words;

#[cfg(test)]
mod tests;

use crate::document::{Block, BlockKind, Document, Inline, SectionId, SectionKind};
use crate::model::Line;
use crate::shell::Tongue;
use std::sync::Arc;

pub use session::{Kind as SessionKind, Session};
pub use shape::{Guess, cron};
pub use sql::mongo as is_mongo;

/// A command line of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub line: Line,
    pub line_end: Line,
    /// Prompt and comment dropped, continuation lines joined by one space, newlines inside quotes kept.
    pub text: String,
    /// The fence's label as written.
    pub lang: Option<String>,
    pub section: SectionId,
    /// What the comments above and behind it, or the words around it, say.
    pub comment: Option<String>,
    pub tongue: Tongue,
    /// Names assigned earlier in the same block.
    pub assigned: Arc<[String]>,
    /// The session it is typed into; the line that opens one is not in it.
    pub session: Option<Session>,
    /// The first line of the script (`#!`) it is a line of: none of these is offered alone.
    pub unit: Option<Line>,
    /// Commands with the same number are a choice, not a sequence.
    pub alternative: Option<u32>,
    /// "If errors persist, …", from the comment above.
    pub condition: Option<String>,
    /// What a menu is to be told: "option 3 (Import)".
    pub option: Option<String>,
    /// A code span in a sentence, bullet or cell.
    pub inline: bool,
    /// What should come of it.
    pub expectation: Option<String>,
    /// Why it cannot be typed as it is written.
    pub problem: Option<String>,
}

/// A command that the document forbids.
#[derive(Clone, Debug, PartialEq)]
pub struct Prohibition {
    pub line: Line,
    /// The command.
    pub text: String,
    /// Where the document says so.
    pub sentence: String,
    pub section: SectionId,
}

/// A line of a block of code that is no command, and what it looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Skipped {
    pub line: Line,
    pub guess: Guess,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commands {
    /// In the order of the document.
    pub found: Vec<Found>,
    pub prohibitions: Vec<Prohibition>,
    /// Lines inside blocks of code that were looked at and left; comments and blank lines are not among them.
    pub skipped: Vec<Skipped>,
}

/// Finds every command, every prohibition, and what in blocks of code is neither.
pub fn find(doc: &Document) -> Commands {
    let around = Around::of(doc);
    let mut commands = Commands::default();
    let mut before = Before::default();
    for block in &doc.blocks {
        match &block.kind {
            BlockKind::Fence(fence) => fence::read(fence, block.section, &around, &before, &mut commands),
            BlockKind::Html(lines) => pre::read(lines, block.section, &around, &before, &mut commands),
            _ => inline::read(block, doc, &around, &before, &mut commands),
        }
        before.pass(block, doc);
    }
    commands
}

/// What of the whole document bears on a single line.
struct Around<'a> {
    doc: &'a Document,
    /// Programs that the document runs in its shell blocks.
    own: shape::Own,
    /// The server that the document speaks of, if it speaks of one more than of the other.
    server: Option<Tongue>,
    /// By section: what its own and its parents' headings say.
    roles: Vec<Role>,
}

/// What the headings above a block say about it.
#[derive(Clone, Copy, Debug, Default)]
struct Role {
    forbidden: bool,
    /// Names tools.
    needs: bool,
    /// Templates, past incidents.
    form: bool,
    output: bool,
    server: Option<Tongue>,
    redis: bool,
}

impl<'a> Around<'a> {
    fn of(doc: &'a Document) -> Around<'a> {
        let phrases = phrases::phrases();
        let mut roles: Vec<Role> = Vec::with_capacity(doc.sections.len());
        for section in &doc.sections {
            let above = section.parent.and_then(|p| roles.get(p)).copied().unwrap_or_default();
            let name = section.name.to_lowercase();
            let name = name.trim().trim_end_matches([':', '：']).trim();
            let title = matches!(section.kind, SectionKind::Document);
            roles.push(Role {
                forbidden: above.forbidden
                    || !title && (phrases::is(name, &phrases.forbidden_heading) || notes::forbids(name)),
                needs: above.needs
                    || !title
                        && (phrases::is(name, &phrases.needs_heading) || phrases::ends(name, &phrases.needs_heading)),
                form: above.form || !title && phrases::any(name, &phrases.form_heading),
                // "Output" is a heading of its own; "Check output of the job" is not.
                output: !title && phrases::is(name, &phrases.output),
                server: sql::named(name).or(above.server),
                redis: phrases::any(name, &phrases.redis) || above.redis,
            });
        }
        Around { doc, own: fence::own_programs(doc), server: server(doc), roles }
    }

    fn role(&self, section: SectionId) -> Role {
        self.roles.get(section).copied().unwrap_or_default()
    }
}

/// Which of the two servers the document names more often.
fn server(doc: &Document) -> Option<Tongue> {
    let mut counts = [0_u32; 2];
    let mut count =
        |text: &str| match sql::named(text).or_else(|| sql::begins(text, false).then(|| sql::own(text)).flatten()) {
            Some(Tongue::Postgres) => counts[0] += 1,
            Some(Tongue::Mysql) => counts[1] += 1,
            _ => {}
        };
    for section in &doc.sections {
        count(&section.name);
    }
    for block in &doc.blocks {
        match &block.kind {
            BlockKind::Paragraph(lines) => lines.iter().for_each(|l| count(&l.plain)),
            BlockKind::Item(item) => item.text.iter().for_each(|l| count(&l.plain)),
            BlockKind::Fence(fence) => {
                if let Some(lang) = &fence.lang {
                    count(lang);
                }
                fence.body.iter().for_each(|l| count(&l.1));
            }
            BlockKind::Table(table) => table.rows.iter().flat_map(|r| &r.cells).for_each(|c| count(&c.plain)),
            _ => {}
        }
    }
    match counts {
        [0, 0] => None,
        [p, m] if p >= m => Some(Tongue::Postgres),
        _ => Some(Tongue::Mysql),
    }
}

/// The words that stand directly above a block.
#[derive(Clone, Debug, Default)]
struct Before {
    /// The last line of the paragraph, item or bold line above.
    text: String,
    section: SectionId,
    fence: bool,
}

impl Before {
    fn pass(&mut self, block: &Block, doc: &Document) {
        let last = |lines: &[Inline]| lines.last().map_or(String::new(), |l| l.plain.trim().to_owned());
        self.section = block.section;
        self.fence = matches!(block.kind, BlockKind::Fence(_));
        self.text = match &block.kind {
            BlockKind::Paragraph(lines) => last(lines),
            BlockKind::Item(item) => last(&item.text),
            BlockKind::Title => {
                doc.sections.get(block.section).map_or(String::new(), |s| s.title.plain.trim().to_owned())
            }
            _ => String::new(),
        };
    }

    /// What it says of the block below, which it introduces only in the same section.
    fn words(&self, section: SectionId) -> String {
        if self.section == section { self.text.to_lowercase() } else { String::new() }
    }
}

//! What the parts of the document mean: severities, thresholds, playbooks, … Each file reads one kind of thing; this one
//! holds what they share.
//!
//! A section's role comes from its title and is inherited downward, the nearest wins. Where a template, an example, a
//! history or an expected output begins, nothing is defined.

pub mod checklists;
pub mod contacts;
pub mod endpoints;
pub mod escalation;
pub mod phases;
pub mod playbooks;
pub mod properties;
pub mod quick_reference;
pub mod rules;
pub mod schedules;
pub mod severities;
pub mod thresholds;

use crate::commands::tools::is_known_tool;
use crate::document::{Block, BlockKind, Document, SectionId, SectionKind, Table};
use crate::grammar::{duration, severity};
use crate::lexicon::{Header, Role, header, roles};
use crate::source::Source;
use std::borrow::Cow;

/// The document and what is asked of it again and again.
pub struct Reading<'a> {
    pub source: &'a Source,
    pub document: &'a Document,
    own: Vec<Vec<Role>>,
    titles: Vec<Title>,
    /// What the columns of each table are about, in the order of the document.
    heads: Vec<(&'a Table, Vec<Option<Header>>)>,
    /// For each section the first that does not stand in it: sections are in the order of the document.
    ends: Vec<SectionId>,
    /// For each section the blocks from its title to the last of its children.
    spans: Vec<(usize, usize)>,
}

/// What the small grammars read in a title.
struct Title {
    level: Option<severity::Reference>,
    levels: Vec<String>,
    window: Option<[u64; 2]>,
}

fn columns(table: &Table) -> Vec<Option<Header>> {
    table.head.iter().map(|c| header(&c.plain)).collect()
}

impl<'a> Reading<'a> {
    pub fn new(source: &'a Source, document: &'a Document) -> Self {
        let count = document.sections.len();
        let mut own: Vec<Vec<Role>> = document.sections.iter().map(|s| roles(&s.name)).collect();
        // The name of the whole document ("On-call guide") says nothing of its parts.
        if let Some(title) = title_of(document) {
            own[title].clear();
        }
        let mut ends = vec![0; count];
        for id in (0..count).rev() {
            ends[id] = ends[id].max(id + 1);
            if let Some(parent) = document.sections[id].parent {
                ends[parent] = ends[parent].max(ends[id]);
            }
        }
        let mut spans = vec![(usize::MAX, 0); count];
        for (at, block) in document.blocks.iter().enumerate() {
            let span = &mut spans[block.section];
            *span = (span.0.min(at), span.1.max(at + 1));
        }
        for id in (1..count).rev() {
            if let Some(parent) = document.sections[id].parent {
                let (from, to) = spans[id];
                let span = &mut spans[parent];
                *span = (span.0.min(from), span.1.max(to));
            }
        }
        let title = |name: &str| Title {
            level: severity::reference(name),
            levels: severity::mentions(name),
            window: duration::window(name),
        };
        let titles = document.sections.iter().map(|s| title(&s.name)).collect();
        let tables = document.blocks.iter().filter_map(|b| match &b.kind {
            BlockKind::Table(table) => Some((table, columns(table))),
            _ => None,
        });
        Reading { source, document, own, titles, heads: tables.collect(), ends, spans }
    }

    /// What the title itself says.
    pub fn own(&self, id: SectionId) -> &[Role] {
        &self.own[id]
    }

    /// The level that its title begins with.
    pub fn level(&self, id: SectionId) -> Option<&severity::Reference> {
        self.titles[id].level.as_ref()
    }

    /// Every level that its title speaks of.
    pub fn levels(&self, id: SectionId) -> &[String] {
        &self.titles[id].levels
    }

    /// From when to when its title says that it lasts.
    pub fn window(&self, id: SectionId) -> Option<[u64; 2]> {
        self.titles[id].window
    }

    /// What the columns of a table are about.
    pub fn heads(&self, table: &Table) -> Cow<'_, [Option<Header>]> {
        let from = self.heads.partition_point(|(t, _)| t.head_line < table.head_line);
        match self.heads[from..]
            .iter()
            .take_while(|(t, _)| t.head_line == table.head_line)
            .find(|(t, _)| *t as *const _ == table)
        {
            Some((_, heads)) => Cow::Borrowed(heads),
            None => Cow::Owned(columns(table)),
        }
    }

    /// Its own number and those of the sections around it, the nearest first, the document itself left out.
    pub fn around(&self, id: SectionId) -> impl Iterator<Item = SectionId> + '_ {
        std::iter::successors(Some(id), |at| self.document.sections[*at].parent)
            .filter(|at| self.document.sections[*at].parent.is_some())
    }

    /// The first section behind it and all that stands in it.
    pub fn end(&self, id: SectionId) -> SectionId {
        self.ends[id]
    }

    pub fn children(&self, id: SectionId) -> impl Iterator<Item = SectionId> + '_ {
        let end = self.ends[id];
        std::iter::successors((id + 1 < end).then_some(id + 1), move |child| {
            Some(self.ends[*child]).filter(|next| *next < end)
        })
    }

    /// From its title to its end, children included.
    pub fn blocks(&self, id: SectionId) -> &'a [Block] {
        let (from, to) = self.spans[id];
        &self.document.blocks[from.min(to)..to]
    }

    /// Of the roles asked for, the one that the nearest title has, from a section up to (and without) `outer`.
    pub fn nearest(&self, mut id: SectionId, outer: SectionId, asked: &[Role]) -> Option<Role> {
        while id != outer {
            if let Some(role) = asked.iter().find(|r| self.own[id].contains(r)) {
                return Some(*role);
            }
            id = self.document.sections[id].parent?;
        }
        None
    }

    /// Nothing is defined here: samples, texts to fill in, what happened once.
    pub fn sets_nothing(&self, id: SectionId) -> bool {
        const SILENT: [Role; 4] = [Role::Template, Role::ExpectedOutput, Role::Postmortem, Role::History];
        self.around(id).nth(1).is_some() && self.nearest(id, 0, &SILENT).is_some()
    }

    /// As `sets_nothing`, but the step after an incident belongs to it.
    pub fn sets_nothing_but_postmortem(&self, id: SectionId) -> bool {
        self.nearest(id, 0, &[Role::Template, Role::ExpectedOutput, Role::History]).is_some()
    }

    /// Whether between a section and an outer one there is a step with a section of its own.
    pub fn in_step_of(&self, mut id: SectionId, outer: SectionId) -> bool {
        while id != outer {
            if matches!(self.document.sections[id].kind, SectionKind::Heading(_) | SectionKind::Bold) {
                return true;
            }
            let Some(parent) = self.document.sections[id].parent else { return false };
            id = parent;
        }
        false
    }

    /// "If the breaker is open": what follows is done only then.
    pub fn is_condition(&self, id: SectionId) -> bool {
        let section = &self.document.sections[id];
        section.kind != SectionKind::Document && rules::begins_with_condition(&section.name)
    }

    /// The nearest section with a title of its own: a lead-in line names nothing.
    pub fn titled(&self, mut id: SectionId) -> SectionId {
        while self.document.sections[id].kind == SectionKind::Lead {
            id = self.document.sections[id].parent.unwrap_or(0);
        }
        id
    }
}

/// The one heading that everything else stands under.
fn title_of(document: &Document) -> Option<SectionId> {
    const PARTS_MIN: usize = 2;
    let parts = |id: SectionId| {
        let inside = |s: &&crate::document::Section| s.parent == Some(id) && matches!(s.kind, SectionKind::Heading(_));
        document.sections.iter().filter(inside).count()
    };
    let mut tops = (1..document.sections.len()).filter(|id| document.sections[*id].parent == Some(0));
    let first = tops.find(|id| matches!(document.sections[*id].kind, SectionKind::Heading(_)))?;
    let others = tops.any(|id| matches!(document.sections[id].kind, SectionKind::Heading(_)));
    (!others && parts(first) >= PARTS_MIN).then_some(first)
}

/// Whether a code span in a table is something to type: a known program, or the path of a script.
pub fn reads_like_a_command(code: &str) -> bool {
    let mut words = code.split_whitespace();
    let Some(first) = words.next() else { return false };
    let script = first.contains('/') && !first.ends_with('/') && !first.contains("://")
        || first.ends_with(".sh")
        || first.ends_with(".py");
    is_known_tool(first)
        || script
            && (first.starts_with("./") || words.next().is_some() || first.ends_with(".sh") || first.ends_with(".py"))
}

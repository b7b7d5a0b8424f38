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
use crate::document::{Block, Document, SectionId, SectionKind};
use crate::lexicon::{Role, roles};
use crate::source::Source;

/// The document and what is asked of it again and again.
pub struct Reading<'a> {
    pub source: &'a Source,
    pub document: &'a Document,
    own: Vec<Vec<Role>>,
    /// For each section the first that does not stand in it: sections are in the order of the document.
    ends: Vec<SectionId>,
    /// For each section the blocks from its title to the last of its children.
    spans: Vec<(usize, usize)>,
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
        Reading { source, document, own, ends, spans }
    }

    /// What the title itself says.
    pub fn own(&self, id: SectionId) -> &[Role] {
        &self.own[id]
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
        self.document.path(id).len() > 1 && self.nearest(id, 0, &SILENT).is_some()
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

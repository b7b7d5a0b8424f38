//! Who takes over when: chains by level, by severity, ordered lists, tables, and timed phases that call somebody.
//!
//! "If not resolved in 30 minutes" under one level is the delay of the next. An order without times has no delays, and
//! what is merely a criterion ("data may be lost") reaches nobody and makes no step.

mod arrows;
mod clauses;
mod elsewhere;
mod levels;
mod lists;
mod tables;
#[cfg(test)]
mod tests;

use super::Reading;
use crate::document::{Block, BlockKind, Inline, SectionId};
use crate::fold::folded;
use crate::grammar::escalation::{Step, step};
use crate::grammar::{duration, severity};
use crate::lexicon::{Header, Role, header, lexicon};
use crate::model::{Action, Escalation, Line};
use crate::proposal::Proposal;
use clauses::{sentences, several, timed};
use elsewhere::elsewhere;
use lists::{is_tier, listed};
use std::collections::BTreeMap;

/// Steps found so far, and how far each chain is.
#[derive(Default)]
struct Chain {
    steps: Vec<Escalation>,
    proposals: Vec<Proposal>,
    /// The severity of the item that a deeper one stands under.
    above: Option<String>,
    orders: BTreeMap<(SectionId, Option<String>), u32>,
}

pub fn escalation(reading: &Reading<'_>) -> (Vec<Escalation>, Vec<Proposal>) {
    let mut chain = Chain::default();
    let document = reading.document;
    let mut taken = vec![false; document.sections.len()];
    for id in 1..document.sections.len() {
        if escalates(reading, id) && !reading.sets_nothing(id) && !taken[id] {
            for level in levels::levels(reading, id, &mut chain) {
                taken[level..reading.end(level)].fill(true);
            }
        }
    }
    for block in &document.blocks {
        let id = block.section;
        if taken[id] || reading.sets_nothing(id) {
            continue;
        }
        let inside = escalates(reading, id);
        match &block.kind {
            BlockKind::Item(item) if item.depth > 0 => {}
            BlockKind::Item(item) if inside => chain.above = item.text.first().and_then(lists::level_of),
            _ => chain.above = None,
        }
        match &block.kind {
            BlockKind::Table(table) => tables::table(reading, block, table, inside, &mut chain),
            BlockKind::Item(item) => {
                let Some(text) = item.text.first() else { continue };
                let opens = document.sections[id].line == block.first;
                if inside && !(opens && has_steps_under(reading, id)) {
                    listed(reading, block, text, item.number.is_some(), &mut chain);
                } else if !inside {
                    elsewhere(reading, block, text, &mut chain);
                }
            }
            BlockKind::Paragraph(lines) if inside && defined(reading, block, lines, &mut chain) => {}
            BlockKind::Paragraph(lines) if inside => {
                for text in lines {
                    if text.lead().is_some_and(|(l, _)| severity::reference(l).is_some()) {
                        listed(reading, block, text, false, &mut chain);
                        continue;
                    }
                    // "Level 2 → network engineer, after 30 min".
                    if severity::reference(&text.plain).is_some_and(|r| r.number.is_some() && is_tier(&r.label)) {
                        listed(reading, block, text, false, &mut chain);
                        continue;
                    }
                    for sentence in sentences(&text.plain) {
                        let several = several(sentence);
                        if !several.is_empty() {
                            let scope = severity::reference(sentence)
                                .filter(|r| r.number.is_some() && !is_tier(&r.label))
                                .map(|r| r.label)
                                .or_else(|| scope(reading, id));
                            for said in several {
                                chain.push(counted_in(reading, block), scope.clone(), said, text.line);
                            }
                        } else if step(sentence).is_some_and(|s| s.action.is_some() && s.after_s.is_some()) {
                            let text = Inline { line: text.line, plain: sentence.to_string(), spans: Vec::new() };
                            listed(reading, block, &text, false, &mut chain);
                        }
                    }
                }
            }
            // Columns that are set with blanks: `after 10 min    duty manager`.
            BlockKind::Fence(fence) if inside && fence.lang.is_none() => {
                for (line, text) in &fence.body {
                    // A box drawn around a name is no part of it.
                    let cells = text.split("  ").map(|c| c.trim_matches(|c: char| c.is_whitespace() || drawn(c)));
                    let cells: Vec<&str> = cells.filter(|c| !c.is_empty()).collect();
                    let at = |c: &str| duration::duration(c).is_some_and(|d| d.upper_s().is_some());
                    let timed = cells.iter().any(|c| at(c));
                    // `15 minutes: call the lead`, where a colon parts the columns.
                    let people = |who: &str| step(who).is_some_and(|s| s.reaches_people());
                    let parted = cells.len() == 1
                        && text.split_once(": ").is_some_and(|(when, who)| at(when.trim()) && people(who));
                    if cells.len() >= 2 && timed || parted {
                        let text = Inline { line: *line, plain: cells.join(": "), spans: Vec::new() };
                        listed(reading, block, &text, false, &mut chain);
                    }
                }
            }
            // "If nobody answers within 15 minutes, call the lead" stands anywhere.
            BlockKind::Paragraph(lines) => {
                // "**Escalation**: call the lead at once" under a severity, or in a procedure.
                let lines = lines.iter().filter(|text| {
                    let before = chain.steps.len();
                    if names_escalation(text) {
                        elsewhere(reading, block, text, &mut chain);
                    }
                    chain.steps.len() == before
                });
                let lines: Vec<&Inline> = lines.collect();
                let unless = |text: &&&Inline| lexicon().unless.may_hold(&folded(&text.plain), |_| true);
                for text in lines.iter().filter(unless) {
                    let said = sentences(&text.plain).flat_map(timed).filter(|s| s.unless.is_some());
                    let scope = scope(reading, id);
                    let calls = |s: &Step| {
                        s.after_s.is_some()
                            && (s.reaches_people() || s.target.split_whitespace().count() <= 5)
                            && matches!(s.action, Some(Action::Page | Action::Notify | Action::Escalate))
                    };
                    for step in said.filter(calls).collect::<Vec<_>>() {
                        chain.push(counted_in(reading, block), scope.clone(), step, text.line);
                    }
                }
            }
            _ => {}
        }
    }
    arrows::arrows(reading, &mut chain);
    chain.steps.sort_by_key(|s| (s.line, s.order));
    chain.steps.dedup_by(|a, b| a.line == b.line && a.target == b.target && a.scope == b.scope);
    (chain.steps, chain.proposals)
}

/// Lines and arrows of a picture made of characters.
fn drawn(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{25ff}' | '|')
}

/// "**Escalation**: …", "Eskalation: …".
fn names_escalation(text: &Inline) -> bool {
    if !text.plain.contains([':', '：']) {
        return false;
    }
    let lead = text.lead().map(|(l, _)| l).or_else(|| text.plain.split_once([':', '：']).map(|(l, _)| l));
    lead.is_some_and(|l| l.split_whitespace().count() <= 3 && crate::lexicon::roles(l) == [Role::Escalation])
}

/// A definition list: a severity on its own line, its steps behind a colon on the next ones.
fn defined(reading: &Reading<'_>, block: &Block, lines: &[Inline], chain: &mut Chain) -> bool {
    let [term, rest @ ..] = lines else { return false };
    let opens = rest.first().is_some_and(|l| l.plain.trim_start().starts_with(": "));
    let Some(found) = severity::reference(&term.plain).filter(|r| opens && r.rest.is_empty()) else { return false };
    for line in rest {
        let plain = line.plain.trim_start().trim_start_matches([':', ' ']);
        let plain = plain.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', ')', ' ']);
        if let Some(said) = step(plain).filter(|s| s.action.is_some() || s.reaches_people()) {
            chain.push(counted_in(reading, block), Some(found.label.clone()), said, line.line);
        }
    }
    true
}

/// Stands under a title about escalation, nearer than any other subject.
fn escalates(reading: &Reading<'_>, id: SectionId) -> bool {
    const SUBJECTS: [Role; 12] = [
        Role::Escalation,
        Role::Contacts,
        Role::Response,
        Role::Communication,
        Role::Schedule,
        Role::Diagnose,
        Role::Remediate,
        Role::Verify,
        Role::Symptoms,
        Role::Deploy,
        Role::Rollback,
        Role::Prerequisites,
    ];
    reading.nearest(id, 0, &SUBJECTS) == Some(Role::Escalation)
}

/// When to escalate, not to whom.
fn lists_criteria(reading: &Reading<'_>, id: SectionId) -> bool {
    const WORDS: &[&str] = &[
        "criteri",
        "when to",
        " if",
        "kriteri",
        "wann ",
        "criter",
        "quand ",
        "cuando",
        "quando",
        "критери",
        "когда",
        "条件",
        "标准",
        "基準",
        "기준",
        "trigger",
        "reasons",
    ];
    let name = folded(&reading.document.sections[id].name);
    let section = &reading.document.sections[id];
    WORDS.iter().any(|w| name.contains(w))
        || section.parent.is_some() && matches!(header(&section.name), Some(Header::Condition | Header::Scope))
}

fn has_steps_under(reading: &Reading<'_>, id: SectionId) -> bool {
    reading
        .blocks(id)
        .iter()
        .any(|b| b.first > reading.document.sections[id].line && matches!(b.kind, BlockKind::Item(_)))
}

/// The severity or level that a section stands under.
fn scope(reading: &Reading<'_>, id: SectionId) -> Option<String> {
    reading.around(id).find_map(|id| {
        let short = || reading.document.sections[id].name.split_whitespace().count() <= 2;
        let named = reading.level(id).filter(|r| r.number.is_some() || r.separated || short());
        named.map(|r| r.label.clone()).or_else(|| match reading.levels(id) {
            [one] => Some(one.clone()),
            _ => None,
        })
    })
}

impl Chain {
    fn propose(&mut self, reading: &Reading<'_>, id: SectionId, target: &str, reason: &str, line: Line) {
        let group = format!("escalation under {}", reading.document.sections[reading.titled(id)].name);
        self.proposals.push(Proposal::new(format!("escalation to {target}"), reason.into(), (line, line), group));
    }

    fn push(&mut self, section: SectionId, scope: Option<String>, said: Step, line: Line) -> &mut Escalation {
        let place = (section, scope.clone());
        let order = self.orders.entry(place).or_insert(0);
        *order += 1;
        let order = *order;
        self.steps.push(Escalation {
            scope,
            order,
            target: said.target,
            after_s: said.after_s,
            action: said.action.unwrap_or(Action::Escalate),
            response_time_s: said.within_s,
            authority: Vec::new(),
            line,
        });
        let at = self.steps.len() - 1;
        &mut self.steps[at]
    }
}

/// The section whose list counts the steps: a lead-in line or a bold item may stand between.
fn counted_in(reading: &Reading<'_>, block: &Block) -> SectionId {
    reading.titled(block.section)
}

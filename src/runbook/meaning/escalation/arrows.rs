//! Chains without times: "on-call → team lead → director".

use super::lists::is_tier;
use super::{Chain, counted_in, escalates, levels, scope};
use crate::document::{BlockKind, SectionId, SectionKind};
use crate::grammar::escalation::{Step, step};
use crate::grammar::severity;
use crate::lexicon::Role;
use crate::meaning::Reading;
use crate::model::Line;
use std::collections::BTreeSet;

/// "On-call → team lead → director": a chain without times, where nothing else says who.
pub fn arrows(reading: &Reading<'_>, chain: &mut Chain) {
    let known: BTreeSet<Line> = chain.steps.iter().map(|s| s.line).collect();
    let mut instead: BTreeSet<Line> = BTreeSet::new();
    let mut found: Vec<(SectionId, Option<String>, Step, Line)> = Vec::new();
    for block in &reading.document.blocks {
        let id = block.section;
        let lines: Vec<(Line, &str)> = match &block.kind {
            BlockKind::Paragraph(lines) => lines.iter().map(|l| (l.line, l.plain.as_str())).collect(),
            BlockKind::Item(item) => item.text.iter().map(|l| (l.line, l.plain.as_str())).collect(),
            BlockKind::Fence(fence) if fence.lang.is_none() => {
                fence.body.iter().map(|(n, t)| (*n, t.as_str())).collect()
            }
            _ => continue,
        };
        if !lines.iter().any(|(_, t)| t.contains(['→', '⇒']) || t.contains("->") || t.contains("=>"))
            || !escalates(reading, id)
            || reading.sets_nothing(id)
        {
            continue;
        }
        let around = &reading.document.sections[top(reading, id)];
        let said_elsewhere = known.range(around.line..=around.last).any(|l| !(block.first..=block.last).contains(l));
        if said_elsewhere {
            continue;
        }
        for (line, text) in lines {
            let text = text.replace("->", "→").replace("=>", "→").replace('⇒', "→");
            let parts: Vec<&str> = text.split('→').map(str::trim).filter(|p| !p.is_empty()).collect();
            let short = |s: &Step| s.target.split_whitespace().count() <= 6;
            let steps: Vec<Step> = parts.iter().filter_map(|p| step(&levels::untiered(p))).filter(short).collect();
            let tiered = severity::reference(parts.first().copied().unwrap_or_default())
                .is_some_and(|r| r.number.is_some() && r.name.is_none() && is_tier(&r.label));
            if tiered || parts.len() < 2 || steps.len() != parts.len() || !steps.iter().any(Step::reaches_people) {
                continue;
            }
            instead.insert(line);
            let (section, scope) = (counted_in(reading, block), scope(reading, id));
            found.extend(steps.into_iter().map(|s| (section, scope.clone(), s, line)));
        }
    }
    chain.steps.retain(|s| !instead.contains(&s.line));
    for (section, scope, _, _) in &found {
        chain.orders.remove(&(*section, scope.clone()));
    }
    for (section, scope, said, line) in found {
        chain.push(section, scope, said, line);
    }
}

/// The outermost section about escalation around another.
fn top(reading: &Reading<'_>, mut id: SectionId) -> SectionId {
    let mut top = id;
    while let Some(parent) = reading.document.sections[id].parent {
        if reading.own(id).contains(&Role::Escalation) && reading.document.sections[id].kind != SectionKind::Lead {
            top = id;
        }
        id = parent;
    }
    top
}

//! Who takes over when: chains by level, by severity, ordered lists, tables, and timed phases that call somebody.
//!
//! "If not resolved in 30 minutes" under one level is the delay of the next. An order without times has no delays, and
//! what is merely a criterion ("data may be lost") reaches nobody and makes no step.

mod levels;
mod tables;
#[cfg(test)]
mod tests;

use super::Reading;
use crate::document::{Block, BlockKind, Inline, SectionId, SectionKind};
use crate::fold::{Fold, key};
use crate::grammar::escalation::{Step, step};
use crate::grammar::{duration, severity};
use crate::lexicon::{Header, Role, header, lexicon};
use crate::model::{Action, Escalation, Line};
use crate::proposal::Proposal;
use std::collections::{BTreeMap, BTreeSet};

/// Steps found so far, and how far each chain is.
#[derive(Default)]
struct Chain {
    steps: Vec<Escalation>,
    proposals: Vec<Proposal>,
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
        if reading.sets_nothing(id) || taken[id] {
            continue;
        }
        let inside = escalates(reading, id);
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
                        let several = timed(sentence);
                        if several.len() >= 2 {
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
                    let cells: Vec<&str> = text.split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
                    let timed = cells.iter().any(|c| duration::duration(c).is_some_and(|d| d.upper_s().is_some()));
                    if cells.len() >= 2 && timed {
                        let text = Inline { line: *line, plain: cells.join(": "), spans: Vec::new() };
                        listed(reading, block, &text, false, &mut chain);
                    }
                }
            }
            // "If nobody answers within 15 minutes, call the lead" stands anywhere.
            BlockKind::Paragraph(lines) => {
                for text in lines {
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
    arrows(reading, &mut chain);
    chain.steps.sort_by_key(|s| (s.line, s.order));
    chain.steps.dedup_by(|a, b| a.line == b.line && a.target == b.target && a.scope == b.scope);
    (chain.steps, chain.proposals)
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['。', '；']).flat_map(|s| s.split(". ")).map(str::trim).filter(|s| !s.is_empty())
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

/// The steps of a sentence whose clauses each say when and whom: "if …, page bo; after 1 hour the lead is informed".
fn timed(sentence: &str) -> Vec<Step> {
    let whole: Vec<Step> = clause(sentence).into_iter().collect();
    [&[';', '；'][..], &['，', ';', '；'], &[',', ';']]
        .into_iter()
        .map(|marks| sentence.split(marks).filter_map(clause).collect::<Vec<_>>())
        .find(|steps| steps.len() >= 2)
        .unwrap_or(whole)
}

fn clause(text: &str) -> Option<Step> {
    const PASSIVE: [(&str, &str); 8] = [
        (" is paged", "page "),
        (" gets paged", "page "),
        (" is called", "call "),
        (" is informed", "inform "),
        (" is notified", "notify "),
        (" is alerted", "notify "),
        (" is contacted", "contact "),
        (" are informed", "inform "),
    ];
    let active = PASSIVE.iter().find(|(said, _)| text.contains(said)).map(|(said, verb)| {
        let text = text.replacen(said, "", 1);
        format!("{verb}{}", text.trim_start())
    });
    step(active.as_deref().unwrap_or(text))
        .filter(|s| s.after_s.or(s.within_s).is_some_and(|s| s > 0) && s.action.is_some())
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
    let name = Fold::new(&reading.document.sections[id].name).text;
    let path = reading.document.path(id);
    WORDS.iter().any(|w| name.contains(w))
        || path.last().is_some_and(|s| matches!(header(&s.name), Some(Header::Condition | Header::Scope)))
}

fn has_steps_under(reading: &Reading<'_>, id: SectionId) -> bool {
    reading
        .blocks(id)
        .iter()
        .any(|b| b.first > reading.document.sections[id].line && matches!(b.kind, BlockKind::Item(_)))
}

/// The severity or level that a section stands under.
fn scope(reading: &Reading<'_>, id: SectionId) -> Option<String> {
    reading.document.path(id).iter().rev().find_map(|s| {
        let named = severity::reference(&s.name)
            .filter(|r| r.number.is_some() || r.separated || s.name.split_whitespace().count() <= 2);
        named.map(|r| r.label).or_else(|| match severity::mentions(&s.name).as_slice() {
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

/// An item of a list about escalation.
fn listed(reading: &Reading<'_>, block: &Block, text: &Inline, numbered: bool, chain: &mut Chain) {
    let id = block.section;
    let mut scope = scope(reading, id);
    let mut plain = text.plain.trim();
    let criteria = lists_criteria(reading, id);
    // "**P1**: page bo": the severity leads the item.
    let owned;
    if let Some((lead, rest)) = text.lead().map(|(l, r)| (l.to_string(), r)).or_else(|| split_key(plain))
        && !rest.trim().is_empty()
    {
        match severity::reference(&lead) {
            Some(found) if !is_tier(&found.label) => {
                scope = Some(found.label);
                owned = rest.trim_start_matches([':', '：', '-', '–', '—', ' ']).to_string();
                plain = &owned;
            }
            _ => {
                let known = header(&lead);
                let about = matches!(
                    known,
                    Some(
                        Header::Response
                            | Header::Resolution
                            | Header::Scope
                            | Header::Authority
                            | Header::UpdateEvery
                            | Header::Condition
                            | Header::Description
                            | Header::Examples
                            | Header::Availability
                    )
                );
                let timed = duration::duration(&lead).is_some();
                if about && !timed && step(&lead).is_none_or(|s| s.action.is_none()) {
                    return;
                }
            }
        }
    }
    let several = timed(plain);
    if several.len() >= 2 {
        for said in several {
            chain.push(counted_in(reading, block), scope.clone(), said, text.line);
        }
        return;
    }
    // "Level 2: team lead (after 30 min)".
    let tier = severity::reference(plain).filter(|r| r.number.is_some() && is_tier(&r.label));
    let named = tier.map(|r| [r.name.unwrap_or_default(), r.rest].join(" "));
    let Some(said) = step(named.as_deref().unwrap_or(plain)).or_else(|| step(plain)) else { return };
    let reaches = said.reaches_people() || numbered && looks_like_role(&said.target);
    let acts = match said.action {
        Some(Action::Ticket | Action::Bridge | Action::Schedule) => true,
        Some(_) => true,
        None => reaches && (said.after_s.is_some() || (!criteria && said.target.split_whitespace().count() <= 6)),
    };
    let sentence = plain.split_whitespace().count() > 25;
    if !acts || sentence || (criteria && said.action.is_none_or(|_| !said.reaches_people())) {
        return;
    }
    if said.action.is_none() && !said.reaches_people() {
        let reason = "The list is about escalation, but nothing says that this names somebody to call.";
        chain.propose(reading, id, &said.target, reason, text.line);
    }
    chain.push(counted_in(reading, block), scope, said, text.line);
}

/// "Level 2", "Tier 1", "L3" are people; "P1" and "SEV2" are trouble.
fn is_tier(label: &str) -> bool {
    const TIERS: &[&str] = &[
        "level",
        "tier",
        "stufe",
        "ebene",
        "niveau",
        "nivel",
        "livello",
        "l",
        "линия",
        "уровень",
        "レベル",
        "단계",
        "级",
    ];
    let word = key(label);
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    TIERS.contains(&word)
}

fn looks_like_role(target: &str) -> bool {
    let words: Vec<&str> = target.split_whitespace().collect();
    let named = |w: &&str| w.chars().next().is_some_and(|c| c.is_uppercase() || crate::fold::is_wide(c));
    (1..=5).contains(&words.len()) && words.iter().all(named)
}

fn split_key(plain: &str) -> Option<(String, &str)> {
    let (at, colon) = plain.match_indices([':', '：']).next()?;
    (plain[..at].chars().count() <= 50).then(|| (plain[..at].trim().to_string(), &plain[at + colon.len()..]))
}

/// Outside of escalation: what a severity's or a timed phase's list says about calling people.
fn elsewhere(reading: &Reading<'_>, block: &Block, text: &Inline, chain: &mut Chain) {
    let id = block.section;
    let scope = scope(reading, id);
    let (lead, rest) = match text.lead().map(|(l, r)| (l.to_string(), r)).or_else(|| split_key(&text.plain)) {
        Some((lead, rest)) => (
            lead.trim_end_matches([':', ' ', '：']).to_string(),
            rest.trim_start_matches([':', '：', ' ', '-', '–', '—']),
        ),
        None => (String::new(), text.plain.as_str()),
    };
    // "**Escalation**: page the manager after 30 minutes" under a severity.
    let about = !lead.is_empty()
        && (crate::lexicon::roles(&lead) == [Role::Escalation] || header(&lead) == Some(Header::EscalateTo));
    let window = window(reading, id);
    // A check box without a severity only reminds of what escalation says elsewhere.
    let checked = matches!(&block.kind, BlockKind::Item(item) if item.check.is_some());
    if rest.is_empty() || scope.is_none() && checked {
        return;
    }
    // "T+15m engineering manager": counted from the start of an incident, wherever it stands.
    if text.plain.trim_start().to_lowercase().starts_with("t+")
        && let Some(said) = step(&text.plain).filter(|s| s.reaches_people() && s.target.split_whitespace().count() <= 6)
        && said.after_s.is_some()
    {
        chain.push(counted_in(reading, block), scope, said, text.line);
        return;
    }
    let by_lead = step(&format!("{lead} x")).and_then(|s| s.action);
    let inner = step(rest).filter(|s| s.action.is_some() || by_lead.is_some() || about);
    let Some(mut said) = inner else { return };
    said.action = said.action.or(by_lead);
    let calls =
        matches!(said.action, Some(Action::Page | Action::Notify | Action::Escalate | Action::Handoff)) || about;
    let target = Fold::new(&said.target).text;
    let reaches = said.reaches_people() || lexicon().media.first(&target).is_some();
    let short = said.target.split_whitespace().count() <= 7;
    let opens = matches!(said.action, Some(Action::Ticket | Action::Bridge)) && scope.is_some();
    let reaches = if scope.is_some() { reaches } else { said.reaches_people() };
    let delayed = matches!(said.action, Some(Action::Page | Action::Escalate)) && said.after_s.is_some_and(|s| s > 0);
    if !(short
        && (calls && reaches && (about && scope.is_some() || window.is_some() || delayed) || opens && window.is_some()))
    {
        return;
    }
    if scope.is_none() {
        let reason = "It stands under no severity: it would count for every incident.";
        chain.propose(reading, id, &said.target, reason, text.line);
    }
    if let Some([from, _]) = window {
        said.after_s = said.after_s.or(Some(from));
    }
    chain.push(counted_in(reading, block), scope, said, text.line);
}

/// The window of the phase that a section is, or stands in.
fn window(reading: &Reading<'_>, id: SectionId) -> Option<[u64; 2]> {
    let path = reading.document.path(id);
    let routine = reading.nearest(id, 0, &[Role::Schedule, Role::Response, Role::Severity]) == Some(Role::Schedule);
    if routine {
        return None;
    }
    path.iter().rev().take(2).find_map(|s| duration::window(&s.name))
}

/// "On-call → team lead → director": a chain without times, where nothing else says who.
fn arrows(reading: &Reading<'_>, chain: &mut Chain) {
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

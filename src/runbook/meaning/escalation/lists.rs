//! One item of a list about escalation: a severity or a level that leads it, whom it names, and when.

use super::clauses::several;
use super::{Chain, counted_in, lists_criteria, scope};
use crate::document::{Block, Inline};
use crate::fold::{folded, key};
use crate::grammar::escalation::step;
use crate::grammar::{duration, severity};
use crate::lexicon::{Header, header, lexicon};
use crate::meaning::Reading;
use crate::model::Action;

/// An item of a list about escalation.
pub fn listed(reading: &Reading<'_>, block: &Block, text: &Inline, numbered: bool, chain: &mut Chain) {
    let id = block.section;
    let mut scope = scope(reading, id).or_else(|| chain.above.clone());
    let mut plain = text.plain.trim();
    let criteria = lists_criteria(reading, id);
    // "**P1**: page bo": the severity leads the item.
    let owned;
    if let Some((lead, rest)) = text.lead().map(|(l, r)| (l.to_string(), r)).or_else(|| split_key(plain))
        && !rest.trim().is_empty()
    {
        let arrows = rest.contains(['→', '⇒']) || rest.contains("->");
        if arrows && header(&lead) == Some(Header::EscalateTo) {
            // "Escalate to: lead -> manager -> director".
            let named = rest.split(['→', '⇒']).flat_map(|p| p.split("->")).map(str::trim);
            for said in named.filter_map(|name| step(name.trim_start_matches([':', '：', ' ']))) {
                chain.push(counted_in(reading, block), scope.clone(), said, text.line);
            }
            return;
        }
        let shared = shared(&lead);
        if shared.len() > 1
            && let Some(said) = step(rest.trim_start_matches([':', '：', '-', '–', '—', ' ']))
            && (said.action.is_some() || said.reaches_people())
        {
            for scope in shared {
                chain.push(counted_in(reading, block), Some(scope), said.clone(), text.line);
            }
            return;
        }
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
                let acts = step(&lead).is_some_and(|s| s.action.is_some()) && known != Some(Header::Condition);
                if about && !timed && !acts {
                    return;
                }
            }
        }
    }
    let several = several(plain);
    if !several.is_empty() {
        for said in several {
            chain.push(counted_in(reading, block), scope.clone(), said, text.line);
        }
        return;
    }
    // "Level 2: team lead (after 30 min)".
    let tier = severity::reference(plain).filter(|r| r.number.is_some() && is_tier(&r.label));
    let named = tier.map(|r| [r.name.unwrap_or_default(), r.rest].join(" "));
    let Some(said) = named.as_deref().and_then(step).or_else(|| step(plain)) else { return };
    let reaches = said.reaches_people() || numbered && looks_like_role(&said.target);
    let acts = match said.action {
        Some(Action::Ticket | Action::Bridge | Action::Schedule) => true,
        Some(_) => true,
        None if said.after_s.is_none() && tells(&said.target) => false,
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

/// "The commander declares the incident and its severity": a person, and then what that person does.
fn tells(target: &str) -> bool {
    const WORDS_MAX: usize = 2;
    let folded = folded(target);
    // "50-500 users" are how many are hit.
    if folded.split([' ', '-']).next().is_some_and(|w| w.len() > 1 && w.bytes().all(|b| b.is_ascii_digit())) {
        return true;
    }
    let Some((range, ())) = lexicon().people.all(&folded).pop() else { return false };
    let behind = folded[range.end..].trim_start();
    let words = behind.split_whitespace();
    behind.starts_with(char::is_alphabetic) && words.filter(|w| w.chars().all(char::is_alphabetic)).count() > WORDS_MAX
}

/// The severity that an item begins with.
pub fn level_of(text: &Inline) -> Option<String> {
    let (lead, _) = text.lead().map(|(l, r)| (l.to_string(), r)).or_else(|| split_key(&text.plain))?;
    severity::reference(&lead).filter(|r| !is_tier(&r.label)).map(|r| r.label)
}

/// "SEV1/SEV2", "P1 and P2": severities and nothing else.
fn shared(lead: &str) -> Vec<String> {
    let said = severity::mentions(lead);
    let signs = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    const AND_MAX: usize = 3;
    if signs(lead) <= said.iter().map(|s| signs(s)).sum::<usize>() + AND_MAX { said } else { Vec::new() }
}

/// "Level 2", "Tier 1", "L3" are people; "P1" and "SEV2" are trouble.
pub fn is_tier(label: &str) -> bool {
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

pub fn split_key(plain: &str) -> Option<(String, &str)> {
    let (at, colon) = plain.match_indices([':', '：']).next()?;
    (plain[..at].chars().count() <= 50).then(|| (plain[..at].trim().to_string(), &plain[at + colon.len()..]))
}

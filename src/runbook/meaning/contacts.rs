//! Who is reached how: tables of people, and lists of roles with addresses.
//!
//! An address still to be filled in is none; an IP address, a path or a link is no way to reach a person.

pub mod address;
#[cfg(test)]
mod tests;

use super::Reading;
use crate::document::{Block, BlockKind, Inline, SectionId, SpanKind, Table};
use crate::fold::{folded, key};
use crate::lexicon::{Header, Role, header, lexicon};
use crate::model::Contact;
use crate::proposal::Proposal;
use address::{Address, addresses, is_open};

pub fn contacts(reading: &Reading<'_>) -> (Vec<Contact>, Vec<Proposal>) {
    let mut found: Vec<Contact> = Vec::new();
    // Where the lines that name only a way ("Phone: …") belong: one contact for each section.
    let mut open: Option<(SectionId, usize)> = None;
    for block in &reading.document.blocks {
        if reading.sets_nothing(block.section) {
            continue;
        }
        match &block.kind {
            BlockKind::Table(table) => found.extend(of_table(reading, block.section, table)),
            BlockKind::Item(item) => {
                if let Some(text) = item.text.first() {
                    line(reading, block, text, &mut found, &mut open);
                }
            }
            BlockKind::Paragraph(lines) => {
                lines.iter().for_each(|text| line(reading, block, text, &mut found, &mut open));
            }
            _ => {}
        }
    }
    found.sort_by_key(|c| c.line);
    found.dedup_by(|a, b| a == b);
    (found, Vec::new())
}

/// Stands under a title about contacts, nearer than any other subject.
fn about_contacts(reading: &Reading<'_>, id: SectionId) -> Option<Role> {
    const SUBJECTS: [Role; 11] = [
        Role::Contacts,
        Role::Communication,
        Role::Escalation,
        Role::Response,
        Role::Schedule,
        Role::Diagnose,
        Role::Remediate,
        Role::Endpoint,
        Role::Severity,
        Role::Deploy,
        Role::QuickReference,
    ];
    reading.nearest(id, 0, &SUBJECTS).filter(|r| matches!(r, Role::Contacts | Role::Communication))
}

fn line(
    reading: &Reading<'_>,
    block: &Block,
    text: &Inline,
    found: &mut Vec<Contact>,
    open: &mut Option<(SectionId, usize)>,
) {
    let id = block.section;
    let role = about_contacts(reading, id);
    let plain = text.plain.trim();
    if plain.chars().count() > 200 || only_link(text) {
        return;
    }
    let (label, value) = split(text);
    let said = addresses(value.unwrap_or(plain));
    // What stands elsewhere and has no address reaches nobody.
    if role.is_none() && !said.any() {
        return;
    }
    let Some(value) = value else {
        // "ana@example.com – team lead", under contacts only.
        if role == Some(Role::Contacts) && said.any() && !told(&said, plain) {
            let rest = address::without(plain);
            let role = Some(rest).filter(|r| r.chars().filter(|c| c.is_alphabetic()).count() > 1);
            found.push(contact(role, None, &said, text.line));
        }
        return;
    };
    let media = lexicon().media.whole(&key(label)).is_some()
        || matches!(header(label), Some(h) if is_way(h) && label.split_whitespace().count() < 2);
    if media {
        let word = matches!(header(label), Some(Header::Channel)) && role.is_some() && !said.any() && !is_open(value);
        let channel = word.then(|| value.split(['(', '（']).next().unwrap_or(value).trim().to_string());
        let channel = channel.filter(|c| c.split_whitespace().count() <= 3);
        if role.is_some() && (said.any() || channel.is_some()) {
            let said = Address { channel: said.channel.clone().or(channel), ..said };
            join(reading, id, &said, text.line, found, open);
        }
        return;
    }
    let is_person = lexicon().people.first(&folded(label)).is_some();
    let opened = is_open(value);
    match role {
        // "**Document** everything in #incidents" is a duty.
        Some(Role::Contacts) if told(&said, plain) && !joined(text) => {}
        Some(Role::Contacts) if said.any() || opened => {
            let name = name_in(value);
            found.push(contact(Some(label.to_string()), name, &said, text.line));
        }
        Some(Role::Contacts) if is_person && looks_like_name(value) => {
            found.push(contact(Some(label.to_string()), Some(value.to_string()), &said, text.line));
            if reading.document.sections[id].line == text.line {
                *open = Some((id, found.len() - 1));
            }
        }
        None if header(label) == Some(Header::Contact) && said.any() => {
            found.push(contact(None, None, &said, text.line));
        }
        // Elsewhere only what is nothing but a role and an address.
        _ if is_person && said.any() && address::without(value).chars().filter(|c| c.is_alphabetic()).count() < 25 => {
            found.push(contact(Some(label.to_string()), None, &said, text.line));
        }
        _ => {}
    }
}

/// A sentence that happens to name a room of the chat.
fn told(said: &Address, plain: &str) -> bool {
    const WORDS_MAX: usize = 2;
    let only_room = said.phone.is_none() && said.email.is_none() && said.channel.is_some();
    only_room && address::without(plain).split_whitespace().count() > WORDS_MAX
}

/// A sign parts the role from what is said of it.
fn joined(text: &Inline) -> bool {
    const SIGNS: &[char] = &[':', '：', '-', '–', '—', '|', '(', '→'];
    text.lead()
        .is_none_or(|(lead, rest)| lead.trim_end().ends_with([':', '：']) || rest.trim_start().starts_with(SIGNS))
}

fn is_way(header: Header) -> bool {
    matches!(header, Header::Phone | Header::Email | Header::Channel)
}

fn contact(role: Option<String>, name: Option<String>, said: &Address, line: u32) -> Contact {
    let Address { phone, email, channel } = said.clone();
    Contact { role, name, phone, email, channel, line }
}

/// "Phone: …" and "Email: …" under one title are one contact; a second phone begins another.
fn join(
    reading: &Reading<'_>,
    id: SectionId,
    said: &Address,
    line: u32,
    found: &mut Vec<Contact>,
    open: &mut Option<(SectionId, usize)>,
) {
    if let Some((section, at)) = open
        && *section == id
        && let Some(known) = found.get_mut(*at)
    {
        let twice = (said.phone.is_some() && known.phone.is_some())
            || (said.email.is_some() && known.email.is_some())
            || (said.channel.is_some() && known.channel.is_some());
        if !twice {
            known.phone = known.phone.take().or_else(|| said.phone.clone());
            known.email = known.email.take().or_else(|| said.email.clone());
            known.channel = known.channel.take().or_else(|| said.channel.clone());
            return;
        }
    }
    let section = &reading.document.sections[reading.titled(id)];
    let (role, name) = match section.name.split_once([':', '：']) {
        Some((role, name)) if looks_like_name(name.trim()) => (role.trim().to_string(), Some(name.trim().to_string())),
        _ => (section.name.clone(), None),
    };
    found.push(contact(Some(role).filter(|r| !r.is_empty()), name, said, line));
    *open = Some((id, found.len() - 1));
}

/// "Role: value", "Role – value"; the bold words it begins with are the role.
fn split(text: &Inline) -> (&str, Option<&str>) {
    const JOINS: &[char] = &[':', '：', '-', '–', '—', ' ', '|'];
    if let Some((lead, rest)) = text.lead()
        && !rest.trim().is_empty()
    {
        let label = lead.trim().trim_end_matches([':', '：', ' ']);
        let rest = rest.trim_start_matches(JOINS).trim();
        return (label, Some(rest).filter(|r| !r.is_empty()));
    }
    let plain = text.plain.trim();
    let at = plain
        .match_indices([':', '：'])
        .find(|(n, c)| c.len() > 1 || plain[n + 1..].starts_with(' '))
        .map(|(n, c)| (n, n + c.len()))
        .or_else(|| [" - ", " – ", " — "].iter().find_map(|d| plain.find(d).map(|n| (n, n + d.len()))));
    match at {
        Some((end, start)) if plain[..end].chars().count() <= 60 => {
            (plain[..end].trim(), Some(plain[start..].trim()).filter(|v| !v.is_empty()))
        }
        _ => (plain, None),
    }
}

fn only_link(text: &Inline) -> bool {
    text.spans.iter().any(|s| {
        matches!(&s.kind, SpanKind::Link(to) if !to.starts_with("mailto:") && !to.starts_with("tel:"))
            && s.range.len() + 3 >= text.plain.trim().len()
    })
}

/// "Ana Lima", "Ana Lima (nights)": few words, each with a capital or in a script without them.
fn looks_like_name(text: &str) -> bool {
    let words: Vec<&str> = text.split(['(', ',', '（']).next().unwrap_or("").split_whitespace().collect();
    let named = |w: &&str| w.chars().next().is_some_and(|c| c.is_uppercase() || crate::fold::is_wide(c));
    (1..=4).contains(&words.len())
        && words.iter().all(named)
        && !text.contains(['/', '.', '\\', '$', '='])
        && !text.chars().any(|c| c.is_ascii_digit())
        && !is_open(text)
}

/// The words before the first address, if they are a name.
fn name_in(value: &str) -> Option<String> {
    let first = value.split([',', '(', '（', '|', '–', '—', '<', '，', '、']).next()?.trim();
    let first = first.split(" - ").next()?.trim();
    // "Ana Lima +49 30 …": a name, and an address without anything between.
    let bare = address::without(value);
    let named = |t: &str| looks_like_name(t) && !addresses(t).any();
    [first, bare.as_str()].into_iter().find(|t| named(t)).map(str::to_string)
}

/// Who has duty in which week: a plan, without any way to reach them.
fn is_rota(table: &Table) -> bool {
    let counted = |row: &crate::document::Row| {
        row.cells.first().is_some_and(|c| c.plain.bytes().any(|b| b.is_ascii_digit()) && !addresses(&c.plain).any())
    };
    !table.rows.is_empty() && table.rows.iter().all(counted)
}

fn of_table(reading: &Reading<'_>, section: SectionId, table: &Table) -> Vec<Contact> {
    let heads = reading.heads(table);
    let at = |wanted: &[Header]| wanted.iter().find_map(|w| heads.iter().position(|h| *h == Some(*w)));
    let ways = heads.iter().flatten().any(|h| is_way(*h));
    let contact_column = at(&[Header::Contact]);
    let in_contacts = about_contacts(reading, section) == Some(Role::Contacts);
    let other = at(&[Header::Metric, Header::Command, Header::Url, Header::Fix, Header::Cadence]).is_some();
    // Whom to call for which severity, and by which channel, is a matter of escalation.
    let people = heads.iter().flatten().any(|h| matches!(h, Header::Phone | Header::Email | Header::Name));
    let other = other || !ways && is_rota(table) || !people && super::severities::passes_on(&heads, false);
    if other || !(ways || (contact_column.is_some() && (in_contacts || at(&[Header::Role, Header::Name]).is_some()))) {
        return Vec::new();
    }
    let name_column = at(&[Header::Name]);
    let role_column =
        at(&[Header::Role, Header::Service, Header::Who, Header::Responsibility, Header::Level, Header::Task]);
    let role_column = role_column.or_else(|| (name_column != Some(0)).then_some(0));
    let mut found = Vec::new();
    for row in &table.rows {
        let cell = |at: Option<usize>| at.and_then(|n| row.cells.get(n)).map_or("", |c| c.plain.trim());
        let mut said = Address::default();
        for (n, cell) in row.cells.iter().enumerate() {
            let text = cell.plain.trim();
            if Some(n) == role_column || Some(n) == name_column || is_open(text) {
                continue;
            }
            match heads.get(n).copied().flatten() {
                Some(Header::Phone) => said.phone = said.phone.take().or_else(|| address::phone_cell(text)),
                Some(Header::Email) => said.email = said.email.take().or_else(|| addresses(text).email),
                Some(Header::Channel) => {
                    let words = text.split_whitespace().count() <= 3 && !text.contains("://");
                    let channel = addresses(text).channel.or_else(|| words.then(|| text.to_string()));
                    said.channel = said.channel.take().or(channel.filter(|c| !c.is_empty()));
                }
                Some(Header::Response | Header::Resolution | Header::Availability | Header::Zone | Header::After) => {}
                _ => said.add(addresses(text)),
            }
        }
        let named = [cell(name_column), if name_column.is_some() { "" } else { cell(contact_column) }];
        let name = named.into_iter().find(|n| !n.is_empty() && !is_open(n) && !addresses(n).any()).map(str::to_string);
        let name = name.or_else(|| name_in(cell(contact_column)).filter(|_| name_column.is_none()));
        let role = Some(cell(role_column)).filter(|r| !r.is_empty() && !is_open(r)).map(str::to_string);
        let nobody = role.is_none() && name.is_none();
        if !(nobody || (!in_contacts && !said.any())) {
            found.push(contact(role, name, &said, row.line));
        }
    }
    found
}

//! Playbooks: the sections about one kind of trouble, with its signs, what to look at, what to do and how to see that
//! it helped. Commands are named by their line.

use super::Reading;
use crate::document::{Block, BlockKind, Inline, Section, SectionId, SectionKind};
use crate::fold::{folded, is_wide};
use crate::lexicon::{Header, Role, lexicon, roles};
use crate::model::{Condition, Line, Playbook, Risk};

/// What is known of a command when playbooks are made.
pub struct Ran<'a> {
    pub line: Line,
    pub section: SectionId,
    pub risk: Risk,
    /// A script or program that nobody knows: its risk is a precaution.
    pub unknown: bool,
    pub comment: Option<&'a str>,
    /// From the comment above it: "If database issues".
    pub condition: Option<&'a str>,
}

/// The parts that make a section a playbook when two of them stand in it.
const PARTS: [Role; 4] = [Role::Symptoms, Role::Diagnose, Role::Remediate, Role::Verify];

pub fn playbooks(reading: &Reading<'_>, commands: &[Ran<'_>]) -> Vec<Playbook> {
    let count = reading.document.sections.len();
    let led: Vec<bool> = (0..count).map(|id| is_led(reading, id) && has_body(reading, id)).collect();
    let parts: Vec<bool> = (0..count).map(|id| has_parts(reading, id)).collect();
    // A title that only groups ("Common incidents") has its playbooks below it.
    let below = |flags: &[bool]| -> Vec<bool> {
        let mut below = vec![false; count];
        for id in (1..count).rev() {
            if let Some(parent) = reading.document.sections[id].parent {
                below[parent] |= below[id] || flags[id];
            }
        }
        below
    };
    let troubles: Vec<bool> = (0..count).map(|id| is_trouble(reading, id, commands)).collect();
    let (led_below, parts_below, troubles_below) = (below(&led), below(&parts), below(&troubles));
    let mut found = Vec::new();
    let mut id = 1;
    while id < count {
        let bare = troubles[id] && !led_below[id] && !parts_below[id] && !troubles_below[id];
        let chosen = led[id] && !led_below[id] || parts[id] && !led_below[id] && !parts_below[id] || bare;
        if chosen && !reading.sets_nothing(id) {
            found.push(build(reading, id, commands));
            // What stands inside a playbook is a part of it.
            id = reading.end(id);
        } else {
            id += 1;
        }
    }
    found
}

/// "Scenario 2: …", "Playbook: …", "\"Disk full\" alert": what the title begins or ends with says it.
fn is_led(reading: &Reading<'_>, id: SectionId) -> bool {
    let section = &reading.document.sections[id];
    if !matches!(section.kind, SectionKind::Heading(_) | SectionKind::Bold)
        || !reading.own(id).contains(&Role::Playbook)
    {
        return false;
    }
    let name = section.name.trim();
    let quoted = name.starts_with(['"', '“', '「', '„', '«', '`']);
    let first = name.split_whitespace().next().unwrap_or("");
    let numbered = roles(first).contains(&Role::Playbook)
        && name
            .split_whitespace()
            .nth(1)
            .is_some_and(|w| w.trim_end_matches([':', '.', '-', '–', '—']).parse::<u32>().is_ok());
    let divided = name
        .split_once([':', '：', '–', '—'])
        .is_some_and(|(lead, rest)| roles(lead).contains(&Role::Playbook) && !rest.trim().is_empty());
    // `场景1`, `障害2`: the number stands right behind the word, without a space.
    let bare = name.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ' | '、'));
    let glued = bare.find(|c: char| c.is_ascii_digit()).map(|at| bare[..at].trim()).is_some_and(|lead| {
        lead.chars().count() <= 6 && lead.ends_with(is_wide) && roles(lead).contains(&Role::Playbook)
    });
    !is_step(name) && (quoted || numbered || divided || glued)
}

/// "Step 2: incident report" is a part of how everything is answered.
fn is_step(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
    const STEPS: [&str; 9] = ["step", "phase", "schritt", "étape", "paso", "fase", "etapa", "шаг", "этап"];
    STEPS.contains(&first.trim_end_matches([':', '.']))
}

/// In languages that put it last, what a title is about stands at its end: `Redis 障害（P1）`, and not `障害の記録`.
fn ends_in_trouble(name: &str) -> bool {
    let name = name.split(['(', '（', '[', '【']).next().unwrap_or_default().trim();
    let folded = folded(name);
    let last = lexicon().trouble.all(&folded).pop();
    last.is_some_and(|(range, ())| range.end == folded.len() && range.start > 0 && folded.ends_with(is_wide))
}

/// What says that a title is about many troubles, folded.
const GROUPS: [&str; 18] = [
    "common",
    "known",
    "typical",
    "frequent",
    "haufig",
    "bekannt",
    "typisch",
    "courant",
    "connu",
    "comun",
    "conocid",
    "conhecid",
    "част",
    "типов",
    "известн",
    "常见",
    "よくある",
    "자주",
];

/// "Service outage": a heading that is the name of a trouble and nothing else, with commands of which one changes
/// something. A group of troubles, a routine and the general procedure have such names too.
fn is_trouble(reading: &Reading<'_>, id: SectionId, commands: &[Ran<'_>]) -> bool {
    const WORDS_MAX: usize = 6;
    let section = &reading.document.sections[id];
    let SectionKind::Heading(level) = section.kind else { return false };
    let name = folded(&section.name);
    let words: Vec<&str> = name.split_whitespace().collect();
    // "Common problems", "Known issues", "Errors"; a table of what is wrong and what helps.
    let plural = words.last().is_some_and(|w| w.ends_with('s') && lexicon().trouble.whole(w).is_some());
    let table = |b: &Block| match &b.kind {
        BlockKind::Table(table) => reading.heads(table).contains(&Some(Header::Issue)),
        _ => false,
    };
    let many = plural || GROUPS.iter().any(|w| name.contains(w)) || reading.blocks(id).iter().any(table);
    // A failover is done on purpose.
    let planned = name.contains("failover") || name.contains("fail-over");
    if level < 2 || words.len() > WORDS_MAX || many || planned || lexicon().trouble.first(&name).is_none() {
        return false;
    }
    // Something in the title or above says what it is instead.
    let named = reading.own(id).iter().any(|r| !matches!(r, Role::Playbook | Role::Symptoms));
    let about = [Role::Playbook, Role::Symptoms, Role::Remediate, Role::Diagnose];
    let other = reading.around(id).any(|at| {
        let emergency = at != id && level >= 3;
        reading.own(at).iter().any(|r| !(about.contains(r) || emergency && *r == Role::Response))
    });
    // `障害` in the middle of a title only tells what kind of record or meeting it is.
    let wide = section.name.contains(is_wide) && !ends_in_trouble(&section.name);
    let sub = reading.children(id).any(|c| matches!(reading.document.sections[c].kind, SectionKind::Heading(_)));
    !named
        && !other
        && !sub
        && !wide
        && !is_step(&section.name)
        && within(commands, section).iter().any(|c| c.risk > Risk::Read)
}

/// Two parts of a playbook stand directly below. A routine has parts too, and so has the general procedure.
fn has_parts(reading: &Reading<'_>, id: SectionId) -> bool {
    let routine =
        reading.nearest(id, 0, &[Role::Schedule, Role::Deploy, Role::Response, Role::Checklist, Role::Remediate]);
    let own = reading.own(id);
    // The title of the whole document, with chapters below it.
    let whole = reading.document.sections[id].kind == SectionKind::Heading(1)
        && reading.children(id).any(|c| reading.children(c).next().is_some());
    if whole
        || id == 0
        || own.contains(&Role::Schedule)
        || matches!(routine, Some(Role::Schedule | Role::Deploy | Role::Checklist))
        || !matches!(reading.document.sections[id].kind, SectionKind::Heading(_) | SectionKind::Bold)
    {
        return false;
    }
    let mut parts: Vec<Role> = Vec::new();
    for child in reading.children(id) {
        parts.extend(PARTS.iter().filter(|p| reading.own(child).contains(p)));
    }
    for (label, _, _) in labelled(reading, id) {
        let said = roles(&label);
        parts.extend(PARTS.iter().filter(|p| said.contains(p)));
    }
    parts.sort_unstable();
    parts.dedup();
    // "P1 response procedure" is how everything is answered, unless it has signs of its own.
    let general = own.contains(&Role::Response) || !reading.levels(id).is_empty();
    parts.len() >= 2 && (!general || parts.contains(&Role::Symptoms))
}

fn has_body(reading: &Reading<'_>, id: SectionId) -> bool {
    reading.blocks(id).iter().any(|b| !matches!(b.kind, BlockKind::Title | BlockKind::Break))
}

/// `**Symptoms**: slow answers`: label, text and line of such lines that stand directly in a section.
fn labelled(reading: &Reading<'_>, id: SectionId) -> Vec<(String, String, Line)> {
    let mut found = Vec::new();
    let mut take = |inline: &Inline| {
        if let Some((label, rest)) =
            inline.lead().or_else(|| inline.plain.split_once([':', '：']).filter(|(l, _)| l.chars().count() <= 40))
        {
            let rest = rest.trim_start_matches([':', '：', ' ', '-', '–', '—']).trim();
            if !rest.is_empty() {
                found.push((label.trim_end_matches([':', '：']).to_owned(), rest.to_owned(), inline.line));
            }
        }
    };
    for block in reading.blocks(id).iter().filter(|b| b.section == id) {
        match &block.kind {
            BlockKind::Paragraph(lines) => lines.iter().for_each(&mut take),
            BlockKind::Item(item) => item.text.iter().take(1).for_each(&mut take),
            _ => {}
        }
    }
    found
}

fn build(reading: &Reading<'_>, id: SectionId, commands: &[Ran<'_>]) -> Playbook {
    let document = reading.document;
    let section = &document.sections[id];
    let mut playbook = Playbook {
        name: section.name.clone(),
        symptoms: Vec::new(),
        conditions: Vec::new(),
        investigation: Vec::new(),
        resolution: Vec::new(),
        verification: Vec::new(),
        line: section.line,
    };
    for (label, text, _) in labelled(reading, id) {
        if roles(&label).contains(&Role::Symptoms) {
            playbook.symptoms.extend(split_symptoms(&text));
        }
    }
    for block in reading.blocks(id).iter().filter(|b| b.section != id) {
        if reading.nearest(
            block.section,
            id,
            &[Role::Symptoms, Role::Diagnose, Role::Remediate, Role::Verify, Role::Causes],
        ) != Some(Role::Symptoms)
        {
            continue;
        }
        match &block.kind {
            BlockKind::Item(item) => {
                playbook.symptoms.push(item.text.iter().map(|l| l.plain.as_str()).collect::<Vec<_>>().join(" "))
            }
            BlockKind::Paragraph(lines) => {
                playbook.symptoms.extend(lines.iter().flat_map(|l| split_symptoms(&l.plain)))
            }
            _ => {}
        }
    }
    let commands = within(commands, section);
    for child in id + 1..reading.end(id) {
        if reading.is_condition(child) {
            let inner = &document.sections[child];
            let lines = within(commands, inner).iter().map(|c| c.line).collect();
            playbook.conditions.push(Condition { text: inner.name.clone(), line: inner.line, commands: lines });
        }
    }
    let mut acted = false;
    let last_act = commands.iter().filter(|c| c.risk > Risk::Read).map(|c| c.line).max();
    for command in commands {
        if let Some(text) = command.condition.map(unnumbered) {
            match playbook.conditions.last_mut().filter(|c| c.text == text) {
                Some(open) => open.commands.push(command.line),
                None => playbook.conditions.push(Condition {
                    text: text.to_owned(),
                    line: command.line,
                    commands: vec![command.line],
                }),
            }
        }
        let said =
            reading.nearest(command.section, id, &[Role::Diagnose, Role::Remediate, Role::Verify, Role::Rollback]);
        let comment_verifies = command.comment.is_some_and(|c| roles(c).contains(&Role::Verify));
        let part = match said {
            Some(Role::Diagnose) => Role::Diagnose,
            Some(Role::Verify) if command.risk > Risk::Read && !command.unknown => Role::Remediate,
            Some(Role::Verify) => Role::Verify,
            Some(_) if comment_verifies && command.risk == Risk::Read => Role::Verify,
            Some(_) => Role::Remediate,
            // Nothing says it: looking comes first, then what changes something, then looking again.
            None if command.risk > Risk::Read => Role::Remediate,
            None if acted && comment_verifies => Role::Verify,
            None if acted && last_act.is_some_and(|last| last > command.line) => Role::Diagnose,
            None if acted => Role::Verify,
            None => Role::Diagnose,
        };
        acted |= part == Role::Remediate;
        match part {
            Role::Diagnose => playbook.investigation.push(command.line),
            Role::Verify => playbook.verification.push(command.line),
            _ => playbook.resolution.push(command.line),
        }
    }
    playbook
}

/// Those that stand in a section; commands are in the order of their lines.
fn within<'c, 'a>(commands: &'c [Ran<'a>], section: &Section) -> &'c [Ran<'a>] {
    let from = commands.partition_point(|c| c.line < section.line);
    let to = commands.partition_point(|c| c.line <= section.last);
    &commands[from..to.max(from)]
}

/// "2. If the database is slow, restart it" without its number and without what is then done.
fn unnumbered(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = if rest.len() < text.len() { rest.trim_start_matches(['.', ')', ':', ' ']) } else { text };
    match text.split_once([',', '，', '、', ':', '：']) {
        Some((condition, _)) if super::rules::begins_with_condition(condition) => condition,
        _ => text,
    }
}

/// "Slow answers, time-outs" are two signs; a comma inside parentheses divides nothing.
fn split_symptoms(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0i32;
    for c in text.chars() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth -= 1,
            ',' | ';' | '、' | '，' | '；' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.into_iter().map(|p| p.trim().trim_end_matches(['.', '。']).to_owned()).filter(|p| !p.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    /// The names of the playbooks that a document has.
    fn names(text: &str) -> Vec<String> {
        let import = crate::import(text.as_bytes()).unwrap();
        import.runbook.playbooks.into_iter().map(|p| p.name).collect()
    }

    #[test]
    fn a_heading_that_names_a_trouble_over_what_mends_it_is_a_playbook() {
        for (text, expected) in [
            (
                "# Ledger\n\n## Service Outage\n\n- Look: `systemctl status ledger`\n- Mend: `systemctl restart ledger`\n",
                &["Service Outage"][..],
            ),
            (
                "# Ledger\n\n## Ausfall der Datenbank\n\n```bash\nsystemctl restart postgresql\n```\n",
                &["Ausfall der Datenbank"],
            ),
            (
                "# 店\n\n## 7. 应急响应\n\n### 7.2 Redis故障 (P1)\n\n```bash\nsystemctl restart redis\n```\n",
                &["Redis故障 (P1)"],
            ),
            (
                "# Ledger\n\n## Emergency response\n\n### Database down\n\n```bash\nsystemctl restart postgresql\n```\n",
                &["Database down"],
            ),
            // The word only tells what kind of record it is; a step; a severity.
            ("# 가게\n\n## 절차\n\n### 1.1 장애 접수\n\n```bash\nsystemctl restart shop\n```\n", &[]),
            ("# 가게\n\n## 절차\n\n### Step 2: 장애 전파\n\n```bash\nsystemctl restart shop\n```\n", &[]),
            (
                "# 店\n\n## 事件分级\n\n### P0 - 紧急事件\n\n响应时间: 5分钟\n\n### P1 - 普通事件\n\n响应时间: 1小时\n",
                &[],
            ),
            // Nothing is mended, a group, a routine, the general procedure.
            ("# Ledger\n\n## Service Outage\n\n```bash\nsystemctl status ledger\n```\n", &[]),
            (
                "# Lager\n\n## Störungen im Überblick\n\n| Problem | Lösung | Befehl |\n|---|---|---|\n| hängt | neu | `systemctl restart lager` |\n",
                &[],
            ),
            ("# 倉庫\n\n## よくある障害\n\n```bash\nsystemctl restart souko\n```\n", &[]),
            ("# Ledger\n\n## Switchover and failover\n\n```bash\npg_ctl promote\n```\n", &[]),
            ("# Ledger\n\n## Common Problems\n\n```bash\nsystemctl restart ledger\n```\n", &[]),
            ("# Ledger\n\n## Weekly error report\n\n```bash\n./report.sh --send\n```\n", &[]),
            ("# Ledger\n\n## Incident response\n\n```bash\nsystemctl restart ledger\n```\n", &[]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }
}

//! Commands in code spans: in steps, bullets, action cells, and in sentences that say to run them.
//!
//! A mention is not a command: a file, a setting, a port, a program that something else runs. A command that the
//! sentence forbids is a prohibition.

use super::mention::{self, Candidate};
use super::phrases::{self, phrases};
use super::{Around, Before, Commands, Found, Prohibition, Role, notes, shape, sure};
use crate::document::{Block, BlockKind, Document, Inline, Item, Row, SectionKind, SpanKind, Table};
use crate::model::Line;
use crate::shell::Tongue;
use std::ops::Range;
use std::sync::Arc;

/// Where a code span stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// A bullet or a step.
    Item,
    Sentence,
    /// A heading: it names more often than it asks.
    Heading,
    /// A cell, and whether its column is for commands or for what is wrong.
    Cell {
        action: bool,
        problem: bool,
    },
}

pub fn read(block: &Block, doc: &Document, around: &Around, _before: &Before, out: &mut Commands) {
    let reader = Reader { section: block.section, around, role: around.role(block.section) };
    match &block.kind {
        BlockKind::Title => {
            let section = &doc.sections[block.section];
            let bold = matches!(section.kind, SectionKind::Bold | SectionKind::Lead);
            let place = if bold { Place::Sentence } else { Place::Heading };
            reader.flow(&Flow::of(std::slice::from_ref(&section.title)), place, None, out);
        }
        BlockKind::Paragraph(lines) => {
            reader.flow(&Flow::of(lines), Place::Sentence, None, out);
            reader.bare(lines, false, out);
        }
        BlockKind::Item(Item { text, .. }) => {
            reader.flow(&Flow::of(text), Place::Item, None, out);
            reader.bare(text, true, out);
        }
        BlockKind::Table(table) => reader.table(table, out),
        _ => {}
    }
}

/// Lines of text as one, with the code spans in it.
struct Flow {
    text: String,
    codes: Vec<(Range<usize>, Line)>,
}

impl Flow {
    fn of(lines: &[Inline]) -> Flow {
        let mut flow = Flow { text: String::new(), codes: Vec::new() };
        for line in lines {
            if !flow.text.is_empty() {
                flow.text.push(' ');
            }
            let from = flow.text.len();
            flow.text.push_str(&line.plain);
            // Code inside a link names a document.
            let linked = |r: &Range<usize>| {
                line.spans
                    .iter()
                    .any(|s| matches!(s.kind, SpanKind::Link(_)) && s.range.start <= r.start && r.end <= s.range.end)
            };
            let links = line.spans.iter().any(|s| matches!(s.kind, SpanKind::Link(_)));
            for span in line.spans.iter().filter(|s| s.kind == SpanKind::Code) {
                if links && linked(&span.range) {
                    continue;
                }
                flow.codes.push((from + span.range.start..from + span.range.end, line.line));
            }
        }
        flow
    }

    /// The sentence around a code span, as far as it is near: what is far away says nothing, and costs time.
    fn sentence(&self, code: &Range<usize>) -> Range<usize> {
        const NEAR: usize = 300;
        let text = &self.text;
        let mut from = code.start.saturating_sub(NEAR);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let mut to = (code.end + NEAR).min(text.len());
        while !text.is_char_boundary(to) {
            to -= 1;
        }
        let in_code = |at: usize| {
            let next = self.codes.partition_point(|c| c.0.end <= at);
            self.codes.get(next).is_some_and(|c| c.0.start <= at)
        };
        let ends = |at: usize, c: char| {
            let after = &text[at + c.len_utf8()..];
            (matches!(c, '。' | '！' | '？')
                || matches!(c, '.' | '!' | '?') && (after.starts_with(' ') || after.is_empty()))
                && !in_code(at)
        };
        let start = text[from..code.start]
            .char_indices()
            .rev()
            .find(|(i, c)| ends(from + i, *c))
            .map_or(from, |(i, c)| from + i + c.len_utf8());
        let end = text[code.end..to]
            .char_indices()
            .find(|(i, c)| ends(code.end + i, *c))
            .map_or(to, |(i, c)| code.end + i + c.len_utf8());
        start..end
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Run,
    Never,
    Mention,
}

struct Reader<'a> {
    section: usize,
    around: &'a Around<'a>,
    role: Role,
}

impl Reader<'_> {
    fn flow(&self, flow: &Flow, place: Place, beside: Option<&str>, out: &mut Commands) {
        let mut before = 0;
        let mut verdict = None;
        let alone = only_codes(flow);
        for (index, (range, line)) in flow.codes.iter().enumerate() {
            let head = &flow.text[before..range.start];
            let next = flow.codes.get(index + 1).map_or(flow.text.len(), |c| c.0.start);
            let tail = &flow.text[range.end..next];
            before = range.end;
            let code = flow.text[range.clone()].trim();
            // A new sentence is judged anew.
            if sentence_ends(head) {
                verdict = None;
            }
            let this = self.verdict(head, tail, place, verdict, alone);
            verdict = Some(this);
            let around = flow.sentence(range);
            let sentence = &flow.text[around.clone()];
            // A step that is nothing else.
            let step = alone && place == Place::Item;
            let Some(candidate) = self.candidate(code, sentence, place, head, this, step) else { continue };
            let whole = flow.text[around.clone()].trim();
            if this == Verdict::Never || self.role.forbidden {
                let (text, sentence) = (candidate.text, whole.to_owned());
                out.prohibitions.push(Prohibition { line: *line, text, sentence, section: self.section });
                continue;
            }
            if this == Verdict::Mention || self.role.form {
                continue;
            }
            let first = flow.codes[0].0.start;
            let option = option_behind(tail);
            let tail_says = if option.is_some() { "" } else { tail };
            let comment = beside.map(str::to_owned).filter(|_| option.is_some());
            let comment = comment.or_else(|| comment_of(flow, around, first.min(range.start), head, tail_says));
            let comment = comment.or_else(|| beside.map(str::to_owned));
            let result = tail.trim_start_matches([' ', '—', '–', '-', ',', ';', ':', '→', '=']).trim();
            let expectation = (notes::expectation(result).is_some()
                || tail.trim_start().starts_with(['→', '⇒']) && option.is_none())
            .then(|| result.trim_end_matches('.').to_owned())
            .filter(|r| r.split_whitespace().count() >= 2 || !r.is_empty() && !r.is_ascii());
            let condition = notes::condition(whole).filter(|_| place != Place::Cell { action: true, problem: false });
            out.found.push(self.found(*line, candidate, comment, option, expectation, condition));
        }
    }

    fn found(
        &self,
        line: Line,
        candidate: Candidate,
        comment: Option<String>,
        option: Option<String>,
        expectation: Option<String>,
        condition: Option<String>,
    ) -> Found {
        let comment = match (&comment, &option) {
            (Some(c), Some(o)) => Some(format!("{c}\n{o}")),
            (None, Some(o)) => Some(o.clone()),
            _ => comment,
        };
        Found {
            line,
            line_end: line,
            text: candidate.text,
            lang: None,
            section: self.section,
            comment,
            tongue: candidate.tongue,
            assigned: Arc::from(Vec::new()),
            session: None,
            unit: None,
            alternative: None,
            condition,
            option,
            inline: true,
            expectation,
            problem: None,
        }
    }

    /// What the words around a code span say to do with it.
    fn verdict(&self, head: &str, tail: &str, place: Place, before: Option<Verdict>, alone: bool) -> Verdict {
        let list = phrases();
        let head = head.to_lowercase();
        let clause = mention::last_clause(&head);
        let rest = mention::first_clause(tail).to_lowercase();
        if head.contains(['❌', '🚫', '⛔', '🛑']) || mention::forbids(clause) || phrases::any(&rest, &list.never_after)
        {
            return Verdict::Never;
        }
        let mut words = mention::without_fillers(clause);
        // "Look at the queue (`x`)": the words before the bracket say what it is there for.
        let framed = tail.trim_start().starts_with([')', '）', ',']);
        if let Some(outside) = head.trim_end().strip_suffix(['(', '（']).filter(|_| framed) {
            words = mention::without_fillers(mention::last_clause(outside.trim_end()));
            if place == Place::Sentence && phrases::any(words, &list.run) && !phrases::any(words, &list.told) {
                return Verdict::Run;
            }
        }
        if phrases::ends(words, &list.told) || mention::passive(clause.trim_end()) {
            return Verdict::Mention;
        }
        // "`a` or `b`", "`a`, then `b`": as the one before.
        if words.is_empty()
            && !head.trim().is_empty()
            && let Some(before) = before
        {
            return before;
        }
        if words.is_empty()
            && head.trim().is_empty()
            && let Some(before) = before
        {
            return before;
        }
        match place {
            Place::Item | Place::Cell { .. } => {
                let said = phrases::ends(words, &list.run) || mention::orders(words);
                if !said && mention::spoken_of(&head, clause, tail) { Verdict::Mention } else { Verdict::Run }
            }
            Place::Heading => {
                let told = clause.trim_end().ends_with([':', '：']) || mention::orders(words);
                if told { Verdict::Run } else { Verdict::Mention }
            }
            Place::Sentence => {
                let colon = clause.trim_end().ends_with([':', '：']);
                let said = phrases::ends(words, &list.run) || mention::orders(words);
                // "`x` – shows what is open": the code leads, its meaning follows.
                let leads = head.trim().is_empty()
                    && before.is_none()
                    && (tail.trim_start().starts_with(['—', '–', '-', ':', '→', '：']) || mention::explains(tail));
                let behind = list.run_after.iter().any(|p| rest.trim_start().starts_with(p.as_str()));
                if alone || leads || colon || said || behind || mention::purpose(mention::last_sentence(&head)) {
                    Verdict::Run
                } else {
                    Verdict::Mention
                }
            }
        }
    }

    /// The code as a command, if it has the form of one here.
    fn candidate(
        &self,
        code: &str,
        sentence: &str,
        place: Place,
        head: &str,
        verdict: Verdict,
        step: bool,
    ) -> Option<Candidate> {
        let server = |statement: &str| {
            super::sql::own(statement)
                .or_else(|| super::sql::named(sentence))
                .or(self.role.server)
                .or(self.around.server)
        };
        let redis = self.role.redis || phrases::any(&sentence.to_lowercase(), &phrases().redis);
        let candidate = mention::candidate(code, &self.around.own, server, redis)?;
        let clause = mention::last_clause(head).to_lowercase();
        let words = mention::without_fillers(&clause);
        let ordered = phrases::ends(words, &phrases().run) || mention::orders(words);
        let colon = clause.trim_end().ends_with([':', '：', '→']);
        let fits = match (place, candidate.strength) {
            // What lists say is needed is not run.
            _ if self.role.needs && verdict != Verdict::Never => {
                ordered && candidate.strength == mention::Strength::Full
            }
            (Place::Cell { problem: true, .. }, _) => false,
            (Place::Cell { action, .. }, mention::Strength::Full) => action || candidate.tongue == Tongue::Shell,
            (Place::Cell { action, .. }, _) => action,
            (_, mention::Strength::Full) => true,
            (_, mention::Strength::Alone) => ordered || colon || verdict == Verdict::Never,
            // A path without operands is named more often than run.
            (_, mention::Strength::Script) => {
                let named = phrases::any(&clause, &phrases().names_file);
                mention::orders(words) && !named || (colon || step) && !named && code.starts_with("./")
            }
        };
        fits.then_some(candidate)
    }

    fn table(&self, table: &Table, out: &mut Commands) {
        let list = phrases();
        let heads: Vec<String> = table
            .head
            .iter()
            .map(|h| h.plain.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
            .collect();
        let action = |head: &str| phrases::is(head, &list.action_column) || phrases::any(head, &list.action_column);
        let places: Vec<Place> = heads
            .iter()
            .map(|h| {
                let problem = phrases::any(h, &list.problem_column) && !phrases::is(h, &list.action_column);
                Place::Cell { action: action(h) && !problem, problem }
            })
            .collect();
        for row in &table.rows {
            for (at, cell) in row.cells.iter().enumerate() {
                let place = places.get(at).copied().unwrap_or(Place::Cell { action: false, problem: false });
                let beside = beside(row, at);
                // A column for commands may hold one that is not marked as code.
                let unmarked = place == Place::Cell { action: true, problem: false } && cell.codes().next().is_none();
                if unmarked && !self.role.forbidden && !self.role.form && typed(cell.plain.trim()) {
                    let text = cell.plain.trim().to_owned();
                    let candidate = Candidate { text, tongue: Tongue::Shell, strength: mention::Strength::Full };
                    out.found.push(self.found(cell.line, candidate, beside, None, None, None));
                    continue;
                }
                self.flow(&Flow::of(std::slice::from_ref(cell)), place, beside.as_deref(), out);
            }
        }
    }

    /// Text that is nothing but a command, though it is not marked as code: behind a prompt, or with options.
    fn bare(&self, lines: &[Inline], item: bool, out: &mut Commands) {
        if self.role.form || self.role.needs {
            return;
        }
        for (index, line) in lines.iter().enumerate() {
            if !line.spans.is_empty() {
                continue;
            }
            let text = line.plain.trim();
            let prompt = text.strip_prefix("$ ").map(str::trim);
            let typed = match prompt {
                Some(typed) => sure::strong(typed, &self.around.own).then_some(typed),
                None => (item && index == 0 && lines.len() == 1 && typed(text)).then_some(text),
            };
            let Some(typed) = typed else { continue };
            let candidate =
                Candidate { text: typed.to_owned(), tongue: Tongue::Shell, strength: mention::Strength::Full };
            if self.role.forbidden {
                let sentence = text.to_owned();
                out.prohibitions.push(Prohibition {
                    line: line.line,
                    text: candidate.text,
                    sentence,
                    section: self.section,
                });
            } else {
                out.found.push(self.found(line.line, candidate, None, None, None, None));
            }
        }
    }
}

/// Unmarked text that can only be a command line: a known program with an option, or behind `sudo`.
fn typed(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some((first, rest)) = words.split_first() else { return false };
    let option = rest.iter().any(|w| {
        w.len() > 1 && w.starts_with('-') && w[1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
    });
    let prose = || shape::sentence("", rest) || rest.iter().any(|w| w.ends_with([',', '.', ':', ';']) && *w != ".");
    (option || *first == "sudo" && rest.len() >= 2)
        && !super::tools::is_ordinary(first)
        && !prose()
        && sure::strong(text, &shape::Own::new())
        && rest.iter().all(|w| !super::phrases::is(&w.to_lowercase(), &phrases().sentence))
}

/// Nothing but code and what separates it.
fn only_codes(flow: &Flow) -> bool {
    let mut at = 0;
    let mut rest = String::new();
    for (range, _) in &flow.codes {
        rest.push_str(&flow.text[at..range.start]);
        at = range.end;
    }
    rest.push_str(&flow.text[at..]);
    !flow.codes.is_empty() && !rest.chars().any(char::is_alphanumeric)
}

fn sentence_ends(head: &str) -> bool {
    head.trim_end_matches(' ').char_indices().any(|(at, c)| {
        matches!(c, '。' | '！' | '？')
            || matches!(c, '.' | '!' | '?' | ';') && head[at + c.len_utf8()..].starts_with(' ')
    })
}

/// What the words beside the code say of it: those before a colon, or else the whole, with the code left out.
fn comment_of(flow: &Flow, around: Range<usize>, first: usize, head: &str, tail: &str) -> Option<String> {
    let first = if first <= 240 { &flow.text[..first] } else { "" };
    let clean = |text: &str| {
        let text = text.trim().trim_start_matches(['-', '–', '—', '→', ',', ';', ')', ':', '.']).trim_start();
        let text = text.trim_end_matches([':', '：', '→', '-', '–', '—', '(', ',', ' ']).trim_end();
        (text.chars().filter(|c| c.is_alphabetic()).count() >= 2).then(|| text.to_owned())
    };
    let colon = |text: &str| text.trim_end().ends_with([':', '：', '→', '–', '—']);
    let silent = !tail.chars().any(char::is_alphabetic);
    if colon(head) {
        return clean(head).or_else(|| clean(first));
    }
    if colon(first) {
        return clean(first);
    }
    if silent
        && let Some(head) = clean(head)
        && (head.split_whitespace().count() > 2 || !head.is_ascii())
    {
        return Some(head);
    }
    let mut whole = String::new();
    let mut at = around.start;
    let next = flow.codes.partition_point(|c| c.0.start < around.start);
    for (range, _) in flow.codes[next..].iter().take_while(|c| c.0.end <= around.end) {
        whole.push_str(&flow.text[at..range.start]);
        whole.push('…');
        at = range.end;
    }
    whole.push_str(&flow.text[at..around.end]);
    clean(whole.trim_matches(['…', ' ', '.', '。']))
}

/// "→ Option 3": what a menu is to be told.
fn option_behind(tail: &str) -> Option<String> {
    let text = tail.trim().trim_start_matches(['→', '>', '-', '–', '—', ',', '(', ' ']).trim_end_matches([')', '.']);
    let short = text.chars().count() <= 60;
    let numbered = || {
        phrases::begins(&text.to_lowercase(), &phrases().option)
            .is_some_and(|r| r.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    };
    (short && (notes::option(text).is_some() || numbered())).then(|| text.to_owned())
}

/// The nearest cell with words: the one before, else the one behind.
fn beside(row: &Row, at: usize) -> Option<String> {
    let words = |cell: &Inline| {
        let text = cell.plain.trim();
        (text.chars().any(char::is_alphabetic) && cell.codes().next().is_none()).then(|| text.to_owned())
    };
    row.cells[..at].iter().rev().find_map(words).or_else(|| row.cells[at + 1..].iter().find_map(words))
}

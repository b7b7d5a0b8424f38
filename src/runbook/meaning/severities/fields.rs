//! What the lines around a level say of it: times to answer and to mend, told apart by the words beside them, and what
//! it means. Reads single lines; where they stand is for the caller to know.

use super::Draft;
use crate::fold::key;
use crate::grammar::duration::{self, Dur};
use crate::lexicon::{Header, header};

/// `Response time: 15 minutes`, `Definition: …` below a title.
pub fn field(draft: &mut Draft, plain: &str) {
    // Several in one line: "Respond: within 10 minutes. Fix: within 1 hour."
    if plain.matches([':', '：']).count() > 1 && duration::find(plain).len() > 1 {
        return times(draft, plain);
    }
    let Some((label, value)) = plain.split_once([':', '：']) else {
        if draft.description.is_none() && duration::find(plain).is_empty() {
            draft.description = Some(plain.trim().to_owned());
        }
        return;
    };
    let value = value.trim();
    // A word that is not the name of a field must be followed by nothing but a time.
    let whole = || kind_of(&key(label)).filter(|_| duration::duration(value).is_some());
    match header(label).or_else(whole) {
        Some(Header::Response) => draft.response = draft.response.take().or_else(|| time_in(value)),
        Some(Header::Resolution) => draft.resolution = draft.resolution.take().or_else(|| time_in(value)),
        Some(Header::Description | Header::Impact | Header::Examples) if draft.description.is_none() => {
            draft.description = Some(value.to_owned())
        }
        _ => {}
    }
}

/// `# Response time: 15 minutes`: fields that are kept as the comments of a block.
pub fn noted(draft: &mut Draft, text: &str) {
    if let Some(note) = text.trim_start().strip_prefix('#')
        && let Some((label, _)) = note.split_once([':', '：'])
        && matches!(header(label), Some(Header::Response | Header::Resolution))
    {
        field(draft, note);
    }
}

/// `Response time: …`, `Resolution target: …`.
pub fn is_field(plain: &str) -> bool {
    plain
        .split_once([':', '：'])
        .is_some_and(|(label, _)| matches!(header(label), Some(Header::Response | Header::Resolution)))
}

/// Times in a sentence, told apart by the words beside them.
pub fn times(draft: &mut Draft, text: &str) {
    for part in text.split([';', '|', '.', '。', '；']).flat_map(|p| p.split([',', '，', '('])) {
        let found = duration::find(part);
        let Some((range, dur)) = found.first() else {
            at_a_moment(draft, part);
            continue;
        };
        if dur.upper_s().is_none() {
            continue;
        }
        let around = key(&format!("{} {}", &part[..range.start], &part[range.end..]));
        match kind_of(&around).or_else(|| header(&around)) {
            Some(Header::Resolution) => {
                draft.resolution.get_or_insert(dur.clone());
            }
            Some(Header::Response) => {
                draft.response.get_or_insert(dur.clone());
            }
            // Alone in its parentheses or behind its comma.
            None if around.trim().is_empty() => {
                draft.response.get_or_insert(dur.clone());
            }
            _ => {}
        }
    }
}

/// "Reaction: immediately", "Next business day": a time without a number.
fn at_a_moment(draft: &mut Draft, part: &str) {
    let part = part.trim().trim_matches([')', '(', '）', '（']);
    let (label, value) = part.split_once([':', '：']).unwrap_or(("", part));
    let Some(dur) = duration::duration(value).filter(|d| d.upper_s().is_some()) else { return };
    let label = key(label);
    let kind = if label.is_empty() { Some(Header::Response) } else { kind_of(&label).or_else(|| header(&label)) };
    match kind {
        Some(Header::Response) => {
            draft.response.get_or_insert(dur);
        }
        Some(Header::Resolution) => {
            draft.resolution.get_or_insert(dur);
        }
        _ => {}
    }
}

/// "Page within 15 minutes", the only time of a title, whatever is done by then.
pub fn bounded(rest: &str) -> Option<Dur> {
    match duration::find(rest).as_slice() {
        [(_, dur @ (Dur::UpTo(_) | Dur::Immediate))] => Some(dur.clone()),
        _ => None,
    }
}

/// The first time in a sentence that has a number: "call the team immediately" tells how, not when.
fn time_in(value: &str) -> Option<Dur> {
    let short = value.split_whitespace().count() <= 3;
    let counts = |dur: &Dur| short || *dur != Dur::Immediate;
    let first = || duration::find(value).into_iter().map(|(_, dur)| dur).find(counts);
    duration::duration(value).filter(counts).or_else(first)
}

/// The text before the sentence or parenthesis that says the times.
pub fn without_times(text: &str) -> String {
    let found = duration::find(text);
    let Some((range, _)) = found.first() else { return text.to_owned() };
    let before = &text[..range.start];
    let cut = before.rfind(['.', ';', '。', '；', '(', '（', ',', '，', '|']).map_or(0, |at| at);
    if kind_of(&key(&before[cut..])).is_none() && !before[cut..].starts_with(['(', '（']) {
        return text.to_owned();
    }
    before[..cut].trim().to_owned()
}

pub fn kind_of(around: &str) -> Option<Header> {
    let has = |words: &[&str]| words.iter().any(|w| around.contains(w));
    if has(&["resol", "fix", "behoben", "losung", "restor", "repar", "mitigat", "retabl"]) {
        Some(Header::Resolution)
    } else if has(&[
        "respon",
        "respond",
        "acknowledg",
        "answer",
        "antwort",
        "prise en charge",
        "reaktion",
        "reagier",
        "react",
        "repons",
        "respuesta",
        "resposta",
        "risposta",
        "响应",
        "対応",
        "대응",
        "응답",
        "реакц",
    ]) {
        Some(Header::Response)
    } else {
        None
    }
}

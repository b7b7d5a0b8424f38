//! What comments say about the commands around them: intent, condition, option, choice, expectation, prohibition.

use super::phrases::{self, phrases};

/// Comments that stand together above a command, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lead {
    pub text: Option<String>,
    pub condition: Option<String>,
    pub option: Option<String>,
    pub expectation: Option<String>,
    /// "Option 2: …", "Or …".
    pub choice: Option<Choice>,
    pub forbids: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One of a numbered list: all of the block belong together.
    Numbered,
    /// Instead of what stands above.
    Or,
}

pub fn lead(comments: &[String]) -> Lead {
    let mut lead = Lead::default();
    if comments.is_empty() {
        return lead;
    }
    for comment in comments {
        lead.condition = lead.condition.or_else(|| condition(comment));
        lead.option = lead.option.or_else(|| option(comment));
        lead.expectation = lead.expectation.or_else(|| expectation(comment));
        lead.choice = lead.choice.or_else(|| choice(comment));
        lead.forbids |= forbids(comment);
    }
    lead.text = Some(comments.join("\n"));
    lead
}

/// Without its number ("3. ", "Step 2: ") and signs at its start, in small letters.
fn plain(comment: &str) -> String {
    let text = comment.trim_start_matches(|c: char| !c.is_alphabetic() || c == 'ª');
    let lower = text.to_lowercase();
    for word in [
        "warning:",
        "warning -",
        "important:",
        "note:",
        "danger:",
        "caution:",
        "warning!",
        "achtung:",
        "attention :",
        "attention:",
        "atención:",
        "atenção:",
        "attenzione:",
        "внимание:",
        "警告:",
        "警告：",
        "注意:",
        "注意：",
        "주의:",
    ] {
        if let Some(rest) = lower.strip_prefix(word) {
            return rest.trim_start_matches(|c: char| !c.is_alphabetic()).to_owned();
        }
    }
    lower
}

pub fn condition(comment: &str) -> Option<String> {
    let lower = plain(comment);
    // Two letters begin many words, so a condition in them needs more behind it.
    let rest = phrases::begins(&lower, &phrases().condition)?;
    (rest.trim().chars().count() >= 3).then(|| comment.to_owned())
}

/// "Select option 7 (Show statistics)": "option 7 (Show statistics)".
pub fn option(comment: &str) -> Option<String> {
    let lower = comment.to_lowercase();
    if lower.len() != comment.len() {
        return None;
    }
    phrases().option.iter().find_map(|p| {
        let end = phrases::find(&lower, p)?;
        let rest = comment.get(end..)?.trim_start_matches([' ', ':', '#', '"', '\'']);
        let named = rest.starts_with(|c: char| c.is_ascii_digit()) || (p.contains(' ') && !rest.is_empty());
        (named && choice(comment).is_none()).then(|| rest.trim().to_owned())
    })
}

pub fn expectation(comment: &str) -> Option<String> {
    let lower = comment.trim().trim_start_matches(['=', '>', '→', '-', ' ']).to_lowercase();
    let arrow = comment.trim_start().starts_with("=>")
        || comment.trim_start().starts_with('→')
        || comment.trim_start().starts_with("->");
    (arrow || phrases::begins(&lower, &phrases().expect).is_some()).then(|| comment.trim().to_owned())
}

fn choice(comment: &str) -> Option<Choice> {
    let lower = plain(comment);
    let list = &phrases().alternative;
    let best = list.iter().filter(|p| phrases::begins_with(&lower, p).is_some()).max_by_key(|p| p.len())?;
    let rest = lower[best.len()..].trim_start();
    let numbered = rest.starts_with(|c: char| c.is_ascii_digit())
        || rest
            .split([':', ')', '.', ' ', '-'])
            .next()
            .is_some_and(|w| w.len() == 1 && w.starts_with(|c: char| c.is_ascii_alphabetic()));
    let noun = [
        "option",
        "method",
        "variant",
        "variante",
        "méthode",
        "método",
        "opción",
        "opção",
        "opzione",
        "вариант",
        "方法",
    ]
    .contains(&best.as_str());
    if numbered && (noun || best.starts_with("alternativ")) {
        return Some(Choice::Numbered);
    }
    // One letter ("o", "ou") begins sentences in other languages too: it must be a word before another one.
    (!noun && !rest.is_empty()).then_some(Choice::Or)
}

/// "Never run this in production".
pub fn forbids(comment: &str) -> bool {
    let lower = plain(comment);
    let list = phrases();
    let after = |text: &str| {
        list.forbid_verb
            .iter()
            .filter_map(|v| phrases::find(text, v).map(|at| text[at..].to_owned()))
            .min_by_key(String::len)
    };
    let pointed = |rest: &str| {
        let rest = rest.trim().trim_end_matches([':', '.', '!', '：', '。', '！']).trim();
        rest.is_empty() || phrases::any(rest, &list.points)
    };
    if phrases::any(&lower, &list.unless) {
        return false;
    }
    let Some(rest) = phrases::begins(&lower, &list.never_before) else {
        // The verb comes last: "以下のコマンドは実行しないでください".
        return phrases::any(&lower, &list.never_after)
            && phrases::any(&lower, &list.points)
            && after(&lower).is_some();
    };
    after(rest).is_some_and(|rest| pointed(&rest)) || pointed(rest) && after(rest).is_some()
}

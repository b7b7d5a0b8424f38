//! Finds the prompts of a whole block: those that a line shows by itself, and root's `#`, which may be a comment.

use super::{At, prompt};
use crate::commands::fence::Label;
use crate::commands::{shape, sure};
use crate::model::Line;

pub fn of_line(text: &str, label: Label) -> Option<(At, &str)> {
    match label {
        Label::Redis | Label::Sql(_) | Label::Shell { .. } | Label::Console | Label::Guess | Label::Mongo => {
            prompt(text)
        }
        Label::PowerShell => {
            let typed = text.strip_prefix("> ").map(|rest| (At::PowerShell, rest.trim()));
            prompt(text).map(|(at, rest)| (if at == At::Shell { At::PowerShell } else { at }, rest)).or(typed)
        }
        Label::Cmd => {
            let typed = text.strip_prefix("> ").or_else(|| text.strip_prefix('>')).map(|rest| (At::Cmd, rest.trim()));
            prompt(text).map(|(_, rest)| (At::Cmd, rest)).or(typed)
        }
        Label::Nothing => None,
    }
}

/// `# systemctl restart nginx`: root's prompt rather than a comment, where every other line has a prompt, or in a block of
/// a console in which no line stands without one.
pub fn roots<'a>(lines: &[(Line, &'a str)], prompts: &mut [Option<(At, &'a str)>], label: Label) {
    if !matches!(label, Label::Console | Label::Shell { .. } | Label::Guess) {
        return;
    }
    let some = prompts.iter().any(Option::is_some);
    let every = lines
        .iter()
        .zip(prompts.iter())
        .all(|(l, p)| p.is_some() || l.1.trim().is_empty() || l.1.trim_start().starts_with("# "));
    let own = shape::Own::new();
    let typed =
        |text: &str| sure::strong(text, &own) && !shape::sentence("", &text.split_whitespace().collect::<Vec<_>>());
    let bare = || {
        label == Label::Console
            && lines.iter().all(|l| {
                let text = l.1.trim();
                text.starts_with('#') || !sure::strong(text, &own)
            })
    };
    if !(some && every || !some && bare()) {
        return;
    }
    for (at, (_, raw)) in lines.iter().enumerate() {
        if prompts[at].is_none()
            && let Some(text) = raw.trim_start().strip_prefix("# ")
            && typed(text.trim())
        {
            prompts[at] = Some((At::Shell, text.trim()));
        }
    }
}

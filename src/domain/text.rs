//! Text from people and from alert sources, made safe to store and to show: what cannot be seen is taken out or
//! refused, what is too long is refused (people) or cut with a mark (machines). Nothing here knows a platform's
//! markup: escaping belongs to each renderer.

use crate::limits;
use crate::refusal::Refusal;

/// One line from a person: spaces and line breaks collapse, invisible controls are refused by name.
pub fn line(what: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    let cleaned = collapse(&strip(text));
    if cleaned.is_empty() {
        return Err(Refusal::Empty { what });
    }
    too_long(what, &cleaned, chars_max)?;
    Ok(cleaned)
}

/// A text of several lines from a person; may be empty.
pub fn block(what: &'static str, text: &str) -> Result<String, Refusal> {
    block_of(what, text, limits::TEXT_CHARS_MAX)
}

/// The same with a bound of its own.
pub fn block_of(what: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    let cleaned = strip(text).trim().to_string();
    too_long(what, &cleaned, chars_max)?;
    Ok(cleaned)
}

/// One line from a machine: as `line`, but cut with an ellipsis instead of refused, because an alert is never
/// refused for its looks.
pub fn line_of_machine(text: &str, chars_max: usize) -> String {
    cut(&collapse(&strip(text)), chars_max)
}

/// At most `chars_max` characters, the last one `…` where something was cut off.
pub fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_string();
    }
    let mut out: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    out.push('…');
    out
}

fn too_long(what: &'static str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    match text.chars().count() {
        n if n > chars_max => Err(Refusal::TooLong { what, chars: n, chars_max }),
        _ => Ok(()),
    }
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes out what has no look of its own and can forge one: control characters (line breaks and tabs stay),
/// bidirectional embeddings, overrides and isolates (right-to-left *letters* stay: they need none of these),
/// zero-width spaces, soft hyphens, fillers that are blank letters, the byte-order mark and tag characters.
pub(crate) fn strip(text: &str) -> String {
    // Browsers send text areas with CRLF: one line break, not two.
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| {
            !matches!(c,
                '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
                | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
                | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
                || *c == '\r'
        })
        .map(|c| if c == '\r' || c == '\u{2028}' || c == '\u{2029}' { '\n' } else { c })
        .collect::<String>()
        .replace("\n\n\n", "\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_taken_out_and_letters_of_any_script_stay() {
        assert_eq!(line("title", " db\u{0}\u{1b}[31m  down\n now ", 99).as_deref(), Ok("db[31m down now"));
        assert_eq!(line("title", "\u{202e}nwod\u{202c} שרת", 99).as_deref(), Ok("nwod שרת"));
        assert_eq!(line("title", "数据库 🔥 ünï", 99).as_deref(), Ok("数据库 🔥 ünï"));
        assert_eq!(line("title", "\u{200b}\u{feff} \t", 99), Err(Refusal::Empty { what: "title" }));
    }

    #[test]
    fn people_are_told_and_machines_are_cut() {
        let long = "ä".repeat(300);
        let refused = Refusal::TooLong { what: "title", chars: 300, chars_max: 250 };
        assert_eq!(line("title", &long, 250), Err(refused));
        let cut = line_of_machine(&long, 250);
        assert_eq!(cut.chars().count(), 250);
        assert!(cut.ends_with('…'));
    }
}

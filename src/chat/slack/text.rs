//! People's words in Slack's markup, and back. On the way out nothing that somebody wrote can mention, link or turn the
//! direction of what stands around it; on the way in Slack's marks become what the grammar reads. Pure.

use std::fmt::Write;

/// As `<…>` has it: a user's id and the name that stood there, as `@name` for the grammar.
pub type Person<'a> = &'a dyn Fn(&str, Option<&str>) -> String;

/// A stranger's words in a field of Slack's markup, with addresses as links. Ours says `verbatim`, so that Slack turns no
/// bare `@channel` into one.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = next_address(rest) {
        let (before, from) = rest.split_at(at);
        push_escaped(&mut out, before);
        let end = from.find(|c: char| c.is_whitespace() || "<>|\"`".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*', '_', '~', '\'']);
        out.push('<');
        push_escaped(&mut out, address);
        out.push('>');
        rest = &from[address.len()..];
    }
    push_escaped(&mut out, rest);
    isolated(text, out)
}

/// The same where addresses stay as they are.
pub fn escape_plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_escaped(&mut out, text);
    isolated(text, out)
}

/// Where the next `http://` or `https://` with something behind it begins.
fn next_address(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|t| t.find("http")) {
        let at = from + found;
        let rest = &text[at..];
        let host = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"));
        let word_before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        if !word_before && host.and_then(|h| h.chars().next()).is_some_and(char::is_alphanumeric) {
            return Some(at);
        }
        from = at + 4;
    }
    None
}

/// Words that hold no marks, where marks would be read.
pub fn escape_marks(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Marks that turn the direction of everything after them.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
}

/// Words written from right to left do not turn what stands around them.
fn isolated(said: &str, escaped: String) -> String {
    let rtl = |c: char| matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}');
    if said.chars().any(rtl) { format!("\u{2068}{escaped}\u{2069}") } else { escaped }
}

/// Plain text of at most so many characters, with a sign where it was cut. Slack counts UTF-16 units in places, so
/// everything outside the basic plane counts twice.
pub fn cut(text: &str, max: usize) -> String {
    let units = |t: &str| t.chars().map(char::len_utf16).sum::<usize>();
    if units(text) <= max {
        return text.to_string();
    }
    // Room for the sign, and for the end of an isolate that is cut.
    let mut left = max.saturating_sub(if text.contains('\u{2068}') { 2 } else { 1 });
    let mut out = String::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(c.len_utf16()) else { break };
        left = rest;
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    // What was cut off may have ended an isolate.
    let open = out.matches('\u{2068}').count().saturating_sub(out.matches('\u{2069}').count());
    out.extend(std::iter::repeat_n('\u{2069}', open));
    out.push('…');
    out
}

/// Escaped text of at most so many characters: an entity or a link is never cut in two.
pub fn cut_escaped(text: &str, max: usize) -> String {
    let short = cut(text, max);
    if short.len() >= text.len() {
        return short;
    }
    let body = short.trim_end_matches(['…', '\u{2069}']);
    let mut keep = body.len();
    if let Some(at) = body.rfind('<').filter(|at| !body[*at..].contains('>')) {
        keep = keep.min(at);
    }
    if let Some(at) = body.rfind('&').filter(|at| !body[*at..].contains(';')) {
        keep = keep.min(at);
    }
    let mut out = body[..keep].to_string();
    let open = out.matches('\u{2068}').count().saturating_sub(out.matches('\u{2069}').count());
    out.extend(std::iter::repeat_n('\u{2069}', open));
    out.push('…');
    out
}

/// Escaped text in pieces of at most `max` characters, cut at line breaks, then at blanks, then anywhere but in a mark.
pub fn pieces(text: &str, max: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let mut end = rest.len();
        let mut units = 0;
        for (at, c) in rest.char_indices() {
            units += c.len_utf16();
            if units > max {
                end = at;
                break;
            }
        }
        if end < rest.len() {
            let head = &rest[..end];
            let at = head.rfind('\n').or_else(|| head.rfind(' ')).filter(|at| *at > end / 2).unwrap_or(end);
            end = at;
            for (open, close) in [('<', '>'), ('&', ';')] {
                if let Some(at) = rest[..end].rfind(open).filter(|at| *at > 0 && !rest[*at..end].contains(close)) {
                    end = end.min(at);
                }
            }
        }
        all.push(rest[..end].trim_end().to_string());
        rest = rest[end..].trim_start();
    }
    all
}

/// What somebody typed, as the grammar reads it: people as `@name`, links as they were typed, entities undone.
pub fn unmarked(text: &str, person: Person<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        unescape(&mut out, &rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            unescape(&mut out, &rest[at..]);
            return out;
        };
        let mark = &rest[at + 1..at + end];
        let (what, label) = match mark.split_once('|') {
            Some((what, label)) => (what, Some(label)),
            None => (mark, None),
        };
        match what.chars().next() {
            Some('@') => out.push_str(&person(&what[1..], label)),
            Some('#') => {
                let _ = write!(out, "#{}", label.unwrap_or(&what[1..]));
            }
            // A group, a date, @here: what the reader saw.
            Some('!') => unescape(&mut out, label.unwrap_or_else(|| what.trim_start_matches('!'))),
            _ => match (what.strip_prefix("mailto:"), label) {
                (Some(_), Some(label)) => unescape(&mut out, label),
                (Some(address), None) => unescape(&mut out, address),
                // Slack makes links of what only looks like one: `db1.example.org`.
                (None, Some(label)) if what.trim_end_matches('/').ends_with(label) => unescape(&mut out, label),
                (None, _) => unescape(&mut out, what),
            },
        }
        rest = &rest[at + end + 1..];
    }
    unescape(&mut out, rest);
    out
}

fn unescape(out: &mut String, text: &str) {
    out.push_str(&text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
}

/// A mention's text without the mention itself: `<@U0BOT> ack` says `ack`. `None` where it is not said to the bot.
pub fn after_mention<'a>(text: &'a str, bot: &str) -> Option<&'a str> {
    let rest = text.trim_start().strip_prefix("<@")?;
    let (id, rest) = rest.split_once('>')?;
    (id.split('|').next() == Some(bot)).then(|| rest.trim_start_matches([':', ',']).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_that_somebody_writes_mentions_anybody() {
        assert_eq!(escape("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
        assert_eq!(escape("see https://example.org/a?b=1&c=<2>."), "see <https://example.org/a?b=1&amp;c=>&lt;2&gt;.");
        assert_eq!(escape("http:// and https"), "http:// and https");
        assert_eq!(escape("abc\u{202E}def\u{0007}"), "abcdef");
        assert_eq!(escape("שלום"), "\u{2068}שלום\u{2069}");
    }

    #[test]
    fn what_slack_marks_is_read_as_it_was_typed() {
        let person = |id: &str, label: Option<&str>| format!("@{}", label.unwrap_or(id));
        for (marked, typed) in [
            ("lead <@U1|ana>", "lead @ana"),
            ("page <@U1> now", "page @U1 now"),
            ("note look at <https://example.org/a&amp;b>", "note look at https://example.org/a&b"),
            ("note <http://db1.example.org|db1.example.org> is full", "note db1.example.org is full"),
            ("note <mailto:ana@example.org|ana@example.org> 5 &gt; 3", "note ana@example.org 5 > 3"),
            ("note <#C1|general> <!subteam^S1|@sre> <!here>", "note #general @sre here"),
            ("note a < b", "note a < b"),
        ] {
            assert_eq!(unmarked(marked, &person), typed);
        }
    }

    #[test]
    fn a_mention_is_what_follows_it() {
        assert_eq!(after_mention("<@U0> ack", "U0"), Some("ack"));
        assert_eq!(after_mention(" <@U0|firebell>: INC-1 ack ", "U0"), Some("INC-1 ack"));
        assert_eq!(after_mention("thanks <@U0>", "U0"), None);
        assert_eq!(after_mention("<@U1> ack", "U0"), None);
    }

    proptest! {
        #[test]
        fn what_goes_out_comes_back_as_it_was(text in "[ -~\\n]{0,200}") {
            let person = |id: &str, _: Option<&str>| format!("@{id}");
            prop_assert_eq!(unmarked(&escape(&text), &person), text);
        }

        #[test]
        fn no_piece_is_too_long_or_ends_inside_a_mark(text in "[a-z<>& \\n:/.شلامא𝄞]{0,400}", max in 20usize..80) {
            for piece in pieces(&escape(&text), max) {
                let units = piece.encode_utf16().count();
                prop_assert!(units <= max);
                prop_assert!(!piece.is_empty());
            }
            prop_assert!(cut_escaped(&escape(&text), max).encode_utf16().count() <= max + 1);
        }
    }
}

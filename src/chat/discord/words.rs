//! Words of people and machines inside Discord's markup: nothing of them is markup, calls anybody or turns the line
//! around, and none is longer than its place. Cuts by characters and never within an escape.

use firebell_domain::time::{SECOND, Timestamp};

/// What of a text may be markup to Discord, anywhere and at the beginning of a line.
const MARKS: &[char] = &['\\', '*', '_', '~', '`', '|', '<', '[', ']'];
const AT_START: &[char] = &['#', '-', '>'];
const MORE: &str = "…";

/// At most `max` characters, escaped. Addresses stay as they are, so that they can be pressed.
pub fn words(text: &str, max: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    for (n, line) in text.trim().split('\n').enumerate() {
        if n > 0 {
            out.push("\n".to_string());
        }
        let mut start = true;
        for (w, word) in line.split(' ').enumerate() {
            if w > 0 {
                out.push(" ".to_string());
            }
            let (before, address) = word.split_at(address_at(word));
            for c in before.chars().filter(|c| fit(*c)) {
                let at_start = start && AT_START.contains(&c);
                out.push(if at_start { format!("\\{c}") } else { escaped(c) });
                start = false;
            }
            let address = address.chars().filter(|c| fit(*c) && !matches!(c, '<' | '>' | '|'));
            out.push(address.collect::<String>().replace('@', "%40"));
            start &= word.is_empty();
        }
    }
    cut(&out, max)
}

/// The same on one line.
pub fn line(text: &str, max: usize) -> String {
    words(&text.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// Text of a place that knows no markup: names of buttons, options and channels.
pub fn plain(text: &str, max: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let pieces: Vec<String> = text.chars().filter(|c| fit(*c)).map(String::from).collect();
    cut(&pieces, max)
}

/// Where an address begins in a word: after opening marks alone. The word's end, where there is none.
fn address_at(word: &str) -> usize {
    let inner = word.trim_start_matches(['(', '"', '\'', '<', '[']);
    match inner.starts_with("https://") || inner.starts_with("http://") {
        true => word.len() - inner.len(),
        false => word.len(),
    }
}

/// Neither a control character nor one that turns the direction of what follows.
fn fit(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}');
    !(turns || (c.is_control() && c != '\n'))
}

fn escaped(c: char) -> String {
    match c {
        // `@everyone` calls nobody by `allowed_mentions`, and should not look as if it did.
        '@' => "@\u{200b}".to_string(),
        c if MARKS.contains(&c) => format!("\\{c}"),
        c => c.to_string(),
    }
}

/// Whole pieces, as many as fit; what is left out is shown.
fn cut(pieces: &[String], max: usize) -> String {
    let count = |s: &str| s.encode_utf16().count();
    if pieces.iter().map(|p| count(p)).sum::<usize>() <= max {
        return pieces.concat();
    }
    let mut out = String::new();
    let mut used = count(MORE);
    for piece in pieces {
        used += count(piece);
        if used > max {
            break;
        }
        out.push_str(piece);
    }
    if max == 0 { String::new() } else { out + MORE }
}

/// Drawn by the client, in the reader's zone: `R` counts by itself, `f` is a date and a time, `T` the time of day.
pub fn time(at: Timestamp, style: char) -> String {
    format!("<t:{}:{style}>", at.0.div_euclid(SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_people_are_neither_markup_nor_a_call() {
        for (said, shown) in [
            ("**bold** _x_", "\\*\\*bold\\*\\* \\_x\\_"),
            ("@everyone <@5> <#6>", "@\u{200b}everyone \\<@\u{200b}5> \\<#6>"),
            ("see https://a.example/b_c?d=*e", "see https://a.example/b_c?d=*e"),
            ("[bait](https://evil.example)", "\\[bait\\](https://evil.example)"),
            ("# big\n- one\nINC-1 > 2", "\\# big\n\\- one\nINC-1 > 2"),
            ("(https://a.example/b_c)", "(https://a.example/b_c)"),
            ("\u{202e}drawkcab\u{0}", "drawkcab"),
            ("数据库 🔥 ünï", "数据库 🔥 ünï"),
        ] {
            assert_eq!(words(said, 500), shown);
        }
    }

    #[test]
    fn what_is_too_long_ends_visibly_and_in_time() {
        assert_eq!(words("abcdef", 4), "abc…");
        assert_eq!(words("***", 5), "\\*\\*…");
        assert_eq!(line("two\n lines", 20), "two lines");
        // Discord counts as JavaScript does: a flame is two.
        assert_eq!(plain("🔥🔥🔥", 5), "🔥🔥…");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_longer_than_its_place(text in any::<String>(), max in 0usize..60) {
            prop_assert!(words(&text, max).encode_utf16().count() <= max);
            prop_assert!(plain(&text, max).encode_utf16().count() <= max);
        }

        #[test]
        fn no_mention_survives(text in "[@<>&!#0-9a-z :]{0,40}") {
            // What is behind a backslash is no markup.
            let shown = words(&text, 500).replace("\\<", "");
            let calls = ["@everyone", "@here", "<@", "<#"].iter().any(|mark| shown.contains(mark));
            prop_assert!(!calls, "{shown:?}");
        }
    }
}

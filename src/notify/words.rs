//! Text on its way to a vendor or to the timeline: cut, cleaned, mentions defused, secrets taken out.
//! Never decides what is said.

use firebell_domain::limits::{RECEIPT_CHARS_MAX, WHY_CHARS_MAX};
use secrecy::{ExposeSecret, SecretString};

/// At most `max` characters, the last an ellipsis where something was cut.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_string(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// One line of printable characters: line breaks and tabs become spaces, what has no shape of its own (control
/// characters, direction overrides that could turn a title round, zero-width characters) is dropped.
pub fn one_line(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| is_printable(*c));
    let spaced: String = shown.collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_printable(c: char) -> bool {
    let shapeless = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}');
    !c.is_control() && !shapeless
}

/// The sentence of an outcome: one line, no secret that we sent even if the vendor quotes it, no angle brackets
/// (they are markup in the room and mentions in chat), at most `WHY_CHARS_MAX` characters.
pub fn why(text: &str, secrets: &[SecretString]) -> String {
    let line = hide(&hide(&one_line(text), secrets).replace(['<', '>'], ""), secrets);
    cut(line.trim_end_matches('.'), WHY_CHARS_MAX)
}

/// A vendor's own id for what it took, if there is anything to it.
pub fn receipt(id: &str, secrets: &[SecretString]) -> Option<String> {
    let id = cut(&hide(&one_line(id), secrets), RECEIPT_CHARS_MAX);
    if id.is_empty() { None } else { Some(id) }
}

fn hide(text: &str, secrets: &[SecretString]) -> String {
    let secrets = secrets.iter().map(|s| s.expose_secret()).filter(|s| !s.is_empty());
    secrets.fold(text.to_string(), |text, secret| text.replace(secret, "[hidden]"))
}

/// Takes the force out of mentions: receivers forward what we send to chats, where `<!channel>` in an incident's
/// title would wake a whole company. A zero-width space after the `<` or `@` keeps it readable.
pub fn defuse(text: &str) -> String {
    const EVERYBODY: [&str; 3] = ["everyone", "here", "channel"];
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        out.push(c);
        let rest = &text[i + c.len_utf8()..];
        let broadcast = |word: &&str| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if (c == '<' && rest.starts_with(['!', '@', '#'])) || (c == '@' && EVERYBODY.iter().any(broadcast)) {
            out.push('\u{200b}');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mentions_lose_their_force_and_addresses_stay_whole() {
        for (text, defused) in [
            ("<!channel> down", "<\u{200b}!channel> down"),
            (
                "<!subteam^S1|ops> <@U12> <@&99> <#C1>",
                "<\u{200b}!subteam^S1|ops> <\u{200b}@U12> <\u{200b}@&99> <\u{200b}#C1>",
            ),
            ("@everyone @Here @CHANNEL", "@\u{200b}everyone @\u{200b}Here @\u{200b}CHANNEL"),
            ("ask ana@example.org, 1 < 2, <b>", "ask ana@example.org, 1 < 2, <b>"),
            ("<@everyone>", "<\u{200b}@\u{200b}everyone>"),
            ("@", "@"),
        ] {
            assert_eq!(defuse(text), defused);
        }
    }

    #[test]
    fn a_reason_is_one_short_printable_line_without_our_secrets() {
        let key = SecretString::from("k3y-of-ana");
        let none = SecretString::from("");
        let said = "bad\u{7} key\r\n\t'k3y-of-ana' <b>now</b>\u{202e}\u{200b}.";
        assert_eq!(why(said, &[key.clone(), none]), "bad key '[hidden]' bnow/b");
        assert_eq!(why(&"é".repeat(400), &[]).chars().count(), WHY_CHARS_MAX);
        // Hidden before it is cut, so that no half of it is left at the end.
        let long = format!("{}k3y-of-ana", "x".repeat(WHY_CHARS_MAX - 4));
        assert!(!why(&long, std::slice::from_ref(&key)).contains("k3y"));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_to_size_and_cleaned(text in any::<String>(), max in 1_usize..20) {
            let short = cut(&text, max);
            prop_assert!(short.chars().count() <= max);
            prop_assert!(short == text || short.ends_with('…'));
            let line = one_line(&text);
            prop_assert!(line.chars().all(is_printable));
            prop_assert_eq!(one_line(&line), line);
        }

        #[test]
        fn defusing_only_adds_zero_width_spaces_and_leaves_no_mention(text in "[<!@#a-zE ]{0,12}(@everyone|<!here>|<@U1>|@Channel)?[<@hr]{0,3}") {
            let out = defuse(&text);
            prop_assert_eq!(out.replace('\u{200b}', ""), text);
            prop_assert_eq!(defuse(&out), out.clone());
            let lower = out.to_lowercase();
            for mention in ["<!", "<@", "<#", "@everyone", "@here", "@channel"] {
                prop_assert!(!lower.contains(mention), "{:?}", out);
            }
        }
    }
}

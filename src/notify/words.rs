//! Text on its way to a vendor or to the timeline: mentions defused, secrets taken out, errors of the network in words.
//! Never decides what is said, and leaves what any text needs (cutting, invisible characters) to the domain's `text`.

use crate::engine::ports::{Sending, SendingKind};
use firebell_domain::limits::{RECEIPT_CHARS_MAX, WHY_CHARS_MAX};
use firebell_domain::text::{cut, line_of_machine};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::io;

/// The one line that stands for a sending: never empty, and a test says that it is one.
pub fn subject(sending: &Sending) -> String {
    let line = line_of_machine(&sending.message.summary, usize::MAX);
    match (sending.kind, line.is_empty(), sending.incident) {
        (SendingKind::Test, true, _) => "Test page from Firebell: nothing is wrong".to_string(),
        (SendingKind::Test, ..) if !line.to_lowercase().contains("test") => format!("Test page: {line}"),
        (_, true, Some(incident)) => format!("{incident} needs an answer"),
        (_, true, None) => "Firebell needs an answer".to_string(),
        _ => line,
    }
}

/// A text of several lines without anything that is none: no control character, one kind of line break.
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>().trim_end().to_string()
}

/// What an operator can act on, from an error of the network and the chain below it.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    if let Some(tls) = tls_error(error) {
        return format!("TLS: {tls}");
    }
    match chain(error).filter_map(|e| e.downcast_ref::<io::Error>()).last().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_string(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => "connection reset".to_string(),
        Some(io::ErrorKind::TimedOut) => "no connection in time".to_string(),
        Some(kind) if kind != io::ErrorKind::Other => kind.to_string(),
        _ => "connection closed".to_string(),
    }
}

/// What TLS itself said, if it was that.
pub fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|e| e.downcast_ref::<rustls::Error>())
}

/// An error and all below it. `source` of an I/O error skips the error that it wraps.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e: &&'a (dyn Error + 'static)| {
        let e = *e;
        let wrapped = e.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| e.source())
    })
}

/// The sentence of an outcome: one line, no secret that we sent even if the vendor quotes it, no angle brackets
/// (they are markup in the room and mentions in chat), at most `WHY_CHARS_MAX` characters.
pub fn why(text: &str, secrets: &[SecretString]) -> String {
    let line = hide(&hide(&line_of_machine(text, usize::MAX), secrets).replace(['<', '>'], ""), secrets);
    cut(line.trim_end_matches('.'), WHY_CHARS_MAX)
}

/// A vendor's own id for what it took, if there is anything to it.
pub fn receipt(id: &str, secrets: &[SecretString]) -> Option<String> {
    let id = cut(&hide(&line_of_machine(id, usize::MAX), secrets), RECEIPT_CHARS_MAX);
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
        fn defusing_only_adds_zero_width_spaces_and_leaves_no_mention(
            text in "[<!@#a-zE ]{0,12}(@everyone|<!here>|<@U1>|@Channel)?[<@hr]{0,3}",
        ) {
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

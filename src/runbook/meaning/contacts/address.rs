//! Addresses of people inside a text: mail, phone, channel, handle.

use crate::fold::key;
use crate::lexicon::lexicon;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub phone: Option<String>,
    pub email: Option<String>,
    pub channel: Option<String>,
}

impl Address {
    pub fn any(&self) -> bool {
        self.phone.is_some() || self.email.is_some() || self.channel.is_some()
    }

    pub fn add(&mut self, other: Address) {
        self.phone = self.phone.take().or(other.phone);
        self.email = self.email.take().or(other.email);
        self.channel = self.channel.take().or(other.channel);
    }
}

const SEPARATORS: &[char] = &[' ', ',', ';', '|', '(', ')', '<', '>', '，', '、', '；', '（', '）', '"', '\t', '：'];

/// The first of each kind.
pub fn addresses(text: &str) -> Address {
    let mut found = Address::default();
    let words = if text.contains(['@', '#']) { text } else { "" };
    for word in words.split(SEPARATORS).filter(|w| w.contains(['@', '#'])) {
        let word = word
            .trim_start_matches("mailto:")
            .trim_start_matches("Email:")
            .trim_matches(['.', ':', '*', '`', '\'', '/']);
        if is_email(word) {
            found.email.get_or_insert_with(|| word.to_string());
        } else if is_channel(word) {
            found.channel.get_or_insert_with(|| word.to_string());
        }
    }
    found.phone = phone(text);
    found
}

fn is_email(word: &str) -> bool {
    let Some((user, host)) = word.split_once('@') else { return false };
    let letters = |s: &str| s.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'));
    let last = host.rsplit('.').next().unwrap_or("");
    !user.is_empty()
        && !user.starts_with("your")
        && letters(user)
        && letters(host)
        && host.contains('.')
        && last.len() >= 2
        && last.chars().all(char::is_alphabetic)
}

/// `#ops`, `@oncall`; not `#42`.
fn is_channel(word: &str) -> bool {
    let Some(name) = word.strip_prefix(['#', '@']) else { return false };
    let known = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().next().is_some_and(char::is_alphabetic) && name.chars().count() >= 2 && name.chars().all(known)
}

/// A number to dial: at least seven digits, or a leading `+`; no IP address, no date, no port, no part of a link.
fn phone(text: &str) -> Option<String> {
    const DIGITS_MIN: usize = 4;
    let bytes = text.as_bytes();
    if bytes.iter().filter(|b| b.is_ascii_digit()).count() < DIGITS_MIN {
        return None;
    }
    let mut at = 0;
    while at < text.len() {
        let begins = matches!(bytes[at], b'+' | b'(' | b'0'..=b'9');
        let before = text[..at].chars().next_back();
        let free =
            before.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '/' | '-' | '_' | '=' | '@' | '#'));
        if !begins || !free {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let inside =
            |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | ' ' | '/' | '\u{a0}' | '‑');
        let mut len = text[at..].find(|c| !inside(c)).unwrap_or(text.len() - at);
        // A number that ends in letters of the dial: +1-555-PAGE-NOW.
        if bytes[at] == b'+' && text[at..at + len].ends_with('-') {
            let more = text[at + len..].find(|c: char| !c.is_ascii_uppercase() && c != '-' && !c.is_ascii_digit());
            len += more.unwrap_or(text.len() - at - len);
        }
        let written = text[at..at + len].trim_end_matches([' ', '-', '.', '(', '/', '+']);
        let written = written.trim_end_matches(|c| c == ')' && !written.contains('('));
        let next = text[at + len..].chars().next();
        if is_phone(written) && next.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '_' | '%' | '@')) {
            return Some(written.to_string());
        }
        at += len.max(1);
    }
    None
}

fn is_phone(written: &str) -> bool {
    let digits = written.chars().filter(char::is_ascii_digit).count();
    let groups: Vec<&str> = written.split('.').collect();
    let ip = groups.len() == 4 && groups.iter().all(|g| g.parse::<u16>().is_ok_and(|n| n < 256));
    let parts: Vec<&str> = written.split(['-', '/', '.']).collect();
    let date = parts.len() == 3
        && parts.iter().all(|p| p.chars().all(|c| c.is_ascii_digit()))
        && (parts[0].len() == 4 && parts[1].len() <= 2
            || parts[2].len() == 4 && parts[0].len() <= 2 && parts[1].len() <= 2);
    let vanity = written.starts_with('+') && digits >= 4;
    let grouped = written.contains(['-', ' ', '(', '/']) || written.starts_with(['+', '0']);
    !ip && !date && (((7..=16).contains(&digits) && grouped) || vanity)
}

/// In a column of phone numbers a short one counts too: "x4711", "112", "ext. 42".
pub fn phone_cell(text: &str) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    phone(text)
        .or_else(|| (digits >= 3 && text.chars().count() <= 40 && !text.contains("XX")).then(|| text.to_string()))
}

/// Still to be filled in: "[Name]", "TBD", "<phone>", "—", "+XX…".
pub fn is_open(text: &str) -> bool {
    let text = text.trim();
    let framed = |open: char, close: char| text.starts_with(open) && text.ends_with(close) && !text.contains('@');
    let empty = !text.chars().any(char::is_alphanumeric)
        || text.chars().all(|c| matches!(c, 'x' | 'X' | '-' | '+' | ' ' | '_'));
    let masked =
        text.contains(concat!("XX", "X")) || text.contains("xxx") || text.contains("___") || text.contains("...");
    framed('[', ']')
        || framed('<', '>')
        || framed('{', '}')
        || framed('［', '］')
        || empty
        || (masked && text.len() < 40)
        || lexicon().open.whole(&key(text)).is_some()
}

/// A text without its addresses.
pub fn without(text: &str) -> String {
    let said = addresses(text);
    let mut rest = text.to_string();
    for part in [said.phone, said.email, said.channel].into_iter().flatten() {
        rest = rest.replacen(&part, " ", 1);
    }
    let joins = |c: char| {
        c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | ',' | '(' | ')' | '<' | '>' | '|' | '/' | ';')
    };
    rest.trim_matches(joins).split_whitespace().collect::<Vec<_>>().join(" ")
}

//! Output as people may see it: bounded with its middle left out, without control characters, without secrets. Secrets
//! are found by value (what the configuration knows) and by shape (PEM blocks, passwords in addresses, tokens).

use regex::{Captures, Regex};
use secrecy::{ExposeSecret, SecretString};
use std::collections::VecDeque;
use std::sync::LazyLock;

/// Bytes of one line of progress: what is watched live is a line, the whole of it is in the result.
const PROGRESS_BYTES_MAX: usize = 400;
/// Characters from which a known value is worth hiding: shorter ones would hide ordinary words.
const SECRET_CHARS_MIN: usize = 6;
const HIDDEN: &str = "[hidden]";

/// Keeps the beginning and the end of what it is given, in bounded memory.
pub struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    seen: u64,
}

impl Kept {
    pub fn new(bytes_max: usize) -> Kept {
        Kept { head: Vec::new(), tail: VecDeque::new(), half: (bytes_max / 2).max(1), seen: 0 }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        let fits = bytes.len().min(self.half - self.head.len());
        self.head.extend_from_slice(&bytes[..fits]);
        let rest = &bytes[fits..];
        let rest = &rest[rest.len().saturating_sub(self.half)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    pub fn is_empty(&self) -> bool {
        self.seen == 0
    }

    pub fn left_out(&self) -> u64 {
        self.seen - (self.head.len() + self.tail.len()) as u64
    }

    /// Whole when nothing was left out.
    pub fn into_bytes(mut self) -> Vec<u8> {
        let left_out = self.left_out();
        if left_out > 0 {
            // Whole lines on both sides where there are any: half a line misleads.
            let cut = self.head.iter().rposition(|b| *b == b'\n').map_or(self.head.len(), |at| at + 1);
            let skip = self.tail.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
            let left_out = left_out + (self.head.len() - cut) as u64 + skip as u64;
            self.head.truncate(cut);
            self.tail.drain(..skip);
            self.head.extend_from_slice(format!("[{left_out} bytes left out]\n").as_bytes());
        }
        self.head.extend(self.tail);
        self.head
    }
}

/// What must not be shown, whoever prints it.
#[derive(Clone, Default)]
pub struct Secrets(Vec<SecretString>);

impl Secrets {
    pub fn new(values: impl IntoIterator<Item = SecretString>) -> Secrets {
        let mut values: Vec<SecretString> =
            values.into_iter().filter(|v| v.expose_secret().chars().count() >= SECRET_CHARS_MIN).collect();
        // The longest first: one may hold another.
        values.sort_by_key(|v| std::cmp::Reverse(v.expose_secret().len()));
        Secrets(values)
    }

    /// And one more.
    pub fn and(&self, value: SecretString) -> Secrets {
        Secrets::new(self.0.iter().cloned().chain([value]))
    }

    pub fn hide(&self, text: &str) -> String {
        let mut out = text.to_string();
        for value in &self.0 {
            if out.contains(value.expose_secret()) {
                out = out.replace(value.expose_secret(), HIDDEN);
            }
        }
        hide_by_shape(&out)
    }

    /// Text of bytes as they came: cleaned and hidden.
    pub fn text(&self, bytes: &[u8]) -> String {
        self.hide(&plain(&String::from_utf8_lossy(bytes)))
    }

    /// One line of progress.
    pub fn line(&self, bytes: &[u8]) -> String {
        self.text(&bytes[..bytes.len().min(PROGRESS_BYTES_MAX)])
    }
}

/// The shapes. Each has one group of what introduces the secret, which stays.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // A private key, also when its end was left out.
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
        // The rest of one whose beginning was left out.
        r"()(?:[A-Za-z0-9+/=]{20,}\n)+[A-Za-z0-9+/=]*\n?-----END [A-Z ]*PRIVATE KEY-----",
        // A password in an address.
        r"([A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/:@'\x22]{0,100}:)[^\s/@'\x22]{1,200}@",
        r"((?i:authorization\s*[:=]\s*(?:basic|bearer|token)\s+|bearer\s+))[A-Za-z0-9._~+/=-]{8,}",
        // NAME=value and "name": "value" where the name says what it is.
        r#"((?i)\b[a-z0-9_.-]{0,60}(?:password|passwd|secret|token|api_?key|access_?key|private_?key|credentials?)["']?\s*[:=]\s*["']?)[^\s"',;&}]{4,}"#,
        // Tokens that say whose they are: Slack, GitHub, AWS, Stripe, JSON web tokens.
        r"()\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|gh[opsur]_[A-Za-z0-9]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|sk_live_[A-Za-z0-9]{16,})\b",
        r"()\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ]
    .iter()
    .filter_map(|shape| Regex::new(shape).ok())
    .collect()
});

fn hide_by_shape(text: &str) -> String {
    let mut out = text.to_string();
    for shape in SHAPES.iter() {
        let end = if shape.as_str().contains("://") { "@" } else { "" };
        if let std::borrow::Cow::Owned(hidden) =
            shape.replace_all(&out, |found: &Captures| format!("{}{HIDDEN}{end}", &found[1]))
        {
            out = hidden;
        }
    }
    out
}

/// Without terminal sequences and control characters; lines and tabs stay, and of a line that was written over itself
/// (`\r`, as progress bars do) the last state does.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut line_start = 0;
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.truncate(line_start),
            '\n' => {
                out.push(c);
                line_start = out.len();
            }
            '\t' => out.push(c),
            // Marks of writing direction can make a line read as another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars>) {
    match chars.next() {
        Some('[') => skip_csi(chars),
        // A title, a link or another text for the terminal, up to its end mark.
        Some(']' | 'P' | '^' | '_' | 'X') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) || c == '\n' {
                    break;
                }
            }
        }
        Some('(' | ')' | '#' | '%' | '*' | '+') => drop(chars.next()),
        _ => {}
    }
}

fn skip_csi(chars: &mut std::iter::Peekable<std::str::Chars>) {
    while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

#[cfg(test)]
mod tests;

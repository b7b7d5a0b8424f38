//! The mail of a page: plain text that a lock screen can show. The subject says what is wrong, the first lines what to
//! do about it. Never HTML, never an attachment, and no header that a title could add to.

use crate::engine::ports::{Sending, SendingKind};
use crate::notify::words;
use firebell_domain::time::Timestamp;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime};

/// Characters of the left side of a Message-ID; with its domain it stays on one line of a header.
const ID_CHARS_MAX: usize = 200;

/// The whole mail, ready for DATA: ASCII, lines of at most 76 characters where anything is encoded.
pub fn compose(sending: &Sending, from: &Mailbox, to: &[Mailbox], at: Timestamp) -> Result<Vec<u8>, String> {
    let id = |key: &str| message_id(key, from.email.domain());
    let own = id(&sending.idempotency_key);
    let thread = &sending.message.thread;
    let mut mail = Message::builder()
        .from(from.clone())
        .subject(subject(sending))
        .date(system_time(at))
        .message_id(Some(own.clone()))
        .header(ContentType::TEXT_PLAIN)
        // RFC 3834: no holiday reply comes back, and nobody's mail program waits for an answer.
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"));
    for mailbox in to {
        mail = mail.to(mailbox.clone());
    }
    // A page begins its thread; what becomes of it is a reply to it.
    let replies_to = Some(id(thread)).filter(|first| !thread.is_empty() && *first != own);
    if let Some(first) = replies_to {
        mail = mail.references(first.clone());
        if follows(sending.kind) {
            mail = mail.in_reply_to(first);
        }
    }
    if matches!(sending.kind, SendingKind::Page | SendingKind::Test) {
        // Some phones ring for these only.
        mail = mail.raw_header(raw("Importance", "high"));
    }
    match mail.body(body(sending)) {
        Ok(mail) => Ok(mail.formatted()),
        Err(e) => Err(format!("the mail cannot be written: {e}")),
    }
}

fn follows(kind: SendingKind) -> bool {
    matches!(kind, SendingKind::PageAcknowledged | SendingKind::PageResolved)
}

fn subject(sending: &Sending) -> String {
    // What looks like an encoded word would be decoded on the way out: a zero-width space keeps it as it was written.
    let line = words::subject(sending).replace("=?", "=\u{200b}?");
    if follows(sending.kind) { format!("Re: {line}") } else { line }
}

/// First what to do, then where to look, then what is known.
fn body(sending: &Sending) -> String {
    let message = &sending.message;
    let mut first = Vec::new();
    if let (Some(link), SendingKind::Page) = (&message.ack_link, sending.kind) {
        first.push(format!("Acknowledge (one press): {link}"));
    }
    if let Some(link) = &message.link {
        let what = sending.incident.map_or("Firebell".to_string(), |incident| incident.to_string());
        first.push(format!("{what}: {link}"));
    }
    let repeat = sending.maybe_repeated.then(|| "May be a repeat: an earlier try may have arrived.".to_string());
    let text = Some(&message.text).filter(|text| !text.is_empty()).unwrap_or(&message.summary);
    let parts = [Some(first.join("\n")), repeat, Some(words::lines(text))];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// The same for every try of one sending. What cannot stand in a Message-ID is replaced by its hash: left out, it
/// could make one of two.
fn message_id(key: &str, domain: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '=');
    let atoms = key.split('.').all(|atom| !atom.is_empty() && atom.chars().all(plain));
    if atoms && key.len() <= ID_CHARS_MAX {
        return format!("<{key}@{domain}>");
    }
    let hash: String = Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("<{hash}@{domain}>")
}

/// A header of our own; its name and value are ours, never anybody's text.
fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_string())
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(at.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_the_same_for_one_key_and_another_for_any_other() {
        let id = |key: &str| message_id(key, "example.org");
        assert_eq!(id("firebell-a1-INC-42-7"), "<firebell-a1-INC-42-7@example.org>");
        let strange = ["", ".", "a..b", "INC-42/7", "é", "a b", "a>\r\nBcc: bo@example.org", &"x".repeat(201)];
        for key in strange {
            let id = id(key);
            assert_eq!(id.len(), "<@example.org>".len() + 64, "{key:?}: {id}");
            assert!(id.is_ascii() && !id.contains(char::is_whitespace), "{id}");
        }
        let all: std::collections::BTreeSet<String> = strange.into_iter().map(id).collect();
        assert_eq!(all.len(), strange.len());
    }
}

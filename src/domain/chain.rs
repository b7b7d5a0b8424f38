//! The hash chain that makes the log tamper-evident, and the checkpoints that chain the heads of all incidents.
//! Pure: the key of a checkpoint is used by the caller, who alone has it.

use crate::id::IncidentId;
use crate::time::Timestamp;
use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// What the first event of every incident is chained to.
pub const GENESIS: Hash = [0; 32];

/// The hash of an event: over the one before it, its place, its time and its texts exactly as stored. Every field
/// is preceded by its length, so that no two different events share their bytes.
pub fn link(previous: &Hash, incident: IncidentId, seq: i64, at: Timestamp, actor: &str, body: &str) -> Hash {
    let mut h = Sha256::new();
    h.update(b"firebell event 1\n");
    h.update(previous);
    h.update(incident.0.to_be_bytes());
    h.update(seq.to_be_bytes());
    h.update(at.0.to_be_bytes());
    for text in [actor, body] {
        h.update((text.len() as u64).to_be_bytes());
        h.update(text.as_bytes());
    }
    h.finalize().into()
}

/// The text that a checkpoint signs: its number and time, the checkpoint before it, and the heads that moved since.
pub fn checkpoint_text(no: i64, at: Timestamp, previous: &str, heads: &str) -> String {
    format!("firebell checkpoint 1\n{no}\n{}\n{previous}\n{heads}", at.0)
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let t = text.trim().as_bytes();
    if !t.len().is_multiple_of(2) {
        return None;
    }
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    t.chunks(2).map(|c| Some(digit(*c.first()?)? << 4 | digit(*c.get(1)?)?)).collect()
}

//! The signed link of a page: whoever holds it may acknowledge that page's incident, as the one that the page was for,
//! until it expires. Pure: the same page has the same link on every try, every replica makes and knows it, and nothing
//! of it is stored. It opens nothing else, and it never panics on what it is given.
//!
//! A token is `base64url(version ‖ incident ‖ intent ‖ expiry ‖ kind ‖ name ‖ mac)`: numbers as LEB128, the name in
//! UTF-8, and the first 16 bytes of the HMAC-SHA256 of all before it. Half of the hash is what RFC 2104 asks for at
//! least, and keeps the link of somebody with a short name below 40 characters: it is typed from lock screens.

use super::audit::AuditKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use firebell_domain::intent::IntentNo;
use firebell_domain::limits;
use firebell_domain::time::{SECOND, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use subtle::ConstantTimeEq;

/// Where links lead, below `public_url`.
pub const PATH: &str = "/ack/";

const VERSION: u8 = 1;
const MAC_BYTES: usize = 16;
/// Characters above which a token is none: a name of the longest that the configuration allows fits twice.
const TOKEN_CHARS_MAX: usize = 1_024;
/// What the audit key is used for here. A key for two purposes would let one forge the other.
const LABEL: &str = "firebell/ack-link/1/";

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckLink {
    pub incident: IncidentId,
    /// The page that carries it.
    pub page: IntentNo,
    pub whose: Whose,
    /// In whole seconds.
    pub expires_at: Timestamp,
}

/// For whom the page was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Person(PersonId),
    /// For nobody in particular: for whoever reads that channel.
    Channel(ChannelId),
}

impl Whose {
    /// The name that acknowledges.
    pub fn name(&self) -> PersonId {
        match self {
            Whose::Person(person) => person.clone(),
            Whose::Channel(channel) => PersonId::from(channel.as_str()),
        }
    }

    fn parts(&self) -> (u8, &str) {
        match self {
            Whose::Person(person) => (0, person.as_str()),
            Whose::Channel(channel) => (1, channel.as_str()),
        }
    }
}

/// Why a token opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Cut off, mistyped, forged, or of another Firebell.
    Unknown,
    Expired(AckLink),
}

/// Makes links and knows them again.
#[derive(Clone)]
pub struct AckLinks {
    key: [u8; 32],
}

impl std::fmt::Debug for AckLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AckLinks(…)")
    }
}

impl AckLinks {
    /// The key follows from the one that seals the log, which is not in the database and which replicas share, and
    /// from the installation's name: a copy of everything under another name makes links of its own.
    pub fn new(key: &AuditKey, install: &str) -> AckLinks {
        AckLinks { key: mac(&key.0, &[LABEL.as_bytes(), install.as_bytes()]) }
    }

    /// The address that a page carries.
    pub fn url(&self, public_url: &str, link: &AckLink) -> String {
        format!("{}{PATH}{}", public_url.trim_end_matches('/'), self.token(link))
    }

    pub fn token(&self, link: &AckLink) -> String {
        let (kind, name) = link.whose.parts();
        let mut bytes = vec![VERSION];
        put(&mut bytes, link.incident.0.max(0) as u64);
        put(&mut bytes, u64::from(link.page));
        put(&mut bytes, link.expires_at.0.div_euclid(SECOND).max(0) as u64);
        bytes.push(kind);
        bytes.extend_from_slice(name.as_bytes());
        let mac = mac(&self.key, &[&bytes]);
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Nothing of a token is believed, or even read, before its signature fits.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<AckLink, Unfit> {
        if token.len() > TOKEN_CHARS_MAX {
            return Err(Unfit::Unknown);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Unfit::Unknown)?;
        let (said, signature) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(Unfit::Unknown)?;
        let expected = mac(&self.key, &[said]);
        if !bool::from(expected[..MAC_BYTES].ct_eq(signature)) {
            return Err(Unfit::Unknown);
        }
        let link = parse(said).ok_or(Unfit::Unknown)?;
        if link.expires_at <= now { Err(Unfit::Expired(link)) } else { Ok(link) }
    }
}

/// When the link of a page expires, by when the page was queued.
pub fn expires_at(queued_at: Timestamp) -> Timestamp {
    Timestamp(queued_at.0.div_euclid(SECOND).saturating_mul(SECOND)).plus_s(limits::ACK_LINK_S)
}

fn parse(mut bytes: &[u8]) -> Option<AckLink> {
    if take_byte(&mut bytes)? != VERSION {
        return None;
    }
    let incident = IncidentId(i64::try_from(take(&mut bytes)?).ok()?);
    let page = IntentNo::try_from(take(&mut bytes)?).ok()?;
    let expires_at = Timestamp(i64::try_from(take(&mut bytes)?).ok()?.checked_mul(SECOND)?);
    let kind = take_byte(&mut bytes)?;
    let name = std::str::from_utf8(bytes).ok().filter(|name| !name.is_empty())?;
    let whose = match kind {
        0 => Whose::Person(name.into()),
        1 => Whose::Channel(name.into()),
        _ => return None,
    };
    Some(AckLink { incident, page, whose, expires_at })
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of every length: there is no other case.
    let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn put(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(bytes)?;
        n |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
#[path = "ack_link/tests.rs"]
mod tests;

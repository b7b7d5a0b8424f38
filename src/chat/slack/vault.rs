//! Tokens at rest: sealed with a key from the configuration (ChaCha20-Poly1305), bound to their workspace, so that neither
//! a copy of the database nor two rows that were swapped give anybody a token. A second key, of before, still opens what
//! it sealed. Keeps nothing, writes nothing, prints neither key nor token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use firebell_domain::chain::hex;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The form of what is sealed; another one would be another number.
const FORM: &str = "1";

/// What Slack gave for one workspace.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub bot: SecretString,
    /// What the next one is got by, where tokens expire.
    pub refresh: Option<SecretString>,
}

/// As it is inside the seal.
#[derive(Serialize, Deserialize)]
struct Plain {
    bot: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
}

/// Why something sealed does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// By a key that is not configured.
    OtherKey,
    /// By one that is, and yet it does not open: it was changed, or belongs to another workspace.
    Damaged,
}

impl Shut {
    /// A sentence without a full stop, with what to do.
    pub fn why(self) -> &'static str {
        match self {
            Shut::OtherKey => {
                "its tokens are sealed with another key: write that key as [slack] token_key, or as previous_token_key \
                 beside a new one; if it is lost, install the app there again"
            }
            Shut::Damaged => {
                "its tokens do not open although the key is right, so the row was changed or belongs to another \
                 workspace: put a backup back, or install the app there again"
            }
        }
    }
}

pub struct Vault {
    /// By their marks; the first one seals.
    keys: Vec<(String, LessSafeKey)>,
}

impl Vault {
    pub fn new(key: &SecretSlice<u8>, previous: Option<&SecretSlice<u8>>) -> Result<Vault, String> {
        let keys = [Some(key), previous].into_iter().flatten().map(|key| {
            let made = UnboundKey::new(&CHACHA20_POLY1305, key.expose_secret());
            let made = made.map_err(|_| "[slack] token_key is not 64 hexadecimal digits".to_string())?;
            Ok((mark(key), LessSafeKey::new(made)))
        });
        Ok(Vault { keys: keys.collect::<Result<_, String>>()? })
    }

    pub fn seal(&self, team: &str, tokens: &Tokens) -> Result<String, String> {
        let (mark, key) = self.keys.first().ok_or("there is no key to seal tokens with")?;
        let plain = Plain {
            bot: tokens.bot.expose_secret().to_string(),
            refresh: tokens.refresh.as_ref().map(|r| r.expose_secret().to_string()),
        };
        let mut sealed = serde_json::to_vec(&plain).map_err(|e| e.to_string())?;
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|e| format!("no random numbers to be had: {e}"))?;
        let bound = Aad::from(bound_to(team));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .map_err(|_| "the tokens could not be sealed".to_string())?;
        Ok(format!("{FORM}.{mark}.{}", STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    pub fn open(&self, team: &str, sealed: &str) -> Result<Tokens, Shut> {
        let (by, text) = parts(sealed).ok_or(Shut::Damaged)?;
        let (_, key) = self.keys.iter().find(|(mark, _)| mark == by).ok_or(Shut::OtherKey)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Shut::Damaged)?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or(Shut::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Shut::Damaged)?;
        let mut rest = rest.to_vec();
        let plain = key.open_in_place(nonce, Aad::from(bound_to(team)), &mut rest).map_err(|_| Shut::Damaged)?;
        let plain: Plain = serde_json::from_slice(plain).map_err(|_| Shut::Damaged)?;
        Ok(Tokens { bot: plain.bot.into(), refresh: plain.refresh.map(SecretString::from) })
    }

    /// Whether it is sealed with the key that seals now; one that is not is to be sealed anew.
    pub fn is_current(&self, sealed: &str) -> bool {
        parts(sealed).zip(self.keys.first()).is_some_and(|((by, _), (mark, _))| by == mark)
    }
}

fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix(FORM)?.strip_prefix('.')?.split_once('.')
}

/// Names a key without telling it.
fn mark(key: &SecretSlice<u8>) -> String {
    let mut hash = Sha256::new_with_prefix(b"firebell token key\0");
    hash.update(key.expose_secret());
    hex(&hash.finalize()).chars().take(8).collect()
}

fn bound_to(team: &str) -> Vec<u8> {
    [b"firebell slack workspace\0", team.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> SecretSlice<u8> {
        vec![n; 32].into()
    }

    fn tokens() -> Tokens {
        Tokens { bot: "xoxe.xoxb-1-ana".into(), refresh: Some("xoxe-1-bo".into()) }
    }

    #[test]
    fn what_is_sealed_shows_no_token_and_opens_for_its_workspace_alone() {
        let vault = Vault::new(&key(1), None).unwrap();
        let sealed = vault.seal("T0ACME", &tokens()).unwrap();
        assert!(!sealed.contains("xox") && sealed != vault.seal("T0ACME", &tokens()).unwrap());
        let opened = vault.open("T0ACME", &sealed).unwrap();
        assert_eq!(opened.bot.expose_secret(), "xoxe.xoxb-1-ana");
        assert_eq!(opened.refresh.unwrap().expose_secret(), "xoxe-1-bo");
        assert_eq!(vault.open("T0BETA", &sealed).err(), Some(Shut::Damaged));
    }

    #[test]
    fn a_key_of_before_still_opens_and_another_one_says_so() {
        let old = Vault::new(&key(1), None).unwrap();
        let sealed = old.seal("T0ACME", &tokens()).unwrap();
        let both = Vault::new(&key(2), Some(&key(1))).unwrap();
        assert!(both.open("T0ACME", &sealed).is_ok() && !both.is_current(&sealed));
        assert!(both.is_current(&both.seal("T0ACME", &tokens()).unwrap()));
        assert_eq!(Vault::new(&key(2), None).unwrap().open("T0ACME", &sealed).err(), Some(Shut::OtherKey));
    }

    #[test]
    fn whatever_stands_in_a_row_ends_in_a_word_and_in_no_panic() {
        let vault = Vault::new(&key(1), None).unwrap();
        let sealed = vault.seal("T0ACME", &tokens()).unwrap();
        let (head, body) = sealed.rsplit_once('.').unwrap();
        for broken in
            ["", "1", "1.", "2.aa.bb", &format!("{head}."), &format!("{head}.AAAA"), &format!("{head}.{}", &body[2..])]
        {
            assert!(vault.open("T0ACME", broken).is_err(), "{broken:?}");
        }
        for at in 0..body.len() {
            let other = if body.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{head}.{}{other}{}", &body[..at], &body[at + 1..]);
            assert!(vault.open("T0ACME", &changed).is_err(), "{at}");
        }
    }
}

//! One certificate: what of it people and thresholds ask for. Reads it, judges nothing.

use super::der::{INTEGER, OCTETS, OID, SEQUENCE, SET, each, next, take, text, time};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;

pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    /// That it is for: of the extension, or the common name where there is none.
    pub names: Vec<String>,
    starts_at: i64,
    pub ends_at: i64,
}

impl Certificate {
    /// The fields in their order (RFC 5280, section 4.1).
    pub fn read(mut der: &[u8]) -> Option<Certificate> {
        let mut whole = take(&mut der, SEQUENCE)?;
        let mut fields = take(&mut whole, SEQUENCE)?;
        const VERSION: u8 = 0xa0;
        const EXTENSIONS: u8 = 0xa3;
        if fields.first() == Some(&VERSION) {
            next(&mut fields)?;
        }
        let serial = take(&mut fields, INTEGER)?;
        take(&mut fields, SEQUENCE)?; // how it is signed
        let issuer = take(&mut fields, SEQUENCE)?;
        let mut validity = take(&mut fields, SEQUENCE)?;
        let (starts_at, ends_at) = (time(&next(&mut validity)?)?, time(&next(&mut validity)?)?);
        let subject = take(&mut fields, SEQUENCE)?;
        let extensions = each(fields).find(|e| e.tag == EXTENSIONS).map_or(&[][..], |e| e.body);
        let mut names = alternative_names(extensions);
        if names.is_empty() {
            names.extend(parts(subject).into_iter().filter(|(kind, _)| kind == "CN").map(|(_, name)| name));
        }
        // A leading zero only says that the number is not negative.
        let digits = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
        let serial = digits.iter().map(|b| format!("{b:02X}")).collect();
        Some(Certificate { subject: shown(subject), issuer: shown(issuer), serial, names, starts_at, ends_at })
    }

    pub fn start(&self) -> String {
        date(self.starts_at)
    }

    pub fn end(&self) -> String {
        date(self.ends_at)
    }

    /// Negative when it has ended.
    pub fn days_left(&self, now_s: i64) -> f64 {
        (self.ends_at - now_s) as f64 / 86_400.0
    }
}

/// As openssl prints it.
fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or(String::new(), |t| t.format("%b %e %H:%M:%S %Y GMT").to_string())
}

fn shown(name: &[u8]) -> String {
    parts(name).into_iter().map(|(kind, text)| format!("{kind} = {text}")).collect::<Vec<_>>().join(", ")
}

/// A name in its parts, each with the usual letters for its kind.
fn parts(name: &[u8]) -> Vec<(String, String)> {
    let attributes = each(name).filter(|e| e.tag == SET).flat_map(|set| each(set.body));
    attributes
        .filter_map(|pair| {
            let mut pair = pair.body;
            let kind = match take(&mut pair, OID)? {
                [0x55, 4, 3] => "CN",
                [0x55, 4, 6] => "C",
                [0x55, 4, 7] => "L",
                [0x55, 4, 8] => "ST",
                [0x55, 4, 10] => "O",
                [0x55, 4, 11] => "OU",
                [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
                _ => "other",
            };
            Some((kind.to_string(), text(&next(&mut pair)?)))
        })
        .collect()
}

/// Of the extension for it: hosts and addresses.
fn alternative_names(mut extensions: &[u8]) -> Vec<String> {
    const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    let list = take(&mut extensions, SEQUENCE).unwrap_or_default();
    let found = each(list).find_map(|extension| {
        let mut fields = extension.body;
        let mut rest = (take(&mut fields, OID)? == SUBJECT_ALTERNATIVE_NAME).then_some(fields)?;
        // Between the two it may say that it is critical.
        let value = std::iter::from_fn(|| next(&mut rest)).find(|e| e.tag == OCTETS)?;
        take(&mut &*value.body, SEQUENCE)
    });
    each(found.unwrap_or_default())
        .filter_map(|name| match name.tag {
            0x82 => Some(String::from_utf8_lossy(name.body).into_owned()),
            0x87 => ip(name.body),
            _ => None,
        })
        .collect()
}

fn ip(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from)).ok().map(|ip| ip.to_string())
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The first of a file, in either form.
pub fn first(bytes: &[u8]) -> Option<Vec<u8>> {
    all(bytes).into_iter().next().or_else(|| bytes.starts_with(&[0x30]).then(|| bytes.to_vec()))
}

/// All of a text.
pub fn all(bytes: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let one = |part: &str| {
        let base64: String = part.split_once(END)?.0.chars().filter(|c| !c.is_whitespace()).collect();
        STANDARD.decode(base64).ok()
    };
    text.split(BEGIN).skip(1).filter_map(one).collect()
}

pub fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!("{BEGIN}\n{}{END}\n", lines.collect::<String>())
}

//! One certificate: what of it people and thresholds ask for. Reads it, judges nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

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
    pub fn read(der: &[u8]) -> Option<Certificate> {
        let (_, one) = X509Certificate::from_der(der).ok()?;
        let extension = one.subject_alternative_name().ok().flatten();
        let listed = extension.iter().flat_map(|e| &e.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_string()),
            GeneralName::IPAddress(bytes) => ip(bytes),
            _ => None,
        });
        let mut names: Vec<String> = listed.collect();
        if names.is_empty() {
            names.extend(one.subject().iter_common_name().filter_map(|name| name.as_str().ok()).map(str::to_string));
        }
        Some(Certificate {
            subject: shown(one.subject()),
            issuer: shown(one.issuer()),
            serial: one.raw_serial().iter().map(|b| format!("{b:02X}")).collect(),
            names,
            starts_at: one.validity().not_before.timestamp(),
            ends_at: one.validity().not_after.timestamp(),
        })
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

fn shown(name: &X509Name) -> String {
    name.to_string().split(", ").map(|part| part.replacen('=', " = ", 1)).collect::<Vec<_>>().join(", ")
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

//! What makes an encrypted connection to a database one with the server that is meant: the authorities that are trusted,
//! and, where a server does not prove who it is, the sentence that says which key to set. Connects to nothing.

use super::cause;
use super::server::Server;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, Error as Tls, RootCertStore};
use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The system's authorities, and those of the target's own file. The error is half a sentence.
pub async fn authorities(server: &Server) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    roots.add_parsable_certificates(loaded.map(|l| l.certs).unwrap_or_default());
    if let Some(file) = &server.ca_file {
        let bytes = tokio::fs::read(file).await;
        let bytes = bytes.map_err(|e| unusable(server, file, &format!("cannot be read ({})", cause(&e))))?;
        add(&mut roots, &bytes).map_err(|why| unusable(server, file, why))?;
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, bytes: &[u8]) -> Result<(), &'static str> {
    let mut any = false;
    for one in CertificateDer::pem_slice_iter(bytes) {
        let one = one.map_err(|_| "is no PEM file")?;
        roots.add(one).map_err(|_| "has a certificate that cannot be read")?;
        any = true;
    }
    any.then_some(()).ok_or("holds no certificate (-----BEGIN CERTIFICATE-----)")
}

fn unusable(server: &Server, file: &Path, why: &str) -> String {
    format!("{} {why}: correct ca_file of [targets.{}]", file.display(), server.target)
}

/// What is wrong with the certificate that a server showed, or with a server that shows none, and what to do about it.
/// `None`: the error is about something else.
pub fn trouble(server: &Server, error: &(dyn Error + 'static)) -> Option<String> {
    let (at, target) = (server.shown(), &server.target);
    Some(match tls_error(error)? {
        Tls::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            match &server.ca_file {
                Some(file) => format!(
                    "{at} shows a certificate that the authority in {} has not signed: set ca_file of [targets.{target}] to the certificate of the one that has",
                    file.display()
                ),
                None => format!(
                    "{at} shows a certificate of an authority that is not known here: set ca_file of [targets.{target}] to that authority's certificate"
                ),
            }
        }
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            format!("{at} shows a certificate for another name: write that name into address of [targets.{target}]")
        }
        Tls::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("{at} shows a certificate that has expired: it has to be renewed there")
        }
        Tls::InvalidCertificate(_) => format!("{at} shows a certificate that cannot be taken: {}", cause(error)),
        // It answered in its own words.
        Tls::InvalidMessage(_) => unencrypted(server),
        _ => return None,
    })
}

/// The server cannot encrypt, and it is set up that it has to.
pub fn unencrypted(server: &Server) -> String {
    let (at, target) = (server.shown(), &server.target);
    format!(
        "{at} does not encrypt, and [targets.{target}] asks for it: switch TLS on there, or take {} out",
        asks(server)
    )
}

/// It has said nothing for so long to a greeting that one who encrypts answers at once.
pub fn silent(server: &Server, time: Duration) -> String {
    let (at, target) = (server.shown(), &server.target);
    format!(
        "{at} has not answered an encrypted greeting within {} s. If it does not encrypt: switch TLS on there, or take {} out of [targets.{target}]",
        time.as_secs(),
        asks(server)
    )
}

/// The words in the configuration that ask for encryption.
fn asks(server: &Server) -> &'static str {
    match (&server.ca_file, server.kind) {
        (Some(_), _) => "ca_file",
        (None, super::server::Kind::Redis) => "the s of rediss",
        (None, _) => "sslmode",
    }
}

/// What the TLS library itself said, however deep other errors hold it.
fn tls_error<'e>(mut error: &'e (dyn Error + 'static)) -> Option<&'e Tls> {
    loop {
        if let Some(found) = error.downcast_ref::<Tls>() {
            return Some(found);
        }
        // An error of a stream does not name what it holds as its source.
        error = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => held,
            None => error.source()?,
        };
    }
}

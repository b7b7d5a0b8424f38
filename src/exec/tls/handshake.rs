//! A handshake that shows what a server shows, also to whom it would not be trusted: whether it is, is said beside it.
//! Nothing is sent over the connection.

use super::certificate;
use crate::exec::http::guard;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

pub struct Shown {
    pub chain: Vec<Vec<u8>>,
    /// Why it is not to be trusted under its name.
    pub distrust: Option<String>,
}

pub async fn look(at: &Url, name: &str, authorities: Option<&Path>) -> Result<Shown, String> {
    let server = ServerName::try_from(name.to_string()).map_err(|_| format!("{name} can be no name of a server"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let judge = match roots(authorities) {
        Ok(roots) => WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|e| format!("There are no authorities to trust: {e}"))?,
        Err(why) => return Err(why),
    };
    let seen = Arc::new(Seen { judge, provider: provider.clone(), shown: Mutex::new(None) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(seen.clone())
        .with_no_client_auth();
    let mut why = format!("{name} leads to no address");
    for address in guard::addresses(at).await? {
        match TcpStream::connect(address).await {
            Err(e) => why = format!("No connection to {address}: {}", crate::exec::ran::io(&e)),
            Ok(socket) => {
                let done = TlsConnector::from(Arc::new(config)).connect(server, socket).await;
                let shown = seen.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
                // A server that wants a certificate of ours ends the handshake after it has shown its own.
                return match (shown, done) {
                    (Some(shown), _) => Ok(shown),
                    (None, Err(e)) => Err(format!("{address} speaks no TLS that is understood: {e}")),
                    (None, Ok(_)) => Err(format!("{address} showed no certificate")),
                };
            }
        }
    }
    Err(why)
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // What of the system's own cannot be read is not trusted; the others are.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = authorities {
        let bytes = std::fs::read(path)
            .map_err(|e| format!("The authorities of {}: {}", path.display(), crate::exec::ran::io(&e)))?;
        roots.add_parsable_certificates(certificate::all(&bytes).into_iter().map(CertificateDer::from));
    }
    Ok(roots)
}

/// Notes what the usual judge says, and lets the handshake go on to its end.
#[derive(Debug)]
struct Seen {
    judge: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
    shown: Mutex<Option<Shown>>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} certificates", self.chain.len())
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.judge.verify_server_cert(leaf, others, name, ocsp, now);
        let chain = std::iter::once(leaf).chain(others).map(|c| c.as_ref().to_vec()).collect();
        let distrust = verdict.err().map(|e| e.to_string());
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Shown { chain, distrust });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

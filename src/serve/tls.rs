//! [`Tls`]: what a server proves itself with.

use std::io;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use super::listener::Stream;

/// A certificate with its key.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoTls {
    /// It can't be read.
    #[error("expected certificates in PEM: {0}")]
    Certificate(pem::Error),
    /// There is none.
    #[error("no certificate, expected -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// The key can't be read.
    #[error("expected a private key in PEM: {0}")]
    Key(pem::Error),
    /// They can't be used, say because one does not belong to the other.
    #[error("certificate and key can't be used: {0}")]
    Unusable(tokio_rustls::rustls::Error),
    /// None can be made.
    #[error("no certificate can be made for these names: {0}")]
    Unmade(rcgen::Error),
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// A certificate, behind it those that vouch for it, and its private key, all in PEM.
    ///
    /// # Errors
    ///
    /// [`NoTls`] if they are none, or do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Tls, NoTls> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let certificates = certificates.map_err(NoTls::Certificate)?;
        if certificates.is_empty() {
            return Err(NoTls::NoCertificate);
        }
        Tls::new(certificates, PrivateKeyDer::from_pem_slice(key).map_err(NoTls::Key)?)
    }

    /// Makes a certificate for host names and addresses, which nobody vouches for, and gives it in PEM, too: clients must be told to trust
    /// it. Its key is kept nowhere.
    ///
    /// # Errors
    ///
    /// [`NoTls`] if a name can't stand in a certificate.
    pub fn self_signed(names: Vec<String>) -> Result<(Tls, String), NoTls> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).map_err(NoTls::Unmade)?;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        Ok((Tls::new(vec![cert.der().clone()], key)?, cert.pem()))
    }

    fn new(certificates: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Tls, NoTls> {
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(NoTls::Unusable)?;
        let config = config.with_no_client_auth().with_single_cert(certificates, key);
        let mut config = config.map_err(NoTls::Unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }

    /// Agrees with a client on keys.
    pub(super) async fn secure(&self, stream: Box<dyn Stream>) -> io::Result<TlsStream<Box<dyn Stream>>> {
        self.0.accept(stream).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_no_certificate() {
        let fault = |certificate: &str, key: &str| {
            let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes());
            tls.expect_err("it is none").to_string()
        };
        let (_, certificate) = Tls::self_signed(vec!["localhost".to_owned()]).expect("a good name");
        assert_eq!(fault("", ""), "no certificate, expected -----BEGIN CERTIFICATE-----");
        assert!(fault("-----BEGIN CERTIFICATE-----\n%", "").starts_with("expected certificates in PEM: "));
        assert!(fault(&certificate, "").starts_with("expected a private key in PEM: "));
        assert!(fault(&certificate, &certificate).starts_with("expected a private key in PEM: "));
    }
}

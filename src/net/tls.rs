//! [`Tls`]: what a server proves itself with, and [`Trust`]: whom one believes.

use std::io;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::client::TlsStream as ClientStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::listener::Stream;

/// What HTTP/2 is called where both sides agree on a protocol.
const HTTP_2: &[u8] = b"h2";

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
    /// The system has no certificates that it trusts.
    #[error("the system trusts no certificate: {0}")]
    NoRoots(String),
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
        Tls::new(read_certificates(certificates)?, PrivateKeyDer::from_pem_slice(key).map_err(NoTls::Key)?)
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
        config.alpn_protocols = vec![HTTP_2.to_vec()];
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }

    /// Agrees with a client on keys.
    pub(crate) async fn secure(&self, stream: Box<dyn Stream>) -> io::Result<TlsStream<Box<dyn Stream>>> {
        self.0.accept(stream).await
    }
}

/// The certificates in a file of PEM, of which there must be one.
fn read_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NoTls> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(NoTls::Certificate)?;
    if certificates.is_empty() { Err(NoTls::NoCertificate) } else { Ok(certificates) }
}

/// Whom a client believes that a server is who it should be.
#[derive(Clone)]
pub struct Trust(TlsConnector);

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

impl Trust {
    /// Whomever the system believes.
    ///
    /// # Errors
    ///
    /// [`NoTls::NoRoots`] if that is nobody.
    pub fn system() -> Result<Trust, NoTls> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            return Err(NoTls::NoRoots(errors.join(", ")));
        }
        Trust::new(roots)
    }

    /// Those who have these certificates, in PEM, and those for whom they vouch; nobody else.
    ///
    /// # Errors
    ///
    /// [`NoTls`] if they are none.
    pub fn from_pem(certificates: &[u8]) -> Result<Trust, NoTls> {
        let mut roots = RootCertStore::empty();
        for certificate in read_certificates(certificates)? {
            roots.add(certificate).map_err(NoTls::Unusable)?;
        }
        Trust::new(roots)
    }

    fn new(roots: RootCertStore) -> Result<Trust, NoTls> {
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(NoTls::Unusable)?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![HTTP_2.to_vec()];
        Ok(Trust(TlsConnector::from(Arc::new(config))))
    }

    /// Agrees with a server of this name, or address, on keys.
    pub(crate) async fn secure(
        &self,
        name: &str,
        stream: Box<dyn Stream>,
    ) -> io::Result<ClientStream<Box<dyn Stream>>> {
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        self.0.connect(name, stream).await
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

//! [`Tls`]: what a server proves itself with, and [`Trust`]: whom one believes.

use std::io;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::client::TlsStream as ClientStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, ServerConfig,
    SignatureScheme,
};
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
        roots.add_parsable_certificates(found.certs.clone());
        if roots.is_empty() {
            let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            return Err(NoTls::NoRoots(errors.join(", ")));
        }
        Trust::new(roots, found.certs)
    }

    /// Those who have these certificates, in PEM, and those for whom they vouch; nobody else. As in other clients of gRPC, a certificate may be
    /// that of a server and of an authority at the same time, which `openssl req -x509` makes.
    ///
    /// # Errors
    ///
    /// [`NoTls`] if they are none.
    pub fn from_pem(certificates: &[u8]) -> Result<Trust, NoTls> {
        let mut roots = RootCertStore::empty();
        let trusted = read_certificates(certificates)?;
        for certificate in &trusted {
            roots.add(certificate.clone()).map_err(NoTls::Unusable)?;
        }
        Trust::new(roots, trusted)
    }

    fn new(roots: RootCertStore, trusted: Vec<CertificateDer<'static>>) -> Result<Trust, NoTls> {
        let provider = Arc::new(ring::default_provider());
        let rules = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build();
        let rules = rules.map_err(|error| NoTls::Unusable(Error::General(error.to_string())))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(NoTls::Unusable)?;
        let verifier = Arc::new(Verifier { rules, trusted });
        let mut config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
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

/// Whether a certificate is good: by the rules of the web, and if it is one of those that are trusted themselves, it may be that of an
/// authority, too.
#[derive(Debug)]
struct Verifier {
    rules: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.rules.verify_server_cert(certificate, others, name, ocsp, now) {
            Err(error) if is_of_authority(&error) && self.trusted.iter().any(|trusted| trusted == certificate) => {
                // That it is valid now is seen before.
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.rules.supported_verify_schemes()
    }
}

/// Whether all that is wrong with a certificate is that it is one of an authority.
///
/// Source: rustls-webpki, `check_issuer_independent_properties`, which looks at the time before.
fn is_of_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(error))) = error else { return false };
    matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use tokio::io::duplex;

    use super::*;

    /// Whether a client believes a server for `localhost` that has such a certificate.
    async fn is_believed(name: &str, alter: impl FnOnce(&mut CertificateParams)) -> Result<(), String> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a good name");
        alter(&mut params);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let tls = Tls::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).expect("a pair");
        let trust = Trust::from_pem(pem.as_bytes()).expect("certificates");
        let (ours, theirs) = duplex(1 << 16);
        let (client, _server) = tokio::join!(trust.secure(name, Box::new(ours)), tls.secure(Box::new(theirs)));
        client.map(drop).map_err(|error| error.to_string())
    }

    fn is_authority(params: &mut CertificateParams) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }

    #[tokio::test]
    async fn a_certificate_that_is_trusted_may_be_that_of_an_authority() {
        assert_eq!(is_believed("localhost", |_| {}).await, Ok(()));
        assert_eq!(is_believed("localhost", is_authority).await, Ok(()));
    }

    #[tokio::test]
    async fn but_it_must_be_valid_for_the_name_and_now() {
        let error = is_believed("elsewhere", is_authority).await.expect_err("another name");
        assert!(error.contains("not valid for name"), "{error}");
        let old = |params: &mut CertificateParams| {
            is_authority(params);
            (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        };
        let error = is_believed("localhost", old).await.expect_err("an old one");
        assert!(error.contains("expired"), "{error}");
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_trusted_is_refused() {
        let (tls, _) = Tls::self_signed(vec!["localhost".to_owned()]).expect("a good name");
        let (_, other) = Tls::self_signed(vec!["localhost".to_owned()]).expect("a good name");
        let trust = Trust::from_pem(other.as_bytes()).expect("certificates");
        let (ours, theirs) = duplex(1 << 16);
        let (client, _server) = tokio::join!(trust.secure("localhost", Box::new(ours)), tls.secure(Box::new(theirs)));
        client.map(drop).expect_err("another certificate");
    }

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

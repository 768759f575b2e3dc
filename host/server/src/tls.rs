//! TLS of the listener: a certificate and its key from PEM, with the library's own choice of versions and suites.
//!
//! TLS 1.2 and 1.3 only, by rustls; no early data, so that nothing can be replayed before the handshake is over.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// What the listener needs to speak TLS.
#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
}

/// Why there can be no TLS. Nothing of the key is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or none in it.
    #[error("the certificate is not PEM; give the server's own first, then those that lead to its root")]
    Certificate,
    /// Not PEM, or none in it.
    #[error("the key is not PEM; give one private key (PKCS#8, SEC1 or PKCS#1) without a passphrase")]
    Key,
    /// The two do not belong together, or rustls cannot use them.
    #[error("the certificate and the key cannot be used: {0}")]
    Unusable(String),
}

impl Tls {
    /// From a chain of certificates, the server's own first, and its private key.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
        let unusable = |error: rustls::Error| TlsError::Unusable(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
        // Whoever asks for HTTP/2 alone is told so in the handshake.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_no_key_is_named_and_not_shown() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        assert!(Tls::from_pem(certificate.as_bytes(), key.as_bytes()).is_ok());
        let wrong =
            |certificate: &str, key: &str| Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err();
        for certificate in ["", "x", key.as_str()] {
            assert_eq!(wrong(certificate, &key), TlsError::Certificate);
        }
        for key in ["", "x", certificate.as_str()] {
            assert_eq!(wrong(&certificate, key), TlsError::Key);
        }
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let error = wrong(&certificate, &other.signing_key.serialize_pem());
        assert!(matches!(error, TlsError::Unusable(_)), "{error}");
    }
}

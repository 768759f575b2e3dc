//! TLS as every connection speaks it: 1.2 or later, the system's roots, HTTP/1.1.

use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use crate::options::EgressError;

/// Sessions that one tenant keeps for resumption.
const SESSIONS_KEPT: usize = 32;

/// Built once; every tenant gets a copy, which shares the verifier and with it the loaded roots.
pub(crate) struct Tls(ClientConfig);

impl Tls {
    pub(crate) fn new(extra_root_pem: Option<&[u8]>) -> Result<Self, EgressError> {
        // The provider is handed over rather than installed: a process-wide default is a race between libraries.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let extra = match extra_root_pem {
            Some(pem) => certificates(pem)?,
            None => Vec::new(),
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| EgressError::Tls(error.to_string()))?;
        let mut config = match verifier(&extra, provider) {
            Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
            Err(error) if extra.is_empty() => {
                // A machine without certificates can still serve what needs no TLS; every handshake is refused.
                tracing::warn!(%error, "no root certificates: every https request will be refused");
                builder.with_root_certificates(rustls::RootCertStore::empty())
            }
            Err(_) => return Err(EgressError::ExtraRoots),
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(config))
    }

    /// A configuration with sessions of its own: a resumed session never crosses tenants.
    pub(crate) fn for_one_tenant(&self) -> ClientConfig {
        let mut config = self.0.clone();
        config.resumption = Resumption::in_memory_sessions(SESSIONS_KEPT);
        config
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, EgressError> {
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| EgressError::ExtraRoots)?;
    if certificates.is_empty() { Err(EgressError::ExtraRoots) } else { Ok(certificates) }
}

fn verifier(
    extra: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    if extra.is_empty() {
        Verifier::new(provider)
    } else {
        Verifier::new_with_extra_roots(extra.iter().cloned(), provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_roots_that_are_no_certificates_are_an_error() {
        for pem in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(Tls::new(Some(pem)), Err(EgressError::ExtraRoots)), "{pem:?}");
        }
    }

    #[test]
    fn tls_speaks_only_http_1() {
        let tls = Tls::new(None).unwrap();
        assert_eq!(tls.for_one_tenant().alpn_protocols, [b"http/1.1".to_vec()]);
    }
}

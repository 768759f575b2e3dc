//! TLS of the listener: what is spoken, what is refused, and how long a handshake may take.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use server::{Options, Serving, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::gate::Gate;

const PATIENCE: Duration = Duration::from_secs(30);

struct Secured {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
}

impl Secured {
    async fn new(gate: &Gate, handshake_ms_max: u64, connections_max: usize) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = made.signing_key.serialize_pem();
        let tls = Tls::from_pem(made.cert.pem().as_bytes(), key.as_bytes()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = Options { strict_transport: true, ..Options::default() };
        let router = server::router(gate.probed.host.clone(), options);
        let serving = Serving { tls: Some(tls), handshake_ms_max, connections_max, ..Serving::default() };
        tokio::spawn(server::serve_as(listener, router, serving, std::future::pending()));
        Self { address, certificate: made.cert.der().clone() }
    }

    async fn dial(
        &self,
        name: &'static str,
        versions: &[&'static SupportedProtocolVersion],
        alpn: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.enable_early_data = true;
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
    }
}

async fn health(mut stream: TlsStream<TcpStream>) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_two_newest_versions_are_spoken_and_browsers_are_told_to_stay() {
    let gate = Gate::new().await;
    let secured = Secured::new(&gate, 10_000, 100).await;
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let stream = secured.dial("localhost", &[version], &["http/1.1"]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        assert!(!stream.get_ref().1.is_early_data_accepted(), "early data could be replayed");
        let answer = health(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    }
    assert!(secured.dial("evil.example", &[&rustls::version::TLS13], &[]).await.is_err(), "another name");
    assert!(
        secured.dial("localhost", &[&rustls::version::TLS13], &["h2"]).await.is_err(),
        "another protocol"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_handshake_or_an_old_one_gets_no_answer_in_the_clear() {
    let gate = Gate::new().await;
    let secured = Secured::new(&gate, 10_000, 100).await;
    // A client hello that offers TLS 1.0 at most, with two suites of its time.
    let mut old = vec![0x16, 3, 1, 0, 49, 1, 0, 0, 45, 3, 1];
    old.extend([7; 32]);
    old.extend([0, 0, 4, 0, 0x2f, 0, 0x35, 1, 0, 0, 0]);
    for sent in [&b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], &old, &[0; 600], &[0xff; 600]] {
        let mut stream = TcpStream::connect(secured.address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed");
        assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
        assert!(answer.first().is_none_or(|kind| *kind == 0x15), "not an alert: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_handshakes_that_never_end_is_sent_away() {
    let gate = Gate::new().await;
    let secured = Secured::new(&gate, 300, 4).await;
    let mut silent = Vec::new();
    for at in 0..40 {
        let mut stream = TcpStream::connect(secured.address).await.unwrap();
        if at % 2 == 0 {
            let _ = stream.write_all(&[0x16, 3, 1, 2, 0, 1]).await;
        }
        silent.push(stream);
    }
    let newest = [&rustls::version::TLS13];
    let dialled = secured.dial("localhost", &newest, &[]);
    let stream = tokio::time::timeout(PATIENCE, dialled).await.expect("a place comes free").unwrap();
    assert!(health(stream).await.starts_with("HTTP/1.1 200"));
}

//! TLS: who is trusted, and what happens with everybody else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

use domain::exchange::SendFailureKind::Tls;
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::remote::answer;
use super::{Running, World, assert_failed, body, post};

/// Made for `tls.test`, signed by itself, new in each test process.
static SELF_SIGNED: LazyLock<CertifiedKey<KeyPair>> =
    LazyLock::new(|| rcgen::generate_simple_self_signed(["tls.test".to_owned()]).unwrap());

/// Serves one connection after another on a thread of its own.
fn serve(versions: &[&'static SupportedProtocolVersion]) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![SELF_SIGNED.cert.der().clone()];
    let key = PrivateKeyDer::try_from(SELF_SIGNED.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream =
                StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream.unwrap());
            let mut request = [0; 4096];
            if stream.read(&mut request).is_ok_and(|n| n > 0) {
                let _ = stream.write_all(&answer("secret garden"));
            }
        }
    });
    port
}

fn world(host: &str, port: u16, trusted: bool) -> (Running, String) {
    let origin = format!("https://{host}:{port}");
    let mut world = World::new().private(&origin).resolves(host, &[&["127.0.0.1"]]);
    world.options.extra_root_pem = trusted.then(|| SELF_SIGNED.cert.pem().into_bytes());
    (world.run(), format!("{origin}/"))
}

#[tokio::test]
async fn a_certificate_from_a_trusted_root_is_accepted() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (world, url) = world("tls.test", serve(&[version]), true);
        assert_eq!(body(&world.send(post(url, "x")).await), "secret garden");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused_before_anything_is_sent() {
    let (world, url) = world("tls.test", serve(rustls::ALL_VERSIONS), false);
    assert_failed(&world.send(post(url, "x")).await, Tls, false);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (world, url) = world("other.test", serve(rustls::ALL_VERSIONS), true);
    assert_failed(&world.send(post(url, "x")).await, Tls, false);
}

#[tokio::test]
async fn plain_text_on_a_tls_port_is_a_tls_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let (world, url) = world("tls.test", port, true);
    assert_failed(&world.send(post(url, "x")).await, Tls, false);
}

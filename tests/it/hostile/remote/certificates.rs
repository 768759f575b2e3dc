//! Whoever cannot prove who it is gets nothing: one class for every reason, and not a byte of the request.

use std::sync::{Arc, Mutex};

use lockgate::EgressOptions;
use lockgate::domain::FailureCode::{self, TlsFailed, TlsTimeout};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::server::{Hostile, Identity, Seen, Step, ok};
use super::world::{Here, World, hurried};
use crate::harness;

const NAME: &str = "vendor.test";

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate authority of the tests; it is trusted where its PEM is.
fn authority(set: impl FnOnce(&mut CertificateParams)) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "An authority of the tests");
    set(&mut params);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for these names, signed by this authority.
fn server(names: &[&str], by: &Authority, set: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    set(&mut params);
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, by).unwrap();
    with_chain(vec![leaf.der().clone()], &key, rustls::ALL_VERSIONS)
}

fn with_chain(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap()
}

fn trusting(authority: &Authority) -> EgressOptions {
    EgressOptions { extra_root_pem: Some(authority.pem().into_bytes()), ..hurried() }
}

async fn world(port: u16, options: EgressOptions) -> World {
    let url = format!("https://{NAME}:{port}");
    World::build([&url, &url], harness::reaching(&[&url]).egress(options).resolver(Arc::new(Here))).await
}

fn showing(config: ServerConfig) -> Identity {
    Arc::new(Mutex::new(Arc::new(config)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_must_be_for_this_name_now_and_from_a_known_authority() {
    let known = authority(|_| ());
    let unknown = authority(|_| ());
    let constrained = authority(|params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let for_names = |names: &[&str]| server(names, &known, |_| ());
    let refused = [
        ("expired", server(&[NAME], &known, |params| params.not_after = date_time_ymd(2020, 1, 1))),
        ("not yet valid", server(&[NAME], &known, |params| params.not_before = date_time_ymd(4000, 1, 1))),
        ("another name", for_names(&["other.test"])),
        ("a name below", for_names(&["*.vendor.test"])),
        ("a name that begins like it", for_names(&["vendor.test.evil.test"])),
        ("the address and not the name", for_names(&["127.0.0.1"])),
        (
            "a common name only",
            server(&[], &known, |params| params.distinguished_name.push(DnType::CommonName, NAME)),
        ),
        ("an authority that nobody added", server(&[NAME], &unknown, |_| ())),
        ("outside the authority's names", server(&[NAME], &constrained, |_| ())),
        ("self-signed", self_signed()),
        ("signed by a leaf", signed_by_a_leaf(&known)),
        ("a mebibyte of chain", with_a_long_chain(&known)),
    ];
    let identity = showing(for_names(&[NAME]));
    let remote = Hostile::over_tls(identity.clone(), |_| ok("fine")).await;
    let roots = [known.pem(), constrained.pem()].concat().into_bytes();
    let options = EgressOptions { extra_root_pem: Some(roots), idle_per_tenant: 0, ..hurried() };
    let world = world(remote.port, options).await;
    world.get("one").await.assert_answered(200, "fine");
    for (what, config) in refused {
        *identity.lock().unwrap() = Arc::new(config);
        for outcome in [world.post("{}").await, world.get_as_other("one").await] {
            assert_eq!(outcome.seen["failed"]["kind"], "Tls", "{what}: {outcome:?}");
            outcome.assert_failed(TlsFailed, false);
        }
    }
    *identity.lock().unwrap() = Arc::new(for_names(&[NAME]));
    world.get("two").await.assert_answered(200, "fine");
    let arrived: Vec<_> = remote.seen().iter().map(Seen::name).collect();
    assert_eq!(arrived, ["one", "two"], "a request was sent to somebody else");
}

fn self_signed() -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    with_chain(vec![own.der().clone()], &key, rustls::ALL_VERSIONS)
}

/// A leaf is no authority: what it signs is as good as unsigned.
fn signed_by_a_leaf(by: &Authority) -> ServerConfig {
    let (key, leaf_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(vec!["leaf.test".to_owned()]).unwrap();
    params.is_ca = IsCa::NoCa;
    let leaf = params.signed_by(&leaf_key, by).unwrap();
    let issuer = Issuer::from_params(&params, &leaf_key);
    let own = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    with_chain(vec![own.der().clone(), leaf.der().clone()], &key, rustls::ALL_VERSIONS)
}

fn with_a_long_chain(by: &Authority) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, by).unwrap();
    let chain = vec![own.der().clone(); (1 << 20) / own.der().len()];
    with_chain(chain, &key, rustls::ALL_VERSIONS)
}

/// Answers each connection with the next of these once the client has said its first word.
async fn answering(answers: Vec<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for bytes in answers {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let mut hello = vec![0; 4096];
                let _ = stream.read(&mut hello).await;
                let _ = stream.write_all(&bytes).await;
                while stream.read(&mut hello).await.is_ok_and(|count| count > 0) {}
            });
        }
    });
    port
}

/// A handshake record with one message.
fn record(version: [u8; 2], message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&[22], &version[..], &length, message].concat()
}

/// A ServerHello that takes this version and this suite, and says nothing else.
fn server_hello(version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    let body = [&version[..], &[7; 32], &[0], &suite, &[0]].concat();
    record(version, &[&[2, 0, 0, u8::try_from(body.len()).unwrap()], body.as_slice()].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_is_never_talked_down() {
    let answers = [
        ("TLS 1.1", server_hello([3, 2], [0xc0, 0x13])),
        ("TLS 1.0", server_hello([3, 1], [0, 0x2f])),
        ("SSL 3", server_hello([3, 0], [0, 0x0a])),
        ("TLS 1.2 with RC4", server_hello([3, 3], [0, 5])),
        ("TLS 1.2 without a key", server_hello([3, 3], [0, 1])),
        ("TLS 1.2 in CBC", server_hello([3, 3], [0xc0, 0x13])),
        ("protocol_version", vec![21, 3, 1, 0, 2, 2, 70]),
        ("handshake_failure", vec![21, 3, 3, 0, 2, 2, 40]),
        ("plain HTTP", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        ("noise", (0..4096).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
        ("a record of the largest length", [vec![22, 3, 3, 0xff, 0xff], vec![0; 70_000]].concat()),
    ];
    let world =
        world(answering(answers.iter().map(|(_, bytes)| bytes.clone()).collect()).await, hurried()).await;
    for (what, _) in answers {
        let outcome = world.post("{}").await;
        assert_eq!(outcome.seen["failed"]["kind"], "Tls", "{what}: {outcome:?}");
        assert!(format!("{outcome:?}").contains("TlsFailed"), "{what}: {outcome:?}");
        outcome.assert_failed(TlsFailed, false);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_never_goes_on_has_its_own_time_out() {
    // Nothing, half a record, and a farewell without an end.
    let answers = vec![Vec::new(), vec![22, 3, 3], vec![21, 3, 3, 0, 2, 1, 0]];
    let world = world(answering(answers).await, EgressOptions { tls_timeout_ms: 200, ..hurried() }).await;
    for _ in 0..3 {
        world.get("one").await.assert_failed(TlsTimeout, false);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_that_are_spoken_carry_the_name_and_no_early_data() {
    let known = authority(|_| ());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &known).unwrap();
        let mut config = with_chain(vec![leaf.der().clone()], &key, &[version]);
        // The remote offers to take a request before the handshake is over; a replay of that would be a second request.
        config.max_early_data_size = 16_384;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let remote = Hostile::over_tls(showing(config), |name| match name {
            "close" => vec![Step::Close],
            _ => ok("fine"),
        })
        .await;
        let world = world(remote.port, trusting(&known)).await;
        for name in ["one", "two"] {
            world.get(name).await.assert_answered(200, "fine");
        }
        // The next handshake resumes the session, and still sends nothing early.
        world.get("close").await.assert_failed(FailureCode::ConnectionLost, true);
        world.get("three").await.assert_answered(200, "fine");
        let names: Vec<_> = remote.seen().iter().map(Seen::name).collect();
        assert_eq!(names, ["one", "two", "close", "three"]);
        assert!(
            remote.seen().iter().all(|seen| seen.text().contains(&format!("host: {NAME}:{}", remote.port)))
        );
    }
}

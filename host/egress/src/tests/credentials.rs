//! Credentials: added after the gates, masked in what comes back, never remembered.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::egress::{Credential, CredentialPlace};
use domain::injected::CredentialError;
use domain::{Gate, Secret};

use super::remote::{Remote, Reply, answer, redirect, with_headers};
use super::{World, body, denial, get};

pub(super) fn bearer(secret: &str) -> Credential {
    Credential::one(
        CredentialPlace::Header("authorization".to_owned()),
        Secret::new(format!("Bearer {secret}")),
        vec![Secret::new(secret), Secret::new(BASE64_STANDARD.encode(secret))],
    )
}

fn in_query(secret: &str) -> Credential {
    Credential::one(
        CredentialPlace::Query("api_key".to_owned()),
        Secret::new(secret),
        vec![Secret::new(secret)],
    )
}

#[tokio::test]
async fn an_echo_is_masked_in_body_and_headers_and_rows() {
    let encoded = BASE64_STANDARD.encode("s3cr3t");
    let text = format!("you sent Bearer s3cr3t, that is {encoded}");
    let headers = format!(
        "x-echo: {encoded}\r\nx-s3cr3t: 1\r\nlocation: /?k=s3cr3t\r\ncontent-length: {}\r\n",
        text.len()
    );
    let remote = Remote::saying(with_headers(&headers, text.as_bytes())).await;
    let origin = remote.origin("a.test");
    let world = World::new()
        .private(&origin)
        .resolves("a.test", &[&["127.0.0.1"]])
        .credential(&origin, bearer("s3cr3t"))
        .run();
    let sent = world.send(get(format!("{origin}/"))).await;
    assert!(remote.seen()[0].contains("authorization: Bearer s3cr3t\r\n"));
    assert_eq!(body(&sent), "you sent ***, that is ***");
    let response = sent.result.as_ref().unwrap();
    assert_eq!(
        response.headers,
        [("x-echo".to_owned(), b"***".to_vec()), ("location".to_owned(), b"/?k=***".to_vec())]
    );
    let shown = format!("{sent:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains(&encoded), "{shown}");
    let row = &sent.exchanges[0];
    assert_eq!(row.request_headers[0], ("authorization".to_owned(), "***".to_owned()));
    let names: Vec<_> = row.request_headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "traceparent", "x-correlation-id"]);
    assert_eq!(row.response_excerpt.as_deref(), Some("you sent ***, that is ***"));
}

#[tokio::test]
async fn an_echo_across_pieces_is_masked() {
    let pieces = "3\r\nas3\r\n2\r\ncr\r\n4\r\n3tb!\r\n0\r\n\r\n";
    let remote = Remote::saying(with_headers("transfer-encoding: chunked\r\n", pieces.as_bytes())).await;
    let origin = remote.origin("a.test");
    let world = World::new()
        .private(&origin)
        .resolves("a.test", &[&["127.0.0.1"]])
        .credential(&origin, bearer("s3cr3t"))
        .run();
    assert_eq!(body(&world.send(get(format!("{origin}/"))).await), "a***b!");
}

#[tokio::test]
async fn a_key_in_the_query_reaches_the_remote_and_no_row() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let world = World::new()
        .private(&origin)
        .resolves("a.test", &[&["127.0.0.1"]])
        .credential(&origin, in_query("k3y&x"))
        .run();
    let sent = world.send(get(format!("{origin}/p?page=2"))).await;
    assert_eq!(body(&sent), "ok");
    assert!(remote.seen()[0].starts_with("GET /p?page=2&api_key=k3y%26x HTTP/1.1"), "{}", remote.seen()[0]);
    assert_eq!(sent.exchanges[0].url, format!("{origin}/p?page=2&api_key=***"));
    assert!(!format!("{sent:?}").contains("k3y"));
}

#[tokio::test]
async fn a_key_in_the_query_is_not_carried_along_by_a_redirect() {
    let target = Remote::saying(answer("there")).await;
    let to = target.origin("b.test");
    let there = to.clone();
    let source = Remote::start(move |request| {
        let query = request.split_once('?').unwrap().1.split_once(' ').unwrap().0;
        Reply::Full(redirect(302, &format!("{there}/x?{query}&again=k3y")))
    })
    .await;
    let from = source.origin("a.test");
    let world = World::new()
        .private(&from)
        .private(&to)
        .resolves("a.test", &[&["127.0.0.1"]])
        .resolves("b.test", &[&["127.0.0.1"]])
        .credential(&from, in_query("k3y"))
        .run();
    assert_eq!(body(&world.send(get(format!("{from}/?page=2"))).await), "there");
    assert!(target.seen()[0].starts_with("GET /x?page=2&again=*** HTTP/1.1"), "{}", target.seen()[0]);
}

#[tokio::test]
async fn a_credential_that_cannot_be_used_is_a_denial_with_a_remedy() {
    for (error, part) in [
        (CredentialError::Missing("token".parse().unwrap()), "token"),
        (CredentialError::Unusable("token".parse().unwrap()), "set it again"),
        (
            CredentialError::Tampered { name: "token".parse().unwrap(), code: "secret_rolled_back" },
            "secret_rolled_back",
        ),
        (CredentialError::Store, "secrets"),
    ] {
        let remote = Remote::saying(answer("ok")).await;
        let origin = remote.origin("a.test");
        let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
        world.credentials.insert(origin.parse().unwrap(), Err(error));
        let sent = world.run().send(get(format!("{origin}/"))).await;
        let denial = denial(&sent, Gate::Credential);
        assert!(denial.to_string().contains(part), "{denial}");
        assert_eq!(remote.connections(), 0);
    }
}

#[tokio::test]
async fn an_echo_is_masked_after_gzip_in_an_error_and_never_seen_in_a_trailer() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(br#"{"error":"no such key: s3cr3t\/k3y, s3cr3t%2Fk3y, \u00733cr3t/k3y"}"#).unwrap();
    let packed = packer.finish().unwrap();
    let mut answer = b"HTTP/1.1 401 No\r\nwww-authenticate: Bearer realm=\"s3cr3t/k3y\"\r\n".to_vec();
    answer.extend(b"set-cookie: key=s3cr3t/k3y\r\ncontent-encoding: gzip\r\ntrailer: x-t\r\n");
    answer.extend(b"transfer-encoding: chunked\r\n\r\n");
    for piece in packed.chunks(5) {
        answer.extend([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    }
    answer.extend(b"0\r\nx-t: s3cr3t/k3y\r\n\r\n");
    let remote = Remote::saying(answer).await;
    let origin = remote.origin("a.test");
    let world = World::new()
        .private(&origin)
        .resolves("a.test", &[&["127.0.0.1"]])
        .credential(&origin, bearer("s3cr3t/k3y"))
        .run();
    let sent = world.send(get(format!("{origin}/"))).await;
    assert_eq!(body(&sent), r#"{"error":"no such key: ***, ***, ***"}"#);
    let headers = &sent.result.as_ref().unwrap().headers;
    assert_eq!(headers, &[("www-authenticate".to_owned(), b"Bearer realm=\"***\"".to_vec())]);
    assert!(!format!("{sent:?}").contains("k3y"), "{sent:?}");
}

#[tokio::test]
async fn what_one_hop_was_sent_with_does_not_come_back_from_the_next() {
    let target = Remote::saying(answer("you are s3cr3t, says my friend")).await;
    let to = target.origin("b.test");
    let source = Remote::saying(redirect(302, &format!("{to}/x"))).await;
    let from = source.origin("a.test");
    let world = World::new()
        .private(&from)
        .private(&to)
        .resolves("a.test", &[&["127.0.0.1"]])
        .resolves("b.test", &[&["127.0.0.1"]])
        .credential(&from, bearer("s3cr3t"))
        .run();
    let sent = world.send(get(format!("{from}/"))).await;
    assert_eq!(body(&sent), "you are ***, says my friend");
    assert!(!target.seen()[0].contains("s3cr3t"), "{}", target.seen()[0]);
}

//! Bodies that are too large, too dense or not what they say.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::call::Limits;
use domain::exchange::SendFailureKind::{BadResponse, TooLarge};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::remote::{Remote, Reply, with_headers};
use super::{Running, World, assert_failed, body, get};

const CAP: usize = 100_000;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzipped(packed: &[u8]) -> Vec<u8> {
    with_headers(&format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len()), packed)
}

fn capped(remote: &Remote) -> (Running, String) {
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    let limits = Limits { response_bytes: CAP, ..Limits::default() };
    (World { limits, ..world }.run(), format!("{origin}/"))
}

#[tokio::test]
async fn gzip_is_decoded() {
    let remote = Remote::saying(gzipped(&[gzip(b"one "), gzip(b"two")].concat())).await;
    let (world, url) = capped(&remote);
    let sent = world.send(get(url)).await;
    assert_eq!(body(&sent), "one two");
    let headers = &sent.result.as_ref().unwrap().headers;
    assert!(headers.iter().all(|(name, _)| name != "content-encoding"), "{headers:?}");
}

#[tokio::test]
async fn a_body_at_the_cap_passes_and_one_above_does_not() {
    for (bytes, fits) in [(CAP, true), (CAP + 1, false)] {
        let text = "a".repeat(bytes);
        let remote = Remote::saying(super::remote::answer(&text)).await;
        let (world, url) = capped(&remote);
        let sent = world.send(get(url)).await;
        if fits { assert_eq!(body(&sent), text) } else { assert_failed(&sent, TooLarge, true) }
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_cap() {
    for head in ["", "transfer-encoding: chunked\r\n"] {
        let piece = if head.is_empty() {
            vec![b'a'; 16_384]
        } else {
            format!("4000\r\n{}\r\n", "a".repeat(16_384)).into()
        };
        let first = with_headers(head, b"");
        let reply = Reply::Drip { first, piece, pause: Duration::ZERO };
        let remote = Remote::start(move |_| reply.clone()).await;
        let (world, url) = capped(&remote);
        assert_failed(&world.send(get(url)).await, TooLarge, true);
        // What was written beyond the cap lies in the buffers of the two sockets.
        assert!(remote.written.load(Ordering::SeqCst) < 20_000_000);
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_cut_at_the_cap() {
    let packed = gzip(&vec![0; 20_000_000]);
    assert!(packed.len() < CAP / 2);
    let remote = Remote::saying(gzipped(&packed)).await;
    let (world, url) = capped(&remote);
    assert_failed(&world.send(get(url)).await, TooLarge, true);
}

#[tokio::test]
async fn gzip_that_decodes_to_nothing_for_ever_is_cut_too() {
    let first = with_headers("content-encoding: gzip\r\n", b"");
    let reply = Reply::Drip { first, piece: gzip(b"").repeat(500), pause: Duration::ZERO };
    let remote = Remote::start(move |_| reply.clone()).await;
    let (world, url) = capped(&remote);
    assert_failed(&world.send(get(url)).await, BadResponse, true);
    assert!(remote.written.load(Ordering::SeqCst) < 8_000_000, "cut long before the cap of a body");
}

#[tokio::test]
async fn broken_or_unasked_codings_are_a_bad_response() {
    let packed = gzip(b"hello, hello, hello");
    let cut = &packed[..packed.len() - 4];
    let length = format!("content-length: {}\r\n", packed.len());
    for reply in [
        gzipped(cut),
        gzipped(b"plain after all"),
        with_headers(&format!("content-encoding: br\r\n{length}"), &packed),
        with_headers(&format!("content-encoding: gzip, gzip\r\n{length}"), &packed),
        with_headers(&format!("content-encoding: gzip\r\ncontent-encoding: gzip\r\n{length}"), &packed),
    ] {
        let remote = Remote::saying(reply.clone()).await;
        let (world, url) = capped(&remote);
        assert_failed(&world.send(get(url)).await, BadResponse, true);
    }
}

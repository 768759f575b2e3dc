//! Remotes that are slow, gone or lying: each ends in time, with a coarse reason and the truth about `sent`.

use std::time::Duration;

use domain::exchange::SendFailureKind::{BadResponse, Connect, Other, Timeout};
use domain::exchange::{ExchangeOutcome, SendFailureKind};
use tokio::time::Instant;

use super::remote::{Remote, Reply, answer, with_headers};
use super::{Running, World, assert_failed, body, failure, get, post};

const SHORT_MS: u64 = 80;

fn to(remote: &Remote, set: impl FnOnce(&mut crate::EgressOptions)) -> (Running, String) {
    let origin = remote.origin("a.test");
    let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    set(&mut world.options);
    (world.run(), format!("{origin}/"))
}

#[tokio::test]
async fn a_remote_that_never_answers_times_out_as_sent() {
    let remote = Remote::start(|_| Reply::Silence).await;
    let (world, url) = to(&remote, |options| {
        options.connect_timeout_ms = SHORT_MS;
        options.first_byte_timeout_ms = SHORT_MS;
    });
    let sent = world.send(post(url, "x")).await;
    assert_failed(&sent, Timeout, true);
    assert!(
        matches!(&sent.exchanges[0].outcome, ExchangeOutcome::Failed { failure } if failure.kind == Timeout)
    );
    assert!(sent.exchanges[0].duration_ms >= SHORT_MS);
}

#[tokio::test]
async fn the_guests_own_time_out_holds_and_no_value_of_it_is_special() {
    let remote = Remote::start(|_| Reply::Silence).await;
    let (world, url) = to(&remote, |options| options.total_timeout_ms = SHORT_MS);
    for timeout_ms in [Some(0), Some(1), Some(u32::MAX), None] {
        let began = Instant::now();
        let mut request = get(&url);
        request.timeout_ms = timeout_ms;
        assert_eq!(failure(&world.send(request).await).kind, Timeout, "{timeout_ms:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{timeout_ms:?}");
    }
}

#[tokio::test]
async fn no_option_is_too_large_or_too_small_to_be_honoured() {
    for ms in [0, u64::MAX] {
        let remote =
            Remote::start(move |_| if ms == 0 { Reply::Silence } else { Reply::Full(answer("ok")) }).await;
        let (world, url) = to(&remote, |options| {
            options.connect_timeout_ms = ms;
            options.first_byte_timeout_ms = ms;
            options.idle_timeout_ms = ms;
            options.total_timeout_ms = ms;
            options.in_flight_per_tenant = usize::try_from(ms).unwrap();
            options.response_headers_max = usize::try_from(ms.max(9)).unwrap();
        });
        let sent = world.send(get(url)).await;
        if ms == 0 {
            assert_eq!(failure(&sent).kind, Timeout);
        } else {
            assert_eq!(body(&sent), "ok");
        }
    }
}

#[tokio::test]
async fn a_body_that_stalls_hits_the_idle_time_out() {
    let pause = Duration::from_secs(60);
    let reply =
        Reply::Drip { first: with_headers("content-length: 100\r\n", b"abc"), piece: b"d".to_vec(), pause };
    let remote = Remote::start(move |_| reply.clone()).await;
    let (world, url) = to(&remote, |options| options.idle_timeout_ms = SHORT_MS);
    assert_failed(&world.send(get(url)).await, Timeout, true);
}

#[tokio::test]
async fn a_body_that_drips_hits_the_total_time_out() {
    let pause = Duration::from_millis(10);
    let reply = Reply::Drip { first: with_headers("", b""), piece: b"d".to_vec(), pause };
    let remote = Remote::start(move |_| reply.clone()).await;
    let (world, url) = to(&remote, |options| options.total_timeout_ms = 3 * SHORT_MS);
    let began = Instant::now();
    assert_failed(&world.send(get(url)).await, Timeout, true);
    assert!(began.elapsed() >= Duration::from_millis(3 * SHORT_MS));
}

#[tokio::test]
async fn a_status_line_that_drips_and_a_flood_of_early_hints_time_out() {
    for piece in [&b"H"[..], b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"] {
        let reply =
            Reply::Drip { first: piece.to_vec(), piece: piece.to_vec(), pause: Duration::from_millis(5) };
        let remote = Remote::start(move |_| reply.clone()).await;
        let (world, url) = to(&remote, |options| options.total_timeout_ms = 2 * SHORT_MS);
        let failure = failure(&world.send(get(url)).await).clone();
        assert!(matches!(failure.kind, Timeout | BadResponse) && failure.sent, "{failure}");
    }
}

#[tokio::test]
async fn a_closed_port_is_a_failed_connection_and_nothing_was_sent() {
    let remote = Remote::saying(answer("")).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let origin = format!("http://a.test:{}", free.port());
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let sent = world.send(post(format!("{origin}/"), "x")).await;
    assert_failed(&sent, Connect, false);
    let shown = format!("{sent:?}");
    assert!(
        !shown.contains("refused") && !shown.contains("os error") && !shown.contains("127.0.0.1"),
        "{shown}"
    );
    drop(remote);
}

#[tokio::test]
async fn a_connection_closed_after_the_request_may_have_delivered_it() {
    for reply in [Reply::Last(Vec::new()), Reply::Last(b"HTTP/1.1 20".to_vec())] {
        let remote = Remote::start(move |_| reply.clone()).await;
        let (world, url) = to(&remote, |_| ());
        assert_failed(&world.send(post(url, "x")).await, Other, true);
        assert_eq!(remote.seen().len(), 1, "a post must never be sent twice");
    }
}

#[tokio::test]
async fn a_connection_that_closed_while_idle_is_replaced_in_silence() {
    let remote = Remote::start(|_| Reply::Last(answer("ok"))).await;
    let (world, url) = to(&remote, |_| ());
    for _ in 0..3 {
        assert_eq!(body(&world.send(post(&url, "x")).await), "ok");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(remote.seen().len(), 3);
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_response() {
    let many: String = (0..200).map(|at| format!("x-{at}: 1\r\n")).collect();
    let large = format!("x: {}\r\n", "a".repeat(70_000));
    let endless = format!("x: {}\r\n", "a".repeat(1 << 20));
    for reply in [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec(),
        b"HTTP/1.1 2OO OK\r\n\r\n".to_vec(),
        b"HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n".to_vec(),
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec(),
        with_headers("content-length: 1\r\ncontent-length: 2\r\n", b"ab"),
        with_headers("content-length: +1\r\n", b"a"),
        with_headers("content-length: 5\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        with_headers("transfer-encoding: chunked\r\n", b"-1\r\n\r\n"),
        with_headers("transfer-encoding: chunked\r\n", b"FFFFFFFFFFFFFFFFF\r\n\r\n"),
        with_headers("no colon\r\n", b""),
        with_headers("a: b\r\n folded\r\n", b""),
        with_headers("x: a\0b\r\n", b""),
        with_headers(&format!("{many}content-length: 0\r\n"), b""),
        with_headers(&format!("{large}content-length: 0\r\n"), b""),
        with_headers(&format!("{endless}content-length: 0\r\n"), b""),
    ] {
        let shown = String::from_utf8_lossy(&reply[..reply.len().min(60)]).into_owned();
        let remote = Remote::start(move |_| Reply::Last(reply.clone())).await;
        let (world, url) = to(&remote, |_| ());
        let sent = world.send(post(url, "x")).await;
        let failure = failure(&sent);
        assert!(failure.kind == BadResponse && failure.sent, "{shown:?} gave {failure:?}");
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_a_bad_response() {
    for reply in [
        with_headers("content-length: 10\r\n", b"abc"),
        with_headers("transfer-encoding: chunked\r\n", b"5\r\nabc"),
    ] {
        let remote = Remote::start(move |_| Reply::Last(reply.clone())).await;
        let (world, url) = to(&remote, |_| ());
        assert_failed(&world.send(get(url)).await, SendFailureKind::BadResponse, true);
    }
}

#[tokio::test]
async fn a_second_answer_on_a_connection_never_answers_the_next_request() {
    let remote = Remote::start(|request| {
        let stale = [answer("first"), answer("smuggled")].concat();
        Reply::Full(if request.starts_with("GET /1") { stale } else { answer("second") })
    })
    .await;
    let (world, url) = to(&remote, |_| ());
    assert_eq!(body(&world.send(get(format!("{url}1"))).await), "first");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(body(&world.send(get(format!("{url}2"))).await), "second");
}

#[tokio::test]
async fn a_body_where_none_belongs_never_answers_the_next_request() {
    for odd in [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
    ] {
        let smuggled = [odd.as_bytes(), b"4\r\nevil\r\n0\r\n\r\n", &answer("smuggled")].concat();
        let remote = Remote::start(move |request| {
            Reply::Full(if request.starts_with("HEAD") { smuggled.clone() } else { answer("second") })
        })
        .await;
        let (world, url) = to(&remote, |_| ());
        assert_eq!(body(&world.send(super::request("HEAD", &url)).await), "");
        assert_eq!(body(&world.send(get(&url)).await), "second");
        assert_eq!(remote.connections(), 2, "{odd:?}");
    }
}

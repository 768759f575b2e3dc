//! What goes out, and what is remembered of it.

use domain::exchange::ExchangeOutcome;

use super::remote::{Remote, answer, with_headers};
use super::{World, body, get, post, request};

#[tokio::test]
async fn a_granted_request_reaches_the_address_of_its_name() {
    let remote = Remote::saying(answer("hello")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let sent = world.send(get(format!("{origin}/v1/x?q=%20a+b"))).await;
    assert_eq!(body(&sent), "hello");
    let seen = &remote.seen()[0];
    assert!(seen.starts_with("GET /v1/x?q=%20a+b HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains(&format!("host: a.test:{}\r\n", remote.address.port())), "{seen}");
    assert_eq!(*world.names.asked.lock().unwrap(), ["a.test"]);
}

#[tokio::test]
async fn the_host_adds_its_own_headers_and_keeps_the_guests() {
    let remote = Remote::saying(answer("")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let mut one = get(format!("{origin}/"));
    one.headers = vec![("X-Twice".to_owned(), b"1".to_vec()), ("X-Twice".to_owned(), b"2".to_vec())];
    world.send(one).await.result.unwrap();
    world.send(get(format!("{origin}/"))).await.result.unwrap();
    let seen = remote.seen();
    for header in [
        "user-agent: lockgate/",
        "accept-encoding: gzip\r\n",
        "traceparent: 00-0123456789abcdef0123456789abcdef-",
        "x-correlation-id: 0123456789abcdef0123456789abcdef\r\n",
        "x-twice: 1\r\n",
        "x-twice: 2\r\n",
    ] {
        assert!(seen[0].contains(header), "{header} is missing in {}", seen[0]);
    }
    assert!(!seen[0].contains("cookie") && !seen[0].contains("referer"), "{}", seen[0]);
    let span = |request: &str| request.split_once("89abcdef-").unwrap().1[..16].to_owned();
    assert_ne!(span(&seen[0]), span(&seen[1]));
}

#[tokio::test]
async fn a_body_carries_its_length_and_a_missing_one_says_so() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    world.send(post(format!("{origin}/p"), "{\"a\":1}")).await.result.unwrap();
    world.send(request("POST", format!("{origin}/p"))).await.result.unwrap();
    let seen = remote.seen();
    assert!(
        seen[0].contains("content-length: 7\r\n") && seen[0].ends_with("\r\n\r\n{\"a\":1}"),
        "{}",
        seen[0]
    );
    assert!(!seen[0].contains("transfer-encoding"), "{}", seen[0]);
    assert!(seen[1].contains("content-length: 0\r\n"), "{}", seen[1]);
}

#[tokio::test]
async fn cookies_and_hop_by_hop_headers_stay_with_the_host() {
    let headers = "set-cookie: a=b\r\nkeep-alive: timeout=5\r\netag: \"1\"\r\ncontent-length: 0\r\n";
    let remote = Remote::saying(with_headers(headers, b"")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let first = world.send(get(format!("{origin}/"))).await.result.unwrap();
    assert_eq!(first.headers, [("etag".to_owned(), b"\"1\"".to_vec())]);
    world.send(get(format!("{origin}/"))).await.result.unwrap();
    assert!(!remote.seen()[1].contains("a=b"));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let answers: &[&[&str]] = &[&["127.0.0.1", "127.0.0.2"], &["127.0.0.2", "127.0.0.1"]];
    let world = World::new().private(&origin).resolves("a.test", answers).run();
    for _ in 0..3 {
        world.send(get(format!("{origin}/"))).await.result.unwrap();
    }
    assert_eq!(remote.connections(), 1);
}

#[tokio::test]
async fn an_exchange_is_remembered_without_what_is_secret_in_it() {
    let remote = Remote::saying(answer("hello")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let mut asked = post(format!("{origin}/x?token=t0k3n&page=2"), "12345");
    asked.headers =
        vec![("x-session".to_owned(), b"s3ss10n".to_vec()), ("x-plain".to_owned(), b"1".to_vec())];
    let sent = world.send(asked).await;
    let [row] = sent.exchanges.as_slice() else { panic!("{:?}", sent.exchanges) };
    assert_eq!((row.method.as_str(), row.scope.as_deref(), row.request_bytes), ("POST", Some("all"), 5));
    assert!(row.url.ends_with("/x?token=***&page=2"), "{}", row.url);
    assert_eq!(row.at.as_ms(), 1_800_000_000_000);
    let shown = format!("{row:?}");
    assert!(!shown.contains("t0k3n") && !shown.contains("s3ss10n") && shown.contains("x-plain"), "{shown}");
    assert!(matches!(row.outcome, ExchangeOutcome::Answered { status: 200, response_bytes: 5, .. }));
}

#[tokio::test]
async fn a_head_has_no_body_whatever_its_headers_promise() {
    let headers = "content-length: 999999999\r\ncontent-encoding: br\r\n";
    let remote = Remote::saying(with_headers(headers, b"")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let sent = world.send(request("HEAD", format!("{origin}/"))).await;
    assert_eq!(body(&sent), "");
}

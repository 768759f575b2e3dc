//! What a request looks like on the wire, and what an outcome means.

use super::*;

fn status(status: u16, request: Request) -> Result<Response, Error> {
    with_transport(move |_| Ok(Response::new(status)), || request.send()?.error_for_status())
}

fn failure(kind: FailureKind, sent: bool, request: Request) -> Error {
    let answer = move |_: &Sent| Err(SendError::Failed(Failure::new(kind, sent, "lost")));
    Error::from(with_transport(answer, || request.send()).expect_err("the exchange failed"))
}

fn get() -> Request {
    Request::get("https://a.example/x")
}

fn post() -> Request {
    Request::post("https://a.example/x")
}

#[test]
fn a_status_has_the_class_that_its_meaning_gives() {
    for code in [400, 402, 413, 422, 499] {
        assert!(matches!(status(code, get()), Err(Error::Invalid(_))), "{code}");
    }
    for code in [100, 302, 403, 405, 415, 501] {
        assert!(matches!(status(code, get()), Err(Error::Permanent(_))), "{code}");
    }
    for code in [408, 425, 500, 502, 503, 504, 507, 520, 524] {
        assert!(matches!(status(code, get()), Err(Error::Transient(_))), "{code}");
    }
    assert!(matches!(status(401, get()), Err(Error::AuthRequired(_))));
    assert!(matches!(status(404, get()), Err(Error::NotFound(_))));
    assert!(matches!(status(409, get()), Err(Error::Conflict(_))));
    assert_eq!(status(429, get()), Err(Error::RateLimited(None)));
}

#[test]
fn a_server_error_leaves_a_write_without_key_ambiguous() {
    for code in [408, 425, 500, 502, 503, 504] {
        assert!(matches!(status(code, post()), Err(Error::Ambiguous(_))), "{code}");
        let keyed = post().idempotency_key("Idempotency-Key", "7");
        assert!(matches!(status(code, keyed), Err(Error::Transient(_))), "{code}");
    }
}

#[test]
fn a_lost_answer_is_ambiguous_only_where_repeating_could_do_harm() {
    use FailureKind::{BadResponse, Connect, Other, Timeout};

    for kind in [Timeout, BadResponse, Other] {
        assert!(matches!(failure(kind, true, post()), Error::Ambiguous(_)), "{kind}");
        assert!(matches!(failure(kind, true, post().repeatable()), Error::Transient(_)), "{kind}");
        assert!(matches!(failure(kind, true, get()), Error::Transient(_)), "{kind}");
    }
    assert!(matches!(failure(Connect, false, post()), Error::Transient(_)));
}

#[test]
fn what_asking_again_cannot_change_is_permanent() {
    assert!(matches!(failure(FailureKind::TooLarge, true, get()), Error::Permanent(_)));
    // Only the host knows whether a name does not exist or was not found for the moment.
    for kind in [FailureKind::Name, FailureKind::Tls] {
        assert!(matches!(failure(kind, false, post()), Error::Transient(_)), "{kind}");
    }
}

#[test]
fn a_retry_after_is_read_as_whole_or_decimal_seconds_and_never_panics() {
    let wait = |value: &str| Response::new(429).with_header("Retry-After", value).retry_after_ms();
    assert_eq!(wait("2"), Some(2_000));
    assert_eq!(wait(" 2.0 "), Some(2_000));
    assert_eq!(wait("0.0001"), Some(1));
    assert_eq!(wait("-5"), Some(0));
    assert_eq!(wait("1e300"), Some(u64::MAX));
    assert_eq!(wait("inf"), None);
    assert_eq!(wait("soon"), None);
    let dated = Response::new(429)
        .with_header("date", "Wed, 21 Oct 2026 07:28:00 GMT")
        .with_header("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT");
    assert_eq!(dated.retry_after_ms(), Some(30_000));
    let told = dated.with_header("lockgate-wait-ms", "45000");
    assert_eq!(told.retry_after_ms(), Some(45_000), "the host has read all that the remote says");
}

#[test]
fn what_the_manifest_says_of_an_answer_goes_before_its_status() {
    let told = |status: u16, class: &str| {
        let answer = Response::new(status).with_header("lockgate-class", class);
        with_transport(move |_| Ok(answer.clone()), || post().send()).expect("it answers").error_for_status()
    };
    assert!(matches!(told(200, "rate_limited"), Err(Error::RateLimited(None))));
    assert!(matches!(told(200, "auth"), Err(Error::AuthRequired(_))));
    assert!(matches!(told(409, "done"), Ok(answer) if answer.status == 409));
    assert!(matches!(told(503, "transient_safe"), Err(Error::Transient(_))));
    assert!(matches!(told(409, "transient"), Err(Error::Transient(_))));
    assert!(matches!(told(409, "ambiguous"), Err(Error::Ambiguous(_))));
    assert!(matches!(told(500, "permanent"), Err(Error::Permanent(_))));
    assert!(matches!(told(404, "a word of a later host"), Err(Error::NotFound(_))));
}

#[test]
fn a_form_is_encoded_with_its_brackets_and_its_type() {
    let request = post().form(&[("metadata[deal id]", "ü&1"), ("name", "A+B")]);
    let answer = with_transport(
        |sent| {
            Ok(Response::new(200)
                .with_header("x", sent.header("content-type").unwrap_or(""))
                .with_body(&*sent.body))
        },
        || request.send(),
    )
    .expect("the transport answers");
    assert_eq!(answer.header("x"), Some("application/x-www-form-urlencoded"));
    assert_eq!(answer.body, b"metadata%5Bdeal+id%5D=%C3%BC%261&name=A%2BB");
}

#[test]
fn a_query_is_added_to_one_that_the_url_has() {
    let url = |request: Request| request.into_parts().url;
    assert_eq!(url(get().query("a", "1&2").query("b", "")), "https://a.example/x?a=1%262&b=");
    assert_eq!(url(Request::get("https://a.example/x?z=0").query("a", "1")), "https://a.example/x?z=0&a=1");
    assert_eq!(url(get()), "https://a.example/x");
}

#[test]
fn an_excerpt_is_short_and_has_no_control_characters() {
    let response = Response::new(500).with_body(format!("a\u{1b}[31m\n{}", "ü".repeat(1_000)));
    let excerpt = response.excerpt();
    assert!(excerpt.chars().count() < 350);
    assert!(!excerpt.chars().any(char::is_control));
}

#[test]
fn without_a_transport_nothing_is_sent() {
    assert!(
        matches!(get().send().map_err(Error::from), Err(Error::Transient(message)) if message.contains("with_transport"))
    );
}

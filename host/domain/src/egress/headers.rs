//! Header rules: what a guest may set, and what it may see.
//!
//! A forbidden request header is refused, not dropped, so that a connector's author learns of it at once.

use crate::denial::{Denial, Gate};

pub(super) const HEADERS_MAX: usize = 64;
pub(super) const HEADERS_BYTES_MAX: usize = 32 << 10;
pub(super) const VALUE_BYTES_MAX: usize = 8 << 10;
const NAME_BYTES_MAX: usize = 256;

/// The framing of the message: the host computes it.
const FRAMING: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "connection",
    "keep-alive",
    "upgrade",
    "expect",
    "http2-settings",
];

/// Whom the request comes from and what it really asks for: claims that a remote might believe.
const CLAIMS: [&str; 17] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-original-host",
    "x-host",
    "max-forwards",
];

/// What the host adds itself.
const SET_BY_HOST: [&str; 5] =
    ["accept-encoding", "traceparent", "tracestate", "baggage", "x-correlation-id"];

/// Credentials, which only the host handles.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "cookie2"];

/// What concerns one connection, or the host's own session with the remote, and not the guest.
const NOT_FOR_GUESTS: [&str; 13] = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-encoding",
    "content-length",
    "alt-svc",
    "set-cookie",
    "set-cookie2",
    "clear-site-data",
    "strict-transport-security",
];

/// Why a guest may not set this header, if so. The name is compared in lower case.
pub fn refused_header(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    if FRAMING.contains(&name) || name.starts_with("proxy-") {
        Some("the host frames the message")
    } else if CLAIMS.contains(&name) || name.starts_with("x-forwarded-") {
        Some("it would change what the remote takes the request for")
    } else if SET_BY_HOST.contains(&name) {
        Some("the host sets it")
    } else if CREDENTIALS.contains(&name) {
        Some("the host adds the profile's credential")
    } else {
        None
    }
}

/// The headers with lower-case names, or the first offence.
pub(super) fn check(
    headers: Vec<(String, Vec<u8>)>,
    credential_headers: &[&str],
) -> Result<Vec<(String, Vec<u8>)>, Denial> {
    if headers.len() > HEADERS_MAX {
        return Err(refuse("the request has more than 64 headers", "send fewer"));
    }
    let mut bytes: usize = 0;
    let mut checked = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
        if bytes > HEADERS_BYTES_MAX {
            return Err(refuse("the headers have more than 32 KiB", "send what is long in the body"));
        }
        if !is_token(&name) {
            return Err(refuse(
                "a header's name is not a token",
                "use letters, digits and `-` in header names",
            ));
        }
        let name = name.to_ascii_lowercase();
        if credential_headers.contains(&name.as_str()) {
            return Err(refuse(
                &format!("the header {name} carries the profile's credential"),
                "leave it out: the host adds it",
            ));
        }
        if let Some(why) = refused_header(&name) {
            return Err(refuse(
                &format!("a connector may not set the header {name}"),
                &format!("leave it out: {why}"),
            ));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(refuse(
                &format!("the header {name} has more than 8 KiB"),
                "send what is long in the body",
            ));
        }
        if !value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            return Err(refuse(
                &format!(
                    "the value of the header {name} contains a line break, a control character or non-ASCII bytes"
                ),
                "encode it in visible ASCII characters",
            ));
        }
        checked.push((name, value));
    }
    Ok(checked)
}

/// The response headers that a guest sees: hop-by-hop headers and cookies stay with the host.
pub fn response_headers(headers: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let hidden = |name: &str| {
        NOT_FOR_GUESTS.iter().any(|hidden| name.eq_ignore_ascii_case(hidden))
            || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("proxy-"))
    };
    headers.into_iter().filter(|(name, _)| !hidden(name)).collect()
}

/// Whether a text is a header name (RFC 9110, `token`).
pub fn is_token(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

fn refuse(reason: &str, remedy: &str) -> Denial {
    Denial::new(Gate::Headers, reason, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Denial> {
        check(vec![(name.to_owned(), value.to_owned())], &["x-api-key"])
    }

    #[test]
    fn plain_headers_pass_with_lower_case_names() {
        let headers = vec![
            ("Content-Type".to_owned(), b"application/json".to_vec()),
            ("Idempotency-Key".to_owned(), b"a\tb ~".to_vec()),
            ("If-Match".to_owned(), Vec::new()),
        ];
        let names: Vec<String> = check(headers, &[]).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["content-type", "idempotency-key", "if-match"]);
    }

    #[test]
    fn what_the_host_sets_or_a_remote_might_believe_is_refused() {
        for name in [
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "TE",
            "Trailer",
            "Connection",
            "Keep-Alive",
            "Upgrade",
            "Expect",
            "Proxy-Authorization",
            "Proxy-Connection",
            "proxy-x",
            "Forwarded",
            "X-Forwarded-For",
            "x-forwarded-host",
            "X-Real-IP",
            "Via",
            "Cookie",
            "Authorization",
            "Accept-Encoding",
            "X-HTTP-Method",
            "X-HTTP-Method-Override",
            "X-Method-Override",
            "traceparent",
            "X-Correlation-Id",
            "X-Original-URL",
            "X-API-Key",
        ] {
            let denial = one(name, b"x").unwrap_err();
            assert_eq!(denial.gate, Gate::Headers, "{name}");
            assert!(denial.reason.contains(&name.to_ascii_lowercase()), "{denial}");
        }
    }

    #[test]
    fn a_name_that_is_no_token_is_refused() {
        for name in ["", ":authority", "a b", "a\r\nb", "a\0", "é", "a:b", "a,b", "\"a\"", "a\t"] {
            assert!(one(name, b"x").is_err(), "{name:?}");
        }
        assert!(one(&"a".repeat(257), b"x").is_err());
    }

    #[test]
    fn a_value_that_could_end_its_line_is_refused() {
        for value in [&b"a\rb"[..], b"a\nb", b"a\r\n b", b"\0", b"\x7f", b"\x1b[2J", "é".as_bytes(), b"\xff"]
        {
            assert!(one("x-note", value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn counts_and_sizes_are_bounded() {
        let many = |n: usize, bytes: usize| (0..n).map(|i| (format!("x-{i}"), vec![b'a'; bytes])).collect();
        assert!(check(many(64, 1), &[]).is_ok());
        assert!(check(many(65, 1), &[]).is_err());
        assert!(check(many(32_769, 0), &[]).is_err());
        assert!(check(many(1, 8 << 10), &[]).is_ok());
        assert!(check(many(1, (8 << 10) + 1), &[]).is_err());
        assert!(check(many(5, 8 << 10), &[]).is_err());
    }

    #[test]
    fn a_guest_sees_no_cookies_and_no_hop_by_hop_headers() {
        let names = [
            "Set-Cookie",
            "connection",
            "Transfer-Encoding",
            "Proxy-Authenticate",
            "content-type",
            "ETag",
            "p",
            "é€é",
        ];
        let headers = names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        let seen: Vec<String> = response_headers(headers).into_iter().map(|(name, _)| name).collect();
        assert_eq!(seen, ["content-type", "ETag", "p", "é€é"]);
    }
}

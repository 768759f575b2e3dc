//! Before any route: whether the request is meant for this host, and whether a page of somebody else's sent it.
//!
//! A page in a browser can make its own name point at this machine (DNS rebinding) or send a form here. The first
//! shows in `Host`, the second in `Origin` and `Sec-Fetch-Site`, none of which a page can choose. Headers that proxies
//! add (`Forwarded`, `X-Forwarded-*`) are never read: anybody can send them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lockgate::{CALLBACK_PATH, START_PATH};

use crate::options::Options;
use crate::problem::Problem;

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names under which this host may be asked. The names of loopback are always among them.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Option<Arc<BTreeSet<String>>>);

impl AllowedHosts {
    /// The names of loopback: `localhost` and every loopback address.
    pub const LOOPBACK: Self = Self(None);

    /// These as well: names or addresses, without a port.
    #[must_use]
    pub fn and<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter();
        let plain = |name: S| name.as_ref().trim_matches(['[', ']']).to_ascii_lowercase();
        Self(Some(Arc::new(names.map(plain).collect())))
    }

    fn allows(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let loopback =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        loopback || self.0.as_ref().is_some_and(|names| names.contains(&host))
    }
}

pub(crate) async fn front(State(options): State<Options>, request: Request, next: Next) -> Response {
    match judge(&options.hosts, request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn judge(hosts: &AllowedHosts, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let bad = || Problem::bad_request("bad_host_header", "send exactly one Host header: a name and a port");
    let host = only(headers, &HOST).map_err(|_| bad())?.ok_or_else(bad)?;
    let host: Authority = host.parse().map_err(|_| bad())?;
    // In the absolute form there are two names; two readers must not see two different ones.
    let differs = uri.authority().is_some_and(|named| !named.as_str().eq_ignore_ascii_case(host.as_str()));
    if host.as_str().contains('@') || differs {
        return Err(bad());
    }
    if !hosts.allows(host.host()) {
        let detail = "this host is not served under that name; `lockgate serve --allowed-host NAME` adds one";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host_not_allowed", detail));
    }
    let foreign = || Problem::forbidden("foreign_origin", "a page of another origin may not ask this host");
    if let Some(site) = only(headers, &SEC_FETCH_SITE).map_err(|()| foreign())?
        && !["same-origin", "none"].contains(&site)
        && !is_way_back(method, uri, headers)
    {
        return Err(foreign());
    }
    let origin = only(headers, &ORIGIN).map_err(|()| foreign())?;
    match origin {
        Some(origin) if *method != Method::GET && *method != Method::HEAD => {
            if is_ours(origin, &host) {
                Ok(())
            } else {
                Err(foreign())
            }
        }
        _ => Ok(()),
    }
}

/// A person comes from the provider's page, or from wherever a link was sent to them. Both routes take nothing on trust:
/// a link works once, and the way back only in the browser that opened it.
fn is_way_back(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let is_ours = uri.path() == CALLBACK_PATH || uri.path().starts_with(START_PATH);
    let navigates =
        |name: &HeaderName, value: &str| matches!(only(headers, name), Ok(Some(sent)) if sent == value);
    *method == Method::GET
        && is_ours
        && navigates(&SEC_FETCH_MODE, "navigate")
        && navigates(&SEC_FETCH_DEST, "document")
}

/// Whether a page of this origin was served by this host. The scheme is left out: a proxy may add the TLS.
fn is_ours(origin: &str, host: &Authority) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_str()))
}

/// The value of a header that may stand there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &Method, uri: &str, headers: &[(&str, &str)]) -> Result<(), String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let hosts = AllowedHosts::and(["gate.example", "[2001:db8::1]"]);
        judge(&hosts, method, &uri.parse().unwrap(), &map).map_err(|problem| problem.code)
    }

    #[test]
    fn only_names_of_this_host_are_served() {
        let hosts = [
            "localhost",
            "LOCALHOST:7070",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:7070",
            "gate.example",
            "GATE.example:443",
            "[2001:db8::1]:443",
        ];
        for host in hosts {
            assert_eq!(asked(&Method::GET, "/v1/runs", &[("host", host)]), Ok(()), "{host}");
        }
        let others = [
            "evil.example",
            "gate.example.evil.example",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.nip.io",
            "2130706433",
            "0x7f.1",
            "10.0.0.1",
            "[::ffff:10.0.0.1]",
            "gate.example.",
        ];
        for host in others {
            let answer = asked(&Method::GET, "/v1/runs", &[("host", host)]);
            assert_eq!(answer, Err("host_not_allowed".to_owned()), "{host}");
        }
    }

    #[test]
    fn a_request_names_one_host_and_no_user() {
        let bad: [(&str, &[(&str, &str)]); 6] = [
            ("/", &[]),
            ("/", &[("host", "")]),
            ("/", &[("host", "localhost"), ("host", "localhost")]),
            ("/", &[("host", "user@localhost")]),
            ("/", &[("host", "localhost/x")]),
            ("http://evil.example/", &[("host", "localhost")]),
        ];
        for (uri, headers) in bad {
            let answer = asked(&Method::GET, uri, headers);
            assert_eq!(answer, Err("bad_host_header".to_owned()), "{uri} {headers:?}");
        }
        assert_eq!(asked(&Method::GET, "http://localhost:1/", &[("host", "localhost:1")]), Ok(()));
    }

    #[test]
    fn a_person_may_come_back_from_a_provider_and_a_page_may_not_fetch_it() {
        let from = |path: &str, mode: &str, dest: &str| {
            let headers = [
                ("host", "localhost:7070"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ];
            asked(&Method::GET, path, &headers).is_ok()
        };
        assert!(from("/oauth/callback?code=x", "navigate", "document"));
        assert!(from("/oauth/start/abc", "navigate", "document"));
        for (path, mode, dest) in [
            ("/oauth/callback", "no-cors", "image"),
            ("/oauth/callback", "navigate", "iframe"),
            ("/oauth/callback/x", "navigate", "document"),
            ("/v1/profiles", "navigate", "document"),
        ] {
            assert!(!from(path, mode, dest), "{path} {mode} {dest}");
        }
    }

    #[test]
    fn a_foreign_page_changes_nothing() {
        let host = ("host", "localhost:7070");
        for (header, value, method, fits) in [
            ("origin", "http://localhost:7070", Method::POST, true),
            ("origin", "https://localhost:7070", Method::DELETE, true),
            ("origin", "http://localhost:7071", Method::POST, false),
            ("origin", "http://localhost", Method::PUT, false),
            ("origin", "null", Method::POST, false),
            ("origin", "", Method::POST, false),
            ("origin", "https://evil.example", Method::POST, false),
            ("origin", "https://evil.example", Method::OPTIONS, false),
            // What it could read it cannot see: no answer has a header of CORS.
            ("origin", "https://evil.example", Method::GET, true),
            ("sec-fetch-site", "cross-site", Method::GET, false),
            ("sec-fetch-site", "same-site", Method::POST, false),
            ("sec-fetch-site", "same-origin", Method::POST, true),
            ("sec-fetch-site", "none", Method::GET, true),
        ] {
            let answer = asked(&method, "/v1/flows", &[host, (header, value)]);
            assert_eq!(answer.is_ok(), fits, "{method} with {header}: {value}");
            assert!(fits || answer == Err("foreign_origin".to_owned()));
        }
        let twice = [host, ("origin", "http://localhost:7070"), ("origin", "https://evil.example")];
        assert!(asked(&Method::POST, "/", &twice).is_err());
    }
}

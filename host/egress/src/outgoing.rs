//! The request as it is written: what was judged, plus what only the host may add.

use bytes::Bytes;
use domain::egress::{
    Credential, CredentialPlace, Method, Origin, Placed, Wire, with_form_field, with_json_field,
};
use domain::exchange::SendFailure;
use domain::{FailureCode, Secret};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use http::{Request, Uri};
use url::{Position, Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::door::{Refusal, Sender};
use crate::written::{Observed, Written};
use crate::{credential as credentials, failure};

const AGENT: &str = concat!("lockgate/", env!("CARGO_PKG_VERSION"));

pub(crate) fn build(
    permit: &Wire,
    mut body: Bytes,
    credential: Option<&Credential>,
    traced: &[(&'static str, String)],
) -> Result<(Request<Observed>, Written), Refusal> {
    let mut url = permit.url().clone();
    let mut headers = HeaderMap::with_capacity(permit.headers().len() + 8);
    headers.insert(HOST, host(permit.origin())?);
    add_judged(&mut headers, permit.headers())?;
    add_host_headers(&mut headers, traced)?;
    for Placed { place, value, .. } in credential.iter().flat_map(|credential| &credential.placed) {
        match place {
            CredentialPlace::Header(name) => add_secret_header(&mut headers, name, value)?,
            CredentialPlace::Query(name) => add_secret_parameter(&mut url, name, value),
            CredentialPlace::JsonField(name) => {
                let whole = with_json_field(&body, name, value);
                body = Bytes::from_owner(whole.map_err(|_| credentials::unplaceable())?);
            }
            CredentialPlace::FormField(name) => {
                body = Bytes::from_owner(with_form_field(&body, name, value));
            }
        }
        if let Some(content_type) = place.content_type() {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        }
    }
    let (method, bodied) = match permit.method() {
        Method::Get => (http::Method::GET, false),
        Method::Head => (http::Method::HEAD, false),
        Method::Post => (http::Method::POST, true),
        Method::Put => (http::Method::PUT, true),
        Method::Patch => (http::Method::PATCH, true),
        Method::Delete => (http::Method::DELETE, false),
        Method::Options => (http::Method::OPTIONS, false),
    };
    if body.is_empty() && bodied {
        // Otherwise a server may wait for a body, or refuse a request that does not say that it has none.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let (body, written) = Observed::new(body);
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target(&url)?;
    *request.headers_mut() = headers;
    Ok((request, written))
}

/// Path and query only: a request line never names a host, so no remote can take it for a request to a proxy.
fn target(url: &Url) -> Result<Uri, SendFailure> {
    url[Position::BeforePath..Position::AfterQuery].parse().map_err(|_| not_built())
}

fn host(origin: &Origin) -> Result<HeaderValue, SendFailure> {
    HeaderValue::from_str(&origin.authority()).map_err(|_| not_built())
}

fn add_judged(headers: &mut HeaderMap, judged: &[(String, Vec<u8>)]) -> Result<(), SendFailure> {
    for (name, value) in judged {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_built())?;
        let value = HeaderValue::from_bytes(value).map_err(|_| not_built())?;
        headers.append(name, value);
    }
    Ok(())
}

fn not_built() -> SendFailure {
    failure::unsent(FailureCode::NotBuilt)
}

fn add_host_headers(headers: &mut HeaderMap, traced: &[(&'static str, String)]) -> Result<(), SendFailure> {
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    for (name, value) in traced {
        let value = HeaderValue::from_str(value).map_err(|_| not_built())?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}

/// By which the remote's log and ours can be read side by side.
pub(crate) fn traced(sender: &Sender, span: u64) -> Vec<(&'static str, String)> {
    let correlation = &sender.correlation;
    // All zeroes means "no span".
    let mut headers = vec![
        ("traceparent", format!("00-{correlation}-{:016x}-01", span.max(1))),
        ("x-correlation-id", correlation.to_string()),
    ];
    headers.extend(sender.trace_state.as_ref().map(|state| ("tracestate", state.as_str().to_owned())));
    headers
}

fn add_secret_header(headers: &mut HeaderMap, name: &str, value: &Secret) -> Result<(), SendFailure> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_built())?;
    // Wiped when the last part of the client that holds it lets go.
    let owned = Bytes::from_owner(Zeroizing::new(value.expose().to_vec()));
    let mut value = HeaderValue::from_maybe_shared(owned).map_err(|_| not_built())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn add_secret_parameter(url: &mut Url, name: &str, value: &Secret) {
    let before = url.query().unwrap_or_default();
    // As large as it can become, so that growing leaves no copies behind.
    let room = before.len() + 3 * (name.len() + value.len()) + 2;
    let mut query = Zeroizing::new(String::with_capacity(room));
    query.push_str(before);
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(form_urlencoded::byte_serialize(name.as_bytes()));
    query.push('=');
    query.extend(form_urlencoded::byte_serialize(value.expose()));
    url.set_query(Some(&query));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_parameter_is_appended_and_cannot_break_out() {
        let secret = Secret::new("a&b=c#d é");
        for (url, expected) in [
            ("https://x.test/p", "https://x.test/p?key=a%26b%3Dc%23d+%C3%A9"),
            ("https://x.test/p?q=%20x", "https://x.test/p?q=%20x&key=a%26b%3Dc%23d+%C3%A9"),
        ] {
            let mut url = Url::parse(url).unwrap();
            add_secret_parameter(&mut url, "key", &secret);
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn a_secret_header_is_sensitive_and_cannot_end_its_line() {
        let mut headers = HeaderMap::new();
        add_secret_header(&mut headers, "x-api-key", &Secret::new("k1")).unwrap();
        assert!(!format!("{headers:?}").contains("k1"));
        assert!(add_secret_header(&mut headers, "x-api-key", &Secret::new("k1\r\nhost: evil")).is_err());
    }

    #[test]
    fn the_request_line_names_no_host() {
        for (url, expected) in [
            ("https://x.test", "/"),
            ("https://x.test:8443/a/b?c=%20d", "/a/b?c=%20d"),
            ("https://x.test?q", "/?q"),
        ] {
            assert_eq!(target(&Url::parse(url).unwrap()).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn the_port_is_named_where_it_is_not_the_schemes_own() {
        for (origin, expected) in [
            ("https://x.test", "x.test"),
            ("https://x.test:8443", "x.test:8443"),
            ("http://x.test:443", "x.test:443"),
            ("https://[2606:4700::1]:8443", "[2606:4700::1]:8443"),
        ] {
            assert_eq!(host(&origin.parse().unwrap()).unwrap(), expected);
        }
    }
}

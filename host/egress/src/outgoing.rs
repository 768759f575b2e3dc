//! The request as it is written: what was judged, plus what only the host may add.

use bytes::Bytes;
use domain::egress::{Credential, CredentialPlace, Method, Permit, Wire};
use domain::exchange::SendFailure;
use domain::{CorrelationId, Secret};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use url::{Url, form_urlencoded};

use crate::failure;
use crate::written::{Observed, Written};

const AGENT: &str = concat!("lockgate/", env!("CARGO_PKG_VERSION"));

/// Takes the body out of the permit; a redirect never needs it again.
pub(crate) fn build(
    permit: &mut Permit<Wire>,
    credential: Option<&Credential>,
    correlation: &CorrelationId,
    span: u64,
) -> Result<(reqwest::Request, Written), SendFailure> {
    let mut url = permit.url().clone();
    let mut headers = headers(permit.headers())?;
    add_host_headers(&mut headers, correlation, span)?;
    match credential.map(|credential| (&credential.place, &credential.value)) {
        Some((CredentialPlace::Header(name), value)) => add_secret_header(&mut headers, name, value)?,
        Some((CredentialPlace::Query(name), value)) => add_secret_parameter(&mut url, name, value),
        None => {}
    }
    let (method, bodied) = match permit.method() {
        Method::Get => (reqwest::Method::GET, false),
        Method::Head => (reqwest::Method::HEAD, false),
        Method::Post => (reqwest::Method::POST, true),
        Method::Put => (reqwest::Method::PUT, true),
        Method::Patch => (reqwest::Method::PATCH, true),
        Method::Delete => (reqwest::Method::DELETE, false),
        Method::Options => (reqwest::Method::OPTIONS, false),
    };
    let body = Bytes::from(permit.take_body());
    if body.is_empty() && bodied {
        // Otherwise a server may wait for a body, or refuse a request that does not say that it has none.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut request = reqwest::Request::new(method, url);
    *request.headers_mut() = headers;
    if body.is_empty() {
        return Ok((request, Written::unobserved()));
    }
    let (body, written) = Observed::new(body);
    *request.body_mut() = Some(reqwest::Body::wrap(body));
    Ok((request, written))
}

fn headers(judged: &[(String, Vec<u8>)]) -> Result<HeaderMap, SendFailure> {
    let mut headers = HeaderMap::with_capacity(judged.len() + 6);
    for (name, value) in judged {
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| failure::not_built("a header's name"))?;
        let value = HeaderValue::from_bytes(value).map_err(|_| failure::not_built("a header's value"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn add_host_headers(
    headers: &mut HeaderMap,
    correlation: &CorrelationId,
    span: u64,
) -> Result<(), SendFailure> {
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    // All zeroes means "no span".
    let parent = format!("00-{correlation}-{:016x}-01", span.max(1));
    for (name, value) in [("traceparent", parent.as_str()), ("x-correlation-id", correlation.as_str())] {
        let value = HeaderValue::from_str(value).map_err(|_| failure::not_built("the correlation id"))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}

fn add_secret_header(headers: &mut HeaderMap, name: &str, value: &Secret) -> Result<(), SendFailure> {
    let name =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| failure::not_built("the credential's header"))?;
    let mut value = HeaderValue::from_bytes(value.expose())
        .map_err(|_| failure::not_built("the credential holds bytes that no header may; set it again"))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn add_secret_parameter(url: &mut Url, name: &str, value: &Secret) {
    let mut query = url.query().unwrap_or_default().to_owned();
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
}

//! `outgoing-request` and `outgoing-handler`: puts together the one URL that is judged and sent, and begins the request.

use std::sync::Arc;

use domain::egress::is_token;
use egress::Patience;
use wasmtime::component::Resource;

use super::body::{Body, Shared, State, Waiting, Whole, lock};
use super::pending::Pending;
use super::room::Held;
use super::{Fields, OutgoingBody, ResponseToCome, StandardHttp};
use crate::bindings::http::Request;
use crate::bindings::standard_http::{
    ErrorCode, HostOutgoingRequest, HostRequestOptions, Method, Scheme, outgoing_handler,
};

const METHOD_BYTES_MAX: usize = 32;
const AUTHORITY_BYTES_MAX: usize = 512;
/// What is longer than a URL may be is denied by the judge; this bounds what is kept until then.
const PATH_BYTES_MAX: usize = 16 << 10;
const NANOSECONDS: u64 = 1_000_000;

type Headers = Vec<(String, Vec<u8>)>;

/// A request that is being made.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct OutgoingRequest {
    method: Method,
    scheme: Option<Scheme>,
    authority: Option<String>,
    path: Option<String>,
    headers: Headers,
    held: Held,
    /// Shared with the guest's handle to it, once it asked for one.
    body: Option<Shared>,
}

/// What a guest can ask for: less time than the host gives.
#[derive(Clone, Copy, Default)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct TimeOuts {
    connect_ns: Option<u64>,
    first_byte_ns: Option<u64>,
    between_bytes_ns: Option<u64>,
}

impl TimeOuts {
    fn patience(self) -> Patience {
        // Not to wait at all means to wait as briefly as the host can.
        let ms = |ns: Option<u64>| ns.map(|ns| ns.div_ceil(NANOSECONDS).max(1));
        Patience {
            connect_ms: ms(self.connect_ns),
            first_byte_ms: ms(self.first_byte_ns),
            idle_ms: ms(self.between_bytes_ns),
        }
    }
}

/// A request without its body.
pub(super) struct Head {
    method: String,
    url: String,
    headers: Headers,
    patience: Patience,
    held: Held,
}

impl Head {
    pub(super) fn with(self, body: Vec<u8>) -> Request {
        let Self { method, url, headers, .. } = self;
        Request { method, url, headers, body, timeout_ms: None }
    }
}

impl OutgoingRequest {
    fn head(self, patience: Patience) -> Result<(Head, Option<Shared>), ErrorCode> {
        let Self { method, scheme, authority, path, mut headers, held, body } = self;
        let authority = authority.ok_or(ErrorCode::HttpRequestUriInvalid)?;
        let scheme = match &scheme {
            Some(Scheme::Http) => "http",
            Some(Scheme::Https) | None => "https",
            Some(Scheme::Other(other)) => other,
        };
        let url = format!("{scheme}://{authority}{}", path.as_deref().unwrap_or("/"));
        // The host says how long the body is. What the guest says was compared with it.
        headers.retain(|(name, _)| name != CONTENT_LENGTH);
        Ok((Head { method: spelled(&method).to_owned(), url, headers, patience, held }, body))
    }

    fn declared(&self) -> Declared {
        declared(&self.headers)
    }
}

const CONTENT_LENGTH: &str = "content-length";

/// How long the guest says that the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Nothing,
    Bytes(u64),
    /// No number, or several.
    Nonsense,
}

impl Declared {
    pub(super) fn agrees(self, bytes: usize) -> bool {
        match self {
            Self::Nothing => true,
            Self::Bytes(declared) => declared == bytes as u64,
            Self::Nonsense => false,
        }
    }
}

fn declared(headers: &Headers) -> Declared {
    let mut said = headers.iter().filter(|(name, _)| name == CONTENT_LENGTH);
    let number = |value: &[u8]| {
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok())
    };
    match (said.next(), said.next()) {
        (None, _) => Declared::Nothing,
        (Some((_, value)), None) => number(value).map_or(Declared::Nonsense, Declared::Bytes),
        (Some(_), Some(_)) => Declared::Nonsense,
    }
}

fn spelled(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(other) => other,
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() <= METHOD_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Host and port, and nothing that ends them: what follows is the path, whatever parses the URL.
fn is_authority(text: &str) -> bool {
    (1..=AUTHORITY_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte))
}

/// It begins where the authority ends, so that no part of it is taken for a host.
fn is_path(text: &str) -> bool {
    text.len() <= PATH_BYTES_MAX
        && (text.is_empty() || text.starts_with(['/', '?']))
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\".contains(&byte))
}

impl HostOutgoingRequest for StandardHttp<'_> {
    fn new(&mut self, headers: Resource<Fields>) -> wasmtime::Result<Resource<OutgoingRequest>> {
        let (headers, held) = self.table.delete(headers)?.into_parts();
        let request = OutgoingRequest {
            method: Method::Get,
            scheme: None,
            authority: None,
            path: None,
            headers,
            held,
            body: None,
        };
        Ok(self.table.push(request)?)
    }

    fn body(
        &mut self,
        request: Resource<OutgoingRequest>,
    ) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        let (max, room) = (self.http.request_bytes_max(), self.http.room().clone());
        let request = self.table.get_mut(&request)?;
        if request.body.is_some() {
            return Ok(Err(()));
        }
        let shared = Body::shared(max, request.declared(), &room);
        request.body = Some(Arc::clone(&shared));
        Ok(Ok(self.table.push(OutgoingBody::new(shared))?))
    }

    fn method(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Method> {
        Ok(self.table.get(&request)?.method.clone())
    }

    fn set_method(
        &mut self,
        request: Resource<OutgoingRequest>,
        method: Method,
    ) -> wasmtime::Result<Result<(), ()>> {
        let spelled = spelled(&method);
        if spelled.len() > METHOD_BYTES_MAX || !is_token(spelled) {
            return Ok(Err(()));
        }
        self.table.get_mut(&request)?.method = method;
        Ok(Ok(()))
    }

    fn path_with_query(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&request)?.path.clone())
    }

    fn set_path_with_query(
        &mut self,
        request: Resource<OutgoingRequest>,
        path: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        if path.as_deref().is_some_and(|path| !is_path(path)) {
            return Ok(Err(()));
        }
        self.table.get_mut(&request)?.path = path;
        Ok(Ok(()))
    }

    fn scheme(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<Scheme>> {
        Ok(self.table.get(&request)?.scheme.clone())
    }

    fn set_scheme(
        &mut self,
        request: Resource<OutgoingRequest>,
        scheme: Option<Scheme>,
    ) -> wasmtime::Result<Result<(), ()>> {
        if matches!(&scheme, Some(Scheme::Other(other)) if !is_scheme(other)) {
            return Ok(Err(()));
        }
        self.table.get_mut(&request)?.scheme = scheme;
        Ok(Ok(()))
    }

    fn authority(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&request)?.authority.clone())
    }

    fn set_authority(
        &mut self,
        request: Resource<OutgoingRequest>,
        authority: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        if authority.as_deref().is_some_and(|authority| !is_authority(authority)) {
            return Ok(Err(()));
        }
        self.table.get_mut(&request)?.authority = authority;
        Ok(Ok(()))
    }

    fn headers(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&request)?.headers.clone();
        let fields = Fields::fixed(headers, self.http.room())?;
        Ok(self.table.push(fields)?)
    }

    fn drop(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}

impl HostRequestOptions for StandardHttp<'_> {
    fn new(&mut self) -> wasmtime::Result<Resource<TimeOuts>> {
        Ok(self.table.push(TimeOuts::default())?)
    }

    fn connect_timeout(&mut self, options: Resource<TimeOuts>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.connect_ns)
    }

    fn set_connect_timeout(
        &mut self,
        options: Resource<TimeOuts>,
        ns: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.table.get_mut(&options)?.connect_ns = ns;
        Ok(Ok(()))
    }

    fn first_byte_timeout(&mut self, options: Resource<TimeOuts>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.first_byte_ns)
    }

    fn set_first_byte_timeout(
        &mut self,
        options: Resource<TimeOuts>,
        ns: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.table.get_mut(&options)?.first_byte_ns = ns;
        Ok(Ok(()))
    }

    fn between_bytes_timeout(&mut self, options: Resource<TimeOuts>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.between_bytes_ns)
    }

    fn set_between_bytes_timeout(
        &mut self,
        options: Resource<TimeOuts>,
        ns: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        self.table.get_mut(&options)?.between_bytes_ns = ns;
        Ok(Ok(()))
    }

    fn drop(&mut self, options: Resource<TimeOuts>) -> wasmtime::Result<()> {
        self.table.delete(options)?;
        Ok(())
    }
}

impl outgoing_handler::Host for StandardHttp<'_> {
    /// Begins the request if its body is complete; otherwise the guest's `finish` does.
    async fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<TimeOuts>>,
    ) -> wasmtime::Result<Result<Resource<ResponseToCome>, ErrorCode>> {
        let request = self.table.delete(request)?;
        let options = options.map(|options| self.table.delete(options)).transpose()?.unwrap_or_default();
        let declared = request.declared();
        let (head, body) = match request.head(options.patience()) {
            Ok(parts) => parts,
            Err(code) => return Ok(Err(code)),
        };
        let pending = Pending::new();
        let to_come = self.table.push(ResponseToCome::new(Arc::clone(&pending)))?;
        let Some(body) = body else {
            match declared.agrees(0) {
                true => self.begin(head, Whole::nothing(), &pending).await?,
                false => pending.fail(ErrorCode::HttpRequestBodySize(Some(0))),
            }
            return Ok(Ok(to_come));
        };
        let finished = {
            let mut body = lock(&body);
            match std::mem::replace(&mut body.state, State::Gone) {
                State::Finished(whole) => Some((head, whole)),
                State::Open => {
                    body.state = State::Open;
                    body.waiting = Some(Waiting { head, pending: Arc::clone(&pending) });
                    None
                }
                State::Broken(code) => {
                    pending.fail(code);
                    None
                }
                State::Gone => {
                    pending.fail(ErrorCode::InternalError(None));
                    None
                }
            }
        };
        if let Some((head, whole)) = finished {
            self.begin(head, whole, &pending).await?;
        }
        Ok(Ok(to_come))
    }
}

impl StandardHttp<'_> {
    pub(super) async fn begin(
        &mut self,
        mut head: Head,
        body: Whole,
        pending: &Arc<Pending>,
    ) -> wasmtime::Result<()> {
        let (patience, held) = (head.patience, (head.held.take(), body.held));
        Box::pin(self.http.begin(head.with(body.bytes), patience, held, pending)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_holds_nothing_that_ends_it() {
        for good in ["api.test", "api.test:8443", "127.0.0.1:80", "[::1]:443", "a%2eb"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in ["", "a/b", "a?b", "a#b", "u@a", "a\\b", "a b", "a\r\n", "é.test", &"a".repeat(513)] {
            assert!(!is_authority(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_path_begins_where_the_authority_ends() {
        for good in ["", "/", "/a/b?c=%20", "?q", "//x"] {
            assert!(is_path(good), "{good}");
        }
        for bad in
            ["a", ".evil.test/", "@evil.test/", ":1/", "http://evil.test/", "/a b", "/a\r\n", "/a#b", "\\a"]
        {
            assert!(!is_path(bad), "{bad:?}");
        }
        assert!(!is_path(&format!("/{}", "a".repeat(1 << 20))));
    }

    #[test]
    fn a_declared_length_is_one_number() {
        let said = |values: &[&str]| {
            let header = |value: &&str| (CONTENT_LENGTH.to_owned(), value.as_bytes().to_vec());
            declared(&values.iter().map(header).collect())
        };
        assert_eq!(said(&[]), Declared::Nothing);
        assert_eq!(said(&["12"]), Declared::Bytes(12));
        for values in [&["12", "12"][..], &["+1"], &[""], &["1, 1"], &["99999999999999999999"]] {
            assert_eq!(said(values), Declared::Nonsense, "{values:?}");
        }
        assert!(
            !Declared::Nonsense.agrees(0) && Declared::Bytes(3).agrees(3) && !Declared::Bytes(3).agrees(2)
        );
    }

    #[test]
    fn odd_time_outs_do_no_harm() {
        let of = |ns| TimeOuts { connect_ns: ns, ..TimeOuts::default() }.patience().connect_ms;
        assert_eq!((of(None), of(Some(0)), of(Some(1))), (None, Some(1), Some(1)));
        assert_eq!((of(Some(1_000_001)), of(Some(u64::MAX))), (Some(2), Some(u64::MAX.div_ceil(1_000_000))));
    }
}

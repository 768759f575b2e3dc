//! A client of one host's HTTP API, and of nothing else.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde_json::{Value, json};
use server::Problem;

use crate::args::Remote;
use crate::failure::Failure;
use crate::files;
use crate::screen;

const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Longer than the host takes for anything.
const REQUEST_TIME: Duration = Duration::from_secs(330);
/// Larger than any answer of the API.
const ANSWER_BYTES_MAX: usize = 64 << 20;
const PAGE_ITEMS_MAX: usize = 500;

pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

/// A path, part by part: a part cannot become two.
pub(crate) type Path<'a> = &'a [&'a str];

impl Client {
    pub(crate) fn new(remote: &Remote) -> Result<Self, Failure> {
        let base = remote.url.clone();
        if !["http", "https"].contains(&base.scheme()) || base.cannot_be_a_base() || base.query().is_some() {
            return Err(Failure::Usage("--url is written as http://host:port or https://host".to_owned()));
        }
        let token = match &remote.token_file {
            Some(path) => Some(files::read_text(path)?.trim().to_owned()),
            None => remote.token.clone(),
        };
        if token.as_ref().is_some_and(|token| !token.chars().all(|c| c.is_ascii_graphic())) {
            return Err(Failure::Usage(
                "the token is none: it consists of letters, digits, `_` and `-`".to_owned(),
            ));
        }
        if token.is_some() && base.scheme() == "http" && !is_loopback(&base) {
            screen::note(
                "warning: the token travels in the clear; use https, or a tunnel to the host's loopback",
            );
        }
        // Where a provider is installed already, it is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(REQUEST_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("lockgate/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("preparing the HTTP client")?;
        Ok(Self { http, base, token })
    }

    pub(crate) async fn get(&self, path: Path<'_>, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path, query)?).await
    }

    pub(crate) async fn post(&self, path: Path<'_>, body: Option<&impl Serialize>) -> Result<Value, Failure> {
        self.send(with_json(self.request(Method::POST, path, &[])?, body)?).await
    }

    /// A POST that says everything by its path.
    pub(crate) async fn order(&self, path: Path<'_>) -> Result<Value, Failure> {
        self.post(path, None::<&Value>).await
    }

    pub(crate) async fn put(&self, path: Path<'_>, body: &impl Serialize) -> Result<Value, Failure> {
        self.send(with_json(self.request(Method::PUT, path, &[])?, Some(body))?).await
    }

    pub(crate) async fn delete(&self, path: Path<'_>) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path, &[])?).await
    }

    pub(crate) async fn upload(
        &self,
        path: Path<'_>,
        component: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<Value, Failure> {
        let mut request = self.request(Method::POST, path, &[])?;
        if let Some(signature) = signature {
            request = request.header("x-lockgate-signature", signature);
        }
        self.send(request.header("content-type", "application/wasm").body(component)).await
    }

    /// An answer of one JSON value a line.
    pub(crate) async fn lines(&self, path: Path<'_>, query: &[(&str, &str)]) -> Result<Vec<Value>, Failure> {
        let (status, bytes) = self.bytes(self.request(Method::GET, path, query)?).await?;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let values: Result<Vec<Value>, _> = lines.map(serde_json::from_slice).collect();
        values.map_err(|_| self.not_ours(format!("status {status}, no lines of JSON")))
    }

    /// A list of at most so many items, page by page. `next` is in the answer where the list goes on.
    pub(crate) async fn list(
        &self,
        path: Path<'_>,
        query: &[(&str, &str)],
        items_max: usize,
    ) -> Result<Value, Failure> {
        let mut items: Vec<Value> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let limit = items_max.saturating_sub(items.len()).clamp(1, PAGE_ITEMS_MAX).to_string();
            let mut query = query.to_vec();
            query.push(("limit", &limit));
            if let Some(after) = &after {
                query.push(("after", after));
            }
            let mut page = self.get(path, &query).await?;
            if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            after = page.get("next").and_then(Value::as_str).map(str::to_owned);
            match after {
                None => return Ok(json!({ "items": items })),
                Some(next) if items.len() >= items_max => return Ok(json!({ "items": items, "next": next })),
                Some(_) => {}
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: Path<'_>,
        query: &[(&str, &str)],
    ) -> Result<RequestBuilder, Failure> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().push("v1").extend(path);
            }
            Err(()) => return Err(Failure::Usage("--url is written as http://host:port".to_owned())),
        }
        if path.iter().any(|part| part.is_empty() || [".", ".."].contains(part)) {
            return Err(Failure::Usage("a name is empty or consists of dots".to_owned()));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url).header("accept", "application/json");
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let (status, bytes) = self.bytes(request).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| self.not_ours(format!("status {status}, no JSON")))
    }

    /// The answer, unless it is a problem.
    async fn bytes(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let bytes = self.read(response).await?;
        if status.is_success() {
            return Ok((status, bytes));
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Err(Failure::Problem(problem)),
            Err(_) => Err(self.not_ours(format!("status {status} without a problem document"))),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(self.not_ours(format!("the answer is larger than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        // The innermost cause says it: "connection refused" rather than "error sending request".
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let cause = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
        Failure::Unreachable { url: self.base.origin().ascii_serialization(), cause }
    }

    fn not_ours(&self, cause: String) -> Failure {
        Failure::NotOurs { url: self.base.origin().ascii_serialization(), cause }
    }
}

fn with_json(request: RequestBuilder, body: Option<&impl Serialize>) -> Result<RequestBuilder, Failure> {
    let Some(body) = body else { return Ok(request) };
    let bytes = serde_json::to_vec(body).context("writing the request")?;
    Ok(request.header("content-type", "application/json").body(bytes))
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str) -> Client {
        let remote = Remote { url: url.parse().unwrap(), token: None, token_file: None, json: false };
        Client::new(&remote).unwrap()
    }

    #[test]
    fn a_name_stays_one_part_of_the_path() {
        let client = client("http://127.0.0.1:7070");
        let request = client.request(Method::GET, &["profiles", "a/../b?c#d"], &[("after", "x&y")]).unwrap();
        let url = request.build().unwrap().url().to_string();
        assert_eq!(url, "http://127.0.0.1:7070/v1/profiles/a%2F..%2Fb%3Fc%23d?after=x%26y");
        assert!(matches!(client.request(Method::GET, &["profiles", ".."], &[]), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_host_may_stand_behind_a_path() {
        let request = client("https://example.com/lockgate/").request(Method::GET, &["runs"], &[]).unwrap();
        assert_eq!(request.build().unwrap().url().as_str(), "https://example.com/lockgate/v1/runs");
    }

    #[test]
    fn loopback_is_recognised() {
        for (url, expected) in [
            ("http://localhost:1", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:1", true),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn a_host_that_is_not_there_is_named() {
        // Port 9 of loopback: nothing listens there, and the answer is immediate.
        let failure = client("http://127.0.0.1:9").get(&["runs"], &[]).await.unwrap_err();
        assert!(matches!(failure, Failure::Unreachable { url, .. } if url == "http://127.0.0.1:9"));
    }
}

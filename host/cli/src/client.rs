//! A client of one host's HTTP API, and of nothing else.

mod follow;
mod once;

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

    /// A POST that makes something, done once also where the connection is lost before its answer is here.
    pub(crate) async fn create(&self, path: Path<'_>, body: &impl Serialize) -> Result<Value, Failure> {
        self.once(with_json(self.request(Method::POST, path, &[])?, Some(body))?).await
    }

    /// The same for one that starts something and says everything by its address.
    pub(crate) async fn start(&self, path: Path<'_>, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.once(self.request(Method::POST, path, query)?).await
    }

    pub(crate) async fn put(&self, path: Path<'_>, body: &impl Serialize) -> Result<Value, Failure> {
        self.send(with_json(self.request(Method::PUT, path, &[])?, Some(body))?).await
    }

    pub(crate) async fn delete(&self, path: Path<'_>) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path, &[])?).await
    }

    pub(crate) async fn upload(
        &self,
        query: &[(&str, &str)],
        component: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<Value, Failure> {
        let mut request = self.request(Method::POST, &["connectors"], query)?;
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
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        let bytes = self.read(response).await?;
        self.judge(status, &bytes)?;
        Ok((status, bytes))
    }

    /// Whether an answer is the one that was asked for, rather than a problem.
    fn judge(&self, status: StatusCode, bytes: &[u8]) -> Result<(), Failure> {
        if status.is_success() {
            return Ok(());
        }
        match serde_json::from_slice::<Problem>(bytes) {
            Ok(problem) => Err(Failure::Problem(problem)),
            Err(_) => Err(self.not_ours(format!("status {status} without a problem document"))),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(self.not_ours(format!("the answer is larger than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Nobody was there, or somebody was and has gone before the answer was here.
    fn broken(&self, error: &reqwest::Error) -> Failure {
        // The innermost cause says it: "connection refused" rather than "error sending request".
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let cause = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
        let url = self.origin();
        if error.is_connect() || error.is_timeout() || error.is_builder() {
            Failure::Unreachable { url, cause }
        } else {
            Failure::Lost { url, cause }
        }
    }

    fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn not_ours(&self, cause: String) -> Failure {
        Failure::NotOurs { url: self.origin(), cause }
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
mod tests;

//! A request as a vendor sees it: parts and a bounded body, read once.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use url::form_urlencoded;

/// No body either vendor expects comes near this; a larger one is answered 413 without being read to its end.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// 1 for the first request of this server; ids of answers are made from it.
    pub(crate) ordinal: u64,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    /// `None` when it was larger than the limit or did not arrive whole.
    pub(crate) body: Option<Bytes>,
}

impl Call {
    pub(crate) async fn read(ordinal: u64, request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            ordinal,
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: to_bytes(body, BODY_LIMIT).await.ok(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let essence = self.header("content-type")?.split(';').next()?.trim();
        Some(essence.to_ascii_lowercase())
    }

    /// Scheme (in lower case) and value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> Option<(String, &str)> {
        let (scheme, value) = self.header("authorization")?.split_once(' ')?;
        Some((scheme.to_ascii_lowercase(), value.trim()))
    }

    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(self.query.as_bytes())
    }

    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

/// Decodes `a=1&b=2` into its pairs, in order and with repetitions.
pub(crate) fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

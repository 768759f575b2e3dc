//! The client of this crate's tests: requests handed straight to a front door, without a socket.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::request::Builder;
use axum::response::Response;
use serde_json::Value;

use crate::front::{Front, Vendor};

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The ids of a list's items, whichever vendor's list it is.
    pub(crate) fn ids(&self) -> Vec<String> {
        let items = self.body.get("results").or_else(|| self.body.get("data"));
        let items = items.and_then(Value::as_array).cloned().unwrap_or_default();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) async fn send<V: Vendor>(front: &Arc<Front<V>>, request: Builder, body: impl Into<Body>) -> Reply {
    let response: Response = Arc::clone(front).handle(request.body(body.into()).unwrap()).await;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).expect("every answer is JSON"),
    }
}

pub(crate) fn request(method: &str, target: &str, token: &str) -> Builder {
    Request::builder().method(method).uri(target).header("authorization", format!("Bearer {token}"))
}

//! Answers that go on: one JSON value a line, read as they come.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::Value;

use super::{Client, Path};
use crate::failure::Failure;

/// Longer than the host lets a reader wait for its next one.
const STREAM_TIME: Duration = Duration::from_secs(3_600);
/// The host gives a sign of life more often than this.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Longer than any row.
const LINE_BYTES_MAX: usize = 16 << 20;

/// Lines that come as they are written.
pub(crate) struct Lines<'a> {
    client: &'a Client,
    response: Response,
    /// What has come and is no whole line yet.
    rest: Vec<u8>,
}

impl Client {
    pub(crate) async fn follow(&self, path: Path<'_>, query: &[(&str, &str)]) -> Result<Lines<'_>, Failure> {
        let request = self.request(Method::GET, path, query)?.timeout(STREAM_TIME);
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        if !status.is_success() {
            self.judge(status, &self.read(response).await?)?;
            return Err(self.not_ours(format!("status {status}")));
        }
        Ok(Lines { client: self, response, rest: Vec::new() })
    }
}

impl Lines<'_> {
    /// None: the host has ended them.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Failure> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                if line.trim_ascii().is_empty() {
                    continue;
                }
                let value = serde_json::from_slice(&line);
                return value.map(Some).map_err(|_| self.client.not_ours("no lines of JSON".to_owned()));
            }
            if self.rest.len() > LINE_BYTES_MAX {
                return Err(self.client.not_ours(format!("a line is larger than {LINE_BYTES_MAX} bytes")));
            }
            let chunk = tokio::time::timeout(SILENCE_MAX, self.response.chunk()).await;
            let Ok(chunk) = chunk else {
                return Err(Failure::Lost { url: self.client.origin(), cause: "no sign of life".to_owned() });
            };
            match chunk.map_err(|error| self.client.broken(&error))? {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

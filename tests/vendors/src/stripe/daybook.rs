//! Every write that reached the books, one JSON line each: the next process enters them again and has the same books.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};

use crate::call::Call;

/// Appended before the answer is given, so that a process that is killed has forgotten nothing it has answered.
pub(super) struct Daybook(File);

/// One write, as it was asked for.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    ordinal: u64,
    path: String,
    body: String,
    key: Option<String>,
    pub(super) status_after: Option<u16>,
}

impl Daybook {
    /// The entries so far, and the book to go on with. A last line that was cut off is an entry nobody was told of.
    #[expect(clippy::disallowed_methods, reason = "a mock vendor keeps its own file")]
    pub(super) fn open(path: &Path) -> io::Result<(Vec<Entry>, Self)> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let text = io::read_to_string(&file)?;
        let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
        file.set_len(whole.len() as u64)?;
        let entries = whole.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok((entries, Self(file)))
    }

    pub(super) fn note(&mut self, call: &Call, status_after: Option<u16>) -> io::Result<()> {
        let entry = Entry {
            ordinal: call.ordinal,
            path: call.path.clone(),
            body: String::from_utf8_lossy(call.bytes()).into_owned(),
            key: call.header("idempotency-key").map(str::to_owned),
            status_after,
        };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}

impl Entry {
    /// The request again, as far as it matters to the books.
    pub(super) fn call(self) -> Call {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(key) = self.key.and_then(|key| HeaderValue::from_str(&key).ok()) {
            headers.insert("idempotency-key", key);
        }
        let body = Some(Bytes::from(self.body));
        Call {
            ordinal: self.ordinal,
            method: Method::POST,
            path: self.path,
            query: String::new(),
            headers,
            body,
        }
    }
}

//! The wire: a connection whose other end is the vendor, in the same process and without waiting.
//!
//! Each connection carries one request. What is slow is never waited for: reading it gives the error that means that the
//! host's patience is at its end.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use domain::egress::Vetted;
use domain::injected::Later;
use lockgate::{Network, NetworkFailure, Stream};
use lockgate_testing::{Answer, Ending, Received, Unreachable, Vendor};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a host waits for the head of an answer.
const PATIENCE_MS: u64 = 15_000;
/// No host sends more in one request.
const REQUEST_BYTES_MAX: usize = 64 << 20;
const HEADERS_MAX: usize = 200;

/// The vendor that answers now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<Vendor>>);

impl Wire {
    /// Puts a vendor at the other end, and gives the one before.
    pub(crate) fn put(&self, vendor: Vendor) -> Vendor {
        std::mem::replace(&mut *self.vendor(), vendor)
    }

    fn vendor(&self) -> MutexGuard<'_, Vendor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Network for Wire {
    fn connect<'a>(&'a self, to: &'a Vetted) -> Later<'a, Result<Box<dyn Stream>, NetworkFailure>> {
        self.connect_for(to, PATIENCE_MS)
    }

    fn connect_for<'a>(
        &'a self,
        to: &'a Vetted,
        time_ms: u64,
    ) -> Later<'a, Result<Box<dyn Stream>, NetworkFailure>> {
        let origin = to.origin().to_string();
        let connected = self.vendor().connect(&origin);
        let connected = connected.map_err(|why| match why {
            Unreachable::Refused => NetworkFailure::Refused,
            Unreachable::TimedOut => NetworkFailure::TimedOut,
            Unreachable::Tls => NetworkFailure::Tls,
        });
        let wire = self.clone();
        Box::pin(std::future::ready(connected.map(|()| {
            let patience_ms = time_ms.min(PATIENCE_MS);
            let line =
                Line { wire, origin, patience_ms, sent: Vec::new(), answer: None, read: 0, reader: None };
            Box::new(line) as Box<dyn Stream>
        })))
    }
}

/// One connection.
struct Line {
    wire: Wire,
    origin: String,
    /// What is later than this never comes.
    patience_ms: u64,
    sent: Vec<u8>,
    answer: Option<Written>,
    read: usize,
    reader: Option<Waker>,
}

/// An answer as it goes over the wire.
struct Written {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Close,
    TimeOut,
}

impl Line {
    /// Answers as soon as the whole request is here.
    fn look(&mut self) {
        if self.answer.is_some() {
            return;
        }
        let answer = match received(&self.origin, &self.sent) {
            Ok(None) => return,
            Ok(Some(request)) => {
                written(&self.wire.vendor().answer(&request), &request.method, self.patience_ms)
            }
            // What is no request has no answer.
            Err(()) => Written { bytes: Vec::new(), then: Then::Close },
        };
        self.answer = Some(answer);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.sent.len() + bytes.len() > REQUEST_BYTES_MAX {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        self.sent.extend_from_slice(bytes);
        self.look();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.read;
        let Some(answer) = &self.answer else {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        let rest = answer.bytes.get(read..).unwrap_or_default();
        if rest.is_empty() {
            return Poll::Ready(match answer.then {
                Then::Close => Ok(()),
                Then::TimeOut => Err(io::ErrorKind::TimedOut.into()),
            });
        }
        let taken = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..taken).unwrap_or_default());
        self.read += taken;
        Poll::Ready(Ok(()))
    }
}

/// The request, once all of it is here.
fn received(origin: &str, bytes: &[u8]) -> Result<Option<Received>, ()> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(bytes).map_err(drop)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let (Some(method), Some(target)) = (request.method, request.path) else { return Err(()) };
    let headers: Vec<(String, Vec<u8>)> = request
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), header.value.to_vec()))
        .collect();
    let body = bytes.get(head..).unwrap_or_default();
    let is_chunked = |(name, value): &(String, Vec<u8>)| {
        name == "transfer-encoding" && value.eq_ignore_ascii_case(b"chunked")
    };
    let url = format!("{origin}{target}");
    if headers.iter().any(is_chunked) {
        let whole = unchunked(body)?;
        return Ok(whole.map(|body| Received { method: method.to_owned(), url, headers, body }));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = match length {
        Some((_, value)) => std::str::from_utf8(value).map_err(drop)?.parse::<usize>().map_err(drop)?,
        None => 0,
    };
    let Some(body) = body.get(..length) else { return Ok(None) };
    Ok(Some(Received { method: method.to_owned(), url, headers, body: body.to_vec() }))
}

/// A body whose length nobody knew when it began (RFC 9112, section 7.1), once all of it is here.
fn unchunked(mut rest: &[u8]) -> Result<Option<Vec<u8>>, ()> {
    let mut body = Vec::new();
    loop {
        let (head, size) = match httparse::parse_chunk_size(rest).map_err(drop)? {
            httparse::Status::Complete(parsed) => parsed,
            httparse::Status::Partial => return Ok(None),
        };
        let size = usize::try_from(size).map_err(drop)?;
        rest = rest.get(head..).unwrap_or_default();
        if size == 0 {
            // Trailers are nothing that a vendor of these tests asks for.
            let ends = rest == b"\r\n" || rest.windows(4).any(|four| four == b"\r\n\r\n");
            return Ok(ends.then_some(body));
        }
        let Some((chunk, behind)) = rest.split_at_checked(size) else { return Ok(None) };
        body.extend_from_slice(chunk);
        rest = match behind {
            [b'\r', b'\n', rest @ ..] => rest,
            [] | [b'\r'] => return Ok(None),
            _ => return Err(()),
        };
    }
}

fn written(answer: &Answer, method: &str, patience_ms: u64) -> Written {
    let late = answer.after_ms >= patience_ms;
    let (shown, then) = match answer.ending {
        _ if late => return Written { bytes: Vec::new(), then: Then::TimeOut },
        Ending::Silent => return Written { bytes: Vec::new(), then: Then::TimeOut },
        Ending::Reset => return Written { bytes: Vec::new(), then: Then::Close },
        Ending::Whole => (answer.body.len(), Then::Close),
        Ending::Cut(bytes) => (bytes, Then::Close),
        Ending::Stalled(bytes) => (bytes, Then::TimeOut),
    };
    let mut bytes = format!("HTTP/1.1 {} Answer\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let has_body = method != "HEAD" && answer.status != 204 && answer.status != 304;
    if has_body && answer.header("content-length").is_none() {
        bytes.extend_from_slice(format!("content-length: {}\r\n", answer.body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"connection: close\r\n\r\n");
    if has_body {
        bytes.extend_from_slice(answer.body.get(..shown).unwrap_or(&answer.body));
    }
    Written { bytes, then }
}

#[cfg(test)]
mod tests {
    use lockgate_testing::{Exchange, Fault};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const ORIGIN: &str = "https://api.example.com";

    async fn spoken(exchange: Exchange, pieces: &[&str]) -> io::Result<String> {
        let wire = Wire::default();
        wire.put(Vendor::new(vec![exchange]));
        let (origin, patience_ms) = (ORIGIN.to_owned(), 5_000);
        let mut line =
            Line { wire, origin, patience_ms, sent: Vec::new(), answer: None, read: 0, reader: None };
        for piece in pieces {
            line.write_all(piece.as_bytes()).await.unwrap();
        }
        let mut answer = String::new();
        line.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn a_request_in_pieces_has_its_answer() {
        let exchange = Exchange::new("POST", "https://api.example.com/v1/x?q=1")
            .sending(serde_json::json!({"n": 1}))
            .replies(201)
            .json("{\"id\":7}");
        let pieces = ["POST /v1/x?q=1 HTTP/1.1\r\nhost: a\r\ncontent-", "length: 7\r\n\r\n{\"n\"", ":1}"];
        let answer = spoken(exchange, &pieces).await.unwrap();
        assert_eq!(
            answer,
            "HTTP/1.1 201 Answer\r\ncontent-type: application/json\r\ncontent-length: 8\r\nconnection: close\r\n\r\n{\"id\":7}"
        );
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_put_together() {
        let exchange = || {
            Exchange::new("POST", "https://api.example.com/v1/x")
                .sending(serde_json::json!({"n": 1}))
                .replies(201)
        };
        let head = "POST /v1/x HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
        for pieces in [
            &["4\r\n{\"n\"\r", "\n3;last=no\r\n:1}\r\n0\r\n", "\r\n"][..],
            &["7\r\n{\"n\":1}\r\n0\r\nchecksum: 1\r\n\r\n"],
        ] {
            let answer = spoken(exchange(), &[&[head][..], pieces].concat()).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 201"), "{pieces:?}: {answer}");
        }
        for broken in ["x\r\n", "1\r\nabc", "ffffffffffffffff\r\n"] {
            let said = received(ORIGIN, format!("{head}{broken}").as_bytes());
            assert!(!matches!(said, Ok(Some(_))), "{broken}");
        }
    }

    #[tokio::test]
    async fn what_is_slow_ends_at_once_as_what_was_not_waited_for() {
        let slow = Exchange::get("https://api.example.com/").fails(Fault::SlowHead);
        let ended = spoken(slow, &["GET / HTTP/1.1\r\n\r\n"]).await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        let after = |after_ms| Exchange {
            reply: lockgate_testing::Reply { after_ms, ..Default::default() },
            ..Exchange::get("https://api.example.com/")
        };
        assert!(spoken(after(4_999), &["GET / HTTP/1.1\r\n\r\n"]).await.is_ok());
        assert!(spoken(after(5_000), &["GET / HTTP/1.1\r\n\r\n"]).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_request_has_no_answer() {
        assert_eq!(spoken(Exchange::default(), &["\0\0\0\r\n\r\n"]).await.unwrap(), "");
    }
}

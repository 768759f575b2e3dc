//! `future-incoming-response`, `incoming-response` and its body: handed out from what the host has already.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::{DynPollable, subscribe};
use wasmtime_wasi_io::streams::{DynInputStream, Error as IoError};

use super::pending::Pending;
use super::room::Held;
use super::{Fields, StandardHttp};
use crate::bindings::standard_http::{
    ErrorCode, Host, HostFutureIncomingResponse, HostFutureTrailers, HostIncomingBody, HostIncomingResponse,
};

/// Bytes that one read gives at most.
const READ_BYTES_MAX: usize = 1 << 20;

/// The guest's handle to a request that was sent off. Dropping it ends the request.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct ResponseToCome {
    pending: Arc<Pending>,
}

#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct IncomingResponse {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    _held: Held,
    body: Option<Contents>,
}

#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct IncomingBody(Option<Contents>);

/// A remote's trailers stay with the host: they are always there, and there are none.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct NoTrailers {
    told: bool,
}

/// What is left of a body, with the room that its answer takes.
struct Contents {
    bytes: Bytes,
    _held: Held,
}

impl ResponseToCome {
    pub(super) fn new(pending: Arc<Pending>) -> Self {
        Self { pending }
    }
}

impl Drop for ResponseToCome {
    fn drop(&mut self) {
        self.pending.abandon();
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for ResponseToCome {
    async fn ready(&mut self) {
        self.pending.ended().await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for NoTrailers {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl Pollable for Contents {
    async fn ready(&mut self) {}
}

impl InputStream for Contents {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        Ok(self.bytes.split_to(size.min(READ_BYTES_MAX).min(self.bytes.len())))
    }
}

type Got<T> = Option<Result<Result<T, ErrorCode>, ()>>;

impl HostFutureIncomingResponse for StandardHttp<'_> {
    fn subscribe(&mut self, to_come: Resource<ResponseToCome>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, to_come)
    }

    fn get(
        &mut self,
        to_come: Resource<ResponseToCome>,
    ) -> wasmtime::Result<Got<Resource<IncomingResponse>>> {
        let pending = Arc::clone(&self.table.get(&to_come)?.pending);
        if !pending.is_done() {
            return Ok(None);
        }
        self.http.collect();
        let Some(ended) = pending.take() else { return Ok(Some(Err(()))) };
        Ok(Some(Ok(match ended {
            Ok((response, mut held)) => {
                let body_held = held.split(response.body.len());
                let body = Some(Contents { bytes: response.body.into(), _held: body_held });
                let (status, headers) = (response.status, response.headers);
                let response = IncomingResponse { status, headers, _held: held, body };
                Ok(self.table.push(response)?)
            }
            Err(code) => Err(code),
        })))
    }

    fn drop(&mut self, to_come: Resource<ResponseToCome>) -> wasmtime::Result<()> {
        self.table.delete(to_come)?;
        Ok(())
    }
}

impl HostIncomingResponse for StandardHttp<'_> {
    fn status(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn headers(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&response)?.headers.clone();
        let fields = Fields::fixed(headers, self.http.room())?;
        Ok(self.table.push(fields)?)
    }

    fn consume(
        &mut self,
        response: Resource<IncomingResponse>,
    ) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        match self.table.get_mut(&response)?.body.take() {
            Some(body) => Ok(Ok(self.table.push(IncomingBody(Some(body)))?)),
            None => Ok(Err(())),
        }
    }

    fn drop(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

impl HostIncomingBody for StandardHttp<'_> {
    fn stream(
        &mut self,
        body: Resource<IncomingBody>,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> {
        match self.table.get_mut(&body)?.0.take() {
            Some(contents) => {
                let stream: DynInputStream = Box::new(contents);
                Ok(Ok(self.table.push(stream)?))
            }
            None => Ok(Err(())),
        }
    }

    fn finish(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<Resource<NoTrailers>> {
        self.table.delete(body)?;
        Ok(self.table.push(NoTrailers { told: false })?)
    }

    fn drop(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

impl HostFutureTrailers for StandardHttp<'_> {
    fn subscribe(&mut self, trailers: Resource<NoTrailers>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, trailers)
    }

    fn get(&mut self, trailers: Resource<NoTrailers>) -> wasmtime::Result<Got<Option<Resource<Fields>>>> {
        let told = std::mem::replace(&mut self.table.get_mut(&trailers)?.told, true);
        Ok(Some(if told { Err(()) } else { Ok(Ok(None)) }))
    }

    fn drop(&mut self, trailers: Resource<NoTrailers>) -> wasmtime::Result<()> {
        self.table.delete(trailers)?;
        Ok(())
    }
}

impl Host for StandardHttp<'_> {
    /// No stream of a body fails in a way that HTTP has a word for.
    fn http_error_code(&mut self, error: Resource<IoError>) -> wasmtime::Result<Option<ErrorCode>> {
        self.table.get(&error)?;
        Ok(None)
    }
}

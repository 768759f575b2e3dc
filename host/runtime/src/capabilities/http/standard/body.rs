//! `outgoing-body`: collected until it is finished, never beyond what a request may have.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::streams::DynOutputStream;

use super::pending::Pending;
use super::request::{Declared, Head};
use super::room::{Held, Room};
use super::{Fields, StandardHttp};
use crate::bindings::standard_http::{ErrorCode, HostOutgoingBody};
use crate::failure::GuestBroke;

/// Bytes that one write may have; the guest asks before it writes.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// The guest's handle to the body of its request.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct OutgoingBody {
    shared: Shared,
    written_to: bool,
}

pub(super) type Shared = Arc<Mutex<Body>>;

/// What the handle, the stream and the request have in common.
pub(super) struct Body {
    pub(super) state: State,
    /// What was sent off before its body was complete.
    pub(super) waiting: Option<Waiting>,
    bytes: Vec<u8>,
    /// The last byte that is kept shows that there were too many.
    max: usize,
    declared: Declared,
    held: Held,
}

pub(super) enum State {
    Open,
    Finished(Whole),
    Broken(ErrorCode),
    /// Its request has it.
    Gone,
}

/// A body that is complete, with the room that it takes.
pub(super) struct Whole {
    pub(super) bytes: Vec<u8>,
    pub(super) held: Option<Held>,
}

impl Whole {
    pub(super) fn nothing() -> Self {
        Self { bytes: Vec::new(), held: None }
    }
}

pub(super) struct Waiting {
    pub(super) head: Head,
    pub(super) pending: Arc<Pending>,
}

// Held for one step of a host call, never across an await.
pub(super) fn lock(shared: &Mutex<Body>) -> MutexGuard<'_, Body> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Body {
    pub(super) fn shared(max: usize, declared: Declared, room: &Room) -> Shared {
        let held = room.nothing();
        Arc::new(Mutex::new(Self {
            state: State::Open,
            waiting: None,
            bytes: Vec::new(),
            max,
            declared,
            held,
        }))
    }

    fn room_for(&self) -> usize {
        match self.state {
            State::Open => (self.max.saturating_add(1) - self.bytes.len()).min(WRITE_BYTES_MAX),
            State::Finished(_) | State::Broken(_) | State::Gone => 0,
        }
    }

    fn is_too_large(&self) -> bool {
        self.bytes.len() > self.max
    }

    fn write(&mut self, bytes: &[u8]) -> StreamResult<()> {
        match self.room_for() {
            0 => return Err(StreamError::Closed),
            room if bytes.len() > room => {
                return Err(StreamError::Trap(
                    GuestBroke("it wrote more than it was told that it may").into(),
                ));
            }
            _ => {}
        }
        if !self.held.grow(bytes.len()) {
            self.give_up(ErrorCode::HttpRequestBodySize(None));
            return Err(StreamError::Closed);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// It will not be sent. The first reason counts.
    fn give_up(&mut self, code: ErrorCode) {
        if !matches!(self.state, State::Open) {
            return;
        }
        self.bytes = Vec::new();
        drop(self.held.take());
        if let Some(waiting) = self.waiting.take() {
            waiting.pending.fail(code.clone());
        }
        self.state = State::Broken(code);
    }
}

impl OutgoingBody {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared, written_to: false }
    }
}

impl HostOutgoingBody for StandardHttp<'_> {
    fn write(
        &mut self,
        body: Resource<OutgoingBody>,
    ) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> {
        let body = self.table.get_mut(&body)?;
        if std::mem::replace(&mut body.written_to, true) {
            return Ok(Err(()));
        }
        let stream: DynOutputStream = Box::new(Writer(Arc::clone(&body.shared)));
        Ok(Ok(self.table.push(stream)?))
    }

    /// Begins the request, if it was sent off already.
    async fn finish(
        &mut self,
        body: Resource<OutgoingBody>,
        trailers: Option<Resource<Fields>>,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        let body = self.table.delete(body)?;
        let trailers = trailers.map(|trailers| self.table.delete(trailers)).transpose()?;
        let (ready, refused) = {
            let mut body = lock(&body.shared);
            match (&body.state, trailers) {
                (State::Broken(code), _) => return Ok(Err(code.clone())),
                (State::Finished(_) | State::Gone, _) => return Ok(Err(ErrorCode::InternalError(None))),
                (State::Open, Some(trailers)) if !trailers.is_empty() => {
                    body.give_up(ErrorCode::HttpRequestTrailerSectionSize(Some(0)));
                }
                (State::Open, _) if body.is_too_large() => {
                    let waiting = body.waiting.take();
                    let code = ErrorCode::HttpRequestBodySize(Some(body.max as u64));
                    let bytes = std::mem::take(&mut body.bytes);
                    body.state = State::Broken(code.clone());
                    if let Some(Waiting { head, pending }) = waiting {
                        pending.fail(code);
                        // The judge writes down that it was tried.
                        self.http.refuse(head.with(bytes));
                    }
                }
                (State::Open, _) if !body.declared.agrees(body.bytes.len()) => {
                    let written = body.bytes.len() as u64;
                    body.give_up(ErrorCode::HttpRequestBodySize(Some(written)));
                }
                (State::Open, _) => {}
            }
            if let State::Broken(code) = &body.state {
                (None, Some(code.clone()))
            } else {
                let whole = Whole { bytes: std::mem::take(&mut body.bytes), held: Some(body.held.take()) };
                match body.waiting.take() {
                    Some(waiting) => {
                        body.state = State::Gone;
                        (Some((waiting, whole)), None)
                    }
                    None => {
                        body.state = State::Finished(whole);
                        (None, None)
                    }
                }
            }
        };
        if let Some((Waiting { head, pending }, whole)) = ready {
            self.begin(head, whole, &pending).await?;
        }
        Ok(refused.map_or(Ok(()), Err))
    }

    /// Without `finish` the body is not whole, so its request is not sent.
    fn drop(&mut self, body: Resource<OutgoingBody>) -> wasmtime::Result<()> {
        let body = self.table.delete(body)?;
        lock(&body.shared).give_up(ErrorCode::HttpProtocolError);
        Ok(())
    }
}

/// The stream that a guest writes its body to. It is always ready: what is too much is refused.
struct Writer(Shared);

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        lock(&self.0).write(&bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match lock(&self.0).room_for() {
            0 => Err(StreamError::Closed),
            bytes => Ok(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(max: usize, room: usize) -> Shared {
        Body::shared(max, Declared::Nothing, &Room::new(room))
    }

    #[test]
    fn no_more_is_kept_than_shows_that_it_is_too_much() {
        let shared = body(10, 1_000);
        let mut writer = Writer(Arc::clone(&shared));
        assert_eq!(writer.check_write().unwrap(), 11);
        writer.write(Bytes::from_static(b"12345678901")).unwrap();
        assert!(matches!(writer.check_write(), Err(StreamError::Closed)));
        assert!(matches!(writer.write(Bytes::from_static(b"1")), Err(StreamError::Closed)));
        assert!(lock(&shared).is_too_large());
        assert_eq!(lock(&shared).bytes.len(), 11);
    }

    #[test]
    fn who_writes_more_than_it_was_told_that_it_may_is_ended() {
        let mut writer = Writer(body(10, 1_000));
        assert!(matches!(writer.write(Bytes::from_static(b"123456789012")), Err(StreamError::Trap(_))));
        assert!(writer.write_zeroes(1 << 40).is_err());
    }

    #[test]
    fn a_body_for_which_there_is_no_room_is_let_go() {
        let shared = body(1_000, 10);
        let mut writer = Writer(Arc::clone(&shared));
        writer.write(Bytes::from_static(b"1234567890")).unwrap();
        assert!(matches!(writer.write(Bytes::from_static(b"1")), Err(StreamError::Closed)));
        assert!(lock(&shared).bytes.is_empty());
        assert!(matches!(lock(&shared).state, State::Broken(ErrorCode::HttpRequestBodySize(None))));
    }
}

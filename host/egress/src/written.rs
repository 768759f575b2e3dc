//! A request body that remembers whether it was begun: the difference between "not sent" and "maybe sent".

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Asks for the state of a body that the client has taken.
#[derive(Clone, Debug)]
pub(crate) struct Written(Arc<AtomicBool>);

impl Written {
    /// Whether a byte of the request may have reached the wire. The client asks for the body before it flushes
    /// the head, so "no" is certain. Of a request without a body nothing can be observed: it counts as written.
    pub(crate) fn perhaps(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

pub(crate) struct Observed {
    bytes: Option<Bytes>,
    begun: Arc<AtomicBool>,
}

impl Observed {
    pub(crate) fn new(bytes: Bytes) -> (Self, Written) {
        let begun = Arc::new(AtomicBool::new(bytes.is_empty()));
        let bytes = (!bytes.is_empty()).then_some(bytes);
        (Self { bytes, begun: Arc::clone(&begun) }, Written(begun))
    }
}

impl Body for Observed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // Known, so that the request carries its length instead of being chunked.
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

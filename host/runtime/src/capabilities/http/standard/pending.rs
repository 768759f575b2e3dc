//! A request between `handle` and its answer: who waits for it, who sends it, and what came of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::FailureCode;
use domain::exchange::SendFailure;
use egress::{Refusal, Sent};
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use super::error;
use super::room::{Held, Room};
use crate::bindings::http::{HttpError, Response};
use crate::bindings::standard_http::ErrorCode;

/// Shared by the guest's handle, by what sends, and by the body that is still being written.
pub(crate) struct Pending {
    slot: Mutex<Slot>,
    done: SetOnce<()>,
    sending: Mutex<Option<AbortHandle>>,
}

enum Slot {
    /// For its body, or for the remote.
    Waiting,
    /// What came back, before the call has written it down.
    Sent(Returned),
    Ended(Ended),
    Taken,
}

/// What the door gave back, with what the host may keep of it.
pub(crate) struct Returned {
    pub(crate) sent: Sent,
    /// Bytes of a body for which there was no room.
    pub(crate) lost_bytes: u64,
    held: Option<Held>,
}

/// An answer, with the room that it takes.
pub(super) type Ended = Result<(Response, Held), ErrorCode>;

/// A request whose answer the call has not written down yet.
pub(crate) struct UnderWay {
    pub(crate) pending: Arc<Pending>,
    pub(crate) row: Option<usize>,
    pub(crate) key: Option<String>,
}

impl Returned {
    /// An answer for which there is no room is not kept. That it came is.
    pub(crate) fn new(mut sent: Sent, room: &Room) -> Self {
        let (mut held, mut lost_bytes) = (None, 0);
        if let Ok(response) = &sent.result {
            held = room.take(weight(&response.headers, &response.body));
            if held.is_none() {
                lost_bytes = response.body.len() as u64;
                sent.result = Err(Refusal::Failed(SendFailure::new(FailureCode::TooLarge, true)));
            }
        }
        Self { sent, lost_bytes, held }
    }

    pub(crate) fn into_parts(self) -> (Sent, Option<Held>) {
        (self.sent, self.held)
    }
}

fn weight(headers: &[(String, Vec<u8>)], body: &[u8]) -> usize {
    let headers: usize = headers.iter().map(|(name, value)| 64 + name.len() + value.len()).sum();
    headers + body.len()
}

impl Pending {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { slot: Mutex::new(Slot::Waiting), done: SetOnce::new(), sending: Mutex::default() })
    }

    /// Resolves when there is an answer, or there will be none.
    pub(super) async fn ended(&self) {
        self.done.wait().await;
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done.initialized()
    }

    pub(super) fn fail(&self, code: ErrorCode) {
        self.end(Err(code));
    }

    /// An answer that was there at once: a denial, or one of a cassette.
    pub(crate) fn answered(&self, answer: Result<Response, HttpError>, room: &Room) {
        self.end(match answer {
            Ok(response) => match room.take(weight(&response.headers, &response.body)) {
                Some(held) => Ok((response, held)),
                None => Err(ErrorCode::HttpResponseBodySize(None)),
            },
            Err(error) => Err(error::code(&error)),
        });
    }

    /// What the door gave back has been written down.
    pub(crate) fn noted(&self, answer: Result<Response, HttpError>, held: Option<Held>) {
        self.end(match (answer, held) {
            (Ok(response), Some(held)) => Ok((response, held)),
            (Ok(_), None) => Err(ErrorCode::InternalError(None)),
            (Err(error), _) => Err(error::code(&error)),
        });
    }

    fn end(&self, ended: Ended) {
        *self.slot() = Slot::Ended(ended);
        self.wake();
    }

    pub(crate) fn sending(&self, task: AbortHandle) {
        *self.sending.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    pub(crate) fn came_back(&self, returned: Returned) {
        *self.slot() = Slot::Sent(returned);
    }

    /// From now on nobody waits.
    fn wake(&self) {
        // It was set before where a request ended twice, and once is enough.
        let _ = self.done.set(());
    }

    /// What came back, for the call to write down; once.
    pub(crate) fn take_returned(&self) -> Option<Returned> {
        let mut slot = self.slot();
        match std::mem::replace(&mut *slot, Slot::Waiting) {
            Slot::Sent(returned) => Some(returned),
            other => {
                *slot = other;
                None
            }
        }
    }

    /// The answer, once; none where it was taken.
    pub(super) fn take(&self) -> Option<Ended> {
        match std::mem::replace(&mut *self.slot(), Slot::Taken) {
            Slot::Ended(ended) => Some(ended),
            Slot::Taken => None,
            // What sent it is gone without a word.
            Slot::Waiting | Slot::Sent(_) => Some(Err(ErrorCode::InternalError(None))),
        }
    }

    /// Nobody wants the answer any more.
    pub(super) fn abandon(&self) {
        if let Some(task) = self.sending.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes who waits when what sends is over, however that came about.
pub(crate) struct Wakes(pub(crate) Arc<Pending>);

impl Drop for Wakes {
    fn drop(&mut self) {
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &[u8]) -> Sent {
        let response = domain::egress::Response { status: 200, headers: Vec::new(), body: body.to_vec() };
        Sent { result: Ok(response), exchanges: Vec::new() }
    }

    #[test]
    fn an_answer_for_which_there_is_no_room_is_counted_and_let_go() {
        let room = Room::new(10);
        let kept = Returned::new(sent(b"1234567890"), &room);
        let lost = Returned::new(sent(b"1"), &room);
        assert_eq!((kept.lost_bytes, lost.lost_bytes), (0, 1));
        assert!(kept.sent.result.is_ok());
        assert!(matches!(lost.sent.result, Err(Refusal::Failed(failure)) if failure.sent));
        drop(kept.held);
        assert_eq!(Returned::new(sent(b"1"), &room).lost_bytes, 0);
    }

    #[test]
    fn what_sends_wakes_who_waits_even_if_it_says_nothing() {
        let pending = Pending::new();
        assert!(!pending.is_done());
        drop(Wakes(Arc::clone(&pending)));
        assert!(pending.is_done());
        assert!(matches!(pending.take(), Some(Err(ErrorCode::InternalError(None)))));
        assert!(pending.take().is_none());
    }
}

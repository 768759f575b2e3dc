//! Requests that a guest begins and asks about later: sent beside it, and written down when it next asks.

use std::sync::Arc;

use domain::cassette::{self, Asked};
use egress::Patience;
use tokio::sync::Semaphore;

use super::standard::{Held, Pending, Returned, Room, UnderWay, Wakes};
use super::{HttpState, Permitted, UNDER_WAY_MAX, answer, asked, played, send_one, taken_down};
use crate::bindings::http::{HttpError, Request};
use crate::deck::{Asking, NO_SUCH_ANSWER};
use crate::failure::HostFailed;

/// Turns of what a call has begun. With the call they end: one that ends then gives its turn to nobody.
pub(super) struct Turns(Arc<Semaphore>);

impl Drop for Turns {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl HttpState {
    /// What the host may keep of requests and answers: the guest could not hold more of them either.
    pub(crate) fn room(&mut self) -> &Room {
        let bytes = self.limits.memory_bytes;
        self.room.get_or_insert_with(|| Room::new(bytes))
    }

    pub(crate) fn request_bytes_max(&self) -> usize {
        self.limits.request_bytes
    }

    /// Lets the judge deny, and write down, what is larger than a request may be. Nothing is sent.
    pub(crate) fn refuse(&mut self, request: Request) {
        let _ = self.judge(request);
    }

    /// Hands the request to the deck, the judge and the door, as `send` does, and does not wait for the answer.
    ///
    /// While a call is recorded it does wait: its answers are there at once when it is played, and a guest that saw them
    /// come in another order would leave its recording.
    pub(crate) async fn begin(
        &mut self,
        request: Request,
        patience: Patience,
        held: (Held, Option<Held>),
        pending: &Arc<Pending>,
    ) -> wasmtime::Result<()> {
        self.collect();
        let place = match self.deck.ask(|| Asked::Send(asked(&request)))? {
            Asking::Live(place) => place,
            Asking::Played(answer) => {
                let answer = played(answer, 1)?.into_iter().next().ok_or(NO_SUCH_ANSWER)?;
                pending.answered(answer, self.room());
                return Ok(());
            }
        };
        if self.deck.is_recording() {
            let answer = self.send_live(request, patience).await?;
            self.deck.answer(place, || cassette::Answer::Http(vec![taken_down(&answer)]));
            pending.answered(answer, self.room());
            return Ok(());
        }
        match self.judge(request) {
            Ok(permitted) => self.send_beside(Permitted { patience, ..permitted }, held, pending),
            Err(denial) => {
                pending.answered(Err(HttpError::Denied(denial.into())), self.room());
                Ok(())
            }
        }
    }

    fn send_beside(
        &mut self,
        permitted: Permitted,
        held: (Held, Option<Held>),
        pending: &Arc<Pending>,
    ) -> wasmtime::Result<()> {
        let Some(sender) = self.sender.clone() else {
            return Err(HostFailed("a request was permitted for nobody").into());
        };
        let turns = self.turns.get_or_insert_with(|| Turns(Arc::new(Semaphore::new(UNDER_WAY_MAX))));
        let (turns, room) = (Arc::clone(&turns.0), self.room().clone());
        let (egress, credentials) = (self.egress.clone(), Arc::clone(&self.credentials));
        let (row, key) = (permitted.row, permitted.key.clone());
        let wakes = Wakes(Arc::clone(pending));
        // It ends with the guest's handle, and so with the call at the latest.
        let task = tokio::spawn(async move {
            let Ok(_turn) = turns.acquire_owned().await else { return };
            let (.., sent) = send_one(&egress, &sender, &*credentials, 0, permitted).await;
            drop(held);
            wakes.0.came_back(Returned::new(sent, &room));
        });
        pending.sending(task.abort_handle());
        self.under_way.push(UnderWay { pending: Arc::clone(pending), row, key });
        Ok(())
    }

    /// Writes down what has come back since.
    pub(crate) fn collect(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let (done, waiting): (Vec<UnderWay>, Vec<UnderWay>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|begun| begun.pending.is_done());
        self.under_way = waiting;
        for UnderWay { pending, row, key } in done {
            let Some(returned) = pending.take_returned() else { continue };
            self.spent.received_bytes = self.spent.received_bytes.saturating_add(returned.lost_bytes);
            // There was room for it when it came.
            let mut room_bytes = usize::MAX;
            let (sent, held) = returned.into_parts();
            let result = self.note(row, key, sent);
            pending.noted(answer(result, &mut room_bytes), held);
        }
    }
}

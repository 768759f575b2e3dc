//! The front door both vendors share: read the request, let its fault happen, ask the vendor, write it all down.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;

use crate::answer::Answer;
use crate::call::Call;
use crate::cut;
use crate::faults::{Armed, Fault, Faults, Plan};
use crate::journal::{Journal, Outcome};

/// What stands behind the door.
pub(crate) trait Vendor: Send + Sync + 'static {
    /// Answers a request whose body has been read. Must not wait anywhere but in [`Mishap::pause`], so that a request
    /// without a delay is processed whole or not at all when its client goes away.
    fn answer(&self, call: &Call, mishap: Mishap) -> impl Future<Output = Answer> + Send;

    /// An injected failure in the vendor's own error shape.
    fn refuse(&self, call: &Call, status: u16) -> Answer;
}

/// The part of a fault that happens inside the vendor rather than around it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishap {
    pause_ms: u64,
    /// The answer to give, and to save, once the request has taken effect.
    pub(crate) status_after: Option<u16>,
}

impl Mishap {
    pub(crate) async fn pause(self) {
        if self.pause_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.pause_ms)).await;
        }
    }
}

pub(crate) struct Front<V> {
    pub(crate) vendor: V,
    pub(crate) journal: Journal,
    faults: Mutex<Armed>,
    received: AtomicU64,
}

impl<V: Vendor> Front<V> {
    pub(crate) fn new(vendor: V, faults: Faults) -> Arc<Self> {
        Arc::new(Self {
            vendor,
            journal: Journal::default(),
            faults: Mutex::new(faults.arm()),
            received: AtomicU64::new(0),
        })
    }

    /// The same, which writes nothing down of a request but that it came.
    pub(crate) fn counting(vendor: V) -> Arc<Self> {
        let (faults, received) = (Mutex::new(Faults::none().arm()), AtomicU64::new(0));
        Arc::new(Self { vendor, journal: Journal::of_numbers(), faults, received })
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults.arm();
    }

    pub(crate) async fn handle(self: Arc<Self>, request: Request) -> Response {
        let ordinal = self.received.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Call::read(ordinal, request).await;
        let plan = {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.plan(call.method.as_str(), &call.path)
        };
        if plan.delay_ms == 0 {
            return self.settle(call, plan).await;
        }
        // A client that gives up during a delay must not undo the request: vendors finish what they have begun.
        tokio::spawn(self.settle(call, plan)).await.unwrap_or_else(|_| cut::severed())
    }

    async fn settle(self: Arc<Self>, call: Call, plan: Plan) -> Response {
        let fault = plan.name();
        let mishap = Mishap { pause_ms: plan.delay_ms, status_after: None };
        let note = |answer: Option<&Answer>| {
            let status = answer.map(|answer| answer.status);
            let replayed = answer.is_some_and(|answer| answer.replayed);
            self.journal.note(&call, &Outcome { status, replayed, fault });
        };
        match plan.fault {
            Some(Fault::Status { status, retry_after_s }) => {
                mishap.pause().await;
                let mut answer = self.vendor.refuse(&call, status);
                if let Some(seconds) = retry_after_s {
                    answer = answer.with("Retry-After", seconds);
                }
                note(Some(&answer));
                answer.into_response()
            }
            Some(Fault::CloseBeforeResponse) => {
                mishap.pause().await;
                note(None);
                cut::severed()
            }
            Some(Fault::CloseAfterProcessing) => {
                self.vendor.answer(&call, mishap).await;
                note(None);
                cut::severed()
            }
            Some(Fault::TruncateBody) => {
                let answer = self.vendor.answer(&call, mishap).await;
                note(Some(&answer));
                cut::truncated(&answer)
            }
            Some(Fault::StatusAfterProcessing { status }) => {
                let answer = self.vendor.answer(&call, Mishap { status_after: Some(status), ..mishap }).await;
                note(Some(&answer));
                answer.into_response()
            }
            Some(Fault::Delay { .. }) | None => {
                let answer = self.vendor.answer(&call, mishap).await;
                note(Some(&answer));
                answer.into_response()
            }
        }
    }
}

//! The time that guest code runs, waiting excluded, and the bound on it.
//!
//! A guest runs only while the future of its call is polled: the time inside those polls is what it used, host calls
//! that do not wait included. Every tick of the epoch the guest is stopped, the time is compared with the limit, and
//! the executor gets a chance to run others.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::time::Instant;
use wasmtime::{Store, UpdateDeadline};

/// Between ticks the guest may run this many ticks of the epoch.
const TICKS: u64 = 1;

/// Raised inside the guest when its time is up.
#[derive(Debug, thiserror::Error)]
#[error("the guest's time is up")]
pub(crate) struct TimeIsUp;

/// How long one call's guest has run.
#[derive(Clone)]
pub(crate) struct CpuClock(Arc<Inner>);

struct Inner {
    origin: Instant,
    /// Microseconds of finished polls.
    spent_us: AtomicU64,
    /// When the current poll began, in microseconds after `origin`.
    poll_began_us: AtomicU64,
}

impl CpuClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            origin: Instant::now(),
            spent_us: AtomicU64::new(0),
            poll_began_us: AtomicU64::new(0),
        }))
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.0.origin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Time used up to now; to be asked from inside a poll.
    fn used_us(&self) -> u64 {
        let this_poll = self.now_us().saturating_sub(self.0.poll_began_us.load(Ordering::Relaxed));
        self.0.spent_us.load(Ordering::Relaxed).saturating_add(this_poll)
    }

    /// Makes the guest in `store` yield each tick and end when it has run for `limit_ms`.
    pub(crate) fn bound<T>(&self, store: &mut Store<T>, limit_ms: u64) {
        let clock = self.clone();
        let limit_us = limit_ms.saturating_mul(1_000);
        store.set_epoch_deadline(TICKS);
        store.epoch_deadline_callback(move |_| {
            if clock.used_us() >= limit_us {
                return Err(TimeIsUp.into());
            }
            // The executor's own yield lets input, timers and other tasks run first; wasmtime's would be polled again
            // at once.
            Ok(UpdateDeadline::YieldCustom(TICKS, Box::pin(tokio::task::yield_now())))
        });
    }

    /// Counts the time inside the polls of `call`.
    pub(crate) fn count<F: Future>(&self, call: F) -> Counted<F> {
        Counted { clock: self.clone(), call: Box::pin(call) }
    }
}

pub(crate) struct Counted<F> {
    clock: CpuClock,
    call: Pin<Box<F>>,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let began_us = self.clock.now_us();
        self.clock.0.poll_began_us.store(began_us, Ordering::Relaxed);
        let polled = self.call.as_mut().poll(context);
        let took_us = self.clock.now_us().saturating_sub(began_us);
        self.clock.0.spent_us.fetch_add(took_us, Ordering::Relaxed);
        polled
    }
}

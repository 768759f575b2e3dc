//! One call: whom it is for, and what is left of it when it is over.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::call::{CallFailure, Limits, LogLine, Usage};
use domain::cassette::{About, Call, Cassette, Outcome};
use domain::egress::Policy;
use domain::exchange::Exchange;
use domain::retry::KeyPlace;
use domain::trace::TraceState;
use domain::{CorrelationId, ProfileKey, TenantId};
use tokio::time::Instant;
use wasmtime::Store;

use crate::cpu::CpuClock;
use crate::deck::{Deck, Taping};
use crate::failure;
use crate::linked::Linked;
use crate::places::Place;
use crate::runtime::Process;
use crate::state::CallState;

/// Whom a call is for and what it may do. Immutable, so that nothing changes under a running guest.
#[derive(Clone, Debug)]
pub struct CallFor {
    pub tenant: TenantId,
    /// The profile whose credential and secrets are used; none for a transform.
    pub profile: Option<ProfileKey>,
    /// What requests are judged by; `Policy::none` for a transform.
    pub policy: Arc<Policy>,
    /// The profile's configuration, as JSON.
    pub config: Arc<str>,
    /// The granted scopes, by name.
    pub scopes: Arc<[String]>,
    pub correlation: CorrelationId,
    /// What the caller's tracing keeps beside its trace.
    pub trace_state: Option<TraceState>,
    pub limits: Limits,
    /// Where the action's requests carry the key by which the remote recognises a repetition.
    pub key_place: Option<KeyPlace>,
    /// Whether a cassette of it is kept.
    pub tape: Taping,
}

/// What a call came to, and what it left behind even where it failed.
#[derive(Clone, Debug, PartialEq)]
pub struct CallReport<T> {
    /// The guest's answer, or why there is none.
    pub outcome: Result<T, CallFailure>,
    pub log: Vec<LogLine>,
    /// Every request that was made or tried, in the order in which they began.
    pub exchanges: Vec<Exchange>,
    pub usage: Usage,
    /// The recording, where one was asked for and the call was begun.
    pub cassette: Option<Box<Cassette>>,
}

impl<T> CallReport<T> {
    /// A call that was never made.
    pub(crate) fn not_made(failure: CallFailure) -> Self {
        Self {
            outcome: Err(failure),
            log: Vec::new(),
            exchanges: Vec::new(),
            usage: Usage::default(),
            cassette: None,
        }
    }

    pub(crate) fn and_then<U>(self, check: impl FnOnce(T) -> Result<U, CallFailure>) -> CallReport<U> {
        CallReport {
            outcome: self.outcome.and_then(check),
            log: self.log,
            exchanges: self.exchanges,
            usage: self.usage,
            cassette: self.cassette,
        }
    }

    /// Ends the recording of the call, if there is one.
    pub(crate) fn recorded(
        mut self,
        of: (&CallFor, &Deck, &Linked),
        call: impl FnOnce() -> Call,
        outcome: impl FnOnce(&Result<T, CallFailure>) -> Outcome,
    ) -> Self {
        let (called, deck, linked) = of;
        if let (Taping::Record(connector), Some(tape)) = (&called.tape, deck.take()) {
            let about = About {
                recorded_at: linked.process.rooms.clock.now(),
                connector: connector.clone(),
                digest: linked.digest.clone(),
                config: called.config.as_ref().to_owned(),
                scopes: called.scopes.to_vec(),
                limits: called.limits,
            };
            self.cassette = Some(Box::new(tape.finish(about, call(), outcome(&self.outcome))));
        }
        self
    }
}

/// A store that is ready for one instance and one call, with a place in the pool.
pub(crate) struct Ready {
    pub(crate) store: Store<CallState>,
    pub(crate) deck: Deck,
    cpu: CpuClock,
    limits: Limits,
    began: Instant,
    // Dropped after the store: another call takes the place only when this one has left it.
    _place: Place,
}

impl Ready {
    /// Waits for a place; the call's own time begins when it has one.
    pub(crate) async fn new(
        process: &Process,
        tenant: Option<&TenantId>,
        limits: Limits,
        state: impl FnOnce() -> CallState,
    ) -> Result<Self, CallFailure> {
        let place = process.places.take(tenant, &process.meter).await?;
        let cpu = CpuClock::new();
        let state = state();
        let deck = state.deck.clone();
        let store = state.into_store(&process.engine, &limits, &cpu);
        Ok(Self { store, deck, cpu, limits, began: Instant::now(), _place: place })
    }

    /// Drives `work`, which instantiates and calls, within the time that the call has. Whatever ends it, the store is
    /// discarded: nothing of a guest is used twice.
    pub(crate) async fn drive<'a, T, W, F>(&'a mut self, work: W) -> Result<T, Ended>
    where
        W: FnOnce(&'a mut Store<CallState>) -> F,
        F: Future<Output = wasmtime::Result<T>>,
    {
        let wall = Duration::from_millis(self.limits.wall_ms);
        let work = tokio::time::timeout(wall, self.cpu.count(work(&mut self.store)));
        let driven = match &self.deck {
            deck @ Deck::Playing(_) => tokio::select! {
                biased;
                driven = work => driven,
                () = deck.over() => return Err(Ended::WallLimit),
            },
            _ => work.await,
        };
        match driven {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Ended::Error(error)),
            Err(_) => Err(Ended::WallLimit),
        }
    }

    /// Discards the store and reports what is left of the call.
    pub(crate) fn report<T>(self, driven: Result<T, Ended>) -> CallReport<T> {
        let Self { store, limits, began, .. } = self;
        let state = store.into_data();
        let outcome = driven.map_err(|ended| match ended {
            Ended::Error(error) => failure::of_error(&error, &state.totals, &limits),
            Ended::WallLimit => failure::wall_limit(&limits),
        });
        let requested = state.http.finish();
        let usage = Usage {
            wall_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            memory_bytes: state.totals.memory_bytes(),
            requests: requested.sent,
            denied: requested.denied,
        };
        CallReport {
            outcome,
            log: state.logging.finish(),
            exchanges: requested.exchanges,
            usage,
            cassette: None,
        }
    }
}

/// Why driving a call stopped without a value.
pub(crate) enum Ended {
    Error(wasmtime::Error),
    WallLimit,
}

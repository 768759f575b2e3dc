//! What all calls of a profile share in this process: its circuit and its budget of retries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::exchange::Exchange;
use domain::retry::{Breaker, Budget, Pass, State, health};
use domain::{ProfileKey, Timestamp};

/// Above this number, those that have nothing to remember are forgotten.
const SWEPT_ABOVE: usize = 1_024;
/// A budget counts for a minute, and a circuit that nobody asked of for longer than it can be open begins again.
const AT_REST_MS: u64 = 3_600_000;

/// Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Circuits {
    of: Arc<Mutex<HashMap<ProfileKey, Circuit>>>,
    /// Everything passes.
    off: bool,
}

#[derive(Debug, Default)]
struct Circuit {
    breaker: Breaker,
    budget: Budget,
    asked_at: Option<Timestamp>,
}

impl Circuits {
    /// None that ever opens, and no budget either.
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// Asks for a call. Whoever is told to probe tells `note` how it went.
    pub fn ask(&self, profile: &ProfileKey, now: Timestamp) -> Pass {
        if self.off {
            return Pass::Free;
        }
        self.of(profile, now, |circuit| circuit.breaker.ask(now))
    }

    /// Learns from what a call sent. Gives the state that the profile is in now.
    pub fn note(&self, profile: &ProfileKey, exchanges: &[Exchange], now: Timestamp) -> State {
        if self.off {
            return State::Closed;
        }
        let (good, bad) = health(exchanges);
        self.of(profile, now, |circuit| {
            let before = circuit.breaker.state(now);
            circuit.breaker.note(good, bad, now);
            let after = circuit.breaker.state(now);
            if before != after {
                tracing::info!(tenant = %profile.tenant, profile = %profile.profile, ?after, "a circuit changed");
            }
            after
        })
    }

    /// Attempts that are no retries earn the others.
    pub(crate) fn first(&self, profile: &ProfileKey, count: usize, now: Timestamp) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.of(profile, now, |circuit| circuit.budget.first(count, now));
    }

    /// Takes one retry out of the profile's budget, or says how long to wait for one.
    pub(crate) fn retry(&self, profile: &ProfileKey, now: Timestamp) -> Result<(), u64> {
        if self.off {
            return Ok(());
        }
        self.of(profile, now, |circuit| circuit.budget.retry(now))
    }

    /// As it is shown.
    pub fn state(&self, profile: &ProfileKey, now: Timestamp) -> State {
        self.lock().get(profile).map_or(State::Closed, |circuit| circuit.breaker.state(now))
    }

    /// How many are not closed.
    pub fn open(&self) -> usize {
        self.lock().values().filter(|circuit| !circuit.breaker.is_closed()).count()
    }

    /// Begins again: a person has seen to it that the remote works.
    pub fn close(&self, profile: &ProfileKey) {
        self.lock().remove(profile);
    }

    fn of<T>(&self, profile: &ProfileKey, now: Timestamp, what: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuits = self.lock();
        if circuits.len() >= SWEPT_ABOVE && !circuits.contains_key(profile) {
            circuits.retain(|_, circuit| circuit.asked_at.is_some_and(|at| now.ms_since(at) < AT_REST_MS));
        }
        let circuit = circuits.entry(profile.clone()).or_default();
        circuit.asked_at = Some(now);
        what(circuit)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ProfileKey, Circuit>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

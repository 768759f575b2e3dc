//! What all of it shares: the store, time and chance, the way out, and who is renewing what in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::egress::Ceiling;
use domain::{Clock, ProfileKey, Randomness, Timestamp};
use egress::Egress;
use store::Store;

use super::authorize::chance;

/// Profiles whose last renewal after a refusal is remembered.
const REMEMBERED_MAX: usize = 4_096;

/// The way out.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) egress: Egress,
    pub(crate) ceiling: Arc<Ceiling>,
}

pub(crate) struct Broker {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    /// None for a vault of tests that hands out what is stored.
    pub(crate) reach: Option<Reach>,
    /// This process, in leases.
    pub(crate) holder: String,
    /// Whether the store belongs to this process alone: then the lease of another is that of a process that is gone.
    pub(crate) exclusive: bool,
    /// One turn a profile.
    turns: Mutex<HashMap<ProfileKey, Weak<tokio::sync::Mutex<()>>>>,
    /// Which version of a profile's token came after a refusal: refused again, it is refused for good.
    after_refusal: Mutex<HashMap<ProfileKey, u64>>,
}

impl Broker {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        reach: Option<Reach>,
    ) -> Self {
        let holder = chance(&*randomness);
        let (turns, after_refusal) = (Mutex::default(), Mutex::default());
        Self { store, clock, randomness, reach, holder, exclusive: false, turns, after_refusal }
    }

    pub(crate) fn exclusive(self) -> Self {
        Self { exclusive: true, ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The turn of this profile, within this process.
    pub(crate) fn turn(&self, of: &ProfileKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(of).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        turns.insert(of.clone(), Arc::downgrade(&turn));
        turn
    }

    pub(crate) fn came_after_refusal(&self, of: &ProfileKey, version: u64) -> bool {
        self.after_refusal.lock().unwrap_or_else(PoisonError::into_inner).get(of) == Some(&version)
    }

    pub(crate) fn remember_refusal(&self, of: &ProfileKey, version: u64) {
        let mut remembered = self.after_refusal.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(of.clone(), version);
    }
}

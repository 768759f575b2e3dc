//! What every part of the pipeline works with.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::{Clock, EventId, Randomness, Timestamp};
use store::Store;
use tokio::sync::watch;

use crate::circuits::Circuits;
use crate::inbox::Bell;
use crate::options::Options;
use crate::sandbox::Sandbox;

pub(crate) struct Room {
    pub(crate) store: Store,
    pub(crate) sandbox: Arc<dyn Sandbox>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) options: Options,
    /// Rung when an event has been taken.
    pub(crate) bell: Bell,
    /// Under which leases are held: unique to this process.
    pub(crate) holder: String,
    /// Shared with the calls that are made by hand.
    pub(crate) circuits: Circuits,
    /// Somebody waits for a place: whoever has had one for a while gives it back.
    pub(crate) contended: AtomicBool,
    /// Changes whenever somebody asks for the end of a run.
    pub(crate) cancels: watch::Sender<u64>,
    /// Whether a replay of many dead letters may be under way: it is looked for only then.
    pub(crate) replays_under_way: AtomicBool,
}

impl Room {
    pub(crate) fn new(
        store: Store,
        sandbox: Arc<dyn Sandbox>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        options: Options,
    ) -> Self {
        let mut chance = [0; 16];
        randomness.fill(&mut chance);
        let holder = format!("{:032x}", u128::from_le_bytes(chance));
        let circuits = sandbox.circuits();
        Self {
            store,
            sandbox,
            clock,
            randomness,
            options,
            holder,
            circuits,
            bell: Bell::default(),
            contended: AtomicBool::new(false),
            cancels: watch::Sender::new(0),
            replays_under_way: AtomicBool::new(true),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId::make(self.clock.as_ref(), self.randomness.as_ref())
    }

    pub(crate) fn chance(&self) -> u64 {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

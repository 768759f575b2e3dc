//! The call lifetime: the data of one store. Each capability has a state of its own and is given that alone.

use std::sync::Arc;

use domain::call::Limits;
use wasmtime::Store;

use crate::call::CallFor;
use crate::capabilities::http::HttpState;
use crate::capabilities::profile::ProfileState;
use crate::capabilities::secrets::SecretsState;
use crate::cpu::CpuClock;
use crate::deck::Deck;
use crate::engine::ProcessEngine;
use crate::gauges::Share;
use crate::guest_log::GuestLog;
use crate::limits::Totals;
use crate::runtime::Process;
use crate::wasi::WasiState;

/// What one call may touch, and what it has used.
pub(crate) struct CallState {
    pub(crate) totals: Totals,
    pub(crate) http: HttpState,
    pub(crate) secrets: SecretsState,
    pub(crate) logging: GuestLog,
    pub(crate) profile: ProfileState,
    pub(crate) wasi: WasiState,
    /// What the capabilities record to, or are answered from.
    pub(crate) deck: Deck,
    // Counts the store as long as it lives.
    _alive: Share,
}

impl CallState {
    /// For a call on behalf of a profile, or of a tenant only: then there are no secrets.
    pub(crate) fn for_call(call: &CallFor, process: &Process) -> Self {
        let (rooms, meter) = (&process.rooms, &process.meter);
        let deck = Deck::of(&call.tape);
        let logging = GuestLog::new(Arc::clone(&rooms.clock), &call.limits, deck.clone());
        let holder = call.profile.clone().map(|profile| (profile, Arc::clone(&rooms.credentials)));
        Self {
            totals: Totals::new(&call.limits, meter),
            http: HttpState::for_call(call, rooms, deck.clone()),
            secrets: SecretsState::new(holder, &call.limits, meter, deck.clone()),
            profile: ProfileState {
                config: Arc::clone(&call.config),
                scopes: Arc::clone(&call.scopes),
                deck: deck.clone(),
            },
            wasi: WasiState::new(
                logging.clone(),
                Arc::clone(&rooms.clock),
                Arc::clone(&rooms.randomness),
                &call.limits,
                deck.clone(),
            ),
            logging,
            deck,
            _alive: Share::of(meter, |meter| &meter.calls, 1),
        }
    }

    /// For `describe`: no capability at all.
    pub(crate) fn for_nobody(limits: &Limits, process: &Process) -> Self {
        let (rooms, meter) = (&process.rooms, &process.meter);
        let logging = GuestLog::new(Arc::clone(&rooms.clock), limits, Deck::Empty);
        Self {
            totals: Totals::new(limits, meter),
            http: HttpState::for_nobody(limits, rooms),
            secrets: SecretsState::new(None, limits, meter, Deck::Empty),
            profile: ProfileState { config: Arc::from("{}"), scopes: Arc::from([]), deck: Deck::Empty },
            wasi: WasiState::new(
                logging.clone(),
                Arc::clone(&rooms.clock),
                Arc::clone(&rooms.randomness),
                limits,
                Deck::Empty,
            ),
            logging,
            deck: Deck::Empty,
            _alive: Share::of(meter, |meter| &meter.calls, 1),
        }
    }

    /// A store in which every limit is set before any guest code runs.
    pub(crate) fn into_store(self, process: &ProcessEngine, limits: &Limits, cpu: &CpuClock) -> Store<Self> {
        let mut store = Store::new(&process.engine, self);
        store.limiter(|state| &mut state.totals);
        // One bound serves what a guest passes to a host call and what it returns.
        store.set_hostcall_fuel(limits.host_call_bytes.max(limits.output_bytes));
        store.set_max_component_handles(limits.handles);
        cpu.bound(&mut store, limits.cpu_ms);
        store
    }
}

//! Timers of a guest: they wait while it is called, and pass at once while a recording is played to it, in their order.

use domain::cassette::{Passed, Wait};
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::clocks::WasiClocksCtxView;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::{self, Host};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use crate::deck::{Deck, Playing};
use crate::state::CallState;

/// The monotonic clock with its timers.
pub(crate) struct Timers<'a> {
    pub(crate) clocks: WasiClocksCtxView<'a>,
    pub(crate) deck: Deck,
}

struct OfTimers;

impl HasData for OfTimers {
    type Data<'a> = Timers<'a>;
}

pub(crate) fn add_to_linker(
    linker: &mut wasmtime::component::Linker<CallState>,
    timers: fn(&mut CallState) -> Timers<'_>,
) -> wasmtime::Result<()> {
    monotonic_clock::add_to_linker::<CallState, OfTimers>(linker, timers)
}

impl Host for Timers<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Host::now(&mut self.clocks)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Host::resolution(&mut self.clocks)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let Deck::Playing(playing) = self.deck.clone() else {
            return Host::subscribe_instant(&mut self.clocks, when);
        };
        // The clock is read here in a live call too, so the recording holds it.
        let now = Host::now(&mut self.clocks)?;
        played(self.clocks.table, playing, when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, after: u64) -> wasmtime::Result<Resource<DynPollable>> {
        match self.deck.clone() {
            Deck::Playing(playing) => played(self.clocks.table, playing, after),
            _ => Host::subscribe_duration(&mut self.clocks, after),
        }
    }
}

fn played(
    table: &mut ResourceTable,
    playing: Playing,
    after_ns: u64,
) -> wasmtime::Result<Resource<DynPollable>> {
    let due_ns = playing.player().due_ns(after_ns);
    let timer = table.push(Timer { playing, due_ns, lets_others_first: after_ns == 0 })?;
    subscribe(table, timer)
}

/// A timer of a played call.
struct Timer {
    playing: Playing,
    due_ns: u64,
    /// As a live timer of no time does, once.
    lets_others_first: bool,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        if !std::mem::take(&mut self.lets_others_first) && self.playing.player().has_passed(self.due_ns) {
            return;
        }
        let waiting = Waiting::new(&self.playing, self.due_ns);
        loop {
            // Whoever is waited for together with it says so first: then it is known which is due before the others.
            tokio::task::yield_now().await;
            let passed = self.playing.player().passes(waiting.wait);
            match passed {
                Passed::Yes => return,
                Passed::NotYet => {}
                Passed::CallIsOver => {
                    self.playing.call_is_over();
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Over when the guest does not wait for the timer any more.
struct Waiting<'a> {
    playing: &'a Playing,
    wait: Wait,
}

impl<'a> Waiting<'a> {
    fn new(playing: &'a Playing, due_ns: u64) -> Self {
        Self { playing, wait: playing.player().wait(due_ns) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.playing.player().leave(self.wait);
    }
}

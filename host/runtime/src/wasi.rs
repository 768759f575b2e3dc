//! WASI 0.2, inert: ordinary toolchains import it without need, so it is there and grants nothing.
//!
//! Environment and arguments are empty, no directory is open, standard input is closed, standard output goes to the
//! bounded log of the call, exit ends the call. The wall clock is the host's in whole milliseconds, the monotonic clock
//! too; random bytes are the host's. No socket can be made and no name looked up: both are denied before the system is asked.

use std::sync::Arc;
use std::time::Duration;

use domain::call::Limits;
use domain::cassette::{Answer, Asked, Bytes as Kept, Stream};
use domain::{Clock, Randomness};
use tokio::time::Instant;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliCtxView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sockets};
use wasmtime_wasi::p2::pipe::SinkOutputStream;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsCtx, WasiSocketsCtxView};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_io::bindings::wasi::io;
use wasmtime_wasi_io::bytes::Bytes;

use crate::deck::{Asking, Deck, NO_SUCH_ANSWER};
use crate::failure::GuestBroke;
use crate::guest_log::{GuestLog, Stdio};
use crate::state::CallState;
use crate::timers::{self, Timers};

/// Bytes that one write to standard output may have; the guest asks before it writes.
const WRITE_BYTES_MAX: usize = 64 << 10;
/// Random bytes that one host call gives.
const RANDOM_BYTES_MAX: u64 = 64 << 10;
const MILLISECOND: Duration = Duration::from_millis(1);
const MILLISECOND_NS: u64 = 1_000_000;

/// What WASI keeps for one call. Most guests never ask, so the context is made when one does.
pub(crate) struct WasiState {
    context: Option<WasiCtx>,
    /// The default allows neither TCP nor UDP nor looking up a name; nothing here changes it.
    sockets: Option<WasiSocketsCtx>,
    table: ResourceTable,
    log: GuestLog,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    began: Instant,
    deck: Deck,
}

impl WasiState {
    pub(crate) fn new(
        log: GuestLog,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        limits: &Limits,
        deck: Deck,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self { context: None, sockets: None, table, log, clock, randomness, began: Instant::now(), deck }
    }

    /// The resources of all WASI interfaces: a stream of a body is a stream like any other.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    fn parts(&mut self) -> (&mut WasiCtx, &mut ResourceTable) {
        let context = self.context.get_or_insert_with(|| {
            WasiCtxBuilder::new()
                .stdout(LogStream { log: self.log.clone(), stdio: Stdio::Out })
                .stderr(LogStream { log: self.log.clone(), stdio: Stdio::Err })
                .wall_clock(CoarseWallClock(Arc::clone(&self.clock), self.deck.clone()))
                .monotonic_clock(CoarseMonotonicClock(self.began, self.deck.clone()))
                .build()
        });
        (context, &mut self.table)
    }

    fn cli(&mut self) -> WasiCliCtxView<'_> {
        let (context, table) = self.parts();
        WasiCliCtxView { ctx: context.cli(), table }
    }

    fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        let (context, table) = self.parts();
        WasiClocksCtxView { ctx: context.clocks(), table }
    }

    fn timers(&mut self) -> Timers<'_> {
        let deck = self.deck.clone();
        Timers { clocks: self.clocks(), deck }
    }

    fn filesystem(&mut self) -> WasiFilesystemCtxView<'_> {
        let (context, table) = self.parts();
        WasiFilesystemCtxView { ctx: context.filesystem(), table }
    }

    fn sockets(&mut self) -> WasiSocketsCtxView<'_> {
        let ctx = self.sockets.get_or_insert_default();
        WasiSocketsCtxView { ctx, table: &mut self.table }
    }
}

/// Adds every interface that `imports` allows, and no other.
pub(crate) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    let l = linker;
    io::error::add_to_linker::<CallState, Streams>(l, |state| &mut state.wasi.table)?;
    io::poll::add_to_linker::<CallState, Streams>(l, |state| &mut state.wasi.table)?;
    io::streams::add_to_linker::<CallState, Streams>(l, |state| &mut state.wasi.table)?;
    cli::environment::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::exit::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::stdin::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::stdout::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::stderr::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::terminal_input::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::terminal_output::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::terminal_stdin::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::terminal_stdout::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    cli::terminal_stderr::add_to_linker::<CallState, WasiCli>(l, |state| state.wasi.cli())?;
    clocks::wall_clock::add_to_linker::<CallState, WasiClocks>(l, |state| state.wasi.clocks())?;
    timers::add_to_linker(l, |state| state.wasi.timers())?;
    filesystem::types::add_to_linker::<CallState, WasiFilesystem>(l, |state| state.wasi.filesystem())?;
    filesystem::preopens::add_to_linker::<CallState, WasiFilesystem>(l, |state| state.wasi.filesystem())?;
    let options = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<CallState, WasiSockets>(l, &options, |state| state.wasi.sockets())?;
    sockets::instance_network::add_to_linker::<CallState, WasiSockets>(l, |state| state.wasi.sockets())?;
    sockets::ip_name_lookup::add_to_linker::<CallState, WasiSockets>(l, |state| state.wasi.sockets())?;
    sockets::tcp_create_socket::add_to_linker::<CallState, WasiSockets>(l, |state| state.wasi.sockets())?;
    sockets::tcp::add_to_linker::<CallState, WasiSockets>(l, |state| state.wasi.sockets())?;
    sockets::udp_create_socket::add_to_linker::<CallState, WasiSockets>(l, |state| state.wasi.sockets())?;
    sockets::udp::add_to_linker::<CallState, WasiSockets>(l, |state| state.wasi.sockets())?;
    random::random::add_to_linker::<CallState, Chance>(l, |state| {
        Dice(&*state.wasi.randomness, &state.wasi.deck)
    })?;
    random::insecure::add_to_linker::<CallState, Chance>(l, |state| {
        Dice(&*state.wasi.randomness, &state.wasi.deck)
    })?;
    random::insecure_seed::add_to_linker::<CallState, Chance>(l, |state| {
        Dice(&*state.wasi.randomness, &state.wasi.deck)
    })
}

struct Streams;

impl HasData for Streams {
    type Data<'a> = &'a mut ResourceTable;
}

struct Chance;

impl HasData for Chance {
    type Data<'a> = Dice<'a>;
}

/// The host's randomness, for all three random interfaces.
struct Dice<'a>(&'a dyn Randomness, &'a Deck);

impl Dice<'_> {
    fn bytes(&self, len: u64) -> wasmtime::Result<Vec<u8>> {
        if len > RANDOM_BYTES_MAX {
            return Err(GuestBroke("it asked for more than 65536 random bytes at once").into());
        }
        let mut bytes = vec![0; usize::try_from(len)?];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn fill(&self, bytes: &mut [u8]) -> wasmtime::Result<()> {
        match self.1.ask(|| Asked::Random { bytes: bytes.len() as u64 })? {
            Asking::Live(place) => {
                self.0.fill(bytes);
                self.1.answer(place, || Answer::Bytes(Kept(bytes.to_vec())));
                Ok(())
            }
            Asking::Played(Answer::Bytes(played)) if played.0.len() == bytes.len() => {
                bytes.copy_from_slice(&played.0);
                Ok(())
            }
            Asking::Played(_) => Err(NO_SUCH_ANSWER.into()),
        }
    }
}

impl random::random::Host for Dice<'_> {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.bytes(len)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.number()
    }
}

impl random::insecure::Host for Dice<'_> {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.bytes(len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.number()
    }
}

impl random::insecure_seed::Host for Dice<'_> {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.number()?, self.number()?))
    }
}

struct CoarseWallClock(Arc<dyn Clock>, Deck);

impl HostWallClock for CoarseWallClock {
    fn resolution(&self) -> Duration {
        MILLISECOND
    }

    fn now(&self) -> Duration {
        let live = || u64::try_from(self.0.now().as_ms()).unwrap_or(0);
        Duration::from_millis(reading(&self.1, Asked::WallClock, live))
    }
}

/// Whole milliseconds since the call began: too coarse to time a cache.
struct CoarseMonotonicClock(Instant, Deck);

impl HostMonotonicClock for CoarseMonotonicClock {
    fn resolution(&self) -> u64 {
        MILLISECOND_NS
    }

    fn now(&self) -> u64 {
        let live = || {
            let ms = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
            ms.saturating_mul(MILLISECOND_NS)
        };
        reading(&self.1, Asked::MonotonicClock, live)
    }
}

/// What a clock shows. It cannot end a call: one that has left its recording is ended by whatever it asks next.
fn reading(deck: &Deck, asked: Asked, live: impl FnOnce() -> u64) -> u64 {
    match deck.ask(|| asked) {
        Ok(Asking::Live(place)) => {
            let time = live();
            deck.answer(place, || Answer::Time(time));
            time
        }
        Ok(Asking::Played(Answer::Time(time))) => time,
        Ok(Asking::Played(_)) | Err(_) => 0,
    }
}

/// Standard output or error, as lines of the log. It is always ready: what exceeds the log's bounds is dropped there.
#[derive(Clone)]
struct LogStream {
    log: GuestLog,
    stdio: Stdio,
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Asked for by WASI 0.3 only, which is not linked.
        SinkOutputStream.async_stream()
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > WRITE_BYTES_MAX {
            return Err(StreamError::Trap(GuestBroke("it wrote more than it was told that it may").into()));
        }
        let stream = if self.stdio == Stdio::Out { Stream::Out } else { Stream::Err };
        let told = self.log.deck.note(|| Asked::Stdio { stream, text: Kept(bytes.to_vec()) });
        told.map_err(|left| StreamError::Trap(left.into()))?;
        self.log.stdio(self.stdio, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

//! The child: reads one component from its stdin, compiles it under limits that it has set for itself, answers on its
//! stdout, and ends.
//!
//! It is the program of its parent. What tells them apart is one argument that no other caller gives.

use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::artefact::shown;
use crate::engine::compiling_engine;

/// The argument, followed by the limits: bytes of address space, seconds of processor time.
pub(super) const ARGUMENT: &str = "--lockgate-compile-worker";
/// What a worker says first, so that a program that is none is found out before it is sent anything.
pub(super) const GREETING: [u8; 8] = *b"lgcw\0\0\0\x01";
/// The length of the engine's key, which follows the greeting: code of another engine is of no use.
pub(super) const KEY_BYTES: usize = 32;
pub(super) const COMPILED: u8 = 0;
pub(super) const REFUSED: u8 = 1;
/// More than any upload: the parent has bounded it already.
const COMPONENT_BYTES_MAX: u64 = 256 << 20;
/// Standard streams, and what the compiler's threads open for a moment to count processors.
#[cfg(unix)]
const FILES_MAX: u64 = 16;
/// So that guests that run come before components that wait.
#[cfg(unix)]
const NICER: i32 = 10;

/// Whether the `main` of this program knows how to be a worker.
static MAIN_ASKED: AtomicBool = AtomicBool::new(false);

/// Compiles one component and ends the process, if it was started for that; otherwise does nothing. Belongs at the
/// very beginning of `main`: a host that compiles in children of the same program starts this program again.
pub fn run_if_compile_worker() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(ARGUMENT)) {
        MAIN_ASKED.store(true, Ordering::Relaxed);
        return;
    }
    let mut number = || arguments.next()?.to_str()?.parse().ok();
    let limits = number().zip(number());
    let done = limits.is_some_and(|(memory, cpu)| work(memory, cpu).is_ok());
    let code = if done { 0 } else { 1 };
    std::process::exit(code);
}

/// Whether this program can be its own worker.
pub fn can_be_compile_worker() -> bool {
    MAIN_ASKED.load(Ordering::Relaxed)
}

fn work(memory_bytes: u64, cpu_s: u64) -> io::Result<()> {
    // Before a single byte of the component is read.
    confine(memory_bytes, cpu_s)?;
    let (engine, key) = compiling_engine().map_err(io::Error::other)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&GREETING)?;
    stdout.write_all(key.as_bytes())?;
    stdout.flush()?;

    let mut stdin = io::stdin().lock();
    let mut length = [0; 8];
    stdin.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > COMPONENT_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut component = Vec::new();
    stdin.take(length).read_to_end(&mut component)?;
    if component.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (tag, answer) = match engine.precompile_component(&component) {
        Ok(artefact) => (COMPILED, artefact),
        Err(error) => (REFUSED, shown(&error).into_bytes()),
    };
    stdout.write_all(&[tag])?;
    stdout.write_all(&(answer.len() as u64).to_le_bytes())?;
    stdout.write_all(&answer)?;
    stdout.flush()
}

/// Takes from this process what a compilation does not need. Whatever fails here ends the worker.
#[cfg(unix)]
fn confine(memory_bytes: u64, cpu_s: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    // The parent ends: so does this. Should it have ended before this line, stdin is at its end.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let limits = [
        (Resource::As, memory_bytes, memory_bytes),
        // The signal that the kernel sends at the soft limit tells this limit from all others.
        (Resource::Cpu, cpu_s, cpu_s.saturating_add(1)),
        (Resource::Core, 0, 0),
        (Resource::Fsize, 0, 0),
        (Resource::Nofile, FILES_MAX, FILES_MAX),
    ];
    for (resource, soft, hard) in limits {
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?;
    }
    let _as_it_was = rustix::process::nice(NICER);
    Ok(())
}

/// The parent still kills it when its time on the wall is over.
#[cfg(not(unix))]
fn confine(_: u64, _: u64) -> io::Result<()> {
    Ok(())
}

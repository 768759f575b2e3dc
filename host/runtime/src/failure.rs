//! One map from how wasmtime ended a call to the fault that the tenant sees. No internal text passes.

use domain::call::{CallFailure, Fault, Limits};
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use crate::cpu::TimeIsUp;
use crate::limits::Totals;

/// The guest broke a rule of a host function; completes "the guest broke a rule: ".
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct GuestBroke(pub(crate) &'static str);

/// The host could not do its part.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostFailed(pub(crate) &'static str);

/// What is said of errors that wasmtime gives no type; matched against its own words.
const HANDLE_LIMIT: &str = "handle limit exceeded";
const COPY_LIMIT: &str = "fuel allocated for hostcalls has been exhausted";

/// How a call failed that instantiated or ran into `error`.
pub(crate) fn of_error(error: &wasmtime::Error, totals: &Totals, limits: &Limits) -> CallFailure {
    tracing::debug!(?error, "a guest call ended early");
    if error.is::<TimeIsUp>() {
        return cpu_limit(limits);
    }
    if let Some(failed) = error.downcast_ref::<HostFailed>() {
        return CallFailure::new(Fault::Host, failed.to_string());
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return CallFailure::new(Fault::Host, "the host has no room for another call; try again");
    }
    if let Some(broke) = error.downcast_ref::<GuestBroke>() {
        return CallFailure::new(Fault::Trap, format!("the guest broke a rule: {broke}"));
    }
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return CallFailure::new(
            Fault::Trap,
            format!("the guest exited with status {status} instead of returning"),
        );
    }
    let handles = matches!(error.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full));
    let said = error.root_cause().to_string();
    if handles || said.contains(HANDLE_LIMIT) {
        let message = format!("the guest held more than {} handles", limits.handles);
        return CallFailure::new(Fault::HandleLimit, message);
    }
    if said.contains(COPY_LIMIT) {
        return CallFailure::new(Fault::OutputLimit, "the guest passed more to the host at once than it may");
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => {
            CallFailure::new(Fault::StackLimit, "the guest's calls nested too deeply")
        }
        Some(Trap::Interrupt) => cpu_limit(limits),
        // A guest whose growth was refused usually traps a moment later: the refusal is what its author must know.
        _ if totals.refused_memory() => {
            let message = format!("the guest needs more than {} bytes of memory", limits.memory_bytes);
            CallFailure::new(Fault::MemoryLimit, message)
        }
        _ if totals.refused_table() => {
            let message = format!("the guest needs more than {} table elements", limits.table_elements);
            CallFailure::new(Fault::TableLimit, message)
        }
        // The texts of traps are wasmtime's own and fixed; they contain nothing of the guest.
        Some(trap) => {
            let text = trap.to_string();
            let text = text.strip_prefix("wasm trap: ").unwrap_or(&text);
            CallFailure::new(Fault::Trap, format!("the guest trapped: {text}"))
        }
        None => CallFailure::new(Fault::Trap, "the guest broke a rule of the component model"),
    }
}

/// How a call failed whose time was over, waiting included.
pub(crate) fn wall_limit(limits: &Limits) -> CallFailure {
    CallFailure::new(Fault::WallLimit, format!("the call took longer than {} ms", limits.wall_ms))
}

fn cpu_limit(limits: &Limits) -> CallFailure {
    CallFailure::new(Fault::CpuLimit, format!("the guest's code ran for longer than {} ms", limits.cpu_ms))
}

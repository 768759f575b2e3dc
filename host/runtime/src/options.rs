//! How large the sandbox of this process is.

use crate::compile::Compiler;

/// Sizes that hold for the whole process; limits of one call are `domain::call::Limits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeOptions {
    /// Calls that may be under way at once. Each reserves address space, and memory only as it uses it.
    pub concurrent_calls: u32,
    /// Of these, how many may belong to one tenant: calls that never end take nothing from others.
    pub concurrent_calls_per_tenant: u32,
    /// The largest linear memory that any call may have, whatever its own limit.
    pub memory_max_bytes: usize,
    /// Who compiles. Everything but `InProcess` can be stopped at the limits below.
    pub compiler: Compiler,
    /// Compilations that may be under way at once; each uses up to four cores. One tenant has at most all but one.
    pub concurrent_compilations: usize,
    /// Compilations that may wait for their turn. Further uploads are told to come back.
    pub compilations_waiting_max: usize,
    /// Compilations of one tenant that may be under way or wait.
    pub compilations_per_tenant_max: usize,
    /// How long an upload may compile before it is refused. What it may use up is bounded by `compile_cpu_s`; this is for
    /// one that does nothing, and leaves an interpreter of JavaScript or Python time on a machine that is busy.
    pub compile_ms: u64,
    /// The processor time, over all cores, that a compilation in a child may take. An interpreter of JavaScript or
    /// Python (12 to 18 MB) takes 17 to 20 seconds of a core of 2 GHz, and some more where others crowd its caches.
    pub compile_cpu_s: u64,
    /// The address space that a compilation in a child may take.
    pub compile_memory_bytes: u64,
    /// Linked components kept ready in memory.
    pub linked_max: usize,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self {
            concurrent_calls: 64,
            concurrent_calls_per_tenant: 16,
            memory_max_bytes: 256 << 20,
            compiler: Compiler::InProcess,
            concurrent_compilations: 2,
            compilations_waiting_max: 32,
            compilations_per_tenant_max: 4,
            compile_ms: 180_000,
            compile_cpu_s: 60,
            compile_memory_bytes: 1 << 30,
            linked_max: 256,
        }
    }
}

//! How large the sandbox of this process is.

/// Sizes that hold for the whole process; limits of one call are `domain::call::Limits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeOptions {
    /// Calls that may be under way at once. Each reserves address space, and memory only as it uses it.
    pub concurrent_calls: u32,
    /// The largest linear memory that any call may have, whatever its own limit.
    pub memory_max_bytes: usize,
    /// Compilations that may be under way at once; each uses every core.
    pub concurrent_compilations: usize,
    /// How long an upload may compile before it is refused.
    pub compile_ms: u64,
    /// Linked components kept ready in memory.
    pub linked_max: usize,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self {
            concurrent_calls: 64,
            memory_max_bytes: 256 << 20,
            concurrent_compilations: 2,
            compile_ms: 60_000,
            linked_max: 256,
        }
    }
}

//! The process lifetime: one engine, configured in this file only, and the thread that drives its epochs.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, ModuleVersionStrategy, PoolingAllocationConfig, Strategy,
    WasmFeatures,
};

use crate::gauges::PoolGauges;
use crate::options::RuntimeOptions;
use crate::runtime::RuntimeError;

/// What a component may use. The validator of admission has the same list, so that what it passes also compiles.
///
/// Off, because no connector needs it and most advisories live there: component-model async, garbage collection,
/// exceptions, threads, 64-bit memories, typed function references, relaxed SIMD (whose results differ by machine),
/// stack switching. Multi-memory stays on: with it off, wasmtime 48 panics on components made of several. Tail calls
/// stay on: QuickJS is compiled with them.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::FLOATS
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::COMPONENT_MODEL);

/// The exact version that compiles. wasmtime itself stamps only its major version into artefacts, so that code compiled
/// before a security fix would stay in the cache. A test compares this with `Cargo.lock`.
const WASMTIME_VERSION: &str = "48.0.8";

/// How often a running guest lets others run and its time is checked.
pub(crate) const TICK_MS: u64 = 10;

/// Guest stack. Host calls run on the same fiber and need the rest of `FIBER_STACK_BYTES`.
const GUEST_STACK_BYTES: usize = 512 << 10;
const FIBER_STACK_BYTES: usize = 2 << 20;

/// What one component may consist of; a call can never take more places in the pool than this, so that as many calls
/// as the options say always fit.
pub(crate) const CORE_INSTANCES_MAX: u32 = 64;
pub(crate) const MEMORIES_MAX: u32 = 8;
pub(crate) const TABLES_MAX: u32 = 32;
const POOL_TABLE_ELEMENTS: usize = 20_000;

/// The engine of this process, with the key of its artefacts.
pub(crate) struct ProcessEngine {
    pub(crate) engine: Engine,
    /// Changes with everything that code compiled by this engine depends on.
    pub(crate) artefact_key: String,
    options: RuntimeOptions,
    /// As many as the pool has room for; runtimes that share the engine share them.
    places: Arc<Semaphore>,
}

/// The living engine. Types of two engines must never meet, so a process has one; several runtimes share it.
static LIVING: Mutex<Weak<ProcessEngine>> = Mutex::new(Weak::new());

impl ProcessEngine {
    /// The engine of this process; made if there is none.
    pub(crate) fn get(options: &RuntimeOptions) -> Result<Arc<Self>, RuntimeError> {
        let mut living = LIVING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = living.upgrade() {
            let same = engine.options.concurrent_calls == options.concurrent_calls
                && engine.options.memory_max_bytes == options.memory_max_bytes;
            return if same { Ok(engine) } else { Err(RuntimeError::SecondEngine) };
        }
        let engine =
            Engine::new(&config(options)).map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let artefact_key = artefact_key(&engine);
        start_ticker(&engine)?;
        let places = Arc::new(Semaphore::new(options.concurrent_calls.max(1) as usize));
        let made = Arc::new(Self { engine, artefact_key, options: options.clone(), places });
        *living = Arc::downgrade(&made);
        Ok(made)
    }

    /// What is taken of the pool.
    pub(crate) fn pool(&self) -> PoolGauges {
        let count = |taken: u64| usize::try_from(taken).unwrap_or(usize::MAX);
        self.engine.pooling_allocator_metrics().map_or_else(PoolGauges::default, |pool| PoolGauges {
            instances: count(pool.core_instances()),
            memories: pool.memories(),
            tables: pool.tables(),
            stacks: pool.stacks(),
        })
    }

    pub(crate) fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.places)
    }
}

fn config(options: &RuntimeOptions) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .wasm_features(WasmFeatures::all().difference(FEATURES), false)
        .wasm_features(FEATURES, true)
        .concurrency_support(false)
        .shared_memory(false)
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .cranelift_nan_canonicalization(true)
        // No names or addresses of a guest's code are kept: an error must not carry text that a guest chose.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .debug_info(false)
        .native_unwind_info(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    // The version is far below the 255 bytes above which this fails, and the engine would refuse to be built.
    let _ = config.module_version(ModuleVersionStrategy::Custom(WASMTIME_VERSION.to_owned()));
    config
}

fn pool(options: &RuntimeOptions) -> PoolingAllocationConfig {
    let calls = options.concurrent_calls.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_stacks(calls)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .total_core_instances(calls.saturating_mul(CORE_INSTANCES_MAX))
        .max_memories_per_component(MEMORIES_MAX)
        .max_memories_per_module(MEMORIES_MAX)
        .total_memories(calls.saturating_mul(MEMORIES_MAX))
        .max_memory_size(options.memory_max_bytes)
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .total_tables(calls.saturating_mul(TABLES_MAX))
        .table_elements(POOL_TABLE_ELEMENTS)
        // A slot is given back to the kernel after each call: what one guest wrote, no other can read.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0)
        .async_stack_keep_resident(0);
    pool
}

/// The engine of a compile worker, with its key: it compiles exactly as the engine of the host does, and has no pool,
/// whose address space a worker does not get.
pub(crate) fn compiling_engine() -> wasmtime::Result<(Engine, String)> {
    let mut config = config(&RuntimeOptions::default());
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    let engine = Engine::new(&config)?;
    let key = artefact_key(&engine);
    Ok((engine, key))
}

fn artefact_key(engine: &Engine) -> String {
    let mut key = ArtefactKey(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut key);
    key.0.finalize().to_hex().as_str().get(..32).unwrap_or_default().to_owned()
}

/// Epochs are driven by a thread of their own, because a task could itself be starved by guests. It ends with the
/// engine.
fn start_ticker(engine: &Engine) -> Result<(), RuntimeError> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("lockgate-epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(Duration::from_millis(TICK_MS));
            }
        })
        .map(drop)
        .map_err(|error| RuntimeError::Engine(error.to_string()))
}

/// Feeds what wasmtime hashes of its configuration into a hash that is the same in every process.
struct ArtefactKey(blake3::Hasher);

impl Hasher for ArtefactKey {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        self.0.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artefacts_carry_the_exact_version_that_compiled_them() {
        let lock = include_str!("../../../Cargo.lock");
        let locked = format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"\n");
        assert!(lock.contains(&locked), "update WASMTIME_VERSION to the version in Cargo.lock");
    }

    #[test]
    fn a_process_has_one_engine() {
        let first = ProcessEngine::get(&RuntimeOptions::default()).unwrap();
        let second = ProcessEngine::get(&RuntimeOptions::default()).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        let other = RuntimeOptions { concurrent_calls: 3, ..RuntimeOptions::default() };
        assert!(matches!(ProcessEngine::get(&other), Err(RuntimeError::SecondEngine)));
    }

    #[test]
    fn a_worker_compiles_for_the_engine_of_the_host() {
        let host = ProcessEngine::get(&RuntimeOptions::default()).unwrap();
        assert_eq!(compiling_engine().unwrap().1, host.artefact_key);
    }
}

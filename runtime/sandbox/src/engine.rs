//! The engine's settings, the same in the process that runs guests and in the child that compiles them, and the tick
//! that makes guests yield.

use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often a running guest gives its thread back.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The largest sum of memories that a job may ask for; the pool's slots are this large.
pub(crate) const MAX_MEMORY: usize = 1 << 30;

/// What one component may have of the pool. The pool holds as much for each run, so that none finds it empty.
mod each {
    pub(super) const CORE_INSTANCES: u32 = 64;
    pub(super) const MEMORIES: u32 = 8;
    pub(super) const TABLES: u32 = 16;
}

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// Slots reserved at start: a fresh instance costs microseconds.
    Pooled,
    /// Mapped for each instance, where the address space is too small for a pool.
    OnDemand,
}

/// Makes the engine for up to `instances` runs at once. Reserving the pool's address space is its own probe: where that
/// fails, the engine maps memory on demand.
///
/// # Errors
/// The machine can't run the engine at all.
pub(crate) fn for_running(instances: u32) -> wasmtime::Result<(Engine, Allocation)> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(each::CORE_INSTANCES))
        .total_memories(instances.saturating_mul(each::MEMORIES))
        .total_tables(instances.saturating_mul(each::TABLES))
        .total_stacks(instances.saturating_mul(2))
        .max_core_instances_per_component(each::CORE_INSTANCES)
        .max_memories_per_component(each::MEMORIES)
        .max_memories_per_module(each::MEMORIES)
        .max_tables_per_component(each::TABLES)
        .max_tables_per_module(each::TABLES)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .max_memory_size(MAX_MEMORY)
        .table_elements(100_000)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(16 << 10);
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    match Engine::new(&config) {
        Ok(engine) => Ok((engine, Allocation::Pooled)),
        Err(reason) => {
            tracing::warn!(%reason, "no address space for pooled instances: each run maps its memory");
            Ok((Engine::new(&settings())?, Allocation::OnDemand))
        }
    }
}

/// Makes the engine that only compiles.
///
/// # Errors
/// The machine's processor isn't one that the compiler knows.
pub(crate) fn for_compiling() -> wasmtime::Result<Engine> {
    Engine::new(&settings())
}

/// Advances the engine's epoch each [`TICK`], from a thread that ends with the engine.
///
/// # Errors
/// No thread could be started.
pub(crate) fn start_ticking(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(())
}

/// Everything that decides what code is generated, and the process-wide stack limit.
fn settings() -> Config {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true).max_wasm_stack(512 << 10);
    config
}

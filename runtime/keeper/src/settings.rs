//! From what operators write to what the rooms take. Only shapes change here; the checks are the configuration's.

use std::path::{Path, PathBuf};

use watchkeeper_config::{RunLimits, Settings};
use watchkeeper_contract::Limits;
use watchkeeper_sandbox::CompileLimits;

/// A job's `[limits]` as the sandbox enforces them.
pub fn run_limits(written: &RunLimits) -> Limits {
    Limits {
        memory: written.memory,
        table_elements: written.table_elements,
        host_bytes: written.host_bytes,
        host_calls: size(written.host_calls),
        log_lines: size(written.log_lines),
        log_bytes: size(written.log_bytes),
        samples: size(written.samples),
    }
}

/// The sandbox of a process: compiled code is kept beside the ledger.
pub fn sandbox_settings(settings: &Settings, program: PathBuf) -> watchkeeper_sandbox::Settings {
    let compile = &settings.limits.compile;
    let cache = settings.store.parent().unwrap_or(Path::new(".")).join("watchkeeper-cache");
    // Plugins describe themselves in instances beside those that run.
    let instances = settings.limits.concurrent_runs.saturating_add(4);
    watchkeeper_sandbox::Settings {
        program,
        cache,
        compile: CompileLimits { memory: compile.memory, cpu: compile.cpu, wall: compile.wall },
        instances: u32::try_from(instances).unwrap_or(u32::MAX),
        workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

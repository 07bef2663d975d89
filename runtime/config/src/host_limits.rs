//! `[limits]` of `watchkeeper.toml`: what the host as a whole may use. A run's own limits are the job's.

use std::{thread, time::Duration};

use serde::Deserialize;

use crate::{
    ConfigError,
    source::{KeyPath, Source},
    values::{Count, Size, Span, in_range, show_duration, show_size},
};

/// `[limits]`: the host's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLimits {
    /// Runs at once. Four for each processor unless told.
    pub concurrent_runs: u64,
    /// Runs of one plugin at once. As many as of all unless told.
    pub concurrent_runs_per_plugin: u64,
    /// How long runs may finish after a request to stop. 30 s unless told.
    pub grace: Duration,
    /// The greatest component file, in bytes. 64 MiB unless told.
    pub component_size: u64,
    /// What the compilation of one component may use.
    pub compile: CompileLimits,
}

/// `[limits.compile]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of address space. 1 GiB unless told.
    pub memory: u64,
    /// Processor time. 60 s unless told.
    pub cpu: Duration,
    /// Time on the clock. 300 s unless told.
    pub wall: Duration,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsShape {
    concurrent_runs: Option<Count>,
    concurrent_runs_per_plugin: Option<Count>,
    grace: Option<Span>,
    component_size: Option<Size>,
    compile: CompileShape,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CompileShape {
    memory: Option<Size>,
    cpu: Option<Span>,
    wall: Option<Span>,
}

impl LimitsShape {
    pub(crate) fn resolve(self, source: &Source<'_>) -> Result<HostLimits, ConfigError> {
        let at = |keys: &[&str]| {
            let mut all = vec!["limits"];
            all.extend(keys);
            KeyPath::of(&all)
        };
        let runs = |name: &str, given: Option<Count>, default: u64| {
            let given = given.map_or(default, |count| count.0);
            in_range(source, &at(&[name]), given, 1..=10_000, |number| number.to_string())
        };
        let time = |keys: &[&str], given: Option<Span>, default: u64, least: u64, most: u64| {
            let given = given.map_or(Duration::from_secs(default), |span| span.0);
            let range = Duration::from_secs(least)..=Duration::from_secs(most);
            in_range(source, &at(keys), given, range, show_duration)
        };
        let size = |keys: &[&str], given: Option<Size>, default: u64, least: u64, most: u64| {
            in_range(source, &at(keys), given.map_or(default, |size| size.0), least..=most, show_size)
        };
        let cores = thread::available_parallelism().map_or(1, |cores| u64::try_from(cores.get()).unwrap_or(1));
        let concurrent_runs = runs("concurrent_runs", self.concurrent_runs, 4 * cores)?;
        Ok(HostLimits {
            concurrent_runs,
            concurrent_runs_per_plugin: runs(
                "concurrent_runs_per_plugin",
                self.concurrent_runs_per_plugin,
                concurrent_runs,
            )?,
            grace: time(&["grace"], self.grace, 30, 0, 3600)?,
            component_size: size(&["component_size"], self.component_size, 64 << 20, 1 << 10, 1 << 30)?,
            compile: CompileLimits {
                memory: size(&["compile", "memory"], self.compile.memory, 1 << 30, 64 << 20, 64 << 30)?,
                cpu: time(&["compile", "cpu"], self.compile.cpu, 60, 1, 3600)?,
                wall: time(&["compile", "wall"], self.compile.wall, 300, 1, 3600)?,
            },
        })
    }
}

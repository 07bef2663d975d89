//! What one run of a job may use.

use serde::Deserialize;

use crate::{
    ConfigError,
    source::{KeyPath, Source},
    values::{Count, Size, in_range, show_size},
};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The limits of a single run, from a job's `[limits]`. Sums over all of a run's memories, tables and calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// Bytes in all linear memories. 64 MiB unless told; at most 1 GiB.
    pub memory: u64,
    /// Elements in all tables. 100,000 unless told; at most 10 million.
    pub table_elements: u64,
    /// Lines of log. 1,000 unless told; at most 100,000.
    pub log_lines: u64,
    /// Bytes of log. 256 KiB unless told; at most 16 MiB.
    pub log_bytes: u64,
    /// Samples emitted. 20,000 unless told; at most 1 million.
    pub samples: u64,
    /// Series of the job, over all runs. 10,000 unless told; at most 1 million.
    pub series: u64,
    /// Host calls in flight. 64 unless told; at most 1,024.
    pub host_calls: u64,
    /// Bytes that the host holds for the run. 32 MiB unless told; at most 1 GiB.
    pub host_bytes: u64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            memory: 64 * MIB,
            table_elements: 100_000,
            log_lines: 1000,
            log_bytes: 256 * KIB,
            samples: 20_000,
            series: 10_000,
            host_calls: 64,
            host_bytes: 32 * MIB,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsShape {
    memory: Option<Size>,
    table_elements: Option<Count>,
    log_lines: Option<Count>,
    log_bytes: Option<Size>,
    samples: Option<Count>,
    series: Option<Count>,
    host_calls: Option<Count>,
    host_bytes: Option<Size>,
}

impl LimitsShape {
    pub(crate) fn resolve(self, source: &Source<'_>) -> Result<RunLimits, ConfigError> {
        let default = RunLimits::default();
        let size = |name: &str, given: Option<Size>, default: u64, least: u64, most: u64| match given {
            Some(Size(bytes)) => in_range(source, &KeyPath::of(&["limits", name]), bytes, least..=most, show_size),
            None => Ok(default),
        };
        let count = |name: &str, given: Option<Count>, default: u64, least: u64, most: u64| match given {
            Some(Count(number)) => {
                in_range(source, &KeyPath::of(&["limits", name]), number, least..=most, |number| number.to_string())
            }
            None => Ok(default),
        };
        Ok(RunLimits {
            memory: size("memory", self.memory, default.memory, 64 * KIB, GIB)?,
            table_elements: count("table_elements", self.table_elements, default.table_elements, 0, 10_000_000)?,
            log_lines: count("log_lines", self.log_lines, default.log_lines, 0, 100_000)?,
            log_bytes: size("log_bytes", self.log_bytes, default.log_bytes, 0, 16 * MIB)?,
            samples: count("samples", self.samples, default.samples, 0, 1_000_000)?,
            series: count("series", self.series, default.series, 0, 1_000_000)?,
            host_calls: count("host_calls", self.host_calls, default.host_calls, 1, 1024)?,
            host_bytes: size("host_bytes", self.host_bytes, default.host_bytes, KIB, GIB)?,
        })
    }
}

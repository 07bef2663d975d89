//! How much one job may put into the store, beside the number of its series, which its declaration brings.

/// Limits of each job. A series is what Prometheus counts as one: a histogram's label set is one for each
/// bound and three more.
///
/// Samples of new series beyond a limit are dropped and counted, those of counters too: a sum of unlike
/// series under an overflow label would look like a value of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Series of one family. The default is the one of OpenTelemetry's SDKs.
    pub series_per_family: usize,
    /// Families.
    pub families_per_job: usize,
    /// Labels of one family, without the host's two.
    pub labels: usize,
    /// Bytes of a label's name.
    pub label_name_bytes: usize,
    /// Bytes of a label's value.
    pub label_value_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            series_per_family: 2_000,
            families_per_job: 128,
            labels: 30,
            label_name_bytes: 128,
            label_value_bytes: 1_024,
        }
    }
}

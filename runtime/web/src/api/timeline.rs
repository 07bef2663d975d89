//! What happened in a stretch of time, in numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchkeeper_model::SkipReason;

/// One job in one stretch of the timeline. Runs count where they ended, skips where they were due, running ones in each
/// stretch that they touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bucket {
    /// Where the stretch begins; how long it is says [`super::Overview::bucket_seconds`].
    pub from: Timestamp,
    /// Runs that ended well.
    pub successes: u64,
    /// Runs that ended badly, but for those below.
    pub failures: u64,
    /// Runs that the host ended because somebody or something asked.
    pub cancelled: u64,
    /// Runs whose end nobody saw.
    pub lost: u64,
    /// Due times that led to no run, by reason; reasons without any are left out.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub skips: BTreeMap<SkipReason, u64>,
    /// Runs that are still going.
    pub running: u64,
}

impl Bucket {
    /// A stretch in which nothing happened.
    pub const fn empty(from: Timestamp) -> Self {
        Self { from, successes: 0, failures: 0, cancelled: 0, lost: 0, skips: BTreeMap::new(), running: 0 }
    }

    /// Due times that led to no run.
    pub fn skipped(&self) -> u64 {
        self.skips.values().sum()
    }
}

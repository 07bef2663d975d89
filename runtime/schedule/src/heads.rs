//! A trigger by a chain's heads: each run is for all heads since the run before, so none is missed and a burst is one run.

use watchkeeper_model::HeadFeed;

/// Runs a job when a chain has new heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadTrigger {
    /// Which heads.
    pub feed: HeadFeed,
    /// Run once this many blocks have come since the last run's; at least 1.
    pub every: u64,
}

impl HeadTrigger {
    /// As the ledger keeps it in the place of a schedule.
    pub fn to_record(&self) -> String {
        format!("head/1 {} every={} confirmations={}", self.feed.chain, self.every, self.feed.confirmations)
    }
}

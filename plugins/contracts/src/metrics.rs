//! The families that every job has, whatever its config asks for.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
#[metric(prefix = "contracts", labels("chain"))]
pub(crate) struct Own {
    /// Number of the block that all values of calls and balances are from.
    pub(crate) block_number: Gauge<1>,
    /// That block's own time, in seconds since the Unix epoch.
    #[metric(unit = "seconds")]
    pub(crate) block_timestamp_seconds: Gauge<1>,
    /// 1 if the contract answered the call with what its signature promises, else 0.
    #[metric(labels("contract", "call"))]
    pub(crate) call_up: Gauge<3>,
    /// Always 1, and only there while the call fails: why it does. `reverted`, `no_code` (there is no contract at the address), `empty`
    /// (the contract answered nothing), or `malformed` (it answered something else than the signature promises).
    #[metric(labels("contract", "call", "reason"))]
    pub(crate) call_failure: Gauge<4>,
    /// Times that the call failed.
    #[metric(labels("contract", "call"))]
    pub(crate) call_failures_total: Counter<3>,
    /// What the account has of the chain's currency, in whole units.
    #[metric(labels("account"))]
    pub(crate) native_balance: Gauge<2>,
    /// 1 if the event could be counted up to the last settled block or this run's bound, else 0.
    #[metric(labels("event"))]
    pub(crate) event_up: Gauge<2>,
    /// First block whose events are counted.
    #[metric(labels("event"))]
    pub(crate) event_first_block_number: Gauge<2>,
    /// Last block whose events are counted; absent until there is one.
    #[metric(labels("event"))]
    pub(crate) event_counted_block_number: Gauge<2>,
    /// Settled blocks whose events are not counted yet, because a run counts a bounded number.
    #[metric(labels("event"))]
    pub(crate) event_uncounted_blocks: Gauge<2>,
    /// Events that have the signature and not its arguments; they are in no other counter.
    #[metric(labels("contract", "event"))]
    pub(crate) event_malformed_total: Counter<3>,
    /// Times that the block counted last was no longer canonical: reorganisations deeper than `depth`. What was counted stays counted.
    #[metric(labels("event"))]
    pub(crate) event_reorganisations_total: Counter<2>,
}

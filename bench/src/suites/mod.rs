//! The suites. Each returns its report; none prints its own.

pub(crate) mod backup;
pub(crate) mod chain;
pub(crate) mod metrics;
pub(crate) mod pay;
pub(crate) mod run;
pub(crate) mod schedule;

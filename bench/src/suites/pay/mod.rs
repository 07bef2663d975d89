//! What payments cost: their rate beside a client without a journal, the time from a wish to its broadcast, and the policy's
//! checks as the journal grows. Against a real node, Anvil, on this machine: a node far away makes every request dearer.

mod growth;
mod latency;
mod rate;
mod stage;

use anyhow::Result;

use crate::{report::Report, suites::chain::stage::Chain};

/// Measures everything; takes some minutes.
///
/// # Errors
/// There is no Anvil, or something that is to be measured doesn't work.
pub(crate) fn measure() -> Result<Report> {
    // Alloy's client wants one for the process. That there is one already would do as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let chain = Chain::start().await?;
        rate::measure(&chain, &mut report).await?;
        latency::measure(&chain, &mut report).await
    })?;
    growth::measure(&mut report)?;
    Ok(report)
}

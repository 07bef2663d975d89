//! What reading chains costs: the calls of many jobs at one head, beside a client that asks one by one and beside a script; and
//! scans of events. Against a real node, Anvil, on this machine: a node far away makes requests dearer, and ours fewer.

mod cost;
mod counter;
mod logs;
mod reads;
pub(crate) mod stage;

use anyhow::Result;

use crate::report::Report;

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
        let chain = stage::Chain::start().await?;
        reads::measure(&chain, &mut report).await?;
        cost::measure(&chain, &mut report).await?;
        logs::measure(&chain, &mut report).await
    })?;
    Ok(report)
}

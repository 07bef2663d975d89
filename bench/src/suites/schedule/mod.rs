//! What schedules cost: how late runs start, how many can be recorded, and what grows with their number. Everything
//! durable lies on a disk, and the disk's own speed stands beside it.

mod claims;
mod delay;
mod due;
mod growth;
mod next;
mod throughput;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::report::Report;

/// Measures everything; takes some minutes.
///
/// # Errors
/// Something that is to be measured doesn't work.
pub(crate) fn measure() -> Result<Report> {
    let mut report = Report::default();
    next::measure(&mut report)?;
    growth::measure(&mut report)?;
    let host = Runtime::new()?;
    claims::measure(&host, &mut report)?;
    throughput::measure(&host, &mut report)?;
    drop(host);
    delay::measure(&mut report)?;
    Ok(report)
}

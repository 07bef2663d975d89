//! What a run costs, and what runs do to each other. Nothing durable, the ledger is in memory, but where a figure says so.

mod durable;
mod latency;
mod load;
mod memory;
mod script;
mod spinning;
mod start;

use anyhow::Result;

use crate::{house::House, node, report::Report};

/// Measures everything; takes some minutes.
///
/// # Errors
/// Something that is to be measured doesn't work.
pub(crate) fn measure() -> Result<Report> {
    let mut report = Report::default();
    let url = node::start()?;
    {
        let house = House::open(&url)?;
        latency::measure(&house, &mut report)?;
        script::measure(&house, &url, &mut report)?;
        load::measure(&house, &mut report)?;
        durable::measure(&house, &mut report)?;
        spinning::measure(&house, &mut report)?;
    }
    memory::measure(&url, &mut report)?;
    start::measure(&url, &mut report)?;
    Ok(report)
}

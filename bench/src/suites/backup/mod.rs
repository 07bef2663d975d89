//! What backups cost: a real PostgreSQL dumped through plugin, check, zstd and store beside the pipe that operators write by hand; the
//! same encrypted beside `age`; reading back and restoring beside plain tools; retention as artifacts pile up.

mod database;
mod dumps;
mod retention;
mod stage;

use anyhow::Result;

use crate::report::Report;

/// Measures everything; takes some minutes and 6 GiB of disk.
///
/// # Errors
/// There is no PostgreSQL, or something that is to be measured doesn't work.
pub(crate) fn measure() -> Result<Report> {
    let mut report = Report::default();
    dumps::measure(&mut report)?;
    retention::measure(&mut report)?;
    Ok(report)
}

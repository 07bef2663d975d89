//! What a process that starts finds, and what it makes of the runs that the one before left.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Row, TransactionBehavior, params};
use watchkeeper_model::{Outcome, RunEnd, RunRecord};

use super::{Book, finish, jobs::KEEPER, runs};
use crate::{LedgerError, Recovery};

/// What a lost run says of itself.
const LOST: &str = "the process ended before the run did; how far it came is not known";

impl Book {
    /// Takes charge of every job, so that earlier processes may not write any more, and declares the runs lost that they
    /// left without an end: over since `now`, counted as failures. Those of a generation that is in force are retries to
    /// come, at once, also for the process after this one, until they are claimed or the caller decides otherwise by
    /// [`crate::Entry::DropRetry`].
    ///
    /// # Errors
    /// As [`Book::record`]: nothing was changed.
    pub fn recover(&mut self, now: Timestamp) -> Result<Recovery, LedgerError> {
        self.check_file()?;
        let epoch = self.epoch;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        take_charge(&transaction, epoch)?;
        let lost = declare_lost(&transaction, epoch, now)?;
        transaction.commit()?;
        self.check_file()?;
        Ok(Recovery { lost, jobs: self.jobs()?, retries: self.retries()? })
    }
}

fn take_charge(connection: &Connection, epoch: u64) -> rusqlite::Result<()> {
    connection.execute("UPDATE jobs SET fence = ?1 WHERE fence < ?1", [epoch])?;
    connection
        .execute(
            "INSERT INTO leases (name, epoch, fence) VALUES (?1, ?2, ?2)
             ON CONFLICT (name) DO UPDATE SET epoch = ?2, fence = ?2 WHERE fence < ?2",
            params![KEEPER, epoch],
        )
        .map(drop)
}

fn declare_lost(connection: &Connection, epoch: u64, now: Timestamp) -> rusqlite::Result<Vec<RunRecord>> {
    let mut going = connection.prepare(
        "SELECT runs.*, jobs.name AS job_name, jobs.retired IS NULL AND jobs.generation = runs.generation AS current
         FROM runs JOIN jobs ON jobs.id = runs.job
         WHERE finished IS NULL AND epoch < ?1 ORDER BY runs.id",
    )?;
    let read = |row: &Row<'_>| Ok((row.get("job")?, row.get("current")?, runs::read(row)?));
    let found: Vec<(i64, bool, RunRecord)> = going.query_map([epoch], read)?.collect::<rusqlite::Result<_>>()?;
    let mut lost = Vec::with_capacity(found.len());
    for (job, current, mut record) in found {
        let end = RunEnd {
            started: None,
            finished: now,
            outcome: Outcome::Lost,
            message: LOST.to_owned(),
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory: 0,
            logs: Vec::new(),
        };
        finish::write_end(connection, record.start.id, &end, current.then_some(now))?;
        finish::failed(connection, job)?;
        record.end = Some(end);
        lost.push(record);
    }
    Ok(lost)
}

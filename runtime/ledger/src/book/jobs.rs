//! Jobs: their generations, pauses and what they are to leave out.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use watchkeeper_model::{BlockHash, Head, JobName};

use super::{Book, Stop};
use crate::{
    EntryError, JobRecord, LedgerError, Pause, limits,
    sql::{Columns, nanos, timestamp},
};

impl Book {
    /// A job, removed or not; none where the ledger never knew it.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn job(&self, job: &JobName) -> Result<Option<JobRecord>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM jobs WHERE name = ?1")?;
        Ok(statement.query_row([job.as_str()], read).optional()?)
    }

    /// Every job that the ledger knows, by name.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn jobs(&self) -> Result<Vec<JobRecord>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM jobs ORDER BY name")?;
        Ok(statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let pause = |at| Ok::<_, rusqlite::Error>(Pause { at, by: row.get("paused_by")?, note: row.get("paused_note")? });
    Ok(JobRecord {
        job: row.word("name")?,
        generation: row.get("generation")?,
        schedule: row.get("schedule")?,
        began: row.time("began")?,
        cursor: row.time("cursor")?,
        head: head(row.get("head_number")?, row.get("head_hash")?),
        retired: row.time_if_any("retired")?,
        paused: row.time_if_any("paused_at")?.map(pause).transpose()?,
        skip_next: row.get("skip_next")?,
        failures: row.get("failures")?,
        last_success: row.time_if_any("last_success")?,
        runs: row.get("runs")?,
        skips: row.get("skips")?,
    })
}

/// A head, where both of its columns have one.
pub(super) fn head(number: Option<u64>, hash: Option<[u8; 32]>) -> Option<Head> {
    Some(Head { number: number?, hash: BlockHash::new(hash?) })
}

/// What entries need to know of a job before they write.
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) generation: u64,
    pub(super) cursor: i64,
    pub(super) head: Option<Head>,
    pub(super) retired: bool,
}

impl Known {
    /// What is to be recorded must follow the last disposition at once.
    pub(super) fn stands_at(&self, job: &JobName, after: impl Into<Option<Timestamp>>) -> Result<(), Stop> {
        if after.into().map(nanos) == Some(self.cursor) {
            return Ok(());
        }
        Err(EntryError::NotNext { job: job.clone(), cursor: timestamp(self.cursor)? }.into())
    }
}

/// A job that this process may write.
pub(super) fn known(connection: &Connection, epoch: u64, job: &JobName) -> Result<Option<Known>, Stop> {
    let found = connection
        .prepare_cached("SELECT id, generation, cursor, retired IS NOT NULL, fence, head_number, head_hash FROM jobs WHERE name = ?1")?
        .query_row([job.as_str()], |row| {
            let known = Known {
                id: row.get(0)?,
                generation: row.get(1)?,
                cursor: row.get(2)?,
                head: head(row.get(5)?, row.get(6)?),
                retired: row.get(3)?,
            };
            Ok((known, row.get::<_, u64>(4)?))
        })
        .optional()?;
    match found {
        Some((_, fence)) if fence > epoch => Err(EntryError::Fenced { job: job.clone() }.into()),
        found => Ok(found.map(|(known, _)| known)),
    }
}

/// A job that is in force and that this process may write.
pub(super) fn in_force(connection: &Connection, epoch: u64, job: &JobName) -> Result<Known, Stop> {
    let known = known(connection, epoch, job)?.filter(|known| !known.retired);
    known.ok_or_else(|| EntryError::UnknownJob(job.clone()).into())
}

/// The lease of the process that is in charge of all jobs.
pub(super) const KEEPER: &str = "keeper";

pub(super) fn generation(
    connection: &Connection,
    epoch: u64,
    job: &JobName,
    schedule: &str,
    began: Timestamp,
    after: Option<Timestamp>,
) -> Result<(), Stop> {
    let began = nanos(began);
    let Some(known) = known(connection, epoch, job)? else {
        let fenced = connection
            .prepare_cached("SELECT 1 FROM leases WHERE name = ?1 AND fence > ?2")?
            .exists(params![KEEPER, epoch])?;
        if fenced {
            return Err(EntryError::Fenced { job: job.clone() }.into());
        }
        connection
            .prepare_cached(
                "INSERT INTO jobs (name, generation, schedule, began, cursor, fence) VALUES (?1, 1, ?2, ?3, ?3, ?4)",
            )?
            .execute(params![job.as_str(), schedule, began, epoch])?;
        return Ok(());
    };
    let recorded = connection
        .prepare_cached("SELECT 1 FROM jobs WHERE id = ?1 AND schedule = ?2 AND began = ?3 AND retired IS NULL")?
        .exists(params![known.id, schedule, began])?;
    if recorded {
        return Ok(());
    }
    if !known.retired {
        known.stands_at(job, after)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO generations (job, number, schedule, began, ended, cursor, runs, skips)
             SELECT id, generation, schedule, began, coalesce(retired, ?2), cursor, runs, skips FROM jobs WHERE id = ?1",
        )?
        .execute(params![known.id, began])?;
    connection
        .prepare_cached(
            "UPDATE jobs SET generation = generation + 1, schedule = ?2, began = ?3, cursor = ?3, retired = NULL,
             head_number = NULL, head_hash = NULL, runs = 0, skips = 0, fence = ?4 WHERE id = ?1",
        )?
        .execute(params![known.id, schedule, began, epoch])?;
    drop_retries(connection, known.id)?;
    Ok(())
}

pub(super) fn retire(
    connection: &Connection,
    epoch: u64,
    job: &JobName,
    at: Timestamp,
    after: Timestamp,
) -> Result<(), Stop> {
    let Some(known) = known(connection, epoch, job)? else {
        return Err(EntryError::UnknownJob(job.clone()).into());
    };
    if known.retired {
        return Ok(());
    }
    known.stands_at(job, after)?;
    connection
        .prepare_cached("UPDATE jobs SET retired = ?2, skip_next = 0, fence = ?3 WHERE id = ?1")?
        .execute(params![known.id, nanos(at), epoch])?;
    drop_retries(connection, known.id)?;
    Ok(())
}

pub(super) fn pause(
    connection: &Connection,
    epoch: u64,
    job: &JobName,
    by: &str,
    note: &str,
    at: Timestamp,
) -> Result<(), Stop> {
    let known = in_force(connection, epoch, job)?;
    Ok(write_pause(connection, known.id, by, note, at)?)
}

/// Pauses a job whether or not it is in force.
pub(super) fn write_pause(
    connection: &Connection,
    job: i64,
    by: &str,
    note: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE jobs SET paused_at = ?2, paused_by = ?3, paused_note = ?4 WHERE id = ?1")?
        .execute(params![job, nanos(at), limits::cut(by), limits::cut(note)])
        .map(drop)
}

pub(super) fn resume(connection: &Connection, epoch: u64, job: &JobName) -> Result<(), Stop> {
    let known = in_force(connection, epoch, job)?;
    connection
        .prepare_cached("UPDATE jobs SET paused_at = NULL, paused_by = NULL, paused_note = NULL WHERE id = ?1")?
        .execute([known.id])?;
    Ok(())
}

pub(super) fn skip_next(connection: &Connection, epoch: u64, job: &JobName, count: u32) -> Result<(), Stop> {
    let known = in_force(connection, epoch, job)?;
    connection.prepare_cached("UPDATE jobs SET skip_next = ?2 WHERE id = ?1")?.execute(params![known.id, count])?;
    Ok(())
}

/// Retries that were to come don't any more.
pub(super) fn drop_retries(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE runs SET retry_at = NULL WHERE job = ?1 AND retry_at IS NOT NULL")?
        .execute([job])
        .map(drop)
}

//! Programs that runs started: written before they do anything, dropped once they are gone, so that what is left here is what may
//! still be running.

use rusqlite::{Connection, params};

use super::{Book, Stop};
use crate::{
    EntryError, LedgerError, Process, ProcessId,
    sql::{Columns, bits, nanos},
};

impl Book {
    /// Programs that aren't known to be gone, the earliest first: those of this process, and what earlier ones left.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn processes(&self) -> Result<Vec<Process>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM processes ORDER BY started")?;
        let found = statement.query_map([], |row| {
            Ok(Process {
                id: ProcessId { boot: row.get("boot")?, pid: row.get("pid")?, ticks: row.get("ticks")? },
                session: row.get("session")?,
                run: row.run("run")?,
                job: row.word("job")?,
                command: row.get("command")?,
                started: row.time("started")?,
            })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

/// The same again is the same process, brought a second time because the first answer was lost.
pub(super) fn started(connection: &Connection, epoch: u64, process: &Process) -> Result<(), Stop> {
    let latest: u64 = connection.prepare_cached("SELECT max(epoch) FROM nodes")?.query_row([], |row| row.get(0))?;
    if latest > epoch {
        return Err(EntryError::ProcessesFenced.into());
    }
    let Process { id, session, run, job, command, started } = process;
    connection
        .prepare_cached(
            "INSERT INTO processes (boot, pid, ticks, session, run, job, command, epoch, started)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            id.boot,
            id.pid,
            id.ticks,
            session,
            bits(*run),
            job.as_str(),
            command,
            epoch,
            nanos(*started)
        ])?;
    Ok(())
}

/// Whoever saw it end may say so, also a process that is not in charge any more.
pub(super) fn ended(connection: &Connection, id: &ProcessId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM processes WHERE boot = ?1 AND pid = ?2 AND ticks = ?3")?
        .execute(params![id.boot, id.pid, id.ticks])
        .map(drop)
}

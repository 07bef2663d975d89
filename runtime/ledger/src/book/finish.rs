//! A run that is over: its end, its log lines, what its job remembers and counts, in one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::{JobName, Outcome, RunEnd, RunId};

use super::{Stop, jobs, logs, retain, state};
use crate::{
    EntryError, History, StateChanges, limits,
    sql::{Columns, bits, length, nanos},
};

/// Who pauses a job that failed too often.
const HOUSE: &str = "watchkeeper";

/// What ends a run.
pub(super) struct Finish<'a> {
    pub(super) end: &'a RunEnd,
    pub(super) state: &'a StateChanges,
    pub(super) retry_at: Option<Timestamp>,
    pub(super) pause: Option<&'a str>,
    pub(super) history: History,
}

pub(super) fn finish(connection: &Connection, epoch: u64, run: RunId, finish: &Finish<'_>) -> Result<(), Stop> {
    let found = of(connection, epoch, run)?;
    let end = finish.end;
    if let Some((finished, outcome)) = found.ended {
        let same = outcome == end.outcome && finished == nanos(end.finished);
        return if same { Ok(()) } else { Err(EntryError::Ended { run, outcome }.into()) };
    }
    write_end(connection, run, end, finish.retry_at.filter(|_| found.current))?;
    logs::insert(connection, run, found.job, &end.logs)?;
    match end.outcome {
        Outcome::Success => succeeded(connection, run, &found, finish)?,
        Outcome::Cancelled => {}
        _ => failed(connection, found.job)?,
    }
    if let Some(note) = finish.pause {
        jobs::write_pause(connection, found.job, HOUSE, note, end.finished)?;
    }
    Ok(())
}

/// Writes the columns that a run has once it is over.
pub(super) fn write_end(
    connection: &Connection,
    run: RunId,
    end: &RunEnd,
    retry_at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE runs SET started = ?2, finished = ?3, outcome = ?4, message = ?5, duration = ?6, cpu = ?7,
             peak_memory = ?8, retry_at = ?9 WHERE id = ?1",
        )?
        .execute(params![
            bits(run),
            end.started.map(nanos),
            nanos(end.finished),
            end.outcome.as_str(),
            limits::cut(&end.message),
            length(end.duration),
            length(end.cpu),
            end.peak_memory,
            retry_at.map(nanos)
        ])
        .map(drop)
}

/// Counts one more failure in a row.
pub(super) fn failed(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE jobs SET failures = failures + 1 WHERE id = ?1")?.execute([job]).map(drop)
}

pub(super) fn drop_retry(connection: &Connection, epoch: u64, run: RunId) -> Result<(), Stop> {
    of(connection, epoch, run)?;
    connection.prepare_cached("UPDATE runs SET retry_at = NULL WHERE id = ?1")?.execute([bits(run)])?;
    Ok(())
}

/// A run as its end finds it.
struct Found {
    job: i64,
    name: JobName,
    /// Its job is in force, with the generation that the run is of.
    current: bool,
    last_success_run: Option<RunId>,
    ended: Option<(i64, Outcome)>,
}

fn of(connection: &Connection, epoch: u64, run: RunId) -> Result<Found, Stop> {
    let (found, fence) = connection
        .prepare_cached(
            "SELECT runs.finished, runs.outcome, runs.job, jobs.name, jobs.fence, jobs.last_success_run,
             jobs.retired IS NULL AND jobs.generation = runs.generation AS current FROM runs JOIN jobs ON jobs.id = runs.job WHERE runs.id = ?1",
        )?
        .query_row([bits(run)], |row| {
            let found = Found {
                job: row.get("job")?,
                name: row.word("name")?,
                current: row.get("current")?,
                last_success_run: row.run_if_any("last_success_run")?,
                ended: row.get::<_, Option<i64>>("finished")?.zip(row.word_if_any("outcome")?),
            };
            Ok((found, row.get::<_, u64>("fence")?))
        })
        .optional()?
        .ok_or(EntryError::UnknownRun(run))?;
    if fence > epoch {
        return Err(EntryError::Fenced { job: found.name }.into());
    }
    Ok(found)
}

fn succeeded(connection: &Connection, run: RunId, found: &Found, finish: &Finish<'_>) -> Result<(), Stop> {
    connection
        .prepare_cached("UPDATE jobs SET failures = 0, last_success = ?2, last_success_run = ?3 WHERE id = ?1")?
        .execute(params![found.job, nanos(finish.end.finished), bits(run)])?;
    if !finish.state.is_empty() {
        limits::check_changes(&found.name, finish.state).map_err(EntryError::from)?;
        state::apply(connection, &found.name, finish.state)?.map_err(EntryError::from)?;
    }
    if let (History::Failures, Some(former)) = (finish.history, found.last_success_run) {
        retain::delete_run(connection, bits(former), found.job)?;
    }
    Ok(())
}

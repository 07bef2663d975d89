//! A run about to start: its row and the cursor of its job move together, or neither does.

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use watchkeeper_model::{Head, RunStart, Trigger};

use super::{Stop, jobs, runs};
use crate::{
    EntryError,
    sql::{bits, nanos},
};

pub(super) fn claim(connection: &Connection, epoch: u64, run: &RunStart, after: Timestamp) -> Result<(), Stop> {
    let job = jobs::in_force(connection, epoch, &run.job)?;
    if let Some(recorded) = runs::start(connection, run.id)? {
        return if recorded == *run { Ok(()) } else { Err(EntryError::KnownRun(run.id).into()) };
    }
    let disposed = |nominal| Stop::from(EntryError::AlreadyDisposed { job: run.job.clone(), nominal });
    let (nominal, asked_by, head) = match &run.trigger {
        Trigger::Schedule(nominal) => (Some(*nominal), None, None),
        Trigger::Manual(by) => (None, Some(by.as_str()), None),
        Trigger::Head { chain, head, previous } => (None, None, Some((chain.as_str(), *head, *previous))),
        Trigger::Probe(_) => return Err(EntryError::Probe(run.id).into()),
    };
    match nominal {
        Some(nominal) if run.generation != job.generation => return Err(disposed(nominal)),
        Some(nominal) if run.attempt == 1 && nanos(nominal) <= job.cursor => return Err(disposed(nominal)),
        _ => {}
    }
    let disposes = nominal.filter(|_| run.attempt == 1);
    let moves_to = head.filter(|_| run.attempt == 1).map(|(_, head, previous)| (head, previous));
    if run.attempt > 1 {
        take_up_retry(connection, run)?;
    } else if disposes.is_some() {
        job.stands_at(&run.job, after)?;
        jobs::drop_retries(connection, job.id)?;
    } else if let Some((head, previous)) = moves_to {
        follows(run, job.generation, job.head, head, previous)?;
        jobs::drop_retries(connection, job.id)?;
    }
    connection
        .prepare_cached(
            "UPDATE jobs SET cursor = coalesce(?2, cursor), runs = runs + (?2 IS NOT NULL), kept = kept + 1, fence = ?3,
             head_number = coalesce(?4, head_number), head_hash = coalesce(?5, head_hash) WHERE id = ?1",
        )?
        .execute(params![
            job.id,
            disposes.map(nanos),
            epoch,
            moves_to.map(|(head, _)| head.number),
            moves_to.map(|(head, _)| *head.hash.as_bytes())
        ])?;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO runs (id, job, generation, nominal, asked_by, attempt, first, plugin, digest, claimed, epoch,
                               head_chain, head_number, head_hash, head_previous)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            bits(run.id),
            job.id,
            run.generation,
            nominal.map(nanos),
            asked_by.map(crate::limits::cut),
            run.attempt,
            (run.attempt > 1).then(|| bits(run.first)),
            run.plugin.as_str(),
            run.digest.as_bytes(),
            nanos(run.claimed),
            epoch,
            head.map(|(chain, _, _)| chain),
            head.map(|(_, head, _)| head.number),
            head.map(|(_, head, _)| *head.hash.as_bytes()),
            head.and_then(|(_, _, previous)| previous)
        ]);
    match (inserted, nominal) {
        (Err(error), Some(nominal)) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(disposed(nominal))
        }
        (Err(error), _) => Err(error.into()),
        (Ok(_), _) => Ok(()),
    }
}

/// A head must follow on the one that the job last ran for, and be another one.
fn follows(
    run: &RunStart,
    generation: u64,
    last: Option<Head>,
    head: Head,
    previous: Option<u64>,
) -> Result<(), Stop> {
    let next = last.map(|last| last.number) == previous && last != Some(head);
    if next && run.generation == generation {
        return Ok(());
    }
    Err(EntryError::HeadNotNext { job: run.job.clone(), number: head.number }.into())
}

/// The attempt before must have left a retry that nobody took up.
fn take_up_retry(connection: &Connection, run: &RunStart) -> Result<(), Stop> {
    let before = run.attempt - 1;
    let taken = if before == 1 {
        connection
            .prepare_cached("UPDATE runs SET retry_at = NULL WHERE id = ?1 AND retry_at IS NOT NULL RETURNING 1")?
            .query_row([bits(run.first)], |_| Ok(()))
            .optional()?
    } else {
        connection
            .prepare_cached(
                "UPDATE runs SET retry_at = NULL WHERE first = ?1 AND attempt = ?2 AND retry_at IS NOT NULL RETURNING 1",
            )?
            .query_row(params![bits(run.first), before], |_| Ok(()))
            .optional()?
    };
    taken.ok_or_else(|| EntryError::NoRetry { first: run.first }.into())
}

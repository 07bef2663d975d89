//! Questions about runs.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params, params_from_iter, types::Value};
use watchkeeper_model::{BlockHash, Digest, Head, Outcome, RunEnd, RunId, RunRecord, RunStart, Trigger};

use super::{Book, nodes};
use crate::{
    LedgerError, PendingRetry, RunDetail, RunFilter, TriggerKind,
    sql::{Columns, bits, rows, since},
};

impl Book {
    /// Runs, the latest claim first, without their log lines.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, LedgerError> {
        let (condition, values) = conditions(filter);
        collect(self.select(&condition)?, params_from_iter(values))
    }

    /// Runs that began and did not end, the earliest claim first.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn unfinished(&self) -> Result<Vec<RunRecord>, LedgerError> {
        // Few, found by the index of them; without the plus sign the order alone would make it a walk over all runs.
        collect(self.select("WHERE finished IS NULL ORDER BY +runs.id")?, [])
    }

    /// Retries that are to come, the earliest first.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn retries(&self) -> Result<Vec<PendingRetry>, LedgerError> {
        let mut statement = self.select("WHERE retry_at IS NOT NULL ORDER BY retry_at, runs.id")?;
        let read = |row: &Row<'_>| {
            let lost = row.get::<_, String>("outcome")? == Outcome::Lost.as_str();
            Ok(PendingRetry { run: read_start(row)?, lost, retry_at: row.time("retry_at")? })
        };
        let found = statement.query_map([], read)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// One run with its log lines and its other attempts; none where no such run is recorded.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn run(&self, run: RunId) -> Result<Option<RunDetail>, LedgerError> {
        let read = |row: &Row<'_>| {
            let around: (Option<Timestamp>, u64) = (row.time_if_any("retry_at")?, row.get("epoch")?);
            Ok((read(row)?, around))
        };
        let found = self.select("WHERE runs.id = ?1")?.query_row([bits(run)], read).optional()?;
        let Some((mut record, (retry_at, epoch))) = found else {
            return Ok(None);
        };
        let first = bits(record.start.first);
        let attempts = collect(self.select("WHERE runs.id = ?1 OR first = ?1 ORDER BY attempt")?, [first])?;
        if let Some(end) = &mut record.end {
            end.logs = self.logs(run)?;
        }
        Ok(Some(RunDetail { run: record, retry_at, node: nodes::read(&self.connection, epoch)?, attempts }))
    }

    fn select(&self, condition: &str) -> rusqlite::Result<CachedStatement<'_>> {
        select(&self.connection, condition)
    }
}

/// What follows `FROM`, and the values of its places.
fn conditions(filter: &RunFilter) -> (String, Vec<Value>) {
    let outcome = filter.outcome.map(Outcome::as_str);
    let given: [(_, Option<Value>); 5] = [
        ("job = (SELECT id FROM jobs WHERE name = ?)", filter.job.as_ref().map(|job| job.to_string().into())),
        ("runs.id >= ?", filter.after.map(|after| since(after).to_vec().into())),
        ("runs.id < ?", filter.before.map(|before| since(before).to_vec().into())),
        ("runs.id < ?", filter.before_id.map(|before| bits(before).to_vec().into())),
        ("outcome = ?", outcome.map(|outcome| outcome.to_owned().into())),
    ];
    let (mut conditions, mut values): (Vec<_>, Vec<_>) =
        given.into_iter().filter_map(|(condition, value)| Some((condition, value?))).unzip();
    match filter.trigger {
        Some(TriggerKind::Schedule) => conditions.push("nominal IS NOT NULL"),
        Some(TriggerKind::Manual) => conditions.push("asked_by IS NOT NULL"),
        Some(TriggerKind::Head) => conditions.push("head_chain IS NOT NULL"),
        None => {}
    }
    if filter.outcome.is_some_and(|outcome| outcome != Outcome::Success) {
        // The index of what went wrong is used only where this is said.
        conditions.push("outcome <> 'success'");
    }
    values.push(rows(filter.limit).into());
    let conditions = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
    (format!("WHERE {conditions} ORDER BY runs.id DESC LIMIT ?"), values)
}

fn select<'a>(connection: &'a Connection, condition: &str) -> rusqlite::Result<CachedStatement<'a>> {
    connection.prepare_cached(&format!(
        "SELECT runs.*, jobs.name AS job_name FROM runs JOIN jobs ON jobs.id = runs.job {condition}"
    ))
}

fn collect(mut statement: CachedStatement<'_>, values: impl Params) -> Result<Vec<RunRecord>, LedgerError> {
    Ok(statement.query_map(values, read)?.collect::<rusqlite::Result<_>>()?)
}

/// The beginning of a run that is recorded.
pub(super) fn start(connection: &Connection, run: RunId) -> rusqlite::Result<Option<RunStart>> {
    // Nearly always there is none; asked without the join, which is dearer.
    if !connection.prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?.exists(params![bits(run)])? {
        return Ok(None);
    }
    select(connection, "WHERE runs.id = ?1")?.query_row([bits(run)], read_start).optional()
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let end = |outcome| {
        Ok::<_, rusqlite::Error>(RunEnd {
            started: row.time_if_any("started")?,
            finished: row.time("finished")?,
            outcome,
            message: row.get("message")?,
            duration: row.length("duration")?,
            cpu: row.length("cpu")?,
            peak_memory: row.get("peak_memory")?,
            logs: Vec::new(),
        })
    };
    Ok(RunRecord { start: read_start(row)?, end: row.word_if_any("outcome")?.map(end).transpose()? })
}

fn read_start(row: &Row<'_>) -> rusqlite::Result<RunStart> {
    let id = row.run("id")?;
    let trigger = match (row.time_if_any("nominal")?, row.get("head_chain")?) {
        (Some(nominal), _) => Trigger::Schedule(nominal),
        (None, Some(chain)) => {
            let hash = BlockHash::new(row.get("head_hash")?);
            let head = Head { number: row.get("head_number")?, hash };
            Trigger::Head { chain, head, previous: row.get("head_previous")? }
        }
        (None, None) => Trigger::Manual(row.get("asked_by")?),
    };
    Ok(RunStart {
        id,
        job: row.word("job_name")?,
        generation: row.get("generation")?,
        plugin: row.word("plugin")?,
        digest: Digest::new(row.get("digest")?),
        trigger,
        attempt: row.get("attempt")?,
        first: row.run_if_any("first")?.unwrap_or(id),
        claimed: row.time("claimed")?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use watchkeeper_model::{JobName, Outcome};

    use super::{Book, RunFilter, TriggerKind, conditions};
    use crate::NodeStart;

    #[test]
    fn what_pages_ask_is_read_in_order_from_an_index() {
        let node = NodeStart { host: String::new(), version: String::new(), started: Timestamp::UNIX_EPOCH };
        let book = Book::in_memory(&node).unwrap();
        let any = RunFilter::default();
        let probe = Some(JobName::new("probe").unwrap());
        let cases = [
            (any.clone(), "SCAN runs"),
            (RunFilter { job: probe.clone(), ..any.clone() }, "SEARCH runs USING INDEX runs_job (job=?)"),
            (
                RunFilter { outcome: Some(Outcome::Failed), ..any.clone() },
                "SEARCH runs USING INDEX runs_outcome (outcome=?)",
            ),
            (RunFilter { after: Some(Timestamp::UNIX_EPOCH), ..any.clone() }, "SEARCH runs USING PRIMARY KEY (id>?)"),
            (RunFilter { trigger: Some(TriggerKind::Manual), ..any.clone() }, "SCAN runs USING INDEX runs_asked"),
        ];
        for (filter, expected) in cases {
            let (condition, _) = conditions(&filter);
            let mut plan = book.select_plan(&condition);
            assert!(plan.iter().any(|step| step == expected), "{filter:?}: {plan:?}");
            plan.retain(|step| step.contains("B-TREE"));
            assert!(plan.is_empty(), "{filter:?} sorts: {plan:?}");
        }
    }

    impl Book {
        fn select_plan(&self, condition: &str) -> Vec<String> {
            let mut statement = self
                .connection
                .prepare(&format!(
                    "EXPLAIN QUERY PLAN SELECT runs.*, jobs.name FROM runs JOIN jobs ON jobs.id = runs.job {condition}"
                ))
                .unwrap();
            let empty = std::iter::repeat_n(rusqlite::types::Null, statement.parameter_count());
            let steps = statement.query_map(rusqlite::params_from_iter(empty), |row| row.get(3)).unwrap();
            steps.collect::<rusqlite::Result<_>>().unwrap()
        }
    }
}

//! What runs said: the lines of a run in one row, as JSON that a person can read.

use std::borrow::Cow;

use rusqlite::{
    Connection, OptionalExtension, params, params_from_iter,
    types::{Type, Value},
};
use watchkeeper_model::{LogLevel, LogLine, RunId};

use super::Book;
use crate::{
    LedgerError, LogFilter, LogRecord,
    limits::{MAX_LOG_BYTES, MAX_LOG_LINES, MAX_ROWS},
    sql::{Columns, bits, unreadable},
};

/// Bits of a position that number the lines of one run.
const LINE_BITS: u32 = 20;

/// A line as JSON: level, message, fields.
type Stored<'a> = (LogLevel, Cow<'a, str>, Cow<'a, [(String, String)]>);

impl Book {
    /// What a run said, in order; empty where it said nothing or isn't over.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn logs(&self, run: RunId) -> Result<Vec<LogLine>, LedgerError> {
        let lines = self
            .connection
            .prepare_cached("SELECT lines FROM logs WHERE run = ?1")?
            .query_row([bits(run)], |row| decode(&row.get::<_, String>(0)?))
            .optional()?;
        Ok(lines.unwrap_or_default())
    }

    /// Log lines of many runs, the earliest of them first.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn log_lines(&self, filter: &LogFilter) -> Result<Vec<LogRecord>, LedgerError> {
        let limit = filter.limit.min(MAX_ROWS);
        let (condition, values) = conditions(filter);
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT logs.id, run, name, lines, finished FROM logs JOIN jobs ON jobs.id = logs.job
             JOIN runs ON runs.id = run {condition}"
        ))?;
        let mut found = Vec::new();
        let mut rows = statement.query(params_from_iter(values))?;
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let mut records = Vec::new();
            for (number, line) in decode(&row.get::<_, String>("lines")?)?.into_iter().enumerate() {
                let position = (row.get::<_, u64>("id")? << LINE_BITS) | u64::try_from(number).unwrap_or(0);
                if line.level >= filter.level && filter.after.is_none_or(|after| position > after) {
                    let (job, run, finished) = (row.word("name")?, row.run("run")?, row.time("finished")?);
                    records.push(LogRecord { position, job, run, finished, line });
                }
            }
            if filter.after.is_none() {
                records.reverse();
            }
            found.extend(records);
        }
        found.truncate(limit);
        if filter.after.is_none() {
            found.reverse();
        }
        Ok(found)
    }
}

/// Which rows may hold the lines, and in which order to read them.
fn conditions(filter: &LogFilter) -> (String, Vec<Value>) {
    let level = filter.level as i64;
    let given: [(_, Option<Value>); 4] = [
        ("run = ?", filter.run.map(|run| bits(run).to_vec().into())),
        ("logs.job = (SELECT id FROM jobs WHERE name = ?)", filter.job.as_ref().map(|job| job.to_string().into())),
        ("logs.id >= ?", filter.after.map(|after| i64::try_from(after >> LINE_BITS).unwrap_or(i64::MAX).into())),
        ("worst >= ?", Some(level.into())),
    ];
    let (mut conditions, values): (Vec<_>, Vec<_>) =
        given.into_iter().filter_map(|(condition, value)| Some((condition, value?))).unzip();
    if filter.level >= LogLevel::Warn {
        // The index of what matters is used only where this is said.
        conditions.push("worst >= 3");
    }
    let order = if filter.after.is_some() { "ASC" } else { "DESC" };
    (format!("WHERE {} ORDER BY logs.id {order}", conditions.join(" AND ")), values)
}

/// Keeps the lines of a run, as far as the limits allow; a last line tells of the rest.
pub(super) fn insert(connection: &Connection, run: RunId, job: i64, lines: &[LogLine]) -> rusqlite::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let kept = fitting(lines);
    let mut stored: Vec<Stored<'_>> =
        kept.iter().map(|line| (line.level, line.message.as_str().into(), line.fields.as_slice().into())).collect();
    let more = lines.len() - kept.len();
    if more > 0 {
        stored.push((LogLevel::Warn, format!("{more} more lines did not fit").into(), Vec::new().into()));
    }
    let worst = stored.iter().map(|(level, ..)| *level).max().unwrap_or(LogLevel::Trace);
    let json = serde_json::to_string(&stored).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached("INSERT INTO logs (run, job, worst, lines) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![bits(run), job, worst as i64, json])
        .map(drop)
}

/// The first lines that keep within the limits.
fn fitting(lines: &[LogLine]) -> &[LogLine] {
    let mut bytes = 0;
    let fits = |line: &&LogLine| {
        bytes += line.message.len() + line.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        bytes <= MAX_LOG_BYTES
    };
    let count = lines.iter().take(MAX_LOG_LINES).take_while(fits).count();
    lines.get(..count).unwrap_or(lines)
}

fn decode(json: &str) -> rusqlite::Result<Vec<LogLine>> {
    let stored: Vec<Stored<'_>> = serde_json::from_str(json).map_err(|error| unreadable(Type::Text, error))?;
    let line = |(level, message, fields): Stored<'_>| LogLine {
        level,
        message: message.into_owned(),
        fields: fields.into_owned(),
    };
    Ok(stored.into_iter().map(line).collect())
}

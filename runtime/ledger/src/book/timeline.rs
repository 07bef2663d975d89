//! What happened when, counted per job and stretch of time.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome, SkipReason};

use super::Book;
use crate::{
    Bucket, LedgerError,
    sql::{Columns, length, nanos, since, timestamp},
};

/// Buckets by job and number.
type Buckets = BTreeMap<(JobName, i64), (BTreeMap<Outcome, u64>, BTreeMap<SkipReason, u64>)>;

impl Book {
    /// Counts of runs claimed and due times skipped since `after`, by job and stretches of `bucket` (at least a second),
    /// the earliest first. Stretches in which nothing happened are left out, as is what has no row: successes of jobs
    /// that keep only failures, and what retention dropped.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn timeline(&self, after: Timestamp, bucket: Duration) -> Result<Vec<Bucket>, LedgerError> {
        let bucket = length(bucket.max(Duration::from_secs(1)));
        let mut buckets = Buckets::new();
        self.count_runs(after, bucket, &mut buckets)?;
        self.count_skips(nanos(after), bucket, &mut buckets)?;
        let told = |((job, number), (runs, skips)): ((JobName, i64), _)| {
            Ok(Bucket { job, start: timestamp(number.saturating_mul(bucket))?, runs, skips })
        };
        Ok(buckets.into_iter().map(told).collect::<rusqlite::Result<_>>()?)
    }

    fn count_runs(&self, after: Timestamp, bucket: i64, buckets: &mut Buckets) -> Result<(), LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, number, outcome, count FROM
                (SELECT job, claimed / ?2 AS number, outcome, count(*) AS count FROM runs
                 WHERE runs.id >= ?1 AND outcome IS NOT NULL GROUP BY 1, 2, 3)
             JOIN jobs ON jobs.id = job",
        )?;
        let mut rows = statement.query(rusqlite::params![since(after), bucket])?;
        while let Some(row) = rows.next()? {
            let (runs, _) = buckets.entry((row.word("name")?, row.get("number")?)).or_default();
            runs.insert(row.word("outcome")?, row.get("count")?);
        }
        Ok(())
    }

    fn count_skips(&self, after: i64, bucket: i64, buckets: &mut Buckets) -> Result<(), LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, reason, first, last, count FROM skips JOIN jobs ON jobs.id = job WHERE last >= ?1",
        )?;
        let mut rows = statement.query([after])?;
        while let Some(row) = rows.next()? {
            let (job, reason): (JobName, SkipReason) = (row.word("name")?, row.word("reason")?);
            for (number, count) in shares(row.get("first")?, row.get("last")?, row.get("count")?, after, bucket) {
                let (_, skips) = buckets.entry((job.clone(), number)).or_default();
                *skips.entry(reason).or_default() += count;
            }
        }
        Ok(())
    }
}

/// Shares `count` due times, evenly spread from `first` to `last`, out to the buckets from `after` on.
fn shares(first: i64, last: i64, count: u64, after: i64, bucket: i64) -> Vec<(i64, u64)> {
    let (first, last, bucket) = (i128::from(first), i128::from(last), i128::from(bucket));
    let steps = i128::from(count.saturating_sub(1)).max(1);
    // How many of the due times lie before a time.
    let before = |time: i128| match time {
        time if time > last => i128::from(count),
        time if time <= first => 0,
        time => ((time - first) * steps + (last - first) - 1) / (last - first),
    };
    let from = first.max(i128::from(after));
    let numbers = from.div_euclid(bucket)..=last.div_euclid(bucket);
    let share = |number: i128| {
        let start = (number * bucket).max(from);
        let count = before((number + 1) * bucket) - before(start);
        Some((i64::try_from(number).ok()?, u64::try_from(count).ok().filter(|count| *count > 0)?))
    };
    numbers.filter_map(share).collect()
}

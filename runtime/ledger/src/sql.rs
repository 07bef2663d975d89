//! How the model's words look in SQLite, both ways. A value that no word fits is an error, never a default.

use std::{str::FromStr, time::Duration};

use alloy_primitives::{Address, B256, U256};
use jiff::Timestamp;
use rusqlite::{Row, types::Type};
use watchkeeper_model::RunId;

/// Nanoseconds since the epoch; times that don't fit (before 1677, after 2262) are the nearest that does.
pub(crate) fn nanos(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// A length in nanoseconds; 292 years at most.
pub(crate) fn length(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// 16 bytes that sort as the names do.
pub(crate) const fn bits(run: RunId) -> [u8; 16] {
    run.to_bits().to_be_bytes()
}

/// The least name of a run claimed at `time` or later.
pub(crate) fn since(time: Timestamp) -> [u8; 16] {
    bits(RunId::new(time, 0))
}

/// 32 bytes, big-endian.
pub(crate) const fn amount(amount: U256) -> [u8; 32] {
    amount.to_be_bytes()
}

/// How many rows to ask for.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit.min(crate::MAX_ROWS)).unwrap_or(0)
}

/// Reads a row's columns, by their names, as words of the model.
pub(crate) trait Columns {
    fn time(&self, column: &str) -> rusqlite::Result<Timestamp>;
    fn time_if_any(&self, column: &str) -> rusqlite::Result<Option<Timestamp>>;
    fn length(&self, column: &str) -> rusqlite::Result<Duration>;
    fn run(&self, column: &str) -> rusqlite::Result<RunId>;
    fn run_if_any(&self, column: &str) -> rusqlite::Result<Option<RunId>>;
    fn amount(&self, column: &str) -> rusqlite::Result<U256>;
    fn hash(&self, column: &str) -> rusqlite::Result<B256>;
    fn hash_if_any(&self, column: &str) -> rusqlite::Result<Option<B256>>;
    fn address(&self, column: &str) -> rusqlite::Result<Address>;
    fn word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(&self, column: &str) -> rusqlite::Result<T>;
    fn word_if_any<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &self,
        column: &str,
    ) -> rusqlite::Result<Option<T>>;
}

impl Columns for Row<'_> {
    fn time(&self, column: &str) -> rusqlite::Result<Timestamp> {
        timestamp(self.get(column)?)
    }

    fn time_if_any(&self, column: &str) -> rusqlite::Result<Option<Timestamp>> {
        self.get::<_, Option<i64>>(column)?.map(timestamp).transpose()
    }

    fn length(&self, column: &str) -> rusqlite::Result<Duration> {
        Ok(Duration::from_nanos(self.get(column)?))
    }

    fn run(&self, column: &str) -> rusqlite::Result<RunId> {
        Ok(RunId::from_bits(u128::from_be_bytes(self.get(column)?)))
    }

    fn run_if_any(&self, column: &str) -> rusqlite::Result<Option<RunId>> {
        Ok(self.get::<_, Option<[u8; 16]>>(column)?.map(|bytes| RunId::from_bits(u128::from_be_bytes(bytes))))
    }

    fn amount(&self, column: &str) -> rusqlite::Result<U256> {
        Ok(U256::from_be_bytes(self.get::<_, [u8; 32]>(column)?))
    }

    fn hash(&self, column: &str) -> rusqlite::Result<B256> {
        Ok(B256::new(self.get(column)?))
    }

    fn hash_if_any(&self, column: &str) -> rusqlite::Result<Option<B256>> {
        Ok(self.get::<_, Option<[u8; 32]>>(column)?.map(B256::new))
    }

    fn address(&self, column: &str) -> rusqlite::Result<Address> {
        Ok(Address::new(self.get(column)?))
    }

    fn word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(&self, column: &str) -> rusqlite::Result<T> {
        word(&self.get::<_, String>(column)?)
    }

    fn word_if_any<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &self,
        column: &str,
    ) -> rusqlite::Result<Option<T>> {
        self.get::<_, Option<String>>(column)?.as_deref().map(word).transpose()
    }
}

/// The time that [`nanos`] wrote.
pub(crate) fn timestamp(nanos: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_nanosecond(nanos.into()).map_err(|error| unreadable(Type::Integer, error))
}

fn word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(text: &str) -> rusqlite::Result<T> {
    text.parse().map_err(|error| unreadable(Type::Text, error))
}

/// What is wrong with a value that was read.
pub(crate) fn unreadable(kind: Type, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
}

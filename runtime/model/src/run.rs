//! One run: what started it, what it left.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{Digest, JobName, Outcome, PluginName};

/// A run's name: 128 bits, the first 48 its start in milliseconds, the rest random; so names sort by time.
/// Displays as 26 letters and digits (Crockford's base 32, the form of ULIDs).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(u128);

impl RunId {
    /// Makes a name from a time and 80 random bits (the low ones of `random`).
    pub fn new(now: Timestamp, random: u128) -> Self {
        let millis = u128::try_from(now.as_millisecond()).unwrap_or(0);
        Self((millis << 80) | (random & ((1 << 80) - 1)))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        for place in (0..26).rev() {
            let digit = usize::try_from((self.0 >> (place * 5)) & 31).unwrap_or(0);
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The nominal time of a schedule.
    Schedule(Timestamp),
    /// A person asked.
    Manual,
}

/// A run as it begins.
#[derive(Debug, Clone, Serialize)]
pub struct RunStart {
    /// Its name.
    pub id: RunId,
    /// The job that it belongs to.
    pub job: JobName,
    /// The plugin's name.
    pub plugin: PluginName,
    /// The bytes that run.
    pub digest: Digest,
    /// Why it runs.
    pub trigger: Trigger,
    /// 1 for the first try.
    pub attempt: u32,
    /// When it was started.
    pub started: Timestamp,
}

/// How a run ended, and what it cost.
#[derive(Debug, Clone, Serialize)]
pub struct RunEnd {
    /// When it was over, its effects included.
    pub finished: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// One line for people: what was done, or why not.
    pub message: String,
    /// From start to end of the guest.
    pub duration: Duration,
    /// The guest's time on a processor.
    pub cpu: Duration,
    /// The most bytes that the run held in memories and tables, and that the host held for it.
    pub peak_memory: u64,
    /// What it said, within the log limits.
    pub logs: Vec<LogLine>,
}

/// A run: still going where `end` is none.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    /// Its beginning.
    #[serde(flatten)]
    pub start: RunStart,
    /// Its end.
    pub end: Option<RunEnd>,
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// The text, control characters stripped.
    pub message: String,
    /// Names and values that the plugin attached.
    pub fields: Vec<(String, String)>,
}

/// The contract's log levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Finest.
    Trace,
    /// For the plugin's author.
    Debug,
    /// For the operator.
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::RunId;

    #[test]
    fn run_ids_sort_by_time_and_print_as_26_letters() {
        let early = RunId::new(Timestamp::from_millisecond(1_700_000_000_000).unwrap(), u128::MAX);
        let late = RunId::new(Timestamp::from_millisecond(1_700_000_000_001).unwrap(), 0);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string(), "01HF7YAT00ZZZZZZZZZZZZZZZZ");
    }
}

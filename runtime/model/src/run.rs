//! One run: what started it, what it left.

use std::{fmt, str::FromStr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Digest, Head, JobName, Outcome, PluginName};

/// Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a run's name.
const LETTERS: usize = 26;

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

impl RunId {
    /// All 128 bits, for the store.
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// A name from [`RunId::to_bits`].
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

/// A text that is no run's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a run's name has 26 letters and digits, without I, L, O and U")]
pub struct InvalidRunId;

impl FromStr for RunId {
    type Err = InvalidRunId;

    /// Reads what `Display` writes; small letters count as large ones.
    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        if text.len() != LETTERS {
            return Err(InvalidRunId);
        }
        text.bytes()
            .try_fold(0_u128, |bits, byte| {
                let digit =
                    ALPHABET.iter().position(|letter| *letter == byte.to_ascii_uppercase()).ok_or(InvalidRunId)?;
                let shifted = bits.checked_mul(32).ok_or(InvalidRunId)?;
                shifted.checked_add(u128::try_from(digit).map_err(|_| InvalidRunId)?).ok_or(InvalidRunId)
            })
            .map(Self)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..LETTERS).rev() {
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
    /// A person asked; their name as the ledger's actions have it.
    Manual(String),
    /// A scrape of `/probe`; its target. Such a run is counted, but has no row in the ledger.
    Probe(String),
    /// A chain has a new head.
    Head {
        /// The chain's name.
        chain: String,
        /// The head.
        head: Head,
        /// The number of the head that the job last ran for: the run is for those after it. None for the first.
        previous: Option<u64>,
    },
}

impl Trigger {
    /// The due time that the run covers, if it covers one.
    pub const fn nominal(&self) -> Option<Timestamp> {
        match self {
            Self::Schedule(nominal) => Some(*nominal),
            Self::Manual(_) | Self::Probe(_) | Self::Head { .. } => None,
        }
    }
}

/// A run as it is claimed: what the ledger holds before its first instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunStart {
    /// Its name.
    pub id: RunId,
    /// The job that it belongs to.
    pub job: JobName,
    /// Which of the job's schedules was in force: 1 for its first, one more for each change.
    pub generation: u64,
    /// The plugin's name.
    pub plugin: PluginName,
    /// The bytes that run.
    pub digest: Digest,
    /// Why it runs.
    pub trigger: Trigger,
    /// 1 for the first try.
    pub attempt: u32,
    /// The run of the first try: itself, where this is it.
    pub first: RunId,
    /// When it was decided.
    pub claimed: Timestamp,
}

/// How a run ended, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunEnd {
    /// When its instance began; none where that isn't known, or it never did.
    pub started: Option<Timestamp>,
    /// When it was over, its effects included. Of a lost run: when that was noticed.
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

    #[test]
    fn a_printed_run_id_is_read_back_and_nothing_else_is() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = RunId::from_bits(bits);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().to_lowercase().parse(), Ok(id));
        }
        for text in [
            "",
            "01HF7YAT00",
            "01HF7YAT00ZZZZZZZZZZZZZZZU",
            "ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "01HF7YAT00ZZZZZZZZZZZZZZZ\u{e9}",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}

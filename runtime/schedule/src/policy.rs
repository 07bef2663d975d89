//! What a job's file says of its due times: what is made up for, what may overlap, what is tried again. Words and
//! defaults only; [`decide`](crate::decide) and [`retry_at`](crate::retry_at) give them their meaning.

use std::{str::FromStr, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::UnknownWord;

use crate::{Blackout, Schedule};

/// The longest default of [`Policy::catch_up_window`].
const DAY: Duration = Duration::from_hours(24);

/// How a job treats its due times. Each part has the default of [`Policy::for_schedule`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of due times that passed while nobody was awake to act.
    pub catch_up: CatchUp,
    /// How much older than the moment of waking a due time may be to be made up for.
    pub catch_up_window: Duration,
    /// What becomes of due times that come while a run of the job goes.
    pub overlap: Overlap,
    /// When a run is tried again.
    pub retry: Retry,
    /// Whether a run that may have done its work already may be done again: after a timeout, and when it was lost.
    pub idempotent: bool,
    /// How many failures in a row pause the job; none: no number does.
    pub pause_after_failures: Option<u32>,
    /// When the job doesn't start.
    pub blackouts: Vec<Blackout>,
}

impl Policy {
    /// The defaults: the latest missed due time is made up for, runs don't overlap, nothing is tried again.
    pub fn for_schedule(schedule: &Schedule) -> Self {
        Self {
            catch_up: CatchUp::Latest,
            catch_up_window: CatchUp::Latest.default_window(schedule),
            overlap: Overlap::Skip,
            retry: Retry::default(),
            idempotent: false,
            pause_after_failures: None,
            blackouts: Vec::new(),
        }
    }

    /// The end of the blackout that an instant lies in, if it lies in one; of several, the latest.
    pub fn blackout_end(&self, instant: Timestamp) -> Option<Timestamp> {
        self.blackouts.iter().filter_map(|blackout| blackout.end(instant)).max()
    }

    /// When the next blackout begins, strictly after `after`.
    pub(crate) fn next_blackout(&self, after: Timestamp) -> Option<Timestamp> {
        self.blackouts.iter().filter_map(|blackout| blackout.next(after)).min()
    }
}

/// What becomes of due times that passed while nobody was awake: before the start, in a stall, before a resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CatchUp {
    /// They are skipped.
    None,
    /// The latest one runs, unless a later due time has come meanwhile.
    Latest,
    /// Each runs, the oldest first; at most the newest 1,000.
    All,
}

impl CatchUp {
    /// Every value, for messages that list them.
    pub const ALL: [Self; 3] = [Self::None, Self::Latest, Self::All];

    /// The word of the job's file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Latest => "latest",
            Self::All => "all",
        }
    }

    /// The window where the job's file names none: 24 hours, and for the latest one no longer than the schedule's
    /// longest gap.
    pub fn default_window(self, schedule: &Schedule) -> Duration {
        match self {
            Self::Latest => DAY.min(schedule.longest_gap()),
            Self::None | Self::All => DAY,
        }
    }
}

impl FromStr for CatchUp {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|catch_up| catch_up.as_str() == text).ok_or(UnknownWord)
    }
}

/// What becomes of due times that come while a run of the job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overlap {
    /// They are skipped.
    Skip,
    /// They run one after another when it is over; at most the newest 100.
    Queue,
    /// The run is cancelled, and the latest one runs in its place.
    CancelPrevious,
    /// They run beside it.
    Allow,
}

impl Overlap {
    /// Every value, for messages that list them.
    pub const ALL: [Self; 4] = [Self::Skip, Self::Queue, Self::CancelPrevious, Self::Allow];

    /// The word of the job's file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::CancelPrevious => "cancel-previous",
            Self::Allow => "allow",
        }
    }
}

impl FromStr for Overlap {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|overlap| overlap.as_str() == text).ok_or(UnknownWord)
    }
}

/// How often a run is tried, and how long it waits between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all: 1 means that nothing is tried again.
    pub attempts: u32,
    /// The wait before the second try; it doubles with each one after.
    pub backoff: Duration,
    /// The longest wait.
    pub max_backoff: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 1, backoff: Duration::from_secs(5), max_backoff: Duration::from_mins(5) }
    }
}

//! Stretches of time in which a job doesn't start: they begin by a cron expression and have a length.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Schedule, ScheduleError, due};

/// Blackouts that begin closer together than this would cut an outage's due times into too many pieces.
const SHORTEST_GAP: Duration = Duration::from_mins(10);

/// A recurring stretch without starts: from each time of `start`, that time included, until `length` later, that end
/// excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blackout {
    start: Schedule,
    length: Duration,
}

impl Blackout {
    /// A blackout that begins at the times of a cron schedule. The schedule's jitter means nothing to it.
    ///
    /// # Errors
    /// [`ScheduleError`] for an interval, a length of zero, one that reaches from each start to the next (the job would
    /// never run), and starts less than ten minutes apart.
    pub fn new(start: Schedule, length: Duration) -> Result<Self, ScheduleError> {
        let Schedule::Cron(cron) = &start else {
            return Err(ScheduleError::new(
                "a blackout begins by a cron expression",
                r#"write `start = "0 2 * * SAT"` for Saturdays at two"#,
            ));
        };
        let gaps = cron.gaps();
        if length.is_zero() {
            return Err(ScheduleError::new("a blackout has a length", r#"write `length = "2h"`"#));
        }
        if gaps.shortest < SHORTEST_GAP {
            return Err(ScheduleError::new(
                format!("{:?} begins a blackout more often than each ten minutes", cron.expression()),
                r#"write fewer and longer ones, or a `schedule` that leaves these times out"#,
            ));
        }
        if length >= gaps.longest {
            return Err(ScheduleError::new(
                "a blackout that lasts until the next one begins never ends",
                "write a shorter `length`, or pause the job",
            ));
        }
        Ok(Self { start, length })
    }

    /// How long it lasts.
    pub const fn length(&self) -> Duration {
        self.length
    }

    /// When it begins.
    pub const fn start(&self) -> &Schedule {
        &self.start
    }

    /// Its end, if an instant lies in it.
    pub(crate) fn end(&self, instant: Timestamp) -> Option<Timestamp> {
        let began = self.start.latest(due::earlier(instant, self.length), instant)?;
        Some(due::later(began, self.length))
    }

    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.start.next(after)
    }
}

//! Schedules as the ledger keeps them: one line that says all that decides the due times, so that a changed line means
//! other due times.

use std::time::Duration;

use watchkeeper_model::JobName;

use crate::{Every, Schedule, ScheduleError};

impl Schedule {
    /// The schedule as one line: `every/1 30s`, or `cron/1 Europe/Berlin 30 2 * * MON`.
    ///
    /// The number is that of the rules by which it is read. Texts that mean the same and differ only in spaces, case or
    /// an `@` word give the same line. A job's jitter is not in it: it moves starts, and no due time.
    pub fn to_record(&self) -> String {
        match self {
            Self::Every(every) => format!("every/1 {}", duration_text(every.period())),
            Self::Cron(cron) => format!("cron/1 {} {}", cron.zone_name(), cron.fields()),
        }
    }

    /// Reads what [`Schedule::to_record`] wrote for this job; without jitter.
    ///
    /// # Errors
    /// [`ScheduleError`] for a line of other rules than this version's.
    pub fn from_record(text: &str, job: &JobName) -> Result<Self, ScheduleError> {
        let unknown = || {
            ScheduleError::new(
                format!("{text:?} is no schedule that this version knows"),
                "start the version of Watchkeeper that wrote it, or a newer one",
            )
        };
        let (rules, rest) = text.split_once(' ').ok_or_else(unknown)?;
        let schedule = match rules {
            "every/1" => Every::parse(rest).map(Self::Every),
            "cron/1" => {
                let (zone, expression) = rest.split_once(' ').ok_or_else(unknown)?;
                Self::parse_cron(expression, zone)
            }
            _ => Err(unknown()),
        };
        Ok(schedule?.spread(job, Duration::ZERO))
    }
}

/// The duration in the largest unit that it is a whole number of.
fn duration_text(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    match nanoseconds {
        _ if nanoseconds.is_multiple_of(1_000_000_000) => format!("{}s", duration.as_secs()),
        _ if nanoseconds.is_multiple_of(1_000_000) => format!("{}ms", duration.as_millis()),
        _ => format!("{nanoseconds}ns"),
    }
}

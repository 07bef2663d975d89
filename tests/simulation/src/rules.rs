//! A simulated job's file: what the timetable is told as a policy, and what the oracle holds it to.

use std::time::Duration;

use watchkeeper_model::{Digest, JobName, PluginName};
use watchkeeper_schedule::{Blackout, CatchUp, HeadTrigger, Overlap, Policy, Retry, Schedule, ScheduleError, timetable::Timed};

use crate::times::{DARK, Times};

/// What a job's file says. Lengths of time are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Its name.
    pub name: JobName,
    /// What it runs.
    pub plugin: PluginName,
    /// When it falls due.
    pub times: Times,
    /// How long after a due time its run starts.
    pub start_offset: i64,
    /// Of missed due times.
    pub catch_up: CatchUp,
    /// Of missed due times.
    pub window: i64,
    /// Of due times that come while a run goes.
    pub overlap: Overlap,
    /// Tries in all.
    pub attempts: u32,
    /// Before the second try.
    pub backoff: i64,
    /// At most.
    pub max_backoff: i64,
    /// Whether what may have been done may be done again.
    pub idempotent: bool,
    /// Failures in a row that pause it.
    pub pause_after: Option<u32>,
    /// How long each blackout lasts, if it has any.
    pub blackout: Option<i64>,
    /// Whether only failures and the last success keep a row.
    pub failures_only: bool,
}

impl Rules {
    /// Whether a run may not begin at this time.
    pub fn is_dark(&self, at: i64) -> bool {
        self.blackout.is_some_and(|length| Times::Cron(&DARK).count(at - length, at) > 0)
    }
}

/// A job as the timetable has it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) rules: Rules,
    schedule: Option<Schedule>,
    policy: Policy,
}

impl Job {
    /// Takes rules whose times have no offsets yet: those come with the name.
    pub(crate) fn new(mut rules: Rules, jitter: i64) -> Result<Self, ScheduleError> {
        let schedule = match rules.times {
            Times::Never => None,
            Times::Every { period, .. } => Some(Schedule::parse_every(&format!("{period}ms"))?),
            Times::Cron(pattern) => Some(Schedule::parse_cron(pattern.text, "UTC")?),
        };
        let schedule = schedule.map(|schedule| schedule.spread(&rules.name, length(jitter)));
        if let (Some(Schedule::Every(every)), Times::Every { offset, .. }) = (&schedule, &mut rules.times) {
            *offset = millis(every.offset());
        }
        rules.start_offset = schedule.as_ref().map_or(0, |schedule| millis(schedule.start_offset()));
        let dark = |length_of_dark| Blackout::new(Schedule::parse_cron(DARK.text, "UTC")?, length(length_of_dark));
        let policy = Policy {
            catch_up: rules.catch_up,
            catch_up_window: length(rules.window),
            overlap: rules.overlap,
            retry: Retry {
                attempts: rules.attempts,
                backoff: length(rules.backoff),
                max_backoff: length(rules.max_backoff),
            },
            idempotent: rules.idempotent,
            pause_after_failures: rules.pause_after,
            blackouts: rules.blackout.map(dark).transpose()?.into_iter().collect(),
        };
        Ok(Self { rules, schedule, policy })
    }
}

impl Timed for Job {
    fn plugin(&self) -> &PluginName {
        &self.rules.plugin
    }

    fn digest(&self) -> Digest {
        Digest::new([7; 32])
    }

    fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// Heads are not simulated.
    fn heads(&self) -> Option<&HeadTrigger> {
        None
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }
}

fn length(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

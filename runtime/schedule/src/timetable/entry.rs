//! One job of the timetable: where it stands, and what runs of it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::{Head, RunId, RunStart, Trigger};

use super::{Place, Timed};

/// A job, or what is left of it until its last run is over.
pub struct Entry<J, R> {
    /// None: the job was removed.
    pub job: Option<Arc<J>>,
    /// Where it stands.
    pub place: Place,
    /// Its runs that go, the oldest first.
    pub running: Vec<Running<J, R>>,
    /// When its last run is tried again, and that run.
    pub retry: Option<(Timestamp, RunStart)>,
    /// Due times up to here are caught up with.
    pub(super) awake_since: Timestamp,
    /// The run that somebody asked for and that didn't begin yet.
    pub(super) asked: Option<Request>,
    /// When to look again.
    pub(super) planned: Option<Timestamp>,
    /// A batch is on its way to the ledger.
    pub(super) recording: bool,
    pub(super) held: bool,
}

/// A run, and the job as it was when the run began.
pub struct Running<J, R> {
    /// What the ledger holds of it.
    pub start: RunStart,
    /// What the caller keeps of it.
    pub run: R,
    /// The job.
    pub under: Arc<J>,
    /// A newer run takes its place.
    pub(super) cancelled: bool,
}

/// A run that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) id: RunId,
    pub(super) by: String,
}

impl<J: Timed, R> Entry<J, R> {
    pub(super) const fn new(place: Place, awake_since: Timestamp) -> Self {
        Self {
            job: None,
            place,
            running: Vec::new(),
            retry: None,
            awake_since,
            asked: None,
            planned: None,
            recording: false,
            held: false,
        }
    }

    /// When it falls due next by its schedule; none while it is paused or has none.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let schedule = self.job.as_ref()?.schedule()?;
        if self.place.paused {
            return None;
        }
        let from = self.place.cursor.max(now.checked_sub(schedule.start_offset()).ok()?);
        schedule.next(from)?.checked_add(schedule.start_offset()).ok()
    }

    /// Up to when its due times are disposed of although they are yet to come, beyond `by`: the clock was set back, and
    /// until it is there again the job doesn't fall due.
    pub fn ahead(&self, now: Timestamp, by: Duration) -> Option<Timestamp> {
        let ahead = Duration::try_from(self.place.cursor.duration_since(now)).ok()?;
        (ahead > by).then_some(self.place.cursor)
    }

    pub(super) fn is_overdue(&self, newest: Option<(Head, Timestamp)>, now: Timestamp, by: Duration) -> bool {
        let Some(job) = self.job.as_ref() else { return false };
        let due = job
            .schedule()
            .and_then(|schedule| schedule.next(self.place.cursor)?.checked_add(schedule.start_offset()).ok());
        let head = newest.filter(|(head, _)| self.due_head(Some(*head)).is_some()).map(|(_, came)| came);
        let late = due.into_iter().chain(head).min().and_then(|due| Duration::try_from(now.duration_since(due)).ok()).is_some_and(|late| late > by);
        let kept = self.place.paused || self.recording || self.held || !self.running.is_empty();
        late && !kept && job.policy().blackout_end(now).is_none()
    }

    /// The head that it is to run for: by the number of blocks since the last one, or since that was replaced.
    pub(super) fn due_head(&self, newest: Option<Head>) -> Option<Head> {
        let every = self.job.as_ref()?.heads()?.every;
        let newest = newest?;
        let Some(last) = self.place.head else { return Some(newest) };
        let replaced = newest.number <= last.number && newest.hash != last.hash;
        (replaced || newest.number.saturating_sub(last.number) >= every).then_some(newest)
    }

    /// Whether nothing is left of a removed job.
    pub(super) fn is_over(&self) -> bool {
        self.job.is_none() && self.running.is_empty() && !self.recording
    }

    pub(super) fn begin(&mut self, start: &RunStart, under: Arc<J>, run: R) {
        if self.asked.as_ref().is_some_and(|asked| asked.id == start.id) {
            self.asked = None;
        }
        if start.attempt > 1 || matches!(start.trigger, Trigger::Schedule(_) | Trigger::Head { .. }) {
            self.retry = None;
        }
        self.running.push(Running { start: start.clone(), run, under, cancelled: false });
    }

    pub(super) fn end(&mut self, run: RunId) -> Option<Running<J, R>> {
        let place = self.running.iter().position(|running| running.start.id == run)?;
        Some(self.running.remove(place))
    }
}

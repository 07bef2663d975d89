//! Due times in numbers: how many lie between two instants, and which is the latest. What is done about them is decided
//! elsewhere.

use std::{collections::VecDeque, time::Duration};

use jiff::{Timestamp, ToSpan};

use crate::Schedule;

/// Consecutive due times of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueRange {
    /// The first one.
    pub first: Timestamp,
    /// The last one; equal to the first where there is one only.
    pub last: Timestamp,
    /// How many there are: at least one.
    pub count: u64,
}

impl Schedule {
    /// The due times in (`after`, `until`], the oldest `cap` of them; none where there is none.
    ///
    /// Costs nothing for intervals, and one search for each due time of a cron expression.
    pub fn count_between(&self, after: Timestamp, until: Timestamp, cap: u64) -> Option<DueRange> {
        self.all_but_newest(0, after, until, cap)
    }

    /// The latest due time in (`after`, `until`].
    ///
    /// Costs nothing for intervals. For cron expressions it is found by halving, in about as many searches as the
    /// minutes between have binary digits: some twenty for a year.
    pub fn latest(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        if let Self::Every(every) = self {
            return every.latest(until).filter(|due| *due > after);
        }
        let within = |after| self.next(after).filter(|due| *due <= until);
        let (mut latest, mut none_after) = (within(after)?, until);
        while let Some(later) = within(latest) {
            latest = later;
            let middle = midpoint(latest, none_after);
            match within(middle) {
                Some(later) => latest = later,
                None => none_after = middle,
            }
        }
        Some(latest)
    }

    /// The due times in (`after`, `until`] except the newest `keep`; of what is left, the oldest `cap`.
    pub(crate) fn all_but_newest(&self, keep: usize, after: Timestamp, until: Timestamp, cap: u64) -> Option<DueRange> {
        if cap == 0 {
            return None;
        }
        match self {
            Self::Every(every) => every.all_but_newest(keep, after, until, cap),
            Self::Cron(cron) => {
                let mut newest = VecDeque::with_capacity(keep.saturating_add(1));
                let mut range: Option<DueRange> = None;
                let mut last = after;
                while let Some(due) = cron.next(last).filter(|due| *due <= until) {
                    last = due;
                    newest.push_back(due);
                    if newest.len() <= keep {
                        continue;
                    }
                    let Some(oldest) = newest.pop_front() else { continue };
                    let first = range.map_or(oldest, |range| range.first);
                    let count = range.map_or(0, |range| range.count) + 1;
                    range = Some(DueRange { first, last: oldest, count });
                    if count >= cap {
                        break;
                    }
                }
                range
            }
        }
    }
}

/// `instant` moved towards the calendar's beginning, at most to it.
pub(crate) fn earlier(instant: Timestamp, by: Duration) -> Timestamp {
    instant.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// `instant` moved towards the calendar's end, at most to it.
pub(crate) fn later(instant: Timestamp, by: Duration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The last instant before another one.
pub(crate) fn just_before(instant: Timestamp) -> Timestamp {
    instant.checked_sub(1.nanosecond()).unwrap_or(Timestamp::MIN)
}

fn midpoint(one: Timestamp, other: Timestamp) -> Timestamp {
    let nanoseconds = i128::midpoint(one.as_nanosecond(), other.as_nanosecond());
    Timestamp::from_nanosecond(nanoseconds).unwrap_or(one)
}

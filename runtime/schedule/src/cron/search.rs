//! The search for the next due time of a cron expression, by civil days for fixed times and by stretches of constant
//! offset from UTC for all others. Bounded: no search looks at more days than [`HORIZON`].

use jiff::{
    Timestamp, ToSpan,
    civil::{DateTime, Time},
    tz::{AmbiguousOffset, Offset},
};

use super::Cron;

/// Days that a search looks ahead. The rarest expressions name a weekday that must be 29 February: at most 40 years apart,
/// where 2100 is between.
const HORIZON: usize = 41 * 366;

impl Cron {
    /// Fixed times: each (day, hour, minute) of the calendar is one instant, in order.
    pub(super) fn next_fixed(&self, after: Timestamp) -> Option<Timestamp> {
        self.zone
            .to_offset(after)
            .to_datetime(after)
            .date()
            .series(1.day())
            .take(HORIZON)
            .filter(|date| self.matches(*date))
            .flat_map(|date| self.times().map(move |time| date.to_datetime(time)))
            .filter_map(|local| self.instant_of(local))
            .find(|due| *due > after)
    }

    /// The instant at which a fixed time comes: its first, or the end of the gap that it fell into.
    fn instant_of(&self, local: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(local).ok()
            }
            AmbiguousOffset::Gap { before, after } => {
                let just_before = after.to_timestamp(local).ok()?;
                let jump = self.zone.following(just_before).find(|transition| transition.offset() == after)?;
                let gap_starts = before.to_datetime(jump.timestamp());
                let gap_ends = after.to_datetime(jump.timestamp());
                let midnight = local.date().to_datetime(Time::midnight());
                let day_left_out = gap_starts <= midnight && midnight.checked_add(1.day()).ok()? <= gap_ends;
                (!day_left_out).then(|| jump.timestamp())
            }
        }
    }

    /// Times that follow the clock: between two changes of the offset, local time is real time moved.
    pub(super) fn next_of_real_time(&self, after: Timestamp) -> Option<Timestamp> {
        let last_day = after.checked_add((24 * i64::try_from(HORIZON).ok()?).hours()).unwrap_or(Timestamp::MAX);
        let mut from = after.checked_add(1.nanosecond()).ok()?;
        while from < last_day {
            let offset = self.zone.to_offset(from);
            let until =
                self.zone.following(from).next().map_or(last_day, |transition| transition.timestamp().min(last_day));
            if let Some(due) = self.next_in_stretch(from, until, offset) {
                return Some(due);
            }
            from = until;
        }
        None
    }

    /// The first matching minute in [from, until), all of which has one offset.
    fn next_in_stretch(&self, from: Timestamp, until: Timestamp, offset: Offset) -> Option<Timestamp> {
        let (start, end) = (offset.to_datetime(from), offset.to_datetime(until));
        start
            .date()
            .series(1.day())
            .take_while(|date| *date <= end.date())
            .filter(|date| self.matches(*date))
            .flat_map(|date| self.times().map(move |time| date.to_datetime(time)))
            .skip_while(|local| *local < start)
            .take(1)
            .filter_map(|local| offset.to_timestamp(local).ok())
            .find(|due| *due < until)
    }

    fn times(&self) -> impl Iterator<Item = Time> {
        let minutes = &self.minutes;
        self.hours
            .iter()
            .flat_map(move |hour| minutes.iter().filter_map(move |minute| Time::new(*hour, *minute, 0, 0).ok()))
    }
}

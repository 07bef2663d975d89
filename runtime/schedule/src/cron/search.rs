//! The search for the next due time of a cron expression: by the calendar for fixed times, and by stretches of constant
//! offset from UTC for all others. It skips what doesn't match by months, days and hours, and allocates nothing: it is
//! what the keeper does most.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::AmbiguousOffset,
};

use super::Cron;

impl Cron {
    /// Fixed times: each (day, hour, minute) of the calendar is one instant, in order; so none that is before the local
    /// time of `after` comes after it.
    pub(super) fn next_fixed(&self, after: Timestamp) -> Option<Timestamp> {
        let now = self.zone.to_offset(after).to_datetime(after);
        let mut local = self.at_or_after(now.date(), now.hour(), now.minute())?;
        loop {
            if let Some(due) = self.instant_of(local).filter(|due| *due > after) {
                return Some(due);
            }
            local = self.at_or_after(local.date(), local.hour(), local.minute() + 1)?;
        }
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
        let mut from = after.checked_add(1.nanosecond()).ok()?;
        loop {
            let offset = self.zone.to_offset(from);
            let start = offset.to_datetime(from);
            let into_minute = start.second() > 0 || start.subsec_nanosecond() > 0;
            let local = self.at_or_after(start.date(), start.hour(), start.minute() + i8::from(into_minute));
            let due = local.and_then(|local| offset.to_timestamp(local).ok());
            match self.zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if due.is_none_or(|due| due >= change) => from = change,
                _ => return due,
            }
        }
    }

    /// The first local time that matches and isn't before one, whose minute may be 60.
    fn at_or_after(&self, date: Date, hour: i8, minute: i8) -> Option<DateTime> {
        match self.times.at_or_after(hour, minute).filter(|_| self.days.contain(date)) {
            Some(time) => Some(date.to_datetime(time)),
            None => Some(self.days.after(date)?.to_datetime(self.times.at_or_after(0, 0)?)),
        }
    }
}

//! Which times of day an expression names: sets of hours and minutes.

use croner::CronComponent;
use jiff::civil::Time;

/// The times of day that an expression names: each of its hours with each of its minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Times {
    /// Bits 0 to 23.
    hours: u64,
    /// Bits 0 to 59.
    minutes: u64,
}

impl Times {
    pub(super) fn of(hours: &CronComponent, minutes: &CronComponent) -> Self {
        let set = |component: &CronComponent| {
            let values = component.values().into_iter();
            values.filter(|value| *value < 64).fold(0, |set, value| set | 1 << value)
        };
        Self { hours: set(hours), minutes: set(minutes) }
    }

    /// The first of the times that isn't before `hour`:`minute`, where both may be one too large.
    pub(super) fn at_or_after(&self, hour: i8, minute: i8) -> Option<Time> {
        let (hour, minute) = (hour.unsigned_abs(), minute.unsigned_abs());
        let this_hour = at_or_after(self.minutes, minute).filter(|_| self.hours >> hour & 1 == 1);
        let (hour, minute) = match this_hour {
            Some(minute) => (hour, minute),
            None => (at_or_after(self.hours, hour + 1)?, at_or_after(self.minutes, 0)?),
        };
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
    }
}

/// The smallest member of a set that isn't below `least`.
pub(super) fn at_or_after(set: u64, least: u8) -> Option<u8> {
    let rest = set.checked_shr(u32::from(least))?;
    let distance = u8::try_from(rest.trailing_zeros()).ok()?;
    (rest != 0).then(|| least + distance)
}

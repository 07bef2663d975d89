//! When an expression falls due, found by brute force and written apart from the code that it judges: an own reading of
//! the fields, held against each minute of a day and each day of the calendar, and a clock that is walked from change to
//! change. Shared with that code are only the calendar and the zones' offsets, which are jiff's.

mod clock;
mod expression;
mod random;

pub(crate) use self::{clock::Clock, expression::Expression, random::Random};
use jiff::Timestamp;
use watchkeeper_schedule::Schedule;

/// Holds a schedule's times after `from` and up to `until` against the oracle's; returns how many there are.
pub(crate) fn check(zone: &str, clock: &Clock, expression: &Expression, from: Timestamp, until: Timestamp) -> usize {
    let schedule = Schedule::parse_cron(&expression.text, zone).unwrap();
    let mut last = from;
    let expected = clock.due(expression, from, until);
    for due in &expected {
        let found = schedule.next(last);
        assert_eq!(found, Some(*due), "{:?} in {zone} after {last}", expression.text);
        last = *due;
    }
    let beyond = schedule.next(last);
    assert!(beyond.is_none_or(|due| due > until), "{:?} in {zone} after {last}: {beyond:?}", expression.text);
    expected.len()
}

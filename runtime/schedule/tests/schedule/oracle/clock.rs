//! A wall clock as it went: stretches of constant offset, and what it showed for the first time, again, or not at all.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::Expression;

/// Seconds between two looks at the offset.
const LOOK: i64 = 15 * 60;
const DAY: i64 = 86_400;

/// A zone's clock over some time.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Clock {
    stretches: Vec<Stretch>,
}

/// Seconds since the epoch in which the offset from UTC is the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Stretch {
    from: i64,
    until: i64,
    offset: i64,
}

impl Clock {
    /// Walks a zone's clock from two days before `from` on, looking at it each quarter of an hour; between two looks
    /// that differ, the second of the change is found by halving.
    pub(crate) fn walk(zone: &TimeZone, from: Timestamp, until: Timestamp) -> Self {
        let offset = |second| i64::from(zone.to_offset(Timestamp::from_second(second).unwrap()).seconds());
        let (mut start, until) = ((from - 48.hours()).as_second(), until.as_second() + 1);
        let mut stretches = Vec::new();
        let mut now = start;
        while now < until {
            let next = until.min(now + LOOK);
            if offset(next) != offset(start) {
                let (mut before, mut after) = (now, next);
                while after - before > 1 {
                    let middle = i64::midpoint(before, after);
                    *(if offset(middle) == offset(start) { &mut before } else { &mut after }) = middle;
                }
                stretches.push(Stretch { from: start, until: after, offset: offset(start) });
                start = after;
            }
            now = next;
        }
        stretches.push(Stretch { from: start, until, offset: offset(start) });
        Self { stretches }
    }

    /// The due times in (`from`, `until`], by the rules that operators are told.
    pub(crate) fn due(&self, expression: &Expression, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let mut due = Vec::new();
        let mut shown_before = self.stretches[0].from + self.stretches[0].offset;
        for stretch in &self.stretches {
            let (first, end) = (stretch.from + stretch.offset, stretch.until + stretch.offset);
            if !expression.fixed {
                due.extend(expression.within(first, end).map(|local| local - stretch.offset));
                continue;
            }
            // What the clock jumps over comes when the jump is over, unless the whole day was jumped over.
            let left_out = |local: &i64| {
                let midnight = local.div_euclid(DAY) * DAY;
                shown_before <= midnight && midnight + DAY <= first
            };
            due.extend(expression.within(shown_before, first).find(|local| !left_out(local)).map(|_| stretch.from));
            // What it shows again doesn't come again.
            due.extend(expression.within(shown_before.max(first), end).map(|local| local - stretch.offset));
            shown_before = shown_before.max(end);
        }
        due.dedup();
        let instants = due.into_iter().map(|second| Timestamp::from_second(second).unwrap());
        instants.filter(|due| *due > from && *due <= until).collect()
    }
}

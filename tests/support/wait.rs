//! Waiting for a condition, with a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

const GLANCE: Duration = Duration::from_millis(20);

/// Looks until the condition gives a value, and returns it.
///
/// # Panics
/// After `deadline`, naming what was waited for, at the caller's line.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain for: {what}");
        thread::sleep(GLANCE);
    }
}

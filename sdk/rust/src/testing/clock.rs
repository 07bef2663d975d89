//! The test host's time: it stands still unless a test moves it.

use std::{cell::Cell, rc::Rc, time::Duration};

/// A clock. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Rc<Cell<Duration>>);

impl Clock {
    /// 2023-11-14 22:13:20 UTC.
    pub const BEGIN: Duration = Duration::from_secs(1_700_000_000);

    pub(super) fn new() -> Self {
        Self(Rc::new(Cell::new(Self::BEGIN)))
    }

    /// The time, since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.0.get()
    }

    /// Says the time.
    pub fn set(&self, now: Duration) {
        self.0.set(now);
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.set(self.now() + by);
    }
}

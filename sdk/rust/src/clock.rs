//! The time of day, by the host's clock. What a schedule calls due is in [`context::trigger`](crate::context::trigger).

use std::time::Duration;

use crate::host;

/// The time, since the Unix epoch.
pub fn now() -> Duration {
    host::now()
}

//! Points at which a test build can be told to die, as if the power had failed: before and after each write of the journal,
//! and each word to a signer or a node. Without the feature `fail-points` they are nothing.

/// The environment variable that names a point, as `reserve.after`, or its N-th passage, as `reserve.after:3`.
#[cfg(feature = "fail-points")]
pub const KILL_AT: &str = "WATCHKEEPER_KILL_AT";

/// Every point.
#[cfg(feature = "fail-points")]
pub const FAIL_POINTS: &[&str] = &[
    "intend.before",
    "intend.after",
    "reserve.before",
    "reserve.after",
    "refuse.before",
    "refuse.after",
    "signer.before",
    "signer.after",
    "sign.before",
    "sign.after",
    "send.before",
    "send.after",
    "broadcast.before",
    "broadcast.after",
    "include.before",
    "include.after",
    "uncover.before",
    "uncover.after",
    "settle.before",
    "settle.after",
    "abandon.before",
    "abandon.after",
];

/// Dies here if the environment says so.
#[cfg(feature = "fail-points")]
pub(crate) fn pass(point: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    debug_assert!(FAIL_POINTS.contains(&point), "{point} is not listed");
    let Ok(wanted) = std::env::var(KILL_AT) else { return };
    let (name, passage) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if name == point && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == passage.parse().unwrap_or(1) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::thread::park();
    }
}

#[cfg(not(feature = "fail-points"))]
#[inline]
pub(crate) fn pass(_point: &str) {}

//! How long is waited for company, before something is asked that others may want too.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Nobody came for so long: nobody is expected. Timers tick each millisecond, so this is 2 to 3 ms, and what a lone read pays.
const QUIET: Duration = Duration::from_millis(2);
/// The longest wait while others keep coming, as jobs do that start one after the other at the same head.
const LONGEST: Duration = Duration::from_millis(10);

/// Waits until no more come; `come` says how many have.
pub(super) async fn company(come: impl Fn() -> usize + Send) {
    let (deadline, mut before) = (Instant::now() + LONGEST, come());
    loop {
        sleep(QUIET).await;
        let now = come();
        if now == before || Instant::now() >= deadline {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_alone_is_waited_for_once_and_a_crowd_not_for_ever() {
        let looks = AtomicUsize::new(0);
        let nobody_comes = || {
            looks.fetch_add(1, Ordering::SeqCst);
            0
        };
        company(nobody_comes).await;
        assert_eq!(looks.load(Ordering::SeqCst), 2, "before and after");

        let (begun, come) = (Instant::now(), AtomicUsize::new(0));
        company(|| come.fetch_add(1, Ordering::SeqCst)).await;
        assert!(begun.elapsed() >= LONGEST && come.load(Ordering::SeqCst) > 2);
    }
}

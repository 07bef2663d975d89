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
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_short_for_one_alone_and_never_long() {
        let begun = Instant::now();
        company(|| 1).await;
        assert!(begun.elapsed() < LONGEST / 2);

        let (begun, come) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        company(|| come.fetch_add(1, Ordering::SeqCst)).await;
        assert!(begun.elapsed() >= LONGEST && begun.elapsed() < 2 * LONGEST);
    }
}

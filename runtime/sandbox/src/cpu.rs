//! How long a future had a processor: the thread's CPU clock, read around each poll. The engine has no such account.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// A future that adds up the processor time of its polls.
pub(crate) struct Metered<'a, F> {
    inner: Pin<&'a mut F>,
    spent: &'a mut Duration,
}

impl<'a, F: Future> Metered<'a, F> {
    /// Adds the time that `inner` takes to `spent`.
    pub(crate) fn new(inner: Pin<&'a mut F>, spent: &'a mut Duration) -> Self {
        Self { inner, spent }
    }
}

impl<F: Future> Future for Metered<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let before = thread_time();
        let polled = self.inner.as_mut().poll(context);
        *self.spent += thread_time().saturating_sub(before);
        polled
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

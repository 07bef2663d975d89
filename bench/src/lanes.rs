//! The same work many times at once, as often as it goes: rates under a fixed number of runs in flight.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Result;

/// How often a second the lanes do their work, each again and again for `round`.
///
/// # Errors
/// What one of them says.
pub(crate) async fn rate<W, F>(round: Duration, lanes: impl IntoIterator<Item = W>) -> Result<f64>
where
    W: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let begun = Instant::now();
    let lane = |mut work: W| async move {
        let mut done = 0_u32;
        while begun.elapsed() < round {
            work().await?;
            done += 1;
            // A future that is never pending would keep its thread from the other lanes.
            tokio::task::yield_now().await;
        }
        Ok::<_, anyhow::Error>(done)
    };
    let lanes: Vec<_> = lanes.into_iter().map(|work| tokio::spawn(lane(work))).collect();
    let mut done = 0;
    for lane in lanes {
        done += lane.await??;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

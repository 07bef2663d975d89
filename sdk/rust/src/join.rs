//! Several calls to the host at once, without a crate for it.

use std::{future::poll_fn, pin::Pin, task::Poll};

/// What all of them came to, in their order. Each is begun in that order.
pub(crate) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Running<F>> = futures.into_iter().map(|future| Running::Still(Box::pin(future))).collect();
    poll_fn(|context| {
        let mut done = true;
        for place in &mut running {
            let Running::Still(future) = place else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(output) => *place = Running::Done(output),
                Poll::Pending => done = false,
            }
        }
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let outputs = running.into_iter().filter_map(|place| match place {
        Running::Done(output) => Some(output),
        Running::Still(_) => None,
    });
    outputs.collect()
}

enum Running<F: Future> {
    Still(Pin<Box<F>>),
    Done(F::Output),
}

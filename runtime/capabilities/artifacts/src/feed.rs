//! A run's stream as what is stored: its bytes until its end or the run's, and what is to be said of it then.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use watchkeeper_contract::{ByteStream, Verdict};

const RUN_ENDED: &str = "the run ended first";

/// The bytes of a stream. Tells what its source said of it once it ends.
pub(crate) struct Feed {
    bytes: ByteStream,
    ended: Option<oneshot::Sender<Verdict>>,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Feed {
    /// `cancel` ends it early.
    pub(crate) fn new(bytes: ByteStream, cancel: &CancellationToken) -> (Self, oneshot::Receiver<Verdict>) {
        let (ended, source) = oneshot::channel();
        (Self { bytes, ended: Some(ended), cancelled: Box::pin(cancel.clone().cancelled_owned()) }, source)
    }

    fn end(&mut self, verdict: Verdict) -> Poll<Option<Bytes>> {
        if let Some(ended) = self.ended.take() {
            let _unasked = ended.send(verdict);
        }
        Poll::Ready(None)
    }
}

impl Stream for Feed {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended.is_none() {
            return Poll::Ready(None);
        }
        if self.cancelled.as_mut().poll(context).is_ready() {
            return self.end(Err(RUN_ENDED.to_owned()));
        }
        match self.bytes.poll_next(context) {
            Poll::Ready(None) => {
                let verdict = self.bytes.verdict();
                self.end(verdict)
            }
            other => other,
        }
    }
}

/// Whether all of a content came: the plugin says so, and its source ended well. The plugin's own words come first, since it knows what
/// it did with the source's.
pub(crate) async fn complete(
    source: oneshot::Receiver<Verdict>,
    plugin: oneshot::Receiver<Verdict>,
    cancel: CancellationToken,
) -> Verdict {
    let both = async {
        let source = source.await.unwrap_or_else(|_| Err("the stream was not read to its end".to_owned()));
        let unsaid = "the plugin never said whether the content is complete";
        plugin.await.unwrap_or_else(|_| Err(unsaid.to_owned())).and(source)
    };
    tokio::select! {
        biased;
        verdict = both => verdict,
        () = cancel.cancelled() => Err(RUN_ENDED.to_owned()),
    }
}

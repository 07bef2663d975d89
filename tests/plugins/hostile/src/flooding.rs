//! Calling the host more often than it is good for. Uses the bindings themselves where the SDK is too polite.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use watchkeeper_sdk::{
    Error, Result,
    bindings::watchkeeper::{
        chain::chain,
        plugin::metrics::{self, Sample, Value},
    },
    context, info,
};

/// A chain whose only endpoint takes requests and never answers.
const SILENT: &str = "silent";
const MIB: usize = 1 << 20;

type Call<T> = Pin<Box<dyn Future<Output = T>>>;

pub(crate) async fn wait_for_silence() -> Result<String> {
    let answer = chain::get_header(SILENT.to_owned(), chain::Block::Latest).await;
    Err(Error::Failed(format!("silence answered {answer:?}")))
}

pub(crate) async fn begin_calls(count: usize) -> Result<String> {
    let mut calls: Vec<Call<_>> = Vec::new();
    for _ in 0..count {
        let mut call: Call<_> = Box::pin(chain::get_header(SILENT.to_owned(), chain::Block::Latest));
        begin(call.as_mut()).await;
        calls.push(call);
    }
    wait_for_silence().await
}

pub(crate) async fn take_calls_back() -> Result<String> {
    loop {
        begin(pin!(chain::get_header(SILENT.to_owned(), chain::Block::Latest))).await;
    }
}

/// The host serves some calls at once; those that follow wait with their arguments.
pub(crate) async fn send_huge_arguments() -> Result<String> {
    let mut calls: Vec<Call<_>> = Vec::new();
    for _ in 0..64 {
        let mut call: Call<_> =
            Box::pin(async { chain::get_header(SILENT.to_owned(), chain::Block::Latest).await.map(drop) });
        begin(call.as_mut()).await;
        calls.push(call);
    }
    let params = format!("[\"{}\"]", "0".repeat(4 * MIB));
    loop {
        let (method, params) = ("eth_getTransactionByHash".to_owned(), params.clone());
        let mut call: Call<_> = Box::pin(async { chain::request(SILENT.to_owned(), method, params).await.map(drop) });
        begin(call.as_mut()).await;
        calls.push(call);
    }
}

/// Makes the call, and doesn't wait for its answer.
async fn begin<F: Future + ?Sized>(mut call: Pin<&mut F>) {
    poll_fn(|context| {
        let _pending = call.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

pub(crate) fn progress() -> Result<String> {
    let stage = "s".repeat(MIB);
    for done in 0.. {
        context::progress(&stage, done, None);
    }
    Err(Error::Failed("it ended".to_owned()))
}

pub(crate) fn log() -> Result<String> {
    let line = "l".repeat(1024);
    loop {
        info!(line = line, "{line}");
    }
}

pub(crate) fn emit() -> Result<String> {
    let batch: Vec<Sample> = (0..1000).map(|number| sample(0, number.to_string())).collect();
    loop {
        metrics::emit(&batch);
    }
}

#[inline(never)]
pub(crate) fn emit_for_no_family() -> String {
    metrics::emit(&[sample(7, String::new())]);
    "emitted for family 7".to_owned()
}

fn sample(family: u32, label: String) -> Sample {
    Sample { family, labels: vec![label], value: Value::Set(1.0) }
}

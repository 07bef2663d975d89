//! The contract's imports, with alloy's types on the plugin's side. A hash or address of a wrong length is malformed.

use std::time::Duration;

use alloy_primitives::{Address, B256};

use crate::{
    bindings::{
        clock::wasi::clocks::system_clock,
        watchkeeper::{
            chain::chain as wit,
            plugin::{context, log as wit_log, metrics as wit_metrics},
            state::state as wit_state,
        },
    },
    chain::{Block, Call, Error, Filter, Header, Log, Reply},
    context::Trigger,
    log::Level,
    metrics::{Sample, Value},
    state,
};

pub(crate) fn run_id() -> String {
    context::run_id()
}

pub(crate) fn job() -> String {
    context::job()
}

pub(crate) fn attempt() -> u32 {
    context::attempt()
}

pub(crate) fn config() -> String {
    context::config()
}

pub(crate) fn dry_run() -> bool {
    context::dry_run()
}

pub(crate) fn deadline() -> Duration {
    Duration::from_nanos(context::deadline())
}

pub(crate) fn progress(stage: &str, done: u64, total: u64) {
    context::progress(stage, done, total);
}

pub(crate) fn now() -> Duration {
    let system_clock::Instant { seconds, nanoseconds } = system_clock::now();
    Duration::new(seconds.try_into().unwrap_or(0), nanoseconds)
}

pub(crate) fn trigger() -> Trigger {
    match context::trigger() {
        context::Cause::Schedule(nominal) => Trigger::Schedule(Duration::from_nanos(nominal)),
        context::Cause::Manual => Trigger::Manual,
        context::Cause::Head(head) => match B256::try_from(head.hash.as_slice()) {
            Ok(hash) => Trigger::Head { chain: head.chain, number: head.number, hash, previous: head.previous },
            Err(_) => Trigger::Other(format!("a head whose hash has {} bytes", head.hash.len())),
        },
        context::Cause::Probe(target) => Trigger::Probe(target),
        context::Cause::Other(json) => Trigger::Other(json),
    }
}

pub(crate) fn log(level: Level, message: &str, fields: Vec<(String, String)>) {
    let level = match level {
        Level::Trace => wit_log::Level::Trace,
        Level::Debug => wit_log::Level::Debug,
        Level::Info => wit_log::Level::Info,
        Level::Warn => wit_log::Level::Warn,
        Level::Error => wit_log::Level::Error,
    };
    wit_log::write(level, message, &fields);
}

/// Tells the host the text and place of a panic before the trap, which says neither.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("a panic without a text");
        match panic.location() {
            Some(place) => wit_log::panicked(&format!("{text}, at {place}")),
            None => wit_log::panicked(text),
        }
    }));
}

pub(crate) fn emit(samples: Vec<Sample>) {
    let samples: Vec<_> = samples
        .into_iter()
        .map(|sample| wit_metrics::Sample {
            family: sample.family,
            labels: sample.labels,
            value: match sample.value {
                Value::Set(value) => wit_metrics::Value::Set(value),
                Value::Add(value) => wit_metrics::Value::Add(value),
                Value::Observe(value) => wit_metrics::Value::Observe(value),
            },
        })
        .collect();
    wit_metrics::emit(&samples);
}

pub(crate) async fn state_get(key: String) -> Result<Option<Vec<u8>>, state::Error> {
    wit_state::get(key).await.map_err(state_error)
}

pub(crate) async fn state_set(key: String, value: Vec<u8>) -> Result<(), state::Error> {
    wit_state::set(key, value).await.map_err(state_error)
}

pub(crate) async fn state_delete(key: String) -> Result<(), state::Error> {
    wit_state::delete(key).await.map_err(state_error)
}

fn state_error(error: wit_state::Error) -> state::Error {
    match error {
        wit_state::Error::TooLarge(message) => state::Error::TooLarge(message),
        wit_state::Error::Unavailable(message) => state::Error::Unavailable(message),
        wit_state::Error::Other((kind, message)) => state::Error::Other(kind, message),
    }
}

pub(crate) async fn header(chain: String, at: Block) -> Result<Header, Error> {
    lift_header(wit::get_header(chain, lower_block(at)).await.map_err(chain_error)?)
}

pub(crate) async fn request(chain: String, method: String, params: String) -> Result<String, Error> {
    wit::request(chain, method, params).await.map_err(chain_error)
}

pub(crate) async fn call(chain: String, at: Block, calls: Vec<Call>) -> Result<(Header, Vec<Reply>), Error> {
    let asked = calls.len();
    let calls = calls.into_iter().map(|call| wit::Call { to: call.to.to_vec(), data: call.data.into() }).collect();
    let (header, replies) = wit::call_contracts(chain, lower_block(at), calls).await.map_err(chain_error)?;
    if replies.len() != asked {
        return Err(Error::Malformed(format!("{} replies to {asked} calls", replies.len())));
    }
    let replies = replies.into_iter().map(|reply| match reply {
        wit::Reply::Returned(data) => Reply::Returned(data.into()),
        wit::Reply::Reverted(data) => Reply::Reverted(data.into()),
    });
    Ok((lift_header(header)?, replies.collect()))
}

pub(crate) async fn logs(chain: String, filter: Filter) -> Result<Vec<Log>, Error> {
    let filter = wit::Filter {
        addresses: filter.addresses.iter().map(|address| address.to_vec()).collect(),
        topics: filter.topics.iter().map(|place| place.iter().map(|topic| topic.to_vec()).collect()).collect(),
        from_block: filter.from_block,
        to_block: filter.to_block,
    };
    let entries = wit::get_logs(chain, filter).await.map_err(chain_error)?;
    entries.into_iter().map(lift_log).collect()
}

fn lower_block(block: Block) -> wit::Block {
    match block {
        Block::Latest => wit::Block::Latest,
        Block::Safe => wit::Block::Safe,
        Block::Finalized => wit::Block::Finalized,
        Block::Number(number) => wit::Block::Number(number),
    }
}

fn lift_header(header: wit::Header) -> Result<Header, Error> {
    Ok(Header {
        number: header.number,
        hash: hash(&header.hash)?,
        parent_hash: hash(&header.parent_hash)?,
        timestamp: header.timestamp,
        seen: header.seen,
    })
}

fn lift_log(entry: wit::Entry) -> Result<Log, Error> {
    let length = entry.address.len();
    Ok(Log {
        address: Address::try_from(entry.address.as_slice())
            .map_err(|_| Error::Malformed(format!("an address of {length} bytes")))?,
        topics: entry.topics.iter().map(|topic| hash(topic)).collect::<Result<_, _>>()?,
        data: entry.data.into(),
        block_number: entry.block_number,
        block_hash: hash(&entry.block_hash)?,
        transaction_hash: hash(&entry.transaction_hash)?,
        log_index: entry.log_index,
    })
}

fn hash(bytes: &[u8]) -> Result<B256, Error> {
    B256::try_from(bytes).map_err(|_| Error::Malformed(format!("a hash of {} bytes", bytes.len())))
}

fn chain_error(error: wit::Error) -> Error {
    match error {
        wit::Error::Denied(message) => Error::Denied(message),
        wit::Error::Unavailable(message) => Error::Unavailable(message),
        wit::Error::Rpc((code, message)) => Error::Rpc { code, message },
        wit::Error::Malformed(message) => Error::Malformed(message),
        wit::Error::Other((kind, message)) => Error::Other(kind, message),
    }
}

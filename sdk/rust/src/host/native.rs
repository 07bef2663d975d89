//! The host of a native build: what the test host of this thread answers. Without one every read is unavailable.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use alloy_primitives::{Address, B256, Bytes, U64};

use crate::{
    chain::{Block, Call, Error, Filter, Header, Log, Reply},
    context::Trigger,
    http,
    log::Level,
    metrics::Sample,
    state,
    testing::{Account, Clock, Program, Store, Tree},
};

thread_local! {
    static HOST: RefCell<Option<Rc<Recorder>>> = const { RefCell::new(None) };
}

/// A node: chain, method and parameters to the answer.
pub(crate) type Node = Box<dyn Fn(&str, &str, &Value) -> Result<Value, Error>>;

/// Whoever answers over HTTP.
pub(crate) type Server = Box<dyn Fn(&http::Request) -> Result<http::Response, http::Error>>;

/// One run's answers, and what it left.
pub(crate) struct Recorder {
    pub(crate) node: Rc<Node>,
    pub(crate) server: Rc<Server>,
    pub(crate) accounts: Rc<BTreeMap<String, Account>>,
    pub(crate) programs: Rc<BTreeMap<String, Program>>,
    pub(crate) trees: Rc<BTreeMap<String, Tree>>,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) trigger: Trigger,
    pub(crate) state: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) samples: RefCell<Vec<Sample>>,
    pub(crate) logs: RefCell<Vec<(Level, String)>>,
    pub(crate) progress: RefCell<Vec<(String, u64, u64)>>,
    pub(crate) in_flight: Cell<usize>,
    pub(crate) most_in_flight: Cell<usize>,
}

/// Makes `recorder` this thread's host while `work` runs.
pub(crate) fn with_host<T>(recorder: Rc<Recorder>, work: impl FnOnce() -> T) -> T {
    let before = HOST.replace(Some(recorder));
    let result = work();
    HOST.set(before);
    result
}

pub(super) fn host() -> Option<Rc<Recorder>> {
    HOST.with_borrow(Clone::clone)
}

pub(crate) fn run_id() -> String {
    "0".repeat(26)
}

pub(crate) fn job() -> String {
    "test".to_owned()
}

pub(crate) fn attempt() -> u32 {
    1
}

pub(crate) fn config() -> String {
    "{}".to_owned()
}

pub(crate) fn dry_run() -> bool {
    false
}

pub(crate) fn deadline() -> Duration {
    Duration::MAX
}

pub(crate) fn progress(stage: &str, done: u64, total: u64) {
    if let Some(host) = host() {
        host.progress.borrow_mut().push((stage.to_owned(), done, total));
    }
}

pub(crate) fn trigger() -> Trigger {
    host().map_or(Trigger::Manual, |host| host.trigger.clone())
}

pub(crate) fn log(level: Level, message: &str, fields: Vec<(String, String)>) {
    if let Some(host) = host() {
        let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        host.logs.borrow_mut().push((level, format!("{message}{fields}")));
    }
}

/// Tests see panics themselves.
pub(crate) fn report_panics() {}

pub(crate) fn emit(samples: Vec<Sample>) {
    if let Some(host) = host() {
        host.samples.borrow_mut().extend(samples);
    }
}

pub(crate) async fn state_get(key: String) -> Result<Option<Vec<u8>>, state::Error> {
    let host = host().ok_or_else(|| state::Error::Unavailable(NO_HOST.to_owned()))?;
    Ok(host.state.borrow().get(&key).cloned())
}

pub(crate) async fn state_set(key: String, value: Vec<u8>) -> Result<(), state::Error> {
    let host = host().ok_or_else(|| state::Error::Unavailable(NO_HOST.to_owned()))?;
    host.state.borrow_mut().insert(key, value);
    Ok(())
}

pub(crate) async fn state_delete(key: String) -> Result<(), state::Error> {
    let host = host().ok_or_else(|| state::Error::Unavailable(NO_HOST.to_owned()))?;
    host.state.borrow_mut().remove(&key);
    Ok(())
}

pub(crate) async fn request(chain: String, method: String, params: String) -> Result<String, Error> {
    let params = serde_json::from_str(&params).map_err(|error| Error::Malformed(error.to_string()))?;
    Ok(ask(&chain, &method, &params).await?.to_string())
}

pub(crate) async fn header(chain: String, at: Block) -> Result<Header, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        number: U64,
        hash: B256,
        parent_hash: B256,
        timestamp: U64,
    }
    let answer: Answer = read(ask(&chain, "eth_getBlockByNumber", &json!([tag(at), false])).await?)?;
    Ok(Header {
        number: answer.number.to(),
        hash: answer.hash,
        parent_hash: answer.parent_hash,
        timestamp: answer.timestamp.to(),
        seen: 0,
    })
}

pub(crate) async fn call(chain: String, at: Block, calls: Vec<Call>) -> Result<(Header, Vec<Reply>), Error> {
    let header = header(chain.clone(), at).await?;
    let mut replies = Vec::new();
    for call in calls {
        let params = json!([{ "to": call.to, "data": call.data }, tag(Block::Number(header.number))]);
        replies.push(match ask(&chain, "eth_call", &params).await {
            Ok(answer) => Reply::Returned(read(answer)?),
            Err(Error::Rpc { code: 3, .. }) => Reply::Reverted(Bytes::new()),
            Err(error) => return Err(error),
        });
    }
    Ok((header, replies))
}

pub(crate) async fn logs(chain: String, filter: Filter) -> Result<Vec<Log>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        address: Address,
        topics: Vec<B256>,
        data: Bytes,
        block_number: U64,
        block_hash: B256,
        transaction_hash: B256,
        log_index: U64,
    }
    let params = json!([{
        "address": filter.addresses,
        "topics": filter.topics,
        "fromBlock": tag(Block::Number(filter.from_block)),
        "toBlock": tag(Block::Number(filter.to_block)),
    }]);
    let answers: Vec<Answer> = read(ask(&chain, "eth_getLogs", &params).await?)?;
    Ok(answers
        .into_iter()
        .map(|answer| Log {
            address: answer.address,
            topics: answer.topics,
            data: answer.data,
            block_number: answer.block_number.to(),
            block_hash: answer.block_hash,
            transaction_hash: answer.transaction_hash,
            log_index: answer.log_index.to(),
        })
        .collect())
}

pub(super) const NO_HOST: &str = "a plugin's calls need a host; in a test run it with `watchkeeper_sdk::testing::Host`";

fn tag(block: Block) -> String {
    match block {
        Block::Latest => "latest".to_owned(),
        Block::Safe => "safe".to_owned(),
        Block::Finalized => "finalized".to_owned(),
        Block::Number(number) => format!("{number:#x}"),
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, Error> {
    serde_json::from_value(answer).map_err(|error| Error::Malformed(error.to_string()))
}

pub(crate) async fn http(request: http::Request) -> Result<http::Response, http::Error> {
    request.parts()?;
    let host = host().ok_or_else(|| http::Error::Unavailable(NO_HOST.to_owned()))?;
    wait_a_turn(&host).await;
    (host.server)(&request)
}

async fn ask(chain: &str, method: &str, params: &Value) -> Result<Value, Error> {
    let host = host().ok_or_else(|| Error::Unavailable(NO_HOST.to_owned()))?;
    wait_a_turn(&host).await;
    (host.node)(chain, method, params)
}

/// So that what a plugin asks at once is in flight at once.
pub(super) async fn wait_a_turn(host: &Recorder) {
    let in_flight = host.in_flight.get() + 1;
    host.in_flight.set(in_flight);
    host.most_in_flight.set(host.most_in_flight.get().max(in_flight));
    Turn { taken: false }.await;
    host.in_flight.set(host.in_flight.get() - 1);
}

struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.taken {
            return Poll::Ready(());
        }
        self.taken = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

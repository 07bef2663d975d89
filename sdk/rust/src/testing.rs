//! A host for unit tests of plugins, in native builds only: it answers from a function that plays the node, keeps state
//! between runs as the real host does, lends accounts, and shows what a run left.
//!
//! ```
//! use serde_json::json;
//! use watchkeeper_sdk::{prelude::*, testing::Host};
//!
//! # #[config]
//! # struct Config { chain: String }
//! # #[derive(Metrics)]
//! # struct Metrics {
//! #     /// Number of the newest block.
//! #     head_block_number: Gauge,
//! # }
//! # async fn run(config: Config, metrics: &Metrics) -> Result<String> {
//! #     let head: U256 = chain(&config.chain).request("eth_blockNumber", ()).await?;
//! #     metrics.head_block_number.set([], head);
//! #     Ok(format!("head {head}"))
//! # }
//! let host = Host::new(|_chain, method, _params| match method {
//!     "eth_blockNumber" => Ok(json!("0x10")),
//!     other => Err(chain::Error::Unavailable(other.into())),
//! });
//! let run = host.run(run, json!({ "chain": "dev" }));
//! assert_eq!(run.outcome, Ok("head 16".into()));
//! assert_eq!(run.samples("head_block_number", &[]), [16.0]);
//! ```

mod account;
mod clock;
mod programs;
mod store;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use self::programs::Program;
pub use self::{
    account::Account,
    clock::Clock,
    programs::{Packing, Ran, Tree},
    store::{Operation, Store},
};
use crate::{
    Error, Result, chain, command,
    context::Trigger,
    host::{Node, Recorder, Server, with_host},
    http,
    log::Level,
    metrics::{self, Families, MetricSet, Sample},
};

/// A host whose chains are one function, and whose services another.
pub struct Host {
    node: Rc<Node>,
    server: Rc<Server>,
    accounts: Rc<BTreeMap<String, Account>>,
    programs: Rc<BTreeMap<String, Program>>,
    trees: Rc<BTreeMap<String, Tree>>,
    store: Store,
    clock: Clock,
    trigger: RefCell<Trigger>,
    state: RefCell<BTreeMap<String, Vec<u8>>>,
}

/// What a run left.
#[derive(Debug)]
pub struct Run {
    /// What the plugin returned.
    pub outcome: Result<String>,
    /// Its log lines, named values appended as ` name=value`.
    pub logs: Vec<(Level, String)>,
    /// What it said of its progress: stage, done, and total, which is 0 where it isn't known.
    pub progress: Vec<(String, u64, u64)>,
    /// The most requests that were waiting for an answer at once.
    pub most_in_flight: usize,
    families: Vec<String>,
    samples: Vec<Sample>,
}

impl Host {
    /// `node` answers a request: chain, method and parameters. Headers, calls and logs reach it as the JSON-RPC methods that
    /// they stand for.
    pub fn new(node: impl Fn(&str, &str, &Value) -> Result<Value, chain::Error> + 'static) -> Self {
        Self {
            node: Rc::new(Box::new(node)),
            server: Rc::new(Box::new(nobody)),
            accounts: Rc::default(),
            programs: Rc::default(),
            trees: Rc::default(),
            store: Store::new(),
            clock: Clock::new(),
            trigger: RefCell::new(Trigger::Manual),
            state: RefCell::default(),
        }
    }

    /// Lends an account under a name. Without one, whatever is asked of a wallet is denied.
    #[must_use]
    pub fn account(mut self, name: &str, account: Account) -> Self {
        Rc::make_mut(&mut self.accounts).insert(name.to_owned(), account);
        self
    }

    /// Plays a command: its holes by name and value, and what it read. Without one it is denied.
    #[must_use]
    pub fn command(
        mut self,
        name: &str,
        program: impl Fn(&[(String, String)], Vec<u8>) -> Result<Ran, command::Error> + 'static,
    ) -> Self {
        if let Some(programs) = Rc::get_mut(&mut self.programs) {
            programs.insert(name.to_owned(), Box::new(program));
        }
        self
    }

    /// Plays a tree of files. Without one it is denied.
    #[must_use]
    pub fn tree(mut self, name: &str, tree: Tree) -> Self {
        if let Some(trees) = Rc::get_mut(&mut self.trees) {
            trees.insert(name.to_owned(), tree);
        }
        self
    }

    /// The store of artifacts, empty to begin with. The job is called `test`.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// The time that the plugin is told.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// What the next runs are started by; an operator, unless told.
    pub fn trigger(&self, trigger: Trigger) {
        self.trigger.replace(trigger);
    }

    /// `server` answers the plugin's requests over HTTP; without it they are denied.
    #[must_use]
    pub fn http(mut self, server: impl Fn(&http::Request) -> Result<http::Response, http::Error> + 'static) -> Self {
        self.server = Rc::new(Box::new(server));
        self
    }

    /// `service` answers the plugin's JSON-RPC calls over HTTP: URL, method and parameters. [`http::Error::Rpc`] reaches the
    /// plugin as the service's own error, every other one as the host's.
    #[must_use]
    pub fn json_rpc(self, service: impl Fn(&str, &str, &Value) -> Result<Value, http::Error> + 'static) -> Self {
        self.http(move |request| {
            let call: Value =
                serde_json::from_slice(&request.body).map_err(|error| http::Error::Malformed(error.to_string()))?;
            let part = |name| call.get(name).unwrap_or(&Value::Null);
            let method = part("method").as_str().unwrap_or_default();
            let answer = match service(&request.url, method, part("params")) {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": part("id"), "result": result }),
                Err(http::Error::Rpc { code, message }) => {
                    json!({ "jsonrpc": "2.0", "id": part("id"), "error": { "code": code, "message": message } })
                }
                Err(error) => return Err(error),
            };
            Ok(http::Response { status: 200, headers: Vec::new(), body: answer.to_string().into_bytes() })
        })
    }

    /// Runs a plugin's function once. Samples and state of a run that fails are dropped.
    pub fn run<C, M>(&self, plugin: impl AsyncFnOnce(C, &M) -> Result<String>, config: Value) -> Run
    where
        C: DeserializeOwned,
        M: MetricSet<C>,
    {
        let recorder = Rc::new(Recorder {
            node: Rc::clone(&self.node),
            server: Rc::clone(&self.server),
            accounts: Rc::clone(&self.accounts),
            programs: Rc::clone(&self.programs),
            trees: Rc::clone(&self.trees),
            store: self.store.clone(),
            clock: self.clock.clone(),
            trigger: self.trigger.borrow().clone(),
            state: self.state.clone(),
            samples: RefCell::default(),
            logs: RefCell::default(),
            progress: RefCell::default(),
            in_flight: Cell::default(),
            most_in_flight: Cell::default(),
        });
        let mut families = Families::default();
        let outcome = with_host(Rc::clone(&recorder), || {
            let outcome = attempt(plugin, &config.to_string(), &mut families);
            metrics::flush();
            outcome
        });
        let samples = recorder.samples.take();
        if outcome.is_ok() {
            self.state.replace(recorder.state.take());
        }
        Run {
            families: families.names(),
            samples: if outcome.is_ok() { samples } else { Vec::new() },
            outcome,
            logs: recorder.logs.take(),
            progress: recorder.progress.take(),
            most_in_flight: recorder.most_in_flight.get(),
        }
    }
}

impl Run {
    /// The values that a family's series with these labels was given, in order: what a gauge was set to, what was added to a
    /// counter, what a histogram observed.
    pub fn samples(&self, family: &str, labels: &[&str]) -> Vec<f64> {
        let named = |sample: &&Sample| {
            let name = usize::try_from(sample.family).ok().and_then(|place| self.families.get(place));
            name.is_some_and(|name| name == family) && sample.labels == labels
        };
        self.samples.iter().filter(named).map(|sample| sample.value.number()).collect()
    }
}

fn nobody(request: &http::Request) -> Result<http::Response, http::Error> {
    Err(http::Error::Denied(format!("nobody answers {}; say who with `Host::http` or `Host::json_rpc`", request.url)))
}

fn attempt<C, M>(
    plugin: impl AsyncFnOnce(C, &M) -> Result<String>,
    config: &str,
    families: &mut Families,
) -> Result<String>
where
    C: DeserializeOwned,
    M: MetricSet<C>,
{
    let config: C = crate::config::parse(config).map_err(Error::InvalidConfig)?;
    let metrics = M::declare(&config, families).map_err(Error::InvalidConfig)?;
    block_on(plugin(config, &metrics))
}

/// Polls until done: a test host's futures only ever wait for their next turn.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

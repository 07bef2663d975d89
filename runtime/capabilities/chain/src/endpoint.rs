//! One endpoint: its standing, and requests to it. It answers for its chain id before it is asked anything else.

use std::{
    collections::BTreeSet,
    mem::discriminant,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use alloy_rpc_client::RpcClient;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::timeout_at;
use watchkeeper_contract::{EndpointHealth, EndpointStanding};

use crate::{
    decode::Quantity,
    fault::{Fault, is_about_the_request},
    methods,
    read::{Company, Span},
    standing::{REST, Standing, Turn},
    telemetry::{EndpointIn, EndpointOut, EndpointTelemetry, ReadsSaved, Request, Saved},
    transport::Transport,
};

/// One request.
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) params: Box<RawValue>,
}

/// What one request gave: the result as JSON.
pub(crate) type Answer = Result<Box<RawValue>, Fault>;

/// Requests at once where a node refuses batches.
const UNBATCHED: usize = 4;

pub(crate) struct Endpoint {
    chain_id: u64,
    client: RpcClient,
    standing: Mutex<Standing>,
    verifying: tokio::sync::Mutex<()>,
    batches: AtomicBool,
    span: Mutex<Span>,
    company: Mutex<Company>,
    told: Mutex<Told>,
    telemetry: EndpointTelemetry,
}

/// What people are told of an endpoint beside its standing.
#[derive(Debug, Default)]
struct Told {
    last_answer: Option<Timestamp>,
    problem: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(chain_id: u64, transport: Transport, telemetry: EndpointTelemetry) -> Self {
        Self {
            chain_id,
            client: RpcClient::new(transport, false),
            standing: Mutex::new(Standing::New),
            verifying: tokio::sync::Mutex::new(()),
            batches: AtomicBool::new(true),
            span: Mutex::default(),
            company: Mutex::default(),
            told: Mutex::default(),
            telemetry,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.telemetry.endpoint
    }

    pub(crate) fn turn(&self, now: Instant) -> Turn {
        self.standing().turn(now)
    }

    /// What is wrong with it if it serves the chain id `found`.
    pub(crate) fn wrong_chain(&self, found: u64) -> Fault {
        Fault::WrongChain { found, wanted: self.chain_id }
    }

    /// Until `deadline`, requests can be made through this.
    pub(crate) fn until(&self, deadline: tokio::time::Instant) -> Node<'_> {
        Node { endpoint: self, deadline }
    }

    /// Notes a fault that the endpoint is to blame for.
    pub(crate) fn failed(&self, fault: &Fault) {
        if !fault.blames_endpoint() {
            return;
        }
        let until = Instant::now() + REST;
        let after = match fault {
            Fault::WrongChain { found, .. } => Standing::WrongChain { found: *found, until },
            _ => Standing::Resting { until },
        };
        self.told().problem = Some(fault.to_string());
        let before = std::mem::replace(&mut *self.standing(), after);
        if discriminant(&before) != discriminant(&after) {
            EndpointOut { endpoint: &self.telemetry, reason: fault.to_string() }.emit();
        }
    }

    /// Notes that it gave a read its answer.
    pub(crate) fn answered(&self, now: Timestamp) {
        *self.told() = Told { last_answer: Some(now), problem: None };
    }

    /// How it is, for people.
    pub(crate) fn health(&self) -> EndpointHealth {
        let standing = match *self.standing() {
            Standing::New => EndpointStanding::Unknown,
            Standing::Good => EndpointStanding::Ok,
            Standing::Resting { .. } => EndpointStanding::Failing,
            Standing::WrongChain { .. } => EndpointStanding::WrongChain,
        };
        let told = self.told();
        EndpointHealth {
            name: self.name().to_owned(),
            standing,
            last_answer: told.last_answer,
            problem: told.problem.clone(),
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn works(&self) {
        *self.standing() = Standing::Good;
        EndpointIn { endpoint: &self.telemetry }.emit();
    }

    fn is_good(&self) -> bool {
        *self.standing() == Standing::Good
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An endpoint for the time that one read gives it.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    endpoint: &'a Endpoint,
    deadline: tokio::time::Instant,
}

impl Node<'_> {
    /// Makes sure that it serves the right chain: asked once, and again after each rest.
    pub(crate) async fn verify(self) -> Result<(), Fault> {
        let endpoint = self.endpoint;
        if endpoint.is_good() {
            return Ok(());
        }
        let gate = timeout_at(self.deadline, endpoint.verifying.lock());
        let _alone = gate.await.map_err(|_elapsed| Fault::Timeout)?;
        if endpoint.is_good() {
            return Ok(());
        }
        let none = to_raw_value(&[(); 0]).map_err(Fault::malformed)?;
        let answer = self.call(methods::CHAIN_ID, none).await.map_err(|fault| match fault {
            Fault::Rpc(error) => Fault::malformed(format!("no chain id, but error {}", error.code)),
            other => other,
        })?;
        let Quantity(found) = serde_json::from_str(answer.get()).map_err(Fault::malformed)?;
        if found != endpoint.chain_id {
            return Err(endpoint.wrong_chain(found));
        }
        endpoint.works();
        Ok(())
    }

    /// Uses what is known of the range that an `eth_getLogs` may have here.
    pub(crate) fn span<T>(self, work: impl FnOnce(&mut Span) -> T) -> T {
        work(&mut self.endpoint.span.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses what is known of calls that go together here.
    pub(crate) fn company<T>(self, work: impl FnOnce(&mut Company) -> T) -> T {
        work(&mut self.endpoint.company.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that so many reads needed no request of their own.
    pub(crate) fn saved(self, how: Saved, reads: usize) {
        let EndpointTelemetry { metrics, chain, .. } = &self.endpoint.telemetry;
        ReadsSaved { metrics, chain, how, reads }.emit();
    }

    /// One request.
    pub(crate) async fn call(self, method: &'static str, params: Box<RawValue>) -> Answer {
        let event = Request::begin(&self.endpoint.telemetry, method);
        let request = self.endpoint.client.request::<_, Box<RawValue>>(method, params);
        let answer = match timeout_at(self.deadline, request).await {
            Ok(answer) => answer.map_err(Fault::from),
            Err(_elapsed) => Err(Fault::Timeout),
        };
        event.end(answer.as_ref().map_or_else(Fault::as_str, |_| "ok"));
        answer
    }

    /// Many requests of one method, the answers in their order: as one batch, or one by one if the node takes no batches.
    pub(crate) async fn calls(self, method: &'static str, params: Vec<Box<RawValue>>) -> Result<Vec<Answer>, Fault> {
        self.requests(params.into_iter().map(|params| Asked { method, params }).collect()).await
    }

    /// As [`Node::calls`], of any methods.
    pub(crate) async fn requests(self, requests: Vec<Asked>) -> Result<Vec<Answer>, Fault> {
        if requests.len() > 1 && self.endpoint.batches.load(Ordering::Relaxed) {
            match self.batch(&requests).await {
                Err(Fault::BatchRefused) => self.endpoint.batches.store(false, Ordering::Relaxed),
                Err(Fault::Status(status)) if is_about_the_request(status) => {
                    self.endpoint.batches.store(false, Ordering::Relaxed);
                }
                answers => return answers,
            }
        }
        let calls = requests.into_iter().map(|asked| async move {
            match self.call(asked.method, asked.params).await {
                Err(fault) if !matches!(fault, Fault::Rpc(_)) => Err(fault),
                answer => Ok(answer),
            }
        });
        stream::iter(calls).buffered(UNBATCHED).try_collect().await
    }

    async fn batch(self, requests: &[Asked]) -> Result<Vec<Answer>, Fault> {
        let methods: BTreeSet<&'static str> = requests.iter().map(|asked| asked.method).collect();
        let method = if methods.len() > 1 { methods::MANY } else { methods.first().copied().unwrap_or(methods::MANY) };
        let event = Request::begin(&self.endpoint.telemetry, method);
        let mut batch = self.endpoint.client.new_batch();
        let waiters: Result<Vec<_>, _> =
            requests.iter().map(|asked| batch.add_call::<_, Box<RawValue>>(asked.method, &asked.params)).collect();
        let waiters = waiters?;
        let sent = match timeout_at(self.deadline, batch.send()).await {
            Ok(sent) => sent.map_err(Fault::from),
            Err(_elapsed) => Err(Fault::Timeout),
        };
        event.end(sent.as_ref().map_or_else(Fault::as_str, |()| "ok"));
        sent?;
        self.saved(Saved::Batch, waiters.len().saturating_sub(1));
        let mut answers = Vec::with_capacity(waiters.len());
        for waiter in waiters {
            answers.push(waiter.await.map_err(Fault::from));
        }
        Ok(answers)
    }
}

//! One endpoint: its standing, and requests to it. It answers for its chain id before it is asked anything else.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use alloy_json_rpc::{Request as JsonRequest, RequestPacket, ResponsePacket, ResponsePayload};
use alloy_rpc_client::RpcClient;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout_at,
};
use tower_service::Service;
use watchkeeper_contract::{EndpointHealth, EndpointStanding};
use watchkeeper_model::Clock;

use crate::{
    At, Header,
    decode::Quantity,
    fault::{Fault, is_about_the_request},
    methods,
    pace::Pace,
    read::{Company, Read, ReadHeader, Span},
    score::Score,
    standing::{Standing, Turn, Why},
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

/// A head that an endpoint told of longer ago says nothing of how far it lags.
const LAG_COUNTS: Duration = Duration::from_secs(60);
/// Requests at once where a node refuses batches.
const UNBATCHED: usize = 4;

pub(crate) struct Endpoint {
    chain_id: u64,
    max_head_age: Option<Duration>,
    client: RpcClient,
    standing: Mutex<Standing>,
    verifying: tokio::sync::Mutex<()>,
    batches: AtomicBool,
    span: Mutex<Span>,
    score: Mutex<Score>,
    pace: Option<Mutex<Pace>>,
    places: Semaphore,
    company: Mutex<Company>,
    told: Mutex<Told>,
    /// The highest head that any endpoint of the chain told of.
    best: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
    telemetry: EndpointTelemetry,
}

/// What an endpoint is made with, beside its transport.
pub(crate) struct EndpointOptions {
    pub(crate) chain_id: u64,
    pub(crate) max_head_age: Option<Duration>,
    pub(crate) max_concurrent: usize,
    pub(crate) requests_per_second: Option<f64>,
    pub(crate) best: Arc<AtomicU64>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What people are told of an endpoint beside its standing.
#[derive(Debug, Default)]
struct Told {
    last_answer: Option<Timestamp>,
    problem: Option<String>,
    out_since: Option<Timestamp>,
    /// The newest block that it told of, and when.
    head: Option<(u64, Instant)>,
}

impl Endpoint {
    pub(crate) fn new(options: EndpointOptions, transport: Transport, telemetry: EndpointTelemetry) -> Self {
        Self {
            chain_id: options.chain_id,
            max_head_age: options.max_head_age,
            client: RpcClient::new(transport, false),
            standing: Mutex::new(Standing::New),
            verifying: tokio::sync::Mutex::new(()),
            batches: AtomicBool::new(true),
            span: Mutex::default(),
            score: Mutex::default(),
            pace: options.requests_per_second.map(|rate| Mutex::new(Pace::new(rate))),
            places: Semaphore::new(options.max_concurrent.min(Semaphore::MAX_PERMITS)),
            company: Mutex::default(),
            told: Mutex::default(),
            best: options.best,
            clock: options.clock,
            telemetry,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.telemetry.endpoint
    }

    pub(crate) fn turn(&self, now: Instant) -> Turn {
        self.standing().turn(now)
    }

    /// The average time to an answer, in seconds; none before the first.
    pub(crate) fn latency(&self) -> Option<f64> {
        locked(&self.score).latency()
    }

    /// How well it serves, beside the fastest: 0 is best.
    pub(crate) fn grade(&self, fastest: Option<f64>) -> u8 {
        locked(&self.score).grade(fastest, self.lag())
    }

    /// How many blocks it was behind the best head that was told of lately; none where that isn't known.
    pub(crate) fn lag(&self) -> Option<u64> {
        let (head, told) = locked(&self.told).head?;
        (told.elapsed() < LAG_COUNTS).then(|| self.best.load(Ordering::Relaxed).saturating_sub(head))
    }

    /// What is wrong with an endpoint that may not be asked.
    pub(crate) fn refusal(&self, why: Why) -> Fault {
        match why {
            Why::Failing => Fault::Unreachable("rests".to_owned()),
            Why::Throttled(wish) => Fault::Throttled(wish),
            Why::WrongChain(found) => Fault::WrongChain { found, wanted: self.chain_id },
            Why::Stale(age) => Fault::Stale(age),
        }
    }

    /// Until `deadline`, requests can be made through this.
    pub(crate) fn until(&self, deadline: tokio::time::Instant) -> Node<'_> {
        Node { endpoint: self, deadline }
    }

    /// Notes a fault that the endpoint is to blame for.
    pub(crate) fn failed(&self, fault: &Fault) {
        let Some(why) = fault.blames_endpoint() else { return };
        locked(&self.score).failed();
        let was_out = {
            let mut standing = self.standing();
            let was_out = matches!(*standing, Standing::Out { why: before, .. } if before.as_str() == why.as_str());
            standing.failed(why, Instant::now());
            was_out
        };
        {
            let mut told = locked(&self.told);
            told.problem = Some(fault.to_string());
            told.out_since.get_or_insert_with(|| self.clock.now());
        }
        if !was_out {
            EndpointOut { endpoint: &self.telemetry, why, reason: fault.to_string() }.emit();
        }
    }

    /// Notes that it gave a read its answer.
    pub(crate) fn answered(&self, now: Timestamp) {
        self.standing().answered();
        let mut told = locked(&self.told);
        *told = Told { last_answer: Some(now), problem: None, out_since: None, head: told.head };
    }

    /// How it is, for people.
    pub(crate) fn health(&self) -> EndpointHealth {
        let standing = match *self.standing() {
            Standing::New => EndpointStanding::Unknown,
            Standing::Good { .. } => EndpointStanding::Ok,
            Standing::Out { why: Why::Failing, .. } => EndpointStanding::Failing,
            Standing::Out { why: Why::Throttled(_), .. } => EndpointStanding::Throttled,
            Standing::Out { why: Why::WrongChain(_), .. } => EndpointStanding::WrongChain,
            Standing::Out { why: Why::Stale(_), .. } => EndpointStanding::Stale,
        };
        let lag = self.lag();
        let told = locked(&self.told);
        EndpointHealth {
            name: self.name().to_owned(),
            standing,
            lag,
            last_answer: told.last_answer,
            out_since: told.out_since,
            problem: told.problem.clone(),
        }
    }

    fn works(&self) {
        let was_good = {
            let mut standing = self.standing();
            let was_good = matches!(*standing, Standing::Good { .. });
            standing.works(Instant::now());
            was_good
        };
        if !was_good {
            EndpointIn { endpoint: &self.telemetry }.emit();
        }
    }

    fn is_verified(&self) -> bool {
        self.standing().is_verified(Instant::now())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        locked(&self.standing)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An endpoint for the time that one read gives it.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    endpoint: &'a Endpoint,
    deadline: tokio::time::Instant,
}

impl<'a> Node<'a> {
    /// Waits for a place among the endpoint's requests, and for its pace: it isn't to blame for that.
    async fn place(self) -> Result<SemaphorePermit<'a>, Fault> {
        let place = timeout_at(self.deadline, self.endpoint.places.acquire()).await;
        let place = place.ok().and_then(Result::ok).ok_or(Fault::Busy)?;
        if let Some(pace) = &self.endpoint.pace {
            let patience = self.deadline.saturating_duration_since(tokio::time::Instant::now());
            let wait = locked(pace).take(Instant::now(), patience).ok_or(Fault::Busy)?;
            tokio::time::sleep(wait).await;
        }
        Ok(place)
    }

    /// Makes sure that it serves the right chain, and stands at a head that is new enough: asked at first, after each rest, and
    /// once in a while.
    pub(crate) async fn verify(self) -> Result<(), Fault> {
        let endpoint = self.endpoint;
        if endpoint.is_verified() {
            return Ok(());
        }
        let gate = timeout_at(self.deadline, endpoint.verifying.lock());
        let _alone = gate.await.map_err(|_elapsed| Fault::Timeout)?;
        if endpoint.is_verified() {
            return Ok(());
        }
        self.check_chain().await?;
        if endpoint.max_head_age.is_some() {
            ReadHeader { at: At::Latest }.attempt(self).await?;
        }
        endpoint.works();
        Ok(())
    }

    /// Asks it for its chain's id, whatever it said before.
    pub(crate) async fn check_chain(self) -> Result<(), Fault> {
        let none = to_raw_value(&[(); 0]).map_err(Fault::malformed)?;
        let answer = self.call(methods::CHAIN_ID, none).await.map_err(|fault| match fault {
            Fault::Rpc(error) => Fault::malformed(format!("no chain id, but error {}", error.code)),
            other => other,
        })?;
        let Quantity(found) = serde_json::from_str(answer.get()).map_err(Fault::malformed)?;
        if found != self.endpoint.chain_id {
            return Err(self.endpoint.refusal(Why::WrongChain(found)));
        }
        Ok(())
    }

    /// It told of its newest block.
    pub(crate) fn heard(self, header: &Header) -> Result<(), Fault> {
        let endpoint = self.endpoint;
        locked(&endpoint.told).head = Some((header.number, Instant::now()));
        endpoint.best.fetch_max(header.number, Ordering::Relaxed);
        endpoint.telemetry.lags(endpoint.lag().unwrap_or(0));
        let now = u64::try_from(endpoint.clock.now().as_second()).unwrap_or(0);
        let age = Duration::from_secs(now.saturating_sub(header.timestamp));
        if endpoint.max_head_age.is_some_and(|most| age > most) {
            return Err(Fault::Stale(age));
        }
        Ok(())
    }

    /// Uses what is known of the range that an `eth_getLogs` may have here.
    pub(crate) fn span<T>(self, work: impl FnOnce(&mut Span) -> T) -> T {
        work(&mut locked(&self.endpoint.span))
    }

    /// Uses what is known of calls that go together here.
    pub(crate) fn company<T>(self, work: impl FnOnce(&mut Company) -> T) -> T {
        work(&mut locked(&self.endpoint.company))
    }

    /// Notes that so many reads needed no request of their own.
    pub(crate) fn saved(self, how: Saved, reads: usize) {
        let EndpointTelemetry { metrics, chain, .. } = &self.endpoint.telemetry;
        ReadsSaved { metrics, chain, how, reads }.emit();
    }

    /// One request.
    pub(crate) async fn call(self, method: &'static str, params: Box<RawValue>) -> Answer {
        let request = self.endpoint.client.request::<_, Box<RawValue>>(method, params);
        self.exchange(method, async { request.await.map_err(Fault::from) }).await
    }

    /// One request past alloy's client, which hands what it sends to whoever traces it.
    pub(crate) async fn call_untraced(self, method: &'static str, params: Box<RawValue>) -> Answer {
        let client = &self.endpoint.client;
        let request = JsonRequest::new(method, client.next_id(), params).serialize().map_err(Fault::malformed)?;
        let mut transport = client.transport().clone();
        let answer = async {
            match transport.call(RequestPacket::Single(request)).await? {
                ResponsePacket::Single(response) => match response.payload {
                    ResponsePayload::Success(result) => Ok(result),
                    ResponsePayload::Failure(error) => Err(Fault::Rpc(error)),
                },
                ResponsePacket::Batch(_) => Err(Fault::malformed("a batch answers one request")),
            }
        };
        self.exchange(method, answer).await
    }

    async fn exchange(self, method: &'static str, request: impl Future<Output = Answer> + Send) -> Answer {
        let _place = self.place().await?;
        let event = Request::begin(&self.endpoint.telemetry, method, 1);
        let begun = Instant::now();
        let answer = timeout_at(self.deadline, request).await.unwrap_or(Err(Fault::Timeout));
        event.end(answer.as_ref().map_or_else(Fault::as_str, |_| "ok"));
        if matches!(answer, Ok(_) | Err(Fault::Rpc(_))) {
            locked(&self.endpoint.score).answered(begun.elapsed());
        }
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
        let _place = self.place().await?;
        let event = Request::begin(&self.endpoint.telemetry, method, requests.len());
        let begun = Instant::now();
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
        locked(&self.endpoint.score).answered(begun.elapsed());
        self.saved(Saved::Batch, waiters.len().saturating_sub(1));
        let mut answers = Vec::with_capacity(waiters.len());
        for waiter in waiters {
            answers.push(waiter.await.map_err(Fault::from));
        }
        Ok(answers)
    }
}

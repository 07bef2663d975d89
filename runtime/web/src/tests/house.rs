//! A house that the test furnishes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Semaphore, broadcast};
use watchkeeper_model::{JobName, RunId};

use super::samples;
use crate::{
    House, ProbeRequest, ScrapeRequest, ScrapeResponse,
    api::{
        Act, Acted, ActionPage, ActionQuery, Actor, ChainInfo, Event, JobDetail, LogPage, LogQuery, Overview,
        PaymentDetail, PaymentPage, PaymentQuery, PluginInfo, Preview, PreviewOf, Refusal, RunDetail, RunPage,
        RunQuery, Treasury,
    },
};

/// A house with one of everything. It remembers what was asked.
pub(crate) struct Furnished {
    pub(crate) ready: Mutex<Result<(), String>>,
    pub(crate) reload: Mutex<Result<(), String>>,
    /// Stands in every answer where others have a say.
    pub(crate) text: String,
    pub(crate) has_accounts: bool,
    pub(crate) exposition: ScrapeResponse,
    /// A scrape, a probe, a reload and an action each take one to get through.
    pub(crate) gate: Semaphore,
    /// What everything answers that can be refused.
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) events: broadcast::Sender<Arc<Event>>,
    pub(crate) asked: Mutex<Vec<ScrapeRequest>>,
    pub(crate) probed: Mutex<Vec<ProbeRequest>>,
    pub(crate) run_queries: Mutex<Vec<RunQuery>>,
    pub(crate) payment_queries: Mutex<Vec<PaymentQuery>>,
    pub(crate) previews: Mutex<Vec<(PreviewOf, usize)>>,
    pub(crate) acts: Mutex<Vec<(Actor, Act)>>,
    pub(crate) reloads_begun: AtomicUsize,
    pub(crate) reloads_ended: AtomicUsize,
    pub(crate) reloaded_by: Mutex<Vec<Actor>>,
}

impl Default for Furnished {
    fn default() -> Self {
        Self {
            ready: Mutex::new(Ok(())),
            reload: Mutex::new(Ok(())),
            text: "as expected".to_owned(),
            has_accounts: true,
            exposition: ScrapeResponse {
                content_type: "text/plain; version=0.0.4; charset=utf-8",
                content_encoding: None,
                body: ["# TYPE up gauge\n", "", "up 1\n"].map(Bytes::from).to_vec(),
            },
            gate: Semaphore::new(1_000),
            refusal: Mutex::default(),
            events: broadcast::channel(16).0,
            asked: Mutex::default(),
            probed: Mutex::default(),
            run_queries: Mutex::default(),
            payment_queries: Mutex::default(),
            previews: Mutex::default(),
            acts: Mutex::default(),
            reloads_begun: AtomicUsize::new(0),
            reloads_ended: AtomicUsize::new(0),
            reloaded_by: Mutex::default(),
        }
    }
}

impl Furnished {
    /// A house in which scrapes, probes, reloads and actions wait until [`Semaphore::add_permits`].
    pub(crate) fn shut() -> Self {
        Self { gate: Semaphore::new(0), ..Self::default() }
    }

    pub(crate) fn scrapes(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn refused<T>(&self, answer: T) -> Result<T, Refusal> {
        self.refusal.lock().unwrap().clone().map_or(Ok(answer), Err)
    }
}

#[async_trait]
impl House for Furnished {
    fn ready(&self) -> Result<(), String> {
        self.ready.lock().unwrap().clone()
    }

    async fn reload(&self, by: Actor) -> Result<(), String> {
        self.reloaded_by.lock().unwrap().push(by);
        self.reloads_begun.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        self.reloads_ended.fetch_add(1, Ordering::SeqCst);
        self.reload.lock().unwrap().clone()
    }

    async fn scrape(&self, request: ScrapeRequest) -> ScrapeResponse {
        self.asked.lock().unwrap().push(request);
        self.gate.acquire().await.unwrap().forget();
        self.exposition.clone()
    }

    async fn probe(&self, request: ProbeRequest) -> Result<ScrapeResponse, Refusal> {
        self.probed.lock().unwrap().push(request);
        self.gate.acquire().await.unwrap().forget();
        self.refused(self.exposition.clone())
    }

    async fn overview(&self) -> Overview {
        samples::overview(&self.text)
    }

    async fn job(&self, name: &JobName) -> Result<Option<JobDetail>, Refusal> {
        self.refused((*name == samples::job_name()).then(|| samples::job(&self.text)))
    }

    async fn runs(&self, query: RunQuery) -> Result<RunPage, Refusal> {
        self.run_queries.lock().unwrap().push(query);
        self.refused(samples::runs(&self.text))
    }

    async fn run(&self, id: RunId) -> Result<Option<RunDetail>, Refusal> {
        self.refused((id == samples::run_id(2)).then(|| samples::run_detail(&self.text)))
    }

    async fn plugins(&self) -> Vec<PluginInfo> {
        vec![samples::plugin(&self.text)]
    }

    async fn chains(&self) -> Vec<ChainInfo> {
        vec![samples::chain(&self.text)]
    }

    fn has_accounts(&self) -> bool {
        self.has_accounts
    }

    async fn accounts(&self) -> Result<Treasury, Refusal> {
        self.refused(samples::treasury(&self.text))
    }

    async fn payments(&self, query: PaymentQuery) -> Result<PaymentPage, Refusal> {
        self.payment_queries.lock().unwrap().push(query);
        self.refused(samples::payments(&self.text))
    }

    async fn payment(&self, id: u64) -> Result<Option<PaymentDetail>, Refusal> {
        self.refused((id == 17).then(|| samples::payment(&self.text)))
    }

    async fn logs(&self, _query: LogQuery) -> Result<LogPage, Refusal> {
        self.refused(samples::logs(&self.text))
    }

    async fn actions(&self, _query: ActionQuery) -> Result<ActionPage, Refusal> {
        self.refused(samples::actions(&self.text))
    }

    async fn preview(&self, of: PreviewOf, count: usize) -> Result<Preview, Refusal> {
        self.previews.lock().unwrap().push((of, count));
        self.refused(samples::preview(&self.text))
    }

    async fn act(&self, by: Actor, act: Act) -> Result<Acted, Refusal> {
        self.acts.lock().unwrap().push((by, act));
        self.gate.acquire().await.unwrap().forget();
        self.refused(samples::acted(&self.text))
    }

    fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }
}

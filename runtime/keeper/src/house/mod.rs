//! A running process as the web sees it, and how it ends. What is shown of jobs is put together in [`jobs`], what the
//! ledger tells in [`history`], accounts and payments in [`accounts`], what people ask for in [`acts`] and [`money`], and a
//! run for a scrape in [`probe`].

mod accounts;
mod acts;
mod history;
mod jobs;
mod money;
mod powers;
mod probe;
mod purses;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use prometheus::Registry;
use tokio::{
    sync::{Semaphore, broadcast, mpsc, oneshot},
    task::JoinHandle,
};
use watchkeeper_config::Settings;
use watchkeeper_ledger::{Ledger, LedgerError};
use watchkeeper_metrics::{Encoding, Format, Scrape, Store};
use watchkeeper_model::{Clock, JobName, RunId};
use watchkeeper_web::{
    House, ProbeRequest, ScrapeRequest, ScrapeResponse,
    api::{
        Act, Acted, ActionPage, ActionQuery, Actor, ChainInfo, Event, JobDetail, LogPage, LogQuery, Overview,
        PaymentDetail, PaymentPage, PaymentQuery, Phase, PluginInfo, Preview, PreviewOf, Refusal, RefusalKind,
        RunDetail, RunPage, RunQuery, Treasury,
    },
};

use crate::{
    assembly::{Reload, since_epoch},
    board::Board,
    conductor::{Asked, Conductor},
    job::Workshop,
    news::News,
    recent::Recent,
    telemetry::Telemetry,
};

/// A process that keeps the watch.
pub struct Keeper {
    pub(crate) settings: Arc<Settings>,
    pub(crate) workshop: Arc<arc_swap::ArcSwap<Workshop>>,
    pub(crate) conductor: Arc<Conductor>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) board: Arc<Board>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) series: Arc<Store>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) news: News,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) host: String,
    pub(crate) started: Timestamp,
    pub(crate) ready: Arc<AtomicBool>,
    pub(crate) reload: mpsc::Sender<Reload>,
    /// Runs for scrapes at once.
    pub(crate) probes: Arc<Semaphore>,
    pub(crate) tasks: Vec<JoinHandle<()>>,
}

impl Keeper {
    /// `watchkeeper.toml` as it was at the start.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Starts nothing any more, gives what runs its grace, then ends it; settles all; closes the ledger.
    pub async fn drain(&self) {
        self.conductor.drain(self.settings.limits.grace).await;
        self.tasks.iter().for_each(JoinHandle::abort);
        self.ledger.close().await;
        tracing::info!("drained");
    }

    fn phase(&self) -> Phase {
        if self.conductor.is_draining() {
            Phase::Draining
        } else if self.ready.load(Ordering::Acquire) {
            Phase::Ready
        } else {
            Phase::Starting
        }
    }
}

#[async_trait]
impl House for Keeper {
    fn ready(&self) -> Result<(), String> {
        match self.phase() {
            Phase::Draining => Err("draining".to_owned()),
            Phase::Starting => Err("starting: plugins are being loaded".to_owned()),
            Phase::Ready => match self.conductor.store_away() {
                Some((_, reason)) => Err(format!("the store takes nothing: {reason}")),
                None => Ok(()),
            },
        }
    }

    async fn reload(&self, by: Actor) -> Result<(), String> {
        self.conductor.reload_asked(&Asked { by: by.name.to_string(), note: String::new() }).await;
        let (answer, problems) = oneshot::channel();
        let ended = || "watchkeeper is ending".to_owned();
        self.reload.send(answer).await.map_err(|_| ended())?;
        let problems = problems.await.map_err(|_| ended())?;
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }

    async fn scrape(&self, request: ScrapeRequest) -> ScrapeResponse {
        scrape(Arc::clone(&self.series), &request, self.clock.now(), self.registry.gather()).await
    }

    async fn probe(&self, request: ProbeRequest) -> Result<ScrapeResponse, Refusal> {
        self.probe_job(request).await
    }

    async fn overview(&self) -> Overview {
        self.show_overview().await
    }

    async fn job(&self, name: &JobName) -> Result<Option<JobDetail>, Refusal> {
        self.show_job(name).await
    }

    async fn runs(&self, query: RunQuery) -> Result<RunPage, Refusal> {
        self.show_runs(query).await.map_err(|error| away(&error))
    }

    async fn run(&self, id: RunId) -> Result<Option<RunDetail>, Refusal> {
        self.show_run(id).await
    }

    async fn plugins(&self) -> Vec<PluginInfo> {
        self.show_plugins()
    }

    async fn chains(&self) -> Vec<ChainInfo> {
        self.show_chains()
    }

    fn has_accounts(&self) -> bool {
        self.treasury().is_some()
    }

    async fn accounts(&self) -> Result<Treasury, Refusal> {
        self.show_accounts().await
    }

    async fn payments(&self, query: PaymentQuery) -> Result<PaymentPage, Refusal> {
        self.show_payments(query).await
    }

    async fn payment(&self, id: u64) -> Result<Option<PaymentDetail>, Refusal> {
        self.show_payment(id).await
    }

    async fn logs(&self, query: LogQuery) -> Result<LogPage, Refusal> {
        self.show_logs(query).await.map_err(|error| away(&error))
    }

    async fn actions(&self, query: ActionQuery) -> Result<ActionPage, Refusal> {
        self.show_actions(query).await.map_err(|error| away(&error))
    }

    async fn preview(&self, of: PreviewOf, count: usize) -> Result<Preview, Refusal> {
        self.show_preview(of, count)
    }

    async fn act(&self, by: Actor, act: Act) -> Result<Acted, Refusal> {
        self.do_act(by, act).await
    }

    fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.news.subscribe()
    }
}

/// The store doesn't answer.
fn away(error: &LedgerError) -> Refusal {
    Refusal::new(RefusalKind::Unavailable, error.to_string())
}

/// Renders a store aside, since that takes processor time.
async fn scrape(
    series: Arc<Store>,
    request: &ScrapeRequest,
    now: Timestamp,
    own: Vec<prometheus::proto::MetricFamily>,
) -> ScrapeResponse {
    let format = Format::negotiate(request.accept.as_deref());
    let encoding = Encoding::negotiate(request.accept_encoding.as_deref());
    let now: Duration = since_epoch(now);
    let work = move || series.scrape(format, encoding, now, &own);
    match tokio::task::spawn_blocking(work).await {
        Ok(Scrape { content_type, content_encoding, body, .. }) => {
            ScrapeResponse { content_type, content_encoding, body }
        }
        Err(error) => {
            tracing::error!(%error, "the scrape failed");
            ScrapeResponse { content_type: format.content_type(), content_encoding: None, body: Vec::new() }
        }
    }
}

//! A running process as the web sees it, and how it ends.

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
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use watchkeeper_config::{JobSpec, Settings};
use watchkeeper_ledger::Ledger;
use watchkeeper_metrics::{Encoding, Format, Store};
use watchkeeper_model::Clock;
use watchkeeper_schedule::Schedule;
use watchkeeper_web::{
    House, ScrapeRequest, ScrapeResponse,
    status::{JobStatus, PluginStatus, RunSummary, Status},
};

use crate::{
    assembly::{Reload, since_epoch},
    board::Board,
    conductor::{Conductor, JobView},
};

const RECENT_RUNS: usize = 100;

/// A process that keeps the watch.
pub struct Keeper {
    pub(crate) settings: Arc<Settings>,
    pub(crate) conductor: Arc<Conductor>,
    pub(crate) board: Arc<Board>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) series: Arc<Store>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started: Timestamp,
    pub(crate) ready: Arc<AtomicBool>,
    pub(crate) reload: mpsc::Sender<Reload>,
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

    /// What is wrong with the job's file, or else with its plugin's.
    fn problem(&self, spec: &JobSpec) -> Option<String> {
        let plugin = || self.settings.plugins.join(format!("{}.wasm", spec.plugin));
        self.board.problem(spec.origin.file()).or_else(|| self.board.problem(&plugin()))
    }

    fn job(&self, view: JobView) -> JobStatus {
        let spec = &view.scheduled.job.spec;
        JobStatus {
            name: spec.name.clone(),
            plugin: spec.plugin.clone(),
            digest: Some(view.scheduled.job.plugin.component.digest),
            schedule: describe(&spec.schedule),
            next_run: view.next,
            running: usize::from(view.running.is_some()),
            last_run: self.ledger.recent(Some(&spec.name), 1).first().and_then(RunSummary::of),
            last_success: view.last_success,
            runs: view.runs,
            problem: self.problem(spec),
        }
    }
}

#[async_trait]
impl House for Keeper {
    fn ready(&self) -> Result<(), String> {
        if self.conductor.is_draining() {
            return Err("draining".to_owned());
        }
        if self.ready.load(Ordering::Acquire) { Ok(()) } else { Err("starting: plugins are being loaded".to_owned()) }
    }

    async fn reload(&self) -> Result<(), String> {
        let (answer, problems) = oneshot::channel();
        let ended = || "watchkeeper is ending".to_owned();
        self.reload.send(answer).await.map_err(|_| ended())?;
        let problems = problems.await.map_err(|_| ended())?;
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }

    fn status(&self) -> Status {
        let views = self.conductor.jobs();
        let mut plugins: Vec<PluginStatus> = Vec::new();
        for view in &views {
            let (spec, plugin) = (&view.scheduled.job.spec, &view.scheduled.job.plugin);
            let known = plugins
                .iter_mut()
                .find(|known| known.name == spec.plugin && known.digest == Some(plugin.component.digest));
            match known {
                Some(known) => known.jobs.push(spec.name.clone()),
                None => plugins.push(PluginStatus {
                    name: spec.plugin.clone(),
                    version: Some(plugin.schema.version.clone()),
                    digest: Some(plugin.component.digest),
                    imports: plugin.component.imports.iter().map(|import| import.name.clone()).collect(),
                    jobs: vec![spec.name.clone()],
                }),
            }
        }
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            ready: self.ready().is_ok(),
            draining: self.conductor.is_draining(),
            jobs: views.into_iter().map(|view| self.job(view)).collect(),
            plugins,
            files: self.board.all(),
            recent_runs: self.ledger.recent(None, RECENT_RUNS).iter().filter_map(RunSummary::of).collect(),
        }
    }

    async fn scrape(&self, request: ScrapeRequest) -> ScrapeResponse {
        let format = Format::negotiate(request.accept.as_deref());
        let encoding = Encoding::negotiate(request.accept_encoding.as_deref());
        let (series, now) = (Arc::clone(&self.series), since_epoch(self.clock.now()));
        let own = self.registry.gather();
        let work = move || series.scrape(format, encoding, now, &own);
        match tokio::task::spawn_blocking(work).await {
            Ok(scrape) => ScrapeResponse {
                content_type: scrape.content_type,
                content_encoding: scrape.content_encoding,
                body: scrape.body,
            },
            Err(error) => {
                tracing::error!(%error, "the scrape failed");
                ScrapeResponse { content_type: format.content_type(), content_encoding: None, body: Vec::new() }
            }
        }
    }
}

/// As the operator would write it.
fn describe(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Every(every) => format!("every {}", humantime_like(every.period())),
        Schedule::Cron(cron) => cron.expression().to_owned(),
    }
}

fn humantime_like(period: Duration) -> String {
    jiff::SignedDuration::try_from(period).map_or_else(|_| format!("{period:?}"), |period| format!("{period:#}"))
}

//! Puts a process together: reads `watchkeeper.toml`, opens ledger, sandbox and capabilities, and starts the loops that
//! keep it. A start-up that fails says why and leaves nothing behind.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use prometheus::Registry;
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, mpsc, oneshot},
};
use watchkeeper_config::{Settings, read_trusted};
use watchkeeper_contract::{Capability, Open};
use watchkeeper_ledger::{Bucket, Ledger, LedgerError, NodeStart, Recovery, Retention, RunFilter};
use watchkeeper_metrics::{Limits, Store};
use watchkeeper_model::{Clock, JobName};
use watchkeeper_sandbox::{LoadError, Sandbox};
use watchkeeper_schedule::timetable::Turns;

use crate::{
    Keeper, Workshop,
    board::Board,
    conductor::Conductor,
    files::Files,
    host_metrics,
    ledger_metrics::LedgerMetrics,
    loader::{Environment, KnownFiles, Loader},
    news::News,
    plugins::Plugins,
    recent::{self, BUCKET_SECONDS, Recent},
    run::Rooms,
    settings::sandbox_settings,
    telemetry::Telemetry,
    upkeep::Upkeep,
    watch::Watch,
};

/// How often all files are looked at, whatever notifications say.
const RESCAN: Duration = Duration::from_secs(30);
/// How often stale gauges go, and changed series are rendered.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Opens a configuration's capabilities, or says which key is wrong.
pub type Opener = Box<dyn Fn(&Settings, &Arc<Ledger>) -> Result<Vec<Arc<dyn Open>>, String> + Send + Sync>;

/// The parts that a process is made of.
pub struct Assembly {
    /// `watchkeeper.toml`.
    pub config: PathBuf,
    /// The program that compiles plugins when called with the sandbox's subcommand.
    pub program: PathBuf,
    /// What plugins can be granted.
    pub capabilities: Vec<Arc<dyn Capability>>,
    /// Opens them for a configuration.
    pub opener: Opener,
    /// The process's own metrics.
    pub registry: Registry,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why a process can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `watchkeeper.toml` is wrong.
    #[error("{0}")]
    Config(String),
    /// The ledger can't be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The sandbox can't be made.
    #[error("the sandbox can't start: {0}")]
    Sandbox(#[from] LoadError),
    /// What the last process left running can't be ended.
    #[error("{0}")]
    Recovery(String),
    /// A metric was registered twice, or a host family breaks a rule.
    #[error("the metrics can't start: {0}")]
    Metrics(String),
}

/// A request to look at all files now, answered with what is wrong.
pub(crate) type Reload = oneshot::Sender<Vec<String>>;

impl Assembly {
    /// Reads `watchkeeper.toml`.
    ///
    /// # Errors
    /// [`StartError::Config`].
    pub fn settings(&self) -> Result<Settings, StartError> {
        let config = |error: &dyn std::fmt::Display| StartError::Config(error.to_string());
        if !self.config.exists() {
            let text = "there is no such file\nhint: name the configuration with `--config`";
            return Err(StartError::Config(format!("{}: {text}", self.config.display())));
        }
        let (bytes, _) = read_trusted(&self.config, 1 << 20).map_err(|error| config(&error))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| StartError::Config(format!("{}: is not UTF-8 text", self.config.display())))?;
        Settings::parse(&self.config, &text, &environment).map_err(|error| config(&error))
    }

    /// A workshop on these parts, for a ledger that may be in memory.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn workshop(&self, settings: Settings, ledger: &Arc<Ledger>) -> Result<Workshop, StartError> {
        let open = (self.opener)(&settings, ledger).map_err(StartError::Config)?;
        let sandbox = Sandbox::new(sandbox_settings(&settings, self.program.clone()), self.capabilities.clone())?;
        Ok(Workshop { sandbox: Arc::new(sandbox), settings: Arc::new(settings), open: open.into() })
    }

    /// Starts to keep what [`Assembly::settings`] read: declares what the last process left without an end as lost, then
    /// jobs load and run.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(self, settings: Settings) -> Result<Arc<Keeper>, StartError> {
        let started = self.clock.now();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let node = NodeStart { host: host.clone(), version: env!("CARGO_PKG_VERSION").to_owned(), started };
        let ledger = Arc::new(Ledger::open(&settings.store, &node)?);
        let recovery = ledger.recover(started).await?;
        let recent = Arc::new(remembered(&ledger, &recovery, started).await?);
        let workshop = self.workshop(settings, &ledger)?;
        for open in workshop.open.iter() {
            open.recover().await.map_err(StartError::Recovery)?;
        }
        let settings = Arc::clone(&workshop.settings);
        let telemetry = self.telemetry(&ledger).map_err(|error| StartError::Metrics(error.to_string()))?;
        telemetry.recovered(&recovery);
        let series = Store::new(Limits::default(), host_metrics::families());
        let series = Arc::new(series.map_err(|error| StartError::Metrics(error.to_string()))?);
        let rooms = Rooms {
            sandbox: Arc::clone(&workshop.sandbox),
            ledger: Arc::clone(&ledger),
            series: Arc::clone(&series),
            clock: Arc::clone(&self.clock),
        };
        let turns = turns(&settings);
        let news = News::new();
        let conductor = Arc::new(Conductor::new(
            rooms,
            Arc::clone(&telemetry),
            Arc::clone(&recent),
            news.clone(),
            turns,
            &recovery,
        ));
        let board = Arc::new(Board::new(Arc::clone(&telemetry), Arc::clone(&self.clock), news.clone()));
        let shared = Arc::new(ArcSwap::from_pointee(workshop.clone()));
        workshop.open.iter().for_each(|open| open.begin());
        let wake = Arc::new(Notify::new());
        let mut files = Files::default();
        files.look(&self.config);
        files.handled(&self.config);
        board.loaded("config", &self.config, std::time::Instant::now());
        let loader = Loader {
            config: self.config,
            workshop,
            shared: Arc::clone(&shared),
            opener: self.opener,
            environment: Box::new(environment) as Environment,
            ledger: Arc::clone(&ledger),
            conductor: Arc::clone(&conductor),
            series: Arc::clone(&series),
            board: Arc::clone(&board),
            files,
            plugins: Plugins::new(Arc::clone(&wake)),
            known: KnownFiles::default(),
            made: BTreeMap::new(),
            recorded: Some(recovery.jobs),
        };
        let upkeep = Upkeep {
            ledger: Arc::clone(&ledger),
            conductor: Arc::clone(&conductor),
            telemetry: Arc::clone(&telemetry),
            clock: Arc::clone(&self.clock),
            retention: retention(&settings),
            counted: HashMap::new(),
        };
        let (reload, requests) = mpsc::channel(4);
        let ready = Arc::new(AtomicBool::new(false));
        let tasks = vec![
            tokio::spawn({
                let conductor = Arc::clone(&conductor);
                async move { conductor.keep().await }
            }),
            tokio::spawn(keep_files(loader, wake, requests, Arc::clone(&ready))),
            tokio::spawn(keep_series(Arc::clone(&series), Arc::clone(&self.clock))),
            tokio::spawn(upkeep.keep()),
        ];
        Ok(Arc::new(Keeper {
            settings,
            workshop: shared,
            conductor,
            telemetry,
            board,
            ledger,
            series,
            recent,
            news,
            registry: self.registry,
            clock: self.clock,
            host,
            started,
            ready,
            reload,
            probes: Arc::new(Semaphore::new(turns.total)),
            tasks,
        }))
    }

    fn telemetry(&self, ledger: &Arc<Ledger>) -> prometheus::Result<Arc<Telemetry>> {
        self.registry.register(Box::new(LedgerMetrics(Arc::clone(ledger))))?;
        Telemetry::new(&self.registry).map(Arc::new)
    }
}

/// The last hours of the jobs that the ledger knows.
async fn remembered(ledger: &Ledger, recovery: &Recovery, now: Timestamp) -> Result<Recent, LedgerError> {
    let recent = Recent::default();
    let mut counts: HashMap<JobName, Vec<Bucket>> = HashMap::new();
    let bucket = Duration::from_secs(u64::from(BUCKET_SECONDS));
    for count in ledger.timeline(Recent::since(now), bucket).await? {
        counts.entry(count.job.clone()).or_default().push(count);
    }
    for record in recovery.jobs.iter().filter(|record| record.retired.is_none()) {
        let filter = RunFilter { job: Some(record.job.clone()), limit: recent::RUNS, ..RunFilter::default() };
        let runs = ledger.runs(filter).await?;
        recent.restore(&record.job, &runs, counts.remove(&record.job).unwrap_or_default());
        recent.put(record);
    }
    Ok(recent)
}

fn turns(settings: &Settings) -> Turns {
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Turns { total: size(settings.limits.concurrent_runs), per_plugin: size(settings.limits.concurrent_runs_per_plugin) }
}

fn retention(settings: &Settings) -> Retention {
    let written = &settings.retention;
    Retention {
        max_age: written.max_age.try_into().unwrap_or(jiff::SignedDuration::MAX),
        max_runs_per_job: written.max_runs_per_job,
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Passes over the files whenever something changed, somebody asks, or [`RESCAN`] is over.
async fn keep_files(
    mut loader: Loader,
    wake: Arc<Notify>,
    mut requests: mpsc::Receiver<Reload>,
    ready: Arc<AtomicBool>,
) {
    let mut watch = Watch::new(Arc::clone(&wake), &loader.workshop.settings.store);
    let mut asked: Vec<Reload> = Vec::new();
    loop {
        watch.follow(&loader.folders());
        // Looking at thousands of files takes a while, and nothing else may wait for it.
        let pass = tokio::task::block_in_place(|| Handle::current().block_on(loader.pass()));
        if pass.again.is_none() {
            ready.store(true, std::sync::atomic::Ordering::Release);
            let problems = loader.board.passed();
            for answer in asked.drain(..) {
                // Whoever asked may have gone.
                let _gone = answer.send(problems.clone());
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pass.again.unwrap_or(RESCAN)) => {}
            () = wake.notified() => {}
            Some(answer) = requests.recv() => {
                loader.retry_refused();
                asked.push(answer);
            }
        }
    }
}

async fn keep_series(series: Arc<Store>, clock: Arc<dyn Clock>) {
    let mut tick = tokio::time::interval(HOUSEKEEPING);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let (series, now) = (Arc::clone(&series), clock.now());
        let work = tokio::task::spawn_blocking(move || {
            series.expire(since_epoch(now));
            series.refresh();
        });
        if let Err(error) = work.await {
            tracing::error!(%error, "the metrics store failed");
        }
    }
}

/// A time as the metrics store takes it.
pub(crate) fn since_epoch(time: jiff::Timestamp) -> Duration {
    Duration::try_from(time.duration_since(jiff::Timestamp::UNIX_EPOCH)).unwrap_or_default()
}

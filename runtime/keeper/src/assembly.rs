//! Puts a process together: reads `watchkeeper.toml`, opens ledger, sandbox and capabilities, and starts the loops that
//! keep it. A start-up that fails says why and leaves nothing behind.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use prometheus::Registry;
use tokio::sync::{Notify, mpsc, oneshot};
use watchkeeper_config::{Settings, read_trusted};
use watchkeeper_contract::{Capability, Open};
use watchkeeper_ledger::{Ledger, LedgerError};
use watchkeeper_metrics::{Limits, Store};
use watchkeeper_model::Clock;
use watchkeeper_sandbox::{LoadError, Sandbox};

use crate::{
    Keeper, Workshop,
    board::Board,
    conductor::Conductor,
    files::Files,
    host_metrics,
    loader::{Environment, KnownFiles, Loader},
    plugins::Plugins,
    run::Rooms,
    settings::sandbox_settings,
    telemetry::Telemetry,
    timetable::Turns,
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

    /// Starts to keep what [`Assembly::settings`] read: jobs load and run from here on.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub fn start(self, settings: Settings) -> Result<Arc<Keeper>, StartError> {
        let metrics = |error: &dyn std::fmt::Display| StartError::Metrics(error.to_string());
        let ledger = Arc::new(Ledger::open(&settings.store)?);
        let workshop = self.workshop(settings, &ledger)?;
        let settings = Arc::clone(&workshop.settings);
        let telemetry = Arc::new(Telemetry::new(&self.registry).map_err(|error| metrics(&error))?);
        let series = Store::new(Limits::default(), host_metrics::families()).map_err(|error| metrics(&error))?;
        let series = Arc::new(series);
        let rooms = Rooms {
            sandbox: Arc::clone(&workshop.sandbox),
            ledger: Arc::clone(&ledger),
            series: Arc::clone(&series),
            clock: Arc::clone(&self.clock),
        };
        let turns = Turns {
            total: usize::try_from(settings.limits.concurrent_runs).unwrap_or(usize::MAX),
            per_plugin: usize::try_from(settings.limits.concurrent_runs_per_plugin).unwrap_or(usize::MAX),
        };
        let conductor = Arc::new(Conductor::new(rooms, Arc::clone(&telemetry), turns));
        let board = Arc::new(Board::new(telemetry, Arc::clone(&self.clock)));
        let wake = Arc::new(Notify::new());
        let mut files = Files::default();
        files.look(&self.config);
        files.handled(&self.config);
        board.loaded("config", &self.config, std::time::Instant::now());
        let loader = Loader {
            config: self.config,
            workshop,
            opener: self.opener,
            environment: Box::new(environment) as Environment,
            ledger: Arc::clone(&ledger),
            conductor: Arc::clone(&conductor),
            series: Arc::clone(&series),
            board: Arc::clone(&board),
            files,
            plugins: Plugins::new(Arc::clone(&wake)),
            known: KnownFiles::default(),
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
        ];
        let started = self.clock.now();
        Ok(Arc::new(Keeper {
            settings,
            conductor,
            board,
            ledger,
            series,
            registry: self.registry,
            clock: self.clock,
            started,
            ready,
            reload,
            tasks,
        }))
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
    let mut watch = Watch::new(Arc::clone(&wake));
    let mut asked: Vec<Reload> = Vec::new();
    loop {
        watch.follow(&loader.folders());
        let pass = loader.pass().await;
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

//! Keeper and sandbox in this process, with nothing durable unless a suite brings a ledger: the house's own is in memory.
//! The metrics store is the real one.
//! Runs go the conductor's way, through `Rooms`; only what decides when they start is left out.

use std::{collections::BTreeMap, future::Future, path::Path, sync::Arc};

use anyhow::{Context, Result, anyhow, ensure};
use prometheus::Registry;
use tokio::runtime::{Handle, Runtime};
use tokio_util::sync::CancellationToken;
use watchkeeper_chain::{Chain, ChainMetrics, ChainSettings, Chains};
use watchkeeper_config::{JobSpec, Settings};
use watchkeeper_contract::Open;
use watchkeeper_keeper::{Assembly, Done, Opener, Rooms, Scheduled, Workshop, host_families};
use watchkeeper_ledger::{Entry, History, Ledger};
use watchkeeper_metrics::{Limits, Store};
use watchkeeper_model::{Clock, RunEnd, RunId, RunStart, SystemClock, Trigger};
use watchkeeper_sandbox::Component;
use watchkeeper_state::{OpenState, State};

use crate::{built, deployment::Deployment};

/// A house, and the runtime of its host side.
pub(crate) struct House {
    host: Runtime,
    workshop: Workshop,
    rooms: Arc<Rooms>,
    /// Its store of compiled code lies here.
    _deployment: Deployment,
}

/// A job that can be run again and again.
#[derive(Clone)]
pub(crate) struct Job {
    rooms: Arc<Rooms>,
    scheduled: Arc<Scheduled>,
}

impl House {
    /// Opens a house whose chain `bench` has its node at `url`.
    ///
    /// # Errors
    /// No engine, no memory, no built host to compile with.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let deployment = Deployment::new(url)?;
        let host = tokio::runtime::Builder::new_multi_thread().thread_name("host").enable_all().build()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let registry = Registry::new();
        let assembly = Assembly {
            config: deployment.config(),
            program: built::watchkeeper()?,
            capabilities: vec![Arc::new(Chain), Arc::new(State)],
            opener: opener(ChainMetrics::register(&registry)?, host.handle().clone(), Arc::clone(&clock)),
            registry,
            clock: Arc::clone(&clock),
        };
        let ledger = Arc::new(Ledger::in_memory()?);
        let workshop = assembly.workshop(assembly.settings()?, &ledger)?;
        ensure!(
            workshop.sandbox.is_pooled(),
            "no address space for pooled instances: the figures would be of another engine"
        );
        let series = Arc::new(Store::new(Limits::default(), host_families())?);
        let rooms = Arc::new(Rooms { sandbox: Arc::clone(&workshop.sandbox), ledger, series, clock });
        Ok(Self { host, workshop, rooms, _deployment: deployment })
    }

    /// The engine that its guests run on.
    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        self.workshop.sandbox.engine()
    }

    /// Makes a job of a built plugin; `text` is what follows `plugin` in its file.
    ///
    /// # Errors
    /// What the keeper says of it.
    pub(crate) fn job(&self, name: &str, plugin: &str, text: &str) -> Result<Job> {
        let path = Path::new("jobs.d").join(name).with_extension("toml");
        let spec = JobSpec::parse(&path, &format!("plugin = \"{plugin}\"\nevery = \"1h\"\n{text}"))?;
        let component = Component::read(built::component(plugin)?, self.workshop.sandbox.capabilities())?;
        let job = Arc::new(self.host.block_on(self.workshop.make(spec, &component))?);
        let declared = self.rooms.series.declare(&[job.to_declare()])?;
        let declaration = declared.into_iter().next().context("the metrics store declared nothing")?;
        Ok(Job { rooms: Arc::clone(&self.rooms), scheduled: Arc::new(Scheduled { job, declaration }) })
    }

    /// Does work as a task of the host, which is where the conductor's runs begin.
    ///
    /// # Errors
    /// It panicked, or what it says.
    pub(crate) fn on_host<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.host.block_on(async { tokio::spawn(work).await })?
    }
}

impl Job {
    /// One run, from its order to its numbers in the metrics store; nothing of it is recorded.
    pub(crate) async fn run(&self) -> RunEnd {
        let start = self.claim();
        let Done { end, samples, .. } = self.execute(&start).await;
        self.rooms.expose(&start, &self.scheduled, &end, samples, Vec::new());
        end
    }

    /// Makes the job known to a ledger, which may then record its runs.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn begin_in(&self, ledger: &Ledger) -> Result<()> {
        let job = self.scheduled.job.spec.name.clone();
        let began = self.rooms.clock.now();
        Ok(ledger
            .record_one(Entry::Generation { job, schedule: "every/1 3600s".to_owned(), began, after: None })
            .await?)
    }

    /// One run, with its claim in a ledger before it begins, and its end before its numbers are exposed.
    ///
    /// # Errors
    /// The ledger's.
    pub(crate) async fn run_in(&self, ledger: &Ledger) -> Result<RunEnd> {
        let start = self.claim();
        ledger.record_one(Entry::Claim { run: start.clone(), after: start.claimed }).await?;
        let Done { end, samples, state } = self.execute(&start).await;
        let finish = Entry::Finish {
            run: start.id,
            end: end.clone(),
            state,
            retry_at: None,
            pause: None,
            history: History::All,
        };
        ledger.record_one(finish).await?;
        self.rooms.expose(&start, &self.scheduled, &end, samples, Vec::new());
        Ok(end)
    }

    /// What the ledger records of a run that begins now.
    pub(crate) fn claim(&self) -> RunStart {
        let (spec, now) = (&self.scheduled.job.spec, self.rooms.clock.now());
        let id = RunId::new(now, fastrand::u128(..));
        RunStart {
            id,
            job: spec.name.clone(),
            generation: 1,
            plugin: spec.plugin.clone(),
            digest: self.scheduled.job.plugin.component.digest,
            trigger: Trigger::Manual("bench".to_owned()),
            attempt: 1,
            first: id,
            claimed: now,
        }
    }

    /// The run itself, its effects settled.
    pub(crate) async fn execute(&self, start: &RunStart) -> Done {
        self.rooms.run(self.scheduled.order(start, self.rooms.clock.now(), CancellationToken::new())).await
    }
}

fn opener(metrics: ChainMetrics, host: Handle, clock: Arc<dyn Clock>) -> Opener {
    Box::new(move |settings: &Settings, ledger: &Arc<Ledger>| {
        let chains: BTreeMap<String, ChainSettings> =
            settings.chains.iter().map(|(name, chain)| (name.to_string(), chain.into())).collect();
        let chains = Chains::open(&chains, &metrics, &host, &clock).map_err(|error| anyhow!(error).to_string())?;
        let open: Vec<Arc<dyn Open>> = vec![Arc::new(chains), Arc::new(OpenState::new(Arc::clone(ledger)))];
        Ok(open)
    })
}

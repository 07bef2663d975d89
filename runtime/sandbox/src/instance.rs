//! One run = one store = one fresh instance. Guests run on their own threads, yield at each tick, and are dropped with
//! their store when they end, go over a limit, run out of time or are cancelled.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use wasmtime::{Store, UpdateDeadline};
use watchkeeper_contract::{
    Emitted, Limits, Run, RunGrant, RunInfo,
    bindings::{PluginPre, watchkeeper::plugin::types},
};
use watchkeeper_model::Outcome;

use crate::{Described, LoadError, Plugin, Sandbox, cpu::Metered, trap};

/// Bytes that one host call may bring out of a guest.
pub(crate) const HOST_CALL_BYTES: usize = 8 << 20;
/// Tasks, streams and resources that a guest may hold.
pub(crate) const HANDLES: usize = 4_096;

/// What to run.
pub struct RunOrder {
    /// The plugin.
    pub plugin: Arc<Plugin>,
    /// What the run is told.
    pub info: Arc<RunInfo>,
    /// What it may hold.
    pub limits: Limits,
    /// How long it may take.
    pub timeout: Duration,
    /// What it may do.
    pub grants: Vec<Box<dyn RunGrant>>,
    /// Ends it early.
    pub cancel: CancellationToken,
}

/// What is left of a run: the guest is gone, its grants wait to be settled.
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// One line for people.
    pub message: String,
    /// From start to end.
    pub duration: Duration,
    /// Time on a processor.
    pub cpu: Duration,
    /// The most bytes held at once.
    pub peak_memory: u64,
    /// What it said.
    pub emitted: Emitted,
    /// To settle.
    pub grants: Vec<Box<dyn RunGrant>>,
}

impl Sandbox {
    /// Runs a fresh instance on the guests' threads until it ends, whatever way. The caller may drop the returned
    /// future: the run then goes on to its end, unsettled; to end a run, cancel its order.
    pub async fn run(&self, order: RunOrder) -> Ended {
        let begun = Instant::now();
        let store = self.store(Run::new(order.info, order.limits, order.grants));
        let job = guest(store, order.plugin, order.timeout, order.cancel, begun);
        let Some(guests) = &self.guests else { return job.await };
        match guests.spawn(job).await {
            Ok(ended) => ended,
            Err(error) => Ended {
                outcome: Outcome::Trap,
                message: format!("the host failed while it ran the guest: {error}"),
                duration: begun.elapsed(),
                cpu: Duration::ZERO,
                peak_memory: 0,
                emitted: Emitted::default(),
                grants: Vec::new(),
            },
        }
    }

    fn store(&self, run: Run) -> Store<Run> {
        let mut store = Store::new(&self.engine, run);
        store.limiter(|run| &mut run.budget);
        store.set_hostcall_fuel(HOST_CALL_BYTES);
        store.set_max_component_handles(HANDLES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_store| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        store
    }
}

async fn guest(
    mut store: Store<Run>,
    plugin: Arc<Plugin>,
    timeout: Duration,
    cancel: CancellationToken,
    begun: Instant,
) -> Ended {
    let mut cpu = Duration::ZERO;
    let ended = {
        let call = pin!(call_run(&mut store, &plugin.pre));
        within(call, &mut cpu, timeout, &cancel).await
    };
    let (emitted, grants, budget) = store.into_data().finish();
    let (outcome, message) = match ended {
        Stop::Answered(Ok(Ok(message))) => (Outcome::Success, watchkeeper_contract::clean(&message, 1_000)),
        Stop::Answered(Ok(Err(failure))) => {
            let failure = trap::failure(failure);
            (failure.kind.into(), failure.message)
        }
        Stop::Answered(Err(error)) => trap::stopped(&error, &budget, &emitted),
        Stop::Elapsed => {
            (Outcome::Timeout, format!("did not end within {timeout:?}\nhint: raise `timeout` if it needs longer"))
        }
        Stop::Cancelled => (Outcome::Cancelled, "ended by the host".to_owned()),
    };
    Ended { outcome, message, duration: begun.elapsed(), cpu, peak_memory: budget.peak_memory(), emitted, grants }
}

/// How waiting for a guest ended.
enum Stop<T> {
    Answered(T),
    Elapsed,
    Cancelled,
}

async fn within<F: Future>(
    call: Pin<&mut F>,
    cpu: &mut Duration,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Stop<F::Output> {
    let deadline = Instant::now() + timeout;
    // Beside other busy guests the timer may be served late: each poll, at least one an epoch tick, looks for itself.
    let passed = poll_fn(|_| if Instant::now() >= deadline { Poll::Ready(()) } else { Poll::Pending });
    tokio::select! {
        biased;
        () = cancel.cancelled() => Stop::Cancelled,
        () = passed => Stop::Elapsed,
        () = tokio::time::sleep(timeout) => Stop::Elapsed,
        answer = Metered::new(call, cpu) => Stop::Answered(answer),
    }
}

async fn call_run(store: &mut Store<Run>, pre: &PluginPre<Run>) -> wasmtime::Result<Result<String, types::Failure>> {
    let plugin = pre.instantiate_async(&mut *store).await?;
    store.run_concurrent(async |accessor| plugin.watchkeeper_plugin_job().call_run(accessor).await).await?
}

/// What a plugin is asked before it may run.
pub(crate) enum Question {
    /// What it is.
    Schema,
    /// The metric families of a configuration.
    Describe(String),
}

impl Question {
    fn function(&self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Describe(_) => "describe",
        }
    }
}

/// Asks a plugin about itself: an export without any power, on the guests' threads, under the same limits as a run.
///
/// # Errors
/// [`LoadError::Describe`].
pub(crate) async fn ask(
    sandbox: &Sandbox,
    pre: &PluginPre<Run>,
    run: Run,
    question: Question,
    timeout: Duration,
) -> Result<Described, LoadError> {
    let function = question.function();
    let failed = move |message| LoadError::Describe { function, message };
    let (mut store, pre) = (sandbox.store(run), pre.clone());
    let job = async move {
        let answer = {
            let call = pin!(call_export(&mut store, &pre, &question));
            within(call, &mut Duration::default(), timeout, &CancellationToken::new()).await
        };
        let (emitted, _grants, budget) = store.into_data().finish();
        match answer {
            Stop::Answered(Ok(answer)) => Ok(answer),
            Stop::Answered(Err(error)) => Err(failed(trap::stopped(&error, &budget, &emitted).1)),
            Stop::Elapsed | Stop::Cancelled => Err(failed(format!("did not answer within {timeout:?}"))),
        }
    };
    let Some(guests) = &sandbox.guests else { return job.await };
    guests.spawn(job).await.unwrap_or_else(|error| Err(failed(error.to_string())))
}

async fn call_export(store: &mut Store<Run>, pre: &PluginPre<Run>, question: &Question) -> wasmtime::Result<Described> {
    let plugin = pre.instantiate_async(&mut *store).await?;
    let job = plugin.watchkeeper_plugin_job();
    match question {
        Question::Schema => job.call_schema(store).await.map(Ok),
        Question::Describe(config) => job.call_describe(store, config).await,
    }
}

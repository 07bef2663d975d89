//! The data of one run, which its store carries. Made fresh for each run and dropped at its end.

use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::{Accessor, HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, p2::pipe::MemoryOutputPipe};
use wasmtime_wasi_http::WasiHttpCtx;
use watchkeeper_model::{Digest, JobName, LogLine, RunId, Trigger};

use crate::{
    Budget, Limits, RunGrant, base,
    bindings::watchkeeper::plugin::{context, log, metrics},
    http::Ungranted,
};

/// What a run is told of itself.
#[derive(Debug)]
pub struct RunInfo {
    /// Its name.
    pub id: RunId,
    /// Its job.
    pub job: JobName,
    /// The component that runs; none where none was loaded from a file.
    pub digest: Option<Digest>,
    /// 1 for the first try.
    pub attempt: u32,
    /// Why it runs.
    pub trigger: Trigger,
    /// The job's `[config]` as JSON.
    pub config: Arc<str>,
    /// Effects answer `dry-run`.
    pub dry_run: bool,
    /// When the host ends it.
    pub deadline: Timestamp,
    /// How many metric families the job declared.
    pub families: u32,
    stage: Mutex<Option<Stage>>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What it is doing, in words.
    pub stage: String,
    /// Done so far.
    pub done: u64,
    /// Of how much; 0 if not known.
    pub total: u64,
    /// Whether these are bytes that the host counted; else they are what the plugin says they are.
    pub bytes: bool,
    /// What was done in a second, on average since the stage began; none in its first second.
    pub rate: Option<f64>,
}

/// What a run does at the moment, and since when.
#[derive(Debug)]
struct Stage {
    words: String,
    bytes: bool,
    done: u64,
    total: u64,
    began: Instant,
    /// What was done when it began.
    first: u64,
}

impl Stage {
    fn progress(&self, now: Instant) -> Progress {
        let elapsed = now.saturating_duration_since(self.began).as_secs_f64();
        Progress {
            stage: self.words.clone(),
            done: self.done,
            total: self.total,
            bytes: self.bytes,
            rate: (elapsed >= 1.0).then(|| self.done.saturating_sub(self.first) as f64 / elapsed),
        }
    }

    /// Whether what is said next is of the same stage: one that goes back has begun anew.
    fn goes_on(&self, next: &Self) -> bool {
        self.words == next.words && self.bytes == next.bytes && self.done <= next.done
    }
}

impl RunInfo {
    /// A first attempt without progress; change the public fields as needed.
    pub fn new(
        id: RunId,
        job: JobName,
        trigger: Trigger,
        config: Arc<str>,
        deadline: Timestamp,
        families: u32,
    ) -> Self {
        Self {
            id,
            job,
            digest: None,
            attempt: 1,
            trigger,
            config,
            dry_run: false,
            deadline,
            families,
            stage: Mutex::new(None),
        }
    }

    /// How far the run is, by what was last said of it.
    pub fn progress(&self) -> Option<Progress> {
        self.locked().as_ref().map(|stage| stage.progress(Instant::now()))
    }

    /// A host function says how far it is: bytes done, and of how many; 0 if that isn't known.
    pub fn report(&self, stage: &str, done: u64, total: u64) {
        self.note(stage, done, total, true, Instant::now());
    }

    fn note(&self, words: &str, done: u64, total: u64, bytes: bool, now: Instant) {
        let words = crate::clean(words, STAGE);
        let mut next = Stage { words, bytes, done, total, began: now, first: done };
        let mut stage = self.locked();
        if let Some(before) = stage.as_ref().filter(|before| before.goes_on(&next)) {
            (next.began, next.first) = (before.began, before.first);
        }
        *stage = Some(next);
    }

    fn locked(&self) -> MutexGuard<'_, Option<Stage>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a run said, taken out of its store at the end.
#[derive(Debug, Default)]
pub struct Emitted {
    /// In the order of emission; family indices are within the job's families.
    pub samples: Vec<metrics::Sample>,
    /// Within the log limits; a last line says how many more there were.
    pub logs: Vec<LogLine>,
    /// The text of a panic.
    pub panic: Option<String>,
    /// Powers used, and how often.
    pub powers: BTreeMap<String, u64>,
}

/// The most characters of a stage's words.
const STAGE: usize = 200;
/// What is kept of a component's standard error; what comes after is refused.
const STDERR_BYTES: usize = 16 << 10;

/// The data of one run's store.
pub struct Run {
    /// What the run knows of itself.
    pub info: Arc<RunInfo>,
    /// What it may hold.
    pub budget: Budget,
    pub(crate) grants: Vec<Box<dyn RunGrant>>,
    pub(crate) ungranted: Ungranted,
    pub(crate) emitted: Emitted,
    pub(crate) log_bytes: usize,
    pub(crate) log_dropped: usize,
    wasi: Option<WasiCtx>,
    pub(crate) http: WasiHttpCtx,
    stderr: MemoryOutputPipe,
    pub(crate) table: ResourceTable,
}

impl Run {
    /// A run with the powers of `grants`.
    pub fn new(info: Arc<RunInfo>, limits: Limits, grants: Vec<Box<dyn RunGrant>>) -> Self {
        Self {
            info,
            budget: Budget::new(limits),
            grants,
            ungranted: Ungranted,
            emitted: Emitted::default(),
            log_bytes: 0,
            log_dropped: 0,
            wasi: None,
            http: http_context(),
            stderr: MemoryOutputPipe::new(STDERR_BYTES),
            table: resource_table(),
        }
    }

    /// The run's grant of one capability.
    ///
    /// # Errors
    /// The component imports what its job was not granted: the sandbox refuses such a component at load.
    pub fn grant<G: RunGrant>(&mut self) -> wasmtime::Result<&mut G> {
        let found = self.grants.iter_mut().find_map(|grant| {
            let grant: &mut dyn Any = grant.as_mut();
            (TypeId::of::<G>() == (*grant).type_id()).then(|| grant.downcast_mut::<G>()).flatten()
        });
        found.ok_or_else(|| wasmtime::Error::msg("a capability was called that the job has no grant for"))
    }

    /// Notes that a power was used: capability, then what for, as `chain zkfair eth_call`.
    pub fn used(&mut self, power: String) {
        self.used_times(power, 1);
    }

    fn used_times(&mut self, power: String, times: u64) {
        if self.emitted.powers.len() < 256 || self.emitted.powers.contains_key(&power) {
            *self.emitted.powers.entry(power).or_default() += times;
        }
    }

    /// Ends the run's data: what it said, and its grants to settle.
    pub fn finish(mut self) -> (Emitted, Vec<Box<dyn RunGrant>>, Budget) {
        let stderr = self.stderr.contents();
        let used: Vec<_> = self.grants.iter().flat_map(|grant| grant.used()).collect();
        for (power, times) in used {
            self.used_times(power, times);
        }
        base::end_log(&mut self, &String::from_utf8_lossy(&stderr));
        (self.emitted, self.grants, self.budget)
    }
}

/// The most resources of WASI that a run may have at once: streams, headers, requests.
const RESOURCES: usize = 4_096;
/// The most bytes of one set of HTTP headers.
const HEADER_BYTES: usize = 16 << 10;

fn resource_table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES);
    table
}

fn http_context() -> WasiHttpCtx {
    let mut context = WasiHttpCtx::new();
    context.set_field_size_limit(HEADER_BYTES);
    context
}

impl WasiView for Run {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.get_or_insert_with(|| WasiCtxBuilder::new().stderr(self.stderr.clone()).build());
        WasiCtxView { ctx, table: &mut self.table }
    }
}

impl log::Host for Run {
    fn write(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        base::write_log(self, level, &message, fields)
    }

    fn panicked(&mut self, message: String) -> wasmtime::Result<()> {
        base::panicked(self, &message);
        Ok(())
    }
}

impl metrics::Host for Run {
    fn emit(&mut self, samples: Vec<metrics::Sample>) -> wasmtime::Result<()> {
        base::emit(self, samples)
    }
}

impl context::Host for Run {
    fn run_id(&mut self) -> wasmtime::Result<String> {
        Ok(self.info.id.to_string())
    }

    fn job(&mut self) -> wasmtime::Result<String> {
        Ok(self.info.job.to_string())
    }

    fn attempt(&mut self) -> wasmtime::Result<u32> {
        Ok(self.info.attempt)
    }

    fn trigger(&mut self) -> wasmtime::Result<context::Cause> {
        Ok(base::cause(&self.info.trigger))
    }

    fn config(&mut self) -> wasmtime::Result<String> {
        Ok(self.info.config.to_string())
    }

    fn dry_run(&mut self) -> wasmtime::Result<bool> {
        Ok(self.info.dry_run)
    }

    fn deadline(&mut self) -> wasmtime::Result<u64> {
        Ok(base::nanoseconds(self.info.deadline))
    }

    fn progress(&mut self, stage: String, done: u64, total: u64) -> wasmtime::Result<()> {
        self.info.note(&stage, done, total, false, Instant::now());
        Ok(())
    }
}

impl crate::bindings::watchkeeper::plugin::types::Host for Run {}

/// A host call's place among those in service, and its arguments' share of the run's budget. Kept until it answers.
#[derive(Debug)]
pub struct Turn {
    _call: OwnedSemaphorePermit,
    _arguments: OwnedSemaphorePermit,
}

/// Waits until the run may have another host call in service. Every asynchronous host function begins with it, says how
/// many bytes of arguments it keeps meanwhile, and keeps the turn until it answers.
///
/// # Errors
/// [`crate::LimitExceeded`] if too many bytes wait; ends the run.
pub async fn enter<D: HasData + ?Sized>(store: &Accessor<Run, D>, arguments: usize) -> wasmtime::Result<Turn> {
    let (calls, arguments) = store.with(|mut access| -> wasmtime::Result<_> {
        let budget = &mut access.data_mut().budget;
        Ok((Arc::clone(&budget.calls), budget.lend(arguments)?))
    })?;
    let call = calls.acquire_owned().await.map_err(|_closed| wasmtime::Error::msg("the run is over"))?;
    Ok(Turn { _call: call, _arguments: arguments })
}

/// Counts bytes that the host hands to the guest or keeps for it.
///
/// # Errors
/// [`crate::LimitExceeded`]; ends the run.
pub fn hold<D: HasData + ?Sized>(store: &Accessor<Run, D>, bytes: usize) -> wasmtime::Result<()> {
    Ok(store.with(|mut access| access.data_mut().budget.hold(bytes))?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn info() -> RunInfo {
        let (id, job) = (RunId::new(Timestamp::UNIX_EPOCH, 1), JobName::new("backup").unwrap());
        RunInfo::new(id, job, Trigger::Manual(String::new()), "{}".into(), Timestamp::UNIX_EPOCH, 0)
    }

    fn at(info: &RunInfo, now: Instant) -> Progress {
        info.locked().as_ref().unwrap().progress(now)
    }

    #[test]
    fn a_stages_rate_is_what_was_done_since_it_began() {
        let (info, began) = (info(), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(info.progress(), None);
        info.note("storing main", 500, 0, true, began);
        assert_eq!(at(&info, began).rate, None, "nothing can be told yet");
        info.note("storing main", 2_500, 9_000, true, after(4));
        let progress = at(&info, after(4));
        assert_eq!((progress.done, progress.total, progress.bytes, progress.rate), (2_500, 9_000, true, Some(500.0)));
        assert_eq!(at(&info, after(8)).rate, Some(250.0), "one that stalls gets slower");
    }

    #[test]
    fn another_stage_and_one_that_goes_back_begin_anew() {
        let (info, began) = (info(), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        info.note("reading", 100, 100, true, began);
        info.note("reading", 10, 100, true, after(10));
        assert_eq!(at(&info, after(10)).rate, None);
        info.note("reading", 30, 100, true, after(12));
        assert_eq!(at(&info, after(12)).rate, Some(10.0));
        info.note("tables", 1, 3, false, after(20));
        let progress = at(&info, after(20));
        assert_eq!((progress.stage.as_str(), progress.bytes, progress.rate), ("tables", false, None));
    }

    #[test]
    fn a_stages_words_are_clean_and_short() {
        let info = info();
        info.report(&format!("a\u{1b}[2J\n{}", "x".repeat(1_000)), 1, 2);
        let stage = info.progress().unwrap().stage;
        assert!(stage.starts_with("a[2J xx") && stage.ends_with('…') && stage.chars().count() == 201, "{stage}");
    }
}

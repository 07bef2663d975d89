//! From bytes to a plugin that can run: compiled code, linked imports, and what it says of itself in a store without
//! any power. One digest is loaded once, however many jobs use it.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use jiff::Timestamp;
use serde::Deserialize;
use tokio::runtime::Runtime;
use wasmtime::{Engine, component::Linker};
use watchkeeper_contract::{Capability, Limits, Run, RunInfo, bindings::PluginPre, clean};
use watchkeeper_model::{Digest, JobName, RunId, Trigger};

use crate::{
    CompileLimits, Component, Refused,
    compile::Compiler,
    engine::{self, Allocation},
    instance::{self, Question},
};

/// How long a plugin may take to describe itself.
const DESCRIBE_WITHIN: Duration = Duration::from_secs(5);

/// What a sandbox needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program that compiles when called with `compile-component`: this one.
    pub program: PathBuf,
    /// Where compiled code is kept.
    pub cache: PathBuf,
    /// What compiling may cost.
    pub compile: CompileLimits,
    /// Runs at once, at most.
    pub instances: u32,
    /// Threads that guests run on.
    pub workers: usize,
}

/// Runs plugins. One per process.
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) guests: Option<Runtime>,
    allocation: Allocation,
    capabilities: Vec<Arc<dyn Capability>>,
    linker: Linker<Run>,
    compiler: Compiler,
    loaded: Mutex<HashMap<Digest, Weak<Plugin>>>,
}

/// A component that is ready to run.
pub struct Plugin {
    /// What it is made of.
    pub component: Component,
    /// What it says of itself.
    pub schema: Schema,
    /// How long compiling took; none if the cache had it.
    pub compiled_in: Option<Duration>,
    pub(crate) pre: PluginPre<Run>,
}

/// What a plugin says of itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Its own name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for, in one line.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of a job's `[config]`.
    pub config: serde_json::Value,
}

/// A plugin's answer to a job's configuration: the metric families as JSON, or what is wrong with the configuration.
pub type Described = Result<String, String>;

/// Why a component can't run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It asks for what it can't have, or isn't a plugin.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It doesn't compile, or not within the limits.
    #[error("does not compile: {0}")]
    Compile(String),
    /// The cache of compiled code fails.
    #[error("the cache of compiled code fails: {0}")]
    Cache(io::Error),
    /// Its imports or exports have other shapes than the contract's.
    #[error("does not fit the contract: {0}\nhint: build it with the plugin SDK of this version")]
    Link(String),
    /// It failed while it described itself.
    #[error("failed in `{function}`: {message}")]
    Describe {
        /// `schema` or `describe`.
        function: &'static str,
        /// Why.
        message: String,
    },
}

impl Sandbox {
    /// Makes the engine, links all capabilities, and starts the guests' threads.
    ///
    /// # Errors
    /// The engine, the cache or the threads can't be had.
    pub fn new(settings: Settings, capabilities: Vec<Arc<dyn Capability>>) -> Result<Self, LoadError> {
        let link = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let (engine, allocation) = engine::for_running(settings.instances).map_err(link)?;
        let linker = linker(&engine, &capabilities).map_err(link)?;
        engine::start_ticking(&engine).map_err(LoadError::Cache)?;
        let guests = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(settings.workers)
            .thread_name("guest")
            // A busy thread looks for timers and answers after so many polls, 61 unless told; a guest's poll may last a
            // whole tick.
            .event_interval(1)
            .enable_all()
            .build()
            .map_err(LoadError::Cache)?;
        let compiler =
            Compiler::new(settings.program, settings.cache, settings.compile, &engine).map_err(LoadError::Cache)?;
        let guests = Some(guests);
        Ok(Self { engine, guests, allocation, capabilities, linker, compiler, loaded: Mutex::default() })
    }

    /// The capabilities that plugins can be granted.
    pub fn capabilities(&self) -> &[Arc<dyn Capability>] {
        &self.capabilities
    }

    /// The engine that guests run on: what a bare call of it costs is what a run is measured against.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether instances come from a pool, or are mapped one by one for want of address space.
    pub fn is_pooled(&self) -> bool {
        self.allocation == Allocation::Pooled
    }

    /// Compiles (or finds) a component, and asks it for its schema. Whether a job may use it is for
    /// [`Component::check_grants`], before this.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load(&self, component: &Component) -> Result<Arc<Plugin>, LoadError> {
        if let Some(plugin) = self.loaded().get(&component.digest).and_then(Weak::upgrade) {
            return Ok(plugin);
        }
        let (compiled, compiled_in) = self.compiler.compiled(&self.engine, component).await?;
        let link = |error: wasmtime::Error| LoadError::Link(clean(&format!("{error:#}"), 600));
        let pre = PluginPre::new(self.linker.instantiate_pre(&compiled).map_err(link)?).map_err(link)?;
        let schema = self.schema(&pre).await?;
        let plugin = Arc::new(Plugin { component: component.clone(), schema, compiled_in, pre });
        let mut loaded = self.loaded();
        loaded.retain(|_digest, plugin| plugin.strong_count() > 0);
        loaded.insert(component.digest, Arc::downgrade(&plugin));
        Ok(plugin)
    }

    /// Asks a plugin for the metric families of a job with this configuration.
    ///
    /// # Errors
    /// [`LoadError::Describe`] if it traps, takes too long, or asks for a power.
    pub async fn describe(&self, plugin: &Plugin, config: &str) -> Result<Described, LoadError> {
        let question = Question::Describe(config.to_owned());
        instance::ask(self, &plugin.pre, powerless(config), question, DESCRIBE_WITHIN).await
    }

    async fn schema(&self, pre: &PluginPre<Run>) -> Result<Schema, LoadError> {
        let answer = instance::ask(self, pre, powerless("{}"), Question::Schema, DESCRIBE_WITHIN).await?;
        let parsed = answer.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        parsed.map_err(|message| LoadError::Describe { function: "schema", message: clean(&message, 600) })
    }

    fn loaded(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Weak<Plugin>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(guests) = self.guests.take() {
            guests.shutdown_background();
        }
    }
}

/// All that any plugin can import. What a given one may import was checked before.
fn linker(engine: &Engine, capabilities: &[Arc<dyn Capability>]) -> wasmtime::Result<Linker<Run>> {
    use watchkeeper_contract::bindings::watchkeeper::plugin;
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    plugin::types::add_to_linker::<_, wasmtime::component::HasSelf<Run>>(&mut linker, |run| run)?;
    plugin::context::add_to_linker::<_, wasmtime::component::HasSelf<Run>>(&mut linker, |run| run)?;
    plugin::metrics::add_to_linker::<_, wasmtime::component::HasSelf<Run>>(&mut linker, |run| run)?;
    plugin::log::add_to_linker::<_, wasmtime::component::HasSelf<Run>>(&mut linker, |run| run)?;
    for capability in capabilities {
        capability.link(&mut linker)?;
    }
    Ok(linker)
}

/// A run without any grant, for the exports that need none.
fn powerless(config: &str) -> Run {
    #[expect(clippy::expect_used, reason = "a constant that is a name")]
    let job = JobName::new("describe").expect("a name");
    let id = RunId::new(Timestamp::UNIX_EPOCH, 0);
    let info = RunInfo::new(id, job, Trigger::Manual(String::new()), config.into(), Timestamp::UNIX_EPOCH, 0);
    Run::new(Arc::new(info), Limits::default(), Vec::new())
}

//! The peer of a run: wasmtime alone. A fresh instance of the same component on the same engine, and one call of its
//! `run`; no grants, no limits, no deadline, no record, and no other thread than the caller's.

use anyhow::{Result, anyhow};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};
use watchkeeper_contract::bindings::PluginPre;

/// A component that imports nothing but types, ready to be instantiated.
#[derive(Clone)]
pub(crate) struct Bare {
    engine: Engine,
    pre: PluginPre<()>,
}

impl Bare {
    /// # Errors
    /// The component doesn't compile, or imports a function.
    pub(crate) fn new(engine: &Engine, component: &[u8]) -> Result<Self> {
        let component = Component::new(engine, component)?;
        let mut linker = Linker::new(engine);
        linker.instance("watchkeeper:plugin/types@0.1.0")?;
        let pre = PluginPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine: engine.clone(), pre })
    }

    /// Instantiates and calls.
    ///
    /// # Errors
    /// The instance trapped, or said that it failed.
    pub(crate) async fn run(&self) -> Result<String> {
        let mut store = Store::new(&self.engine, ());
        // The engine's code looks at the epoch whether or not somebody cares.
        store.set_epoch_deadline(u64::from(u32::MAX));
        let plugin = self.pre.instantiate_async(&mut store).await?;
        let job = plugin.watchkeeper_plugin_job();
        let answer = store.run_concurrent(async |accessor| job.call_run(accessor).await).await??;
        answer.map_err(|failure| anyhow!("the empty plugin failed: {failure:?}"))
    }
}

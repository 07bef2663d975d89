//! Plugins on their way from bytes to compiled code. Compiling happens aside, so that a plugin that takes minutes keeps
//! no other file waiting; the loader asks again until it is done.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{sync::Notify, task::JoinHandle};
use watchkeeper_model::{Digest, PluginName};
use watchkeeper_sandbox::{Component, LoadError, Plugin, Sandbox};

/// When to ask again for a plugin that is being compiled, if nothing wakes the loader before.
pub(crate) const POLL: Duration = Duration::from_secs(1);

/// The bytes that each plugin's name stands for, and the code of those in use.
pub(crate) struct Plugins {
    done: Arc<Notify>,
    current: BTreeMap<PluginName, Component>,
    /// The bytes that each name was last tried with: a failure is remembered for as long.
    tried: BTreeMap<PluginName, Digest>,
    prepared: HashMap<Digest, Prepared>,
}

enum Prepared {
    Going(JoinHandle<Result<Arc<Plugin>, LoadError>>),
    Done(Arc<Plugin>),
    Failed(String),
}

/// Whether a plugin can run.
pub(crate) enum Ready {
    Yes(Arc<Plugin>),
    NotYet(Duration),
    Never(String),
}

impl Plugins {
    /// No plugin yet. `done` is notified whenever one has been compiled.
    pub(crate) fn new(done: Arc<Notify>) -> Self {
        Self { done, current: BTreeMap::new(), tried: BTreeMap::new(), prepared: HashMap::new() }
    }

    /// The last good bytes of a plugin.
    pub(crate) fn current(&self, plugin: &PluginName) -> Option<&Component> {
        self.current.get(plugin)
    }

    /// New bytes are good.
    pub(crate) fn adopt(&mut self, plugin: &PluginName, component: Component) {
        self.current.insert(plugin.clone(), component);
    }

    /// Begins to compile a component, or tells how that went.
    pub(crate) fn prepare(&mut self, sandbox: &Arc<Sandbox>, name: &PluginName, component: &Component) -> Ready {
        self.tried.insert(name.clone(), component.digest);
        let prepared = self.prepared.entry(component.digest).or_insert_with(|| {
            let (sandbox, component, done) = (Arc::clone(sandbox), component.clone(), Arc::clone(&self.done));
            Prepared::Going(tokio::spawn(async move {
                let loaded = sandbox.load(&component).await;
                done.notify_one();
                loaded
            }))
        });
        if let Prepared::Going(task) = prepared {
            match task.now_or_never() {
                None => return Ready::NotYet(POLL),
                Some(Ok(Ok(plugin))) => *prepared = Prepared::Done(plugin),
                Some(Ok(Err(error))) => *prepared = Prepared::Failed(error.to_string()),
                Some(Err(error)) => *prepared = Prepared::Failed(error.to_string()),
            }
        }
        match prepared {
            Prepared::Done(plugin) => Ready::Yes(Arc::clone(plugin)),
            Prepared::Failed(reason) => Ready::Never(reason.clone()),
            Prepared::Going(_) => Ready::NotYet(POLL),
        }
    }

    /// Whether something is being compiled.
    pub(crate) fn is_preparing(&self) -> bool {
        self.prepared.values().any(|prepared| matches!(prepared, Prepared::Going(_)))
    }

    /// What failed to compile may be tried again.
    pub(crate) fn forget_failures(&mut self) {
        self.prepared.retain(|_, prepared| !matches!(prepared, Prepared::Failed(_)));
    }

    /// Drops bytes that no job uses any more, and code that belongs to no bytes.
    pub(crate) fn forget_unused(&mut self, used: &BTreeSet<PluginName>) {
        self.current.retain(|name, _| used.contains(name));
        self.tried.retain(|name, _| used.contains(name));
        let current = self.current.values().map(|component| component.digest);
        let digests: BTreeSet<Digest> = current.chain(self.tried.values().copied()).collect();
        self.prepared.retain(|digest, prepared| matches!(prepared, Prepared::Going(_)) || digests.contains(digest));
    }
}

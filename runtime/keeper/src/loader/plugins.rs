//! Plugin files: one is read for all jobs that use it, and all of them move to its new version together, or none does.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use watchkeeper_config::JobSpec;
use watchkeeper_model::{JobName, PluginName};
use watchkeeper_sandbox::{Component, Plugin};

use super::{Known, Loader, PLUGIN, sooner};
use crate::{
    files::Look,
    job::{Grants, Job, JobError, Scheduled},
    plugins::Ready,
};

/// A job's specification that a component can serve, with its grants.
type Served = (JobSpec, Grants);

/// What a job may be after a swap: its file as it is now or, failing that, as it was when it was last right.
struct Candidates {
    first: Served,
    second: Option<Served>,
}

impl Loader {
    /// Reads the plugins that changed, and swaps those that all their jobs can run. Returns what was swapped. A refused
    /// one counts as changed when one of its jobs did.
    pub(super) async fn look_at_plugins(
        &mut self,
        changed: &[JobName],
        again: &mut Option<Duration>,
    ) -> Vec<PluginName> {
        for plugin in changed.iter().filter_map(|name| self.known.jobs.get(name)?.plugin()) {
            let path = self.plugin_path(plugin);
            if self.board.problem(&path).is_some() {
                self.files.again(&path);
            }
        }
        let wanted: BTreeSet<PluginName> = self.known.jobs.values().filter_map(Known::plugin).cloned().collect();
        let mut swapped = Vec::new();
        for plugin in wanted {
            let path = self.plugin_path(&plugin);
            match self.files.look(&path) {
                Look::Unchanged => {}
                Look::Resting(left) => sooner(again, left),
                Look::Gone => {
                    self.files.handled(&path);
                    let hint = "hint: build it with `watchkeeper plugin build`, or name another plugin";
                    self.board.refused(PLUGIN, &path, &format!("{}: there is no such file\n{hint}", path.display()));
                }
                Look::Changed => {
                    if self.swap(&plugin, &path, again).await {
                        swapped.push(plugin);
                    }
                }
            }
        }
        swapped
    }

    /// Drops what is known of files that matter no more, and plugins that no job wants or runs; one that comes back is
    /// read afresh.
    pub(super) fn forget_unused(&mut self) {
        let jobs = || self.known.jobs.values();
        let used: BTreeSet<PluginName> = jobs().flat_map(Known::plugins).cloned().collect();
        let mut matter = self.known.beside.clone();
        matter.insert(self.config.clone());
        matter.extend(jobs().map(|known| known.path.clone()));
        matter.extend(used.iter().map(|plugin| self.plugin_path(plugin)));
        self.board.keep(&matter);
        self.files.keep(&matter);
        self.plugins.forget_unused(&used);
    }

    pub(super) fn plugin_path(&self, plugin: &PluginName) -> PathBuf {
        self.workshop.settings.plugins.join(format!("{plugin}.wasm"))
    }

    async fn swap(&mut self, plugin: &PluginName, path: &Path, again: &mut Option<Duration>) -> bool {
        let begun = Instant::now();
        let limit = self.workshop.settings.limits.component_size;
        let Some((bytes, read)) = self.read(PLUGIN, path, limit, again) else { return false };
        match self.try_swap(plugin, bytes, again).await {
            Ok(Some(component)) => {
                self.files.handled_as(path, read);
                self.plugins.adopt(plugin, component);
                self.board.loaded(PLUGIN, path, begun);
                true
            }
            Ok(None) => false,
            Err(reason) => {
                self.files.handled_as(path, read);
                self.board.refused(PLUGIN, path, &format!("{}: {reason}", path.display()));
                false
            }
        }
    }

    /// None: the component is still being compiled, and the file will be looked at again.
    async fn try_swap(
        &mut self,
        name: &PluginName,
        bytes: Vec<u8>,
        again: &mut Option<Duration>,
    ) -> Result<Option<Component>, String> {
        let component =
            Component::read(bytes, self.workshop.sandbox.capabilities()).map_err(|error| error.to_string())?;
        let users = self.known.jobs.values().filter(|known| known.runs(name));
        let granted: Result<Vec<Candidates>, JobError> =
            users.filter_map(|known| self.candidates(known, &component)).collect();
        let granted = granted.map_err(|error| error.to_string())?;
        if granted.is_empty() && !self.any_could_use(name, &component) {
            // Nobody may run it: the jobs' own files say why, and nothing is compiled.
            return Ok(Some(component));
        }
        let plugin = match self.plugins.prepare(&self.workshop.sandbox, name, &component) {
            Ready::Yes(plugin) => plugin,
            Ready::NotYet(left) => {
                sooner(again, left);
                return Ok(None);
            }
            Ready::Never(reason) => return Err(reason),
        };
        let mut jobs = Vec::new();
        for candidates in granted {
            jobs.push(self.first_to_fit(candidates, &plugin).await.map_err(|error| error.to_string())?);
        }
        self.declare(jobs)?;
        Ok(Some(component))
    }

    /// The job's wishes that grant what the component asks for; none if the job doesn't run. If no wish does, the mistake
    /// of the latest.
    fn candidates(&self, known: &Known, component: &Component) -> Option<Result<Candidates, JobError>> {
        let served =
            |spec: &JobSpec| -> Result<Served, JobError> { Ok((spec.clone(), self.workshop.grants(spec, component)?)) };
        let active = &known.active.as_ref()?.job.spec;
        let wanted = known.wanted.as_ref().filter(|wanted| wanted.plugin == active.plugin && *wanted != active);
        let Some(wanted) = wanted else {
            return Some(served(active).map(|first| Candidates { first, second: None }));
        };
        Some(match (served(wanted), served(active)) {
            (Ok(first), second) => Ok(Candidates { first, second: second.ok() }),
            (Err(_), Ok(first)) => Ok(Candidates { first, second: None }),
            (Err(error), Err(_)) => Err(error),
        })
    }

    async fn first_to_fit(&self, candidates: Candidates, plugin: &Arc<Plugin>) -> Result<Job, JobError> {
        let finish = |(spec, grants): Served| self.workshop.finish(spec, grants, Arc::clone(plugin));
        match (finish(candidates.first).await, candidates.second) {
            (Err(error), Some(second)) => finish(second).await.map_err(|_| error),
            (first, _) => first,
        }
    }

    fn any_could_use(&self, plugin: &PluginName, component: &Component) -> bool {
        let wanted = self.known.jobs.values().filter_map(|known| known.wanted.as_ref());
        wanted.filter(|spec| spec.plugin == *plugin).any(|spec| self.workshop.grants(spec, component).is_ok())
    }
}

impl Known {
    /// The plugins that it runs or wants.
    fn plugins(&self) -> impl Iterator<Item = &PluginName> {
        let active = self.active.as_ref().map(|active| &active.job.spec.plugin);
        active.into_iter().chain(self.plugin())
    }

    fn runs(&self, plugin: &PluginName) -> bool {
        self.active.as_ref().is_some_and(|active: &Arc<Scheduled>| active.job.spec.plugin == *plugin)
    }
}
